"""Tables that grow piece by piece and yet stay small: what is done is kept in pyarrow's columns."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa

ROWS_AT_ONCE = 2_000  # what they hold then still lies in the processor's cache
TEXT, WHOLE, NUMBER = pa.large_string(), pa.int64(), pa.float64()
Thing = TypeVar("Thing", bound=Hashable)


class Distinct(dict[Thing, int]):
    """Things by their number: that of a thing not met before is the next."""

    def __missing__(self, thing: Thing) -> int:
        """Return the number of a new thing."""
        number = self[thing] = len(self)
        return number


class Growing:
    """A table to be; `kinds` are the types of its columns, None of those that hold anything."""

    def __init__(self, kinds: Mapping[str, pa.DataType | None]) -> None:
        self.kinds = kinds
        self._waiting: dict[str, list[Any]] = {name: [] for name in kinds}
        self._packed: dict[str, list[Any]] = {name: [] for name in kinds}

    def add(self, columns: Mapping[str, list[Any]]) -> None:
        """Add rows at the end, column by column."""
        for name, waiting in self._waiting.items():
            waiting.extend(columns[name])
        if any(len(waiting) >= ROWS_AT_ONCE for waiting in self._waiting.values()):
            self._pack()

    def frame(self) -> pd.DataFrame:
        """Return all rows, once."""
        self._pack()
        return pd.DataFrame({name: self._column(name) for name in self.kinds})

    def _pack(self) -> None:
        for name, values in self._waiting.items():
            kind, packed = self.kinds[name], self._packed[name]
            if kind is None:
                packed += values
            else:
                packed.append(pa.array(values, kind))
            values.clear()

    def _column(self, name: str) -> pd.Series:
        kind, packed = self.kinds[name], self._packed.pop(name)
        if kind is None:
            return pd.Series(packed, dtype=None if packed else "object")
        array = pa.chunked_array(packed, kind).combine_chunks()
        return pd.Series(pd.array(array, dtype="str")) if kind == TEXT else array.to_pandas()
