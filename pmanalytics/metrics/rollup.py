"""What do all projects of a product add up to, also where products share them?"""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.errors import PMAnalyticsError, counted, listed, shown
from pmanalytics.metrics.delivery import FAILURES, Basis, first_true, judged
from pmanalytics.metrics.tallies import grouped, refuse_mixed
from pmanalytics.schemas import (
    ROLLUP_STATES,
    ProductProjects,
    ProductRollups,
    Projects,
    ProjectSpans,
    dtypes,
)
from pmanalytics.schemas.further import is_off
from pmanalytics.tables import complete

CERTAIN = {"on_time", "early"}
UNDECIDED = {
    "not_due": "not yet due",
    "missing_baseline": "without a due date",
    "invalid": "done without a finish date",
}


def projects_by_product(
    projects: pd.DataFrame, product_projects: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Which project is for which product, and with which share?

    Parameters
    ----------
    projects
        `Projects`.
    product_projects
        `ProductProjects`: the projects that products share. Every other project belongs to the one
        product it names, as a whole.

    Returns
    -------
    pandas.DataFrame
        `ProductProjects`, one row or more per project, the shares of each adding up to exactly 1.
        A project that names no product has a row without one.

    Raises
    ------
    PMAnalyticsError
        If the shares of a project do not add up to 1, or a product is named twice for it.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": "open",
    ...     "product_id": ["A", "A"],
    ... })
    >>> shared = pd.DataFrame({
    ...     "project_id": "P1", "product_id": ["A", "B"], "share": [0.75, 0.25],
    ... })
    >>> projects_by_product(rows, shared)
      project_id product_id  share
    0         P1          A   0.75
    1         P1          B   0.25
    2         P2          A   1.00
    """
    known = complete(projects, Projects)[["project_id", "product_id"]]
    columns = list(dtypes(ProductProjects))
    if product_projects is None or product_projects.empty:
        return known.assign(share=1.0)[columns].reset_index(drop=True)
    given = complete(product_projects, ProductProjects)[columns].reset_index(drop=True)
    _refuse_off(given)
    given["share"] = given["share"].fillna(1.0)
    given["share"] /= given.groupby("project_id")["share"].transform("sum")
    given = given[given["project_id"].isin(known["project_id"])]
    others = known[~known["project_id"].isin(given["project_id"])].assign(share=1.0)
    return pd.concat([given, others[columns]], ignore_index=True)


def product_rollup(
    projects: pd.DataFrame,
    product_projects: pd.DataFrame | None = None,
    *,
    as_of: AsOfInput,
    basis: Basis = "baseline",
    grace_days: int = 0,
) -> pd.DataFrame:
    """What do all projects of each product cost against their budgets, and are they on time?

    The population is every project; those that name no product are a row of their own.

    Parameters
    ----------
    projects
        `Projects`.
    product_projects
        `ProductProjects`: the projects that products share.
    as_of
        Status date.
    basis, grace_days
        As in `project_outcomes`.

    Returns
    -------
    pandas.DataFrame
        `ProductRollups`: one row per product that has a project. Money is in its currency.

    Raises
    ------
    MixedCurrenciesError
        If the projects of one product are in several currencies.
    PMAnalyticsError
        If an option or a column is unknown, or shares do not add up to 1.

    Notes
    -----
    budget = Σ share · budget, actual_cost = Σ share · cost, over all projects, so that the sums
    over products are those over projects. cost_variance_share = Σ share · cost ÷ Σ share · budget
    − 1 over finished projects with both: percentages are never averaged.

    is_on_time is Kleene's AND over the projects with `is_required` (where nothing is said: yes):
    one that is late makes it false, all on time make it true, and otherwise it is undecided.
    Cancelled projects are left out of it. Finished ahead of a date still to come is on time.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["J1", "J2"], "name": ["One", "Two"], "status": "done",
    ...     "product_id": [None, "A"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-04-30", "2024-05-30"]),
    ...     "baseline_budget": [100.0, 50.0], "actual_cost": [120.0, 40.0], "currency": "EUR",
    ... })
    >>> shared = pd.DataFrame({"project_id": "J1", "product_id": ["A", "B"], "share": 0.5})
    >>> totals = product_rollup(rows, shared, as_of="2024-06-30")
    >>> totals[["product_id", "budget", "actual_cost", "cost_variance_share"]]
      product_id  budget  actual_cost  cost_variance_share
    0          A   100.0        100.0                  0.0
    1          B    50.0         60.0                  0.2
    >>> totals["on_time_reason"].tolist()
    ['1 of 2 required projects late', '1 of 1 required project late']
    """
    plan = judged(projects, as_of=as_of, basis=basis, grace_days=grace_days)
    shares = projects_by_product(projects, product_projects)
    n_products = shares.groupby("project_id")["product_id"].transform("size")
    rows = shares.assign(is_shared=n_products > 1).merge(
        plan.drop(columns="product_id"), on="project_id", validate="many_to_one"
    )
    group, groups = grouped(rows[["product_id"]])
    table = groups.join(_counts(rows).groupby(group).sum()).join(_time(rows, group))
    table = table.join(_money(rows, group)).assign(basis=basis).astype({"basis": "str"})
    return ProductRollups.validate(table[list(dtypes(ProductRollups))])


def project_spans(
    projects: pd.DataFrame,
    product_projects: pd.DataFrame | None = None,
    *,
    as_of: AsOfInput,
    basis: Basis = "baseline",
) -> pd.DataFrame:
    """From when to when does each project of each product run, and is it on time?

    Parameters
    ----------
    projects, product_projects, as_of, basis
        As in `product_rollup`.

    Returns
    -------
    pandas.DataFrame
        `ProjectSpans`: a shared project has a row for each of its products.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown, or shares do not add up to 1.

    Notes
    -----
    An open project ends where it is expected to, or else on its due date; where both have passed,
    on the status date, for it has lasted at least so long.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["One"], "status": ["open"], "product_id": ["A"],
    ...     "actual_start_date": pd.to_datetime(["2024-01-15"]),
    ...     "baseline_finish_date": pd.to_datetime(["2024-05-31"]),
    ... })
    >>> project_spans(rows, as_of="2024-06-30")[["product_id", "end_date", "on_time"]]
      product_id   end_date    on_time
    0          A 2024-06-30  late_open
    """
    plan = judged(projects, as_of=as_of, basis=basis)
    day = as_of_point(as_of).day
    is_open = ~plan["is_done"] & ~plan["is_cancelled"]
    expected = plan["forecast_finish_date"].fillna(plan["due"])
    plan = plan.assign(
        start_date=plan["actual_start_date"].fillna(plan["baseline_start_date"]),
        end_date=plan["finish"].mask(is_open, expected.clip(lower=day)),
        is_open=is_open,
    )
    shares = projects_by_product(projects, product_projects)[["project_id", "product_id"]]
    table = shares.merge(plan.drop(columns="product_id"), on="project_id", validate="many_to_one")
    return ProjectSpans.validate(table[list(dtypes(ProjectSpans))])


def _refuse_off(shares: pd.DataFrame) -> None:
    """Refuse shares that do not add up; a loader sets such rows aside."""
    off = shares.loc[is_off(shares), "project_id"].unique()
    if len(off):
        raise PMAnalyticsError(
            f"The shares of {counted(len(off), 'project')} do not add up to 1: "
            f"{listed(map(shown, off))}. Give each of its products a part, such as 0.5."
        )
    twice = shares[shares.duplicated(["project_id", "product_id"])]
    if len(twice):
        project, product, _ = twice.iloc[0]
        raise PMAnalyticsError(
            f"The project {shown(project)} names the product {shown(product)} twice; "
            "keep one row, with the whole share."
        )


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    is_cancelled = rows["on_time"] == "cancelled"
    counts = {
        "n_projects": pd.Series(True, rows.index),
        "n_shared": rows["is_shared"],
        "n_open": ~rows["is_done"] & ~is_cancelled,
        "n_done": rows["is_done"],
        "n_cancelled": is_cancelled,
        "n_no_budget": rows["budget"].isna(),
        "n_no_cost": rows["actual_cost"].isna(),
    } | {f"n_{state}": rows["on_time"] == state for state in ROLLUP_STATES}
    return pd.DataFrame(counts).astype("int64")


def _time(rows: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Return for each product whether all that it depends on is on time, and why."""
    is_required = rows["is_required"].fillna(value=True).astype(bool)
    is_required &= rows["on_time"] != "cancelled"
    states = {
        "n_required": is_required,
        "late": is_required & rows["on_time"].isin(FAILURES),
        "certain": is_required & rows["on_time"].isin(CERTAIN),
    } | {state: is_required & (rows["on_time"] == state) for state in UNDECIDED}
    found = pd.DataFrame(states).astype("int64").groupby(group).sum()
    n = found["n_required"]
    noun = (n == 1).map({True: " required project ", False: " required projects "})
    of_all = " of " + n.astype("str") + noun
    waiting = [
        (found[state] > 0, found[state].astype("str") + of_all + words)
        for state, words in UNDECIDED.items()
    ]
    cases = [
        (n == 0, "no project that its delivery depends on"),
        (found["late"] > 0, found["late"].astype("str") + of_all + "late"),
        *waiting,
        (n > 0, n.astype("str") + of_all + "on time"),
    ]
    is_met = found["late"] == 0
    is_undecided = (n == 0) | (is_met & (found["certain"] < n))
    return pd.DataFrame(
        {
            "n_required": n,
            "is_on_time": is_met.astype("boolean").mask(is_undecided),
            "on_time_reason": first_true(cases, None, found.index),
            "due_date": rows["due"].where(is_required).groupby(group).max(),
        }
    )


def _money(rows: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    has_amount = rows[["budget", "actual_cost"]].notna().any(axis="columns")
    currency = rows["currency"].where(has_amount)
    refuse_mixed(currency, group)
    is_compared = rows["on_budget"].isin(["on_budget", "over"])
    amounts = pd.DataFrame(
        {
            "budget": rows["budget"] * rows["share"],
            "actual_cost": rows["actual_cost"] * rows["share"],
        }
    )
    table = amounts.groupby(group).sum(min_count=1)
    compared = amounts[is_compared].groupby(group[is_compared]).sum().reindex(table.index)
    table["n_compared"] = is_compared.groupby(group).sum()
    table[["compared_budget", "compared_cost"]] = compared
    budget = table["compared_budget"].where(table["compared_budget"] > 0)
    table["cost_variance_share"] = table["compared_cost"] / budget - 1
    table["currency"] = currency.groupby(group).first()
    return table
