import datetime

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    cost_totals,
    earned_value_totals,
    on_time_rate,
    project_outcomes,
    reference_class,
    reference_class_backtest,
    reports_from_projects,
)
from pmanalytics.schemas import (
    Day,
    PriceIndex,
    Projects,
    Table,
    Tasks,
    count,
    dtypes,
    optional,
    required,
    share,
)
from pmanalytics.tables import complete

AS_OF = "2024-06-30"


class Sorts(Table):
    """One row per thing; its columns are of every kind, under every rule that tables have."""

    thing_id: str = required("Which", unique=True)
    state: str = optional("How", isin=["open", "done"])
    code: str = optional("Code", str_matches="^[A-Z]{3}$")
    n: np.int64 = count("How many")
    times: pd.Int64Dtype = optional("How often", ge=0)
    is_new: pd.BooleanDtype = optional("New?")
    is_old: bool = required("Old?")
    part: float = share("How much of it")
    price: float = required("Money", gt=0, le=100)
    due_date: Day = optional("When")


VALUES = {
    "thing_id": ["A", "B", "C", None],
    "state": ["open", "done", "lost", None],
    "code": ["EUR", "euro", None],
    "n": [-1, 0, 7],
    "times": [-1, 0, 7, None],
    "is_new": [True, False, None],
    "is_old": [True, False],
    "part": [-0.1, 0.0, 0.5, 1.0, 1.1, np.nan],
    "price": [0.0, 0.01, 100.0, 101.0, np.nan],
    "due_date": [pd.Timestamp("2024-01-01"), pd.NaT],
}
OTHER_KINDS = {"state": "category", "n": "int32", "is_old": "object", "price": "float32"}


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(
        st.fixed_dictionaries({n: st.sampled_from(v) for n, v in VALUES.items()}), max_size=3
    ),
    spoilt=st.sampled_from([*VALUES, ""]),
    other=st.sampled_from(["", *OTHER_KINDS]),
)
def test_a_table_is_accepted_or_refused_as_pandera_alone_would(rows, spoilt, other):
    """All but one column hold only what they may, so that each rule decides by itself."""
    good = {name: values[1] for name, values in VALUES.items() if name != spoilt}
    table = pd.DataFrame([row | good for row in rows], columns=[*VALUES])
    if spoilt != "thing_id":
        table["thing_id"] = [f"T{n}" for n in range(len(rows))]
    table = table.astype(dtypes(Sorts)).astype({other: OTHER_KINDS[other]} if other else {})
    assert _verdict(Sorts, table) == _verdict(Sorts.to_schema(), table)


def _verdict(schema, table):
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        return error.failure_cases[["column", "check", "failure_case"]].astype(str).to_dict("list")
    return "fits"


def test_a_day_handed_in_with_a_time_is_that_day(twelve_projects):
    """P03 ended on its due date; at three o'clock in the afternoon that is still no day late."""
    afternoon = pd.Timedelta(hours=15)
    timed = twelve_projects.assign(
        actual_finish_date=twelve_projects["actual_finish_date"] + afternoon
    )
    expected = project_outcomes(twelve_projects, as_of=AS_OF)
    pd.testing.assert_frame_equal(project_outcomes(timed, as_of=AS_OF), expected)


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_days_of_any_resolution_are_the_same_days(twelve_projects, unit):
    dates = twelve_projects.select_dtypes("datetime").columns
    other = twelve_projects.astype(dict.fromkeys(dates, f"datetime64[{unit}]"))
    expected = project_outcomes(twelve_projects, as_of=AS_OF)
    pd.testing.assert_frame_equal(project_outcomes(other, as_of=AS_OF), expected)


@pytest.mark.parametrize("kind", ["category", "object"])
def test_texts_may_be_categories_or_objects(twelve_projects, kind):
    texts = ["project_id", "name", "status", "currency"]
    other = twelve_projects.astype(dict.fromkeys(texts, kind))
    expected = project_outcomes(twelve_projects, as_of=AS_OF)
    pd.testing.assert_frame_equal(project_outcomes(other, as_of=AS_OF), expected)


def test_the_index_of_a_table_means_nothing(twelve_projects):
    same = twelve_projects.set_axis([7] * len(twelve_projects))
    pd.testing.assert_frame_equal(
        project_outcomes(same, as_of=AS_OF), project_outcomes(twelve_projects, as_of=AS_OF)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline_budget": -1.0}, "has the baseline_budget -1.0, which cannot be"),
        ({"actual_cost": np.inf}, "has the actual_cost inf, which cannot be"),
        ({"actual_cost": 1e300}, r"has the actual_cost 1e\+300, which cannot be"),
        ({"percent_complete": 250.0}, "has the percent_complete 250.0, which cannot be"),
        ({"rebaseline_count": 1.5}, "holds float64 in rebaseline_count, not Int64"),
        ({"currency": "Euro"}, "has the currency 'Euro', which cannot be"),
        ({"actual_finish_date": pd.Timestamp("2024-01-01T22:30Z")}, "in actual_finish_date, not"),
        ({"name": None}, "has rows without name"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_words(twelve_projects, change, message):
    """An instant needs a zone to be a day: 22:30 UTC is the next day in Berlin."""
    with pytest.raises(PMAnalyticsError, match=message):
        complete(twelve_projects.assign(**change), Projects)


def test_a_repeated_record_is_refused_by_name():
    tasks = pd.DataFrame({"task_id": ["T1", "T1"]})
    with pytest.raises(PMAnalyticsError, match="task_id repeats in the Tasks table"):
        complete(tasks, Tasks)
    index = pd.DataFrame({"year": [2023, 2023], "price_index": [1.0, 1.1]})
    with pytest.raises(PMAnalyticsError, match="year repeats in the PriceIndex table"):
        complete(index, PriceIndex)


@pytest.mark.parametrize(
    ("cells", "words"), [([1, "1"], "int and str"), ([{"a"}, {"b"}], "set"), ([["a"], "b"], "list")]
)
def test_groups_of_no_order_are_refused_in_words(twelve_projects, cells, words):
    odd = twelve_projects.assign(unit=pd.Series(cells * 6, dtype=object))
    with pytest.raises(PMAnalyticsError, match=f"by='unit' holds {words}"):
        on_time_rate(odd, as_of=AS_OF, by="unit")


def test_groups_may_be_days_truths_or_objects_of_one_kind(twelve_projects):
    days = [datetime.date(2024, 1, 1), None, datetime.date(2023, 1, 1)] * 4
    odd = twelve_projects.assign(decided=days, is_new=[True, False] * 6, year=[2023, 2024] * 6)
    for name, n in (("decided", 3), ("is_new", 2), ("year", 2), ("actual_finish_date", 10)):
        assert len(on_time_rate(odd, as_of=AS_OF, by=name)) == n


@pytest.mark.parametrize(
    "name", [0, ("a", "b"), "size", "index", "level_0", "class", "start", "row"]
)
def test_a_group_may_have_any_name_of_its_own(twelve_projects, name):
    """Names that the reckoning uses itself, and labels that are no text."""
    halves = twelve_projects.assign(half=["A", "B"] * 6)
    named = halves.rename(columns={"half": name})
    for metric in (on_time_rate, cost_totals, reference_class, reference_class_backtest):
        expected = metric(halves, as_of=AS_OF, by="half")
        found = metric(named, as_of=AS_OF, by=[name])
        assert found[name].tolist() == expected["half"].tolist()
        pd.testing.assert_frame_equal(
            found.drop(columns=[name]), expected.drop(columns="half"), check_column_type=False
        )


@pytest.mark.parametrize("name", ["is_stale", "is_mixed", "is_apart", "series"])
def test_a_group_of_totals_may_have_any_name_of_its_own(twelve_projects, name):
    halves = twelve_projects.assign(half=["A", "B"] * 6, percent_complete=0.5)
    reports = reports_from_projects(halves, as_of=AS_OF)
    expected = earned_value_totals(reports, halves, as_of=AS_OF, by="half")
    named = halves.rename(columns={"half": name})
    found = earned_value_totals(reports, named, as_of=AS_OF, by=name)
    pd.testing.assert_frame_equal(found.rename(columns={name: "half"}), expected)


@pytest.mark.parametrize("by", ["ratio", "state"])
def test_a_group_named_like_a_number_of_a_class_is_refused_in_words(twelve_projects, by):
    named = twelve_projects.assign(**{by: "x"})
    for metric in (reference_class, reference_class_backtest):
        with pytest.raises(PMAnalyticsError, match=f"by='{by}' would be in the result twice"):
            metric(named, as_of=AS_OF, by=by)


@pytest.mark.parametrize("by", [0, [["status"]], {"status"}])
def test_a_group_that_is_no_column_is_refused_in_words(twelve_projects, by):
    with pytest.raises(PMAnalyticsError, match=r"by=|lacks"):
        on_time_rate(twelve_projects, as_of=AS_OF, by=by)
