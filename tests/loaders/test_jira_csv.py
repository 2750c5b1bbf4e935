import pandas as pd
import pytest

from pmanalytics import Quarantine, load_jira_csv
from pmanalytics.errors import BadRowsError, ConfigError, MissingColumnsError

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
    def write(*lines, header=HEADER):
        path = tmp_path / "jira.csv"
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


def test_a_repeated_column_of_the_users_own_becomes_a_list(export):
    header = "Issue key,Status,Created,Comment,Comment"
    path = export("A-1,Done,02/Jan/24 3:04 PM,first,second", header=header)
    items = load_jira_csv(path, time_zone="UTC", columns={"comments": "Comment"})
    assert items["comments"].tolist() == [["first", "second"]]


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
