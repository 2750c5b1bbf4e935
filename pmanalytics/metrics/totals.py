"""Is a portfolio, or a part of it, on plan and on cost? Earned value added up."""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.metrics.delivery import HALF_A_CENT
from pmanalytics.metrics.earned_value import AMOUNTS, measured, prepared, usable_amounts
from pmanalytics.metrics.tallies import grouped, refuse_mixed
from pmanalytics.schemas import EarnedValue, Projects, dtypes, empty
from pmanalytics.tables import By, complete, group_columns

GROUP_AND_END = ["series", "period_end_date"]


def earned_value_totals(
    status_reports: pd.DataFrame,
    projects: pd.DataFrame | None = None,
    *,
    as_of: AsOfInput,
    by: By = None,
) -> pd.DataFrame:
    """Are all projects together, or those of each group, on plan and on cost?

    A total adds up, for each period end on which any of its projects reports, the last report of
    each by then: a finished project keeps its last amounts, and one that has not reported yet
    counts with nothing, not even its budget. So budgets grow as projects begin to report; the
    indices stay sound, as the amounts of each project are of one day. Reports that lack one of the
    four amounts are passed over; `n_left_out` counts projects that have no other.

    Parameters
    ----------
    status_reports, projects
        As in `earned_value`.
    as_of
        Status date.
    by
        Column or columns of `projects` to group by, or 'currency'.

    Returns
    -------
    pandas.DataFrame
        `EarnedValue` by group and period end, with `n_projects` and the `by` columns.

    Raises
    ------
    PMAnalyticsError
        If amounts in several currencies would be added up, or as in `earned_value`.

    Notes
    -----
    Indices are those of the sums, never means of indices: a large project weighs more. In a total
    one project ahead hides another behind, so read it beside the projects.

    Earned schedules are not added up. That of a total is read off the sum of the plans, and only
    where this is one plan: all its projects report from its first period end on, each until it is
    complete, and in equal periods.

    Examples
    --------
    >>> reports = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "period_end_date": pd.to_datetime(["2024-01-31"] * 2),
    ...     "planned_value": [40.0, 60.0], "earned_value": [20.0, 60.0], "currency": "EUR",
    ...     "actual_cost_to_date": [25.0, 75.0], "budget_at_completion": [100.0, 200.0],
    ... })
    >>> total = earned_value_totals(reports, as_of="2024-01-31")
    >>> total[["n_projects", "cpi", "spi", "eac_cpi"]]
       n_projects  cpi  spi  eac_cpi
    0           2  0.8  0.8    375.0
    """
    day = as_of_point(as_of).day
    reports = prepared(status_reports, projects, day)
    attributes = empty(Projects) if projects is None else complete(projects, Projects)
    facts = reports[["project_id", "currency"]].merge(
        attributes.drop(columns="currency"), on="project_id", how="left"
    )
    names = group_columns(facts, by, EarnedValue)
    reports["series"], groups = grouped(facts[names])
    _refuse_mixed(reports)
    sums = _sums(_grid(reports, day), day)
    parts = reports.groupby("series")
    labels = parts["currency"].first().to_frame()
    labels["baseline_start_date"] = parts["baseline_start_date"].min()
    table = measured(sums.join(labels, on="series"), day)
    table = pd.concat([groups.loc[table["series"]].reset_index(drop=True), table], axis="columns")
    table = table.loc[:, ~table.columns.duplicated()]
    return EarnedValue.validate(table[[*dict.fromkeys([*names, *dtypes(EarnedValue)])]])


def _refuse_mixed(reports: pd.DataFrame) -> None:
    """Refuse to add up amounts of several currencies."""
    is_added = ~reports["is_mixed"] & reports[AMOUNTS].notna().any(axis="columns")
    refuse_mixed(reports.loc[is_added, "currency"], reports["series"])


def _grid(reports: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return one row per period end of a group and project of it, with its last report by then.

    Of days to come it is the plan, missing where that of an unfinished project ends.
    """
    usable = reports.assign(**usable_amounts(reports))
    usable["budget_at_completion"] = usable.groupby("project_id")["budget_at_completion"].ffill()
    is_known = usable["period_end_date"] <= day
    is_report = is_known & usable[AMOUNTS].notna().all(axis="columns")
    members = (
        usable[is_known]
        .groupby(["series", "project_id"], as_index=False)
        .agg(first_report=("period_end_date", "min"))
    )
    is_counted = usable["project_id"].isin(usable.loc[is_report, "project_id"])
    is_plan = ~is_known & usable["planned_value"].notna() & is_counted
    dates = usable.loc[is_known | is_plan, GROUP_AND_END].drop_duplicates()
    last = usable.loc[is_report | is_plan, ["project_id", "period_end_date", *AMOUNTS]]
    grid = pd.merge_asof(
        dates.merge(members, on="series").sort_values("period_end_date"),
        last.assign(report_date=last["period_end_date"]).sort_values("period_end_date"),
        on="period_end_date",
        by="project_id",
    )
    is_carried = grid["report_date"] < grid["period_end_date"]
    is_future = grid["period_end_date"] > day
    has_ended = is_carried & ~(grid["planned_value"] >= grid["budget_at_completion"] - HALF_A_CENT)
    grid["planned_value"] = grid["planned_value"].mask(is_future & has_ended)
    is_unfinished = ~(grid["earned_value"] >= grid["budget_at_completion"] - HALF_A_CENT)
    return grid.assign(
        is_stale=is_carried & is_unfinished,
        is_counted=grid["report_date"].notna(),
        is_left_out=grid["report_date"].isna() & (grid["first_report"] <= grid["period_end_date"]),
        is_unplanned=grid["planned_value"].isna() & grid["report_date"].notna(),
    )


def _sums(grid: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the sums of each group and period end, as if it were one project."""
    groups = grid.groupby(GROUP_AND_END)
    sums = groups[AMOUNTS].sum(min_count=1)
    counts = groups[["is_counted", "is_left_out", "is_stale", "is_unplanned"]].sum()
    sums = sums.assign(
        n_projects=counts["is_counted"],
        n_left_out=counts["is_left_out"],
        is_stale=counts["is_stale"] > 0,
        is_unplanned=counts["is_unplanned"] > 0,
    ).reset_index()
    is_future = sums["period_end_date"] > day
    series = sums["series"]
    is_joined_later = sums["n_projects"].groupby(series).transform("nunique").ge(2)
    return sums.assign(
        planned_value=sums["planned_value"].mask(is_future & sums["is_unplanned"]),
        earned_value=sums["earned_value"].mask(is_future),
        actual_cost=sums["actual_cost"].mask(is_future),
        is_apart=is_joined_later | sums["is_stale"].groupby(series).cummax(),
        is_mixed=False,
        project_id=pd.Series(index=sums.index, dtype="str"),
    )
