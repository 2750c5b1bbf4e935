"""Dates with times taken apart, so that of millions only distinct days and times are looked at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pmanalytics.codes import as_arrow
from pmanalytics.loaders.cells.texts import BLANK, groups, numbers_of

OFFSET = r"[+-](?:0\d|1[0-4])"
HOUR = r"\d{1,2}:$"
DAY = rf"^(?P<day>[^:]*?)(?P<gap>(?:[Tt,]|{BLANK})*)$"
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
    head_of, heads, tail_of, tails = _halves(cells, pc.find_substring(cells, ":").to_numpy() + 1)
    day_of, days, hour = _days_and_hours(heads)
    time, offset = _times(hour, head_of, tails, tail_of)
    has_tail = heads.str.endswith(":").to_numpy(bool)
    if not has_tail.all():
        time = np.where(has_tail[head_of], time, np.timedelta64(0, "us"))
    return Parts(days, day_of[head_of], time, offset)


def _days_and_hours(heads: pd.Series) -> tuple[np.ndarray, pd.Series, np.ndarray]:
    """Return which day each text begins with (-1: none), the days, and the hour, if one follows."""
    texts = as_arrow(heads)
    text_of, texts, hour_of, hours = _halves(texts, pc.find_substring_regex(texts, HOUR).to_numpy())
    hour = numbers_of(hours.str.removesuffix(":")).to_numpy()[hour_of]
    found = groups(texts, DAY)
    ways = pd.concat([texts.where(found["day"].notna()), found["day"].where(found["gap"] != "")])
    way_of, used = pd.factorize(np.where(np.isnan(hour), text_of, text_of + len(texts)))
    day_of, days = pd.factorize(ways.iloc[used])
    return day_of[way_of], pd.Series(days, dtype="str"), hour


def _halves(
    cells: pa.Array, lengths: np.ndarray
) -> tuple[np.ndarray, pd.Series, np.ndarray, pd.Series]:
    """Return which text each begins with, up to a length above 0 if any, and which follows."""
    _, bounds, letters = cells.buffers()
    bounds = np.frombuffer(bounds, "int64")[cells.offset :][: len(cells) + 1]
    cuts = np.repeat(bounds, 2)[:-1]
    cuts[1::2] = np.where(lengths > 0, bounds[:-1] + lengths, bounds[1:])
    halves = pa.LargeStringArray.from_buffers(len(cuts) - 1, pa.py_buffer(cuts), letters)
    encoded = halves.dictionary_encode()
    texts = pd.Series(pd.array(encoded.dictionary, dtype="str"))
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
