"""Which entries into stages do other tools keep? So that their figures can be reproduced.

A history that goes back has more than one entry per stage. We keep them all. Tools that keep one
date per stage have to drop some, each in its own way, and their durations differ from ours.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from pmanalytics.errors import ConfigError
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.delivery import one_of

Policy = Literal["history", "furthest", "latest_monotone"]


def kept(changes: pd.DataFrame, lifecycle: Lifecycle | None, policy: Policy) -> pd.DataFrame:
    """Return the changes that a policy keeps, of those ordered by item and time.

    Raises
    ------
    ConfigError
        If the policy is not known, or needs the order of stages and there is none.
    """
    one_of("policy", policy, get_args(Policy))
    if policy == "history":
        return changes
    if lifecycle is None:
        raise ConfigError(f"policy {policy!r} needs a lifecycle: which stage comes before which?")
    order = {stage: rank for rank, stage in enumerate(lifecycle.stages)}
    rank = changes["stage"].map(order)
    changes, rank = changes[rank.notna()], rank[rank.notna()].astype("int64")
    is_kept = _furthest if policy == "furthest" else _latest_monotone
    return changes[is_kept(changes["_item"], rank)]


def _furthest(item: pd.Series, rank: pd.Series) -> pd.Series:
    """Keep the first entry of each stage after the item was last before that stage."""
    following = rank[::-1].groupby(item[::-1]).cummin()[::-1]
    is_left = rank == following
    pairs = pd.DataFrame({"item": item, "rank": rank}).where(is_left)
    return is_left & ~pairs.duplicated()


def _latest_monotone(item: pd.Series, rank: pd.Series) -> pd.Series:
    """Keep of each stage, in their order, the first entry not before that of the stage before."""
    position = np.arange(len(item))
    codes = item.to_numpy()
    latest = np.full(codes.max(initial=-1) + 1, -1)
    is_kept = np.zeros(len(item), dtype=bool)
    for stage in np.unique(rank):
        found = position[(rank == stage) & (position > latest[codes])]
        _, first = np.unique(codes[found], return_index=True)
        entries = found[first]
        is_kept[entries] = True
        latest[codes[entries]] = entries
    return pd.Series(is_kept, index=item.index)
