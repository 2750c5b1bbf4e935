"""How full are the teams' weeks, and with what?"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.metrics.delivery import first_true, one_of
from pmanalytics.schemas import Allocations, TeamLoad, dtypes, empty
from pmanalytics.tables import complete

FEWEST_PERSONS = 5
HALF_A_MINUTE = 1 / 120
HOURS = ["planned_hours", "logged_hours", "capacity_hours"]


def team_load(
    allocations: pd.DataFrame, *, as_of: AsOfInput, per: Literal["team", "person"] = "team"
) -> pd.DataFrame:
    """Which part of their hours is planned, which is worked, and in which weeks is it too much?

    Parameters
    ----------
    allocations
        `Allocations`.
    as_of
        Status date: hours worked in a week that is not over by then are not known yet.
    per
        'team' (default), or 'person' on request. Numbers of persons concern persons: those of
        teams with fewer than five are withheld.

    Returns
    -------
    pandas.DataFrame
        `TeamLoad`: one row per ISO week and team (or person), by team and week.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or `per` is neither of the two.

    Notes
    -----
    allocation = planned ÷ capacity, utilisation = logged ÷ capacity. A person's capacity counts
    once per week, however many rows share it; of a person in two teams, once in each team. It is
    judged week by week: an average over a quarter hides the weeks in which too much was planned.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "week_date": pd.to_datetime(["2024-06-03", "2024-06-04", "2024-06-03"]),
    ...     "team": "Helm", "person": ["Ada", "Ada", "Bo"], "planned_hours": [30.0, 14.0, 32.0],
    ...     "logged_hours": [36.0, 3.0, None], "capacity_hours": [40.0, 40.0, 40.0],
    ... })
    >>> team_load(rows, as_of="2024-06-30")[["week_date", "team", "allocation", "utilisation"]]
       week_date  team  allocation  utilisation
    0 2024-06-03  Helm        0.95        0.975
    """
    one_of("per", per, ("team", "person"))
    day = as_of_point(as_of).day
    booked = complete(allocations, Allocations)
    if booked.empty:
        return empty(TeamLoad)
    weeks = booked["week_date"].dt.normalize()
    monday = weeks - pd.to_timedelta(weeks.dt.day_of_week, unit="D")
    is_over = monday + pd.Timedelta(days=6) <= day
    booked = booked.assign(week_date=monday, logged_hours=booked["logged_hours"].where(is_over))
    units = _units(booked, ["week_date", "team", "person"])
    units["_size"] = units.groupby(["week_date", "team"], dropna=False)["person"].transform("count")
    if per == "person":
        units = _per_person(units)
    table = _loads(units, ["team", "week_date"] if per == "team" else ["person", "week_date"])
    table = _with_reasons(_withheld(table) if per == "person" else table, day)
    return TeamLoad.validate(table[list(dtypes(TeamLoad))].astype(dtypes(TeamLoad)))


def _units(booked: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return one row per person (or whole team) and week; the capacity its rows share is one."""
    rows = booked.groupby(keys, dropna=False)
    hours = rows[HOURS[:2]].sum(min_count=1)
    return hours.join(rows["capacity_hours"].max()).reset_index()


def _per_person(units: pd.DataFrame) -> pd.DataFrame:
    """Return one row per person and week, all teams together."""
    named = units[units["person"].notna()]
    rows = named.groupby(["week_date", "person"])
    first = rows[["team", "_size"]].agg({"team": "first", "_size": "min"})
    return _units(named, ["week_date", "person"]).merge(first.reset_index())


def _loads(units: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return shares and counts of each group of persons or teams."""
    planned, logged, capacity = (units[name] for name in HOURS)
    is_over = planned > capacity + HALF_A_MINUTE
    units = units.assign(
        _planned=planned.where(capacity.notna()),
        _plannable=capacity.where(planned.notna()),
        _logged=logged.where(capacity.notna()),
        _loggable=capacity.where(logged.notna()),
        n_persons=units["person"].notna().astype("int64"),
        n_over_allocated=(is_over & units["person"].notna()).astype("int64"),
        n_without_timesheet=(logged.isna() & ~(capacity == 0)).astype("int64"),
    )
    groups = units.groupby(keys, dropna=False)
    parts = ["_planned", "_plannable", "_logged", "_loggable", *HOURS]
    table = groups[parts].sum(min_count=1)
    counts = ["n_persons", "n_over_allocated", "n_without_timesheet"]
    table = table.join(groups[counts].sum()).join(groups["_size"].min())
    other = "person" if "team" in keys else "team"
    table[other] = groups["team"].first() if other == "team" else None
    table["allocation"] = table["_planned"] / table["_plannable"].where(table["_plannable"] > 0)
    table["utilisation"] = table["_logged"] / table["_loggable"].where(table["_loggable"] > 0)
    is_over = (table["_planned"] > table["_plannable"] + HALF_A_MINUTE).astype("boolean")
    table["is_over_allocated"] = is_over.mask(table["_planned"].isna())
    return table.reset_index().astype({"person": "str", "team": "str"})


def _withheld(table: pd.DataFrame) -> pd.DataFrame:
    """Hide the numbers of persons whose team is so small that they would stand out."""
    is_small = table["_size"] < FEWEST_PERSONS
    shown = ["allocation", "utilisation", "is_over_allocated", *HOURS]
    table[shown] = table[shown].mask(is_small)
    counts = ["n_over_allocated", "n_without_timesheet"]
    table[counts] = table[counts].astype("Int64").mask(is_small)
    return table.assign(_is_small=is_small)


def _with_reasons(table: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Say why a share is missing, and call no timesheet missing before its week is over."""
    is_running = table["week_date"] + pd.Timedelta(days=6) > day
    table["n_without_timesheet"] = table["n_without_timesheet"].mask(is_running, 0)
    is_small = table.get("_is_small", pd.Series(False, index=table.index))
    cases = [
        (is_small, f"withheld: its team has fewer than {FEWEST_PERSONS} persons"),
        (table["capacity_hours"].isna(), "capacity not known"),
        (table["capacity_hours"] == 0, "no capacity in this week"),
        (table["planned_hours"].isna(), "nothing planned is known"),
        (is_running, "the week is not over"),
        (table["utilisation"].isna(), "no timesheet"),
    ]
    return table.assign(reason=first_true(cases, None, table.index))
