"""How sure is a share, or a difference of two? Score intervals, for whole arrays of counts.

The textbook interval p ± z·√(p(1−p)/n) claims certainty at 0 % and 100 % and is far too narrow for
the dozens of projects a company has. Wilson's stays inside 0–1 and holds its promise at small n
(Newcombe 1998, Statistics in Medicine 17:857–872). Two intervals that overlap say nothing about the
difference of their shares: that has an interval of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959963984540054
TOO_FEW, INDICATIVE = 5, 20


def reliability(n: ArrayLike) -> NDArray[np.object_]:
    """Can a share of `n` be stated?

    Returns
    -------
    numpy.ndarray
        'too_few' below 5, where only counts are told; 'indicative' below 20; else 'ok'.

    Examples
    --------
    >>> reliability([4, 5, 20]).tolist()
    ['too_few', 'indicative', 'ok']
    """
    n = np.asarray(n)
    return np.select([n < TOO_FEW, n < INDICATIVE], ["too_few", "indicative"], "ok").astype(object)


def wilson(k: ArrayLike, n: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between which shares does the true one lie, if `k` of `n` succeeded?

    Parameters
    ----------
    k, n
        Successes and trials. Fractions are allowed, as for weighted shares.

    Returns
    -------
    low, high
        The 95 % Wilson score interval without continuity correction; NaN where n is 0.

    Examples
    --------
    >>> low, high = wilson([81, 0], [263, 20])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.2553, 0.0], [0.3662, 0.1611])
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    n = np.where(n > 0, n, np.nan)
    share, z2 = k / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    low = np.where(k == 0, 0.0, centre - half)
    high = np.where(k == n, 1.0, centre + half)
    return np.where(np.isnan(n), np.nan, low), np.where(np.isnan(n), np.nan, high)


def newcombe(
    k_now: ArrayLike, n_now: ArrayLike, k_then: ArrayLike, n_then: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between which differences does the true one of two independent shares lie?

    Parameters
    ----------
    k_now, n_now, k_then, n_then
        Successes and trials of two groups that share no trial.

    Returns
    -------
    low, high
        The 95 % interval of k_now/n_now − k_then/n_then; NaN where an n is 0.

    Notes
    -----
    With shares p, q and their Wilson intervals: (p − q) − √((p − low_p)² + (high_q − q)²) and
    (p − q) + √((high_p − p)² + (q − low_q)²), method 10 of Newcombe 1998, Statistics in Medicine
    17:873–890. The difference excludes 0 where the shares can be told apart.

    Examples
    --------
    >>> low, high = newcombe(56, 70, 48, 80)
    >>> low.round(4).tolist(), high.round(4).tolist()
    (0.0524, 0.3339)
    """
    now, then = _share(k_now, n_now), _share(k_then, n_then)
    low_now, high_now = wilson(k_now, n_now)
    low_then, high_then = wilson(k_then, n_then)
    low = now - then - np.hypot(now - low_now, high_then - then)
    high = now - then + np.hypot(high_now - now, then - low_then)
    return low, high


def _share(k: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    n = np.asarray(n, dtype=float)
    return np.asarray(k, dtype=float) / np.where(n > 0, n, np.nan)
