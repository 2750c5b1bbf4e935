"""When was each item in which lifecycle stage? The same for products, projects and work items.

A stage entered again is a further visit, never an overwritten one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import UTC, AsOf, AsOfInput, as_of_point, known_zone
from pmanalytics.codes import decoded, encoded, numbered
from pmanalytics.errors import UnmappedStatusError
from pmanalytics.lifecycle import UNMAPPED, Lifecycle
from pmanalytics.metrics.delivery import first_true, one_of
from pmanalytics.metrics.histories import leaves_the_last, ordered_changes
from pmanalytics.metrics.policies import Policy, kept
from pmanalytics.ordering import order_of, runs_of, starts_of
from pmanalytics.schemas import (
    ItemStages,
    StageVisits,
    StatusChanges,
    dtypes,
    empty,
)
from pmanalytics.tables import complete
from pmanalytics.working_time import Calendar

ITEM = ["level", "item_id"]
DAY = 86_400_000_000  # microseconds
# What is needed of a visit to take an item's visits together, and what that gives.
STAY = [
    "level", "item_id", "stage", "entered_at", "days", "working_days", "is_open", "visit",
    "outcome", "is_zero_length", "history_complete",
]  # fmt: skip
STAYS = [
    "visits", "total_days", "first_days", "last_days", "span_days", "working_days", "is_open",
    "is_cancelled", "is_zero_length", "is_complete",
]  # fmt: skip
Unmapped = Literal["keep", "carry", "error"]


def stage_visits(
    status_changes: pd.DataFrame,
    lifecycle: Lifecycle | None = None,
    *,
    as_of: AsOfInput,
    time_zone: str = UTC,
    calendar: Calendar | None = None,
    policy: Policy = "history",
    unmapped: Unmapped = "keep",
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
    calendar
        When people work: then `working_days` stand beside the elapsed ones.
    policy
        'history' (default) keeps every entry. To reproduce other tools, which keep one date per
        stage: with 'furthest' a move back wipes the dates of later stages (jira-agile-metrics),
        'latest_monotone' takes of each stage, in order, the first date not before that of the
        stage before it (ActionableAgile); both leave out statuses that no stage claims.
    unmapped
        What becomes of a status that no stage claims: 'keep' shows it as '(unmapped)', 'carry'
        takes it for a part of the stage before, 'error' refuses it.

    Returns
    -------
    pandas.DataFrame
        `StageVisits`, ordered by item and time. `days` are elapsed days of 24 hours,
        `working_days` working hours ÷ those of a whole working day.
        Consecutive statuses of one stage are one visit. A visit of no time is flagged only if it
        lies between instants: in a history of whole days 0 days is an ordinary value.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, an option is not known, or a status is refused.

    Notes
    -----
    Changes of one item stand in the order of their times, and at one time in that of `sequence`.
    Where a status is left that was not the last one entered, the one entered is believed, and the
    visit is flagged. What else contradicts itself is put right as `history_problems` tells.

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
    changes = complete(status_changes, StatusChanges)
    changes = those(changes, changes["changed_at"] <= point.last)
    ours = {*dtypes(StatusChanges), *dtypes(StageVisits)}
    further = [name for name in status_changes if name not in ours]
    if changes.empty:
        return empty(StageVisits).join(changes[further])
    visits = _merged(kept(_staged(changes, lifecycle, unmapped), lifecycle, policy))
    visits = _timed(visits, point, time_zone, calendar)
    visits["outcome"] = _outcomes(visits, lifecycle or Lifecycle({}))
    own = [name for name in further if status_changes[name].dtype == "category"]
    return StageVisits.validate(decoded(visits[[*dtypes(StageVisits), *further]], *own))


def parallel_visits(
    visits: pd.DataFrame, lifecycle: Lifecycle, *, calendar: Calendar | None = None
) -> pd.DataFrame:
    """How long did that run which runs beside the stages, such as tracking and controlling?

    The population is every item that entered the stage that begins it.

    Parameters
    ----------
    visits
        `StageVisits` of these stages, in order of item and time.
    lifecycle
        Its `parallel` says what runs from which stage to which.
    calendar
        When people work, for `working_days`.

    Returns
    -------
    pandas.DataFrame
        `StageVisits`, one per item, name and time it ran: from the entry into the one stage to
        that into the other or any later one, whatever the item went through meanwhile. It is open
        while the item has not come so far. If it is begun again after that, it is a further visit.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    Tracking and controlling goes on during execution (PMBOK's process groups overlap), so it is
    no link in the chain of stages, and its days must not be added to theirs.

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
    >>> parallel_visits(visits, PROJECT)[["stage", "days", "is_open"]]
                          stage  days  is_open
    0  Tracking and controlling  30.0    False
    """
    visits = complete(visits, StageVisits).reset_index(drop=True)
    order = list(lifecycle.stages)
    final = [*lifecycle.terminal, *lifecycle.cancelled]
    found = [visits[:0]]
    for name, (begins, ends) in lifecycle.parallel.items():
        is_end = visits["stage"].isin([*order[order.index(ends) :], *final])
        runs = pd.Series(np.select([is_end, visits["stage"] == begins], [0.0, 1.0], np.nan))
        table = _runs(visits, runs).assign(stage=name)
        table["outcome"] = _outcomes(table, lifecycle)
        end = table["entered_at"] + pd.to_timedelta(table["days"], unit="D")
        table["working_days"] = _working_days(table["entered_at"], end, calendar)
        found.append(table)
    return StageVisits.validate(pd.concat(found, ignore_index=True)[list(visits.columns)])


def _runs(visits: pd.DataFrame, runs: pd.Series) -> pd.DataFrame:
    """Return one visit for those from a 1 to before the next 0 of their item, or to its last."""
    item = visits.groupby(ITEM, sort=False).ngroup()
    is_running = runs.groupby(item).ffill() == 1
    is_begun = is_running & ~(is_running.shift(fill_value=False) & (item == item.shift()))
    grouped = visits[is_running].groupby(is_begun.cumsum()[is_running])
    first, last = grouped.head(1).reset_index(drop=True), grouped.tail(1).reset_index(drop=True)
    return first.assign(
        **last[["exited_at", "exited_after", "is_open", "next_stage"]],
        days=grouped["days"].sum().to_numpy(),
        is_zero_length=grouped["is_zero_length"].all().to_numpy(),
        visit=first.groupby(ITEM, sort=False).cumcount() + 1,
    )


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
    return ItemStages.validate(table[[*dtypes(ItemStages)]])


def those(table: pd.DataFrame, is_meant: pd.Series | NDArray[np.bool_]) -> pd.DataFrame:
    """Return the rows that are meant; as a rule these are all, and need not be copied."""
    return table if is_meant.all() else table[is_meant]


def _staged(changes: pd.DataFrame, lifecycle: Lifecycle | None, unmapped: Unmapped) -> pd.DataFrame:
    """Return the changes in order with their stages, and what is known of their histories."""
    changes = ordered_changes(changes)
    changes = those(changes, ~changes["_is_repeat"])
    stage = _stages(changes, lifecycle, unmapped)
    return _numbered(encoded(changes.assign(stage=stage)))


def _stages(changes: pd.DataFrame, lifecycle: Lifecycle | None, unmapped: Unmapped) -> pd.Series:
    """Return the stage of each change, whatever becomes of those that have none."""
    one_of("unmapped", unmapped, get_args(Unmapped))
    if lifecycle is None:
        return changes["to_status"]
    stage = lifecycle.placed(changes)["stage"]
    is_unmapped = stage == UNMAPPED
    if unmapped == "error" and is_unmapped.any():
        raise UnmappedStatusError(changes.loc[is_unmapped, "to_status"].value_counts())
    if unmapped == "carry":
        before = stage.mask(is_unmapped).groupby(changes["_item"]).ffill()
        stage = before.fillna(UNMAPPED)
    return stage


def _numbered(changes: pd.DataFrame) -> pd.DataFrame:
    """Add whether the beginning of each item is known, and where its chain breaks."""
    is_first = starts_of(changes["_item"].to_numpy())
    is_new = changes["from_status"].isna().to_numpy()
    is_complete = is_new[is_first][np.cumsum(is_first) - 1]
    is_complete |= ~is_first & changes["changed_after"].notna().to_numpy()
    is_break = ~leaves_the_last(changes)
    return changes.assign(history_complete=is_complete, is_chain_break=is_break.astype("boolean"))


def _merged(changes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per visit: consecutive statuses of one stage are one stay."""
    is_entry = starts_of(changes["_item"].to_numpy(), changes["stage"].cat.codes.to_numpy())
    visits = those(changes, is_entry).reset_index(drop=True)
    is_last = np.r_[starts_of(visits["_item"].to_numpy())[1:], True][: len(visits)]
    return visits.assign(
        entered_at=visits["changed_at"],
        exited_at=visits["changed_at"].shift(-1).mask(is_last),
        next_stage=visits["stage"].shift(-1).mask(is_last),
        is_open=is_last,
        visit=_count_so_far(numbered(visits[["stage"]]), visits["_item"].to_numpy()),
        entered_after=visits["changed_after"],
        exited_after=visits["changed_after"].shift(-1).mask(is_last),
    )


def _count_so_far(*keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many rows up to each have its keys."""
    order, starts = runs_of(*keys)
    count = np.empty(len(order), dtype=np.int64)
    count[order] = np.arange(1, len(order) + 1) - np.repeat(starts, _lengths(starts, order))
    return count


def _lengths(starts: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many rows each run has."""
    return np.diff(starts, append=len(order))


def _timed(
    visits: pd.DataFrame, point: AsOf, time_zone: str, calendar: Calendar | None
) -> pd.DataFrame:
    end = visits["exited_at"].fillna(point.end)
    days = (end - visits["entered_at"]) / pd.Timedelta(days=1)
    is_brief = ((days == 0) & ~visits["is_open"]).to_numpy(copy=True)
    local = visits.loc[is_brief, "entered_at"].dt.tz_convert(time_zone)
    is_brief[is_brief] = local != local.dt.normalize()
    working_days = _working_days(visits["entered_at"], end, calendar)
    return visits.assign(days=days, working_days=working_days, is_zero_length=is_brief)


def _working_days(start: pd.Series, end: pd.Series, calendar: Calendar | None) -> pd.Series:
    if calendar is None:
        return pd.Series(index=start.index, dtype=float)
    return calendar.working_hours(start, end) / calendar.hours_per_day


def _outcomes(visits: pd.DataFrame, lifecycle: Lifecycle) -> pd.Series:
    is_end = visits["stage"].isin([*lifecycle.terminal, *lifecycle.cancelled])
    is_cancelled = visits["next_stage"].isin(list(lifecycle.cancelled))
    cases = [(is_end, "terminal"), (visits["is_open"], "open"), (is_cancelled, "cancelled")]
    return first_true(cases, "left", visits.index)


def per_item(visits: pd.DataFrame, names: list[str], wanted: Sequence[str] = STAYS) -> pd.DataFrame:
    """Return one row per item and stage (and group): all visits there taken together."""
    keys = ["level", *names, "stage", "item_id"]
    # Visits mostly come by item: where they do, the last of these keys needs no sorting.
    order, starts = runs_of(numbered(visits[keys[:-1]]), numbered(visits[keys[-1:]]))
    n_visits = _lengths(starts, order)
    first = order[starts]
    as_they_came = order_of(first)

    def all_of(how: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        return how.reduceat(values[order], starts)

    def last_of(values: NDArray[Any]) -> NDArray[Any]:
        return values[order[starts + n_visits - 1]]

    def span() -> NDArray[np.float64]:
        entry = visits["entered_at"].to_numpy("datetime64[us]").view(np.int64)
        return (all_of(np.maximum, entry + length) - all_of(np.minimum, entry)) / DAY

    days, is_cancelled = visits["days"].to_numpy(), visits["outcome"] == "cancelled"
    # Sums of fractions differ in their last digit, and what took equally long would not be equal.
    length = np.rint(days * DAY).astype(np.int64)
    ways = {
        "visits": lambda: n_visits,
        "total_days": lambda: all_of(np.add, length) / DAY,
        "first_days": lambda: days[first],
        "last_days": lambda: last_of(days),
        "span_days": span,
        "working_days": lambda: all_of(np.add, visits["working_days"].to_numpy()),
        "is_open": lambda: all_of(np.logical_or, visits["is_open"].to_numpy()),
        "is_cancelled": lambda: last_of(is_cancelled.to_numpy()),
        "is_zero_length": lambda: all_of(np.logical_and, visits["is_zero_length"].to_numpy()),
        "is_complete": lambda: all_of(np.logical_and, visits["history_complete"].to_numpy()),
    }
    items = visits[keys].iloc[first[as_they_came]].reset_index(drop=True)
    return items.assign(**{name: ways[name]()[as_they_came] for name in wanted})
