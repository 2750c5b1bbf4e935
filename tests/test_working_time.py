from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import Calendar, PMAnalyticsError
from pmanalytics.calendars import UTC, calendar_days, days_between, local_days

ROUND_THE_CLOCK = {"weekdays": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
                   "hours": ["00:00-24:00"]}  # fmt: skip
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"]
EASTER = ["2024-03-29", "2024-04-01"]


def instants(*texts, time_zone=UTC):
    """Return instants, local times of the zone where they have none."""
    times = pd.Series(pd.to_datetime(list(texts), format="ISO8601"))
    return times.dt.tz_localize(time_zone).dt.tz_convert(UTC)


def hours(calendar, start, end, time_zone=UTC):
    """Return the working hours of one interval."""
    begun, ended = (instants(at, time_zone=time_zone) for at in (start, end))
    return calendar.working_hours(begun, ended)[0]


def days(calendar, start, end):
    """Return the working days of one interval."""
    return calendar.working_days(*(pd.Series(pd.to_datetime([day])) for day in (start, end)))[0]


CALENDARS = st.builds(
    Calendar,
    weekdays=st.lists(st.sampled_from(ROUND_THE_CLOCK["weekdays"]), min_size=1),
    hours=st.sampled_from(
        [["09:00-17:00"], ["08:15-12:00", "12:45-16:30"], ["00:00-02:30", "22:00-24:00"]]
    ),
    holidays=st.lists(st.dates(date(2018, 1, 1), date(2020, 12, 31)), max_size=3),
    time_zone=st.sampled_from(ZONES),
)
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2020, 12, 31))


def test_the_days_between_two_instants_are_told_in_all_ways(examples):
    """M21: elapsed, dates, dates inclusive, working days, working days without holidays."""
    start, end = "2024-03-28T16:00", "2024-04-02T10:00"
    begun, ended = instants(start), instants(end)
    found = [
        days_between(begun, ended)[0],
        calendar_days(begun, ended)[0],
        calendar_days(begun, ended, inclusive=True)[0],
        *(
            calendar.working_days(local_days(begun, UTC), local_days(ended, UTC))[0]
            for calendar in (Calendar(), Calendar(holidays=EASTER))
        ),
    ]
    assert found == examples["M21"]["expected"]


def test_working_hours_leave_out_nights_weekends_and_holidays(examples):
    """M22."""
    found = [
        hours(calendar, "2024-03-28T16:00", "2024-04-02T10:00")
        for calendar in (Calendar(), Calendar(holidays=EASTER))
    ]
    assert found == examples["M22"]["expected"]


def test_a_day_round_the_clock_has_23_or_25_hours_where_the_clock_changes(examples):
    """M23."""
    berlin = Calendar(**ROUND_THE_CLOCK, time_zone="Europe/Berlin")
    found = [
        hours(berlin, "2024-03-31", "2024-04-01", "Europe/Berlin"),
        hours(berlin, "2024-10-27", "2024-10-28", "Europe/Berlin"),
    ]
    assert found == examples["M23"]["expected"]


@pytest.mark.parametrize(
    ("window", "spring", "autumn"),
    [
        ("00:00-06:00", 5, 7),
        ("02:30-06:00", 3, 4.5),  # begins at 03:00 in spring, at the first 02:30 in autumn
        ("00:00-02:30", 2, 2.5),
        ("09:00-17:00", 8, 8),
    ],
)
def test_windows_are_told_by_the_clock_and_counted_in_time_gone(window, spring, autumn):
    berlin = Calendar(weekdays=["Sun"], hours=[window], time_zone="Europe/Berlin")
    assert hours(berlin, "2024-03-30", "2024-04-02", "Europe/Berlin") == spring
    assert hours(berlin, "2024-10-26", "2024-10-29", "Europe/Berlin") == autumn


def test_the_hours_of_work_are_those_of_the_local_clock():
    """Friday 16:00 to Monday 10:00 in Auckland, in UTC Friday 04:00 to Sunday 22:00."""
    auckland = Calendar(time_zone="Pacific/Auckland")
    start, end = instants("2024-06-14T04:00"), instants("2024-06-16T22:00")
    assert auckland.working_hours(start, end).tolist() == [2.0]


def test_a_day_that_a_zone_skipped_has_no_hours():
    """Samoa went from Thursday 29 December 2011 to Saturday: Mon to Thu, and the next Monday."""
    samoa = Calendar(time_zone="Pacific/Apia")
    assert hours(samoa, "2011-12-26", "2012-01-03", "Pacific/Apia") == 40


def test_a_week_may_be_sunday_to_thursday():
    cairo = Calendar(weekdays=["Sun", "Mon", "Tue", "Wed", "Thu"])
    assert days(cairo, "2024-03-29", "2024-03-31") == 1  # Friday to Sunday
    assert hours(cairo, "2024-03-28T16:00", "2024-03-31T10:00") == 2


def test_a_break_at_noon_is_no_working_time():
    with_break = Calendar(hours=["13:00-17:00", "09:00-12:00"])
    assert with_break.hours_per_day == 7
    assert hours(with_break, "2024-04-02T11:30", "2024-04-02T13:15") == 0.75
    assert hours(with_break, "2024-04-02T12:10", "2024-04-02T12:50") == 0


def test_public_holidays_are_those_of_the_country_and_its_part():
    """8 March is free in Berlin and nowhere else in Germany but Mecklenburg; so is no 29 March."""
    germany, berlin = Calendar(country="DE"), Calendar(country="DE", subdivision="BE")
    assert days(germany, "2024-03-04", "2024-03-08") == 5
    assert days(berlin, "2024-03-04", "2024-03-08") == 4
    assert (
        days(Calendar(country="DE", holidays=[date(2024, 3, 5)]), "2024-03-04", "2024-03-08") == 4
    )


def test_public_holidays_are_known_in_every_year_of_the_data():
    """New Year's Day is free; it fell on a working day in four of these years."""
    france, nobody = Calendar(country="FR"), Calendar()
    first, last = (
        pd.Series(pd.to_datetime([f"{year}-{day}" for year in range(2018, 2024)]))
        for day in ("01-01", "01-02")
    )
    found = nobody.working_days(first, last) - france.working_days(first, last)
    assert found.tolist() == [1, 1, 1, 1, 0, 0]


def test_a_day_off_on_a_weekend_takes_no_working_day():
    assert days(Calendar(holidays=["2024-03-30"]), "2024-03-29", "2024-04-01") == 2


def test_what_is_missing_or_ends_before_it_begins_is_missing():
    begun = instants("2024-04-02T10:00", None, "2024-04-02T10:00", "2024-04-02T10:00")
    ended = instants("2024-04-02T10:00", "2024-04-02T10:00", None, "2024-04-02T09:59:59")
    calendar = Calendar()
    np.testing.assert_array_equal(calendar.working_hours(begun, ended), [0, np.nan, np.nan, np.nan])
    first = local_days(begun, UTC)
    last = pd.Series(pd.to_datetime(["2024-04-02", "2024-04-02", None, "2024-04-01"]))
    np.testing.assert_array_equal(calendar.working_days(first, last), [1, np.nan, np.nan, np.nan])


def test_the_result_keeps_the_index_of_its_starts():
    begun = instants("2024-04-02T09:00", "2024-04-02T10:00").set_axis([7, 7])
    ended = instants("2024-04-02T17:00", "2024-04-02T18:00").set_axis([7, 7])
    found = Calendar().working_hours(begun, ended)
    assert found.index.tolist() == [7, 7]
    assert found.tolist() == [8, 7]


def test_no_intervals_have_no_working_time():
    none = pd.Series(dtype="datetime64[us, UTC]")
    assert Calendar().working_hours(none, none).tolist() == []
    none = pd.Series(dtype="datetime64[us]")
    assert Calendar(country="DE").working_days(none, none).tolist() == []


def test_a_microsecond_counts():
    one = hours(Calendar(), "2024-04-02T16:59:59.999999", "2024-04-03T09:00:00")
    assert one == 1e-6 / 3600


def test_days_and_instants_are_not_taken_for_each_other():
    day = pd.Series(pd.to_datetime(["2024-04-02"]))
    with pytest.raises(PMAnalyticsError, match="where instants are needed"):
        Calendar().working_hours(day, day)
    with pytest.raises(PMAnalyticsError, match="where days are needed"):
        Calendar().working_days(instants("2024-04-02"), day)
    with pytest.raises(PMAnalyticsError, match="where days are needed"):
        Calendar().working_days(day, pd.Series(["2024-04-02"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weekdays": []}, "weekdays is empty"),
        ({"weekdays": "Mon"}, "weekdays must be a list"),
        ({"weekdays": ["monday"]}, "'monday' is no day of weekdays. Did you mean Mon?"),
        ({"weekdays": [1]}, "1 is no day of weekdays. Known are: Mon, Tue"),
        ({"hours": []}, "hours is empty"),
        ({"hours": ["17:00-09:00"]}, "hours '17:00-09:00' must be like \"09:00-17:00\""),
        ({"hours": ["09:00-24:01"]}, "hours '09:00-24:01' must be like"),
        ({"hours": ["09:60-17:00"]}, "hours '09:60-17:00' must be like"),
        ({"hours": [9]}, "hours 9 must be like"),
        ({"hours": ["09:00-12:30", "12:00-17:00"]}, "09:00-12:30, 12:00-17:00 overlap"),
        ({"holidays": ["Easter"]}, "'Easter' of holidays is no date"),
        ({"holidays": [datetime(2024, 4, 1, 12)]}, "'2024-04-01 12:00:00' of holidays is no date"),
        ({"country": "Germany"}, r"country 'Germany' is not known. Did you mean Germany \(DE\)\?"),
        ({"country": "de"}, "country 'de' is not known. Did you mean DE?"),
        ({"country": 49}, "country 49 is not known"),
        ({"country": ["DE"]}, r"country \['DE'\] is not known. Did you mean"),
        ({"time_zone": 3}, "time_zone 3 is not known"),
        ({"subdivision": "BE"}, "subdivision 'BE' needs its country"),
        (
            {"country": "DE", "subdivision": "Augsberg"},
            "subdivision 'Augsberg' of DE is not known. Did you mean Augsburg?",
        ),
        ({"country": "DE", "subdivision": "Q"}, "Known are: BB, BE, BW"),
        ({"time_zone": "Berlin"}, "time_zone 'Berlin' is not known"),
    ],
)
def test_what_means_nothing_is_refused_in_words(options, message):
    with pytest.raises(PMAnalyticsError, match=message):
        Calendar(**options)


def _worked_minutes(calendar, start, end):
    """Ask the clock at every minute whether it is one of work."""
    minutes = pd.date_range(start, end, freq="min", inclusive="left", tz=UTC)
    local = minutes.tz_convert(calendar.time_zone)
    clock = local.strftime("%H:%M")
    is_open = np.zeros(len(minutes), dtype=bool)
    for window in calendar.hours:
        opens, closes = window.split("-")
        is_open |= (clock >= opens) & (clock < closes)
    is_day = local.strftime("%a").isin(calendar.weekdays)
    is_free = local.strftime("%Y-%m-%d").isin([str(day) for day in calendar.holidays])
    return (is_open & is_day & ~is_free).sum()


@pytest.mark.parametrize("time_zone", ZONES)
@pytest.mark.parametrize("window", [["08:15-12:00", "12:45-16:30"], ["00:00-06:00", "22:00-24:00"]])
def test_the_hours_are_those_that_a_count_of_minutes_finds(time_zone, window):
    """The clocks of these zones change in the weeks counted, some by half an hour."""
    calendar = Calendar(
        weekdays=["Sun", "Tue", "Sat"], hours=window, holidays=["2018-10-30"], time_zone=time_zone
    )
    for start, end in [("2018-03-08 13:07", "2018-04-03"), ("2018-10-05", "2018-11-06 23:11")]:
        expected = _worked_minutes(calendar, start, end) / 60
        assert hours(calendar, start, end) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(CALENDARS, st.lists(MOMENTS, min_size=3, max_size=3).map(sorted))
def test_working_hours_add_up_and_never_exceed_the_time_gone(calendar, moments):
    early, between, late = moments
    whole = hours(calendar, early, late)
    parts = hours(calendar, early, between) + hours(calendar, between, late)
    assert whole == pytest.approx(parts, abs=1e-9)
    assert 0 <= whole <= (late - early).total_seconds() / 3600 + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), MOMENTS, MOMENTS)
def test_round_the_clock_all_time_is_working_time(time_zone, one, other):
    calendar = Calendar(**ROUND_THE_CLOCK, time_zone=time_zone)
    early, late = sorted([one, other])
    assert hours(calendar, early, late) == (late - early) / pd.Timedelta(hours=1)


@settings(max_examples=40, deadline=None)
@given(CALENDARS, MOMENTS, MOMENTS)
def test_whole_days_have_the_hours_of_their_working_days(calendar, one, other):
    """From local midnight to the midnight after the last day, but for nights of a clock change."""
    early, late = sorted([one.date(), other.date()])
    calendar = Calendar(weekdays=calendar.weekdays, holidays=calendar.holidays)
    counted = days(calendar, early, late)
    ended = late + pd.Timedelta(days=1)
    assert hours(calendar, early, ended) == counted * calendar.hours_per_day
