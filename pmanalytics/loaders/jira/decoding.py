"""Issues of Jira's JSON decoded file by file: of each file only columns stay in memory."""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from pmanalytics.calendars import ISO_DAY
from pmanalytics.errors import MissingColumnsError
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import (
    UNDECODABLE,
    WHERE_READ,
    Keyed,
    Named,
    attribute,
    issue_type,
    link_text,
    names_of,
    status_name,
    text,
)
from pmanalytics.loaders.jira.changelogs import EDITS, edits_of, own_changelog, reject_undecodable
from pmanalytics.loaders.jira.documents import Contents, contents_of, field_names, sprint_field
from pmanalytics.loaders.jira.growing import NUMBER, TEXT, WHOLE, Growing
from pmanalytics.loaders.jira.mend import mended_issues
from pmanalytics.loaders.sources.files import File
from pmanalytics.schemas import WorkItems, dtypes, empty

WORK_ITEM_KINDS = dtypes(WorkItems)
DAY_LETTERS = 10
DAY_OF_TIME = re.compile(rf"({ISO_DAY})[T ]\d\d:.*")
TEXTS = [
    "item_id", "key", "project_key", "summary", "item_type", "status", "status_category",
    "priority", "resolution", "created_at", "updated_at", "resolved_at",
    "status_category_changed_at", "due_date", "parent_key",
]  # fmt: skip
EFFORTS = ["original_estimate_hours", "time_spent_hours"]
LISTS = ["labels", "components", "fix_versions", "affects_versions", "sprints", "links"]
ITEMS = dict.fromkeys(TEXTS, TEXT) | dict.fromkeys(EFFORTS, NUMBER) | dict.fromkeys(LISTS)
HEADS = {
    "record": WHOLE, "item_id": TEXT, "key": TEXT, "item_type": TEXT, "created": TEXT,
    "updated": TEXT, "status_id": TEXT, "status": TEXT, "total": WHOLE,
}  # fmt: skip
VERSIONS = {
    "record": WHOLE, "release_id": TEXT, "project_key": TEXT, "name": TEXT, "release_date": TEXT,
    "is_released": pa.bool_(),
}  # fmt: skip


@dataclass
class Issues:
    """What files hold of issues.

    `heads` tells of each issue that can be decoded what its history begins with, and how many
    edits came along (missing where no changelog did); `edits` are these, and `versions` those that
    issues are planned for.
    """

    fields: Mapping[str, str]
    intake: Intake
    contents: list[Contents] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    heads: Growing = field(default_factory=lambda: Growing(HEADS))
    edits: Growing = field(default_factory=lambda: Growing(EDITS))
    versions: Growing = field(default_factory=lambda: Growing(VERSIONS))


def issues_in(files: Sequence[File], columns: Mapping[str, str]) -> Issues:
    """Decode all issues; what cannot be is set aside.

    Raises
    ------
    UnreadableFileError, MissingColumnsError
        If there is no JSON to read, or no issue has a field named in `columns`, not even empty.
    """
    with _no_collection():
        return _decoded(files, columns, columns.values())


def _decoded(files: Sequence[File], fields: Mapping[str, str], asked: Collection[str]) -> Issues:
    """Decode all issues with these fields; from the beginning again once sprints are found."""
    intake = Intake("Jira JSON", empty(WorkItems), empty(WorkItems))
    intake.headers = WHERE_READ | {name: f"fields.{custom}" for name, custom in fields.items()}
    found = Issues(fields, intake)
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(issue_type(fields), strict=False)
    items = Growing(ITEMS | dict.fromkeys(fields))
    absent, names = list(asked), dict[str, None]()
    for file in files:
        contents = contents_of(file)
        sprints = None if "sprints" in fields else sprint_field(contents)
        if sprints:
            return _decoded(files, {"sprints": sprints, **fields}, asked)
        known = []
        for record, content, issue in _issues(found, decoder, contents):
            items.add([_item(issue, fields)])
            _take(found, record, issue)
            absent = [name for name in absent if getattr(issue.fields, attribute(name)) is None]
            known += [content] if absent else []
        names |= {name: None for content in known for name in field_names(content)}
        contents.close()
        found.contents.append(contents)
    _number(found, items.frame())
    if names and not names.keys() >= {*absent}:
        raise MissingColumnsError(intake.file, [n for n in absent if n not in names], names)
    return found


def _issues(
    found: Issues, decoder: msgspec.json.Decoder[Any], contents: Contents
) -> Iterator[tuple[int, bytes | msgspec.Raw, Any]]:
    """Yield the number of each record, its JSON and its issue; what is none is set aside."""
    first = sum(len(each.places) for each in found.contents)
    for record, content in mended_issues(found.intake, contents, first):
        try:
            issue = decoder.decode(content)
        except UNDECODABLE as error:
            reject_undecodable(found.intake, record, error)
        else:
            issue.id = issue.key if issue.id is None else issue.id
            yield record, content, issue


def _take(found: Issues, record: int, issue: Any) -> None:
    """Keep what an issue tells beside its fields."""
    found.records.append(record)
    own = own_changelog(issue)
    total = None if own is None else own.total or 0
    fields = issue.fields
    head = record, str(issue.id), issue.key, _name(fields.issuetype), fields.created
    status = text(fields.status.id), status_name(fields.status.name, fields.status.id)
    found.heads.add([(*head, fields.updated, *status, total)])
    found.edits.add(edits_of(record, own.edits or [] if own else []))
    project = _key(fields.project)
    for version in fields.fixVersions or []:
        known = text(version.id) or f"{project}/{version.name}"
        name = version.name or f"(version {known})"
        told = record, known, project, name, version.releaseDate, version.released
        found.versions.add([told])


def _number(found: Issues, items: pd.DataFrame) -> None:
    """Give the intake its cells, and the file and place of all records.

    Files with nothing but changelogs are not among them.
    """
    held = [each for each in found.contents if each.places or not each.edits]
    codes = np.repeat(range(len(held)), [len(each.places) for each in held])
    files = pd.Categorical.from_codes(codes, [each.file.name for each in held])
    lines = [place for each in held for place in each.places]
    is_lines = {each.unit for each in held if each.places} == {"line"}
    found.intake.unit = "line" if is_lines else "issue"
    found.intake.where = pd.DataFrame({"file": files, "line": lines})
    found.intake.cells = items.set_axis(found.records)


def _item(issue: Any, columns: Mapping[str, str]) -> tuple[object, ...]:
    """Return the cells of an issue, in the order of `ITEMS` and then of further columns."""
    fields = issue.fields
    item = {
        "item_id": str(issue.id),
        "key": issue.key,
        "project_key": _key(fields.project),
        "summary": fields.summary,
        "item_type": _name(fields.issuetype),
        "status": status_name(fields.status.name, fields.status.id, unknown=None),
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
        "components": [thing.name for thing in fields.components or [] if thing.name is not None],
        "fix_versions": [
            thing.name for thing in fields.fixVersions or [] if thing.name is not None
        ],
        "affects_versions": [
            thing.name for thing in fields.versions or [] if thing.name is not None
        ],
        "sprints": [*names_of(fields.closedSprints), *names_of(fields.sprint)],
        "links": [link_text(link) for link in fields.issuelinks or [] if link.outwardIssue],
    }
    for name, custom in columns.items():
        value = getattr(fields, attribute(custom))
        is_list = WORK_ITEM_KINDS.get(name) == np.dtype(object)
        item[name] = names_of(value) if is_list else _plain(value, name in WORK_ITEM_KINDS)
    due = item["due_date"]
    if isinstance(due, str) and len(due) > DAY_LETTERS:  # the day as written, whatever the zone
        item["due_date"] = DAY_OF_TIME.sub(r"\1", due)
    return tuple(item.values())


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


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for cycles in millions of things: decoded JSON has none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
