import json

import pandas as pd
import pytest

from pmanalytics import Quarantine, load_jira_json
from pmanalytics.errors import BadRowsError, UnreadableFileError


def issue(number, *moves, updated="2024-02-01T00:00:00.000+0000", total=None, **fields):
    """Return an issue of Jira's REST API; moves are (instant, from, to), newest first."""
    histories = [
        {
            "id": str(100 - position),
            "created": at,
            "items": [
                {"field": "assignee", "from": None, "fromString": None, "to": "x", "toString": "X"},
                {"field": "status", "from": "1", "fromString": old, "to": "2", "toString": new},
            ],
        }
        for position, (at, old, new) in enumerate(moves)
    ]
    return {
        "id": str(number),
        "key": f"ABC-{number}",
        "fields": {
            "created": "2024-01-01T09:00:00.000+0100",
            "updated": updated,
            "status": {"id": "2", "name": "Done", "statusCategory": {"key": "done"}},
            "summary": f"Issue {number}",
            **fields,
        },
        "changelog": {"total": total or len(histories), "histories": histories},
    }


MOVES = [
    ("2024-01-20T09:00:00.000+0100", "Doing", "Done"),
    ("2024-01-10T09:00:00.000+0100", "To Do", "Doing"),
]


@pytest.fixture
def saved(tmp_path):
    def save(content, name="page.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return save


def test_a_history_begins_with_the_creation(saved):
    """Jira records moves only: the first status is the one that the first move left."""
    changes = load_jira_json(saved({"issues": [issue(1, *MOVES), issue(2)]})).status_changes
    first = changes[changes["item_id"] == "1"]
    assert first["to_status"].tolist() == ["To Do", "Doing", "Done"]
    assert first["from_status"].isna().tolist() == [True, False, False]
    assert first["source"].tolist() == ["created", "changelog", "changelog"]
    assert first["changed_at"].iloc[0] == pd.Timestamp("2024-01-01T08:00Z")
    assert first["sequence"].tolist() == [0, 1, 2]
    never_moved = changes[changes["item_id"] == "2"]
    assert never_moved["to_status"].tolist() == ["Done"]


def test_moves_at_one_instant_follow_the_order_of_their_ids(saved):
    same = [("2024-01-10T09:00:00.000+0100", old, new) for _, old, new in MOVES]
    changes = load_jira_json(saved({"issues": [issue(1, *same)]})).status_changes
    assert changes["to_status"].tolist() == ["To Do", "Doing", "Done"]


def test_a_move_dated_before_the_creation_moves_the_creation(saved):
    moved = [("2023-12-20T09:00:00.000+0100", "To Do", "Done")]
    changes = load_jira_json(saved({"issues": [issue(1, *moved)]})).status_changes
    assert changes["to_status"].tolist() == ["To Do", "Done"]
    assert changes["changed_at"].iloc[0] == changes["changed_at"].iloc[1]


def test_a_cut_off_history_claims_no_beginning(saved):
    tables = load_jira_json(saved({"issues": [issue(1, *MOVES, total=140)]}))
    assert tables.work_items["history_complete"].tolist() == [False]
    assert tables.status_changes["source"].tolist() == ["changelog", "changelog"]


def test_an_issue_without_changelog_has_no_history(saved):
    plain = issue(1)
    del plain["changelog"]
    tables = load_jira_json(saved({"issues": [plain]}))
    assert tables.work_items["history_complete"].tolist() == [False]
    assert tables.status_changes.empty


def test_fields_become_columns(saved):
    fields = {
        "duedate": "2024-03-31",
        "timespent": 5400,
        "parent": {"key": "ABC-9"},
        "labels": ["web"],
        "fixVersions": [{"name": "1.0"}],
        "closedSprints": [{"id": 7, "name": "Sprint 7"}],
        "issuelinks": [{"type": {"name": "Blocks"}, "outwardIssue": {"key": "ABC-5"}}],
        "customfield_10016": 8,
        "customfield_10020": ["com.atlassian.greenhopper.Sprint@1[id=1,name=Old sprint,goal=]"],
    }
    columns = {"story_points": "customfield_10016"}
    row = load_jira_json(saved(issue(1, **fields)), columns=columns).work_items.iloc[0]
    assert row["due_date"] == pd.Timestamp("2024-03-31")
    assert row["time_spent_hours"] == 1.5
    assert row["parent_key"] == "ABC-9"
    assert row["labels"] == ["web"]
    assert row["fix_versions"] == ["1.0"]
    assert row["sprints"] == ["Sprint 7"]
    assert row["links"] == ["Blocks: ABC-5"]
    assert row["story_points"] == 8
    columns = {"sprints": "customfield_10020"}
    row = load_jira_json(saved(issue(1, **fields)), columns=columns).work_items.iloc[0]
    assert row["sprints"] == ["Old sprint"]


def test_pages_in_a_folder_load_as_one_and_repeats_go(saved, tmp_path):
    saved({"issues": [issue(1), issue(2)]}, "page1.json")
    saved(
        {"issues": [issue(2, updated="2024-03-01T00:00:00.000+0000", summary="New")]}, "page2.json"
    )
    saved({"values": [{"id": 1}]}, "board.json")
    quarantine = Quarantine()
    items = load_jira_json(tmp_path, quarantine=quarantine).work_items
    assert items["summary"].tolist() == ["Issue 1", "New"]
    files = quarantine.files.set_index("file")
    assert files.loc["page1.json", ["rows_read", "n_valid", "n_duplicate"]].tolist() == [2, 1, 1]
    assert files.loc["page2.json", ["rows_read", "n_valid", "n_duplicate"]].tolist() == [1, 1, 0]
    assert files.loc["board.json", "kind"] == "not recognised"


def test_json_lines_keep_their_line_numbers(saved):
    """A U+2028 inside a text is no end of a line."""
    lines = [json.dumps(issue(1, summary="a\u2028b"), ensure_ascii=False), "", '{"key": "ABC-2"}']
    quarantine = Quarantine()
    path = saved("\n".join(lines), "issues.jsonl")
    items = load_jira_json(path, quarantine=quarantine).work_items
    assert items["summary"].tolist() == ["a\u2028b"]
    assert quarantine.problems["line"].tolist() == [3]
    assert quarantine.problems["reason"].tolist() == ["object missing required field `id`"]


@pytest.mark.parametrize(
    ("damage", "where", "reason"),
    [
        ({"status": None}, "$.fields.status", "expected `object`, got `null`"),
        ({"created": "yesterday"}, "created_at: 'yesterday'", "is not a date and time"),
        ({"created": None}, "$.fields.created", "expected `str`, got `null`"),
        ({"timespent": "much"}, "$.fields.timespent", "expected `float | null`, got `str`"),
    ],
)
def test_a_bad_issue_is_named_and_the_rest_loads(saved, damage, where, reason):
    path = saved({"issues": [issue(1), issue(2, **damage)]})
    with pytest.raises(BadRowsError) as error:
        load_jira_json(path)
    assert f"page.json, issue 2, {where}" in str(error.value)
    assert reason in str(error.value)
    quarantine = Quarantine()
    tables = load_jira_json(path, quarantine=quarantine)
    assert tables.work_items["key"].tolist() == ["ABC-1"]
    assert tables.status_changes["item_id"].tolist() == ["1"]
    counts = quarantine.files.loc[0, ["rows_read", "n_valid", "n_quarantined"]].tolist()
    assert counts == [2, 1, 1]


def test_an_unreadable_time_of_a_move_spoils_its_issue(saved):
    path = saved({"issues": [issue(1, ("then", "To Do", "Done"))]})
    with pytest.raises(BadRowsError, match=r"changelog\.histories.created: 'then' is not a date"):
        load_jira_json(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ('{"issues": [', "input data was truncated"),
        ("[" * 100_000, "recursion"),
        ('{"values": []}', "there is no Jira issue in it"),
        ('[{"id": "1"}]', "there is no Jira issue in it"),
        ('"text"', "there is no Jira issue in it"),
    ],
)
def test_a_file_that_is_no_search_is_refused_in_words(saved, content, message):
    with pytest.raises(UnreadableFileError, match=message):
        load_jira_json(saved(content))


def test_broken_text_is_told_and_the_rest_loads(tmp_path):
    path = tmp_path / "issues.jsonl"
    lines = [
        json.dumps(issue(1)).encode(),
        json.dumps(issue(2)).encode().replace(b"Issue 2", b"\xff"),
    ]
    path.write_bytes(b"\n".join(lines))
    quarantine = Quarantine()
    items = load_jira_json(path, quarantine=quarantine).work_items
    assert items["key"].tolist() == ["ABC-1"]
    assert quarantine.problems["line"].tolist() == [2]


def test_a_field_may_have_any_name(saved):
    columns = {"team": "Team (main)"}
    items = load_jira_json(saved(issue(1, **{"Team (main)": "Blue"})), columns=columns).work_items
    assert items["team"].tolist() == ["Blue"]


def test_a_folder_without_json_is_refused_in_words(tmp_path):
    message = r"there is no \.json, \.jsonl or \.ndjson file in this folder"
    with pytest.raises(UnreadableFileError, match=message):
        load_jira_json(tmp_path)
