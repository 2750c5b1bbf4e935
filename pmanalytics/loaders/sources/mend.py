"""The user's corrections of one file, put in place while it is read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pmanalytics import errors
from pmanalytics.errors import Reason, counted, listed
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.sources.files import Correction, File
from pmanalytics.loaders.sources.reading import DELIMITERS

RECORD = "(record)"
EMPTY, DELETE = "(empty)", "(delete)"
LINE_END = re.compile(r"\r\n|\r|\n")
# What spreadsheets and editors change in a text on its way through them.
SHAKY = re.compile("[\\s\x00-\x1f\ufffd]+")
LONGEST_CELL = 32_767  # characters in a cell of Excel

Record: TypeAlias = tuple[int, Sequence[str]]
Place: TypeAlias = tuple[str, str]


class Aside(list[str]):
    """A record that is no row: its text as it stands, and why it is set aside."""

    def __init__(self, text: str, reason: Reason) -> None:
        super().__init__()
        self.text = text
        self.reason = reason


@dataclass
class Mending:
    """The corrections of one file: those still to be used, and what became of the others."""

    file: File
    waiting: dict[int, dict[Place, Correction]] = field(init=False)
    unfit: list[str] = field(default_factory=list)
    n_used: int = 0
    n_deleted: int = 0

    def __post_init__(self) -> None:
        self.waiting = {
            line: {(comparable(each.header), comparable(each.value)): each for each in those}
            for line, those in self.file.corrections.items()
        }

    def wanted(self, line: int, header: str, value: str) -> str | None:
        """Return what should stand in place of a value; None if it is not to be corrected.

        What stands there after a correction may be corrected, too; each correction counts once.
        """
        wanted = None
        place = (comparable(header), comparable(value))
        while found := self.waiting.get(line, {}).pop(place, None):
            self.n_used += 1
            wanted = found.wanted
            place = (place[0], comparable(wanted))
        return wanted

    def records(self, records: Iterator[Record], width: int, delimiter: str) -> Iterator[Record]:
        """Yield the records, those mended that are to be corrected as a whole.

        A record of several lines may become as many, numbered by the lines it stood on.
        """
        for line, row in records:
            if not any(header == RECORD for header, _ in self.waiting.get(line, ())):
                yield line, row
                continue
            text = as_text(row, delimiter)
            wanted = self.wanted(line, RECORD, text)
            if wanted == DELETE:
                self.forget([line])
                yield line, Aside(text, errors.DELETED)
            elif wanted is None:
                yield line, row
            elif rows := _split(wanted, width, delimiter, len(LINE_END.split(text))):
                yield from enumerate(rows, line)
            else:
                self.n_used -= 1
                self.unfit.append(f"line {line} is given another number of cells than the header")
                yield line, row

    def cells(self, intake: Intake) -> None:
        """Put what is wanted into the cells of an intake; set aside the rows to be deleted."""
        where = intake.where.loc[intake.cells.index]
        is_meant = (where["file"] == self.file.name) & where["line"].isin(list(self.waiting))
        lines = where.loc[is_meant, "line"]
        headers = {header for those in self.waiting.values() for header, _ in those}
        for column in intake.cells.columns if len(lines) else []:
            header = intake.headers.get(column, column)
            if comparable(header) not in headers:
                continue
            held = intake.cells.loc[lines.index, column]
            texts = held.map(lambda cell: cell if isinstance(cell, str) else "")
            wanted = {n: self.wanted(lines[n], header, text) for n, text in texts.items()}
            changed = {n: text for n, text in wanted.items() if text is not None}
            deleted = [n for n, text in changed.items() if text == DELETE]
            if changed:
                intake.cells.loc[list(changed), column] = list(changed.values())
            intake.reject(column, held[deleted], errors.DELETED)
            self.forget(lines[deleted])
            intake.cells = intake.cells.drop(index=deleted)
            lines = lines.drop(index=deleted)

    def forget(self, lines: Iterable[int]) -> None:
        """Count rows as deleted; what else is wanted of them does not matter any more."""
        for line in lines:
            self.n_deleted += 1
            self.waiting.pop(line, None)

    def notes(self, unit: str) -> list[str]:
        """Return what became of the corrections."""
        left = [
            f"{unit} {line} does not hold {correction.value!r} in {correction.header!r}"
            for line, those in self.waiting.items()
            for correction in those.values()
        ]
        unused = [*self.unfit, *left]
        notes = []
        if self.n_used:
            deleted = f", {counted(self.n_deleted, 'row')} deleted" if self.n_deleted else ""
            notes.append(f"{counted(self.n_used, 'correction')} taken in{deleted}.")
        if unused:
            notes.append(
                f"{counted(len(unused), 'correction')} not used: {listed(unused, mark='; ')}."
            )
        return [f"{self.file}: {note}" for note in notes]


def as_text(row: Sequence[str], delimiter: str) -> str:
    """Return a record as one line of its file, to be shown and mended."""
    if isinstance(row, Aside):
        return row.text
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(row)
    return line.getvalue()


def _split(text: str, width: int, delimiter: str, n_lines: int) -> list[list[str]]:
    """Return the rows of a text, however it is delimited; none if they do not fit."""
    for mark in dict.fromkeys([delimiter, *DELIMITERS]):
        lines = io.StringIO(text, newline="")
        try:
            rows = [row for row in csv.reader(lines, delimiter=mark, strict=True) if any(row)]
        except csv.Error:
            continue
        if 0 < len(rows) <= n_lines and all(len(row) == width for row in rows):
            return rows
    return []


def comparable(text: str) -> str:
    """Return a text as it is compared, whatever a spreadsheet did to its blanks and its end."""
    return SHAKY.sub(" ", text[:LONGEST_CELL]).strip()
