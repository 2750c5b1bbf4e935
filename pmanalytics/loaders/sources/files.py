"""Files as bytes and text, whatever holds them: plain, gzipped, or members of a zip archive.

Every read is bounded (`Limits`), and a file that changes meanwhile is refused: nothing partial is
ever taken for the whole.
"""

from __future__ import annotations

import gzip
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

from pmanalytics.errors import ConfigError, UnreadableFileError, counted, shortened, visible
from pmanalytics.loaders.sources.encodings import HEAD_BYTES, decoded, encoding_of

CONFIG_HINT = "raise {} under [limits] in pmanalytics.toml"
LARGEST_LIMIT = 1 << 62
LONGEST_CELL = (1 << 31) - 1  # what the csv module takes on every system
BLOCK_BYTES = 1 << 20
ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What no table, no JSON and no XML is, as its name tells.
DOCUMENT_NAMES = re.compile(r"(read ?me|licen[cs]e|copying|notice|authors|changelog)(\.\w+)?", re.I)
DOCUMENT_SUFFIXES = (
    ".md", ".rst", ".py", ".ipynb", ".toml", ".yaml", ".yml", ".ini", ".sh", ".sql", ".css", ".js",
    ".pdf", ".doc", ".docx", ".ppt", ".pptx", ".odt", ".odp", ".rtf", ".msg", ".eml",
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".mp4",
)  # fmt: skip
JSON_START = re.compile(r"\[\s*[\[{\]]|\{\s*[\"}]")
WEB_PAGE = re.compile(
    r"(<!--.*?-->|<\?xml[^>]*>|\s)*<(!doctype\s+html|html|head|meta|body|table)\b", re.I | re.S
)
GZIP_SIZE_BYTES = 4  # at its end, gzip tells how much it holds
NO_TEXT = {
    ZIP_MARK: "a zip archive or a workbook; unpack it",
    OLE_MARK: "a file of old Microsoft Office",
    b"\x1f\x8b": "packed by gzip; give its name the ending .gz",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a SQLite database",
}
NOTHING = re.compile(rb"[ \t\r\n\0]*")


@dataclass(frozen=True)
class Limits:
    """How large a file may be; each can be raised."""

    file_bytes: int = 1 << 30
    cell_chars: int = 1_000_000
    columns: int = 5_000
    archive_members: int = 1_000
    archive_ratio: int = 100

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            most = LONGEST_CELL if limit.name == "cell_chars" else LARGEST_LIMIT
            if not is_whole or not 0 < value <= most:
                known = f"no whole number from 1 to {most}"
                raise ConfigError(f"limits: {limit.name} = {value!r} is {known}.")


class Correction(NamedTuple):
    """What a cell, or the whole record, should hold instead of what stands there."""

    header: str
    value: str
    wanted: str


class Piece(NamedTuple):
    """A stretch of a text, from byte to byte, which is read below the header of the whole.

    So many lines stand between the two; what is read later must be of the same `state`.
    """

    header_bytes: int
    start: int
    end: int
    n_lines_before: int
    state: tuple[int, int]


@dataclass(frozen=True)
class File:
    """One file with data: a path, or a member of the archive at that path, or a piece of it.

    `hashes` tells what was read, once it was; what was packed is hashed unpacked.
    """

    path: Path
    name: str
    limits: Limits = Limits()
    member: str | None = None
    sheet: str | None = None
    is_hidden: bool = False
    is_sample: bool = False
    piece: Piece | None = None
    corrections: Mapping[int, Sequence[Correction]] = field(default_factory=dict, compare=False)
    hashes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the name as a screen can show it."""
        return visible(self.name)

    @property
    def suffix(self) -> str:
        """The ending that tells its format: of exports.zip/jira.csv and jira.csv.gz it is .csv."""
        return Path((self.member or self.path.name).casefold().removesuffix(".gz")).suffix

    def head(self, n_bytes: int = HEAD_BYTES) -> bytes:
        """Return the first bytes; the last letter and the last line may be cut."""
        with self._opened() as stream:
            return self._block(stream, n_bytes)

    def head_text(self) -> str:
        """Return the first letters, whatever encodes them."""
        head = self.head()
        encoding = encoding_of(head, len(head) == HEAD_BYTES)
        return head.decode(encoding, "replace").removeprefix("\ufeff").lstrip()

    def read(self) -> bytes:
        """Return the content, or say clearly why there is none."""
        before = self.state()
        content = self.head() if self.is_sample else self.read_bounded()
        self._hold_still(before)
        if NOTHING.fullmatch(content):
            raise UnreadableFileError(f"{self}: the file is empty.")
        if not self.is_sample and self.piece is None:
            self.hashes["sha256"] = sha256(content).hexdigest()
        return content

    def read_bounded(self) -> bytes:
        """Return the content, unpacked, as long as it keeps within the limits."""
        content = io.BytesIO()
        for block in self._blocks(BLOCK_BYTES):
            content.write(block)
        return content.getvalue()

    def blocks(self, n_bytes: int) -> Iterator[bytes]:
        """Yield the content block by block; what comes of it counts once the last was taken."""
        before = self.state()
        found = sha256()
        for block in self._blocks(n_bytes):
            found.update(block)
            yield block
        self._hold_still(before)
        if self.piece is None:
            self.hashes["sha256"] = found.hexdigest()

    def size(self) -> int:
        """Return how many bytes it holds once unpacked, as its packing tells."""
        if self.piece is not None:
            return self.piece.end - self.piece.start
        if self.member is not None:
            with zipfile.ZipFile(self.path) as archive:
                return archive.getinfo(self.member).file_size
        with self.path.open("rb") as stream:
            n_bytes = stream.seek(0, io.SEEK_END)
            if is_packed(self) and n_bytes > GZIP_SIZE_BYTES:
                stream.seek(-GZIP_SIZE_BYTES, io.SEEK_END)
                n_bytes = int.from_bytes(stream.read(), "little")
        return n_bytes

    def digest(self) -> str:
        """Return the SHA-256 of the content as `read` takes it, block by block."""
        found = sha256()
        with self._opened() as stream:
            while block := self._block(stream):
                found.update(block)
        return found.hexdigest()

    def text(self, encoding: str | None = None) -> tuple[str, str]:
        """Return the text and its encoding.

        It is the one named, or what a byte order mark or the zeros of UTF-16 tell, or UTF-8 where
        it has letters of UTF-8 or nothing else, or else Windows-1252, as western Excel saves it.
        A sample ends with its last whole line.
        """
        content = self.read()
        for mark, kind in NO_TEXT.items():
            if content.startswith(mark):
                raise UnreadableFileError(f"{self}: this is no text but {kind}.")
        is_cut = self.is_sample and len(content) == HEAD_BYTES
        encoding = encoding or encoding_of(content, is_cut)
        try:
            text = decoded(content, encoding, is_cut)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise UnreadableFileError(
                f"{self}, line {line}: the byte {content[error.start]:#x} is not "
                f"{encoding.upper()}. Save the file as 'CSV UTF-8', or name its encoding."
            ) from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise UnreadableFileError(
                f"{self}, line {line}: there is a zero byte; this is no text."
            )
        return text.removeprefix("\ufeff"), encoding.removesuffix("-sig").upper()

    def _blocks(self, n_bytes: int) -> Iterator[bytes]:
        """Yield the content, unpacked, as long as it keeps within the limits."""
        n_read = 0
        with self._opened() as stream:
            for start, length in self._stretches():
                if start:
                    stream.seek(start)
                n_wanted = n_read + length
                while block := self._block(stream, min(n_bytes, n_wanted - n_read)):
                    n_read += len(block)
                    self._hold_limits(n_read)
                    yield block

    def _stretches(self) -> list[tuple[int, int]]:
        if self.piece is None:
            return [(0, sys.maxsize)]
        return [(0, self.piece.header_bytes), (self.piece.start, self.size())]

    def _hold_still(self, before: tuple[int, int]) -> None:
        if before != self.state() or (self.piece is not None and before != self.piece.state):
            raise UnreadableFileError(f"{self}: it changed while it was read; try again.")

    def state(self) -> tuple[int, int]:
        """Return what tells whether it changed meanwhile."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise UnreadableFileError(
                f"{visible(str(self.path))}: there is no such file."
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UnreadableFileError(
                f"{visible(str(self.path))}: cannot be read ({reason})."
            ) from None
        return found.st_size, found.st_mtime_ns

    def _opened(self) -> IO[bytes]:
        try:
            if self.member is not None:
                return zipfile.ZipFile(self.path).open(self.member)
            if is_packed(self):
                return gzip.open(self.path)  # type: ignore[return-value]
            return self.path.open("rb")
        except FileNotFoundError:
            raise UnreadableFileError(
                f"{visible(str(self.path))}: there is no such file."
            ) from None
        except IsADirectoryError:
            raise UnreadableFileError(
                f"{visible(str(self.path))}: this is a folder; name a file in it."
            ) from None
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
            reason = getattr(error, "strerror", None) or error
            raise UnreadableFileError(
                f"{visible(str(self.path))}: cannot be read ({reason})."
            ) from None

    def _block(self, stream: IO[bytes], n_bytes: int = BLOCK_BYTES) -> bytes:
        try:
            return stream.read(n_bytes)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            reason = getattr(error, "strerror", None) or error
            raise UnreadableFileError(f"{self}: cannot be read ({reason}).") from None

    def _hold_limits(self, n_bytes: int) -> None:
        if n_bytes > self.limits.file_bytes:
            raise UnreadableFileError(
                f"{self}: it holds more than {self.limits.file_bytes:,} bytes; "
                f"{CONFIG_HINT.format('file_bytes')} if that is right."
            )
        is_unpacked = self.member is not None or is_packed(self)
        if is_unpacked and n_bytes > self.limits.archive_ratio * max(self.state()[0], BLOCK_BYTES):
            raise UnreadableFileError(
                f"{self}: it unpacks to more than {self.limits.archive_ratio} times its size, "
                f"as a zip bomb does; {CONFIG_HINT.format('archive_ratio')} if you trust it."
            )


def file_at(path: str | Path, limits: Limits | None = None) -> File:
    """Return the file at a path."""
    path = path_of(path)
    return File(path, path.name, limits or Limits())


def path_of(given: object) -> Path:
    """Return the path that a user names.

    Raises
    ------
    UnreadableFileError
        If it is none.
    """
    if isinstance(given, str | Path) and str(given).strip():
        return Path(given)
    raise UnreadableFileError(
        f"{shortened(repr(given))} names no file: give its path, such as 'data/projects.csv'."
    )


def is_packed(file: File) -> bool:
    """Tell whether a file is packed for itself, by gzip."""
    return file.member is None and file.path.suffix.casefold() == ".gz"


def is_document(file: File) -> bool:
    """Tell by its name whether a file is for people only."""
    name = file.name.rpartition("/")[2]
    return file.suffix in DOCUMENT_SUFFIXES or bool(DOCUMENT_NAMES.fullmatch(name))


def entries(file: File) -> list[zipfile.ZipInfo]:
    """Return what an archive holds, within the limits."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableFileError(f"{file}: cannot be unpacked ({error}).") from None
    if len(entries) > file.limits.archive_members:
        raise UnreadableFileError(
            f"{file}: it holds {counted(len(entries), 'file')}, more than "
            f"{file.limits.archive_members}; {CONFIG_HINT.format('archive_members')} if so."
        )
    total = sum(entry.file_size for entry in entries)
    if total > file.limits.file_bytes:
        raise UnreadableFileError(
            f"{file}: it unpacks to {total:,} bytes, more than {file.limits.file_bytes:,}; "
            f"{CONFIG_HINT.format('file_bytes')} if that is right."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFileError(f"{file}: it is encrypted; unpack it first.")
    return entries


def is_clutter(name: str) -> bool:
    """Tell what systems leave lying about: hidden files, Excel's lock files, macOS's doubles."""
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith((".", "~$")) for part in parts)
