"""Work items and their status history from the JSON of Jira's search (`expand=changelog`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import Reason, UnreadableFileError, require_texts
from pmanalytics.lifecycle import UNKNOWN_STATUS
from pmanalytics.loaders.convert import typed, zoned_instants
from pmanalytics.loaders.files import file_at
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira import in_hours
from pmanalytics.loaders.reading import Reading
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import StatusChanges, WorkItems, dtypes, empty
from pmanalytics.tables import with_all_columns

SUFFIXES = (".json", ".jsonl", ".ndjson")
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
READ_AGAIN = "Export the issue again with all fields"


class JiraTables(NamedTuple):
    """What a Jira search holds."""

    work_items: pd.DataFrame
    status_changes: pd.DataFrame


class Named(msgspec.Struct):
    """Anything of Jira's that has a name."""

    name: str | None = None


class Keyed(msgspec.Struct):
    """Anything of Jira's that has a key."""

    key: str | None = None


class Status(msgspec.Struct):
    """A workflow status."""

    name: str
    id: str | None = None
    statusCategory: Keyed | None = None  # noqa: N815


class Link(msgspec.Struct):
    """A link from one issue to another."""

    type: Named | None = None
    outwardIssue: Keyed | None = None  # noqa: N815


class Fields(msgspec.Struct):
    """The fields of an issue that become `WorkItems`; all others are skipped while decoding."""

    status: Status
    created: str
    summary: str | None = None
    issuetype: Named | None = None
    project: Keyed | None = None
    priority: Named | None = None
    resolution: Named | None = None
    updated: str | None = None
    resolutiondate: str | None = None
    statuscategorychangedate: str | None = None
    duedate: str | None = None
    parent: Keyed | None = None
    timeoriginalestimate: float | None = None
    timespent: float | None = None
    labels: list[str] | None = None
    components: list[Named] | None = None
    fixVersions: list[Named] | None = None  # noqa: N815
    versions: list[Named] | None = None
    issuelinks: list[Link] | None = None
    sprint: Any = None
    closedSprints: Any = None  # noqa: N815


class Change(msgspec.Struct, rename={"from_id": "from", "from_name": "fromString",
                                     "to_id": "to", "to_name": "toString"}):  # fmt: skip
    """One field changed in one edit."""

    field: str
    from_id: str | None = None
    from_name: str | None = None
    to_id: str | None = None
    to_name: str | None = None


class History(msgspec.Struct):
    """One edit of an issue."""

    created: str
    items: list[Change]
    id: str | int = 0


class Changelog(msgspec.Struct):
    """The edits that came along, and how many there are."""

    histories: list[History]
    total: int | None = None


class Page(msgspec.Struct):
    """A page of a search, or, where `fields` is there, a single issue."""

    issues: list[msgspec.Raw] | None = None
    fields: msgspec.Raw = msgspec.Raw()


def load_jira_json(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
) -> JiraTables:
    """Which issues does a Jira search hold, and when did each enter which status?

    Parameters
    ----------
    path
        A search page, a single issue or JSON lines as Jira's REST API (v2 or v3) writes them with
        `expand=changelog`, or a folder of such files.
    columns
        Our column name → field, for custom fields such as {"story_points": "customfield_10016"},
        or for further fields to keep.
    quarantine
        Takes the issues that cannot be used, so that the rest loads.

    Returns
    -------
    JiraTables
        `work_items` (`WorkItems`; of an issue on several pages the newest state is kept) and
        `status_changes` (`StatusChanges`). An issue whose changelog is cut off or absent has
        `history_complete` false.

    Raises
    ------
    UnreadableFileError
        If there is no JSON to read, or no Jira issue in it.
    BadRowsError
        If issues cannot be used and there is no quarantine.
    """
    require_texts("columns", columns or {})
    intake, changes = _opened(Path(path), columns or {})
    unread = changes[changes["changed_at"].isna()].drop_duplicates("record").set_index("record")
    reason = Reason(errors.NOT_AN_INSTANT.reason, READ_AGAIN)
    intake.reject("changelog.histories.created", unread["created"], reason)
    table = in_hours(typed(intake, WorkItems, Reading()))
    rows = intake.sound(table, WorkItems, unique=False)
    newest = intake.keep_newest(rows, "item_id", "updated_at")
    kept = changes[changes["record"].isin(newest.index)]
    return JiraTables(intake.close(newest, quarantine), _status_changes(kept))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(f for f in path.rglob("*") if f.suffix.casefold() in SUFFIXES and f.is_file())
    if not files:
        raise UnreadableFileError(f"{path}: there is no .json or .jsonl file in this folder.")
    return files


def _opened(path: Path, columns: Mapping[str, str]) -> tuple[Intake, pd.DataFrame]:
    """Decode all files into one intake, and the raw status changes of each record."""
    decoder = msgspec.json.Decoder(_issue_type(columns))
    paths = _files(path)
    places: list[tuple[int, int]] = []
    items: dict[int, dict[str, object]] = {}
    changes: list[tuple[object, ...]] = []
    broken: dict[int, str] = {}
    for number, file in enumerate(paths):
        unit, records = _records(file)
        for line, content in records:
            record = len(places)
            places.append((number, line))
            try:
                issue = decoder.decode(content)
            except UNDECODABLE as error:
                broken[record] = str(error)
            else:
                items[record] = _item(issue, columns)
                changes += _changes(record, issue)
    if not places:
        raise UnreadableFileError(f"{path}: there is no Jira issue in it.")
    codes, lines = zip(*places, strict=True)
    names = [str(file.relative_to(path)) if file != path else path.name for file in paths]
    files = pd.Categorical.from_codes(codes, names)
    cells = pd.DataFrame(list(items.values()), index=list(items)) if items else empty(WorkItems)
    intake = Intake("Jira JSON", cells, pd.DataFrame({"file": files, "line": lines}), unit)
    for record, message in broken.items():
        reason, _, field = message.partition(" - at `")
        value = pd.Series([None], index=[record], dtype="object")
        intake.reject(field.rstrip("`") or "(record)", value, Reason(_in_words(reason), READ_AGAIN))
    table = pd.DataFrame(changes, columns=CHANGE_COLUMNS)
    return intake, table.assign(changed_at=zoned_instants(table["created"]))


def _records(path: Path) -> tuple[str, list[tuple[int, bytes | msgspec.Raw]]]:
    """Return what a record is counted by, and the records: those of a page, or of lines.

    A file in which nothing has the `fields` of an issue holds no records of ours.
    """
    content = file_at(path).read().removeprefix(b"\xef\xbb\xbf")
    try:
        page = msgspec.json.decode(content, type=Page | list[msgspec.Raw])
    except msgspec.ValidationError:
        return "issue", []
    except UNDECODABLE as error:
        lines = [(n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
        if "trailing characters" in str(error) and len(lines) > 1:
            return "line", lines if any(_has_fields(line) for _, line in lines) else []
        raise UnreadableFileError(f"{path.name}: {_in_words(str(error))}.") from None
    if isinstance(page, Page) and bytes(page.fields):
        return "issue", [(1, content)]
    issues = page if isinstance(page, list) else page.issues or []
    return "issue", list(enumerate(issues, 1)) if any(map(_has_fields, issues)) else []


def _has_fields(record: bytes | msgspec.Raw) -> bool:
    try:
        return bool(bytes(msgspec.json.decode(record, type=Page).fields))
    except UNDECODABLE:
        return False


def _issue_type(columns: Mapping[str, str]) -> type[msgspec.Struct]:
    """Return the type of an issue whose fields include the custom ones."""
    names = {_attribute(field): field for field in columns.values() if not hasattr(Fields, field)}
    custom: list[tuple[str, Any, Any]] = [(name, Any, None) for name in names]
    fields = msgspec.defstruct("CustomFields", custom, bases=(Fields,), rename=names)
    parts: list[Any] = [
        ("id", str),
        ("key", str),
        ("fields", fields),
        ("changelog", Changelog | None, None),
    ]
    return msgspec.defstruct("Issue", parts)


def _attribute(field: str) -> str:
    """Return a Python name for a field of any name."""
    return "custom_" + field.encode().hex()


def _item(issue: Any, columns: Mapping[str, str]) -> dict[str, object]:
    fields, log = issue.fields, issue.changelog
    sprints = [*_names(fields.closedSprints), *_names(fields.sprint)]
    item = {
        "item_id": issue.id,
        "key": issue.key,
        "project_key": _key(fields.project),
        "summary": fields.summary,
        "item_type": _name(fields.issuetype),
        "status": fields.status.name,
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
        "components": _names(fields.components),
        "fix_versions": _names(fields.fixVersions),
        "affects_versions": _names(fields.versions),
        "sprints": sprints,
        "links": _links(fields.issuelinks or []),
        "history_complete": _is_complete(log),
    }
    for name, field in columns.items():
        value = getattr(fields, field if hasattr(Fields, field) else _attribute(field))
        item[name] = _names(value) if name == "sprints" else _plain(value)
    return item


def _changes(number: int, issue: Any) -> Iterator[tuple[object, ...]]:
    """Yield an issue's creation, where its history is complete, and its status changes."""
    log = issue.changelog
    if log is None:
        return
    kind, status = _name(issue.fields.issuetype), issue.fields.status
    if _is_complete(log):
        created = issue.fields.created
        yield (number, issue.id, kind, created, -1, 0, None, None, status.id, status.name)
    for history in log.histories:
        order = int(history.id) if str(history.id).isdecimal() else 0
        for position, change in enumerate(history.items):
            if change.field == "status":
                yield (
                    number, issue.id, kind, history.created, order, position,
                    change.from_id, _status(change.from_name, change.from_id),
                    change.to_id, _status(change.to_name, change.to_id),
                )  # fmt: skip


CHANGE_COLUMNS = [
    "record", "item_id", "item_type", "created", "history", "position",
    "from_status_id", "from_status", "to_status_id", "to_status",
]  # fmt: skip


def _status_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Return `StatusChanges` in order of time.

    Jira does not record the first status: it is the one that the first change left, or the current
    one where nothing changed.
    """
    is_creation = changes["history"] < 0
    order = ["record", "is_change", "changed_at", "history", "position"]
    changes = changes.assign(is_change=~is_creation).sort_values(order, ignore_index=True)
    is_creation = ~changes["is_change"]
    is_followed = is_creation & (changes["record"] == changes["record"].shift(-1))
    for name in ("status_id", "status"):
        first = changes[f"from_{name}"].shift(-1)
        changes[f"to_{name}"] = changes[f"to_{name}"].mask(is_followed, first)
    earliest = changes["changed_at"].shift(-1).where(is_followed)
    is_before = earliest < changes["changed_at"]  # an import may date a move before the creation
    changes["changed_at"] = changes["changed_at"].mask(is_before, earliest)
    changes["level"] = "work_item"
    changes["sequence"] = changes.groupby("record").cumcount()
    changes["source"] = is_creation.map({True: "created", False: "changelog"})
    texts = {
        name: kind
        for name, kind in dtypes(StatusChanges).items()
        if not name.startswith("changed_")
    }
    changes = with_all_columns(changes, StatusChanges)
    return StatusChanges.validate(changes[list(dtypes(StatusChanges))].astype(texts))


def _is_complete(log: Changelog | None) -> bool:
    """Tell whether all edits came along; Jira cuts the oldest off where there are many."""
    return log is not None and (log.total or 0) <= len(log.histories)


def _status(name: str | None, status_id: str | None) -> str:
    return name or (f"(status {status_id})" if status_id else UNKNOWN_STATUS)


def _name(thing: Named | None) -> str | None:
    return thing.name if thing else None


def _key(thing: Keyed | None) -> str | None:
    return thing.key if thing else None


def _names(things: Any) -> list[str]:
    """Return the names of a list of Jira's objects; a Server sprint hides its own in a text."""
    names = [
        thing.get("name") if isinstance(thing, dict) else getattr(thing, "name", thing)
        for thing in (things if isinstance(things, list) else [things])
    ]
    found = [re.search(r"\bname=([^,\]]*)", name) for name in names if isinstance(name, str)]
    texts = [name for name in names if isinstance(name, str)]
    return [match[1] if match else text for match, text in zip(found, texts, strict=True)]


def _links(links: list[Link]) -> list[str]:
    return [f"{_name(k.type)}: {k.outwardIssue.key}" for k in links if k.outwardIssue]


def _plain(value: Any) -> object:
    """Return the text or number that a custom field holds."""
    if isinstance(value, dict):
        return value.get("value", value.get("name"))
    return value


def _in_words(message: str) -> str:
    return message if message.startswith("JSON") else message[:1].lower() + message[1:]
