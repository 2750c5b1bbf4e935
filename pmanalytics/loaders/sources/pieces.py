"""Large text in pieces of whole records, which need not be in memory together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from pmanalytics.loaders.sources.files import BLOCK_BYTES, JSON_START, File, Piece
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.loaders.sources.regular import Stretch, stretches
from pmanalytics.loaders.sources.rows import regular_delimiter


def pieces_of(file: File, n_bytes: int) -> list[File]:
    """Return a file in pieces of about so many bytes, or the whole of one that cannot be cut.

    JSON can be cut where it is one document per line, delimited text where it is regular. What is
    corrected by its lines stays whole.
    """
    if file.size() <= n_bytes or file.corrections:
        return [file]
    state = file.state()
    found = _lines(file) if JSON_START.match(file.head_text()) else _records(file)
    if found is None:
        return [file]
    header, *others = found
    pieces, start, n_before = list[File](), header.n_bytes, 0
    end, n_lines = start, n_before
    for stretch in others:
        if end > start and end + stretch.n_bytes - start > n_bytes:
            pieces.append(replace(file, piece=Piece(header.n_bytes, start, end, n_before, state)))
            start, n_before = end, n_lines
        end, n_lines = end + stretch.n_bytes, n_lines + stretch.n_lines
    return [*pieces, replace(file, piece=Piece(header.n_bytes, start, end, n_before, state))]


def _records(file: File) -> list[Stretch] | None:
    delimiter = regular_delimiter(file, Reading())
    return stretches(file, delimiter) if delimiter else None


def _lines(file: File) -> list[Stretch] | None:
    """Return no header, and then blocks of whole lines, if the first lines are documents."""
    first, *others = file.head().split(b"\n")
    is_lines = _is_json(first) and any(line.startswith(b"{") for line in others[:1])
    return [Stretch(0, 0), *_blocks_of_lines(file)] if is_lines else None


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _blocks_of_lines(file: File) -> Iterator[Stretch]:
    n_open = 0  # bytes of the last line, as far as it was seen
    for block in file.blocks(BLOCK_BYTES):
        n_whole = block.rfind(b"\n") + 1
        if n_whole:
            yield Stretch(n_open + n_whole, block.count(b"\n"))
            n_open = 0
        n_open += len(block) - n_whole
    if n_open:
        yield Stretch(n_open, 1)
