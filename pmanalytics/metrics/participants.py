"""Who of a portfolio can take part in each measure."""

from __future__ import annotations

import pandas as pd

from pmanalytics.metrics.delivery import project_outcomes
from pmanalytics.metrics.quality import participation
from pmanalytics.metrics.rates import on_budget_rate, on_time_and_on_budget_rate, on_time_rate
from pmanalytics.metrics.stages import stage_visits
from pmanalytics.portfolio import Portfolio
from pmanalytics.schemas import LEVELS


def portfolio_rates(portfolio: Portfolio) -> pd.DataFrame:
    """How many projects are on time, on budget, and both, against the plan that is known?

    Parameters
    ----------
    portfolio
        The portfolio. Its `basis` is the plan to compare with.

    Returns
    -------
    pandas.DataFrame
        `Rates`: on time, on budget, both.

    Raises
    ------
    PMAnalyticsError
        If the projects do not fit their schema.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> portfolio_rates(load_portfolio("data/sample"))[["measure", "basis"]]
                     measure     basis
    0                on_time  baseline
    1              on_budget  baseline
    2  on_time_and_on_budget  baseline
    """
    projects, as_of, basis = portfolio.projects, portfolio.as_of, portfolio.basis
    rates = [
        on_time_rate(projects, as_of=as_of, basis=basis),
        on_budget_rate(projects, as_of=as_of, basis=basis),
        on_time_and_on_budget_rate(projects, as_of=as_of, basis=basis),
    ]
    return pd.concat(rates, ignore_index=True)


def portfolio_participation(portfolio: Portfolio) -> pd.DataFrame:
    """How many records of a portfolio can take part in each measure, and why can the others not?

    Parameters
    ----------
    portfolio
        The portfolio.

    Returns
    -------
    pandas.DataFrame
        `Participation`: rates first, then variances, then stage durations by level.

    Raises
    ------
    PMAnalyticsError
        If a table does not fit its schema.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> part = portfolio_participation(load_portfolio("data/sample"))
    >>> part[["measure", "n_records", "n_used"]][:1]
            measure  n_records  n_used
    0  on-time rate         90      53
    """
    as_of = portfolio.as_of
    visits = [
        stage_visits(
            portfolio.changes_of(level),
            portfolio.lifecycles.get(level),
            as_of=as_of,
            time_zone=portfolio.time_zone,
        )
        for level in LEVELS
    ]
    ids = {
        "product": portfolio.products["product_id"],
        "project": portfolio.projects["project_id"],
        "work_item": portfolio.work_items["item_id"],
    }
    outcomes = project_outcomes(portfolio.projects, as_of=as_of, basis=portfolio.basis)
    return participation(portfolio_rates(portfolio), outcomes, pd.concat(visits), ids)
