import csv
import json
import zipfile

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pmanalytics import load_portfolio
from pmanalytics.errors import ConfigError, MissingColumnsError, UnreadableFileError
from pmanalytics.loaders.corrections import (
    _unescaped,
    load_corrections,
    safe_cell,
    to_mend,
    write_corrections,
)
from pmanalytics.loaders.sources.files import file_at

HEADER = "project_id,name,status,baseline_finish_date,baseline_budget,currency"
PROJECTS = f"""{HEADER}
P1,One,open,2025-13-01,5,EUR
P2,=2+2,für später,,,
P3,Three,open
P4,Four,open,,,
P5,Five,open,03/04/2025,,
P6,,open,,,
P7,Seven,=cmd|' /C calc'!A0,,,
"""
WANTED = {
    "2025-13-01": "2025-12-01",
    "für später": "on_hold",
    "P3,Three,open": "P3,Three,open,,,",
    "03/04/2025": "2025-04-03",
    "": "Six",
    "=cmd|' /C calc'!A0": "done",
}


def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(examples):
    cells = ["=1+1", "-2+3", "@x", -5, "a=b", "+1", "\t=1", "＝1"]
    safe = ["'=1+1", "'-2+3", "'@x", -5, "a=b", "'+1", "'\t=1", "'＝1"]
    assert [safe_cell(cell) for cell in cells] == safe
    assert json.loads(examples["M59"]["expected"]) == safe[:5]


@pytest.mark.parametrize("cell", ["007", "1.234", "03/04/2025", "MAR-1", "1e5", "TRUE", "(5)"])
def test_a_cell_that_excel_would_rewrite_gets_an_apostrophe(cell):
    assert safe_cell(cell) == f"'{cell}"
    assert [safe_cell(text) for text in ("P3", "frozen", "Phase two")] == [
        "P3",
        "frozen",
        "Phase two",
    ]


@given(st.text(alphabet="'=-1aé \t＋", max_size=6))
def test_the_apostrophe_and_nothing_else_is_taken_off_again(text):
    assert _unescaped(safe_cell(text.strip())) == text.strip()


def save_text(rows, path, delimiter, encoding):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(rows)


def save_book(rows, path):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell in (cell for row in book.active.iter_rows() for cell in row):
        cell.data_type = "s"  # openpyxl takes "=..." for a formula
    book.save(path)


SAVED = {
    "by hand.csv": lambda rows, path: save_text(rows, path, ",", "utf-8"),
    "German Excel.csv": lambda rows, path: save_text(rows, path, ";", "utf-8-sig"),
    "old Excel.csv": lambda rows, path: save_text(rows, path, ";", "cp1252"),
    "Unicode text.txt": lambda rows, path: save_text(rows, path, "\t", "utf-16"),
    "Unicode text.csv": lambda rows, path: save_text(rows, path, "\t", "utf-16"),
    "workbook.xlsx": save_book,
}


def read_list(path):
    """Return the rows of a list as a spreadsheet shows them."""
    if path.suffix == ".xlsx":
        shown = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
        return [["" if cell is None else cell for cell in row] for row in shown]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def fill_in(rows, wanted):
    """Return the rows with what is wanted instead of each value, as a user fills it in."""
    value, corrected = rows[0].index("value"), rows[0].index("corrected")
    for row in rows[1:]:
        row[corrected] = wanted.get(_unescaped(row[value]), "")
    return rows


def load(folder):
    return load_portfolio(folder, as_of="2025-06-30")


def mend(folder, wanted, name="fixed.csv", ending=".csv"):
    """Write the list of problems, fill it in, save it in the folder, and load again."""
    found = folder / f"bad_rows_{name}{ending}"
    write_corrections(to_mend(load(folder).problems), found)
    rows = fill_in(read_list(found), wanted)
    found.unlink()
    SAVED.get(name, SAVED["by hand.csv"])(rows, folder / name)
    return load(folder)


def counts(portfolio, file="projects.csv"):
    row = portfolio.files.set_index("file").loc[file]
    return row[["rows_read", "n_valid", "n_quarantined", "n_duplicate"]].tolist()


@pytest.mark.parametrize(
    ("name", "ending"),
    [*((name, ".csv") for name in SAVED), ("old Excel.csv", ".xlsx"), ("workbook.xlsx", ".xlsx")],
)
def test_what_is_mended_completes_the_load_however_it_was_saved(tmp_path, name, ending):
    (tmp_path / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    before = load(tmp_path)
    assert counts(before) == [7, 1, 6, 0]
    after = mend(tmp_path, WANTED, name, ending)
    projects = after.projects.set_index("project_id")
    assert projects.index.tolist() == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    assert projects.loc["P1", "baseline_finish_date"] == pd.Timestamp("2025-12-01")
    assert projects.loc["P5", "baseline_finish_date"] == pd.Timestamp("2025-04-03")
    assert projects.loc[["P2", "P7"], "status"].tolist() == ["on_hold", "done"]
    assert projects.loc["P6", "name"] == "Six"
    assert after.problems.empty
    assert counts(after) == [7, 7, 0, 0]
    assert after.notes == (
        "projects.csv: 6 corrections taken in.",
        f"{name}: 6 of 6 rows filled in.",
    )


def test_the_list_is_safe_to_open_and_overwrites_nothing(tmp_path):
    (tmp_path / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    problems = load(tmp_path).problems
    write_corrections(problems, tmp_path / "bad.csv")
    assert "\"'=cmd" in (tmp_path / "bad.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(ConfigError, match=r"bad\.csv: this file exists"):
        write_corrections(problems, tmp_path / "bad.csv")
    with pytest.raises(ConfigError, match=r"bad\.ods: .* as \.csv or \.xlsx\."):
        write_corrections(problems, tmp_path / "bad.ods")


def test_a_workbook_holds_text_and_keeps_what_people_type_as_text(tmp_path):
    problems = pd.DataFrame(
        {
            "file": "a.csv",
            "line": pd.array([2, 3], dtype="Int64"),
            "column": "Due",
            "value": ["=1+1", "_x0041_ & <b>\x01"],
            "reason": "is wrong",
            "hint": "Mend it",
        }
    )
    write_corrections(problems, tmp_path / "bad.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "bad.xlsx").active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.number_format for cell in cells} == {"@"}
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert sheet["D2"].value == "=1+1"
    assert sheet.column_dimensions["A"].max >= 7
    (tmp_path / "bad.xlsx").rename(tmp_path / "bad_rows.xlsx")
    file = file_at(tmp_path / "bad_rows.xlsx")
    assert load_corrections([file]) == ({}, ["bad_rows.xlsx: 0 of 2 rows filled in."])


def test_a_cell_can_be_emptied_and_a_row_deleted(tmp_path):
    (tmp_path / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    wanted = WANTED | {"2025-13-01": "(Empty)", "": "(delete)", "P3,Three,open": "(DELETE)"}
    after = mend(tmp_path, wanted)
    assert after.projects["project_id"].tolist() == ["P1", "P2", "P4", "P5", "P7"]
    assert pd.isna(after.projects.loc[0, "baseline_finish_date"])
    assert counts(after) == [7, 5, 2, 0]
    assert after.problems[["line", "column", "value", "reason"]].fillna("").to_numpy().tolist() == [
        [4, "(record)", "P3,Three,open", "is deleted by a correction"],
        [7, "name", "", "is deleted by a correction"],
    ]
    assert to_mend(after.problems).empty
    assert after.notes[0] == "projects.csv: 6 corrections taken in, 2 rows deleted."


def test_of_rows_with_one_id_all_but_one_can_be_deleted(tmp_path):
    text = "project_id,name,status\nP1,One,open\nP1,Uno,open\n"
    (tmp_path / "projects.csv").write_text(text)
    (tmp_path / "fixed.csv").write_text(
        "file,line,column,value,corrected\nprojects.csv,3,project_id,P1,(delete)\n"
    )
    after = load(tmp_path)
    assert after.projects["name"].tolist() == ["One"]
    assert counts(after) == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("delimiter", "name"),
    [
        (",", "German Excel.csv"),
        (";", "German Excel.csv"),
        ("\t", "Unicode text.txt"),
        ("|", "workbook.xlsx"),
    ],
)
def test_a_whole_record_is_shown_and_mended_as_its_file_writes_it(tmp_path, name, delimiter):
    text = 'project_id,name,status\nP1,One\nP2,"T"wo,open\nP3,Three,open,x\n'
    (tmp_path / "projects.csv").write_text(text.replace(",", delimiter))
    shown = [line.replace(",", delimiter) for line in text.splitlines()[1:]]
    assert load(tmp_path).problems["value"].tolist() == shown
    mended = [delimiter.join([number, "Name", "open"]) for number in ("P1", "P2", "P3")]
    after = mend(tmp_path, dict(zip(shown, mended, strict=True)), name)
    assert after.projects["project_id"].tolist() == ["P1", "P2", "P3"]
    assert after.projects["name"].tolist() == ["Name"] * 3


def test_a_record_may_be_mended_with_another_delimiter_than_its_file_has(tmp_path):
    (tmp_path / "projects.csv").write_text("project_id,name,status\nP1,One\n")
    after = mend(tmp_path, {"P1,One": "P1\tOne, or two\topen"})
    assert after.projects["name"].tolist() == ["One, or two"]


def test_rows_swallowed_by_an_open_quote_come_back_under_their_lines(tmp_path):
    text = 'project_id,name,status\nP1,"One,open\nP2,Two,open\nP3,Three",open\nP4,Four,open\n'
    (tmp_path / "projects.csv").write_text(text)
    problems = load(tmp_path).problems
    assert problems[["line", "column"]].to_numpy().tolist() == [[2, "(record)"]]
    (swallowed,) = problems["value"]
    after = mend(tmp_path, {swallowed: "P1,One,open\nP2,Two,frozen\nP3,Three,open"})
    assert after.projects["project_id"].tolist() == ["P1", "P3", "P4"]
    assert counts(after) == [4, 3, 1, 0]
    after = mend(tmp_path, {"frozen": "on_hold"}, "second.csv")
    assert after.projects["status"].tolist() == ["open", "on_hold", "open", "open"]


def test_a_record_of_several_lines_that_is_right_is_told_so_by_repeating_it(tmp_path):
    (tmp_path / "projects.csv").write_text('project_id,name,status\nP1,"a,b\nc,d",open\n')
    (shown,) = load(tmp_path).problems["value"]
    after = mend(tmp_path, {shown: shown})
    assert after.projects["name"].tolist() == ["a,b\nc,d"]


@pytest.mark.parametrize("wanted", ["P3,Three", "(empty)", "P3,Three,open,,,\nP9,Nine,open,,,"])
def test_a_record_mended_into_no_row_is_told_and_stays_aside(tmp_path, wanted):
    (tmp_path / "projects.csv").write_text(f"{HEADER}\nP3,Three,open\nP4,Four,open,,,\n")
    after = mend(tmp_path, {"P3,Three,open": wanted})
    assert after.problems["value"].tolist() == ["P3,Three,open"]
    assert after.notes[0] == (
        "projects.csv: 1 correction not used: "
        "line 2 is given another number of cells than the header."
    )


def test_files_in_archives_and_sheets_of_books_are_mended_like_others(tmp_path):
    bad = "project_id,name,status\n{},One,frozen\n"
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("in/projects.csv", bad.format("P1"))
    (tmp_path / "projects.csv").write_text(bad.format("P2"))
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Second")):
        sheet.append(["project_id", "name", "status", "percent_complete"])
        sheet.append([f"P {sheet.title}", "One", "frozen", 0.5])
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "records.json").write_text('[{"project_id":"P5","name":"A","status":"frozen"}]')
    after = mend(tmp_path, {"frozen": "open"}, "German Excel.csv")
    assert sorted(after.projects["project_id"]) == ["P Second", "P Sheet", "P1", "P2", "P5"]
    assert after.problems.empty


def test_hostile_names_of_files_and_columns_come_back_as_they_are(tmp_path):
    (tmp_path / "=1+1.csv").write_text("project_id,name,@state\nP1,One,frozen\n")
    (tmp_path / "pmanalytics.toml").write_text(
        '[projects]\nfile = "=1+1.csv"\n[projects.columns]\nstatus = "@state"\n'
    )
    problems = load(tmp_path).problems
    write_corrections(problems, tmp_path / "bad.csv")
    assert '"\'=1+1.csv","2","\'@state"' in (tmp_path / "bad.csv").read_text("utf-8-sig")
    assert mend(tmp_path, {"frozen": "open"}, "old Excel.csv").problems.empty


def test_a_row_of_a_sheet_is_not_taken_for_a_record_of_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["project_id", "name", "status"])
    book.active.append(["P1", "One,open\nP2,Two", "open"])
    book.active.append(["P3", "Three", "open"])
    book.save(tmp_path / "projects.xlsx")
    wanted = "P1,One,open\nP2,Two,open"
    with (tmp_path / "bad.csv").open("w", newline="") as file:
        rows = [["file", "line", "column", "value", "corrected"]]
        rows.append(["projects.xlsx", "2", "(record)", 'P1,"One,open\nP2,Two",open', wanted])
        csv.writer(file).writerows(rows)
    after = load(tmp_path)
    assert counts(after, "projects.xlsx") == [2, 2, 0, 0]
    assert after.notes[0].startswith("projects.xlsx: 1 correction not used: row 2 does not hold")


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(st.text('P1,"o', max_size=8), min_size=1, max_size=5),
    wanted=st.lists(
        st.tuples(
            st.integers(2, 7),
            st.sampled_from(["(record)", "status", "project_id"]),
            st.sampled_from(["", "P", "1", "o", "P,1,o", ","]),
            st.sampled_from(
                ["P,1,open", "open", "(delete)", "(empty)", 'P,"1\n2",open', '"', "1\n2"]
            ),
        ),
        max_size=8,
    ),
)
def test_whatever_is_wanted_every_row_is_accounted_for(tmp_path, lines, wanted):
    (tmp_path / "projects.csv").write_text(
        "\n".join(["project_id,name,status", "P0,Zero,open", *lines])
    )
    with (tmp_path / "bad.csv").open("w", newline="") as file:
        rows = [["file", "line", "column", "value", "corrected"]]
        rows += [["projects.csv", *map(str, row)] for row in wanted]
        csv.writer(file).writerows(rows)
    try:
        found = load(tmp_path)
    except UnreadableFileError:
        assume(False)  # a quote that is never closed
    n_read, *parts = counts(found)
    assert n_read == sum(parts)
    assert len(found.projects) == parts[0]


def write_list(folder, *rows, name="bad.csv"):
    lines = ["file,line,column,value,corrected", *(f"projects.csv,{row}" for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n")


@pytest.fixture
def one_project(tmp_path):
    (tmp_path / "projects.csv").write_text("project_id,name,status\nP1,One,frozen\n")
    return tmp_path


def test_a_correction_of_what_has_changed_since_is_told_and_not_used(one_project):
    write_list(one_project, "2,status,iced,done", "9,status,frozen,done", "2,stage,frozen,done")
    after = load(one_project)
    assert counts(after) == [1, 0, 1, 0]
    assert after.notes[0] == (
        "projects.csv: 3 corrections not used: line 2 does not hold 'iced' in 'status'; "
        "line 2 does not hold 'frozen' in 'stage'; line 9 does not hold 'frozen' in 'status'."
    )


def test_of_many_corrections_that_are_not_used_the_first_are_named(one_project):
    write_list(one_project, *(f"{n},status,iced,done" for n in range(10, 5_000)))
    assert load(one_project).notes[0].endswith("; and 4987 more.")


def test_the_same_correction_twice_counts_once(one_project):
    write_list(one_project, "2,status,frozen,done", "2,status,frozen,done")
    write_list(one_project, "2,status,frozen,done", name="copy.csv")
    after = load(one_project)
    assert after.projects["status"].tolist() == ["done"]
    assert after.notes[0] == "projects.csv: 1 correction taken in."


@pytest.mark.parametrize("other", ["open", "(delete)", "(empty)"])
def test_corrections_that_contradict_each_other_are_told_and_not_used(one_project, other):
    write_list(one_project, "2,status,frozen,done")
    write_list(one_project, f"2,status,frozen,{other}", name="other.csv")
    after = load(one_project)
    assert after.projects.empty
    assert after.notes[-1].startswith(
        "Corrections that contradict each other, not used: projects.csv, line 2, status: 'done' and"
    )


@pytest.mark.parametrize("names", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_a_second_list_goes_on_where_the_first_one_ended(one_project, names):
    write_list(one_project, "2,status,frozen,iced", name=names[0])
    write_list(one_project, "2,status,iced,done", name=names[1])
    assert load(one_project).projects["status"].tolist() == ["done"]


def test_a_row_once_deleted_needs_none_of_its_other_corrections(tmp_path):
    (tmp_path / "projects.csv").write_text(f"{HEADER}\nP1,One,frozen,soon 1,,\nP2,Two,open,,,\n")
    write_list(tmp_path, "2,project_id,P1,(delete)", "2,status,frozen,open")
    after = load(tmp_path)
    assert counts(after) == [2, 1, 1, 0]
    assert after.notes[0] == "projects.csv: 1 correction taken in, 1 row deleted."


@pytest.mark.parametrize("date_format", ["%d.%m.%Y", "day first"])
@pytest.mark.parametrize("wanted", ["2025-12-01", "01.12.2025"])
def test_a_day_may_be_mended_into_iso_or_the_columns_own_way(tmp_path, date_format, wanted):
    text = f"{HEADER}\nP1,One,open,32.12.2025,,\nP2,Two,open,03.04.2025,,\n"
    (tmp_path / "projects.csv").write_text(text)
    (tmp_path / "pmanalytics.toml").write_text(f'[projects]\ndate_format = "{date_format}"\n')
    after = mend(tmp_path, {"32.12.2025": wanted})
    assert after.problems.empty
    assert after.projects["baseline_finish_date"].dt.month.tolist() == [12, 4]


def test_corrections_that_lead_back_to_the_start_end(one_project):
    write_list(one_project, "2,status,frozen,iced", "2,status,iced,frozen")
    assert load(one_project).problems["value"].tolist() == ["frozen"]


def test_two_problems_of_one_row_are_mended_one_by_one(tmp_path):
    (tmp_path / "projects.csv").write_text(f"{HEADER}\nP1,,frozen,2025-02-30,,\n")
    after = mend(tmp_path, {"frozen": "open", "": "One", "2025-02-30": "(empty)"})
    assert counts(after) == [1, 1, 0, 0]


def test_rows_of_a_list_with_shifted_cells_are_told_and_not_used(one_project):
    write_list(one_project, "2,status,frozen,done,open", "two,status,frozen,done")
    after = load(one_project)
    assert after.projects.empty
    assert after.notes == (
        "bad.csv: 0 of 2 rows filled in.",
        "bad.csv: rows whose cells are shifted or have no line number, not used: line 2, line 3.",
    )


def test_rows_not_filled_in_wait_and_a_list_without_its_columns_is_refused(one_project):
    write_list(one_project, "2,status,frozen,", "2,status,frozen")
    told = ["bad.csv: 0 of 2 rows filled in."]
    assert load_corrections([file_at(one_project / "bad.csv")]) == ({}, told)
    (one_project / "bad.csv").write_text("file,line\nprojects.csv,2\n")
    with pytest.raises(MissingColumnsError, match="lacks: column"):
        load_corrections([file_at(one_project / "bad.csv")])


def jira_issue(number, **fields):
    return {
        "id": str(number),
        "key": f"A-{number}",
        "fields": {
            "created": "2024-01-02T15:04:00.000+0000",
            "updated": "2024-01-03T15:04:00.000+0000",
            "status": {"name": "To Do"},
            **fields,
        },
        "changelog": {"histories": [], "total": 0},
    }


def test_fields_of_issues_in_json_are_mended(tmp_path):
    issues = [
        jira_issue(1, created="yesterday"),
        jira_issue(2, duedate="2024-02-31"),
        jira_issue(3, customfield_7="many"),
        jira_issue(4, created="never"),
        jira_issue(5),
    ]
    (tmp_path / "jira.json").write_text(json.dumps({"issues": issues}))
    (tmp_path / "pmanalytics.toml").write_text(
        '[jira_json.columns]\nstory_points = "customfield_7"\n'
    )
    assert counts(load(tmp_path), "jira.json") == [5, 2, 3, 0]
    wanted = {
        "yesterday": "2024-01-01T15:04:00.000+0000",
        "2024-02-31": "(empty)",
        "many": "5",
        "never": "(delete)",
    }
    after = mend(tmp_path, wanted, "German Excel.csv")
    items = after.work_items.set_index("key")
    assert items.index.tolist() == ["A-1", "A-2", "A-3", "A-5"]
    assert items.loc["A-1", "created_at"] == pd.Timestamp("2024-01-01T15:04Z")
    assert items.loc["A-3", "story_points"] == 5
    assert items["due_date"].isna().all()
    entered = after.status_changes.set_index("item_id")["changed_at"]
    assert entered["1"] == pd.Timestamp("2024-01-01T15:04Z")
    assert to_mend(after.problems).empty
    assert counts(after, "jira.json") == [5, 4, 1, 0]
    assert after.notes[0] == "jira.json: 4 corrections taken in, 1 row deleted."


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("fields.created", "tomorrow"),
        ("changelog.histories.created", "yesterday"),
        ("(record)", ""),
        ("fields.votes", ""),
    ],
)
def test_what_json_does_not_hold_is_told_and_not_used(tmp_path, column, value):
    (tmp_path / "jira.json").write_text(json.dumps({"issues": [jira_issue(1)]}))
    (tmp_path / "bad.csv").write_text(
        f"file,line,column,value,corrected\njira.json,1,{column},{value},2024-01-01\n"
    )
    after = load(tmp_path)
    assert after.notes[0] == (
        f"jira.json: 1 correction not used: issue 1 does not hold {value!r} in {column!r}."
    )
    assert counts(after, "jira.json") == [1, 1, 0, 0]


def test_fields_of_issues_in_xml_are_mended(tmp_path):
    item = '<item><key id="{n}">A-{n}</key><status>Done</status><created>{created}</created></item>'
    items = "".join(
        item.format(n=n, created=created)
        for n, created in enumerate(["2026-02-03T10:11:12+0100", "soon", "never"], 1)
    )
    (tmp_path / "jira.xml").write_text(f'<rss version="0.92"><channel>{items}</channel></rss>')
    assert counts(load(tmp_path), "jira.xml") == [3, 1, 2, 0]
    wanted = {"soon": "2026-02-04T10:00:00+0100", "never": "(delete)"}
    after = mend(tmp_path, wanted, "workbook.xlsx")
    assert after.work_items["created_at"].tolist() == [
        pd.Timestamp("2026-02-03T09:11:12Z"),
        pd.Timestamp("2026-02-04T09:00Z"),
    ]
    assert counts(after, "jira.xml") == [3, 2, 1, 0]
    assert to_mend(after.problems).empty


def test_cells_of_navigator_exports_are_mended(tmp_path):
    (tmp_path / "jira.csv").write_text(
        "Issue key,Issue id,Status,Created,Updated,Labels,Labels\n"
        "A-1,1,Done,soon,,x,y\n"
        "MAR-1,2,Done,02/Jan/24 3:04 PM,,,\n"
        "Jan 01,3,Done,02/Jan/24 3:04 PM,,,\n"
    )
    (tmp_path / "pmanalytics.toml").write_text('time_zone = "UTC"\n')
    wanted = {"soon": "02/Jan/24 3:05 PM", "Jan 01": "JAN-1"}
    after = mend(tmp_path, wanted, "Unicode text.txt")
    assert after.work_items["key"].tolist() == ["A-1", "MAR-1", "JAN-1"]
    assert after.problems.empty
