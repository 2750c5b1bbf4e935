"""Which projects need a decision, as a list to go through, and what matters before all else."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.headlines import money
from pmanalytics.figures.trends import change_finding, counts
from pmanalytics.figures.words import brief, count, listed

SHOWN = {
    "name": "project",
    "project_id": "project_id",
    "project_manager": "manager",
    "serious": "serious",
    "lesser": "lesser",
    "late_days": "days_late",
    "over_share": "beyond_budget_share",
    "due_date": "due",
    "forecast_finish_date": "expected",
}
MOST_REASONS = 2
MOST_PRODUCTS = 3


def attention_rows(attention: pd.DataFrame, *, n_open: int) -> tuple[pd.DataFrame, str]:
    """Return the columns of the list that people read, and what the list says.

    Parameters
    ----------
    attention
        `Attention`.
    n_open
        How many projects are open in all.
    """
    reasons = attention["reasons"].str.split("; ")
    both = [*zip(reasons, attention["n_serious"], strict=True)]
    table = attention.assign(
        serious=[words[:n] for words, n in both], lesser=[words[n:] for words, n in both]
    )
    return table[[*SHOWN]].rename(columns=SHOWN), _finding(attention, n_open)


def points_that_matter(
    change: pd.DataFrame,
    attention: pd.DataFrame,
    committed: pd.DataFrame,
    ending: pd.DataFrame,
) -> list[tuple[str, str]]:
    """Return what whoever reads one thing should read: each finding, with what it rests on.

    Parameters
    ----------
    change
        `RateChanges`.
    attention
        `Attention` of the same projects.
    committed
        `OpenCommitments` by `needs_decision`: is a project in that list?
    ending
        `OpenCommitments` by the `product` that projects work for, of those retired or near it.
    """
    compared, other = change.iloc[0], change.iloc[1]
    needing = committed[committed["needs_decision"]]
    held = ""
    if len(needing):
        whole = money(committed["budget"].sum(), needing.iloc[0])
        held = f"{money(needing['budget'].iloc[0], needing.iloc[0])} of {whole} in open budgets"
    points = [
        (
            change_finding(compared, other),
            f"{counts(compared, 'now')} projects" if compared["n_now"] else "",
        ),
        (_finding(attention, int(committed["n"].sum())), held),
    ]
    ending = ending[ending["n"] > 0]
    return [*points, _ending_point(ending)] if len(ending) else points


def _ending_point(ending: pd.DataFrame) -> tuple[str, str]:
    total = money(ending["budget"].sum(), ending.iloc[0])
    names = [brief(name) for name in ending["product"]]
    names[MOST_PRODUCTS:] = [f"{len(names) - MOST_PRODUCTS} more"] * (len(names) > MOST_PRODUCTS)
    said = (
        f"{total} is committed to products being retired or retired, in "
        f"{count(ending['n'].sum(), 'open project')}: {listed(names)}"
    )
    return said, "Confirm that this is work to wind them down"


def _finding(attention: pd.DataFrame, n_open: int) -> str:
    if not n_open:
        return "There is no open project that could need a decision"
    whole = count(n_open, "open project")
    if attention.empty:
        return f"None of {whole} needs a decision"
    first = attention.iloc[0]
    why = ", ".join(first["reasons"].split("; ")[:MOST_REASONS])
    need = "needs" if len(attention) == 1 else "need"
    return f"{len(attention)} of {whole} {need} a decision, first {first['name']}: {why}"
