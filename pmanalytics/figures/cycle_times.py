"""How long finished work took, and what in progress is older than usual."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.flow import DATES, STAGES_NEEDED, STARTED_NEEDED
from pmanalytics.figures.stages import NEEDED, TICKS
from pmanalytics.figures.theme import LIGHT, SMALL, figure, mark, nothing
from pmanalytics.figures.words import (
    NOUNS,
    count,
    day,
    days,
    escaped,
    listed,
    number,
    percent,
    percent_range,
)
from pmanalytics.intervals import TOO_FEW

MOST_MARKS = 1400
FAR = 4
SHORTEST = 0.5
WIDTH, SPREAD = 0.44, 0.36
GOLDEN = (math.sqrt(5) - 1) / 2
BANDS = [("p50_days", "within50"), ("p85_days", "within85"), ("p95_days", "within95")]


def plot_cycle_times(
    items: pd.DataFrame, level_of_service: pd.DataFrame, *, level: str = "work_item"
) -> go.Figure:
    """Draw how long each finished item took by the day it was finished, with the percentiles.

    Parameters
    ----------
    items
        `FlowItems`.
    level_of_service
        `ServiceLevels` of these items, not grouped.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    known = items.dropna(subset=["cycle_time_days", "finished_date"])
    if known.empty:
        return nothing(f"How long {noun}s take is not known", f"{NEEDED[level]} {STAGES_NEEDED}")
    row = level_of_service.iloc[0]
    marks = _marks(known)
    is_weekly = len(marks) > MOST_MARKS
    marks = (_marks(_by_week(known)) if is_weekly else marks).tail(MOST_MARKS)
    drawing = figure(
        _finding(row, noun),
        f"Days from start to finish of each finished {noun}, by the day it was finished",
        alt=_stated(row, noun),
        note=_note(row, noun, len(marks), is_weekly=is_weekly),
    )
    when = "Week of " if is_weekly else ""
    hover = [when + _hover(found, noun) for found in marks.to_dict("records")]
    mark(
        drawing, marks["finished_date"].tolist(), marks["days"].tolist(), hover,
        symbol="circle", color="good", size=6,
    )  # fmt: skip
    drawing.data[0].marker.opacity = 0.55
    _days_axis(drawing, marks["days"].max(), row["p95_days"])
    if row["n"] >= TOO_FEW:
        for name, share in (("p50_days", "50%"), ("p85_days", "85%")):
            _line(drawing, row[name], f"{share} ≤ {days(row[name])}")
    drawing.update_xaxes(DATES)
    drawing.update_layout(margin_l=44, margin_r=104)
    return drawing


def plot_ageing(ageing: pd.DataFrame, *, level: str = "work_item") -> go.Figure:
    """Draw the age of each item in progress over that at which finished ones left its stage.

    Parameters
    ----------
    ageing
        `Ageing`, with a `name` for each item beside it.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    if ageing.empty:
        return nothing(f"No {noun} is known to be in progress", STARTED_NEEDED)
    stages = dict([*ageing.groupby("stage", sort=False)])
    told = [f"{stage}: {_counts(found)}" for stage, found in stages.items()]
    drawing = figure(
        _ageing_finding(ageing, noun),
        f"Days since the start of each {noun} in progress, by its stage; shading: the age by which "
        "50, 85 and 95% of finished ones had left it; below: how many are beyond 85%",
        alt=". ".join(told) + ".",
        note=_ageing_note(ageing, noun),
        height=360,
    )
    usual, oldest = ageing["p95_days"].max(), ageing["work_item_age_days"].max()
    floor = _days_axis(drawing, max(oldest, usual if usual > 0 else 1), usual)
    shown = set(ageing["work_item_age_days"].nlargest(MOST_MARKS).index)
    for position, found in enumerate(stages.values()):
        if found["n"].iloc[0] >= TOO_FEW:
            _bands(drawing, position, found.iloc[0], floor)
        _dots(drawing, position, found[found.index.isin(shown)])
    texts = [f"<b>{escaped(stage)}</b><br>{_tick(found)}" for stage, found in stages.items()]
    drawing.update_xaxes(
        tickvals=list(range(len(stages))), ticktext=texts, showgrid=False, tickangle=0,
        range=[-0.5, len(stages) - 0.5],
    )  # fmt: skip
    drawing.update_layout(margin_l=44, margin_b=56)
    return drawing


def _marks(known: pd.DataFrame) -> pd.DataFrame:
    """Return the marks in order: items of one day that took equally long are one."""
    pairs = known.groupby(["finished_date", "cycle_time_days"]).size().rename("n").reset_index()
    pairs["days"] = pairs["cycle_time_days"].clip(lower=SHORTEST)
    return pairs.sort_values("finished_date", kind="stable")


def _by_week(known: pd.DataFrame) -> pd.DataFrame:
    """Return the items as if each was finished on the Monday of its week."""
    since_monday = pd.to_timedelta(known["finished_date"].dt.day_of_week, unit="D")
    return known.assign(finished_date=known["finished_date"] - since_monday)


def _finding(row: pd.Series, noun: str) -> str:
    if row["n"] < TOO_FEW:
        return f"{count(row['n'], noun)} finished: too few to say how long one takes"
    ends = [number(row[name]) if pd.notna(row[name]) else None for name in ("p85_low", "p85_high")]
    sure = f" ({ends[0]}–{ends[1]})" if all(ends) else ""
    said = (
        f"85% of {count(row['n'], f'finished {noun}')} took {days(row['p85_days'])}{sure} or less"
    )
    if pd.isna(row["within_share"]):
        return said
    return f"{said}; {percent(row['within_share'])} took at most {days(row['within_days'])}"


def _stated(row: pd.Series, noun: str) -> str:
    if row["n"] < TOO_FEW:
        return f"{count(row['n'], noun)} finished."
    parts = [f"{share}% within {days(row[f'p{share}_days'])}" for share in (50, 85, 95)]
    if pd.notna(row["within_share"]):
        interval = percent_range(row["low"], row["high"])
        parts.append(
            f"{percent(row['within_share'])} ({interval}) within {days(row['within_days'])}"
        )
    return f"{count(row['n'], noun)}: {listed(parts)}."


def _note(row: pd.Series, noun: str, n_marks: int, *, is_weekly: bool) -> str:
    parts = [
        f"Finished from {day(row['first_finished_date'])} to {day(row['last_finished_date'])}; "
        "the first and the last day count. Ranges are 95% intervals."
    ]
    left_out = [
        f"{number(row[name])} {what}"
        for name, what in (
            ("n_without_start", "that went straight to the end"),
            ("n_incomplete", "whose start is not known"),
        )
        if row[name]
    ]
    if left_out:
        parts.append(f"Left out: {listed(left_out)}.")
    if is_weekly:
        parts.append(f"A mark stands for every {noun} of a week that took equally long.")
    if n_marks == MOST_MARKS:
        parts.append(f"The latest {number(MOST_MARKS)} marks are shown.")
    return " ".join(parts)


def _hover(row: dict, noun: str) -> str:
    several = f"<br>{count(row['n'], noun)}" if row["n"] > 1 else ""
    return f"{day(row['finished_date'])}: {days(row['cycle_time_days'])}{several}"


def _line(drawing: go.Figure, value: float, text: str) -> None:
    """Draw a level across the chart, named beside its right end."""
    drawing.add_hline(y=max(value, SHORTEST), line={"color": LIGHT["ink2"], "width": 1})
    drawing.add_annotation(
        x=1, xref="paper", xanchor="left", xshift=6, text=text, showarrow=False,
        y=_height(drawing, value),
        font={"size": SMALL, "color": LIGHT["ink2"]},
    )  # fmt: skip


def _height(drawing: go.Figure, value: float) -> float:
    """Return where an annotation of that many days stands: a log axis takes it as an exponent."""
    return math.log10(max(value, SHORTEST)) if drawing.layout.yaxis.type == "log" else value


def _days_axis(drawing: go.Figure, top: float, usual: float) -> float:
    """Make the y axis one of days, logarithmic where a few lie far above what is usual."""
    if not top > FAR * usual:
        drawing.update_yaxes(range=[0, top * 1.12], nticks=6, tickformat=",d")
        return 0
    ticks = [tick for tick in TICKS if SHORTEST < tick <= top * 1.5]
    drawing.update_yaxes(
        type="log", tickvals=ticks, ticktext=[number(tick) for tick in ticks],
        range=[math.log10(SHORTEST), math.log10(top * 1.25)],
    )  # fmt: skip
    return SHORTEST


def _bands(drawing: go.Figure, position: int, row: pd.Series, floor: float) -> None:
    """Shade the ages by which finished items had left a stage, and name the shades."""
    for name, shade in BANDS:
        drawing.add_shape(
            type="rect", x0=position - WIDTH, x1=position + WIDTH, y0=floor, y1=row[name],
            fillcolor=LIGHT[shade], line={"width": 0}, layer="below",
        )  # fmt: skip
        floor = row[name]
    for value, text in {
        row[name]: f"{name[1:3]}% {number(row[name])} d" for name, _ in BANDS
    }.items():
        drawing.add_annotation(
            x=position + WIDTH, xanchor="right", y=_height(drawing, value), yanchor="top",
            text=text, showarrow=False, font={"size": SMALL, "color": LIGHT["ink2"]},
        )  # fmt: skip


def _dots(drawing: go.Figure, position: int, found: pd.DataFrame) -> None:
    """Draw the items of a stage: those beyond the 85th percentile in colour, the oldest named."""
    place = [position - SPREAD + 1.2 * SPREAD * ((n + 1) * GOLDEN % 1) for n in range(len(found))]
    found = found.assign(
        x=place,
        y=found["work_item_age_days"].clip(lower=SHORTEST),
        label=found["name"].map(escaped),
    )
    is_beyond = found["is_beyond_p85"].fillna(False).astype(bool)
    kinds = ((~is_beyond, "circle", "ink3", 7), (is_beyond, "triangle-up", "bad", 10))
    for is_kind, symbol, color, size in kinds:
        rows = found[is_kind]
        hover = [
            f"{row['label']}<br>{days(row['work_item_age_days'])}{_flagged(row)}"
            for row in rows.to_dict("records")
        ]
        mark(
            drawing,
            rows["x"].tolist(),
            rows["y"].tolist(),
            hover,
            symbol=symbol,
            color=color,
            size=size,
        )
    for row in found[is_beyond].head(1).to_dict("records"):
        drawing.add_annotation(
            x=row["x"], y=_height(drawing, row["y"]), yshift=6, yanchor="bottom",
            text=row["label"], showarrow=False, font={"size": SMALL, "color": LIGHT["ink"]},
        )  # fmt: skip


def _flagged(row: dict) -> str:
    return ", flagged" if row["is_flagged"] is True else ""


def _counts(found: pd.DataFrame) -> str:
    n, n_known = len(found), int(found["n"].iloc[0])
    if n_known < TOO_FEW:
        return f"{number(n)} open"
    return f"{number(n)} open, {number(found['is_beyond_p85'].sum())} beyond 85%"


def _tick(found: pd.DataFrame) -> str:
    if found["n"].iloc[0] < TOO_FEW:
        return number(len(found))
    return f"{number(found['is_beyond_p85'].sum())} of {number(len(found))}"


def _ageing_finding(ageing: pd.DataFrame, noun: str) -> str:
    n_beyond, n = int(ageing["is_beyond_p85"].sum()), len(ageing)
    if ageing["is_beyond_p85"].isna().all():
        oldest = days(ageing["work_item_age_days"].max())
        return f"{count(n, noun)} in progress, the oldest for {oldest}: too few finished to compare"
    if not n_beyond:
        return f"None of {count(n, noun)} in progress is older than 85% of finished ones were"
    beyond = ageing[ageing["is_beyond_p85"].fillna(False).astype(bool)]
    places = [f"{number(size)} in {stage}" for stage, size in
              beyond.groupby("stage", sort=False).size().items()]  # fmt: skip
    verb = "is" if n_beyond == 1 else "are"
    return (
        f"{number(n_beyond)} of {count(n, noun)} in progress {verb} older than 85% of those "
        f"finished were at that point: {listed(places)}"
    )


def _ageing_note(ageing: pd.DataFrame, noun: str) -> str:
    parts = ["A full count of what is in progress; the first day counts."]
    unknown = int(ageing["is_beyond_p85"].isna().sum())
    if unknown:
        parts.append(
            f"{count(unknown, noun)} in a stage that fewer than {TOO_FEW} finished ones left."
        )
    n_flagged = int(ageing["is_flagged"].sum())
    if n_flagged:
        parts.append(f"{number(n_flagged)} flagged as blocked.")
    n_bounds = int((~ageing["history_complete"]).sum())
    if n_bounds:
        parts.append(f"{number(n_bounds)} at least so old: their start is not known.")
    if len(ageing) > MOST_MARKS:
        parts.append(f"The {number(MOST_MARKS)} oldest are drawn.")
    return " ".join(parts)
