"""How far each goal has come, against the part of its time that has passed."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import (
    HOW_TO_READ,
    brief,
    count,
    day,
    escaped,
    listed,
    percent,
    percent_range,
)
from pmanalytics.intervals import TOO_FEW

MOST_ROWS = 12
SHORT = 24
FARTHEST, LEAST = 1.5, -0.25


def plot_goals(attainments: pd.DataFrame, rates: pd.DataFrame) -> go.Figure:
    """Draw the attainment of each goal as a bar, and the time passed as a tick on it.

    Parameters
    ----------
    attainments
        `GoalAttainments`, with the name of its `product` beside each.
    rates
        `GoalRates` of the same, not grouped further.
    """
    known = attainments[attainments["attainment"].notna()]
    if known.empty:
        return nothing(
            "How far goals have come is not known",
            f"That needs goals with a baseline, a target and an actual value. {HOW_TO_READ}",
        )
    in_order = known.sort_values(["is_due", "attainment"], ascending=[False, True], kind="stable")
    shown = in_order.head(MOST_ROWS)
    told = [_stated(row) for _, row in shown.iterrows()]
    labels = shown["name"].fillna(shown["goal_id"]).tolist()
    drawing = figure(
        _finding(rates.iloc[0], len(attainments)),
        "Share of the way from baseline to target (bar), and of the time that has passed (tick)",
        alt="; ".join(f"{n}: {t}" for n, t in zip(labels, told, strict=True)) + ".",
        note=_note(rates.iloc[0], len(known)),
    )
    rows(drawing, labels, told)
    for position, (_, row) in enumerate(shown.iterrows()):
        _draw(drawing, position, row, told[position])
    drawing.add_vline(x=1, line={"color": LIGHT["neutral"], "width": 1})
    lowest = min(0.0, *shown["attainment"].clip(lower=LEAST))
    drawing.update_xaxes(tickformat=".0%", range=[lowest - 0.02, FARTHEST * 1.03], dtick=0.5)
    return drawing


def _draw(drawing: go.Figure, position: int, row: pd.Series, told: str) -> None:
    is_missed = row["is_due"] is True and row["is_attained"] is False
    end = min(max(row["attainment"], LEAST), FARTHEST)
    color = "bad" if is_missed else "good"
    bar(drawing, position, 0, end, color=color, width=9)
    if pd.notna(row["elapsed_share"]) and row["elapsed_share"] < 1:
        hover = [f"{percent(row['elapsed_share'])} of its time has passed"]
        mark(drawing, [row["elapsed_share"]], [position], hover, symbol="line-ns",
             color="ink", size=14)  # fmt: skip
    is_beyond = end != row["attainment"]
    symbol = ("triangle-right" if end > 0 else "triangle-left") if is_beyond else "circle"
    hover = [f"{escaped(told)}<br>due {day(row['due_date'])}"]
    mark(drawing, [end], [position], hover, symbol=symbol, color=color, size=9)


def _stated(row: pd.Series) -> str:
    """Return whose goal it is and how far it has come, short enough for a telephone."""
    share = percent(row["attainment"])
    whose = f"{brief(row['product'], SHORT)}, " if pd.notna(row["product"]) else ""
    if pd.isna(row["is_due"]):
        return f"{whose}{share}, no due date"
    if row["is_due"]:
        return f"{whose}{share}, {'attained' if row['is_attained'] else 'missed'}"
    if pd.isna(row["elapsed_share"]):
        return f"{whose}{share} so far"
    return f"{whose}{share} in {percent(row['elapsed_share'])} of its time"


def _finding(rate: pd.Series, n_goals: int) -> str:
    if not rate["n"]:
        return f"None of {count(n_goals, 'goal')} has been due yet, so none can be judged"
    counts = f"{rate['k']} of {count(rate['n'], 'goal')} that were due"
    verb = "was" if rate["n"] == 1 else "were"
    if rate["n"] < TOO_FEW:
        return f"{counts} {verb} attained: too few for a rate"
    share = f"{percent(rate['attained_rate'])}, {percent_range(rate['low'], rate['high'])}"
    return f"{counts} {verb} attained ({share})"


def _note(rate: pd.Series, n_known: int) -> str:
    left_out = {
        "n_not_due": "not due yet",
        "n_undated": "without a due date",
        "n_undefined": "due, but without values that say anything",
    }
    parts = [f"{rate[name]} {words}" for name, words in left_out.items() if rate[name]]
    note = "Orange: due and missed. The interval is Wilson's, 95%; attainments are not capped."
    if parts:
        note += f" Not in the rate: {listed(parts)}."
    return note + (f" The first {MOST_ROWS} of {n_known} are shown." if n_known > MOST_ROWS else "")
