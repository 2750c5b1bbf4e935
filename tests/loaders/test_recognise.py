# ruff: noqa: E501
import gzip

import pandas as pd
import pytest

from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.files import Limits, file_at, files_in
from pmanalytics.loaders.recognise import date_columns, id_column, recognise, sample_of

CHANGELOG = '{"issueChangeLogs":[{"issueId":"1","changeHistories":[]}]}'
RSS = '<!-- a remark --><rss version="0.92"><channel><item><key id="1">A-1</key></item></channel>'


@pytest.mark.parametrize(
    ("name", "content", "section", "is_sure"),
    [
        ("x.csv", "Issue key,Issue id,Status,Created\nA-1,1,Done,2/Jan/24 3:04 PM\n", "jira_csv", True),
        ("x.csv", "Vorgangsschlüssel;Vorgangstyp;Status;Erstellt\nA-1;Bug;Fertig;2/Jan/24 15:04\n", "jira_csv", True),
        ("x.json", '{"issues":[{"id":"1","key":"A-1","fields":{}}]}', "jira_json", True),
        ("x.jsonl", '{"id":"1","key":"A-1","fields":{}}\n{"id":"2","key":"A-2","fields":{}}', "jira_json", True),
        ("x.json", CHANGELOG, "jira_json", True),
        ("x.xml", "This XML file does not appear to have any style\n" + RSS, "jira_xml", True),
        ("x.csv", "project_id,name,status\nP1,One,open\n", "projects", True),
        ("x.csv", "product_id,name\nA,Atlas\n", "products", True),
        ("project_x.csv", "item_id,changed_at,to_status\nP1,2024-01-01,Planning\n", "project_history", True),
        ("x.csv", "file,line,column,value,reason,hint,corrected\na.csv,2,x,y,,,\n", "corrections", True),
        ("x.csv", "Nr,Title,State,Due\n1,One,open,2025-01-31\n2,Two,open,2025-02-28\n", "projects", False),
        ("x.csv", "PID,Name,As of,Forecast finish\n1,A,2024-01-01,2025-01-01\n1,A,2024-02-01,2025-03-01\n", "project_snapshots", False),
        ("x.csv", "Ticket,Changed,Status\nT1,2024-01-01,Open\nT1,2024-02-01,Done\n", "work_item_history", False),
        ("x.csv", "Task,Start,End\nT1,2024-01-01,2024-01-03\nT2,2024-01-02,\nT3,2024-01-02,\n", "work_item_stage_dates", False),
        ("x.json", '[{"name":"A","dateOpen":"2013-07-24","dateClose":"2024-08-06"}]', "product_stage_dates", False),
        ("x.csv", "Task ID,Name,Assignee,Created,Closed\n1,a,x,2024-01-01,2024-01-02\n", "work_item_stage_dates", False),
        ("x.csv", "Project,Status Date,PV,EV\nP1,2024-01-31,1,2\n", "status_reports", False),
        ("x.csv", "task_id,baseline_finish_date\n1,2024-01-31\n", "tasks", True),
        ("x.csv", "Project Name,Start,End\nA,2024-01-31,2024-02-28\n", "projects", False),
        ("x.csv", "Project,Status,Due\nA,open,2024-01-31\nB,open,2024-02-28\n", "projects", False),
        ("x.csv", "Project No,Project Name,Data Date,BCWS,BCWP\n1,A,2024-01-31,1,2\n1,A,2024-02-29,3,4\n", "status_reports", False),
        ("x.csv", "city,people\nRome,3\n", None, False),
        ("x.json", '{"columns": [{"name": "Done"}]}', None, False),
        ("x.xml", "<html><body/></html>", None, False),
        ("README.md", "# projects", None, False),
        ("x.csv", "", None, False),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_content(tmp_path, name, content, section, is_sure):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    guess = recognise(file_at(path))
    assert (guess.section, guess.is_sure) == (section, is_sure), guess
    assert guess.why


def test_columns_of_dates_and_of_identity_are_found():
    sample = pd.DataFrame(
        {
            "when": ["2024-01-01", "3/4/25", ""],
            "version": ["1", "", "2"],
            "series": ["a", "b", "c"],
            "amount": ["1", "2", "3"],
        }
    )
    assert date_columns(sample) == ["when"]
    assert id_column(sample) == "series"


REAL = {
    "cycle_times/jira.csv": "work_item_stage_dates",
    "distro_lifecycles/debian.csv": "product_stage_dates",
    "distro_lifecycles/ubuntu.csv": "product_stage_dates",
    "jira_cloud_json/search_with_changelog.json": "jira_json",
    "jira_cloud_json_small/complete_sample/sample_issues/SP-1.json": "jira_json",
    "jira_cloud_json_small/testdata/sample_statuses.json": None,
    "jira_cloud_json_small/testdata/sample_board_1_configuration.json": None,
    "jira_server_jsonl/DAEMON.jsonl": "jira_json",
    "nyc_capital_projects/NYC_capital_projects_20190901.csv": "project_snapshots",
    "product_lifespans/graveyard.json": "product_stage_dates",
    "semicolon_dates/ExampleFile.csv": "work_item_stage_dates",
    "stage_gates/Capital_Delivery_Project_deidentified.csv": "project_stage_dates",
    "status_history_csv/sample_300_tickets.csv": "work_item_history",
}


def test_every_real_file_is_recognised(real_data):
    found = {file.name: recognise(file).section for file in files_in(real_data)}
    assert {name: found[name] for name in REAL} == REAL


def test_a_sample_of_a_table_is_its_beginning(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,name\n" + "1,a\n" * 700)
    assert sample_of(file_at(path)).shape == (500, 2)


@pytest.mark.parametrize(
    ("encoding", "end"),
    [("utf-16", "\n"), ("utf-16-le", "\r\n"), ("utf-16-be", "\n"), ("utf-8", "\r")],
)
def test_a_sample_holds_whole_lines_of_whole_letters(tmp_path, encoding, end):
    path = tmp_path / "x.csv"
    text = f"project_id,name,status{end}" + "".join(
        f"P{n},Ünïcödé Ċ,open{end}" for n in range(20_000)
    )
    path.write_bytes(text.encode(encoding))
    assert recognise(file_at(path)).section == "projects"
    assert set(sample_of(file_at(path))["name"]) == {"Ünïcödé Ċ"}


def test_a_sample_takes_cells_as_long_as_the_limits_allow(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(f"project_id,name,status\nP1,{'x' * 200_000},open\n")
    assert recognise(file_at(path)).section == "projects"
    assert "field larger than" in recognise(file_at(path, Limits(cell_chars=1000))).why


def test_a_packed_file_that_is_cut_or_no_archive_is_told(tmp_path):
    for name, content in {
        "cut": gzip.compress(b"a,b\n" * 1000)[:-12],
        "none": b"a,b\n1,2\n",
    }.items():
        path = tmp_path / f"{name}.csv.gz"
        path.write_bytes(content)
        with pytest.raises(UnreadableFileError, match=rf"{name}\.csv\.gz: cannot be read"):
            recognise(file_at(path))
