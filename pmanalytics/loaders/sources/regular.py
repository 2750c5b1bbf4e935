"""Delimited text that is regular throughout, read block by block: many times faster than by row.

Regular is what no reader can take for anything else: UTF-8, every quote where a quoted cell begins
or ends, every record as wide as the header and none of it blank. What is not so is none of ours to
read here, and the careful reader of `rows.py` takes it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pmanalytics.errors import MissingColumnsError
from pmanalytics.loaders.sources.files import NO_TEXT, File

BLOCK = 1 << 20
LARGEST_BLOCK = 1 << 24
GROWTH, MARGIN = 1.5, 1.1
QUOTE, LINE_FEED, RETURN = b'"\n\r'
# What UTF-8 looks like that was read as Windows-1252 before: whoever counts it reads it all.
DAMAGED = [text.encode() for text in ("Ã", "â€", "\ufffd")]
NO_START = (*NO_TEXT, 2 * codecs.BOM_UTF8)
INVISIBLE = "\ufeff\u200b\u2060"  # byte order marks and spaces without width
VISIBLE = np.zeros(256, dtype=bool)
VISIBLE[ord("!") : ord("~") + 1] = True


class Regular(NamedTuple):
    """The header, and the chosen columns of all records by the line each begins on."""

    header: list[str]
    positions: list[int]
    lines: NDArray[np.int64]
    cells: pd.DataFrame


class Layout(NamedTuple):
    """How the records of a file are laid out, and which of their cells are wanted."""

    delimiter: str
    width: int
    positions: NDArray[np.int64]
    longest: int


class Marks(NamedTuple):
    """Where quotes, delimiters and line ends stand, which these are, and which are quoted."""

    places: NDArray[np.int64]
    letters: NDArray[np.uint8]
    is_quoted: NDArray[np.bool_]


class Records(NamedTuple):
    """Where the records of a block and their wanted cells begin and end, and on which line."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    cell_starts: NDArray[np.int64]
    cell_ends: NDArray[np.int64]


class Block(NamedTuple):
    """The number of lines in a block, on which of them records begin, and their wanted cells."""

    n_lines: int
    lines: NDArray[np.int64]
    columns: list[pa.Array]


class Stretch(NamedTuple):
    """How long a stretch of a text is."""

    n_bytes: int
    n_lines: int


class IrregularError(Exception):
    """A text is not regular."""


def read_regular(
    file: File,
    delimiter: str,
    choose: Callable[[list[str]], Iterable[int]],
) -> Regular | None:
    """Return the chosen columns of a text; None if it is not regular throughout."""
    texts = _whole_records(file.blocks(BLOCK), file.limits.cell_chars)
    try:
        first = next(texts, b"")
        header = _header(first, delimiter, file.limits.columns)
        positions = list(choose(header))
        if not positions:
            return None
        layout = Layout(delimiter, len(header), np.array(positions), file.limits.cell_chars)
        texts = chain([first.removeprefix(codecs.BOM_UTF8)], texts)
        blocks = _in_turn(lambda text: _read(text, layout), texts)
        n_blocks = min(file.size(), file.limits.file_bytes) / len(first)
        lines, columns = _joined(blocks, [Texts(n_blocks * MARGIN) for _ in positions])
    except (IrregularError, MissingColumnsError):  # which the careful reader tells
        return None
    return Regular(header, positions, lines, text_frame(positions, columns))


def stretches(file: File, delimiter: str) -> list[Stretch] | None:
    """Return the header and then the blocks of whole records; None if it is not regular."""
    texts = _whole_records(file.blocks(BLOCK), file.limits.cell_chars)
    try:
        first = next(texts, b"")
        header = _header(first, delimiter, file.limits.columns)
        layout = Layout(delimiter, len(header), np.array([], np.int64), file.limits.cell_chars)
        text = first.removeprefix(codecs.BOM_UTF8)
        end = len(first) - len(text) + int(_checked(text, layout)[1].ends[0]) + 1
        found = [Stretch(len(part), part.count(b"\n")) for part in (first[:end], first[end:])]
        for text in texts:
            _checked(text, layout)
            found.append(Stretch(len(text), text.count(b"\n")))
    except IrregularError:
        return None
    return found


class Texts:
    """The texts of a column as they come in, in one piece as pyarrow keeps them.

    Fresh memory costs more than filling it: room is made once, for as many texts as the first ones
    let expect, and what is never filled is no memory yet.
    """

    def __init__(self, n_times: float = GROWTH) -> None:
        self.n_times = n_times
        self.n_texts, self.n_letters = 0, 0
        self.bounds, self.letters = np.zeros(1, np.int64), np.empty(0, np.uint8)

    def add(self, texts: pa.LargeStringArray) -> None:
        """Add further texts."""
        _, bounds, letters = texts.buffers()
        bounds = np.frombuffer(bounds, np.int64)[texts.offset :][: len(texts) + 1]
        start, end = bounds[[0, -1]]
        n_texts, n_letters = self.n_texts + len(texts), self.n_letters + int(end - start)
        self.bounds = self._with_room(self.bounds, n_texts + 1)
        self.letters = self._with_room(self.letters, n_letters)
        own = slice(self.n_texts + 1, n_texts + 1)
        np.add(bounds[1:], self.n_letters - start, out=self.bounds[own])
        if letters:
            self.letters[self.n_letters : n_letters] = np.frombuffer(letters, np.uint8)[start:end]
        self.n_texts, self.n_letters = n_texts, n_letters

    def _with_room(self, filled: NDArray[Any], size: int) -> NDArray[Any]:
        if size <= len(filled):
            return filled
        n_times = GROWTH if len(filled) > 1 else self.n_times
        larger = np.empty(int(size * n_times) + 1, filled.dtype)
        larger[: len(filled)] = filled
        return larger

    def whole(self) -> pd.api.extensions.ExtensionArray:
        """Return all of them."""
        bounds, letters = self.bounds[: self.n_texts + 1], self.letters[: self.n_letters]
        buffers = pa.py_buffer(bounds), pa.py_buffer(letters)
        return pd.array(pa.LargeStringArray.from_buffers(self.n_texts, *buffers), dtype="str")


def text_frame(positions: list[int], columns: list[Texts]) -> pd.DataFrame:
    """Return columns of text by their positions."""
    columns_of = zip(map(str, positions), columns, strict=True)
    return pd.DataFrame({position: texts.whole() for position, texts in columns_of})


def trimmed(cells: pa.Array) -> pa.Array:
    """Return cells without the blanks around them."""
    return pc.utf8_trim(pc.utf8_trim_whitespace(cells), INVISIBLE)


def _joined(blocks: Iterable[Block], columns: list[Texts]) -> tuple[NDArray[np.int64], list[Texts]]:
    """Return the lines of all records below the header, and the texts of each column."""
    n_before = 1
    lines: list[NDArray[np.int64]] = []
    for block in blocks:
        n_header = 0 if lines else 1
        lines.append(n_before + block.lines[n_header:])
        for column, texts in zip(columns, block.columns, strict=True):
            column.add(texts[n_header:])
        n_before += block.n_lines
    return np.concatenate(lines), columns


def _whole_records(blocks: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """Yield the text in pieces that end where a record does."""
    rest = b""
    for block in blocks:
        text = rest + block
        if len(text) > LARGEST_BLOCK:
            raise IrregularError
        end = _end_of_records(text, longest)
        rest = text[end:]
        if end:
            yield text[:end]
    if rest:
        yield rest + b"\n"


def _end_of_records(text: bytes, longest: int) -> int:
    """Return where the last record ends that is whole; none may be longer."""
    n_quotes = np.count_nonzero(np.frombuffer(text, np.uint8) == QUOTE)
    end = len(text)
    while (feed := text.rfind(b"\n", 0, end)) >= 0:
        n_quotes -= text.count(b'"', feed, end)
        if n_quotes % 2 == 0:
            return feed + 1
        if len(text) - feed > longest:
            raise IrregularError
        end = feed
    return 0


def _header(text: bytes, delimiter: str, most_columns: int) -> list[str]:
    """Return the names of the columns."""
    if text.startswith(NO_START) or not _is_plain(text):
        raise IrregularError
    rows = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(filter(None, rows), [])]
    except csv.Error:
        raise IrregularError from None
    if not any(header) or len(header) > most_columns:
        raise IrregularError
    return header


def _in_turn(read: Callable[[bytes], Block], texts: Iterable[bytes]) -> Iterator[Block]:
    """Yield what is read of each text; as many are read at a time as there are processors."""
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        waiting: deque[Future[Block]] = deque()
        for text in texts:
            waiting.append(pool.submit(read, text))
            if len(waiting) > pa.cpu_count():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _read(text: bytes, layout: Layout) -> Block:
    """Return the records of a block; it is not regular if a quote stands where none should."""
    letters, records = _checked(text, layout)
    columns = _columns(text, letters, records, layout)
    return Block(text.count(b"\n"), records.lines, columns)


def _checked(text: bytes, layout: Layout) -> tuple[NDArray[np.uint8], Records]:
    """Return the letters of a block, and where its records are."""
    if not _is_plain(text):
        raise IrregularError
    letters = np.frombuffer(text, np.uint8)
    marks = _marks(letters, ord(layout.delimiter))
    _refuse_stray_quotes(letters, marks, ord(layout.delimiter))
    records = _records(letters, marks, layout)
    _refuse_doubtful(text, marks, records, layout)
    return letters, records


def _is_plain(content: bytes) -> bool:
    """Tell whether a text is UTF-8, of one kind of line ends, and without traces of damage."""
    if b"\0" in content:
        return False
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        return False
    if content.isascii():
        return True
    bounds = pa.py_buffer(np.array([0, len(content)]))
    whole = pa.LargeStringArray.from_buffers(1, bounds, pa.py_buffer(content))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return not any(mark in content for mark in DAMAGED)


def _marks(letters: NDArray[np.uint8], delimiter: int) -> Marks:
    """Return all quotes, delimiters and line ends."""
    is_mark = letters == QUOTE
    is_mark |= letters == delimiter
    is_mark |= letters == LINE_FEED
    at = np.flatnonzero(is_mark)
    kinds = letters[at]
    is_quote = kinds == QUOTE
    n_quotes = np.cumsum(is_quote.view(np.uint8), dtype=np.uint8)
    return Marks(at, kinds, (n_quotes & 1) > is_quote)


def _refuse_stray_quotes(letters: NDArray[np.uint8], marks: Marks, delimiter: int) -> None:
    """Require that each quote opens a cell, closes one, or is one of two within it."""
    quotes = marks.places[marks.letters == QUOTE]
    if len(quotes) % 2:
        raise IrregularError
    borders = np.zeros(256, dtype=bool)
    borders[[delimiter, LINE_FEED, RETURN]] = True
    opening, closing = quotes[::2], quotes[1::2]
    is_doubled = closing[:-1] + 1 == opening[1:]
    opens = borders[letters[opening - 1]]  # before the first letter counts the last, a line end
    opens[1:] |= is_doubled
    closes = borders[letters[closing + 1]]
    closes[:-1] |= is_doubled
    if not (opens.all() and closes.all()):
        raise IrregularError


def _records(letters: NDArray[np.uint8], marks: Marks, layout: Layout) -> Records:
    """Return the records that are no empty lines."""
    is_end = ~marks.is_quoted & (marks.letters != QUOTE)
    ends = np.r_[-1, marks.places[is_end]]  # of all cells, and of what was before
    last = np.flatnonzero(marks.letters[is_end] == LINE_FEED) + 1
    first = np.r_[0, last[:-1]]  # the cell before
    starts, record_ends = ends[first] + 1, ends[last]
    size = record_ends - starts
    is_filled = size > (letters[starts] == RETURN)
    if (last - first != layout.width)[is_filled].any() or size.max() > layout.longest:
        raise IrregularError
    feeds = marks.places[marks.letters == LINE_FEED]
    lines = np.r_[0, np.searchsorted(feeds, record_ends[:-1]) + 1]
    cells = first[is_filled] + layout.positions[:, None]
    return Records(
        starts[is_filled],
        record_ends[is_filled],
        lines[is_filled],
        ends[cells] + 1,
        ends[cells + 1],
    )


def _refuse_doubtful(text: bytes, marks: Marks, records: Records, layout: Layout) -> None:
    """Require that no record of several lines could be a record per line."""
    quoted = marks.letters[marks.is_quoted]
    if not (quoted == LINE_FEED).any():
        return
    feeds, others = (
        np.searchsorted(records.ends, marks.places[marks.is_quoted][is_meant])
        for is_meant in (quoted == LINE_FEED, quoted != LINE_FEED)
    )
    n_delimiters = np.bincount(others, minlength=len(records.ends))
    mark = layout.delimiter.encode()
    for n in np.unique(feeds[n_delimiters[feeds] >= layout.width - 1]):
        lines = text[records.starts[n] : records.ends[n]].split(b"\n")
        if all(line.count(mark) == layout.width - 1 for line in lines):
            raise IrregularError


def _columns(
    text: bytes, letters: NDArray[np.uint8], records: Records, layout: Layout
) -> list[pa.Array]:
    """Return the wanted cells of each column, without quotes and outer blanks."""
    starts, ends = records.cell_starts, records.cell_ends
    is_last = layout.positions == layout.width - 1
    ends[is_last] -= letters[ends[is_last] - 1] == RETURN
    is_quoted = letters[starts] == QUOTE
    starts, ends = starts + is_quoted, ends - is_quoted
    _refuse_blank(text, letters[starts], records, layout)
    is_bare = (starts == ends) | (VISIBLE[letters[starts]] & VISIBLE[letters[ends - 1]])
    bounds = np.stack([starts, ends], axis=2).reshape(len(starts), -1)
    every_other = pa.array(np.arange(0, bounds.shape[1], 2))  # between them is what is not wanted
    columns = []
    for n, own in enumerate(map(pa.py_buffer, bounds)):
        texts = pa.LargeStringArray.from_buffers(
            max(bounds.shape[1] - 1, 0), own, pa.py_buffer(text)
        )
        column = texts.take(every_other)
        if is_quoted[n].any():
            column = pc.replace_substring(column, '""', '"')
        columns.append(column if is_bare[n].all() else trimmed(column))
    return columns


def _refuse_blank(text: bytes, begins: NDArray[np.uint8], records: Records, layout: Layout) -> None:
    """Require that each record holds more than blanks, as the beginning of a cell may tell."""
    is_filled = VISIBLE.copy()
    is_filled[[QUOTE, ord(layout.delimiter)]] = False
    left = np.arange(len(records.starts))
    for letters in begins:
        left = left[~is_filled[letters[left]]]
    for start, end in zip(records.starts[left], records.ends[left], strict=True):
        record = text[start:end].decode()
        row = next(csv.reader([record.removesuffix("\r")], delimiter=layout.delimiter))
        if not any(map(str.strip, row)):
            raise IrregularError
