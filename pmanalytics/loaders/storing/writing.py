"""A new generation of a store: what it held, and what is new."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pmanalytics.loaders.config import FROM_JIRA, lifecycles_of
from pmanalytics.loaders.jira.documents import PAGES, search_notes
from pmanalytics.loaders.jira.from_csv import PARENTS, newest_keys, parent_notes
from pmanalytics.loaders.jira.from_json import JiraTables
from pmanalytics.loaders.notes import Note, added_up
from pmanalytics.loaders.storing.batches import ENTERED, SECTION, Account, batches, set_down
from pmanalytics.loaders.storing.homes import Homes
from pmanalytics.loaders.storing.ledger import Ledger
from pmanalytics.loaders.storing.merging import (
    AFTER_ISSUES,
    FILE,
    LINE,
    POSITION,
    REPAIRED,
    SECTIONS,
    Part,
    first_row,
    load_of,
    merged,
)
from pmanalytics.loaders.storing.news import (
    NOTHING,
    ListReader,
    News,
    facts_with,
    keep_lists,
    list_reader,
)
from pmanalytics.portfolio import Search
from pmanalytics.schemas import FieldChanges, StatusChanges, WorkItems, empty
from pmanalytics.store.files import (
    PARTED,
    ROW,
    Store,
    described,
    part_file,
    part_of,
    public,
    write_parts,
)
from pmanalytics.store.frames import read_frame, write_frame

SCHEMAS = {"work_items": WorkItems, "status_changes": StatusChanges, "field_changes": FieldChanges}
OWN_KINDS = {
    "work_items": {ROW: "int64", FILE: "int64", LINE: "Int64", REPAIRED: "bool"},
    "status_changes": {ROW: "int64", POSITION: "int64"},
    "field_changes": {ROW: "int64", POSITION: "int64"},
}
IN_CSV = first_row("jira_csv", 0)


def taken_in(news: News, before: Store | None, target: Path, n_parts: int) -> Store:
    """Write the next generation into a folder, and return it."""
    facts = facts_with(news, before.facts if before else NOTHING)
    first_load = facts["n_loads"]
    names = [file["name"] for file in facts["exports"]]
    accounts = _set_down(news, facts, names, target, n_parts)
    folders = sorted(target.glob("load-*"))
    held = [partial(_held, before)] if before else []
    homes = Homes(
        [_nothing, *held, *(partial(_set_down_in, folder) for folder in folders)], n_parts
    )
    is_new = load_of(homes.index[ROW]) >= first_load
    facts["notes"] += _notes_of(accounts, homes.index[is_new])
    ledger = Ledger.of([account for _, account in accounts], before)
    keep_lists(news, before, target, facts)
    reader = list_reader(target, facts)
    parents = Parents(homes.index)
    facts["columns"] = _write_issues(homes, reader, ledger, parents, names, target, n_parts)
    for folder in folders:
        shutil.rmtree(folder)
    tables = _write_lists(
        described(target, n_parts, facts), reader, ledger.releases.drop(columns="known_at")
    )
    facts["tables"] = tables
    facts["told"] = _told(facts["notes"], parents, ledger, reader)
    own = {
        **ledger.own_tables(),
        "files": pd.concat([ledger.all_files(names), reader.accounts()], ignore_index=True),
        "problems": pd.concat(
            [ledger.all_problems(names), reader.quarantine.problems], ignore_index=True
        ),
        "columns": pd.concat(
            [ledger.columns.drop(columns=SECTION), reader.columns()], ignore_index=True
        ),
    }
    for name, table in own.items():
        write_frame(table, target / f"{name}.parquet")
    return described(target, n_parts, facts)


def _set_down(
    news: News, facts: dict[str, Any], names: Sequence[str], target: Path, n_parts: int
) -> list[tuple[str, Account]]:
    """Load what is new in batches, and set each down in the parts of a folder of its own."""
    accounts = []
    for section in SECTIONS:
        for batch in batches(section, news.exports.get(section, [])):
            load = facts["n_loads"]
            folder = target / f"load-{load:06}"
            account = set_down(news.reader, section, batch, load, names, folder, n_parts)
            accounts.append((section, account))
            facts["n_loads"] += 1
    return accounts


def _notes_of(accounts: Sequence[tuple[str, Account]], index: pd.DataFrame) -> list[list[str]]:
    """Return what the batches told; of pages in several batches what they tell together."""
    told = [
        [section, str(note), getattr(note, "subject", "")]
        for section, account in accounts
        for note in account.notes
    ]
    searches = [(account, search) for _, account in accounts for search in account.searches]
    if len(searches) < 2:
        return told
    n_files = sum(len(account.files) for account, _ in searches)
    loaded = sum(int(account.files[ENTERED].sum()) for account, _ in searches)
    of_json = index[index[ROW] < first_row("jira_xml", 0)]
    whole = Search(
        sum(search.n_found for _, search in searches) - loaded + of_json["item_id"].nunique(),
        max(search.total for _, search in searches),
        any(search.goes_on for _, search in searches),
        any(search.is_end for _, search in searches),
    )
    together = search_notes(f"{n_files} files", whole)
    kept = [note for note in told if note[2] != PAGES]
    return [*kept, *(["jira_json", str(note), PAGES] for note in together)]


class Parents:
    """The keys of all issues of Jira's CSV, where parts of it came apart from each other."""

    def __init__(self, index: pd.DataFrame) -> None:
        listed = index[index[ROW].between(IN_CSV, AFTER_ISSUES, inclusive="left")]
        self.are_apart = len(load_of(listed[ROW]).unique()) > 1
        in_order = listed.sort_values(ROW)
        in_order = in_order if self.are_apart else in_order[:0]
        self._key_of = newest_keys(in_order, in_order["parent_key"])
        self.notes = parent_notes(self.named(in_order), self._key_of)

    def named(self, items: pd.DataFrame) -> pd.Series:
        """Return the parents by their keys of today, also those that another part holds."""
        is_listed = items[ROW].between(IN_CSV, AFTER_ISSUES, inclusive="left")
        keys = items["parent_key"].map(self._key_of).astype("str")
        return keys.where(is_listed).fillna(items["parent_key"])


def _write_issues(
    homes: Homes, reader: ListReader, ledger: Ledger, parents: Parents, names: Sequence[str],
    target: Path, n_parts: int,
) -> dict[str, list[str]]:  # fmt: skip
    """Decide part by part which state of each issue counts; return the columns of the tables."""
    columns = {name: dict.fromkeys(empty(SCHEMAS[name])) for name in Part._fields}
    headers = ledger.headers()
    for number in range(n_parts):
        part = Part(*(homes.gathered(name, number) for name in Part._fields))
        items = part.work_items.reset_index(drop=True)
        items = items.assign(parent_key=parents.named(items))
        found = merged(part._replace(work_items=items), names, headers)
        assigned = reader.assigned(found.part.work_items)
        ledger.add(found, len(names))
        for name, table in zip(Part._fields, found.part._replace(work_items=assigned), strict=True):
            write_frame(table, target / part_file(name, number))
            columns[name] |= dict.fromkeys(public(table))
    reader.issue_notes = [*added_up(note for note in reader.notes if isinstance(note, Note))]
    reader.notes = [note for note in reader.notes if not isinstance(note, Note)]
    return {name: list(found) for name, found in columns.items()}


def _write_lists(store: Store, reader: ListReader, releases: pd.DataFrame) -> list[str]:
    """Read the lists, and write every table that is not of the issues; return all names."""
    settings = [reader.config.get(name, {}) for name in ("projects", "products")]
    is_made_of_issues = any(FROM_JIRA in of for of in settings)
    items, status, fields = (
        store.table(name) if is_made_of_issues else empty(schema)
        for name, schema in SCHEMAS.items()
    )
    reader.issues = JiraTables(items, status, fields, releases)
    tables = reader.tables(lifecycles_of(reader.config))
    others = tables["status_changes"].iloc[len(status) :]
    _append_changes(store, others)
    projects = tables["projects"]
    placed = projects.assign(**{ROW: np.arange(len(projects))})
    part = part_of(projects["project_id"], store.n_parts)
    write_parts(placed, store.folder, "projects", part, store.n_parts)
    store.facts["columns"]["projects"] = [*projects]
    for name in tables.keys() - PARTED:
        write_frame(tables[name], store.folder / f"{name}.parquet")
    return list(tables)


def _append_changes(store: Store, changes: pd.DataFrame) -> None:
    """Add the histories that are not of Jira's issues to the parts of their items."""
    if changes.empty:
        return
    place = np.arange(len(changes))
    changes = changes.assign(**{ROW: AFTER_ISSUES + place, POSITION: place})
    part = part_of(changes["item_id"], store.n_parts)
    for number in range(store.n_parts):
        path = store.folder / part_file("status_changes", number)
        both = [read_frame(path), changes[part == number]]
        write_frame(pd.concat([table for table in both if len(table)] or both[:1]), path)
    store.facts["columns"]["status_changes"] = [
        *dict.fromkeys([*store.facts["columns"]["status_changes"], *public(changes)])
    ]


def _told(
    notes: Sequence[Sequence[str]], parents: Parents, ledger: Ledger, reader: ListReader
) -> list[str]:
    """Return all notes in the order in which a folder would tell them."""
    told: list[str] = []
    for section in SECTIONS:
        told += [
            text
            for of, text, subject in notes
            if of == section and not (parents.are_apart and subject == PARENTS)
        ]
        told += parents.notes if section == "jira_csv" else []
        told += ledger.notes_on(section)
    return [*told, *reader.quarantine.notes, *reader.notes]


def _nothing(name: str, _: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a table without rows, so that what nobody exported is there, too."""
    kinds = OWN_KINDS[name].items()
    table = empty(SCHEMAS[name]).assign(**{n: pd.Series(dtype=kind) for n, kind in kinds})
    return table if columns is None else table[list(columns)]


def _held(
    store: Store, name: str, number: int, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return what a store holds of Jira's issues."""
    table = store.raw_part(name, number, columns)
    return table[table[ROW] < AFTER_ISSUES]


def _set_down_in(
    folder: Path, name: str, number: int, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    return read_frame(folder / part_file(name, number), columns)
