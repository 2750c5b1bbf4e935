"""Tables that functions are handed: made complete, or refused in words where they do not fit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from pmanalytics.errors import (
    GroupingError,
    MissingColumnsError,
    PMAnalyticsError,
    UnfitTableError,
)
from pmanalytics.schemas import Day, Table, dtypes, fits

By = str | Sequence[str] | None

# Floats above it no longer hold cents; infinity is above it, too.
LARGEST = 1e15


def complete(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Return the table with every column of the schema: what it lacks is added, all missing.

    Columns of the schema get its dtypes; a day loses its time of day.

    Raises
    ------
    MissingColumnsError
        If a required column is not there.
    UnfitTableError
        If a column is there twice, holds another kind of value, or a value that cannot be.
    PMAnalyticsError
        If a record has two rows.
    """
    name_of = schema.__name__
    if not isinstance(table, pd.DataFrame):
        raise UnfitTableError(name_of, f"is {type(table).__name__}, not a DataFrame")
    columns = schema.to_schema().columns
    needed = [n for n, column in columns.items() if not column.nullable and n not in table.columns]
    if needed:
        raise MissingColumnsError(f"The {name_of} table", needed, table.columns)
    if not table.columns.is_unique:
        raise UnfitTableError(name_of, "has two columns of one name")
    doubtful = {
        name: kind
        for name, kind in dtypes(schema).items()
        if name in table.columns and not _is_ready(table[name], columns[name], kind)
    }
    table = table.assign(**{n: _as_kind(table[n], kind, name_of) for n, kind in doubtful.items()})
    for name in doubtful:
        _refuse_unfit(table[name], columns[name], name_of)
    return with_all_columns(table, schema)


def with_all_columns(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Return the table with the columns of the schema it lacks, all missing."""
    lacking = {name: kind for name, kind in dtypes(schema).items() if name not in table.columns}
    missing = {kind: _missing(len(table), kind) for kind in {*lacking.values()}}
    return table.assign(**{name: missing[kind] for name, kind in lacking.items()})


def in_kinds(table: pd.DataFrame, kinds: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table with these dtypes; `astype` would take apart the columns that have them."""
    other = {name: kind for name, kind in kinds.items() if table[name].dtype != kind}
    return table.assign(**{name: table[name].astype(kind) for name, kind in other.items()})


def _missing(n: int, kind: Any) -> Any:
    """Return n missing values; of text none is written, since a column may be long."""
    if kind == "str":
        return pd.array(pa.nulls(n, pa.large_string()), dtype="str")
    return pd.Series(index=range(n), dtype=kind).array


def _is_ready(values: pd.Series, column: pandera.Column, kind: Any) -> bool:
    """Tell at a glance whether a column surely fits as it is."""
    if not fits(values, column, kind):
        return False
    if kind == Day:
        days = values.to_numpy()
        return bool((np.isnat(days) | (days == days.astype("datetime64[D]"))).all())
    return values.dtype != float or not (np.abs(values.to_numpy()) > LARGEST).any()


def _as_kind(values: pd.Series, kind: Any, name_of: str) -> pd.Series:
    """Return a column in the dtype of its schema, or say that it holds something else."""
    name, given = values.name, values.dtype
    if _family(given) == _family(kind):
        try:
            values = values.astype(kind)
        except (TypeError, ValueError):
            pass
        else:
            return values.dt.normalize() if kind == Day else values
    raise UnfitTableError(name_of, f"holds {given} in {name}, not {kind}")


def _refuse_unfit(values: pd.Series, column: pandera.Column, name_of: str) -> None:
    """Refuse a column with values that its schema does not allow."""
    name = str(values.name)
    if not column.nullable and values.isna().any():
        raise UnfitTableError(name_of, f"has rows without {name}")
    if column.unique and not values.is_unique:
        noun = name.removesuffix("_id")
        raise PMAnalyticsError(
            f"{name} repeats in the {name_of} table: one row per {noun}, please."
        )
    if not column.checks and values.dtype != float:
        return
    has_value = values.notna()
    known = (values if has_value.all() else values[has_value]).reset_index(drop=True)
    is_unfit = known.abs() > LARGEST if known.dtype == float else known.isna()
    for check in column.checks:
        is_unfit |= ~check(known).check_output
    if is_unfit.any():
        found = known[is_unfit].tolist()[0]
        raise UnfitTableError(name_of, f"has the {name} {found!r}, which cannot be")


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


def group_columns(table: pd.DataFrame, by: By, *results: type[Table]) -> list[str]:
    """Return the columns to group by.

    Raises
    ------
    MissingColumnsError, GroupingError
        If one is not in the table, named twice, of lists or of several kinds, or named like one
        of the results (but for `currency`, which is the same there).
    """
    taken = {name for table_of in results for name in table_of.to_schema().columns} - {"currency"}
    names = [by] if isinstance(by, str) else [] if by is None else by
    if not isinstance(names, list | tuple):
        raise GroupingError(f"by={by!r} is neither a column nor a list of columns.")
    unknown = [str(n) for n in names if not isinstance(n, Hashable) or n not in table.columns]
    if unknown:
        raise MissingColumnsError("The table", unknown, table.columns)
    for name in names:
        if name in taken or names.count(name) > 1:
            raise GroupingError(f"by={name!r} would be in the result twice; rename the column.")
        kinds = {*table[name].dropna().map(type)} if table[name].dtype == object else {str}
        if len(kinds) > 1 or not all(issubclass(kind, Hashable) for kind in kinds):
            holds = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise GroupingError(
                f"by={name!r} holds {holds}; write all as texts, or make one row of each value "
                "of a list with explode."
            )
    return list(names)
