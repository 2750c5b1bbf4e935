"""Do two groups take equally long, and how often does chance alone tell many such pairs apart?

The log-rank test (Mantel 1966, Cancer Chemotherapy Reports 50:163–170) compares whole curves, and
keeps what is still open. Of twenty pairs that do not differ one will look as if it did at 5 %, so
the p-values of one table are adjusted together (Holm 1979, Scandinavian Journal of Statistics
6:65–70).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmanalytics.survival import risk_sets, running_sum


class LogRank(NamedTuple):
    """One entry per group: the ends of its second side, and what chance makes of them."""

    observed: NDArray[Any]
    expected: NDArray[Any]
    chi_squared: NDArray[np.float64]
    p_value: NDArray[np.float64]


def log_rank(
    time: ArrayLike, ended: ArrayLike, is_second: ArrayLike, group: ArrayLike, n_groups: int
) -> LogRank:
    """Do the two sides of each group end equally fast?

    Parameters
    ----------
    time
        Time until the end, or until last seen; any unit.
    ended
        True where the end was seen, False where it is still to come (censored).
    is_second
        True where it belongs to the second side.
    group
        Codes 0, 1, … of the groups.
    n_groups
        Number of groups.

    Returns
    -------
    LogRank
        Fewer ends observed than expected means that the second side takes longer. NaN where no
        end was seen while both sides still had members.

    Notes
    -----
    At each time with d ends among n at risk, of which m are of the second side, d·m ÷ n of its
    ends are expected, with the variance d·(m ÷ n)·(1 − m ÷ n)·(n − d) ÷ (n − 1). Chi-squared is
    (observed − expected)² ÷ variance, with one degree of freedom. Times at which only one side is
    left add nothing.

    Examples
    --------
    >>> found = log_rank([3, 5, 7, 2, 18, 16], [True] * 6, [False] * 3 + [True] * 3, [0] * 6, 1)
    >>> found.chi_squared.round(2).tolist(), found.p_value.round(2).tolist()
    ([1.18], [0.28])
    """
    from scipy.special import chdtrc  # noqa: PLC0415 - slow to load, and few compare groups

    ended, second = np.asarray(ended, dtype=bool), np.asarray(is_second, dtype=bool)
    group, _, n, (d, d_second, leaving) = risk_sets(time, group, ended, ended & second, second)
    members = np.bincount(group, leaving, n_groups)[group]
    share = (members - running_sum(leaving, group) + leaving) / n
    observed = np.bincount(group, d_second, n_groups)
    expected = np.bincount(group, d * share, n_groups)
    spread = d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1)
    variance = np.bincount(group, spread, n_groups)
    chi_squared = (observed - expected) ** 2 / np.where(variance > 0, variance, np.nan)
    return LogRank(observed, expected, chi_squared, chdtrc(1, chi_squared))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Which p-values hold when all of them were looked at?

    Returns
    -------
    numpy.ndarray
        Holm's adjusted p-values; what is NaN was no test, and stays so.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    n_left = np.isfinite(p).sum() - np.arange(len(p))
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.minimum(p[order] * n_left, 1.0))
    return adjusted
