"""What became of comparable projects, and what that says of those still open."""

from __future__ import annotations

import numpy as np

from pmanalytics.schemas.base import Day, Table, count, money, optional, required, share
from pmanalytics.schemas.delivery import RELIABILITIES

MEASURES = ["duration", "cost"]
RATIO_STATES = ["finished", "open", "cancelled", "no_baseline", "not_recorded"]


class PlanRatios(Table):
    """One row per project and measure: what it took ÷ what its baseline allowed.

    1.2 is a fifth more than planned. An open project's ratio is the one reached so far: it will
    end above it.
    """

    project_id: str = required("The project")
    name: str = required("What people call it")
    measure: str = required("duration or cost", isin=MEASURES)
    state: str = required(
        "finished, open, cancelled, no_baseline (none, or of 0), or not_recorded (done, but its "
        "finish or cost is missing)",
        isin=RATIO_STATES,
    )
    ratio: float = optional("Actual ÷ baseline; so far, of an open project")


class ReferenceClasses(Table):
    """One row per class and measure: what its projects took, as a multiple of their baseline.

    The uplift is the ratio − 1. Kaplan–Meier: open projects count as "more than so far". A
    number that cannot be stated is missing, and `reason` says why.
    """

    measure: str = required("duration or cost", isin=MEASURES)
    n: np.int64 = count("Projects compared: finished and open")
    n_finished: np.int64 = count("Of these, finished")
    n_open: np.int64 = count("Of these, open: their end is still to come")
    n_cancelled: np.int64 = count("Left out: cancelled")
    n_no_baseline: np.int64 = count("Left out: no baseline to compare with, or one of 0")
    n_not_recorded: np.int64 = count("Left out: done, but the finish or the cost is missing")
    p50_ratio: float = optional("Half of the projects end at or below this multiple")
    p50_low: float = optional("Lower end of its 95 % interval")
    p50_high: float = optional("Upper end of its 95 % interval; missing where there is none yet")
    p80_ratio: float = optional("80 % end at or below this multiple")
    p80_low: float = optional("Lower end of its 95 % interval")
    p80_high: float = optional("Upper end of its 95 % interval; missing where there is none yet")
    p90_ratio: float = optional("90 % end at or below this multiple")
    p90_low: float = optional("Lower end of its 95 % interval")
    p90_high: float = optional("Upper end of its 95 % interval; missing where there is none yet")
    over_share: float = share("Projects that end above their baseline")
    as_of: Day = required("The status date")
    reliability: str = required(
        "too_few below the number asked for, indicative below 20 finished, else ok",
        isin=RELIABILITIES,
    )
    reason: str = optional("Why a number is missing")


class ProjectForecasts(Table):
    """One row per open project: when and at what cost projects like it would end.

    P50 is as likely to be missed as met; P80 is met by four in five. Both already know how far
    this project has come.
    """

    project_id: str = required("The project", unique=True)
    name: str = required("What people call it")
    baseline_finish_date: Day = optional("First approved finish")
    forecast_finish_date: Day = optional("Finish expected by its owner")
    p50_finish_date: Day = optional("Half of the projects like it would have finished by then")
    p80_finish_date: Day = optional("80 % of the projects like it would have finished by then")
    duration_ratio: float = optional("Days since its planned start ÷ planned days, so far")
    n_duration: np.int64 = count("Finished projects of its class with a duration")
    n_duration_beyond: np.int64 = count("Of these, took more than this one so far")
    duration_reliability: str = required(
        "too_few, indicative or ok; by the fewer of the two counts", isin=RELIABILITIES
    )
    duration_reason: str = optional("Why a date is missing")
    baseline_budget: float = money("First approved budget")
    forecast_cost: float = money("Cost expected by its owner")
    p50_cost: float = money("Half of the projects like it would have cost no more")
    p80_cost: float = money("80 % of the projects like it would have cost no more")
    currency: str = optional("ISO code of all amounts of the row")
    cost_ratio: float = optional("Cost ÷ budget, so far; 0 where no cost is recorded")
    n_cost: np.int64 = count("Finished projects of its class with a cost")
    n_cost_beyond: np.int64 = count("Of these, cost more than this one so far")
    cost_reliability: str = required(
        "too_few, indicative or ok; by the fewer of the two counts", isin=RELIABILITIES
    )
    cost_reason: str = optional("Why an amount is missing")
    as_of: Day = required("The status date")


class Backtests(Table):
    """One row per class, measure and quantile: how such forecasts of finished projects turned out.

    A P80 is honest if about 80 % of the outcomes were at or below it, and useful if its loss is
    smaller than that of the plan itself.
    """

    measure: str = required("duration or cost", isin=MEASURES)
    quantile: float = share("0.5, 0.8 or 0.9: the share that ought to be covered")
    n: np.int64 = count("Finished projects that could be forecast")
    n_not_forecast: np.int64 = count("Left out: too few like them were known, or not reached")
    k: np.int64 = count("Of the n, ended at or below their forecast")
    covered_share: float = share("k ÷ n")
    low: float = share("Lower end of its 95 % Wilson interval")
    high: float = share("Upper end of its 95 % Wilson interval")
    loss: float = optional("Mean pinball loss of the forecasts, in multiples of the baseline")
    plan_loss: float = optional("The same, had the baseline itself been the forecast")
    learned_from: str = required("finished_before or all_others: what a forecast could know")
    as_of: Day = required("The status date")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    reason: str = optional("Why there is no number")


class PublishedUplifts(Table):
    """One row per published figure: what to add to an estimate of a project of that class.

    Each stands in the source named; figures that could not be checked there are left out.
    """

    project_class: str = required("Kind of project, in the words of the source")
    measure: str = required("duration, cost (capital) or operating_cost")
    level: str = required("P50, P80 (share of projects within it), or upper, lower bound")
    uplift_share: float = required("To be added, as a share of the estimate")
    source: str = required("Who published it")
    year: np.int64 = required("Year of publication")
