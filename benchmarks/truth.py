"""The clean records, typed by hand, and how each format writes them: what every reader must find.

Nothing here comes from our loaders, so that they cannot vouch for themselves.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Record = dict[str, object]
Grid = list[list[str]]

BERLIN = ZoneInfo("Europe/Berlin")
_PROJECT = (
    "project_id", "name", "status", "project_manager", "baseline_finish_date",
    "actual_finish_date", "baseline_budget", "actual_cost", "currency", "percent_complete",
    "region",
)  # fmt: skip
PROJECTS: list[Record] = [
    dict(zip(_PROJECT, row, strict=True))
    for row in [
        ("P-001", "Café relaunch", "done", "Ana Müller", date(2024, 3, 31), date(2024, 4, 15),
         1234.5, 1500.0, "EUR", 1.0, "Süd"),
        ("P-002", "Data lake", "open", "Bo Chen", date(2025, 4, 3), None,
         20000.0, 5000.25, "EUR", 0.45, "Nord"),
        ("P-003", "Depot move", "on_hold", None, date(2025, 12, 24), None,
         98765.43, None, "EUR", 0.1, "Ost"),
        ("P-004", "Ticket desk", "done", "Zoë Ångström", date(2024, 2, 1), date(2024, 2, 29),
         4321.99, 4000.0, "EUR", 1.0, "West"),
        ("P-005", "Payroll", "cancelled", "Bo Chen", date(2024, 11, 30), date(2024, 8, 7),
         1500000.0, 250000.75, "EUR", 0.3, "Nord"),
        ("P-006", "Archive", "open", "Ana Müller", date(2026, 1, 5), None,
         3000.0, 1100.0, "EUR", 0.55, "Ost"),
        ("P-007", "Élan app", "done", "José Núñez", date(2023, 10, 13), date(2023, 10, 12),
         8080.8, 8081.81, "EUR", 1.0, "West"),
        ("P-008", "Harbour map", "open", None, None, None,
         None, None, None, None, "Süd"),
    ]
]  # fmt: skip
DATES = ("baseline_finish_date", "actual_finish_date")
MONEY = ("baseline_budget", "actual_cost")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


HISTORY: list[Record] = [
    {"item_id": item, "changed_at": _at(at), "to_status": status}
    for item, at, status in [
        ("P-001", "2024-01-08T09:00+01:00", "Initiation"),
        ("P-001", "2024-02-13T14:05+01:00", "Planning"),
        ("P-001", "2024-04-15T23:30+02:00", "Execution"),
        ("P-002", "2024-03-21T00:15+01:00", "Initiation"),
        ("P-002", "2024-07-30T12:00+02:00", "Closure"),
    ]
]
_ISSUE = (
    "item_id", "key", "summary", "item_type", "status", "created_at", "updated_at", "resolved_at",
    "due_date", "parent_key", "original_estimate_hours", "labels", "fix_versions", "sprints",
)  # fmt: skip
ISSUES: list[Record] = [
    dict(zip(_ISSUE, row, strict=True))
    for row in [
        ("10001", "ABC-1", "Prüfung läuft", "Epic", "In Progress", _at("2024-02-13T14:05+01:00"),
         _at("2024-07-30T09:15+02:00"), None, date(2024, 12, 24), None,
         None, [], [], []),
        ("10002", "ABC-2", "Log in, log out", "Story", "Done", _at("2024-02-14T08:30+01:00"),
         _at("2024-04-01T00:10+02:00"), _at("2024-04-01T00:10+02:00"), date(2024, 4, 3), "ABC-1",
         8.0, ["alpha", "beta"], ["R1"], ["Sprint 1", "Sprint 2"]),
        ("10003", "ABC-3", 'Say "no"', "Bug", "Done", _at("2024-03-21T17:45+01:00"),
         _at("2024-05-20T10:00+02:00"), _at("2024-05-20T09:59+02:00"), None, None,
         1.5, ["beta"], ["R1", "R2"], ["Sprint 2"]),
        ("10004", "ABC-4", "Export", "Story", "To Do", _at("2024-10-30T11:11+01:00"),
         _at("2024-10-30T11:11+01:00"), None, None, "ABC-1",
         None, [], [], []),
        ("10005", "DEF-1", "Naïve façade", "Bug", "To Do", _at("2024-12-31T23:59+01:00"),
         _at("2025-01-01T00:00+01:00"), None, date(2025, 1, 31), None,
         40.0, ["gamma"], [], []),
    ]
]  # fmt: skip
MOVES: dict[str, list[tuple[datetime, str]]] = {
    "10001": [(_at("2024-02-13T14:05+01:00"), "To Do"),
              (_at("2024-07-30T09:15+02:00"), "In Progress")],
    "10002": [(_at("2024-02-14T08:30+01:00"), "To Do"),
              (_at("2024-03-04T10:00+01:00"), "In Progress"),
              (_at("2024-04-01T00:10+02:00"), "Done")],
    "10003": [(_at("2024-03-21T17:45+01:00"), "In Progress"),
              (_at("2024-05-20T09:59+02:00"), "Done")],
    "10004": [(_at("2024-10-30T11:11+01:00"), "To Do")],
    "10005": [(_at("2024-12-31T23:59+01:00"), "To Do")],
}  # fmt: skip
IDS = {"To Do": "1", "In Progress": "3", "Done": "5"}
CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}


def grid(records: Sequence[Record], **written: Callable[[object], str]) -> Grid:
    """Return header and cells; `written` says per column how a value that is there is written."""
    rows = [
        ["" if value is None else written.get(name, plain)(value) for name, value in record.items()]
        for record in records
    ]
    return [list(records[0]), *rows]


def plain(value: object) -> str:
    """Return a value as a careful program writes it."""
    if isinstance(value, float):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def text(rows: Iterable[Sequence[str]], delimiter: str = ",", end: str = "\n", **csv_opts) -> str:
    """Return rows as delimited text."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, **csv_opts).writerows(rows)
    return out.getvalue()


def clock(instant: datetime, form: str, months: Sequence[str] = ()) -> str:
    """Return what an export in Berlin shows; `%b` by the twelve `months`, if they are given."""
    local = instant.astimezone(BERLIN)
    return local.strftime(form.replace("%b", months[local.month - 1]) if months else form)


JIRA_CLOCK = "%d/%b/%y %I:%M %p"
ENGLISH = {
    "item_id": "Issue id", "key": "Issue key", "summary": "Summary", "item_type": "Issue Type",
    "status": "Status", "created_at": "Created", "updated_at": "Updated",
    "resolved_at": "Resolved", "due_date": "Due date", "parent_key": "Parent",
    "original_estimate_hours": "Original estimate", "labels": "Labels",
    "fix_versions": "Fix versions", "sprints": "Sprint",
}  # fmt: skip
LISTS = ("labels", "fix_versions", "sprints")


def navigator(
    records: Sequence[Record] = tuple(ISSUES),
    headers: Mapping[str, str] = ENGLISH,
    show: Callable[[datetime], str] = lambda at: clock(at, JIRA_CLOCK),
    show_day: Callable[[date], str] | None = None,
) -> Grid:
    """Return the grid of Jira's navigator export: lists over repeated columns, parents by id."""
    widths = {name: max(len(r[name]) for r in records) or 1 for name in LISTS if name in headers}
    ids = {record["key"]: record["item_id"] for record in ISSUES}

    def day(value: date) -> str:
        return show(datetime(value.year, value.month, value.day, tzinfo=BERLIN))

    def cells(record: Record, name: str) -> list[str]:
        value = record[name]
        if name in LISTS:
            return [*value, *[""] * (widths[name] - len(value))]
        if value is None:
            return [""]
        if name.endswith("_at"):
            return [show(value)]
        if name == "due_date":
            return [(show_day or day)(value)]
        if name == "original_estimate_hours":
            return [str(int(value * 3600))]
        return [ids[value] if name == "parent_key" else str(value)]

    header = [headers[name] for name in headers for _ in range(widths.get(name, 1))]
    return [header, *([c for name in headers for c in cells(record, name)] for record in records)]


def issue(record: Record, moves: Sequence[tuple[datetime, str]]) -> dict:
    """Return one issue as REST v2 writes it with `expand=changelog`, newest edit first."""

    def stamp(at: datetime | None) -> str | None:
        return at and at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S.000%z")

    steps = itertools.pairwise(moves)
    histories = [
        {"id": str(n), "created": stamp(at), "items": [
            {"field": "status", "from": IDS[old], "fromString": old, "to": IDS[new],
             "toString": new}]}
        for n, ((_, old), (at, new)) in enumerate(steps, 100)
    ]  # fmt: skip
    status, parent, hours = record["status"], record["parent_key"], "original_estimate_hours"
    fields = {
        "summary": record["summary"],
        "issuetype": {"name": record["item_type"]},
        "project": {"key": record["key"].split("-")[0]},
        "status": {"id": IDS[status], "name": status,
                   "statusCategory": {"key": CATEGORIES[status]}},
        "created": stamp(record["created_at"]),
        "updated": stamp(record["updated_at"]),
        "resolutiondate": stamp(record["resolved_at"]),
        "duedate": record["due_date"] and record["due_date"].isoformat(),
        "parent": parent and {"key": parent},
        "timeoriginalestimate": None if record[hours] is None else int(record[hours] * 3600),
        "labels": record["labels"],
        "fixVersions": [{"name": name} for name in record["fix_versions"]],
        "sprint": [{"name": name} for name in record["sprints"]],
    }  # fmt: skip
    changelog = {"startAt": 0, "maxResults": 100, "total": len(histories)}
    return {"id": record["item_id"], "key": record["key"], "fields": fields,
            "changelog": changelog | {"histories": histories[::-1]}}  # fmt: skip


def issues() -> list[dict]:
    """Return all issues afresh, to be damaged."""
    return [issue(record, MOVES[record["item_id"]]) for record in ISSUES]


def page(found: Sequence[dict], **more: object) -> bytes:
    """Return a page of a search."""
    whole = {"startAt": 0, "maxResults": 50, "total": len(found), "issues": found}
    return json.dumps(whole | more, ensure_ascii=False).encode()


def lines(found: Iterable[dict]) -> bytes:
    """Return issues as JSON lines."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in found).encode()


def rss(show: Callable[[datetime], str]) -> str:
    """Return Jira's XML view of the issues; XML has no sprint unless as a custom field."""

    def element(name: str, value: object, **attributes: str) -> str:
        marks = "".join(f' {key}="{text}"' for key, text in attributes.items())
        return "" if value is None else f"<{name}{marks}>{_escaped(value)}</{name}>"

    items = []
    for r in ISSUES:
        seconds = r["original_estimate_hours"] and int(r["original_estimate_hours"] * 3600)
        parts = [
            element("title", f"[{r['key']}] {r['summary']}"),
            element("project", "A project", id="1", key=r["key"].split("-")[0]),
            element("key", r["key"], id=r["item_id"]),
            element("summary", r["summary"]),
            element("type", r["item_type"], id="7"),
            element("status", r["status"], id=IDS[r["status"]]),
            element("created", show(r["created_at"])),
            element("updated", show(r["updated_at"])),
            element("resolved", r["resolved_at"] and show(r["resolved_at"])),
            element("due", r["due_date"] and show(datetime(
                r["due_date"].year, r["due_date"].month, r["due_date"].day, tzinfo=BERLIN))),
            element("parent", r["parent_key"], id="10001") if r["parent_key"] else "",
            element("timeoriginalestimate", f"{seconds} s", seconds=str(seconds))
            if seconds else "",
            "<labels>" + "".join(element("label", each) for each in r["labels"]) + "</labels>",
            *(element("fixVersion", each) for each in r["fix_versions"]),
        ]  # fmt: skip
        items.append(f"<item>{''.join(parts)}</item>")
    body = "\n".join(items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- RSS generated by JIRA -->\n'
        f'<rss version="0.92"><channel><title>Search</title>\n{body}\n</channel></rss>\n'
    )


def _escaped(value: object) -> str:
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
