"""How often does each product release, and on the day it was planned for?"""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point, days_between
from pmanalytics.metrics.delivery import first_true
from pmanalytics.metrics.tallies import grouped, sums_by, with_interval
from pmanalytics.schemas import Day, ReleaseCadence, ReleaseDates, Releases, dtypes
from pmanalytics.tables import By, complete, group_columns


def release_dates(releases: pd.DataFrame, *, as_of: AsOfInput, by: By = None) -> pd.DataFrame:
    """When did each release come, how long after the one before, and against its planned day?

    The population is every release.

    Parameters
    ----------
    releases
        `Releases`.
    as_of
        Status date: a release dated later is still to come.
    by
        Column or columns within which releases follow one another, such as product_id.

    Returns
    -------
    pandas.DataFrame
        `ReleaseDates`, in the order of `releases`, with its further columns beside it; days are
        calendar days.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an id repeats.

    Notes
    -----
    A gap runs from the last earlier day on which its group released anything, so that two releases
    of one day are no gap of 0 days. A planned day that is still running is not judged.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "release_id": ["1", "2", "3"], "name": ["1.0", "1.1", "1.2"],
    ...     "planned_release_date": pd.to_datetime(["2024-01-10", "2024-02-01", "2024-06-01"]),
    ...     "release_date": pd.to_datetime(["2024-01-10", "2024-02-14", None]),
    ...     "is_released": [True, True, False],
    ... })
    >>> release_dates(rows, as_of="2024-06-30")[["name", "gap_days", "variance_days", "state"]]
      name  gap_days  variance_days      state
    0  1.0       NaN            0.0    on_time
    1  1.1      35.0           13.0       late
    2  1.2       NaN           29.0  late_open
    """
    day = as_of_point(as_of).day
    known = complete(releases, Releases).reset_index(drop=True)
    names = group_columns(known, by)
    group, _ = grouped(known[names])
    planned, is_out = known["planned_release_date"], known["is_released"]
    is_released = is_out.fillna(value=False).astype(bool) & ~(known["release_date"] > day)
    released = known["release_date"].where(is_released)
    is_due = planned < day
    cases = [
        (is_out.isna(), "unknown"),
        (is_released & released.isna(), "undated"),
        (is_released & planned.isna(), "no_plan"),
        (is_released & ~is_due, "early"),
        (is_released & (released <= planned), "on_time"),
        (is_released, "late"),
        (is_due, "late_open"),
    ]
    state = first_true(cases, "not_due", known.index)
    table = known.assign(
        name=known["name"].fillna(known["release_id"]),
        released_date=released,
        gap_days=_gaps(released, pd.Series(group, known.index)),
        variance_days=days_between(planned, released.mask(state == "late_open", day)),
        state=state,
    )
    kept = [name for name in releases if name not in dtypes(ReleaseDates)]
    return ReleaseDates.validate(table[[*dtypes(ReleaseDates), *kept]])


def release_cadence(releases: pd.DataFrame, *, as_of: AsOfInput, by: By = None) -> pd.DataFrame:
    """How long is it usually from one release to the next, and how many keep their planned day?

    The population of the gaps is every release whose day is known; that of the rate is every
    release whose planned day has passed, those not yet released included.

    Parameters
    ----------
    releases
        `Releases`.
    as_of
        Status date.
    by
        Column or columns to group by, such as product_id or project_key.

    Returns
    -------
    pandas.DataFrame
        `ReleaseCadence`: one row per group, with count and 95 % Wilson interval of the rate.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an id repeats.

    Notes
    -----
    median_gap_days is the median of the days between consecutive days of release. With a single
    one there is no gap, and it is missing. rate = k ÷ n; one that is overdue and still to come has
    failed already.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "release_id": ["1", "2", "3"], "name": ["1.0", "1.1", "1.2"], "is_released": True,
    ...     "release_date": pd.to_datetime(["2024-01-10", "2024-02-14", "2024-03-13"]),
    ... })
    >>> release_cadence(rows, as_of="2024-06-30")[["n_gaps", "median_gap_days", "n_no_plan"]]
       n_gaps  median_gap_days  n_no_plan
    0       2             31.5          3
    """
    day = as_of_point(as_of).day
    found = release_dates(releases, as_of=as_of, by=by)
    keys = complete(releases, Releases).reset_index(drop=True)
    names = group_columns(keys, by, ReleaseCadence)
    state, gap = found["state"], found["gap_days"]
    tally = {
        "n_released": found["released_date"].notna(),
        "n_gaps": gap.notna() & _is_first_of_its_day(found["released_date"], keys[names]),
        "k": state == "on_time",
        "n": state.isin(["on_time", "late", "late_open"]),
    } | {f"n_{name}": state == name for name in
         ("late_open", "early", "not_due", "no_plan", "undated", "unknown")}  # fmt: skip
    table = sums_by(pd.DataFrame(tally).astype("int64"), keys[names])
    group, _ = grouped(keys[names])
    gaps = gap.where(tally["n_gaps"]).groupby(group).agg(["median", "max"])
    last = found["released_date"].groupby(group).max().astype(Day)
    table = table.assign(
        median_gap_days=gaps["median"],
        longest_gap_days=gaps["max"],
        last_release_date=last,
        days_since_last=days_between(last, day),
        **with_interval(table["k"], table["n"], "on_time_rate"),
    )
    return ReleaseCadence.validate(table[[*names, *dtypes(ReleaseCadence)]])


def _gaps(released: pd.Series, group: pd.Series) -> pd.Series:
    """Return the days since the last earlier day with a release of the same group."""
    days = pd.DataFrame({"group": group, "day": released}).dropna()
    apart = days.drop_duplicates().sort_values(["group", "day"])
    before = apart.groupby("group")["day"].shift()
    gap = pd.Series(
        days_between(before, apart["day"]).to_numpy(), pd.MultiIndex.from_frame(apart), dtype=float
    )
    return pd.Series(gap.reindex(pd.MultiIndex.from_frame(days)).to_numpy(), days.index).reindex(
        released.index
    )


def _is_first_of_its_day(released: pd.Series, keys: pd.DataFrame) -> pd.Series:
    """Tell of each release whether it is the first of its group on that day: a gap counts once."""
    return ~keys.assign(_day=released).duplicated()
