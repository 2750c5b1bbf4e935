import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import Quarantine, load_projects
from pmanalytics.errors import BadRowsError
from pmanalytics.loaders.cells.numbers import read_numbers


def read(*texts, **options):
    """Return numbers, and of what cannot be read the reason."""
    found = read_numbers(pd.Series(texts, dtype="str"), **options)
    verdicts = found.verdicts
    reasons = verdicts.numbers.map(dict(enumerate(r.reason for r in verdicts.reasons)))
    return found.numbers.astype(object).where(verdicts.is_open, reasons).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("1234.5", 1234.5),
        ("0.125", 0.125),
        ("0,125", 0.125),
        ("1,5", 1.5),
        ("12.50", 12.5),
        (".5", 0.5),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("€ 1.234,50", 1234.5),
        ("12 000 €", 12000),
        ("12\u00a0000,5", 12000.5),
        ("12\u202f000", 12000),
        ("CHF 500", 500),
        ("1,000.00 USD", 1000),
        ("US$5", 5),
        ("$1,000.50 USD", 1000.5),
        ("1'234'567.5", 1234567.5),
        ("1’234", 1234),
        ("(1,234.50)", -1234.5),
        ("1234-", -1234),
        ("−5", -5),
        ("-€5", -5),
        ("+5", 5),
        ("1E+05", 100000),
        ("1.5e3", 1500),
    ],
)
def test_a_number_is_read_as_people_write_it(text, expected):
    assert read(text) == [expected]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,234", "could have a thousands mark or a decimal mark"),
        ("$12.000", "could have a thousands mark or a decimal mark"),
        ("1,23,456", "is not a number"),
        ("1.234,5.6", "is not a number"),
        ("1 5", "is not a number"),
        ("(5", "is not a number"),
        ("-(5)", "is not a number"),
        ("--5", "is not a number"),
        ("€ 5 USD", "is not a number"),
        ("ABC 5", "is not a number"),
        ("45 %", "is not a number"),
        ("1E+999", "is not a number"),
        ("5x", "is not a number"),
        ("inf", "is no number but a remark"),
        ("nan", "is no number but a remark"),
        ("TBD", "is no number but a remark"),
        ("about 5 thousand", "is no number but a remark"),
    ],
)
def test_what_is_no_number_is_told_by_its_kind(text, reason):
    assert read(text) == [reason]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1,234", "1,5"], [1.234, 1.5]),
        (["1,234", "1.5"], [1234, 1.5]),
        (["1.234", "0.125"], [1.234, 0.125]),
        (["1.234", "1.234.567"], [1234, 1234567]),
        (["1.234", "5,00 €"], [1234, 5]),
        (["1.5", "1 234", "7"], [1.5, 1234, 7]),
    ],
)
def test_one_cell_decides_which_mark_a_column_has(texts, expected):
    assert read(*texts) == expected


def test_a_column_with_both_marks_is_read_in_neither():
    reason = "stands in a column that mixes decimal points and decimal commas"
    assert read("1,5", "1.5", "1,234", "7") == [reason, reason, reason, 7]


def test_the_setting_decides():
    assert read("1,234", "2", decimal=".") == [1234, 2]
    assert read("1,234", "1.5", decimal=",") == [1.234, "does not fit the decimal mark given"]


def test_a_share_may_be_in_percent():
    assert read("45 %", "0.3", "7%", is_share=True) == [0.45, 0.3, 0.07]


def test_it_is_said_which_mark_a_column_has():
    found = read_numbers(pd.Series(["7", "1.234,50"]))
    assert found.words == "decimal comma, as 1.234,50 decides"
    assert read_numbers(pd.Series(["7", "8"])).words == ""


def _english(cents):
    return f"{cents / 100:,.2f}"


STYLES = {
    "point": lambda cents: f"{cents / 100:.2f}",
    "English": _english,
    "German": lambda cents: _english(cents).translate(str.maketrans(",.", ".,")),
    "French": lambda cents: _english(cents).translate(str.maketrans(",.", "\u202f,")) + " €",
    "Swiss": lambda cents: "CHF " + _english(cents).replace(",", "’"),
    "accounting": lambda cents: f"({_english(-cents)})" if cents < 0 else _english(cents),
    "trailing": lambda cents: f"{_english(abs(cents))}{'-' if cents < 0 else ''}",
}


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1), st.sampled_from(list(STYLES)))
def test_amounts_written_in_one_style_come_back(cents, style):
    assert read(*map(STYLES[style], cents)) == [each / 100 for each in cents]


def projects_of(**columns):
    n_rows = max(map(len, columns.values()))
    ids = [f"P{n}" for n in range(n_rows)]
    return pd.DataFrame({"project_id": ids, "name": ids, "status": "open", **columns})


def test_a_currency_in_an_amount_must_be_that_of_the_row():
    amounts = ["€ 5", "$ 5", "$ 5", "5", "GBP 5"]
    rows = projects_of(actual_cost=amounts, currency=["EUR", "CAD", "EUR", "EUR", "USD"])
    quarantine = Quarantine()
    projects = load_projects(rows, quarantine=quarantine)
    assert projects["project_id"].tolist() == ["P0", "P1", "P3"]
    assert set(quarantine.problems["reason"]) == {"is in another currency than the row says"}
    assert quarantine.problems["value"].tolist() == ["$ 5", "GBP 5"]


def test_a_sign_that_means_one_currency_fills_the_column():
    quarantine = Quarantine()
    rows = projects_of(actual_cost=["€ 5", "£ 5", "CHF 5", "$ 5", ""], currency=[""] * 5)
    projects = load_projects(rows, quarantine=quarantine)
    assert projects["currency"].tolist()[:3] == ["EUR", "GBP", "CHF"]
    assert projects["currency"].isna().tolist() == [False, False, False, True]
    reasons = quarantine.problems[["value", "reason"]]
    assert reasons["reason"].tolist() == ["is missing though the row holds money"]


def test_a_remark_in_an_optional_amount_costs_the_value_only():
    quarantine = Quarantine()
    rows = projects_of(actual_cost=["PNS", "5"], percent_complete=["45 %", "0.5"])
    projects = load_projects(rows, defaults={"currency": "EUR"}, quarantine=quarantine)
    assert projects["actual_cost"].isna().tolist() == [True, False]
    assert projects["percent_complete"].tolist() == [0.45, 0.5]
    assert quarantine.problems["set_aside"].tolist() == ["value"]


def test_numbers_in_a_frame_stay_as_they_are():
    rows = projects_of(actual_cost=[1.234, "7"], baseline_budget=[1.234, 2])
    projects = load_projects(rows, defaults={"currency": "EUR"})
    assert projects["actual_cost"].tolist() == [1.234, 7]
    assert projects["baseline_budget"].tolist() == [1.234, 2]


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (["1.23E+05", "A-1"], "'1.23E+05' was turned into a scientific number by Excel"),
        (["1E+05"], "'1E+05' was turned into a scientific number by Excel"),
        (["1-Mar", "MAR3"], "'1-Mar' was turned into a date by Excel"),
        (["Mrz 01", "X1"], "'Mrz 01' was turned into a date by Excel"),
    ],
)
def test_an_id_that_excel_damaged_is_set_aside(ids, reason):
    with pytest.raises(BadRowsError) as error:
        load_projects(pd.DataFrame({"project_id": ids, "name": ids, "status": "open"}))
    assert reason in str(error.value)
    assert len(error.value.problems) == 1


def test_ids_that_all_look_like_dates_are_ids():
    ids = ["Mar-01", "Mar-02"]
    projects = load_projects(pd.DataFrame({"project_id": ids, "name": ids, "status": "open"}))
    assert projects["project_id"].tolist() == ids


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["45", "100", "1", "5 %"], [0.45, 1, 0.01, 0.05]),
        (["0.45", "1", "0"], [0.45, 1, 0]),
        (["1", "0"], [1, 0]),
    ],
)
def test_below_a_percent_sign_numbers_above_one_are_in_percent(cells, expected):
    rows = projects_of(**{"% done": cells})
    projects = load_projects(rows, columns={"percent_complete": "% done"})
    assert projects["percent_complete"].tolist() == expected


def test_a_share_of_one_beside_percentages_is_doubtful():
    rows = projects_of(percent_complete=["50", "1", "0.5 %", "0"])
    quarantine = Quarantine()
    load_projects(rows, quarantine=quarantine)
    problems = quarantine.problems[["line", "value", "reason"]].to_numpy().tolist()
    assert problems == [
        [1, "50", "is not between 0 and 1"],
        [2, "1", "could be a share or a percentage, as others of the column are above 1"],
    ]
