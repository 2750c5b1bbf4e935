import pandas as pd
from histories import HISTORIES, changes_of, project_that_goes_back
from hypothesis import given, settings

from pmanalytics import Lifecycle, rework, stage_passages, stage_visits
from pmanalytics.lifecycle import PROJECT
from pmanalytics.schemas import Rework, StagePassages, StatusChanges, empty

FLOW = Lifecycle(
    {"Waiting": ["To Do"], "Doing": ["In Progress"], "Checking": [], "Done": [], "Dropped": []},
    terminal=["Done"],
    cancelled=["Dropped"],
)


def test_the_worked_project_has_the_worked_rework(examples):
    """M20 counts the stages that were left: Initiation, Planning and Execution."""
    visits = stage_visits(project_that_goes_back(), PROJECT, as_of="2024-06-04T09:00Z")
    closed = visits[visits["stage"] != "Closure"]
    row = rework(closed, PROJECT).iloc[0]
    assert row[["rework_visits", "rework_share"]].tolist() == examples["M20"]["expected"]
    assert row["backward_moves"] == 1
    per_stage = stage_passages(visits, PROJECT).set_index("stage")
    assert per_stage.loc["Planning", ["rework_visits", "rework_days"]].tolist() == [1, 5.0]
    assert per_stage.loc["Execution", ["rework_visits", "rework_days"]].tolist() == [1, 60.0]
    assert per_stage["backward_moves"].to_dict() == {
        "Initiation": 0, "Planning": 0, "Execution": 1, "Closure": 0,
    }  # fmt: skip


def test_a_skipped_stage_is_no_stay_but_counts_in_the_share():
    """B skips Checking, C is still Doing, D was cancelled before anything began."""
    changes = changes_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-02", "In Progress"),
        ("A", "2024-01-03", "Checking"), ("A", "2024-01-04", "Done"),
        ("B", "2024-01-01", "To Do"), ("B", "2024-01-02", "In Progress"),
        ("B", "2024-01-03", "Done"),
        ("C", "2024-01-01", "In Progress"),
        ("D", "2024-01-01", "To Do"), ("D", "2024-01-02", "Dropped"),
    )  # fmt: skip
    table = stage_passages(stage_visits(changes, FLOW, as_of="2024-01-31"), FLOW)
    counts = table.set_index("stage")[["n", "k"]]
    assert counts.to_dict("index") == {
        "Waiting": {"n": 4, "k": 3},
        "Doing": {"n": 3, "k": 3},
        "Checking": {"n": 2, "k": 1},
        "Done": {"n": 2, "k": 2},
    }


def test_items_without_a_known_beginning_are_told_and_left_out():
    cut = changes_of(("A", "2024-01-01", "In Progress"), ("A", "2024-01-03", "Done"))
    cut["from_status"] = cut["from_status"].fillna("Elsewhere")
    visits = stage_visits(cut, FLOW, as_of="2024-01-31")
    passages = stage_passages(visits, FLOW).set_index("stage")
    assert passages["n"].tolist() == [0, 0]
    assert passages["n_incomplete"].to_dict() == {"Doing": 1, "Done": 1}
    assert passages["passed_share"].isna().all()
    row = rework(visits, FLOW).iloc[0]
    assert (row["n"], row["n_incomplete"], row["total_days"]) == (0, 1, 0)
    assert pd.isna(row["rework_share"])


def test_to_leave_an_end_is_a_backward_move_but_to_be_there_is_no_work():
    changes = changes_of(
        ("A", "2024-01-01", "In Progress"), ("A", "2024-01-03", "Done"),
        ("A", "2024-01-06", "In Progress"), ("A", "2024-01-10", "Done"),
    )  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    row = rework(visits, FLOW).iloc[0]
    columns = ["backward_moves", "rework_visits", "rework_days", "total_days"]
    assert row[columns].tolist() == [1, 1, 4.0, 6.0]
    end = stage_passages(visits, FLOW).set_index("stage").loc["Done"]
    assert (end["n_reentered"], end["backward_moves"], end["rework_days"]) == (1, 1, 0)


def test_a_move_back_is_seen_across_a_status_that_no_stage_claims_and_dropping_is_none():
    changes = changes_of(
        ("A", "2024-01-01", "In Progress"), ("A", "2024-01-03", "Elsewhere"),
        ("A", "2024-01-06", "To Do"),
        ("B", "2024-01-01", "Checking"), ("B", "2024-01-02", "Dropped"),
    )  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert rework(visits, FLOW)["backward_moves"].tolist() == [1]
    passages = stage_passages(visits, FLOW).set_index("stage")["backward_moves"]
    assert passages[passages > 0].to_dict() == {"Doing": 1}


def test_what_is_finished_came_as_far_as_every_stage():
    """Done here ends a life before the last stage in the order: A skipped Released."""
    flow = Lifecycle({"Doing": [], "Done": [], "Released": []}, terminal=["Done", "Released"])
    changes = changes_of(("A", "2024-01-01", "Doing"), ("A", "2024-01-02", "Done"))
    table = stage_passages(stage_visits(changes, flow, as_of="2024-01-31"), flow)
    assert table[["stage", "n", "k"]].to_numpy().tolist() == [
        ["Doing", 1, 1], ["Done", 1, 1], ["Released", 1, 0],
    ]  # fmt: skip


def test_groups_are_told_apart():
    changes = changes_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-02", "In Progress"),
        ("A", "2024-01-05", "To Do"), ("B", "2024-01-01", "To Do"),
    ).assign(team=["North", "North", "North", None])  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-05")
    table = rework(visits, FLOW, by="team")
    assert table["team"].isna().tolist() == [False, True]
    assert table["rework_days"].tolist() == [1.0, 0.0]
    assert table["total_days"].tolist() == [5.0, 5.0]


def test_no_visits_give_tables_without_rows():
    visits = stage_visits(empty(StatusChanges), FLOW, as_of="2024-01-31")
    for schema, table in (
        (StagePassages, stage_passages(visits, FLOW)),
        (Rework, rework(visits, FLOW)),
    ):
        assert table.empty
        assert list(table) == list(schema.to_schema().columns)


@settings(deadline=None, max_examples=25)
@given(HISTORIES)
def test_no_more_pass_than_could(changes):
    visits = stage_visits(changes, FLOW, as_of="2024-12-31")
    table = stage_passages(visits, FLOW)
    assert (table["k"] <= table["n"]).all()
    assert table["n"].is_monotonic_decreasing
    total = rework(visits, FLOW)
    assert (total["rework_days"] <= total["total_days"] + 1e-9).all()
