"""Making reports of odd folders, and opening reports in a browser that has no network."""

import ast
import csv
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from pmanalytics.reports.render import ReportExporter, report_notebooks

SAMPLE = Path("data/sample")
CURRENCIES = [
    "EUR",
    "USD",
    "GBP",
    "JPY",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "AUD",
    "CAD",
    "NZD",
    "INR",
]
# How far a text of a figure reaches beyond the drawing, in pixels.
BEYOND = """() => Math.max(0, ...[...document.querySelectorAll(".plot")].flatMap((plot) => {
  const box = plot.getBoundingClientRect();
  return [...plot.querySelectorAll("text")].filter((text) => text.textContent).map((text) => {
    const { left, right, width } = text.getBoundingClientRect();
    return width ? Math.max(box.left - left, right - box.right) : 0;
  });
}))"""


@pytest.fixture
def overflow():
    """Return a function that tells how far a page, or a text of its figures, is too wide."""

    def measure(page):
        width = page.viewport_size["width"]
        too_wide = page.evaluate("document.documentElement.scrollWidth") - width
        return max(too_wide, 0), page.evaluate(BEYOND)

    return measure


@pytest.fixture
def opened(browser, request):
    """Return a function that opens a report and waits until all figures are drawn."""
    contexts = []

    def visit(name, *, width=1440, colors="light", javascript=True, state=""):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=colors,
            java_script_enabled=javascript,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.requests, page.faults = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        path = request.getfixturevalue("reports")[name] if isinstance(name, str) else name
        page.goto(path.as_uri() + state)
        if javascript:
            page.wait_for_selector("html[data-done]", timeout=30_000, state="attached")
        return page

    yield visit
    for context in contexts:
        context.close()


def shown_in(notebook, parameters):
    """Run a notebook in this process, which is quicker than in a kernel, and keep what it shows."""
    space = dict(parameters)
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"]:
        cell.outputs = []

        def display(*cards, cell=cell):
            bundles = [card._repr_mimebundle_() for card in cards if card is not None]
            cell.outputs += [nbformat.v4.new_output("display_data", each) for each in bundles]

        space["display"] = display
        if "parameters" in cell.metadata.get("tags", []):
            exec(cell.source, space)
            space |= parameters
            continue
        *steps, last = ast.parse(cell.source).body
        is_shown = isinstance(last, ast.Expr)
        steps += [] if is_shown else [last]
        exec(compile(ast.Module(steps, []), "a cell", "exec"), space)
        if is_shown:
            display_of_last = eval(compile(ast.Expression(last.value), "a cell", "eval"), space)
            display(display_of_last)
    return notebook


def rewritten(folder, texts, columns):
    """Copy the sample with other texts in these columns, and money in fifteen currencies.

    What every fourth project cost by year is in another currency than its plan.
    """
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        money = next((n for n, name in enumerate(header) if name.casefold() == "currency"), None)
        for row in rows:
            for n in [n for n, name in enumerate(header[: len(row)]) if name in columns]:
                row[n] = next(texts)
            project = re.search("P-([0-9]+)", " ".join(row))
            if money is not None and project and row[money]:
                number = int(project[1])
                is_other = path.stem == "cost_by_year" and number % 4 == 0
                row[money] = CURRENCIES[(number + is_other) % len(CURRENCIES)]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="session")
def reported(tmp_path_factory):
    """Return a function that makes the reports of a folder: notebooks as run, and pages.

    It is given a function that writes the folder, to which `rewritten` is passed.
    """
    made = {}

    def report(write):
        if write not in made:
            folder, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("pages")
            write(folder, rewritten)
            found = made[write] = {}
            for path in report_notebooks().values():
                notebook = shown_in(nbformat.read(path, 4), {"folder": str(folder)})
                page, _ = ReportExporter().from_notebook_node(notebook)
                target = out / f"{path.stem.split('_', 1)[1]}.html"
                target.write_text(page, encoding="utf-8")
                found[target.stem] = (notebook, target)
        return made[write]

    return report
