"""Text from files stays text: in a page, in what a notebook shows, and in a saved table."""

import csv
import io
import itertools
import re
from html.parser import HTMLParser

import pytest

NAMES = ["portfolio", "delivery", "lifecycle", "flow", "data_quality"]
ATTACKS = [
    "<script>window.taken = 1</script>",
    "</script><script>window.taken = 1</script>",
    "<img src=x onerror=window.taken=1>",
    '"><svg onload=window.taken=1>',
    "' autofocus onfocus='window.taken=1",
    "<a href='javascript:window.taken=1'>here</a>",
    "</td></tr></table><iframe src=javascript:window.taken=1></iframe>",
    "[here](javascript:window.taken=1) ![x](http://example.com/x.png)",
    "{{ 7 * 7 }} {% raw %} $\\alpha$ %{text}",
    "<style>body { display: none }</style><base href='http://example.com/'>",
    "&lt;img src=x onerror=window.taken=1&gt;",
    '=HYPERLINK("http://example.com","here")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "＝1+1",
]
TEXTS = {
    "Title", "Name", "Line", "Manager", "Class", "Product manager", "Vision", "Stage", "Summary",
    "name", "owner", "team", "person", "severity", "Issue Type", "Status", "Labels",
}  # fmt: skip
LIVE = {"script", "img", "svg", "iframe", "style", "base", "a", "object", "embed", "form", "meta"}
LIVE_PARTS = ("on", "href", "src", "autofocus", "srcdoc", "action")


def attacked(folder, rewritten):
    """Write the sample with an attack in every text, one more header and the name of a file."""
    rewritten(folder, itertools.cycle(ATTACKS), TEXTS)
    path = folder / "jira.json"
    content = path.read_text(encoding="utf-8")
    for n, word in enumerate(("Story", "Bug", "Testing", "Backlog", "api", "2026.1")):
        attack = ATTACKS[n].replace('"', '\\"')
        content = content.replace(f'"{word}"', f'"{attack}"')
    attack = ATTACKS[2].replace('"', '\\"')
    path.write_text(re.sub('"summary":"[^"]*"', f'"summary":"{attack}"', content), encoding="utf-8")
    risks = folder / "risks.csv"
    header, rest = risks.read_text(encoding="utf-8").split("\n", 1)
    risks.unlink()
    named = folder / "<img src=x onerror=window.taken=1>.csv"
    named.write_text(f"{header},{ATTACKS[2]}\n{rest}", encoding="utf-8")


class Found(HTMLParser):
    """The elements of a page, and their attributes by which something may run or load."""

    def __init__(self):
        super().__init__()
        self.elements = []

    def handle_starttag(self, tag, attributes):
        parts = {name: value for name, value in attributes if name.startswith(LIVE_PARTS)}
        if tag in LIVE or parts:
            self.elements.append((tag, parts))


def live_in(page):
    found = Found()
    found.feed(page)
    return found.elements


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_element_but_its_own(reported, name):
    """Beside the frame of the page: a script per figure, small drawings, links to its sections."""
    notebook, path = reported(attacked)[name]
    page = path.read_text(encoding="utf-8")
    n_figures = len(re.findall('<div class="plot"', page))
    n_small = len(re.findall('<svg class="spark"', page))
    elements = [tag for tag, _ in live_in(page)]
    assert elements.count("script") == n_figures + 4
    assert {tag: elements.count(tag) for tag in ("style", "img", "svg", "iframe", "base")} == {
        "style": 1, "img": 0, "svg": n_small, "iframe": 0, "base": 0,
    }  # fmt: skip
    links = {parts["href"] for tag, parts in live_in(page) if "href" in parts}
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert not any(part.startswith("on") for _, parts in live_in(page) for part in parts)
    assert "onerror" in page
    assert notebook.cells


@pytest.mark.parametrize("name", NAMES)
def test_what_a_notebook_shows_has_no_live_element(reported, name):
    notebook, _ = reported(attacked)[name]
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not any({"text/markdown", "text/latex", "application/javascript"} & {*s} for s in shown)
    pages = [data["text/html"] for data in shown if "text/html" in data]
    assert pages
    assert [live_in(page) for page in pages if live_in(page)] == []


SAVE_ALL = """() => {
  const saved = [];
  const Plain = window.Blob;
  window.Blob = class extends Plain {
    constructor(parts, options) { super(parts, options); saved.push(parts.join("")); }
  };
  HTMLAnchorElement.prototype.click = () => {};
  document.querySelectorAll(".csv").forEach((button) => button.click());
  window.Blob = Plain;
  return saved;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_in_a_browser_and_no_saved_cell_is_a_formula(reported, opened, name):
    page = opened(reported(attacked)[name][1])
    assert page.faults == []
    assert len(page.requests) == 1
    assert page.evaluate("window.taken") is None
    assert page.locator(".plot a, .plot img, [onerror], [onload], iframe").count() == 0
    tables = page.evaluate(SAVE_ALL)
    assert tables
    cells = [
        cell for text in tables for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))
        for cell in row
    ]  # fmt: skip
    bad = [cell for cell in cells if re.match("[=+\\-@\t\r\n\0＝＋－＠]", cell)]
    assert [cell for cell in bad if not re.fullmatch(r"-?[0-9.]+(e[+-]?[0-9]+)?", cell)] == []
