"""Issues of several exports in one part of a store: which state of each counts, as in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.exports import drop_known, newest_states
from pmanalytics.loaders.notes import Note
from pmanalytics.schemas import Problems, empty
from pmanalytics.store.files import COUNTS, PRIVATE, ROW, public

KINDS = {"jira_json": "Jira JSON", "jira_xml": "Jira XML", "jira_csv": "Jira CSV"}
SECTIONS = list(KINDS)
FILE, LINE, REPAIRED, CONFLICTS, POSITION = (
    f"{PRIVATE}{name}" for name in ("file", "line", "repaired", "conflicts", "position")
)
SECTION_BITS, LOAD_BITS = 56, 36
MOVED = f"{PRIVATE}moved"
BY_US = ["product_id", "project_id"]
NO_CHANGE = [MOVED, POSITION, "sequence"]


AFTER_ISSUES = len(SECTIONS) << SECTION_BITS


class Part(NamedTuple):
    """The tables of one part."""

    work_items: pd.DataFrame
    status_changes: pd.DataFrame
    field_changes: pd.DataFrame


class Merged(NamedTuple):
    """One part once it is decided what counts, and what became of the rest."""

    part: Part
    problems: pd.DataFrame
    notes: list[tuple[str, Note]]


def first_row(section: str, load: int) -> int:
    """Return the number of the first row of a load: rows stand by section, then by load."""
    return (SECTIONS.index(section) << SECTION_BITS) + (load << LOAD_BITS)


def load_of(rows: pd.Series) -> pd.Series:
    """Return the number of the load that each row came with."""
    return rows // (1 << LOAD_BITS) % (1 << SECTION_BITS - LOAD_BITS)


def merged(part: Part, files: Sequence[str], headers: Mapping[str, Mapping[str, str]]) -> Merged:
    """Return the part with, of each issue, the state that counts.

    Rows that another export holds already, or that contradict each other, stay without counting:
    a later export may decide otherwise.
    """
    rows = part.work_items.sort_values(ROW).set_index(ROW, drop=False)
    section_of = rows.index // (1 << SECTION_BITS)
    kept, problems, notes = [rows[:0].assign(**{COUNTS: True, CONFLICTS: False})], [], []
    for number, section in enumerate(SECTIONS):
        own = rows[section_of == number]
        if own.empty:
            continue
        intake = _intake(own, KINDS[section], files, headers.get(section, {}))
        known = pd.concat(kept)
        decided = _decided(intake, section, known[known[COUNTS]])
        kept.append(own.loc[decided.index].assign(**decided))
        problems.append(intake.problems)
        notes += [(section, note) for note in intake.notes if isinstance(note, Note)]
    items = pd.concat(kept[1:] or kept)
    items, status, fields = _with_histories(items, rows, part)
    found = pd.concat(problems or [empty(Problems)], ignore_index=True)
    return Merged(Part(items.reset_index(drop=True), status, fields), found, notes)


def _intake(
    rows: pd.DataFrame, kind: str, files: Sequence[str], headers: Mapping[str, str]
) -> Intake:
    of_file = pd.Categorical.from_codes(rows[FILE], list(files))
    where = pd.DataFrame({"file": of_file, "line": rows[LINE]}, index=rows.index)
    return Intake(kind, public(rows).drop(columns=BY_US), where, headers=dict(headers))


def _decided(intake: Intake, section: str, known: pd.DataFrame) -> pd.DataFrame:
    """Return for each row that is not superseded for good whether it counts now, or conflicts."""
    if section == "jira_csv":
        intake.drop_repeats()
    newest = newest_states(intake, intake.cells)
    is_listed = section != SECTIONS[0]
    counting = drop_known(intake, newest, known) if is_listed else newest
    remaining = newest.index.union(intake.bad_records)
    verdicts = {COUNTS: counting.index, CONFLICTS: intake.bad_records}
    return pd.DataFrame({name: remaining.isin(rows) for name, rows in verdicts.items()}, remaining)


def _with_histories(
    items: pd.DataFrame, rows: pd.DataFrame, part: Part
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the issues that remain, and the changes of those that count.

    What is known only of a superseded state joins the state that counts, where that has no whole
    history of its own: all, if both are of one time, and otherwise all but the creation.
    """
    counting = items[items[COUNTS] & (items.index < first_row(SECTIONS[1], 0))]
    lacking = counting.loc[~counting["history_complete"], ["item_id", "updated_at"]]
    others = rows[rows["item_id"].isin(lacking["item_id"]) & ~rows.index.isin(counting.index)]
    winner = lacking.reset_index().set_index("item_id")
    of_time = winner["updated_at"].reindex(others["item_id"]).set_axis(others.index)
    is_same = others["history_complete"] & (others["updated_at"] == of_time)
    whole = others[is_same].drop_duplicates("item_id", keep="last")
    items["history_complete"] |= items["item_id"].isin(whole["item_id"]) & items[COUNTS]
    partial = others[~others["item_id"].isin(whole["item_id"])]
    row_of = pd.Series(counting.index, counting.index)
    row_of = pd.concat([row_of, _row_of(whole, winner[ROW]), _row_of(partial, winner[ROW])])
    status = part.status_changes
    is_lost = (status["source"] == "created") & status[ROW].isin(partial.index)
    return items, _of_rows(status[~is_lost], row_of), _of_rows(part.field_changes, row_of)


def _row_of(states: pd.DataFrame, winner: pd.Series) -> pd.Series:
    """Return, by the row of a state, the row of the one that counts instead."""
    return states["item_id"].map(winner).astype("int64")


def _of_rows(changes: pd.DataFrame, row_of: pd.Series) -> pd.DataFrame:
    """Return the changes of these rows, with the row they belong to now; joined ones in order."""
    row = changes[ROW].map(row_of)
    changes = changes.assign(**{MOVED: changes[ROW]})[row.notna()]
    changes[ROW] = row.dropna().astype("int64")
    has_joined = changes[ROW].isin(changes.loc[changes[ROW] != changes[MOVED], ROW])
    joined = changes[has_joined].sort_values([ROW, "changed_at", MOVED, POSITION])
    joined = joined.drop_duplicates([name for name in joined if name not in NO_CHANGE])
    if "sequence" in joined:
        joined["sequence"] = joined.groupby(ROW).cumcount()
    both = pd.concat([changes[~has_joined], joined]).drop(columns=MOVED)
    return both.sort_values(ROW, kind="stable", ignore_index=True)
