"""What could not be used, as a table to mend in Excel, and its way back into the load.

Whoever fills in its column `corrected` and leaves the table in the folder completes the load; the
files themselves stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pandas as pd
import xlsxwriter

from pmanalytics.errors import DELETED, ConfigError, MissingColumnsError, counted, listed
from pmanalytics.loaders.intake import plain_name
from pmanalytics.loaders.sources.files import Correction, File
from pmanalytics.loaders.sources.mend import DELETE, EMPTY, LONGEST_CELL, RECORD, Aside
from pmanalytics.loaders.sources.rows import every_record

Corrections: TypeAlias = Mapping[str, Mapping[int, Sequence[Correction]]]

CORRECTED = "corrected"
NEEDED = ["file", "line", "column", "value", CORRECTED]
HOW_CELL = f"In `{CORRECTED}`: the right value, {EMPTY} or {DELETE}"
HOW_RECORD = f"In `{CORRECTED}`: the whole record, or {DELETE}"
# What a spreadsheet takes for the beginning of a formula (OWASP ASVS 1.2.10), full width too.
FORMULA = "[=+\\-@\t\r\n\0＝＋－＠]"
# What it takes for a number, a day or a truth value, and saves in another way.
REWRITTEN = r"\W*\d|[^\W\d_]{3,9}\W*\d[\d\W]*$|(?:true|false|wahr|falsch|vrai|faux)$"
LINE_NUMBER = re.compile("[0-9]{1,9}")
IS_TOUCHED = re.compile(f"'*(?:{FORMULA}|{REWRITTEN})", re.IGNORECASE)


class Place(NamedTuple):
    """Where somebody wants something else, and what stands there."""

    file: str
    line: int
    header: str
    value: str


def to_mend(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the problems that are still to be mended; a row deleted on purpose is none."""
    return problems[problems["reason"] != DELETED.reason]


def write_corrections(problems: pd.DataFrame, path: Path) -> None:
    """Write the problems with an empty column for what should stand there instead.

    Raises
    ------
    ConfigError
        If there is such a file already: it may hold somebody's work; or its name has an ending
        that is none of a table.
    """
    if path.exists():
        raise ConfigError(f"{path}: this file exists; name another one, or move it away.")
    how = problems["column"].map(lambda name: HOW_RECORD if name == RECORD else HOW_CELL)
    table = problems.assign(hint=problems["hint"] + ". " + how, **{CORRECTED: ""})
    if path.suffix.casefold() == ".xlsx":
        _write_workbook(table.map(_escaped), path)
    elif path.suffix.casefold() == ".csv":
        table.map(safe_cell).to_csv(
            path, index=False, quoting=csv.QUOTE_ALL, encoding="utf-8-sig", lineterminator="\r\n"
        )
    else:
        raise ConfigError(f"{path}: the problems can be written as .csv or .xlsx.")


def safe_cell(value: object) -> object:
    """Return a cell that no spreadsheet runs or rewrites: such a text gets an apostrophe.

    >>> safe_cell("=1+1"), safe_cell(-5), safe_cell("a=b"), safe_cell("03/04/2025")
    ("'=1+1", -5, 'a=b', "'03/04/2025")
    """
    return f"'{value}" if isinstance(value, str) and IS_TOUCHED.match(value) else value


def load_corrections(files: Iterable[File]) -> tuple[Corrections, list[str]]:
    """Return for each file and line what is to be corrected, and what is to be told about it.

    Rows that nobody has filled in yet are left out, and so are corrections that contradict each
    other.

    Raises
    ------
    MissingColumnsError
        If the table lacks one of its columns.
    """
    notes: list[str] = []
    wishes: dict[Place, dict[str, None]] = {}
    for file in files:
        for place, wanted in _filled(file, notes):
            wishes.setdefault(place, {})[wanted] = None
    found: dict[str, dict[int, list[Correction]]] = {}
    at_odds = []
    for place, several in wishes.items():
        if len(several) > 1:
            words = " and ".join(repr(wanted) for wanted in several)
            at_odds.append(f"{place.file}, line {place.line}, {place.header}: {words}")
            continue
        correction = Correction(place.header, place.value, next(iter(several)))
        found.setdefault(place.file, {}).setdefault(place.line, []).append(correction)
    if at_odds:
        notes.append(
            f"Corrections that contradict each other, not used: {listed(at_odds, mark='; ')}."
        )
    return found, notes


def _filled(file: File, notes: list[str]) -> list[tuple[Place, str]]:
    """Return what one table wants, and where."""
    header, records = every_record(file)
    names = [plain_name(name) for name in header]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise MissingColumnsError(file.name, missing, header)
    places = [names.index(name) for name in NEEDED]
    filled, odd = [], []
    for number, row in records:
        cells = [*row, *[""] * (len(names) - len(row))]
        name, line, column, value, wanted = (_unescaped(cells[place]) for place in places)
        is_shifted = isinstance(row, Aside) or any(cells[len(names) :])
        if is_shifted or (wanted and not LINE_NUMBER.fullmatch(line)):
            odd.append(f"line {number}")
        elif wanted:
            filled.append((Place(name, int(line), column, value), _wish(wanted)))
    notes.append(f"{file}: {len(filled)} of {counted(len(records), 'row')} filled in.")
    if odd:
        notes.append(
            f"{file}: rows whose cells are shifted or have no line number, not used: {listed(odd)}."
        )
    return filled


def _wish(wanted: str) -> str:
    word = wanted.casefold()
    return "" if word == EMPTY else DELETE if word == DELETE else wanted


def _write_workbook(table: pd.DataFrame, path: Path) -> None:
    """Write cells of the format "Text": Excel runs and rewrites none of them, nor what is typed."""
    rows = [list(table.columns), *table.astype("str").fillna("").to_numpy().tolist()]
    with path.open("wb") as file, xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("To mend")
        as_text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(table.columns), 24, as_text)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell[:LONGEST_CELL], as_text)


def _escaped(cell: object) -> object:
    """Return a cell as `_unescaped` takes it for what it is."""
    return safe_cell(cell) if isinstance(cell, str) and cell.startswith("'") else cell


def _unescaped(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and IS_TOUCHED.match(cell[1:]) else cell
