"""When was each item in which lifecycle stage? The same for products, projects and work items.

A stage entered again is a further visit, never an overwritten one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import UTC, AsOf, AsOfInput, as_of_point, known_zone
from pmanalytics.errors import ConfigError, UnmappedStatusesError
from pmanalytics.lifecycle import UNMAPPED, Lifecycle, entered_stages
from pmanalytics.metrics.histories import ordered_changes
from pmanalytics.metrics.stage_policies import POLICIES, Policy, kept_entries
from pmanalytics.schemas import (
    ItemStages,
    StageVisits,
    StatusChanges,
    dtypes,
    empty,
)
from pmanalytics.tables import complete

ITEM = ["level", "item_id"]


def stage_visits(
    status_changes: pd.DataFrame,
    lifecycle: Lifecycle | None = None,
    *,
    as_of: AsOfInput,
    time_zone: str = UTC,
    policy: Policy = "history",
) -> pd.DataFrame:
    """When did each item enter and leave each stage?

    The population is every item with a known status by `as_of`; later changes are unknown.

    Parameters
    ----------
    status_changes
        `StatusChanges`.
    lifecycle
        Stages of the statuses; a status that none claims becomes '(unmapped)', so it stays
        visible. Without it the statuses are the stages.
    as_of
        Status date: a day (its end in `time_zone`) or an instant. Open visits last until then.
    time_zone
        IANA zone of that day, and of the midnights by which histories of whole days are told.
    policy
        "history" keeps every stay. The others keep one date per stage, as some tools do:
        "furthest" forgets the later stages of an item that moves back (jira-agile-metrics), and
        "latest_monotone" forgets that it moved back (ActionableAgile).

    Returns
    -------
    pandas.DataFrame
        `StageVisits`, ordered by item and time. `days` are elapsed days of 24 hours.
        Consecutive statuses of one stage are one visit. A visit of no time is flagged only if it
        lies between instants: in a history of whole days 0 days is an ordinary value.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, `as_of` or `time_zone` cannot be read, `policy` is not known or
        has no lifecycle to go by, or the lifecycle allows no unmapped status and there is one.

    Notes
    -----
    What contradicts itself in a history is put right as `history_problems` tells.

    Under "furthest", a stage's date is that of the first entry since the item was last in an
    earlier stage: what was done before it moved back counts as time in the stage moved back to.
    Under "latest_monotone", a stage's date is its first entry not before that of the stages before
    it: time spent after moving back counts as time in the farthest stage. Both ignore unmapped
    statuses, so that their time counts for the stage before. The durations therefore differ, and
    only those of "history" add up to what happened.

    Examples
    --------
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": "P1", "sequence": [0, 1, 2],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10"], utc=True),
    ...     "from_status": [None, "Planning", "Execution"],
    ...     "to_status": ["Planning", "Execution", "Planning"],
    ... })
    >>> stage_visits(changes, as_of="2024-02-29")[["stage", "days", "visit", "outcome"]]
           stage  days  visit outcome
    0   Planning  10.0      1    left
    1  Execution  30.0      1    left
    2   Planning  20.0      2    open
    """
    known_zone(time_zone)
    point = as_of_point(as_of, time_zone)
    _require_policy(policy, lifecycle)
    changes = complete(status_changes, StatusChanges)
    changes = changes[changes["changed_at"] <= point.last]
    ours = {*dtypes(StatusChanges), *dtypes(StageVisits)}
    further = [name for name in status_changes if name not in ours]
    if changes.empty:
        return empty(StageVisits).join(changes[further])
    changes = ordered_changes(changes)
    changes = changes[~changes["_is_repeat"]]
    entries = _entries(changes.assign(stage=_stages(changes, lifecycle)))
    if lifecycle is not None and policy != "history":
        entries = kept_entries(entries, lifecycle, policy)
    visits = _timed(_stays(entries), point, time_zone)
    visits["outcome"] = _outcomes(visits, lifecycle or Lifecycle({}))
    return StageVisits.validate(visits[[*dtypes(StageVisits), *further]])


def parallel_visits(visits: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """How long does what runs beside the stages last, such as tracking and controlling?

    Parameters
    ----------
    visits
        `StageVisits`, in order of item and time.
    lifecycle
        Its `parallel` names each interval, the stage it begins with and the one it ends with.

    Returns
    -------
    pandas.DataFrame
        `StageVisits`: one row per item and interval, in the place of the stage its name. It lasts
        from the entry of the one stage to that of the other, or of any later stage, also where the
        item moves back in between; `next_stage` is the stage that ended it. If its first stage is
        entered again after that, it begins anew.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    The process groups of a project overlap: it is tracked and controlled while it is executed. As
    a stage of the chain it would take its time from the others; so its days are not to be added
    to theirs. An organisation that has a status for it makes it a stage like all others.

    Examples
    --------
    >>> from pmanalytics.lifecycle import PROJECT
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": "P1", "sequence": [0, 1, 2],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10"], utc=True),
    ...     "from_status": [None, "Planning", "Execution"],
    ...     "to_status": ["Planning", "Execution", "Closure"],
    ... })
    >>> visits = stage_visits(changes, PROJECT, as_of="2024-02-29")
    >>> parallel_visits(visits, PROJECT)[["stage", "days", "next_stage", "outcome"]]
                          stage  days next_stage outcome
    0  Tracking and controlling  30.0    Closure    left
    """
    visits = complete(visits, StageVisits).reset_index(drop=True)
    ranks = visits["stage"].map(lifecycle.ranks)
    is_final = visits["stage"].isin([*lifecycle.terminal, *lifecycle.cancelled])
    found = [visits[:0]]
    for name, (first, last) in lifecycle.parallel.items():
        is_end = (ranks >= lifecycle.ranks[last]) | is_final
        signal = pd.Series(np.select([is_end, visits["stage"] == first], [0.0, 1.0], np.nan))
        found.append(_intervals(visits, signal, name, lifecycle))
    return StageVisits.validate(pd.concat(found, ignore_index=True))


def item_stages(visits: pd.DataFrame) -> pd.DataFrame:
    """How long did each item spend in each stage it entered, over all its visits?

    Parameters
    ----------
    visits
        `StageVisits`.

    Returns
    -------
    pandas.DataFrame
        `ItemStages`: elapsed days in total, in the first and the last visit, and from the first
        entry to the last exit. Stages an item skipped have no row. Of an open stage the days are
        lower bounds.

    Examples
    --------
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": "P1", "sequence": [0, 1, 2],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10"], utc=True),
    ...     "from_status": [None, "Planning", "Execution"],
    ...     "to_status": ["Planning", "Execution", "Planning"],
    ... })
    >>> item_stages(stage_visits(changes, as_of="2024-02-29"))[["stage", "visits", "total_days"]]
           stage  visits  total_days
    0   Planning       2        30.0
    1  Execution       1        30.0
    """
    table = per_item(complete(visits, StageVisits), [])
    table["span_days"] = (table["exit"] - table["entry"]) / pd.Timedelta(days=1)
    return ItemStages.validate(table[[*dtypes(ItemStages)]])


def _require_policy(policy: str, lifecycle: Lifecycle | None) -> None:
    if policy not in POLICIES:
        raise ConfigError(f"policy={policy!r} is none of {', '.join(POLICIES)}.")
    if policy != "history" and lifecycle is None:
        raise ConfigError(f"policy={policy!r} needs a lifecycle, which says the order of stages.")


def _stages(changes: pd.DataFrame, lifecycle: Lifecycle | None) -> pd.Series:
    """Return the stage that each change enters, with what is to be done about unmapped ones."""
    if lifecycle is None:
        return changes["to_status"]
    stages = entered_stages(changes, lifecycle)["stage"]
    is_unmapped = stages == UNMAPPED
    if lifecycle.unmapped == "error" and is_unmapped.any():
        unmapped = changes[is_unmapped]
        n_items = unmapped.groupby("to_status")["_item"].nunique()
        n_items = n_items.sort_values(ascending=False, kind="stable")
        raise UnmappedStatusesError(unmapped["level"].iloc[0], n_items.to_dict())
    if lifecycle.unmapped == "carry":
        return stages.mask(is_unmapped).groupby(changes["_item"]).ffill().fillna(UNMAPPED)
    return stages


def _entries(changes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per entry into a stage: consecutive statuses of one stage are one stay."""
    is_first = changes["_item"] != changes["_item"].shift()
    is_entry = is_first | (changes["stage"] != changes["stage"].shift())
    is_complete = changes["from_status"].isna().where(is_first).ffill().astype(bool)
    is_complete |= ~is_first & changes["changed_after"].notna()
    changes = changes.assign(history_complete=is_complete)
    return changes[is_entry].reset_index(drop=True)


def _stays(entries: pd.DataFrame) -> pd.DataFrame:
    """Return the stays: each lasts until the next entry of its item."""
    is_last = entries["_item"] != entries["_item"].shift(-1)
    return entries.assign(
        entered_at=entries["changed_at"],
        exited_at=entries["changed_at"].shift(-1).mask(is_last),
        next_stage=entries["stage"].shift(-1).mask(is_last),
        is_open=is_last,
        visit=entries.groupby(["_item", "stage"]).cumcount() + 1,
        entered_after=entries["changed_after"],
        exited_after=entries["changed_after"].shift(-1).mask(is_last),
    )


def _timed(visits: pd.DataFrame, point: AsOf, time_zone: str) -> pd.DataFrame:
    end = visits["exited_at"].fillna(point.end)
    days = (end - visits["entered_at"]) / pd.Timedelta(days=1)
    local = visits["entered_at"].dt.tz_convert(time_zone)
    is_whole_day = local == local.dt.normalize()
    return visits.assign(days=days, is_zero_length=(days == 0) & ~is_whole_day & ~visits["is_open"])


def _outcomes(visits: pd.DataFrame, lifecycle: Lifecycle) -> pd.Series:
    is_end = visits["stage"].isin([*lifecycle.terminal, *lifecycle.cancelled])
    is_cancelled = visits["next_stage"].isin(list(lifecycle.cancelled))
    cases = [is_end, visits["is_open"], is_cancelled]
    return pd.Series(np.select(cases, ["terminal", "open", "cancelled"], "left"), dtype="str")


def _intervals(
    visits: pd.DataFrame, signal: pd.Series, name: str, lifecycle: Lifecycle
) -> pd.DataFrame:
    """Return one row per run of visits from a signal of 1 to one of 0, or to the item's last."""
    item = visits.groupby(ITEM, sort=False).ngroup()
    is_running = signal.groupby(item).ffill() == 1
    was_running = is_running.shift(fill_value=False) & (item == item.shift())
    run = (is_running & ~was_running).cumsum()[is_running]
    runs = visits[is_running].groupby(run)
    firsts, lasts = runs.head(1).reset_index(drop=True), runs.tail(1).reset_index(drop=True)
    ends = ["exited_at", "exited_after", "is_open", "next_stage"]
    table = firsts.assign(
        **lasts[ends],
        stage=pd.Series(name, index=firsts.index, dtype="str"),
        days=runs["days"].sum().to_numpy(),
        is_zero_length=runs["is_zero_length"].all().to_numpy(),
        visit=firsts.groupby(ITEM, sort=False).cumcount() + 1,
    )
    return table.assign(outcome=_outcomes(table, lifecycle))


def per_item(visits: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return one row per item and stage (and group): all visits there taken together."""
    end = visits["entered_at"] + pd.to_timedelta(visits["days"], unit="D")
    grouped = visits.assign(end=end).groupby(
        ["level", *names, "stage", "item_id"], dropna=False, sort=False, observed=True
    )
    items = grouped.agg(
        visits=("visit", "size"),
        total_days=("days", "sum"),
        first_days=("days", "first"),
        last_days=("days", "last"),
        entry=("entered_at", "min"),
        exit=("end", "max"),
        is_open=("is_open", "any"),
        last_outcome=("outcome", "last"),
        is_zero_length=("is_zero_length", "all"),
        is_complete=("history_complete", "all"),
    ).reset_index()
    return items.assign(is_cancelled=items["last_outcome"] == "cancelled")
