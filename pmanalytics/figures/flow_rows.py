"""Lists about flow: whether it was steady, and how much of the time was work."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, days, percent

STEADINESS = [
    "mean_wip", "n_started", "n_finished", "implied_cycle_time_days", "mean_cycle_time_days",
    "mean_age_then_days", "mean_age_now_days",
]  # fmt: skip


def steadiness_rows(law: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the sides of Little's law, and whether the flow was steady.

    Parameters
    ----------
    law
        `LittlesLaw`, not grouped.
    """
    if law.empty:
        return law[STEADINESS], "Nothing was in progress, so there is no flow to judge"
    row = law.iloc[0]
    implied, observed = days(row["implied_cycle_time_days"]), days(row["mean_cycle_time_days"])
    sides = f"mean WIP ÷ throughput gives {implied}, and items took {observed} on average"
    if pd.isna(row["is_steady"]):
        return law[STEADINESS], f"Whether the flow was steady cannot be said: {row['reason']}"
    if row["is_steady"]:
        return law[STEADINESS], f"The flow was steady: {sides}"
    return law[STEADINESS], f"The flow was not steady: {row['reason']}"


def efficiency_rows(whole: pd.DataFrame, groups: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return flow efficiencies, and which part of the time was work.

    Parameters
    ----------
    whole
        `FlowEfficiencies`, not grouped.
    groups
        `FlowEfficiencies` of groups.
    """
    if whole.empty or pd.isna(whole["flow_efficiency"].iloc[0]):
        return groups, "Which part of the time was work is not known: nothing finished is timed"
    row = whole.iloc[0]
    said = f"Roughly {percent(row['flow_efficiency'])} of the time from start to finish was work"
    if pd.isna(row["blocked_days"]):
        return groups, f"{said}; no flag is known, so time blocked counts as work"
    blocked = days(row["blocked_days"])
    return groups, f"{said}; {blocked} of {count(row['n'], 'finished item')} were blocked by a flag"
