"""Dates and times written in the ways people and programs write them, column by column.

A date with its year first or its month as a word can be read one way only. Whether 3/4/2025 is of
March or April is decided by the whole column, and only where no cell of it disagrees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.calendars import UTC, local_times
from pmanalytics.codes import as_arrow
from pmanalytics.errors import Reason
from pmanalytics.loaders.cells.iso import YEARS, may_be_iso, read_iso
from pmanalytics.loaders.cells.names import months, named, weekdays
from pmanalytics.loaders.cells.parts import parts_of
from pmanalytics.loaders.cells.texts import (
    BLANK,
    Verdicts,
    fits,
    groups,
    is_remark,
)
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.schemas import Day

YEAR_FIRST = r"^(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P<mark2>[-/.])(?P<day>\d{1,2})$"
_BETWEEN = rf"(?:[-/.,]|{BLANK})*(?:(?i:de){BLANK}+)?"
_WEEKDAY = rf"^(?:(?P<weekday>[\p{{L}}\p{{M}}]+)[.,]*{BLANK}+)?"
_WORD = r"(?P<word>[\p{L}\p{M}]+)"
_YEAR = r"(?P<year>\d{4}|\d{2})$"
DAY_WORD_YEAR = rf"{_WEEKDAY}(?P<day>\d{{1,2}}){_BETWEEN}{_WORD}{_BETWEEN}{_YEAR}"
WORD_DAY_YEAR = rf"{_WEEKDAY}{_WORD}{_BETWEEN}(?P<day>\d{{1,2}})(?:[-/.,]|{BLANK})+{_YEAR}"
NUMERIC = (
    _WEEKDAY + r"(?P<a>\d{1,2})(?P<mark>[./-])(?P<b>\d{1,2})(?P<mark2>[./-])(?P<c>\d{4}|\d{2})$"
)
SERIAL = r"^(?P<serial>\d{5}(?:\.\d+)?)$"

SHORT = r"^\d\d[-/]\d\d[-/]\d\d$"
FORMS = [
    ("ISO", YEAR_FIRST),
    ("word", DAY_WORD_YEAR),
    ("word", WORD_DAY_YEAR),
    ("numeric", NUMERIC),
    ("serial", SERIAL),
]

DAY_FIRST, MONTH_FIRST, YEAR_FIRST_SHORT, EXCEL = "day first", "month first", "year first", "excel"
ORDERS = {
    DAY_FIRST: "day/month/year",
    MONTH_FIRST: "month/day/year",
    YEAR_FIRST_SHORT: "year/month/day",
}
PIVOT = 69
SERIALS = (20_000, 80_000)
EXCEL_ZERO = np.datetime64("1899-12-30", "us")
SENTINELS = [0, 10101, 18991230, 18991231, 19000100, 19000101, 19700101, 99991231]
NO_SHORT_DAY = 20_000_000  # 00/00/00


class Dates(NamedTuple):
    """What texts say: an instant where they name an offset, otherwise the time a clock showed."""

    instants: pd.Series
    clock: pd.Series
    verdicts: Verdicts
    words: list[str]


def read_dates(cells: pd.Series, reading: Reading, unknown: Reason) -> Dates:
    """Read the texts of one column, none of them missing; `unknown` is said of foreign spellings.

    Raises
    ------
    ConfigError
        If `date_format` is none.
    """
    is_strptime = _is_strptime(reading.date_format)
    if not (is_strptime or may_be_iso(cells)):
        return _read_parts(cells, reading, unknown)
    verdicts = Verdicts(cells)
    clock = pd.Series(pd.NaT, index=cells.index, dtype=Day)
    instants = clock.dt.tz_localize(UTC)
    words = []
    if is_strptime:
        clock, instants = _in_format(cells, str(reading.date_format))
        verdicts.add(_is_sentinel(clock), errors.NO_DATE)
        words = [f"as {reading.date_format}"] if _any(clock) or _any(instants) else []
        unknown = errors.NOT_IN_FORMAT
    left = cells[clock.isna() & instants.isna()]
    zoned, local = read_iso(left)
    words += ["ISO"] if len(zoned) + len(local) else []
    if not words:
        return _read_parts(cells, reading, unknown)
    left = left.drop(zoned.index).drop(local.index)
    if left.empty and not is_strptime:
        return Dates(instants.fillna(zoned), clock.fillna(local), verdicts, words)
    found = _read_parts(left, reading, unknown)
    verdicts.take(found.verdicts, pd.Index(left.index).get_indexer(cells.index))
    is_read = verdicts.is_open
    instants = instants.fillna(zoned).fillna(found.instants).where(is_read)
    clock = clock.fillna(local).fillna(found.clock).where(is_read)
    return Dates(instants, clock, verdicts, list(dict.fromkeys([*words, *found.words])))


def _is_strptime(date_format: str | None) -> bool:
    if (
        date_format
        and "%" not in date_format
        and date_format not in (DAY_FIRST, MONTH_FIRST, EXCEL)
    ):
        raise errors.ConfigError(
            f"date_format {date_format!r} is none; write 'day first', 'month first', "
            "'excel', or how dates are written, as in '%d.%m.%Y'."
        )
    return bool(date_format) and "%" in str(date_format)


def _in_format(cells: pd.Series, date_format: str) -> tuple[pd.Series, pd.Series]:
    """Return the clock times, or with %z the instants, that texts name in strptime's format."""
    is_zoned = "%z" in date_format
    try:
        times = pd.to_datetime(cells, format=date_format, errors="coerce", utc=is_zoned)
    except (ValueError, TypeError, re.error) as error:
        raise errors.ConfigError(f"date_format {date_format!r} cannot be used: {error}.") from None
    instants = times if is_zoned else pd.Series(pd.NaT, cells.index).dt.tz_localize(UTC)
    clock = local_times(instants, UTC) if is_zoned else times.astype(Day)
    is_known = clock.dt.year.between(*YEARS) | _is_sentinel(clock)
    none = pd.Series(pd.NaT, index=cells.index, dtype=Day)
    return (none if is_zoned else clock.where(is_known)), instants.where(is_known).dt.as_unit("us")


def _is_sentinel(clock: pd.Series) -> pd.Series:
    return _codes(clock.dt.year, clock.dt.month, clock.dt.day).isin(SENTINELS) & (
        clock == clock.dt.normalize()
    )


def _codes(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    """Return days as numbers such as 20250331, whether they exist or not."""
    return year * 10_000 + month * 100 + day


def _any(column: pd.Series) -> bool:
    return bool(column.notna().any())


def _read_parts(cells: pd.Series, reading: Reading, unknown: Reason) -> Dates:
    """Read texts by taking their dates and times apart."""
    parts = parts_of(as_arrow(cells))
    days = _days(parts.days)
    order, decisive = _order(days, reading.date_format)
    judged = Verdicts(parts.days)
    _resolve(days, order, judged, reading.date_format)

    verdicts = Verdicts(cells)
    if days["is_sentinel"].any():
        is_late = _spread(days["year"] > YEARS[1], False, parts.day_of)
        is_sentinel = _spread(days["is_sentinel"], False, parts.day_of)
        is_midnight = parts.time == np.timedelta64(0, "us")
        verdicts.add(is_sentinel & (is_midnight | is_late), errors.NO_DATE)
    verdicts.take(judged, parts.day_of)
    moment = _spread(days["moment"], np.datetime64("NaT", "us"), parts.day_of)
    local = pd.Series(moment + parts.time, cells.index)
    codes, forms = pd.factorize(days["form"])
    form = pd.Series(_spread(codes, -1, parts.day_of), cells.index)
    unread = verdicts.is_open & local.isna()
    if unread.any():
        is_foreign = unread & (_spread(days["form"] == "", True, parts.day_of))
        is_said = is_foreign.copy()
        is_said[is_foreign] = is_remark(cells[is_foreign])
        verdicts.add(is_said, errors.REMARK_FOR_DATE)
        verdicts.add(unread, unknown)
    local = local.where(verdicts.is_open)
    instants = (local - parts.offset).dt.tz_localize(UTC)
    first = form[local.notna()].drop_duplicates()
    found = {forms[code]: cells[record] for record, code in first.items()}
    words = _in_words(found, order, decisive)
    return Dates(instants, local.where(np.isnat(parts.offset)), verdicts, words)


def _spread(values: pd.Series | np.ndarray, none: Any, positions: np.ndarray) -> np.ndarray:
    """Return the value of each text made of distinct ones; -1 stands for none."""
    return np.append(np.asarray(values), none)[positions]


def _days(texts: pd.Series) -> pd.DataFrame:
    """Return form, year, month and day of each text; of numeric ones the parts a, b, c."""
    numbers = ["year", "month", "day", "a", "b", "c", "serial"]
    table = pd.DataFrame({"text": texts, "form": ""}).astype("str")
    table = table.assign(**dict.fromkeys(numbers, np.nan), is_short=False)
    for form, pattern in FORMS:
        left = texts[table["form"] == ""]
        if left.empty:
            break
        found = groups(left, pattern).dropna(how="all")
        if found.empty:
            continue
        found = _likely(found, form)
        table.loc[found.index, "form"] = form
        for name in found.columns.intersection(numbers):
            table.loc[found.index, name] = found[name].astype(float)
        if form == "numeric":
            table.loc[found.index, "year"] = _full_year(found["c"])
            table.loc[found.index, "is_short"] = fits(texts[found.index], SHORT)
    return table


def _likely(found: pd.DataFrame, form: str) -> pd.DataFrame:
    """Return the texts of a form whose words and numbers are those of dates."""
    if "weekday" in found:
        found = found[(found["weekday"] == "") | named(found["weekday"], weekdays()).notna()]
    if form == "word":
        found = found.assign(month=named(found["word"], months()), year=_full_year(found["year"]))
        return found[found["month"].notna()]
    if form == "serial":
        return found[found["serial"].astype(float).between(*SERIALS)]
    return found[found["mark"] == found["mark2"]]


def _full_year(years: pd.Series) -> pd.Series:
    number = years.astype(float)
    century = np.where(number < PIVOT, 2000, 1900)
    return number.where(years.str.len() == 4, number + century)


def _order(days: pd.DataFrame, date_format: str | None) -> tuple[str | Reason | None, str]:
    """Return the order of numeric dates, or why there is none, and the text that decides it."""
    numeric = days[days["form"] == "numeric"]
    if numeric.empty:
        return (date_format if date_format in ORDERS else None), ""
    fitting = pd.DataFrame(
        {name: _moments(*parts).notna() for name, parts in _readings(numeric).items()}
    )
    fitting = fitting[fitting.any(axis="columns")]  # what is no day decides nothing
    if date_format in ORDERS or fitting.empty:
        return (date_format if date_format in ORDERS else None), ""
    if "%" in (date_format or ""):
        return errors.NOT_IN_FORMAT, ""
    orders = [name for name in ORDERS if fitting[name].all()]
    if len(orders) == 1:
        most_telling = fitting.sum(axis="columns").idxmin()
        return orders[0], numeric["text"][most_telling]
    if not orders:
        only = [
            fitting.index[fitting[name] & (fitting.sum(axis="columns") == 1)] for name in ORDERS
        ]
        first = [str(numeric["text"][found[0]]) if len(found) else "" for found in only[:2]]
        return errors.mixed_dates(*first), ""
    is_year = YEAR_FIRST_SHORT in orders and len(orders) == 2
    return (errors.AMBIGUOUS_YEAR if is_year else errors.AMBIGUOUS_DATE), ""


def _fitting(numeric: pd.DataFrame) -> pd.DataFrame:
    """Tell which order each numeric date could have by its parts, be it a day or not."""
    a, b, c = numeric["a"], numeric["b"], numeric["c"]
    return pd.DataFrame(
        {
            DAY_FIRST: a.between(1, 31) & b.between(1, 12),
            MONTH_FIRST: a.between(1, 12) & b.between(1, 31),
            YEAR_FIRST_SHORT: numeric["is_short"] & b.between(1, 12) & c.between(1, 31),
        }
    )


def _resolve(
    days: pd.DataFrame, order: str | Reason | None, judged: Verdicts, date_format: str | None
) -> None:
    """Set the moment each day begins, and whether it stands for none; note what is no day."""
    moment = _moments(days["year"], days["month"], days["day"])
    if (days["form"] == "serial").any():
        moment = moment.fillna(_serial_moments(days, judged, date_format))
    if (days["form"] == "numeric").any():
        moment = moment.fillna(_numeric_moments(days, order, judged, date_format))
    is_known = moment.dt.year.between(*YEARS)
    days["moment"] = moment.where(is_known).astype(Day)
    days["is_sentinel"] = _stands_for_none(days)
    judged.add(moment.notna() & ~is_known, errors.OUT_OF_YEARS)
    judged.add((days["form"] != "") & moment.isna(), errors.NOT_A_DATE)


def _serial_moments(days: pd.DataFrame, judged: Verdicts, date_format: str | None) -> pd.Series:
    """Return the moments of Excel's serial days, if meant; otherwise note what they are."""
    serial = EXCEL_ZERO + pd.to_timedelta(days["serial"], "D").dt.round("ms")
    if date_format == EXCEL:
        return serial
    judged.add_each(days["form"] == "serial", serial.dt.normalize(), errors.excel_serial)
    return pd.Series(pd.NaT, days.index, dtype=Day)


def _numeric_moments(
    days: pd.DataFrame, order: str | Reason | None, judged: Verdicts, date_format: str | None
) -> pd.Series:
    """Return the moments of numeric dates in their order, if there is one; note what is no day."""
    is_numeric = days["form"] == "numeric"
    moments = pd.DataFrame({name: _moments(*parts) for name, parts in _readings(days).items()})
    judged.add(is_numeric & moments.isna().all(axis="columns"), errors.NOT_A_DATE)
    if isinstance(order, Reason):
        judged.add(is_numeric, order)
    elif order == date_format and order:
        judged.add(is_numeric & ~_fitting(days)[order], errors.NOT_IN_FORMAT)
    return moments[order] if isinstance(order, str) else pd.Series(pd.NaT, days.index, dtype=Day)


def _readings(days: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series, pd.Series]]:
    """Return year, month and day of numeric dates in each order."""
    a, b, c = days["a"], days["b"], days["c"]
    year_first = _full_year(days["text"].where(days["is_short"]).str.slice(0, 2))
    return {
        DAY_FIRST: (days["year"], b, a),
        MONTH_FIRST: (days["year"], a, b),
        YEAR_FIRST_SHORT: (year_first, b, c),
    }


def _stands_for_none(days: pd.DataFrame) -> pd.Series:
    """Tell the days that programs write where there is none, in whatever order."""
    is_none = _codes(days["year"], days["month"], days["day"]).isin(SENTINELS)
    if not (days["form"] == "numeric").any():
        return is_none
    readings = _readings(days)
    for name in (DAY_FIRST, MONTH_FIRST):
        is_none |= _codes(*readings[name]).isin([*SENTINELS, NO_SHORT_DAY])
    return is_none


def _moments(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    """Return the days of the calendar; what is none is missing."""
    is_shape = year.notna() & month.between(1, 12) & day.between(1, 31)
    months = ((year - 1970) * 12 + month - 1).where(is_shape, 0).to_numpy("int64")
    begins = months.astype("datetime64[M]")
    found = begins.astype("datetime64[D]") + (day.where(is_shape, 1).to_numpy("int64") - 1)
    is_day = is_shape & (found.astype("datetime64[M]") == begins)
    return pd.Series(found.astype(Day), year.index).where(is_day)


def _in_words(found: Mapping[str, str], order: object, decisive: str) -> list[str]:
    """Return how dates were read, in words; `found` tells the first text of each form."""
    words = []
    for form, text in found.items():
        if form == "ISO":
            words.append("ISO")
        elif form == "word":
            words.append(f"months by name, as in {text}")
        elif form == "numeric":
            why = f"as {decisive} decides" if decisive else "as date_format says"
            words.append(f"{ORDERS[str(order)]}, {why}")
        else:
            words.append("Excel's serial numbers")
    return words
