"""The sheets of a workbook: which are there, and what stands in the cells of one.

calamine reads an error of Excel as an empty cell; what it does not tell is found in the sheet's own
XML, so that no value goes missing without a word.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
)

from pmanalytics.errors import UnreadableFileError, counted, listed, shown
from pmanalytics.loaders.sources.encodings import HEAD_BYTES
from pmanalytics.loaders.sources.files import (
    OLE_MARK,
    ZIP_MARK,
    File,
    entries,
    is_packed,
)

LARGEST_WHOLE = 2**53
LARGEST_AREA = 10_000_000  # above it, cells must not lie scattered
MOST_PER_CELL = 20
BOOK_PARTS = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}
PLACE = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,3})(\d+)["'][^>]*(?<!/)>""")
CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL)
IS_WIDE = re.compile(rb"""\br=["'][A-Z]{2,3}\d""")
IS_ERROR = re.compile(rb"""\bt=["']e["']""")
IS_TEXT = re.compile(rb"""\bt=["']str["']""")
FORMULA = re.compile(rb"<(?:\w+:)?f\b")
VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)<")
UNTOLD = re.compile(IS_ERROR.pattern + b"|" + FORMULA.pattern)
HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*\bhidden=["'](?:1|true)["']""")
SHEET_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ODS_ERROR = b'value-type="error"'
SAVE_AS_XLSX = "save it as .xlsx to have each of them named"


class Sheet(NamedTuple):
    """What a sheet holds: cells as text by row, in words which sheet it is, and what is odd."""

    rows: list[list[str]]
    evidence: str
    notes: list[str]


class Untold(NamedTuple):
    """What calamine does not tell: errors by row and column from 0, and formulas never computed."""

    errors: dict[tuple[int, int], str]
    formulas: list[str]


def is_book(file: File) -> bool:
    """Tell by its content whether a file is a workbook."""
    if file.member is not None:
        return False
    if file.sheet is not None:
        return True
    mark = file.head(len(OLE_MARK))
    if is_packed(file):
        return mark.startswith((ZIP_MARK, OLE_MARK))
    return mark == OLE_MARK or (
        mark.startswith(ZIP_MARK) and not BOOK_PARTS.isdisjoint(e.filename for e in entries(file))
    )


def sheets_of(file: File) -> list[File]:
    """Return the sheets of a workbook, the hidden ones marked."""
    found = _opened(file).sheets_metadata
    if len(found) == 1:
        return [replace(file, sheet=found[0].name)]
    return [
        replace(
            file,
            name=f"{file.name}/{each.name}",
            sheet=each.name,
            is_hidden=each.visible != SheetVisibleEnum.Visible,
        )
        for each in found
    ]


def first_table(sheets: Sequence[File]) -> File:
    """Return the first sheet that can be seen and has rows below a header.

    Raises
    ------
    UnreadableFileError
        If all sheets are hidden.
    """
    seen = [sheet for sheet in sheets if not sheet.is_hidden]
    if not seen:
        raise UnreadableFileError(
            f"{sheets[0].path.name}: all its sheets are hidden; unhide the one with the table."
        )
    if len(seen) == 1:
        return seen[0]
    filled = (s for s in seen if sum(any(row) for row in read_sheet(s).rows[:100]) > 1)
    return next(filled, seen[0])


def read_sheet(file: File) -> Sheet:
    """Return the cells of a sheet as text, errors of Excel included.

    Of a workbook it is the first sheet that can be seen and holds a table.

    Raises
    ------
    UnreadableFileError
        If it cannot be read within the limits.
    """
    if file.sheet is None:
        sheets = sheets_of(file)
        chosen = first_table(sheets)
        read = read_sheet(replace(chosen, name=file.name))
        others = [
            f"{sheet.sheet!r}" + " (hidden)" * sheet.is_hidden
            for sheet in sheets
            if sheet != chosen
        ]
        rest = f"; not read: {listed(map(shown, others), 10)}" if others else ""
        return read._replace(evidence=read.evidence + rest)
    try:
        return _read(file)
    except UnreadableFileError:
        raise
    except (ParseError, LookupError, StopIteration, ValueError):
        raise UnreadableFileError(
            f"{file}: the sheet is not written as spreadsheets are; open the file in Excel and "
            "save it anew."
        ) from None


def _read(file: File) -> Sheet:
    xml = _part(file)
    if b"<!DOCTYPE" in xml[:HEAD_BYTES]:
        raise ValueError(file)
    _refuse_scattered(file, xml)
    sheet = _sheet(file)
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    untold = _untold(xml)
    for (row, column), text in untold.errors.items():
        rows[row][column] = text
    evidence = f"sheet {file.sheet!r}"
    if file.head(len(OLE_MARK)) == OLE_MARK:
        evidence += ", in which errors of Excel read as empty"
    return Sheet(rows, evidence, list(_notes(xml, sheet, untold)))


def _opened(file: File) -> CalamineWorkbook:
    """Open a workbook once it is known to unpack within the limits."""
    if is_packed(file):
        raise UnreadableFileError(f"{file}: a workbook within gzip is not read; unpack it.")
    content = file.read()
    if content.startswith(ZIP_MARK):
        for entry in entries(file):
            if entry.filename == "xl/workbook.bin":
                raise UnreadableFileError(f"{file}: this is a binary workbook; save it as .xlsx.")
            replace(file, member=entry.filename, sheet=None).read_bounded()
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        raise UnreadableFileError(
            f"{file}: it is protected by a password; save it without one."
        ) from None
    except (CalamineError, ValueError) as error:
        raise UnreadableFileError(f"{file}: this is no workbook ({error}).") from None


def _sheet(file: File) -> CalamineSheet:
    try:
        return _opened(file).get_sheet_by_name(str(file.sheet))
    except (CalamineError, ValueError) as error:
        raise UnreadableFileError(f"{file}: the sheet cannot be read ({error}).") from None


def _part(file: File) -> bytes:
    """Return the XML in which the sheet is written; of ODS that of all sheets, of XLS none."""
    if not file.head(len(ZIP_MARK)).startswith(ZIP_MARK):
        return b""
    names = {entry.filename.casefold(): entry.filename for entry in entries(file)}
    if "content.xml" in names:
        return _bytes_of(file, names["content.xml"])
    book = fromstring(_bytes_of(file, names["xl/workbook.xml"]), forbid_dtd=True)
    links = fromstring(_bytes_of(file, names["xl/_rels/workbook.xml.rels"]), forbid_dtd=True)
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    target = next(
        targets[each.get(SHEET_ID)]
        for each in book.iter()
        if _tag(each) == "sheet" and each.get("name") == file.sheet
    )
    path = target[1:] if target.startswith("/") else f"xl/{target}"
    return _bytes_of(file, names[path.casefold()])


def _bytes_of(file: File, member: str) -> bytes:
    return replace(file, member=member, sheet=None).read_bounded()


def _refuse_scattered(file: File, xml: bytes) -> None:
    """Refuse cells so far apart that all the empty ones between would fill the memory."""
    if not IS_WIDE.search(xml):
        return
    n_cells = last_row = last_column = 0
    for found in PLACE.finditer(xml):
        n_cells += 1
        last_row = max(last_row, int(found[2]))
        last_column = max(last_column, _number_of(found[1].decode()))
    if last_row * last_column > max(LARGEST_AREA, MOST_PER_CELL * n_cells):
        raise UnreadableFileError(
            f"{file}: its {counted(n_cells, 'cell')} lie scattered over {last_row:,} rows and "
            f"{last_column:,} columns; delete the stray ones far from the table."
        )


def _untold(xml: bytes) -> Untold:
    """Find what calamine leaves out; whole cells are looked at only where there may be some."""
    found = Untold({}, [])
    if not UNTOLD.search(xml):
        return found
    for cell in CELL.finditer(xml):
        is_error = IS_ERROR.search(cell[1])
        if not is_error and b"f" not in cell[2]:
            continue
        value = VALUE.search(cell[2])
        if is_error:
            row, column = _place(cell[0])
            found.errors[row, column] = value[1].decode() if value else "#VALUE!"
        elif FORMULA.search(cell[2]) and not value and not IS_TEXT.search(cell[1]):
            row, column = _place(cell[0])
            found.formulas.append(f"{_letters(column)}{row + 1}")
    return found


def _place(cell: bytes) -> tuple[int, int]:
    """Return the row and the column of a cell, from 0."""
    place = PLACE.match(cell)
    if place is None:
        raise ValueError(cell)
    return int(place[2]) - 1, _number_of(place[1].decode()) - 1


def _notes(xml: bytes, sheet: CalamineSheet, untold: Untold) -> Iterator[str]:
    """Yield what else a user should know about a sheet."""
    if untold.formulas:
        yield (
            f"{counted(len(untold.formulas), 'formula')} without a value, such as in "
            f"{untold.formulas[0]}, read as empty: open the file in Excel and save it."
        )
    if ODS_ERROR in xml:
        yield f"there are cells with errors, which read as empty: {SAVE_AS_XLSX}."
    n_hidden = len(HIDDEN_ROW.findall(xml))
    if n_hidden:
        yield f"{counted(n_hidden, 'hidden row')} read like all others."
    merged = [(first, last) for first, last in sheet.merged_cell_ranges or [] if first[0] > 0]
    if merged:
        names = [f"{_letters(a[1])}{a[0] + 1}:{_letters(b[1])}{b[0] + 1}" for a, b in merged]
        told = "of merged cells only the first holds the value, the others are empty"
        yield f"{told}: {listed(map(shown, names))}."


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _number_of(letters: str) -> int:
    """Return the number of a column from 1: of A 1, of AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _letters(column: int) -> str:
    """Return the letters of a column from 0."""
    letters = ""
    while column >= 0:
        letters, column = chr(65 + column % 26) + letters, column // 26 - 1
    return letters


def _cell(value: object) -> str:
    """Return a spreadsheet's value as text: days as ISO, whole numbers without a point."""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, float):
        return number_text(value)
    return str(value).casefold() if isinstance(value, bool) else str(value)


def number_text(value: float) -> str:
    """Return a number as text that can be read one way only: 1.234 gets a fourth decimal."""
    if value.is_integer() and abs(value) < LARGEST_WHOLE:
        return str(int(value))
    text = repr(value)
    return f"{text}0" if len(text.partition(".")[2]) == 3 and text[-1].isdecimal() else text
