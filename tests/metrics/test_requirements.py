import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Lifecycle,
    PMAnalyticsError,
    RequirementTypes,
    load_jira_json,
    requirement_coverage,
    requirements,
)
from pmanalytics.schemas import RequirementCoverage, Requirements, WorkItems, dtypes, empty

AS_OF = "2024-06-30"
TYPES = {"I": "Idea", "E": "Epic", "S": "Story", "T": "Task"}
FLOW = Lifecycle({"To Do": [], "Done": [], "Dropped": []}, terminal=["Done"], cancelled=["Dropped"])


def items_of(**parents):
    """Return issues: key='parent' (or ''); the key's first letter tells the type.

    A key in capitals is open; one that ends on 'd' is done, on 'x' dropped.
    """
    statuses = {"d": "Done", "x": "Dropped"}
    return pd.DataFrame({
        "item_id": [f"id-{key}" for key in parents], "key": list(parents),
        "item_type": [TYPES[key[0]] for key in parents],
        "status": [statuses.get(key[-1], "To Do") for key in parents],
        "parent_key": [parent or None for parent in parents.values()],
        "created_at": pd.to_datetime(["2024-05-31"] * len(parents), utc=True),
        "history_complete": False,
    }).astype({"parent_key": "str"})  # fmt: skip


def found_of(items, **options):
    return requirements(items, FLOW, as_of=AS_OF, **options).set_index("key")


WORKED = items_of(
    I1="", E1="I1", S1d="E1", S2d="E1", I2="", E2="I2", S3="E2", I3="", E3="I3", I4="", S4=""
)


def test_the_worked_coverage(examples):
    """M49: three of four ideas have an epic, two a story, one all its stories done."""
    row = requirement_coverage(found_of(WORKED).reset_index()).iloc[0]
    shares = ["linked_share", "broken_down_share", "delivered_share", "orphan_share"]
    assert row[shares].tolist() == examples["M49"]["expected"]
    counts = ["n_ideas", "n_linked", "n_broken_down", "n_delivered", "n_stories", "n_orphans"]
    assert row[counts].tolist() == [4, 3, 2, 1, 4, 1]


def test_ideas_without_anything_below_are_told_with_their_age():
    """Created on 31 May at 0:00, seen at the end of 30 June: 31 days."""
    row = requirement_coverage(found_of(WORKED).reset_index()).iloc[0]
    assert row[["n_unserved", "median_unserved_days", "oldest_unserved_days"]].tolist() == [
        1,
        31,
        31,
    ]


@pytest.mark.parametrize("kind", ["implements", "Polaris work item link", "IMPLEMENTS"])
def test_a_link_to_what_is_implemented_leads_down(kind):
    items = items_of(I1="", E1="", S1="E1")
    items["links"] = [[], [f"{kind}: I1", "Blocks: S1"], []]
    found = found_of(items)
    assert found.loc["I1", ["n_epics", "n_stories"]].tolist() == [1, 1]
    assert not found.loc["S1", "is_orphan"]


def test_a_link_from_what_is_implemented_leads_down_too():
    items = items_of(I1="", S1="")
    items["links"] = [["is implemented by: S1"], []]
    assert found_of(items).loc["I1", "is_broken_down"]


def test_another_link_leads_nowhere():
    items = items_of(I1="", S1="")
    items["links"] = [["Relates: S1"], ["Blocks: I1", "nonsense"]]
    assert found_of(items).loc["S1", "is_orphan"]


def test_a_parent_may_be_named_by_its_id():
    assert not found_of(items_of(I1="", S1="id-I1")).loc["S1", "is_orphan"]


def test_items_of_other_types_lie_between():
    found = found_of(items_of(I1="", T1="I1", S1="T1"))
    assert found.loc["I1", "n_stories"] == 1
    assert "T1" not in found.index


def test_a_story_below_something_not_exported_is_no_orphan():
    found = found_of(items_of(S1="GONE-1", E1="GONE-2", S2="E1", S3=""))
    assert found["is_orphan"].isna().to_dict() == {"S1": True, "S2": True, "S3": False}
    row = requirement_coverage(found.reset_index()).iloc[0]
    assert row[["n_stories", "n_orphans", "n_origin_unknown"]].tolist() == [1, 1, 2]


def test_circles_of_parents_come_to_an_end():
    found = found_of(items_of(I1="E1", E1="I1", S1="S2", S2="S1", S3="S3", E2="E2"))
    assert found.loc["I1", ["n_epics", "n_stories"]].tolist() == [1, 0]
    assert found["is_orphan"].dropna().to_dict() == {"S1": True, "S2": True, "S3": True}


def test_what_was_dropped_neither_serves_nor_waits():
    found = found_of(items_of(I1="", S1x="I1", S2d="I1", I2x="", S3x="", I3="", E3x="I3"))
    assert found.loc["I1", ["n_stories", "n_stories_done", "is_delivered"]].tolist() == [1, 1, True]
    assert not found.loc["I3", "is_linked"]
    row = requirement_coverage(found.reset_index()).iloc[0]
    assert row[["n_ideas", "n_stories", "n_dropped"]].tolist() == [2, 1, 3]


def test_an_idea_with_stories_that_were_all_dropped_is_not_delivered():
    assert not found_of(items_of(I1="", S1x="I1")).loc["I1", "is_delivered"]


def test_of_nested_stories_only_the_inner_ones_must_be_done():
    found = found_of(items_of(I1="", S1="I1", S2d="S1", S3d="S1"))
    assert found.loc["I1", ["n_stories", "is_delivered"]].tolist() == [3, True]


def test_without_a_lifecycle_jiras_category_tells_what_is_done():
    items = items_of(I1="", S1="I1", S2="").assign(status_category=["new", "done", "done"])
    found = requirements(items, as_of=AS_OF).set_index("key")
    assert found.loc["I1", "is_delivered"]
    assert not found["is_dropped"].any()


def test_types_are_the_words_of_the_user():
    items = items_of(I1="", S1="I1").replace({"item_type": {"Idea": "Wunsch", "Story": "AUFGABE"}})
    types = RequirementTypes(ideas=["wunsch"], stories=["Aufgabe"])
    assert found_of(items, types=types)["kind"].tolist() == ["idea", "story"]
    assert found_of(items).empty


def test_a_type_cannot_be_two_things():
    with pytest.raises(PMAnalyticsError, match="the type 'epic' is both epic and story"):
        RequirementTypes(stories=["Epic"])
    with pytest.raises(PMAnalyticsError, match="ideas must be a list of names"):
        RequirementTypes(ideas="Idea")


def test_what_was_created_later_is_not_known():
    items = items_of(I1="", S1="I1")
    items.loc[1, "created_at"] = pd.Timestamp("2024-07-01", tz="UTC")
    assert found_of(items).loc["I1", "n_stories"] == 0


def test_coverage_is_told_by_product():
    items = WORKED.assign(product_id=["A"] * 4 + ["B"] * 7)
    table = requirement_coverage(found_of(items).reset_index(), by="product_id")
    assert table[["product_id", "n_ideas", "delivered_share"]].to_numpy().tolist() == [
        ["A", 1, 1.0], ["B", 3, 0.0],
    ]  # fmt: skip


KEYS = [f"{kind}{number}{end}" for kind in "IEST" for number in (1, 2) for end in ("", "d", "x")]


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["", "gone", *KEYS]), max_size=12))
@settings(deadline=None, max_examples=40)
def test_each_step_is_part_of_the_one_before_and_every_item_is_counted(parents):
    """However the parents lie, circles included."""
    items = items_of(**parents) if parents else empty(WorkItems)
    found = requirements(items, FLOW, as_of=AS_OF)
    assert len(found) == sum(key[0] in "IS" for key in parents)
    for row in requirement_coverage(found).to_dict("records"):
        assert row["n_ideas"] >= row["n_linked"] >= row["n_broken_down"] >= row["n_delivered"]
        counted = ["n_ideas", "n_stories", "n_origin_unknown", "n_dropped"]
        assert sum(row[name] for name in counted) == len(found)
        assert row["n_unserved"] == row["n_ideas"] - row["n_linked"]


def test_nothing_in_gives_nothing_out():
    found = requirements(empty(WorkItems), as_of=AS_OF)
    assert list(found) == list(dtypes(Requirements))
    assert list(requirement_coverage(found)) == list(dtypes(RequirementCoverage))


def test_real_issues_without_ideas_are_all_of_known_or_no_origin(real_data):
    items = load_jira_json(real_data / "jira_cloud_json" / "search_with_changelog.json").work_items
    row = requirement_coverage(requirements(items, as_of="2026-12-31")).iloc[0]
    assert row["n_ideas"] == 0
    assert pd.isna(row["linked_share"])
    assert row["n_stories"] + row["n_origin_unknown"] + row["n_dropped"] == 2
