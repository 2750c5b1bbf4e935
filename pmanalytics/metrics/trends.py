"""Does delivery get better or worse, and is the change more than chance?

Projects are put into periods by the day they were due, or by the day they finished. Each view can
mislead: finishes bunch when old late projects are closed together, and leave out whatever never
finishes; so a change is claimed only where both views show it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput
from pmanalytics.errors import PMAnalyticsError
from pmanalytics.intervals import TOO_FEW, newcombe
from pmanalytics.metrics.delivery import MOST_GRACE_DAYS, first_true, one_of, within
from pmanalytics.metrics.periods import (
    Every,
    agreed,
    check_window,
    first_day,
    last_complete,
    last_day,
    period_of,
    sides,
)
from pmanalytics.metrics.rates import POPULATIONS, Measure, classed, labelled, with_classes
from pmanalytics.metrics.tallies import as_rates, counted, stated
from pmanalytics.schemas import Day, RateChanges, RateDifferences, Rates, RateTrends, dtypes
from pmanalytics.tables import complete, in_kinds

Cohort = Literal["due", "finish"]

POPULATION = {"due": None, "finish": "finished"}
COUNTED = ["rate", "k", "n", "low", "high"]
SAME = ["measure", "basis", "population", "as_of"]


def rate_trend(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    measure: Measure = "on_time",
    cohort: Cohort = "due",
    every: Every = "quarter",
    window: int = 1,
    **options: Any,
) -> pd.DataFrame:
    """How did a rate develop, period by period?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    measure
        'on_time', 'on_budget' or 'on_time_and_on_budget'.
    cohort
        'due' (default): each project stands in the period it was due in, finished or not.
        'finish': in the period it finished in. That view is survivor-biased: whatever is late and
        still open is in no period of it.
    every
        'month', 'quarter' or 'year'.
    window
        Number of periods that each row takes together; 4 quarters are a rolling year.
    **options
        Those of its rate: basis, grace_days, tolerance, cancelled.

    Returns
    -------
    pandas.DataFrame
        `RateTrends`: one row per period from the first to that of the status date, empty ones
        included. A period is complete when the last day in it, with the grace, is past: only then
        can no project of it change its verdict by finishing. Projects without the date, or with a
        later one, are in no row.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ... })
    >>> trend = rate_trend(rows, as_of="2024-06-30")
    >>> trend[["period_end_date", "is_complete", "k", "n"]]
      period_end_date  is_complete  k  n
    0      2024-03-31         True  1  1
    1      2024-06-30        False  0  1
    """
    _check(every, window, options)
    one_of("cohort", cohort, tuple(POPULATION))
    judged = classed(measure, projects, as_of=as_of, **options)
    plan, labels = _cohort(judged, measure, cohort, as_of, options)
    period = period_of(plan[cohort], every)
    is_there = (period <= period_of(plan["day"], every)).to_numpy()
    first = int(period[is_there].min()) if is_there.any() else 0
    last = int(period_of(plan["day"], every).max()) if is_there.any() else -1
    number = (period[is_there] - first).to_numpy(dtype="int64")
    counts = counted(number, last - first + 1, plan[is_there])
    counts = counts.rolling(window).sum().iloc[window - 1 :]
    end = counts.index.to_numpy() + first
    named = {
        "cohort": pd.Series(cohort, index=counts.index, dtype="str"),
        "every": pd.Series(every, index=counts.index, dtype="str"),
        "window": window,
        "period_start_date": first_day(end - window + 1, every),
        "period_end_date": last_day(end, every),
        "is_complete": end <= last_complete(as_of, every, options.get("grace_days", 0)),
    }
    table = stated(counts).assign(**named).reset_index(drop=True)
    return RateTrends.validate(as_rates(table, plan, labels, [*named]))


def rate_change(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    measure: Measure = "on_time",
    every: Every = "quarter",
    window: int = 4,
    **options: Any,
) -> pd.DataFrame:
    """Is delivery better or worse than a year ago?

    The one comparison declared in advance: the last `window` complete periods against as many
    before them. Whoever looks for the two quarters that differ most will always find some.

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    measure
        'on_time', 'on_budget' or 'on_time_and_on_budget'.
    every, window
        The length of a period, and how many make up each side.
    **options
        Those of the rate: basis, grace_days, tolerance, cancelled.

    Returns
    -------
    pandas.DataFrame
        `RateChanges`: a row by due date, and one by finish date. `seen` is what a view shows by
        itself, `verdict` what can be claimed: better or worse only where both views show it.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    The interval of the difference is Newcombe's (`pmanalytics.intervals.newcombe`). A period is
    complete when its last day, with the grace, is past.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": [f"P{n}" for n in range(24)], "name": "One", "status": "done",
    ...     "baseline_finish_date": pd.to_datetime(["2023-05-31"] * 12 + ["2024-05-31"] * 12),
    ...     "actual_finish_date": pd.to_datetime(["2023-05-31"] * 12 + ["2024-06-03"] * 12),
    ... })
    >>> change = rate_change(rows, as_of="2024-07-01")
    >>> change[["cohort", "k_then", "n_then", "k_now", "n_now", "verdict"]]
       cohort  k_then  n_then  k_now  n_now verdict
    0     due      12      12      0     12   worse
    1  finish      12      12      0     12   worse
    """
    _check(every, window, options)
    last = last_complete(as_of, every, options.get("grace_days", 0))
    judged, views = classed(measure, projects, as_of=as_of, **options), []
    for cohort in POPULATION:
        plan, labels = _cohort(judged, measure, cohort, as_of, options)
        block = (last - period_of(plan[cohort], every)) // window
        is_there = block.isin([0, 1]).to_numpy()
        counts = counted(block[is_there].to_numpy(dtype="int64"), 2, plan[is_there])
        views.append(as_rates(stated(counts), plan, labels, []))
    now, then = (pd.concat([view.iloc[[side]] for view in views]) for side in (0, 1))
    table = _differences(*(side.reset_index(drop=True) for side in (then, now)))
    table = table.assign(
        cohort=pd.Series([*POPULATION], dtype="str"),
        every=every,
        window=window,
        **sides(last, every, window),
        **agreed(table["verdict"]),
    )
    days = {name: Day for name in table if str(name).endswith("_date")}
    return RateChanges.validate(in_kinds(table, days)[[*dtypes(RateChanges)]])


def rate_difference(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Do two groups or two periods differ by more than chance?

    Parameters
    ----------
    then, now
        `Rates`, compared row by row: of one measure, basis and population, not weighted, and of
        projects that are not in both.

    Returns
    -------
    pandas.DataFrame
        `RateDifferences`: now − then with its 95 % interval. The verdict is 'too_few' where either
        side has fewer than 5 projects or no rate, 'better' or 'worse' where the interval excludes
        0, else 'no_clear_change'.

    Raises
    ------
    PMAnalyticsError
        If the tables do not fit together.

    Notes
    -----
    Newcombe's interval. Two intervals that overlap do not show that their rates are alike.

    Examples
    --------
    >>> from pmanalytics import on_time_rate
    >>> rows = pd.DataFrame({
    ...     "project_id": [f"P{n}" for n in range(24)], "name": "One", "status": "done",
    ...     "baseline_finish_date": pd.to_datetime(["2023-05-31"] * 24),
    ...     "actual_finish_date": pd.to_datetime(["2023-05-31"] * 12 + ["2023-06-03"] * 12),
    ...     "line": ["A"] * 12 + ["B"] * 12,
    ... })
    >>> rates = on_time_rate(rows, as_of="2024-06-30", by="line")
    >>> rate_difference(rates[:1], rates[1:])[["rate_then", "rate_now", "high", "verdict"]].round(2)
       rate_then  rate_now  high verdict
    0        1.0       0.0 -0.66   worse
    """
    then, now = (_comparable(table) for table in (then, now))
    if len(then) != len(now) or (then[SAME] != now[SAME]).any(axis=None):
        raise PMAnalyticsError(
            "Compare rates of one measure, basis, population and status date, row by row."
        )
    table = _differences(then, now)
    return RateDifferences.validate(table[[*dtypes(RateDifferences)]])


def _differences(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    low, high = newcombe(now["k"], now["n"], then["k"], then["n"])
    difference = now["rate"] - then["rate"]
    is_few = (np.minimum(then["n"], now["n"]) < TOO_FEW) | difference.isna()
    cases = [
        (is_few, "too_few"),
        (pd.Series(low > 0), "better"),
        (pd.Series(high < 0), "worse"),
    ]
    sides = [then[COUNTED].add_suffix("_then"), now[COUNTED].add_suffix("_now")]
    return pd.concat([now[SAME], *sides], axis="columns").assign(
        difference=difference,
        low=np.where(difference.isna(), np.nan, low),
        high=np.where(difference.isna(), np.nan, high),
        verdict=first_true(cases, "no_clear_change", now.index),
    )


def _comparable(rates: pd.DataFrame) -> pd.DataFrame:
    rates = complete(rates, Rates).reset_index(drop=True)
    is_known = rates["rate"].notna()
    if not np.allclose(rates["rate"] * rates["n"], rates["k"].where(is_known), equal_nan=True):
        raise PMAnalyticsError("Weighted rates have no count to compare; leave out the weights.")
    return rates


def _cohort(
    plan: pd.DataFrame, measure: Measure, cohort: str, as_of: AsOfInput, options: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the projects as the rate of a cohort counts them, and what that rate is called."""
    population = POPULATION[cohort] or POPULATIONS[measure][0]
    plan = with_classes(plan, measure, population, options.get("cancelled", "exclude"))
    return plan, labelled(measure, as_of, **{**options, "population": population})


def _check(every: str, window: int, options: dict[str, Any]) -> None:
    check_window(every, window)
    within("grace_days", options.get("grace_days", 0), MOST_GRACE_DAYS)
    if "population" in options:
        raise PMAnalyticsError("population: a rate by period has that of its cohort.")
