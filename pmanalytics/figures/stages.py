"""How long stages last."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import ROW_HEIGHT, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import HOW_TO_READ, NOUNS, days, escaped, listed
from pmanalytics.intervals import TOO_FEW
from pmanalytics.schemas import ItemStages, empty

SHORTEST = 0.05
MOST_STAYS = 1500
STRIP_ROW = 50
AMONG = 0.12  # of a row: how far its marks lie below its middle, to keep clear of the label
SPREAD, GOLDEN = 0.34, 0.618
TICKS = [0.1, 1, 3, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650]
NEEDED = {
    "product": f"It needs the day on which each product entered each stage. {HOW_TO_READ}",
    "project": f"It needs the day on which each project entered each stage. {HOW_TO_READ}",
    "work_item": "It needs issues with their history: Jira's JSON, exported with expand=changelog.",
}


def plot_stage_durations(
    durations: pd.DataFrame, items: pd.DataFrame | None = None, *, level: str
) -> go.Figure:
    """Draw for each stage when half and 85 % have left it, with 95 % intervals, on a log scale.

    Parameters
    ----------
    durations
        `StageDurations` of one level, not grouped further.
    items
        `ItemStages` of the same, with the `name` of each item beside it: each is a mark, unless
        they are too many to be seen.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    items = _drawn(items)
    if durations.empty:
        return nothing(f"How long {noun}s stay in each stage is not known", NEEDED[level])
    drawing = figure(
        _finding(durations, noun),
        f"Days in each stage until half (tick) and 85% (diamond) of the {noun}s have left it; "
        "bars are 95% intervals; log scale",
        alt=". ".join(f"{row['stage']}: {_stated(row)}" for _, row in durations.iterrows()) + ".",
        note=_note(durations, noun, has_marks=len(items) > 0),
    )
    labels = durations["stage"].tolist()
    height = STRIP_ROW if len(items) else ROW_HEIGHT
    rows(drawing, labels, [_stated(row) for _, row in durations.iterrows()], height=height)
    for position, (_, row) in enumerate(durations.iterrows()):
        if row["n_ended"] >= TOO_FEW:
            _draw_bars(drawing, position + AMONG, row)
    _draw_items(drawing, items, items["stage"].map(dict(zip(labels, range(99), strict=False))))
    for position, (_, row) in enumerate(durations.iterrows()):
        if row["n_ended"] >= TOO_FEW:
            _draw(drawing, position + AMONG, row)
    reached = durations[["median_days", "median_high", "p85_days", "p85_high"]].max().max()
    top = max(reached if pd.notna(reached) else 1, items["total_days"].max() if len(items) else 1)
    ticks = [tick for tick in TICKS if tick <= top * 1.5]
    drawing.update_xaxes(type="log", tickvals=ticks, ticktext=list(map(str, ticks)))
    return drawing


def _drawn(items: pd.DataFrame | None) -> pd.DataFrame:
    """Return the items that durations count, if there are not too many to draw."""
    if items is None:
        items = empty(ItemStages)
    counted = items[items["is_complete"] & (items["total_days"] > 0)]
    return counted if len(counted) <= MOST_STAYS else counted.head(0)


def _draw_items(drawing: go.Figure, items: pd.DataFrame, row: pd.Series) -> None:
    """Draw each item as a dot; one still in its stage, or cancelled there, points to the right."""
    if items.empty:
        return
    drawn = items.assign(row=row).dropna(subset=["row"]).sort_values("total_days", kind="stable")
    apart = drawn.groupby("row").cumcount().mul(GOLDEN).mod(1).sub(0.5).mul(SPREAD)
    y = drawn["row"] + AMONG + apart
    is_open = drawn["is_open"] | drawn["is_cancelled"]
    told = drawn["name"].map(escaped) + "<br>" + drawn["total_days"].map(days)
    told = told.mask(is_open, told + " so far")
    looks = ((~is_open, "circle", "neutral", 5), (is_open, "triangle-right-open", "ink", 8))
    for chosen, symbol, color, size in looks:
        if chosen.any():
            mark(drawing, drawn.loc[chosen, "total_days"].clip(SHORTEST).tolist(),
                 y[chosen].tolist(), told[chosen].tolist(), symbol=symbol, color=color, size=size,
                 ids=drawn.loc[chosen, "item_id"].tolist())  # fmt: skip


def _draw_bars(drawing: go.Figure, position: float, row: pd.Series) -> None:
    for name, wash in (("p85", "grid"), ("median", "good_wash")):
        value, low, high = (row[f"{name}_{part}"] for part in ("days", "low", "high"))
        if pd.notna(value) and pd.notna(low):
            bar(drawing, position, max(low, SHORTEST), value if pd.isna(high) else high, color=wash)


def _draw(drawing: go.Figure, position: float, row: pd.Series) -> None:
    marks = [("p85", "diamond", "ink", 10, "85%"), ("median", "line-ns", "good", 18, "half")]
    for name, symbol, color, size, share in marks:
        value = row[f"{name}_days"]
        if pd.notna(value):
            hover = [f"{share} within {days(value)}"]
            at = max(value, SHORTEST)
            mark(drawing, [at], [position], hover, symbol=symbol, color=color, size=size)


def _stated(row: pd.Series) -> str:
    """Return a stage's quantiles in words, or its counts where they are too few."""
    if not row["n"] and row["n_incomplete"]:
        return f"{row['n_incomplete']} whose beginning is not known"
    if row["n_ended"] < TOO_FEW:
        return f"{_counts(row)}: too few to say"
    half, p85 = (
        "not reached" if pd.isna(row[name]) else days(row[name])
        for name in ("median_days", "p85_days")
    )
    return f"half {half}, 85% {p85}; {row['n_open']} still in it"


def _finding(durations: pd.DataFrame, noun: str) -> str:
    known = durations[(durations["n_ended"] >= TOO_FEW) & durations["median_days"].notna()]
    if not durations["n"].any() and durations["n_incomplete"].any():
        return f"No stay of a {noun} was seen from its beginning, so none can be measured"
    if known.empty:
        return f"Too few {noun}s have left a stage to say how long one takes"
    ranked = known.sort_values("median_days", ascending=False)
    first = ranked.iloc[0]
    within = f"half of the {noun}s leave it within {days(first['median_days'])}"
    others_high = ranked["median_high"].iloc[1:]
    if len(durations) == 1:
        return f"Half of the {noun}s leave {first['stage']} within {days(first['median_days'])}"
    if len(known) < (durations["n"] > 0).sum():
        return (
            f"Of the stages that can be judged, {first['stage']} has the highest median: {within}"
        )
    if len(ranked) > 1 and (first["median_low"] > others_high).all():
        return f"{first['stage']} takes longest: {within}"
    return f"{first['stage']} has the highest median: {within}"


def _counts(row: pd.Series) -> str:
    parts = [f"{row['n_ended']} left", f"{row['n_open']} still in it"]
    return ", ".join(parts + ([f"{row['n_cancelled']} cancelled"] if row["n_cancelled"] else []))


def _note(durations: pd.DataFrame, noun: str, *, has_marks: bool) -> str:
    left_out = []
    if durations["n_zero_length"].sum():
        left_out.append(f"{durations['n_zero_length'].sum()} stays of no time")
    if durations["n_incomplete"].sum():
        left_out.append(f"{durations['n_incomplete'].sum()} whose beginning is not known")
    marks = " (triangles; dots have left)" if has_marks else ""
    note = (
        f"Kaplan–Meier: {noun}s still in a stage, or cancelled in it{marks}, count as longer than "
        "this."
    )
    drawn = durations[durations["n_ended"] >= TOO_FEW]
    if (drawn["median_high"].isna() | drawn["p85_high"].isna()).any():
        note += " A bar that ends at its mark has no upper limit yet."
    return note + (f" Left out: {listed(left_out)}." if left_out else "")
