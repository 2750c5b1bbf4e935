"""Rows of a table, whatever file holds them: delimited text, a spreadsheet, or JSON records.

Every record is either a row with one cell per header, or set aside by its line: a cell never moves
into another column.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pmanalytics import errors
from pmanalytics.errors import Reason, UnreadableFileError, counted, listed, shown
from pmanalytics.loaders.intake import Intake, places
from pmanalytics.loaders.sources.encodings import damaged_text
from pmanalytics.loaders.sources.files import (
    JSON_START,
    WEB_PAGE,
    File,
    file_at,
)
from pmanalytics.loaders.sources.mend import LINE_END, RECORD, Aside, Mending, Record, as_text
from pmanalytics.loaders.sources.objects import json_records
from pmanalytics.loaders.sources.reading import DELIMITERS, PAD, Reading
from pmanalytics.loaders.sources.regular import Texts, read_regular, text_frame, trimmed
from pmanalytics.loaders.sources.sheets import is_book, read_sheet

Source: TypeAlias = str | Path | File | pd.DataFrame

SAMPLE_RECORDS = 200
SAMPLE_LETTERS = 1 << 20
CHUNK_ROWS = 50_000
UTF_8 = (None, "utf-8", "UTF-8", "utf-8-sig")
EXCEL_MAX_ROWS = 1_048_576
XML_STARTS = ("<?xml", "<rss")
TITLE_ROWS = 20
TITLE_SHARE = 3  # a title fills no more than a third of the columns
_CSV_LIMIT = threading.Lock()


class Doubtful(list[str]):
    """A record of several lines, each of which would be a row: a quote may not be closed."""


class Rows(NamedTuple):
    """The header of a table, its records by line, and in words how it is written."""

    header: list[str]
    records: Iterator[Record]
    evidence: str
    notes: list[str]
    unit: str = "line"
    delimiter: str = ","


class Taken(NamedTuple):
    """Lines and chosen cells of the rows that fit, the others and why, and the lines padded."""

    rows: Rows
    positions: list[int]
    lines: Sequence[int] | NDArray[np.int64]
    cells: pd.DataFrame
    ragged: dict[int, tuple[str, Reason]]
    padded: list[int]


def as_file(source: str | Path | File) -> File:
    """Return the file that is meant."""
    return source if isinstance(source, File) else file_at(source)


def open_records(source: Source, kind: str, reading: Reading) -> Intake:
    """Open a table with all its named columns as text, or a frame as it is."""
    if isinstance(source, pd.DataFrame):
        where = places("DataFrame", range(1, len(source) + 1))
        intake = Intake(kind, source.set_axis(where.index), where, unit="row")
        header = [str(name) for name in source.columns]
        intake.all_headers = header
    else:
        intake = open_columns(source, kind, reading, _named)
        header = list(intake.headers.values())
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        names = listed((repr(shown(name)) for name in repeated), 10)
        raise UnreadableFileError(
            f"{intake.file}: the header names {names} more than once; "
            "give each column a name of its own."
        )
    intake.cells = intake.cells.set_axis(header, axis="columns")
    intake.headers = {}
    return intake


def open_columns(
    source: str | Path | File,
    kind: str,
    reading: Reading,
    choose: Callable[[list[str]], Iterable[int]],
) -> Intake:
    """Open the chosen columns of a table as text, one column per position in the header.

    Blank records are not read. A record with too many or too few cells is noted as a problem and
    never shifted into other columns. `headers` maps positions (as text) to the names in the file.
    """
    file = as_file(source)
    mending = Mending(file)
    with _cell_limit(file.limits.cell_chars):
        taken = None if mending.waiting else _regular(file, reading, choose)
        taken = taken or _careful(file, reading, choose, mending)
    rows, positions, lines, cells, ragged, padded = taken
    if not len(lines) and not ragged:
        raise UnreadableFileError(f"{file}: there is a header, but no row below it.")
    if file.piece is not None:
        lines = np.add(lines, file.piece.n_lines_before)
    where = places(file.name, np.sort([*lines, *ragged]) if ragged else lines)
    cells = cells.set_axis(pd.Index(lines, name="record", dtype="int64"))
    if reading.missing:
        cells = cells.mask(cells.isin(reading.missing), "")
    intake = Intake(kind, cells, where, rows.unit, padded=padded, evidence=rows.evidence)
    intake.headers = {str(position): rows.header[position] for position in positions}
    intake.all_headers = [
        name or f"(column {n} has no name)" for n, name in enumerate(rows.header, 1)
    ]
    mending.cells(intake)
    intake.notes = [*(f"{file}: {note}" for note in rows.notes), *mending.notes(rows.unit)]
    if len(where) == EXCEL_MAX_ROWS - 1:
        intake.notes.append(f"{file}: it ends where Excel cuts off (1,048,576 rows).")
    for reason in dict.fromkeys(why for _, why in ragged.values()):
        texts = {line: text for line, (text, why) in ragged.items() if why == reason}
        intake.reject(RECORD, pd.Series(texts, dtype="object"), reason)
    return intake


def sampled(file: File, n_rows: int | None) -> tuple[list[str], list[Sequence[str]]]:
    """Return the header and the first records of a file, or all, as far as they can be told."""
    is_text = n_rows is not None and is_delimited(file)
    taken: list[Sequence[str]] = []
    with _cell_limit(file.limits.cell_chars):
        rows = rows_of(replace(file, is_sample=is_text), Reading())
        try:
            for _, row in islice(rows.records, n_rows):
                taken += [] if isinstance(row, Aside) else [row]
        except UnreadableFileError:
            if not taken:
                raise
    return rows.header, taken


def every_record(file: File) -> tuple[list[str], list[Record]]:
    """Return the header and all records of a table."""
    with _cell_limit(file.limits.cell_chars):
        rows = rows_of(file, Reading())
        return rows.header, list(rows.records)


def rows_of(file: File, reading: Reading) -> Rows:
    """Return the rows of a file in whichever format it is."""
    if is_book(file):
        rows = _sheet_rows(file)
    elif JSON_START.match(file.head_text()):
        rows = Rows(*json_records(file), "JSON records", [], "record")
    else:
        rows = _text_rows(file, reading)
    if len(rows.header) > file.limits.columns:
        raise UnreadableFileError(
            f"{file}: the header has {len(rows.header):,} columns, more than "
            f"{file.limits.columns:,}; raise columns under [limits] in pmanalytics.toml if so."
        )
    return rows


def _named(header: list[str]) -> list[int]:
    """Return the positions of the columns that have a name; a row number has none."""
    return [position for position, name in enumerate(header) if name]


def _regular(
    file: File, reading: Reading, choose: Callable[[list[str]], Iterable[int]]
) -> Taken | None:
    """Return the rows of a file if it is delimited text without any irregularity."""
    delimiter = regular_delimiter(file, reading)
    found = read_regular(file, delimiter, choose) if delimiter else None
    if found is None or delimiter is None:
        return None
    rows = Rows(found.header, iter(()), f"UTF-8, {DELIMITERS[delimiter]}", [], delimiter=delimiter)
    return Taken(rows, found.positions, found.lines, found.cells, {}, [])


def regular_delimiter(file: File, reading: Reading) -> str | None:
    """Return the delimiter of a file that may be regular; None if it is not."""
    if reading.encoding not in UTF_8 or not is_delimited(file):
        return None
    text = file.head(4 * SAMPLE_LETTERS).decode(errors="ignore").removeprefix("\ufeff")
    if told_separator(text) or WEB_PAGE.match(text) or text.startswith(XML_STARTS):
        return None
    return _delimiter(text)


def _careful(
    file: File,
    reading: Reading,
    choose: Callable[[list[str]], Iterable[int]],
    mending: Mending,
) -> Taken:
    """Return the rows of a file of any kind, record by record, the corrected ones mended."""
    rows = rows_of(file, reading)
    positions = list(choose(rows.header))
    if mending.waiting and rows.unit == "line":
        records = mending.records(rows.records, len(rows.header), rows.delimiter)
        rows = rows._replace(records=records)
    return _taken(rows, positions, reading.short_rows == PAD)


def is_delimited(file: File) -> bool:
    """Tell whether a file is delimited text rather than a workbook or JSON."""
    return not is_book(file) and not JSON_START.match(file.head_text())


def _taken(rows: Rows, positions: list[int], pad: bool) -> Taken:
    """Return lines and cells of the rows that fit, the others and why, and the lines padded."""
    pick = _picker(positions)
    width = len(rows.header)
    lines: list[int] = []
    columns = [Texts() for _ in positions]
    ragged: dict[int, tuple[str, Reason]] = {}
    padded: list[int] = []
    while block := list(islice(rows.records, CHUNK_ROWS)):
        fitting = []
        for line, row in block:
            fault = _fault(row, width)
            if fault and not (pad and fault == errors.SHORT_ROW):
                ragged[line] = (as_text(row, rows.delimiter), fault)
                continue
            if fault:
                padded.append(line)
            lines.append(line)
            fitting.append(pick([*row, *[""] * (width - len(row))] if fault else row))
        for texts, cells in zip(columns, zip(*fitting, strict=True), strict=False):
            texts.add(trimmed(pa.array(cells, pa.large_string())))
    return Taken(rows, positions, lines, text_frame(positions, columns), ragged, padded)


def _fault(row: Sequence[str], width: int) -> Reason | None:
    """Return why a record is no row."""
    if isinstance(row, Aside):
        return row.reason
    if len(row) > width:
        return errors.WRONG_CELL_COUNT
    if len(row) < width:
        return errors.SHORT_ROW
    return errors.UNCLOSED_QUOTE if isinstance(row, Doubtful) else None


def _picker(positions: list[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(positions) == 1:
        return lambda row: (row[positions[0]],)
    return itemgetter(*positions) if positions else lambda row: ()


def _text_rows(file: File, reading: Reading) -> Rows:
    """Return the rows of delimited text."""
    text, encoding = file.text(reading.encoding)
    _refuse_markup(file, text)
    told = told_separator(text)
    delimiter = told or _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = _csv_records(file, text, reader, delimiter)
    if told:
        next(records)
    _, names = next(records, (0, []))
    if not names:
        raise UnreadableFileError(f"{file}: it holds nothing but blank lines.")
    damaged = damaged_text(text)
    notes = [f"{counted(damaged, 'letter')} damaged by a wrong encoding before."] if damaged else []
    header = [name.strip() for name in names]
    evidence = f"{encoding}, {DELIMITERS.get(delimiter, delimiter)}"
    return Rows(header, records, evidence, notes, delimiter=delimiter)


def _refuse_markup(file: File, text: str) -> None:
    if WEB_PAGE.match(text):
        raise UnreadableFileError(
            f"{file}: this is a web page, as Jira's old export to Excel is, and no table. "
            "Export the issues as CSV (all fields) or JSON instead."
        )
    if text.startswith(XML_STARTS):
        raise UnreadableFileError(f"{file}: this is XML and no table.")


def told_separator(text: str) -> str | None:
    """Return the delimiter that Excel's first line `sep=;` tells."""
    first = text[:8].splitlines()[:1]
    told = first[0][4:] if first and first[0].casefold().startswith("sep=") else ""
    return told if len(told) == 1 else None


def _csv_records(
    file: File, text: str, reader: Iterator[list[str]], delimiter: str
) -> Iterator[Record]:
    """Yield each record that is not blank, with the line it begins on."""
    lines: list[str] = []
    while True:
        start = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error):
                raise UnreadableFileError(
                    f"{file}, line {start}: {error}. Look for a quote that is not closed."
                ) from None
            lines = lines or LINE_END.split(text)
            spoilt = "\n".join(lines[start - 1 : reader.line_num])  # type: ignore[attr-defined]
            yield start, Aside(spoilt, errors.WRONG_CELL_COUNT)  # a stray quote spoils no other
        else:
            if any(cell and not cell.isspace() for cell in row):
                is_long = reader.line_num > start  # type: ignore[attr-defined]
                yield start, Doubtful(row) if is_long and _is_several(row, delimiter) else row


def _is_several(row: list[str], delimiter: str) -> bool:
    """Tell whether each line of the record would be a row of as many cells."""
    lines = LINE_END.split(delimiter.join(row))
    return len(lines) > 1 and all(line.count(delimiter) == len(row) - 1 for line in lines)


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the records most evenly, and then the header most."""

    def score(delimiter: str) -> tuple[float, int]:
        lines = io.StringIO(text[:SAMPLE_LETTERS].lstrip(), newline="")
        try:
            sample = list(islice(csv.reader(lines, delimiter=delimiter), SAMPLE_RECORDS))
        except csv.Error:
            return 0, 0
        sample = [row for row in sample if any(row)]
        width = len(sample[0]) if sample else 0
        even = sum(len(row) == width for row in sample) / max(len(sample), 1)
        return (even, width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=score)


@contextmanager
def _cell_limit(n_chars: int) -> Iterator[None]:
    """Bound the length of a cell; Python keeps the bound for the whole process."""
    with _CSV_LIMIT:
        before = csv.field_size_limit(n_chars)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _sheet_rows(file: File) -> Rows:
    """Return the rows of a sheet: the first that is no title is the header."""
    sheet = read_sheet(file)
    filled = [(n, row) for n, row in enumerate(sheet.rows, 1) if any(map(str.strip, row))]
    if not filled:
        raise UnreadableFileError(f"{file}: {sheet.evidence} is empty.")
    n_titles = _titles([row for _, row in filled[:TITLE_ROWS]])
    titles = [shown(" ".join(filter(None, row))) for _, row in filled[:n_titles]]
    notes = [f"{title!r} above the header is no part of the table." for title in titles]
    line, header = filled[n_titles]
    evidence = sheet.evidence + (f", header in row {line}" if titles else "")
    names = [name.strip() for name in header]
    return Rows(names, iter(filled[n_titles + 1 :]), evidence, [*notes, *sheet.notes], "row")


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows say something about the table before it begins."""
    n_filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    widest = max(n_filled)
    is_title = [n == 1 < widest or n * TITLE_SHARE <= widest for n in n_filled]
    return is_title.index(False)
