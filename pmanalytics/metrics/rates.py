"""Which share of the projects is delivered on time, on budget, and both?

A rate is a count of `project_outcomes`. The default asks what was *due*: a rate over finished
projects only leaves out the late ones that are still open, and so flatters (survivorship).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.errors import UnknownOptionError
from pmanalytics.metrics.delivery import Basis, Cancelled, both_states, judged, one_of
from pmanalytics.metrics.tallies import (
    CLASSES,
    NOT_JUDGED,
    as_rates,
    classes,
    counted,
    grouped,
    refuse_mixed,
    stated,
    tally,
)
from pmanalytics.schemas import Rates, RateSplits, empty
from pmanalytics.tables import By, group_columns

Measure = Literal["on_time", "on_budget", "on_time_and_on_budget"]
Population = Literal["due", "resolved", "finished"]

POPULATIONS = {
    "on_time": ("due", "resolved", "finished"),
    "on_budget": ("resolved", "finished"),
    "on_time_and_on_budget": ("due", "resolved", "finished"),
}
OPTIONS = ("basis", "grace_days", "tolerance")


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
        'baseline_budget' weighs each project by its budget; those of a group
        must be in one currency.
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
    plan = classed(
        "on_time", projects, as_of=as_of, population=population, basis=basis,
        grace_days=grace_days, cancelled=cancelled,
    )  # fmt: skip
    labels = labelled("on_time", as_of, basis=basis, population=population)
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
        'baseline_budget' weighs each project by its budget; those of a group
        must be in one currency.
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
    plan = classed(
        "on_budget", projects, as_of=as_of, population=population, basis=basis,
        tolerance=tolerance, cancelled=cancelled,
    )  # fmt: skip
    labels = labelled("on_budget", as_of, basis=basis, population=population)
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
    plan = classed(
        "on_time_and_on_budget", projects, as_of=as_of, population=population, basis=basis,
        grace_days=grace_days, tolerance=tolerance, cancelled=cancelled,
    )  # fmt: skip
    labels = labelled("on_time_and_on_budget", as_of, basis=basis, population=population)
    return _rates(plan, projects, labels, by, weights=None)


def rate_splits(
    projects: pd.DataFrame,
    by: Sequence[str],
    *,
    as_of: AsOfInput,
    measure: Measure = "on_time",
    **options: Any,
) -> pd.DataFrame:
    """How does a rate differ by class, by product, by whoever answers for it?

    Parameters
    ----------
    projects
        `Projects`.
    by
        The columns to split by, one after the other.
    as_of
        Status date.
    measure
        'on_time', 'on_budget' or 'on_time_and_on_budget'.
    **options
        Those of its rate: population, basis, grace_days, tolerance, cancelled.

    Returns
    -------
    pandas.DataFrame
        `RateSplits`: one row per column and group.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    Of many splits some differ by chance: of twenty comparisons at 95 % one is a false alarm.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ...     "project_class": ["Large", "Small"], "line": "Platform",
    ... })
    >>> splits = rate_splits(rows, ["project_class", "line"], as_of="2024-06-30")
    >>> splits[["split", "group", "k", "n"]]
               split     group  k  n
    0  project_class     Large  1  1
    1  project_class     Small  0  1
    2           line  Platform  1  2
    """
    plan = classed(measure, projects, as_of=as_of, **options)
    labels = labelled(measure, as_of, **options)
    names = group_columns(projects, by, RateSplits)
    if not names:
        return empty(RateSplits)
    counts = pd.concat([_split(plan, projects[name]) for name in names], ignore_index=True)
    return RateSplits.validate(as_rates(stated(counts), plan, labels, ["split", "group"]))


def _split(plan: pd.DataFrame, column: pd.Series) -> pd.DataFrame:
    """Count the classes of each value of a column."""
    group, groups = grouped(column.reset_index(drop=True).to_frame("group"))
    counts = counted(group, len(groups), plan)
    return counts.assign(split=column.name, group=groups["group"].astype("str"))


def classed(
    measure: Measure,
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    population: str | None = None,
    cancelled: Cancelled = "exclude",
    **options: Any,
) -> pd.DataFrame:
    """Return the judged projects with the `class` in which each counts for a rate."""
    one_of("measure", measure, tuple(POPULATIONS))
    population = population or POPULATIONS[measure][0]
    one_of("population", population, POPULATIONS[measure])
    unknown = options.keys() - OPTIONS
    if unknown:
        raise UnknownOptionError("A rate", min(unknown), ["population", "cancelled", *OPTIONS])
    plan = judged(projects, as_of=as_of, cancelled=cancelled, **options)
    return with_classes(plan, measure, population, cancelled)


def with_classes(
    plan: pd.DataFrame, measure: Measure, population: str, cancelled: Cancelled = "exclude"
) -> pd.DataFrame:
    """Return judged projects with the `class` in which each counts for a rate."""
    if measure == "on_time_and_on_budget":
        not_judged = NOT_JUDGED[population]
        states = both_states(plan["on_time"], plan["on_budget"], not_judged=not_judged)
    else:
        states = plan[measure]
    is_open = ~(plan["is_done"] | plan["is_cancelled"])
    plan = plan.assign(
        **{"class": classes(states, population)}, is_on_hold=(plan["status"] == "on_hold") & is_open
    )
    if cancelled == "fail":
        is_failed = states == "cancelled"
        if population == "due":
            is_failed &= plan["is_past_due"]
        plan["class"] = plan["class"].mask(is_failed, CLASSES.index("n_failed"))
    return plan


def labelled(
    measure: Measure,
    as_of: AsOfInput,
    *,
    basis: str = "baseline",
    population: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Return what is said of a rate in its table."""
    population = population or POPULATIONS[measure][0]
    day = as_of_point(as_of).day
    return {"measure": measure, "basis": basis, "population": population, "as_of": day}


def _rates(
    plan: pd.DataFrame, projects: pd.DataFrame, labels: dict[str, Any], by: By, weights: str | None
) -> pd.DataFrame:
    """Count the classes of each group of projects, and state the rates."""
    names = group_columns(projects, by, Rates)
    group, groups = grouped(projects[names].reset_index(drop=True))
    weighted: tuple[pd.DataFrame, ...] = ()
    if weights is not None:
        plan = _weighed(plan, weights, group)
        squares = plan["weight"] ** 2
        weighted = tuple(tally(group, len(groups), plan, w) for w in (plan["weight"], squares))
    rates = stated(counted(group, len(groups), plan), *weighted)
    table = pd.concat([groups, rates], axis="columns")
    return Rates.validate(as_rates(table, plan, labels, names))


def _weighed(plan: pd.DataFrame, weights: str, group: NDArray[np.int64]) -> pd.DataFrame:
    """Return the plan with the `weight` of each project; who cannot be weighed is not judged."""
    one_of("weights", weights, ("baseline_budget",))
    is_judged = plan["class"] < CLASSES.index("n_early")
    is_added = (plan["class"] < CLASSES.index("n_cancelled")) & plan[weights].notna()
    refuse_mixed(plan.loc[is_added, "currency"], group[is_added])
    is_unknown = is_judged & plan[weights].isna()
    class_of = plan["class"].mask(is_unknown, CLASSES.index("n_missing_baseline"))
    return plan.assign(**{"class": class_of, "weight": plan[weights].fillna(0.0)})
