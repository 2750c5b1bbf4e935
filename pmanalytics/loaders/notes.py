"""What is to be told of the data that no single row is to blame for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from pmanalytics.errors import counted, listed, shortened, shown
from pmanalytics.lifecycle import Lifecycle, status_mapping
from pmanalytics.schemas import FURTHER_TABLES


class Note(str):
    """A sentence about an export, to be told anew when further exports join it.

    It begins with a count of nouns that adds up over parts, or is about its `subject` as a whole.
    """

    n: int
    noun: str
    rest: str
    subject: str

    def __new__(cls, rest: str, *, n: int = 0, noun: str = "", subject: str = "") -> Note:
        """Return the sentence, its count before the rest."""
        note = super().__new__(cls, f"{counted(n, noun)} {rest}" if noun else rest)
        note.n, note.noun, note.rest, note.subject = n, noun, rest, subject
        return note


def added_up(notes: Iterable[Note]) -> list[Note]:
    """Return the notes with their counts added up, each sentence once.

    >>> added_up([Note("lost", n=1, noun="row"), Note("lost", n=2, noun="row")])
    ['3 rows lost']
    """
    sums: dict[tuple[str, str], int] = {}
    for note in notes:
        sums[note.noun, note.rest] = sums.get((note.noun, note.rest), 0) + note.n
    return [Note(rest, n=n, noun=noun) for (noun, rest), n in sums.items()]


def strangers(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return how many rows of each further table name a project or product that is not known."""
    notes = []
    for noun in ("project", "product"):
        known = tables[f"{noun}s"][f"{noun}_id"]
        for name in [name for name in FURTHER_TABLES if name in tables and len(known)]:
            ids = tables[name].get(f"{noun}_id", known).dropna()
            strange = ids[~ids.isin(known)]
            if len(strange):
                notes.append(
                    f"{name.replace('_', ' ').capitalize()}: {len(strange)} of "
                    f"{counted(len(ids), 'row')} name a {noun} that is not in the {noun}s: "
                    f"{listed(map(shown, strange.unique()))}."
                )
    return notes


def mapping_notes(changes: pd.DataFrame, lifecycles: Mapping[str, Lifecycle]) -> list[str]:
    """Return which statuses belong to no stage, and which were placed by their category."""
    notes = []
    for level, lifecycle in lifecycles.items():
        mapping = status_mapping(changes[changes["level"] == level], lifecycle)
        noun = level.replace("_", " ")
        for row in mapping[mapping["matched_by"].isin(["none", "category"])].itertuples():
            status = f"{shortened(row.status)!r}" + (
                f" of {shortened(row.item_type)!r}" if isinstance(row.item_type, str) else ""
            )
            place = (
                "belongs to no stage"
                if row.matched_by == "none"
                else (f"was put into {row.stage} by its category in Jira")
            )
            notes.append(
                f"The status {status} {place} ({counted(row.n_items, noun)}): "
                f"add it to [lifecycle.{level}.stages]."
            )
    return notes
