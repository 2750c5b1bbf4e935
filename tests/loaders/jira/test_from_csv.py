import pandas as pd
import pytest

from pmanalytics import Quarantine, load_jira_csv, time_in_status
from pmanalytics.errors import BadRowsError, ConfigError, MissingColumnsError, UnreadableFileError

HEADER = (
    "Summary,Issue key,Issue id,Issue Type,Status,Created,Updated,Resolved,Due Date,Labels,"
    "Labels,Original Estimate,Fix Version/s,Outward issue link (Blocks),Parent,"
    "Custom field (Size),Assignee"
)
ROW = (
    "Pay,ABC-1,10,Story,Done,02/Jan/24 3:04 PM,03/Jan/24 9:00 AM,03/Jan/24 9:00 AM,"
    "31/Jan/24 12:00 AM,web,,7200,1.0,ABC-2,,3,Ann"
)
CHILD = 'B,ABC-2,11,Bug,To Do,2024-01-05 10:00,2024-01-05 10:00,,,web,"a, b",,,,10,,Bob'


@pytest.fixture
def export(tmp_path):
    def write(*lines, header=HEADER, name="jira.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes("\r\n".join([header, *lines]).encode("utf-8-sig"))
        return path

    return write


def test_issues_come_with_lists_hours_days_and_parents(export):
    path = export(ROW, CHILD)
    items = load_jira_csv(
        path, time_zone="Europe/Berlin", columns={"story_points": "Custom field (Size)"}
    )
    first, second = items.iloc[0], items.iloc[1]
    assert first["created_at"] == pd.Timestamp("2024-01-02T14:04Z")
    assert first["due_date"] == pd.Timestamp("2024-01-31")
    assert first["original_estimate_hours"] == 2
    assert first["story_points"] == 3
    assert first["labels"] == ["web"]
    assert second["labels"] == ["web", "a, b"]
    assert first["fix_versions"] == ["1.0"]
    assert first["links"] == ["Blocks: ABC-2"]
    assert second["parent_key"] == "ABC-1"
    assert second["created_at"] == pd.Timestamp("2024-01-05T09:00Z")
    assert not items["history_complete"].any()


def test_persons_are_read_only_if_named(export):
    assert "Assignee" not in load_jira_csv(export(ROW), time_zone="UTC")
    kept = load_jira_csv(export(ROW), time_zone="UTC", columns={"assignee": "Assignee"})
    assert kept["assignee"].tolist() == ["Ann"]


def test_of_an_issue_that_occurs_twice_the_newest_state_is_kept(export):
    newer = ROW.replace("03/Jan/24 9:00 AM", "04/Jan/24 9:00 AM").replace("Pay", "Pay now")
    quarantine = Quarantine()
    items = load_jira_csv(export(newer, ROW, ROW), time_zone="UTC", quarantine=quarantine)
    assert items["summary"].tolist() == ["Pay now"]
    assert quarantine.files.loc[0, ["rows_read", "n_valid", "n_duplicate"]].tolist() == [3, 1, 2]


def test_an_unreadable_newest_state_does_not_hide_the_older_one(export):
    broken = ROW.replace("02/Jan/24 3:04 PM", "yesterday").replace("03/Jan/24", "09/Jan/24")
    quarantine = Quarantine()
    items = load_jira_csv(export(ROW, broken), time_zone="UTC", quarantine=quarantine)
    assert items["key"].tolist() == ["ABC-1"]
    counts = quarantine.files.loc[0, ["n_valid", "n_quarantined", "n_duplicate"]].tolist()
    assert counts == [1, 1, 0]


def test_an_older_state_that_counts_for_one_set_aside_is_told(export):
    row = "ABC-1,10,Done,02/Jan/24 3:04 PM,03/Jan/24 9:00 AM,"
    items, quarantine = loaded(export(row, row.replace("03/Jan", "33/Jan"), header=LEAN))
    assert items.index.tolist() == ["ABC-1"]
    assert [note for note in quarantine.notes if "an older state of the issue counts" in note]


OPEN_OR_DONE = "stands on several rows with different content"


@pytest.mark.parametrize("updated", ["03/Jan/24 9:00 AM", ""], ids=["equal", "absent"])
def test_contradictory_states_of_one_time_are_both_set_aside(export, updated):
    row = f"ABC-1,10,Done,02/Jan/24 3:04 PM,{updated},"
    old = "ABC-1,10,Old,02/Jan/24 3:04 PM,01/Jan/24 9:00 AM,"
    items, quarantine = loaded(
        export(row, row.replace("Done", "Open"), *([old] if updated else []), header=LEAN)
    )
    assert items.empty
    assert quarantine.problems["reason"].tolist() == [OPEN_OR_DONE] * 2
    assert quarantine.problems["line"].tolist() == [2, 3]


def test_an_empty_cell_contradicts_nothing_at_one_time_and_the_fuller_row_counts(export):
    row = "ABC-1,10,Done,02/Jan/24 3:04 PM,03/Jan/24 9:00 AM,"
    items, quarantine = loaded(export(row + "ABC-7", row, header=LEAN))
    assert items["parent_key"].tolist() == ["ABC-7"]
    assert quarantine.problems.empty


def test_issues_of_two_servers_with_one_id_or_key_are_set_aside(export):
    rows = [
        "A-1,1,Done,02/Jan/24 3:04 PM,03/Jan/24 9:00 AM,",
        "B-1,1,Done,05/Jan/23 3:04 PM,04/Jan/24 9:00 AM,",
        "C-1,3,Done,02/Jan/24 3:04 PM,03/Jan/24 9:00 AM,",
        "C-1,4,Done,05/Jan/23 3:04 PM,04/Jan/24 9:00 AM,",
    ]
    items, quarantine = loaded(export(*rows, header=LEAN))
    assert items.empty
    assert quarantine.problems["reason"].str.startswith("stands for different issues").all()
    assert quarantine.problems["line"].tolist() == [2, 3, 4, 5]


def test_an_issue_of_another_server_is_not_taken_for_a_known_one(export):
    json = loaded(export("A-1,2,Done,05/Jan/23 3:04 PM,03/Jan/24 9:00 AM,", header=LEAN))[0]
    known = json.reset_index()
    row = "A-1,9,Done,02/Jan/24 3:04 PM,03/Jan/24 9:00 AM,"
    items, quarantine = loaded(export(row, header=LEAN), known=known)
    assert items.empty
    assert quarantine.problems["reason"].str.startswith("stands for different issues").all()
    assert quarantine.files["n_duplicate"].tolist() == [0]


def test_a_bad_time_is_named(export):
    with pytest.raises(BadRowsError) as error:
        load_jira_csv(export(ROW.replace("02/Jan/24 3:04 PM", "07/01/2024 10:00")), time_zone="UTC")
    assert "jira.csv, line 2, Created: '07/01/2024 10:00' could be day/month or month" in str(
        error.value
    )


def test_another_table_is_not_taken_for_an_export(export):
    with pytest.raises(
        MissingColumnsError, match=r"lacks: Issue key .nearest header: 'Issue'.*Created"
    ):
        load_jira_csv(export("1,2", header="Issue,Status"), time_zone="UTC")


def test_an_unknown_zone_is_refused(export):
    with pytest.raises(ConfigError, match="time_zone 'Mars/Base' is not known"):
        load_jira_csv(export(ROW), time_zone="Mars/Base")


def test_an_export_without_ids_uses_the_keys(export):
    path = export("ABC-1,Done,02/Jan/24 3:04 PM", header="Issue key,Status,Created")
    assert load_jira_csv(path, time_zone="UTC")["item_id"].tolist() == ["ABC-1"]


LEAN = "Issue key,Issue id,Status,Created,Updated,Parent"
GERMAN = "Vorgangsschlüssel;Vorgangs-ID;Status;Erstellt;Aktualisiert;Statuskategorie"
GERMAN_ROW = "ABC-1;10;Fertig;2024-01-02 10:00;2024-01-09 10:00;Fertig"


def loaded(*paths, **options):
    quarantine = Quarantine()
    sources = list(paths) if len(paths) > 1 else paths[0]
    items = load_jira_csv(sources, time_zone="UTC", quarantine=quarantine, **options)
    return items.set_index("key"), quarantine


def test_part_files_are_read_each_by_its_own_header_and_joined(export):
    english = export("ABC-2,11,To Do,05/Jan/24 3:04 PM,05/Jan/24 3:04 PM,10", header=LEAN, name="a")
    items, quarantine = loaded(english, export(GERMAN_ROW, header=GERMAN, name="b"))
    assert items.index.tolist() == ["ABC-2", "ABC-1"]
    assert items["parent_key"].dropna().to_dict() == {"ABC-2": "ABC-1"}
    assert items["created_at"].tolist() == [
        pd.Timestamp("2024-01-05T15:04Z"),
        pd.Timestamp("2024-01-02T10:00Z"),
    ]
    assert items.loc["ABC-1", "status_category"] == "done"
    assert quarantine.files[["file", "rows_read", "n_valid"]].to_numpy().tolist() == [
        ["a", 1, 1],
        ["b", 1, 1],
    ]
    assert quarantine.notes == []


def test_of_an_issue_in_several_files_the_newest_state_is_kept(export):
    same = "ABC-3,12,To Do,05/Jan/24 3:04 PM,05/Jan/24 3:04 PM,"
    older = "ABC-1,10,To Do,02/Jan/24 10:00 AM,03/Jan/24 10:00 AM,"
    first = export(older, same, header=LEAN, name="a")
    second = export(same, header=LEAN, name="c")
    items, quarantine = loaded(first, export(GERMAN_ROW, header=GERMAN, name="b"), second)
    assert items["status"].to_dict() == {"ABC-1": "Fertig", "ABC-3": "To Do"}
    counts = ["rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    assert quarantine.files.set_index("file")[counts].sum().tolist() == [4, 2, 0, 2]
    assert quarantine.files.set_index("file").loc["b", "n_valid"] == 1


def test_a_problem_in_a_part_names_its_file_line_and_header(export):
    good = export("ABC-2,11,To Do,05/Jan/24 3:04 PM,05/Jan/24 3:04 PM,", header=LEAN, name="a")
    bad = export(GERMAN_ROW, GERMAN_ROW.replace(";Fertig;2024", ";;2024"), header=GERMAN, name="b")
    items, quarantine = loaded(good, bad)
    assert items.index.tolist() == ["ABC-2", "ABC-1"]
    found = quarantine.problems[["file", "line", "column", "reason"]].to_numpy().tolist()
    assert found == [["b", 3, "Status", "is missing and required"]]


def test_files_of_one_name_in_two_folders_are_told_apart(export):
    row = "ABC-{0},1{0},To Do,05/Jan/24 3:04 PM,05/Jan/24 3:04 PM,"
    paths = [export(row.format(n), header=LEAN, name=f"{n}/jira.csv") for n in (1, 2)]
    _, quarantine = loaded(*paths)
    assert quarantine.files["file"].tolist() == [str(path) for path in paths]


def test_a_header_asked_for_may_be_in_one_of_the_files_only(export):
    english = export(ROW, name="a")
    german = export(GERMAN_ROW.replace("ABC-1;10", "ABC-9;19"), header=GERMAN, name="b")
    items, _ = loaded(english, german, columns={"story_points": "Size"})
    assert items["story_points"].dropna().to_dict() == {"ABC-1": 3}
    with pytest.raises(MissingColumnsError, match=r"a, b lacks: Weight.*\n.*Vorgangsschlüssel"):
        loaded(english, german, columns={"weight": "Weight"})


def test_no_file_at_all_is_refused():
    with pytest.raises(UnreadableFileError, match="The list of files to read is empty"):
        load_jira_csv([], time_zone="UTC")


def test_a_moved_parent_is_found_by_its_old_key_and_its_id(export):
    time = "05/Jan/24 3:04 PM"
    rows = [
        f"OLD-1,10,To Do,{time},{time},",
        f"NEW-7,10,To Do,{time},06/Jan/24 3:04 PM,",
        f"ABC-2,11,To Do,{time},{time},OLD-1",
        f"ABC-3,12,To Do,{time},{time},10",
    ]
    items, quarantine = loaded(export(*rows, header=LEAN))
    assert items["parent_key"].dropna().tolist() == ["NEW-7", "NEW-7"]
    assert quarantine.notes == []


def test_parents_outside_the_export_are_counted_and_named(export):
    time = "05/Jan/24 3:04 PM"
    rows = [f"ABC-{n},{n},To Do,{time},{time},1000{p}" for n, p in ((1, 1), (2, 1), (3, 2))]
    items, quarantine = loaded(export(*rows, header=LEAN))
    assert items["parent_key"].tolist() == ["10001", "10001", "10002"]
    assert quarantine.notes == ["2 parents are not in the export: 10001, 10002."]


def test_a_parent_that_is_no_subtasks_parent_is_the_epic(export):
    header = "Issue key,Status,Created,Parent,Custom field (Epic Link)"
    rows = ["ABC-1,A,2024-01-05 10:00,,", "ABC-2,A,2024-01-05 10:00,,ABC-1"]
    child = "ABC-3,A,2024-01-05 10:00,ABC-2,ABC-1"
    items, quarantine = loaded(export(*rows, child, header=header))
    assert items["parent_key"].dropna().to_dict() == {"ABC-2": "ABC-1", "ABC-3": "ABC-2"}
    assert quarantine.notes == []


@pytest.mark.parametrize(("n_rows", "is_noted"), [(999, False), (1_000, True), (10_000, True)])
def test_a_file_that_ends_where_jira_cuts_is_noted(export, n_rows, is_noted):
    rows = [f"ABC-{n},A,2024-01-05 10:00" for n in range(n_rows)]
    _, quarantine = loaded(export(*rows, header="Issue key,Status,Created"))
    told = [note for note in quarantine.notes if "where Jira cuts exports off" in note]
    assert len(told) == is_noted
    assert not is_noted or told[0].startswith(f"jira.csv: it has exactly {n_rows:,} rows")


def test_an_apostrophe_before_a_formula_is_kept_and_counted(export):
    rows = ["ABC-1,A,2024-01-05 10:00,'=1+1", "ABC-2,A,2024-01-05 10:00,'quoted'"]
    items, quarantine = loaded(export(*rows, header="Issue key,Status,Created,Summary"))
    assert items["summary"].tolist() == ["'=1+1", "'quoted'"]
    assert quarantine.notes == [
        "jira.csv: 1 cell with an apostrophe before =, +, - or @, "
        "which keeps spreadsheets from calculating; kept as written."
    ]


def test_a_key_that_a_spreadsheet_made_a_date_sets_the_row_aside(export):
    rows = [f"{key},A,2024-01-05 10:00" for key in ("1-Mar", "abc-2", "A_B-3", "2024-03-01")]
    items, quarantine = loaded(export(*rows, header="Issue key,Status,Created"))
    assert items.index.tolist() == ["abc-2", "A_B-3"]
    found = quarantine.problems[["line", "column", "value", "reason"]].to_numpy().tolist()
    reason = "is no issue key such as ABC-12"
    assert found == [[2, "Issue key", "1-Mar", reason], [5, "Issue key", "2024-03-01", reason]]


def test_a_java_object_in_a_custom_field_is_a_missing_value(export):
    leak = (
        "com.atlassian.servicedesk.plugins.approvals.internal.customfield.ApprovalsCFValue@57175b"
    )
    header = "Issue key,Status,Created,Summary,Custom field (Approvals)"
    rows = [
        f"ABC-1,A,2024-01-05 10:00,Value@57175b,{leak}",
        "ABC-2,A,2024-01-05 10:00,,ann@example",
    ]
    items, quarantine = loaded(export(*rows, header=header), columns={"approvals": "Approvals"})
    assert items["approvals"].dropna().tolist() == ["ann@example"]
    assert items["summary"].tolist()[0] == "Value@57175b"
    problem = quarantine.problems.iloc[0]
    assert problem[["column", "value", "set_aside"]].tolist() == [
        "Custom field (Approvals)",
        leak,
        "value",
    ]
    assert quarantine.files["n_repaired"].tolist() == [1]


def test_time_in_status_is_taken_from_jiras_chart_field(examples):
    table = time_in_status(pd.Series([examples["M28"]["input"]], index=["ABC-1"]))
    assert table["days"].round(4).tolist() == examples["M28"]["expected"]
    assert table["status_id"].tolist() == ["10001", "10002", "10003"]
    assert table["item"].tolist() == ["ABC-1"] * 3
    assert table["visits"].tolist() == [1, 1, 1]


def test_time_in_status_that_cannot_be_read_is_missing():
    cells = pd.Series(["10_*:*_2_*:*_86400000", "10_*:*_x_*:*_1", "", None, "10_*:*_1_*:*_1_*|*_"])
    table = time_in_status(cells)
    assert table["item"].tolist() == [0, 1, 4]
    assert table["days"].iloc[0] == 1
    assert table[["status_id", "visits", "days"]].iloc[1:].isna().all(axis=None)


def test_time_in_status_of_nothing_is_an_empty_table():
    table = time_in_status(pd.Series([None], dtype="str"))
    assert table.columns.tolist() == ["item", "status_id", "visits", "days"]
    assert table.empty


def test_a_part_without_a_usable_row_does_not_stop_the_others(export):
    broken = export("ABC-2,To Do", header=LEAN, name="a")
    items, quarantine = loaded(broken, export(GERMAN_ROW, header=GERMAN, name="b"))
    assert items.index.tolist() == ["ABC-1"]
    assert quarantine.files["n_quarantined"].tolist() == [1, 0]
    items, quarantine = loaded(broken)
    assert items.empty
    assert quarantine.files["n_quarantined"].tolist() == [1]


def test_columns_are_known_by_the_names_scripts_give_them(export):
    header = (
        "id,key,fields.summary,issuetype,fields.status.name,created,resolutiondate,duedate,"
        "timeoriginalestimate,timespent,fixVersions,labels"
    )
    row = (
        "10,ABC-1,Pay,Story,Done,2024-01-02T03:04:05.678+0100,2024-01-05T03:04:05.678+0100,"
        "2024-01-31,7200,3600,1.0,\"['web', 'api']\""
    )
    item = load_jira_csv(export(row, header=header), time_zone="UTC").iloc[0]
    assert item["item_id"] == "10"
    assert item["item_type"] == "Story"
    assert item["status"] == "Done"
    assert item["resolved_at"] == pd.Timestamp("2024-01-05T02:04:05.678Z")
    assert item["due_date"] == pd.Timestamp("2024-01-31")
    assert [item["original_estimate_hours"], item["time_spent_hours"]] == [2, 1]
    assert item["fix_versions"] == ["1.0"]
    assert item["labels"] == ["web", "api"]


def test_repeated_columns_count_though_pandas_numbered_them(export):
    header = ",Issue key,Summary,Status,Created,Labels,Labels.1,Sprint,Sprint.1,Version.2"
    row = "0,ABC-1,Pay,Done,2024-01-02 10:00:00,web,api,S 1,S 2,x"
    item = load_jira_csv(export(row, header=header), time_zone="UTC").iloc[0]
    assert item["labels"] == ["web", "api"]
    assert item["sprints"] == ["S 1", "S 2"]


@pytest.mark.parametrize(
    ("written", "hours"),
    [("7200", 2), ("38h", 38), ("1h 30m", 1.5), ("45m", 0.75), ("7.5h", 7.5), ("0", 0)],
)
def test_effort_is_in_seconds_unless_it_tells_hours_and_minutes(export, written, hours):
    path = export(ROW.replace(",7200,", f",{written},"))
    assert load_jira_csv(path, time_zone="UTC")["original_estimate_hours"].tolist() == [hours]


@pytest.mark.parametrize("written", ["28.8", "5", "2d 4h", "1w"])
def test_effort_that_cannot_be_seconds_is_set_aside_and_told(export, written):
    quarantine = Quarantine()
    path = export(ROW.replace(",7200,", f",{written},"))
    items = load_jira_csv(path, time_zone="UTC", quarantine=quarantine)
    assert items["original_estimate_hours"].isna().tolist() == [True]
    assert quarantine.problems[["column", "value", "set_aside"]].to_numpy().tolist() == [
        ["Original Estimate", written, "value"]
    ]


def test_the_epics_key_goes_before_a_parents_id_that_is_not_in_the_export(export):
    header = "Issue key,Issue id,Summary,Status,Created,Parent,Custom field (Epic Link)"
    rows = [
        "ABC-1,10,Pay,Done,02/Jan/24 3:04 PM,99,ABC-9",
        "ABC-2,11,Part,Done,02/Jan/24 3:04 PM,10,ABC-9",
        "ABC-3,12,Part,Done,02/Jan/24 3:04 PM,98,",
    ]
    items = load_jira_csv(export(*rows, header=header), time_zone="UTC")
    assert items["parent_key"].tolist() == ["ABC-9", "ABC-1", "98"]
    assert not [name for name in items if "epic" in name]
