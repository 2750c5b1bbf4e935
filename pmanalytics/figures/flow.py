"""How work flows: how far it has come, how much of it is in progress, how much gets finished."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.stages import NEEDED
from pmanalytics.figures.theme import LIGHT, SMALL, figure, nothing
from pmanalytics.figures.words import HOW_TO_READ, NOUNS, count, day, escaped, listed, number

STAGES_NEEDED = (
    "It needs to know which statuses mean that work has begun and has ended: "
    f"[lifecycle.work_item] in pmanalytics.toml. {HOW_TO_READ}"
)
STARTED_NEEDED = (
    "If some are, [lifecycle.work_item] in pmanalytics.toml has to say with which statuses work "
    "begins and ends."
)
BLUES = ["flow1", "flow2", "flow3"]
TWO_WEEKS = 14 * 24 * 3600 * 1000  # in milliseconds
DATES = {
    "type": "date", "nticks": 4, "tickformat": "%b\n%Y", "tickangle": 0, "showgrid": False,
    "tickformatstops": [{"dtickrange": [None, TWO_WEEKS], "value": "%-d %b\n%Y"}],
}  # fmt: skip


def plot_cumulative_flow(flow: pd.DataFrame, *, level: str = "work_item") -> go.Figure:
    """Draw how many items had come as far as each stage; what lies between two lines is there.

    Parameters
    ----------
    flow
        `CumulativeFlow`.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    if flow.empty:
        return nothing(f"How far the {noun}s have come is not known", _needed(level))
    first, last = (flow[flow["date"] == flow["date"].agg(end)] for end in ("min", "max"))
    drawing = figure(
        _flow_finding(first, last, noun),
        f"{noun.capitalize()}s that had come as far as each stage, to {day(last['date'].iloc[0])}; "
        "the height of a band is what is in it",
        alt="Now " + listed([_in_stage(row) for row in last.to_dict("records")]) + ".",
        note=_flow_note(last.iloc[0], noun),
    )
    colors = _band_colors(last)
    for position, stage in enumerate(reversed(last["stage"].tolist())):
        line = flow[flow["stage"] == stage]
        _band(drawing, line, LIGHT[colors[stage]], is_lowest=position == 0)
    _label_bands(drawing, last, colors)
    lowest = first["n_reached"].min()
    drawing.update_yaxes(range=[lowest, last["n_reached"].max() * 1.02], tickformat=",d", nticks=6)
    drawing.update_xaxes(DATES)
    drawing.update_layout(margin_l=52, margin_r=132, hovermode="x")
    return drawing


def plot_wip(daily: pd.DataFrame, *, level: str = "work_item") -> go.Figure:
    """Draw how many items were in progress on each day.

    Parameters
    ----------
    daily
        `FlowByDay`, not grouped.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    if daily.empty or not daily["wip"].any():
        return nothing(f"No {noun} is known to have been in progress", _needed(level))
    first, last = daily.iloc[0], daily.iloc[-1]
    low, high = daily["wip"].min(), daily["wip"].max()
    between = f"between {number(low)} and {number(high)}" if low < high else "on every day"
    ended = last["throughput"] + last["n_cancelled"]
    said = f"{count(last['wip'], noun)} in progress on {day(last['date'])}"
    said += f" ({number(ended)} ended that day)" if ended else ""
    drawing = figure(
        f"{said}; {between} since {day(first['date'])}",
        f"{noun.capitalize()}s begun and not yet ended, per day",
        alt=f"From {number(first['wip'])} on {day(first['date'])} to {number(last['wip'])} on "
        f"{day(last['date'])}; lowest {number(low)}, highest {number(high)}.",
        note="A full count. What ends on a day still counts on that day; what was cancelled leaves "
        "like what was finished.",
        height=240,
    )
    drawing.add_scatter(
        x=daily["date"].tolist(), y=daily["wip"].tolist(), mode="lines", fill="tozeroy",
        fillcolor=LIGHT["good_wash"], line={"color": LIGHT["good"], "width": 2},
        hovertemplate="%{x|%-d %b %Y}: %{y}<extra></extra>",
    )  # fmt: skip
    drawing.update_yaxes(rangemode="tozero", tickformat=",d", nticks=5)
    drawing.update_xaxes(DATES)
    drawing.update_layout(margin_l=44, hovermode="x")
    return drawing


def plot_throughput(
    periods: pd.DataFrame, *, period: str = "week", level: str = "work_item"
) -> go.Figure:
    """Draw how many items were finished in each period; periods cut by the window are hollow.

    Parameters
    ----------
    periods
        `Throughput`, not grouped.
    period
        day, week or month, as it was counted.
    level
        product, project or work_item.
    """
    noun = NOUNS[level]
    if not periods["throughput"].any():
        return nothing(f"No {noun} is known to have been finished", _needed(level))
    told = [_period(row, period, noun) for row in periods.to_dict("records")]
    drawing = figure(
        _throughput_finding(periods, period, noun),
        f"{noun.capitalize()}s finished per {period}; hollow where the {period} is not whole",
        alt="; ".join(told) + ".",
        note="Periods without a finish count as 0. Cancelled ones are not counted.",
        height=240,
    )
    is_whole = periods["is_complete"].tolist()
    drawing.add_bar(
        x=periods["period_start_date"].tolist(), y=periods["throughput"].tolist(),
        marker={
            "color": [LIGHT["good" if whole else "page"] for whole in is_whole],
            "line": {"color": LIGHT["good"], "width": [0 if whole else 1.5 for whole in is_whole]},
        },
        text=["" if n else "0" for n in periods["throughput"]], textposition="outside",
        textfont={"size": SMALL, "color": LIGHT["ink2"]}, cliponaxis=False,
        hovertext=[escaped(said) for said in told], hoverinfo="text",
    )  # fmt: skip
    drawing.update_yaxes(rangemode="tozero", tickformat=",d", nticks=5)
    drawing.update_xaxes(DATES)
    drawing.update_layout(margin_l=44, bargap=0.25)
    return drawing


def _needed(level: str) -> str:
    return f"{NEEDED[level]} {STAGES_NEEDED}" if level == "work_item" else NEEDED[level]


def _flow_finding(first: pd.DataFrame, last: pd.DataFrame, noun: str) -> str:
    """Say how many came as far as the work, and as far as its end, and what that leaves between."""
    came = last.assign(n=last["n_reached"].to_numpy() - first["n_reached"].to_numpy())
    states = ("in_progress", "finished")
    rows = [came[came["state"] == state].iloc[0] for state in states if state in set(came["state"])]
    if not rows:
        return f"{count(last['n_items'].iloc[0], noun)}, none of which can be said to have begun"
    told = (
        f"Since {day(first['date'].iloc[0])} {count(rows[0]['n'], noun)} reached {rows[0]['stage']}"
    )
    if len(rows) < len(states):
        return told
    more = rows[0]["n"] - rows[1]["n"]
    between = f"{number(abs(more))} {'more' if more > 0 else 'fewer'}" if more else "as many"
    lie = "lies" if abs(more) == 1 else "lie"
    return f"{told} and {number(rows[1]['n'])} reached {rows[1]['stage']}: {between} {lie} between"


def _in_stage(row: dict) -> str:
    return f"{number(row['n_in_stage'])} in {row['stage']}"


def _flow_note(row: pd.Series, noun: str) -> str:
    parts = [
        "A full count. The axis begins with what was done before; a skipped stage is filled in."
    ]
    if row["n_moved_back"]:
        parts.append(
            f"{count(row['n_moved_back'], noun)} went back a stage and stay where they had been: "
            "so a band may hold fewer than are in that stage now."
        )
    left_out = [
        f"{number(row[name])} {what}"
        for name, what in (("n_cancelled", "cancelled"), ("n_unmapped", "never in a stage"))
        if row[name]
    ]
    if left_out:
        parts.append(f"Left out: {listed(left_out)}.")
    if row["n_incomplete"]:
        parts.append(f"Of {number(row['n_incomplete'])} the beginning is not known.")
    return " ".join(parts)


def _band_colors(last: pd.DataFrame) -> dict[str, str]:
    plain = {"not_started": "flow_before", "finished": "flow_done"}
    working = last.loc[last["state"] == "in_progress", "stage"].tolist()
    blues = dict(zip(working, BLUES * len(working), strict=False))
    return {
        row["stage"]: plain.get(row["state"]) or blues[row["stage"]]
        for row in last.to_dict("records")
    }


def _band(drawing: go.Figure, line: pd.DataFrame, color: str, *, is_lowest: bool) -> None:
    drawing.add_scatter(
        x=line["date"].tolist(), y=line["n_reached"].tolist(), mode="lines",
        fill="tozeroy" if is_lowest else "tonexty", fillcolor=color,
        line={"color": LIGHT["page"], "width": 1},
        hovertemplate=f"{escaped(line['stage'].iloc[0])} or beyond: %{{y}}<extra></extra>",
    )  # fmt: skip


def _label_bands(drawing: go.Figure, last: pd.DataFrame, colors: dict[str, str]) -> None:
    """Name the bands beside their right end, from the top: they are too thin to hold a name."""
    key = "<span style='color:{color}'>■</span> {stage} <b>{n}</b>"
    texts = [
        key.format(
            color=LIGHT[colors[row["stage"]]],
            stage=escaped(row["stage"]),
            n=number(row["n_in_stage"]),
        )
        for row in last.to_dict("records")
    ]
    drawing.add_annotation(
        x=1, xref="paper", xanchor="left", xshift=8, y=1, yref="paper", yanchor="top",
        text="<br>".join(texts), showarrow=False, align="left",
        font={"size": SMALL, "color": LIGHT["ink"]},
    )  # fmt: skip


def _throughput_finding(periods: pd.DataFrame, period: str, noun: str) -> str:
    whole = periods[periods["is_complete"]]
    if whole.empty:
        said = f"{count(periods['throughput'].sum(), noun)} finished"
        return f"{said}; no whole {period} has passed yet"
    low, high, n = whole["throughput"].min(), whole["throughput"].max(), len(whole)
    last = whole.iloc[-1]
    said = f"{count(last['throughput'], noun)} finished in the last whole {period}"
    if n == 1:
        return said
    n_without = int((whole["throughput"] == 0).sum())
    none = f", none in {n_without} of them" if n_without else ""
    return f"{said}; {number(low)} to {number(high)} in each of {count(n, period)}{none}"


def _period(row: dict, period: str, noun: str) -> str:
    start = day(row["period_start_date"])
    from_day = start if period == "day" else f"{period.capitalize()} from {start}"
    part = "" if row["is_complete"] else f" ({count(row['n_days'], 'day')} of it)"
    return f"{from_day}{part}: {count(row['throughput'], noun)}"
