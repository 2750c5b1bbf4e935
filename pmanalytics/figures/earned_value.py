"""How far projects are from their plan and their cost, and where they will end."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, figure, mark, nothing, rows
from pmanalytics.figures.words import amount, count, day, listed, percent

TWO_MARKS = 54  # height of a row with one mark below the other
MOST_ROWS = 12
TOLERANCE = 0.05
FARTHEST = 2.0
HALF_A_CENT = 0.005
NEEDED = (
    "That needs status reports: for each project and period the planned value, the earned value "
    "and the cost so far."
)
CURVES = [
    ("planned_value", "Planned", "ink3", "dash", 2),
    ("earned_value", "Earned", "good", "solid", 3),
    ("actual_cost", "Cost", "ink", "solid", 2),
]
ESTIMATES = ["eac_plan", "eac_cpi", "eac_composite"]


def plot_earned_value(measures: pd.DataFrame, *, name: str) -> go.Figure:
    """Draw what was planned, earned and paid over time, and the range of the cost at completion.

    Parameters
    ----------
    measures
        `EarnedValue` of one project, or of one total.
    name
        What people call it.
    """
    amounts = [column for column, *_ in CURVES]
    measures = measures[measures[amounts].notna().any(axis="columns")]
    if measures.empty:
        return nothing(f"{name} cannot be held against its plan", NEEDED)
    last = measures.iloc[-1]
    currency = f", in {last['currency']}" if isinstance(last["currency"], str) else ""
    drawing = figure(
        _finding(last, name),
        f"Planned, earned and paid up to {day(last['period_end_date'])}, cumulative{currency}",
        alt=_told(last),
        note=_note(last),
        height=340,
    )
    _draw_curves(drawing, measures, is_over=last["cv"] < 0)
    first, end = measures["period_end_date"].iloc[0], last["period_end_date"]
    step = max(end - first, pd.Timedelta(days=60)) * 0.07
    _draw_estimates(drawing, last, end + step)
    _label(drawing, last)
    drawing.update_xaxes(type="date", range=[first - step / 2, end + 2 * step], nticks=4)
    drawing.update_yaxes(showticklabels=False, showgrid=False)
    drawing.update_layout(margin_r=136)
    return drawing


def plot_performance(measures: pd.DataFrame) -> go.Figure:
    """Draw for each project its last SPI(t) and CPI against 1, the worst on top.

    Parameters
    ----------
    measures
        `EarnedValue` of projects, with their `name` beside it.
    """
    in_order = measures.sort_values("period_end_date", kind="stable")
    latest = in_order.groupby("project_id", sort=False).tail(1)
    known = latest[latest[["spi_t", "cpi"]].notna().any(axis="columns")]
    if known.empty:
        return nothing("No project can be held against its plan and its cost", NEEDED)
    worst = known[["spi_t", "cpi"]].min(axis="columns").sort_values(kind="stable")
    shown = known.loc[worst.index].head(MOST_ROWS)
    details = [f"time {_index(t)}, cost {_index(c)}" for t, c in shown[["spi_t", "cpi"]].to_numpy()]
    names = shown["name"].tolist()
    drawing = figure(
        _count_of_trouble(known),
        "Pace against the plan, SPI(t) (diamond), and work earned for each unit paid, CPI "
        "(circle); 1 is as planned",
        alt="; ".join(f"{name}: {detail}" for name, detail in zip(names, details, strict=True))
        + ".",
        note=_performance_note(latest, known),
    )
    rows(drawing, names, details, height=TWO_MARKS)
    drawing.add_vline(x=1, line={"color": LIGHT["ink3"], "width": 1})
    by_project = shown.set_index("project_id")
    _draw_indices(drawing, by_project["spi_t"], "Time", symbol="diamond", shift=0.02)
    _draw_indices(drawing, by_project["cpi"], "Cost", symbol="circle", shift=0.24)
    drawn = shown[["spi_t", "cpi"]].clip(upper=FARTHEST)
    low, high = min(drawn.min().min(), 0.8), max(drawn.max().max(), 1.2)
    drawing.update_xaxes(range=[low - 0.06, high + 0.06], nticks=6)
    return drawing


def _draw_curves(drawing: go.Figure, measures: pd.DataFrame, *, is_over: bool) -> None:
    for column, label, color, dash, width in CURVES:
        stroke = LIGHT["bad" if is_over and column == "actual_cost" else color]
        hover = (
            measures["period_end_date"].map(day) + f"<br>{label} " + measures[column].map(amount)
        )
        drawing.add_scatter(
            x=measures["period_end_date"], y=measures[column], mode="lines+markers",
            line={"color": stroke, "width": width, "dash": dash},
            marker={"color": stroke, "size": 5},
            text=hover, hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip


def _draw_indices(
    drawing: go.Figure, indices: pd.Series, word: str, *, symbol: str, shift: float
) -> None:
    for position, (project_id, index) in enumerate(indices.items()):
        if pd.notna(index):
            mark(
                drawing, [min(index, FARTHEST)], [position + shift], [f"{word} {_index(index)}"],
                symbol="triangle-right" if index > FARTHEST else symbol,
                color="bad" if index < 1 - TOLERANCE else "good", ids=[project_id],
            )  # fmt: skip


def _finding(last: pd.Series, name: str) -> str:
    is_complete = _is_complete(last)
    parts = [_time_words(last, is_complete=is_complete), _cost_words(last, is_complete=is_complete)]
    if not any(parts):
        return f"{name} cannot be judged on plan or cost"
    return f"{name} {listed([part for part in parts if part])}"


def _time_words(last: pd.Series, *, is_complete: bool) -> str:
    lateness = last["sv_t"]
    if pd.isna(lateness):
        earned = percent(last["spi"])
        return "" if pd.isna(last["spi"]) else f"has earned {earned} of what was planned by now"
    if abs(lateness) < 0.05:
        return "was completed on plan" if is_complete else "is on plan in time"
    number = f"{abs(lateness):.1f}"
    periods = f"{number} period" + ("" if number == "1.0" else "s")
    if is_complete:
        return f"was completed {periods} {'late' if lateness < 0 else 'early'}"
    return f"is {periods} {'behind' if lateness < 0 else 'ahead of'} plan"


def _cost_words(last: pd.Series, *, is_complete: bool) -> str:
    if pd.isna(last["vac"]):
        return ""
    share = -last["vac"] / last["budget_at_completion"]
    verb = "ended" if is_complete else "heads for a cost"
    if abs(share) < 0.005:
        return f"{verb} within 1% of its budget"
    return f"{verb} {percent(abs(share))} {'over' if share > 0 else 'under'} budget"


def _told(last: pd.Series) -> str:
    """Return the last amounts in words."""
    parts = [f"{label.lower()} {amount(last[column])}" for column, label, *_ in CURVES]
    told = f"By {day(last['period_end_date'])}: {', '.join(parts)}"
    if pd.notna(last["budget_at_completion"]):
        told += f", of a budget of {amount(last['budget_at_completion'])}"
    estimates = last[ESTIMATES].dropna()
    if estimates.empty or _is_complete(last):
        return f"{told}."
    return f"{told}; cost at completion {_range(estimates)}."


def _note(last: pd.Series) -> str:
    parts = []
    if last[ESTIMATES].notna().any() and not _is_complete(last):
        parts.append(
            "The bar is the cost at completion: if the rest costs what was planned, what the work "
            "so far costs (diamond), or being late costs money, too."
        )
    if isinstance(last["reason"], str):
        parts.append(f"Not known: {last['reason']}.")
    return " ".join(parts)


def _range(estimates: pd.Series) -> str:
    low, high = amount(estimates.min()), amount(estimates.max())
    return low if low == high else f"{low}–{high}"


def _draw_estimates(drawing: go.Figure, last: pd.Series, at: pd.Timestamp) -> None:
    """Draw the budget as a line, and what all may cost at completion as a bar beside the curves."""
    budget = last["budget_at_completion"]
    if pd.notna(budget):
        drawing.add_hline(y=budget, line={"color": LIGHT["neutral"], "width": 1, "dash": "dot"})
    estimates = last[ESTIMATES].dropna()
    if estimates.empty or _is_complete(last):
        return
    is_over = last["vac"] < 0
    drawing.add_scatter(
        x=[at, at], y=[estimates.min(), estimates.max()], mode="lines", hoverinfo="skip",
        line={"color": LIGHT["bad_wash" if is_over else "good_wash"], "width": 10},
    )  # fmt: skip
    if pd.notna(last["eac_cpi"]):
        hover = [f"At the cost of the work so far: {amount(last['eac_cpi'])}"]
        mark(drawing, [at], [last["eac_cpi"]], hover, symbol="diamond",
             color="bad" if is_over else "good")  # fmt: skip


def _label(drawing: go.Figure, last: pd.Series) -> None:
    """Write beside the drawing what each line is, kept apart from each other."""
    over = "bad_text" if last["vac"] < 0 else "good_text"
    estimates = last[[] if _is_complete(last) else ESTIMATES].dropna()
    labels = [
        (last["planned_value"], "Planned", amount(last["planned_value"]), "ink2"),
        (last["earned_value"], "Earned", amount(last["earned_value"]), "good_text"),
        (last["actual_cost"], "Cost", amount(last["actual_cost"]),
         "bad_text" if last["cv"] < 0 else "ink"),
        (last["budget_at_completion"], "Budget", amount(last["budget_at_completion"]), "ink2"),
        (estimates.median(), "Ends", _range(estimates), over),
    ]  # fmt: skip
    placed = sorted(label for label in labels if pd.notna(label[0]))
    top = max([*estimates, *(label[0] for label in placed), 1e-9])
    lowest = 0.0
    for height, word, value, color in placed:
        at = max(height, lowest)
        lowest = at + top * 0.075
        drawing.add_annotation(
            x=1, xref="paper", y=at, xanchor="left", xshift=4, showarrow=False,
            text=f"{word} <b>{value}</b>", font={"color": LIGHT[color], "size": 12},
        )  # fmt: skip
    drawing.update_yaxes(range=[0, max(top, lowest) * 1.04])


def _count_of_trouble(known: pd.DataFrame) -> str:
    late, dear = (known[name].dropna() for name in ("spi_t", "cpi"))
    n_late, n_dear = ((index < 1 - TOLERANCE).sum() for index in (late, dear))
    time = f"Behind plan: {n_late} of {count(len(late), 'project')}"
    cost = f"over cost: {n_dear} of {count(len(dear), 'project')}"
    if late.empty:
        return f"Pace not known; {cost}"
    return time if dear.empty else f"{time}; {cost}"


def _performance_note(latest: pd.DataFrame, known: pd.DataFrame) -> str:
    parts = [
        f"A full count. Orange: an index below {1 - TOLERANCE:.2f}, which counts as behind or over."
    ]
    if len(known) > MOST_ROWS:
        parts.append(f"The {MOST_ROWS} with the lowest index are shown.")
    n_timeless = known["spi_t"].isna().sum()
    if n_timeless:
        parts.append(f"{count(n_timeless, 'project')} without a pace: no plan to read it off.")
    n_unknown = len(latest) - len(known)
    if n_unknown:
        parts.append(f"{count(n_unknown, 'more project')} with neither index.")
    return " ".join(parts)


def _is_complete(last: pd.Series) -> bool:
    return last["budget_at_completion"] - last["earned_value"] < HALF_A_CENT


def _index(value: float) -> str:
    return "not known" if pd.isna(value) else f"{value:.2f}"
