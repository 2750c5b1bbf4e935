"""Which projects need a decision, as a list to go through."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count

SHOWN = {
    "rank": "rank",
    "name": "project",
    "project_id": "project_id",
    "project_manager": "project_manager",
    "reasons": "why",
    "due_date": "due_date",
    "forecast_finish_date": "expected_date",
    "beyond_plan_share": "beyond_plan_share",
}
MOST_REASONS = 2


def attention_rows(attention: pd.DataFrame, *, n_open: int) -> tuple[pd.DataFrame, str]:
    """Return the columns of the list that people read, and what the list says.

    Parameters
    ----------
    attention
        `Attention`.
    n_open
        How many projects are open in all.
    """
    return attention[[*SHOWN]].rename(columns=SHOWN), _finding(attention, n_open)


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
