"""Working time: which part of the time between two days or instants is for work.

A task that waits from Friday evening to Monday morning has waited for no working hour. What a
working hour is depends on the country, the firm and the clock, so it is data, never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import UTC, known_zone, local_days, local_instants
from pmanalytics.errors import ConfigError, PMAnalyticsError, did_you_mean

WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WINDOW = re.compile(r"(\d\d?):([0-5]\d) ?[-–] ?(\d\d?):([0-5]\d)")
Moments: TypeAlias = NDArray[np.datetime64]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When do people work: on which days, from when to when, by whose clock?

    Parameters
    ----------
    weekdays
        Working days of a week, out of Mon, Tue, Wed, Thu, Fri, Sat and Sun.
    hours
        From when to when work lasts on such a day, by the local clock: "09:00-17:00", or several
        around breaks. "00:00-24:00" is the whole day.
    country, subdivision
        Whose public holidays are free: ISO 3166 codes, such as DE and BE for Berlin.
    holidays
        Further days off.
    time_zone
        IANA zone of the clock.

    Raises
    ------
    ConfigError
        If a value means nothing; it says what is known.

    Notes
    -----
    A public holiday is free from midnight to midnight; half holidays, and those of single trades or
    creeds, are not among them. Of an hour that a clock change repeats, work begins and ends in the
    first; in one that it skips, after the change.

    Examples
    --------
    >>> start, end = (
    ...     pd.Series(pd.to_datetime([at])) for at in ("2024-03-28T15:00Z", "2024-04-02T08:00Z")
    ... )
    >>> berlin = {"time_zone": "Europe/Berlin", "country": "DE", "subdivision": "BE"}
    >>> Calendar(**berlin).working_hours(start, end).tolist()
    [2.0]
    """

    weekdays: Sequence[str] = WEEK[:5]
    hours: Sequence[str] = ("09:00-17:00",)
    country: str | None = None
    subdivision: str | None = None
    holidays: Sequence[date | str] = ()
    time_zone: str = UTC

    def __post_init__(self) -> None:
        for name in ("weekdays", "hours", "holidays"):
            if not isinstance(getattr(self, name), list | tuple):
                raise ConfigError(f"calendar: {name} must be a list.")
        _refuse_unknown_weekdays(self.weekdays)
        _windows(self.hours)
        _days_off(self.holidays)
        _refuse_unknown_country(self.country, self.subdivision)
        known_zone(self.time_zone)

    @property
    def hours_per_day(self) -> float:
        """Hours of a full working day."""
        return float(np.diff(_windows(self.hours)).sum() / np.timedelta64(1, "h"))

    def working_days(self, start: pd.Series, end: pd.Series) -> pd.Series:
        """How many working days are there from each day to the other, both included?

        Parameters
        ----------
        start, end
            Days, as `local_days` gives them.

        Returns
        -------
        pandas.Series
            Number of days, as float; NaN where a day is missing or the end before the start.

        Raises
        ------
        PMAnalyticsError
            If these are no days.

        Examples
        --------
        >>> friday, monday = (
        ...     pd.Series(pd.to_datetime([day])) for day in ("2024-03-29", "2024-04-01")
        ... )
        >>> Calendar().working_days(friday, monday).tolist()
        [2.0]
        """
        first, last = (_moments(days, "days").astype("datetime64[D]") for days in (start, end))
        is_known = first <= last  # NaT is not
        found = np.full(len(first), np.nan)
        if is_known.any():
            first, last = first[is_known], last[is_known]
            days = self._days(first.min(), last.max())
            found[is_known] = np.busday_count(first, last + 1, busdaycal=days)
        return pd.Series(found, index=start.index)

    def working_hours(self, start: pd.Series, end: pd.Series) -> pd.Series:
        """How many working hours lie between each instant and the other?

        Parameters
        ----------
        start, end
            Instants.

        Returns
        -------
        pandas.Series
            Elapsed hours within the hours of working days; NaN where an instant is missing or the
            end before the start.

        Raises
        ------
        PMAnalyticsError
            If these are no instants.

        Notes
        -----
        What is worked up to an instant is the length of all windows begun by then, less what is
        left of the last of them; between two instants lies the difference. Windows are told by the
        clock and their lengths by time gone, so a day worked round the clock has 23 or 25 hours
        where the clock changes.

        Examples
        --------
        >>> start, end = (
        ...     pd.Series(pd.to_datetime([at])) for at in ("2024-03-28T16:00Z", "2024-04-02T10:00Z")
        ... )
        >>> Calendar().working_hours(start, end).tolist()
        [18.0]
        """
        begun, ended = _moments(start, "instants"), _moments(end, "instants")
        is_known = begun <= ended  # NaT is not
        found = np.full(len(begun), np.nan)
        if is_known.any():
            begun, ended = begun[is_known], ended[is_known]
            opens, closes = self._opening_times(begun.min(), ended.max())
            worked = _worked_until(ended, opens, closes) - _worked_until(begun, opens, closes)
            found[is_known] = worked / np.timedelta64(1, "h")
        return pd.Series(found, index=start.index)

    def _opening_times(self, begun: np.datetime64, ended: np.datetime64) -> tuple[Moments, Moments]:
        """Return when work opens and closes, in order, from one instant's day to the other's."""
        edges = pd.Series([begun, ended]).dt.tz_localize(UTC)
        first, last = local_days(edges, self.time_zone).to_numpy("datetime64[D]")
        days = np.arange(first, last + 1)
        days = days[np.is_busday(days, busdaycal=self._days(first, last))]
        days = days[self._has_noon(days)]
        wall_clock = (days[:, None, None] + _windows(self.hours)).astype("datetime64[us]")
        instants = local_instants(pd.Series(wall_clock.ravel()), self.time_zone)
        opens, closes = _moments(instants, "instants").reshape(-1, 2).T
        return opens, closes

    def _has_noon(self, days: Moments) -> NDArray[np.bool_]:
        """Return which days the clock knows: a zone that moves across the date line skips one."""
        noons = pd.Series((days + np.timedelta64(12, "h")).astype("datetime64[us]"))
        found = local_days(local_instants(noons, self.time_zone), self.time_zone)
        return found.to_numpy("datetime64[D]") == days

    def _days(self, first: np.datetime64, last: np.datetime64) -> np.busdaycalendar:
        """Return which days are worked, with the public holidays of these years."""
        free = _days_off(self.holidays)
        if self.country:
            import holidays  # noqa: PLC0415

            years = range(_year(first), _year(last) + 1)
            free += list(holidays.country_holidays(self.country, self.subdivision, years=years))
        return np.busdaycalendar(" ".join(self.weekdays), np.array(free, dtype="datetime64[D]"))


def _moments(values: pd.Series, kind: str) -> Moments:
    """Return days or instants as an array of UTC or local microseconds."""
    is_instants = isinstance(values.dtype, pd.DatetimeTZDtype)
    if not pd.api.types.is_datetime64_any_dtype(values) or is_instants != (kind == "instants"):
        raise PMAnalyticsError(f"calendar: {values.dtype} was given where {kind} are needed.")
    return (values.dt.tz_convert(None) if is_instants else values).to_numpy("datetime64[us]")


def _year(day: np.datetime64) -> int:
    return pd.Timestamp(day).year


def _worked_until(moments: Moments, opens: Moments, closes: Moments) -> NDArray[np.timedelta64]:
    """Return the time worked from the first opening to each moment."""
    nothing = np.timedelta64(0, "us")
    worked = np.append(nothing, closes - opens).cumsum()
    n_begun = np.searchsorted(opens, moments, side="right")
    closes_next = np.append(moments.min(), closes)[n_begun]
    return worked[n_begun] - np.maximum(closes_next - moments, nothing)


def _windows(hours: Sequence[str]) -> NDArray[np.timedelta64]:
    """Return when each window of a day opens and closes, in order, as time since midnight."""
    windows = sorted(map(_window, hours))
    for (_, closing), (opening, _) in pairwise(windows):
        if opening < closing:
            raise ConfigError(f"calendar: hours {', '.join(hours)} overlap; name each time once.")
    if not windows:
        raise ConfigError('calendar: hours is empty; write them like "09:00-17:00".')
    return np.array(windows, dtype="timedelta64[m]")


def _window(text: str) -> tuple[int, int]:
    found = WINDOW.fullmatch(text) if isinstance(text, str) else None
    if found:
        from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
        opening, closing = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if opening < closing <= 24 * 60:
            return opening, closing
    raise ConfigError(
        f'calendar: hours {text!r} must be like "09:00-17:00", its end after its beginning and by '
        '24:00; write a night as two, "22:00-24:00" and "00:00-06:00".'
    )


def _days_off(days: Sequence[date | str]) -> list[date]:
    return [day if type(day) is date else _day_off(str(day)) for day in days]


def _day_off(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"calendar: {text!r} of holidays is no date; write it as YYYY-MM-DD."
        ) from None


def _refuse_unknown_weekdays(weekdays: Sequence[str]) -> None:
    if not weekdays:
        raise ConfigError("calendar: weekdays is empty; name at least one.")
    for day in weekdays:
        if day not in WEEK:
            raise ConfigError(
                f"calendar: {day!r} is no day of weekdays.{did_you_mean(day, WEEK)} "
                f"Known are: {', '.join(WEEK)}."
            )


def _refuse_unknown_country(country: str | None, subdivision: str | None) -> None:
    if country is None:
        if subdivision is not None:
            raise ConfigError(f"calendar: subdivision {subdivision!r} needs its country.")
        return
    from babel import Locale  # noqa: PLC0415
    from holidays import list_supported_countries  # noqa: PLC0415
    from holidays.registry import EntityLoader  # noqa: PLC0415

    known = list(EntityLoader.get_country_codes())
    if str(country) not in known:
        names = Locale("en").territories
        named = [f"{names[code]} ({code})" for code in known if code in names]
        raise ConfigError(
            f"calendar: country {country!r} is not known."
            f"{did_you_mean(country, [*known, *named])} Write its ISO 3166 code, such as DE or US."
        )
    parts = [] if subdivision is None else list_supported_countries()[str(country)]
    if subdivision is not None and str(subdivision) not in parts:
        raise ConfigError(
            f"calendar: subdivision {subdivision!r} of {country} is not known."
            f"{did_you_mean(subdivision, parts)} Known are: {', '.join(parts) or 'none'}."
        )
