"""Which files hold which issues, pages and changelogs of Jira's, not yet decoded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import msgspec

from pmanalytics.errors import UnreadableFileError, counted
from pmanalytics.loaders.jira.api import (
    CHANGELOG_OF,
    UNDECODABLE,
    IssueChangelog,
    Page,
    in_words,
)
from pmanalytics.loaders.notes import Note
from pmanalytics.loaders.sources.encodings import as_utf_8
from pmanalytics.loaders.sources.files import File
from pmanalytics.portfolio import Search

LINE_SUFFIXES = (".jsonl", ".ndjson")
ISSUE_FILE = re.compile(r"([A-Z][A-Z0-9]*-\d+|\d+)(?=[_. ]|$)")
ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]*-\d+")
DEEPEST_PACKING = 3
PAGES = "pages"
# A list of sprints, as Server writes them and as Cloud does; the field's number differs by server.
SPRINTS = re.compile(
    rb'"(customfield_\d+)"\s*:\s*\[\s*'
    rb'(?:"com\.atlassian\.greenhopper\.service\.sprint\.Sprint@|\{[^{}\[\]]*"boardId"\s*:)'
)
NOT_JSON = (b"NaN", b"Infinity")
LARGEST_PAGE = 1 << 24  # bytes: of more the issues are not decoded all at once
Pages: TypeAlias = "msgspec.json.Decoder[Any]"


class Record(NamedTuple):
    """An issue, decoded only if its whole page was, and its line or number in its file."""

    place: int
    content: Any


class Document(NamedTuple):
    """A JSON document of a file, its line or number there, and what it is if it is a page."""

    place: int
    content: bytes | msgspec.Raw
    page: Page


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
    places: list[int] = field(default_factory=list)
    documents: list[bytes | msgspec.Raw] = field(default_factory=list)

    def close(self) -> None:
        """Let the issues go, so that files need not be in memory together; their places stay."""
        self.places = [issue.place for issue in self.issues]
        self.issues, self.documents = [], []
        for page in self.searches:
            page.issues = []


def contents_of(file: File, pages: Pages) -> Contents:
    """Return the issues and changelogs in a file; `pages` decodes a page, with its issues or not.

    A file in which nothing has the `fields` of an issue or the edits of a changelog holds nothing
    of ours.
    """
    unit, documents = _documents(file, pages)
    found = Contents(file, unit, documents=[document.content for document in documents])
    for place, document, page in _unpacked(documents):
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
    if not found.edits and not any(_has_fields(issue.content) for issue in found.issues):
        found.issues, found.searches = [], []
    return found


def _has_fields(issue: Any) -> bool:
    return not isinstance(issue, bytes | msgspec.Raw) or bool(bytes(_page(issue).fields))


def _unpacked(documents: Iterable[Document]) -> Iterator[Document]:
    """Yield the documents, of what another program packed them into what is inside."""
    for document in documents:
        yield from _inside(document) or [document]


def _inside(document: Document, depth: int = 0, *, is_named: bool = False) -> list[Document]:
    """Return the pages and issues in an object or a list that Jira did not write.

    What stands under an issue's key counts as one, whatever it is.
    """
    place, content, page = document
    if page.is_known:
        return [document]
    found: list[Document] = []
    if depth < DEEPEST_PACKING:
        for name, value in _members(content):
            held = Document(place, value, _page(value))
            found += _inside(held, depth + 1, is_named=bool(ISSUE_KEY.fullmatch(name)))
    return found or ([document] if is_named else [])


def _members(document: bytes | msgspec.Raw) -> Iterable[tuple[str, msgspec.Raw]]:
    try:
        held = msgspec.json.decode(document, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
    except UNDECODABLE:
        return []
    return held.items() if isinstance(held, dict) else [("", value) for value in held]


def _documents(file: File, pages: Pages) -> tuple[str, list[Document]]:
    """Return what a record is counted by, and the documents: the file, its list, or its lines."""
    content = file.read()
    if file.piece is not None:
        return "line", _in_lines(content, file.piece.n_lines_before)
    try:
        content = as_utf_8(content)
        return "issue", _listed(content, pages)
    except UNDECODABLE as error:
        is_lines = "trailing characters" in str(error) or file.suffix in LINE_SUFFIXES
        is_lines = is_lines and not isinstance(error, UnicodeDecodeError)
        if is_lines and len(documents := _in_lines(content)) > 1:
            return "line", documents
        if mended := _without_nan(content):
            return "issue", _listed(mended, pages)
        raise UnreadableFileError(_why_unread(str(file), content, str(error))) from None


def _in_lines(content: bytes, n_before: int = 0) -> list[Document]:
    """Return a document per line that is not blank."""
    lines = [(n, line) for n, line in enumerate(content.split(b"\n"), n_before + 1) if line.strip()]
    mended = [(n, _without_nan(line) or line) for n, line in lines]
    return [Document(n, line, _page(line)) for n, line in mended]


def _listed(content: bytes, pages: Pages) -> list[Document]:
    if content.lstrip()[:1] != b"[":
        if len(content) <= LARGEST_PAGE:
            with suppress(*UNDECODABLE):  # as it is where one of its issues cannot be decoded
                return [Document(1, content, pages.decode(content))]
        try:
            return [Document(1, content, msgspec.json.decode(content, type=Page))]
        except msgspec.ValidationError:  # no page, and perhaps no JSON
            msgspec.json.decode(content, type=msgspec.Raw)
            return [Document(1, content, Page())]
    documents = msgspec.json.decode(content, type=list[msgspec.Raw])
    return [Document(n, one, _page(one)) for n, one in enumerate(documents, 1)]


def _without_nan(content: bytes) -> bytes | None:
    """Return JSON without what Python writes for missing numbers, which is no JSON; None if so."""
    if not any(word in content for word in NOT_JSON):
        return None
    try:
        return json.dumps(json.loads(content, parse_constant=lambda _: None)).encode()
    except (ValueError, RecursionError):
        return None


def _why_unread(name: str, content: bytes, message: str) -> str:
    """Return what is wrong with a file, and in which line if the decoder tells the byte."""
    told = re.search(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)", message)
    if told is None:
        return f"{name}: {in_words(message)}. Export it again."
    line = content.count(b"\n", 0, int(told[2])) + 1
    return (
        f"{name}, line {line}: this is no JSON ({told[1]}). Correct it there, or export it again."
    )


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


def sprint_field(found: Contents) -> str | None:
    """Return the custom field that holds the sprints of issues; it may have any number."""
    for document in found.documents if found.issues else []:
        content = bytes(document)
        if b"sprint.Sprint@" in content or b'"boardId"' in content:
            field = SPRINTS.search(content)
            if field:
                return field[1].decode()
    return None


def field_names(issue: bytes | msgspec.Raw) -> Iterable[str]:
    """Return the names of all fields of an issue."""
    return msgspec.json.decode(_page(issue).fields, type=dict[str, msgspec.Raw])


def search_of(contents: Sequence[Contents], n_found: int) -> Search:
    """Return what the pages say of their search, of which they hold `n_found` issues."""
    pages = [page for found in contents for page in found.searches]
    totals = [page.total for page in pages if isinstance(page.total, int)]
    goes_on, is_end = any(page.goes_on for page in pages), any(page.is_end for page in pages)
    return Search(n_found, max(totals, default=0), goes_on, is_end)


def search_notes(name: str, search: Search) -> list[Note]:
    """Tell whether Jira found more issues than these pages hold."""
    held = counted(search.n_found, "issue")
    if search.total > search.n_found:
        found = counted(search.total, "issue")
        told = f"the search found {found}, these pages hold {search.n_found}"
    elif search.goes_on and not search.is_end:
        told = f"the search goes on after these pages, which hold {held}"
    else:
        return []
    return [Note(f"{name}: {told}: the export is incomplete.", subject=PAGES)]
