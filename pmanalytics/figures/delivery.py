"""How far projects end from their plan, and which open ones are past it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, annotate, figure, mark, nothing
from pmanalytics.figures.words import HOW_TO_READ, count, escaped, plan, signed

DAYS = "finish_variance_days"
FARTHEST = {DAYS: 180, "finish_variance_share": 1.0}
FARTHEST_COST = 0.6
SMALLEST, LARGEST = 7, 34
LATE, ON_TIME = ["late", "late_open"], ["on_time", "early"]
OVER = ["over", "over_open"]


def plot_outcomes(
    outcomes: pd.DataFrame, *, grace_days: int = 0, tolerance: float = 0.0
) -> go.Figure:
    """Draw projects by how late they are and by cost against budget.

    The counts in the corners are those of the verdicts, so that they agree with the rates; a
    finished project is a disc, an open one that is late and over already a ring.

    Parameters
    ----------
    outcomes
        `ProjectOutcomes`, with the projects' `name` beside it, and their `baseline_budget` where
        all are in one currency: the area of a mark is then its budget.
    grace_days, tolerance
        As the verdicts were made with.
    """
    is_late, is_over = outcomes["on_time"].isin(LATE), outcomes["on_budget"].isin(OVER)
    is_known = (is_late | outcomes["on_time"].isin(ON_TIME)) & (
        is_over | outcomes["on_budget"].eq("on_budget")
    )
    judged, is_late, is_over = (each[is_known] for each in (outcomes, is_late, is_over))
    if judged.empty:
        return nothing(
            "No project can be placed by time and cost",
            "That needs finished projects with a planned and an actual finish date, a budget and "
            f"a cost. {HOW_TO_READ}",
        )
    n_both, n = int((is_late & is_over).sum()), len(judged)
    against = plan(outcomes)
    late = "late" if against == "baseline" else f"late against the {against}"
    x = "finish_variance_share" if judged["finish_variance_share"].notna().any() else DAYS
    placed = judged.dropna(subset=[x, "cost_variance_share"])
    is_sized = "baseline_budget" in placed and placed["baseline_budget"].notna().any()
    drawing = figure(
        f"{n_both} of {count(n, 'project')} judged on time and cost are both {late} and over "
        "budget",
        f"Finish against {against} (right = late) and cost against budget (up = over)"
        + ("; area is budget" if is_sized else ""),
        alt=f"Of {count(n, 'project')} {is_late.sum()} are late, {is_over.sum()} over budget, "
        f"{n_both} both and {(~is_late & ~is_over).sum()} neither.",
        note=_outcomes_note(outcomes, judged, len(judged) - len(placed), grace_days),
        height=350,
    )
    _quadrants(drawing, is_late, is_over, tolerance)
    _place(drawing, placed, x, _sizes(placed) if is_sized else SMALLEST + 2)
    _outcome_axes(drawing, x, against)
    return drawing


def _outcome_axes(drawing: go.Figure, across: str, against: str) -> None:
    is_days = across == DAYS
    unit = "days" if is_days else "share of planned days"
    drawing.update_xaxes(
        title_text=f"Finish after {_finish(against)}, {unit}",
        range=[-FARTHEST[across] * 0.55, FARTHEST[across] * 1.08],
        tickformat="+d" if is_days else "+.0%",
    )
    drawing.update_yaxes(
        tickformat="+.0%", range=[-FARTHEST_COST * 0.85, FARTHEST_COST * 1.2], side="left"
    )
    drawing.update_layout(margin_l=52)


def _place(drawing: go.Figure, placed: pd.DataFrame, across: str, sizes: pd.Series | float) -> None:
    """Mark each project; beyond the axes by a triangle, open by a ring, late and over in orange."""
    x = placed[across].clip(-FARTHEST[across] / 2, FARTHEST[across])
    y = placed["cost_variance_share"].clip(-FARTHEST_COST / 2, FARTHEST_COST)
    is_beyond = (x != placed[across]) | (y != placed["cost_variance_share"])
    is_bad = placed["on_time"].isin(LATE) & placed["on_budget"].isin(OVER)
    looks = pd.DataFrame(
        {
            "symbol": is_beyond.map({True: "triangle-up", False: "circle"})
            + placed["is_lower_bound"].map({True: "-open", False: ""}),
            "color": is_bad.map({True: "bad", False: "good"}),
        }
    )
    hover, size = _hover(placed), pd.Series(sizes, index=placed.index)
    for (symbol, color), alike in looks.groupby(["symbol", "color"]).groups.items():
        mark(drawing, x[alike].tolist(), y[alike].tolist(), hover[alike].tolist(),
             symbol=symbol, color=color, size=size[alike].tolist(),
             ids=placed.loc[alike, "project_id"].tolist())  # fmt: skip
    drawing.update_traces(marker_opacity=0.75)


def _sizes(placed: pd.DataFrame) -> pd.Series:
    """Return the diameters whose areas are as the budgets."""
    share = placed["baseline_budget"].fillna(0) / placed["baseline_budget"].max()
    return (LARGEST * share**0.5).clip(lower=SMALLEST).round(1)


def _outcomes_note(
    outcomes: pd.DataFrame, judged: pd.DataFrame, n_unplaced: int, grace_days: int
) -> str:
    """Return what is drawn, and how many are not."""
    n_half = (outcomes["on_time"].isin(LATE) | outcomes["on_budget"].isin(OVER)).drop(judged.index)
    n_early, n_open = (judged["on_time"] == "early").sum(), judged["is_lower_bound"].sum()
    parts = ["Triangles lie beyond the axes."]
    if n_open:
        parts.append(f"Rings: {n_open} still open, which can only move right and up.")
    if grace_days:
        parts.append(f"Up to {count(grace_days, 'day')} late counts as on time.")
    if n_early:
        parts.append(f"{n_early} finished ahead of a date still to come.")
    if n_half.any():
        parts.append(f"{n_half.sum()} more failed one of the two, the other is not known.")
    if n_unplaced:
        parts.append(
            f"{n_unplaced} counted but not drawn, for want of a start or a budget above 0."
        )
    return " ".join(parts)


def _finish(against: str) -> str:
    return "baseline finish" if against == "baseline" else against


def _quadrants(
    drawing: go.Figure, is_late: pd.Series, is_over: pd.Series, tolerance: float
) -> None:
    drawing.add_shape(
        type="rect", x0=0, x1=10 * FARTHEST[DAYS], y0=tolerance, y1=10 * FARTHEST_COST,
        fillcolor=LIGHT["bad_wash"], line_width=0, layer="below", opacity=0.55,
    )  # fmt: skip
    drawing.add_vline(x=0, line={"color": LIGHT["ink3"], "width": 1})
    drawing.add_hline(y=tolerance, line={"color": LIGHT["ink3"], "width": 1})
    corners = [
        ("Late and over", is_late & is_over, 1, 1, "bad_text"),
        ("On time, over", ~is_late & is_over, 0, 1, "ink2"),
        ("On time, on budget", ~is_late & ~is_over, 0, 0, "good_text"),
        ("Late, on budget", is_late & ~is_over, 1, 0, "ink2"),
    ]
    alike = {"xref": "paper", "yref": "paper", "showarrow": False, "bgcolor": LIGHT["page"]}
    annotate(drawing, [
        alike | {
            "x": x, "y": y, "xanchor": "right" if x else "left",
            "yanchor": "top" if y else "bottom", "text": f"<b>{text}</b> {chosen.sum()}",
            "font": {"color": LIGHT[color], "size": 12},
        }
        for text, chosen, x, y, color in corners
    ])  # fmt: skip


def _hover(projects: pd.DataFrame) -> pd.Series:
    cost = projects["cost_variance_share"].map(lambda share: signed(share * 100, "%"))
    return (
        projects["name"].map(escaped)
        + "<br>"
        + projects["finish_variance_days"].map(_days)
        + ", "
        + cost
    )


def _days(value: float) -> str:
    return signed(value, " days")
