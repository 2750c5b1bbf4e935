import gzip
import json
import zipfile

import pandas as pd
import pytest

from pmanalytics import Quarantine, load_jira_json
from pmanalytics.errors import BadRowsError, MissingColumnsError, UnreadableFileError
from pmanalytics.loaders.sources.files import file_at

STATUS_IDS = {"To Do": "1", "Done": "2", "Doing": "3", "Review": "4"}


def issue(number, *moves, updated="2024-02-01T00:00:00.000+0000", total=None, **fields):
    """Return an issue of Jira's REST API; moves are (instant, from, to), newest first."""
    histories = [
        {
            "id": str(100 - position),
            "created": at,
            "items": [
                {"field": "assignee", "from": None, "fromString": None, "to": "x", "toString": "X"},
                {
                    "field": "status",
                    "from": STATUS_IDS[old],
                    "fromString": old,
                    "to": STATUS_IDS[new],
                    "toString": new,
                },
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


def history(number, created, **change):
    """Return an edit of one field as Jira tells it."""
    change = {"from": None, "fromString": None, "to": None, "toString": None} | change
    return {"id": number, "created": created, "items": [change]}


def move(number, created, old, new):
    """Return an edit of the status."""
    return history(number, created, field="status", fromString=old, toString=new)


def bare(number, **fields):
    """Return an issue without its changelog."""
    found = issue(number, **fields)
    del found["changelog"]
    return found


def bulk(*logs, token=None):
    """Return a page of a bulk changelog download; logs are (issue id, histories)."""
    found = [{"issueId": number, "changeHistories": edits} for number, edits in logs]
    return {"issueChangeLogs": found, "nextPageToken": token}


def log_page(issue, *edits, total=None, start=0):
    """Return a page of one issue's changelog."""
    url = f"https://example.atlassian.net/rest/api/3/issue/{issue}/changelog?startAt={start}"
    page = {"self": url, "maxResults": 2, "startAt": start, "values": list(edits)}
    return page if total is None else page | {"total": total}


def loaded(source):
    """Return the tables and what was told about them."""
    quarantine = Quarantine()
    return load_jira_json(source, quarantine=quarantine), quarantine


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


GAP = "with a gap in the status history"


@pytest.mark.parametrize(
    ("moves", "now"),
    [
        ([("Review", "Done"), ("To Do", "Doing")], "Done"),
        ([("Doing", "Done"), ("To Do", "Doing")], "Review"),
    ],
    ids=["left what was not entered", "ended elsewhere"],
)
def test_a_history_with_a_gap_is_incomplete_and_told(saved, moves, now):
    dated = [(f"2024-01-{20 - n}T09:00:00.000+0100", *move) for n, move in enumerate(moves)]
    status = {"id": STATUS_IDS[now], "name": now}
    tables, quarantine = loaded(saved({"issues": [issue(1, *dated, status=status), issue(2)]}))
    assert tables.work_items["history_complete"].tolist() == [False, True]
    assert tables.status_changes["source"].tolist() == ["changelog", "changelog", "created"]
    assert [note for note in quarantine.notes if f"1 issue {GAP}" in note]


def test_a_renamed_status_is_no_gap(saved):
    status = {"id": "2", "name": "Closed"}
    tables, quarantine = loaded(saved({"issues": [issue(1, *MOVES, status=status)]}))
    assert tables.work_items["history_complete"].tolist() == [True]
    assert quarantine.notes == []


def test_a_history_survives_a_later_export_without_it(saved, tmp_path):
    saved({"issues": [issue(1, *MOVES)]}, "a.json")
    saved({"issues": [bare(1)]}, "b.json")
    tables, _ = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True]
    assert tables.status_changes["to_status"].tolist() == ["To Do", "Doing", "Done"]


def test_a_history_from_before_the_last_update_is_kept_but_not_complete(saved, tmp_path):
    saved({"issues": [issue(1, *MOVES)]}, "a.json")
    saved({"issues": [bare(1, updated="2024-03-01T00:00:00.000+0000")]}, "b.json")
    tables, _ = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [False]
    assert tables.status_changes["to_status"].tolist() == ["Doing", "Done"]


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


@pytest.mark.parametrize("written", ["2024-01-09T10:00:00", "09/Jan/24 1:00 AM"])
def test_a_time_without_offset_is_not_guessed(saved, written):
    first, second = issue(1, created=written), issue(2, resolutiondate=written)
    tables, quarantine = loaded(saved({"issues": [first, second]}))
    assert tables.work_items["key"].tolist() == ["ABC-2"]
    assert tables.work_items["resolved_at"].isna().all()
    assert quarantine.problems["value"].tolist() == [written, written]
    assert quarantine.problems["reason"].tolist() == ["is a time without its offset from UTC"] * 2


def test_a_due_date_with_a_time_is_the_day_that_is_written(saved):
    found = issue(1, duedate="2025-01-01T00:00:00.000+1300")
    items = load_jira_json(saved(found)).work_items
    assert items["due_date"].tolist() == [pd.Timestamp("2025-01-01")]


def test_a_field_that_no_issue_has_is_refused_with_its_nearest(saved):
    path = saved(issue(1, customfield_10016=None))
    with pytest.raises(MissingColumnsError, match=r"customfield_10061 .nearest header: 'customfi"):
        load_jira_json(path, columns={"story_points": "customfield_10061"})
    load_jira_json(path, columns={"story_points": "customfield_10016"})


def test_a_further_column_of_a_known_field_holds_its_name(saved):
    found = issue(1, priority={"id": "1", "name": "High"}, components=[{"name": "UI"}])
    columns = {"prio": "priority", "parts": "components"}
    items = load_jira_json(saved(found), columns=columns).work_items
    assert items["prio"].tolist() == ["High"]
    assert items["parts"].tolist() == [["UI"]]


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
    assert quarantine.problems["reason"].tolist() == ["object missing required field `fields`"]


@pytest.mark.parametrize(
    ("damage", "where", "reason"),
    [
        ({"status": None}, "$.fields.status", "expected `object`, got `null`"),
        ({"status": {"name": None}}, "fields.status.name:", "is missing and required"),
        ({"created": "yesterday"}, "fields.created: 'yesterday'", "is no date but a remark"),
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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": "Blue"}, "Blue"),
        ({"displayName": "Xenia"}, "Xenia"),
        ([{"value": "Blue"}, {"value": "Red"}], "Blue, Red"),
        ({"x": 1}, '{"x":1}'),
    ],
)
def test_a_custom_field_becomes_text(saved, value, text):
    path = saved(issue(1, customfield_1=value))
    assert load_jira_json(path, columns={"team": "customfield_1"}).work_items["team"][0] == text


def test_values_of_a_custom_field_become_a_list_where_one_belongs(saved):
    path = saved(issue(1, customfield_1=[{"value": "Blue"}, {"name": "Red"}]))
    for column in ("labels", "colours"):
        items = load_jira_json(path, columns={column: "customfield_1"}).work_items
        assert items[column][0] == ["Blue", "Red"]


def test_changelogs_alone_ask_for_their_search(saved):
    with pytest.raises(UnreadableFileError, match=r"no Jira issue in it\. Load the search"):
        load_jira_json(saved(bulk(("1", []))))


def test_a_folder_without_json_is_refused_in_words(tmp_path):
    message = r"there is no \.json, \.jsonl or \.ndjson file in this folder"
    with pytest.raises(UnreadableFileError, match=message):
        load_jira_json(tmp_path)


TO_DOING = move("11", "2024-01-10T09:00:00.000+0100", "To Do", "Doing")
TO_DONE = move("12", "2024-01-20T09:00:00.000+0100", "Doing", "Done")
TO_REVIEW = move("13", "2024-01-21T09:00:00.000+0100", "Done", "Review")


def test_a_bulk_changelog_joins_its_issues(saved, tmp_path):
    saved({"issues": [bare(1), bare(2)]}, "search.json")
    saved(bulk(("1", [TO_DOING, TO_DONE]), (2, [])), "changelogs.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True, True]
    changes = tables.status_changes.set_index("item_id")["to_status"]
    assert changes["1"].tolist() == ["To Do", "Doing", "Done"]
    assert changes["2"] == "Done"
    files = quarantine.files.set_index("file")
    assert files["kind"].to_dict() == {
        "search.json": "Jira JSON",
        "changelogs.json": "Jira changelog",
    }
    assert files.loc["changelogs.json", ["rows_read", "n_valid"]].tolist() == [2, 2]


def test_a_bulk_changelog_that_goes_on_is_incomplete(saved, tmp_path):
    saved({"issues": [bare(1)]}, "search.json")
    saved(bulk(("1", [TO_DOING]), token="next"), "changelogs1.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [False]
    assert tables.status_changes["source"].tolist() == ["changelog"]
    assert "The bulk changelog goes on" in quarantine.notes[0]
    saved(bulk(("1", [TO_DONE])), "changelogs2.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True]
    assert quarantine.notes == []


@pytest.mark.parametrize("name", ["1", "ABC-1"])
def test_the_pages_of_an_issues_changelog_are_joined(saved, tmp_path, name):
    saved({"issues": [bare(1, status={"id": "4", "name": "Review"})]}, "search.json")
    saved(log_page(name, TO_DOING, TO_DONE, total=3), "log1.json")
    tables, _ = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [False]
    saved(log_page(name, TO_REVIEW, total=3, start=2), "log2.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True]
    assert tables.status_changes["to_status"].tolist() == ["To Do", "Doing", "Done", "Review"]
    assert quarantine.files["rows_read"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "file", ["ABC-1.json", "ABC-1_changelog_0.json", "1.page0.json", "1 .json"]
)
def test_a_changelog_without_its_url_goes_by_its_file(saved, tmp_path, file):
    saved({"issues": [bare(1)]}, "search.json")
    page = log_page("", TO_DOING, TO_DONE, total=2)
    del page["self"]
    saved(page, file)
    tables, _ = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True]


def test_a_changelog_of_nobody_is_set_aside(saved, tmp_path):
    saved({"issues": [bare(1)]}, "search.json")
    page = log_page("", TO_DOING, total=1)
    del page["self"]
    saved(page, "log.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [False]
    assert quarantine.problems["reason"].tolist() == ["does not say whose changelog it is"]
    with pytest.raises(BadRowsError, match=r"log\.json, issue 1, \(file\): does not say whose"):
        load_jira_json(tmp_path)


def test_a_changelog_of_an_unknown_issue_is_told(saved, tmp_path):
    saved({"issues": [bare(1)]}, "search.json")
    saved(bulk(("1", []), ("77", [TO_DOING])), "changelogs.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.status_changes["item_id"].tolist() == ["1"]
    (note,) = quarantine.notes
    assert "1 changelog without its issue in these files (77)" in note
    assert quarantine.problems.empty


def test_an_edit_told_twice_counts_once(saved, tmp_path):
    cut = bare(1, status={"id": "4", "name": "Review"})
    cut |= {"changelog": {"total": 3, "histories": [TO_REVIEW, TO_DONE]}}
    saved({"issues": [cut]}, "search.json")
    saved(log_page("ABC-1", TO_DOING, TO_DONE, total=3), "log1.json")
    saved(bulk(("1", [TO_DONE | {"id": 12}]), token="next"), "bulk.json")
    tables, _ = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True]
    assert tables.status_changes["to_status"].tolist() == ["To Do", "Doing", "Done", "Review"]


def test_no_edit_at_all_is_a_complete_history(saved, tmp_path):
    saved({"issues": [bare(1)]}, "search.json")
    saved(log_page("ABC-1", total=0), "log.json")
    tables, _ = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [True]


def test_a_broken_changelog_is_set_aside_and_completes_nothing(saved, tmp_path):
    saved({"issues": [bare(1), bare(2)]}, "search.json")
    undated = move("11", "then", "To Do", "Doing")
    untyped = {"id": "12", "created": 1492070429, "items": [{"field": 7}]}
    saved(bulk(("1", [undated]), ("2", [untyped])), "changelogs.json")
    tables, quarantine = loaded(tmp_path)
    assert tables.work_items["history_complete"].tolist() == [False, False]
    assert tables.status_changes.empty
    problems = quarantine.problems.set_index("line")
    assert problems["file"].tolist() == ["changelogs.json"] * 2
    assert problems.loc[1, ["column", "value", "reason"]].tolist() == [
        "created", "then", "is not a date and time",
    ]  # fmt: skip
    assert problems.loc[2, "column"] == "$[0].items[0].field"
    files = quarantine.files.set_index("file")
    assert files.loc["changelogs.json", ["rows_read", "n_quarantined"]].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("created", "instant"),
    [
        (1492070429, "2017-04-13T08:00:29Z"),
        (1492070429000, "2017-04-13T08:00:29Z"),
        (1492070429123, "2017-04-13T08:00:29.123Z"),
        ("2022-06-21T09:53:59.650+0200", "2022-06-21T07:53:59.650Z"),
        ("2022-06-21T09:53:59.650-03:30", "2022-06-21T13:23:59.650Z"),
        ("2022-06-21T07:53:59Z", "2022-06-21T07:53:59Z"),
    ],
)
def test_the_time_of_an_edit_is_read_however_it_is_written(saved, created, instant):
    found = issue(1)
    found["changelog"] = {"total": 2, "histories": [move("1", created, "To Do", "Done")]}
    changes = load_jira_json(saved(found)).status_changes
    assert changes["changed_at"].tolist() == [pd.Timestamp(instant)]


@pytest.mark.parametrize("created", [20250309, -5, 1e30, "20250309"])
def test_a_number_that_is_no_time_spoils_its_issue(saved, created):
    found = issue(1)
    found["changelog"] = {"total": 1, "histories": [move("1", created, "To Do", "Done")]}
    with pytest.raises(BadRowsError, match="is not a date and time"):
        load_jira_json(saved(found))


def test_a_status_without_name_goes_by_its_id(saved):
    found = issue(1, status={"id": 10068, "name": None})
    gone = {"field": "status", "from": 3, "fromString": None, "to": "10068", "toString": None}
    found["changelog"]["histories"] = [{"created": 1492070429, "items": [gone]}]
    tables = load_jira_json(saved(found))
    assert tables.work_items["status"].tolist() == ["(status 10068)"]
    assert tables.work_items["status_category"].isna().tolist() == [True]
    assert tables.status_changes["to_status"].tolist() == ["(status 3)", "(status 10068)"]
    assert tables.status_changes["to_status_id"].tolist() == ["3", "10068"]


def test_ids_are_texts_however_they_are_written(saved):
    found = issue(1) | {"id": 10063}
    tables = load_jira_json(saved([found, issue(2) | {"id": "10064"}]))
    assert tables.work_items["item_id"].tolist() == ["10063", "10064"]
    assert tables.status_changes["item_id"].tolist() == ["10063", "10064"]


def test_an_issue_that_moved_to_another_project_stays_one_item(saved):
    moved = issue(1, updated="2024-03-01T00:00:00.000+0000") | {"key": "XYZ-9"}
    change = history("5", 1700000000, field="Key", fromString="ABC-1", toString="XYZ-9")
    moved["changelog"] = {"total": 1, "histories": [change]}
    items = load_jira_json(saved({"issues": [issue(1), moved]})).work_items
    assert items[["item_id", "key"]].to_numpy().tolist() == [["1", "XYZ-9"]]


def test_a_field_of_ones_own_called_status_is_not_the_status(saved):
    found = issue(1)
    own = [
        history("1", 1700000000, field="status", fieldtype="custom", toString="Red"),
        history("2", 1700000000, field="status", fieldId="customfield_1", toString="Red"),
    ]
    found["changelog"] = {"total": 2, "histories": own}
    assert load_jira_json(saved(found)).status_changes["to_status"].tolist() == ["Done"]


def test_changes_of_the_due_date_are_kept(saved):
    found = issue(1)
    edits = [
        history(
            "1", 1700000000, field="duedate", to="2025-03-09", toString="2025-03-09 00:00:00.0"
        ),
        history("2", 1700000100, field="duedate", **{"from": "2025-03-09"}, to="2025-04-01T00:00"),
        history("3", 1700000200, field="duedate", **{"from": "2025-04-01"}),
    ]
    found["changelog"] = {"total": 3, "histories": edits[::-1]}
    changes = load_jira_json(saved(found)).field_changes
    assert changes["old"].fillna("-").tolist() == ["-", "2025-03-09", "2025-04-01"]
    assert changes["new"].fillna("-").tolist() == ["2025-03-09", "2025-04-01", "-"]
    assert set(changes["field"]) == {"due_date"}
    assert set(changes["level"]) == {"work_item"}
    assert set(changes["item_id"]) == {"1"}
    assert changes["changed_at"].iloc[0] == pd.Timestamp("2023-11-14T22:13:20Z")


@pytest.mark.parametrize("written", ["1741478400000", "2024-02-31"])
def test_a_due_date_that_is_no_day_is_set_aside_alone(saved, written):
    found = issue(1)
    edits = [history("1", 1700000000, field="duedate", to=written)]
    found["changelog"] = {"total": 1, "histories": edits}
    tables, quarantine = loaded(saved(found))
    assert tables.work_items["key"].tolist() == ["ABC-1"]
    assert tables.field_changes.empty
    assert quarantine.problems[["column", "value", "set_aside"]].to_numpy().tolist() == [
        ["changelog.to", written, "value"]
    ]


def test_versions_become_releases_as_last_known(saved):
    planned = {"id": "7", "name": "1.0", "releaseDate": "2024-05-01", "released": False}
    released = planned | {"id": 7, "releaseDate": "2024-06-01", "released": True}
    someday = {"id": "8", "name": "2.0", "releaseDate": ""}
    page = [
        issue(1, fixVersions=[released], project={"key": "ABC"}, updated="2024-07-01T00:00:00Z"),
        issue(2, fixVersions=[planned, someday], project={"key": "ABC"}),
    ]
    releases = load_jira_json(saved(page)).releases
    assert releases["release_id"].tolist() == ["7", "8"]
    assert releases["project_key"].tolist() == ["ABC", "ABC"]
    assert releases["name"].tolist() == ["1.0", "2.0"]
    assert releases["release_date"].fillna(pd.Timestamp(0)).tolist() == [
        pd.Timestamp("2024-06-01"),
        pd.Timestamp(0),
    ]
    assert releases["is_released"].fillna(False).tolist() == [True, False]
    assert releases["is_released"].isna().tolist() == [False, True]


def test_a_release_date_that_is_no_day_is_set_aside_alone(saved):
    version = {"id": "7", "name": "1.0", "releaseDate": "1/May/24"}
    tables, quarantine = loaded(saved(issue(1, fixVersions=[version])))
    assert tables.work_items["fix_versions"].tolist() == [["1.0"]]
    assert tables.releases["release_date"].isna().tolist() == [True]
    assert quarantine.problems["value"].tolist() == ["1/May/24"]
    assert quarantine.files["n_repaired"].tolist() == [1]


def test_pages_may_stand_in_a_list_or_on_lines(saved):
    first, second = {"issues": [issue(1), issue(2)]}, {"issues": [issue(3)]}
    quarantine = Quarantine()
    listed = load_jira_json(saved([first, second]), quarantine=quarantine).work_items
    assert listed["key"].tolist() == ["ABC-1", "ABC-2", "ABC-3"]
    lines = "\n".join(map(json.dumps, [first, second]))
    assert load_jira_json(saved(lines, "pages.jsonl")).work_items["key"].tolist() == [
        "ABC-1", "ABC-2", "ABC-3",
    ]  # fmt: skip


def test_a_bad_issue_on_the_second_page_of_a_list_counts_on(saved):
    pages = [{"issues": [issue(1), issue(2)]}, {"issues": [issue(3, status=None)]}]
    with pytest.raises(BadRowsError, match=r"page\.json, issue 3, \$\.fields\.status"):
        load_jira_json(saved(pages))


def test_a_broken_first_line_is_told_and_the_rest_loads(saved):
    path = saved('{"id": \n' + json.dumps(issue(1)), "issues.jsonl")
    tables, quarantine = loaded(path)
    assert tables.work_items["key"].tolist() == ["ABC-1"]
    assert quarantine.problems["line"].tolist() == [1]


def test_the_rest_api_3_writes_descriptions_that_are_skipped(saved):
    description = {"type": "doc", "version": 1, "content": [{"type": "paragraph"}]}
    items = load_jira_json(saved(issue(1, description=description))).work_items
    assert items["key"].tolist() == ["ABC-1"]


@pytest.mark.parametrize(
    ("pages", "note"),
    [
        ([{"total": 500, "issues": [issue(1), issue(2)]}],
         "the search found 500 issues, these pages hold 2: the export is incomplete"),
        ([{"total": 2, "issues": [issue(1), issue(2, status=None)]}], ""),
        ([{"total": 2, "issues": [issue(1)]}, {"total": 2, "issues": [issue(2)]}], ""),
        ([{"isLast": False, "nextPageToken": "x", "issues": [issue(1)]}],
         "the search goes on after these pages, which hold 1 issue: the export is incomplete"),
        ([{"nextPageToken": "x", "issues": [issue(1)]}, {"nextPageToken": "y", "issues": []}],
         "the search goes on"),
        ([{"isLast": False, "nextPageToken": "x", "issues": [issue(1)]},
          {"isLast": True, "issues": [issue(2)]}], ""),
        ([{"nextPageToken": "x", "issues": [issue(1)]}, {"issues": [issue(2)]}], ""),
    ],
)  # fmt: skip
def test_a_search_that_is_not_all_there_is_told(saved, pages, note):
    _, quarantine = loaded(saved(pages))
    assert len(quarantine.notes) == bool(note)
    assert note in "".join(quarantine.notes)


def test_packed_files_lists_and_folders_load_alike(saved, tmp_path):
    content = json.dumps({"issues": [issue(1)]}).encode()
    packed = tmp_path / "page.json.gz"
    packed.write_bytes(gzip.compress(content))
    archive = tmp_path / "pages.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("deep/page.json", content)
        opened.writestr("readme.txt", "no JSON")
    plain = saved({"issues": [issue(2)]}, "other.json")
    for source in (packed, archive, tmp_path, file_at(packed), [packed], [archive, packed]):
        assert "ABC-1" in load_jira_json(source).work_items["key"].tolist()
    tables, quarantine = loaded([str(packed), plain])
    assert tables.work_items["key"].tolist() == ["ABC-1", "ABC-2"]
    assert quarantine.files["file"].tolist() == ["page.json.gz", "other.json"]


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path):
    for number, name in enumerate(["a", "b"], 1):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.json").write_text(json.dumps(issue(number)), "utf-8")
    tables, quarantine = loaded([tmp_path / "a", tmp_path / "b"])
    assert len(tables.work_items) == 2
    assert quarantine.files["file"].str[-11:].tolist() == ["a/page.json", "b/page.json"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_obstacle(tmp_path, encoding):
    path = tmp_path / "page.json"
    path.write_text(json.dumps(issue(1, summary="Größe"), ensure_ascii=False), encoding)
    assert load_jira_json(path).work_items["summary"].tolist() == ["Größe"]


@pytest.mark.parametrize(
    "content",
    [
        '{"issues": [{"id": "1", "key": "A-1", "fields": ' + '{"a":' * 100_000,
        '{"issues": [{"id": "1", "key": "A-1", "fields": {"description": '
        + "[" * 100_000 + "]" * 100_000 + "}}]}",
        '{"issues": "many"}',
        '{"issues": {"1": {}}}',
        '{"issueChangeLogs": 3}',
        "null",
        "17",
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(saved, content):
    with pytest.raises(UnreadableFileError):
        load_jira_json(saved(content))


def test_real_histories_are_read_like_the_reference(real_data):
    tables, quarantine = loaded(real_data / "jira_cloud_json")
    assert len(tables.work_items) == 33
    assert (tables.status_changes["source"] == "changelog").sum() == 165
    assert tables.work_items["history_complete"].all()
    assert quarantine.notes == []


@pytest.mark.parametrize("way", ["bulk", "pages"])
def test_real_histories_downloaded_apart_give_the_same_tables(real_data, saved, tmp_path, way):
    path = real_data / "jira_cloud_json" / "search_with_changelog.json"
    page = json.loads(path.read_text("utf-8"))
    logs = [(i["id"], i["key"], i.pop("changelog")["histories"]) for i in page["issues"]]
    assert sum(len(edits) for _, _, edits in logs) == 522
    saved(page, "search.json")
    if way == "bulk":
        saved(bulk(*((number, edits) for number, _, edits in logs)), "bulk.json")
    else:
        for _, key, edits in logs:
            for start in range(0, max(len(edits), 1), 10):
                part = log_page(key, *edits[start : start + 10], total=len(edits), start=start)
                saved(part, f"{key}_{start}.json")
    apart, together = load_jira_json(tmp_path), load_jira_json(path)
    for ours, theirs in zip(apart, together, strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


def test_real_issues_meet_their_releases_like_the_reference(real_data):
    """Resolved on or before the earliest released version, by the dates as written (UTC)."""
    tables = load_jira_json(real_data / "jira_server_jsonl" / "DAEMON.jsonl")
    items = tables.work_items
    assert len(items) == 317
    assert items["resolved_at"].notna().sum() == 287
    released = tables.releases[tables.releases["is_released"]].dropna(subset=["release_date"])
    versions = items[["item_id", "fix_versions"]].explode("fix_versions")
    dated = versions.merge(released, left_on="fix_versions", right_on="name")
    first = items["item_id"].map(dated.groupby("item_id")["release_date"].min())
    resolved = items["resolved_at"].dt.tz_localize(None).dt.normalize()
    is_judged = first.notna() & resolved.notna()
    assert is_judged.sum() == 242
    assert (resolved <= first)[is_judged].sum() == 232


def test_the_newer_of_two_real_snapshots_counts(real_data):
    tables, quarantine = loaded(real_data / "jira_cloud_json_small")
    assert len(tables.work_items) == 10
    assert quarantine.files["n_duplicate"].sum() == 2
    changes = tables.status_changes
    moves = changes[changes["source"] == "changelog"].groupby("item_id").size()
    by_key = tables.work_items.set_index("key")["item_id"].map(moves)
    assert by_key.to_dict() == {
        "SP-1": 3, "SP-2": 1, "SP-5": 7, "SP-7": 1, "SP-8": 2, "SP-10": 6, "SP-11": 1, "SP-13": 2,
        "SP-14": 2, "SP-15": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "packed",
    [
        {"ABC-1": issue(1, *MOVES), "ABC-2": issue(2)},
        {"issues": {"ABC-1": issue(1, *MOVES), "ABC-2": issue(2)}},
        {"fetched": "2024-03-01", "data": {"issues": [issue(1, *MOVES), issue(2)]}},
        [{"issue": issue(1, *MOVES)}, {"issue": issue(2)}],
        [[issue(1, *MOVES)], [issue(2)]],
    ],
    ids=["by key", "issues by key", "data", "one each", "pages"],
)
def test_issues_are_found_in_what_other_programs_pack_them_into(saved, packed):
    tables = load_jira_json(saved(packed))
    assert tables.work_items["key"].tolist() == ["ABC-1", "ABC-2"]
    first = tables.status_changes[tables.status_changes["item_id"] == "1"]
    assert first["to_status"].tolist() == ["To Do", "Doing", "Done"]


def test_what_stands_under_a_key_and_is_no_issue_is_set_aside(saved):
    tables, quarantine = loaded(saved({"ABC-1": issue(1), "ABC-2": None}))
    assert tables.work_items["key"].tolist() == ["ABC-1"]
    assert quarantine.files.loc[0, ["rows_read", "n_valid", "n_quarantined"]].tolist() == [2, 1, 1]


def _moved(where):
    found = issue(1, *MOVES)
    log = found.pop("changelog")
    if where == "list":
        found["changelog"] = log["histories"]
    elif where == "values":
        found["changelog"] = {"total": 2, "values": log["histories"]}
    elif where == "fields":
        found["fields"]["changelog"] = log
    else:
        found["histories"] = log["histories"]
    return found


@pytest.mark.parametrize("where", ["list", "values", "fields", "histories"])
def test_a_changelog_counts_wherever_a_program_put_it(saved, where):
    tables = load_jira_json(saved([_moved(where)]))
    assert tables.status_changes["to_status"].tolist() == ["To Do", "Doing", "Done"]
    assert tables.work_items["history_complete"].tolist() == [True]


def test_an_issue_without_its_id_is_known_by_its_key(saved):
    one = issue(1, *MOVES)
    del one["id"]
    tables = load_jira_json(saved([one]))
    assert tables.work_items["item_id"].tolist() == ["ABC-1"]
    assert tables.status_changes["item_id"].tolist() == ["ABC-1"] * 3


def test_numbers_may_be_texts_and_missing_ones_what_python_writes(saved):
    text = json.dumps([issue(1, timespent="7200"), issue(2, timespent=float("nan"))])
    assert "NaN" in text
    for content in (text, text[1:-1].replace('}, {"id": "2"', '}\n{"id": "2"')):
        items = load_jira_json(saved(content)).work_items
        assert items["time_spent_hours"].isna().tolist() == [False, True]
        assert items["time_spent_hours"][0] == 2


def test_what_is_no_json_is_told_with_its_line(saved):
    content = '{"issues": [\n{"id": "1",}\n]}'
    with pytest.raises(
        UnreadableFileError, match=r"page.json, line 2: this is no JSON \(.*\)\. Cor"
    ):
        load_jira_json(saved(content))


def test_a_link_is_named_by_what_it_says_where_its_kind_has_no_name(saved):
    links = [{"type": {"outward": "blocks"}, "outwardIssue": {"key": "ABC-2"}}]
    assert load_jira_json(saved([issue(1, issuelinks=links)])).work_items["links"][0] == [
        "blocks: ABC-2"
    ]


def test_sprints_are_known_in_whatever_field_they_are(saved):
    server = ["com.atlassian.greenhopper.service.sprint.Sprint@1a[id=1,state=CLOSED,name=Old 1]"]
    cloud = [{"id": 1, "name": "New 1", "boardId": 7}, {"id": 2, "name": "New 2", "boardId": 7}]
    for sprints, names in ((server, ["Old 1"]), (cloud, ["New 1", "New 2"])):
        path = saved([issue(1, labels=["web"]), issue(2, customfield_10007=sprints)])
        assert load_jira_json(path).work_items["sprints"].tolist() == [[], names]
    asked = load_jira_json(path, columns={"sprints": "labels"}).work_items
    assert asked["sprints"].tolist() == [["web"], []]
    spoilt = saved([issue(1), issue(2, customfield_10007=cloud, status=None)])
    assert loaded(spoilt)[0].work_items["sprints"].tolist() == [[]]
