"""What Jira's REST API writes: issues, pages of them, and changelogs, in v2, v3 and agile 1.0.

Only the fields that are asked for are decoded; all others, such as descriptions, are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import msgspec

from pmanalytics.errors import MissingColumnsError, UnreadableFileError
from pmanalytics.loaders.files import File, as_utf_8

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
LINE_SUFFIXES = (".jsonl", ".ndjson")
CHANGELOG_OF = re.compile(r"/issue/([^/?]+)/changelog\b")
ISSUE_FILE = re.compile(r"([A-Z][A-Z0-9]*-\d+|\d+)(?=[_. ]|$)")
# Jira Server writes a sprint as a Java object in text; its name may hold commas and brackets.
SPRINT_NAME = re.compile(r"[\w.$]+@\w+\[(?:.*?,)?name=(.*?)(?=,\w+=|\]$)")

Id: TypeAlias = str | int | None


class Named(msgspec.Struct):
    """Anything of Jira's that has a name."""

    name: str | None = None


class Keyed(msgspec.Struct):
    """Anything of Jira's that has a key."""

    key: str | None = None


class Version(msgspec.Struct):
    """A version (release) of a project."""

    id: Id = None
    name: str | None = None
    releaseDate: str | None = None  # noqa: N815
    released: bool | None = None


class Status(msgspec.Struct):
    """A workflow status; that of a deleted one may lack its name."""

    name: str | None
    id: Id = None
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
    fixVersions: list[Version] | None = None  # noqa: N815
    versions: list[Named] | None = None
    issuelinks: list[Link] | None = None
    sprint: Any = None
    closedSprints: Any = None  # noqa: N815


RENAMED = {
    "field_id": "fieldId",
    "from_id": "from",
    "from_name": "fromString",
    "to_id": "to",
    "to_name": "toString",
}


WHERE_READ = {
    "key": "key",
    "project_key": "fields.project.key",
    "item_type": "fields.issuetype.name",
    "status": "fields.status.name",
    "created_at": "fields.created",
    "updated_at": "fields.updated",
    "resolved_at": "fields.resolutiondate",
    "status_category_changed_at": "fields.statuscategorychangedate",
    "due_date": "fields.duedate",
    "original_estimate_hours": "fields.timeoriginalestimate",
    "time_spent_hours": "fields.timespent",
}


class Change(msgspec.Struct, rename=RENAMED):
    """One field changed in one edit."""

    field: str
    field_id: str | None = None
    fieldtype: str | None = None
    from_id: Id = None
    from_name: str | None = None
    to_id: Id = None
    to_name: str | None = None

    @property
    def of(self) -> str | None:
        """The field of Jira's own; people may call one of theirs "status", too."""
        return None if self.fieldtype == "custom" else self.field_id or self.field


class History(msgspec.Struct):
    """One edit of an issue."""

    created: str | int | float
    items: list[Change]
    id: Id = None


class Changelog(msgspec.Struct):
    """The edits that came along, and how many there are."""

    histories: list[History]
    total: int | None = None


class IssueChangelog(msgspec.Struct):
    """The edits of one issue in a bulk download."""

    issueId: str | int  # noqa: N815
    changeHistories: msgspec.Raw  # noqa: N815


class Page(msgspec.Struct, rename={"own_url": "self"}):
    """A page of a search or of changelogs, or, where `fields` is there, a single issue."""

    issues: list[msgspec.Raw] | None = None
    fields: msgspec.Raw = msgspec.Raw()
    issueChangeLogs: list[msgspec.Raw] | None = None  # noqa: N815
    values: list[msgspec.Raw] | None = None
    startAt: Any = None  # noqa: N815
    total: Any = None
    isLast: Any = None  # noqa: N815
    nextPageToken: Any = None  # noqa: N815
    nextPage: Any = None  # noqa: N815
    own_url: Any = None

    @property
    def goes_on(self) -> bool:
        """Does a further page follow?"""
        return bool(self.nextPageToken) or self.isLast is False

    @property
    def is_end(self) -> bool:
        """Is it the last page of a search that does not say how much it found?"""
        return not self.goes_on and (self.isLast is True or self.total is None)

    @property
    def is_changelog(self) -> bool:
        """Is it a page of one issue's changelog?"""
        if self.values is None:
            return False
        return bool(CHANGELOG_OF.search(f"{self.own_url} {self.nextPage}")) or any(
            map(_has_edits, self.values)
        )


class Record(NamedTuple):
    """An issue, not yet decoded, and its line or number in its file."""

    place: int
    content: bytes | msgspec.Raw


class Edits(NamedTuple):
    """Edits of one issue from a changelog download, not yet decoded."""

    place: int
    issue: str | None
    histories: list[msgspec.Raw] | msgspec.Raw
    total: int | None = None
    is_whole: bool = False


@dataclass
class Contents:
    """What one file holds."""

    file: File
    unit: str
    issues: list[Record] = field(default_factory=list)
    searches: list[Page] = field(default_factory=list)
    edits: list[Edits] = field(default_factory=list)
    bulks: list[Page] = field(default_factory=list)


def contents_of(file: File) -> Contents:
    """Return the issues and changelogs in a file.

    A file in which nothing has the `fields` of an issue or the edits of a changelog holds nothing
    of ours.
    """
    unit, documents = _documents(file)
    found = Contents(file, unit)
    for place, document in documents:
        page = _page(document)
        if page.issues is not None:
            found.searches.append(page)
            numbers = _places(unit, place, len(found.issues))
            found.issues += map(Record, numbers, page.issues)
        elif page.issueChangeLogs is not None:
            found.bulks.append(page)
            numbers = _places(unit, place, len(found.edits))
            found.edits += map(_bulk_edits, numbers, page.issueChangeLogs)
        elif page.is_changelog:
            found.edits.append(_edits(file, place, page))
        else:
            number = next(_places(unit, place, len(found.issues)))
            found.issues.append(Record(number, document))
    if not found.edits and not any(bytes(_page(issue.content).fields) for issue in found.issues):
        found.issues, found.searches = [], []
    return found


def _documents(file: File) -> tuple[str, list[Record]]:
    """Return what a record is counted by, and the documents: the file, its list, or its lines."""
    content = file.read()
    try:
        content = as_utf_8(content)
        document = msgspec.json.decode(content, type=msgspec.Raw)
        is_list = bytes(memoryview(document)[:1]) == b"["
        documents = msgspec.json.decode(content, type=list[msgspec.Raw]) if is_list else [document]
    except UNDECODABLE as error:
        lines = [Record(n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
        is_lines = "trailing characters" in str(error) or file.suffix in LINE_SUFFIXES
        if is_lines and len(lines) > 1 and not isinstance(error, UnicodeDecodeError):
            return "line", lines
        raise UnreadableFileError(f"{file}: {in_words(str(error))}.") from None
    return "issue", [Record(n, document) for n, document in enumerate(documents, 1)]


def _page(document: bytes | msgspec.Raw) -> Page:
    try:
        return msgspec.json.decode(document, type=Page)
    except UNDECODABLE:
        return Page()


def _places(unit: str, place: int, before: int) -> Iterator[int]:
    """Yield the line of what a line holds, and otherwise go on counting."""
    while True:
        before += 1
        yield place if unit == "line" else before


def _bulk_edits(place: int, log: msgspec.Raw) -> Edits:
    try:
        found = msgspec.json.decode(log, type=IssueChangelog)
    except UNDECODABLE:
        return Edits(place, None, log)
    return Edits(place, str(found.issueId), found.changeHistories, is_whole=True)


def _edits(file: File, place: int, page: Page) -> Edits:
    told = CHANGELOG_OF.search(f"{page.own_url} {page.nextPage}")
    issue = told or ISSUE_FILE.match(file.name.rpartition("/")[2])
    is_all = page.isLast is True and not page.startAt
    total = page.total if isinstance(page.total, int) else 0 if is_all else None
    return Edits(place, issue[1] if issue else None, page.values or [], total)


def _has_edits(value: msgspec.Raw) -> bool:
    try:
        keys = msgspec.json.decode(value, type=dict[str, msgspec.Raw]).keys()
    except UNDECODABLE:
        return False
    return keys >= {"items", "created"}


def issue_type(columns: Mapping[str, str]) -> type[msgspec.Struct]:
    """Return the type of an issue whose fields include the custom ones."""
    names = {attribute(name): name for name in columns.values() if not hasattr(Fields, name)}
    custom: list[tuple[str, Any, Any]] = [(name, Any, None) for name in names]
    fields = msgspec.defstruct("CustomFields", custom, bases=(Fields,), rename=names)
    parts: list[Any] = [
        ("id", str | int),
        ("key", str),
        ("fields", fields),
        ("changelog", Changelog | None, None),
    ]
    return msgspec.defstruct("Issue", parts)


def require_fields(
    file: str, columns: Mapping[str, str], issues: Mapping[int, Any], contents: Sequence[Contents]
) -> None:
    """Refuse a field in `columns` that no issue has, not even empty.

    Raises
    ------
    MissingColumnsError
        If there is one.
    """
    empty = [
        name
        for name in columns.values()
        if all(getattr(issue.fields, attribute(name)) is None for issue in issues.values())
    ]
    if not empty or not issues:
        return
    records = [record for found in contents for record in found.issues]
    names = {name: None for n in issues for name in _field_names(records[n])}
    absent = [name for name in empty if name not in names]
    if absent:
        raise MissingColumnsError(file, absent, names)


def _field_names(record: Record) -> Iterable[str]:
    return msgspec.json.decode(_page(record.content).fields, type=dict[str, msgspec.Raw])


def attribute(name: str) -> str:
    """Return the Python name of a field of any name."""
    return name if hasattr(Fields, name) else "custom_" + name.encode().hex()


def names_of(things: Any) -> list[str]:
    """Return the names of a list of Jira's objects; a Server sprint hides its own in a text."""
    names = [
        thing.get("name", thing.get("value"))
        if isinstance(thing, dict)
        else getattr(thing, "name", thing)
        for thing in (things if isinstance(things, list) else [things])
    ]
    texts = [name for name in names if isinstance(name, str)]
    return [match[1] if (match := SPRINT_NAME.match(text)) else text for text in texts]


def text(value: object) -> str | None:
    """Return an id as text, however it is written."""
    return None if value is None else str(value)


def in_words(message: str) -> str:
    """Return the decoder's message as a part of a sentence."""
    return message if message.startswith("JSON") else message[:1].lower() + message[1:]
