"""How often were plans changed, and how good were the estimates on the way?

Whoever is judged by the latest plan can become punctual by changing it, so a re-planned portfolio
is told by both plans.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput, days_between
from pmanalytics.metrics.delivery import FAILURES, SUCCESSES, first_true, judged
from pmanalytics.metrics.tallies import grouped
from pmanalytics.quantiles import grouped_quantiles
from pmanalytics.schemas import (
    BaselineDrifts,
    EstimateQuality,
    Forecasts,
    Replanning,
    dtypes,
)
from pmanalytics.tables import By, complete, group_columns, in_kinds


def baseline_drift(projects: pd.DataFrame, *, as_of: AsOfInput) -> pd.DataFrame:
    """How far was each project's due date moved, and is it on time only because of that?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.

    Returns
    -------
    pandas.DataFrame
        `BaselineDrifts`, in the order of `projects`.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an id repeats.

    Notes
    -----
    drift = rebaselined finish − baseline finish, in calendar days.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["One"], "status": ["done"],
    ...     "baseline_finish_date": pd.to_datetime(["2023-12-31"]),
    ...     "rebaselined_finish_date": pd.to_datetime(["2024-03-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-02-10"]),
    ... })
    >>> baseline_drift(rows, as_of="2024-06-30")[["drift_days", "is_on_time_by_replanning"]]
       drift_days  is_on_time_by_replanning
    0        91.0                      True
    """
    first = judged(projects, as_of=as_of, basis="baseline")
    latest = judged(projects, as_of=as_of, basis="rebaselined")
    drift = days_between(first["baseline_finish_date"], first["rebaselined_finish_date"])
    is_counted = first["rebaseline_count"].fillna(0) > 0
    table = pd.DataFrame(
        {
            "project_id": first["project_id"],
            "is_replanned": (is_counted | (drift.fillna(0) != 0)).astype(bool),
            "drift_days": drift,
            "rebaseline_count": first["rebaseline_count"],
            "on_time": first["on_time"],
            "on_time_latest": latest["on_time"],
            "is_on_time_by_replanning": first["on_time"].isin(FAILURES)
            & latest["on_time"].isin(SUCCESSES),
        }
    )
    return BaselineDrifts.validate(table.astype({"rebaseline_count": "Int64"}))


def replanning(projects: pd.DataFrame, *, as_of: AsOfInput, by: By = None) -> pd.DataFrame:
    """How many plans were changed, by how much, and how much of being on time rests on it?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `Replanning`: one row per group.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or unknown, or an id repeats.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["One"], "status": ["done"],
    ...     "baseline_finish_date": pd.to_datetime(["2023-12-31"]),
    ...     "rebaselined_finish_date": pd.to_datetime(["2024-03-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-02-10"]),
    ... })
    >>> plans = replanning(rows, as_of="2024-06-30")
    >>> plans[["n_replanned", "median_drift_days", "n_by_replanning"]]
       n_replanned  median_drift_days  n_by_replanning
    0            1               91.0                1
    """
    drift = baseline_drift(projects, as_of=as_of)
    names = group_columns(projects, by, Replanning)
    group, groups = grouped(projects[names].reset_index(drop=True))
    is_on_time = drift["on_time_latest"].isin(SUCCESSES)
    counts = {
        "n": drift["on_time"].notna(),
        "n_replanned": drift["is_replanned"],
        "n_on_time_latest": is_on_time & drift["on_time"].isin(SUCCESSES | FAILURES),
        "n_by_replanning": drift["is_on_time_by_replanning"],
    }
    table = groups.assign(
        **{name: np.bincount(group[each], minlength=len(groups)) for name, each in counts.items()}
    )
    is_moved = (drift["is_replanned"] & drift["drift_days"].notna()).to_numpy()
    moved = drift.loc[is_moved, "drift_days"]
    table["median_drift_days"] = grouped_quantiles(moved, group[is_moved], len(groups), [0.5])[:, 0]
    on_time = table["n_on_time_latest"]
    table["by_replanning_share"] = table["n_by_replanning"] / on_time.where(on_time > 0)
    return Replanning.validate(table[[*names, *dtypes(Replanning)]])


def estimate_quality(
    forecasts: pd.DataFrame, projects: pd.DataFrame, *, as_of: AsOfInput
) -> pd.DataFrame:
    """How close were the estimates of a finished project to what came, over its life?

    Parameters
    ----------
    forecasts
        `Forecasts`: the estimates and the days they were made.
    projects
        `Projects`.
    as_of
        Status date.

    Returns
    -------
    pandas.DataFrame
        `EstimateQuality`: one row per finished project and what was estimated, in the order of
        `projects`: its finish (as the days from its start), then its cost. A cost estimated in
        another currency than it was spent in has no quality, and a reason.

    Raises
    ------
    PMAnalyticsError
        If a table does not fit.

    Notes
    -----
    Estimating quality factor (DeMarco 1982, Controlling Software Projects): ∫ actual dt ÷
    ∫ |actual − estimate(t)| dt, from the start, or the first estimate if that came later, to the
    finish; an estimate holds until the next. DeMarco's average is near 4; 8 to 9 is very good. It
    grades estimating, not delivery.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["One"], "status": ["done"],
    ...     "actual_start_date": pd.to_datetime(["2024-01-01"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-04-10"]),
    ... })
    >>> estimates = pd.DataFrame({
    ...     "project_id": ["P1", "P1"], "made_date": pd.to_datetime(["2024-01-01", "2024-02-10"]),
    ...     "forecast_finish_date": pd.to_datetime(["2024-03-21", "2024-04-10"]),
    ... })
    >>> estimate_quality(estimates, rows, as_of="2024-06-30")[["measure", "actual", "eqf"]]
      measure  actual   eqf
    0  finish   100.0  12.5
    1    cost     NaN   NaN
    """
    plan = judged(projects, as_of=as_of)
    plan = plan[plan["is_done"]].assign(
        start=lambda table: table["actual_start_date"].fillna(table["baseline_start_date"])
    )
    days = days_between(plan["start"], plan["finish"]).where(lambda lasted: lasted > 0)
    plan = plan.assign(order=np.arange(len(plan)), days=days)
    estimates = complete(forecasts, Forecasts)[[*dtypes(Forecasts)]].merge(
        plan[["project_id", "order", "start", "finish", "days", "actual_cost", "currency"]],
        on="project_id", suffixes=("", "_of_project"),
    )  # fmt: skip
    estimates["estimated_days"] = days_between(
        estimates["start"], estimates["forecast_finish_date"]
    )
    tables = [
        _quality(plan.assign(is_foreign=False), plan["days"], estimates, "finish",
                 ("estimated_days", "days")),
        _quality(plan.assign(is_foreign=plan["project_id"].isin(_in_another(estimates))),
                 plan["actual_cost"], estimates, "cost", ("forecast_cost", "actual_cost")),
    ]  # fmt: skip
    table = pd.concat(tables).sort_values(["order", "rank"]).reset_index(drop=True)
    kinds = dtypes(EstimateQuality)
    return EstimateQuality.validate(in_kinds(table, kinds)[[*kinds]])


def _in_another(estimates: pd.DataFrame) -> pd.Series:
    """Return the projects whose cost was estimated in another currency than it was spent in."""
    both = estimates["forecast_cost"].notna() & estimates["actual_cost"].notna()
    pairs = estimates[both].dropna(subset=["currency", "currency_of_project"])
    return pairs.loc[pairs["currency"] != pairs["currency_of_project"], "project_id"]


def _quality(
    plan: pd.DataFrame,
    actual: pd.Series,
    estimates: pd.DataFrame,
    measure: str,
    columns: tuple[str, str],
) -> pd.DataFrame:
    """Integrate the error of a step function per project."""
    estimated, came = columns
    steps = estimates.dropna(subset=[estimated]).sort_values(["order", "made_date"], kind="stable")
    start, finish = steps["start"].fillna(steps["made_date"]), steps["finish"]
    until = steps.groupby("order")["made_date"].shift(-1).fillna(finish)
    until = until.where(until < finish, finish)
    held = days_between(steps["made_date"].clip(lower=start), until)
    held = held.clip(lower=0)
    error = held * (steps[came] - steps[estimated]).abs()
    sums = pd.DataFrame({"held": held, "error": error, "n": 1}).groupby(steps["order"]).sum()
    sums = sums.reindex(plan["order"], fill_value=0).set_index(plan.index)
    lasted = sums["held"] * actual
    cases = [
        (actual.isna(), "what came is not known"),
        (plan["is_foreign"], "estimated in another currency than spent"),
        (sums["n"] == 0, "no estimate"),
        (plan["finish"].isna(), "its finish is not known"),
        (sums["held"] == 0, "no estimate before the finish"),
        (sums["error"] == 0, "every estimate was right"),
    ]
    return pd.DataFrame(
        {
            "order": plan["order"],
            "rank": ["finish", "cost"].index(measure),
            "project_id": plan["project_id"],
            "measure": measure,
            "n_estimates": sums["n"],
            "actual": actual,
            "eqf": (lasted / sums["error"].where(sums["error"] > 0)).mask(plan["is_foreign"]),
            "reason": first_true(cases, None, plan.index),
        }
    )
