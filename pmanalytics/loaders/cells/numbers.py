"""Numbers and amounts written in the ways people and programs write them, column by column.

Whether 1,234 is more than a thousand or little more than one is decided by the whole column, and
only where no cell of it disagrees.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import Reason
from pmanalytics.loaders.cells.texts import (
    BLANK,
    Verdicts,
    blank_to_missing,
    fits,
    groups,
    is_remark,
    numbers_of,
)

SIMPLE = r"^-?[0-9.,]+$"
_CURRENCY = r"(?:[A-Z]{3}|[A-Z]{0,2}\p{Sc}|kr|zł|Kč|Ft)"
WRITTEN = (
    rf"^(?P<open>\(?){BLANK}*(?P<sign>[-+−–]?){BLANK}*(?P<before>{_CURRENCY}?){BLANK}*"
    r"(?P<inner>[-−–]?)(?P<body>[0-9.,](?:[0-9.,'’]|[\s\p{Z}][0-9])*)"
    rf"(?P<exponent>(?:[eE][-+]?\d{{1,3}})?){BLANK}*(?P<percent>%?){BLANK}*"
    rf"(?P<after>{_CURRENCY}?){BLANK}*(?P<trailing>[-−–]?)(?P<close>\)?)$"
)
_NUMBER = r"^(?:(?:\d+|[1-9]\d{{0,2}}(?:{groups}))(?:{mark}\d*)?|{mark}\d+)$"
_GROUPS = r"(?:{0}\d{{3}})+|(?:[\s\p{{Z}}]\d{{3}})+|(?:['’]\d{{3}})+"
SIGNS = {
    "€": ["EUR"],
    "£": ["GBP"],
    "$": ["USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "TWD", "CLP", "COP", "ARS"],
    "¥": ["JPY", "CNY"],
    "₹": ["INR"],
    "US$": ["USD"],
    "A$": ["AUD"],
    "AU$": ["AUD"],
    "C$": ["CAD"],
    "CA$": ["CAD"],
    "NZ$": ["NZD"],
    "HK$": ["HKD"],
    "S$": ["SGD"],
    "MX$": ["MXN"],
    "R$": ["BRL"],
    "₺": ["TRY"],
    "₽": ["RUB"],
    "₩": ["KRW"],
    "₴": ["UAH"],
    "₪": ["ILS"],
    "zł": ["PLN"],
    "Kč": ["CZK"],
    "Ft": ["HUF"],
    "kr": ["SEK", "NOK", "DKK", "ISK"],
}
PATTERNS = {
    mark: _NUMBER.format(groups=_GROUPS.format(other), mark=re_mark)
    for mark, re_mark, other in ((".", r"\.", ","), (",", ",", r"\."))
}
OTHER = {".": ",", ",": "."}
NO_GROUPS = r"^\d+(?:[.,]\d*)?$"
PLAIN = r"^-?\d+(?:\.(?:\d{1,2}|\d{4,}))?$"
NAMES = {".": "decimal point", ",": "decimal comma"}
MINUS = ["-", "−", "–"]


class Numbers(NamedTuple):
    """What texts say; what cannot be read is missing and has a verdict."""

    numbers: pd.Series
    verdicts: Verdicts
    words: str


def read_numbers(
    cells: pd.Series, decimal: str | None = None, *, is_share: bool = False
) -> Numbers:
    """Read the texts of one column, none of them missing; only a share may be in percent."""
    if decimal != "," and fits(cells, PLAIN).all():
        return _plain(cells)
    parts = _parts(cells)
    is_percent = parts["percent"] == "%"
    body = parts["body"].where(~is_percent | is_share)
    fitting = pd.DataFrame({mark: fits(body, pattern) for mark, pattern in PATTERNS.items()})
    is_marked = fits(body, "[.,]") & fitting.any(axis="columns")
    mark, problem = _mark(fitting[is_marked], decimal)
    digits = body.where(fitting[mark]).str.replace(r"[\s'’]" + f"|[{OTHER[mark]}]", "", regex=True)
    digits = digits.str.replace(",", ".", regex=False) + parts["exponent"]
    values = pd.to_numeric(digits, errors="coerce").astype(float)
    values = values.where(~is_percent, values / 100).where(~parts["is_negative"], -values)
    verdicts = Verdicts(cells)
    if problem:
        verdicts.add(is_marked & ~(fitting[mark] & (decimal is not None)), problem)
    verdicts.add(body.isna() & is_remark(cells), errors.REMARK_FOR_NUMBER)
    values = values.where(np.isfinite(values) & verdicts.is_open)
    verdicts.add(values.isna(), errors.NOT_A_NUMBER)
    telling = cells[is_marked & values.notna() & ~fitting[OTHER[mark]]]
    why = "as the setting decimal says" if decimal else f"as {next(iter(telling), '')} decides"
    return Numbers(values, verdicts, f"{NAMES[mark]}, {why}" if len(telling) else "")


def _plain(cells: pd.Series) -> Numbers:
    """Read digits with at most a decimal point that can be nothing else: the usual case, fast."""
    telling = cells[cells.str.contains(".", regex=False)]
    words = f"{NAMES['.']}, as {telling.iloc[0]} decides" if len(telling) else ""
    return Numbers(numbers_of(cells), Verdicts(cells), words)


def _mark(fitting: pd.DataFrame, decimal: str | None) -> tuple[str, Reason | None]:
    """Return the decimal mark, and what is wrong with cells that hold a mark."""
    if decimal:
        return decimal, errors.NOT_IN_DECIMAL
    marks = [mark for mark in PATTERNS if fitting[mark].all()]
    if len(marks) == 1 or fitting.empty:
        return marks[0], None
    return ".", errors.AMBIGUOUS_NUMBER if marks else errors.MIXED_MARKS


def written_currencies(cells: pd.Series) -> pd.Series:
    """Return the currency sign or code in each amount, as it is written; of none it is missing."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return pd.Series(np.nan, cells.index, dtype="str")
    parts = _parts(blank_to_missing(cells).dropna())
    return parts["currency"].mask(parts["currency"] == "").reindex(cells.index)


def only_currency(written: pd.Series) -> pd.Series:
    """Return the code of each sign that can mean one currency only; of others it is missing.

    >>> only_currency(pd.Series(["£", "CHF", "$"])).tolist()
    ['GBP', 'CHF', nan]
    """
    codes = {sign: _meant(sign) for sign in written.dropna().unique()}
    only = {sign: meant[0] for sign, meant in codes.items() if len(meant) == 1}
    return written.map(only).astype("str")


def may_be_currency(written: pd.Series, currency: pd.Series) -> pd.Series:
    """Tell whether each sign can mean the currency beside it; where one is missing, it may.

    >>> may_be_currency(pd.Series(["$", "$"]), pd.Series(["CAD", "EUR"])).tolist()
    [True, False]
    """
    pairs = (written + " " + currency).dropna()
    agree = {pair: pair.split()[1] in _meant(pair.split()[0]) for pair in pairs.unique()}
    return pairs.map(agree).astype(bool).reindex(written.index, fill_value=True)


def _meant(sign: str) -> list[str]:
    """Return the codes that a sign or code can mean."""
    return SIGNS.get(sign, [sign] if sign in _codes() else [])


def _parts(cells: pd.Series) -> pd.DataFrame:
    """Return body, exponent, percent, currency and sign of texts; what is no number has no body."""
    is_simple = fits(cells, SIMPLE)
    simple = cells[is_simple]
    table = pd.DataFrame({"body": simple.str.removeprefix("-")}).assign(
        exponent="", percent="", currency="", is_negative=simple.str.startswith("-")
    )
    found = groups(cells[~is_simple], WRITTEN)
    minus = found[["sign", "inner", "trailing"]].isin(MINUS).sum(axis="columns")
    minus += found["open"] == "("
    currency = _one_currency(found["before"], found["after"])
    is_number = ((found["open"] == "(") == (found["close"] == ")")) & (minus <= 1)
    is_number &= currency.notna() & ((found["exponent"] == "") | fits(found["body"], NO_GROUPS))
    found["body"] = found["body"].where(is_number)
    found = found.assign(currency=currency, is_negative=minus == 1)
    return pd.concat([table, found[list(table)]]).reindex(cells.index)


def _one_currency(before: pd.Series, after: pd.Series) -> pd.Series:
    """Return the one currency of each pair, the code rather than the sign; missing if none."""
    pairs = before + "/" + after
    known = {}
    for pair in pairs.dropna().unique():
        signs = [sign for sign in pair.split("/") if sign]
        meant = [set(_meant(sign)) for sign in signs]
        known[pair] = max(signs, key=str.isalpha, default="") if _agree(meant) else None
    return pairs.map(known).astype("str")


def _agree(meant: list[set[str]]) -> bool:
    return not meant or bool(set.intersection(*meant))


@cache
def _codes() -> frozenset[str]:
    from babel.numbers import list_currencies  # noqa: PLC0415 - most files need no names

    return frozenset(list_currencies())
