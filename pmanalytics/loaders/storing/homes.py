"""In which part each issue is at home, so that all that is known of it meets there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from pmanalytics.codes import is_among
from pmanalytics.store.files import ROW, part_of

Origin: TypeAlias = Callable[[str, int, Sequence[str] | None], pd.DataFrame]

TOLD = ["item_id", "key", "updated_at", "parent_key", ROW]


class Homes:
    """The identifiers of all issues, wherever their rows come from, and the part of each.

    Issues that share an id or a key may be one, so they share a home: that of the least id.
    """

    def __init__(self, origins: Sequence[Origin], n_parts: int) -> None:
        self._origins = origins
        parts = [
            origin("work_items", number, TOLD).assign(part=number)
            for number in range(n_parts)
            for origin in origins
        ]
        self.index = pd.concat([part for part in parts if len(part)] or parts[:1])
        home = part_of(_least_id(self.index), n_parts)
        is_stray = self.index["part"].to_numpy() != home
        away = self.index.assign(home=home)[
            is_among(self.index["item_id"], self.index["item_id"][is_stray])
        ]
        self._away = away[["item_id", "part", "home"]].drop_duplicates()

    def gathered(self, name: str, number: int) -> pd.DataFrame:
        """Return the rows of a table whose issues are at home in a part."""
        sources = {number, *self._away.loc[self._away["home"] == number, "part"]}
        tables = [self._at_home(name, source, number) for source in sorted(sources)]
        return pd.concat([table for table in tables if len(table)] or tables[:1])

    def _at_home(self, name: str, source: int, number: int) -> pd.DataFrame:
        tables = [origin(name, source, None) for origin in self._origins]
        table = pd.concat([table for table in tables if len(table)] or tables[:1])
        if self._away.empty:
            return table
        home_of = self._away.drop_duplicates("item_id").set_index("item_id")["home"]
        return table[table["item_id"].map(home_of).fillna(source) == number]


def _least_id(index: pd.DataFrame) -> pd.Series:
    """Return the least of the ids that are linked to the one of each row, by ids and keys."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - slow to load, and few make a store
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    id_of, ids = pd.factorize(index["item_id"])
    key_of, keys = pd.factorize(index["key"])
    n = len(ids) + len(keys)
    links = coo_array((np.ones(len(index)), (id_of, len(ids) + key_of)), shape=(n, n))
    group = connected_components(links, directed=False)[1][: len(ids)]
    least = pd.Series(ids, dtype="str").groupby(group).transform("min")
    return least.iloc[id_of]
