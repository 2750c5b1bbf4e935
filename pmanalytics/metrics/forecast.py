"""When will the rest be done, and how much will be done by then?

The answer is read off what was really finished, period by period: whatever slows a team, such as
holidays or work that nobody planned, is in these counts. So the periods in which nothing was
finished stay in, and the running one, of which only a part is known, stays out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool, is_number

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.errors import ConfigError, PMAnalyticsError, listed, shown
from pmanalytics.intervals import TOO_FEW, reliability
from pmanalytics.metrics.simulation import (
    N_TRIALS,
    QUANTILES,
    items_finished,
    periods_needed,
    within_which,
)
from pmanalytics.metrics.throughput_history import (
    NO_HISTORY,
    History,
    histories,
    too_little,
)
from pmanalytics.schemas import (
    CompletionForecasts,
    CountForecasts,
    Table,
    Throughput,
    dtypes,
    empty,
)
from pmanalytics.tables import By, complete, group_columns

SEED = 1
LONGEST_DAYS = 1826
MOST_ITEMS = 1_000_000
BEYOND = "not reached within 5 years"
Sizes: TypeAlias = int | Sequence[int] | NDArray[np.int64]


def forecast_when(
    throughput: pd.DataFrame,
    *,
    as_of: AsOfInput,
    backlog: Sizes | Mapping[Any, Sizes] | pd.Series,
    by: By = None,
    window: int | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """When will the backlog be done, if the periods to come are like those gone by?

    Parameters
    ----------
    throughput
        `Throughput` by day or week. Only its complete periods up to `as_of` count.
    as_of
        Status date: the periods to come begin on the day after.
    backlog
        Items to do: a number, or a list of equally likely ones where it is not sure how many items
        they will become. With `by`, also a dict or Series of these by group.
    by
        Column or columns to group by.
    window
        Number of last complete periods to draw from; None draws from all.
    seed
        Of the random numbers. Every group draws the same ones, so none depends on the others.

    Returns
    -------
    pandas.DataFrame
        `CompletionForecasts`: per group P50, P85 and P95 as a number of periods and as a date.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is not fit, periods are missing or differ in length.

    Notes
    -----
    N = min{n: T₁ + … + Tₙ ≥ backlog}, with each T drawn from the past periods with replacement, in
    10,000 trials. Pq is the least number of periods within which a share q of the trials is done.
    The standard error of a share p of them is √(p(1 − p) ÷ 10,000), 0.4 points at 0.85.

    There is no date with fewer than 5 periods or fewer than 5 items finished in them, nor beyond 5
    years. The trials take it that periods do not depend on one another, and that the team, the size
    of items and what else keeps people busy stay as they were.

    Examples
    --------
    >>> weeks = pd.DataFrame({
    ...     "period_start_date": pd.date_range("2024-01-01", periods=8, freq="7D"), "n_days": 7,
    ...     "throughput": [0, 1, 1, 3, 0, 1, 1, 3], "is_complete": True,
    ... })
    >>> table = forecast_when(weeks, as_of="2024-02-25", backlog=4)
    >>> table[["quantile", "periods", "finish_date"]]
       quantile  periods finish_date
    0      0.50        3  2024-03-17
    1      0.85        5  2024-03-31
    2      0.95        7  2024-04-14
    """
    names = fit_options(throughput, by, window, seed, CompletionForecasts)
    day = as_of_point(as_of).day
    sizes_of = _sizes(backlog, names)
    known = histories(throughput, day, names)
    wanted = sizes_of if isinstance(sizes_of, dict) else dict.fromkeys(known, sizes_of)
    rows = [
        dict(zip(names, group, strict=True)) | row
        for group, sizes in wanted.items()
        for row in _when(known.get(group, NO_HISTORY).last(window), sizes, day, seed)
    ]
    return as_table(rows, throughput[names], CompletionForecasts)


def forecast_how_many(
    throughput: pd.DataFrame,
    *,
    as_of: AsOfInput,
    until: AsOfInput,
    by: By = None,
    window: int | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """How many items will be finished by a date, if the periods to come are like those gone by?

    Parameters
    ----------
    throughput, as_of, by, window, seed
        As in `forecast_when`.
    until
        The date asked about. What it cuts of a last period brings nothing.

    Returns
    -------
    pandas.DataFrame
        `CountForecasts`: per group the items that 50, 85 and 95 % of the trials finish.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is not fit, periods are missing or differ in length.

    Notes
    -----
    The largest k that a share q of the trials reaches: the surer, the fewer. The rest is as in
    `forecast_when`.

    Examples
    --------
    >>> days = pd.DataFrame({
    ...     "period_start_date": pd.date_range("2024-01-01", periods=8), "n_days": 1,
    ...     "throughput": [0, 1, 1, 3, 0, 1, 1, 3], "is_complete": True,
    ... })
    >>> table = forecast_how_many(days, as_of="2024-01-08", until="2024-01-11")
    >>> table[["quantile", "periods", "items"]]
       quantile  periods  items
    0      0.50        3      4
    1      0.85        3      2
    2      0.95        3      1
    """
    names = fit_options(throughput, by, window, seed, CountForecasts)
    day, last_day = as_of_point(as_of).day, _day("until", until)
    if last_day < day:
        raise PMAnalyticsError(f"until={until!r} lies before the status date, {day.date()}.")
    rows = [
        dict(zip(names, group, strict=True)) | row
        for group, history in histories(throughput, day, names).items()
        for row in _how_many(history.last(window), day, last_day, seed)
    ]
    return as_table(rows, throughput[names], CountForecasts)


def fit_options(
    throughput: pd.DataFrame, by: By, window: int | None, seed: int, result: type[Table]
) -> list[str]:
    """Return the columns to group by, or say which option is not fit."""
    whole("seed", seed, 0, 2**32)
    if window is not None:
        whole("window", window, TOO_FEW, LONGEST_DAYS)
    return group_columns(complete(throughput, Throughput), by, Throughput, result)


def whole(option: str, given: object, least: int, most: int) -> None:
    """Refuse what is no whole number from `least` to `most`."""
    is_whole = isinstance(given, Integral) and not isinstance(given, bool)
    if not is_whole or not least <= int(given) <= most:  # type: ignore[call-overload]
        raise PMAnalyticsError(f"{option}={given!r} must be a whole number from {least} to {most}.")


def as_table(rows: list[dict], groups: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Return the rows as a table of that schema, their groups in front."""
    if not rows:
        return schema.validate(groups.head(0).join(empty(schema)))
    columns = [*groups.columns, *schema.to_schema().columns]
    return schema.validate(pd.DataFrame(rows, columns=columns).astype(dtypes(schema)))


def _sizes(backlog: Any, names: list[str]) -> NDArray[np.int64] | dict[tuple, NDArray[np.int64]]:
    """Return the sizes that the backlog may have, by group if it is given by group."""
    if not isinstance(backlog, Mapping | pd.Series):
        return _whole_sizes(backlog)
    keys = [key if isinstance(key, tuple) else (key,) for key in backlog.keys()]  # noqa: SIM118
    if not names or len({*keys}) < len(keys) or {*map(len, keys)} - {len(names)}:
        raise PMAnalyticsError(
            f"backlog must give each group once, in the columns that by names; by={names}, and "
            f"backlog has {listed(map(shown, backlog.keys()))}."
        )
    return {key: _whole_sizes(size) for key, (_, size) in zip(keys, backlog.items(), strict=True)}


def _whole_sizes(backlog: Any) -> NDArray[np.int64]:
    sizes = np.atleast_1d(np.asarray(backlog, dtype=object))
    is_fit = [
        is_number(size) and not is_bool(size) and 0 <= size <= MOST_ITEMS and size % 1 == 0
        for size in sizes.ravel()
    ]
    if sizes.ndim > 1 or not is_fit or not all(is_fit):
        raise PMAnalyticsError(
            f"backlog={shown(backlog)} must be a whole number of items from 0 to {MOST_ITEMS}, or "
            "a list of such numbers."
        )
    return sizes.astype(np.int64)


def _day(option: str, given: AsOfInput) -> pd.Timestamp:
    try:
        return as_of_point(given).day
    except ConfigError:
        raise ConfigError(f"{option} {given!r} is not a date; write it as YYYY-MM-DD.") from None


def _when(history: History, sizes: NDArray[np.int64], day: pd.Timestamp, seed: int) -> list[dict]:
    told = _told(history, day) | {"backlog": sizes.min(), "backlog_at_most": sizes.max()}
    if told["reason"] is not None or history.period_days is None:
        return [told | {"quantile": share} for share in QUANTILES]
    longest = LONGEST_DAYS // history.period_days
    needed = periods_needed(history.counts, sizes, longest, seed)
    rows = []
    for share, periods in zip(QUANTILES, within_which(needed), strict=True):
        row = told | {"quantile": share, "n_trials": N_TRIALS}
        if periods > longest:
            rows.append(row | {"reason": BEYOND})
            continue
        date = day + pd.Timedelta(days=periods * history.period_days)
        is_done = needed <= periods
        rows.append(row | {"periods": periods, "finish_date": date} | _share("done", is_done))
    return rows


def _how_many(history: History, day: pd.Timestamp, until: pd.Timestamp, seed: int) -> list[dict]:
    told = _told(history, day) | {"until_date": until}
    n_days = (until - day).days
    n_periods = None if history.period_days is None else n_days // history.period_days
    told["periods"] = n_periods
    if n_periods == 0:
        told["reason"] = told["reason"] or "no whole period lies before that date"
    if n_days > LONGEST_DAYS:
        told["reason"] = told["reason"] or "more than 5 years ahead"
    if told["reason"] is not None or n_periods is None:
        return [told | {"quantile": share} for share in QUANTILES]
    totals = items_finished(history.counts, n_periods, seed)
    return [
        told
        | {"quantile": share, "n_trials": N_TRIALS, "items": items}
        | _share("reached", totals >= items)
        for share, items in zip(QUANTILES, -within_which(-totals), strict=True)
    ]


def _told(history: History, day: pd.Timestamp) -> dict[str, Any]:
    """Return what a row tells of the past that it draws from."""
    n, n_finished = len(history.counts), history.counts.sum()
    return {
        "n_trials": 0,
        "n_periods": n,
        "n_finished": n_finished,
        "period_days": history.period_days,
        "history_start_date": history.start,
        "history_end_date": history.end,
        "as_of": day,
        "reliability": reliability(min((history.counts > 0).sum(), n_finished)).item(),
        "reason": too_little(history.counts),
    }


def _share(name: str, is_met: NDArray[np.bool_]) -> dict[str, float]:
    """Return the share of the trials that meet a condition, and its standard error."""
    share = is_met.mean()
    return {
        f"{name}_share": share,
        f"{name}_share_error": np.sqrt(share * (1 - share) / N_TRIALS),
    }
