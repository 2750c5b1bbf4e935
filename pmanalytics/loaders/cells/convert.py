"""Cells of text as days, instants, numbers and truth values; what cannot be read is noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pandera.pandas as pa

from pmanalytics import errors
from pmanalytics.calendars import UTC, local_days, local_instants
from pmanalytics.errors import Reason
from pmanalytics.loaders.cells.dates import read_dates
from pmanalytics.loaders.cells.iso import YEARS, zoned_instants
from pmanalytics.loaders.cells.numbers import read_numbers
from pmanalytics.loaders.cells.texts import Verdicts, blank_to_missing, fits
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.schemas import Day, Table, dtypes
from pmanalytics.tables import LARGEST, with_all_columns

__all__ = ["blank_to_missing", "instants", "typed", "zoned_instants"]

LIST = np.dtype(object)
LARGEST_WHOLE = 2**53  # a float counts no further
YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# A cell that says there is nothing to say is no reason to lose what else the row says.
REMARKS = [errors.NO_DATE, errors.REMARK_FOR_DATE, errors.REMARK_FOR_NUMBER]
IDS = ["product_id", "project_id", "item_id"]
# As a spreadsheet shows them in English, German, French and Spanish.
EXCEL_ERRORS = [
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!",
    "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!",
    "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#NOM?", "#NOMBRE!", "#VALEUR!",
    "#¡DIV/0!", "#¡REF!", "#¡VALOR!", "#¡NUM!", "#¿NOMBRE?",
]  # fmt: skip
SCIENTIFIC = r"^\d(?:[.,]\d+)?E\+\d{2,3}$"
EXCEL_MONTH = "(?:Jan|Feb|Mar|Mrz|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Oct|Okt|Nov|Dec|Dez)"
EXCEL_DAY = rf"^(?:\d{{1,2}}(?:-|\. ){EXCEL_MONTH}|{EXCEL_MONTH}[- ]\d{{2}})$"


def typed(intake: Intake, schema: type[Table], reading: Reading) -> pd.DataFrame:
    """Return the cells with the dtypes of the schema; note every cell that cannot be read.

    Cells of columns the schema does not know stay as they are.
    """
    fields, kinds = schema.to_schema().columns, dtypes(schema)
    _set_errors_aside(intake, fields, lists=[n for n, kind in kinds.items() if kind == LIST])
    table = intake.cells.copy(deep=False)
    for name, kind in kinds.items():
        if name in table.columns:
            table[name] = _converted(intake, fields[name], kind, reading)
    return with_all_columns(table, schema)


def _set_errors_aside(
    intake: Intake, fields: Mapping[str, pa.Column], lists: Sequence[str]
) -> None:
    """Note every error of Excel; what it stands in counts as empty, or is no row at all."""
    for name, cells in intake.cells.drop(columns=lists, errors="ignore").items():
        if cells.dtype == "str" and not cells.str.startswith("#").any():
            continue
        is_error = cells.isin(EXCEL_ERRORS)
        if is_error.any():
            is_needed = name in fields and not fields[name].nullable
            found = intake.cells.loc[is_error, name]
            intake.reject(name, found, errors.EXCEL_ERROR, value_only=not is_needed)
            intake.cells[name] = intake.cells[name].mask(is_error, "")


def _converted(intake: Intake, field: pa.Column, kind: object, reading: Reading) -> pd.Series:
    name, nullable = field.name, field.nullable
    column = intake.cells[name]
    if kind == LIST:
        return column
    if kind == Day:
        return _days(intake, name, column, reading, nullable=nullable)
    if isinstance(kind, pd.DatetimeTZDtype):
        return instants(intake, name, column, reading, nullable=nullable)
    if str(kind) in ("float64", "int64", "Int64"):
        numbers = _numbers(intake, field, column, reading)
        return numbers if str(kind) == "float64" else _whole(intake, name, numbers)
    if str(kind) in ("boolean", "bool"):
        return _yes_no(intake, name, column, str(kind))
    texts = blank_to_missing(column)
    if name in IDS and name in intake.headers and not nullable:
        _look_for_excel(intake, name, texts.dropna())
    return texts


def _days(
    intake: Intake, name: str, column: pd.Series, reading: Reading, *, nullable: bool
) -> pd.Series:
    """Read days; an instant falls on the local day of the file's zone."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_zoned = getattr(column.dtype, "tz", None) is not None
        days = local_days(column, reading.time_zone) if is_zoned else column.dt.normalize()
        return _within_years(intake, name, column, days.astype(Day))
    found = read_dates(blank_to_missing(column).dropna(), reading, errors.UNKNOWN_DATE)
    _note(intake, name, found.verdicts, nullable=nullable)
    days = found.clock.dt.normalize()
    words = found.words
    if found.instants.notna().any():
        days = days.fillna(local_days(found.instants, reading.time_zone))
        words = [*words, f"days of {reading.time_zone}"]
    _tell(intake, name, words)
    return days.reindex(column.index)


def _within_years(intake: Intake, name: str, column: pd.Series, moments: pd.Series) -> pd.Series:
    """Return moments that can be meant; a frame may hold what programs write for no date."""
    is_beyond = moments.notna() & ~moments.dt.year.between(*YEARS)
    intake.reject(name, column[is_beyond], errors.OUT_OF_YEARS)
    return moments.mask(is_beyond)


def instants(
    intake: Intake, name: str, column: pd.Series, reading: Reading, *, nullable: bool = False
) -> pd.Series:
    """Read instants: with an offset, or wall-clock times of the file's zone."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        is_zoned = getattr(column.dtype, "tz", None) is not None
        found = column.dt.tz_convert(UTC) if is_zoned else local_instants(column, reading.time_zone)
        return _within_years(intake, name, column, found.dt.as_unit("us"))
    dates = read_dates(blank_to_missing(column).dropna(), reading, errors.NOT_AN_INSTANT)
    _note(intake, name, dates.verdicts, nullable=nullable)
    found, words = dates.instants, dates.words
    if dates.clock.notna().any():
        found = found.fillna(local_instants(dates.clock, reading.time_zone))
        words = [*words, f"clock of {reading.time_zone}"]
    _tell(intake, name, words)
    return found.reindex(column.index)


def _numbers(intake: Intake, field: pa.Column, column: pd.Series, reading: Reading) -> pd.Series:
    """Read numbers; what is a number already has no marks to wonder about."""
    is_number = pd.Series(pd.api.types.is_numeric_dtype(column.dtype), column.index)
    if column.dtype == object:
        is_number = column.map(_is_number).astype(bool)
    ready = pd.to_numeric(column[is_number]).astype(float)
    intake.reject(field.name, column[is_number][np.isinf(ready)], errors.NOT_A_NUMBER)
    cells = blank_to_missing(column[~is_number]).dropna()
    is_share = any(check.statistics.get("max_value") == 1 for check in field.checks)
    found = read_numbers(cells, reading.decimal, is_share=is_share)
    _note(intake, field.name, found.verdicts, nullable=field.nullable)
    _tell(intake, field.name, [found.words] if found.words else [])
    numbers = pd.concat([ready.mask(np.isinf(ready)), found.numbers])
    if is_share:
        return _shares(intake, field.name, column, numbers)
    is_beyond = numbers.abs() > LARGEST
    intake.reject(field.name, column[numbers.index[is_beyond]], errors.TOO_LARGE)
    return numbers.mask(is_beyond).reindex(column.index)


def _shares(intake: Intake, name: str, column: pd.Series, numbers: pd.Series) -> pd.Series:
    """Return shares of one; what stands below a % in the header is in percent, unless below 1."""
    is_bare = ~column.astype("str").str.contains("%", regex=False, na=False)
    bare = numbers[is_bare[numbers.index]]
    has_shares = bare.between(0, 1, inclusive="neither").any()
    if bare.max() > 1 and not has_shares and "%" in intake.headers.get(name, name):
        return numbers.mask(numbers.index.isin(bare.index), numbers / 100).reindex(column.index)
    is_doubtful = (bare == 1) & (bare.max() > 1) & (not has_shares)
    intake.reject(name, column[bare.index[is_doubtful]], errors.DOUBTFUL_SHARE)
    return numbers.reindex(column.index)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _whole(intake: Intake, name: str, numbers: pd.Series) -> pd.Series:
    is_whole = numbers.isna() | ((numbers % 1 == 0) & (numbers.abs() < LARGEST_WHOLE))
    intake.reject(name, intake.cells.loc[~is_whole, name], errors.NOT_WHOLE)
    return numbers.where(is_whole).astype("Int64")


def _yes_no(intake: Intake, name: str, column: pd.Series, kind: str) -> pd.Series:
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype(kind)
    cells = blank_to_missing(column)
    answers = cells.str.casefold().map(YES_NO).astype("boolean")
    intake.reject(name, cells[cells.notna() & answers.isna()], errors.NOT_YES_NO)
    return answers


def _look_for_excel(intake: Intake, name: str, ids: pd.Series) -> None:
    """Note ids that Excel took for numbers, or, unlike the others of the column, for days."""
    intake.reject(name, ids[fits(ids, SCIENTIFIC)], errors.SCIENTIFIC_ID)
    is_day = fits(ids, EXCEL_DAY)
    if not is_day.all():
        intake.reject(name, ids[is_day], errors.DATE_FOR_ID)


def _note(intake: Intake, name: str, verdicts: Verdicts, *, nullable: bool) -> None:
    unread = verdicts.texts[~verdicts.is_open]
    for number, cells in unread.groupby(verdicts.numbers[unread.index]):
        reason: Reason = verdicts.reasons[int(number)]
        intake.reject(name, cells, reason, value_only=nullable and reason in REMARKS)


def _tell(intake: Intake, name: str, words: list[str]) -> None:
    if words:
        intake.readings[name] = "; ".join(words)
