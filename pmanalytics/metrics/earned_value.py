"""Is each project on plan and on cost, and where will it end?

Earned value compares what was planned by a day (PV), what was done of it (EV, at the planned price)
and what that did cost (AC). Read `spi_t` first: SPI compares money and drifts to 1 as a project
ends, however late it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.errors import UnfitTableError
from pmanalytics.metrics.delivery import HALF_A_CENT, first_true
from pmanalytics.metrics.earned_schedule import earned_schedule
from pmanalytics.schemas import EarnedValue, Projects, StatusReports, dtypes, empty
from pmanalytics.tables import complete

REPORT = ["project_id", "period_end_date"]
AMOUNTS = ["planned_value", "earned_value", "actual_cost", "budget_at_completion"]
MIXED = "amounts in several currencies"
NOBODY = "no project has a report that can be used"

Cases = list[tuple[pd.Series, object]]


def earned_value(
    status_reports: pd.DataFrame,
    projects: pd.DataFrame | None = None,
    *,
    as_of: AsOfInput,
) -> pd.DataFrame:
    """Is each project on plan and on cost in each period, and where will it end?

    The population is every report up to `as_of`. Of later ones only the planned value is used: the
    plan was made before. Give the whole plan, so that it is known how long the project should take.

    Parameters
    ----------
    status_reports
        `StatusReports`, cumulative. Rows of later periods may hold a `planned_value` only.
    projects
        `Projects`: their `baseline_budget` where a report has no `budget_at_completion`, and their
        `baseline_start_date`, to notice reports that do not begin with the project.
    as_of
        Status date.

    Returns
    -------
    pandas.DataFrame
        `EarnedValue`, by project and period. Amounts are in the currency of the row, indices are
        ratios, times are reporting periods. Where a number is undefined, `reason` says why.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or a project has two reports of one period or two rows.

    Notes
    -----
    SV = EV − PV, CV = EV − AC, SPI = EV ÷ PV, CPI = EV ÷ AC. EAC = AC + (BAC − EV) ÷ PF with PF of
    1, CPI and CPI · SPI. ETC = EAC − AC and VAC = BAC − EAC, by CPI. TCPI = (BAC − EV) ÷ (target −
    AC), so that TCPI to `eac_cpi` is CPI again (DAU Gold Card 2013). For the times see Lipke &
    Henderson 2006: the earned schedule is the period by which the plan would have earned as much.

    All amounts of a project that mixes currencies, and an EV above BAC, are taken for unknown.

    Examples
    --------
    >>> reports = pd.DataFrame({
    ...     "project_id": "P1",
    ...     "period_end_date": pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31"]),
    ...     "planned_value": [40.0, 80.0, 100.0], "earned_value": [20.0, 60.0, None],
    ...     "actual_cost_to_date": [25.0, 80.0, None], "budget_at_completion": 100.0,
    ... })
    >>> earned_value(reports, as_of="2024-02-29")[["spi_t", "cpi", "spi", "eac_cpi", "ieac_t"]]
       spi_t   cpi   spi     eac_cpi  ieac_t
    0   0.50  0.80  0.50  125.000000     6.0
    1   0.75  0.75  0.75  133.333333     4.0
    """
    day = as_of_point(as_of).day
    reports = prepared(status_reports, projects, day)
    reports = reports.assign(series=reports["project_id"], is_apart=False, n_left_out=0)
    table = measured(reports.assign(n_projects=1), day)
    return EarnedValue.validate(table[[*dtypes(EarnedValue)]])


def reports_from_projects(projects: pd.DataFrame, *, as_of: AsOfInput) -> pd.DataFrame:
    """What can be said where only a percent complete is known, and no plan over time?

    The population is every project with a `percent_complete`, or done, unless its record is newer
    than `as_of`. Pass the result to `earned_value`: it gives CPI, and the cost at completion. It
    gives SPI only once all should be done; before, it is not known how much was planned by now, and
    a percent complete beside the share of time gone is no substitute. It never gives SPI(t).

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date: the end of the one period of each project, unless its `updated_date` is
        earlier.

    Returns
    -------
    pandas.DataFrame
        `StatusReports`, one row per project: EV = percent complete · baseline budget, AC = actual
        cost, PV = baseline budget from the baseline finish date on, else missing.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["One"], "status": ["open"], "percent_complete": [0.4],
    ...     "baseline_budget": [100.0], "actual_cost": [50.0], "currency": ["EUR"],
    ... })
    >>> reports = reports_from_projects(rows, as_of="2024-06-30")
    >>> earned_value(reports, as_of="2024-06-30")[["cpi", "spi", "eac_cpi", "reason"]]
       cpi  spi  eac_cpi                          reason
    0  0.8  NaN    125.0  no SPI: no planned value given
    """
    day = as_of_point(as_of).day
    known = complete(projects, Projects)
    is_done = (known["status"] == "done") & ~(known["actual_finish_date"] > day)
    done = known["percent_complete"].mask(known["percent_complete"].isna() & is_done, 1.0)
    known = known.assign(done=done, end=known["updated_date"].fillna(day))
    known = known[known["done"].notna() & (known["end"] <= day)]
    is_planned = known["baseline_finish_date"] <= known["end"]
    budget = known["baseline_budget"]
    reports = pd.DataFrame(
        {
            "project_id": known["project_id"],
            "period_end_date": known["end"],
            "planned_value": budget.where(is_planned),
            "earned_value": known["done"] * budget,
            "actual_cost_to_date": known["actual_cost"],
            "budget_at_completion": budget,
            "currency": known["currency"],
        }
    )
    return reports.reset_index(drop=True)


def prepared(
    status_reports: pd.DataFrame, projects: pd.DataFrame | None, day: pd.Timestamp
) -> pd.DataFrame:
    """Return the reports by project and period, with their budget and what is known on the day.

    Later amounts than the planned ones are missing. `is_mixed` tells of several currencies.
    """
    reports = complete(status_reports, StatusReports)[[*dtypes(StatusReports)]]
    repeated = reports.loc[reports.duplicated(REPORT), "project_id"]
    if len(repeated):
        raise UnfitTableError(
            "StatusReports", f"has two reports of project {repeated.iloc[0]!r} for one period"
        )
    plans = empty(Projects) if projects is None else complete(projects, Projects)
    plans = plans[["project_id", "baseline_start_date", "baseline_budget", "currency"]]
    reports = reports.rename(columns={"actual_cost_to_date": "actual_cost"})
    reports = reports.merge(plans, on="project_id", how="left", suffixes=(None, "_of_project"))
    reports = reports.sort_values(REPORT, ignore_index=True)

    is_lacking = reports["budget_at_completion"].isna()
    budget = reports["budget_at_completion"].fillna(reports["baseline_budget"])
    borrowed = reports["currency_of_project"].where(is_lacking)
    currencies = pd.concat([reports["currency"], borrowed]).groupby(
        pd.concat([reports["project_id"], reports["project_id"]])
    )
    is_known = reports["period_end_date"] <= day
    return reports.assign(
        budget_at_completion=budget,
        currency=reports["currency"].fillna(reports["currency_of_project"]),
        is_mixed=reports["project_id"].map(currencies.nunique().ge(2)).astype(bool),
        earned_value=reports["earned_value"].where(is_known),
        actual_cost=reports["actual_cost"].where(is_known),
    )


def measured(reports: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the measures of each report up to the day, beside its columns.

    The reports are sorted by `series` (a project, or a total) and period.
    """
    usable = reports.assign(**usable_amounts(reports))
    times = earned_schedule(usable)
    planned, earned, cost, budget = (usable[name] for name in AMOUNTS)
    cpi, spi = _ratio(earned, cost), _ratio(earned, planned)
    work = budget - earned
    estimates = estimates_at_completion(budget, work, cost, cpi=cpi, spi=spi)
    table = reports.assign(
        **estimates,
        **times.drop(columns="reason"),
        cpi=cpi,
        spi=spi,
        sv=earned - planned,
        cv=earned - cost,
        etc=estimates["eac_cpi"] - cost,
        vac=budget - estimates["eac_cpi"],
        tcpi_bac=_to_complete(work, budget - cost),
        tcpi_eac=_to_complete(work, estimates["eac_cpi"] - cost),
        reason=_reasons(reports, usable, times["reason"]),
    )
    return table[table["period_end_date"] <= day].reset_index(drop=True)


def usable_amounts(reports: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the amounts, each missing where it cannot be right."""
    is_mixed = reports["is_mixed"]
    amounts = {name: reports[name].where(~is_mixed) for name in AMOUNTS}
    budget = amounts["budget_at_completion"]
    amounts["budget_at_completion"] = budget.where(budget > HALF_A_CENT)
    earned = amounts["earned_value"]
    is_above = earned > amounts["budget_at_completion"] + HALF_A_CENT
    capped = earned.clip(upper=amounts["budget_at_completion"].fillna(np.inf))
    return amounts | {"earned_value": capped.mask(is_above)}


def estimates_at_completion(
    budget: Any, work: Any, cost: Any, *, cpi: Any, spi: Any
) -> dict[str, Any]:
    """Return what all may cost at completion, if the remaining work goes as planned, or as so far.

    >>> estimates_at_completion(4000, 1500, 2800, cpi=2500 / 2800, spi=2500 / 3000)["eac_plan"]
    4300
    """
    return {
        "eac_plan": cost + work,
        "eac_cpi": _ratio(budget, cpi),
        "eac_composite": cost + _ratio(work, cpi * spi),
    }


def _ratio(part: Any, whole: Any) -> Any:
    """Return a quotient, missing where its denominator is 0."""
    return part / np.where(np.asarray(whole) == 0, np.nan, whole)


def _to_complete(work: pd.Series, money: pd.Series) -> pd.Series:
    return (work / money.where(money > 0)).where(work > HALF_A_CENT)


def _reasons(reports: pd.DataFrame, usable: pd.DataFrame, times: pd.Series) -> pd.Series:
    """Return in words what is missing and why, or to be doubted."""
    said = pd.Series("", index=reports.index, dtype="str")
    for cases in (*_missing(reports, usable), [(times != "", times)], *_remarks(usable)):
        said += first_true(cases, "", reports.index) + "; "
    said = said.str.replace(r"(; )+", "; ", regex=True).str.strip("; ")
    said = said.mask(reports["is_mixed"], MIXED).mask(reports["n_projects"] == 0, NOBODY)
    return said.where(said != "").astype("str")


def _missing(reports: pd.DataFrame, usable: pd.DataFrame) -> list[Cases]:
    """Return for each amount what is undefined for want of it."""
    planned, earned, cost, budget = (usable[name] for name in AMOUNTS)
    is_above = reports["earned_value"] > budget + HALF_A_CENT
    return [
        [
            (reports["budget_at_completion"] <= HALF_A_CENT, "no EAC: the budget is 0"),
            (budget.isna(), "no EAC and no earned schedule: no budget at completion given"),
        ],
        [
            (is_above, "no index: the earned value is above the budget at completion"),
            (earned.isna(), "no index: no earned value given"),
            ((earned == 0) & (cost > 0), "no EAC by CPI: nothing is earned yet"),
        ],
        [
            (cost.isna(), "no CPI and no EAC: no actual cost given"),
            (cost == 0, "no CPI: there is no cost yet"),
        ],
        [
            (planned.isna(), "no SPI: no planned value given"),
            (planned == 0, "no SPI: nothing was planned yet"),
        ],
    ]


def _remarks(usable: pd.DataFrame) -> list[Cases]:
    """Return what there is to say of the remaining work, and of amounts that fell."""
    _, earned, cost, budget = (usable[name] for name in AMOUNTS)
    is_left = budget - earned > HALF_A_CENT
    is_done = budget - earned <= HALF_A_CENT
    falls = {
        name: usable[name].groupby(usable["series"]).diff() < -HALF_A_CENT
        for name in ("earned_value", "actual_cost")
    }
    return [
        [
            (is_done, "no TCPI: all work is done"),
            (is_left & (cost >= budget), "no TCPI: budget exhausted"),
        ],
        [(falls["earned_value"], "doubtful: the earned value fell")],
        [(falls["actual_cost"], "doubtful: the cost fell; is it that of single periods?")],
    ]
