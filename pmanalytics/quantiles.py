"""Which value do half, or 80 %, of a group not exceed? Quantiles of many groups at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmanalytics.ordering import order_of

# A product such as 0.7 · 10 can end just above its value; a rank must not slip to the next one.
TOLERANCE = 1e-9


def grouped_quantiles(
    values: ArrayLike, group: ArrayLike, n_groups: int, shares: ArrayLike
) -> NDArray[np.float64]:
    """Which value does each share of each group not exceed?

    Parameters
    ----------
    values
        Numbers, none missing.
    group
        Codes 0, 1, … of their groups.
    n_groups
        Number of groups.
    shares
        From 0 to 1.

    Returns
    -------
    numpy.ndarray
        Shape (n_groups, number of shares); NaN for a group without values.

    Notes
    -----
    The smallest value that at least the share of the group does not exceed (numpy's
    'inverted_cdf'): always one that was observed, so that "80 % ended within x" is true.

    Examples
    --------
    >>> grouped_quantiles([1, 2, 2, 3, 5, 8, 13, 21, 34, 55], [0] * 10, 1, [0.5, 0.85]).tolist()
    [[5.0, 34.0]]
    """
    values, group = np.asarray(values, dtype=float), np.asarray(group, dtype=np.int64)
    shares = np.asarray(shares, dtype=float)
    size = np.bincount(group, minlength=n_groups)[:, None]
    start = np.cumsum(size)[:, None] - size
    rank = np.maximum(np.ceil(size * shares - TOLERANCE).astype(np.int64), 1)
    in_order = np.append(values[order_of(group, values)], np.nan)
    return in_order[np.where(size > 0, start + rank - 1, -1)]


def order_statistics(
    values: ArrayLike, group: ArrayLike, n_groups: int, share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between which observed values of its group does the true quantile lie?

    Parameters
    ----------
    values, group, n_groups
        As for `grouped_quantiles`.
    share
        From 0 to 1.

    Returns
    -------
    low, high
        The ends of a 95 % interval; NaN where the group is too small for one.

    Notes
    -----
    The number of values at or below the quantile is binomial whatever the distribution of the
    values, so the interval lies between the order statistics whose ranks are that binomial's 2.5 %
    and 97.5 % points (Conover 1999, Practical Nonparametric Statistics, section 3.2).

    Examples
    --------
    >>> low, high = order_statistics(range(1, 101), [0] * 100, 1, 0.85)
    >>> low.tolist(), high.tolist()
    ([78.0], [93.0])
    """
    from scipy.stats import binom  # noqa: PLC0415 - slow to load, and few ask for intervals

    values, group = np.asarray(values, dtype=float), np.asarray(group, dtype=np.int64)
    size = np.bincount(group, minlength=n_groups)
    start = np.cumsum(size) - size
    in_order = np.append(values[order_of(group, values)], np.nan)
    low = binom.ppf(0.025, size, share).astype(np.int64)
    high = binom.ppf(0.975, size, share).astype(np.int64) + 1
    low_at = np.where(low >= 1, start + low - 1, -1)
    high_at = np.where((high <= size) & (size > 0), start + high - 1, -1)
    return in_order[low_at], in_order[high_at]
