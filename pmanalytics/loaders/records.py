"""Products, projects and histories from plain tables: a CSV file or a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Unpack

import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import require_texts
from pmanalytics.lifecycle import UNKNOWN_STATUS
from pmanalytics.loaders.convert import blank_to_missing, typed
from pmanalytics.loaders.intake import Intake, name_columns
from pmanalytics.loaders.numbers import may_be_currency, only_currency, written_currencies
from pmanalytics.loaders.reading import Reading, ReadingOptions
from pmanalytics.loaders.rows import Source, open_records
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import (
    LEVELS,
    MONEY,
    PROJECT_STATUSES,
    Products,
    Projects,
    StatusChanges,
    Table,
)


def load_products(
    source: Source,
    *,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """Which products are there? Read them from a CSV file or a DataFrame.

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame.
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
    options = Reading(**reading)
    intake = open_records(source, "products", options)
    return _load(intake, Products, columns, options, quarantine)


def load_projects(
    source: Source,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    currency: str | None = None,
    products: pd.DataFrame | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """Which projects are there, what was approved for them, and what happened?

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame.
    columns
        Our column name → header in the file, where they differ. Headers that differ only in case,
        blanks or punctuation are found without it.
    values
        Column → {word in the file: our word}, such as {"status": {"Completed": "done"}}. Case and
        the difference between "On Hold" and on_hold do not matter.
    currency
        Currency of all amounts where the file has no column for it.
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
    options = Reading(**reading)
    intake = open_records(source, "projects", options)
    if currency is not None and not isinstance(currency, str):
        raise errors.ConfigError(f"currency {currency!r} is no text, such as EUR.")

    def prepare(cells: pd.DataFrame) -> pd.DataFrame:
        cells = cells.assign(status=_status_words(cells["status"]))
        cells = _translated(cells, values or {})
        if currency and "currency" not in cells:
            cells["currency"] = currency
        return cells

    def check(table: pd.DataFrame) -> None:
        if products is not None:
            named = table["product_id"].dropna()
            unknown = named[~named.isin(products["product_id"])]
            intake.reject("product_id", unknown, errors.UNKNOWN_PRODUCT)
        _compare_currencies(intake, table)

    return _load(intake, Projects, columns, options, quarantine, prepare, check)


def load_status_history(
    source: Source,
    *,
    level: str,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """When did each item enter each status? Read it from a table with one row per entry.

    The file needs `item_id`, `changed_at` and `to_status`; its order decides between entries of
    one item at the same time. An item's first row counts as its creation.

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame.
    level
        What an item is: product, project or work_item.
    columns
        Our column name → header in the file, where they differ.
    quarantine
        Takes the rows that cannot be used, so that the rest loads.
    **reading
        The options of `Reading`: date_format, time_zone, decimal, missing, short_rows, encoding.

    Returns
    -------
    pandas.DataFrame
        `StatusChanges`: one row per entry, ordered by item and time.

    Raises
    ------
    UnreadableFileError, MissingColumnsError, ConfigError
        If there is no table to read, it lacks a column, or `level` is no level.
    BadRowsError
        If rows cannot be used and there is no quarantine.

    Examples
    --------
    >>> rows = pd.DataFrame({"Product": ["A", "A"], "Date": ["2024-01-01", "2024-06-01"],
    ...                      "Stage": ["Conceiving", "Development"]})
    >>> names = {"item_id": "Product", "changed_at": "Date", "to_status": "Stage"}
    >>> history = load_status_history(rows, level="product", columns=names)
    >>> history[["item_id", "from_status", "to_status"]].values.tolist()
    [['A', nan, 'Conceiving'], ['A', 'Conceiving', 'Development']]
    """
    if level not in LEVELS:
        raise errors.ConfigError(f"level {level!r} is none of {', '.join(LEVELS)}.")
    options = Reading(**reading)
    intake = open_records(source, f"{level} history", options)
    given = ["item_id", "item_type", "changed_at", "to_status"]
    name_columns(intake, StatusChanges, columns, only=given)
    intake.drop_repeats()
    intake.cells = intake.cells.assign(level=level, sequence=range(len(intake.cells)))
    changes = typed(intake, StatusChanges, options)
    sound = intake.sound(changes, StatusChanges)
    lacking = changes.loc[changes.index.difference(sound.index), "item_id"]
    return intake.close(_in_order(sound, lacking), quarantine)


def _in_order(changes: pd.DataFrame, lacking: pd.Series) -> pd.DataFrame:
    """Return each item's entries in order of time, with what it left.

    The history of an item of which a row is `lacking` has no known beginning.
    """
    changes = changes.sort_values(["item_id", "changed_at", "sequence"], kind="stable")
    by_item = changes.groupby("item_id")
    left = by_item["to_status"].shift()
    is_first = left.isna()
    left = left.mask(is_first & changes["item_id"].isin(lacking), UNKNOWN_STATUS)
    source = pd.Series(np.where(left.isna(), "created", "history"), changes.index, dtype="str")
    return changes.assign(from_status=left, sequence=by_item.cumcount(), source=source)


def _load(
    intake: Intake,
    schema: type[Table],
    columns: Mapping[str, str] | None,
    reading: Reading,
    quarantine: Quarantine | None,
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = lambda cells: cells,
    check: Callable[[pd.DataFrame], None] = lambda table: None,
) -> pd.DataFrame:
    """Take one opened file through naming, converting, its own rules and the schema."""
    name_columns(intake, schema, columns)
    intake.drop_repeats()
    intake.cells = prepare(intake.cells)
    table = typed(intake, schema, reading)
    check(table)
    return intake.close(intake.sound(table, schema), quarantine)


def _compare_currencies(intake: Intake, table: pd.DataFrame) -> None:
    """Hold the currencies written in amounts against their row's; fill it where it is empty."""
    for name in MONEY:
        if name not in intake.cells:
            continue
        amounts = intake.cells[name]
        written = written_currencies(amounts)
        table["currency"] = table["currency"].fillna(only_currency(written))
        is_other = ~may_be_currency(written, table["currency"])
        intake.reject(name, amounts[is_other], errors.OTHER_CURRENCY)


def _status_words(words: pd.Series) -> pd.Series:
    """Return 'On Hold' as on_hold; a word that is no status stays as it is."""
    plain = _plain(words)
    return plain.where(plain.isin(PROJECT_STATUSES), words)


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
