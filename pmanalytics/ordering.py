"""The order of many rows by several numbers, found digit by digit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGIT = 16  # bits: numbers so small numpy sorts without comparing them, several times as fast


def order_of(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Which row comes first, by the first key and, where that is the same, by the next?

    Parameters
    ----------
    *keys
        Arrays of one length: numbers (NaN last), truth values or instants (NaT first).

    Returns
    -------
    numpy.ndarray
        Positions of the rows in their order; equal rows stay in the order they are given in.

    Notes
    -----
    A radix sort: by the last digits first, each time without changing the order of equal ones.
    By the last keys, if the rows stand in their order already, nothing is sorted.

    Examples
    --------
    >>> order_of(np.array([1, 0, 0]), np.array([0.5, 2.0, 0.25])).tolist()
    [2, 1, 0]
    """
    digits: list[NDArray[np.uint16]] = []
    for key in reversed(keys[: _n_unsorted(keys)]):
        whole = _as_whole(key) if key.dtype == float else key.astype(np.int64, copy=False)
        above = (whole - whole.min()).view(np.uint64)
        shifts = range(0, int(above.max()).bit_length(), DIGIT)
        digits += [(above >> np.uint64(shift)).astype(np.uint16) for shift in shifts]
    return np.lexsort(digits) if digits else np.arange(len(keys[0]))


def runs_of(*keys: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """In which order do rows of equal keys follow each other, and where does each run begin?

    Examples
    --------
    >>> order, starts = runs_of(np.array([4, 2, 4]))
    >>> order.tolist(), starts.tolist()
    ([1, 0, 2], [0, 1])
    """
    order = order_of(*keys)
    return order, np.flatnonzero(starts_of(*(key[order] for key in keys)))


def _n_unsorted(keys: tuple[NDArray[Any], ...]) -> int:
    """Return how many of the first keys the order hangs on: the rows are in that of the rest."""
    n_unsorted = len(keys)
    is_in_order = np.ones(max(len(keys[0]) - 1, 0), dtype=bool)
    for number, key in reversed([*enumerate(keys)]):
        is_in_order = (key[:-1] < key[1:]) | ((key[:-1] == key[1:]) & is_in_order)
        if is_in_order.all():
            n_unsorted = number
    return n_unsorted


def starts_of(*keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell the rows that begin a run of equal keys.

    Examples
    --------
    >>> starts_of(np.array([4, 4, 7])).tolist()
    [True, False, True]
    """
    is_start = np.ones(len(keys[0]), dtype=bool)
    is_start[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return is_start


def _as_whole(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole numbers in the order of these: their bits, those of negative ones turned."""
    bits = (numbers + 0.0).view(np.int64)  # there is no -0.0 beside 0.0
    whole = bits ^ ((bits >> 63) & np.iinfo(np.int64).max)
    whole[np.isnan(numbers)] = np.iinfo(np.int64).max  # whatever sign it has
    return whole
