"""Products, projects and further tables from plain ones: files with a header, or DataFrames."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import require_texts
from pmanalytics.loaders.cells.convert import blank_to_missing, typed
from pmanalytics.loaders.cells.numbers import may_be_currency, only_currency, written_currencies
from pmanalytics.loaders.intake import Intake, name_columns
from pmanalytics.loaders.sources.reading import Reading, ReadingOptions, reading_for
from pmanalytics.loaders.sources.rows import Source, open_records
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import MONEY, Products, Projects, Table

NO_CURRENCY = "XXX"  # ISO 4217: no currency


def load_products(
    source: Source | Sequence[Source],
    *,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """Which products are there? Read them from files or DataFrames.

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame;
        or a list of these.
    columns
        Our column name → header in the file, where they differ. Headers that differ only in case,
        blanks or punctuation are found without it.
    quarantine
        Takes the rows that cannot be used, so that the rest loads.
    **reading
        The options of `Reading`: date_format, time_zone, decimal, missing, short_rows, encoding.

    Returns
    -------
    pandas.DataFrame
        `Products`: one row per product, with the file's other columns beside it.

    Raises
    ------
    UnreadableFileError, MissingColumnsError
        If there is no table to read, or it lacks `product_id` or `name`.
    BadRowsError
        If rows cannot be used and there is no quarantine.

    Examples
    --------
    >>> rows = pd.DataFrame({"Product": ["ATL"], "Name": ["Atlas"], "Line": ["Maps"]})
    >>> load_products(rows, columns={"product_id": "Product"})[["product_id", "name", "Line"]]
      product_id   name  Line
    0        ATL  Atlas  Maps
    """
    reading_for(load_products, reading)
    return load_table(source, Products, columns=columns, quarantine=quarantine, **reading)


def load_table(
    source: Source | Sequence[Source],
    schema: type[Table],
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    defaults: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """What do the rows of any table say, such as status reports, tasks or risks?

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame;
        or a list of these.
    schema
        The table it is: one of `pmanalytics.schemas`, such as `StatusReports`.
    columns, values, defaults, quarantine, **reading
        As in `load_projects`.

    Returns
    -------
    pandas.DataFrame
        The table, with the file's other columns beside it.

    Raises
    ------
    UnreadableFileError, MissingColumnsError
        If there is no table to read, or it lacks a required column.
    BadRowsError
        If rows cannot be used and there is no quarantine.

    Examples
    --------
    >>> from pmanalytics.schemas import Risks
    >>> rows = pd.DataFrame({"Risk ID": ["R1"], "Status": ["Open"], "Probability": ["30 %"]})
    >>> load_table(rows, Risks)[["risk_id", "status", "probability"]]
      risk_id status  probability
    0      R1   open          0.3
    """
    require_texts("defaults", defaults or {})
    intake, table = take_in(
        source,
        _words_of(schema),
        schema,
        reading_for(load_table, reading),
        lambda part: name_table(part, schema, columns, values, defaults),
    )
    return intake.close(intake.sound(table, schema), quarantine)


def load_projects(
    source: Source | Sequence[Source],
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    defaults: Mapping[str, str] | None = None,
    products: pd.DataFrame | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """Which projects are there, what was approved for them, and what happened?

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame;
        or a list of these.
    columns
        Our column name → header in the file, where they differ. Headers that differ only in case,
        blanks or punctuation are found without it.
    values
        Column → {word in the file: our word}, such as {"status": {"Completed": "done"}}. Case and
        the difference between "On Hold" and on_hold do not matter.
    defaults
        Our column → what all rows have there, where the file lacks the column, such as
        {"currency": "EUR"}.
    products
        The known products; a project of any other is set aside.
    quarantine
        Takes the rows that cannot be used, so that the rest loads.
    **reading
        The options of `Reading`: date_format, time_zone, decimal, missing, short_rows, encoding.

    Returns
    -------
    pandas.DataFrame
        `Projects`: one row per project, with the file's other columns beside it.

    Raises
    ------
    UnreadableFileError, MissingColumnsError
        If there is no table to read, or it lacks `project_id`, `name` or `status`.
    BadRowsError
        If rows cannot be used and there is no quarantine.

    Examples
    --------
    >>> rows = pd.DataFrame({"project_id": ["P1"], "name": ["Move"], "Status": ["Completed"],
    ...                      "Due": ["31.12.2025"]})
    >>> load_projects(
    ...     rows,
    ...     columns={"baseline_finish_date": "Due"},
    ...     values={"status": {"Completed": "done"}},
    ...     date_format="%d.%m.%Y",
    ... )[["project_id", "status", "baseline_finish_date"]]
      project_id status baseline_finish_date
    0         P1   done           2025-12-31
    """
    options = reading_for(load_projects, reading)
    require_texts("defaults", defaults or {})
    intake, table = take_in(
        source,
        "projects",
        Projects,
        options,
        lambda part: name_table(part, Projects, columns, values, defaults),
    )
    if products is not None:
        named = table["product_id"].dropna()
        unknown = named[~named.isin(products["product_id"])]
        intake.reject("product_id", unknown, errors.UNKNOWN_PRODUCT)
    compare_currencies(intake, table)
    return intake.close(intake.sound(table, Projects), quarantine)


def take_in(
    source: Source | Sequence[Source],
    kind: str,
    schema: type[Table],
    reading: Reading,
    name: Callable[[Intake], None],
) -> tuple[Intake, pd.DataFrame]:
    """Open one file or several, name the columns of each, and read the cells of each for itself."""
    sources = source if isinstance(source, list | tuple) else [source]
    if not sources:
        raise errors.ConfigError("The list of files is empty.")
    parts = [open_records(each, kind, reading) for each in sources]
    tables = []
    for part in parts:
        name(part)
        tables.append(typed(part, schema, reading))
    intake = Intake.of(parts)
    renumbered = [
        table.set_axis(part.cells.index) for part, table in zip(parts, tables, strict=True)
    ]
    intake.drop_repeats()
    return intake, pd.concat(renumbered).loc[intake.cells.index]


def name_table(
    intake: Intake,
    schema: type[Table],
    columns: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]] | None,
    defaults: Mapping[str, Any] | None,
) -> None:
    """Name the columns of a file, and put its words into ours."""
    name_columns(intake, schema, columns, defaults=defaults)
    for name, column in schema.to_schema().columns.items():
        ours = [
            word for check in column.checks for word in check.statistics.get("allowed_values", [])
        ]
        if ours and name in intake.cells:
            intake.cells[name] = _our_words(intake.cells[name], ours)
    intake.cells = _translated(intake.cells, values or {})


def compare_currencies(intake: Intake, table: pd.DataFrame) -> None:
    """Hold the currencies written in amounts against their row's; fill it where it is empty."""
    for name in MONEY:
        if name not in intake.cells:
            continue
        amounts = intake.cells[name]
        written = written_currencies(amounts)
        said = table["currency"].mask(table["currency"] == NO_CURRENCY)
        known = said.fillna(only_currency(written))
        table["currency"] = known.fillna(table["currency"])
        is_other = ~may_be_currency(written, known)
        intake.reject(name, amounts[is_other], errors.OTHER_CURRENCY)


def _words_of(schema: type[Table]) -> str:
    """Return the name of a table in words: StatusReports as 'status reports'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", schema.__name__).casefold()


def _our_words(words: pd.Series, ours: Sequence[str]) -> pd.Series:
    """Return 'On Hold' as on_hold; a word that is none of ours stays as it is."""
    plain = _plain(words)
    return plain.where(plain.isin(ours), words)


def _translated(cells: pd.DataFrame, values: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Replace the file's words by ours, whatever their case."""
    for column, words in values.items():
        require_texts(f"values[{column!r}]", words)
        if column not in cells:
            raise errors.MissingColumnsError("values", [column], cells.columns)
        ours = dict(zip(_plain(pd.Series(list(words), dtype="str")), words.values(), strict=True))
        translated = _plain(cells[column]).map(ours)
        cells = cells.assign(**{column: translated.fillna(cells[column]).astype("str")})
    return cells


def _plain(words: pd.Series) -> pd.Series:
    return blank_to_missing(words).str.casefold().str.replace(r"[\s-]+", "_", regex=True)
