"""How far projects end from their plan, and which open ones are past it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import HOW_TO_READ, count, day, escaped, plan, signed

MOST_ROWS = 12
DAYS = "finish_variance_days"
FARTHEST = {DAYS: 180, "finish_variance_share": 1.0}
FARTHEST_COST = 0.6
SMALLEST, LARGEST = 7, 34
LATE, ON_TIME = ["late", "late_open"], ["on_time", "early"]
OVER = ["over", "over_open"]
LONGEST_FORECAST = 1095


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
    drawing = figure(
        f"{n_both} of {count(n, 'project')} judged on time and cost are both {late} and over "
        "budget",
        f"Finish against {against} (right = late) and cost against budget (up = over)"
        + ("; area is budget" if "baseline_budget" in placed else ""),
        alt=f"Of {count(n, 'project')} {is_late.sum()} are late, {is_over.sum()} over budget, "
        f"{n_both} both and {(~is_late & ~is_over).sum()} neither.",
        note=_outcomes_note(outcomes, judged, len(judged) - len(placed), grace_days),
        height=350,
    )
    _quadrants(drawing, is_late, is_over, tolerance)
    _place(drawing, placed, x)
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
        tickformat="+.0%", range=[-FARTHEST_COST * 0.6, FARTHEST_COST * 1.2], side="left"
    )
    drawing.update_layout(margin_l=52)


def _place(drawing: go.Figure, placed: pd.DataFrame, across: str) -> None:
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
    hover, size = _hover(placed), _sizes(placed)
    for (symbol, color), alike in looks.groupby(["symbol", "color"]).groups.items():
        mark(drawing, x[alike].tolist(), y[alike].tolist(), hover[alike].tolist(),
             symbol=symbol, color=color, size=size[alike].tolist(),
             ids=placed.loc[alike, "project_id"].tolist())  # fmt: skip
    drawing.update_traces(marker_opacity=0.75)


def _sizes(placed: pd.DataFrame) -> pd.Series:
    """Return the diameters whose areas are as the budgets; without them all are alike."""
    if "baseline_budget" not in placed:
        return pd.Series(SMALLEST + 2, index=placed.index)
    share = placed["baseline_budget"].fillna(0) / placed["baseline_budget"].max()
    return (LARGEST * share**0.5).clip(lower=SMALLEST).round(1)


def plot_open_late(projects: pd.DataFrame) -> go.Figure:
    """Draw open projects past their due date: the latter as a ring, forecast as a diamond.

    Parameters
    ----------
    projects
        `Projects` joined with `ProjectOutcomes`.
    """
    n_open = projects["on_time"].isin(["late_open", "not_due"]).sum()
    against = plan(projects)
    finish = _finish(against)
    whole = f"{count(n_open, 'open project')} with a {against}"
    open_late = projects[projects["on_time"] == "late_open"]
    open_late = open_late.sort_values("finish_variance_days", ascending=False)
    if not n_open:
        return nothing(f"There is no open project with a {against}", HOW_TO_READ)
    if open_late.empty:
        return nothing(f"None of {whole} is past it", "A full count, so no interval.")
    shown = open_late.head(MOST_ROWS)
    longest = open_late.iloc[0]
    drawing = figure(
        f"{len(open_late)} of {whole} are past it, "
        f"the longest by {count(longest['finish_variance_days'], 'day')}",
        f"From {finish} (ring) to the finish now expected by its owner (diamond)",
        alt="; ".join(f"{row['name']}: {_lateness(row)}" for _, row in shown.iterrows()) + ".",
        note="A full count, so no interval."
        + (f" The {MOST_ROWS} longest are shown." if len(open_late) > MOST_ROWS else ""),
    )
    details = [f"{row['project_id']}, {_lateness(row)}" for _, row in shown.iterrows()]
    rows(drawing, shown["name"].tolist(), details)
    for position, (_, row) in enumerate(shown.iterrows()):
        start, end, ids = row["due_date"], row["forecast_finish_date"], [row["project_id"]]
        if pd.notna(end):
            bar(drawing, position, start, end, color="bad_wash", width=5)
            hover = [f"expected {day(end)}"]
            mark(drawing, [end], [position], hover, symbol="diamond", color="bad", ids=ids)
        hover = [f"{against} {day(start)}"]
        mark(drawing, [start], [position], hover, symbol="circle-open", color="ink3", ids=ids)
    drawing.update_xaxes(type="date")
    return drawing


def plot_forecast_variance(outcomes: pd.DataFrame) -> go.Figure:
    """Draw how far the finish now expected lies from the baseline, one mark per open project.

    Parameters
    ----------
    outcomes
        `ProjectOutcomes`, with the projects' `name` beside it.
    """
    known = outcomes.dropna(subset=["forecast_variance_days"])
    against = plan(outcomes)
    finish = _finish(against)
    if known.empty:
        return nothing(
            f"No open project has a forecast to compare with its {against}",
            "That needs open projects with a planned finish date and the one expected now. "
            f"{HOW_TO_READ}",
        )
    is_late = known["forecast_variance_days"] > 0
    n, n_late = len(known), int(is_late.sum())
    drawing = figure(
        f"{n_late} of {count(n, 'open project')} with a forecast expect to finish after their "
        f"{against}",
        f"Forecast finish against {finish} in days, one mark per open project",
        alt=f"{n_late} of {count(n, 'open project')} expect to finish late, "
        f"{(known['forecast_variance_days'] < 0).sum()} early. The latest expects "
        f"{signed(known['forecast_variance_days'].max(), ' days')}.",
        note=_forecast_note(outcomes, known),
        height=180,
    )
    heights = known["forecast_variance_days"].rank(method="first").mod(9).div(9).sub(0.45)
    hover = known["name"].map(escaped) + "<br>" + known["forecast_variance_days"].map(_days)
    x = known["forecast_variance_days"].clip(-LONGEST_FORECAST, LONGEST_FORECAST)
    is_beyond = x != known["forecast_variance_days"]
    cases = [
        (~is_late & ~is_beyond, "circle", "good"),
        (is_late & ~is_beyond, "diamond", "bad"),
        (~is_late & is_beyond, "triangle-left", "good"),
        (is_late & is_beyond, "triangle-right", "bad"),
    ]
    for chosen, symbol, color in cases:
        mark(drawing, x[chosen].tolist(), heights[chosen].tolist(), hover[chosen].tolist(),
             symbol=symbol, color=color, size=9,
             ids=known.loc[chosen, "project_id"].tolist())  # fmt: skip
    drawing.add_vline(x=0, line={"color": LIGHT["ink3"], "width": 1})
    drawing.update_traces(marker_opacity=0.75)
    drawing.update_yaxes(visible=False, range=[-0.8, 0.8])
    drawing.update_xaxes(title_text=f"Days after {finish}")
    return drawing


def _forecast_note(outcomes: pd.DataFrame, known: pd.DataFrame) -> str:
    """Return how many open projects lack a forecast, and how many forecasts have run out."""
    is_open = outcomes["on_time"].isin(["late_open", "not_due"])
    n_without = is_open.sum() - (is_open & outcomes["forecast_variance_days"].notna()).sum()
    is_past = known["forecast_variance_days"] < known["finish_variance_days"]
    n_past = (is_past & (known["on_time"] == "late_open")).sum()
    parts = ["Forecasts are the owners' own. Triangles lie beyond the axis."]
    if n_without:
        parts.append(
            f"Without a forecast: {count(n_without, 'open project')} with a {plan(outcomes)}."
        )
    if n_past:
        parts.append(f"Outdated, before the status date: {count(n_past, 'forecast')}.")
    return " ".join(parts)


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
    for text, chosen, x, y, color in corners:
        drawing.add_annotation(
            x=x, y=y, xref="paper", yref="paper", showarrow=False,
            text=f"<b>{text}</b> {chosen.sum()}", font={"color": LIGHT[color], "size": 12},
            xanchor="right" if x else "left", yanchor="top" if y else "bottom",
            bgcolor=LIGHT["page"],
        )  # fmt: skip


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


def _lateness(row: pd.Series) -> str:
    past = f"{count(row['finish_variance_days'], 'day')} past"
    expected = row["forecast_variance_days"]
    return f"{past}, " + ("no forecast" if pd.isna(expected) else f"expects {signed(expected)}")
