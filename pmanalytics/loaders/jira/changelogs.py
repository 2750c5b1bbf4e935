"""Changelogs that were downloaded apart from their issues, and how the two come together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import Reason, counted
from pmanalytics.loaders.cells.dates import epoch_instants, zoned_instants
from pmanalytics.loaders.cells.texts import fits, numbers_of
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import (
    FLAG,
    UNDECODABLE,
    Changelog,
    Edit,
    in_words,
    status_name,
    text,
)
from pmanalytics.loaders.jira.documents import Contents, Edits
from pmanalytics.loaders.jira.growing import TEXT, WHOLE, Growing

READ_AGAIN = "Export the issue again with all fields"
NOT_AN_INSTANT = Reason(errors.NOT_AN_INSTANT.reason, READ_AGAIN)
NO_ISSUE = Reason(
    "does not say whose changelog it is", "Name the file after the issue, such as ABC-1.json"
)
SMALLEST_EPOCH = 10**8  # a smaller number is rather a day, such as 20250309
NAMES_TOLD = 5
TRACKED_FIELDS = {"duedate": "due_date", FLAG: "flagged"}
TRACKED = {"status", *TRACKED_FIELDS}
SOURCE = ["edit", "place", "rank"]
NO_CHANGE = 0, None, None, None, None, None
PIECE = ["issue", "total", "is_whole", "is_broken"]
FIRST_DOWNLOAD = 1 << 40  # numbers of downloads follow those of records
MOST_EDITS = 1 << 32


EDITS = {
    "source": WHOLE, "edit": TEXT, "place": WHOLE, "created": TEXT,
    "position": WHOLE, "field": TEXT, "from_id": TEXT, "from_name": TEXT, "to_id": TEXT,
    "to_name": TEXT,
}  # fmt: skip


@dataclass
class Downloads:
    """Changelogs that came apart from their issues.

    One row per piece in `pieces`: the key or id of its `issue`, how many edits the issue has in
    all as far as is told, and whether the piece is all of them, or broken. `edits` are those in
    all pieces, by the number of their piece.
    """

    pieces: pd.DataFrame
    edits: pd.DataFrame
    intake: Intake | None = None


class History(NamedTuple):
    """The tracked edits of each record, and whether all of its edits are known."""

    edits: pd.DataFrame
    is_complete: pd.Series


def edits_of(source: int, edits: Iterable[Edit]) -> list[tuple[object, ...]]:
    """Return one row per tracked change of each edit, or one without a field where it has none."""
    rows: list[tuple[object, ...]] = []
    for place, edit in enumerate(edits):
        identity = repr(edit) if edit.id is None else str(edit.id)
        head = source, identity, place, str(edit.created)
        n_before = len(rows)
        for position, change in enumerate(edit.items):
            of = change.of
            if of in TRACKED:
                before, after = change.ends if of == FLAG else (change.from_id, change.to_id)
                left = change.from_name or status_name(None, change.from_id)
                entered = change.to_name or status_name(None, change.to_id)
                rows.append((*head, position, of, text(before), left, text(after), entered))
        if len(rows) == n_before:
            rows.append((*head, *NO_CHANGE))
    return rows


def histories(issues: pd.DataFrame, edits: pd.DataFrame, downloads: Downloads) -> History:
    """Return what all exports and downloads know about the edits of each record, each edit once.

    `issues` are numbered by record, and tell item_id, key, when it was updated, and the `total` of
    edits that came along, if any did.
    """
    claims = _claims(issues, downloads.pieces)
    theirs = downloads.edits.assign(source=downloads.edits["source"] + FIRST_DOWNLOAD)
    edits = pd.concat([edits, theirs], ignore_index=True) if len(theirs) else edits
    if claims["source"].equals(claims["record"]):
        edits = edits.rename(columns={"source": "record"}).assign(rank=0)
    else:
        edits = edits.merge(claims[["source", "record", "rank"]], on="source")
        edits = edits.drop(columns="source")
    same = [edits["record"], pd.factorize(edits["edit"])[0]]
    serial = edits["rank"] * MOST_EDITS + edits["place"]
    edits = edits[serial == serial.groupby(same).transform("max")]
    is_one = ~edits[["record", "place", "rank"]].duplicated()
    n_edits = edits.loc[is_one, "record"].value_counts().reindex(issues.index, fill_value=0)
    tracked = edits[edits["field"].notna()]
    tracked = tracked.assign(order=edit_order(tracked["edit"]))
    return History(tracked.drop(columns=SOURCE), _is_complete(issues, claims, n_edits))


def _claims(issues: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Return which record takes edits from which source, the later ones counting most."""
    records = issues.reset_index(names="record")
    has_own = records["total"].notna()
    own = records.loc[has_own, ["item_id", "total", "updated"]]
    own = own.assign(source=records["record"], is_whole=False, is_broken=False)
    if not records["item_id"].is_unique:
        own = records[["record", "item_id"]].merge(own, on="item_id")
    else:
        own = own.assign(record=records["record"])
    found = [own]
    if len(pieces):
        theirs = pieces.assign(source=pieces.index + FIRST_DOWNLOAD)
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
    updated = issues["updated"].fillna("").reindex(claims["record"]).to_numpy()
    # What happened after the last changelog was written is not known.
    is_current = is_download | (claims["updated"].fillna("") == updated)
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


def read_changelogs(contents: Sequence[Contents]) -> Downloads:
    """Decode the changelog downloads; what cannot be used is set aside with its issue."""
    numbered = _numbered(contents)
    edits = Growing(EDITS)
    if not numbered:
        return Downloads(pd.DataFrame(columns=PIECE).astype({"issue": "str"}), edits.frame())
    intake = _intake(contents, numbered)
    bulks = [page for found in contents for page in found.bulks]
    is_end = any(not page.nextPageToken for page in bulks)
    if bulks and not is_end:
        intake.notes.append("The bulk changelog goes on after these pages: download the rest.")
    rows = []
    for number, (record, piece) in enumerate(numbered):
        found = _decoded(intake, record, piece)
        edits.add(edits_of(number, found or []))
        rows.append((piece.issue, piece.total, piece.is_whole and is_end, found is None))
    pieces = pd.DataFrame(rows, columns=PIECE).astype({"issue": "str", "total": "float"})
    table = edits.frame()
    unread = table[edit_instants(table["created"]).isna()].drop_duplicates("source")
    records = pd.Series([record for record, _ in numbered])
    values = unread["created"].set_axis(records[unread["source"]])
    intake.reject("created", values, NOT_AN_INSTANT)
    pieces.loc[unread["source"], "is_broken"] = True
    pieces.loc[pieces["is_broken"], ["total", "is_whole"]] = [None, False]
    return Downloads(pieces, table[~table["source"].isin(unread["source"])], intake)


def edit_instants(created: pd.Series) -> pd.Series:
    """Return the instants of ISO texts with an offset, and of seconds or milliseconds since 1970.

    All others are missing.
    """
    texts = created.astype("str")
    numbers = pd.to_numeric(texts.where(texts.str.fullmatch(r"\d+(?:\.\d+)?")), errors="coerce")
    return zoned_instants(texts).fillna(epoch_instants(numbers.where(numbers >= SMALLEST_EPOCH)))


def edit_order(edits: pd.Series) -> pd.Series:
    """Return the numbers by which edits of one instant follow each other."""
    return numbers_of(edits.where(fits(edits, r"^\d{1,18}$"))).fillna(0).astype("int64")


def records_with_gaps(changes: pd.DataFrame) -> pd.Index:
    """Return the records that leave a status they never entered, or are not in the last one.

    `changes` are in order, and begin with the current status where the history claims to be whole.
    """
    is_move = changes["field"] == "status"
    moves = changes.loc[
        is_move, ["record", "is_change", "from_id", "from_name", "to_id", "to_name"]
    ]
    known = moves.loc[~moves["is_change"], "record"]
    moves = moves[moves["record"].isin(known)]
    now_last = moves.iloc[np.lexsort([~moves["is_change"], moves["record"]])]
    before = now_last[["to_id", "to_name"]].shift()
    is_now, record = ~now_last["is_change"], now_last["record"]
    ids, names = (
        now_last[f"from_{part}"].mask(is_now, now_last[f"to_{part}"]) for part in ("id", "name")
    )
    by_id = ids.notna() & before["to_id"].notna()
    differs = (names != before["to_name"]).mask(by_id, ids != before["to_id"])
    is_first = record != record.shift()
    return pd.Index(record[differs.astype(bool) & ~is_first].unique())


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
