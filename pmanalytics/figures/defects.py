"""How many defects reach customers, as a table to read."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, percent, percent_range
from pmanalytics.intervals import TOO_FEW

COLUMNS = ["n", "n_before", "n_after", "removal_rate", "low", "high"]


def defect_rows(
    removal: pd.DataFrame, by_group: pd.DataFrame, *, by: str
) -> tuple[pd.DataFrame, str]:
    """Return the defects of each group as people read them, and what all of them say.

    Parameters
    ----------
    removal
        `DefectRemoval` of all defects.
    by_group
        `DefectRemoval` by the column `by`. Groups too small for a rate show their counts only.
    by
        The column of the groups.
    """
    table = by_group[[by, *COLUMNS]].sort_values("n", ascending=False, kind="stable")
    rates = ["removal_rate", "low", "high"]
    table[rates] = table[rates].mask(table["n"] < TOO_FEW)
    return table.reset_index(drop=True), _finding(removal)


def _finding(removal: pd.DataFrame) -> str:
    if removal.empty:
        return "No defect is recorded"
    row = removal.iloc[0]
    known = count(row["n"], "known defect")
    if row["n"] < TOO_FEW:
        return f"{row['n_before']} of {known} were found before release"
    interval = percent_range(row["low"], row["high"])
    return f"{percent(row['removal_rate'])} ({interval}) of {known} were found before release"
