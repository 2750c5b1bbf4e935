"""Tables that functions are handed: made complete, or refused in words where they do not fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pmanalytics.errors import (
    GroupingError,
    MissingColumnsError,
    PMAnalyticsError,
    UnfitTableError,
)
from pmanalytics.schemas import Table, dtypes


def complete(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Return the table with every column of the schema: what it lacks is added, all missing.

    Raises
    ------
    MissingColumnsError
        If a required column is not there.
    UnfitTableError
        If a column is there twice, holds another kind of value, or lacks a required one.
    """
    name_of = schema.__name__
    if not isinstance(table, pd.DataFrame):
        raise UnfitTableError(name_of, f"is {type(table).__name__}, not a DataFrame")
    columns, kinds = schema.to_schema().columns, dtypes(schema)
    needed = [n for n, column in columns.items() if not column.nullable and n not in table.columns]
    if needed:
        raise MissingColumnsError(f"The {name_of} table", needed, table.columns)
    if not table.columns.is_unique:
        raise UnfitTableError(name_of, "has two columns of one name")
    there = {name: kind for name, kind in kinds.items() if name in table.columns}
    for name, kind in there.items():
        if _family(table[name].dtype) != _family(kind):
            raise UnfitTableError(name_of, f"holds {table[name].dtype} in {name}, not {kind}")
        if not columns[name].nullable and table[name].isna().any():
            raise UnfitTableError(name_of, f"has rows without {name}")
    floats = [name for name, kind in there.items() if kind == np.dtype(float)]
    return with_all_columns(table.astype(dict.fromkeys(floats, float)), schema)


def with_all_columns(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Return the table with the columns of the schema it lacks, all missing."""
    lacking = {name: kind for name, kind in dtypes(schema).items() if name not in table.columns}
    return table.assign(**{n: pd.Series(index=table.index, dtype=k) for n, k in lacking.items()})


def refuse_repeats(table: pd.DataFrame, key: str) -> None:
    """Refuse a table in which a record has two rows."""
    if not table[key].is_unique:
        noun = key.removesuffix("_id")
        raise PMAnalyticsError(f"{key} repeats: one row per {noun}, please.")


def refuse_values(
    table: pd.DataFrame, schema: type[Table], column: str, is_impossible: pd.Series
) -> None:
    """Refuse a table that has values in a column which cannot be."""
    found = table.loc[is_impossible, column].tolist()
    if found:
        raise UnfitTableError(schema.__name__, f"has the {column} {found[0]!r}")


def _family(dtype: object) -> str:
    """Return whether a dtype is one of text, number, truth value, day, instant or anything else."""
    dtype = pd.api.types.pandas_dtype(dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "instant"
    if pd.api.types.is_datetime64_dtype(dtype):
        return "day"
    if pd.api.types.is_bool_dtype(dtype):
        return "truth value"
    if pd.api.types.is_numeric_dtype(dtype):
        return "number"
    return "other"


def group_columns(
    table: pd.DataFrame, by: str | Sequence[str] | None, result: type[Table]
) -> list[str]:
    """Return the columns to group by.

    Raises
    ------
    MissingColumnsError, GroupingError
        If one is not in the table, named twice, full of lists, or named like one of the result
        (but for `currency`, which is the same there).
    """
    taken = {*result.to_schema().columns} - {"currency"}
    names = [by] if isinstance(by, str) else by or []
    if not isinstance(names, list | tuple):
        raise GroupingError(f"by={by!r} is neither a column nor a list of columns.")
    unknown = [str(name) for name in names if name not in table.columns]
    if unknown:
        raise MissingColumnsError("The table", unknown, table.columns)
    for name in names:
        if name in taken or names.count(name) > 1:
            raise GroupingError(f"by={name!r} would be in the result twice; rename the column.")
        if table[name].dtype == object and table[name].map(type).eq(list).any():
            raise GroupingError(
                f"by={name!r} holds lists; make one row of each value with explode."
            )
    return list(names)
