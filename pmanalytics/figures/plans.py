"""Which plans moved, as a list to go through."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, days

SHOWN = {
    "name": "project",
    "project_id": "project_id",
    "drift_days": "drift_days",
    "rebaseline_count": "times_re-planned",
    "on_time": "by_first_plan",
    "on_time_latest": "by_latest_plan",
}


def replanned_rows(drift: pd.DataFrame, replanning: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the projects whose plan was approved anew, and what re-planning did to the verdicts.

    Parameters
    ----------
    drift
        `BaselineDrifts`, with the `name` of each project beside it.
    replanning
        `Replanning` of all projects.
    """
    moved = drift[drift["is_replanned"]].sort_values("drift_days", ascending=False, kind="stable")
    verdicts = {name: moved[name].str.replace("_", " ") for name in ("on_time", "on_time_latest")}
    return moved.assign(**verdicts)[[*SHOWN]].rename(columns=SHOWN), _finding(replanning)


def _finding(replanning: pd.DataFrame) -> str:
    if replanning.empty or not replanning["n_replanned"].iloc[0]:
        return "No plan was approved anew, as far as is known"
    row = replanning.iloc[0]
    n_moved, n_owing, n_latest = (
        int(row[name]) for name in ("n_replanned", "n_by_replanning", "n_on_time_latest")
    )
    said = f"{n_moved} of {count(row['n'], 'project')} were re-planned"
    if pd.notna(row["median_drift_days"]):
        said += f", half of them by {days(row['median_drift_days'])} or more"
    if n_latest:
        said += f"; {n_owing} of {n_latest} on time by their latest plan are late by their first"
    return said
