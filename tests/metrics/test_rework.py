import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Lifecycle,
    item_rework,
    item_stages,
    parallel_visits,
    reopen_rate,
    stage_durations,
    stage_passage,
    stage_visits,
    status_mapping,
)
from pmanalytics.lifecycle import PROJECT
from pmanalytics.schemas import ItemRework, StagePassage, StageVisits, empty

FLOW = Lifecycle(
    {"Plan": [], "Build": [], "Check": [], "Done": [], "Dropped": []}, ["Done"], ["Dropped"]
)
STAGES = ["Initiation", "Planning", "Execution", "Planning", "Execution", "Closure"]
DAYS = ["01-01", "01-11", "02-10", "03-01", "03-06", "05-05"]
PROJECT_ROWS = [("P", f"2024-{day}T09:00Z", s) for day, s in zip(DAYS, STAGES, strict=True)]


def changes_of(*rows, level="project"):
    """Return status changes from (item, instant, status), in order of time per item."""
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "to_status"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True, format="ISO8601")
    table["from_status"] = table.groupby("item_id")["to_status"].shift()
    table["sequence"] = table.groupby("item_id").cumcount()
    return table.assign(level=level)


def paths(**items):
    """Return the visits of items that go through stages, one a day."""
    rows = [
        (item, f"2024-01-{1 + day:02}T10:00Z", stage)
        for item, stages in items.items()
        for day, stage in enumerate(stages.split())
    ]
    return stage_visits(changes_of(*rows), FLOW, as_of="2024-01-31")


def test_a_project_that_goes_back_has_the_worked_rework(examples):
    """M20: of 125 days, 5 in the second Planning and 60 in the second Execution are rework."""
    visits = stage_visits(changes_of(*PROJECT_ROWS), PROJECT, as_of="2024-06-04T09:00Z")
    row = item_rework(visits, PROJECT).iloc[0]
    n_visits, rework_share = examples["M20"]["expected"]
    assert (row["rework_visits"], row["backward_moves"]) == (n_visits, 1)
    assert row["rework_share"] == pytest.approx(rework_share)
    table = stage_passage(visits, PROJECT).set_index("stage")
    assert table["rework_visits"].to_dict() == {
        "Initiation": 0, "Planning": 1, "Execution": 1, "Closure": 0, "Closed": 0, "Cancelled": 0,
    }  # fmt: skip
    assert table["rework_share"].dropna().to_dict() == pytest.approx(
        {"Initiation": 0, "Planning": 5 / 35, "Execution": 60 / 80}
    )
    assert table.loc[table["n_backward"] > 0, "n_backward"].to_dict() == {"Execution": 1}


def test_who_skipped_a_stage_did_not_pass_through_it():
    """A passes all; B skips Check; C is in Build; D is dropped there; E goes to Done at once."""
    visits = paths(
        A="Plan Build Check Done", B="Plan Build Done", C="Plan Build", D="Plan Build Dropped",
        E="Plan Done",
    )  # fmt: skip
    table = stage_passage(visits, FLOW).set_index("stage")
    assert table[["k", "n"]].T.to_dict("list") == {
        "Plan": [5, 5], "Build": [4, 5], "Check": [1, 3], "Done": [3, 3], "Dropped": [0, 0],
    }  # fmt: skip
    assert table["passed_through_share"].tolist()[:4] == pytest.approx([1, 4 / 5, 1 / 3, 1])
    assert pd.isna(table.loc["Dropped", "passed_through_share"])
    assert table.loc["Dropped", "n_entered"] == 1
    row = table.loc["Plan"]
    assert (row["low"], row["high"], row["reliability"]) == pytest.approx(
        (0.5655, 1.0, "indicative"), abs=5e-5
    )


def test_an_item_that_was_finished_counts_as_having_passed_all():
    """Reopened from Done to Plan, it is an item that came as far as Done without Build."""
    table = stage_passage(paths(A="Plan Done Plan"), FLOW).set_index("stage")
    assert table.loc["Build", ["k", "n"]].tolist() == [0, 1]
    assert table.loc["Done", "n_backward"] == 1
    assert reopen_rate(paths(A="Plan Done Plan"), FLOW)["reopen_rate"].tolist() == [1.0]


def test_coming_back_to_the_end_is_no_rework():
    row = item_rework(paths(A="Plan Done Plan Done"), FLOW).iloc[0]
    assert (row["rework_visits"], row["rework_days"], row["total_days"]) == (1, 1, 2)


def test_a_move_back_is_seen_across_an_unmapped_status_and_being_dropped_is_none():
    rows = item_rework(paths(A="Build Elsewhere Plan", B="Check Dropped"), FLOW)
    assert rows["backward_moves"].tolist() == [1, 0]
    table = stage_passage(paths(A="Build Elsewhere Plan"), FLOW).set_index("stage")
    assert table.loc["Build", "n_backward"] == 1
    assert table.loc["(unmapped)", ["n_entered", "n"]].tolist() == [1, 0]


def test_an_item_whose_beginning_is_not_known_says_nothing_about_what_it_skipped():
    changes = changes_of(("A", "2024-01-01", "Build"), ("B", "2024-01-01", "Plan"))
    changes["from_status"] = changes["from_status"].mask(changes["item_id"] == "A", "Plan")
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    table = stage_passage(visits, FLOW).set_index("stage")
    columns = ["n_entered", "k", "n", "n_incomplete"]
    assert table.loc["Plan", columns].tolist() == [1, 1, 1, 1]
    assert table.loc["Build", columns].tolist() == [1, 0, 0, 1]
    assert table.loc["Check", columns].tolist() == [0, 0, 0, 0]


def test_passage_is_told_by_group_and_level():
    visits = paths(A="Plan Build", B="Plan Build Plan", C="Plan")
    visits = visits.assign(team=visits["item_id"].map({"A": "North", "B": "North"}))
    both = pd.concat([visits, visits.assign(level="product")])
    table = stage_passage(both, FLOW, by="team").set_index(["level", "team", "stage"])
    assert len(table) == 2 * 2 * len(FLOW.stages)
    for level in ("project", "product"):
        assert table.loc[(level, "North", "Plan"), ["k", "n_reentered"]].tolist() == [2, 1]
        assert table.loc[(level, None, "Build"), ["k", "n"]].tolist() == [0, 0]


def test_no_visits_have_no_passage_and_no_rework():
    for table, schema in (
        (stage_passage(empty(StageVisits), FLOW), StagePassage),
        (item_rework(empty(StageVisits), FLOW), ItemRework),
    ):
        assert table.empty
        assert list(table) == list(schema.to_schema().columns)


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.datetimes(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")),
        st.sampled_from([*FLOW.stages, "Elsewhere"]),
    ),
    min_size=1,
    max_size=25,
).map(lambda rows: changes_of(*sorted(rows, key=lambda row: row[:2])))


@settings(deadline=None, max_examples=40)
@given(HISTORIES)
def test_stages_and_items_tell_of_the_same_rework(changes):
    visits = stage_visits(changes, FLOW, as_of="2024-12-31")
    table, items = stage_passage(visits, FLOW), item_rework(visits, FLOW)
    assert table["rework_visits"].sum() == items["rework_visits"].sum()
    assert table["n_backward"].sum() == items["backward_moves"].sum()
    assert (items["rework_days"] <= items["total_days"]).all()
    assert (table["k"] <= table["n"]).all()
    assert (table["k"] <= table["n_entered"]).all()
    assert table["n_reentered"].le(table["n_entered"]).all()
    on_the_way = table.set_index("stage").loc[["Plan", "Build", "Check", "Done"], "n"]
    assert on_the_way.is_monotonic_decreasing
    assert table.set_index("stage")["n_entered"].to_dict() == (
        dict.fromkeys(table["stage"], 0) | item_stages(visits)["stage"].value_counts().to_dict()
    )


@settings(deadline=None, max_examples=10)
@given(HISTORIES)
def test_products_projects_and_work_items_are_measured_alike(changes):
    flow = Lifecycle(
        FLOW.stages, FLOW.terminal, FLOW.cancelled, parallel={"Beside": ["Build", "Done"]}
    )
    found = []
    for level in ("product", "project", "work_item"):
        own = changes.assign(level=level)
        visits = stage_visits(own, flow, as_of="2024-12-31")
        tables = [
            visits, status_mapping(own, flow), item_stages(visits), stage_durations(visits),
            parallel_visits(visits, flow), item_rework(visits, flow), stage_passage(visits, flow),
            reopen_rate(visits, flow),
        ]  # fmt: skip
        assert all(table["level"].eq(level).all() for table in tables)
        found.append([table.drop(columns="level") for table in tables])
    for one, other in zip(found[0] * 2, [*found[1], *found[2]], strict=True):
        pd.testing.assert_frame_equal(one, other)
