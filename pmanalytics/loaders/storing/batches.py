"""Jira's exports in batches that fit into memory, each loaded by itself and set down by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pmanalytics.loaders.folder import FolderReader
from pmanalytics.loaders.guesses.recognise import recognise
from pmanalytics.loaders.sources.files import File
from pmanalytics.loaders.sources.pieces import pieces_of
from pmanalytics.loaders.storing.merging import FILE, LINE, POSITION, REPAIRED, Part, first_row
from pmanalytics.portfolio import Quarantine, Search
from pmanalytics.store.files import ROW, part_of, write_parts

BATCH_BYTES = 1 << 28
ENTERED, ENTERED_REPAIRED, SECTION = "n_entered", "n_entered_repaired", "section"


class Account(NamedTuple):
    """What became of the records of a batch, before those of others are known."""

    files: pd.DataFrame
    problems: pd.DataFrame
    columns: pd.DataFrame
    releases: pd.DataFrame
    notes: list[str]
    searches: list[Search]


def batches(section: str, files: Sequence[File]) -> Iterator[list[File]]:
    """Yield the files of one kind in batches, larger ones in pieces where they can be cut.

    Changelogs downloaded apart need their issues beside them, and Jira's XML is never large.
    """
    is_whole = section == "jira_xml" or any("changelog" in recognise(f).why for f in files)
    pieces = files if is_whole else [piece for f in files for piece in pieces_of(f, BATCH_BYTES)]
    batch, n_bytes = list[File](), 0
    for file in pieces:
        size = file.size()
        if batch and n_bytes + size > BATCH_BYTES and not is_whole:
            yield batch
            batch, n_bytes = [], 0
        batch.append(file)
        n_bytes += size
    if batch:
        yield batch


def set_down(
    reader: FolderReader, section: str, batch: list[File], load: int, names: Sequence[str],
    folder: Path, n_parts: int,
) -> Account:  # fmt: skip
    """Load a batch, write its rows into the part each belongs in, and return the account."""
    quarantine = Quarantine()
    reader = replace(reader, files={section: batch}, unused={}, quarantine=quarantine, notes=[])
    tables = reader.exported(section)
    items = tables.work_items
    places = quarantine.places[0]
    numbers = {name: number for number, name in enumerate(names)}
    items = items.assign(
        **{
            ROW: first_row(section, load) + np.arange(len(items)),
            FILE: places["file"].astype("str").map(numbers).to_numpy("int64"),
            LINE: places["line"].astype("Int64").array,
            REPAIRED: places["is_repaired"].to_numpy(),
        }
    )
    row_of = items.set_index("item_id")[ROW]
    changes = (_placed(table, row_of) for table in (tables.status_changes, tables.field_changes))
    for name, table in zip(Part._fields, (items, *changes), strict=True):
        write_parts(table, folder, name, part_of(table["item_id"], n_parts), n_parts)
    entered = items.assign(file=places["file"].astype("str").to_numpy()).groupby("file")
    files = reader.accounts()
    files = files.assign(
        **{
            ENTERED: files["file"].map(entered.size()).fillna(0).astype("int64"),
            ENTERED_REPAIRED: files["file"].map(entered[REPAIRED].sum()).fillna(0).astype("int64"),
            SECTION: section,
        }
    )
    releases = tables.releases.assign(known_at=items["updated_at"].max())
    columns = reader.columns().assign(**{SECTION: section})
    problems = quarantine.problems.assign(**{SECTION: section})
    return Account(files, problems, columns, releases, quarantine.notes, quarantine.searches)


def _placed(changes: pd.DataFrame, row_of: pd.Series) -> pd.DataFrame:
    row = changes["item_id"].map(row_of).astype("int64")
    return changes.assign(**{ROW: row, POSITION: np.arange(len(changes))})
