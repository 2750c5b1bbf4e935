"""Issues of Jira's JSON decoded file by file: of each file only columns stay in memory."""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pandas as pd

from pmanalytics.calendars import ISO_DAY
from pmanalytics.errors import MissingColumnsError
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import (
    UNDECODABLE,
    WHERE_READ,
    Keyed,
    Named,
    Page,
    Version,
    attribute,
    creation_in,
    issue_type,
    link_text,
    names_of,
    page_type,
    status_name,
)
from pmanalytics.loaders.jira.changelogs import Edited, own_changelog, reject_undecodable
from pmanalytics.loaders.jira.documents import Contents, contents_of, field_names, sprint_field
from pmanalytics.loaders.jira.growing import NUMBER, TEXT, WHOLE, Distinct, Growing
from pmanalytics.loaders.jira.mend import mended_issues
from pmanalytics.loaders.sources.files import File
from pmanalytics.schemas import WorkItems, dtypes, empty

WORK_ITEM_KINDS = dtypes(WorkItems)
ISSUES_AT_ONCE = 100
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
BEGINNING = {"record": WHOLE, "creation": WHOLE, "total": WHOLE}
HEADS = ["item_id", "key", "item_type", "created_at", "updated_at", "creation", "total"]
PLANNED = {"record": WHOLE, "version": WHOLE}
Decoder: TypeAlias = msgspec.json.Decoder[Any]
Decoded: TypeAlias = tuple[int, Any, Any]


@dataclass
class Issues:
    """What files hold of issues.

    `heads` tells of each issue that can be decoded what its history begins with (its `creation`
    among the changes of `edits`), and how many edits came along (missing where no changelog did);
    `planned` says for which of the `versions`, each with its project, issues are planned.
    """

    fields: Mapping[str, str]
    intake: Intake
    contents: list[Contents] = field(default_factory=list)
    n_records: int = 0
    heads: pd.DataFrame = field(default_factory=pd.DataFrame)
    edits: Edited = field(default_factory=Edited)
    planned: Growing = field(default_factory=lambda: Growing(PLANNED))
    versions: Distinct[tuple[str | None, Version]] = field(default_factory=Distinct)


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
    kind = issue_type(fields)
    decoder: Decoder = msgspec.json.Decoder(kind, strict=False)
    whole: Decoder = msgspec.json.Decoder(page_type(kind), strict=False)
    parted: Decoder = msgspec.json.Decoder(Page)
    items = Growing(BEGINNING | ITEMS | {_further(name): None for name in fields})
    absent, names = list(asked), dict[str, None]()
    for file in files:
        # The names of fields and what is to be mended are read off undecoded issues.
        contents = contents_of(file, parted if absent or file.corrections else whole)
        sprints = None if "sprints" in fields else sprint_field(contents)
        if sprints:
            return _decoded(files, {"sprints": sprints, **fields}, asked)
        for batch in _batches(found, decoder, contents):
            issues = [issue for _, _, issue in batch]
            records = [record for record, _, _ in batch]
            items.add(_items(issues, fields) | _beginnings(found, records, issues))
            absent = [
                name for name in absent if all(value is None for value in _values(issues, name))
            ]
            known = [content for _, content, _ in batch if absent]
            names |= {name: None for content in known for name in field_names(content)}
        contents.close()
        found.contents.append(contents)
    _number(found, items.frame().set_index("record"))
    if names and not names.keys() >= {*absent}:
        raise MissingColumnsError(intake.file, [n for n in absent if n not in names], names)
    return found


def _batches(found: Issues, decoder: Decoder, contents: Contents) -> Iterator[list[Decoded]]:
    """Yield the issues of a file, not too many at once."""
    issues = _issues(found, decoder, contents)
    while batch := list(islice(issues, ISSUES_AT_ONCE)):
        yield batch


def _issues(found: Issues, decoder: Decoder, contents: Contents) -> Iterator[Decoded]:
    """Yield the number of each record, its JSON and its issue; what is none is set aside."""
    first = found.n_records
    found.n_records += len(contents.issues)
    for record, content in mended_issues(found.intake, contents, first):
        try:
            is_encoded = isinstance(content, bytes | msgspec.Raw)
            issue = decoder.decode(content) if is_encoded else content
        except UNDECODABLE as error:
            reject_undecodable(found.intake, record, error)
        else:
            issue.id = issue.key if issue.id is None else issue.id
            yield record, content, issue


def _beginnings(found: Issues, records: list[int], issues: list[Any]) -> dict[str, list[Any]]:
    """Return what the histories of issues begin with, and keep what else they tell."""
    logs = [own_changelog(issue) for issue in issues]
    found.edits.add(records, [log.edits or [] if log else [] for log in logs])
    planned = [
        (record, found.versions[_key(issue.fields.project), version])
        for record, issue in zip(records, issues, strict=True)
        for version in issue.fields.fixVersions or []
    ]
    found.planned.add({"record": [p[0] for p in planned], "version": [p[1] for p in planned]})
    return {
        "record": records,
        "creation": [found.edits.changes[creation_in(issue.fields.status)] for issue in issues],
        "total": [None if log is None else log.total or 0 for log in logs],
    }


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
    further = {name: items[_further(name)] for name in found.fields}
    found.intake.cells = items[list(ITEMS)].assign(**further)
    found.heads = items[HEADS]


def _items(issues: list[Any], columns: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the cells of issues: the columns of `ITEMS` and then further ones."""
    fields = [issue.fields for issue in issues]
    items = {
        "item_id": [str(issue.id) for issue in issues],
        "key": [issue.key for issue in issues],
        "project_key": _keys(each.project for each in fields),
        "summary": [each.summary for each in fields],
        "item_type": _names(each.issuetype for each in fields),
        "status": [status_name(e.status.name, e.status.id, unknown=None) for e in fields],
        "status_category": _keys(each.status.statusCategory for each in fields),
        "priority": _names(each.priority for each in fields),
        "resolution": _names(each.resolution for each in fields),
        "created_at": [each.created for each in fields],
        "updated_at": [each.updated for each in fields],
        "resolved_at": [each.resolutiondate for each in fields],
        "status_category_changed_at": [each.statuscategorychangedate for each in fields],
        "due_date": [_day_of(each.duedate) for each in fields],
        "parent_key": _keys(each.parent for each in fields),
        "original_estimate_hours": [each.timeoriginalestimate for each in fields],
        "time_spent_hours": [each.timespent for each in fields],
        "labels": [each.labels or [] for each in fields],
        "components": [_known_names(each.components) for each in fields],
        "fix_versions": [_known_names(each.fixVersions) for each in fields],
        "affects_versions": [_known_names(each.versions) for each in fields],
        "sprints": [[*names_of(each.closedSprints), *names_of(each.sprint)] for each in fields],
        "links": [
            [link_text(link) for link in each.issuelinks or [] if link.outwardIssue]
            for each in fields
        ],
    }
    for name, custom in columns.items():
        values = _values(issues, custom)
        is_list, is_single = WORK_ITEM_KINDS.get(name) == np.dtype(object), name in WORK_ITEM_KINDS
        cells = [names_of(v) if is_list else _plain(v, is_single) for v in values]
        items[_further(name)] = [_day_of(v) for v in cells] if name == "due_date" else cells
    return items


def _further(name: str) -> str:
    """Return what a column asked for is called beside the one it may replace."""
    return f"columns.{name}"


def _values(issues: list[Any], field_name: str) -> list[Any]:
    """Return what a field of any name holds in each issue."""
    name = attribute(field_name)
    return [getattr(issue.fields, name) for issue in issues]


def _names(things: Iterable[Named | None]) -> list[str | None]:
    return [thing.name if thing else None for thing in things]


def _keys(things: Iterable[Keyed | None]) -> list[str | None]:
    return [_key(thing) for thing in things]


def _key(thing: Keyed | None) -> str | None:
    return thing.key if thing else None


def _known_names(things: Sequence[Named | Version] | None) -> list[str]:
    return [thing.name for thing in things if thing.name is not None] if things else []


def _day_of(due: Any) -> Any:
    """Return the day of a due date with a time as it is written, whatever the zone."""
    is_longer = isinstance(due, str) and len(due) > DAY_LETTERS
    return DAY_OF_TIME.sub(r"\1", due) if is_longer else due


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
