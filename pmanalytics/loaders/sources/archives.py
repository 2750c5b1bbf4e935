"""The files that a folder holds, and those that are packed in one file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pmanalytics.errors import UnreadableFileError, shortened, visible
from pmanalytics.loaders.sources.files import (
    ZIP_MARK,
    File,
    Limits,
    entries,
    is_clutter,
    is_document,
    is_packed,
)
from pmanalytics.loaders.sources.sheets import first_table, is_book, sheets_of
from pmanalytics.store.files import is_store

BOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
ARCHIVES = (".zip", ".gz", *BOOKS)
OFFICE_PARTS = {"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"}
UNDECODED = re.compile("[\ud800-\udfff]")


def members(file: File) -> list[File]:
    """Return the files that a file holds: those of an archive, sheets of a workbook, or itself.

    Raises
    ------
    UnreadableFileError
        If the archive is damaged, too large, encrypted, or holds further archives.
    """
    if is_document(file):
        return [file]
    if is_book(file):
        return _sheets(file)
    return _unpacked(file) if _is_archive(file) else [file]


def _sheets(file: File) -> list[File]:
    """Return the sheets of a workbook; a file of another program may only look like one."""
    try:
        return sheets_of(file)
    except UnreadableFileError:
        if file.suffix in BOOKS:
            raise
        return [file]


def _is_archive(file: File) -> bool:
    """Tell a zip archive of files from a document that is one inside."""
    if is_packed(file) or not file.head(len(ZIP_MARK)).startswith(ZIP_MARK):
        return False
    return OFFICE_PARTS.isdisjoint(entry.filename for entry in entries(file))


def _unpacked(file: File) -> list[File]:
    held = entries(file)
    nested = [e.filename for e in held if e.filename.casefold().endswith(ARCHIVES)]
    if nested:
        raise UnreadableFileError(
            f"{file}: {shortened(nested[0])!r} in it is packed again; unpack it."
        )
    for entry in held:
        if entry.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", entry.filename):
            raise UnreadableFileError(
                f"{file}: {shortened(entry.filename)!r} in it leads out of the archive; unpack it."
            )
    names = [entry.filename for entry in held if not is_clutter(entry.filename)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UnreadableFileError(
            f"{file}: it holds two files named {shortened(twice)!r}; unpack it."
        )
    return [File(file.path, f"{file.name}/{name}", file.limits, name) for name in names]


def files_in(
    folder: Path, limits: Limits | None = None, ignore: Sequence[str] = ()
) -> Iterator[File]:
    """Yield every file below a folder in the order of names, archives unpacked.

    What fits a pattern of `ignore`, such as "old/*", is not looked at.

    Raises
    ------
    UnreadableFileError
        If a link leads out of the folder or nowhere, a folder in it cannot be opened, or
        something in it is neither file nor folder; or the folder is a store.
    """
    root = folder.resolve()
    for path in sorted(_paths_below(folder)):
        name = path.relative_to(folder).as_posix()
        if any(fnmatchcase(name, pattern) for pattern in ignore):
            continue
        if UNDECODED.search(name):
            raise UnreadableFileError(f"{visible(name)}: this name is no UTF-8; rename the file.")
        if path.is_symlink() and not path.exists():
            raise UnreadableFileError(f"{visible(name)}: this link leads nowhere; take it away.")
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise UnreadableFileError(
                f"{visible(name)}: this link leads out of the folder; put the file itself there."
            )
        if path.is_file():
            yield from _members_or_advice(File(path, name, limits or Limits()))
        elif not path.is_dir():
            raise UnreadableFileError(
                f"{visible(name)}: this is neither a file nor a folder; move it away."
            )


def files_named(found: Sequence[File], pattern: str) -> list[File]:
    """Return the files of a name, or below it; of a workbook its first sheet with a table."""
    exact = [file for file in found if file.name == pattern]
    fitting = [file for file in found if fnmatchcase(file.name, pattern) and not file.is_hidden]
    below = [file for file in found if file.name.startswith(f"{pattern}/")]
    sheets = [file for file in below if file.name == f"{pattern}/{file.sheet}"]
    if sheets:
        below = [first_table(sheets)]
    return list(dict.fromkeys([*exact, *fitting, *below]))


def _members_or_advice(file: File) -> list[File]:
    try:
        return members(file)
    except UnreadableFileError as error:
        raise UnreadableFileError(
            f"{error} To read the folder without it, move it away, or write "
            f"ignore = [{json.dumps(file.name)}] in pmanalytics.toml."
        ) from None


def _paths_below(folder: Path) -> Iterator[Path]:
    """Yield all that lies below a folder, but for what systems leave lying about."""

    def refuse(error: OSError) -> None:
        raise UnreadableFileError(
            f"{visible(error.filename)}: cannot be opened ({error.strerror})."
        )

    if is_store(folder):
        raise UnreadableFileError(
            f"{folder}: this is a store, which was made of exports; name the folder of the exports."
        )
    for top, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not is_clutter(name)]
        yield from (Path(top, name) for name in [*folders, *names] if not is_clutter(name))
