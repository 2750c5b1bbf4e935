"""How long does work take, told so that one can promise it, and what is older than usual?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import UTC, days_between, known_zone, local_days
from pmanalytics.intervals import TOO_FEW, reliability, wilson
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.stages import ITEM
from pmanalytics.metrics.tallies import grouped
from pmanalytics.quantiles import grouped_quantiles, order_statistics
from pmanalytics.schemas import Ageing, FlowItems, ServiceLevels, StageVisits, dtypes
from pmanalytics.tables import By, complete, group_columns, in_kinds

SHARES = [0.5, 0.85, 0.95]
PERCENTILES = ["p50_days", "p85_days", "p95_days"]


def service_level(
    items: pd.DataFrame, *, by: By = None, within_days: float | None = None
) -> pd.DataFrame:
    """How long did finished items take, and which share of them took at most so many days?

    The population is every finished item whose cycle time is known.

    Parameters
    ----------
    items
        `FlowItems`; those of the window that is to be told.
    by
        Column or columns to group by.
    within_days
        A number of days: which share took no longer?

    Returns
    -------
    pandas.DataFrame
        `ServiceLevels`: one row per group, with the 85th percentile's interval and the share's.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or unknown.

    Notes
    -----
    Percentiles are observed values (`pmanalytics.quantiles`); the interval of the 85th lies between
    two order statistics, by the binomial distribution, whatever that of the times; the share's is
    Wilson's. "85 % within x days" is a forecast only as long as the work stays what it was.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "level": "work_item", "item_id": list("ABCDE"), "state": "finished", "stage": "Done",
    ...     "cycle_time_days": [1.0, 2.0, 2.0, 3.0, 8.0], "history_complete": True,
    ... })
    >>> service_level(items, within_days=3)[["n", "p50_days", "p85_days", "within_share"]]
       n  p50_days  p85_days  within_share
    0  5       2.0       8.0           0.8
    """
    items = complete(items, FlowItems)
    names = group_columns(items, by, ServiceLevels)
    items = items[items["state"] == "finished"]
    group, groups = grouped(items[names])
    days = items["cycle_time_days"]
    is_within = days <= (np.nan if within_days is None else within_days)
    classes = {
        "n": days.notna(),
        "n_without_start": items["started_date"].isna() & days.isna(),
        "n_incomplete": items["started_date"].notna() & days.isna(),
        "k": is_within,
    }
    table = groups.assign(
        **{name: np.bincount(group[each], minlength=len(groups)) for name, each in classes.items()}
    )
    timed, group_of_timed = items[days.notna()], group[days.notna()]
    finished = timed["finished_date"].groupby(group_of_timed)
    values = timed["cycle_time_days"], group_of_timed, len(groups)
    table[PERCENTILES] = grouped_quantiles(*values, SHARES)
    table["p85_low"], table["p85_high"] = order_statistics(*values, SHARES[1])
    asked = table["n"].where(table["n"] > 0) if within_days is not None else np.nan
    low, high = wilson(table["k"], asked + 0 * table["n"])
    table = table.assign(
        first_finished_date=finished.min(),
        last_finished_date=finished.max(),
        within_days=within_days,
        within_share=table["k"] / asked,
        low=low,
        high=high,
        reliability=reliability(table["n"]),
    )
    kinds = dtypes(ServiceLevels)
    return ServiceLevels.validate(in_kinds(table, kinds)[[*names, *kinds]])


def ageing(
    items: pd.DataFrame,
    visits: pd.DataFrame,
    lifecycle: Lifecycle,
    *,
    time_zone: str = UTC,
    inclusive: bool = True,
) -> pd.DataFrame:
    """Which items in progress are older than most finished ones were in the same stage?

    Parameters
    ----------
    items
        `FlowItems`. Of those finished whose start is known, the ages are learnt.
    visits
        The `StageVisits` of the items.
    lifecycle
        Their stages, in order.
    time_zone
        IANA zone whose days count.
    inclusive
        As in `flow_items`: whether 1 is added to differences of days.

    Returns
    -------
    pandas.DataFrame
        `Ageing`: one row per item in progress, by stage in the order of the lifecycle, the oldest
        first; columns of the items beyond `FlowItems` stay.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or the zone is unknown.

    Notes
    -----
    Of each finished item the age is taken at which it left the stage for the last time. An item
    beyond the 85th percentile is older now than 85 of 100 were when they had that stage behind
    them. With fewer than 5 of them nobody is called old.

    Examples
    --------
    >>> from pmanalytics import flow_items, stage_visits
    >>> at = ["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-04", "2024-01-01"]
    >>> changes = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "A", "B", "B", "C"], "sequence": [0, 1, 0, 1, 0],
    ...     "changed_at": pd.to_datetime(at, utc=True),
    ...     "from_status": [None, "Doing", None, "Doing", None],
    ...     "to_status": ["Doing", "Done", "Doing", "Done", "Doing"],
    ... })
    >>> flow = Lifecycle({"Doing": [], "Done": []}, terminal=["Done"])
    >>> visits = stage_visits(changes, flow, as_of="2024-01-05")
    >>> items = flow_items(visits, flow, as_of="2024-01-05")
    >>> columns = ["item_id", "stage", "work_item_age_days", "n", "p50_days", "p85_days"]
    >>> ageing(items, visits, flow)[columns]
      item_id  stage  work_item_age_days  n  p50_days  p85_days
    0       C  Doing                 5.0  2       2.0       4.0
    """
    known_zone(time_zone)
    items, visits = complete(items, FlowItems), complete(visits, StageVisits)
    left = _ages_at_exit(items, visits, time_zone) + int(inclusive)
    group, stages = grouped(left.index.to_frame(index=False)[["stage"]])
    stages["n"] = np.bincount(group, minlength=len(stages))
    stages[PERCENTILES] = grouped_quantiles(left, group, len(stages), SHARES)
    now = items[items["state"] == "in_progress"].merge(stages, on="stage", how="left")
    is_beyond = (now["work_item_age_days"] > now["p85_days"]).astype("boolean")
    now = now.assign(n=now["n"].fillna(0), is_beyond_p85=is_beyond.mask(~(now["n"] >= TOO_FEW)))
    rank = now["stage"].map({stage: rank for rank, stage in enumerate(lifecycle.stages)})
    now = now.assign(rank=rank.astype("float64")).sort_values(
        ["rank", "work_item_age_days"], ascending=[True, False], kind="stable", ignore_index=True
    )
    kinds = dtypes(Ageing)
    further = [name for name in items if name not in {*dtypes(FlowItems), *kinds}]
    return Ageing.validate(in_kinds(now, kinds)[[*kinds, *further]])


def _ages_at_exit(items: pd.DataFrame, visits: pd.DataFrame, time_zone: str) -> pd.Series:
    """Return, by item and stage, the days from start to last exit of the finished items."""
    columns = [*ITEM, "started_at", "started_date", "finished_at"]
    finished = items.loc[items["cycle_time_days"].notna(), columns]
    stays = visits.loc[visits["outcome"] != "terminal", [*ITEM, "stage", "exited_at"]]
    stays = stays.merge(finished, on=ITEM)
    is_inside = (stays["exited_at"] > stays["started_at"]) & (
        stays["exited_at"] <= stays["finished_at"]
    )
    last = stays[is_inside].sort_values("exited_at").groupby([*ITEM, "stage"]).last()
    return days_between(last["started_date"], local_days(last["exited_at"], time_zone))
