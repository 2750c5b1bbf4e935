"""Files as text: encoding, delimiter, records and the lines they begin on."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from operator import itemgetter
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pmanalytics import errors
from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.intake import Intake, places

DELIMITERS = ",;\t|^"
CHUNK_ROWS = 50_000


def open_records(source: str | Path | pd.DataFrame, kind: str) -> Intake:
    """Open a CSV file with all its columns, or a frame, as text and typed columns side by side."""
    if isinstance(source, pd.DataFrame):
        where = places("DataFrame", range(1, len(source) + 1))
        intake = Intake(kind, source.set_axis(where.index), where, unit="row")
        header = [str(name) for name in source.columns]
    else:
        intake = open_csv(source, kind, lambda header: range(len(header)))
        header = list(intake.headers.values())
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise UnreadableFileError(
            f"{intake.file}: the header names {', '.join(map(repr, repeated))} more than once; "
            "give each column a name of its own."
        )
    intake.cells = intake.cells.set_axis(header, axis="columns")
    intake.headers = {}
    return intake


def open_csv(path: str | Path, kind: str, choose: Callable[[list[str]], Iterable[int]]) -> Intake:
    """Open the chosen columns of a CSV file as text, one column per position in the header.

    Blank records are not read. A record with too many or too few cells is noted as a problem and
    never shifted into other columns. `headers` maps positions (as text) to the names in the file.
    """
    path = Path(path)
    text = read_text(path)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = _records(path, reader)
    _, names = next(records, (0, []))
    if not names:
        raise UnreadableFileError(f"{path.name}: it holds nothing but blank lines.")
    header = [name.strip() for name in names]
    positions = list(choose(header))
    pick = _picker(positions)
    lines, chunks, ragged = [], [], {}
    while block := list(islice(records, CHUNK_ROWS)):
        fitting = [(line, row) for line, row in block if len(row) == len(header)]
        ragged.update({line: len(row) for line, row in block if len(row) != len(header)})
        lines += [line for line, _ in fitting]
        columns = zip(*(pick(row) for _, row in fitting), strict=True)
        arrays = [pa.array(column, pa.large_string()) for column in columns]
        if arrays:
            chunks.append(pa.table(arrays, names=[str(p) for p in positions]))
    if not lines and not ragged:
        raise UnreadableFileError(f"{path.name}: there is a header, but no row below it.")
    where = places(path.name, sorted([*lines, *ragged]))
    cells = _text_frame(chunks, positions).set_axis(pd.Index(lines, name="record", dtype="int64"))
    headers = {str(position): header[position] for position in positions}
    intake = Intake(kind, cells, where, headers=headers)
    counts = pd.Series(ragged, dtype="object").map("{} cells".format)
    intake.reject("(record)", counts, errors.WRONG_CELL_COUNT)
    return intake


def read_text(path: Path) -> str:
    """Return the text of a file, or say clearly why there is none."""
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(
            f"{path.name}, line {line}: the byte {content[error.start]:#x} is not UTF-8. "
            "Save the file as 'CSV UTF-8'."
        ) from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, or say clearly why there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFileError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise UnreadableFileError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise UnreadableFileError(f"{path}: cannot be read ({error}).") from None
    if not content.strip():
        raise UnreadableFileError(f"{path.name}: the file is empty.")
    return content


def _records(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the line it begins on."""
    while True:
        start = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error):
                raise UnreadableFileError(
                    f"{path.name}, line {start}: {error}. Look for a quote that is not closed."
                ) from None
            yield start, []  # a stray quote spoils its record only
        else:
            if any(cell and not cell.isspace() for cell in row):
                yield start, row


def _picker(positions: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(positions) == 1:
        return lambda row: (row[positions[0]],)
    return itemgetter(*positions)


def _text_frame(chunks: list[pa.Table], positions: list[int]) -> pd.DataFrame:
    if not chunks:
        return pd.DataFrame({str(p): pd.Series(dtype="str") for p in positions})
    table = pa.concat_tables(chunks)
    return pd.DataFrame({name: pd.array(table[name], dtype="str") for name in table.column_names})


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the header into most cells."""
    first = next(csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter="\0"), [""])[0]
    return max(DELIMITERS, key=first.count)
