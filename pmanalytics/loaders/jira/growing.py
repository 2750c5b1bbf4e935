"""Tables that grow row by row and yet stay small: what is done is kept in pyarrow's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

ROWS_AT_ONCE = 2_000  # what they hold then still lies in the processor's cache
TEXT, WHOLE, NUMBER = pa.large_string(), pa.int64(), pa.float64()


class Growing:
    """A table to be; `kinds` are the types of its columns, None of those that hold anything."""

    def __init__(self, kinds: Mapping[str, pa.DataType | None]) -> None:
        self.kinds = kinds
        self._rows: list[tuple[Any, ...]] = []
        self._packed: dict[str, list[Any]] = {name: [] for name in kinds}

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows at the end."""
        self._rows += rows
        if len(self._rows) >= ROWS_AT_ONCE:
            self._pack()

    def frame(self) -> pd.DataFrame:
        """Return all rows, once."""
        self._pack()
        return pd.DataFrame({name: self._column(name) for name in self.kinds})

    def _pack(self) -> None:
        columns = zip(*self._rows, strict=True)
        for (name, kind), values in zip(self.kinds.items(), columns, strict=False):
            packed = self._packed[name]
            if kind is None:
                packed.extend(values)
            else:
                packed.append(pa.array(values, kind))
        self._rows = []

    def _column(self, name: str) -> pd.Series:
        kind, packed = self.kinds[name], self._packed.pop(name)
        if kind is None:
            return pd.Series(packed, dtype=None if packed else "object")
        array = pa.chunked_array(packed, kind).combine_chunks()
        return pd.Series(pd.array(array, dtype="str")) if kind == TEXT else array.to_pandas()
