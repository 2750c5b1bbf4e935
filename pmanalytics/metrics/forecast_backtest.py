"""Would such forecasts have held, had they been made in the past?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.intervals import TOO_FEW, reliability, wilson
from pmanalytics.metrics.forecast import (
    LONGEST_DAYS,
    SEED,
    as_table,
    fit_options,
    whole,
)
from pmanalytics.metrics.scores import pinball_loss
from pmanalytics.metrics.simulation import QUANTILES, items_finished, within_which
from pmanalytics.metrics.throughput_history import History, histories, too_little
from pmanalytics.schemas import ThroughputBacktests
from pmanalytics.tables import By


class _Tries(NamedTuple):
    """Forecasts made in the past, one row each, and what came of them."""

    forecast: NDArray[np.float64]
    outcome: NDArray[np.int64]
    mean_rate: NDArray[np.float64]
    last_rate: NDArray[np.float64]


def throughput_backtest(
    throughput: pd.DataFrame,
    *,
    as_of: AsOfInput,
    horizon: int,
    by: By = None,
    window: int | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """Had the next periods been forecast at the end of each past one, would that have held?

    The population is every past period with enough before it to draw from, and `horizon` complete
    periods after it.

    Parameters
    ----------
    throughput, as_of, by, window, seed
        As in `forecast_when`. Each forecast draws only from what was known on its day.
    horizon
        Periods to look ahead: about as many as the forecast in question does.

    Returns
    -------
    pandas.DataFrame
        `ThroughputBacktests`: per group and quantile how often as many items were finished as
        forecast, with the 95 % Wilson interval, and the pinball loss beside those of simple rules.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is not fit, periods are missing or differ in length.

    Notes
    -----
    A backlog is done within n periods exactly if n periods finish as many items. So this tests the
    dates of `forecast_when`, too, and does so without leaving out the backlogs that took too long
    to be done by now.

    A forecast held in q of all trials is the quantile 1 − q of the items; its loss is
    max(τ(y − x), (τ − 1)(y − x)) with τ = 1 − q. The simple rules are `horizon` times the mean
    of the periods drawn from, and `horizon` times the last one. Items are whole, so an honest
    forecast holds somewhat more often than it promises.

    Forecasts whose periods overlap share their outcome. The interval is therefore as wide as that
    of n ÷ `horizon` forecasts, as many as do not overlap. The time it takes grows with the number
    of periods times `horizon`: three years of days, 30 days ahead, take seconds.

    Examples
    --------
    >>> weeks = pd.DataFrame({
    ...     "period_start_date": pd.date_range("2024-01-01", periods=12, freq="7D"), "n_days": 7,
    ...     "throughput": [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1], "is_complete": True,
    ... })
    >>> table = throughput_backtest(weeks, as_of="2024-03-24", horizon=1)
    >>> table[["quantile", "n", "k", "held_share", "loss"]].round(3)
       quantile  n  k  held_share   loss
    0      0.50  7  6       0.857  0.071
    1      0.85  7  6       0.857  0.121
    2      0.95  7  6       0.857  0.136
    """
    whole("horizon", horizon, 1, LONGEST_DAYS)
    names = fit_options(throughput, by, window, seed, ThroughputBacktests)
    day = as_of_point(as_of).day
    rows = [
        dict(zip(names, group, strict=True)) | {"as_of": day, "horizon": horizon} | row
        for group, history in histories(throughput, day, names).items()
        for row in _backtest(history, horizon, window, seed)
    ]
    return as_table(rows, throughput[names], ThroughputBacktests)


def _backtest(history: History, horizon: int, window: int | None, seed: int) -> list[dict]:
    counts = history.counts
    origins = range(1, len(counts) - horizon + 1)
    pasts = {origin: history._replace(counts=counts[:origin]).last(window) for origin in origins}
    enough = {at: past.counts for at, past in pasts.items() if too_little(past.counts) is None}
    n_separate = -(-len(enough) // horizon)
    told = {
        "n": len(enough),
        "n_not_forecast": len(origins) - len(enough),
        "n_separate": n_separate,
        "period_days": history.period_days,
    }
    if not enough:
        reason = (
            f"no past day with {TOO_FEW} periods and {TOO_FEW} finished items before it, and "
            f"{horizon} after"
        )
        row = told | {"k": 0, "reliability": "too_few", "reason": reason}
        return [row | {"quantile": share} for share in QUANTILES]
    tries = _tried(counts, enough, horizon, seed)
    return [
        told | {"quantile": share} | _scores(tries, position, n_separate)
        for position, share in enumerate(QUANTILES)
    ]


def _tried(
    counts: NDArray[np.int64], pasts: dict[int, NDArray[np.int64]], horizon: int, seed: int
) -> _Tries:
    totals = (items_finished(past, horizon, seed) for past in pasts.values())
    return _Tries(
        forecast=np.array([-within_which(-total) for total in totals]),
        outcome=np.array([counts[origin : origin + horizon].sum() for origin in pasts]),
        mean_rate=np.array([past.mean() * horizon for past in pasts.values()]),
        last_rate=np.array([past[-1] * horizon for past in pasts.values()]),
    )


def _scores(tries: _Tries, position: int, n_separate: int) -> dict:
    forecast, level = tries.forecast[:, position], 1 - QUANTILES[position]
    is_held = tries.outcome >= forecast
    low, high = wilson(is_held.mean() * n_separate, n_separate)
    losses = {
        name: pinball_loss(tries.outcome, told, level).mean()
        for name, told in (
            ("loss", forecast),
            ("mean_rate_loss", tries.mean_rate),
            ("last_rate_loss", tries.last_rate),
        )
    }
    return losses | {
        "k": is_held.sum(),
        "held_share": is_held.mean(),
        "low": low.item(),
        "high": high.item(),
        "mean_items": forecast.mean(),
        "mean_below_half": (tries.forecast[:, 0] - forecast).mean(),
        "reliability": reliability(n_separate).item(),
    }
