import pandas as pd
import pytest

from pmanalytics import Lifecycle, PMAnalyticsError, status_mapping
from pmanalytics.lifecycle import PRODUCT, PROJECT
from pmanalytics.schemas import StatusChanges, StatusMapping, empty

FLOW = {"Waiting": ["To Do"], "Doing": ["10001"], "Done": []}


def entries(*rows):
    """Return status changes from (item, type, status id, status)."""
    table = pd.DataFrame(rows, columns=["item_id", "item_type", "to_status_id", "to_status"])
    return table.assign(
        level="work_item",
        changed_at=pd.Timestamp("2024-01-01", tz="UTC"),
        sequence=range(len(rows)),
    )


def test_statuses_are_found_whatever_their_case_and_unicode_form():
    flow = Lifecycle({"Prüfung": ["In Prüfung"]})
    decomposed = pd.Series([" in pru\u0308fung "])
    assert flow.stages_of(decomposed).tolist() == ["Prüfung"]


def test_a_status_claimed_twice_is_refused():
    with pytest.raises(
        PMAnalyticsError, match="'Doing' and 'Testing' both claim the status 'review'"
    ):
        Lifecycle({"Doing": ["Review"], "Testing": ["review "]})


def test_a_status_claimed_twice_for_one_type_is_refused():
    with pytest.raises(
        PMAnalyticsError, match="'Waiting' and 'Doing' both claim the status 'open' of Bug"
    ):
        Lifecycle(FLOW, item_types={"Bug": {"Waiting": ["Open"], "Doing": ["open"]}})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"terminal": ["Gone"]}, "'Gone' is no stage; the stages are Waiting, Doing, Done"),
        ({"cancelled": ["Gone"]}, "'Gone' is no stage"),
        ({"waiting": ["Gone"]}, "'Gone' is no stage"),
        ({"start": "Gone"}, "'Gone' is no stage"),
        ({"start": 3}, "must be a list of names"),
        ({"waiting": "Waiting"}, "'Waiting' must be a list of names"),
        ({"item_types": {"Bug": {"Gone": ["Open"]}}}, "'Gone' is no stage"),
        ({"item_types": {"Bug": {"Doing": "Open"}}}, "'Open' must be a list of names"),
        ({"item_types": {"Bug": ["Open"]}}, "item_types.Bug must be a section"),
        ({"item_types": {"Bug": {}, "bug": {}}}, "the item type 'bug' is given twice"),
        ({"parallel": {"Control": ["Doing", "Gone"]}}, "'Gone' is no stage"),
        ({"parallel": {"Control": ["Doing"]}}, "parallel 'Control' needs the stage with which"),
        ({"parallel": {"Control": ["Done", "Doing"]}}, "parallel 'Control' needs the stage with"),
        ({"parallel": {"Doing": ["Waiting", "Done"]}}, "'Doing' is a stage, so it cannot be"),
        ({"unmapped": "drop"}, "unmapped='drop' is none of keep, carry, error"),
        ({"fallback": "colour"}, "fallback='colour' is not known; there is status_category"),
    ],
)
def test_a_lifecycle_that_cannot_be_is_refused(settings, message):
    with pytest.raises(PMAnalyticsError, match=message):
        Lifecycle(FLOW, **settings)


def test_work_begins_where_it_is_said_or_in_the_first_stage_in_which_nothing_waits():
    assert Lifecycle(FLOW).first_working_stage == "Waiting"
    assert Lifecycle(FLOW, waiting=["Waiting"]).first_working_stage == "Doing"
    assert Lifecycle(FLOW, waiting=["Waiting"], start="Done").first_working_stage == "Done"
    assert Lifecycle({}).first_working_stage == ""
    assert (PRODUCT.first_working_stage, PROJECT.first_working_stage) == (
        "Development",
        "Execution",
    )


def test_the_identifier_of_a_status_counts_more_than_its_name():
    """Renamed in Jira, 10001 is still the status that the map means."""
    changes = entries(("A", None, "10001", "To Do"), ("B", None, "7", "To Do"))
    mapping = status_mapping(changes, Lifecycle(FLOW))
    assert mapping[["stage", "matched_by"]].to_numpy().tolist() == [
        ["Doing", "id"],
        ["Waiting", "name"],
    ]


def test_what_an_item_type_claims_counts_for_its_items_only():
    flow = Lifecycle(FLOW, item_types={"Bug": {"Doing": ["To Do"]}})
    changes = entries(
        ("A", "Bug", None, "To Do"),
        ("B", "Story", None, "To Do"),
        ("C", None, None, "To Do"),
        ("D", "bug", None, "Done"),
    )
    mapping = status_mapping(changes, flow)
    rows = mapping[["item_type", "status", "stage", "n_items"]].fillna("").to_numpy().tolist()
    assert rows == [
        ["", "To Do", "Waiting", 2],
        ["Bug", "To Do", "Doing", 1],
        ["bug", "Done", "Done", 1],
    ]


def test_an_unclaimed_status_goes_where_its_category_says_if_that_is_asked_for():
    items = pd.DataFrame({
        "status": ["Fresh", "Busy", "Over", "Odd", "Mixed", "Mixed", "Mixed", "To Do"],
        "status_category": ["new", "indeterminate", "done", None, "done", "new", "new", "done"],
    })  # fmt: skip
    changes = entries(*[(status, None, None, status) for status in items["status"]])
    settings = {"terminal": ["Done"], "waiting": ["Waiting"]}
    flow = Lifecycle(FLOW, fallback="status_category", **settings).with_categories(items)
    mapping = status_mapping(changes, flow).set_index("status")
    expected = {
        "Odd": ["(unmapped)", "none"],
        "To Do": ["Waiting", "name"],
        "Fresh": ["Waiting", "category"],
        "Busy": ["Doing", "category"],
        "Over": ["Done", "category"],
        "Mixed": ["Waiting", "category"],
    }
    found = mapping[["stage", "matched_by"]].T.to_dict("list")
    assert found == expected
    plain = status_mapping(changes, Lifecycle(FLOW, **settings).with_categories(items))
    assert (plain["matched_by"] == "none").sum() == 5


def test_where_categories_disagree_evenly_the_order_of_the_items_decides_nothing():
    items = pd.DataFrame({"status": ["x", "X "], "status_category": ["done", "new"]})
    flow = Lifecycle(FLOW, fallback="status_category")
    for rows in (items, items[::-1]):
        assert flow.with_categories(rows).categories == {"x": "done"}


def test_without_a_final_stage_a_done_category_says_nothing():
    items = pd.DataFrame({"status": ["Over"], "status_category": ["done"]})
    flow = Lifecycle(FLOW, fallback="status_category").with_categories(items)
    assert flow.stages_of(items["status"]).tolist() == ["(unmapped)"]


def test_a_mapping_counts_items_and_entries():
    changes = entries(("A", None, None, "To Do"), ("A", None, None, "To Do"))
    row = status_mapping(changes, Lifecycle(FLOW)).iloc[0]
    assert (row["n_items"], row["n_changes"]) == (1, 2)


def test_no_changes_have_no_mapping():
    mapping = status_mapping(empty(StatusChanges), Lifecycle(FLOW))
    assert mapping.empty
    assert list(mapping) == list(StatusMapping.to_schema().columns)
