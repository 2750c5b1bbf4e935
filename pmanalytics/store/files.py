"""A store: a folder that says in one small file which of its files count.

Whoever changes it writes a new generation of files aside, then replaces that one file; until then
every reader sees the old generation, and a writer that fails leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import pyarrow as pa

from pmanalytics.errors import StoreError
from pmanalytics.store.frames import read_frame, write_frame

FORMAT = 1
MANIFEST, LOCK, GENERATION = "store.json", "lock", "generation-"
SOURCES = "sources"  # what a generation keeps as it is
PARTED = ("work_items", "status_changes", "field_changes", "projects")
PRIVATE = "_store_"  # what begins so is the store's own
ROW = f"{PRIVATE}row"  # the place of a row in the whole table
COUNTS = f"{PRIVATE}counts"  # false for what another row may yet replace


@dataclass(frozen=True)
class Store:
    """One generation of a store: tables of which some are in parts.

    An item's rows lie in one part, whatever the table.
    """

    path: Path
    generation: int
    n_parts: int
    facts: Mapping[str, Any]
    sizes: Mapping[str, int] = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where the files of this generation are."""
        return self.path / f"{GENERATION}{self.generation}"

    def table(self, name: str) -> pd.DataFrame:
        """Return a whole table, in the order of its rows in the exports."""
        if name not in PARTED:
            return self._read(f"{name}.parquet")
        parts = [_counting(self.raw_part(name, number)) for number in range(self.n_parts)]
        filled = [part for part in parts if len(part)] or parts[:1]
        table = public(pd.concat(filled).sort_values(ROW, kind="stable", ignore_index=True))
        return table[[column for column in self.facts["columns"][name] if column in table]]

    def part(self, name: str, number: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the rows of a table that one part holds, or some of their columns."""
        wanted = None if columns is None else [*columns, COUNTS]
        return public(_counting(self.raw_part(name, number, wanted)).reset_index(drop=True))

    def raw_part(
        self, name: str, number: int, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return what one part holds, or some columns of it, with what is the store's own."""
        return self._read(part_file(name, number), columns)

    def _read(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        path = self.folder / name
        try:
            if path.stat().st_size != self.sizes.get(name):
                raise StoreError(f"{path}: this part is cut off or was changed. {ANEW}")
            return read_frame(path, columns)
        except FileNotFoundError:
            raise StoreError(
                f"{path}: this part is gone. If the store was just written to, try again; {ANEW}"
            ) from None
        except (pa.ArrowException, OSError, ValueError) as error:
            raise StoreError(f"{path}: this part cannot be read ({error}). {ANEW}") from None


ANEW = "Otherwise take the store from a backup, or ingest the exports into a new one."


def is_store(path: Path) -> bool:
    """Tell whether a folder is a store."""
    return (path / MANIFEST).is_file()


def open_store(path: Path) -> Store:
    """Return the store at a path.

    Raises
    ------
    StoreError
        If there is none, or another version of pmanalytics wrote it.
    """
    try:
        told = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        written_as = told["format"]
        parts = [told.get(name) for name in ("generation", "n_parts", "facts", "sizes")]
    except FileNotFoundError:
        raise StoreError(
            f"{path}: this is no store; make one with: pmanalytics ingest FOLDER {path}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path / MANIFEST}: cannot be read ({error}). {ANEW}") from None
    if written_as != FORMAT:
        raise StoreError(
            f"{path}: this store has the format {written_as}, and this pmanalytics knows format "
            f"{FORMAT}. Use the version that wrote it, or ingest the exports into a new store."
        )
    return Store(path, *parts)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from writing to a store meanwhile.

    Raises
    ------
    StoreError
        If somebody writes to it, it is a folder of other things, or nothing can be written there.
    """
    if path.is_file():
        raise StoreError(f"{path}: this is a file; name a folder for the store.")
    others = {p.name for p in path.iterdir()} - {LOCK} if path.is_dir() else set()
    if path.exists() and not is_store(path) and not all(n.startswith(GENERATION) for n in others):
        raise StoreError(f"{path}: this is no store and not empty; name a new folder.")
    lock, is_new = path / LOCK, not path.exists()
    with telling_disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            raise StoreError(
                f"{path}: {_holder(lock)} is writing to it. Wait until that is done; if it no "
                f"longer runs, remove {lock}."
            ) from None
    try:
        with telling_disk_errors(path), os.fdopen(handle, "w") as file:
            file.write(f"process {os.getpid()} on {platform.node()}")
        yield
    finally:
        lock.unlink(missing_ok=True)
        if is_new and not any(path.iterdir()):
            path.rmdir()


def _holder(lock: Path) -> str:
    with suppress(OSError):
        return lock.read_text(encoding="utf-8") or "another process"
    return "another process"


@contextmanager
def telling_disk_errors(path: Path) -> Iterator[None]:
    """Tell what the disk refuses in words."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}). What it held before still "
            "counts; make room or mend this, then ingest again."
        ) from None


@contextmanager
def new_generation(path: Path) -> Iterator[Path]:
    """Give a folder for the files of the next generation; what fails leaves none behind."""
    before = open_store(path).generation if is_store(path) else 0
    for left in path.glob(f"{GENERATION}*"):
        if left.name != f"{GENERATION}{before}":
            shutil.rmtree(left)
    folder = path / f"{GENERATION}{before + 1}"
    try:
        with telling_disk_errors(path):
            folder.mkdir()
            yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def described(folder: Path, n_parts: int, facts: Mapping[str, Any]) -> Store:
    """Return what was written into the folder of a generation."""
    sizes = {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*.parquet")}
    return Store(folder.parent, int(folder.name.removeprefix(GENERATION)), n_parts, facts, sizes)


def publish(store: Store) -> None:
    """Make a new generation the one that counts, and remove the one before."""
    told = {name: value for name, value in vars(store).items() if name != "path"}
    aside = store.path / f"{MANIFEST}.new"
    try:
        with aside.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **told}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, store.path / MANIFEST)
    finally:
        aside.unlink(missing_ok=True)
    shutil.rmtree(store.path / f"{GENERATION}{store.generation - 1}", ignore_errors=True)


def part_file(name: str, number: int) -> str:
    """Return the name of the file that holds one part of a table."""
    return f"part-{number:04}/{name}.parquet"


def part_of(ids: pd.Series, n_parts: int) -> np.ndarray:
    """Return the part in which each item belongs; it depends on nothing but its identifier.

    >>> part_of(pd.Series(["10001", "10002", "10001"]), 16).tolist()
    [3, 9, 3]
    """
    codes, found = pd.factorize(ids)
    parts = np.array([crc32(str(one).encode()) % n_parts for one in found], dtype="int64")
    return parts[codes] if len(parts) else np.empty(0, dtype="int64")


def write_parts(
    table: pd.DataFrame, folder: Path, name: str, part: np.ndarray, n_parts: int
) -> None:
    """Write each row of a table into the part it belongs in."""
    for number in range(n_parts):
        write_frame(table[part == number], folder / part_file(name, number))


def _counting(table: pd.DataFrame) -> pd.DataFrame:
    return table[table[COUNTS]] if COUNTS in table else table


def public(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the columns that are the store's own."""
    return table[[name for name in table if not str(name).startswith(PRIVATE)]]
