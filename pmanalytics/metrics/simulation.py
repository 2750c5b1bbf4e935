"""What could the next periods bring, if each is like one of the last?

Ten thousand times, the periods to come are drawn from those gone by, with replacement. For plain
counts the exact distribution could be had by convolution, and the tests hold the trials to it.
Trials are drawn all the same: they take a backlog of uncertain size in the same step, and whoever
is asked to trust the date can be told in one sentence where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pmanalytics.quantiles import grouped_quantiles

N_TRIALS = 10_000
QUANTILES = (0.5, 0.85, 0.95)


def periods_needed(
    throughput: NDArray[np.int64], backlog: NDArray[np.int64], longest: int, seed: int
) -> NDArray[np.int64]:
    """In how many periods is the backlog done, in each trial?

    Parameters
    ----------
    throughput
        Items finished in each period of the past, those without any as 0.
    backlog
        Sizes of the backlog, one drawn for each trial.
    longest
        Periods to try; what is not done by then needs `longest + 1`.
    seed
        Of the random numbers.

    Examples
    --------
    >>> periods_needed(np.array([2, 2]), np.array([5]), 10, seed=1)[:4].tolist()
    [3, 3, 3, 3]
    """
    random = np.random.default_rng(seed)
    aim = random.choice(backlog, N_TRIALS)
    needed = np.zeros(N_TRIALS, dtype=np.int64)
    for total in islice(_totals(throughput, random), longest + 1):
        is_open = total < aim
        if not is_open.any():
            break
        needed += is_open
    return needed


def items_finished(throughput: NDArray[np.int64], n_periods: int, seed: int) -> NDArray[np.int64]:
    """How many items are finished in so many periods, in each trial?

    >>> items_finished(np.array([2, 2]), 3, seed=1)[:4].tolist()
    [6, 6, 6, 6]
    """
    totals = _totals(throughput, np.random.default_rng(seed))
    return next(islice(totals, n_periods, None))


def within_which(trials: NDArray[np.int64]) -> NDArray[np.float64]:
    """Which value does each of the shares `QUANTILES` of the trials not exceed?"""
    return grouped_quantiles(trials, np.zeros(len(trials)), 1, QUANTILES)[0]


def _totals(
    throughput: NDArray[np.int64], random: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the items finished in each trial after 0, 1, 2, … periods."""
    total = np.zeros(N_TRIALS, dtype=np.int64)
    while True:
        yield total
        total = total + random.choice(throughput, N_TRIALS)
