"""How many items come, are in progress and get finished per day, and is that flow steady?

Days on which nothing happened are kept: without them every rate is too high.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import DAY_LENGTH, UTC, AsOf, AsOfInput, as_of_point, days_between
from pmanalytics.errors import PMAnalyticsError
from pmanalytics.intervals import TOO_FEW
from pmanalytics.metrics.delivery import first_true, one_of
from pmanalytics.metrics.tallies import grouped
from pmanalytics.schemas import Day, FlowByDay, FlowItems, LittlesLaw, Throughput, dtypes, empty
from pmanalytics.tables import By, complete, group_columns, in_kinds

PERIODS = ("day", "week", "month")
TOLERANCE = 0.2
NOTHING_FINISHED = "nothing was finished"
TOO_LITTLE = f"fewer than {TOO_FEW} were finished, or there is a single day"
RATIO_IS_OFF = "mean WIP ÷ throughput and mean cycle time differ by more than 20 %"
AGE_MOVES = "the age of what is in progress changed by more than 20 %"


def flow_by_day(
    items: pd.DataFrame,
    *,
    as_of: AsOfInput,
    time_zone: str = UTC,
    since: AsOfInput | None = None,
    by: By = None,
) -> pd.DataFrame:
    """How many items were created, begun, finished and in progress on each day?

    Parameters
    ----------
    items
        `FlowItems`.
    as_of
        Status date: the last day.
    time_zone
        IANA zone of the items' days, for an `as_of` that is an instant.
    since
        The first day. Before the first event nothing is known, so it never begins earlier.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `FlowByDay`: one row per group and day, whether or not anything happened on it.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or unknown, or a day is none, or `since` lies after `as_of`.

    Notes
    -----
    WIP of a day = items with start ≤ day and no end before it, so the day of the finish counts, as
    it does in the cycle time. What was finished or cancelled without having begun was never in
    progress.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "B"], "state": ["finished", "in_progress"],
    ...     "stage": ["Done", "Doing"], "history_complete": True,
    ...     "started_date": pd.to_datetime(["2024-01-01", "2024-01-02"]),
    ...     "finished_date": pd.to_datetime(["2024-01-03", None]),
    ... })
    >>> flow_by_day(items, as_of="2024-01-04")[["date", "throughput", "wip"]]
            date  throughput  wip
    0 2024-01-01           0    1
    1 2024-01-02           0    2
    2 2024-01-03           1    2
    3 2024-01-04           0    1
    """
    items = complete(items, FlowItems)
    names = group_columns(items, by, FlowByDay)
    return by_day(items.assign(n=1), names, window_of(items, as_of, time_zone, since))


def by_day(items: pd.DataFrame, names: list[str], days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return `FlowByDay` of items that stand for `n` each."""
    group, groups = grouped(items[names].reset_index(drop=True))
    begun, ended = items["started_date"], _ended(items)
    dropped = items["cancelled_date"].where(begun.notna())
    count = partial(_per_day, items["n"], group, len(groups), days)
    counts = {
        "n_created": count(items["created_date"]),
        "n_started": count(begun),
        "throughput": count(items["finished_date"]),
        "n_cancelled": count(dropped),
    }
    in_progress = (begun, (ended + DAY_LENGTH).where(begun.notna()))
    came, went = (count(dates.clip(lower=days.min())).cumsum(axis=1) for dates in in_progress)
    counts["wip"] = came - went
    table = groups.loc[groups.index.repeat(len(days))].reset_index(drop=True)
    table["date"] = np.tile(days, len(groups))
    table = table.assign(**{name: each.ravel() for name, each in counts.items()})
    return FlowByDay.validate(table[[*names, *dtypes(FlowByDay)]].astype({"date": Day}))


def throughput(
    items: pd.DataFrame,
    *,
    as_of: AsOfInput,
    period: str = "week",
    time_zone: str = UTC,
    since: AsOfInput | None = None,
    by: By = None,
) -> pd.DataFrame:
    """How many items were finished in each day, week or month?

    Parameters
    ----------
    items
        `FlowItems`. Cancelled ones are not throughput.
    as_of
        Status date: the end of the window.
    period
        day, week (from Monday, ISO 8601) or month.
    time_zone
        IANA zone of the items' days, for an `as_of` that is an instant.
    since
        The first day of the window, which never begins before the first event.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `Throughput`: one row per group and period of the window, in order, those without a finish
        included; one that is cut by the window is not complete.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or unknown, a day is none, `since` lies after `as_of`, or the period
        is none of the three.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "B"], "state": "finished", "stage": "Done",
    ...     "started_date": pd.to_datetime(["2024-01-01", "2024-01-02"]), "history_complete": True,
    ...     "finished_date": pd.to_datetime(["2024-01-03", "2024-01-16"]),
    ... })
    >>> throughput(items, as_of="2024-01-17")
      period_start_date  n_days  throughput  is_complete
    0        2024-01-01       7           1         True
    1        2024-01-08       7           0         True
    2        2024-01-15       3           1        False
    """
    one_of("period", period, PERIODS)
    names = group_columns(complete(items, FlowItems), by, Throughput)
    daily = flow_by_day(items, as_of=as_of, time_zone=time_zone, since=since, by=by)
    return per_period(daily, names, as_of_point(as_of, time_zone), period, time_zone)


def per_period(
    daily: pd.DataFrame, names: list[str], point: AsOf, period: str, time_zone: str
) -> pd.DataFrame:
    """Return `Throughput` of days."""
    last_midnight = as_of_point(point.day.date(), time_zone).end
    is_over = (daily["date"] < point.day) | (point.end == last_midnight)
    start = _start_of(daily["date"], period)
    daily = daily.assign(period_start_date=start, n_days=1, n_over=is_over.astype("int64"))
    keys = [*names, "period_start_date"]
    group, table = grouped(daily[keys])
    sums = daily.groupby(group)[["n_days", "n_over", "throughput"]].sum()
    table = table.join(sums.astype("int64"))
    first = table["period_start_date"]
    length = {"day": 1, "week": 7, "month": first.dt.days_in_month}[period]
    table["is_complete"] = table["n_over"] == length
    table = table.astype({"period_start_date": Day, **dict.fromkeys(sums.columns, "int64")})
    return Throughput.validate(table[[*names, *dtypes(Throughput)]])


def littles_law(
    items: pd.DataFrame,
    *,
    as_of: AsOfInput,
    time_zone: str = UTC,
    since: AsOfInput | None = None,
    by: By = None,
) -> pd.DataFrame:
    """Was the flow steady, so that WIP, throughput and cycle time can be told from each other?

    The population is every item in progress on any day of the window.

    Parameters
    ----------
    items
        `FlowItems`.
    as_of
        Status date: the last day of the window.
    time_zone
        IANA zone of the items' days, for an `as_of` that is an instant.
    since
        The first day of the window, which never begins before the first event.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `LittlesLaw`: one row per group. No measure of performance: a check of whether averages
        over this window mean anything.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or unknown, or a day is none, or `since` lies after `as_of`.

    Notes
    -----
    L = Λ · w: over T days, mean WIP = (n ÷ T) · (item days ÷ n), exactly and always (Little 2011,
    Operations Research 59:536–549). Mean WIP ÷ throughput equals the mean cycle time only if as
    many items leave as come, all that begin end, and their age neither grows nor falls. Called
    steady if that ratio and that of the mean ages in the second and the first half of the window
    are within 20 % of 1 and at least 5 items were finished. Days are counted as for the cycle time,
    with the + 1.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "B"], "state": ["finished", "in_progress"],
    ...     "stage": ["Done", "Doing"], "history_complete": True,
    ...     "started_date": pd.to_datetime(["2024-01-01", "2024-01-02"]),
    ...     "finished_date": pd.to_datetime(["2024-01-03", None]),
    ... })
    >>> littles_law(items, as_of="2024-01-04")[["mean_wip", "items_per_day", "days_per_item"]]
       mean_wip  items_per_day  days_per_item
    0       1.5            0.5            3.0
    """
    items = complete(items, FlowItems)
    names = group_columns(items, by, LittlesLaw)
    days = window_of(items, as_of, time_zone, since)
    if items.empty or not len(days):
        return empty(LittlesLaw).join(items[names].head(0))
    group, groups = grouped(items[names].reset_index(drop=True))
    table = groups.join(_in_window(items, days).groupby(group).sum()).assign(
        start_date=days.min(), end_date=days.max(), n_days=len(days)
    )
    table = table.assign(
        mean_wip=table["item_days"] / table["n_days"],
        items_per_day=table["n_items"] / table["n_days"],
        days_per_item=_mean(table, "item_days", "n_items"),
        implied_cycle_time_days=_mean(table, "item_days", "n_finished"),
        mean_cycle_time_days=_mean(table, "cycle_days", "n_timed"),
        mean_age_then_days=_mean(table, "age_then", "stay_then"),
        mean_age_now_days=_mean(table, "age_now", "stay_now"),
    )
    table["ratio"] = table["implied_cycle_time_days"] / table["mean_cycle_time_days"]
    table = table.assign(**_verdict(table))
    kinds = dtypes(LittlesLaw)
    return LittlesLaw.validate(in_kinds(table, kinds)[[*names, *kinds]])


def _in_window(items: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what each item adds to the sums of a window."""
    first, last = days.min(), days.max()
    start, end = items["started_date"], _ended(items)
    is_finished = (start <= items["finished_date"]) & items["finished_date"].between(first, last)
    is_timed = is_finished & items["history_complete"]
    middle = first + len(days) // 2 * DAY_LENGTH
    stay_then, age_then = _stay(start, end, first, middle - DAY_LENGTH)
    stay_now, age_now = _stay(start, end, middle, last)
    parts = {
        "n_items": stay_then + stay_now > 0,
        "n_started": start.between(first, last),
        "n_finished": is_finished,
        "item_days": stay_then + stay_now,
        "n_timed": is_timed,
        "cycle_days": (days_between(start, end) + 1).where(is_timed, 0),
        "stay_then": stay_then,
        "stay_now": stay_now,
        "age_then": age_then,
        "age_now": age_now,
    }
    return pd.DataFrame(parts).astype("float64").reset_index(drop=True)


def _stay(
    start: pd.Series, end: pd.Series, first: pd.Timestamp, last: pd.Timestamp
) -> tuple[pd.Series, pd.Series]:
    """Return the days of each item between two days, and the sum of its ages on them."""
    came, left = start.clip(lower=first), end.fillna(last).clip(upper=last)
    stay = (days_between(came, left) + 1).clip(lower=0).fillna(0)
    mean_age = (days_between(start, came) + days_between(start, left)) / 2 + 1
    return stay, (stay * mean_age).where(stay > 0, 0)


def _mean(table: pd.DataFrame, part: str, whole: str) -> pd.Series:
    return table[part] / table[whole].where(table[whole] > 0)


def _verdict(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Say whether a flow is steady; of a few items only that it is not.

    The age counts as moved, too, where nothing was in progress in one half of the window.
    """
    growth = table["mean_age_now_days"] / table["mean_age_then_days"]
    cases = [
        (table["n_finished"] == 0, NOTHING_FINISHED),
        (~_is_near(table["ratio"]), RATIO_IS_OFF),
        ((table["n_finished"] < TOO_FEW) | (table["n_days"] < 2), TOO_LITTLE),
        (~_is_near(growth), AGE_MOVES),
    ]
    reason = first_true(cases, None, table.index)
    is_unknown = reason.isin([NOTHING_FINISHED, TOO_LITTLE])
    return {"is_steady": reason.isna().astype("boolean").mask(is_unknown), "reason": reason}


def _is_near(ratio: pd.Series) -> pd.Series:
    return ratio.between(1 - TOLERANCE, 1 + TOLERANCE)


def window_of(
    items: pd.DataFrame, as_of: AsOfInput, time_zone: str, since: AsOfInput | None
) -> pd.DatetimeIndex:
    """Return the days from the first event, or `since` if that is later, to the status date."""
    last = as_of_point(as_of, time_zone).day
    events = items[["created_date", "started_date", "finished_date"]].min().min()
    first = events if since is None else as_of_point(since, time_zone).day
    if first > last and since is not None:
        raise PMAnalyticsError(f"since={since!r} lies after as_of={as_of!r}.")
    if pd.isna(events):
        return pd.DatetimeIndex([], dtype=Day)
    return pd.date_range(max(first, events), last, unit="us")


def _ended(items: pd.DataFrame) -> pd.Series:
    return items["finished_date"].fillna(items["cancelled_date"])


def _per_day(
    n: pd.Series,
    group: NDArray[np.int64],
    n_groups: int,
    days: pd.DatetimeIndex,
    dates: pd.Series,
) -> NDArray[np.int64]:
    """Return for each group (in rows) and day how many of the dates fall on it, each `n` times."""
    position = days.get_indexer(pd.DatetimeIndex(dates))
    is_in = position >= 0
    flat = group[is_in] * len(days) + position[is_in]
    sums = np.bincount(flat, n.to_numpy()[is_in], minlength=n_groups * len(days))
    return sums.astype("int64").reshape(n_groups, len(days))


def _start_of(days: pd.Series, period: str) -> pd.Series:
    letter = {"day": "D", "week": "W-SUN", "month": "M"}[period]
    return days.dt.to_period(letter).dt.start_time.astype(Day)
