"""One date per stage, the way other tools keep them, so that their figures can be reproduced."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from pmanalytics.lifecycle import Lifecycle

Policy = Literal["history", "furthest", "latest_monotone"]
POLICIES = ["history", "furthest", "latest_monotone"]


def kept_entries(entries: pd.DataFrame, lifecycle: Lifecycle, policy: str) -> pd.DataFrame:
    """Return the entries into stages, ordered by item and time, that a policy keeps.

    Unmapped ones are left out, but for items that have no others.
    """
    rank = entries["stage"].map(lifecycle.ranks).astype(float)
    has_rank = rank.notna().groupby(entries["_item"]).transform("any")
    entries = entries.assign(_rank=rank.mask(~has_rank, 0.0))
    entries = entries[entries["_rank"].notna()].reset_index(drop=True)
    is_kept = _not_wiped(entries) if policy == "furthest" else _not_back(entries)
    return entries[is_kept].reset_index(drop=True)


def _not_wiped(entries: pd.DataFrame) -> pd.Series:
    """Return the first entry into each stage of those after which no earlier stage was entered."""
    backwards = entries[::-1].groupby("_item")["_rank"].cummin()[::-1]
    is_left_standing = entries["_rank"] <= backwards
    repeats = entries[is_left_standing].duplicated(["_item", "_rank"])
    return is_left_standing & ~repeats.reindex(entries.index, fill_value=False)


def _not_back(entries: pd.DataFrame) -> np.ndarray:
    """Return the first entry into each stage that is not before those kept of earlier stages."""
    item, at = entries["_item"].to_numpy(), entries["changed_at"].astype("int64").to_numpy()
    latest = np.full(item.max(initial=-1) + 1, np.iinfo("int64").min)
    is_kept = np.zeros(len(entries), dtype=bool)
    for rank in np.unique(entries["_rank"]):
        rows = np.flatnonzero((entries["_rank"] == rank) & (at >= latest[item]))
        rows = rows[np.unique(item[rows], return_index=True)[1]]
        is_kept[rows] = True
        latest[item[rows]] = at[rows]
    return is_kept
