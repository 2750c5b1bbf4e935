"""How long stages last, and where everything stands."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, bar, figure, label, mark, nothing, rows
from pmanalytics.figures.words import count, day, days, escaped, listed

NOUNS = {"product": "product", "project": "project", "work_item": "work item"}
SHADES = ["stage1", "stage2", "stage3", "stage4", "stage5", "stage6"]
DEEP = {"stage4", "stage5", "stage6"}
FEWEST_ENDED = 5
SHORTEST = 0.05
NEEDED = {
    "product": "It needs a history: product_stages.csv with item_id, changed_at and to_status.",
    "project": "It needs a history: project_stages.csv with item_id, changed_at and to_status.",
    "work_item": "It needs issues with their history: Jira's JSON, exported with expand=changelog.",
}


def plot_stage_durations(durations: pd.DataFrame, *, level: str) -> go.Figure:
    """Draw for each stage when half and 85 % have left it, with 95 % intervals, on a log scale.

    Parameters
    ----------
    durations
        `StageDurations` of one level, not grouped further.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    if durations.empty:
        return nothing(f"How long {noun}s stay in each stage is not known", NEEDED[level])
    drawing = figure(
        _finding(durations, noun),
        f"Days in each stage until half (tick) and 85% (diamond) of the {noun}s have left it; "
        "bars are 95% intervals; log scale",
        alt=". ".join(_described(row) for _, row in durations.iterrows()) + ".",
        note=_note(durations, noun),
    )
    rows(drawing, durations["stage"].tolist(), [_counts(row) for _, row in durations.iterrows()])
    for position, (_, row) in enumerate(durations.iterrows()):
        _draw(drawing, position, row)
    reached = durations[["median_days", "median_high", "p85_days", "p85_high"]].max().max()
    top = max(reached if pd.notna(reached) else 1, 1)
    ticks = [tick for tick in (0.1, 1, 7, 30, 90, 365, 1095, 3650) if tick <= top * 1.5]
    drawing.update_xaxes(
        type="log", tickvals=ticks, ticktext=[days(tick) if tick >= 1 else "0.1" for tick in ticks]
    )
    return drawing


def plot_stage_visits(visits: pd.DataFrame, *, as_of: str) -> go.Figure:
    """Draw the life of each item as a bar of its stages over time.

    Parameters
    ----------
    visits
        `StageVisits` of one level, with a `name` for each item beside it.
    as_of
        Status date, to which open stages are drawn.
    """
    if visits.empty:
        return nothing("The lives of the products are not known", NEEDED["product"])
    now = visits[visits["is_open"]]
    stages = list(dict.fromkeys(visits["stage"]))
    counts = now["stage"].value_counts()
    present = [f"{counts[stage]} in {stage}" for stage in stages if stage in counts]
    noun = NOUNS[visits["level"].iloc[0]]
    drawing = figure(
        f"{count(len(now), noun)}: {listed(present)}",
        f"Lifecycle stage of each {noun} over time, to {day(as_of)}",
        alt=". ".join(f"{row['name']} is in {row['stage']} since {day(row['entered_at'])}"
                      for _, row in now.iterrows()) + ".",
        note="A full count. The last stage of each bar still lasts.",
    )  # fmt: skip
    names = list(dict.fromkeys(visits["name"]))
    rows(drawing, names, ["" for _ in names])
    shade_of = dict(zip(stages, SHADES * len(stages), strict=False))
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    for row in visits.to_dict("records"):
        _draw_visit(drawing, names.index(row["name"]), row, end, shade_of[row["stage"]])
    drawing.update_layout(bargap=0)
    return drawing


def _draw_visit(
    drawing: go.Figure, position: int, row: dict, end: pd.Timestamp, shade: str
) -> None:
    start = row["entered_at"].tz_localize(None)
    exit_ = end if pd.isna(row["exited_at"]) else row["exited_at"].tz_localize(None)
    length = (exit_ - start) / pd.Timedelta(milliseconds=1)
    drawing.add_bar(
        orientation="h", base=[start], x=[length], y=[position], width=0.42,
        marker={"color": LIGHT[shade], "line": {"color": LIGHT["page"], "width": 1}},
        text=escaped(row["stage"]), textposition="inside", insidetextanchor="start",
        textfont={"size": 12, "color": LIGHT["on_deep" if shade in DEEP else "on_pale"]},
        hovertext=f"{escaped(row['stage'])}<br>{day(start)} – {day(exit_)}, {days(row['days'])}",
        hoverinfo="text", constraintext="inside",
    )  # fmt: skip


def _draw(drawing: go.Figure, position: int, row: pd.Series) -> None:
    if row["n_ended"] < FEWEST_ENDED or pd.isna(row["median_days"]):
        text = "fewer than 5 have left" if row["n_ended"] < FEWEST_ENDED else "half not reached"
        drawing.add_annotation(
            x=0, xref="paper", y=position, text=text, showarrow=False, xanchor="left",
            font={"size": 12, "color": LIGHT["ink3"]},
        )  # fmt: skip
        return
    quantiles = [("p85", "diamond", "ink3", "grid"), ("median", "line-ns", "good", "good_wash")]
    for name, symbol, color, wash in quantiles:
        value, low, high = (row[f"{name}_{part}"] for part in ("days", "low", "high"))
        if pd.isna(value):
            continue
        if pd.notna(low):
            bar(drawing, position, max(low, SHORTEST), value if pd.isna(high) else high, color=wash)
        share = "half" if name == "median" else "85%"
        hover = f"{share} within {days(value)}"
        mark(
            drawing,
            [max(value, SHORTEST)],
            [position],
            [hover],
            symbol=symbol,
            color=color,
            size=10,
        )
        if symbol == "line-ns":
            drawing.data[-1].marker.update(size=18, line={"color": LIGHT[color], "width": 3})
        label(drawing, math.log10(max(value, SHORTEST)), position, days(value), color=color,
              xanchor="center", xshift=0, yshift=-17)  # fmt: skip


def _finding(durations: pd.DataFrame, noun: str) -> str:
    known = durations[(durations["n_ended"] >= FEWEST_ENDED) & durations["median_days"].notna()]
    if known.empty:
        return f"Too few {noun}s have left a stage to say how long one takes"
    ranked = known.sort_values("median_days", ascending=False)
    first = ranked.iloc[0]
    within = f"half of the {noun}s leave it within {days(first['median_days'])}"
    others_high = ranked["median_high"].iloc[1:]
    is_clear = len(ranked) > 1 and (first["median_low"] > others_high).all()
    if is_clear:
        return f"{first['stage']} takes longest: {within}"
    return f"{first['stage']} has the highest median: {within}"


def _described(row: pd.Series) -> str:
    if pd.isna(row["median_days"]):
        return f"{row['stage']}: half not reached, {_counts(row)}"
    p85 = "not reached" if pd.isna(row["p85_days"]) else days(row["p85_days"])
    return f"{row['stage']}: half within {days(row['median_days'])}, 85% {p85}, {_counts(row)}"


def _counts(row: pd.Series) -> str:
    parts = [f"{row['n_ended']} left", f"{row['n_open']} still in it"]
    return ", ".join(parts + ([f"{row['n_cancelled']} cancelled"] if row["n_cancelled"] else []))


def _note(durations: pd.DataFrame, noun: str) -> str:
    left_out = []
    if durations["n_zero_length"].sum():
        left_out.append(f"{durations['n_zero_length'].sum()} stays of no time")
    if durations["n_incomplete"].sum():
        left_out.append(f"{durations['n_incomplete'].sum()} with a cut-off history")
    note = f"Kaplan–Meier: {noun}s still in a stage, or cancelled in it, count as longer than this."
    return note + (f" Left out: {listed(left_out)}." if left_out else "")
