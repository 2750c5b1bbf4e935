"""A notebook that was run as one page, and the page that leads to several of them."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from plotly.offline import get_plotlyjs

from pmanalytics.figures.theme import DARK, LIGHT
from pmanalytics.figures.words import escaped
from pmanalytics.reports.cards import CARD, PLOTLY, Card, html_of
from pmanalytics.reports.views import leaves, views_html

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
MOST_LABELS = 30  # columns of a table whose cells stand one below the other on a phone
# Runs before the page is painted, so that it never flashes in the wrong colours.
START = """\
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("pmanalytics-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* a file may have no storage */ }
"""


def page_of(notebook: NotebookNode) -> dict[str, Any]:
    """Return a notebook as a page: its head, and a section for each second-level heading.

    A section whose code shows nothing is left out.
    """
    page: dict[str, Any] = {"head": "", "lead": [], "sections": []}
    outputs, number = page["lead"], 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            title, _, text = cell.source.removeprefix("## ").partition("\n")
            outputs = []
            section = {"id": _slug(title), "title": title, "text": text, "is_text": True}
            page["sections"].append(section | {"outputs": outputs})
        elif cell.cell_type == "markdown" and page["sections"]:
            page["sections"][-1]["text"] += f"\n\n{cell.source}"
        elif cell.cell_type == "markdown":
            page["head"] += f"{cell.source}\n\n"
        elif cell.cell_type == "code":
            if page["sections"]:
                page["sections"][-1]["is_text"] = False
            for output in cell.outputs:
                number += 1
                outputs.append(_html(output, number))
    page["sections"] = [s for s in page["sections"] if s["outputs"] or s["is_text"]]
    cards = [content for content, _ in _cards(notebook)]
    sources = [card["sources"] for card in cards if card["sources"]]
    return page | {
        "title": _title(page["head"]),
        "sources": sources[0] if sources else None,
        "has_ids": any(card["ids"] for card in cards),
        "filter": _filter(notebook),
    }


def summary_of(notebook: NotebookNode) -> dict[str, Any]:
    """Return what a report answers, what it says first, and what it was made from."""
    page = page_of(notebook)
    answers = re.sub(r"^# .*$", "", page["head"], flags=re.MULTILINE).strip()
    cards = _cards(notebook)
    drawn = [content["finding"] for content, figure in cards if figure and figure["data"]]
    said = [content["finding"] for content, _ in cards if content["finding"]]
    points = [sentence for content, _ in cards for sentence, _ in content["points"]]
    numbers: list[dict[str, str]] = next(
        (content["headlines"] for content, _ in cards if content["headlines"]), []
    )
    return {
        "title": page["title"],
        "answers": answers.split("\n\n")[0].replace("\n", " "),
        "finding": next(iter(points or drawn or said[1:]), ""),
        "numbers": "; ".join(
            f"{h['label']} {h['value']} ({h['range']})" for h in numbers if h["range"]
        ),
        "sources": page["sources"],
    }


def contents_page(reports: Sequence[dict[str, Any]]) -> str:
    """Return the page that leads to reports: what each answers, and what it says first."""
    loader = jinja2.FileSystemLoader([TEMPLATES, TEMPLATES / "pmanalytics"])
    template = jinja2.Environment(loader=loader).get_template("contents.html.j2")
    sources = next((report["sources"] for report in reports if report["sources"]), None)
    page = {"title": "Reports", "sources": sources}
    return template.render(page=page, reports=reports, assets=assets())


@cache
def assets() -> dict[str, str]:
    """Return styles, code and colours of the page, each once per file."""
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    for name, colors in (("LIGHT", LIGHT), ("DARK", DARK)):
        values = "".join(f"--{token}:{color};" for token, color in colors.items())
        css = css.replace(f"/*{name}*/", values)
    labels = (
        f".cards td:nth-child({n})::before {{ content: var(--l{n}); }}"
        for n in range(1, MOST_LABELS + 1)
    )
    css = css.replace("/*LABELS*/", " ".join(labels))
    start, main, drawing = START, (TEMPLATES / "report.js").read_text("utf-8"), get_plotlyjs()
    packed = gzip.compress(drawing.encode("utf-8"), 9, mtime=0)
    return {
        "css": css,
        "start": start,
        "js": main,
        "plotly": base64.b64encode(packed).decode("ascii"),
        "scripts": " ".join(map(_hash, (start, main, drawing))),
        "colors": json.dumps({LIGHT[token]: DARK[token] for token in LIGHT}),
        "version": version("pmanalytics"),
    }


def _cards(notebook: NotebookNode) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Return the cards that a notebook shows, each with its figure if it has one."""
    return [leaves(data[CARD], data.get(PLOTLY))[0] for data in _shown(notebook)]


def _shown(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Return what a notebook shows that holds cards."""
    shown = [
        output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    return [data for data in shown if CARD in data]


def _filter(notebook: NotebookNode) -> dict[str, Any] | None:
    """Return what a page can be filtered by, and the values to choose from."""
    cards = [data[CARD] for data in _shown(notebook)]
    asked = next((card for card in cards if card.get("asks")), None)
    return asked and {"asks": asked["asks"], "values": [name for name, _, _ in asked["views"][1:]]}


def _html(output: NotebookNode, number: int) -> str:
    data = output.get("data", {})
    if CARD in data:
        return views_html(data[CARD], data.get(PLOTLY), str(number))
    if PLOTLY in data:
        return html_of(*_as_card(data[PLOTLY]), str(number))
    if "text/html" in data:
        return f'<div class="output">{data["text/html"]}</div>'
    if "image/png" in data:
        source = escape(f"data:image/png;base64,{data['image/png']}")
        return f'<img class="output" alt="A picture" src="{source}">'
    text = data.get("text/plain") or (output.get("text") if output.get("name") == "stdout" else "")
    return f'<pre class="output">{escaped(text)}</pre>' if text else ""


def _as_card(figure: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a figure that is no card as one: its title is the finding."""
    layout = figure.get("layout", {})
    title = layout.get("title") or {}
    text = title if isinstance(title, str) else title.get("text") or "A figure"
    layout = {"height": 450, "xaxis": {}, "yaxis": {}} | layout
    layout["margin"] = {"l": 60, "r": 20, "t": 60, "b": 60} | layout.get("margin", {})
    content = Card(re.sub("<[^>]*>", " ", text), is_wide=True).content
    return content, {"data": figure["data"], "layout": layout}


def _title(head: str) -> str:
    first = re.search(r"^# (.+)$", head, re.MULTILINE)
    return first[1] if first else "Report"


def _slug(title: str) -> str:
    return "-".join(re.findall(r"\w+", title.casefold()))


def _hash(code: str) -> str:
    """Return what allows a page to run this code and no other."""
    return f"'sha256-{base64.b64encode(sha256(code.encode('utf-8')).digest()).decode('ascii')}'"
