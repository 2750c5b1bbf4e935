"""Which stages do items pass through, which do they skip, and how much is done again?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.tallies import grouped, with_interval
from pmanalytics.schemas import ItemRework, StagePassage, StageVisits, dtypes
from pmanalytics.tables import By, complete, group_columns

ENDED = ["left", "cancelled"]


def stage_passage(visits: pd.DataFrame, lifecycle: Lifecycle, *, by: By = None) -> pd.DataFrame:
    """Which share of the items goes through each stage, and how often do they come back to it?

    Parameters
    ----------
    visits
        `StageVisits` in order of item and time, with the `by` columns beside it.
    lifecycle
        Its order tells what is farther and what is back.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `StagePassage`: per level and group one row for each stage of the lifecycle, and for any
        other that was entered.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    passed_through_share = items that entered the stage ÷ items that came as far or farther, or
    that entered a terminal stage; 95 % Wilson interval. An item that skipped a stage has no days
    there, rather than 0. rework_visits = Σ (visits − 1), and rework_share = days of visits from
    the second on ÷ days of all, both over stays that are not in a terminal stage, days over those
    that have ended. How many items come back after they were finished is `reopen_rate`.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": ["A", "A", "A", "B", "B"], "sequence": [0, 1, 2, 0, 1],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-31",
    ...                                   "2024-01-01", "2024-01-11"], utc=True),
    ...     "to_status": ["Plan", "Build", "Plan", "Plan", "Done"],
    ... })
    >>> flow = Lifecycle({"Plan": [], "Build": [], "Done": []}, terminal=["Done"])
    >>> table = stage_passage(stage_visits(changes, flow, as_of="2024-02-29"), flow)
    >>> table[["stage", "passed_through_share", "k", "n", "n_reentered", "n_backward"]]
       stage  passed_through_share  k  n  n_reentered  n_backward
    0   Plan                   1.0  2  2            1           0
    1  Build                   0.5  1  2            0           1
    2   Done                   1.0  1  1            0           0
    """
    visits = complete(visits, StageVisits).reset_index(drop=True)
    names = group_columns(visits, by, StagePassage)
    keys = ["level", *names]
    group, groups = grouped(visits[keys])
    visits = _counted(visits, lifecycle).assign(group=group)
    visits["item"] = visits.groupby([group, "item_id"]).ngroup()
    stages = [*lifecycle.ranks, *sorted({*visits["stage"]} - {*lifecycle.ranks})]
    cell = group * len(stages) + pd.Categorical(visits["stage"], stages).codes
    table = groups.merge(pd.DataFrame({"stage": pd.Series(stages, dtype="str")}), how="cross")
    n_farther = _n_farther(visits, lifecycle, (len(groups), len(stages)))
    table = table.assign(**_sums(visits, cell, len(table)), **n_farther)
    table["k"] = table["k"].where(table["n"] > 0, 0)
    table = table.assign(
        **with_interval(table["k"], table["n"], "passed_through_share"),
        rework_share=_share(table["rework_days"], table["ended_days"]),
    )
    return StagePassage.validate(table[[*names, *dtypes(StagePassage)]])


def item_rework(visits: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """How often did each item come back to a stage or move back, and how long did that take?

    Parameters
    ----------
    visits
        `StageVisits` in order of item and time.
    lifecycle
        Its order tells what is back.

    Returns
    -------
    pandas.DataFrame
        `ItemRework`.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    rework_visits = Σ (visits − 1) over the stages, rework_share = days of visits from the second
    on ÷ days of all (rework as in pm4py). An item whose stays have all taken no time, or have not
    ended, has no share.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": "A", "sequence": [0, 1, 2, 3],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-31", "2024-02-10"],
    ...                                  utc=True),
    ...     "to_status": ["Plan", "Build", "Plan", "Build"],
    ... })
    >>> flow = Lifecycle({"Plan": [], "Build": [], "Done": []}, terminal=["Done"])
    >>> table = item_rework(stage_visits(changes, flow, as_of="2024-02-29"), flow)
    >>> table[["item_id", "rework_visits", "rework_share", "backward_moves"]]
      item_id  rework_visits  rework_share  backward_moves
    0       A              2          0.25               1
    """
    visits = _counted(complete(visits, StageVisits), lifecycle)
    grouped_items = visits.groupby(["level", "item_id"], sort=False)
    table = grouped_items.agg(
        item_type=("item_type", "first"),
        rework_visits=("is_rework", "sum"),
        rework_days=("rework_days", "sum"),
        total_days=("ended_days", "sum"),
        backward_moves=("is_backward", "sum"),
    ).reset_index()
    table["rework_share"] = _share(table["rework_days"], table["total_days"])
    return ItemRework.validate(table[[*dtypes(ItemRework)]])


def _counted(visits: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """Add what each visit counts for: as rework, as time, and as a move back to an earlier stage.

    Whether an item moved back is told across statuses that no stage claims.
    """
    is_rework = (visits["visit"] > 1) & (visits["outcome"] != "terminal")
    ended_days = visits["days"].where(visits["outcome"].isin(ENDED), 0.0)
    rank = visits["stage"].map(lifecycle.ranks).astype(float)
    item = visits.groupby(["level", "item_id"], sort=False).ngroup()
    next_rank = rank.groupby(item).bfill().groupby(item).shift(-1)
    return visits.assign(
        rank=rank,
        is_rework=is_rework.astype("int64"),
        ended_days=ended_days,
        rework_days=ended_days.where(is_rework, 0.0),
        is_backward=(next_rank < rank).astype("int64"),
        is_known=visits["history_complete"].groupby(item).transform("all"),
    )


def _sums(visits: pd.DataFrame, cell: NDArray[np.int64], n_cells: int) -> dict[str, object]:
    """Return the counts and days of each group and stage."""
    is_first = ~visits.duplicated(["item", "stage"])
    again = visits[visits["visit"] > 1]
    is_first_again = ~again.duplicated(["item", "stage"]).reindex(visits.index, fill_value=True)
    counts = {
        "n_entered": is_first,
        "k": is_first & visits["is_known"],
        "n_reentered": is_first_again,
        "rework_visits": visits["is_rework"] == 1,
        "n_backward": visits["is_backward"] == 1,
    }
    found = {name: np.bincount(cell[which], minlength=n_cells) for name, which in counts.items()}
    days = {
        name: np.bincount(cell, weights=visits[name], minlength=n_cells)
        for name in ("ended_days", "rework_days")
    }
    return {**found, **days}


def _n_farther(
    visits: pd.DataFrame, lifecycle: Lifecycle, shape: tuple[int, int]
) -> dict[str, NDArray[np.int64]]:
    """Return how many items of each group came as far as each stage, whole histories or not."""
    n_on_the_way = len(lifecycle.ranks) - len(lifecycle.cancelled)
    is_end = visits["stage"].isin(list(lifecycle.terminal))
    reach = visits["rank"].where(visits["rank"] < n_on_the_way).mask(is_end, n_on_the_way - 1)
    items = visits.assign(reach=reach).groupby("item")
    items = items.agg(
        group=("group", "first"), reach=("reach", "max"), is_known=("is_known", "all")
    )
    items = items[items["reach"].notna()]
    place = (items["group"] * shape[1] + items["reach"]).astype("int64")
    found = {}
    for name, is_counted in (("n", items["is_known"]), ("n_incomplete", ~items["is_known"])):
        n_reach = np.bincount(place[is_counted], minlength=shape[0] * shape[1]).reshape(shape)
        n_farther = n_reach[:, ::-1].cumsum(axis=1)[:, ::-1]
        found[name] = np.where(np.arange(shape[1]) < n_on_the_way, n_farther, 0).ravel()
    return found


def _share(days: pd.Series, total: pd.Series) -> pd.Series:
    return (days / total.where(total > 0)).clip(upper=1.0)
