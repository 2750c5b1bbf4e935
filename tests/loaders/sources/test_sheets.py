import datetime
import gzip
import zipfile

import openpyxl
import pytest

from pmanalytics import Quarantine, load_portfolio, load_projects
from pmanalytics.errors import BadRowsError, UnreadableFileError
from pmanalytics.loaders.sources.archives import members
from pmanalytics.loaders.sources.files import Limits, file_at
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.loaders.sources.rows import open_records

HEADER = ["project_id", "name", "status", "actual_cost", "percent_complete", "note"]


@pytest.fixture
def book(tmp_path):
    """Return a function that saves rows as the sheets of a workbook, and returns its path."""

    def save(change=None, **sheets):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
        if change:
            change(workbook)
        workbook.save(tmp_path / "b.xlsx")
        return tmp_path / "b.xlsx"

    return save


def opened(source):
    return open_records(source, "things", Reading())


def test_an_error_of_excel_is_a_problem_and_never_an_empty_cell(book):
    path = book(
        S=[
            HEADER,
            ["P1", "One", "open", "#DIV/0!", 0.5, "fine"],
            ["P2", "Two", "open", 5, "#N/A", "#REF!"],
            ["#VALUE!", "Three", "open", 5, 0.5, "fine"],
        ]
    )
    quarantine = Quarantine()
    projects = load_projects(path, defaults={"currency": "EUR"}, quarantine=quarantine)
    assert projects["project_id"].tolist() == ["P1", "P2"]
    assert projects["actual_cost"].isna().tolist() == [True, False]
    assert projects["note"].tolist() == ["fine", ""]
    problems = quarantine.problems
    assert problems[["line", "column", "value", "set_aside"]].to_numpy().tolist() == [
        [2, "actual_cost", "#DIV/0!", "value"],
        [3, "percent_complete", "#N/A", "value"],
        [3, "note", "#REF!", "value"],
        [4, "project_id", "#VALUE!", "row"],
    ]
    assert set(problems["reason"]) == {"is an error of Excel"}
    with pytest.raises(BadRowsError, match="Mend the formula in the spreadsheet"):
        load_projects(path, defaults={"currency": "EUR"})


@pytest.mark.parametrize("error", ["#NULL!", "#NAME?", "#NUM!", "#BEZUG!"])
def test_an_error_of_excel_that_was_exported_as_text_is_one_too(tmp_path, error):
    path = tmp_path / "p.csv"
    path.write_text(f"project_id,name,status,stage\nP1,One,open,{error}\n", encoding="utf-8")
    with pytest.raises(BadRowsError, match="is an error of Excel"):
        load_projects(path)


def test_of_a_workbook_the_first_sheet_with_a_table_is_read_and_the_others_are_named(book):
    def hide(workbook):
        workbook["Old"].sheet_state = "hidden"
        workbook["Older"].sheet_state = "veryHidden"

    table = [["id", "name"], ["1", "A"]]
    path = book(hide, Old=table, Cover=[["Welcome"]], Plan=table, Older=table, Plan2=table)
    evidence = opened(path).evidence
    assert evidence == (
        "sheet 'Plan'; not read: 'Old' (hidden), 'Cover', 'Older' (hidden), 'Plan2'"
    )


def rewritten(path, part, old, new):
    """Return the workbook with something else in one of its parts."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_workbook_of_hidden_sheets_is_refused(book):
    path = book(S=[["id"], ["1"]], T=[["id"], ["1"]])
    hidden = rewritten(path, "xl/workbook.xml", b'state="visible"', b'state="hidden"')
    with pytest.raises(UnreadableFileError, match="all its sheets are hidden; unhide the one"):
        opened(hidden)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "a">]><worksheet'),
        ("xl/workbook.xml", b"<workbook ", b"<!DOCTYPE x><workbook "),
        ("xl/_rels/workbook.xml.rels", b"sheet1.xml", b"sheet9.xml"),
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b""),
    ],
)
def test_a_sheet_that_declares_entities_or_is_damaged_is_refused(book, part, old, new):
    path = rewritten(book(S=[["id", "n"], ["1", "#REF!"]]), part, old, new)
    with pytest.raises(UnreadableFileError, match=r"b\.xlsx: "):
        opened(path)


def test_in_a_folder_each_sheet_has_its_account_and_a_hidden_one_is_read_only_by_name(book):
    def hide(workbook):
        workbook["Old"].sheet_state = "hidden"

    path = book(
        hide,
        Old=[HEADER[:3], ["P0", "Zero", "done"]],
        Plan=[HEADER[:3], ["P1", "One", "open"]],
        Areas=[["product_id", "name"], ["A", "Atlas"]],
        Empty=[],
    )
    portfolio = load_portfolio(path.parent, as_of="2025-01-31")
    files = portfolio.files.set_index("file")
    assert portfolio.projects["project_id"].tolist() == ["P1"]
    assert portfolio.products["product_id"].tolist() == ["A"]
    assert files.loc["b.xlsx/Old", "evidence"].startswith("a hidden sheet; unhide it, or name it")
    assert files.loc["b.xlsx/Empty", "evidence"] == "sheet 'Empty' is empty"
    toml = path.parent / "pmanalytics.toml"
    for name, ids in {"b.xlsx": ["P1"], "b.xlsx/*n": ["P1"], "b.xlsx/Old": ["P0"]}.items():
        toml.write_text(f'as_of = "2025-01-31"\n[projects]\nfile = "{name}"\n')
        assert load_portfolio(path.parent).projects["project_id"].tolist() == ids


def test_titles_above_the_header_are_told_and_no_part_of_the_table(book):
    title = [["Projects of the north"], [], ["as of", datetime.date(2025, 1, 31)]]
    intake = opened(book(S=[*title, HEADER, ["P1", "One", "open"]]))
    assert intake.cells["name"].tolist() == ["One"]
    assert intake.where["line"].tolist() == [5]
    assert intake.evidence == "sheet 'S', header in row 4"
    assert intake.notes == [
        "b.xlsx: 'Projects of the north' above the header is no part of the table.",
        "b.xlsx: 'as of 2025-01-31' above the header is no part of the table.",
    ]


def test_what_cells_hold_comes_as_text_that_reads_one_way(book):
    def percent(workbook):
        workbook["S"]["B2"].number_format = "0%"

    half_past = datetime.datetime(2025, 3, 31, 14, 30)
    row = ["007", 0.45, datetime.date(2025, 3, 31), half_past, True, 1.234, "12,5", 1e15]
    intake = opened(book(percent, S=[list("abcdefgh"), row]))
    assert intake.cells.iloc[0].tolist() == [
        "007", "0.45", "2025-03-31", "2025-03-31 14:30:00", "true", "1.2340", "12,5",
        "1000000000000000",
    ]  # fmt: skip


def test_formulas_never_computed_hidden_rows_and_merged_cells_are_told(book):
    def change(workbook):
        workbook["S"].row_dimensions[3].hidden = True
        workbook["S"].merge_cells("A2:A3")

    intake = opened(book(change, S=[["id", "n"], ["1", "=2+3"], [None, 7], ["3", 8]]))
    assert intake.cells["n"].tolist() == ["", "7", "8"]
    assert intake.notes == [
        "b.xlsx: 1 formula without a value, such as in B2, read as empty: "
        "open the file in Excel and save it.",
        "b.xlsx: 1 hidden row read like all others.",
        "b.xlsx: of merged cells only the first holds the value, the others are empty: A2:A3.",
    ]


def test_two_cells_far_apart_do_not_fill_the_memory(book):
    def stray(workbook):
        workbook["S"]["XFD1048576"] = "x"

    with pytest.raises(UnreadableFileError, match="3 cells lie scattered over 1,048,576 rows and"):
        opened(book(stray, S=[["id"], ["1"]]))


def test_format_without_content_far_away_is_no_cell(book):
    def paint(workbook):
        workbook["S"]["XFD1048576"].fill = openpyxl.styles.PatternFill("solid", fgColor="FF0000")

    assert opened(book(paint, S=[["id"], ["1"]])).cells.to_numpy().tolist() == [["1"]]


def test_a_workbook_is_known_by_its_content_whatever_its_name(book, tmp_path):
    path = book(S=[["id"], ["1"]]).rename(tmp_path / "b.csv")
    assert opened(path).evidence == "sheet 'S'"
    (tmp_path / "t.xlsx").write_text("id,name\n1,A\n")
    assert opened(tmp_path / "t.xlsx").evidence == "UTF-8, comma"


def test_a_workbook_packed_again_is_refused(book, tmp_path):
    content = book(S=[["id"], ["1"]]).read_bytes()
    (tmp_path / "b.xlsx.gz").write_bytes(gzip.compress(content))
    with pytest.raises(UnreadableFileError, match="a workbook within gzip is not read; unpack it"):
        opened(tmp_path / "b.xlsx.gz")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("inner.csv", content)
    with pytest.raises(UnreadableFileError, match="no text but a zip archive or a workbook; unpa"):
        opened(members(file_at(tmp_path / "z.zip"))[0])


def test_jiras_old_excel_is_told_to_be_a_web_page(tmp_path):
    path = tmp_path / "jira.xls"
    path.write_text('<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><table>')
    with pytest.raises(UnreadableFileError, match=r"a web page, as Jira's old .* CSV \(all fields"):
        load_projects(path)


def test_a_workbook_that_is_a_bomb_encrypted_or_damaged_is_refused(book, tmp_path):
    path = book(S=[["id"], ["x" * 30_000]])
    with pytest.raises(UnreadableFileError, match=r"unpacks to .* bytes, more than 20,000"):
        members(file_at(path, Limits(file_bytes=20_000)))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableFileError, match="cannot be unpacked"):
        members(file_at(path))
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000))
    with pytest.raises(UnreadableFileError, match="this is no workbook"):
        members(file_at(path))
    path.rename(tmp_path / "plan.mpp")
    assert len(members(file_at(tmp_path / "plan.mpp"))) == 1


def test_errors_in_an_open_document_sheet_are_told(tmp_path):
    office = "urn:oasis:names:tc:opendocument:xmlns"
    calc = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    cell = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
    rows = [cell.format("", "id"), cell.format(' calcext:value-type="error"', "#REF!")]
    rows.append(cell.format("", "1"))
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" '
        f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0" xmlns:calcext="{calc}">'
        '<office:body><office:spreadsheet><table:table table:name="S">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        + "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<m:manifest xmlns:m="{office}:manifest:1.0"/>'
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    notes = opened(tmp_path / "b.ods").notes
    assert notes == [
        "b.ods: there are cells with errors, which read as empty: save it as .xlsx to have each "
        "of them named."
    ]
