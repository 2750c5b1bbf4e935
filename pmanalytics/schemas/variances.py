"""How far from the plan: distributions, plans that moved, estimates, and money in all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import Day, Table, count, optional, required, share
from pmanalytics.schemas.delivery import (
    CHANGES,
    COHORTS,
    EVERY,
    ON_TIME_STATES,
    RELIABILITIES,
    VARIANCES,
)


class VarianceDistributions(Table):
    """One row per measure and group: how far projects end from their plan, over is positive.

    Open projects that are late or over already count with what is certain so far, so with any of
    them each number is at least what it says.
    """

    measure: str = required("What is distributed", isin=VARIANCES)
    n: np.int64 = count("Projects whose variance is known")
    n_lower_bound: np.int64 = count("Of these, open: they can only end farther over")
    median: float = optional("Half of them end no farther over")
    p80: float = optional("80 % end no farther over")
    p90: float = optional("90 % end no farther over")
    worst: float = optional("None ends farther over")
    far_over_share: float = share("Share of them that is more than 20 % over; not of days")
    basis: str = required("baseline or rebaselined")


class VarianceTrends(Table):
    """One row per period, or window of periods: how far its projects ended from their plan.

    As in `VarianceDistributions`, an open project that is late or over counts with what is certain.
    """

    measure: str = required("What is distributed", isin=VARIANCES)
    cohort: str = required("due or finish: the date that names a project's period", isin=COHORTS)
    every: str = required("month, quarter or year", isin=EVERY)
    window: np.int64 = count("How many of these the row takes together")
    period_start_date: Day = required("First day")
    period_end_date: Day = required("Last day")
    is_complete: bool = required("Is its last day past?")
    n: np.int64 = count("Projects whose variance is known")
    n_lower_bound: np.int64 = count("Of these, open: they can only end farther over")
    median: float = optional("Half of them end no farther over")
    low: float = optional("Lower end of its 95 % interval")
    high: float = optional("Upper end of its 95 % interval")
    p85: float = optional("85 % end no farther over")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    basis: str = required("baseline or rebaselined")


class VarianceChanges(Table):
    """One row per view of the one comparison declared in advance: by due date and by finish date.

    `verdict` is what can be claimed: better or worse only where both views show it.
    """

    measure: str = required("What is distributed", isin=VARIANCES)
    cohort: str = required("due or finish: the date that names a project's period", isin=COHORTS)
    every: str = required("month, quarter or year", isin=EVERY)
    window: np.int64 = count("How many of these make up each side")
    then_start_date: Day = required("First day of the earlier periods")
    then_end_date: Day = required("Last day of them")
    now_start_date: Day = required("First day of the later periods")
    now_end_date: Day = required("Last day of them")
    median_then: float = optional("Median of the earlier periods")
    n_then: np.int64 = count("Projects of them whose variance is known")
    median_now: float = optional("Median of the later periods")
    n_now: np.int64 = count("Projects of them whose variance is known")
    difference: float = optional("median_now − median_then; above 0 is worse")
    low: float = optional("Lower end of its 95 % interval (bootstrap)")
    high: float = optional("Upper end of its 95 % interval")
    seen: str = required("What this view shows by itself", isin=CHANGES)
    views_agree: bool = required("Do both views show the same?")
    verdict: str = required("better, worse, no_clear_change or too_few", isin=CHANGES)
    basis: str = required("baseline or rebaselined")


class BaselineDrifts(Table):
    """One row per project: how far its due date was moved since its plan was first approved."""

    project_id: str = required("The project", unique=True)
    is_replanned: bool = required("Was its due date moved, or its plan approved anew?")
    drift_days: float = optional("Latest − first approved finish")
    rebaseline_count: pd.Int64Dtype = optional("How often the plan was approved anew")
    on_time: str = required("Verdict by the first plan", isin=ON_TIME_STATES)
    on_time_latest: str = required("Verdict by the latest plan", isin=ON_TIME_STATES)
    is_on_time_by_replanning: bool = required("Late by the first plan, on time by the latest?")


class Replanning(Table):
    """One row per group: how many plans were changed, and what being on time owes to that."""

    n: np.int64 = count("Projects")
    n_replanned: np.int64 = count("Of these, re-planned")
    median_drift_days: float = optional("Half of the re-planned were moved by no more than this")
    n_on_time_latest: np.int64 = count("On time by the latest plan, and judged by the first")
    n_by_replanning: np.int64 = count("Of these, late by the first plan")
    by_replanning_share: float = share("n_by_replanning ÷ n_on_time_latest")


class EstimateQuality(Table):
    """One row per finished project and what was estimated: how close its estimates were."""

    project_id: str = required("The project")
    measure: str = required("finish or cost", isin=["finish", "cost"])
    n_estimates: np.int64 = count("Estimates made")
    actual: float = optional("Days from start to finish, or the cost")
    eqf: float = optional("Estimating quality factor: the higher, the closer", ge=0)
    reason: str = optional("Why there is none")


class CostTotals(Table):
    """One row per group: budgets and costs of its finished projects added up, in one currency."""

    n: np.int64 = count("Finished projects with a budget and a cost")
    n_left_out: np.int64 = count("All others of the group")
    budget: float = optional("Sum of their budgets")
    actual_cost: float = optional("Sum of their costs")
    cost_variance: float = optional("Cost − budget")
    cost_variance_share: float = optional("The same ÷ budget")
    basis: str = required("baseline or rebaselined")


class OpenCommitments(Table):
    """One row per group: what its open projects are worth, and what they are expected to cost."""

    n: np.int64 = count("Open projects, on hold or not")
    n_late_open: np.int64 = count("Of these, past their due date")
    n_forecast: np.int64 = count("Of these, with a forecast finish and a due date")
    n_late_forecast: np.int64 = count("Of those, expected after their due date")
    n_no_budget: np.int64 = count("Open projects without a budget: in no sum")
    n_compared: np.int64 = count("Open projects with a budget and a forecast cost")
    n_over_forecast: np.int64 = count("Of these, expected over their budget")
    budget: float = required("Sum of the budgets of all")
    late_budget: float = required("Sum of the budgets of those past their due date")
    compared_budget: float = required("Sum of the budgets of those compared")
    forecast_cost: float = required("Sum of their forecast costs")
    overrun: float = optional("forecast_cost − compared_budget")
    overrun_share: float = optional("The same ÷ compared_budget")
    currency: str = optional("ISO code of the amounts")
    basis: str = required("baseline or rebaselined")


class RealCosts(Table):
    """One row per finished project with a budget: its overrun in the prices of its plan."""

    project_id: str = required("The project", unique=True)
    base_year: pd.Int64Dtype = optional("Year of the baseline start: the prices of the plan")
    budget: float = optional("The budget")
    nominal_cost: float = optional("Cost of all years, each in its own money")
    real_cost: float = optional("The same in prices of the base year")
    cost_variance_share: float = optional("nominal_cost ÷ budget − 1")
    real_cost_variance_share: float = optional("real_cost ÷ budget − 1")
    currency: str = optional("ISO code of the amounts")
    reason: str = optional("Why there is no real cost")
