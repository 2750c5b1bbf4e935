"""When the rest will be done, how much will be done, and whether such forecasts held."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import Day, Table, count, optional, required, share
from pmanalytics.schemas.delivery import RELIABILITIES

HISTORY_RELIABILITY = (
    "By the fewer of its items and periods with one: too_few below 5, indicative below 20, else ok"
)


class CompletionForecasts(Table):
    """One row per group and quantile: when its backlog will be done.

    Half of the trials miss the 0.5; of twenty, three miss the 0.85. The dates of two groups do not
    add up: both together end later than either quantile says.
    """

    quantile: float = share("0.5, 0.85 or 0.95: the share of the trials to be done")
    backlog: np.int64 = count("Items to do; the fewest, where several sizes are equally likely")
    backlog_at_most: np.int64 = count("The most of them; the same where one size is given")
    periods: pd.Int64Dtype = optional("Periods after the status date until all is done", ge=0)
    finish_date: Day = optional("The day on which the last of these periods ends")
    done_share: float = share("Trials done by then: at least the quantile, for periods are whole")
    done_share_error: float = share("Standard error of that share, as only so many were drawn")
    n_trials: np.int64 = count("Trials drawn")
    n_periods: np.int64 = count("Complete periods of the past that were drawn from")
    n_finished: np.int64 = count("Items finished in them")
    period_days: pd.Int64Dtype = optional("Length of a period", ge=1)
    history_start_date: Day = optional("First day of the past that was drawn from")
    history_end_date: Day = optional("Its last day")
    as_of: Day = required("The status date")
    reliability: str = required(HISTORY_RELIABILITY, isin=RELIABILITIES)
    reason: str = optional("Why there is no date")


class CountForecasts(Table):
    """One row per group and quantile: how many items will be finished by a date.

    The surer one wants to be, the fewer they are. Only whole periods before the date count.
    """

    quantile: float = share("0.5, 0.85 or 0.95: the share of the trials that finish as many")
    until_date: Day = required("The date asked about")
    periods: pd.Int64Dtype = optional("Whole periods from the status date to it", ge=0)
    items: pd.Int64Dtype = optional("Items finished in these, at least", ge=0)
    reached_share: float = share("Trials that finish as many: at least the quantile")
    reached_share_error: float = share("Standard error of that share, as only so many were drawn")
    n_trials: np.int64 = count("Trials drawn")
    n_periods: np.int64 = count("Complete periods of the past that were drawn from")
    n_finished: np.int64 = count("Items finished in them")
    period_days: pd.Int64Dtype = optional("Length of a period", ge=1)
    history_start_date: Day = optional("First day of the past that was drawn from")
    history_end_date: Day = optional("Its last day")
    as_of: Day = required("The status date")
    reliability: str = required(HISTORY_RELIABILITY, isin=RELIABILITIES)
    reason: str = optional("Why there is no count")


class ThroughputBacktests(Table):
    """One row per group and quantile: had one forecast in the past, how often would it have held?

    A forecast is honest if it held about as often as it promised, and useful if its loss is smaller
    than those of the two simple rules.
    """

    quantile: float = share("0.5, 0.85 or 0.95: how often the forecast ought to hold")
    horizon: np.int64 = required("Periods that each forecast looked ahead", ge=1)
    n: np.int64 = count("Past days on which a forecast could be made and its outcome is known")
    n_not_forecast: np.int64 = count("Left out: too little was known before them")
    n_separate: np.int64 = count("Forecasts among the n whose periods do not overlap, at most")
    k: np.int64 = count("Of the n, as many items were finished as forecast, or more")
    held_share: float = share("k ÷ n")
    low: float = share("Lower end of its 95 % Wilson interval, as of n_separate forecasts")
    high: float = share("Upper end of its 95 % Wilson interval, as of n_separate forecasts")
    loss: float = optional("Mean pinball loss of the forecasts, in items")
    mean_rate_loss: float = optional("The same, had each period been like the mean of those before")
    last_rate_loss: float = optional("The same, had each period been like the last one before")
    mean_items: float = optional("Items forecast, on average")
    mean_below_half: float = optional("How far that lies below the 0.5, on average, in items")
    period_days: pd.Int64Dtype = optional("Length of a period", ge=1)
    as_of: Day = required("The status date")
    reliability: str = required(
        "By n_separate: too_few below 5, indicative below 20, else ok", isin=RELIABILITIES
    )
    reason: str = optional("Why there is no number")
