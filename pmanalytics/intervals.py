"""How sure is a share? Wilson's interval, for whole arrays of counts.

The textbook interval p ± z·√(p(1−p)/n) claims certainty at 0 % and 100 % and is far too narrow for
the dozens of projects a company has. Wilson's stays inside 0–1 and holds its promise at small n
(Newcombe 1998, Statistics in Medicine 17:857–872).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959963984540054


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
