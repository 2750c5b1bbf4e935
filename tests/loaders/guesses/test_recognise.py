# ruff: noqa: E501
import gzip

import pandas as pd
import pytest

from pmanalytics import load_portfolio
from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.guesses.recognise import date_columns, id_column, recognise, sample_of
from pmanalytics.loaders.sources.archives import files_in
from pmanalytics.loaders.sources.files import Limits, file_at

CHANGELOG = '{"issueChangeLogs":[{"issueId":"1","changeHistories":[]}]}'
RSS = '<!-- a remark --><rss version="0.92"><channel><item><key id="1">A-1</key></item></channel>'


@pytest.mark.parametrize(
    ("name", "content", "section", "is_sure"),
    [
        ("x.csv", "Issue key,Issue id,Status,Created\nA-1,1,Done,2/Jan/24 3:04 PM\n", "jira_csv", True),
        ("x.csv", "Vorgangsschlüssel;Vorgangstyp;Status;Erstellt\nA-1;Bug;Fertig;2/Jan/24 15:04\n", "jira_csv", True),
        ("x.csv", "issue_key,title,status,created_date,resolution_date\nA-1,One,Done,2024-01-01,2024-02-01\nA-2,Two,Open,2024-01-01,\n", "jira_csv", True),
        ("x.csv", "key,issue_type,status,created_date\nA-1,Bug,Open,2024-01-01\nA-1,Bug,Done,2024-02-01\n", None, False),
        ("x.csv", "key,name,type,status,created_date,due\nP-1,One,IT,open,2024-01-01,2024-02-01\n", "projects", False),
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
        ("x.csv", "ID,Issue_Type,Updated,Status Change Date,Status Change From,Status Change To\nA-1,Bug,2024-02-03,2024-02-01,Open,Done\nA-1,Bug,2024-02-03,2024-01-01,New,Open\n", "work_item_history", False),
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


ISSUES = '{"issues":[{"id":"1","key":"A-1","fields":{}}]}'
PROSE = "Dear all,\nhere are, as promised, the files.\nCall me, if not.\n"


@pytest.mark.parametrize(
    "name", ["x.txt", "x.tsv", "x.tab", "x.dat", "x.log", "x", "x.xml", "x.zip"]
)
@pytest.mark.parametrize(
    ("content", "section"),
    [
        ("product_id\tname\nA\tAtlas\n", "products"),
        ("project_id;name;status\nP1;One;open\n", "projects"),
        ('[{"product_id": "A", "name": "Atlas"}]', "products"),
        ('{"product_id": "A", "name": "Atlas"}\n{"product_id": "B", "name": "Bo"}\n', "products"),
        (ISSUES, "jira_json"),
        (RSS, "jira_xml"),
    ],
)
def test_a_name_hides_no_table_json_or_xml(tmp_path, name, content, section):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert recognise(file_at(path))[::2] == (section, True)


@pytest.mark.parametrize("name", ["x.txt", "x", "x.log", "README.txt", "LICENSE", "readme", "a.py"])
def test_prose_is_a_document(tmp_path, name):
    path = tmp_path / name
    path.write_text(PROSE)
    assert recognise(file_at(path)) == (None, "a document", False)


@pytest.mark.parametrize("name", ["README.txt", "LICENSE", "Notes.md", "x.docx"])
def test_what_is_named_as_a_document_is_not_opened(tmp_path, name):
    path = tmp_path / name
    path.write_text("project_id,name,status\nP1,One,open\n")
    assert recognise(file_at(path)).why == "a document"


def test_a_header_in_brackets_is_no_json(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("[product_id],[name]\nA,Atlas\n")
    assert recognise(file_at(path)).section == "products"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
    ],
)
def test_json_and_xml_are_known_and_read_in_every_unicode(tmp_path, encode):
    issue = (
        '{"id":"%s","key":"A-%s","fields":{"created":"2024-01-02T15:04:00.000+0000",'
        '"status":{"name":"Täter"}}}'
    )
    item = (
        '<rss version="0.92"><channel><item><key id="3">A-3</key><status>Täter</status>'
        "<created>Tue, 2 Jan 2024 15:04:00 +0000</created></item></channel></rss>"
    )
    (tmp_path / "page.txt").write_bytes(encode(f'{{"issues":[{issue % (1, 1)}]}}'))
    (tmp_path / "lines.log").write_bytes(encode(f"{issue % (2, 2)}\n{issue % (4, 4)}\n"))
    (tmp_path / "rss").write_bytes(encode(item))
    (tmp_path / "products.dat").write_bytes(encode('[{"product_id": "A", "name": "Ätlas"}]'))
    portfolio = load_portfolio(tmp_path, as_of="2024-02-01")
    assert sorted(portfolio.work_items["key"]) == ["A-1", "A-2", "A-3", "A-4"]
    assert set(portfolio.work_items["status"]) == {"Täter"}
    assert portfolio.products["name"].tolist() == ["Ätlas"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"project_id,name,status\n", "a header, but no row below it"),
        ("a.csv", b'a,b\n"x,1\n', "line 2: unexpected end of data"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "this is no text but a picture"),
        ("a.csv", ",".join(map(str, range(10_000))).encode(), "the header has 10,000 columns"),
        ("a.xls", b"\n<HTML><head></head><table>", "a web page, as Jira's old export to Excel is"),
    ],
)
def test_what_cannot_be_used_is_listed_with_the_reason(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "products.csv").write_text("product_id,name\nA,Atlas\n")
    files = load_portfolio(tmp_path, as_of="2024-02-01").files.set_index("file")
    assert files.loc[name, "evidence"].startswith(why)


def test_a_row_too_long_for_a_sample_is_refused_and_not_taken_for_none(tmp_path):
    (tmp_path / "products.csv").write_text("product_id,name\nA," + "x" * 2_000_000)
    with pytest.raises(UnreadableFileError, match=r"products\.csv, line 2: field larger than"):
        load_portfolio(tmp_path, as_of="2024-02-01")


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


@pytest.mark.parametrize(
    ("header", "lacking"),
    [
        ("Issue Type,Issue key,Issue id,Summary,Reporter", "Status and Created"),
        ("Issue Type,Issue key,Issue id,Parent id,Summary,Status", "Created"),
        ("Key,Summary,Status,Priority", "Created"),
    ],
)
def test_issues_without_what_they_need_are_told_as_such(tmp_path, header, lacking):
    path = tmp_path / "x.csv"
    path.write_text(f"{header}\n" + ",".join(["A-1"] * (header.count(",") + 1)), encoding="utf-8")
    guess = recognise(file_at(path))
    assert guess.section is None
    assert f"without {lacking}: export them again" in guess.why


@pytest.mark.parametrize(
    "header",
    [
        "Key,Summary,Created,Updated",
        "Ticket,Titre,Création,Mise à jour",
        "Clave,Creada,Actualizada",
    ],
)
def test_a_list_that_tells_only_when_items_began_is_told_what_it_lacks(tmp_path, header):
    path = tmp_path / "x.csv"
    row = ["A-1", *["text"] * (header.count(",") - 2), "2025-01-31", "2025-02-28"]
    path.write_text(f"{header}\n{','.join(row)}\n", encoding="utf-8")
    guess = recognise(file_at(path))
    assert guess.section is None
    assert "tells one day: it lacks a status, or the days on which" in guess.why
