"""Work items, their history and releases from the JSON of Jira's REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from pmanalytics.calendars import ISO_DAY
from pmanalytics.errors import Reason, UnreadableFileError, require_texts
from pmanalytics.loaders.cells.convert import blank_to_missing, typed, zoned_instants
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import FLAG, text
from pmanalytics.loaders.jira.changelogs import (
    NOT_AN_INSTANT,
    READ_AGAIN,
    TRACKED_FIELDS,
    Downloads,
    edit_instants,
    gap_notes,
    histories,
    lost_notes,
    read_changelogs,
    records_with_gaps,
)
from pmanalytics.loaders.jira.decoding import WORK_ITEM_KINDS, Issues, issues_in
from pmanalytics.loaders.jira.documents import search_notes, search_of
from pmanalytics.loaders.jira.exports import JiraSource, export_files, in_hours, newest_states
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.ordering import order_of
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import (
    Day,
    FieldChanges,
    Releases,
    StatusChanges,
    Table,
    WorkItems,
    dtypes,
)
from pmanalytics.tables import with_all_columns

SUFFIXES = (".json", ".jsonl", ".ndjson")
NO_OFFSET = Reason("is a time without its offset from UTC", READ_AGAIN)
NOT_A_DAY = Reason("is no day written as YYYY-MM-DD", READ_AGAIN)


class JiraTables(NamedTuple):
    """What a Jira search holds."""

    work_items: pd.DataFrame
    status_changes: pd.DataFrame
    field_changes: pd.DataFrame
    releases: pd.DataFrame


def load_jira_json(
    source: JiraSource | Sequence[JiraSource],
    *,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
) -> JiraTables:
    """Which issues does a Jira search hold, and when did each enter which status?

    Parameters
    ----------
    source
        A file, a folder or zip archive of files, or a list of these, as Jira's REST API writes
        them: pages of a search (v2, v3 or agile), best with `expand=changelog`; single issues;
        JSON lines; and changelogs downloaded apart, page by page or in bulk, which are joined to
        their issues.
    columns
        Our column name → field, for custom fields such as {"story_points": "customfield_10016"},
        or for further fields to keep.
    quarantine
        Takes the issues that cannot be used, so that the rest loads.

    Returns
    -------
    JiraTables
        `work_items` (`WorkItems`; of an issue on several pages the newest state is kept),
        `status_changes` (`StatusChanges`), `field_changes` (`FieldChanges`: the due dates and
        flags) and `releases` (`Releases`: the versions that issues are planned for). An issue whose
        changelog is cut off or absent has `history_complete` false.

    Raises
    ------
    UnreadableFileError, MissingColumnsError
        If there is no JSON to read or no Jira issue in it, or none has a field named in `columns`.
    BadRowsError
        If issues cannot be used and there is no quarantine.
    """
    require_texts("columns", columns or {})
    name, files = export_files(source, SUFFIXES)
    found = issues_in(files, columns or {})
    intake = found.intake
    if not len(intake.where):
        hint = " Load the search, too." if any(held.edits for held in found.contents) else ""
        raise UnreadableFileError(f"{name}: there is no Jira issue in it.{hint}")
    downloads = read_changelogs(found.contents, found.edits)
    log = downloads.log
    changes = _changes(found, downloads)
    unread = changes[changes["at"].isna() & changes["is_change"]].drop_duplicates("record")
    created = log.edits.loc[unread["edit"], "created"].set_axis(unread["record"])
    intake.reject("changelog.histories.created", created, NOT_AN_INSTANT)
    table = _without_guessed_times(intake, in_hours(typed(intake, WorkItems, Reading())))
    intake.sound(table, WorkItems, unique=False)
    newest = newest_states(intake, table)
    changes = _in_order(changes[changes["record"].isin(newest.index)])
    broken = records_with_gaps(changes, log.ends)
    changes = changes[changes["is_change"] | ~changes["record"].isin(broken)]
    is_known = newest["history_complete"] & ~newest.index.isin(broken)
    newest = newest.assign(history_complete=is_known)
    field_changes = _field_changes(intake, changes, log.ends)
    releases = _releases(intake, found, newest["updated_at"])
    n_found = intake.cells["item_id"].nunique() + len(intake.where) - len(intake.cells)
    search = search_of(found.contents, n_found)
    intake.notes += [*gap_notes(name, len(broken)), *search_notes(name, search)]
    if quarantine is not None:
        quarantine.searches.append(search)
    items = intake.close(newest, quarantine)
    if downloads.intake:
        own = downloads.intake
        own.close(own.cells.drop(index=own.bad_records), quarantine)
    return JiraTables(items, _status_changes(changes, log.ends), field_changes, releases)


def _changes(found: Issues, downloads: Downloads) -> pd.DataFrame:
    """Return the tracked changes of each record, and its creation where its history is complete.

    Sets whether it is into the cells of the intake.
    """
    log = downloads.log
    heads = found.heads
    history = histories(heads, log, downloads.pieces)
    found.intake.notes += lost_notes(downloads, heads)
    found.intake.cells["history_complete"] = history.is_complete
    begun = heads.loc[history.is_complete, ["creation", "created_at"]].reset_index()
    begun["at"] = edit_instants(begun.pop("created_at"))
    begun = begun.rename(columns={"creation": "change"})
    creations = begun.assign(is_change=False, order=-1, position=0, edit=-1)
    changes = pd.concat([creations, history.changes.assign(is_change=True)], ignore_index=True)
    number = changes["change"].to_numpy()
    changes["field"] = log.kinds.array.take(number)
    changes["left"], changes["entered"] = number, number + len(log.kinds)
    head = heads.index.get_indexer(changes["record"])
    return changes.assign(**{n: heads[n].array.take(head) for n in ("item_id", "item_type")})


def _without_guessed_times(intake: Intake, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without times that say no offset: Jira's own do, nobody knows theirs."""
    fields = WorkItems.to_schema().columns
    for name in [n for n, kind in WORK_ITEM_KINDS.items() if isinstance(kind, pd.DatetimeTZDtype)]:
        written = intake.cells[name]
        is_guessed = table[name].notna() & zoned_instants(written).isna()
        nullable = fields[name].nullable
        intake.reject(name, written[is_guessed], NO_OFFSET, value_only=nullable)
        table[name] = table[name].mask(is_guessed)
    return table


def _in_order(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the changes in order of time, each issue's creation first."""
    keys = (changes[name] for name in ("record", "is_change", "order", "position"))
    record, is_change, order, position = (key.to_numpy() for key in keys)
    at = changes["at"].to_numpy("datetime64[us]")
    in_order = order_of(record, is_change, at, order, position)
    return changes.iloc[in_order].reset_index(drop=True)


def _status_changes(changes: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Return `StatusChanges`.

    Jira does not record the first status: it is the one that the first change left, or the current
    one where nothing changed.
    """
    changes = changes[changes["field"] == "status"].reset_index(drop=True)
    is_creation = ~changes["is_change"]
    is_followed = is_creation & (changes["record"] == changes["record"].shift(-1))
    entered = changes["entered"].mask(is_followed, changes["left"].shift(-1, fill_value=0))
    earliest = changes["at"].shift(-1).where(is_followed)
    is_before = earliest < changes["at"]  # an import may date a move before the creation
    changes["changed_at"] = changes["at"].mask(is_before, earliest)
    changes["level"] = "work_item"
    changes["sequence"] = changes.groupby("record").cumcount()
    changes["source"] = is_creation.map({True: "created", False: "changelog"})
    left = changes["left"].mask(is_creation, -1)
    for side, of in (("from", left), ("to", entered)):
        for part, suffix in (("id", "_id"), ("name", "")):
            changes[f"{side}_status{suffix}"] = ends[part].array.take(
                of.to_numpy(), allow_fill=True
            )
    return _as_table(changes, StatusChanges)


def _field_changes(intake: Intake, changes: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Return `FieldChanges`; a due date that cannot be read is set aside."""
    table = changes[changes["field"].isin(list(TRACKED_FIELDS))].set_index("record")
    is_flag = table["field"] == FLAG
    is_read = pd.Series(True, index=table.index)
    for side, end, name in (("from", "left", "old"), ("to", "entered", "new")):
        written = blank_to_missing(ends["id"].take(table[end]).set_axis(table.index))
        table[name] = written.str.slice(0, 10).mask(is_flag, written)
        is_bad = written.notna() & _days(table[name]).isna() & ~is_flag
        intake.reject(f"changelog.{side}", written[is_bad], NOT_A_DAY, value_only=True)
        is_read &= ~is_bad
    table["field"] = table["field"].map(TRACKED_FIELDS).astype("str")
    table["level"] = "work_item"
    table["changed_at"] = table["at"]
    return _as_table(table[is_read].reset_index(drop=True), FieldChanges)


def _releases(intake: Intake, found: Issues, updated: pd.Series) -> pd.DataFrame:
    """Return `Releases`: each version as the issue updated last knows it."""
    planned = found.planned.frame()
    planned = planned[planned["record"].isin(updated.index)]
    newest_last = (
        updated.loc[planned["record"]]
        .reset_index(drop=True)
        .sort_values(kind="stable", na_position="first")
    )
    planned = planned.iloc[newest_last.index]
    versions = _versions(found).take(planned["version"]).set_axis(planned["record"])
    versions = versions.drop_duplicates("release_id", keep="last").sort_index(kind="stable")
    written = blank_to_missing(versions["release_date"])
    days = _days(written)
    unread = written[written.notna() & days.isna()]
    intake.reject("fields.fixVersions.releaseDate", unread, NOT_A_DAY, value_only=True)
    return _as_table(versions.assign(release_date=days).reset_index(drop=True), Releases)


def _versions(found: Issues) -> pd.DataFrame:
    """Return the versions of projects by their numbers."""
    rows = []
    for project, version in found.versions:
        known = text(version.id) or f"{project}/{version.name}"
        name = version.name or f"(version {known})"
        rows.append((known, project, name, version.releaseDate, version.released))
    names = ["release_id", "project_key", "name", "release_date"]
    return pd.DataFrame(rows, columns=[*names, "is_released"]).astype(dict.fromkeys(names, "str"))


def _days(written: pd.Series) -> pd.Series:
    iso = written.where(written.str.fullmatch(ISO_DAY))
    return pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").astype(Day)


def _as_table(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    kinds = dtypes(schema)
    table = with_all_columns(table, schema)[list(kinds)]
    is_time = pd.api.types.is_datetime64_any_dtype
    return schema.validate(table.astype({n: k for n, k in kinds.items() if not is_time(table[n])}))
