from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import Quarantine, errors, load_jira_csv, load_projects
from pmanalytics.errors import BadRowsError, ConfigError
from pmanalytics.loaders.cells.dates import read_dates
from pmanalytics.loaders.cells.iso import epoch_instants
from pmanalytics.loaders.sources.reading import Reading


def read(*texts, **options):
    cells = pd.Series(texts, dtype="str")
    return read_dates(cells, Reading(**options), errors.UNKNOWN_DATE)


def clocks(*texts, **options):
    """Return what clocks showed, as text; of what cannot be read the reason."""
    found = read(*texts, **options)
    reasons = found.verdicts.numbers.map(dict(enumerate(r.reason for r in found.verdicts.reasons)))
    times = found.instants.dt.tz_localize(None).fillna(found.clock)
    words = times.dt.strftime("%Y-%m-%d %H:%M:%S").str.removesuffix(" 00:00:00")
    return words.fillna(reasons).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-22", "2025-12-22"),
        ("2025/12/22 8:05", "2025-12-22 08:05:00"),
        ("2025.12.22", "2025-12-22"),
        ("2025-12-22 18:45:55.01", "2025-12-22 18:45:55"),
        ("2025-12-22T10:00:00,5+01:00", "2025-12-22 09:00:00"),
        ("2025-12-22 10:00 UTC", "2025-12-22 10:00:00"),
        ("2025-12-22 12:10 AM", "2025-12-22 00:10:00"),
        ("19/févr./26 7:31 PM", "2026-02-19 19:31:00"),
        ("26/abr/26 12:55 PM", "2026-04-26 12:55:00"),
        ("02/oct/25 2:15 PM", "2025-10-02 14:15:00"),
        ("02/September/24 9:47 AM", "2024-09-02 09:47:00"),
        ("3/Mär/25", "2025-03-03"),
        ("3/Mrz/25", "2025-03-03"),
        ("1/dez/25", "2025-12-01"),
        ("5/août/26", "2026-08-05"),
        ("5 AOUT 2026", "2026-08-05"),
        ("5-sept.-26", "2026-09-05"),
        ("15/Jan/69", "1969-01-15"),
        ("15/Jan/68", "2068-01-15"),
        ("12 de enero de 2026 7:31 p. m.", "2026-01-12 19:31:00"),
        ("Mon, 12 Jan 2026 10:00:00 +0000", "2026-01-12 10:00:00"),
        ("Mon 13/01/25", "2025-01-13"),
        ("lun. 13/01/2025 08:00", "2025-01-13 08:00:00"),
        ("Mo., 12 Januar 2026 10:00:00 GMT+0100", "2026-01-12 09:00:00"),
        ("Jan/2/06 3:04 PM", "2006-01-02 15:04:00"),
        ("January 2, 2006", "2006-01-02"),
    ],
)
def test_what_can_be_read_one_way_only_is_read(text, expected):
    assert clocks(text) == [expected]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2025-02-30", "is not a day of the calendar"),
        ("31 Feb 2026", "is not a day of the calendar"),
        ("31/11/2025", "is not a day of the calendar"),
        ("13/13/2025", "is not a day of the calendar"),
        ("3/4/2025", "could be day/month or month/day"),
        ("Mon 03/02/25", "could be day/month or month/day"),
        ("Some 13/01/25", "is not written as a date"),
        ("25-03-31", "could have its year first or last"),
        ("2025-12-22T25:00", "is not written as a date"),
        ("2025-12-22 13:00 PM", "is not written as a date"),
        ("2025-12-22 0:10 AM", "is not written as a date"),
        ("2025-12-22T10:00:00.1234567890", "is not written as a date"),
        ("2025-12-22T10:00+23:00", "is not written as a date"),
        ("12 Foo 2026", "is not written as a date"),
        ("12/05.2024", "is not written as a date"),
        ("2025", "is not written as a date"),
        ("1850-01-01", "lies outside the years 1900 to 2200"),
        ("2500-01-01", "lies outside the years 1900 to 2200"),
        ("45678.75", "is Excel's serial number of 2025-01-21"),
        ("TBD", "is no date but a remark"),
        ("?", "is no date but a remark"),
        ("#DIV/0!", "is no date but a remark"),
        ("before 12 Jan 2026", "is no date but a remark"),
        ("Exempt under Section 43 of the act", "is no date but a remark"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_kind(text, reason):
    assert clocks(text) == [reason]


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00", "0001-01-01", "1899-12-30", "1899-12-31 00:00:00", "1900-01-00", "1900-01-01",
        "1970-01-01T00:00:00Z", "01/Jan/70 12:00 AM", "9999-12-31 23:59:59", "00/00/0000",
        "1/1/1970", "31.12.9999", "12/30/1899",
    ],
)  # fmt: skip
def test_a_day_that_programs_write_for_none_is_none(text):
    assert clocks(text) == ["stands for no date"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["31/12/2025", "01/02/2025"], ["2025-12-31", "2025-02-01"]),
        (["12/31/2025", "01/02/2025"], ["2025-12-31", "2025-01-02"]),
        (["31.12.25", "01.02.25"], ["2025-12-31", "2025-02-01"]),
        (["99-03-31", "01-02-03"], ["1999-03-31", "2001-02-03"]),
        (
            ["31/11/2025", "01/02/2025"],
            ["is not a day of the calendar", "could be day/month or month/day"],
        ),
        (
            ["31/11/2025", "01/02/2025", "31/10/2025"],
            ["is not a day of the calendar", "2025-02-01", "2025-10-31"],
        ),
        (["2025-03-04", "3/Apr/25", "25/12/2025"], ["2025-03-04", "2025-04-03", "2025-12-25"]),
    ],
)
def test_one_cell_decides_how_a_column_is_read(texts, expected):
    assert clocks(*texts) == expected


def test_a_column_with_both_orders_is_read_in_neither():
    both = "stands in a column that holds both day/month and month/day"
    reason = f"{both}: '31/12/2025' and '12/31/2025'"
    assert clocks("12/31/2025", "31/12/2025", "1/1/2025") == [reason] * 3


@pytest.mark.parametrize(
    ("date_format", "expected"),
    [
        ("day first", ["2025-04-03", "does not fit the date_format given"]),
        ("month first", ["2025-03-04", "2025-12-31"]),
        ("%d/%m/%Y", ["2025-04-03", "does not fit the date_format given"]),
    ],
)
def test_a_date_format_decides(date_format, expected):
    found = clocks("3/4/2025", "12/31/2025", "2025-01-02", "2/Jan/25", date_format=date_format)
    assert found == [*expected, "2025-01-02", "2025-01-02"]


def test_serial_days_of_excel_are_read_where_that_is_said():
    """45678 and a half: 45658 is 1 January 2025 in Excel."""
    found = clocks("45658", "45678.75", "45678.7291666667", "2025-01-01", date_format="excel")
    assert found == ["2025-01-01", "2025-01-21 18:00:00", "2025-01-21 17:30:00", "2025-01-01"]


def test_an_unknown_date_format_is_refused():
    with pytest.raises(ConfigError, match="write 'day first', 'month first', 'excel'"):
        read("2025-01-01", date_format="dmy")


def test_it_is_said_how_dates_were_read():
    assert read("5/2/2016", "31/1/2025").words == ["day/month/year, as 31/1/2025 decides"]
    assert read("2025-01-31", "2/Jan/26").words == ["ISO", "months by name, as in 2/Jan/26"]


def test_jira_timestamps_are_read_as_in_the_worked_example(examples):
    """M58: offset, Unix seconds and milliseconds, wall clock of a zone, and an ambiguous day."""
    cells = examples["M58"]["input"].split("; ")
    expected = pd.to_datetime(pd.Series(examples["M58"]["expected"].split()[:4]), format="ISO8601")
    assert read(cells[0]).instants[0] == expected[0]
    numbers = pd.Series([int(cells[1]), int(cells[2])])
    assert epoch_instants(numbers).tolist() == expected[1:3].tolist()
    wall_clock, _, zone = cells[3].rstrip(")").partition(" (")
    local = read(wall_clock).clock.dt.tz_localize(zone)
    assert local[0] == expected[3]
    assert clocks(cells[4]) == ["could be day/month or month/day"]


def test_a_remark_costs_the_value_where_it_may_be_missing_and_the_row_where_not(tmp_path):
    path = tmp_path / "jira.csv"
    path.write_text(
        "Issue key,Status,Created,Due Date\nA-1,Open,2/Jan/24 3:04 PM,TBD\nA-2,Open,TBD,\n"
    )
    quarantine = Quarantine()
    items = load_jira_csv(path, time_zone="Europe/Berlin", quarantine=quarantine)
    assert items["key"].tolist() == ["A-1"]
    assert items["due_date"].isna().all()
    assert items.loc[0, "created_at"] == pd.Timestamp("2024-01-02T14:04Z")
    assert quarantine.problems["set_aside"].tolist() == ["value", "row"]
    assert "clock of Europe/Berlin" in quarantine.columns["reading"].dropna().iloc[0]


def test_an_impossible_day_costs_the_row():
    rows = pd.DataFrame(
        {
            "project_id": ["P1"],
            "name": ["One"],
            "status": ["open"],
            "baseline_finish_date": ["2025-02-30"],
        }
    )
    with pytest.raises(BadRowsError, match="'2025-02-30' is not a day"):
        load_projects(rows)


WORDS = {
    "en": "jan feb mar apr may jun jul aug sept oct nov december",
    "de": "Jan. Februar März Apr Mai Juni Jul Aug Sept. Okt Nov Dezember",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. novembre déc.",
    "pt": "jan fev março abr mai jun julho ago set out nov dez",
    "es": "ene febrero mar abr may junio jul agosto sept oct nov dic",
}
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2068, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
STYLES = {
    "%Y-%m-%d %H:%M:%S": timedelta(seconds=1),
    "%Y/%m/%d %I:%M:%S %p": timedelta(seconds=1),
    "%d.%m.%Y %H:%M:%S": timedelta(seconds=1),
    "%d/%m/%Y, %I:%M %p": timedelta(minutes=1),
    "%m/%d/%Y %I:%M:%S %p": timedelta(seconds=1),
    "%a, %d %b %Y %H:%M:%S": timedelta(seconds=1),
    "%d/%b/%y %I:%M %p": timedelta(minutes=1),
    "%b %d, %Y %H:%M": timedelta(minutes=1),
}


@settings(deadline=None, max_examples=60)
@given(st.lists(MOMENTS, min_size=1), st.sampled_from(list(STYLES)))
def test_what_is_written_in_one_style_comes_back(moments, style):
    moments = [*moments, datetime(2025, 1, 31)]
    expected = [np.datetime64(m - (m - datetime.min) % STYLES[style], "us") for m in moments]
    found = read(*[m.strftime(style) for m in moments])
    assert found.clock.to_numpy().tolist() == np.array(expected).tolist()


@settings(deadline=None, max_examples=60)
@given(MOMENTS, st.integers(-14 * 60, 14 * 60), st.sampled_from(["%z", " %z", " GMT%z"]))
def test_instants_with_an_offset_come_back(moment, minutes, style):
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    found = read(zoned.strftime(f"%Y-%m-%dT%H:%M:%S{style}")).instants
    assert found[0] == zoned


@settings(deadline=None, max_examples=60)
@given(st.dates(datetime(1971, 1, 1).date(), datetime(2068, 12, 31).date()), st.data())
def test_months_are_read_in_five_languages(day, data):
    language = data.draw(st.sampled_from(list(WORDS)))
    word = WORDS[language].split()[day.month - 1]
    style = data.draw(
        st.sampled_from(["{d}/{word}/{y:02}", "{d}. {word} {year}", "{d}-{word}-{year}"])
    )
    text = style.format(d=day.day, word=word, y=day.year % 100, year=day.year)
    assert clocks(text) == [day.isoformat()]


def test_real_stage_gates_are_read_day_first_beside_iso(real_data):
    path = real_data / "stage_gates" / "Capital_Delivery_Project_deidentified.csv"
    rows = pd.read_csv(path, dtype="str")
    found = {
        name: read_dates(rows[name].dropna(), Reading(), errors.UNKNOWN_DATE)
        for name in ["BNI", "PBC", "BCA", "Tender Closed", "Stage1", "Stage2", "Stage3"]
    }
    assert all(dates.verdicts.is_open.all() for dates in found.values())
    orders = {name: dates.words[0].split(",")[0] for name, dates in found.items()}
    assert {orders.pop("BNI"), orders.pop("PBC")} == {"day/month/year"}
    assert set(orders.values()) == {"ISO"}
    days = {name: dates.clock.dt.normalize() for name, dates in found.items()}
    waits = (days["BCA"] - days["BNI"]).dt.days.dropna()
    # reference_output.txt: BNI -> BCA
    assert (len(waits), waits.median(), round(waits.mean(), 2)) == (443, 481.0, 896.48)


def test_real_american_dates_are_read_month_first(real_data):
    rows = pd.read_csv(real_data / "semicolon_dates" / "ExampleFile.csv", sep=";", dtype="str")
    started, closed = (
        read_dates(rows[name].dropna(), Reading(), errors.UNKNOWN_DATE)
        for name in ("Activated Date", "Closed Date")
    )
    assert started.words[0].startswith("month/day/year, as ")
    cycle = (closed.clock - started.clock).dropna() / pd.Timedelta(days=1)
    # reference_output.txt
    assert (len(cycle), round(cycle.median(), 4), round(cycle.mean(), 4)) == (261, 3.8981, 4.5787)
