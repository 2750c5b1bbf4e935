"""Files as bytes and text, whatever holds them: plain, gzipped, or members of a zip archive.

Every read is bounded (`Limits`), and a file that changes meanwhile is refused: nothing partial is
ever taken for the whole.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from pmanalytics.errors import ConfigError, UnreadableFileError, counted, shortened, visible

CONFIG_HINT = "raise {} under [limits] in pmanalytics.toml"
HEAD_BYTES = 1 << 18
LARGEST_LIMIT = (1 << 31) - 1  # what the csv module takes on every system
BLOCK_BYTES = 1 << 20
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
FALLBACK = "cp1252"
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
ARCHIVES = (".zip", ".gz", *SPREADSHEETS)
# No text in Windows-1252 holds such a pair, but for one that was damaged before.
UTF_8_LETTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
# What UTF-8 looks like when it was read as Windows-1252 and saved again.
MOJIBAKE = re.compile("Ã[\u0080-\u00bf\u0152-\u02dc\u2018-\u2122]|â€|\ufffd")


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
            if not is_whole or not 0 < value <= LARGEST_LIMIT:
                known = f"no whole number from 1 to {LARGEST_LIMIT}"
                raise ConfigError(f"limits: {limit.name} = {value!r} is {known}.")


class Correction(NamedTuple):
    """What a cell, or the whole record, should hold instead of what stands there."""

    header: str
    value: str
    wanted: str


@dataclass(frozen=True)
class File:
    """One file with data: a path, or a member of the archive at that path."""

    path: Path
    name: str
    limits: Limits = Limits()
    member: str | None = None
    sheet: str | None = None
    is_sample: bool = False
    corrections: Mapping[int, Sequence[Correction]] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        """Return the name as a screen can show it."""
        return visible(self.name)

    @property
    def suffix(self) -> str:
        """The ending that tells its format: of exports.zip/jira.csv and jira.csv.gz it is .csv."""
        return Path((self.member or self.path.name).casefold().removesuffix(".gz")).suffix

    def head(self) -> bytes:
        """Return the first bytes; the last letter and the last line may be cut."""
        with self._opened() as stream:
            return self._block(stream, HEAD_BYTES)

    def read(self) -> bytes:
        """Return the content, or say clearly why there is none."""
        if self.is_sample:
            return self.head()
        before = self._state()
        content = self.read_bounded()
        if self._state() != before:
            raise UnreadableFileError(f"{self}: it changed while it was read; try again.")
        if not content.strip(b" \t\r\n\0"):
            raise UnreadableFileError(f"{self}: the file is empty.")
        return content

    def read_bounded(self) -> bytes:
        """Return the content, unpacked, as long as it keeps within the limits."""
        content = io.BytesIO()
        with self._opened() as stream:
            while block := self._block(stream):
                content.write(block)
                self._hold_limits(content.tell())
        return content.getvalue()

    def text(self, encoding: str | None = None) -> tuple[str, str]:
        """Return the text and its encoding.

        It is the one named, or what a byte order mark or the zeros of UTF-16 tell, or UTF-8 where
        it has letters of UTF-8 or nothing else, or else Windows-1252, as western Excel saves it.
        A sample ends with its last whole line.
        """
        content = self.read()
        is_cut = self.is_sample and len(content) == HEAD_BYTES
        encoding = encoding or _encoding(content, is_cut)
        try:
            text = _decoded(content, encoding, is_cut)
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

    def _state(self) -> tuple[int, int]:
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
            if self.path.suffix.casefold() == ".gz":
                return gzip.open(self.path)  # type: ignore[return-value]
            return self.path.open("rb")
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
        is_packed = self.member is not None or self.path.suffix.casefold() == ".gz"
        if is_packed and n_bytes > self.limits.archive_ratio * max(self._state()[0], BLOCK_BYTES):
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


def members(file: File) -> list[File]:
    """Return the files that a file holds: those of an archive, sheets of a book, or itself.

    Raises
    ------
    UnreadableFileError
        If the archive is damaged, too large, encrypted, or holds further archives.
    """
    if file.suffix in SPREADSHEETS:
        return _sheets(file)
    if file.suffix != ".zip":
        return [file]
    entries = _entries(file)
    nested = [e.filename for e in entries if e.filename.casefold().endswith(ARCHIVES)]
    if nested:
        raise UnreadableFileError(f"{file}: {nested[0]!r} in it is packed again; unpack it.")
    for entry in entries:
        if entry.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", entry.filename):
            raise UnreadableFileError(
                f"{file}: {entry.filename!r} in it leads out of the archive; unpack it."
            )
    names = [entry.filename for entry in entries if not _is_clutter(entry.filename)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UnreadableFileError(f"{file}: it holds two files named {twice!r}; unpack it.")
    return [File(file.path, f"{file.name}/{name}", file.limits, name) for name in names]


def open_book(file: File) -> CalamineWorkbook:
    """Open a spreadsheet once it is known to unpack within the limits."""
    content = file.read_bounded()
    if file.suffix != ".xls":
        for entry in _entries(file):
            File(file.path, file.name, file.limits, entry.filename).read_bounded()
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (CalamineError, ValueError) as error:
        raise UnreadableFileError(f"{file}: cannot be read ({error}).") from None


def _sheets(file: File) -> list[File]:
    names = open_book(file).sheet_names
    if len(names) == 1:
        return [replace(file, sheet=names[0])]
    return [replace(file, name=f"{file.name}/{name}", sheet=name) for name in names]


def _entries(file: File) -> list[zipfile.ZipInfo]:
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


def files_in(
    folder: Path, limits: Limits | None = None, ignore: Sequence[str] = ()
) -> Iterator[File]:
    """Yield every file below a folder in the order of names, archives unpacked.

    What fits a pattern of `ignore`, such as "old/*", is not looked at.

    Raises
    ------
    UnreadableFileError
        If a link leads out of the folder or nowhere, a folder in it cannot be opened, or
        something in it is neither file nor folder.
    """
    root = folder.resolve()
    for path in sorted(_paths_below(folder)):
        name = path.relative_to(folder).as_posix()
        if any(fnmatchcase(name, pattern) for pattern in ignore):
            continue
        if path.is_symlink() and not path.exists():
            raise UnreadableFileError(f"{visible(name)}: this link leads nowhere; take it away.")
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise UnreadableFileError(
                f"{visible(name)}: this link leads out of the folder; put the file itself there."
            )
        if path.is_file():
            yield from members(File(path, name, limits or Limits()))
        elif not path.is_dir():
            raise UnreadableFileError(
                f"{visible(name)}: this is neither a file nor a folder; move it away."
            )


def _paths_below(folder: Path) -> Iterator[Path]:
    """Yield all that lies below a folder, but for what systems leave lying about."""

    def refuse(error: OSError) -> None:
        raise UnreadableFileError(
            f"{visible(error.filename)}: cannot be opened ({error.strerror})."
        )

    for top, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not _is_clutter(name)]
        yield from (Path(top, name) for name in [*folders, *names] if not _is_clutter(name))


def damaged_text(text: str) -> int:
    """Return how many letters were damaged before, by reading them in a wrong encoding."""
    return len(MOJIBAKE.findall(text))


def _decoded(content: bytes, encoding: str, is_cut: bool) -> str:
    """Return bytes as text; of what was cut somewhere only the whole lines, if there are any."""
    text = codecs.getincrementaldecoder(encoding)().decode(content, final=not is_cut)
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end] if is_cut and end else text


def _encoding(content: bytes, is_cut: bool) -> str:
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    head = content[:HEAD_BYTES]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > len(zeros) / 2:
            return encoding
    try:
        _decoded(content, "utf-8", is_cut)
    except UnicodeDecodeError:
        return "utf-8" if UTF_8_LETTER.search(content) else FALLBACK
    return "utf-8"


def _is_clutter(name: str) -> bool:
    """Tell what systems leave lying about: hidden files, Excel's lock files, macOS's doubles."""
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith((".", "~$")) for part in parts)
