"""Changelogs that were downloaded apart from their issues, and how the two come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import Reason, counted
from pmanalytics.loaders.cells.iso import epoch_instants, zoned_instants
from pmanalytics.loaders.cells.texts import fits, numbers_of
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import (
    FLAG,
    UNDECODABLE,
    Change,
    Changelog,
    Edit,
    in_words,
)
from pmanalytics.loaders.jira.documents import Contents, Edits
from pmanalytics.loaders.jira.growing import TEXT, WHOLE, Distinct, Growing
from pmanalytics.ordering import order_of

READ_AGAIN = "Export the issue again with all fields"
NOT_AN_INSTANT = Reason(errors.NOT_AN_INSTANT.reason, READ_AGAIN)
NO_ISSUE = Reason(
    "does not say whose changelog it is", "Name the file after the issue, such as ABC-1.json"
)
SMALLEST_EPOCH = 10**8  # a smaller number is rather a day, such as 20250309
NAMES_TOLD = 5
TRACKED_FIELDS = {"duedate": "due_date", FLAG: "flagged"}
TRACKED = {"status", *TRACKED_FIELDS}
UNTRACKED = -1
PIECE = ["issue", "total", "is_whole", "is_broken"]
FIRST_DOWNLOAD = 1 << 40  # numbers of downloads follow those of records
SOURCES = {"source": WHOLE, "n_edits": WHOLE}
EDITS = {"identity": TEXT, "created": TEXT, "n_changes": WHOLE}
CHANGES = {"change": WHOLE}


class Log(NamedTuple):
    """What was edited: one row per edit, and per tracked change made by one.

    `edits` tell their `source`, their place in it, their identity, and when they were `created`, as
    written and as an instant. `changes` tell the number of their edit, their position in it, and
    which of the distinct changes they are. These are the `kinds`, of which `ends` tells id and name
    of what each left, and after these of what each entered.
    """

    edits: pd.DataFrame
    changes: pd.DataFrame
    kinds: pd.Series
    ends: pd.DataFrame


class Edited:
    """Edits on their way into a `Log`.

    Most changes are made over and over, as from one status to the next: `changes` numbers them.
    """

    def __init__(self) -> None:
        self.changes: Distinct[Change] = Distinct()
        self._sources, self._edits = Growing(SOURCES), Growing(EDITS)
        self._changes = Growing(CHANGES)

    def add(self, sources: list[int], found: Sequence[list[Edit]]) -> None:
        """Add the edits found in each source, which is the number of an issue or a download."""
        numbers = self.changes
        edits = list(chain.from_iterable(found))
        changes = [change for edit in edits for change in edit.items]
        self._sources.add({"source": sources, "n_edits": [len(each) for each in found]})
        self._edits.add(
            {
                "identity": [repr(edit) if edit.id is None else str(edit.id) for edit in edits],
                "created": [str(edit.created) for edit in edits],
                "n_changes": [len(edit.items) for edit in edits],
            }
        )
        tracked = [numbers[one] if one.of in TRACKED else UNTRACKED for one in changes]
        self._changes.add({"change": tracked})

    def log(self) -> Log:
        """Return all of them, once."""
        sources, edits = self._sources.frame(), self._edits.frame()
        source, place = _counted_on(sources["n_edits"].to_numpy())
        number, position = _counted_on(edits.pop("n_changes").to_numpy())
        edits["source"], edits["place"] = sources["source"].to_numpy()[source], place
        edits["at"] = edit_instants(edits["created"])
        changes = self._changes.frame().assign(edit=number, position=position)
        changes = changes[changes["change"] != UNTRACKED]
        kinds = pd.Series([one.of for one in self.changes], dtype="category")
        left = [one.left for one in self.changes]
        ends = [*left, *(one.entered for one in self.changes)]
        return Log(edits, changes, kinds, pd.DataFrame(ends, columns=["id", "name"], dtype="str"))


@dataclass
class Downloads:
    """Changelogs that came apart from their issues.

    One row per piece in `pieces`: the key or id of its `issue`, how many edits the issue has in
    all as far as is told, and whether the piece is all of them, or broken. The `log` holds their
    edits beside those that came along with the issues.
    """

    pieces: pd.DataFrame
    log: Log
    intake: Intake | None = None


class History(NamedTuple):
    """The tracked changes of each record, and whether all of its edits are known."""

    changes: pd.DataFrame
    is_complete: pd.Series


def _counted_on(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each part to which whole it belongs, as so many do, and its place there."""
    whole = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return whole, np.arange(len(whole)) - first[whole]


def histories(issues: pd.DataFrame, log: Log, pieces: pd.DataFrame) -> History:
    """Return what all exports and downloads know about the edits of each record, each edit once.

    `issues` are numbered by record, and tell item_id, key, when it was updated, and the `total` of
    edits that came along, if any did.
    """
    claims = _claims(issues, pieces)
    edits = log.edits.assign(order=edit_order(log.edits["identity"]))
    if pieces.empty and claims["source"].equals(claims["record"]):
        edits = edits.rename(columns={"source": "record"}).assign(rank=0)
    else:
        edits = edits.reset_index(names="number").merge(claims[["source", "record", "rank"]])
        edits = edits.set_index("number")
    edits = _each_once(edits)
    n_edits = edits["record"].value_counts().reindex(issues.index, fill_value=0)
    changes = log.changes.join(edits[["record", "order", "at"]], on="edit", how="inner")
    return History(changes, _is_complete(issues, claims, n_edits))


def _each_once(edits: pd.DataFrame) -> pd.DataFrame:
    """Return each edit of a record once, as the last source tells it that tells of it."""
    if edits["order"].is_unique:  # a number of their identities
        return edits
    numbers = pd.factorize(edits["identity"])[0]
    last = order_of(edits["rank"].to_numpy(), edits["place"].to_numpy())
    same = pd.DataFrame({"record": edits["record"].to_numpy(), "edit": numbers}).iloc[last]
    return edits[~same.duplicated(keep="last").sort_index().to_numpy()]


def _claims(issues: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Return which record takes edits from which source, the later ones counting most."""
    records = issues.reset_index(names="record")
    has_own = records["total"].notna()
    own = records.loc[has_own, ["item_id", "total", "updated_at"]]
    own = own.assign(source=records["record"], is_whole=False, is_broken=False)
    if not records["item_id"].is_unique:
        own = records[["record", "item_id"]].merge(own, on="item_id")
    else:
        own = own.assign(record=records["record"])
    found = [own]
    if len(pieces):
        theirs = pieces.assign(source=pieces.index)
        found += [
            records[["record", name]].merge(theirs, left_on=name, right_on="issue")
            for name in ("item_id", "key")
        ]
    claims = pd.concat(found, ignore_index=True).drop_duplicates(["record", "source"])
    return claims.assign(rank=range(len(claims)))


def _is_complete(issues: pd.DataFrame, claims: pd.DataFrame, n_edits: pd.Series) -> pd.Series:
    """Return whether the edits of each record are all that there are."""
    by_record = claims.groupby("record")
    is_all = n_edits >= by_record["total"].max().reindex(issues.index)
    is_whole, is_broken = (
        by_record[name].any().reindex(issues.index, fill_value=False)
        for name in ("is_whole", "is_broken")
    )
    is_download = claims["source"] >= FIRST_DOWNLOAD
    updated = issues["updated_at"].fillna("").reindex(claims["record"]).to_numpy()
    # What happened after the last changelog was written is not known.
    is_current = is_download | (claims["updated_at"].fillna("") == updated)
    has_current = is_current.groupby(claims["record"]).any().reindex(issues.index, fill_value=False)
    return (is_all | is_whole) & has_current & ~is_broken


def lost_notes(downloads: Downloads, issues: pd.DataFrame) -> list[str]:
    """Tell which changelogs came without their issues."""
    of = {*downloads.pieces["issue"].dropna()}
    lost = sorted(of.difference(issues["item_id"], issues["key"]) if of else of)
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


def read_changelogs(contents: Sequence[Contents], edited: Edited) -> Downloads:
    """Decode the changelog downloads; what cannot be used is set aside with its issue."""
    numbered = _numbered(contents)
    if not numbered:
        return Downloads(pd.DataFrame(columns=PIECE).astype({"issue": "str"}), edited.log())
    intake = _intake(contents, numbered)
    bulks = [page for found in contents for page in found.bulks]
    is_end = any(not page.nextPageToken for page in bulks)
    if bulks and not is_end:
        intake.notes.append("The bulk changelog goes on after these pages: download the rest.")
    rows = []
    for number, (record, piece) in enumerate(numbered, FIRST_DOWNLOAD):
        found = _decoded(intake, record, piece)
        edited.add([number], [found or []])
        rows.append((piece.issue, piece.total, piece.is_whole and is_end, found is None))
    pieces = pd.DataFrame(rows, columns=PIECE).astype({"issue": "str", "total": "float"})
    pieces.index += FIRST_DOWNLOAD
    log = edited.log()
    unread = log.edits[log.edits["at"].isna() & log.edits["source"].isin(pieces.index)]
    unread = unread.drop_duplicates("source").set_index("source")["created"]
    records = pd.Series([record for record, _ in numbered], pieces.index)
    intake.reject("created", unread.set_axis(records[unread.index]), NOT_AN_INSTANT)
    pieces.loc[unread.index, "is_broken"] = True
    pieces.loc[pieces["is_broken"], ["total", "is_whole"]] = [None, False]
    is_read = ~log.edits["source"].isin(unread.index)
    return Downloads(pieces, log._replace(edits=log.edits[is_read]), intake)


def edit_instants(created: pd.Series) -> pd.Series:
    """Return the instants of ISO texts with an offset, and of seconds or milliseconds since 1970.

    All others are missing.
    """
    instants = zoned_instants(created)
    others = created[instants.isna()].astype("str")
    numbers = pd.to_numeric(others.where(fits(others, r"^\d+(?:\.\d+)?$")), errors="coerce")
    return instants.fillna(epoch_instants(numbers.where(numbers >= SMALLEST_EPOCH)))


def edit_order(edits: pd.Series) -> pd.Series:
    """Return the numbers by which edits of one instant follow each other."""
    return numbers_of(edits.where(fits(edits, r"^\d{1,18}$"))).fillna(0).astype("int64")


def records_with_gaps(changes: pd.DataFrame, ends: pd.DataFrame) -> pd.Index:
    """Return the records that leave a status they never entered, or are not in the last one.

    `changes` are in order, and begin with the current status where the history claims to be whole.
    """
    moves = changes[changes["field"] == "status"]
    known = moves.loc[~moves["is_change"], "record"]
    moves = moves[moves["record"].isin(known)]
    now_last = order_of(moves["record"].to_numpy(), ~moves["is_change"].to_numpy())
    record, is_change, left, entered = (
        moves[name].to_numpy()[now_last] for name in ("record", "is_change", "left", "entered")
    )
    ids, names = (pd.factorize(ends[name])[0] for name in ("id", "name"))
    is_in, was_in = np.where(is_change, left, entered)[1:], entered[:-1]
    by_id = (ids[is_in] >= 0) & (ids[was_in] >= 0)
    differs = np.where(by_id, ids[is_in] != ids[was_in], names[is_in] != names[was_in])
    return pd.Index(np.unique(record[1:][differs & (record[1:] == record[:-1])]))


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


def _decoded(intake: Intake, record: int, piece: Edits) -> list[Edit] | None:
    """Return the edits of a piece; None if it cannot be used."""
    if piece.issue is None:
        intake.reject("(file)", pd.Series([None], [record], dtype="object"), NO_ISSUE)
        return None
    try:
        if isinstance(piece.histories, list):
            return [msgspec.json.decode(history, type=Edit) for history in piece.histories]
        return msgspec.json.decode(piece.histories, type=list[Edit])
    except UNDECODABLE as error:
        reject_undecodable(intake, record, error)
        return None


def reject_undecodable(intake: Intake, record: int, error: Exception) -> None:
    """Set a record aside in the decoder's words."""
    reason, _, column = str(error).partition(" - at `")
    value = pd.Series([None], index=[record], dtype="object")
    intake.reject(column.rstrip("`") or "(record)", value, Reason(in_words(reason), READ_AGAIN))
