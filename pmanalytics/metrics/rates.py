"""Which share of the projects is delivered on time, on budget, and both?

A rate is a count of `project_outcomes`. The default asks what was *due*: a rate over finished
projects only leaves out the late ones that are still open, and so flatters (survivorship).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput
from pmanalytics.errors import MixedCurrenciesError
from pmanalytics.intervals import wilson
from pmanalytics.metrics.delivery import Basis, Cancelled, both_states, judged, one_of, verdict
from pmanalytics.schemas import Day, Rates
from pmanalytics.tables import group_columns

Population = Literal["due", "resolved", "finished"]
By = str | Sequence[str] | None

TOO_FEW, INDICATIVE = 5, 20
NO_FINISHES = "no project records an actual finish"
NOBODY = "no project can be judged"
NO_BUDGETS = "no project can be judged on its budget"
NOT_JUDGED_ON_BUDGET = ["missing_baseline", "undetermined", "cancelled"]
NO_WEIGHT = "all the weights are 0"
NOT_JUDGED = {"due": {"early"}, "resolved": set(), "finished": {"late_open", "over_open"}}
EXCLUDED = {
    "n_early": ["early"],
    "n_not_due": ["not_due"],
    "n_undetermined": ["undetermined"],
    "n_open_failed": ["late_open", "over_open"],
    "n_cancelled": ["cancelled"],
    "n_missing_baseline": ["missing_baseline"],
    "n_invalid": ["invalid"],
}


def on_time_rate(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    population: Population = "due",
    basis: Basis = "baseline",
    grace_days: int = 0,
    cancelled: Cancelled = "exclude",
    weights: Literal["baseline_budget"] | None = None,
    by: By = None,
) -> pd.DataFrame:
    """Which share of the projects was finished on time?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    population
        'due' (default): every project whose due date has passed, finished or not.
        'resolved': also those finished ahead of a due date to come, which flatters a short window.
        'finished': finished ones only, which leaves out the late ones still open.
    basis, grace_days, cancelled
        As in `project_outcomes`; 'fail' counts cancelled projects as not on time.
    weights
        'baseline_budget' weighs each project by its budget; all must be in one currency.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `Rates`: one row per group, with count, 95 % Wilson interval (of the effective number of
        projects where weighted) and the number of each class left out.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown, or budgets in several currencies would be added.

    Notes
    -----
    rate = on time ÷ (on time + late + open and late).

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ... })
    >>> on_time_rate(rows, as_of="2024-06-30")[["rate", "k", "n", "reliability"]]
       rate  k  n reliability
    0   0.5  1  2     too_few
    """
    one_of("population", population, ("due", "resolved", "finished"))
    plan = judged(projects, as_of=as_of, basis=basis, grace_days=grace_days, cancelled=cancelled)
    plan["state"] = plan["on_time"]
    plan["verdict"] = verdict(plan["state"], not_judged=NOT_JUDGED[population])
    if cancelled == "fail":
        plan = _with_cancelled_failed(plan, population)
    labels = {"measure": "on_time", "basis": basis, "population": population}
    return _rates(plan, projects, labels, by, weights)


def on_budget_rate(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    population: Literal["resolved", "finished"] = "resolved",
    basis: Basis = "baseline",
    tolerance: float = 0.0,
    cancelled: Cancelled = "exclude",
    weights: Literal["baseline_budget"] | None = None,
    by: By = None,
) -> pd.DataFrame:
    """Which share of the projects stayed within budget?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    population
        'resolved' (default): finished projects, and open ones that have already spent more than
        their budget. An open project can only fail here, so read it beside 'finished', which
        counts finished ones only.
    basis, tolerance, cancelled
        As in `project_outcomes`; 'fail' counts cancelled projects as not on budget.
    weights
        'baseline_budget' weighs each project by its budget; all must be in one currency.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `Rates`: one row per group, with count, 95 % Wilson interval and what was left out.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown, or budgets in several currencies would be added.

    Notes
    -----
    rate = on budget ÷ (on budget + over + open and over). On budget means cost ≤ budget ·
    (1 + tolerance), to half a cent. Each project is judged in its own currency.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_budget": [100.0, 80.0], "actual_cost": [95.0, 85.0], "currency": "EUR",
    ... })
    >>> on_budget_rate(rows, as_of="2024-06-30")[["rate", "k", "n"]]
       rate  k  n
    0   0.5  1  2
    """
    one_of("population", population, ("resolved", "finished"))
    plan = judged(projects, as_of=as_of, basis=basis, tolerance=tolerance, cancelled=cancelled)
    plan["state"] = plan["on_budget"]
    plan["verdict"] = verdict(plan["state"], not_judged=NOT_JUDGED[population])
    if cancelled == "fail":
        plan = _with_cancelled_failed(plan, population)
    labels = {"measure": "on_budget", "basis": basis, "population": population}
    return _rates(plan, projects, labels, by, weights)


def on_time_and_on_budget_rate(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    population: Population = "due",
    basis: Basis = "baseline",
    grace_days: int = 0,
    tolerance: float = 0.0,
    cancelled: Cancelled = "exclude",
    by: By = None,
) -> pd.DataFrame:
    """Which share of the projects was both on time and on budget?

    A project known to miss either fails; one that met both succeeds; all others are not known and
    left out, counted (three-valued AND).

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    population
        As in `on_time_rate`, for the part of the verdict that concerns time.
    basis, grace_days, tolerance, cancelled
        As in `project_outcomes`; 'fail' counts cancelled projects as failures.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `Rates`: one row per group, with count, 95 % Wilson interval and what was left out.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-12-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ...     "baseline_budget": [100.0, 80.0], "actual_cost": [95.0, 85.0], "currency": "EUR",
    ... })
    >>> on_time_and_on_budget_rate(rows, as_of="2024-06-30")[["rate", "k", "n"]]
       rate  k  n
    0   0.5  1  2
    """
    one_of("population", population, ("due", "resolved", "finished"))
    plan = judged(
        projects, as_of=as_of, basis=basis, grace_days=grace_days, tolerance=tolerance,
        cancelled=cancelled,
    )  # fmt: skip
    not_judged = NOT_JUDGED[population]
    plan["state"] = both_states(plan["on_time"], plan["on_budget"], not_judged=not_judged)
    plan["verdict"] = verdict(plan["state"])
    if cancelled == "fail":
        plan = _with_cancelled_failed(plan, population)
    labels = {"measure": "on_time_and_on_budget", "basis": basis, "population": population}
    return _rates(plan, projects, labels, by, weights=None)


def _with_cancelled_failed(plan: pd.DataFrame, population: Population) -> pd.DataFrame:
    """Count cancelled projects as failures; with 'due' only those whose due date has passed."""
    is_failed = plan["state"] == "cancelled"
    if population == "due":
        is_failed &= plan["is_past_due"]
    return plan.assign(verdict=plan["verdict"].mask(is_failed, other=False))


def _rates(
    plan: pd.DataFrame,
    projects: pd.DataFrame,
    labels: dict[str, str],
    by: By,
    weights: str | None,
) -> pd.DataFrame:
    """Count verdicts and exclusions per group of projects."""
    weight = _weights(plan, weights)
    is_judged = plan["verdict"].notna() & weight.notna()
    is_success = plan["verdict"].fillna(value=False) & is_judged
    weight = weight.where(is_judged, 0.0)
    is_open = ~(plan["is_done"] | plan["is_cancelled"])
    tally = pd.DataFrame(
        {
            "k": is_success.astype("int64"),
            "n": is_judged.astype("int64"),
            "n_on_hold": ((plan["status"] == "on_hold") & is_open).astype("int64"),
            "_weight": weight,
            "_weight_of_k": weight.where(is_success, 0.0),
            "_weight_squared": weight**2,
            **_exclusions(plan["state"], is_judged),
        }
    )
    names = group_columns(projects, by, Rates)
    sums = _group_sums(tally, projects, names)
    table = sums.assign(**_stated(sums), **labels, as_of=plan["day"].max(), reason=None)
    table = _with_reasons(table, plan, labels["measure"])
    columns = [*names, *Rates.to_schema().columns]
    return Rates.validate(table[columns].astype({"reason": "str", "as_of": Day}))


def _weights(plan: pd.DataFrame, weights: str | None) -> pd.Series:
    if weights is None:
        return pd.Series(1.0, index=plan.index)
    one_of("weights", weights, ("baseline_budget",))
    is_added = plan["verdict"].notna() & plan[weights].notna()
    currencies = plan.loc[is_added, "currency"].dropna().unique()
    if len(currencies) > 1:
        raise MixedCurrenciesError(currencies)
    return plan[weights]


def _exclusions(states: pd.Series, is_judged: pd.Series) -> dict[str, pd.Series]:
    """Return one column per class left out; who has a verdict but no weight lacks a baseline."""
    left_out = {column: ~is_judged & states.isin(names) for column, names in EXCLUDED.items()}
    has_verdict = ~states.isin([name for names in EXCLUDED.values() for name in names])
    left_out["n_missing_baseline"] |= ~is_judged & has_verdict
    return {column: is_one.astype("int64") for column, is_one in left_out.items()}


def _group_sums(tally: pd.DataFrame, projects: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    if not names:
        return tally.groupby(np.zeros(len(tally))).sum().reset_index(drop=True)
    groups = [projects[name].reset_index(drop=True) for name in names]
    return tally.groupby(groups, dropna=False, observed=True).sum().reset_index()


def _stated(sums: pd.DataFrame) -> dict[str, object]:
    """Return rate, interval and reliability of each group."""
    judged_weight = sums["_weight"].where(sums["_weight"] > 0)
    rate = sums["_weight_of_k"] / judged_weight
    n_effective = judged_weight**2 / sums["_weight_squared"]
    low, high = wilson(rate * n_effective, n_effective)
    reliability = np.select(
        [sums["n"] < TOO_FEW, sums["n"] < INDICATIVE], ["too_few", "indicative"], "ok"
    )
    return {
        "rate": rate,
        "low": low,
        "high": high,
        "reliability": pd.Series(reliability, index=sums.index, dtype="str"),
    }


def _with_reasons(table: pd.DataFrame, plan: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Say why there is no rate, and withhold one that is 0 % for want of finishes or budgets."""
    is_done = plan["status"] == "done"
    has_finishes = (is_done & plan["actual_finish_date"].notna()).any()
    if measure == "on_budget":
        has_finishes = has_finishes or is_done.any()
    if not has_finishes and (plan["status"] != "cancelled").any():
        return table.assign(rate=np.nan, low=np.nan, high=np.nan, reason=NO_FINISHES)
    if measure == "on_time_and_on_budget" and plan["on_budget"].isin(NOT_JUDGED_ON_BUDGET).all():
        return table.assign(rate=np.nan, low=np.nan, high=np.nan, reason=NO_BUDGETS)
    reason = table["reason"].mask(table["rate"].isna(), NO_WEIGHT).mask(table["n"] == 0, NOBODY)
    return table.assign(reason=reason)
