"""Work items, their history and releases from the JSON of Jira's REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from pmanalytics.calendars import ISO_DAY
from pmanalytics.errors import Reason, UnreadableFileError, require_texts
from pmanalytics.lifecycle import UNKNOWN_STATUS
from pmanalytics.loaders.cells.convert import blank_to_missing, typed, zoned_instants
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import (
    FLAG,
    UNDECODABLE,
    WHERE_READ,
    Keyed,
    Named,
    attribute,
    issue_type,
    link_text,
    names_of,
    text,
)
from pmanalytics.loaders.jira.changelogs import (
    NOT_AN_INSTANT,
    READ_AGAIN,
    Changelogs,
    Log,
    edit_instants,
    edit_order,
    gap_notes,
    own_changelog,
    read_changelogs,
    records_with_gaps,
    reject_undecodable,
)
from pmanalytics.loaders.jira.documents import (
    Contents,
    contents_of,
    require_fields,
    search_notes,
    search_of,
    with_sprints,
)
from pmanalytics.loaders.jira.exports import JiraSource, export_files, in_hours, newest_states
from pmanalytics.loaders.jira.mend import mended_issues
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import (
    Day,
    FieldChanges,
    Releases,
    StatusChanges,
    Table,
    WorkItems,
    dtypes,
    empty,
)
from pmanalytics.tables import with_all_columns

SUFFIXES = (".json", ".jsonl", ".ndjson")
TRACKED_FIELDS = {"duedate": "due_date", FLAG: "flagged"}
WORK_ITEM_KINDS = dtypes(WorkItems)
NO_OFFSET = Reason("is a time without its offset from UTC", READ_AGAIN)
DAY_OF_TIME = re.compile(rf"({ISO_DAY})[T ]\d\d:.*")
NOT_A_DAY = Reason("is no day written as YYYY-MM-DD", READ_AGAIN)
CHANGE_COLUMNS = [
    "record", "item_id", "item_type", "created", "history", "position", "field",
    "from_id", "from_name", "to_id", "to_name",
]  # fmt: skip
VERSION_COLUMNS = ["record", "release_id", "project_key", "name", "release_date", "is_released"]


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
    contents = [contents_of(file) for file in files]
    if not any(found.issues for found in contents):
        hint = " Load the search, too." if any(found.edits for found in contents) else ""
        raise UnreadableFileError(f"{name}: there is no Jira issue in it.{hint}")
    logs = read_changelogs(contents)
    intake, changes, versions = _opened(contents, columns or {}, logs)
    unread = changes[changes["changed_at"].isna() & (changes["history"] >= 0)]
    unread = unread.drop_duplicates("record").set_index("record")
    intake.reject("changelog.histories.created", unread["created"], NOT_AN_INSTANT)
    table = _without_guessed_times(intake, in_hours(typed(intake, WorkItems, Reading())))
    intake.sound(table, WorkItems, unique=False)
    newest = newest_states(intake, table)
    kept = _in_order(changes[changes["record"].isin(newest.index)])
    broken = records_with_gaps(kept)
    intake.notes += gap_notes(name, len(broken))
    kept = kept[kept["is_change"] | ~kept["record"].isin(broken)]
    is_known = newest["history_complete"] & ~newest.index.isin(broken)
    newest = newest.assign(history_complete=is_known)
    field_changes = _field_changes(intake, kept)
    releases = _releases(intake, versions, newest["updated_at"])
    n_found = intake.cells["item_id"].nunique() + len(intake.where) - len(intake.cells)
    search = search_of(contents, n_found)
    intake.notes += [*logs.notes, *search_notes(name, search)]
    if quarantine is not None:
        quarantine.searches.append(search)
    items = intake.close(newest, quarantine)
    if logs.intake:
        logs.intake.close(logs.intake.cells.drop(index=logs.intake.bad_records), quarantine)
    return JiraTables(items, _status_changes(kept), field_changes, releases)


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


def _opened(
    contents: Sequence[Contents], columns: Mapping[str, str], logs: Changelogs
) -> tuple[Intake, pd.DataFrame, pd.DataFrame]:
    """Decode all issues into one intake, and the raw changes and versions of each record."""
    fields = with_sprints(contents, columns)
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(issue_type(fields), strict=False)
    intake = _empty_intake(contents)
    items: dict[int, dict[str, object]] = {}
    changes: list[tuple[object, ...]] = []
    versions: list[tuple[object, ...]] = []
    issues = dict(_decoded(intake, decoder, contents))
    require_fields(intake.file, columns, issues, [found for found in contents if found.issues])
    intake.headers = WHERE_READ | {name: f"fields.{field}" for name, field in fields.items()}
    for issue in issues.values():
        if own := own_changelog(issue):
            logs.add_own(str(issue.id), issue.fields.updated, own)
    for record, issue in issues.items():
        log = logs.log_of(str(issue.id), issue.key, issue.fields.updated)
        items[record] = _item(issue, fields) | {"history_complete": log.is_complete}
        changes += _changes(record, issue, log)
        versions += _versions(record, issue)
    if items:
        intake.cells = pd.DataFrame(list(items.values()), index=list(items))
    table = pd.DataFrame(changes, columns=CHANGE_COLUMNS)
    table["changed_at"] = edit_instants(table["created"])
    return intake, table, pd.DataFrame(versions, columns=VERSION_COLUMNS)


def _decoded(
    intake: Intake, decoder: msgspec.json.Decoder[Any], contents: Sequence[Contents]
) -> Iterator[tuple[int, Any]]:
    """Yield the number of each record and its issue; what is none is set aside."""
    for record, content in mended_issues(intake, contents):
        try:
            issue = decoder.decode(content)
        except UNDECODABLE as error:
            reject_undecodable(intake, record, error)
        else:
            issue.id = issue.key if issue.id is None else issue.id
            yield record, issue


def _empty_intake(contents: Sequence[Contents]) -> Intake:
    """Return the intake of all files but those with nothing but changelogs."""
    held = [found for found in contents if found.issues or not found.edits]
    codes = [code for code, found in enumerate(held) for _ in found.issues]
    files = pd.Categorical.from_codes(codes, [found.file.name for found in held])
    lines = [issue.place for found in held for issue in found.issues]
    units = {found.unit for found in held if found.issues}
    where = pd.DataFrame({"file": files, "line": lines})
    return Intake("Jira JSON", empty(WorkItems), where, "line" if units == {"line"} else "issue")


def _item(issue: Any, columns: Mapping[str, str]) -> dict[str, object]:
    fields = issue.fields
    item = {
        "item_id": str(issue.id),
        "key": issue.key,
        "project_key": _key(fields.project),
        "summary": fields.summary,
        "item_type": _name(fields.issuetype),
        "status": _status(fields.status.name, fields.status.id, unknown=None),
        "status_category": _key(fields.status.statusCategory),
        "priority": _name(fields.priority),
        "resolution": _name(fields.resolution),
        "created_at": fields.created,
        "updated_at": fields.updated,
        "resolved_at": fields.resolutiondate,
        "status_category_changed_at": fields.statuscategorychangedate,
        "due_date": fields.duedate,
        "parent_key": _key(fields.parent),
        "original_estimate_hours": fields.timeoriginalestimate,
        "time_spent_hours": fields.timespent,
        "labels": fields.labels or [],
        "components": names_of(fields.components),
        "fix_versions": names_of(fields.fixVersions),
        "affects_versions": names_of(fields.versions),
        "sprints": [*names_of(fields.closedSprints), *names_of(fields.sprint)],
        "links": [link_text(link) for link in fields.issuelinks or [] if link.outwardIssue],
    }
    for name, field in columns.items():
        value = getattr(fields, attribute(field))
        is_list = WORK_ITEM_KINDS.get(name) == np.dtype(object)
        item[name] = names_of(value) if is_list else _plain(value, name in WORK_ITEM_KINDS)
    if isinstance(due := item["due_date"], str):  # the day as written, whatever the zone
        item["due_date"] = DAY_OF_TIME.sub(r"\1", due)
    return item


def _changes(record: int, issue: Any, log: Log) -> Iterator[tuple[object, ...]]:
    """Yield an issue's creation, where its history is complete, and its tracked changes."""
    issue_id, kind, status = str(issue.id), _name(issue.fields.issuetype), issue.fields.status
    if log.is_complete:
        yield (
            record, issue_id, kind, issue.fields.created, -1, 0, "status",
            None, None, text(status.id), _status(status.name, status.id),
        )  # fmt: skip
    for history in log.histories:
        for position, change in enumerate(history.items):
            if change.of == "status" or change.of in TRACKED_FIELDS:
                before, after = change.ends
                yield (
                    record, issue_id, kind, history.created, edit_order(history.id), position,
                    change.of, before, _status(change.from_name, change.from_id),
                    after, _status(change.to_name, change.to_id),
                )  # fmt: skip


def _versions(record: int, issue: Any) -> Iterator[tuple[object, ...]]:
    project = _key(issue.fields.project)
    for version in issue.fields.fixVersions or []:
        known = text(version.id) or f"{project}/{version.name}"
        name = version.name or f"(version {known})"
        yield record, known, project, name, version.releaseDate, version.released


def _in_order(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the changes in order of time, each issue's creation first."""
    changes = changes.assign(is_change=changes["history"] >= 0)
    order = ["record", "is_change", "changed_at", "history", "position"]
    return changes.sort_values(order, ignore_index=True)


def _status_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Return `StatusChanges`.

    Jira does not record the first status: it is the one that the first change left, or the current
    one where nothing changed.
    """
    changes = changes[changes["field"] == "status"].reset_index(drop=True)
    is_creation = ~changes["is_change"]
    is_followed = is_creation & (changes["record"] == changes["record"].shift(-1))
    for name in ("id", "name"):
        first = changes[f"from_{name}"].shift(-1)
        changes[f"to_{name}"] = changes[f"to_{name}"].mask(is_followed, first)
    earliest = changes["changed_at"].shift(-1).where(is_followed)
    is_before = earliest < changes["changed_at"]  # an import may date a move before the creation
    changes["changed_at"] = changes["changed_at"].mask(is_before, earliest)
    changes["level"] = "work_item"
    changes["sequence"] = changes.groupby("record").cumcount()
    changes["source"] = is_creation.map({True: "created", False: "changelog"})
    changes["from_name"] = changes["from_name"].mask(is_creation)
    changes = changes.rename(
        columns={f"{side}_{part}": f"{side}_status{suffix}"
                 for side in ("from", "to") for part, suffix in (("id", "_id"), ("name", ""))}
    )  # fmt: skip
    return _as_table(changes, StatusChanges)


def _field_changes(intake: Intake, changes: pd.DataFrame) -> pd.DataFrame:
    """Return `FieldChanges`; a due date that cannot be read is set aside."""
    table = changes[changes["field"].isin(list(TRACKED_FIELDS))].set_index("record")
    is_flag = table["field"] == FLAG
    is_read = pd.Series(True, index=table.index)
    for side, name in (("from", "old"), ("to", "new")):
        written = blank_to_missing(table[f"{side}_id"])
        table[name] = written.str.slice(0, 10).mask(is_flag, written)
        is_bad = written.notna() & _days(table[name]).isna() & ~is_flag
        intake.reject(f"changelog.{side}", written[is_bad], NOT_A_DAY, value_only=True)
        is_read &= ~is_bad
    table["field"] = table["field"].map(TRACKED_FIELDS)
    table["level"] = "work_item"
    return _as_table(table[is_read].reset_index(drop=True), FieldChanges)


def _releases(intake: Intake, versions: pd.DataFrame, updated: pd.Series) -> pd.DataFrame:
    """Return `Releases`: each version as the issue updated last knows it."""
    versions = versions[versions["record"].isin(updated.index)].set_index("record")
    newest_last = (
        updated.loc[versions.index]
        .reset_index(drop=True)
        .sort_values(kind="stable", na_position="first")
    )
    versions = versions.iloc[newest_last.index].drop_duplicates("release_id", keep="last")
    versions = versions.sort_index(kind="stable")
    written = blank_to_missing(versions["release_date"])
    days = _days(written)
    unread = written[written.notna() & days.isna()]
    intake.reject("fields.fixVersions.releaseDate", unread, NOT_A_DAY, value_only=True)
    return _as_table(versions.assign(release_date=days).reset_index(drop=True), Releases)


def _days(written: pd.Series) -> pd.Series:
    iso = written.where(written.str.fullmatch(ISO_DAY))
    return pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").astype(Day)


def _as_table(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    kinds = dtypes(schema)
    table = with_all_columns(table, schema)[list(kinds)]
    is_time = pd.api.types.is_datetime64_any_dtype
    return schema.validate(table.astype({n: k for n, k in kinds.items() if not is_time(table[n])}))


def _status(
    name: str | None, status_id: object, unknown: str | None = UNKNOWN_STATUS
) -> str | None:
    return name or (f"(status {status_id})" if status_id else unknown)


def _name(thing: Named | None) -> str | None:
    return thing.name if thing else None


def _key(thing: Keyed | None) -> str | None:
    return thing.key if thing else None


def _plain(value: Any, is_single: bool) -> object:
    """Return the text or number that a custom field holds; several in one text, or as a list."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, list):
        several = [_plain(one, is_single) for one in value]
        return ", ".join(map(str, several)) or None if is_single else several
    if isinstance(value, dict):
        known = [value[name] for name in ("value", "name", "displayName", "key") if name in value]
        return known[0] if known else msgspec.json.encode(value).decode()
    return value
