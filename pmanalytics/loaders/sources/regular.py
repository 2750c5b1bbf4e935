"""Delimited text that is regular throughout, read by pyarrow: many times faster than row by row.

Regular is what no reader can take for anything else: UTF-8, every quote where a quoted cell begins
or ends, every record as wide as the header and none of it blank. Where pyarrow would join, drop or
change something that is not so, the text is none of ours to read here, and the careful reader of
`rows.py` takes it.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from pmanalytics.loaders.sources.files import NO_TEXT

BLOCK = 1 << 20
LARGEST_BLOCK = 2**31 - 1  # of pyarrow
QUOTE, LINE_FEED, RETURN = b'"\n\r'
# What UTF-8 looks like that was read as Windows-1252 before: whoever counts it reads it all.
DAMAGED = [text.encode() for text in ("Ã", "â€", "\ufffd")]
NO_START = (*NO_TEXT, 2 * codecs.BOM_UTF8)


class Regular(NamedTuple):
    """The header, and the chosen columns of all records by the line each begins on."""

    header: list[str]
    positions: list[int]
    lines: NDArray[np.int64]
    cells: pd.DataFrame


class Records(NamedTuple):
    """Where the records of a text begin and end, and on which line."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]


def is_plain(content: bytes) -> bool:
    """Tell whether a text is UTF-8, of one kind of line ends, and without traces of damage."""
    if b"\0" in content or content.startswith(NO_START):
        return False
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        return False
    if content.isascii():
        return True
    whole = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(),
        1,
        [None, pa.py_buffer(np.array([0, len(content)])), pa.py_buffer(content)],
    )
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return not any(mark in content for mark in DAMAGED)


def read_regular(
    content: bytes,
    delimiter: str,
    choose: Callable[[list[str]], Iterable[int]],
    *,
    longest_cell: int,
    most_columns: int,
) -> Regular | None:
    """Return the chosen columns of a plain text; None if it is not regular throughout."""
    feeds = _found(np.frombuffer(content, np.uint8), LINE_FEED)
    records = _records(content, feeds, delimiter)
    if records is None or (records.ends - records.starts).max() > longest_cell:
        return None
    header = _cells(content, records, 0, delimiter)
    if not any(header) or len(header) > most_columns or len(records.starts) == 1:
        return None
    positions = list(choose(header))
    if not positions or _has_doubtful(content, feeds, records, delimiter, len(header)):
        return None
    table = _read(content, int(records.ends[0]) + 1, delimiter, len(header), positions)
    body = Records(*(part[1:] for part in records))
    if table is None or table.num_rows != len(body.starts):
        return None
    cells = pd.DataFrame({n: pd.array(table[n], dtype="str") for n in table.column_names})
    is_empty = (cells.apply(lambda column: column.str.strip() == "")).all(axis="columns")
    if not all(any(_cells(content, body, int(n), delimiter)) for n in np.flatnonzero(is_empty)):
        return None
    return Regular(header, positions, body.lines, cells)


def _records(content: bytes, feeds: NDArray[np.int64], delimiter: str) -> Records | None:
    """Return the records that are no empty lines; None if a quote stands where none should."""
    letters = np.frombuffer(content, np.uint8)
    first = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    quotes = _found(letters, QUOTE)
    if not _are_regular(letters, quotes, delimiter, first):
        return None
    is_end = np.searchsorted(quotes, feeds) % 2 == 0
    ends, lines = feeds[is_end], np.flatnonzero(is_end) + 2
    starts, lines = np.r_[first, ends + 1], np.r_[1, lines]
    ends = np.r_[ends, len(content)]
    size = ends - starts
    is_return = letters[np.minimum(starts, len(letters) - 1)] == RETURN
    is_filled = (size > 1) | ((size == 1) & ~is_return)
    return (
        Records(starts[is_filled], ends[is_filled], lines[is_filled]) if is_filled.any() else None
    )


def _found(letters: NDArray[np.uint8], letter: int) -> NDArray[np.int64]:
    """Return where a letter stands, block by block for the sake of memory."""
    blocks = range(0, len(letters), BLOCK)
    return np.concatenate([np.flatnonzero(letters[n : n + BLOCK] == letter) + n for n in blocks])


def _are_regular(
    letters: NDArray[np.uint8], quotes: NDArray[np.int64], delimiter: str, first: int
) -> bool:
    """Tell whether each quote opens a cell, closes one, or is one of two within it."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    borders = np.zeros(256, dtype=bool)
    borders[[ord(delimiter), LINE_FEED, RETURN]] = True
    is_doubled = closing[:-1] + 1 == opening[1:]
    opens = borders[letters[opening - 1]] | (opening == first)
    opens[1:] |= is_doubled
    is_last = closing == len(letters) - 1
    closes = borders[letters[np.where(is_last, 0, closing + 1)]] | is_last
    closes[:-1] |= is_doubled
    return bool(opens.all() and closes.all())


def _has_doubtful(
    content: bytes, feeds: NDArray[np.int64], records: Records, delimiter: str, width: int
) -> bool:
    """Tell whether each line of a record of several lines could be a record of its own."""
    first = np.append(feeds, len(content))[np.searchsorted(feeds, records.starts)]
    is_long = first < records.ends
    starts, first, ends = records.starts[is_long], first[is_long], records.ends[is_long]
    bounds = np.append(np.stack([starts, first], axis=1), len(content))
    lines = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(content)]
    )
    mark = delimiter.encode()
    counts = pc.count_substring(lines, mark).to_numpy(zero_copy_only=False)[::2]
    is_whole = counts[: len(starts)] == width - 1
    several = zip(starts[is_whole], ends[is_whole], strict=True)
    texts = (content[start:end].split(b"\n") for start, end in several)
    return any(all(line.count(mark) == width - 1 for line in lines) for lines in texts)


def _read(
    content: bytes, start: int, delimiter: str, width: int, positions: list[int]
) -> pa.Table | None:
    """Return the columns at these positions; None if a record has more or fewer cells."""
    chosen = [str(position) for position in positions]
    # Where a block ends between \r and \n in quotes, pyarrow would lose the \n.
    block = len(content) if b"\r" in content else BLOCK
    if block > LARGEST_BLOCK:
        return None
    try:
        return pa.csv.read_csv(
            pa.BufferReader(pa.py_buffer(content)[start:]),
            pa.csv.ReadOptions(column_names=[str(n) for n in range(width)], block_size=block),
            pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            pa.csv.ConvertOptions(
                include_columns=chosen,
                column_types=dict.fromkeys(chosen, pa.large_string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _cells(content: bytes, records: Records, number: int, delimiter: str) -> list[str]:
    """Return the cells of one record."""
    text = content[records.starts[number] : records.ends[number]].decode()
    row = next(csv.reader([text.removesuffix("\r")], delimiter=delimiter))
    return [cell.strip() for cell in row]
