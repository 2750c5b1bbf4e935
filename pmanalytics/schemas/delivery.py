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
VARIANCES = ["finish_variance_days", "finish_variance_share", "cost_variance_share"]
BANDS = ["green", "amber", "red"]
COHORTS = ["due", "finish"]
EVERY = ["month", "quarter", "year"]
CHANGES = ["better", "worse", "no_clear_change", "too_few"]
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
    finish_band: str = optional("green to 10 %, amber to 30 %, red above", isin=BANDS)
    cost_variance: float = optional("Actual cost − budget, finished; open and over: a lower bound")
    cost_variance_share: float = optional("The same ÷ budget")
    cost_band: str = optional("green to 10 %, amber to 30 %, red above", isin=BANDS)
    is_lower_bound: bool = required("Open, and late or over: its variances can only grow?")
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


class RateTrends(Rates):
    """One row per period, or window of periods: the rate of the projects due or finished in it.

    By finish date the late ones still open are in no period, so that view flatters. Of a period
    that is not complete some projects cannot be judged yet: no trend ends in it.
    """

    cohort: str = required("due or finish: the date that names a project's period", isin=COHORTS)
    every: str = required("month, quarter or year", isin=EVERY)
    window: np.int64 = count("How many of these the row takes together")
    period_start_date: Day = required("First day")
    period_end_date: Day = required("Last day")
    is_complete: bool = required("Is its last day past, with the grace?")


class RateDifferences(Table):
    """One row per comparison of two rates of projects that are not in both."""

    measure: str = required("on_time, on_budget or on_time_and_on_budget")
    rate_then: float = share("Rate of the first group or period")
    k_then: np.int64 = count("Projects of it that succeeded")
    n_then: np.int64 = count("Projects of it judged")
    low_then: float = share("Lower end of its 95 % interval (Wilson)")
    high_then: float = share("Upper end of its 95 % interval")
    rate_now: float = share("Rate of the second group or period")
    k_now: np.int64 = count("Projects of it that succeeded")
    n_now: np.int64 = count("Projects of it judged")
    low_now: float = share("Lower end of its 95 % interval (Wilson)")
    high_now: float = share("Upper end of its 95 % interval")
    difference: float = optional("rate_now − rate_then")
    low: float = optional("Lower end of the 95 % interval of the difference (Newcombe)")
    high: float = optional("Upper end of that interval")
    verdict: str = required("better, worse, no_clear_change or too_few", isin=CHANGES)
    basis: str = required("baseline or rebaselined")
    population: str = required("due, resolved or finished")
    as_of: Day = required("The status date")


class RateChanges(RateDifferences):
    """One row per view of the one comparison declared in advance: by due date and by finish date.

    `verdict` is what can be claimed: better or worse only where both views show it.
    """

    cohort: str = required("due or finish: the date that names a project's period", isin=COHORTS)
    every: str = required("month, quarter or year", isin=EVERY)
    window: np.int64 = count("How many of these make up each side")
    then_start_date: Day = required("First day of the earlier periods")
    then_end_date: Day = required("Last day of them")
    now_start_date: Day = required("First day of the later periods")
    now_end_date: Day = required("Last day of them")
    seen: str = required("What this view shows by itself", isin=CHANGES)
    views_agree: bool = required("Do both views show the same?")
