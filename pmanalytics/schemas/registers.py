"""What registers add up to: risks, the load of teams, and defects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import LEVELS, Day, Table, count, money, optional, required, share
from pmanalytics.schemas.delivery import RELIABILITIES


class RiskExposure(Table):
    """One row per group: what its open risks may cost on average.

    `exposure` leaves out the risks without an assessment: they are counted, not taken for harmless.
    """

    exposure: float = money("Sum of probability · cost over open, assessed risks")
    currency: str = optional("Its currency")
    any_share: float = share("Probability that at least one occurs, if none depends on another")
    n_open: np.int64 = count("Risks open on the status date, those being mitigated included")
    n_unassessed: np.int64 = count("Of these, without a probability or a cost: not in the sum")
    n_closed: np.int64 = count("Closed by then without having occurred")
    n_occurred: np.int64 = count("Occurred by then")
    as_of: Day = required("The status date")
    reason: str = optional("Why there is no sum")


class ExposureOverTime(Table):
    """One row per date: what the risks then open may cost, each as it is assessed now."""

    date: Day = required("The date", unique=True)
    exposure: float = money("Sum of probability · cost over the risks open on that date")
    currency: str = optional("Its currency")
    n_open: np.int64 = count("Risks open on that date")
    n_unassessed: np.int64 = count("Of these, without a probability or a cost: not in the sum")
    n_undated: np.int64 = count("Left out: the days it was opened or closed are not known")


class RiskHygiene(Table):
    """One row per open risk: is it looked after?"""

    risk_id: str = required("The risk", unique=True)
    project_id: str = optional("The project it threatens")
    name: str = optional("What may happen")
    owner: str = optional("Who watches it")
    age_days: float = optional("Status date − opened_date", ge=0)
    review_due_date: Day = optional("Day of its next review")
    is_review_overdue: bool = required("Has that day passed?")
    has_no_owner: bool = required("Does nobody watch it?")
    has_no_assessment: bool = required("Is its probability or its cost missing?")


class TeamLoad(Table):
    """One row per week and team, or person: what was planned and worked of the hours there were.

    A share compares only hours whose capacity is known, and time worked only where there is a
    timesheet: a missing one is not a week of idling. A share above 1 stays as it is.
    """

    week_date: Day = required("Monday of the ISO week")
    team: str = optional("The team; of a person in several, the first")
    person: str = optional("The person, where asked for")
    allocation: float = optional("Planned ÷ capacity", ge=0)
    utilisation: float = optional("Logged ÷ capacity, of those with a timesheet", ge=0)
    is_over_allocated: pd.BooleanDtype = optional("Is more planned than there is capacity?")
    planned_hours: float = optional("Hours planned", ge=0)
    logged_hours: float = optional("Hours worked, as far as there are timesheets", ge=0)
    capacity_hours: float = optional("Hours there are, each person's counted once", ge=0)
    n_persons: np.int64 = count("Persons booked in that week; 0 where rows are of whole teams")
    n_over_allocated: pd.Int64Dtype = optional("Of these, planned above their own capacity", ge=0)
    n_without_timesheet: pd.Int64Dtype = optional(
        "Of these, without a timesheet; 1 where the whole team has none", ge=0
    )
    reason: str = optional("Why a share is missing")


class DefectRemoval(Table):
    """One row per group: which share of its defects was found before customers met them."""

    removal_rate: float = share("Found before release ÷ all")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    escaped_share: float = share("Found after release ÷ all: 1 − removal_rate")
    n: np.int64 = count("Defects found by the status date")
    n_before: np.int64 = count("Of these, before release")
    n_after: np.int64 = count("Of these, after release")
    as_of: Day = required("The status date")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)


class ReopenRates(Table):
    """One row per level and group: which share of the finished items was taken up again."""

    level: str = required("product, project or work_item", isin=LEVELS)
    reopen_rate: float = share("k ÷ n")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    k: np.int64 = count("Items that left a final stage again")
    n: np.int64 = count("Items that ever entered one")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)


class OpenDefects(Table):
    """One row per severity: how many defects are open, and since when."""

    severity: str = optional("How bad they are")
    n_open: np.int64 = count("Found and not fixed by the status date")
    n_undated: np.int64 = count("Of these, without the day they were found")
    median_age_days: float = optional("Half are at most this old")
    oldest_days: float = optional("Age of the oldest")
