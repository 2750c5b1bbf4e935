"""Days and instants in the way of ISO 8601, which can be read one way only, and Unix time."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pmanalytics.calendars import ISO_DAY, UTC
from pmanalytics.codes import as_arrow
from pmanalytics.loaders.cells.parts import OFFSET
from pmanalytics.loaders.cells.texts import fits
from pmanalytics.schemas import Day

ISO_INSTANT = (
    rf"^{ISO_DAY}[T ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?\s?(?:[zZ]|{OFFSET}:?[0-5]\d)$"
)
ISO_CLOCK = rf"^{ISO_DAY}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?)?$"
# Beyond these no zone's history is known, and an instant is a slip of the pen.
YEARS = (1900, 2200)
SENTINEL_YEARS = [1899, 1900, 1969, 1970]
EPOCH_MILLISECONDS = 1e11


def read_iso(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the instants and the clock times that texts tell; none stands for no time."""
    zoned = _ordinary(zoned_instants(cells))
    return zoned, _ordinary(_iso(cells.drop(zoned.index), ISO_CLOCK))


def zoned_instants(cells: pd.Series) -> pd.Series:
    """Return the instants of ISO texts with an offset; all others are missing."""
    return _iso(cells.astype("str"), ISO_INSTANT, is_zoned=True)


def _iso(cells: pd.Series, pattern: str, *, is_zoned: bool = False) -> pd.Series:
    """Return what ISO texts of this pattern say; others are missing.

    pyarrow reads many times as fast as pandas, or nothing at all where one text is unknown to it.
    """
    is_iso = fits(cells, pattern) if may_be_iso(cells) else pd.Series(False, cells.index)
    if not is_iso.any():
        kind = pd.DatetimeTZDtype("us", UTC) if is_zoned else Day
        return pd.Series(pd.NaT, cells.index, dtype=kind)
    texts = cells if is_iso.all() else cells.where(is_iso)
    try:
        read = as_arrow(texts).cast(pa.timestamp("us", UTC if is_zoned else None))
        clock = read.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
        found = pd.Series(clock, cells.index)
        found = found.dt.tz_localize(UTC) if is_zoned else found
    except pa.ArrowInvalid:
        found = pd.to_datetime(texts, format="ISO8601", utc=is_zoned, errors="coerce")
        found = found.dt.as_unit("us")
    return found.where(found.dt.year.between(*YEARS))


def may_be_iso(cells: pd.Series) -> bool:
    """Tell whether any text may begin with a year and a dash, which is quickly seen."""
    letters = as_arrow(cells).view(pa.large_binary())
    return bool(pc.any(pc.equal(pc.binary_slice(letters, 4, 5), b"-")).as_py())


def _ordinary(times: pd.Series) -> pd.Series:
    """Return the times that were read and cannot stand for none."""
    return times[times.notna() & ~times.dt.year.isin(SENTINEL_YEARS)]


def epoch_instants(numbers: pd.Series) -> pd.Series:
    """Return the instants of Unix time, which counts in seconds or, from 1e11, in milliseconds.

    >>> epoch_instants(pd.Series([1492070429]))[0]
    Timestamp('2017-04-13 08:00:29+0000', tz='UTC')
    """
    numbers = numbers.astype(float)
    milliseconds = numbers.where(numbers.abs() >= EPOCH_MILLISECONDS, numbers * 1000).round()
    is_known = milliseconds.abs() < 1e13
    found = pd.to_datetime(milliseconds.where(is_known), unit="ms", utc=True).dt.as_unit("us")
    return found.where(found.dt.year.between(*YEARS))
