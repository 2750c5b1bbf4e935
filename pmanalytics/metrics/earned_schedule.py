"""In which period should the work done so far have been done?

Earned schedule (Lipke 2003) reads the plan backwards: the earned value of today was planned for
some earlier or later period, and the difference is lateness in time. It needs a plan over periods
of equal length that begins with the project and only rises; where it is none, nothing is claimed.
"""

from __future__ import annotations

import pandas as pd

from pmanalytics.metrics.delivery import HALF_A_CENT, first_true

LEEWAY_DAYS = 4  # a weekend and a holiday may part a report from the end of its month
LATEST_START = 2  # periods before the first report in which a project may have begun

NOT_READABLE = {
    "is_apart": "its projects do not all report for the same periods",
    "is_single": "only one period is known",
    "is_late_start": "the reports begin long after the project",
    "is_irregular": "the periods are not of equal length",
    "has_gap": "the plan lacks the planned value of a period",
    "has_fall": "the planned value falls, so the plan was changed",
    "is_above": "the planned value goes above the budget at completion",
}


def earned_schedule(reports: pd.DataFrame) -> pd.DataFrame:
    """Return earned schedule and what follows from it, for each report.

    Parameters
    ----------
    reports
        One row per `series` and `period_end_date`, in that order, whole plans included: with
        `planned_value`, `earned_value` (missing where not known yet), `budget_at_completion`,
        `baseline_start_date` and `is_apart` (are its parts not to be seen as one plan?).

    Returns
    -------
    pandas.DataFrame
        `earned_schedule`, `actual_time`, `planned_duration`, `sv_t`, `spi_t`, `ieac_t_plan` and
        `ieac_t`, in periods, and `reason`.

    Notes
    -----
    ES = C + (EV − PV_C) ÷ (PV_C+1 − PV_C), with C the last period whose PV ≤ EV, PV_0 = 0; ES = 0
    where nothing is earned, and PD where all is. PD is the first period whose PV is BAC.
    SPI(t) = ES ÷ AT, IEAC(t) = AT + PD − ES or PD ÷ SPI(t). AT stops at completion.
    (Lipke & Henderson 2006; Vanhoucke 2009.)
    """
    series = reports["series"]
    period = series.groupby(series).cumcount() + 1.0
    flags = _flags(reports)
    is_readable = ~flags.any(axis="columns")
    earned, budget = reports["earned_value"], reports["budget_at_completion"]
    is_complete = earned >= budget - HALF_A_CENT
    completed = period.where(is_complete).groupby(series).transform("min")
    time = period.mask(is_complete, completed)

    plan = _plan(reports.assign(period=period))
    reached = _last_planned(budget - HALF_A_CENT, series, plan, may_equal=False)
    duration = (reached["period"] + 1).where(reached["next_value"].notna() & is_readable)
    schedule = _schedule(earned.where(budget.notna() & is_readable), series, plan)
    schedule = schedule.mask(is_complete, duration)

    is_begun = (earned > 0) | (reports["planned_value"] > 0)
    compared = schedule.where(is_begun)
    table = pd.DataFrame(
        {
            "earned_schedule": schedule,
            "actual_time": time.where(is_readable),
            "planned_duration": duration,
            "sv_t": compared - time,
            "spi_t": compared / time,
            "ieac_t_plan": time + duration - compared,
            "ieac_t": duration * time / compared.where(compared > 0),
        }
    )
    return table.assign(reason=_reasons(table, flags, reports))


def _schedule(earned: pd.Series, series: pd.Series, plan: pd.DataFrame) -> pd.Series:
    """Return C + (EV − PV_C) ÷ (PV_C+1 − PV_C), missing where the plan does not go that far."""
    found = _last_planned(earned, series, plan, may_equal=True)
    rest = earned - found["planned_value"]
    part = (rest / (found["next_value"] - found["planned_value"])).mask(rest == 0, 0.0)
    return (found["period"] + part).mask((earned == 0) & found["period"].notna(), 0.0)


def _plan(reports: pd.DataFrame) -> pd.DataFrame:
    """Return the planned value of each period, from 0 in period 0, with that of the next."""
    start = reports[["series"]].drop_duplicates().assign(period=0.0, planned_value=0.0)
    plan = pd.concat([start, reports[["series", "period", "planned_value"]]])
    plan = plan.dropna().sort_values(["series", "period"], ignore_index=True)
    plan["next_value"] = plan.groupby("series")["planned_value"].shift(-1)
    return plan.sort_values(["planned_value", "period"], ignore_index=True)


def _last_planned(
    values: pd.Series, series: pd.Series, plan: pd.DataFrame, *, may_equal: bool
) -> pd.DataFrame:
    """Return of each value the last period of its series that plans no more (or less) than it."""
    wanted = pd.DataFrame({"series": series, "value": values, "row": values.index})
    found = pd.merge_asof(
        wanted.dropna().sort_values("value"), plan, left_on="value", right_on="planned_value",
        by="series", allow_exact_matches=may_equal,
    )  # fmt: skip
    return found.set_index("row")[["period", "planned_value", "next_value"]].reindex(values.index)


def _flags(reports: pd.DataFrame) -> pd.DataFrame:
    """Return for each report what forbids to read its plan backwards."""
    series, planned = reports["series"], reports["planned_value"]
    groups = planned.groupby(series)
    is_gap = planned.isna() & groups.bfill().notna()
    is_fall = groups.diff() < -HALF_A_CENT
    ends = reports["period_end_date"].groupby(series)
    gap_days = ends.diff().dt.days.groupby(series).transform("max")
    lead_days = (ends.transform("min") - reports["baseline_start_date"]).dt.days
    is_single = ends.transform("size") == 1
    return pd.DataFrame(
        {
            "is_apart": reports["is_apart"],
            "is_single": is_single,
            "is_late_start": lead_days >= LATEST_START * gap_days,
            "is_irregular": ~is_single & ~_is_regular(reports["period_end_date"], series),
            "has_gap": is_gap.groupby(series).transform("any"),
            "has_fall": is_fall.groupby(series).transform("any"),
            "is_above": groups.transform("max") > reports["budget_at_completion"] + HALF_A_CENT,
        }
    )


def _is_regular(ends: pd.Series, series: pd.Series) -> pd.Series:
    """Tell whether periods are equal: in days, or as months that end about the same day."""
    months = ends.dt.year * 12 + ends.dt.month
    measures = pd.DataFrame(
        {
            "days": ends.groupby(series).diff().dt.days,
            "months": months.groupby(series).diff(),
            "day": ends.dt.day,
            "days_left": ends.dt.days_in_month - ends.dt.day,
        }
    )
    groups = measures.groupby(series)
    least = groups.transform("min")
    spread = groups.transform("max") - least
    is_same_day = spread[["day", "days_left"]].min(axis="columns") <= LEEWAY_DAYS
    is_monthly = (spread["months"] == 0) & (least["months"] > 0) & is_same_day
    return (spread["days"] == 0) | is_monthly


def _reasons(table: pd.DataFrame, flags: pd.DataFrame, reports: pd.DataFrame) -> pd.Series:
    """Return why times are missing; what is missing of the amounts themselves is not repeated."""
    earned, planned = reports["earned_value"], reports["planned_value"]
    has_plan = planned.groupby(reports["series"]).transform("count") > 0
    nothing = "no earned schedule: "
    is_silent = earned.isna() | reports["budget_at_completion"].isna() | ~has_plan
    cases = [
        (is_silent, ""),
        *((flags[name], nothing + text) for name, text in NOT_READABLE.items()),
        (table["earned_schedule"].isna(), nothing + "the plan is not known up to what is earned"),
        ((earned == 0) & (planned == 0), "no SPI(t): nothing was planned yet"),
        (table["planned_duration"].isna(), "no planned duration: the plan ends below the budget"),
        (earned == 0, "no IEAC(t) by SPI(t): nothing is earned yet"),
    ]
    return first_true(cases, "", reports.index)
