"""When the backlog will be done, and whether such forecasts held."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import (
    HOW_TO_READ,
    count,
    day,
    labelled,
    listed,
    number,
    percent,
    percent_range,
)
from pmanalytics.schemas import CompletionForecasts, ThroughputBacktests

MOST_ROWS = 12
EVERY = "All items"
SURE = 0.85
MARKS = {
    0.5: ("half", "line-ns", "good", 14),
    0.85: ("85%", "diamond", "good", 11),
    0.95: ("95%", "line-ns", "good", 10),
}
PERIODS = {1: "day", 7: "week"}


def plot_completion_forecast(forecasts: pd.DataFrame, backtest: pd.DataFrame) -> go.Figure:
    """Draw for each group the dates by which half, 85 and 95 % of the trials are done.

    Parameters
    ----------
    forecasts
        `CompletionForecasts`.
    backtest
        `ThroughputBacktests` of the same groups: whether such forecasts held.
    """
    if forecasts.empty:
        return nothing("There is no backlog to forecast", f"It needs open items. {HOW_TO_READ}")
    table = labelled(forecasts, CompletionForecasts, EVERY)
    known = table.dropna(subset=["finish_date"])
    if known.empty:
        return nothing("When the backlog will be done cannot be said", _why_not(table))
    groups = {label: told.set_index("quantile") for label, told in known.groupby("label")}
    order = sorted(groups, key=lambda label: _latest(groups[label]), reverse=True)
    shown = order[:MOST_ROWS]
    said = [_stated(groups[label]) for label in shown]
    today = known["as_of"].iloc[0]
    drawing = figure(
        _finding(groups, order, table["label"].nunique()),
        "Date by which half (tick), 85% (diamond) and 95% (short tick) of the trials are done; "
        f"line: {day(today)}",
        alt="; ".join(f"{label}: {words}" for label, words in zip(shown, said, strict=True)) + ".",
        note=_note(table, known, labelled(backtest, ThroughputBacktests, EVERY), shown),
    )
    rows(drawing, shown, said)
    for position, label in enumerate(shown):
        _draw(drawing, position, groups[label])
    drawing.add_vline(x=today, line={"color": LIGHT["rule"], "width": 2}, layer="below")
    drawing.update_xaxes(type="date")
    return drawing


def _draw(drawing: go.Figure, position: int, group: pd.DataFrame) -> None:
    dates = group["finish_date"]
    bar(drawing, position, dates.min(), dates.max(), color="good_wash", width=12)
    for share, date in dates.items():
        words, symbol, color, size = MARKS[share]
        told = [f"{words} by {day(date)}"]
        mark(drawing, [date], [position], told, symbol=symbol, color=color, size=size)


def _latest(group: pd.DataFrame) -> pd.Timestamp:
    """Return when a group is surely done, or the end of time where that is not reached."""
    return group["finish_date"].get(SURE, pd.Timestamp.max)


def _finding(groups: dict[str, pd.DataFrame], order: list[str], n_groups: int) -> str:
    last = order[0]
    if SURE not in groups[last].index:
        who = "the backlog" if n_groups == 1 else last
        return f"Less than an 85% chance that {who} is done within 5 years"
    chance = f"85% chance that {_items(groups[last])} are done by {day(_latest(groups[last]))}"
    if n_groups == 1:
        return chance
    among = "Of those that can be forecast, " if len(groups) < n_groups else ""
    return f"{among}{last} is done last: {chance}"


def _items(group: pd.DataFrame) -> str:
    fewest, most = group[["backlog", "backlog_at_most"]].iloc[0]
    return count(most, "item") if fewest == most else f"{number(fewest)}–{count(most, 'item')}"


def _stated(group: pd.DataFrame) -> str:
    found = {share: f"by {day(date)}" for share, date in group["finish_date"].items()}
    dates = [f"{words} {found.get(share, 'not reached')}" for share, (words, *_) in MARKS.items()]
    return f"{_items(group)}: {', '.join(dates)}"


def _why_not(table: pd.DataFrame) -> str:
    reason = table["reason"].value_counts().index[0]
    return f"{reason[0].upper()}{reason[1:]}."


def _note(table: pd.DataFrame, known: pd.DataFrame, tests: pd.DataFrame, shown: list[str]) -> str:
    start, end = known["history_start_date"].min(), known["history_end_date"].max()
    fewest, most = known["n_periods"].min(), known["n_periods"].max()
    noun = _period(known)
    past = count(most, noun) if fewest == most else f"{number(fewest)} to {count(most, noun)}"
    note = (
        f"Drawn {number(known['n_trials'].max())} times from the {past} from {day(start)} to "
        f"{day(end)}, those without a finish included. {_held(tests, shown)}"
    )
    silent = table.loc[~table["label"].isin(known["label"]), "label"].unique()
    if len(silent):
        note += f" Not forecast: {listed([*silent[:MOST_ROWS]])}."
    hidden = known["label"].nunique() - len(shown)
    return note + (f" {hidden} that are done sooner are not shown." if hidden else "")


def _held(tests: pd.DataFrame, shown: list[str]) -> str:
    """Return how often past forecasts at 85 % held."""
    sure = tests[(tests["quantile"] == SURE) & tests["label"].isin(shown)]
    told = sure[sure["reliability"] != "too_few"]
    if told.empty:
        return "Too few such forecasts can be tested on the past to say whether they hold."
    ahead = count(told["horizon"].iloc[0], _period(told))
    results = [
        f"{percent(row['held_share'])} of {row['n']} held "
        f"({percent_range(row['low'], row['high'])})"
        + ("" if len(shown) == 1 else f" for {row['label']}")
        for _, row in told.iterrows()
    ]
    return f"Of past forecasts at 85%, {ahead} ahead: {listed(results)}."


def _period(table: pd.DataFrame) -> str:
    length = table["period_days"].dropna().iloc[0]
    return PERIODS.get(length, f"{length}-day period")
