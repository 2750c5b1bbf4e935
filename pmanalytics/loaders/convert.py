"""Cells of text as days, instants, numbers and truth values; what cannot be read is noted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.calendars import ISO_DAY, UTC, local_days, local_instants, local_times
from pmanalytics.errors import Reason
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.reading import Reading
from pmanalytics.schemas import Day, Table, dtypes
from pmanalytics.tables import with_all_columns

ISO_INSTANT = ISO_DAY + r"[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:[zZ]|[+-]\d{2}:?\d{2})"
ISO_WALL_CLOCK = ISO_DAY + r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
NUMERIC_DAY = r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})"
WALL_CLOCK_FORMATS = [
    "%d/%b/%y %I:%M %p",
    "%d/%b/%Y %I:%M %p",
    "%d/%b/%y %H:%M",
    "%d/%b/%Y %H:%M",
    "%d/%b/%y",
    "%d/%b/%Y",
]
# Beyond these no zone's history is known, and an instant is a slip of the pen.
YEARS = (1900, 2200)
LARGEST_WHOLE = 2**53  # a float counts no further
YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def typed(intake: Intake, schema: type[Table], reading: Reading) -> pd.DataFrame:
    """Return the cells with the dtypes of the schema; note every cell that cannot be read.

    Cells of columns the schema does not know stay as they are.
    """
    table = intake.cells.copy()
    for name, kind in dtypes(schema).items():
        if name in table.columns:
            table[name] = _converted(intake, name, table[name], kind, reading)
    return with_all_columns(table, schema)


def _converted(
    intake: Intake, name: str, column: pd.Series, kind: object, reading: Reading
) -> pd.Series:
    if kind == np.dtype(object):
        return column
    if kind == Day:
        return _days(intake, name, column, reading)
    if isinstance(kind, pd.DatetimeTZDtype):
        return instants(intake, name, column, reading)
    if str(kind) in ("float64", "int64", "Int64"):
        return _numbers(intake, name, column, str(kind))
    if str(kind) in ("boolean", "bool"):
        return _yes_no(intake, name, column, str(kind))
    return blank_to_missing(column)


def blank_to_missing(column: pd.Series) -> pd.Series:
    """Return the column as text without outer blanks; an empty cell is missing."""
    stripped = column.astype("str").str.strip()
    return stripped.mask(stripped == "")


def _days(intake: Intake, name: str, column: pd.Series, reading: Reading) -> pd.Series:
    """Read days; an instant falls on the local day of the file's zone."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_zoned = getattr(column.dtype, "tz", None) is not None
        days = local_days(column, reading.time_zone) if is_zoned else column.dt.normalize()
        return days.astype(Day)
    cells = blank_to_missing(column)
    if reading.date_format:
        days = _parsed(cells, reading.date_format, reading.time_zone).dt.normalize()
        _reject_unread(intake, name, cells, days, errors.NOT_IN_FORMAT)
        return days
    days = pd.to_datetime(
        cells.str.extract(f"^({ISO_DAY})$")[0], format="%Y-%m-%d", errors="coerce"
    )
    days = days.astype(Day)
    left = cells[cells.notna() & days.isna()]
    days = days.fillna(_moments(left, reading.time_zone, local_days_of=True).astype(Day))
    _reject_dates(intake, name, cells[cells.notna() & days.isna()])
    return days


def instants(intake: Intake, name: str, column: pd.Series, reading: Reading) -> pd.Series:
    """Read instants: ISO with an offset, or wall-clock times of the file's zone."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_zoned = getattr(column.dtype, "tz", None) is not None
        found = column.dt.tz_convert(UTC) if is_zoned else local_instants(column, reading.time_zone)
        return found.dt.as_unit("us")
    cells = blank_to_missing(column)
    found = _moments(cells, reading.time_zone, date_format=reading.date_format)
    _reject_unread(intake, name, cells, found, errors.NOT_AN_INSTANT)
    return found


def _moments(
    cells: pd.Series,
    time_zone: str,
    *,
    date_format: str | None = None,
    local_days_of: bool = False,
) -> pd.Series:
    """Return the instants that text cells name, or the local days they fall on; else missing."""
    moments = zoned_instants(cells)
    clock = pd.Series(pd.NaT, index=cells.index, dtype=Day)
    for form in [date_format] if date_format else ["ISO8601", *WALL_CLOCK_FORMATS]:
        left = cells[moments.isna() & clock.isna() & cells.notna()]
        if left.empty:
            break
        if form == "ISO8601":
            left = left[left.str.fullmatch(f"{ISO_WALL_CLOCK}|{ISO_DAY}")]
        clock = clock.fillna(_parsed(left, form, time_zone))
    clock = clock.where(clock.dt.year.between(*YEARS))
    if local_days_of:
        return local_days(moments, time_zone).fillna(clock.dt.normalize())
    return moments.fillna(local_instants(clock, time_zone))


def zoned_instants(cells: pd.Series) -> pd.Series:
    """Return the instants of ISO texts with an offset; all others are missing."""
    cells = cells.astype("str")
    zoned = cells.where(cells.str.fullmatch(ISO_INSTANT))
    found = pd.to_datetime(zoned, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    return found.where(found.dt.year.between(*YEARS))


def _parsed(cells: pd.Series, date_format: str, time_zone: str) -> pd.Series:
    """Return the local times that text cells name in one format; all others are missing."""
    is_zoned = "%z" in str(date_format)
    if date_format != "ISO8601" and "%" not in str(date_format):
        raise errors.ConfigError(f"date_format {date_format!r} is none; write it as '%d.%m.%Y'.")
    try:
        times = pd.to_datetime(cells, format=date_format, errors="coerce", utc=is_zoned)
        return (local_times(times, time_zone) if is_zoned else times).astype(Day)
    except (ValueError, TypeError) as error:
        raise errors.ConfigError(f"date_format {date_format!r} cannot be used: {error}.") from None


def _reject_dates(intake: Intake, name: str, unread: pd.Series) -> None:
    """Tell apart days that do not exist, days that can be read two ways, and other spellings."""
    parts = unread.str.extract(f"^{NUMERIC_DAY}$")[[0, 1]].astype(float)
    first, second = parts[0], parts[1]
    is_ambiguous = first.between(1, 12) & second.between(1, 12)
    numeric = unread.str.replace(r"[./-]", "/", regex=True)
    is_day = pd.Series(False, index=unread.index)
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y"):
        is_day |= pd.to_datetime(numeric, format=form, errors="coerce").notna()
    is_iso_like = unread.str.fullmatch(ISO_DAY).astype(bool)
    is_no_day = is_iso_like | (parts.notna().all(axis="columns") & ~is_day)
    intake.reject(name, unread[is_ambiguous], errors.AMBIGUOUS_DATE)
    intake.reject(name, unread[is_no_day & ~is_ambiguous], errors.NOT_A_DATE)
    intake.reject(name, unread[~is_no_day & ~is_ambiguous], errors.NOT_ISO)


def _numbers(intake: Intake, name: str, column: pd.Series, kind: str) -> pd.Series:
    cells = blank_to_missing(column)
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    numbers = pd.to_numeric(column if is_number else cells, errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    _reject_unread(intake, name, cells, numbers, errors.NOT_A_NUMBER)
    if kind == "float64":
        return numbers
    is_whole = numbers.isna() | ((numbers % 1 == 0) & (numbers.abs() < LARGEST_WHOLE))
    intake.reject(name, cells[~is_whole], errors.NOT_WHOLE)
    return numbers.where(is_whole).astype("Int64")


def _yes_no(intake: Intake, name: str, column: pd.Series, kind: str) -> pd.Series:
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype(kind)
    cells = blank_to_missing(column)
    answers = cells.str.casefold().map(YES_NO).astype("boolean")
    _reject_unread(intake, name, cells, answers, errors.NOT_YES_NO)
    return answers


def _reject_unread(
    intake: Intake, name: str, cells: pd.Series, read: pd.Series, reason: Reason
) -> None:
    intake.reject(name, cells[cells.notna() & read.isna()], reason)
