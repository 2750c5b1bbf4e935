"""What every table is made of: kinds of columns, and rules over several of them."""

from __future__ import annotations

import operator
import sys
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.backends.pandas.container import DataFrameSchemaBackend
from pandera.typing import get_index_types

Day = np.dtype("datetime64[us]")
Instant = Annotated[pd.DatetimeTZDtype, "us", "UTC"]

# Values that break a check of numbers; what is missing breaks none. All do where a bound is not
# itself within the range: pandera then decides.
OUTSIDE: dict[str, Any] = {
    "greater_than_or_equal_to": operator.lt,
    "greater_than": operator.le,
    "less_than_or_equal_to": operator.gt,
    "in_range": lambda values, low, high, *with_bounds: (
        (values < low) | (values > high) | (not all(with_bounds))
    ),
}
LEVELS = ["product", "project", "work_item"]
SET_ASIDE = ["row", "value"]


def optional(description: str, **options: Any) -> Any:
    """Return a field that may be missing."""
    return pa.Field(nullable=True, description=description, **options)


def required(description: str, **options: Any) -> Any:
    """Return a field that every row must fill."""
    return pa.Field(description=description, **options)


def money(description: str) -> Any:
    """Return a nullable amount of money that cannot be negative."""
    return pa.Field(nullable=True, ge=0, description=description, metadata={"is_money": True})


def share(description: str) -> Any:
    """Return a nullable number between 0 and 1."""
    return pa.Field(
        nullable=True, in_range={"min_value": 0, "max_value": 1}, description=description
    )


def count(description: str) -> Any:
    """Return a count that is always known."""
    return pa.Field(ge=0, description=description)


def rule(column: str, reason: str, hint: str) -> Any:
    """Declare a rule over several columns; `column` is the one to look at when it is broken."""
    return pa.dataframe_check(title=column, error=reason, description=hint, n_failure_cases=1)


def _leave_dask_alone() -> None:
    """Ask pandera for its types of tables without those of Dask, which take longer than pandas."""
    unwanted = "dask.dataframe" if "dask" in sys.modules else "dask"
    if "dask.dataframe" not in sys.modules:
        sys.modules[unwanted] = None  # type: ignore[assignment]
        get_index_types()
        del sys.modules[unwanted]


_leave_dask_alone()


def fits(values: Any, column: pa.Column, kind: object) -> bool:
    """Tell at a glance whether a column surely fits; False means that it is to be looked into."""
    if not isinstance(values, pd.Series) or values.dtype != kind:
        return False
    if (not column.nullable and values.hasnans) or (column.unique and not values.is_unique):
        return False
    return all(_holds(values, check) for check in column.checks)


def _holds(values: pd.Series, check: pa.Check) -> bool:
    """Tell whether all values that are there pass a check."""
    if check.name == "isin":
        return {*values.unique()} <= {*check.statistics["allowed_values"], np.nan}
    is_outside = OUTSIDE.get(check.name)
    if is_outside is None or not isinstance(values.dtype, np.dtype):
        return bool(check(values).check_passed)
    return not is_outside(values.to_numpy(), *check.statistics.values()).any()


class _Backend(DataFrameSchemaBackend):
    """What pandera does, but for columns that surely fit, which it would look at one by one."""

    def run_schema_component_checks(
        self, check_obj: pd.DataFrame, schema: Any, schema_components: list, lazy: bool
    ) -> list:
        kinds = _kinds(schema)
        doubtful = [
            column
            for column in schema_components
            if not fits(check_obj[column.name], column, kinds[column.name])
        ]
        return super().run_schema_component_checks(check_obj, schema, doubtful, lazy)


class Table(pa.DataFrameModel):
    """Base of all tables."""

    @classmethod
    def validate(cls, table: pd.DataFrame, **options: Any) -> Any:
        """Return the table if it fits; since nothing is coerced, no copy of it is needed."""
        return _Backend().validate(table, cls.to_schema(), inplace=True, **options)


def dtypes(schema: type[Table]) -> dict[str, object]:
    """Return the dtype of each column of a table, as this package writes it."""
    return _kinds(schema.to_schema())


def _kinds(schema: pa.DataFrameSchema) -> dict[str, object]:
    return {
        name: Day if column.dtype.type == np.dtype("datetime64[ns]") else column.dtype.type
        for name, column in schema.columns.items()
    }


def empty(schema: type[Table]) -> pd.DataFrame:
    """Return the table without rows."""
    return pd.DataFrame({name: pd.array([], dtype=kind) for name, kind in dtypes(schema).items()})
