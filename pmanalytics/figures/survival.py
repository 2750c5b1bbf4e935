"""How many are still in a stage after so many days, group by group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from pmanalytics.figures.theme import LIGHT, SMALL, annotate, figure, nothing
from pmanalytics.figures.words import NOUNS, count, days, escaped, listed, number, percent
from pmanalytics.intervals import TOO_FEW

LINES = [("good", "solid"), ("ink3", "dash"), ("neutral", "dot"), ("ink2", "dashdot")]
FEWEST_AT_RISK = 5
MOST_STEPS = 6
ROUND = [1, 2, 5, 10]
AT_RISK_HEIGHT = 20
MEDIANS = ["first_median_days", "second_median_days"]
VERDICTS = {
    "longer": "{second} stays longer in {stage} than {first}",
    "shorter": "{second} leaves {stage} sooner than {first}",
    "no_clear_difference": "{first} and {second}: no clear difference in the time in {stage}",
    "too_few": "Too few have left {stage} to compare {first} and {second}",
}


def plot_stage_survival(
    curves: pd.DataFrame, comparison: pd.DataFrame | None = None, *, by: str | None = None
) -> go.Figure:
    """Draw which share is still in a stage over the days since entry, with 95 % bands.

    Parameters
    ----------
    curves
        `StageSurvival` of one stage.
    comparison
        `DurationComparisons` of that stage, if two groups are to be compared.
    by
        The column whose groups are drawn apart, at most four: the largest.
    """
    if curves.empty or not curves["n_ended"].sum():
        stages = listed([*curves["stage"].unique()]) or "the stage"
        return nothing(
            f"Nobody has left {stages} yet, so there is no curve",
            f"A curve needs stays that have ended; {TOO_FEW} at least to say how long.",
        )
    groups = _groups(curves, by)
    stage, noun = curves["stage"].iloc[0], NOUNS[curves["level"].iloc[0]]
    drawing = figure(
        _finding(groups, comparison, stage, noun),
        f"Share of {noun}s still in {stage} by days since entry; bands are 95% intervals, "
        "numbers below count those seen there so long",
        alt=". ".join(_stated(name, group, noun) for name, group in groups.items()) + ".",
        note=f"Kaplan–Meier: {noun}s still there count as longer than this (small marks)."
        + _tested(comparison),
    )
    longest = max(_longest_shown(group) for group in groups.values())
    for line, group in zip(LINES, groups.values(), strict=False):
        _draw_band(drawing, group, line[0])
    for line, (name, group) in zip(LINES, groups.items(), strict=False):
        _draw(drawing, name, group, *line)
    ticks = _ticks(longest)
    for row, (name, group) in enumerate(groups.items()):
        _count_below(drawing, name, group, ticks, row)
    room = AT_RISK_HEIGHT * len(groups)
    drawing.update_layout(margin_b=48 + room, margin_l=48, margin_r=112, height=340 + room)
    drawing.update_xaxes(
        tickvals=ticks, ticktext=[number(tick) for tick in ticks], range=[0, longest * 1.01]
    )
    drawing.update_yaxes(range=[0, 1.02], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    return drawing


def _groups(curves: pd.DataFrame, by: str | None) -> dict[str, pd.DataFrame]:
    """Return the curve of each group by its name; the largest ones, if there are many."""
    if by is None:
        return {"": curves}
    parts = {str(name): part for name, part in curves.groupby(by, dropna=False, sort=False)}
    largest = sorted(parts, key=lambda name: -parts[name]["at_risk"].max())[: len(LINES)]
    return {name: parts[name] for name in parts if name in largest}


def _longest_shown(group: pd.DataFrame) -> float:
    """Return the time up to which a curve is worth drawing: beyond it a few items make it."""
    fewest = min(FEWEST_AT_RISK, group["at_risk"].max() / 10)
    return group.loc[group["at_risk"] >= fewest, "days"].max()


def _ticks(longest: float) -> NDArray[np.float64]:
    """Return round numbers of days from 0 on, below which people can be counted."""
    unit = 10.0 ** np.floor(np.log10(longest / MOST_STEPS))
    step = next(unit * n for n in ROUND if longest / (unit * n) <= MOST_STEPS)
    return np.arange(0, longest * (1 + 1e-9), step)


def _half(group: pd.DataFrame) -> float:
    """Return after how many days half of a group have left; missing where that is not reached."""
    reached = group.loc[group["survival"] <= 0.5 + 1e-9, "days"]
    return reached.min() if group["n_ended"].sum() >= TOO_FEW else np.nan


def _stated(name: str, group: pd.DataFrame, noun: str) -> str:
    half = _half(group)
    n, left = group["at_risk"].max(), group["n_ended"].sum()
    when = "half not reached" if pd.isna(half) else f"half have left within {days(half)}"
    return f"{name + ': ' if name else ''}{count(n, noun)}, {number(left)} left; {when}"


def _finding(
    groups: dict[str, pd.DataFrame], comparison: pd.DataFrame | None, stage: str, noun: str
) -> str:
    if comparison is not None and len(comparison):
        row = comparison.iloc[0]
        claim = VERDICTS[row["verdict"]].format(**row[["first", "second", "stage"]])
        if row["verdict"] in ("longer", "shorter") and row[MEDIANS].notna().all():
            first, second = row[MEDIANS].map(days)
            return f"{claim}: half within {second}, not {first}"
        return claim
    halves = {name: _half(group) for name, group in groups.items()}
    told = [days(v) + (f" ({name})" if name else "") for name, v in halves.items() if pd.notna(v)]
    if not told:
        return f"It cannot be said yet within which time half of the {noun}s leave {stage}"
    return f"Half of the {noun}s leave {stage} within {listed(told)}"


def _tested(comparison: pd.DataFrame | None) -> str:
    if comparison is None or comparison["p_adjusted"].isna().all():
        return ""
    p = comparison["p_adjusted"].iloc[0]
    return f" Log-rank test: p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}, adjusted for all stages."


def _from_entry(group: pd.DataFrame) -> pd.DataFrame:
    """Return a curve from the beginning, when all are there; a band without a limit goes on."""
    start = pd.DataFrame({"days": [0.0], "survival": [1.0], "low": [1.0], "high": [1.0]})
    return pd.concat([start, group[[*start]]], ignore_index=True).ffill()


def _draw_band(drawing: go.Figure, group: pd.DataFrame, color: str) -> None:
    curve = _from_entry(group)
    for edge, fill in (("high", None), ("low", "tonexty")):
        drawing.add_scatter(
            x=curve["days"], y=curve[edge], mode="lines", line={"shape": "hv", "width": 0},
            fill=fill, fillcolor=LIGHT["good_wash" if color == "good" else "grid"],
            hoverinfo="skip",
        )  # fmt: skip


def _draw(drawing: go.Figure, name: str, group: pd.DataFrame, color: str, dash: str) -> None:
    curve = _from_entry(group)
    label = f"{escaped(name)}<br>" if name else ""
    drawing.add_scatter(
        x=curve["days"], y=curve["survival"], mode="lines",
        line={"shape": "hv", "width": 2, "color": LIGHT[color], "dash": dash},
        text=[f"{label}{percent(s)} still there after {days(d)}"
              for d, s in zip(curve["days"], curve["survival"], strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    open_ones = group[group["n_ended"] == 0]
    drawing.add_scatter(
        x=open_ones["days"], y=open_ones["survival"], mode="markers", hoverinfo="skip",
        marker={"symbol": "line-ns", "size": 7, "line": {"color": LIGHT[color], "width": 1}},
    )  # fmt: skip


def _count_below(
    drawing: go.Figure, name: str, group: pd.DataFrame, ticks: np.ndarray, row: int
) -> None:
    """Write below each tick how many of a group were seen in the stage at least so long."""
    days_seen, at_risk = group["days"].to_numpy(), group["at_risk"].to_numpy()
    counts = np.append(at_risk, 0)[np.searchsorted(days_seen, ticks - 1e-9)]
    color = LIGHT["good_text" if row == 0 else "ink2"]
    below = {"y": 0, "yref": "paper", "yshift": -(34 + AT_RISK_HEIGHT * row), "showarrow": False,
             "font": {"size": SMALL, "color": color}}  # fmt: skip
    told = [below | {"x": t, "text": number(n)} for t, n in zip(ticks, counts, strict=True)]
    sample = {"solid": "━━", "dash": "╍╍", "dot": "┅┅", "dashdot": "━╍"}[LINES[row][1]]
    label = f"{sample} <b>{escaped(name[:12])}</b>" if name else "still there"
    beside = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 18, "text": label}
    annotate(drawing, [*told, below | beside])
