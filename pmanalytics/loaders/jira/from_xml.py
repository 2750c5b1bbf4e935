"""Work items from Jira's XML export of a search (`searchrequest-xml`, RSS 0.92)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pmanalytics.errors import ConfigError, UnreadableFileError, counted, require_texts
from pmanalytics.loaders.cells.convert import typed
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import names_of
from pmanalytics.loaders.jira.exports import JiraSource, close_newest, export_files, in_hours
from pmanalytics.loaders.jira.mend import mend_items
from pmanalytics.loaders.sources.files import File
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import WorkItems

SUFFIXES = (".xml", ".rss")
JIRA_CUTS_AT = 1_000
SPRINT_TYPE, EPIC_TYPE = ":gh-sprint", ":gh-epic-link"
POINTS = ("Story Points", "Story point estimate")
UNRESOLVED = "-1"
# Jira's remark at the top names <?xml-stylesheet …?>, which begins nothing.
BEGINNING = re.compile(r"<\?xml\s|<rss\b")
DECLARED = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']""")
# Jira lets control characters through from comments; one would make the whole file no XML.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    "|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));"
)
# A due date is a day: the midnight of the person who exported must not move it into the day before.
ZONE_OF_TIME = re.compile(r"(\d{2}:\d{2}:\d{2}(?:\.\d+)?)\s*(?:[+-]\d{2}:?\d{2}|Z)$")
LISTS = {
    "labels": "labels/label",
    "components": "component",
    "fix_versions": "fixVersion",
    "affects_versions": "version",
}


class Channel(NamedTuple):
    """What one file holds: its issues, how many the search found, and letters that were damaged."""

    file: File
    items: list[Element]
    total: int
    n_forbidden: int


def load_jira_xml(
    source: JiraSource | Sequence[JiraSource],
    *,
    time_zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    known: pd.DataFrame | None = None,
    quarantine: Quarantine | None = None,
) -> pd.DataFrame:
    """Which issues does an XML export of a search hold, and how do they stand?

    Such an export has no status history; for the time spent in each status use the JSON of Jira's
    search with its changelog (`load_jira_json`).

    Parameters
    ----------
    source
        The XML file, as Jira wrote it or as a browser showed and saved it; or a folder or zip
        archive of such files, or a list of these.
    time_zone
        IANA zone of times without an offset. Jira's own have one.
    columns
        Our column name → name or id of a custom field, such as {"story_points": "Story Points"}
        or {"story_points": "customfield_10016"}, or an element of the issue, such as
        {"assignee": "assignee"}.
    known
        `WorkItems` of another export, such as the JSON: issues in it count there, not again.
    quarantine
        Takes the issues that cannot be used, so that the rest loads.

    Returns
    -------
    pandas.DataFrame
        `WorkItems`: one row per issue. Of an issue that occurs twice the newest state is kept.

    Raises
    ------
    UnreadableFileError
        If there is no XML to read, or no Jira issue in it.
    BadRowsError
        If issues cannot be used and there is no quarantine.
    """
    require_texts("columns", columns or {})
    reading = Reading(time_zone=time_zone)
    name, files = export_files(source, SUFFIXES)
    channels = [_channel(file) for file in files]
    items = [item for channel in channels for item in channel.items]
    if all(item.find("key") is None for item in items):
        hint = " It is a feed to read; export the search as XML." if items else ""
        raise UnreadableFileError(f"{name}: there is no Jira issue in it.{hint}")
    intake = _opened(channels, columns or {})
    mend_items(intake, files)
    intake.notes += _notes(name, channels, intake)
    table = in_hours(typed(intake, WorkItems, reading))
    intake.sound(table, WorkItems, unique=False)
    return close_newest(intake, table, known, quarantine)


def _channel(file: File) -> Channel:
    """Return the issues of a file; of prose around the document a browser is the author."""
    text, n_forbidden = _text(file)
    beginning = BEGINNING.search(text)
    if beginning is None:
        raise UnreadableFileError(f"{file}: this is no XML as Jira exports it.")
    start, end = beginning.start(), text.rfind("</rss>")
    document = text[start : end + len("</rss>") if end >= 0 else None]
    try:
        root = fromstring(document, forbid_dtd=True)
    except ParseError as error:
        line = error.position[0] + text.count("\n", 0, start)
        reason = str(error).partition(":")[0]
        raise UnreadableFileError(
            f"{file}, line {line}: the XML is damaged or cut off ({reason}). Export it again."
        ) from None
    except DefusedXmlException:
        raise UnreadableFileError(
            f"{file}: it declares a document type or entities, which Jira never does and "
            "attacks do; it is not read."
        ) from None
    items = list(root.iterfind("channel/item"))
    told = root.find("channel/issue")
    written = "" if told is None else told.get("total", "")
    total = int(written) if re.fullmatch("[0-9]{1,9}", written) else 0
    return Channel(file, items, total, n_forbidden)


def _text(file: File) -> tuple[str, int]:
    """Return the text without what XML forbids, and how many letters that were."""
    declared = DECLARED.search(file.head())
    encoding = declared[1].decode() if declared else None
    try:
        text, _ = file.text(Reading(encoding=encoding).encoding)
    except ConfigError:
        raise UnreadableFileError(
            f"{file}: it says its encoding is {encoding!r}, which is not known."
        ) from None
    return FORBIDDEN.subn("\ufffd", text)


def _opened(channels: Sequence[Channel], columns: Mapping[str, str]) -> Intake:
    names = [channel.file.name for channel in channels]
    codes = [code for code, channel in enumerate(channels) for _ in channel.items]
    numbers = [n for channel in channels for n, _ in enumerate(channel.items, 1)]
    where = pd.DataFrame({"file": pd.Categorical.from_codes(codes, names), "line": numbers})
    cells = [_cells(item, columns) for channel in channels for item in channel.items]
    return Intake("Jira XML", pd.DataFrame(cells, index=where.index), where, "item")


def _cells(item: Element, columns: Mapping[str, str]) -> dict[str, object]:
    text = _reader(item)
    key, fields = text("key"), item.findall("customfields/customfield")
    due = text("due")
    cells: dict[str, object] = {
        "item_id": text("key", "id") or key,
        "key": key,
        "project_key": text("project", "key"),
        "summary": text("summary"),
        "item_type": text("type"),
        "status": text("status"),
        "status_category": text("statusCategory", "key"),
        "priority": text("priority"),
        "resolution": None if text("resolution", "id") == UNRESOLVED else text("resolution"),
        "created_at": text("created"),
        "updated_at": text("updated"),
        "resolved_at": text("resolved"),
        "due_date": ZONE_OF_TIME.sub(r"\1", due) if due else None,
        "parent_key": text("parent") or _first(fields, [], EPIC_TYPE),
        "story_points": _first(fields, POINTS),
        "original_estimate_hours": text("timeoriginalestimate", "seconds"),
        "time_spent_hours": text("timespent", "seconds"),
        "links": _links(item),
        "sprints": names_of([v for f in fields if _is_sprint(f) for v in _values(f)]),
        "history_complete": False,
    }
    cells |= {name: _texts(item.findall(path)) for name, path in LISTS.items()}
    return cells | {name: _named(item, fields, name, wanted) for name, wanted in columns.items()}


def _reader(item: Element) -> Callable[..., str | None]:
    """Return what reads an element of the issue, or an attribute of it."""

    def text(tag: str, attribute: str | None = None) -> str | None:
        element = item.find(tag)
        if element is None:
            return None
        found = element.get(attribute, "") if attribute else "".join(element.itertext())
        return found.strip() or None

    return text


def _texts(elements: Sequence[Element]) -> list[str]:
    texts = ["".join(element.itertext()).strip() for element in elements]
    return [text for text in texts if text]


def _values(field: Element) -> list[str]:
    return _texts(field.findall("customfieldvalues/*"))


def _first(fields: Sequence[Element], names: Sequence[str], kind: str = "?") -> str | None:
    """Return the first value of the custom fields of these names or this kind."""
    found = [
        value
        for field in fields
        if field.get("key", "").endswith(kind) or field.findtext("customfieldname") in names
        for value in _values(field)
    ]
    return found[0] if found else None


def _is_sprint(field: Element) -> bool:
    is_named = (field.findtext("customfieldname") or "").strip() == "Sprint"
    return is_named or field.get("key", "").endswith(SPRINT_TYPE)


def _named(item: Element, fields: Sequence[Element], name: str, wanted: str) -> object:
    """Return the value of a custom field, or of an element of the issue."""
    found = [
        field
        for field in fields
        if wanted in (field.get("id"), (field.findtext("customfieldname") or "").strip())
    ]
    values = [value for field in found for value in _values(field)]
    if not found and re.fullmatch(r"\w+", wanted):
        values = _texts(item.findall(wanted))
    if name in [*LISTS, "sprints"]:
        return names_of(values)
    return ", ".join(values) or None


def _links(item: Element) -> list[str]:
    return [
        f"{(kind.findtext('name') or '').strip()}: {key}"
        for kind in item.iterfind("issuelinks/issuelinktype")
        for key in _texts(kind.findall("outwardlinks/issuelink/issuekey"))
    ]


def _notes(name: str, channels: Sequence[Channel], intake: Intake) -> list[str]:
    """Tell whether Jira found more issues than the files hold, or may have."""
    n_issues = intake.cells["item_id"].nunique()
    total = max(channel.total for channel in channels)
    notes = [
        f"{channel.file}: exactly 1,000 issues: Jira cuts exports there. Export in parts."
        for channel in channels
        if len(channel.items) == JIRA_CUTS_AT
    ]
    notes += [
        f"{channel.file}: {counted(channel.n_forbidden, 'letter')} that XML forbids became \ufffd."
        for channel in channels
        if channel.n_forbidden
    ]
    if total > n_issues:
        notes.append(
            f"{name}: the search found {counted(total, 'issue')}, the export holds {n_issues}: "
            "it is incomplete."
        )
    return notes
