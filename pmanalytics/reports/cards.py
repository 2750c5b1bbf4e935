"""Cards: a finding with its evidence, the same in a notebook and in the exported page.

In JupyterLab a card is a live figure, a table or a row of numbers; in the page it gains its text
alternative and its data; as plain text it is its finding, which is what a changed number changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

import jinja2
import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures import words
from pmanalytics.figures.headlines import Headline
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.portfolio import Portfolio
from pmanalytics.reports.cells import cells_of
from pmanalytics.reports.spark import spark

CARD = "application/vnd.pmanalytics.card+json"
PLOTLY = "application/vnd.plotly.v1+json"
DIGITS = 5  # behind the point of what is drawn; tables and downloads keep all
MOST_ROWS, MOST_ROWS_BELOW = 60, 1000  # of a table by itself, and below a figure
NO_FIRST_PLAN = (
    " No first plan is known, so every comparison is with the current due date, which may have "
    "been moved."
)
LONGEST_NAME = 6  # words of a finding that name a file
# Not "responsive": JupyterLab tells a figure of its new width itself, and both at once flatten it.
PLOTLY_CONFIG = {"displayModeBar": False, "showSendToCloud": False}


@dataclass(frozen=True)
class Card:
    """One finding with what supports it.

    A table stands in `headers` and `rows` as people read it; `raw` holds what a spreadsheet
    takes instead, where that is not the text, `looks` whether a column holds numbers ("n") or long
    texts, `n_same` how many of a row's first cells repeat those above it, `bars` how long a bar
    stands beside each number of a column. `ids` names the project, product or issue that each row
    is about, and `pick` the column with its name. `points` are sentences, each with what it rests
    on. `sources` is what the foot of the page tells.
    """

    finding: str
    subtitle: str = ""
    note: str = ""
    alt: str = ""
    is_wide: bool = False
    is_folded: bool = False
    headlines: list[Headline] = field(default_factory=list)
    points: list[tuple[str, str]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    raw: list[list[str | None]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    n_same: list[int] = field(default_factory=list)
    bars: dict[str, list[float]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    pick: int | None = None
    sources: dict[str, Any] = field(default_factory=dict)
    figure: go.Figure | None = None

    def __repr__(self) -> str:
        numbers = [
            f"{h.label}: {h.value} ({h.range})" if h.range else f"{h.label}: {h.value}"
            for h in self.headlines
        ]
        return "\n".join(filter(None, [self.finding, *(said for said, _ in self.points), *numbers]))

    @property
    def content(self) -> dict[str, Any]:
        """What the page needs besides the figure."""
        return asdict(replace(self, figure=None)) | {
            "headlines": [{**h._asdict(), "spark": spark(h.line, h.bars)} for h in self.headlines],
        }

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        """Return the card in every form in which a notebook may show it."""
        bundle: dict[str, object] = {CARD: self.content, "text/plain": repr(self)}
        if self.figure is None:
            page = template("notebook.html.j2").render(card=self.content)
            return bundle | {"text/html": page}
        drawing = json.loads(self.figure.to_json())
        return bundle | {PLOTLY: drawing | {"config": PLOTLY_CONFIG}}


def figure_card(drawing: go.Figure, table: pd.DataFrame, *, wide: bool = False) -> Card:
    """Return a figure as a card, with the table it was drawn from; of a long one the first rows."""
    said = drawing.layout.meta
    if len(table) > MOST_ROWS_BELOW:
        held = f"The data below: the first {words.number(MOST_ROWS_BELOW)} of"
        told = f"{said['note']} {held} {words.count(len(table), 'row')}."
        said = said | {"note": told.strip()}
    return Card(**said, is_wide=wide, figure=drawing, **cells_of(table.head(MOST_ROWS_BELOW)))


def table_card(
    table: pd.DataFrame,
    finding: str,
    *,
    subtitle: str = "",
    note: str = "",
    wide: bool = True,
    n_once: int = 0,
    folded: bool = False,
) -> Card:
    """Return a table as a card; of a long one the first rows.

    The first `n_once` columns are told once, for as many rows as they stay the same. A `folded`
    table is there on demand, as the data of a figure are.
    """
    if len(table) > MOST_ROWS:
        note = f"The first {MOST_ROWS} of {words.count(len(table), 'row')}. {note}".strip()
    cells = cells_of(table.head(MOST_ROWS))
    before: list[list[str]] = [[], *cells["rows"]]
    cells["n_same"] = [
        n_once if row[:n_once] == above[:n_once] else 0
        for above, row in zip(before, cells["rows"], strict=False)
    ]
    return Card(finding, subtitle, note, is_wide=wide, is_folded=folded, **cells)


def headline_card(headlines: Sequence[Headline], finding: str = "") -> Card:
    """Return numbers side by side as a card, with what they say together above them."""
    return Card(finding, is_wide=True, headlines=list(headlines))


def points_card(points: Sequence[tuple[str, str]]) -> Card:
    """Return sentences as a card, each with what it rests on."""
    return Card("", is_wide=True, points=list(points))


def text_card(finding: str, note: str = "") -> Card:
    """Return a sentence as a card."""
    return Card(finding, note=note, is_wide=True)


def scope_card(portfolio: Portfolio) -> Card:
    """Return what a portfolio holds, and for which day, as a card."""
    levels = {
        "project": (portfolio.projects, "project"),
        "product": (portfolio.products, "product"),
        "work_item": (portfolio.work_items, "issue"),
    }
    counts = []
    for level, (records, noun) in levels.items():
        n_followed = 0 if len(records) else portfolio.changes_of(level)["item_id"].nunique()
        known = words.count(len(records) or n_followed, noun)
        counts.append(f"the history of {known}" if n_followed else known)
    said = f"As of {words.day(portfolio.as_of)}: {words.listed(counts)}."
    said += "" if portfolio.basis == "baseline" else NO_FIRST_PLAN
    return replace(text_card(said), sources=_sources(portfolio))


def _sources(portfolio: Portfolio) -> dict[str, Any]:
    """Return the options of a report, and the files it was made from."""
    plan = "first approved" if portfolio.basis == "baseline" else "latest approved"
    options = (
        f"As of {words.day(portfolio.as_of)}; days in the zone {portfolio.time_zone}; projects are "
        f"judged by their {plan} plan, with no days or money of grace unless a figure says so. "
        "What each measure means stands in the definitions of each report."
    )
    read = portfolio.files[portfolio.files["rows_read"] > 0]
    counts = read["rows_read"].map(lambda n: words.count(n, "row"))
    files = zip(read["file"], counts, read["sha256"].fillna(words.MISSING), strict=True)
    return {"options": [options], "files": [list(file) for file in files]}


def lifecycle_card(lifecycle: Lifecycle, *, proposed: bool = False) -> Card:
    """Return where the work begins, waits and ends, as a card; and whether anybody said so."""
    if not lifecycle.stages:
        return text_card("No history of statuses: where work begins and ends is not known.")
    parts = [
        f"begins with {lifecycle.first_working_stage or 'no stage, for items wait in each'}",
        f"waits in {words.listed([*lifecycle.waiting])}" if lifecycle.waiting else "",
        f"ends with {words.listed([*lifecycle.terminal]) or 'no stage'}",
    ]
    guess = (
        "No stages are given, so these are guessed from the words of the statuses and Jira's "
        f"categories. {words.HOW_TO_READ}"
    )
    return text_card(
        f"Work {words.listed([part for part in parts if part])}.", note=guess if proposed else ""
    )


def notes_card(portfolio: Portfolio) -> Card:
    """Return what there is to know about the data as a card."""
    return text_card("\n".join(portfolio.notes) or "Nothing else is to be noted about the data.")


def html_of(
    content: dict[str, Any],
    figure: dict[str, Any] | None,
    number: str = "0",
    tabs: Sequence[tuple[str, bool]] = (),
) -> str:
    """Return a card as HTML; every text in it is escaped.

    `tabs` are the forms of it that a reader may choose from, and which of them this is.
    """
    name = "-".join(re.findall(r"\w+", content["finding"].casefold())[:LONGEST_NAME])
    return template("card.html.j2").render(
        card=content,
        spec=figure and _spec(figure),
        number=number,
        name=name or "table",
        tabs=tabs,
    )


def _spec(figure: dict[str, Any]) -> dict[str, Any]:
    """Return the figure as the page draws it: its title stands above it as text."""
    layout = {
        name: part for name, part in figure["layout"].items() if name not in ("meta", "title")
    }
    top = layout["margin"]["t"]
    layout["margin"] = layout["margin"] | {"t": 14}
    layout["height"] = layout["height"] - top + 14
    told = json.dumps({"data": figure["data"], "layout": layout})
    return json.loads(told, parse_float=_drawn)


def _drawn(text: str) -> float:
    """Return a number as exactly as it can be seen, however small it is."""
    value = float(text)
    return round(value, DIGITS) if abs(value) >= 1 else float(f"{value:.{DIGITS}g}")


@cache
def template(name: str) -> jinja2.Template:
    """Return a template in which every text is escaped."""
    loader = jinja2.PackageLoader("pmanalytics.reports", "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True)
    environment.filters["css"] = _css_text
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment.get_template(name)


def _css_text(text: str) -> str:
    """Return a text as a style sheet quotes it."""
    return '"' + re.sub(r"[^\w ]", lambda found: f"\\{ord(found[0]):x} ", text) + '"'
