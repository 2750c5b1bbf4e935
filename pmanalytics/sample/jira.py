"""The issues of the made-up company, as Jira's two exports show them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from pmanalytics.sample.company import AS_OF, PRODUCTS, Row

Edit = tuple[datetime, Row]
ZONE = ZoneInfo("Europe/Berlin")
STATUS_IDS = {
    "Backlog": "10000", "Selected for Development": "10001", "In Progress": "3",
    "In Review": "10002", "Testing": "10003", "Parked": "10007", "Done": "10004",
    "Won't Do": "10005",
}  # fmt: skip
CATEGORY_OF = {"Backlog": "new", "Selected for Development": "new", "Done": "done"} | {
    "Won't Do": "done"
}
TYPICAL_DAYS = {
    "Backlog": 18, "Selected for Development": 6, "In Progress": 4, "In Review": 1.5, "Testing": 2.5
}  # fmt: skip
VERBS = ["Show", "Store", "Check", "Import", "Export", "Rename", "Retry", "Explain", "Speed up"]
NOUNS = ["invoices", "routes", "logins", "reports", "filters", "alerts", "receipts", "permissions"]
WORKED_ON = {"In Progress", "In Review", "Testing"}
FLAG = {"field": "Flagged", "fieldtype": "custom", "fieldId": "customfield_10021"}
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def issue(random: Random, number: int) -> Row:
    """Return an issue with its whole history; times are Berlin's."""
    key, _, _, first, _ = random.choice(PRODUCTS)
    earliest = max(first, date(2025, 1, 1))
    days = random.uniform(0, (AS_OF - earliest).days)
    at = datetime(earliest.year, earliest.month, earliest.day, 9, tzinfo=ZONE)
    at += timedelta(days=int(days), minutes=random.randrange(600))
    created, status, moves = at, "Backlog", []
    end = datetime(AS_OF.year, AS_OF.month, AS_OF.day, 23, tzinfo=ZONE)
    for following in _path(random):
        at += timedelta(days=TYPICAL_DAYS.get(status, 3) * random.lognormvariate(-0.4, 1.0))
        if at > end:
            break
        moves.append((at, status, following))
        status = following
    kind = random.choices(["Story", "Bug", "Task"], [5, 3, 2])[0]
    edits = sorted([*map(_move, moves), *_flags(number, moves, end)], key=lambda edit: edit[0])
    return {
        "id": 20_000 + number,
        "key": f"{key}-{number}",
        "project": key,
        "summary": f"{random.choice(VERBS)} {random.choice(NOUNS)}",
        "type": kind,
        "status": status,
        "created": created,
        "updated": edits[-1][0] if edits else created,
        "resolved": moves[-1][0] if moves and CATEGORY_OF.get(status) == "done" else None,
        "points": random.choice([1, 2, 3, 5, 8]) if kind == "Story" else None,
        "labels": random.sample(["web", "mobile", "api", "debt"], random.choice([0, 1, 1, 2])),
        "version": random.choice(["", "2025.2", "2026.1", "2026.2"]),
        "edits": edits,
        "cut": random.random() < 0.01 and len(moves) > 2,
    }


def _move(move: tuple[datetime, str, str]) -> Edit:
    at, before, after = move
    return at, {
        "field": "status",
        "from": STATUS_IDS[before],
        "fromString": before,
        "to": STATUS_IDS[after],
        "toString": after,
    }


def _flags(number: int, moves: Sequence[tuple[datetime, str, str]], end: datetime) -> list[Edit]:
    """Return when an issue was flagged as impeded and freed again, from a stream of its own."""
    random = Random(f"flags {number}")
    ends = [at for at, _, _ in moves[1:]] + [None]
    stays = [(at, left) for (at, _, to), left in zip(moves, ends, strict=False) if to in WORKED_ON]
    if not stays or random.random() > 0.15:
        return []
    start, left = random.choice(stays)
    lasted = (left or end) - start
    raised = start + lasted * random.uniform(0.05, 0.3)
    flags: list[Edit] = [(raised, FLAG | {"from": None, "to": "[10019]", "toString": "Impediment"})]
    if left:
        freed = start + lasted * random.uniform(0.5, 0.95)
        flags.append((freed, FLAG | {"from": "[10019]", "fromString": "Impediment", "to": ""}))
    return flags


def _path(random: Random) -> list[str]:
    """Return the statuses an issue goes through after its first, with the usual detours."""
    if random.random() < 0.06:
        return ["Won't Do"]
    path = ["Selected for Development", "In Progress", "In Review"]
    if random.random() < 0.15:
        path += ["In Progress", "In Review"]
    if random.random() < 0.008:
        path += ["Parked", "In Progress", "In Review"]
    path += ["Testing", "Done"]
    if random.random() < 0.05:
        path += ["In Progress", "Testing", "Done"]
    return path


def navigator_csv(issues: Sequence[Row]) -> str:
    """Return the issues as Jira's navigator exports them: wall-clock times, repeated columns."""
    header = [
        "Summary", "Issue key", "Issue id", "Issue Type", "Status", "Project key", "Created",
        "Updated", "Resolved", "Fix versions", "Labels", "Labels", "Custom field (Story Points)",
        "Status Category",
    ]  # fmt: skip
    rows = [[*_jira_cells(issue)] for issue in issues]
    broken = [rows[0][:5], [*rows[1][:6], "07/01/2026 10:00", *rows[1][7:]], rows[2]]
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([header, *rows, *broken])
    return target.getvalue()


def _jira_cells(issue: Row) -> Iterable[object]:
    names = {"new": "To Do", "done": "Done"}
    labels = [*issue["labels"], "", ""][:2]
    yield from (issue["summary"], issue["key"], issue["id"], issue["type"], issue["status"])
    yield issue["project"]
    yield from (_wall_clock(issue[name]) for name in ("created", "updated", "resolved"))
    yield from (issue["version"], *labels, issue["points"])
    yield names.get(CATEGORY_OF.get(str(issue["status"]), ""), "In Progress")


def _wall_clock(at: datetime | None) -> str:
    """Return a time as Jira writes it, whatever the locale: 02/Jan/26 3:04 PM."""
    if at is None:
        return ""
    half = "AM" if at.hour < 12 else "PM"
    return f"{at.day:02}/{MONTHS[at.month - 1]}/{at:%y} {at.hour % 12 or 12}:{at:%M} {half}"


def search_json(issues: Sequence[Row]) -> str:
    """Return the issues as a page of Jira's search with its changelog, newest move first."""
    lines = [json.dumps(_jira_object(issue), separators=(",", ":")) for issue in issues]
    return '{"issues":[\n' + ",\n".join(lines) + "\n]}\n"


def _jira_object(issue: Row) -> Row:
    status = str(issue["status"])
    fields = {
        "summary": issue["summary"],
        "issuetype": {"name": issue["type"]},
        "project": {"key": issue["project"]},
        "status": {
            "id": STATUS_IDS[status],
            "name": status,
            "statusCategory": {"key": CATEGORY_OF.get(status, "indeterminate")},
        },
        "created": _offset_time(issue["created"]),
        "updated": _offset_time(issue["updated"]),
        "resolutiondate": issue["resolved"] and _offset_time(issue["resolved"]),
        "labels": issue["labels"],
        "fixVersions": [{"name": issue["version"]}] if issue["version"] else [],
        "customfield_10016": issue["points"],
        "parent": {"key": issue["parent"]} if "parent" in issue else None,
        "issuelinks": [
            {"type": {"name": "Implements"}, "outwardIssue": {"key": key}}
            for key in issue.get("links", [])
        ],
    }
    edits = list(enumerate(issue["edits"], 1))[::-1]
    kept = edits[:-1] if issue["cut"] else edits
    histories = [
        {
            "id": f"{issue['id']}{number:02}",
            "created": _offset_time(at),
            "items": [change],
        }
        for number, (at, change) in kept
    ]
    filled = {name: value for name, value in fields.items() if value not in (None, [])}
    changelog = {"total": len(edits), "histories": histories}
    return {"id": str(issue["id"]), "key": issue["key"], "fields": filled, "changelog": changelog}


def _offset_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000{at:%z}"
