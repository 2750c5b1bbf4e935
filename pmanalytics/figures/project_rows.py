"""Lists about projects: which records are old, and how well was foreseen what came."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, days, listed, percent, percent_range
from pmanalytics.intervals import TOO_FEW

USUAL_EQF = 4
SURE = 0.8


def stale_rows(staleness: pd.DataFrame, summary: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the records that nobody has updated for long, and how many of all these are.

    Parameters
    ----------
    staleness
        `Staleness` of projects, with their `name` beside it.
    summary
        `StalenessSummary` of the same, not grouped.
    """
    old = staleness[staleness["is_stale"].fillna(value=False).astype(bool)]
    old = old.sort_values("unchanged_days", ascending=False, kind="stable")
    table = pd.DataFrame(
        {
            "project": old["name"],
            "project_id": old["record_id"],
            "last_updated": old["updated_date"],
            "days_ago": old["unchanged_days"],
        }
    )
    whole = count(len(staleness), "open project")
    if old.empty:
        return table, f"None of {whole} is known to have gone without an update for long"
    return table, (
        f"{len(old)} of {whole} {'has' if len(old) == 1 else 'have'} not been updated for more "
        f"than two weeks, the longest for {days(summary['longest_days'].iloc[0])}"
    )


def estimate_rows(quality: pd.DataFrame, *, n_rows: int = 12) -> tuple[pd.DataFrame, str]:
    """Return the estimates that were farthest off, and how many were worse than is usual.

    Parameters
    ----------
    quality
        `EstimateQuality`, with the projects' `name` beside it.
    n_rows
        How many of them at most.
    """
    known = quality[quality["eqf"].notna()].sort_values("eqf", kind="stable")
    table = known.head(n_rows)[["name", "project_id", "measure", "n_estimates", "eqf"]]
    table = table.rename(columns={"name": "project", "measure": "estimate_of"})
    if known.empty:
        return table, "How well outcomes were estimated is not known: no finished project tells"
    first, n_bad = known.iloc[0], int((known["eqf"] < USUAL_EQF).sum())
    worst = f"the {first['measure']} of {first['name']}"
    if not n_bad:
        return table, f"None of {count(len(known), 'outcome')} was estimated worse than is usual"
    return table, (
        f"{n_bad} of {count(len(known), 'outcome')} {'was' if n_bad == 1 else 'were'} estimated "
        f"worse than is usual, first {worst}"
    )


def task_rows(whole: pd.DataFrame, projects: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how the schedule of each project was kept, and how all of them were.

    Parameters
    ----------
    whole
        `TaskIndices` of all tasks.
    projects
        `TaskIndices` by project, with their `name` beside it.
    """
    in_order = projects[projects["n"] > 0].sort_values("hit_rate", kind="stable")
    table = pd.DataFrame(
        {
            "project": in_order["name"],
            "project_id": in_order["project_id"],
            "tasks_due": in_order["n"],
            "by_their_date": in_order["k"],
            "hit_rate": in_order["hit_rate"].where(in_order["n"] >= TOO_FEW),
            "bei": in_order["bei"],
        }
    )
    if whole.empty or not whole["n"].iloc[0]:
        return table, "No task has been due yet"
    row = whole.iloc[0]
    kept = f"{row['k']} of {count(row['n'], 'task')} that were due were done by their own date"
    if row["n"] < TOO_FEW:
        return table, kept
    share = f"{percent(row['hit_rate'])}, {percent_range(row['low'], row['high'])}"
    return table, f"{kept} ({share})"


def backtest_rows(backtest: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how often forecasts from classes would have held, and whether as often as meant.

    Parameters
    ----------
    backtest
        `ReferenceBacktests`, not grouped.
    """
    tested = backtest[backtest["n"] > 0]
    table = pd.DataFrame(
        {
            "forecast_of": tested["measure"],
            "meant_to_hold": tested["quantile"].map(percent),
            "held": tested["covered_share"].map(percent),
            "of_forecasts": tested["n"],
            "95%_interval": [*map(percent_range, tested["low"], tested["high"])],
        }
    )
    sides = tested[tested["quantile"] == SURE].sort_values("measure", ascending=False)
    if sides.empty:
        return table, "Whether such forecasts would have held is not known"
    told = [f"{row['k']} of {row['n']} for {row['measure']}" for _, row in sides.iterrows()]
    return table, f"Forecasts meant to hold in {percent(SURE)} would have held in {listed(told)}"
