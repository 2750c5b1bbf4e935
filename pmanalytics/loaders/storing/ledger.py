"""What became of every record of every export, once those of all times are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pmanalytics.loaders.jira.api import WHERE_READ
from pmanalytics.loaders.notes import Note, added_up
from pmanalytics.loaders.storing.batches import ENTERED, ENTERED_REPAIRED, SECTION, Account
from pmanalytics.loaders.storing.merging import (
    CONFLICTS,
    FILE,
    LINE,
    REPAIRED,
    SECTIONS,
    Merged,
)
from pmanalytics.schemas import Columns, Files, Problems, Releases, dtypes, empty
from pmanalytics.store.files import COUNTS, Store

OF_FILES = {ENTERED: "int64", ENTERED_REPAIRED: "int64", SECTION: "str"}
TABLES = ("export_files", "export_problems", "export_columns", "export_releases")
PLACE = ["file", "line"]


@dataclass
class Ledger:
    """The accounts of all batches as they were loaded, and what merging them changed."""

    files: pd.DataFrame
    problems: pd.DataFrame
    columns: pd.DataFrame
    releases: pd.DataFrame
    counts: pd.DataFrame = field(default_factory=pd.DataFrame)
    conflicts: list[pd.DataFrame] = field(default_factory=list)
    repaired: list[pd.DataFrame] = field(default_factory=list)
    notes: list[tuple[str, Note]] = field(default_factory=list)

    @classmethod
    def of(cls, accounts: Sequence[Account], before: Store | None) -> Ledger:
        """Return the ledger of these batches and those before."""
        nothing = (
            empty(Files).assign(**{name: pd.Series(dtype=kind) for name, kind in OF_FILES.items()}),
            empty(Problems).assign(**{SECTION: pd.Series(dtype="str")}),
            empty(Columns).assign(**{SECTION: pd.Series(dtype="str")}),
            empty(Releases).assign(known_at=pd.Series(dtype="datetime64[us, UTC]")),
        )
        held = [before.table(name) for name in TABLES] if before else nothing
        pieces = [[table, *(account[n] for account in accounts)] for n, table in enumerate(held)]
        tables = [
            _joined(pieces[0], "file"),
            pd.concat(pieces[1], ignore_index=True),
            _joined(pieces[2], "file", "header"),
            pd.concat(pieces[3], ignore_index=True),
        ]
        by_section = [
            table.sort_values(SECTION, key=_rank, kind="stable", ignore_index=True)
            for table in tables[:3]
        ]
        newest = tables[3].sort_values("known_at", kind="stable", na_position="first")
        newest = newest.drop_duplicates("release_id", keep="last").sort_index()
        files, problems, columns = by_section
        return cls(files, problems, columns, newest.reset_index(drop=True))

    def own_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that the next ledger goes on from."""
        return dict(
            zip(TABLES, (self.files, self.problems, self.columns, self.releases), strict=True)
        )

    def headers(self) -> dict[str, dict[str, str]]:
        """Return for each kind of export what its files call the id and the key of an issue."""
        used = self.columns[self.columns["column"].isin(["item_id", "key"])]
        return {"jira_json": WHERE_READ} | {
            section: dict(zip(rows["column"], rows["header"], strict=True))
            for section, rows in used[::-1].groupby(SECTION)
        }

    def add(self, part: Merged, n_files: int) -> None:
        """Take in what merging one part changed."""
        items = part.part.work_items
        counts = {
            "n_counting": items[COUNTS],
            "n_repaired": items[COUNTS] & items[REPAIRED],
            "n_conflicting": items[CONFLICTS],
        }
        table = pd.DataFrame(
            {
                name: np.bincount(items.loc[is_one, FILE], minlength=n_files)
                for name, is_one in counts.items()
            }
        )
        self.counts = self.counts.add(table, fill_value=0)
        self.conflicts.append(part.problems)
        self.repaired.append(items.loc[counts["n_repaired"], [FILE, LINE]])
        self.notes += part.notes

    def all_files(self, names: Sequence[str]) -> pd.DataFrame:
        """Return `Files`: a row once loaded counts, conflicts with another, or is a repeat now."""
        now = self.counts.set_axis(list(names)).reindex(self.files["file"]).fillna(0)
        now = now.astype("int64").set_axis(self.files.index)
        files = self.files
        n_gone = files[ENTERED] - now["n_counting"] - now["n_conflicting"]
        files = files.assign(
            n_valid=files["n_valid"] - files[ENTERED] + now["n_counting"],
            n_quarantined=files["n_quarantined"] + now["n_conflicting"],
            n_duplicate=files["n_duplicate"] + n_gone,
            n_repaired=files["n_repaired"] - files[ENTERED_REPAIRED] + now["n_repaired"],
        )
        return files[list(dtypes(Files))]

    def all_problems(self, names: Sequence[str]) -> pd.DataFrame:
        """Return `Problems`, those of values only where their row still counts."""
        found = pd.concat([self.problems, *self.conflicts], ignore_index=True)
        repaired = pd.concat(self.repaired).drop_duplicates()
        places = pd.MultiIndex.from_arrays(
            [np.asarray(names, dtype=object)[repaired[FILE]], repaired[LINE]]
        )
        of_rows = found.loc[found["set_aside"] == "row", PLACE]
        is_kept = (found["set_aside"] == "row") | pd.MultiIndex.from_frame(found[PLACE]).isin(
            places.append(pd.MultiIndex.from_frame(of_rows))
        )
        found = found[is_kept]
        if any(len(problems) for problems in self.conflicts):
            order = self.files["file"].reset_index().set_index("file")["index"]
            by_place = found.assign(file=found["file"].map(order)).sort_values(PLACE, kind="stable")
            found = found.loc[by_place.index]
        return found[list(dtypes(Problems))].reset_index(drop=True)

    def notes_on(self, section: str) -> list[Note]:
        """Return what merging the parts told of one kind of export."""
        return added_up(note for of, note in self.notes if of == section)


def _joined(tables: Sequence[pd.DataFrame], *keys: str) -> pd.DataFrame:
    """Return a row for all pieces of a file: counts add up, and what one of them tells holds."""
    nth = [table.groupby([*keys]).cumcount() for table in tables]
    whole = pd.concat(tables, ignore_index=True).assign(_nth=np.concatenate(nth))
    ways = {name: "sum" if whole[name].dtype == np.int64 else "first" for name in tables[0]}
    by_file = whole.groupby([*keys, "_nth"], sort=False)
    return by_file.agg(ways).reset_index(drop=True).astype(whole.dtypes[[*ways]])


def _rank(sections: pd.Series) -> pd.Series:
    return sections.map(SECTIONS.index)
