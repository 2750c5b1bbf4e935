"""A random table, written in a random dialect, language, column order and date style."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cases_jira import LOCALES, UNSEEN, without
from cases_values import MONTHS
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from judge import same
from truth import BERLIN, CATEGORIES, ENGLISH, JIRA_CLOCK, clock, grid, navigator, text

from pmanalytics import load_jira_csv, load_projects

FEW = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
DATE_COLUMNS = ["baseline_finish_date", "actual_finish_date"]
MONEY_COLUMNS = ["actual_cost"]
ENGLISH_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"

words = st.text("abzÄßéñ ΩЖ漢€0159\"',;|^\t\n=+-@%.", min_size=1, max_size=12).filter(
    lambda word: word.strip() == word and any(letter.isalpha() for letter in word)
)
days = st.dates(date(1971, 1, 1), date(2068, 12, 31))
amounts = st.integers(0, 10**11).map(lambda cents: cents / 100)
shares = st.integers(0, 100).map(lambda percent: percent / 100)


def keys(number):
    return st.lists(st.from_regex(r"[A-Z]{2,4}-[1-9][0-9]{0,4}", fullmatch=True), min_size=number,
                    max_size=number, unique=True)  # fmt: skip


def or_missing(values):
    return st.none() | values


@st.composite
def projects(draw):
    ids = draw(keys(draw(st.integers(1, 6))))
    return [
        {
            "project_id": project_id,
            "name": draw(words),
            "status": draw(st.sampled_from(["open", "on_hold", "done", "cancelled"])),
            "project_manager": draw(or_missing(words)),
            **{name: draw(or_missing(days)) for name in DATE_COLUMNS},
            **{name: draw(or_missing(amounts)) for name in MONEY_COLUMNS},
            "currency": "EUR",
            "percent_complete": draw(or_missing(shares)),
            "Remark": draw(or_missing(words)),
        }
        for project_id in ids
    ]


def is_decided(records, column):
    """Tell whether a day of the column cannot be a month."""
    found = [record[column] for record in records if record[column]]
    return not found or any(day.day > 12 for day in found)


@st.composite
def date_styles(draw, records):
    """Return how to write a day, and the date_format that must be said with it."""
    kind = draw(st.sampled_from(["ISO", "numeric", "words"]))
    if kind == "ISO":
        return date.isoformat, None
    if kind == "words":
        months = draw(st.sampled_from([ENGLISH_MONTHS, *MONTHS.values()])).split()
        return lambda day: f"{day.day:02}/{months[day.month - 1]}/{day.year}", None
    form, order = draw(
        st.sampled_from([("%d.%m.%Y", "day first"), ("%d/%m/%Y", "day first"),
                         ("%m/%d/%Y", "month first"), ("%d-%m-%Y", "day first")])
    )  # fmt: skip
    told = draw(st.sampled_from([form, order]))
    if all(is_decided(records, column) for column in DATE_COLUMNS):
        told = draw(st.sampled_from([None, told]))
    return lambda day: day.strftime(form), told


def marked(thousands, decimal):
    """Return how amounts look with these marks."""
    return lambda value: f"{value:,.2f}".translate(str.maketrans(",.", "\0" + decimal)).replace(
        "\0", thousands
    )


@st.composite
def written(draw, rows):
    """Return a grid as bytes in some dialect, and the options that must be said with it."""
    form = {
        "delimiter": draw(st.sampled_from(",;\t|^")),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    }
    if form["end"] == "\r":  # with it Python's writer leaves other line breaks in cells unquoted
        form["quoting"] = csv.QUOTE_ALL
    content = text(rows, **form)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    try:
        encoded = content.encode(encoding)
    except UnicodeEncodeError:
        return content.encode(), {}
    return encoded, {"encoding": "cp1252"} if encoding == "cp1252" and draw(st.booleans()) else {}


def is_utf8(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def assert_equal(table, records, identity):
    assert len(table) == len(records)
    loaded = {row[identity]: row for row in table.to_dict("records")}
    for record in records:
        for name, value in record.items():
            read = loaded[record[identity]][name]
            assert same(read, value), f"{name} is {read!r}, not {value!r}"


def loaded(load, content, **options):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        path.write_bytes(content)
        return load(path, **options)


@FEW
@given(st.data())
def test_a_random_table_of_projects_comes_back_equal(data):
    records = data.draw(projects())
    show_day, date_format = data.draw(date_styles(records))
    show_amount = data.draw(
        st.sampled_from(["{:.2f}".format, *(marked(*m) for m in [",.", ".,", " ,", "'."])])
    )
    show_share = data.draw(st.sampled_from(["{:.2f}".format, "{:.0%}".format]))
    show_status = data.draw(st.sampled_from([str, lambda s: s.replace("_", " ").title()]))
    missing = data.draw(st.sampled_from(["", "n/a"]))
    rows = grid(
        records,
        **dict.fromkeys(DATE_COLUMNS, show_day),
        **dict.fromkeys(MONEY_COLUMNS, show_amount),
        percent_complete=show_share,
        status=show_status,
    )
    order = data.draw(st.permutations(range(len(rows[0]))))
    rows = [[row[position] or missing for position in order] for row in rows]
    show_header = data.draw(
        st.sampled_from([str, str.upper, lambda h: h.replace("_", " ").title(), " {} ".format])
    )
    header = [name if name == "Remark" else show_header(name) for name in rows[0]]
    content, options = data.draw(written([header, *rows[1:]]))
    assume(options or content.isascii() or _tells_its_encoding(content, rows))
    if missing:
        options["missing"] = [missing]
    table = loaded(load_projects, content, date_format=date_format, **options)
    assert_equal(table, records, "project_id")


def _tells_its_encoding(content, rows):
    """Tell apart what no reader can: Windows-1252 whose bytes happen to be UTF-8."""
    return not is_utf8(content) or rows[1][0].encode() in content


@st.composite
def work_items(draw):
    instants = st.datetimes(datetime(2000, 1, 2), datetime(2068, 12, 30)).map(
        lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
    )
    # Of the hour that a clock change repeats an export does not say which it means.
    instants = instants.filter(lambda at: at.astimezone(BERLIN).fold == 0)
    issue_keys = draw(keys(draw(st.integers(1, 5))))
    return [
        {
            "item_id": str(10_000 + n),
            "key": key,
            "summary": draw(words),
            "item_type": draw(st.sampled_from(["Story", "Bug", "Aufgabe"])),
            "status": draw(st.sampled_from(list(CATEGORIES))),
            "created_at": draw(instants),
            "updated_at": draw(or_missing(instants)),
            "resolved_at": draw(or_missing(instants)),
            "due_date": draw(or_missing(st.dates(date(2000, 1, 2), date(2068, 12, 30)))),
            "parent_key": None,
            "original_estimate_hours": draw(or_missing(st.integers(1, 400).map(lambda q: q / 4))),
            "labels": draw(st.lists(st.sampled_from(["a", "b-c", "Größe"]), max_size=3)),
            "fix_versions": draw(st.lists(st.sampled_from(["1.0", "1.10", "R2"]), max_size=2)),
            "sprints": draw(st.lists(words, max_size=3)),
        }
        for n, key in enumerate(issue_keys)
    ]


@pytest.mark.parametrize("language", ["English", *LOCALES])
@settings(FEW, max_examples=8)
@given(data=st.data())
def test_random_issues_of_the_navigator_come_back_equal(language, data):
    names, months = LOCALES.get(language, (list(ENGLISH.values()), ENGLISH_MONTHS))
    hidden = UNSEEN.get(language, ())
    records = without(data.draw(work_items()), hidden)
    headers = dict(zip(ENGLISH, names, strict=True))
    order = data.draw(st.permutations([name for name in headers if name not in hidden]))
    form = data.draw(
        st.sampled_from([JIRA_CLOCK, "%d/%b/%Y %H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"])
    )
    date_format = "day first" if form.startswith("%d.%m") else None
    rows = navigator(
        records,
        headers={name: headers[name] for name in order},
        show=lambda at: clock(at, form, months.split()),
    )
    content, options = data.draw(written(rows))
    assume(options or content.isascii() or _tells_its_encoding(content, rows))
    table = loaded(load_jira_csv, content, time_zone="Europe/Berlin", date_format=date_format,
                   **options)  # fmt: skip
    assert_equal(table, records, "key")
