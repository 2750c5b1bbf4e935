"""Which share has ended in one way, when it may also end in another? For many groups at once.

What was cancelled will never be finished. Whoever counts it as "still to come" and takes one minus
Kaplan–Meier for the share finished answers how it would be if nothing were ever cancelled, and the
shares of the two ways add up to more than 1. Aalen and Johansen's cumulative incidence (1978,
Scandinavian Journal of Statistics 5:141–150) takes each way as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmanalytics.intervals import Z_95
from pmanalytics.survival import TOLERANCE, Curves, kaplan_meier, risk_sets, running_sum


class Incidence(NamedTuple):
    """One entry per group and distinct time with an end of either way, ordered by these."""

    group: NDArray[np.int64]
    time: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def cumulative_incidence(
    time: ArrayLike, ended: ArrayLike, ended_otherwise: ArrayLike, group: ArrayLike
) -> Incidence:
    """Which share has ended in the one way by each time, per group?

    Parameters
    ----------
    time
        Time until the end, or until last seen; any unit.
    ended
        True where the end was of the way asked for.
    ended_otherwise
        True where it was of another; where neither is true the end is still to come (censored).
    group
        Codes 0, 1, … of the groups.

    Returns
    -------
    Incidence
        The share and its 95 % interval on the log(−log) scale, which is NaN at 0 and 1.

    Notes
    -----
    F(t) = Σ S(tᵢ−)·dᵢ ÷ nᵢ over the times up to t, with dᵢ ends of the way asked for among nᵢ at
    risk, and S the share that has not ended in any way. Its variance is that of the delta method
    (Marubini & Valsecchi 1995, section 10.2), which is Greenwood's where there is one way only.

    Examples
    --------
    >>> ways = [True, False, True, False], [False, True, False, False]
    >>> cumulative_incidence([1, 2, 3, 4], *ways, [0, 0, 0, 0]).share.tolist()
    [0.25, 0.25, 0.5]
    """
    ended, otherwise = np.asarray(ended, dtype=bool), np.asarray(ended_otherwise, dtype=bool)
    curves = kaplan_meier(time, ended | otherwise, group)
    _, _, _, (events, others) = risk_sets(time, group, ended, otherwise)
    events = events[events + others > 0]
    is_start = np.r_[True, curves.group[1:] != curves.group[:-1]][: len(events)]
    before = np.where(is_start, 1.0, np.roll(curves.survival, 1))
    share = np.minimum(running_sum(before * events / curves.at_risk, curves.group), 1.0)
    variance = _variance(curves, events, before, share)
    is_known = (share > 0) & (share < 1 - TOLERANCE)
    inside = np.where(is_known, share, np.nan)
    spread = Z_95 * np.sqrt(variance) / (inside * np.log(inside))
    low, high = inside ** np.exp(-spread), inside ** np.exp(spread)
    return Incidence(curves.group, curves.time, share, low, high)


def _variance(
    curves: Curves,
    events: NDArray[np.int64],
    before: NDArray[np.float64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the variance of each share; sums of squared differences are multiplied out."""
    n, d = curves.at_risk, curves.events
    # Where all that are left end, no share changes afterwards, and the term is nil.
    leaving = np.where(n > d, d / (n * np.maximum(n - d, 1)), 0.0)
    joint = before * events / n**2

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return running_sum(values, curves.group)

    found = share**2 * total(leaving) - 2 * share * total(share * leaving)
    found += total(share**2 * leaving)
    found += total(before**2 * (n - events) * events / n**3)
    found -= 2 * (share * total(joint) - total(share * joint))
    return np.maximum(found, 0.0)
