"""Rates with their intervals, and what they leave out."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import bar, figure, mark, nothing, rows
from pmanalytics.figures.words import (
    HOW_TO_READ,
    day,
    listed,
    percent,
    percent_range,
    plan,
)

TITLES = {
    "on_time": "On time",
    "on_budget": "On budget",
    "on_time_and_on_budget": "On time and on budget",
}
POPULATIONS = {
    ("on_time", "due"): "projects whose due date has passed",
    ("on_time", "resolved"): "projects finished or past due",
    ("on_time", "finished"): "finished projects only",
    ("on_budget", "resolved"): "finished projects and open ones over budget",
    ("on_budget", "finished"): "finished projects only",
    ("on_time_and_on_budget", "due"): "projects with a known answer",
    ("on_time_and_on_budget", "resolved"): "projects with a known answer",
    ("on_time_and_on_budget", "finished"): "projects with a known answer",
}
LEFT_OUT = {
    "n_early": "finished ahead of a date to come",
    "n_not_due": "not yet due",
    "n_undetermined": "not known yet",
    "n_open_failed": "open and failed",
    "n_cancelled": "cancelled",
    "n_missing_baseline": "without a baseline",
    "n_invalid": "done without a finish date",
}
LATEST = {
    "on_time": "current due date",
    "on_budget": "latest budget",
    "on_time_and_on_budget": "current due date and latest budget",
}
MANY_MISSING = 0.2
MOST_NAMED = 5
NEEDED = (
    "A rate needs projects with a planned and an actual finish date, or with a budget and a cost. "
    + HOW_TO_READ
)


def plan_of(measure: str, basis: str) -> str:
    """Return in words what a rate is stated against."""
    return LATEST[measure] if basis == "rebaselined" else "first approved plan"


def left_out(rate: pd.Series) -> str:
    """Return in words what a rate leaves out."""
    said = LEFT_OUT | ({"n_missing_baseline": "without a plan"} if _is_latest(rate) else {})
    parts = [f"{rate[name]} {words}" for name, words in said.items() if rate[name]]
    return listed(parts) or "nothing"


def plot_rates(rates: pd.DataFrame, *, by: str | None = None) -> go.Figure:
    """Draw rates as dots with their 95 % intervals, one row per measure or group.

    Parameters
    ----------
    rates
        `Rates`; tables of several measures may be put below one another.
    by
        The column they are grouped by, if they are.
    """
    if rates.empty or rates["rate"].isna().all():
        reasons = rates["reason"].dropna().unique()
        why = f": {reasons[0]}" if len(reasons) else ""
        groups = f" by {_title(by)}" if by else ""
        return nothing(f"This data cannot give {_a_rate(rates)}{groups}{why}", NEEDED)
    finding = _finding(rates, by)
    described = [f"{_name(row, by)}: {stated(row)}" for _, row in rates.iterrows()]
    drawing = figure(
        finding,
        _subtitle(rates, by),
        alt=f"Dots with intervals. {'. '.join(described)}.",
        note=_note(rates),
    )
    names = [_name(row, by) for _, row in rates.iterrows()]
    rows(drawing, names, [stated(row) for _, row in rates.iterrows()])
    for position, (_, row) in enumerate(rates.iterrows()):
        if pd.notna(row["rate"]):
            _draw(drawing, position, row)
    drawing.update_xaxes(range=[-0.01, 1.01], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    return drawing


def _draw(drawing: go.Figure, position: int, row: pd.Series) -> None:
    is_few = row["reliability"] == "too_few"
    bar(drawing, position, row["low"], row["high"], color="good_wash", width=4 if is_few else 12)
    symbol = "circle-open" if is_few else "circle"
    mark(drawing, [row["rate"]], [position], [stated(row)], symbol=symbol, color="good")


def stated(row: pd.Series) -> str:
    """Return a rate in words: with its interval and counts, or as counts only."""
    if pd.isna(row["rate"]):
        return str(row["reason"])
    if row["reliability"] == "too_few":
        return counted(row)
    interval = percent_range(row["low"], row["high"])
    return f"{percent(row['rate'])} ({interval}), {counted(row)}"


def counted(row: pd.Series) -> str:
    """Return how many succeeded of how many."""
    return f"{row['k']} of {row['n']}"


def _name(row: pd.Series, by: str | None) -> str:
    if by is not None:
        return "(none)" if pd.isna(row[by]) else str(row[by])
    return titled(row) + (", finished only" if row["population"] == "finished" else "")


def titled(row: pd.Series) -> str:
    """Return what a rate is called, with the plan where that is not the first."""
    latest = f", {LATEST[row['measure']]}" if _is_latest(row) else ""
    return TITLES[row["measure"]] + latest


def _population(row: pd.Series) -> str:
    return POPULATIONS[row["measure"], row["population"]]


def _finding(rates: pd.DataFrame, by: str | None) -> str:
    known = rates[rates["rate"].notna()]
    if by is not None:
        groups = [f"{_name(row, by)} {_short(row)}" for _, row in known.iterrows()]
        groups[MOST_NAMED:] = [f"{len(groups) - MOST_NAMED} more"] * (len(groups) > MOST_NAMED)
        measure = TITLES[rates["measure"].iloc[0]] + against(rates.iloc[0])
        return f"{measure} by {_title(by)}: {', '.join(groups)}"
    first = known.iloc[0]
    of = "" if first["reliability"] == "too_few" else " of"
    said = f"{_short(first)}{of} {_population(first)} were {TITLES[first['measure']].casefold()}"
    said += against(first)
    same = known[(known["measure"] == first["measure"]) & (known["basis"] == "rebaselined")]
    if len(same) and not _is_latest(first):
        said += f";{against(same.iloc[0])} it would be {_short(same.iloc[0])}"
    return said


def _is_latest(row: pd.Series) -> bool:
    return bool(row["basis"] == "rebaselined")


def against(row: pd.Series) -> str:
    """Return what a rate is stated against, where that is not the first plan."""
    return f" against the {LATEST[row['measure']]}" if _is_latest(row) else ""


def _short(row: pd.Series) -> str:
    return counted(row) if row["reliability"] == "too_few" else percent(row["rate"])


def _subtitle(rates: pd.DataFrame, by: str | None) -> str:
    first = rates.iloc[0]
    whom = f" of {_population(first)}" if by is not None else ""
    plan = against(first) or " against the first approved plan"
    return f"Rate{whom}{plan}, 95% Wilson intervals; as of {day(first['as_of'])}"


def _note(rates: pd.DataFrame) -> str:
    note = (
        "A hollow mark rests on fewer than 5 projects. What is left out of each rate stands in its "
        "data."
    )
    lacking = rates["n_missing_baseline"]
    if (lacking > MANY_MISSING * (rates["n"] + lacking)).any():
        note += (
            f" More than a fifth have no {plan(rates)}; projects without a plan are rarely the "
            "punctual ones, so a rate may flatter."
        )
    return note


def _a_rate(rates: pd.DataFrame) -> str:
    measures = [TITLES[measure].casefold() for measure in rates["measure"].unique()]
    return f"an {measures[0].replace(' ', '-')} rate" if measures else "a rate"


def _title(name: str) -> str:
    return name.replace("_", " ").casefold()
