"""How long does it take, when some are not finished yet? Kaplan–Meier for many groups at once.

Averaging only what has ended leaves out the slow ones still running, so every such average
flatters. Kaplan–Meier (1958, JASA 53:457–481) keeps them: each counts as "longer than this" until
the moment it was last seen. Greenwood's variance on the log(−log) scale gives the intervals
(Kalbfleisch & Prentice 2002, section 1.4).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmanalytics.intervals import Z_95
from pmanalytics.ordering import runs_of, starts_of

# A product of fractions can end just above its value; a quantile must not slip to the next time.
TOLERANCE = 1e-9


class Curves(NamedTuple):
    """One entry per group and distinct time with an event, ordered by group and time."""

    group: NDArray[np.int64]
    time: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    survival: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class RiskSets(NamedTuple):
    """One entry per group and distinct time, ordered by group and time."""

    group: NDArray[np.int64]
    time: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    marked: list[NDArray[np.int64]]


def risk_sets(
    time: ArrayLike, group: ArrayLike, *marks: ArrayLike, n: ArrayLike | None = None
) -> RiskSets:
    """How many of each group were seen at least so long, and how many bear each mark just then?

    An entry stands for one of its group, or for `n` of which each mark tells how many bear it.

    Examples
    --------
    >>> sets = risk_sets([5, 8, 8], [0, 0, 0], [True, True, False])
    >>> sets.time.tolist(), sets.at_risk.tolist(), sets.marked[0].tolist()
    ([5.0, 8.0], [3, 2], [1, 1])
    """
    time, group = np.asarray(time, dtype=float), np.asarray(group, dtype=np.int64)
    order, starts = runs_of(group, time)
    time, group = time[order[starts]], group[order[starts]]

    def counted(of_each: ArrayLike) -> NDArray[np.int64]:
        return np.add.reduceat(np.asarray(of_each)[order], starts, dtype=np.int64)

    leaving = counted(np.ones(len(order), dtype=bool) if n is None else n)
    is_start, up_to = starts_of(group), np.cumsum(leaving)
    is_end = np.r_[is_start[1:], True][: len(group)]
    at_risk = up_to[is_end][np.cumsum(is_start) - 1] - up_to + leaving
    return RiskSets(group, time, at_risk, [counted(mark) for mark in marks])


def kaplan_meier(
    time: ArrayLike,
    ended: ArrayLike,
    group: ArrayLike,
    *,
    n: ArrayLike | None = None,
    every_time: bool = False,
) -> Curves:
    """Which share is still going after each time, per group?

    Parameters
    ----------
    time
        Time until the end, or until last seen; any unit.
    ended
        True where the end was seen, False where it is still to come (censored). At equal times an
        end counts before a censoring.
    group
        Codes 0, 1, … of the groups.
    n
        How many each entry stands for, of which `ended` tells the number that have; one unless
        given. Counts of parts can so be joined without a difference.
    every_time
        Also tell the times at which nothing ended and something was last seen.

    Returns
    -------
    Curves
        Survival and its 95 % log-log interval, which is NaN once survival is 0.

    Examples
    --------
    >>> curves = kaplan_meier([5, 8, 8, 12], [True, True, False, True], [0, 0, 0, 0])
    >>> curves.time.tolist(), curves.survival.round(4).tolist()
    ([5.0, 8.0, 12.0], [0.75, 0.5, 0.0])
    """
    group, time, at_risk, (events,) = risk_sets(time, group, ended, n=n)
    if not every_time:
        seen = events > 0
        group, time, at_risk, events = group[seen], time[seen], at_risk[seen], events[seen]
    return Curves(group, time, at_risk, events, *_survival(group, at_risk, events))


def of_others(curves: Curves) -> Curves:
    """What do the others of a group tell one of its members that is still going?

    Holds up to the time for which that member has been going: so long it is at risk at every end.

    Examples
    --------
    >>> curves = kaplan_meier([10, 20, 25], [True, True, False], [0, 0, 0])
    >>> survival_at(of_others(curves), [0], [25]).tolist()
    [0.0]
    """
    at_risk = np.maximum(curves.at_risk - 1, curves.events)
    numbers = _survival(curves.group, at_risk, curves.events)
    return Curves(curves.group, curves.time, at_risk, curves.events, *numbers)


def quantiles(curves: Curves, n_groups: int, share: float) -> NDArray[np.float64]:
    """After which time have `share` of each group ended, and between which times may that be?

    Returns
    -------
    numpy.ndarray
        Shape (n_groups, 3): the quantile and its 95 % interval, read off the curve and its band;
        NaN where it is not reached.
    """
    bands = (curves.survival, curves.low, curves.high)
    return np.column_stack(
        [_first_time(curves, n_groups, band <= 1 - share + TOLERANCE) for band in bands]
    )


def quantile_of_ended(curves: Curves, n_groups: int, share: float) -> NDArray[np.float64]:
    """Which time do `share` of those that have ended not exceed, in each group?

    Too short for an answer about all, because the slow ones have not ended yet.

    Examples
    --------
    >>> curves = kaplan_meier([5, 8, 12, 30], [True, True, True, False], [0, 0, 0, 0])
    >>> quantile_of_ended(curves, 1, 0.5).tolist()
    [8.0]
    """
    n_ended = np.bincount(curves.group, weights=curves.events, minlength=n_groups)
    rank = np.ceil(n_ended * share - TOLERANCE)
    so_far = running_sum(curves.events, curves.group)
    return _first_time(curves, n_groups, so_far >= rank[curves.group])


def _first_time(
    curves: Curves, n_groups: int, is_reached: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the first time of each group at which something is reached."""
    reached = np.flatnonzero(is_reached)
    first = reached[starts_of(curves.group[reached])]
    found = np.full(n_groups, np.nan)
    found[curves.group[first]] = curves.time[first]
    return found


def survival_at(curves: Curves, group: ArrayLike, time: ArrayLike) -> NDArray[np.float64]:
    """Which share of each `group` is still going just after that `time`?

    Beyond the last time seen of a group this is its last known share.
    """
    step = last_step(curves.group, curves.time, group, time)
    return np.take(np.r_[curves.survival, 1.0], step)


def last_step(
    groups: NDArray[np.int64], times: NDArray[np.float64], group: ArrayLike, time: ArrayLike
) -> NDArray[np.int64]:
    """Where in `groups` and `times` is the last step of each `group` up to that `time`?

    Returns
    -------
    numpy.ndarray
        Positions; −1 before the first step of a group.
    """
    group = np.asarray(group, dtype=np.int64)
    before = _first_at_least(groups, times, group, time, side="right") - 1
    return np.where(np.take(np.r_[groups, -1], before) == group, before, -1)


def restricted_means(curves: Curves, horizon: ArrayLike) -> NDArray[np.float64]:
    """How long do the members of each group take on average, counted up to a horizon at most?

    Parameters
    ----------
    curves
        Of groups 0, 1, …
    horizon
        One time per group, at which whatever still goes on stops counting.

    Returns
    -------
    numpy.ndarray
        Shape (n_groups, 3): the mean and its 95 % interval, which lies between 0 and the horizon
        and is NaN where nothing tells the spread: no end, or all ends at one time.

    Notes
    -----
    The area under the curve up to the horizon. Its variance is Σ A²·d ÷ (n·(n − d)), A being the
    area to the right of each time with d ends among n at risk (Klein & Moeschberger 2003,
    section 4.5).

    Examples
    --------
    >>> curves = kaplan_meier([5, 8, 8, 12], [True, True, False, True], [0, 0, 0, 0])
    >>> restricted_means(curves, [10]).round(2).tolist()
    [[8.25, 6.24, 10.0]]
    """
    horizon = np.asarray(horizon, dtype=float)
    is_within = curves.time <= horizon[curves.group]
    group, at_risk, events = (
        part[is_within] for part in (curves.group, curves.at_risk, curves.events)
    )
    time, survival = curves.time[is_within], curves.survival[is_within]
    is_last = np.r_[group[1:] != group[:-1], True][: len(group)]
    until = np.where(is_last, horizon[group], np.roll(time, -1))
    width = survival * (until - time)
    after = np.bincount(group, width, len(horizon))
    first = horizon.copy()
    first[group[::-1]] = time[::-1]
    area = after[group] - running_sum(width, group) + width
    remaining = at_risk - events
    factor = np.where(remaining > 0, events / (at_risk * np.maximum(remaining, 1)), 0.0)
    error = np.sqrt(np.bincount(group, area**2 * factor, len(horizon)))
    error = np.where(error > 0, error, np.nan)
    mean = first + after
    low = np.maximum(mean - Z_95 * error, 0.0)
    return np.stack([mean, low, np.minimum(mean + Z_95 * error, horizon)], axis=1)


def conditional_quantiles(
    curves: Curves, group: ArrayLike, reached: ArrayLike, share: float
) -> NDArray[np.float64]:
    """After which time will `share` of those have ended that are still going at `reached`?

    Returns
    -------
    numpy.ndarray
        One time per entry of `group` and `reached`, always later than `reached`: the first with
        S(time) ÷ S(reached) ≤ 1 − share. NaN where the curve does not come so far.

    Examples
    --------
    >>> curves = kaplan_meier([1, 2, 3, 4], [True] * 4, [0] * 4)
    >>> conditional_quantiles(curves, [0, 0, 0], [0, 2.5, 4], 0.5).tolist()
    [2.0, 3.0, nan]
    """
    group = np.asarray(group, dtype=np.int64)
    target = (1 - share) * survival_at(curves, group, reached) + TOLERANCE
    later = _first_at_least(curves.group, curves.time, group, reached, side="right")
    low = _first_at_least(curves.group, -curves.survival, group, -target, side="left")
    first = np.maximum(later, low)
    is_reached = np.take(np.r_[curves.group, -1], first) == group
    return np.where(is_reached, np.take(np.r_[curves.time, np.nan], first), np.nan)


def ends_after(curves: Curves, group: ArrayLike, time: ArrayLike) -> NDArray[np.int64]:
    """How many of each `group` were seen to end later than that `time`?"""
    group = np.asarray(group, dtype=np.int64)
    before = np.r_[0, np.cumsum(curves.events)]
    later = _first_at_least(curves.group, curves.time, group, time, side="right")
    return before[np.searchsorted(curves.group, group, side="right")] - before[later]


def _first_at_least(
    groups: NDArray[np.int64],
    values: NDArray[np.float64],
    group: NDArray[np.int64],
    limit: ArrayLike,
    *,
    side: Literal["left", "right"],
) -> NDArray[np.int64]:
    """Return where in each group its rising values come to `limit`, or with 'right' exceed it.

    Where they never do, that is the position after the group.
    """
    levels = np.unique(values)
    place = groups * (len(levels) + 1) + np.searchsorted(levels, values)
    wanted = group * (len(levels) + 1) + np.searchsorted(levels, np.asarray(limit), side=side)
    return np.searchsorted(place, wanted)


def _survival(
    group: NDArray[np.int64], at_risk: NDArray[np.int64], events: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    is_last_end = events == at_risk
    remaining = np.where(is_last_end, 1, at_risk - events)
    log_survival = running_sum(np.where(is_last_end, 0.0, np.log(remaining / at_risk)), group)
    survival = np.where(is_last_end, 0.0, np.exp(log_survival))
    variance = running_sum(np.where(is_last_end, 0.0, events / (at_risk * remaining)), group)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = Z_95 * np.sqrt(variance) / np.log(survival)
        low, high = survival ** np.exp(-spread), survival ** np.exp(spread)
    is_known = (survival > 0) & (survival < 1)
    return survival, np.where(is_known, low, np.nan), np.where(is_known, high, np.nan)


def running_sum(values: NDArray[Any], group: NDArray[np.int64]) -> NDArray[Any]:
    """Return cumulative sums that start anew with each group; equal groups are adjacent."""
    total = np.cumsum(values)
    is_start = starts_of(group)
    before = (total - values)[is_start]
    return total - np.repeat(before, np.diff(np.r_[np.flatnonzero(is_start), len(group)]))
