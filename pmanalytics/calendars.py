"""Days and instants: which local day an instant falls on, and what an `as_of` means.

A finish at 22:30 UTC is the next day in Berlin, so every step from instants to days names its zone.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd

from pmanalytics.errors import ConfigError

UTC = "UTC"
ISO_DAY = r"\d{4}-\d{2}-\d{2}"
DAY_LENGTH = pd.Timedelta(days=1)
AsOfInput: TypeAlias = str | date | pd.Timestamp


class AsOf(NamedTuple):
    """What is known: events up to `last`; what is still open has lasted until `end`.

    For a day, `last` is its last microsecond and `end` the midnight after it, so that an event of
    the next midnight is unknown and open durations are still whole days.
    """

    day: pd.Timestamp
    last: pd.Timestamp
    end: pd.Timestamp


def as_of_point(as_of: AsOfInput, time_zone: str = UTC) -> AsOf:
    """Read a status date: a day means the end of that day in `time_zone`.

    Raises
    ------
    ConfigError
        If `as_of` is no date or `time_zone` no IANA zone.

    Examples
    --------
    >>> as_of_point("2024-03-31", "Europe/Berlin").end
    Timestamp('2024-03-31 22:00:00+0000', tz='UTC')
    >>> as_of_point("2024-03-31T09:00Z").end
    Timestamp('2024-03-31 09:00:00+0000', tz='UTC')
    """
    zone = known_zone(time_zone)
    try:
        is_date = isinstance(as_of, date) or bool(re.match(ISO_DAY, str(as_of)))
        point = pd.Timestamp(as_of) if is_date else pd.NaT
    except ValueError:
        point = pd.NaT
    if pd.isna(point):
        raise ConfigError(f"as_of {as_of!r} is not a date; write it as YYYY-MM-DD.")
    if _is_day(as_of, point):
        end = (point + DAY_LENGTH).tz_localize(zone).tz_convert(UTC)
        return AsOf(point.as_unit("us"), end - pd.Timedelta(microseconds=1), end)
    local = point.tz_convert(zone) if point.tzinfo else point.tz_localize(zone)
    instant = local.tz_convert(UTC)
    return AsOf(local.tz_localize(None).normalize().as_unit("us"), instant, instant)


def days_between(start: pd.Series, end: pd.Series | pd.Timestamp) -> pd.Series:
    """Return the days from each start to its end, elapsed ones where these are instants.

    >>> days_between(pd.Series(pd.to_datetime(["2024-03-30"])), pd.Timestamp("2024-04-01")).tolist()
    [2.0]
    """
    return (end - start) / DAY_LENGTH


def calendar_days(
    start: pd.Series, end: pd.Series, time_zone: str = UTC, *, inclusive: bool = False
) -> pd.Series:
    """Return the days from each instant's local day to the other's, whatever the hours.

    Within one day they are 0. `inclusive` counts the first day as well, as tools do for cycle time.

    >>> start, end = (
    ...     pd.Series(pd.to_datetime([at])) for at in ("2024-03-28T16:00Z", "2024-04-02T10:00Z")
    ... )
    >>> calendar_days(start, end).tolist(), calendar_days(start, end, inclusive=True).tolist()
    ([5.0], [6.0])
    """
    return days_between(local_days(start, time_zone), local_days(end, time_zone)) + inclusive


def local_days(instants: pd.Series, time_zone: str) -> pd.Series:
    """Return the local calendar day of each instant, as a naive midnight.

    >>> local_days(pd.Series(pd.to_datetime(["2024-03-31T22:30Z"])), "Europe/Berlin")[0]
    Timestamp('2024-04-01 00:00:00')
    """
    return local_times(instants, time_zone).dt.normalize()


def local_times(instants: pd.Series, time_zone: str) -> pd.Series:
    """Return what a clock in the zone shows at each instant, as a naive time."""
    return instants.dt.tz_convert(known_zone(time_zone)).dt.tz_localize(None)


def local_instants(wall_clock: pd.Series, time_zone: str) -> pd.Series:
    """Return the UTC instant of each naive local time.

    An hour that a clock change repeats is read as the first of the two, one that it skips as the
    hour after; an export without zones cannot say more.
    """
    is_summer = pd.Series(True, index=wall_clock.index).to_numpy()
    zoned = wall_clock.dt.tz_localize(
        known_zone(time_zone), ambiguous=is_summer, nonexistent="shift_forward"
    )
    return zoned.dt.tz_convert(UTC)


def known_zone(time_zone: str) -> ZoneInfo:
    """Return the IANA zone of that name, or say that there is none."""
    try:
        return ZoneInfo(time_zone)
    except (TypeError, ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ConfigError(
            f"time_zone {time_zone!r} is not known; use an IANA name such as Europe/Berlin."
        ) from None


def _is_day(as_of: AsOfInput, point: pd.Timestamp) -> bool:
    if point.tzinfo is not None or point != point.normalize():
        return False
    return not (isinstance(as_of, str) and ":" in as_of)
