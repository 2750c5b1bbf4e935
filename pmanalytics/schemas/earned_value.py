"""What work was planned, earned and paid for: earned value, earned schedule, tasks on time."""

from __future__ import annotations

import numpy as np

from pmanalytics.schemas.base import Day, Table, count, optional, required, share
from pmanalytics.schemas.delivery import RELIABILITIES


class EarnedValue(Table):
    """One row per project, or total of projects, and reporting period: is it on plan, on cost?

    Read `spi_t` before `spi`: the latter compares money, and rises to 1 by the end of every
    project, however late. Times are in reporting periods, counted from 1. What cannot be stated is
    missing, and `reason` says why.
    """

    project_id: str = optional("The project; empty in a total")
    period_end_date: Day = required("Last day of the period: the data date")
    n_projects: np.int64 = count("Projects in the row: of a total, those that have reported")
    n_left_out: np.int64 = count("Projects whose reports cannot be added up")
    spi_t: float = optional("Earned schedule ÷ actual time; below 1 is late")
    cpi: float = optional("EV ÷ AC; below 1 costs more than it earns")
    spi: float = optional("EV ÷ PV, in money; tends to 1 at the end of late projects, too")
    planned_value: float = optional("Budgeted cost of the work planned (PV)")
    earned_value: float = optional("Budgeted cost of the work done (EV)")
    actual_cost: float = optional("What the work done did cost (AC)")
    budget_at_completion: float = optional("Whole budget (BAC)")
    currency: str = optional("ISO code of all amounts of the row")
    sv: float = optional("EV − PV")
    cv: float = optional("EV − AC; below 0 is over cost")
    eac_plan: float = optional("Cost at completion if the rest costs what was planned")
    eac_cpi: float = optional("Cost at completion if the rest is as dear as the work so far")
    eac_composite: float = optional("Cost at completion if being late costs money, too: CPI · SPI")
    etc: float = optional("Cost still to come, by eac_cpi")
    vac: float = optional("BAC − eac_cpi; below 0 ends over budget")
    tcpi_bac: float = optional("CPI that the rest needs to end within BAC")
    tcpi_eac: float = optional("CPI that the rest needs to end at eac_cpi: that of the work so far")
    earned_schedule: float = optional("Period in which this much should have been earned (ES)")
    actual_time: float = optional("Period in which it was; that of completion once complete (AT)")
    planned_duration: float = optional("Period in which all should be earned (PD)")
    sv_t: float = optional("ES − AT, in periods; below 0 is late")
    ieac_t_plan: float = optional("Periods to completion if the rest goes as planned")
    ieac_t: float = optional("Periods to completion if the rest is as slow as the work so far")
    reason: str = optional("Why numbers are missing, or to be doubted")


class TaskIndices(Table):
    """One row per group: are as many tasks done as should be, and those that should be?

    `bei` counts any finished task, so work done early hides what is late; `hit_rate` does not.
    """

    bei: float = optional("Tasks done ÷ tasks due, both since the start")
    n_finished: np.int64 = count("Tasks of the baseline that are done, due or not")
    n_due: np.int64 = count("Tasks due by the status date")
    hit_rate: float = share("k ÷ n")
    k: np.int64 = count("Of the tasks due in the period, done by their baseline finish")
    n: np.int64 = count("Tasks due in the period")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    n_missing_baseline: np.int64 = count("Left out: no baseline finish date")
    period_start_date: Day = optional("First day of the period; empty: all since the start")
    as_of: Day = required("The status date: last day of the period")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    reason: str = optional("Why a number is missing")
