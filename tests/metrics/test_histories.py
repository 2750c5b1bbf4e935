import pandas as pd
import pytest

from pmanalytics import (
    Lifecycle,
    history_problems,
    item_stages,
    rework,
    stage_durations,
    stage_passages,
    stage_visits,
)
from pmanalytics.schemas import HistoryProblems, StatusChanges, empty

FLOW = Lifecycle({"To Do": [], "Doing": [], "Done": []}, ["Done"])
AS_OF = "2024-01-31T10:00Z"


def changes_of(*rows):
    """Return the changes of one item from (day of January at ten, status left, status entered)."""
    table = pd.DataFrame(rows, columns=["day", "from_status", "to_status"])
    at = pd.Timestamp("2023-12-31T10:00Z") + pd.to_timedelta(table.pop("day"), unit="D")
    return table.assign(level="work_item", item_id="A", changed_at=at, sequence=range(len(rows)))


def problems_of(changes):
    found = history_problems(changes)
    return found[["to_status", "problem"]].to_numpy().tolist()


def stays_of(changes):
    visits = stage_visits(changes, FLOW, as_of=AS_OF)
    return visits[["stage", "days", "is_zero_length"]].to_numpy().tolist()


def test_a_creation_after_the_first_change_is_moved_back_to_it():
    changes = changes_of((5, None, "To Do"), (3, "To Do", "Doing"), (11, "Doing", "Done"))
    assert problems_of(changes) == [["To Do", "before creation"]]
    assert stays_of(changes) == [["To Do", 0, True], ["Doing", 8, False], ["Done", 20, False]]
    assert stage_visits(changes, FLOW, as_of=AS_OF)["history_complete"].all()


def test_where_no_status_left_is_told_the_order_of_time_decides():
    changes = changes_of((5, None, "Doing"), (3, None, "To Do"))
    assert problems_of(changes) == []
    assert stays_of(changes) == [["To Do", 2, False], ["Doing", 26, False]]


@pytest.mark.parametrize("numbers", [[0, 1, 2, 0, 1, 2], [0, 1, 2, 3, 4, 5]])
def test_the_same_history_told_twice_counts_once(numbers):
    """Whether the second telling numbers the changes anew or not."""
    once = changes_of((1, None, "To Do"), (3, "To Do", "Doing"), (4, "Doing", "Done"))
    twice = pd.concat([once, once], ignore_index=True).assign(sequence=numbers)
    assert problems_of(twice) == [[status, "told again"] for status in FLOW.stages]
    assert stays_of(twice) == stays_of(once)


def test_changes_of_one_instant_told_twice_count_once():
    once = changes_of((1, None, "To Do"), (3, "To Do", "Doing"), (3, "Doing", "Done"))
    twice = pd.concat([once, once], ignore_index=True)
    assert problems_of(twice) == [[status, "told again"] for status in FLOW.stages]
    assert stays_of(twice) == stays_of(once)


def test_to_and_fro_within_one_instant_is_no_repetition():
    """Three changes of one second, of which the last is like the first: it ends in Doing."""
    changes = changes_of(
        (1, None, "To Do"), (3, "To Do", "Doing"), (3, "Doing", "To Do"), (3, "To Do", "Doing")
    )
    assert problems_of(changes) == []
    assert stays_of(changes) == [
        ["To Do", 2, False],
        ["Doing", 0, True],
        ["To Do", 0, True],
        ["Doing", 28, False],
    ]


def test_a_change_that_leaves_another_status_is_believed_and_told():
    changes = changes_of((1, None, "To Do"), (3, "Doing", "Done"))
    assert problems_of(changes) == [["Done", "chain break"]]
    assert stage_visits(changes, FLOW, as_of=AS_OF)["is_chain_break"].tolist() == [False, True]
    assert stays_of(changes) == [["To Do", 2, False], ["Done", 28, False]]


def test_a_renamed_status_breaks_no_chain():
    """By its identifier it is the same, whatever it was called when; or by its name in any case."""
    changes = changes_of((1, None, "To Do"), (3, "Backlog", "Doing"))
    assert problems_of(changes) == [["Doing", "chain break"]]
    ids = changes.assign(from_status_id=[None, "1"], to_status_id=["1", "2"])
    cases = changes.assign(from_status=[None, "to do "])
    for same in (ids, cases):
        assert problems_of(same) == []
        assert not stage_visits(same, FLOW, as_of=AS_OF)["is_chain_break"].any()


def test_a_cycle_of_no_time_has_visits_but_no_share_of_rework():
    changes = changes_of((1, None, "To Do"), (1, "To Do", "Doing"), (1, "Doing", "To Do"))
    visits = stage_visits(changes, FLOW, as_of=AS_OF)
    assert visits["visit"].tolist() == [1, 1, 2]
    row = rework(visits[~visits["is_open"]], FLOW).iloc[0]
    assert row["total_days"] == 0
    assert pd.isna(row["rework_share"])
    totals = item_stages(visits).set_index("stage")["total_days"]
    assert totals.to_dict() == {"To Do": 30, "Doing": 0}


def test_where_everything_is_open_nothing_is_claimed():
    """A stage that all items are still in has no median; one nobody came to has no row."""
    visits = stage_visits(changes_of((1, None, "To Do")), FLOW, as_of=AS_OF)
    row = stage_durations(visits).iloc[0]
    assert (row["n"], row["n_ended"], row["n_open"]) == (1, 0, 1)
    assert pd.isna(row["median_days"])
    assert stage_passages(visits, FLOW)["stage"].tolist() == ["To Do"]


def test_a_column_of_the_users_own_comes_through_whatever_its_name():
    changes = changes_of((1, None, "To Do")).assign(item="mine", days="of rain", group="North")
    visits = stage_visits(changes, FLOW, as_of=AS_OF)
    assert visits[["item", "group", "days"]].to_numpy().tolist() == [["mine", "North", 30]]
    assert stage_passages(visits, FLOW, by="item")["item"].unique().tolist() == ["mine"]
    again = stage_visits(changes, FLOW, as_of=AS_OF, policy="furthest")
    assert again["item"].tolist() == ["mine"]


def test_no_changes_have_no_problems():
    found = history_problems(empty(StatusChanges))
    assert found.empty
    assert list(found) == list(HistoryProblems.to_schema().columns)
