"""Which open projects slip, and how far."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, SMALL, annotate, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import HOW_TO_READ, count, day, listed, plan, signed

MOST_ROWS = 12
ROOM = 0.16  # of the axis, for the days written behind the last mark


def plot_slipping(projects: pd.DataFrame, *, as_of: str) -> go.Figure:
    """Draw open projects past their due date, or expected to be: from that day to the forecast.

    Parameters
    ----------
    projects
        `Projects` joined with `ProjectOutcomes`.
    as_of
        Status date of the outcomes.
    """
    against = plan(projects)
    is_late = projects["on_time"] == "late_open"
    n_open = int((is_late | (projects["on_time"] == "not_due")).sum())
    whole = f"{count(n_open, 'open project')} with a {against}"
    if not n_open:
        return nothing(f"There is no open project with a {against}", HOW_TO_READ)
    today = pd.Timestamp(as_of).tz_localize(None).normalize()
    slips = projects[["finish_variance_days", "forecast_variance_days"]].where(is_late, axis=0)
    slips["forecast_variance_days"] = projects["forecast_variance_days"]
    slipping = projects.assign(slip=slips.max(axis="columns"), is_late=is_late)
    slipping = slipping[is_late | (slipping["forecast_variance_days"] > 0)]
    if slipping.empty:
        return nothing(
            f"None of {whole} is past it or expected to be", _note(projects, slipping, today)
        )
    slipping = slipping.sort_values("slip", ascending=False, kind="stable")
    shown = slipping.head(MOST_ROWS)
    drawing = figure(
        _finding(slipping, whole),
        f"From the {_finish(against)} (ring) to the finish that its owner expects (diamond), or to "
        "today where none is given for a day to come (triangle); line: today",
        alt="; ".join(f"{row['name']}: {_told(row, today)}" for _, row in shown.iterrows()) + ".",
        note=_note(projects, slipping, today),
    )
    rows(drawing, shown["name"].tolist(), [_detail(row) for _, row in shown.iterrows()])
    annotate(drawing, [
        _draw(drawing, position, row, today)
        for position, (_, row) in enumerate(shown.iterrows())
    ])  # fmt: skip
    _draw_axis(drawing, shown, today)
    return drawing


def _end(row: pd.Series, today: pd.Timestamp) -> tuple[pd.Timestamp, bool]:
    """Return the day up to which a project is late, and whether that is a forecast."""
    forecast = row["forecast_finish_date"]
    is_forecast = pd.notna(forecast) and not (row["is_late"] and forecast < today)
    return (forecast, True) if is_forecast else (today, False)


def _draw(drawing: go.Figure, position: int, row: pd.Series, today: pd.Timestamp) -> dict[str, Any]:
    """Draw how late one project is, and return the words beside it."""
    end, is_forecast = _end(row, today)
    ids = [row["project_id"]]
    bar(drawing, position, row["due_date"], end, color="bad", width=3)
    mark(drawing, [row["due_date"]], [position], [f"due {day(row['due_date'])}"],
         symbol="circle-open", color="ink3", ids=ids)  # fmt: skip
    symbol = "diamond" if is_forecast else "triangle-right-open"
    mark(drawing, [end], [position], [_told(row, today)], symbol=symbol, color="bad", ids=ids)
    return {
        "x": end, "y": position, "xanchor": "left", "xshift": 8, "showarrow": False,
        "text": f"<b>{signed(row['slip'])} d</b>",
        "font": {"size": SMALL, "color": LIGHT["bad_text"]},
    }  # fmt: skip


def _draw_axis(drawing: go.Figure, shown: pd.DataFrame, today: pd.Timestamp) -> None:
    ends = [today, *(_end(row, today)[0] for _, row in shown.iterrows())]
    first, last = min(shown["due_date"].min(), today), max(ends)
    drawing.add_vline(x=today, line={"color": LIGHT["neutral"], "width": 1}, layer="below")
    drawing.add_annotation(
        x=today, y=1, yref="paper", yanchor="bottom", text=day(today), showarrow=False,
        font={"size": SMALL, "color": LIGHT["ink2"]},
    )  # fmt: skip
    room = (last - first) * ROOM
    drawing.update_xaxes(type="date", range=[first - room / 6, last + room], nticks=6)


def _finding(slipping: pd.DataFrame, whole: str) -> str:
    n_late, n_more = int(slipping["is_late"].sum()), int((~slipping["is_late"]).sum())
    first = slipping.iloc[0]
    late = f"{n_late} of {whole} {'is' if n_late == 1 else 'are'} past it"
    expect = "expects" if n_more == 1 else "expect"
    counts = late if n_late else f"{n_more} of {whole} {expect} to end after it"
    if n_late and n_more:
        counts += f", and {n_more} more {expect} to end after it"
    return f"{counts}; {first['name']} is furthest behind at {signed(first['slip'], ' days')}"


def _detail(row: pd.Series) -> str:
    times = row["rebaseline_count"]
    moved = f"re-planned {int(times)}×" if pd.notna(times) and times > 0 else ""
    return ", ".join(filter(None, [str(row["project_id"]), moved]))


def _told(row: pd.Series, today: pd.Timestamp) -> str:
    end, is_forecast = _end(row, today)
    slip = signed(row["slip"], " days")
    return f"expected {day(end)}, {slip}" if is_forecast else f"{slip} so far"


def _note(projects: pd.DataFrame, slipping: pd.DataFrame, today: pd.Timestamp) -> str:
    is_open = projects["on_time"].isin(["late_open", "not_due"])
    expected = projects.loc[is_open, "forecast_finish_date"]
    parts = ["A full count, so no interval. Forecasts are the owners' own."]
    gaps = [
        f"{n} {words}"
        for n, words in (
            (int(expected.isna().sum()), "without a forecast"),
            (int((expected < today).sum()), "with one that has passed"),
        )
        if n
    ]
    if gaps:
        parts.append(f"Of the open projects {listed(gaps)}.")
    if len(slipping) > MOST_ROWS:
        parts.append(f"The {MOST_ROWS} that slip the most of {len(slipping)} are shown.")
    return " ".join(parts)


def _finish(against: str) -> str:
    return "baseline finish" if against == "baseline" else against
