"""What projects cost in all, and in the prices of their plan."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import amount, count, percent

COLUMNS = ["budget", "nominal_cost", "cost_variance_share", "real_cost_variance_share", "currency"]


def cost_rows(totals: pd.DataFrame, real: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the cost of projects beside that in constant prices, and what all of them did cost.

    Parameters
    ----------
    totals
        `CostTotals` of all projects.
    real
        `RealCosts`, with the `name` of each project beside it.
    """
    table = real[["name", "project_id", *COLUMNS, "reason"]]
    table = table.sort_values("real_cost_variance_share", ascending=False, kind="stable")
    n_without = int(table["real_cost_variance_share"].isna().sum())
    finding = _finding(totals)
    if n_without:
        finding += f"; {n_without} cannot be told in constant prices"
    else:
        table = table.drop(columns="reason")
    return table.rename(columns={"name": "project", "reason": "why_not"}), finding


def _finding(totals: pd.DataFrame) -> str:
    if totals.empty or pd.isna(totals["cost_variance_share"].iloc[0]):
        return "What finished projects cost in all, compared with their budgets, is not known"
    row = totals.iloc[0]
    share = row["cost_variance_share"]
    money = f"{amount(row['actual_cost'])} against budgets of {amount(row['budget'])}"
    more = f"{percent(abs(share))} {'more' if share > 0 else 'less'}"
    return f"{count(row['n'], 'finished project')} cost {money}, {more}"
