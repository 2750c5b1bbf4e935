"""When each product released, and when it was planned to."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import bar, figure, mark, nothing, rows
from pmanalytics.figures.words import count, day, escaped, listed, percent, signed
from pmanalytics.intervals import TOO_FEW

MOST_ROWS = 20
LATE = ["late", "late_open"]
NEEDED = (
    "That needs releases with their day: a list of your own with planned and actual days, or "
    "Jira's versions with a release date."
)


def plot_releases(dates: pd.DataFrame, cadence: pd.DataFrame, *, by: str) -> go.Figure:
    """Draw the planned day of each release (ring) and the day it came (disc, or triangle if late).

    Parameters
    ----------
    dates
        `ReleaseDates`, with the `by` column beside it.
    cadence
        `ReleaseCadence` by the same column.
    by
        Column of which each value is a row, such as the product's name.
    """
    days = dates[["released_date", "planned_release_date"]]
    known = dates[days.notna().any(axis="columns") & dates[by].notna()]
    if known.empty:
        return nothing("When releases came is not known", NEEDED)
    order = cadence[cadence[by].isin(known[by])].sort_values("n_released", ascending=False)
    shown = order.head(MOST_ROWS)
    told = [_stated(row) for _, row in shown.iterrows()]
    labels = shown[by].astype("str").tolist()
    drawing = figure(
        _finding(cadence),
        "Planned day of each release (ring) and the day it came: disc, or triangle if late",
        alt="; ".join(f"{n}: {t}" for n, t in zip(labels, told, strict=True)) + ".",
        note=_note(cadence, len(order)),
    )
    rows(drawing, labels, told)
    place = {label: position for position, label in enumerate(labels)}
    known = known[known[by].isin(labels)]
    _draw(drawing, known, known[by].map(place))
    drawing.update_xaxes(type="date", nticks=6)
    return drawing


def _draw(drawing: go.Figure, known: pd.DataFrame, place: pd.Series) -> None:
    planned, released = known["planned_release_date"], known["released_date"]
    hover = pd.Series([_hover(row) for _, row in known.iterrows()], known.index)
    is_late = known["state"].isin(LATE)
    for number in known.index[is_late & released.notna()]:
        bar(drawing, place[number], planned[number], released[number], color="bad_wash", width=5)
    looks = [
        (planned, planned.notna() & ~is_late, "circle-open", "ink3", 10),
        (planned, planned.notna() & is_late, "circle-open", "bad", 10),
        (released, released.notna() & ~is_late, "circle", "good", 7),
        (released, released.notna() & is_late, "triangle-right", "bad", 9),
    ]
    for date, chosen, symbol, color, size in looks:
        if chosen.any():
            mark(drawing, date[chosen].tolist(), place[chosen].tolist(), hover[chosen].tolist(),
                 symbol=symbol, color=color, size=size)  # fmt: skip


def _hover(row: pd.Series) -> str:
    parts = [escaped(row["name"])]
    if pd.notna(row["planned_release_date"]):
        parts.append(f"planned {day(row['planned_release_date'])}")
    parts.append(f"released {day(row['released_date'])}" if pd.notna(row["released_date"])
                 else "not released")  # fmt: skip
    if pd.notna(row["variance_days"]):
        parts.append(signed(row["variance_days"], " days"))
    return "<br>".join(parts)


def _stated(row: pd.Series) -> str:
    """Return how often and how punctually a row releases, short enough for a telephone."""
    gap = "no gap yet"
    if 0 < row["n_gaps"] < TOO_FEW:
        gap = f"{count(row['n_gaps'], 'gap')}, the longest {count(row['longest_gap_days'], 'day')}"
    elif row["n_gaps"]:
        gap = f"every {round(row['median_gap_days'])} days"
    if not row["n"]:
        return gap
    rate = f", {percent(row['on_time_rate'])}" if row["n"] >= TOO_FEW else ""
    return f"{row['k']} of {row['n']} as planned{rate}; {gap}"


def _finding(cadence: pd.DataFrame) -> str:
    k, n = (int(cadence[name].sum()) for name in ("k", "n"))
    n_released = int(cadence["n_released"].sum())
    if not n:
        return f"{count(n_released, 'release')} came; whether as planned is not known"
    verb = "was" if n == 1 else "were"
    start = f"{k} of {count(n, 'release')} that {verb} due came by the planned day"
    n_open = int(cadence["n_late_open"].sum())
    return start + (f"; {n_open} {'is' if n_open == 1 else 'are'} still to come" if n_open else "")


def _note(cadence: pd.DataFrame, n_groups: int) -> str:
    left_out = {
        "n_early": "ahead of a day still to come",
        "n_not_due": "not due yet",
        "n_no_plan": "without a planned day",
        "n_undated": "released on a day that is not known",
        "n_unknown": "of which nobody says whether they were released",
    }
    parts = [f"{int(cadence[name].sum())} {words}" for name, words in left_out.items()
             if cadence[name].sum()]  # fmt: skip
    note = "Every so many days: the median of the gaps between days of release. "
    note += f"Not judged: {listed(parts)}." if parts else "All releases are judged."
    return note + (f" The {MOST_ROWS} rows with most releases are shown." if n_groups > MOST_ROWS
                   else "")  # fmt: skip
