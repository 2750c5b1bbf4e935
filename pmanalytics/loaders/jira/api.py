"""What Jira's REST API writes: issues, pages of them, and changelogs, in v2, v3 and agile 1.0.

Only the fields that are asked for are decoded; all others, such as descriptions, are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from pmanalytics.lifecycle import UNKNOWN_STATUS

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
FLAG = "Flagged"
CHANGELOG_OF = re.compile(r"/issue/([^/?]+)/changelog\b")
# Jira Server writes a sprint as a Java object in text; its name may hold commas and brackets.
SPRINT_NAME = re.compile(r"[\w.$]+@\w+\[(?:.*?,)?name=(.*?)(?=,\w+=|\]$)")

Id: TypeAlias = str | int | None


class Named(msgspec.Struct):
    """Anything of Jira's that has a name."""

    name: str | None = None


class Keyed(msgspec.Struct):
    """Anything of Jira's that has a key."""

    key: str | None = None


class Version(msgspec.Struct, frozen=True):
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


class LinkType(msgspec.Struct):
    """A kind of links: its name, or else what it says of the issue that links."""

    name: str | None = None
    outward: str | None = None


class Link(msgspec.Struct):
    """A link from one issue to another."""

    type: LinkType = msgspec.field(default_factory=LinkType)
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
    changelog: Changelog | list[Edit] | None = None


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


class Change(msgspec.Struct, rename=RENAMED, frozen=True):
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
        """The field of Jira's own; people may call one of theirs "status", too.

        The flag is Jira's own and yet a custom field, known by its name only.
        """
        if self.fieldtype == "custom":
            return FLAG if self.field == FLAG else None
        return self.field_id or self.field

    @property
    def left(self) -> tuple[str | None, str | None]:
        """Id and name of what it was."""
        return self._end(self.from_id, self.from_name)

    @property
    def entered(self) -> tuple[str | None, str | None]:
        """Id and name of what it became."""
        return self._end(self.to_id, self.to_name)

    def _end(self, of_id: Id, name: str | None) -> tuple[str | None, str | None]:
        """Return id and name; of a flag, which has no id, its name is both."""
        known = (name or text(of_id)) if self.of == FLAG else text(of_id)
        return known, name or status_name(None, of_id)


class Edit(msgspec.Struct):
    """One edit of an issue."""

    created: str | int | float
    items: list[Change]
    id: Id = None


class Changelog(msgspec.Struct):
    """The edits that came along, and how many there are; `values` where they came apart."""

    histories: list[Edit] | None = None
    values: list[Edit] | None = None
    total: int | None = None

    @property
    def edits(self) -> list[Edit] | None:
        """The edits, wherever they stand."""
        return self.values if self.histories is None else self.histories


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
    def is_known(self) -> bool:
        """Is it anything that Jira writes?"""
        held = self.issues is not None or self.issueChangeLogs is not None
        return held or bool(bytes(self.fields)) or self.is_changelog

    @property
    def is_changelog(self) -> bool:
        """Is it a page of one issue's changelog?"""
        if self.values is None:
            return False
        return bool(CHANGELOG_OF.search(f"{self.own_url} {self.nextPage}")) or any(
            map(_has_edits, self.values)
        )


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
        ("key", str),
        ("fields", fields),
        ("id", Id, None),
        ("changelog", Changelog | list[Edit] | None, None),
        ("histories", list[Edit] | None, None),
    ]
    return msgspec.defstruct("Issue", parts)


def page_type(issue: type[msgspec.Struct]) -> type[Page]:
    """Return the type of a page whose issues are decoded with it."""
    return msgspec.defstruct("WholePage", [("issues", list[issue] | None, None)], bases=(Page,))  # type: ignore[valid-type, return-value]


def attribute(name: str) -> str:
    """Return the Python name of a field of any name."""
    return name if hasattr(Fields, name) else "custom_" + name.encode().hex()


def status_name(
    name: str | None, status_id: object, unknown: str | None = UNKNOWN_STATUS
) -> str | None:
    """Return the name of a status, or what stands for it where a deleted one has none."""
    return name or (f"(status {status_id})" if status_id else unknown)


def creation_in(status: Status) -> Change:
    """Return the creation of an issue in a status, as if it were a change."""
    return Change("status", to_id=status.id, to_name=status_name(status.name, status.id))


def names_of(things: Any) -> list[str]:
    """Return the names of a list of Jira's objects; a Server sprint hides its own in a text."""
    if not things:
        return []
    names = [
        thing.get("name", thing.get("value"))
        if isinstance(thing, dict)
        else getattr(thing, "name", thing)
        for thing in (things if isinstance(things, list) else [things])
    ]
    texts = [name for name in names if isinstance(name, str)]
    return [match[1] if (match := SPRINT_NAME.match(text)) else text for text in texts]


def link_text(link: Link) -> str:
    """Return a link as its kind and the key of the issue linked to."""
    kind = link.type.name or link.type.outward or "(link)"
    return f"{kind}: {link.outwardIssue.key if link.outwardIssue else None}"


def text(value: object) -> str | None:
    """Return an id as text, however it is written."""
    return value if value is None or isinstance(value, str) else str(value)


def in_words(message: str) -> str:
    """Return the decoder's message as a part of a sentence."""
    return message if message.startswith("JSON") else message[:1].lower() + message[1:]
