"""When did the work on each item begin and end, and which part of the time was work?

The words are those of the Kanban Guide: cycle time from start to finish, age of what is not
finished, counts of items and not of points. The same for products, projects and work items.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import (
    UTC,
    AsOf,
    AsOfInput,
    as_of_point,
    days_between,
    known_zone,
    local_days,
)
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.stages import ITEM
from pmanalytics.metrics.tallies import grouped
from pmanalytics.quantiles import grouped_quantiles
from pmanalytics.schemas import (
    FieldChanges,
    FlowEfficiencies,
    FlowItems,
    StageVisits,
    dtypes,
    empty,
)
from pmanalytics.tables import By, complete, group_columns, in_kinds
from pmanalytics.working_time import Calendar

FLAG = "flagged"
FIRST_DAY = pd.Timedelta(days=1)
ACTIVE, WAITING, UNMAPPED = "active", "waiting", "unmapped"


def flow_items(
    visits: pd.DataFrame,
    lifecycle: Lifecycle,
    *,
    as_of: AsOfInput,
    time_zone: str = UTC,
    field_changes: pd.DataFrame | None = None,
    calendar: Calendar | None = None,
    inclusive: bool = True,
) -> pd.DataFrame:
    """When did each item begin and end, and how long did it take, work and wait?

    The population is every item with a visit. Cancelled ones have no cycle time.

    Parameters
    ----------
    visits
        `StageVisits` by `as_of`, with columns to group by beside it.
    lifecycle
        Its first working stage begins the work; its terminal, cancelled and waiting stages count.
    as_of
        Status date of the visits.
    time_zone
        IANA zone whose days count.
    field_changes
        `FieldChanges`: while an item is flagged, a stage in which it is worked on is waiting, too.
        Without it, or where nothing was ever flagged, nothing is known of blocked time.
    calendar
        Working days; with it each number of days has one of working days beside it.
    inclusive
        Add 1 to differences of days, as most tools for Kanban do: an item that begins and ends on
        one day took 1 day.

    Returns
    -------
    pandas.DataFrame
        `FlowItems` in the order of the items, with the last value of each further column.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or `as_of` or `time_zone` cannot be read.

    Notes
    -----
    Cycle time = finish − start + 1, age = status date − start + 1 (Kanban Guide; the + 1 as in
    Vacanti 2015, Actionable Agile Metrics), in local days. Start: first entry to the first working
    stage or a later one that ends nothing; what went straight to the end has none, and so no cycle
    time. Finish: the entry to a terminal stage that was not left since. Time in a terminal stage
    that was left again is waiting.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "A", "B"], "sequence": [0, 1, 0],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-04"], utc=True),
    ...     "from_status": [None, "Doing", None], "to_status": ["Doing", "Done", "Doing"],
    ... })
    >>> flow = Lifecycle({"Doing": [], "Done": []}, terminal=["Done"])
    >>> visits = stage_visits(changes, flow, as_of="2024-01-05")
    >>> items = flow_items(visits, flow, as_of="2024-01-05")
    >>> items[["item_id", "state", "cycle_time_days", "work_item_age_days"]]
      item_id        state  cycle_time_days  work_item_age_days
    0       A     finished              3.0                 NaN
    1       B  in_progress              NaN                 2.0
    """
    known_zone(time_zone)
    point = as_of_point(as_of, time_zone)
    visits = complete(visits, StageVisits)
    further = [name for name in visits if name not in {*dtypes(StageVisits), *dtypes(FlowItems)}]
    if visits.empty:
        return empty(FlowItems).join(visits[further])
    visits = _in_order(visits)
    items = _dated(_bounds(visits, lifecycle), point, time_zone)
    for name, (first, last) in _spans(items).items():
        items[f"{name}_days"] = days_between(first, last) + inclusive
        if calendar is not None:
            items[f"{name}_working_days"] = _working_days(calendar, first, last, inclusive)
    flags = _flags(field_changes, items, point)
    items = items.assign(**_spent(visits, items, lifecycle, point, flags))
    busy = items["active_days"] + items["waiting_days"]
    items["flow_efficiency"] = items["active_days"] / busy.where(busy > 0)
    kinds = dtypes(FlowItems)
    items = items.reset_index(drop=True).reindex(columns=[*kinds, *further])
    return FlowItems.validate(in_kinds(items, kinds))


def flow_efficiency(items: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """Which part of the time between start and finish was work, and which was waiting?

    The population is every finished item whose start is known and that took any time.

    Parameters
    ----------
    items
        `FlowItems`.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `FlowEfficiencies`: one row per group.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or unknown.

    Notes
    -----
    Σ active ÷ Σ (active + waiting) in elapsed days, time flagged as blocked being waiting; the
    quantiles are those of the items' own efficiencies. Time in statuses of no stage is in neither.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "B"], "state": "finished", "stage": "Done",
    ...     "cycle_time_days": [8.0, 2.0], "active_days": [3.0, 2.0], "waiting_days": [5.0, 0.0],
    ...     "flow_efficiency": [0.375, 1.0], "history_complete": True,
    ... })
    >>> flow_efficiency(items)[["n", "active_days", "waiting_days", "flow_efficiency"]]
       n  active_days  waiting_days  flow_efficiency
    0  2          5.0           5.0              0.5
    """
    items = complete(items, FlowItems)
    names = group_columns(items, by, FlowEfficiencies)
    items = items[items["state"] == "finished"]
    group, groups = grouped(items[names])
    is_counted = items["cycle_time_days"].notna() & items["flow_efficiency"].notna()
    known, group_of_known = items[is_counted], group[is_counted]
    parts = ["active_days", "waiting_days", "blocked_days", "unmapped_days"]
    sums = known[parts].groupby(group_of_known).sum(min_count=1).reindex(groups.index)
    table = groups.join(sums).assign(
        n=np.bincount(group_of_known, minlength=len(groups)),
        n_left_out=np.bincount(group[~is_counted], minlength=len(groups)),
        flow_efficiency=sums["active_days"] / (sums["active_days"] + sums["waiting_days"]),
    )
    quantiles = grouped_quantiles(
        known["flow_efficiency"], group_of_known, len(groups), [0.15, 0.5, 0.85]
    )
    table[["p15_share", "median_share", "p85_share"]] = quantiles
    return FlowEfficiencies.validate(table[[*names, *dtypes(FlowEfficiencies)]])


def _in_order(visits: pd.DataFrame) -> pd.DataFrame:
    order = [*ITEM, "entered_at", "exited_at"]
    visits = visits.sort_values(order, kind="stable", ignore_index=True)
    return visits.assign(item=visits.groupby(ITEM, sort=False).ngroup())


def _bounds(visits: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """Return one row per item: its last visit, and the instants at which things began and ended."""
    is_over = visits["stage"].isin(list(lifecycle.terminal))
    is_dropped = visits["stage"].isin(list(lifecycle.cancelled))
    stages = list(lifecycle.stages)
    start = lifecycle.first_working_stage
    begun = stages[stages.index(start) :] if start else []
    is_begun = visits["stage"].isin(begun) & ~is_over & ~is_dropped
    started = visits[is_begun].groupby("item")[["entered_at", "history_complete"]].first()
    first = visits.groupby("item")[["entered_at", "history_complete"]].first()
    items = visits.groupby("item").tail(1).set_index("item")
    items = items.assign(
        created_at=first["entered_at"].where(first["history_complete"]),
        started_at=started["entered_at"],
        finished_at=_last_entry(visits, is_over),
        cancelled_at=_last_entry(visits, is_dropped),
        history_complete=started["history_complete"].reindex(first.index).fillna(
            first["history_complete"]
        ),
    )  # fmt: skip
    cases = [items[name].notna() for name in ("finished_at", "cancelled_at", "started_at")]
    states = np.select(cases, ["finished", "cancelled", "in_progress"], "not_started")
    return items.assign(state=states)


def _last_entry(visits: pd.DataFrame, is_in: pd.Series) -> pd.Series:
    """Return per item when it entered such stages for the last time, if it is in one still."""
    number = visits.index.to_series()
    last_outside = number.where(~is_in).groupby(visits["item"]).transform("max").fillna(-1)
    return visits[is_in & (number > last_outside)].groupby("item")["entered_at"].first()


def _dated(items: pd.DataFrame, point: AsOf, time_zone: str) -> pd.DataFrame:
    """Add the local days of all instants."""
    events = ("created", "started", "finished", "cancelled")
    days = {f"{event}_date": local_days(items[f"{event}_at"], time_zone) for event in events}
    return items.assign(**days, as_of_date=point.day)


def _spans(items: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return from which day to which each time lasts."""
    start = items["started_date"]
    is_known, is_open = items["history_complete"], items["state"] == "in_progress"
    return {
        "lead_time": (items["created_date"], items["finished_date"]),
        "cycle_time": (start.where(is_known), items["finished_date"]),
        "work_item_age": (start.where(is_open), items["as_of_date"]),
    }


def _working_days(
    calendar: Calendar, first: pd.Series, last: pd.Series, inclusive: bool
) -> pd.Series:
    """Return the working days from each first day, which counts or does not, to the last."""
    if inclusive:
        return calendar.working_days(first, last)
    counted = calendar.working_days(first + FIRST_DAY, last)
    return counted.mask(first == last, 0.0)


def _spent(
    visits: pd.DataFrame,
    items: pd.DataFrame,
    lifecycle: Lifecycle,
    point: AsOf,
    flags: pd.DataFrame | None,
) -> dict[str, pd.Series]:
    """Return per item the elapsed days from start to end by what they were spent on."""
    end = items["finished_at"].fillna(items["cancelled_at"]).fillna(point.end)
    stays = pd.DataFrame(
        {
            "item": visits["item"],
            "kind": _kinds(visits["stage"], lifecycle),
            "start": _later(visits["entered_at"], visits["item"].map(items["started_at"])),
            "end": _earlier(visits["exited_at"].fillna(point.end), visits["item"].map(end)),
        }
    )
    stays["days"] = days_between(stays["start"], stays["end"]).clip(lower=0)
    sums = stays.pivot_table(index="item", columns="kind", values="days", aggfunc="sum")
    sums = sums.reindex(items.index, columns=[ACTIVE, WAITING, UNMAPPED]).fillna(0.0)
    sums = sums.where(items["started_at"].notna(), axis=0)
    spent = {f"{kind}_days": sums[kind] for kind in sums}
    if flags is None:
        return spent
    blocked = _blocked(stays[stays["kind"] == ACTIVE], flags).reindex(items.index, fill_value=0.0)
    blocked = blocked.where(items["started_at"].notna())
    return spent | {
        "active_days": sums[ACTIVE] - blocked,
        "waiting_days": sums[WAITING] + blocked,
        "blocked_days": blocked,
        "is_flagged": items.index.isin(flags.loc[flags["is_last"], "item"]),
    }


def _flags(
    field_changes: pd.DataFrame | None, items: pd.DataFrame, point: AsOf
) -> pd.DataFrame | None:
    """Return the intervals in which items were flagged; None where nobody uses flags.

    An item whose first change takes the flag away was flagged before that.
    """
    if field_changes is None:
        return None
    changes = complete(field_changes, FieldChanges)
    changes = changes[changes["field"] == FLAG]
    if changes.empty:
        return None
    changes = changes[changes["changed_at"] <= point.last]
    changes = changes.merge(items.reset_index()[[*ITEM, "item", "started_at"]], on=ITEM)
    changes = changes.sort_values(["item", "changed_at"], kind="stable", ignore_index=True)
    following = changes.groupby("item")["changed_at"].shift(-1)
    changes = changes.assign(start=changes["changed_at"], end=following.fillna(point.end))
    changes["is_last"] = following.isna()
    before = changes[~changes["item"].duplicated() & changes["old"].notna()]
    before = before.assign(start=before["started_at"], end=before["changed_at"], is_last=False)
    flags = pd.concat([before, changes[changes["new"].notna()]])
    return flags[["item", "start", "end", "is_last"]]


def _blocked(active: pd.DataFrame, flags: pd.DataFrame) -> pd.Series:
    """Return per item the days of its active stays in which it was flagged."""
    both = active.merge(flags, on="item", suffixes=("", "_of_flag"))
    start = _later(both["start"], both["start_of_flag"])
    end = _earlier(both["end"], both["end_of_flag"])
    return days_between(start, end).clip(lower=0).groupby(both["item"]).sum()


def _later(one: pd.Series, other: pd.Series) -> pd.Series:
    return one.where(one > other, other)


def _earlier(one: pd.Series, other: pd.Series) -> pd.Series:
    return one.where(one < other, other)


def _kinds(stages: pd.Series, lifecycle: Lifecycle) -> pd.Series:
    ended = [*lifecycle.waiting, *lifecycle.terminal, *lifecycle.cancelled]
    cases = [stages.isin(ended), stages.isin(list(lifecycle.stages))]
    return pd.Series(np.select(cases, [WAITING, ACTIVE], UNMAPPED), index=stages.index)
