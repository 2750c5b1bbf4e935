import csv
import datetime
import json

import openpyxl
import pandas as pd
import pytest

from pmanalytics.errors import ConfigError, UnreadableFileError
from pmanalytics.loaders.sources.archives import members
from pmanalytics.loaders.sources.files import Limits, file_at
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.loaders.sources.rows import open_records

TRUTH = [["1", "One, two", "a;b|c^d\te"], ["2", 'Say "three"', "line\nbreak"], ["3", "", "x"]]


def opened(path, limits=None, **reading):
    return open_records(file_at(path, limits), "things", Reading(**reading))


def write(path, rows, encoding="utf-8", **dialect):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **dialect).writerows(rows)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "|", "^", "\t"])
@pytest.mark.parametrize("terminator", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_every_dialect_comes_in_whole(tmp_path, delimiter, terminator, encoding):
    rows = [["id", "name", "note"], *TRUTH]
    path = write(
        tmp_path / "a.csv", rows, encoding,
        delimiter=delimiter, lineterminator=terminator, quoting=csv.QUOTE_ALL,
    )  # fmt: skip
    intake = opened(path)
    assert intake.cells.to_numpy().tolist() == TRUTH
    assert intake.where["line"].tolist() == [2, 3, 5]


def test_a_comma_in_the_header_does_not_hide_the_semicolon(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id;cost, planned, total;x\n1;2,5;3\n")
    assert opened(path).cells.to_numpy().tolist() == [["1", "2,5", "3"]]


def test_the_line_that_excel_puts_first_names_the_delimiter(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\nid;name, first\n1;x\n")
    intake = opened(path)
    assert intake.cells.to_dict("records") == [{"id": "1", "name, first": "x"}]
    assert intake.where["line"].tolist() == [3]


def test_a_column_without_a_name_is_told_and_left_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"",id,name\n1,A,x\n2,A,x\n')
    intake = opened(path)
    assert list(intake.cells) == ["id", "name"]
    use = intake.columns.set_index("header")["use"].to_dict()
    assert use["(column 1 has no name)"] == "ignored"


def test_a_ragged_row_never_shifts_and_is_shown_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,name,x\n1,A,x,extra\n2,"B, b"\n3,C,x\n')
    intake = opened(path)
    assert intake.cells["id"].tolist() == ["3"]
    problems = intake.problems[["line", "value", "reason"]].to_numpy().tolist()
    assert problems == [
        [2, "1,A,x,extra", "has another number of cells than the header"],
        [3, '2,"B, b"', "has fewer cells than the header"],
    ]


def test_a_quote_that_swallows_the_next_row_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,name,x\n1,"A,x\n2,B",x\n3,"C\nc, and more",x\n')
    intake = opened(path)
    assert intake.cells["name"].tolist() == ["C\nc, and more"]
    assert intake.problems[["line", "reason"]].to_numpy().tolist() == [
        [2, "holds several lines, each of which would be a row: a quote may not be closed"]
    ]


def test_marks_that_nobody_sees_are_no_part_of_a_cell(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,A\n\ufeff2,\u200bB \n", encoding="utf-8")
    assert opened(path).cells.to_numpy().tolist() == [["1", "A"], ["2", "B"]]


def test_short_rows_are_padded_only_if_asked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name,x\n1,A\n2,B,x,y\n")
    intake = opened(path, short_rows="pad")
    assert intake.cells.to_numpy().tolist() == [["1", "A", ""]]
    assert intake.repaired_records.tolist() == [2]
    assert intake.bad_records.tolist() == [3]


def test_words_for_missing_are_empty_everywhere(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name,note\n1, NA ,NA\n2,NAN,n/a\n")
    assert opened(path, missing=["NA"]).cells.to_numpy().tolist() == [
        ["1", "", ""],
        ["2", "NAN", "n/a"],
    ]


def test_letters_damaged_before_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,GrÃ¶ÃŸe\n2,x\ufffd\n", encoding="utf-8")
    assert opened(path).notes == ["a.csv: 3 letters damaged by a wrong encoding before."]


@pytest.mark.parametrize(
    ("content", "limits", "message"),
    [
        ("id,name\n1," + "x" * 200 + "\n", Limits(cell_chars=100), "line 2: field larger than"),
        (",".join(map(str, range(300))) + "\n1\n", Limits(columns=200), "has 300 columns, more"),
        ('id,name\n1,"x\n2,y\n', None, "line 2: unexpected end of data.*quote that is not closed"),
    ],
)
def test_what_would_fill_the_memory_is_refused_by_its_place(tmp_path, content, limits, message):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(UnreadableFileError, match=message):
        opened(path, limits)


def test_the_limit_of_a_cell_is_not_left_behind(tmp_path):
    before = csv.field_size_limit()
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,x\n")
    opened(path, Limits(cell_chars=50))
    assert csv.field_size_limit() == before


def test_sheets_come_with_days_whole_numbers_and_their_rows(tmp_path):
    book = openpyxl.Workbook()
    book.active.append([])
    book.active.append(["id", "due", "seen", "cost", "done"])
    seen = datetime.datetime(2025, 3, 31, 14, 5)
    book.active.append([7, datetime.date(2025, 3, 31), seen, 12.5, True])
    book.active.append([])
    book.active.append(["B", None, None, 1e6, False])
    book.create_sheet("Other").append(["x"])
    book.save(tmp_path / "b.xlsx")
    plan, other = members(file_at(tmp_path / "b.xlsx"))
    assert (plan.name, other.name) == ("b.xlsx/Sheet", "b.xlsx/Other")
    intake = open_records(plan, "things", Reading())
    assert intake.cells.to_numpy().tolist() == [
        ["7", "2025-03-31", "2025-03-31 14:05:00", "12.5", "true"],
        ["B", "", "", "1000000", "false"],
    ]
    assert intake.where["line"].tolist() == [3, 5]
    with pytest.raises(UnreadableFileError, match="there is a header, but no row below it"):
        open_records(other, "things", Reading())


def test_json_records_are_rows(tmp_path):
    path = tmp_path / "a.json"
    records = [{"id": 1, "name": "x"}, {"id": "2", "size": 1.234, "ok": True, "name": None}]
    path.write_text(json.dumps(records))
    intake = opened(path)
    assert intake.cells.to_dict("records") == [
        {"id": "1", "name": "x", "size": "", "ok": ""},
        {"id": "2", "name": "", "size": "1.2340", "ok": "true"},
    ]


def test_frames_keep_their_columns(tmp_path):
    frame = pd.DataFrame({"id": ["1"], "n": [2.5]})
    intake = open_records(frame, "things", Reading())
    assert intake.cells["n"].tolist() == [2.5]
    assert intake.columns["header"].tolist() == ["id", "n"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decimal": "x"}, "neither '.' nor ','"),
        ({"short_rows": "drop"}, "is not 'pad'"),
        ({"missing": "NA"}, "no list of words"),
        ({"encoding": "klingon"}, "encoding 'klingon' is not known"),
        ({"encoding": "base64"}, "encoding 'base64' is not known"),
        ({"time_zone": "Berlin"}, "time_zone 'Berlin' is not known"),
    ],
)
def test_an_impossible_option_is_refused_in_words(options, message):
    with pytest.raises(ConfigError, match=message):
        Reading(**options)
