"""Changelogs that were downloaded apart from their issues, and how the two come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import Reason, counted
from pmanalytics.loaders.cells.dates import epoch_instants, zoned_instants
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import UNDECODABLE, Changelog, History, in_words
from pmanalytics.loaders.jira.documents import Contents, Edits

READ_AGAIN = "Export the issue again with all fields"
NOT_AN_INSTANT = Reason(errors.NOT_AN_INSTANT.reason, READ_AGAIN)
NO_ISSUE = Reason(
    "does not say whose changelog it is", "Name the file after the issue, such as ABC-1.json"
)
SMALLEST_EPOCH = 10**8  # a smaller number is rather a day, such as 20250309
NAMES_TOLD = 5


class Log(NamedTuple):
    """All edits of an issue that are known, and whether they are all there are."""

    histories: list[History]
    is_complete: bool


class Piece(NamedTuple):
    """Some edits of an issue, and what their source says about how many there are."""

    histories: list[History]
    total: int | None = None
    is_whole: bool = False
    is_broken: bool = False
    updated: str | None = None


BROKEN = Piece([], is_broken=True)


@dataclass
class Changelogs:
    """The changelogs of a load: downloads by key or id of their issues, `own` ones by id."""

    intake: Intake | None = None
    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    own: dict[str, list[Piece]] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)

    def add_own(self, issue_id: str, updated: str | None, own: Changelog) -> None:
        """Take the edits that came along with an issue, as it was when last updated."""
        piece = Piece(own.edits or [], own.total or 0, updated=updated)
        self.own.setdefault(issue_id, []).append(piece)

    def log_of(self, issue_id: str, key: str, updated: str | None) -> Log:
        """Return what all exports and downloads know about an issue's edits, each edit once."""
        self.claimed |= {issue_id, key}
        own = self.own.get(issue_id, [])
        downloads = self.pieces.get(issue_id, []) + self.pieces.get(key, [])
        pieces = own + downloads
        histories = {_identity(h): h for piece in pieces for h in piece.histories}
        totals = [piece.total for piece in pieces if piece.total is not None]
        is_all = bool(totals) and len(histories) >= max(totals)
        is_complete = is_all or any(piece.is_whole for piece in pieces)
        is_broken = any(piece.is_broken for piece in pieces)
        if not downloads:  # what happened after the last changelog was written is not known
            is_complete &= any(piece.updated == updated for piece in own)
        return Log(list(histories.values()), is_complete and not is_broken)

    @property
    def notes(self) -> list[str]:
        """Sentences about changelogs whose issues are not there."""
        lost = sorted(self.pieces.keys() - self.claimed)
        if not lost:
            return []
        more = ", …" if len(lost) > NAMES_TOLD else ""
        return [
            f"{counted(len(lost), 'changelog')} without its issue in these files "
            f"({', '.join(lost[:NAMES_TOLD])}{more}): load the search with these issues, too."
        ]


def own_changelog(issue: Any) -> Changelog | None:
    """Return the changelog that came along with an issue, wherever a program put it."""
    for found in (issue.changelog, issue.fields.changelog, issue.histories):
        if isinstance(found, list):
            return Changelog(found)
        if found is not None and found.edits is not None:
            return found
    return None


def read_changelogs(contents: Sequence[Contents]) -> Changelogs:
    """Decode the changelog downloads; what cannot be used is set aside with its issue."""
    numbered = _numbered(contents)
    if not numbered:
        return Changelogs()
    intake = _intake(contents, numbered)
    bulks = [page for found in contents for page in found.bulks]
    is_end = any(not page.nextPageToken for page in bulks)
    if bulks and not is_end:
        intake.notes.append("The bulk changelog goes on after these pages: download the rest.")
    pieces = [_piece(intake, record, edits, is_end) for record, edits in numbered]
    _break_undated(intake, [record for record, _ in numbered], pieces)
    by_issue: dict[str, list[Piece]] = {}
    for (_, edits), piece in zip(numbered, pieces, strict=True):
        if edits.issue:
            by_issue.setdefault(edits.issue, []).append(piece)
    return Changelogs(intake, by_issue)


def edit_instants(created: pd.Series) -> pd.Series:
    """Return the instants of ISO texts with an offset, and of seconds or milliseconds since 1970.

    All others are missing.
    """
    texts = created.astype("str")
    numbers = pd.to_numeric(texts.where(texts.str.fullmatch(r"\d+(?:\.\d+)?")), errors="coerce")
    return zoned_instants(texts).fillna(epoch_instants(numbers.where(numbers >= SMALLEST_EPOCH)))


def edit_order(history_id: object) -> int:
    """Return the number by which edits of one instant follow each other."""
    digits = str(history_id)
    return int(digits) if digits.isdecimal() and len(digits) < 19 else 0


def records_with_gaps(changes: pd.DataFrame) -> pd.Index:
    """Return the records that leave a status they never entered, or are not in the last one.

    `changes` are in order, and begin with the current status where the history claims to be whole.
    """
    moves = changes[changes["field"] == "status"]
    known = moves.loc[~moves["is_change"], "record"]
    moves = moves[moves["record"].isin(known)]
    now_last = moves.sort_values(["record", "is_change"], ascending=[True, False], kind="stable")
    is_move, before = (
        now_last["is_change"],
        now_last.groupby("record")[["to_id", "to_name"]].shift(),
    )
    ids, names = (
        now_last[f"from_{part}"].where(is_move, now_last[f"to_{part}"]) for part in ("id", "name")
    )
    by_id = ids.notna() & before["to_id"].notna()
    differs = (names != before["to_name"]).mask(by_id, ids != before["to_id"])
    is_first = ~now_last["record"].duplicated()
    return pd.Index(now_last.loc[differs.astype(bool) & ~is_first, "record"].unique())


def gap_notes(name: str, n_broken: int) -> list[str]:
    """Tell that histories contradict themselves or the current status."""
    if not n_broken:
        return []
    return [
        f"{name}: {counted(n_broken, 'issue')} with a gap in the status history (a status is left "
        "that was not entered, or the last one entered is not the current one): incomplete."
    ]


def _numbered(contents: Sequence[Contents]) -> list[tuple[int, Edits]]:
    """Return the edits with the number of their record: an issue in a file is one record."""
    records: dict[tuple[int, str | int], int] = {}
    return [
        (records.setdefault((number, edits.issue or position), len(records)), edits)
        for number, found in enumerate(contents)
        for position, edits in enumerate(found.edits)
    ]


def _intake(contents: Sequence[Contents], numbered: Sequence[tuple[int, Edits]]) -> Intake:
    names = [found.file.name for found in contents if found.edits]
    files = [found.file.name for found in contents for _ in found.edits]
    where = pd.DataFrame(
        {
            "file": pd.Categorical(files, names),
            "line": [edits.place for _, edits in numbered],
        },
        index=[record for record, _ in numbered],
    )
    where = where[~where.index.duplicated()]
    return Intake("Jira changelog", pd.DataFrame(index=where.index), where, "issue")


def _piece(intake: Intake, record: int, edits: Edits, is_end: bool) -> Piece:
    if edits.issue is None:
        intake.reject("(file)", pd.Series([None], [record], dtype="object"), NO_ISSUE)
        return BROKEN
    try:
        histories = _decoded(edits.histories)
    except UNDECODABLE as error:
        reject_undecodable(intake, record, error)
        return BROKEN
    return Piece(histories, edits.total, edits.is_whole and is_end)


def _decoded(histories: list[msgspec.Raw] | msgspec.Raw) -> list[History]:
    if isinstance(histories, list):
        return [msgspec.json.decode(history, type=History) for history in histories]
    return msgspec.json.decode(histories, type=list[History])


def _break_undated(intake: Intake, records: Sequence[int], pieces: list[Piece]) -> None:
    """Set aside the pieces in which the time of an edit cannot be read."""
    created = pd.DataFrame(
        [(n, history.created) for n, piece in enumerate(pieces) for history in piece.histories],
        columns=["piece", "created"],
    ).astype({"created": "object"})
    unread = created[edit_instants(created["created"]).isna()].drop_duplicates("piece")
    values = unread["created"].set_axis([records[n] for n in unread["piece"]])
    intake.reject("created", values, NOT_AN_INSTANT)
    for number in unread["piece"]:
        pieces[number] = BROKEN


def reject_undecodable(intake: Intake, record: int, error: Exception) -> None:
    """Set a record aside in the decoder's words."""
    reason, _, column = str(error).partition(" - at `")
    value = pd.Series([None], index=[record], dtype="object")
    intake.reject(column.rstrip("`") or "(record)", value, Reason(in_words(reason), READ_AGAIN))


def _identity(history: History) -> str:
    return str(history.id) if history.id is not None else repr(history)
