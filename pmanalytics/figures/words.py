"""Numbers and lists as people read them, and text made safe for a drawing."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd

from pmanalytics.schemas import Table

MISSING = "–"
NOUNS = {"product": "product", "project": "project", "work_item": "work item"}
NARROW_SPACE = "\u202f"
MINUS = "\u2212"
UNITS = [("bn", 1e9), ("m", 1e6), ("k", 1e3)]
HOW_TO_READ = "The command “pmanalytics init” proposes how to read your files."


def brief(label: str, n_letters: int = 40) -> str:
    """Return the beginning of a label that is too long for its place in a figure.

    >>> brief("Atlas"), brief("Atlas of the whole world", 10)
    ('Atlas', 'Atlas of…')
    """
    return label if len(label) <= n_letters else f"{label[: n_letters - 1].rstrip()}…"


def escaped(text: object) -> str:
    """Return text that plotly shows as it is instead of reading it as markup or mathematics.

    >>> escaped("<b>R&D</b>"), escaped("$5 or $6")
    ('&lt;b&gt;R&amp;D&lt;/b&gt;', '&#36;5 or &#36;6')
    """
    return html.escape(str(text), quote=False).replace("$", "&#36;")


def number(value: float) -> str:
    """Return a whole number with its thousands set apart.

    >>> number(12345.4) == "12" + NARROW_SPACE + "345"
    True
    """
    if pd.isna(value):
        return MISSING
    return f"{round(value):,}".replace(",", NARROW_SPACE).replace("-", MINUS)


def amount(value: float) -> str:
    """Return an amount of money without its currency: from 10 000 on with three digits.

    >>> amount(4480) == "4" + NARROW_SPACE + "480", amount(381_600), amount(1_066_667)
    (True, '382k', '1.07m')
    """
    if pd.isna(value) or abs(value) < 10_000:
        return number(value)
    letter, size = next(unit for unit in UNITS if abs(value) >= unit[1] * 0.9995)
    scaled = value / size
    digits = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
    return f"{scaled:.{digits}f}{letter}".replace("-", MINUS)


def signed(value: float, unit: str = "") -> str:
    """Return a difference with its sign.

    >>> signed(-3, " days"), signed(41)
    ('−3 days', '+41')
    """
    if pd.isna(value):
        return MISSING
    return ("+" if round(value) > 0 else "") + number(value) + unit


def percent(share: float) -> str:
    """Return a share as a whole percentage.

    >>> percent(0.4286), percent(0.9975), percent(float("nan"))
    ('43%', '>99%', '–')
    """
    if pd.isna(share):
        return MISSING
    if 0 < share < 0.005 or 0.995 <= share < 1:
        return "<1%" if share < 0.5 else ">99%"
    return f"{number(share * 100)}%"


def percent_range(low: float, high: float) -> str:
    """Return an interval of shares.

    >>> percent_range(0.2553, 0.3662)
    '26–37%'
    """
    return MISSING if pd.isna(low) else f"{number(low * 100)}–{percent(high)}"


def points(difference: float) -> str:
    """Return a difference of shares in whole percentage points.

    >>> points(0.284), points(0.01)
    ('28 points', '1 point')
    """
    return count(round(difference * 100), "point")


def day(date: pd.Timestamp | str) -> str:
    """Return a date as people write it.

    >>> day("2026-01-03")
    '3 Jan 2026'
    """
    stamp = pd.Timestamp(date)
    return MISSING if pd.isna(stamp) else f"{stamp.day} {stamp:%b %Y}"


def days(value: float) -> str:
    """Return a duration in days; below ten with one decimal.

    >>> days(75.04), days(3.42), days(1)
    ('75 days', '3.4 days', '1 day')
    """
    if pd.isna(value):
        return MISSING
    if value >= 9.95 or value == round(value):
        return "1 day" if round(value) == 1 else f"{number(value)} days"
    return f"{value:.1f} days"


def count(n: float, noun: str) -> str:
    """Return a count with its noun.

    >>> count(1, "project"), count(2000, "issue") == "2" + NARROW_SPACE + "000 issues"
    ('1 project', True)
    """
    return f"{number(n)} {noun}" if n == 1 else f"{number(n)} {noun}s"


def plan(table: pd.DataFrame) -> str:
    """Return what the rows of a table with a `basis` are compared with.

    >>> plan(pd.DataFrame({"basis": ["rebaselined"]}))
    'current due date'
    """
    return "current due date" if table["basis"].head(1).eq("rebaselined").any() else "baseline"


def listed(parts: Sequence[str]) -> str:
    """Return a list in words.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def labelled(table: pd.DataFrame, schema: type[Table], every: str) -> pd.DataFrame:
    """Add the group of each row in words: its columns that the schema does not name.

    Without such columns all rows are of the one group `every`.
    """
    names = [name for name in table.columns if name not in schema.to_schema().columns]
    if not names:
        return table.assign(label=every)
    texts = table[names].astype("str").fillna("(not recorded)")
    return table.assign(label=texts.agg(" · ".join, axis="columns") if len(table) else "")
