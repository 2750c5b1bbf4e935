"""What is committed to the work still open, and how far is it expected to exceed that?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from pmanalytics.calendars import AsOfInput
from pmanalytics.metrics.delivery import Basis, judged, variances
from pmanalytics.metrics.tallies import grouped, refuse_mixed
from pmanalytics.schemas import OpenCommitments, dtypes
from pmanalytics.tables import By, group_columns, in_kinds


def open_commitments(
    projects: pd.DataFrame, *, as_of: AsOfInput, basis: Basis = "baseline", by: By = None
) -> pd.DataFrame:
    """How much is committed to open projects, to late ones, and what will they cost in the end?

    The population is every project open on the status date, on hold or not.

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    basis
        As in `project_outcomes`.
    by
        Column or columns to group by; 'currency' may be one.

    Returns
    -------
    pandas.DataFrame
        `OpenCommitments`: one row per group.

    Raises
    ------
    MixedCurrenciesError
        If amounts in several currencies would be added.
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    A full count, so no intervals. Overrun = Σ forecast cost − Σ budget of the projects that have
    both: gains of some projects offset the losses of others, and forecasts are their owners' own.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2", "P3"], "name": ["One", "Two", "Three"], "status": "open",
    ...     "baseline_finish_date": pd.to_datetime(["2024-05-31", "2024-12-31", "2024-07-31"]),
    ...     "baseline_budget": [100.0, 80.0, 50.0], "forecast_cost": [100.0, None, 65.0],
    ...     "currency": "EUR",
    ... })
    >>> totals = open_commitments(rows, as_of="2024-06-30")
    >>> totals[["n", "budget", "n_late_open", "late_budget", "n_compared", "overrun"]]
       n  budget  n_late_open  late_budget  n_compared  overrun
    0  3   230.0            1        100.0           2     15.0
    """
    plan = judged(projects, as_of=as_of, basis=basis)
    names = group_columns(projects, by, OpenCommitments)
    group, groups = grouped(projects[names].reset_index(drop=True))
    is_open = ~(plan["is_done"] | plan["is_cancelled"])
    is_added = is_open & (plan["budget"].notna() | plan["forecast_cost"].notna())
    refuse_mixed(plan.loc[is_added, "currency"], group[is_added])
    numbers = _numbers(plan)[is_open]
    sums = numbers.groupby(group[is_open]).sum().reindex(groups.index, fill_value=0)
    currency = plan.loc[is_added, "currency"].groupby(group[is_added]).first()
    budget = sums["compared_budget"].where(sums["compared_budget"] > 0)
    table = groups.join(sums).assign(
        overrun=(sums["forecast_cost"] - sums["compared_budget"]).where(sums["n_compared"] > 0),
        overrun_share=sums["forecast_cost"] / budget - 1,
        currency=currency.reindex(groups.index),
        basis=basis,
    )
    kinds: dict[str, Any] = dtypes(OpenCommitments)
    return OpenCommitments.validate(in_kinds(table, kinds)[[*names, *kinds]])


def _numbers(plan: pd.DataFrame) -> pd.DataFrame:
    """Return for each open project what it adds to each count and sum."""
    far = variances(plan)
    is_late = plan["on_time"] == "late_open"
    has_both = plan["budget"].notna() & plan["forecast_cost"].notna()
    over = far["forecast_cost_variance_share"].round(9) > 0
    return pd.DataFrame(
        {
            "n": 1,
            "n_late_open": is_late,
            "n_forecast": far["forecast_variance_days"].notna(),
            "n_late_forecast": far["forecast_variance_days"] > 0,
            "n_no_budget": plan["budget"].isna(),
            "n_compared": has_both,
            "n_over_forecast": has_both & over,
            "budget": plan["budget"],
            "late_budget": plan["budget"].where(is_late, 0),
            "compared_budget": plan["budget"].where(has_both, 0),
            "forecast_cost": plan["forecast_cost"].where(has_both, 0),
        }
    )
