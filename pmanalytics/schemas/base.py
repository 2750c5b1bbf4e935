"""What every table is made of: kinds of columns, and rules over several of them."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import get_index_types

Day = np.dtype("datetime64[us]")
Instant = Annotated[pd.DatetimeTZDtype, "us", "UTC"]

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


class Table(pa.DataFrameModel):
    """Base of all tables."""

    @classmethod
    def validate(cls, table: pd.DataFrame, **options: Any) -> Any:
        """Return the table if it fits; since nothing is coerced, no copy of it is needed."""
        return super().validate(table, inplace=True, **options)


def dtypes(schema: type[Table]) -> dict[str, object]:
    """Return the dtype of each column of a table, as this package writes it."""
    return {
        name: Day if column.dtype.type == np.dtype("datetime64[ns]") else column.dtype.type
        for name, column in schema.to_schema().columns.items()
    }


def empty(schema: type[Table]) -> pd.DataFrame:
    """Return the table without rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in dtypes(schema).items()})
