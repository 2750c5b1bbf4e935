"""How many defects reach customers, how many are open, and how much finished work comes back?"""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point, days_between
from pmanalytics.lifecycle import UNMAPPED, Lifecycle
from pmanalytics.metrics.tallies import sums_by, with_interval
from pmanalytics.schemas import (
    Day,
    DefectRemoval,
    Defects,
    OpenDefects,
    ReopenRates,
    StageVisits,
    dtypes,
)
from pmanalytics.tables import By, complete, group_columns


def defect_removal(defects: pd.DataFrame, *, as_of: AsOfInput, by: By = None) -> pd.DataFrame:
    """Which share of the defects was found before customers met them?

    The population is every defect found by the status date, or on a day that is not known.

    Parameters
    ----------
    defects
        `Defects`.
    as_of
        Status date.
    by
        Column or columns to group by, such as product_id.

    Returns
    -------
    pandas.DataFrame
        `DefectRemoval`: one row per group, with count and 95 % Wilson interval.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    removal_rate = before ÷ (before + after), the defect removal efficiency of Capers Jones. It is
    about the defects known so far: customers of a young release have yet to find theirs, so its
    rate can only be compared with that of a release of the same age.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "defect_id": [f"D{n}" for n in range(100)],
    ...     "found_in": ["before_release"] * 90 + ["after_release"] * 10,
    ... })
    >>> table = defect_removal(rows, as_of="2024-06-30")
    >>> table[["removal_rate", "low", "high", "escaped_share", "n"]].round(4)
       removal_rate     low    high  escaped_share    n
    0           0.9  0.8256  0.9448            0.1  100
    """
    day = as_of_point(as_of).day
    known = complete(defects, Defects)
    names = group_columns(known, by, DefectRemoval)
    known = known[~(known["found_date"] > day)]
    is_before = (known["found_in"] == "before_release").astype("int64")
    tally = pd.DataFrame({"n": 1, "n_before": is_before}, index=known.index)
    table = sums_by(tally, known[names])
    table = table.assign(
        **with_interval(table["n_before"], table["n"], "removal_rate"),
        n_after=table["n"] - table["n_before"],
        escaped_share=(table["n"] - table["n_before"]) / table["n"],
        as_of=day,
    )
    table = table[[*names, *dtypes(DefectRemoval)]].astype({"as_of": Day})
    return DefectRemoval.validate(table)


def reopen_rate(visits: pd.DataFrame, lifecycle: Lifecycle, *, by: By = None) -> pd.DataFrame:
    """Which share of the finished items was taken up again?

    The population is every item that ever entered a terminal stage of the lifecycle.

    Parameters
    ----------
    visits
        `StageVisits`, with the `by` columns beside it.
    lifecycle
        Its `terminal` stages mean that an item is finished.
    by
        Column or columns to group by, such as item_type.

    Returns
    -------
    pandas.DataFrame
        `ReopenRates`: one row per level and group, with count and 95 % Wilson interval. An item
        that comes back twice counts once.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    rate = items that left a terminal stage ÷ items that ever entered one. To go on to another
    terminal stage, to a cancelled one, or to a status that no stage claims is no reopening.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["1", "1", "2"], "sequence": [0, 1, 0],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-05"], utc=True),
    ...     "from_status": [None, "Done", None], "to_status": ["Done", "Doing", "Done"],
    ... })
    >>> flow = Lifecycle({"Doing": [], "Done": []}, terminal=["Done"])
    >>> reopen_rate(stage_visits(changes, flow, as_of="2024-02-29"), flow)[["reopen_rate", "n"]]
       reopen_rate  n
    0          0.5  2
    """
    known = complete(visits, StageVisits)
    names = group_columns(known, by, ReopenRates)
    known = known[known["stage"].isin(list(lifecycle.terminal))]
    final = [*lifecycle.terminal, *lifecycle.cancelled, UNMAPPED]
    is_left = known["next_stage"].notna() & ~known["next_stage"].isin(final)
    keys = ["level", "item_id", *names]
    items = is_left.groupby([known[key] for key in keys], dropna=False, observed=True).any()
    tally = pd.DataFrame({"n": 1, "k": items.astype("int64")}).reset_index()
    table = sums_by(tally[["n", "k"]], tally[["level", *names]])
    table = table.assign(**with_interval(table["k"], table["n"], "reopen_rate"))
    columns = dict.fromkeys(["level", *names, *dtypes(ReopenRates)])
    return ReopenRates.validate(table[list(columns)])


def open_defects(defects: pd.DataFrame, *, as_of: AsOfInput) -> pd.DataFrame:
    """How many defects of each severity are open, and for how long?

    Parameters
    ----------
    defects
        `Defects`.
    as_of
        Status date; a later fix is not known yet.

    Returns
    -------
    pandas.DataFrame
        `OpenDefects`: one row per severity, in alphabetical order; ages in calendar days.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "defect_id": ["D1", "D2"], "found_in": "before_release", "severity": "Major",
    ...     "found_date": pd.to_datetime(["2024-06-10", "2024-06-20"]),
    ... })
    >>> open_defects(rows, as_of="2024-06-30")[["severity", "n_open", "median_age_days"]]
      severity  n_open  median_age_days
    0    Major       2             15.0
    """
    day = as_of_point(as_of).day
    known = complete(defects, Defects)
    is_open = ~(known["found_date"] > day) & ~(known["fixed_date"] <= day)
    known = known[is_open]
    age = days_between(known["found_date"], day)
    groups = age.groupby(known["severity"], dropna=False)
    table = pd.DataFrame(
        {
            "n_open": groups.size(),
            "n_undated": groups.size() - groups.count(),
            "median_age_days": groups.median(),
            "oldest_days": groups.max(),
        }
    ).astype({"n_open": "int64", "n_undated": "int64"})
    return OpenDefects.validate(table.reset_index()[list(dtypes(OpenDefects))])
