"""Cards: a finding with its evidence, the same in a notebook and in the exported page.

In JupyterLab a card is a live figure, a table or a row of numbers; in the page it gains its text
alternative and its data; as plain text it is its finding, which is what a changed number changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import jinja2
import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures import words
from pmanalytics.figures.quality import NOUNS
from pmanalytics.figures.rates import TITLES, Headline, plan_of
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.portfolio import Portfolio

CARD = "application/vnd.pmanalytics.card+json"
PLOTLY = "application/vnd.plotly.v1+json"
MOST_ROWS = 60
NO_FIRST_PLAN = (
    " No first plan is known, so every comparison is with the current due date, which may have "
    "been moved."
)
HEADINGS = {
    "k": "Succeeded",
    "n": "Counted",
    "basis": "Compared with",
    "population": "Of which projects",
    "low": "At least (95%)",
    "high": "At most (95%)",
    "n_zero_length": "Stays of no time",
    "n_incomplete": "Beginning not known",
    "n_ended": "Left",
    "n_open": "Still in it",
    "n_open_failed": "Open and failed",
    "any_share": "Chance of at least one",
    "k_then": "Succeeded then",
    "n_then": "Counted then",
    "k_now": "Succeeded now",
    "n_now": "Counted now",
    "bei": "BEI",
    "eqf": "EQF",
    "p50_days": "50% within (days)",
    "p85_days": "85% within (days)",
    "p95_days": "95% within (days)",
    "work_item_age_days": "Age (days)",
    "is_beyond_p85": "Beyond 85%",
    "is_flagged": "Flagged",
    "n_without_start": "Straight to the end",
    "mean_wip": "Mean in progress",
    "mean_age_then_days": "Mean age, first half",
    "mean_age_now_days": "Mean age, second half",
    "cpi": "CPI",
    "spi_t": "SPI(t)",
    "tcpi_bac": "TCPI",
    "eac_plan": "EAC, rest as planned",
    "eac_cpi": "EAC, rest as so far",
}
WORDS = TITLES | NOUNS | {"work_item": "issue"}
CODES = {
    "measure",
    "learned_from",
    "split",
    "population",
    "reliability",
    "level",
    "status",
    "state",
    "table",
    "verdict",
    "seen",
}
PERCENTAGES = {
    "rate", "rate_then", "rate_now", "low", "high", "at_worst", "at_best", "percent_complete",
    "allocation", "utilisation", "quantile", "flow_efficiency",
}  # fmt: skip
SIGNED_SHARES = ("variance_share", "beyond_plan_share")
RATIOS = ("bei", "spi", "spi_t", "cpi", "tcpi_bac", "tcpi_eac", "loss", "_ratio")
UNIT_OF_ROW = {"median", "p80", "p90", "worst", "best", "eqf"}  # days or shares, by the row
PLOTLY_CONFIG = {"displayModeBar": False, "showSendToCloud": False, "responsive": True}


@dataclass(frozen=True)
class Card:
    """One finding with what supports it."""

    finding: str
    subtitle: str = ""
    note: str = ""
    alt: str = ""
    is_wide: bool = False
    headlines: list[Headline] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    is_number: list[bool] = field(default_factory=list)
    figure: go.Figure | None = None

    def __repr__(self) -> str:
        numbers = [
            f"{h.label}: {h.value} ({h.range})" if h.range else f"{h.label}: {h.value}"
            for h in self.headlines
        ]
        return "\n".join(filter(None, [self.finding, *numbers]))

    @property
    def content(self) -> dict[str, Any]:
        """What the page needs besides the figure."""
        return asdict(self) | {
            "figure": None,
            "headlines": [headline._asdict() for headline in self.headlines],
        }

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        """Return the card in every form in which a notebook may show it."""
        bundle: dict[str, object] = {CARD: self.content, "text/plain": repr(self)}
        if self.figure is None:
            return bundle | {"text/html": html_of(self.content, None)}
        drawing = json.loads(self.figure.to_json())
        return bundle | {PLOTLY: drawing | {"config": PLOTLY_CONFIG}}


def figure_card(drawing: go.Figure, table: pd.DataFrame, *, wide: bool = False) -> Card:
    """Return a figure as a card, with the table it was drawn from."""
    said = drawing.layout.meta
    return Card(**said, is_wide=wide, figure=drawing, **_cells(table))


def table_card(
    table: pd.DataFrame,
    finding: str,
    *,
    subtitle: str = "",
    note: str = "",
    wide: bool = True,
    n_once: int = 0,
) -> Card:
    """Return a table as a card; of a long one the first rows.

    The first `n_once` columns are told once, for as many rows as they stay the same.
    """
    if len(table) > MOST_ROWS:
        note = f"The first {MOST_ROWS} of {words.count(len(table), 'row')}. {note}".strip()
    cells = _cells(table.head(MOST_ROWS))
    before: list[list[str]] = [[], *cells["rows"]]
    cells["rows"] = [
        [""] * n_once + row[n_once:] if row[:n_once] == above[:n_once] else row
        for above, row in zip(before, cells["rows"], strict=False)
    ]
    return Card(finding, subtitle, note, is_wide=wide, **cells)


def headline_card(headlines: Sequence[Headline], finding: str = "") -> Card:
    """Return numbers side by side as a card, with what they say together above them."""
    return Card(finding, is_wide=True, headlines=list(headlines))


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
    return text_card(said + ("" if portfolio.basis == "baseline" else NO_FIRST_PLAN))


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


def html_of(content: dict[str, Any], figure: dict[str, Any] | None, number: int = 0) -> str:
    """Return a card as HTML; every text in it is escaped."""
    return _template().render(card=content, spec=figure and _spec(figure), number=number)


def _spec(figure: dict[str, Any]) -> dict[str, Any]:
    """Return the figure as the page draws it: its title stands above it as text."""
    layout = {
        name: part for name, part in figure["layout"].items() if name not in ("meta", "title")
    }
    top = layout["margin"]["t"]
    layout["margin"] = layout["margin"] | {"t": 14}
    layout["height"] = layout["height"] - top + 14
    return {"data": figure["data"], "layout": layout}


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("pmanalytics.reports", "templates")
    return jinja2.Environment(loader=loader, autoescape=True).get_template("card.html.j2")


def _cells(table: pd.DataFrame) -> dict[str, Any]:
    """Return a table as people read it: headers, texts, and which columns are numbers."""
    if {"measure", "basis"} <= set(table):
        table = table.assign(basis=[*map(plan_of, table["measure"], table["basis"])])
    kinds = [pd.api.types.is_numeric_dtype(table[name].dtype) for name in table]
    texts = [[_text(str(name), value) for value in table[name]] for name in table]
    return {
        "headers": [_heading(str(name)) for name in table],
        "rows": [list(row) for row in zip(*texts, strict=True)],
        "is_number": kinds,
    }


def _heading(name: str) -> str:
    """Return a column's name as people read it: 'n_not_due' → 'Not due'."""
    return HEADINGS.get(name) or name.removeprefix("n_").replace("_", " ").capitalize()


def _text(name: str, value: Any) -> str:
    if not isinstance(value, list) and pd.isna(value):
        return words.MISSING
    if isinstance(value, pd.Timestamp):
        return words.day(value).replace(" ", "\u00a0")
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(name, float(value))
    if name in CODES:
        return WORDS.get(value) or str(value).replace("_", " ")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(name: str, value: float) -> str:
    if name.endswith(SIGNED_SHARES):
        return words.signed(value * 100, "%")
    if name in PERCENTAGES or name.endswith(("_rate", "_share")):
        return words.percent(value)
    if name == "difference":
        return words.signed(value * 100, " points")
    if name in UNIT_OF_ROW or name.endswith(RATIOS):
        return f"{value:.3g}" if name in UNIT_OF_ROW else f"{value:.2f}"
    if name.endswith(("variance_days", "drift_days", "cost_variance")):
        return words.signed(value)
    is_small = name.endswith(("_days", "_low", "_high")) and abs(value) < 10
    return f"{value:.1f}" if is_small else words.number(value)
