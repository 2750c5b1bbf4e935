"""Was it delivered: verdicts per project, and rates of them."""

from __future__ import annotations

import numpy as np

from pmanalytics.schemas.base import Day, Table, count, optional, required, share

ON_TIME_STATES = [
    "on_time", "late", "late_open", "early", "not_due", "cancelled", "missing_baseline", "invalid",
]  # fmt: skip
ON_BUDGET_STATES = [
    "on_budget", "over", "over_open", "undetermined", "cancelled", "missing_baseline",
]  # fmt: skip
BOTH_STATES = ["both", "not_both", "undetermined", "cancelled", "missing_baseline", "invalid"]
RELIABILITIES = ["too_few", "indicative", "ok"]


class ProjectOutcomes(Table):
    """One row per project: was it on time, on budget, both, and why.

    Every rate and every list of projects is a count or a selection of these rows.
    """

    project_id: str = required("The project", unique=True)
    on_time: str = required("Verdict on time", isin=ON_TIME_STATES)
    on_budget: str = required("Verdict on budget", isin=ON_BUDGET_STATES)
    both: str = required("Verdict on both, each project judged at its due date", isin=BOTH_STATES)
    reason: str = required("The verdicts in words")
    basis: str = required("baseline or rebaselined: the plan it is judged by")
    due_date: Day = optional("Finish by that plan")
    finish_variance_days: float = optional("Finish − due date; late and open: a lower bound")
    finish_variance_share: float = optional("The same ÷ planned days")
    cost_variance: float = optional("Actual cost − budget of finished projects")
    cost_variance_share: float = optional("The same ÷ budget")
    forecast_variance_days: float = optional("Forecast finish − due date, open projects")
    forecast_cost_variance_share: float = optional("Forecast cost ÷ budget − 1, open projects")


class Rates(Table):
    """One row per group: a rate with its count, its interval and everything left out of it.

    `n` plus the excluded counts is the number of projects of the group; `n_on_hold` is a part of
    the open ones. A rate that cannot be stated is missing, and `reason` says why.
    """

    measure: str = required("on_time, on_budget or on_time_and_on_budget")
    rate: float = share("k ÷ n, or the weighted share")
    k: np.int64 = count("Projects that succeeded")
    n: np.int64 = count("Projects judged")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    at_worst: float = share("Rate if all projects not yet decided were to fail")
    at_best: float = share("Rate if all projects not yet decided were to succeed")
    n_early: np.int64 = count("Left out: finished ahead of a due date still to come")
    n_not_due: np.int64 = count("Left out: open and not yet due")
    n_undetermined: np.int64 = count("Left out: not known yet")
    n_open_failed: np.int64 = count("Left out of population 'finished': open, already late or over")
    n_cancelled: np.int64 = count("Left out: cancelled")
    n_missing_baseline: np.int64 = count("Left out: no baseline to compare with")
    n_invalid: np.int64 = count("Left out: done without a finish date")
    n_on_hold: np.int64 = count("On hold, among the open ones")
    basis: str = required("baseline or rebaselined")
    population: str = required("due, resolved or finished")
    as_of: Day = required("The status date")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    reason: str = optional("Why there is no rate")


class RateSplits(Rates):
    """One row per column that the projects are split by, and group of it: the rate of the group.

    Of many splits some look different by chance alone.
    """

    split: str = required("The column split by")
    group: str = optional("The group; missing where the column is")
