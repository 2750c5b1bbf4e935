"""What projects of a class take against their plan, and what that says of the open ones."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import HOW_TO_READ, count, day, escaped, labelled, listed, signed
from pmanalytics.schemas import PlanRatios, ReferenceClasses

MOST_ROWS = 12
STRIP_ROW = 48
LOWEST = 0.1
EVERY = "All projects"
TICKS = [0.1, 0.25, 0.5, 1, 2, 4, 10, 25, 100]
PLANS = {"duration": "planned days", "cost": "budget"}
NEEDED = {
    "duration": "It needs projects with a baseline start, a baseline finish and an actual finish.",
    "cost": "It needs finished projects with a baseline budget and an actual cost.",
}
LEFT_OUT = {
    "n_cancelled": "cancelled",
    "n_no_baseline": "without a baseline above 0",
    "n_not_recorded": "done without a record of it",
}


def plot_reference_class(classes: pd.DataFrame, ratios: pd.DataFrame, *, measure: str) -> go.Figure:
    """Draw per class what each project took as a multiple of its plan, open ones so far.

    Parameters
    ----------
    classes
        `ReferenceClasses`.
    ratios
        `PlanRatios` of the same projects, with the same classes beside.
    measure
        duration or cost.
    """
    classes = labelled(classes[classes["measure"] == measure], ReferenceClasses, EVERY)
    classes = classes[classes["n"] > 0].sort_values("n", ascending=False, kind="stable")
    if classes.empty:
        return nothing(
            f"What projects take against their {PLANS[measure]} is not known",
            f"{NEEDED[measure]} {HOW_TO_READ}",
        )
    shown = classes.head(MOST_ROWS)
    drawing = figure(
        _class_finding(classes, measure),
        f"Actual ÷ {PLANS[measure]}; finished (dot, diamond if above plan), open so far (triangle);"
        " long tick: half end by there, short tick: 80%; log scale",
        alt=". ".join(f"{row['label']}: {_stated(row)}" for _, row in shown.iterrows()) + ".",
        note=_class_note(classes),
    )
    stated = [_stated(row) for _, row in shown.iterrows()]
    rows(drawing, shown["label"].tolist(), stated, height=STRIP_ROW)
    ratios = labelled(ratios[ratios["measure"] == measure], PlanRatios, EVERY)
    for position, (_, row) in enumerate(shown.iterrows()):
        _draw_class(drawing, position, row, ratios[ratios["label"] == row["label"]])
    drawing.add_vline(x=1, line={"color": LIGHT["rule"], "width": 2}, layer="below")
    drawing.update_xaxes(
        type="log",
        tickvals=TICKS,
        ticktext=[f"{tick:g}×" for tick in TICKS],
        title_text="1× = plan",
    )
    return drawing


def plot_project_forecasts(forecasts: pd.DataFrame) -> go.Figure:
    """Draw for open projects the baseline, their owner's forecast, and P50 to P80 of their class.

    Parameters
    ----------
    forecasts
        `ProjectForecasts`.
    """
    if forecasts.empty:
        return nothing("There is no open project to forecast", HOW_TO_READ)
    known = forecasts.dropna(subset=["p50_finish_date"])
    if known.empty:
        reason = forecasts["duration_reason"].value_counts().index[0]
        return nothing(
            "No open project can be forecast from what became of its class",
            f"n = {len(forecasts)}. Most often: {reason}.",
        )
    today = known["as_of"].iloc[0]
    promised = known["forecast_finish_date"].fillna(known["baseline_finish_date"])
    ranked = known.assign(gap=known["p50_finish_date"] - promised)
    shown = ranked.sort_values("gap", ascending=False, kind="stable").head(MOST_ROWS)
    drawing = figure(
        _forecast_finding(known),
        "Baseline finish (ring), owner's forecast (diamond), and when 50% to 80% of projects like "
        f"it would have finished (bar); line: {day(today)}",
        alt="; ".join(f"{row['name']}: {_dates(row)}" for _, row in shown.iterrows()) + ".",
        note=_forecast_note(forecasts, known),
    )
    details = [f"{row['project_id']}, {_by(row)}" for _, row in shown.iterrows()]
    rows(drawing, shown["name"].tolist(), details)
    for position, (_, row) in enumerate(shown.iterrows()):
        _draw_forecast(drawing, position, row)
    drawing.add_vline(x=today, line={"color": LIGHT["rule"], "width": 2}, layer="below")
    drawing.update_xaxes(type="date")
    return drawing


def _class_finding(classes: pd.DataFrame, measure: str) -> str:
    known = classes.dropna(subset=["p50_ratio"])
    if known.empty:
        return f"Too few projects of one class are finished to say what one takes of its {measure}"
    largest = known.iloc[0]
    half, eighty = (_uplift(largest[name]) for name in ("p50_ratio", "p80_ratio"))
    return (
        f"{largest['label']}: half of the projects end by {half} against their {PLANS[measure]}, "
        f"80% by {eighty}"
    )


def _uplift(ratio: float) -> str:
    return "a point not reached" if pd.isna(ratio) else signed((ratio - 1) * 100, "%")


def _stated(row: pd.Series) -> str:
    """Return a class's quantiles in words, or why there are none."""
    counts = f"{row['n_finished']} finished, {row['n_open']} open"
    if pd.isna(row["p50_ratio"]):
        few = "too few to say" if row["reason"].startswith("too few") else row["reason"]
        return f"{counts}: {few}"
    return f"{counts}: half {_uplift(row['p50_ratio'])}, 80% {_uplift(row['p80_ratio'])}"


def _class_note(classes: pd.DataFrame) -> str:
    note = "Kaplan–Meier: open projects count as more than so far."
    left_out = [
        f"{classes[name].sum()} {word}" for name, word in LEFT_OUT.items() if classes[name].sum()
    ]
    if left_out:
        note += f" Left out: {listed(left_out)}."
    if len(classes) > MOST_ROWS:
        note += f" The {MOST_ROWS} largest of {len(classes)} classes are shown."
    return note


def _draw_class(drawing: go.Figure, position: int, row: pd.Series, ratios: pd.DataFrame) -> None:
    drawn = ratios.dropna(subset=["ratio"]).sort_values("ratio", kind="stable")
    heights = position + pd.Series(range(len(drawn)), index=drawn.index).mod(4).div(14)
    x, is_over, is_open = drawn["ratio"].clip(LOWEST), drawn["ratio"] > 1, drawn["state"] == "open"
    hover = drawn["name"].map(escaped) + "<br>" + drawn["ratio"].map(lambda r: f"{r:.2f} × plan")
    hover = hover.mask(is_open, hover + " so far")
    cases = [
        (~is_open & ~is_over, "circle", "good"),
        (~is_open & is_over, "diamond", "bad"),
        (is_open & ~is_over, "triangle-right-open", "good"),
        (is_open & is_over, "triangle-right-open", "bad"),
    ]
    for chosen, symbol, color in cases:
        if chosen.any():
            mark(drawing, x[chosen].tolist(), heights[chosen].tolist(), hover[chosen].tolist(),
                 symbol=symbol, color=color, size=8,
                 ids=drawn.loc[chosen, "project_id"].tolist())  # fmt: skip
    for name, size, words in (("p50_ratio", 24, "half end by"), ("p80_ratio", 14, "80% end by")):
        if pd.notna(row[name]):
            told = [f"{words} {_uplift(row[name])}"]
            at = max(row[name], LOWEST)
            mark(drawing, [at], [position + 0.1], told, symbol="line-ns", color="ink", size=size)


def _forecast_finding(known: pd.DataFrame) -> str:
    told = known.dropna(subset=["forecast_finish_date"])
    n_early = (told["forecast_finish_date"] < told["p50_finish_date"]).sum()
    if told.empty:
        return f"{count(len(known), 'open project')} can be forecast; none has its owner's forecast"
    return (
        f"{n_early} of {len(told)} owners' forecasts are earlier than half of such projects "
        "would finish"
    )


def _forecast_note(forecasts: pd.DataFrame, known: pd.DataFrame) -> str:
    note = "Each is compared with finished projects of its class that went on longer than it has."
    n_silent = known["forecast_finish_date"].isna().sum()
    if n_silent:
        note += f" Without an owner's forecast: {n_silent}."
    n_without = len(forecasts) - len(known)
    n_last = forecasts["duration_reason"].fillna("").str.startswith("it has taken more").sum()
    if n_without:
        note += f" Not forecast: {count(n_without, 'open project')}."
    if n_last:
        note += f" Already longer than nearly all of their class: {n_last} of these."
    if len(known) > MOST_ROWS:
        note += f" The {MOST_ROWS} that promise the most are shown."
    return note


def _by(row: pd.Series) -> str:
    late = row["p80_finish_date"]
    return f"half {day(row['p50_finish_date'])}" if pd.isna(late) else f"80% {day(late)}"


def _dates(row: pd.Series) -> str:
    return (
        f"baseline {day(row['baseline_finish_date'])}, owner {day(row['forecast_finish_date'])}, "
        f"half by {day(row['p50_finish_date'])}, 80% by {day(row['p80_finish_date'])}"
    )


def _draw_forecast(drawing: go.Figure, position: int, row: pd.Series) -> None:
    half, eighty, owner = (
        row[name] for name in ("p50_finish_date", "p80_finish_date", "forecast_finish_date")
    )
    baseline = row["baseline_finish_date"]
    if pd.notna(eighty):
        bar(drawing, position, half, eighty, color="good_wash", width=12)
    marks = [
        (eighty, "80% by", "line-ns", "good", 10),
        (half, "half by", "line-ns", "good", 16),
        (baseline, "baseline", "circle-open", "ink3", 11),
        (owner, "owner expects", "diamond", "bad" if owner < half else "ink3", 11),
    ]
    for at, words, symbol, color, size in marks:
        if pd.notna(at):
            mark(drawing, [at], [position], [f"{words} {day(at)}"],
                 symbol=symbol, color=color, size=size, ids=[row["project_id"]])  # fmt: skip
