"""How full the weeks of the teams are."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, figure, nothing, rows
from pmanalytics.figures.words import count, day, escaped, percent

HIGHEST = 1.5
ROW = 50  # has bars that rise to its label
FLOOR, HEIGHT = 0.42, 0.52
BAR_DAYS = 5


def plot_team_load(load: pd.DataFrame) -> go.Figure:
    """Draw for each team which part of its hours is planned, week by week, against its capacity.

    Parameters
    ----------
    load
        `TeamLoad` per team.
    """
    known = load.dropna(subset=["allocation"])
    if known.empty:
        return nothing(
            "How full the weeks of the teams are is not known",
            "That needs the hours planned per week and team, and the hours there are.",
        )
    teams = {_name(team): weeks for team, weeks in known.groupby("team", dropna=False)}
    stated = {team: _stated(weeks) for team, weeks in teams.items()}
    drawing = figure(
        _finding(teams, known["week_date"].nunique()),
        "Planned hours of each week as a share of capacity (line); above it in orange",
        alt="; ".join(f"{team}: {said}" for team, said in stated.items()) + ".",
        note=f"From the week of {day(known['week_date'].min())} to that of "
        f"{day(known['week_date'].max())}. Bars end at {percent(HIGHEST)}.",
    )
    rows(drawing, list(teams), list(stated.values()), height=ROW)
    for position, weeks in enumerate(teams.values()):
        _draw(drawing, position, weeks)
    drawing.update_layout(barmode="overlay")
    drawing.update_xaxes(type="date", nticks=4, showgrid=False)
    return drawing


def _draw(drawing: go.Figure, position: int, weeks: pd.DataFrame) -> None:
    """Draw a team's weeks as bars that stand on the floor of its row, the y axis pointing down."""
    for is_over, color in ((False, "good"), (True, "bad")):
        chosen = weeks[weeks["is_over_allocated"] == is_over]
        share = chosen["allocation"].clip(upper=HIGHEST)
        drawing.add_bar(
            x=(chosen["week_date"] + pd.Timedelta(days=3)).tolist(),
            y=(-share / HIGHEST * HEIGHT).tolist(),
            base=position + FLOOR,
            width=BAR_DAYS * 86_400_000,
            marker={"color": LIGHT[color]},
            hovertext=[_hover(row) for _, row in chosen.iterrows()],
            hoverinfo="text",
        )
    line = position + FLOOR - HEIGHT / HIGHEST
    drawing.add_hline(y=line, line={"color": LIGHT["ink3"], "width": 1})


def _hover(week: pd.Series) -> str:
    share = f"{percent(week['allocation'])} of capacity planned"
    return f"{escaped(_name(week['team']))}, week of {day(week['week_date'])}<br>{share}"


def _stated(weeks: pd.DataFrame) -> str:
    n_over, n = int(weeks["is_over_allocated"].sum()), len(weeks)
    over = f"over in {n_over} of {count(n, 'week')}" if n_over else f"{count(n, 'week')}, none over"
    return f"{over}, at most {percent(weeks['allocation'].max())}"


def _finding(teams: dict[str, pd.DataFrame], n_weeks: int) -> str:
    n_over = {team: int(weeks["is_over_allocated"].sum()) for team, weeks in teams.items()}
    worst = max(n_over, key=lambda team: n_over[team])
    if not n_over[worst]:
        return f"No team is planned above its capacity in any of {count(n_weeks, 'week')}"
    whole = count(len(teams[worst]), "week")
    others = sum(n > 0 for n in n_over.values()) - 1
    more = f", {count(others, 'other team')} in some" if others else ""
    return f"{worst} is planned above its capacity in {n_over[worst]} of {whole}{more}"


def _name(team: object) -> str:
    return team if isinstance(team, str) else "(no team)"
