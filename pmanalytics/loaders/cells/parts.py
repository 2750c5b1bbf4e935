"""Dates with times taken apart, so that of millions only distinct days and times are looked at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pmanalytics.loaders.cells.texts import BLANK, groups, numbers_of

OFFSET = r"[+-](?:0\d|1[0-4])"
HEAD = rf"^(?P<day>[^:]*?)(?:(?:[Tt,]|{BLANK})+(?P<hour>\d{{1,2}}):)?$"
TAIL = (
    r"^(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    rf"{BLANK}*(?P<half>(?i:[ap]\.?{BLANK}?m\.?)?)"
    rf"{BLANK}*(?:(?P<utc>(?i:z|utc|gmt)?)(?:(?P<hours>{OFFSET})(?::?(?P<minutes>[0-5]\d))?)?)$"
)


class Parts(NamedTuple):
    """Texts as a day (-1: none), the time after it, and its offset where there is one."""

    days: pd.Series
    day_of: np.ndarray
    time: np.ndarray
    offset: np.ndarray


def parts_of(cells: pa.Array) -> Parts:
    """Split texts at the first colon, so that only distinct days and times need be looked at."""
    head_of, heads, tail_of, tails = _halves(cells)
    head = groups(heads, HEAD)
    day_of, days = pd.factorize(head["day"])
    time, offset = _times(numbers_of(head["hour"]).to_numpy(), head_of, tails, tail_of)
    has_tail = heads.str.endswith(":").to_numpy(bool)
    if not has_tail.all():
        time = np.where(has_tail[head_of], time, np.timedelta64(0, "us"))
    return Parts(pd.Series(days, dtype="str"), day_of[head_of], time, offset)


def _halves(cells: pa.Array) -> tuple[np.ndarray, pd.Series, np.ndarray, pd.Series]:
    """Return which text each begins with up to its first colon, and which follows, if any."""
    _, bounds, letters = cells.buffers()
    bounds = np.frombuffer(bounds, "int64")[cells.offset :][: len(cells) + 1]
    colon = pc.find_substring(cells, ":").to_numpy()
    cuts = np.repeat(bounds, 2)[:-1]
    cuts[1::2] = np.where(colon < 0, bounds[1:], bounds[:-1] + colon + 1)
    halves = pa.LargeStringArray.from_buffers(len(cuts) - 1, pa.py_buffer(cuts), letters)
    encoded = halves.dictionary_encode()
    texts = pd.Series(encoded.dictionary.to_pandas(), dtype="str")
    codes = encoded.indices.to_numpy()
    head_of, heads = pd.factorize(codes[::2])
    tail_of, tails = pd.factorize(codes[1::2])
    return head_of, texts[heads], tail_of, texts[tails]


def _times(
    hour: np.ndarray, head_of: np.ndarray, tails: pd.Series, tail_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return times of day and offsets; an impossible time is none."""
    tail = groups(tails, TAIL)
    names = ["minute", "second", "fraction", "hours", "minutes"]
    number = pd.DataFrame({name: numbers_of(tail[name]) for name in names})
    after = number["minute"] * 60e6 + number["second"].fillna(0) * 1e6
    after += (number["fraction"] * 10 ** (6 - tail["fraction"].str.len())).fillna(0) // 1
    sign = np.where(tail["hours"].str.startswith("-"), -1, 1)
    offset = (number["hours"].fillna(0) * 60 + sign * number["minutes"].fillna(0)) * 60e6
    is_zoned = (tail["utc"].fillna("") != "") | number["hours"].notna()
    half = tail["half"].str.slice(0, 1).str.casefold().map({"a": 1, "p": 2}).fillna(0).astype(int)
    is_half = (hour >= 1) & (hour <= 12)
    hours = [
        np.where((hour >= 0) & (hour <= 23), hour, np.nan),
        np.where(is_half, hour % 12, np.nan),
        np.where(is_half, hour % 12 + 12, np.nan),
    ]
    begins, minutes = _micros(np.stack(hours) * 3600e6), _micros(after)
    time = begins[half.to_numpy()[tail_of], head_of] + minutes[tail_of]
    return time, _micros(offset.where(is_zoned))[tail_of]


def _micros(numbers: pd.Series | np.ndarray) -> np.ndarray:
    """Return numbers of microseconds as spans of time; what is missing stays so."""
    numbers = np.asarray(numbers, dtype=float)
    spans = np.nan_to_num(numbers).astype("int64").astype("timedelta64[us]")
    return np.where(np.isnan(numbers), np.timedelta64("NaT"), spans)
