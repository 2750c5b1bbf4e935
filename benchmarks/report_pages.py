"""How heavy, quick and usable are report files? Ours beside those of three peers, in a browser.

`make report-pages` makes two companies, writes every report of ours and of the peers, each in a
process of its own, and opens them in Chromium, all in turn, so that a busy machine slows all alike;
told are medians. The browser is offline: what asks for the network shows as a request.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from platform import python_version
from subprocess import PIPE, STDOUT
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pandas as pd
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from report import markdown

from pmanalytics import write_sample
from pmanalytics.reports.page import contents_page, summary_of
from pmanalytics.reports.paper import browser_path
from pmanalytics.reports.render import ReportExporter, notebook_folder, run

ROOT, HERE = Path(__file__).parents[1], Path(__file__).parent
N_ROUNDS = 5
COMPANIES = {"120 projects, 5,000 issues": (120, 5_000),
             "1,000 projects, 100,000 issues": (1_000, 100_000)}  # fmt: skip
PEERS = ["quantstats", "ydata-profiling", "evidently"]
WIDTHS = [320, 390, 640, 720, 820, 1024, 1280, 1440, 1920]
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
QUIET_MS, PATIENCE_MS = 1000, 60_000
# A chart is a drawing of some size; icons are smaller.
WATCH = """
window.seen = { first: null, charts: 0, last: 0, shift: 0 };
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  seen.last = Math.max(seen.last, entry.startTime + entry.duration);
})).observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  seen.shift += entry.value;
})).observe({ type: "layout-shift", buffered: true });
(function look() {
  const charts = [...document.querySelectorAll("svg, canvas, img")].filter((chart) => {
    const { width, height } = chart.getBoundingClientRect();
    return width >= 200 && height >= 80;
  }).length;
  if (charts > seen.charts) {
    seen.first ??= performance.now();
    seen.last = performance.now();
    seen.charts = charts;
  }
  if (document.documentElement?.dataset.done) seen.done ??= performance.now();
  requestAnimationFrame(look);
})();
"""
IS_DONE = f"""() => performance.getEntriesByName("first-contentful-paint").length
  && (seen.done || (!document.getElementById("plotly") && document.readyState === "complete"
    && performance.now() - seen.last > {QUIET_MS}))"""
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const content = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  return { ...seen,
    content, first: seen.first && Math.max(content, seen.first),
    all: seen.done ?? Math.max(page.loadEventEnd, seen.last) };
}"""
MARKS = """() => Math.max(0, ...[...document.querySelectorAll(".plot, svg")].map((chart) =>
  chart.querySelectorAll("path, rect, circle, line, use").length))"""
Facts = dict[str, Any]


def measured(*command: object) -> Facts:
    """Run a command; return what it printed last, its seconds, and the most memory of a process."""
    start = time.perf_counter()
    child = subprocess.Popen([*map(str, command)], stdout=PIPE, stderr=STDOUT, text=True)
    printed = child.stdout.read() if child.stdout else ""
    _, status, used = os.wait4(child.pid, 0)
    return {
        "told": printed.strip().rpartition("\n")[2],
        "seconds": time.perf_counter() - start,
        "peak": used.ru_maxrss / 1024,
        "has_failed": status != 0,
    }


def write_one(notebook: Path, folder: Path, target: Path) -> None:
    """Write one report of ours, and beside it the notebook that was run."""
    ran = run(notebook, {"folder": str(folder), "as_of": None})
    page, _ = ReportExporter().from_notebook_node(ran)
    target.write_text(page, encoding="utf-8")
    nbformat.write(ran, target.with_suffix(".ipynb"))


def ours(folder: Path, out: Path) -> dict[Path, Facts]:
    """Write the reports of a folder and the page that leads to them."""
    found, summaries = {}, []
    for notebook in sorted(notebook_folder().glob("[1-9]*.ipynb")):  # the tour is a lesson
        target = out / f"{notebook.stem.split('_', 1)[1]}.html"
        found[target] = measured(sys.executable, __file__, notebook, folder, target)
        ran = nbformat.read(target.with_suffix(".ipynb"), 4)
        summaries.append(summary_of(ran) | {"file": target.name})
    index = out / "index.html"
    index.write_text(contents_page(summaries), encoding="utf-8")
    return found | {index: {}}


def theirs(folder: Path, out: Path) -> dict[Path, Facts]:
    """Write the reports of the peers, each by its own Python."""
    found = {}
    for name in PEERS:
        python, target = ROOT / f".venv-bench-{name}" / "bin" / "python", out / f"{name}.html"
        script = HERE / "report_peers.py"
        facts = measured(python, "-P", "-W", "ignore", script, name, folder, target)
        found[target] = facts | {"name": f"{name} {facts['told']}"}
    return found


def written(scratch: Path) -> dict[Path, Facts]:
    """Make the companies and every report, and say what that took."""
    found: dict[Path, Facts] = {}
    for number, (company, (n_projects, n_issues)) in enumerate(COMPANIES.items()):
        folder, out = scratch / f"company {number}", scratch / f"reports {number}"
        out.mkdir()
        write_sample(folder, n_projects=n_projects, n_issues=n_issues)
        pages = ours(folder, out) | (theirs(folder, out) if number == 0 else {})
        found |= {path: {"name": path.stem, "company": company} | facts
                  for path, facts in pages.items()}  # fmt: skip
    return found


def opened(browser: Browser, path: Path) -> tuple[Page, Facts]:
    """Open a page in a browser that has never seen it, and wait until all is drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page = context.new_page()
    facts: Facts = {"requests": -1, "errors": 0}  # the file itself is no request
    page.add_init_script(WATCH)

    def note(what: str) -> None:
        facts[what] += 1

    page.on("request", lambda request: note("requests") if _is_real(request.url) else None)
    page.on("console", lambda told: note("errors") if told.type == "error" else None)
    page.on("pageerror", lambda _: note("errors"))
    page.goto(path.as_uri())
    page.wait_for_function(IS_DONE, timeout=PATIENCE_MS)
    return page, facts | page.evaluate(TIMES)


def _is_real(url: str) -> bool:
    return not url.startswith(("data:", "blob:"))


def inspected(browser: Browser, path: Path) -> Facts:
    """Return what does not depend on the hour: width, marks, barriers."""
    page, _ = opened(browser, path)
    marks = page.evaluate(MARKS)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response
    beyond = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(QUIET_MS / 2)
        beyond[width] = page.evaluate("document.documentElement.scrollWidth") - width
    page.context.close()
    return {
        "size": path.stat().st_size / 1e6,
        "marks": marks,
        "beyond": max(0, *beyond.values()),
        "beyond_390": max(0, beyond[390]),
        "rules": len(found["violations"]),
        "nodes": sum(len(rule["nodes"]) for rule in found["violations"]),
    }


def timed(browser: Browser, paths: list[Path]) -> dict[Path, Facts]:
    """Open all pages in turn, several times; return medians, and the worst of what should be 0."""
    runs: dict[Path, list[Facts]] = {path: [] for path in paths}
    for _ in range(N_ROUNDS):
        for path in paths:
            page, facts = opened(browser, path)
            page.context.close()
            runs[path].append(facts)
    found = {path: pd.DataFrame(each) for path, each in runs.items()}
    worst = ["requests", "errors", "shift"]
    return {
        path: each[["content", "first", "all"]].astype("float64").median().to_dict()
        | each[worst].max().to_dict()
        for path, each in found.items()
    }


def weights(pages: list[Facts]) -> str:
    """Return how heavy and how quick pages are, as a table."""
    header = ["report", "MB", "first content, s", "first chart, s", "all charts, s",
              "marks in a chart", "written in, s", "memory, MB"]  # fmt: skip
    lines = [
        [
            page["name"],
            f"{page['size']:.2f}",
            *(_seconds(page[name]) for name in ("content", "first", "all")),
            str(page["marks"]),
            f"{page['seconds']:.0f}" if "seconds" in page else "–",
            f"{page['peak']:.0f}" if "peak" in page else "–",
        ]
        for page in pages
    ]
    return markdown(header, lines)


def faults(pages: list[Facts]) -> str:
    """Return what should be 0 on a page that everybody can read anywhere, as a table."""
    header = ["report", "requests", "errors", "layout shift", "px too wide at 390",
              "at worst from 320 to 1920", "axe: rules broken (places)"]  # fmt: skip
    lines = [
        [
            page["name"],
            *(f"{page[name]:.3g}" for name in ("requests", "errors", "shift", "beyond_390")),
            f"{page['beyond']:.3g}",
            f"{page['rules']} ({page['nodes']})",
        ]
        for page in pages
    ]
    return markdown(header, lines)


def _seconds(milliseconds: float) -> str:
    return "–" if pd.isna(milliseconds) else f"{milliseconds / 1000:.2f}"


def main() -> None:
    """Write, open, and print two tables per company."""
    with TemporaryDirectory(prefix="report-pages-") as scratch, sync_playwright() as playwright:
        pages = written(Path(scratch))
        for page in [page for page in pages.values() if page.get("has_failed")]:
            sys.stdout.write(f"{page['name']} was not written.\n")
        paths = [path for path in pages if path.exists()]
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=browser_path(), args=root)
        before = os.getloadavg()[0]
        times = timed(browser, paths)
        load = f"load {before:.1f} to {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        for path in paths:
            pages[path] |= times[path] | inspected(browser, path)
        for company in COMPANIES:
            rows = [pages[path] for path in paths if pages[path]["company"] == company]
            sys.stdout.write(f"\n{company}:\n\n{weights(rows)}\n{faults(rows)}")
        sys.stdout.write(f"\nPython {python_version()}, Chromium {browser.version}; {load}.\n")
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        write_one(*map(Path, sys.argv[1:]))
    else:
        main()
