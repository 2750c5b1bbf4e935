"""How far from the plan: distributions, plans that moved, estimates, and money in all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import Table, count, optional, required, share
from pmanalytics.schemas.delivery import ON_TIME_STATES, VARIANCES


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
