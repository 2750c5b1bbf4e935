"""Do projects end closer to their plan than before? Medians period by period.

A rate says how many missed; this says by how much the typical one did, and it moves even where
everything is late.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.intervals import TOO_FEW, reliability
from pmanalytics.metrics.delivery import Basis, judged, one_of, variances
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
from pmanalytics.metrics.trends import POPULATION, Cohort
from pmanalytics.quantiles import grouped_quantiles, order_statistics
from pmanalytics.schemas import VARIANCES, VarianceChanges, VarianceTrends, dtypes
from pmanalytics.tables import in_kinds

N_RESAMPLES = 9_999


def variance_trend(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    measure: str = "finish_variance_days",
    basis: Basis = "baseline",
    cohort: Cohort = "due",
    every: Every = "quarter",
    window: int = 1,
) -> pd.DataFrame:
    """How did the typical distance from plan develop, period by period?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    measure
        'finish_variance_days', 'finish_variance_share' or 'cost_variance_share'.
    basis
        As in `project_outcomes`.
    cohort
        'due' (default): each project stands in the period it was due in. 'finish': in that it
        finished in, which leaves out whatever is late and still open.
    every
        'month', 'quarter' or 'year'.
    window
        Number of periods that each row takes together; 4 quarters are a rolling year.

    Returns
    -------
    pandas.DataFrame
        `VarianceTrends`: one row per period from the first to that of the status date. Days, or
        shares of the planned days or the budget. Projects without the date or the variance are in
        no row.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    Quantiles are values observed; the interval of the median lies between order statistics
    (Conover 1999, section 3.2) and is missing where there are too few for one.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ... })
    >>> trend = variance_trend(rows, as_of="2024-06-30")
    >>> trend[["period_end_date", "n", "n_lower_bound", "median"]]
      period_end_date  n  n_lower_bound  median
    0      2024-03-31  1              0    -1.0
    1      2024-06-30  1              1    30.0
    """
    check_window(every, window)
    known = _known(judged(projects, as_of=as_of, basis=basis), measure, cohort)
    period = period_of(known["date"], every).to_numpy(dtype="int64")
    last = int(period_of(pd.Series([as_of_point(as_of).day]), every)[0])
    first = int(period.min(initial=last + 1)) + window - 1
    n_periods = max(last - first + 1, 0)
    # A project stands in the window of its own period and in those of the next ones.
    number = (period[:, None] + np.arange(window) - first).ravel()
    is_there = (number >= 0) & (number < n_periods)
    known, number = known.loc[known.index.repeat(window)[is_there]], number[is_there]
    end = first + np.arange(n_periods)
    table = _spread(known, number, n_periods).assign(
        measure=measure,
        cohort=cohort,
        every=every,
        window=window,
        period_start_date=first_day(end - window + 1, every),
        period_end_date=last_day(end, every),
        is_complete=end <= last_complete(as_of, every),
        basis=basis,
    )
    kinds: dict[str, Any] = dtypes(VarianceTrends)
    return VarianceTrends.validate(in_kinds(table, kinds)[[*kinds]])


def variance_change(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    measure: str = "finish_variance_days",
    basis: Basis = "baseline",
    every: Every = "quarter",
    window: int = 4,
) -> pd.DataFrame:
    """Is the typical project closer to its plan than a year ago?

    The comparison of `rate_change`: the last `window` complete periods against as many before.

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    measure, basis
        As in `variance_trend`.
    every, window
        The length of a period, and how many make up each side.

    Returns
    -------
    pandas.DataFrame
        `VarianceChanges`: a row by due date, and one by finish date. A larger variance is worse;
        better or worse is claimed only where both views show it.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    The interval of the difference of medians is the percentile bootstrap's (Efron & Tibshirani
    1993, chapter 13), of 9,999 resamples that are the same each time.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": [f"P{n}" for n in range(24)], "name": "One", "status": "done",
    ...     "baseline_finish_date": pd.to_datetime(["2023-05-31"] * 12 + ["2024-05-31"] * 12),
    ...     "actual_finish_date": pd.to_datetime(["2023-05-31"] * 12 + ["2024-06-03"] * 12),
    ... })
    >>> change = variance_change(rows, as_of="2024-07-01")
    >>> change[["cohort", "median_then", "median_now", "difference", "verdict"]]
       cohort  median_then  median_now  difference verdict
    0     due          0.0         3.0         3.0   worse
    1  finish          0.0         3.0         3.0   worse
    """
    check_window(every, window)
    last = last_complete(as_of, every)
    plan, views = judged(projects, as_of=as_of, basis=basis), []
    for cohort in POPULATION:
        known = _known(plan, measure, cohort)
        block = (last - period_of(known["date"], every)) // window
        now, then = (known.loc[block == side, "variance"].to_numpy() for side in (0, 1))
        views.append({"cohort": cohort, **_compared(then, now)})
    table = pd.DataFrame(views).assign(
        measure=measure, every=every, window=window, basis=basis, **sides(last, every, window)
    )
    table = table.assign(**agreed(table["seen"]))
    kinds: dict[str, Any] = dtypes(VarianceChanges)
    return VarianceChanges.validate(in_kinds(table, kinds)[[*kinds]])


def _known(plan: pd.DataFrame, measure: str, cohort: str) -> pd.DataFrame:
    """Return the `variance` of each project that has one, with the `date` that names its period."""
    one_of("measure", measure, tuple(VARIANCES))
    one_of("cohort", cohort, tuple(POPULATION))
    far = variances(plan)
    known = pd.DataFrame(
        {
            "date": plan[cohort],
            "variance": far[measure].round(9),
            "is_lower_bound": far["is_lower_bound"],
        }
    )
    return known.dropna(subset=["date", "variance"]).reset_index(drop=True)


def _spread(known: pd.DataFrame, group: NDArray[np.int64], n_groups: int) -> pd.DataFrame:
    values = known["variance"]
    n = np.bincount(group, minlength=n_groups)
    median, p85 = grouped_quantiles(values, group, n_groups, [0.5, 0.85]).T
    low, high = order_statistics(values, group, n_groups, 0.5)
    is_bound = known["is_lower_bound"].to_numpy(dtype="bool")
    return pd.DataFrame(
        {
            "n": n,
            "n_lower_bound": np.bincount(group[is_bound], minlength=n_groups),
            "median": median,
            "low": low,
            "high": high,
            "p85": p85,
            "reliability": reliability(n),
        }
    )


def _compared(then: NDArray[np.float64], now: NDArray[np.float64]) -> dict[str, Any]:
    """Return the medians of two groups, and whether they differ by more than chance."""
    before, latest = _median(then, 0), _median(now, 0)
    is_few = min(len(then), len(now)) < TOO_FEW
    low, high = (np.nan, np.nan) if is_few else _resampled(then, now)
    changed = "worse" if low > 0 else "better" if high < 0 else "no_clear_change"
    return {
        "n_then": len(then),
        "n_now": len(now),
        "median_then": before,
        "median_now": latest,
        "difference": latest - before,
        "low": low,
        "high": high,
        "seen": "too_few" if is_few else changed,
    }


def _resampled(then: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[float, float]:
    from scipy.stats import bootstrap  # noqa: PLC0415 - slow to load, and few compare years

    def difference(then: NDArray[np.float64], now: NDArray[np.float64], axis: int = -1) -> Any:
        return _median(now, axis) - _median(then, axis)

    found = bootstrap(
        (then, now), difference, n_resamples=N_RESAMPLES, method="percentile", rng=0,
        vectorized=True,
    )  # fmt: skip
    return found.confidence_interval


def _median(values: NDArray[np.float64], axis: int) -> Any:
    """Return the smallest value that half do not exceed, as elsewhere: one that was observed."""
    if not values.shape[axis]:
        return np.nan
    return np.quantile(values, 0.5, axis=axis, method="inverted_cdf")
