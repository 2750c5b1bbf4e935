"""Which stages do items pass through, skip, and come back to?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.stages import per_item
from pmanalytics.metrics.tallies import sums_by, with_interval
from pmanalytics.schemas import Rework, StagePassages, StageVisits, Table, dtypes
from pmanalytics.tables import By, complete, group_columns

SUMS = [
    "k", "n_reentered", "rework_visits", "rework_days", "total_days", "backward_moves",
    "n_incomplete",
]  # fmt: skip


def stage_passages(visits: pd.DataFrame, lifecycle: Lifecycle, *, by: By = None) -> pd.DataFrame:
    """Which share of the items passed through each stage, and how many had to come back?

    The population of a stage is every item with a known beginning that got at least as far: that
    entered the stage or a later one, or a terminal one; cancelled stages aside.

    Parameters
    ----------
    visits
        `StageVisits`, with the `by` columns beside it.
    lifecycle
        The order of the stages.
    by
        Column or columns to group by, such as item_type.

    Returns
    -------
    pandas.DataFrame
        `StagePassages`: one row per level, group and stage in order, with the 95 % Wilson interval
        of the share. A stage that an item skipped is no stay of 0 days: it is told here.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": ["P1", "P1", "P1", "P2", "P2"],
    ...     "sequence": [0, 1, 2, 0, 1],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10", "2024-01-01",
    ...                                   "2024-01-21"], utc=True),
    ...     "from_status": [None, "Plan", "Build", None, "Plan"],
    ...     "to_status": ["Plan", "Build", "Plan", "Plan", "Done"],
    ... })
    >>> flow = Lifecycle({"Plan": [], "Build": [], "Done": []}, terminal=["Done"])
    >>> table = stage_passages(stage_visits(changes, flow, as_of="2024-02-29"), flow)
    >>> table[["stage", "n", "k", "passed_share", "rework_visits", "backward_moves"]]
       stage  n  k  passed_share  rework_visits  backward_moves
    0   Plan  2  2           1.0              1               0
    1  Build  2  1           0.5              0               1
    2   Done  1  1           1.0              0               0
    """
    visits = complete(visits, StageVisits)
    names = group_columns(visits, by, StagePassages)
    items = _reworked(visits, lifecycle, names)
    keys = ["level", *names]
    reached = items.groupby([*keys, "item_id"], dropna=False, observed=True).agg(
        rank=("rank", "max"), is_known=("is_complete", "all")
    )
    reached = reached.reset_index()
    order = [stage for stage in lifecycle.stages if stage not in lifecycle.cancelled]
    is_so_far = {
        stage: reached["is_known"] & (reached["rank"] >= rank) for rank, stage in enumerate(order)
    }
    counts = sums_by(pd.DataFrame(is_so_far, index=reached.index).astype("int64"), reached[keys])
    table = counts.melt(keys, order, "stage", "n").astype({"stage": "str"})
    sums = items.groupby([*keys, "stage"], dropna=False, observed=True)[SUMS].sum()
    table = table.merge(sums.reset_index(), on=[*keys, "stage"], how="left")
    table[SUMS] = table[SUMS].fillna(0)
    table = table.sort_values(keys, kind="stable")
    table = table[(table["n"] > 0) | (table["n_incomplete"] > 0)].reset_index(drop=True)
    table = table.assign(
        **with_interval(table["k"], table["n"], "passed_share"),
        rework_share=table["rework_days"] / table["total_days"].where(table["total_days"] > 0),
    )
    return _valid(table, StagePassages, names)


def rework(visits: pd.DataFrame, lifecycle: Lifecycle, *, by: By = None) -> pd.DataFrame:
    """How much of the time went into stages that had been left before?

    The population is every item with a known beginning.

    Parameters
    ----------
    visits, lifecycle, by
        As in `stage_passages`.

    Returns
    -------
    pandas.DataFrame
        `Rework`: one row per level and group, with the 95 % Wilson interval of the share of items
        that entered a stage again. Days run to the status date where a stay is open.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    rework_visits = Σ (visits − 1), rework_share = days in second and further visits ÷ days in all,
    over stages that can be left: to be in a terminal or a cancelled one is no work, though to leave
    it again is a backward move.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": "P1", "sequence": [0, 1, 2],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10"], utc=True),
    ...     "from_status": [None, "Plan", "Build"], "to_status": ["Plan", "Build", "Plan"],
    ... })
    >>> flow = Lifecycle({"Plan": [], "Build": []})
    >>> table = rework(stage_visits(changes, flow, as_of="2024-02-29"), flow)
    >>> table[["n", "n_reworked", "rework_days", "total_days", "backward_moves"]]
       n  n_reworked  rework_days  total_days  backward_moves
    0  1           1         20.0        60.0               1
    """
    visits = complete(visits, StageVisits)
    names = group_columns(visits, by, Rework)
    keys = ["level", *names]
    parts = _reworked(visits, lifecycle, names)
    parts["rework_visits"] = parts["rework_visits"].where(parts["can_be_left"], 0)
    totals = ["rework_visits", "rework_days", "total_days", "backward_moves"]
    grouped = parts.groupby([*keys, "item_id"], dropna=False, observed=True)
    items = grouped[totals].sum().assign(is_complete=grouped["is_complete"].all()).reset_index()
    is_known = items["is_complete"].astype("int64")
    is_reworked = is_known * (items["rework_visits"] > 0)
    counts = {"n": is_known, "n_incomplete": 1 - is_known, "n_reworked": is_reworked}
    numbers = items[totals].mul(is_known, axis="index").assign(**counts)
    table = sums_by(numbers, items[keys])
    table = table.assign(
        **with_interval(table["n_reworked"], table["n"], "reworked_share"),
        rework_share=table["rework_days"] / table["total_days"].where(table["total_days"] > 0),
    )
    return _valid(table, Rework, names)


def _reworked(visits: pd.DataFrame, lifecycle: Lifecycle, names: list[str]) -> pd.DataFrame:
    """Return one row per item and stage: its rank, and what came after the first stay."""
    order = [stage for stage in lifecycle.stages if stage not in lifecycle.cancelled]
    rank_of = {stage: rank for rank, stage in enumerate(order)}
    item = visits.groupby(["level", "item_id"], sort=False).ngroup()
    rank = visits["stage"].map(rank_of).astype(float)
    following = rank.groupby(item).bfill().groupby(item).shift(-1)
    visits = visits.assign(backward_moves=(following < rank).astype("int64"))
    keys = ["level", *names, "stage", "item_id"]
    moves = visits.groupby(keys, dropna=False, sort=False, observed=True)["backward_moves"].sum()
    items = per_item(visits, names).assign(backward_moves=moves.to_numpy())
    whole = items.groupby(["level", "item_id"])["is_complete"].transform("all")
    is_known = whole.astype("int64")
    can_be_left = ~items["stage"].isin([*lifecycle.terminal, *lifecycle.cancelled])
    is_end = items["stage"].isin(list(lifecycle.terminal))
    days = (items["total_days"] * is_known).where(can_be_left, 0.0)
    again = items["visits"] - 1
    return items.assign(
        rank=items["stage"].map(rank_of).mask(is_end, len(order) - 1),
        is_complete=whole,
        k=is_known,
        n_incomplete=1 - is_known,
        n_reentered=is_known * (again > 0),
        rework_visits=is_known * again,
        rework_days=(days - items["first_days"] * is_known).clip(lower=0),
        total_days=days,
        can_be_left=can_be_left,
        backward_moves=is_known * items["backward_moves"],
    )


def _valid(table: pd.DataFrame, schema: type[Table], names: list[str]) -> pd.DataFrame:
    counts = {name: kind for name, kind in dtypes(schema).items() if kind == np.int64}
    columns = dict.fromkeys(["level", *names, *dtypes(schema)])
    return schema.validate(table.astype(counts)[list(columns)])
