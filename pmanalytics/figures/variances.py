"""How far projects end from their plan: all of them, sorted."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, SMALL, figure, mark, nothing
from pmanalytics.figures.words import HOW_TO_READ, count, escaped, plan, signed
from pmanalytics.intervals import TOO_FEW

FARTHEST = {"finish_variance_days": 365, "finish_variance_share": 1.5, "cost_variance_share": 1.0}
WHAT = {
    "finish_variance_days": ("Finish", "Days after the {plan}"),
    "finish_variance_share": ("Finish", "Days after the {plan} ÷ planned days"),
    "cost_variance_share": ("Cost", "Cost ÷ budget − 1"),
}
UNITS = {
    "finish_variance_days": "",
    "finish_variance_share": " of the planned days",
    "cost_variance_share": " of the budget",
}
LEVELS = {"median": ("Median", 0.5), "p80": ("P80", 0.8), "p90": ("P90", 0.9)}


def plot_variances(
    outcomes: pd.DataFrame, distribution: pd.DataFrame, *, measure: str = "finish_variance_share"
) -> go.Figure:
    """Draw every project's variance in order, with what half, 80 % and 90 % do not exceed.

    Parameters
    ----------
    outcomes
        `ProjectOutcomes`, with the projects' `name` beside it.
    distribution
        `VarianceDistributions` of the same projects, not grouped.
    measure
        Which of its measures to draw.
    """
    known = outcomes.dropna(subset=[measure]).sort_values(measure).reset_index(drop=True)
    title, axis = WHAT[measure]
    if known.empty:
        return nothing(
            f"No project has a {title.casefold()} to compare with its plan",
            f"That needs planned and actual dates, or budgets and costs. {HOW_TO_READ}",
        )
    spread = distribution[distribution["measure"] == measure].iloc[0]
    drawing = figure(
        _finding(spread, title),
        f"Each mark is a project, sorted; {axis.format(plan=plan(outcomes))}",
        alt=f"{_told(spread)}.",
        note=_note(spread),
        height=300,
    )
    _draw(drawing, known, measure)
    if spread["n"] >= TOO_FEW:
        _draw_levels(drawing, spread)
    drawing.add_vline(x=0, line={"color": LIGHT["ink3"], "width": 1})
    drawing.update_xaxes(
        tickformat="+d" if measure.endswith("_days") else "+.0%",
        title_text=axis.format(plan=plan(outcomes)),
    )
    drawing.update_yaxes(
        range=[-0.03, 1.06], tickvals=[0, 0.5, 0.8, 0.9, 1], tickformat=".0%", side="left"
    )
    drawing.update_layout(margin_l=46)
    return drawing


def _draw(drawing: go.Figure, known: pd.DataFrame, measure: str) -> None:
    """Mark the projects; a ring is open, a triangle lies beyond the axis, orange is over."""
    x = known[measure].clip(-FARTHEST[measure] / 2, FARTHEST[measure])
    y = (known.index + 1) / len(known)
    looks = pd.DataFrame(
        {
            "symbol": pd.Series("circle", index=x.index)
            .mask(x < known[measure], "triangle-right")
            .mask(x > known[measure], "triangle-left")
            + known["is_lower_bound"].map({True: "-open", False: ""}),
            "color": (known[measure] > 0).map({True: "bad", False: "good"}),
        }
    )
    hover = known["name"].map(escaped) + "<br>" + known[measure].map(lambda v: value_of(measure, v))
    for (symbol, color), alike in looks.groupby(["symbol", "color"]).groups.items():
        mark(drawing, x[alike].tolist(), y[alike].tolist(), hover[alike].tolist(),
             symbol=symbol, color=color, size=7,
             ids=known.loc[alike, "project_id"].tolist())  # fmt: skip


def _draw_levels(drawing: go.Figure, spread: pd.Series) -> None:
    for name, (said, level) in LEVELS.items():
        value = min(spread[name], FARTHEST[spread["measure"]])
        drawing.add_shape(
            type="line", x0=value, x1=value, y0=0, y1=level, layer="below",
            line={"color": LIGHT["neutral"], "width": 1, "dash": "dot"},
        )  # fmt: skip
        drawing.add_annotation(
            x=value, y=level, xanchor="left", yanchor="top", xshift=7, showarrow=False,
            text=f"{said} {value_of(spread['measure'], spread[name])}",
            font={"size": SMALL, "color": LIGHT["ink2"]}, bgcolor=LIGHT["page"],
        )  # fmt: skip


def _finding(spread: pd.Series, title: str) -> str:
    if spread["n"] < TOO_FEW:
        return f"{title}: only {count(spread['n'], 'project')}, to be read one by one"
    return f"{title}: {_told(spread)}"


def _told(spread: pd.Series) -> str:
    """Return the quantiles in words that stay true when what is open moves on."""
    measure = spread["measure"]
    half, tenth, worst = (value_of(measure, spread[name]) for name in ("median", "p90", "worst"))
    more = "more" if measure.startswith("cost") else "later"
    return (
        f"half of {count(spread['n'], 'project')} are at {half}{UNITS[measure]} or {more}, "
        f"a tenth at {tenth} or {more}, the worst at {worst}"
    )


def value_of(measure: str, value: float) -> str:
    """Return a variance in its unit, with its sign."""
    return signed(value, " days") if measure.endswith("_days") else signed(value * 100, "%")


def _note(spread: pd.Series) -> str:
    parts = ["Triangles lie beyond the axis."]
    if spread["n_lower_bound"]:
        n = spread["n_lower_bound"]
        parts.append(
            f"Rings: {n} still open, counted with what is certain so far; they can only move "
            "right, so each number is at least what it says."
        )
    if pd.notna(spread["far_over_share"]):
        parts.append(f"{round(spread['far_over_share'] * 100)}% are more than 20% over.")
    return " ".join(parts)
