"""What did projects cost in all: in one currency, and in the prices of their plan?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput
from pmanalytics.errors import (
    MissingColumnsError,
    UnknownCurrenciesError,
    counted,
)
from pmanalytics.metrics.delivery import Basis, first_true, judged
from pmanalytics.metrics.tallies import grouped, refuse_mixed
from pmanalytics.portfolio import Portfolio
from pmanalytics.schemas import (
    FURTHER_TABLES,
    CostByYear,
    CostTotals,
    ExchangeRates,
    PriceIndex,
    RealCosts,
    Table,
    dtypes,
    money_columns,
)
from pmanalytics.tables import By, complete, group_columns

NOT_ADDING_UP = 0.01


def in_currency(
    table: pd.DataFrame, exchange_rates: pd.DataFrame, *, currency: str
) -> pd.DataFrame:
    """What are all amounts of a table in one currency?

    Parameters
    ----------
    table
        A table with a currency: `Projects`, `Risks`, `StatusReports`, ….
    exchange_rates
        `ExchangeRates`. One rate per currency, for budgets and costs alike, so that no overrun
        comes from a market: best that of the day of the budget.
    currency
        ISO code of the currency to convert to.

    Returns
    -------
    pandas.DataFrame
        The table with its amounts converted; all else is as it was.

    Raises
    ------
    UnknownCurrenciesError
        If a rate is missing: all that are missing are named.
    MissingColumnsError
        If the table has no currency.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": "open",
    ...     "baseline_budget": [100.0, 200.0], "currency": ["EUR", "USD"],
    ... })
    >>> rates = pd.DataFrame({"currency": ["EUR", "USD"], "exchange_rate": [1.0, 0.9]})
    >>> in_currency(rows, rates, currency="EUR")[["baseline_budget", "currency"]]
       baseline_budget currency
    0            100.0      EUR
    1            180.0      EUR
    """
    if "currency" not in table:
        raise MissingColumnsError("The table", ["currency"], table.columns)
    rates = _by(exchange_rates, ExchangeRates, "currency", "exchange_rate")
    # The reports' own currency, worth 1 of itself, may go without a row.
    if currency not in rates and not (rates == 1).any():
        rates[currency] = 1.0
    amounts = table[[name for name in table.columns if name in money_columns()]]
    theirs = table.loc[amounts.notna().any(axis="columns"), "currency"]
    unknown = {*theirs.fillna("(none)"), currency}.difference(rates.index)
    if unknown:
        raise UnknownCurrenciesError(unknown, rates.index)
    factor = table["currency"].map(rates).astype(float) / rates[currency]
    converted = {name: column.astype(float) * factor for name, column in amounts.items()}
    is_known = table["currency"].notna()
    return table.assign(**converted, currency=table["currency"].mask(is_known, currency))


def in_main_currency(portfolio: Portfolio) -> Portfolio:
    """What is there to add up, in one currency?

    Parameters
    ----------
    portfolio
        Its `exchange_rates` say what is converted, and into the currency whose rate is 1. Without
        rates the most frequent currency of its tables is the main one.

    Returns
    -------
    Portfolio
        The same with all amounts in its main currency. Where a currency has no rate, a project has
        no amounts, a record of another table is left out, and `notes` say how many there are.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> portfolio = load_portfolio("data/sample")
    >>> sorted(portfolio.risks["currency"].dropna().unique())
    ['EUR', 'USD']
    >>> in_main_currency(portfolio).risks["currency"].dropna().unique().tolist()
    ['EUR']
    """
    rates = portfolio.exchange_rates
    tables = {name: getattr(portfolio, name) for name in ("projects", *FURTHER_TABLES)}
    tables = {n: t for n, t in tables.items() if "currency" in t and n != "exchange_rates"}
    used = pd.concat([table["currency"] for table in tables.values()]).dropna()
    own = rates.loc[rates["exchange_rate"] == 1, "currency"]
    main = next(iter([*own, *used.mode()]), None)
    if main is None:
        return portfolio
    known = [main, *rates["currency"]]
    converted, notes = {}, list(portfolio.notes)
    for name, table in tables.items():
        is_unknown = table["currency"].notna() & ~table["currency"].isin(known)
        if is_unknown.any():
            others = ", ".join(sorted(table.loc[is_unknown, "currency"].unique()))
            noun = name.replace("_", " ")
            n_left_out = counted(int(is_unknown.sum()), "row")
            notes.append(f"Sums leave out {n_left_out} of {noun} in {others}: no exchange rate.")
        if name == "projects":  # it is late or not whatever it is paid in
            amounts = [column for column in table if column in money_columns()]
            kept = table.assign(**table[[*amounts, "currency"]].mask(is_unknown))
        else:
            kept = table[~is_unknown].reset_index(drop=True)
        has_other = kept["currency"].notna() & (kept["currency"] != main)
        converted[name] = in_currency(kept, rates, currency=main) if has_other.any() else kept
    return replace(portfolio, **converted, notes=tuple(notes))


def cost_totals(
    projects: pd.DataFrame, *, as_of: AsOfInput, basis: Basis = "baseline", by: By = None
) -> pd.DataFrame:
    """How far over their budgets are all finished projects together?

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
        `CostTotals`: one row per group.

    Raises
    ------
    MixedCurrenciesError
        If amounts in several currencies would be added.
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    Σ actual cost ÷ Σ budget − 1, over the finished projects that have both. Large projects weigh
    more here than small ones; `variance_distribution` counts each once.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": "done",
    ...     "baseline_budget": [100.0, 1000.0], "actual_cost": [90.0, 1450.0], "currency": "EUR",
    ... })
    >>> cost_totals(rows, as_of="2024-06-30")[["n", "budget", "actual_cost", "cost_variance_share"]]
       n  budget  actual_cost  cost_variance_share
    0  2  1100.0       1540.0                  0.4
    """
    plan = judged(projects, as_of=as_of, basis=basis)
    names = group_columns(projects, by, CostTotals)
    group, groups = grouped(projects[names].reset_index(drop=True))
    is_added = plan["on_budget"].isin(["on_budget", "over"])
    added = plan[is_added].assign(group=group[is_added])
    refuse_mixed(added["currency"], added["group"])
    sums = added.groupby("group")[["budget", "actual_cost"]].sum().reindex(groups.index)
    budget = sums["budget"].where(sums["budget"] > 0)
    table = groups.assign(
        n=np.bincount(added["group"], minlength=len(groups)),
        n_left_out=np.bincount(group[~is_added], minlength=len(groups)),
        budget=sums["budget"],
        actual_cost=sums["actual_cost"],
        cost_variance=sums["actual_cost"] - sums["budget"],
        cost_variance_share=sums["actual_cost"] / budget - 1,
        basis=basis,
    )
    columns = [*names, *dtypes(CostTotals)]
    return CostTotals.validate(table.astype({"basis": "str"})[columns])


def real_costs(
    projects: pd.DataFrame,
    cost_by_year: pd.DataFrame,
    price_index: pd.DataFrame,
    *,
    as_of: AsOfInput,
    basis: Basis = "baseline",
) -> pd.DataFrame:
    """How much of each overrun is left when prices stay as they were in the plan?

    Parameters
    ----------
    projects
        `Projects`.
    cost_by_year
        `CostByYear`: what was spent in each year, in the money of that year.
    price_index
        `PriceIndex`.
    as_of
        Status date.
    basis
        As in `project_outcomes`.

    Returns
    -------
    pandas.DataFrame
        `RealCosts`: one row per finished project that has a budget, in the order of `projects`.
        The price level of its plan is that of the year of its baseline start. A project that was
        paid for in another currency than it was planned in has no costs here, and a reason.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    Σ over years of cost · index of the plan's year ÷ index of the year of the cost, ÷ budget − 1.
    Comparing in constant prices is what Flyvbjerg et al. (2018, "Five things you should know about
    cost overrun", Transportation Research Part A 118:174–190) ask for.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["One"], "status": ["done"],
    ...     "baseline_start_date": pd.to_datetime(["2022-03-01"]),
    ...     "baseline_budget": [100.0], "actual_cost": [105.0], "currency": ["EUR"],
    ... })
    >>> spent = pd.DataFrame({
    ...     "project_id": "P1", "year": [2022, 2023], "actual_cost": [50.0, 55.0],
    ... })
    >>> index = pd.DataFrame({"year": [2022, 2023], "price_index": [100.0, 110.0]})
    >>> real = real_costs(rows, spent, index, as_of="2024-06-30")
    >>> real[["cost_variance_share", "real_cost_variance_share"]].round(4)
       cost_variance_share  real_cost_variance_share
    0                 0.05                       0.0
    """
    plan = judged(projects, as_of=as_of, basis=basis)
    plan = plan[plan["is_done"] & plan["budget"].notna()].set_index("project_id")
    base_year = plan["baseline_start_date"].dt.year
    level = _by(price_index, PriceIndex, "year", "price_index")
    paid = complete(cost_by_year, CostByYear)
    paid = paid[paid["project_id"].isin(plan.index)]
    is_foreign = plan.index.isin(_paid_in_another(paid, plan["currency"]))
    real_cost = paid["actual_cost"] / paid["year"].map(level)
    real_cost *= paid["project_id"].map(base_year.map(level)).astype(float)
    nominal, real = (
        costs.groupby(paid["project_id"])
        .sum(min_count=1, skipna=False)
        .reindex(plan.index)
        .mask(is_foreign)
        for costs in (paid["actual_cost"], real_cost)
    )
    budget = plan["budget"].where(plan["budget"] > 0)
    reason = _why_not_real(plan.assign(is_foreign=is_foreign), nominal, real)
    table = pd.DataFrame(
        {
            "base_year": base_year.astype("Int64"),
            "budget": plan["budget"],
            "nominal_cost": nominal,
            "real_cost": real.where(reason.isna()),
            "cost_variance_share": nominal / budget - 1,
            "real_cost_variance_share": (real / budget - 1).where(reason.isna()),
            "currency": plan["currency"],
            "reason": reason,
        }
    )
    return RealCosts.validate(table.reset_index()[[*dtypes(RealCosts)]])


def _why_not_real(plan: pd.DataFrame, nominal: pd.Series, real: pd.Series) -> pd.Series:
    gap = (nominal - plan["actual_cost"]).abs()
    cases = [
        (plan["budget"] <= 0, "planned at 0"),
        (plan["is_foreign"], "paid for in another currency than planned"),
        (nominal.isna(), "cost of a year is not known"),
        (gap > NOT_ADDING_UP * plan["actual_cost"], "the years add up to another cost"),
        (plan["baseline_start_date"].isna(), "no baseline start, so no price level of the plan"),
        (real.isna(), "no price index of a year"),
    ]
    return first_true(cases, None, plan.index)


def _paid_in_another(paid: pd.DataFrame, planned: pd.Series) -> pd.Series:
    """Return the projects with a yearly cost in another currency than that of their plan."""
    currencies = paid["project_id"].map(planned)
    is_other = (paid["currency"] != currencies) & paid["currency"].notna() & currencies.notna()
    return paid.loc[is_other, "project_id"]


def _by(table: pd.DataFrame, schema: type[Table], key: str, value: str) -> pd.Series:
    """Return the number that a table gives for each key."""
    return complete(table, schema).set_index(key)[value]
