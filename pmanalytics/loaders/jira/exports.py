"""What all Jira exports share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from pmanalytics.errors import Reason, UnreadableFileError
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.notes import Note
from pmanalytics.loaders.sources.archives import files_in, members
from pmanalytics.loaders.sources.files import File, file_at, path_of
from pmanalytics.portfolio import Quarantine

JiraSource: TypeAlias = str | Path | File

SECONDS_PER_HOUR = 3600
EFFORTS = ["original_estimate_hours", "time_spent_hours"]
SHARED_ID = Reason(
    "stands for different issues, as those of two servers",
    "Load the exports of one server only",
)
MINUTE = pd.Timedelta(minutes=1)  # Jira's CSV knows no seconds


def in_hours(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with Jira's seconds of effort as hours."""
    return table.assign(**{name: table[name] / SECONDS_PER_HOUR for name in EFFORTS})


def newest_states(intake: Intake, table: pd.DataFrame) -> pd.DataFrame:
    """Return the usable rows of the table, of each issue that of its newest state."""
    rows = intake.usable(table)
    for identity, other in (("item_id", "key"), ("key", "item_id")):
        if rows[identity].is_unique:
            continue
        rows = _without_strangers(intake, rows, identity, other)
        rows = intake.keep_newest(rows, identity, "updated_at", ["item_id", "history_complete"])
    unused = table[table.index.isin(intake.bad_records)]
    if unused.empty:
        return rows
    unused = unused[unused["key"].isin(rows["key"])]
    counting = rows.set_index("key")["updated_at"].reindex(unused["key"]).set_axis(unused.index)
    n_stale = int((~(unused["updated_at"] <= counting)).sum())
    if n_stale:
        told = (
            "of issues set aside, newer than what counts instead or of no known time: an older "
            "state of the issue counts."
        )
        intake.notes.append(Note(told, n=n_stale, noun="state"))
    return rows


def _without_strangers(
    intake: Intake, rows: pd.DataFrame, identity: str, other: str
) -> pd.DataFrame:
    """Return the rows without those of different issues, as of two servers, that share a name."""
    names = rows[other].mask(rows["item_id"] == rows["key"])  # no id came along
    groups = rows.assign(**{other: names}).groupby(identity)[[other, "created_at"]]
    is_strange = (groups.transform("nunique") > 1).all(axis="columns")
    intake.reject(identity, rows.loc[is_strange, identity], SHARED_ID)
    return rows[~is_strange]


def close_newest(
    intake: Intake, table: pd.DataFrame, known: pd.DataFrame | None, quarantine: Quarantine | None
) -> pd.DataFrame:
    """Return the newest state of each issue that is not known already, all others accounted for."""
    return intake.close(drop_known(intake, newest_states(intake, table), known), quarantine)


def drop_known(intake: Intake, rows: pd.DataFrame, known: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows without the issues that another export holds already: they count there."""
    if known is None or known.empty:
        return rows
    for identity, other in (("item_id", "key"), ("key", "item_id")):
        theirs = known.drop_duplicates(identity).set_index(identity)[[other, "created_at"]]
        theirs = theirs.reindex(rows[identity]).set_axis(rows.index)
        differs = (theirs[other] != rows[other]) & (rows["item_id"] != rows["key"])
        apart = (theirs["created_at"] - rows["created_at"]).abs() > MINUTE
        is_strange = differs.astype(bool) & apart
        intake.reject(identity, rows.loc[is_strange, identity], SHARED_ID)
        rows = rows[~is_strange]
    is_known = rows["key"].isin(known["key"]) | rows["item_id"].isin(known["item_id"])
    last = known.drop_duplicates("key").set_index("key")["updated_at"]
    in_both = rows[is_known]
    n_newer = int((in_both["updated_at"] > in_both["key"].map(last) + MINUTE).sum())
    if n_newer:
        told = (
            f"changed between another export and the later {intake.kind}; the other one counts. "
            "Export all at the same time."
        )
        intake.notes.append(Note(told, n=n_newer, noun="issue"))
    intake.repeated.append(in_both.index)
    return rows[~is_known]


def export_files(
    source: JiraSource | Sequence[JiraSource], suffixes: Sequence[str]
) -> tuple[str, list[File]]:
    """Return what to call the source, and its files: of folders and archives those so named.

    Raises
    ------
    UnreadableFileError
        If there is none.
    """
    is_list = isinstance(source, Sequence) and not isinstance(source, str)
    given: Sequence[JiraSource] = source if is_list else [source]  # type: ignore[assignment, list-item]
    files = list(dict.fromkeys(file for one in given for file in _files_of(one, suffixes)))
    if not files:
        raise UnreadableFileError("The list of files to read is empty.")
    names = Counter(file.name for file in files)
    name = _name_of(given[0]) if len(given) == 1 else f"{len(files)} files"
    return name, [_unmistakable(file) if names[file.name] > 1 else file for file in files]


def _files_of(source: JiraSource, suffixes: Sequence[str]) -> Iterable[File]:
    if isinstance(source, File):
        return [source]
    path = path_of(source)
    if not path.is_dir() and path.suffix.casefold() != ".zip":
        return [file_at(path)]
    held = files_in(path) if path.is_dir() else members(file_at(path))
    found = [file for file in held if file.suffix in suffixes]
    if not found:
        kind = "folder" if path.is_dir() else "archive"
        endings = " or ".join(filter(None, [", ".join(suffixes[:-1]), suffixes[-1]]))
        raise UnreadableFileError(f"{path}: there is no {endings} file in this {kind}.")
    return found


def _name_of(source: JiraSource) -> str:
    return source.name if isinstance(source, File) else str(source)


def _unmistakable(file: File) -> File:
    """Return the file under its whole path, where two of one name are read together."""
    return replace(file, name="/".join(filter(None, [file.path.as_posix(), file.member])))
