import pandas as pd
import pytest

from pmanalytics import Lifecycle, PMAnalyticsError, status_mapping
from pmanalytics.lifecycle import PRODUCT, PROJECT, categories_of


def test_statuses_are_found_whatever_their_case_and_unicode_form():
    flow = Lifecycle({"Prüfung": ["In Prüfung"]})
    decomposed = pd.Series([" in prüfung "])
    assert flow.stages_of(decomposed).tolist() == ["Prüfung"]


def test_a_status_claimed_twice_is_refused():
    with pytest.raises(
        PMAnalyticsError, match="'Doing' and 'Testing' both claim the status 'review'"
    ):
        Lifecycle({"Doing": ["Review"], "Testing": ["review "]})


def test_a_terminal_stage_must_be_a_stage():
    with pytest.raises(PMAnalyticsError, match="'Gone' is no stage; the stages are Doing"):
        Lifecycle({"Doing": []}, terminal=["Gone"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"waiting": ["Queue"]}, "'Queue' is no stage"),
        ({"start": "Begin"}, "'Begin' is no stage"),
        ({"item_types": {"Bug": {"Triage": ["New"]}}}, "'Triage' is no stage"),
        (
            {"item_types": {"Bug": {"Doing": ["New"], "Done": ["new"]}}},
            "'Doing' and 'Done' both claim the status 'new'",
        ),
        ({"parallel": {"Watching": ["Doing"]}}, "'Watching' needs the stage that begins it"),
        ({"parallel": {"Watching": ["Done", "Doing"]}}, "a later one that ends it"),
        ({"parallel": {"Doing": ["Doing", "Done"]}}, "'Doing' is a stage, so it cannot run"),
        ({"parallel": {"Watching": ["Doing", "Over"]}}, "'Over' is no stage"),
        ({"waiting": "Doing"}, "'Doing' must be a list of names"),
    ],
)
def test_what_names_no_stage_is_refused(options, message):
    with pytest.raises(PMAnalyticsError, match=message):
        Lifecycle({"Doing": [], "Done": []}, **options)


def test_work_begins_where_nobody_waits_unless_a_stage_is_named():
    stages = {"Ready": [], "Doing": [], "Done": []}
    assert Lifecycle(stages).first_working_stage == "Ready"
    assert Lifecycle(stages, waiting=["Ready"]).first_working_stage == "Doing"
    assert Lifecycle(stages, start="Done").first_working_stage == "Done"
    assert Lifecycle({}).first_working_stage == ""
    assert (PRODUCT.first_working_stage, PROJECT.first_working_stage) == (
        "Development", "Execution",
    )  # fmt: skip


CHANGES = pd.DataFrame(
    {
        "level": "work_item",
        "item_id": ["1", "2", "3", "4", "4"],
        "item_type": ["Bug", "Story", "Bug", None, None],
        "changed_at": pd.to_datetime(["2024-01-01"] * 5, utc=True),
        "to_status_id": ["7", "7", None, "9", None],
        "to_status": ["Open", "Open", "In Review", "Renamed", "Parked"],
        "sequence": [0, 0, 0, 0, 1],
    }
)


def test_an_id_wins_over_a_name_and_a_type_over_the_rule_for_all():
    flow = Lifecycle(
        {"Waiting": ["Open"], "Doing": ["9", "In Review"], "Checking": []},
        item_types={"Bug": {"Doing": ["7"], "Checking": ["In review"]}},
    )
    placed = flow.placed(CHANGES)
    assert placed.to_numpy().tolist() == [
        ["Doing", "id"], ["Waiting", "name"], ["Checking", "name"], ["Doing", "id"],
        ["(unmapped)", "none"],
    ]  # fmt: skip
    table = status_mapping(CHANGES, flow)
    assert table["n_changes"].sum() == len(CHANGES)
    assert table.loc[table["status"] == "Open", "item_type"].tolist() == ["Bug", "Story"]


def test_categories_place_what_no_stage_claims_and_each_use_is_counted():
    items = pd.DataFrame(
        {
            "status": ["Open", "Parked", "parked ", "Shipped", "Odd", "Odd"],
            "status_category": ["new", "indeterminate", "indeterminate", "done", "new", "done"],
        }
    )
    categories = categories_of(items)
    assert categories == {"open": "new", "parked": "indeterminate", "shipped": "done"}
    flow = Lifecycle(
        {"Waiting": ["Open"], "Doing": ["In Review"], "Done": []},
        ["Done"],
        waiting=["Waiting"],
        categories=categories,
    )
    statuses = pd.Series(["Parked", "Shipped", "Odd"])
    assert flow.stages_of(statuses).tolist() == ["Doing", "Done", "(unmapped)"]
    table = status_mapping(CHANGES, flow).set_index("status")
    assert table["matched_by"].to_dict() == {
        "Open": "name", "In Review": "name", "Renamed": "none", "Parked": "category",
    }  # fmt: skip
    assert table.loc["Open", "n_items"] == 2


def test_a_category_that_has_no_stage_places_nothing():
    """Nothing ends this lifecycle, and "undefined" is none of Jira's three."""
    flow = Lifecycle(
        {"Waiting": [], "Doing": []},
        waiting=["Waiting"],
        categories={"fresh": "new", "busy": "indeterminate", "over": "done", "odd": "undefined"},
    )
    statuses = pd.Series(["Fresh", "Busy", "Over", "Odd"])
    assert flow.stages_of(statuses).tolist() == ["Waiting", "Doing", "(unmapped)", "(unmapped)"]


def test_a_type_of_item_is_known_whatever_its_case():
    flow = Lifecycle(
        {"Doing": ["Testing"], "Checking": []}, item_types={"Bug": {"Checking": ["Testing"]}}
    )
    rows = pd.DataFrame({"item_type": ["bug", "Story", None], "to_status": "Testing"})
    assert flow.placed(rows)["stage"].tolist() == ["Checking", "Doing", "Doing"]


@pytest.mark.parametrize("name", ["parallel", "item_types"])
def test_what_is_to_be_a_section_is_refused_if_it_is_none(name):
    with pytest.raises(PMAnalyticsError, match=f"{name} must be a section, not 3"):
        Lifecycle({"Doing": []}, **{name: 3})
    with pytest.raises(PMAnalyticsError, match="Bug must be a section"):
        Lifecycle({"Doing": []}, item_types={"Bug": ["Doing"]})
