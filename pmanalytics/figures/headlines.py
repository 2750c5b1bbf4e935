"""Numbers side by side, each with its range, how it developed and what can be claimed of that."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from pmanalytics.figures.rates import TITLES, counted, left_out, titled
from pmanalytics.figures.trends import VERDICTS, before, counts
from pmanalytics.figures.variances import value_of
from pmanalytics.figures.words import amount, count, percent, percent_range, signed
from pmanalytics.intervals import TOO_FEW

MOST_PERIODS = 12
MOST_BARS = 40
NO_PROJECTS = "no projects"
FEW = "too few for a rate"
TYPICAL = {
    "finish_variance_days": "Typical slip",
    "finish_variance_share": "Typical slip",
    "cost_variance_share": "Typical cost against budget",
}


class Headline(NamedTuple):
    """A number with what belongs beside it: label, value, range and what it rests on.

    `verdict` says whether it changed, `line` how it did: low, value and high of each period; `bars`
    show each of the projects it is about, above 0 the bad ones.
    """

    label: str
    value: str
    range: str
    detail: str
    verdict: str = ""
    line: tuple[tuple[float, float, float], ...] = ()
    bars: tuple[float, ...] = ()


def headline(rates: pd.DataFrame) -> Headline:
    """State one rate as a headline number."""
    if rates.empty:
        return Headline("Rate", "–", "", NO_PROJECTS)
    row = rates.iloc[0]
    title = titled(row)
    if isinstance(row["reason"], str):
        return Headline(title, "–", "not known", f"{row['reason']}; left out: {left_out(row)}")
    if row["reliability"] == "too_few":
        return Headline(title, counted(row), FEW, left_out(row))
    interval = percent_range(row["low"], row["high"])
    detail = f"{count(row['n'], 'project')}; left out: {left_out(row)}"
    return Headline(title, percent(row["rate"]), interval, detail)


def rate_headline(trend: pd.DataFrame, change: pd.DataFrame) -> Headline:
    """State the rate of the latest complete periods, and how it differs from those before.

    Parameters
    ----------
    trend
        `RateTrends`, with the `window` of the change.
    change
        `RateChanges` of the same measure.
    """
    compared = _view(trend, change)
    title, shown = TITLES[compared["measure"]], _complete(trend)
    if shown.empty or not compared["n_now"]:
        return _short(title, compared, counts(compared, "now"))
    latest = shown.iloc[-1]
    line = shown[["low", "rate", "high"]].where(shown["reliability"] != "too_few")
    after = f"after {counts(compared, 'then')} in {before(compared)}"
    if latest["reliability"] == "too_few":
        return Headline(title, counted(latest), FEW, after, line=_points(line))
    difference = _difference(compared, " points", 100)
    detail = f"{difference} on {percent(compared['rate_then'])} in {before(compared)}; "
    return Headline(
        title,
        percent(latest["rate"]),
        percent_range(latest["low"], latest["high"]),
        (detail if difference else f"{after}; ") + counted(latest),
        VERDICTS[compared["verdict"]],
        _points(line),
    )


def variance_headline(trend: pd.DataFrame, change: pd.DataFrame) -> Headline:
    """State how far the typical project of the latest periods ended from its plan.

    Parameters
    ----------
    trend
        `VarianceTrends`, with the `window` of the change.
    change
        `VarianceChanges` of the same measure.
    """
    compared = _view(trend, change)
    measure, shown = compared["measure"], _complete(trend)
    title = TYPICAL[measure]
    if shown.empty or not compared["n_now"]:
        return _short(title, compared, value_of(measure, compared["median_now"]))
    latest = shown.iloc[-1]
    line = shown[["low", "median", "high"]].where(shown["reliability"] != "too_few")
    value = value_of(measure, latest["median"])
    if latest["reliability"] == "too_few":
        return Headline(
            title, "–", "too few to tell", count(latest["n"], "project"), line=_points(line)
        )
    is_days = measure.endswith("_days")
    difference = _difference(compared, " days" if is_days else " points", 1 if is_days else 100)
    said = [
        f"{difference} on {value_of(measure, compared['median_then'])} in {before(compared)}"
        if difference
        else "",
        f"85% at {value_of(measure, latest['p85'])} or less",
        count(latest["n"], "project")
        + (f", {latest['n_lower_bound']} still open" if latest["n_lower_bound"] else ""),
    ]
    ends = [value_of(measure, latest[end]).removesuffix(" days") for end in ("low", "high")]
    return Headline(
        title,
        value,
        f"{ends[0]} to {ends[1]}" if pd.notna(latest["low"]) else "",
        "; ".join(filter(None, said)),
        VERDICTS[compared["verdict"]],
        _points(line),
    )


def late_headline(committed: pd.DataFrame, outcomes: pd.DataFrame) -> Headline:
    """State how many open projects are past their due date, each as a bar.

    Parameters
    ----------
    committed
        `OpenCommitments`, not grouped.
    outcomes
        `ProjectOutcomes` of the same projects.
    """
    title = "Open and already late"
    if committed.empty:
        return Headline(title, "–", "", NO_PROJECTS)
    total = committed.iloc[0]
    late = outcomes.loc[outcomes["on_time"] == "late_open", "finish_variance_days"]
    late = late.sort_values(ascending=False)
    held = f"{money(total['late_budget'], total)} of {money(total['budget'], total)} open budgets; "
    longest = f"the longest by {count(late.iloc[0], 'day')}" if len(late) else "none is late"
    return Headline(
        title,
        f"{total['n_late_open']} of {total['n']}",
        "a full count",
        (held if total["budget"] and len(late) else "") + longest,
        bars=tuple(late.head(MOST_BARS)),
    )


def overrun_headline(committed: pd.DataFrame, outcomes: pd.DataFrame) -> Headline:
    """State how far open projects are expected to exceed their budgets, each as a bar.

    Parameters
    ----------
    committed
        `OpenCommitments`, not grouped.
    outcomes
        `ProjectOutcomes` of the same projects.
    """
    title = "Forecast overrun, open work"
    if committed.empty:
        return Headline(title, "–", "", NO_PROJECTS)
    total = committed.iloc[0]
    if not total["n_compared"]:
        return Headline(title, "–", "not known", "no open project has a budget and a forecast cost")
    shares = outcomes["forecast_cost_variance_share"].dropna().sort_values(ascending=False)
    return Headline(
        title,
        ("+" if total["overrun"] > 0 else "") + amount(total["overrun"]),
        f"{signed(total['overrun_share'] * 100, '%')} of {money(total['compared_budget'], total)}",
        f"{total['n_over_forecast']} of {total['n_compared']} expected over budget; "
        f"{total['n_late_forecast']} of {total['n_forecast']} after their due date",
        bars=tuple(shares.head(MOST_BARS)),
    )


def money(value: float, row: pd.Series) -> str:
    """Return an amount with the currency of its row.

    >>> money(1_066_667, pd.Series({"currency": "EUR"}))
    '1.07m EUR'
    """
    return amount(value) + (f" {row['currency']}" if isinstance(row["currency"], str) else "")


def _view(trend: pd.DataFrame, change: pd.DataFrame) -> pd.Series:
    """Return the comparison by the date that the trend goes by."""
    cohort = trend["cohort"].iloc[0] if len(trend) else "due"
    return change[change["cohort"] == cohort].iloc[0]


def _complete(trend: pd.DataFrame) -> pd.DataFrame:
    return trend[trend["is_complete"]].tail(MOST_PERIODS)


def _short(title: str, compared: pd.Series, value: str) -> Headline:
    """State what is known where records do not reach back over the whole window."""
    what = "finished" if compared["cohort"] == "finish" else "due"
    latest = f"{what} in the last {compared['window']} complete {compared['every']}s"
    if not compared["n_now"]:
        return Headline(title, "–", "", f"no project {latest} can be judged")
    return Headline(title, value, "", f"{count(compared['n_now'], 'project')} {latest}")


def _difference(compared: pd.Series, unit: str, times: int) -> str:
    """Return how much changed, with its interval; nothing where there are too few to compare."""
    if pd.isna(compared["low"]) or min(compared["n_then"], compared["n_now"]) < TOO_FEW:
        return ""
    low, high = (signed(compared[end] * times) for end in ("low", "high"))
    return f"{signed(compared['difference'] * times, unit)} ({low} to {high})"


def _points(line: pd.DataFrame) -> tuple[tuple[float, float, float], ...]:
    """Return low, value and high of each period with a value; without an interval all alike."""
    low, value, high = (line[name] for name in line)
    known = zip(low.fillna(value), value, high.fillna(value), strict=True)
    return tuple(point for point in known if pd.notna(point[1]))
