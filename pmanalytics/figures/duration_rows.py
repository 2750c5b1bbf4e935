"""Lists about the time in stages: by type, in working days, beside the stages, and again."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import NOUNS, count, days, listed, percent
from pmanalytics.intervals import TOO_FEW

QUANTILES = {"median_days": "half_within_days", "p85_days": "85%_within_days"}


def type_rows(durations: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how long each type of issue stays in each stage, and which the longest.

    Parameters
    ----------
    durations
        `StageDurations` by item_type.
    """
    columns = ["item_type", "stage", "n_ended", "n_open", *QUANTILES]
    told = durations[columns].rename(columns=QUANTILES | {"item_type": "type"})
    known = durations[(durations["n_ended"] >= TOO_FEW) & durations["median_days"].notna()]
    if known.empty:
        return told, "Too few issues of one type have left a stage to say how long it takes them"
    first = known.loc[known["median_days"].idxmax()]
    return told, (
        f"Of all types {first['item_type']} has the highest median: half leave {first['stage']} "
        f"within {days(first['median_days'])}"
    )


def working_rows(elapsed: pd.DataFrame, working: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the days in each stage beside those on which people worked, and where most go by.

    Parameters
    ----------
    elapsed
        `StageDurations` of one level.
    working
        The same in working days.
    """
    own = working.set_index("stage").reindex(elapsed["stage"]).reset_index()
    table = pd.DataFrame(
        {
            "stage": elapsed["stage"].to_numpy(),
            "half_within_days": elapsed["median_days"].to_numpy(),
            "half_within_working_days": own["median_days"],
            "85%_within_days": elapsed["p85_days"].to_numpy(),
            "85%_within_working_days": own["p85_days"],
        }
    )
    known = table[own["n_ended"] >= TOO_FEW].dropna(subset="half_within_working_days")
    if known.empty:
        return table, "Too few have left a stage to say how many working days one takes"
    first = known.loc[known["half_within_working_days"].idxmax()]
    own_days, all_days = first["half_within_working_days"], first["half_within_days"]
    return table, (
        f"In working days {first['stage']} has the highest median: {days(own_days)}, of "
        f"{days(all_days)} elapsed"
    )


def beside_rows(durations: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how long what runs beside the stages lasts.

    Parameters
    ----------
    durations
        `StageDurations` of parallel stages.
    """
    table = durations[["stage", "n_ended", "n_open", *QUANTILES]].rename(columns=QUANTILES)
    known = durations[(durations["n_ended"] >= TOO_FEW) & durations["median_days"].notna()]
    if known.empty:
        return table, "How long what runs beside the stages lasts cannot be said yet"
    told = [
        f"{row['stage']} lasts {days(row['median_days'])} or less in half of the "
        f"{NOUNS[row['level']]}s"
        for _, row in known.iterrows()
    ]
    return table, f"Beside the stages {listed(told)}"


def rework_rows(rework: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how much of each type was worked on again, and how much of all.

    Parameters
    ----------
    rework
        `Rework` by item_type.
    """
    columns = ["item_type", "n", "n_reworked", "reworked_share", "rework_share"]
    names = {"item_type": "type", "n": "issues", "n_reworked": "entered_one_again"}
    n, n_again = int(rework["n"].sum()), int(rework["n_reworked"].sum())
    table = rework[columns].rename(columns=names)
    if not n:
        return table, "Whether issues went back to a stage is not known"
    share = f" ({percent(n_again / n)})" if n >= TOO_FEW else ""
    return table, f"{n_again} of {count(n, 'issue')}{share} entered a stage again"


def left_out_rows(durations: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what the durations of each stage leave out, and how much of all.

    Parameters
    ----------
    durations
        `StageDurations` of several levels.
    """
    table = durations[["level", "stage", "n", "n_zero_length", "n_incomplete"]]
    whole = count(table[["n", "n_zero_length", "n_incomplete"]].sum().sum(), "stay")
    reasons = {"n_incomplete": "whose beginning is not known", "n_zero_length": "of no length"}
    parts = [f"{table[name].sum()} {why}" for name, why in reasons.items() if table[name].any()]
    if not parts:
        return table, f"The lengths of stages leave out none of {whole}"
    return table, f"Of {whole} the lengths of stages leave out {listed(parts)}"
