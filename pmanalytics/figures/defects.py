"""How many defects reach customers, wait for repair, or come back, as tables to read."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, days, percent, percent_range
from pmanalytics.intervals import TOO_FEW

COLUMNS = {
    "n": "defects",
    "n_before": "found_before",
    "n_after": "found_after",
    "removal_rate": "removal_rate",
}


def defect_rows(
    removal: pd.DataFrame, by_group: pd.DataFrame, *, by: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return the defects of each group as people read them, and what all of them say.

    Parameters
    ----------
    removal
        `DefectRemoval` of all defects.
    by_group
        `DefectRemoval` by groups. Groups too small for a rate show their counts only.
    by
        The columns that tell the groups.
    """
    table = by_group[[*by, *COLUMNS]].sort_values("n", ascending=False, kind="stable")
    table["removal_rate"] = table["removal_rate"].mask(table["n"] < TOO_FEW)
    return table.rename(columns=COLUMNS).reset_index(drop=True), _finding(removal)


def open_defect_rows(unfixed: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the defects that are not yet fixed by severity, and how many there are.

    Parameters
    ----------
    unfixed
        `OpenDefects`.
    """
    names = {"n_open": "defects", "median_age_days": "half_at_most_days_old"}
    table = unfixed[["severity", *names, "oldest_days"]].rename(columns=names)
    n = int(unfixed["n_open"].sum())
    if not n:
        return table, "No known defect waits to be fixed"
    said = f"{count(n, 'known defect')} {'is' if n == 1 else 'are'} not yet fixed"
    oldest = unfixed["oldest_days"].max()
    return table, said if pd.isna(oldest) else f"{said}, the oldest for {days(oldest)}"


def reopen_rows(reopened: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how often finished issues were taken up again, and what that says.

    Parameters
    ----------
    reopened
        `ReopenRates` of issues.
    """
    columns = {"n": "finished", "k": "taken_up_again", "reopen_rate": "reopen_rate"}
    table = reopened[[*columns]].rename(columns=columns)
    if reopened.empty or not reopened["n"].iloc[0]:
        return table, "No issue has been finished, so none was taken up again"
    row = reopened.iloc[0]
    again = f"{row['k']} of {count(row['n'], 'finished issue')}"
    verb = "was" if row["k"] == 1 else "were"
    if row["n"] < TOO_FEW:
        return table, f"{again} {verb} taken up again"
    share = f"{percent(row['reopen_rate'])}, {percent_range(row['low'], row['high'])}"
    return table, f"{again} ({share}) {verb} taken up again"


def _finding(removal: pd.DataFrame) -> str:
    if removal.empty:
        return "No defect is recorded"
    row = removal.iloc[0]
    known = count(row["n"], "known defect")
    if row["n"] < TOO_FEW:
        return f"{row['n_before']} of {known} were found before release"
    interval = percent_range(row["low"], row["high"])
    return f"{percent(row['removal_rate'])} ({interval}) of {known} were found before release"
