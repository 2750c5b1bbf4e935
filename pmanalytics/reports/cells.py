"""The cells of a table as people read them, and as a spreadsheet takes them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pmanalytics.figures import words
from pmanalytics.figures.quality import NOUNS
from pmanalytics.figures.rates import TITLES, plan_of

HEADINGS = {
    "project_id": "ID",
    "beyond_budget_share": "Cost against budget",
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
    "low_then": "At least then (95%)",
    "high_then": "At most then (95%)",
    "low_now": "At least now (95%)",
    "high_now": "At most now (95%)",
    "k_then": "Succeeded then",
    "n_then": "Counted then",
    "k_now": "Succeeded now",
    "n_now": "Counted now",
    "sha256": "SHA-256",
    "item_type": "Type",
    "reworked_share": "Share of the issues",
    "rework_share": "Share of their days",
    "project_class": "Class",
    "product_id": "Product",
    "finish_variance_share": "Against plan",
    "cost_variance_share": "Against budget",
    "real_cost_variance_share": "In constant prices",
    "drift_days": "Days moved",
    "nominal_cost": "Cost",
    "hit_rate": "Hit rate",
    "removal_rate": "Before release",
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
    "p_adjusted": "p, adjusted",
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
    "on_time",
    "on_budget",
    "outcome",
}
PERCENTAGES = {
    "rate", "rate_then", "rate_now", "low", "high", "low_then", "high_then", "low_now", "high_now",
    "at_worst", "at_best", "percent_complete", "allocation", "utilisation", "quantile",
    "flow_efficiency", "share", "survival",
}  # fmt: skip
SIGNED_SHARES = ("variance_share", "beyond_plan_share", "beyond_budget_share")
RATIOS = (
    "p_adjusted",
    "p_value",
    "bei",
    "spi",
    "spi_t",
    "cpi",
    "tcpi_bac",
    "tcpi_eac",
    "loss",
    "_ratio",
)
UNIT_OF_ROW = {"median", "p80", "p90", "worst", "best", "eqf"}  # days or shares, by the row
IDS = ("project_id", "product_id", "item_id", "record")
NAMES = ("project", "product", "name")
CHIPS = {"serious": "bad", "lesser": "warn"}  # short reasons, one after the other
BARS = ("days_late", "beyond_budget_share")  # beside the number, how it compares with the others
LONG_TEXT = 24  # letters; such a column gets room of its own
HASH_LETTERS = 12


def cells_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return a table as people read it: headers, texts, and which columns are numbers.

    The code of a product is not shown beside its name.
    """
    if {"measure", "basis"} <= set(table):
        table = table.assign(basis=[*map(plan_of, table["measure"], table["basis"])])
    identity = next((name for name in IDS if name in table), None)
    named = next((name for name in NAMES if name in table), identity)
    ids = [] if identity is None else table[identity].fillna("").tolist()
    if (identity, named) == ("product_id", "product"):
        table = table.drop(columns=identity)
    texts = [[_text(str(name), value) for value in table[name]] for name in table]
    values = [
        column if name in CHIPS else [_value(value) for value in table[name]]
        for name, column in zip(table, texts, strict=True)
    ]
    columns = list(table)
    return {
        "headers": [_heading(str(name)) for name in table],
        "rows": [list(row) for row in zip(*texts, strict=True)],
        "raw": [list(row) for row in zip(*values, strict=True)],
        "looks": [_look(table[name], column) for name, column in zip(table, texts, strict=True)],
        "n_same": [0] * len(table),
        "bars": {str(columns.index(n)): _bars(table[n]) for n in BARS if n in columns},
        "ids": ids,
        "pick": None if named is None else columns.index(named),
    }


def _look(column: pd.Series, texts: list[str]) -> str:
    """Return whether a column holds numbers ("n"), long texts, or reasons by their weight."""
    if column.name in CHIPS:
        return CHIPS[column.name]
    types = pd.api.types
    if types.is_numeric_dtype(column.dtype) and not types.is_bool_dtype(column.dtype):
        return "n"
    return "long" if max(map(len, texts), default=0) > LONG_TEXT else ""


def _bars(column: pd.Series) -> list[float]:
    """Return each number as a share of the largest."""
    return (column / column.abs().max()).fillna(0).round(3).tolist()


def _value(value: Any) -> str | None:
    """Return a day or a number as a spreadsheet takes it; None where that is the text."""
    if isinstance(value, list) or pd.api.types.is_bool(value):
        return None
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:.12g}" if isinstance(value, int | float) else None


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
    separator = "; " if name in CHIPS else ", "
    text = separator.join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{text[:HASH_LETTERS]}…" if name == "sha256" else text


def _number(name: str, value: float) -> str:
    if name.endswith(SIGNED_SHARES):
        return words.signed(value * 100, "%")
    if name in PERCENTAGES or name.endswith(("_rate", "_share")):
        return words.percent(value)
    if name == "difference":
        return words.signed(value * 100, " points")
    if name in UNIT_OF_ROW or name.endswith(RATIOS):
        return f"{value:.3g}" if name in UNIT_OF_ROW else f"{value:.2f}"
    if name.endswith(("variance_days", "drift_days", "days_late", "cost_variance")):
        return words.signed(value)
    is_small = name.endswith(("_days", "_low", "_high")) and abs(value) < 10
    return f"{value:.1f}" if is_small else words.number(value)
