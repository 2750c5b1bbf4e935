"""Lists about flow: how long it takes, whether it is steady, how much is work, what will be."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, days, number, percent, percent_range
from pmanalytics.intervals import TOO_FEW

SURE = 0.85
STEADINESS = {
    "mean_wip": ("In progress, on average", number),
    "n_started": ("Started", number),
    "n_finished": ("Finished", number),
    "implied_cycle_time_days": ("From start to finish, by WIP ÷ throughput", days),
    "mean_cycle_time_days": ("From start to finish, as observed", days),
    "mean_age_then_days": ("Age of what is in progress, first half", days),
    "mean_age_now_days": ("Age of what is in progress, second half", days),
}


def steadiness_rows(law: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the sides of Little's law, one per row, and whether the flow was steady.

    Parameters
    ----------
    law
        `LittlesLaw`, not grouped.
    """
    if law.empty:
        none = pd.DataFrame({"in_this_time": [], "value": []}, dtype="str")
        return none, "Nothing was in progress, so there is no flow to judge"
    row = law.iloc[0]
    told = [(words, stated(row[name])) for name, (words, stated) in STEADINESS.items()]
    table = pd.DataFrame(told, columns=["in_this_time", "value"], dtype="str")
    implied, observed = days(row["implied_cycle_time_days"]), days(row["mean_cycle_time_days"])
    sides = f"mean WIP ÷ throughput gives {implied}, and items took {observed} on average"
    if pd.isna(row["is_steady"]):
        return table, f"Whether the flow was steady cannot be said: {row['reason']}"
    if row["is_steady"]:
        return table, f"The flow was steady: {sides}"
    return table, f"The flow was not steady: {row['reason']}"


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


def level_rows(levels: pd.DataFrame, *, within_days: int) -> tuple[pd.DataFrame, str]:
    """Return how long each type of issue takes, and how far the types lie apart.

    Parameters
    ----------
    levels
        `ServiceLevels` by item_type.
    within_days
        The days that were asked about.
    """
    known = levels[(levels["n"] >= TOO_FEW) & levels["p85_days"].notna()]
    columns = ["item_type", "n", "p50_days", "p85_days", "within_share"]
    names = {"item_type": "type", "n": "finished", "within_share": f"within_{within_days}_days"}
    share = levels["within_share"].map(percent)
    table = levels.assign(within_share=share)[columns].rename(columns=names)
    if known.empty:
        return table, "Too few issues of one type are finished to say how long it takes"
    low, high = (known.loc[known["p85_days"].agg(end)] for end in ("idxmin", "idxmax"))
    if low["p85_days"] == high["p85_days"]:
        return table, f"In 85% of cases each type took {days(low['p85_days'])} or less"
    return table, (
        f"In 85% of cases {low['item_type']} took {days(low['p85_days'])} or less, "
        f"{high['item_type']} {days(high['p85_days'])}"
    )


def held_rows(backtest: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how often forecasts of throughput would have held, and whether as often as meant.

    Parameters
    ----------
    backtest
        `ThroughputBacktests` of one horizon, not grouped.
    """
    tested = backtest[backtest["n"] > 0]
    table = pd.DataFrame(
        {
            "meant_to_hold": tested["quantile"].map(percent),
            "held": tested["held_share"].map(percent),
            "of_forecasts": tested["n"],
        }
    )
    sure = tested[tested["quantile"] == SURE]
    if sure.empty:
        return table, "Whether such forecasts would have held is not known yet"
    row = sure.iloc[0]
    held = f"{number(row['k'])} of {number(row['n'])} times"
    meant = f"Forecasts meant to hold in {percent(SURE)}"
    return table, f"{meant} would have held {held} ({percent_range(row['low'], row['high'])})"
