import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    Quarantine,
    goal_attainment,
    goals_attained,
    load_table,
)
from pmanalytics.schemas import GoalAttainments, GoalRates, Goals, dtypes, empty

AS_OF = "2024-06-30"


def goals_of(*rows):
    """Return goals, each as its differences from one half attained over the whole of 2024."""
    plain = {"baseline": 0, "target": 100, "actual": 50, "start_date": "2024-01-01",
             "due_date": "2024-12-31"}  # fmt: skip
    return load_table(
        pd.DataFrame([plain | {"goal_id": f"G{n}"} | row for n, row in enumerate(rows, 1)]), Goals
    )


def attained(*rows, as_of=AS_OF):
    return goal_attainment(goals_of(*rows), as_of=as_of)


def test_the_worked_attainments(examples):
    """M48: up, down, and in the wrong direction."""
    found = attained(
        {"baseline": 100, "target": 150, "actual": 130},
        {"baseline": 10, "target": 4, "actual": 5.5},
        {"baseline": 10, "target": 4, "actual": 11},
    )
    assert found["attainment"].tolist() == pytest.approx(examples["M48"]["expected"], abs=5e-5)
    assert found["direction"].tolist() == ["raise", "lower", "lower"]


def test_more_than_was_aimed_for_is_told():
    assert attained({"actual": 130})["attainment"].tolist() == [1.3]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"target": 0}, "the target is the baseline"),
        ({"baseline": ""}, "no baseline or no target"),
        ({"target": ""}, "no baseline or no target"),
        ({"actual": ""}, "no actual value"),
    ],
)
def test_an_attainment_that_is_not_defined_says_why(row, reason):
    found = attained(row).iloc[0]
    assert found[["attainment", "is_attained", "pace"]].isna().all()
    assert found["reason"] == reason


def test_a_goal_is_due_on_its_day():
    rows = [{"due_date": day} for day in ("2024-06-29", AS_OF, "2024-07-01")]
    assert attained(*rows)["is_due"].tolist() == [True, True, False]


def test_the_pace_is_attainment_against_time():
    """From 1 January to 31 December are 365 days; 30 June is 181 of them."""
    found = attained({}).iloc[0]
    assert found["elapsed_share"] == pytest.approx(181 / 365)
    assert found["pace"] == pytest.approx(0.5 / (181 / 365))


def test_from_its_due_date_on_the_whole_period_has_passed():
    found = attained({"due_date": "2024-03-31"}).iloc[0]
    assert (found["elapsed_share"], found["pace"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"start_date": "2024-08-01"}, "its period has not begun"),
        ({"start_date": ""}, "no start before its due date, so no pace"),
        ({"start_date": "", "due_date": ""}, "no due date"),
    ],
)
def test_a_goal_without_a_period_has_an_attainment_and_no_pace(row, reason):
    found = attained(row).iloc[0]
    assert found["attainment"] == 0.5
    assert pd.isna(found["pace"])
    assert found["reason"] == reason


def test_an_attainment_is_not_missed_by_a_rounding_error():
    """3 · 0.1 is a little more than 0.3, so (0.3 − 0) ÷ (3 · 0.1) is a little less than 1."""
    assert attained({"target": 3 * 0.1, "actual": 0.3})["is_attained"].tolist() == [True]


def test_the_rate_is_of_goals_due_of_which_something_is_known():
    """Two of three due; Wilson's interval of 2 in 3 is 20.8 % to 93.9 % (Newcombe's formula)."""
    past = {"due_date": "2024-05-31"}
    found = attained(
        past | {"actual": 100}, past | {"actual": 120}, past, past | {"actual": ""}, {},
        {"due_date": ""},
    )  # fmt: skip
    row = goals_attained(found).iloc[0]
    assert row[["k", "n", "n_not_due", "n_undated", "n_undefined"]].tolist() == [2, 3, 1, 1, 1]
    assert row[["attained_rate", "low", "high"]].tolist() == pytest.approx(
        [2 / 3, 0.2077, 0.9385], abs=5e-5
    )
    assert row["reliability"] == "too_few"


def test_without_a_goal_due_there_is_no_rate():
    row = goals_attained(attained({})).iloc[0]
    assert row["n"] == 0
    assert row[["attained_rate", "low", "high"]].isna().all()


def test_goals_are_told_by_product():
    past = {"due_date": "2024-05-31"}
    found = attained(past | {"product_id": "B"}, past | {"product_id": "A", "actual": 100})
    rates = goals_attained(found, by="product_id")
    assert rates[["product_id", "attained_rate"]].to_numpy().tolist() == [["A", 1.0], ["B", 0.0]]


VALUES = st.one_of(st.none(), st.integers(-100, 100))


@given(
    st.lists(
        st.fixed_dictionaries(
            {"baseline": VALUES, "target": VALUES, "actual": VALUES,
             "due_date": st.sampled_from([None, "2024-03-31", "2024-12-31"])}
        ),
        max_size=8,
    )
)  # fmt: skip
@settings(deadline=None, max_examples=30)
def test_every_goal_is_counted_once(rows):
    found = goals_attained(attained(*rows)) if rows else goals_attained(empty(GoalAttainments))
    counts = found[["n", "n_not_due", "n_undated", "n_undefined"]].to_numpy().sum()
    assert counts == len(rows)


@given(VALUES.filter(bool), VALUES.filter(lambda value: value is not None), st.integers(1, 9))
@settings(deadline=None, max_examples=30)
def test_neither_unit_nor_direction_changes_an_attainment(target, actual, factor):
    values = {"target": target, "actual": actual}
    scaled = {name: -factor * value for name, value in values.items()}
    first, second = attained(values, scaled)["attainment"]
    assert first == pytest.approx(second)


def test_a_period_that_ends_before_it_begins_is_set_aside():
    row = {"goal_id": ["G1"], "start_date": ["2024-05-01"], "due_date": ["2024-04-30"]}
    quarantine = Quarantine()
    assert load_table(pd.DataFrame(row), Goals, quarantine=quarantine).empty
    assert quarantine.problems["reason"].tolist() == ["is before the start_date"]


def test_a_goal_named_twice_is_refused():
    rows = pd.DataFrame({"goal_id": ["G1", "G1"]})
    with pytest.raises(PMAnalyticsError, match="goal_id repeats in the Goals table"):
        goal_attainment(rows, as_of=AS_OF)


def test_nothing_in_gives_nothing_out():
    found = goal_attainment(empty(Goals), as_of=AS_OF)
    assert list(found) == list(dtypes(GoalAttainments))
    assert list(goals_attained(found)) == list(dtypes(GoalRates))
