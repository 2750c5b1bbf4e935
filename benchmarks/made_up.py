"""Exports of any size, from a seed: what Jira would write of as many issues.

Every issue has about eight changes of status, with ways back; 15 % are open. Its CSV has the 66
columns of a navigator export, with headers that repeat, line breaks in quotes, and dates such as
`02/Jan/24 3:04 PM`; its JSON comes in pages of 100 with changelogs. Columns are made whole and
written by pyarrow, so that a million issues take a minute.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FOLDER = Path(__file__).parent / "made_up"
STATUSES = ["Inbox", "To Do", "Analysis", "In Progress", "Review", "Done"]
CATEGORIES = ["To Do", "To Do", "In Progress", "In Progress", "In Progress", "Done"]
CATEGORY_KEYS = ["new", "new", "indeterminate", "indeterminate", "indeterminate", "done"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
KINDS = ["Story", "Bug", "Task", "Epic"]
PRIORITIES = ["Highest", "High", "Medium", "Low"]
LABELS = ["", "", "backend", "frontend", "infra", "urgent", "customer", "debt"]
N_STEPS = 7  # after the creation, and a way back for some
N_PROJECTS_OF_JIRA = 40
MINUTE = np.timedelta64(1, "m")
PAGE, CHUNK = 100, 100_000


def issues(n_issues: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return one row per issue, and per issue and step its instant and status (-1: not reached)."""
    random = np.random.default_rng(7)
    number = np.arange(n_issues)
    project = number % N_PROJECTS_OF_JIRA
    created = np.datetime64("2020-01-01T00:00") + random.integers(0, 2_500_000, n_issues) * MINUTE
    waits = random.exponential(6_000, (n_issues, N_STEPS)).astype("int64") + 1
    at = created[:, None] + np.concatenate(
        [np.zeros((n_issues, 1), "int64"), waits.cumsum(axis=1)], axis=1
    ) * MINUTE  # fmt: skip
    status = np.tile([0, 1, 2, 3, 4, 3, 4, 5], (n_issues, 1))
    status[random.random(n_issues) < 0.3, 4:6] = [2, 3]  # another way back
    is_open = random.random(n_issues) < 0.15
    reached = np.where(is_open, random.integers(1, N_STEPS, n_issues), N_STEPS)
    status[np.arange(N_STEPS + 1) > reached[:, None]] = -1
    last = status[number, reached]
    table = pd.DataFrame(
        {
            "number": number,
            "project": project,
            "kind": random.integers(0, len(KINDS), n_issues),
            "priority": random.integers(0, len(PRIORITIES), n_issues),
            "status": last,
            "created": created,
            "updated": at[number, reached],
            "is_done": ~is_open,
            "due": created + random.integers(5_000, 90_000, n_issues) * MINUTE,
            "label": random.integers(0, len(LABELS), n_issues),
            "label_2": random.integers(0, len(LABELS), n_issues),
            "points": random.integers(1, 9, n_issues),
            "hours": random.integers(1, 80, n_issues),
        }
    )
    return table, at, status


def status_changes(n_issues: int) -> pd.DataFrame:
    """Return `StatusChanges` of all issues, in no order, as text and instants."""
    table, at, status = issues(n_issues)
    is_there = status >= 0
    row, step = np.nonzero(is_there)
    words = pa.array(STATUSES, pa.large_string())
    before = np.where(step > 0, status[row, step - 1], 0)
    mix = np.random.default_rng(3).permutation(len(row))
    row, step, before = row[mix], step[mix], before[mix]
    left = pc.if_else(pa.array(step > 0), words.take(pa.array(before)), None)
    columns = {
        "level": pa.array(["work_item"], pa.large_string()).take(pa.array(np.zeros(len(row), int))),
        "item_id": _text(pa.array(10_000 + row)),
        "changed_at": pa.array(at[row, step].astype("datetime64[us]")).cast(
            pa.timestamp("us", "UTC")
        ),
        "from_status": left,
        "to_status": words.take(pa.array(status[row, step])),
        "sequence": pa.array(step.astype("int64")),
        "project": _joined("PRJ", pa.array(table["project"].to_numpy()[row])),
    }
    frame = pa.table(columns).to_pandas()
    texts = [name for name in frame if frame[name].dtype == object]
    return frame.astype(dict.fromkeys(texts, "str"))


def navigator_csv(n_issues: int) -> Path:
    """Write the CSV of all issues, unless it is there, and return where."""
    path = FOLDER / f"navigator_{n_issues}.csv"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        table = issues(n_issues)[0]
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as stream:
            for start in range(0, n_issues, CHUNK):
                columns = _navigator_columns(table[start : start + CHUNK])
                if start == 0:
                    stream.write((",".join(name for name, _ in columns) + "\n").encode())
                cells = [pc.fill_null(cell, "") for _, cell in columns]
                rows = pc.binary_join_element_wise(*cells, _scalar(","))
                ends = pc.binary_join_element_wise(rows, _scalar("\n"), _scalar(""))
                stream.write(b"".join(ends.to_numpy(zero_copy_only=False).astype("S").tolist()))
        unfinished.rename(path)
    return path


def _navigator_columns(table: pd.DataFrame) -> list[tuple[str, pa.Array]]:
    """Return the 66 columns of a navigator export, headers and cells."""
    number = pa.array(table["number"].to_numpy())
    none = pa.nulls(len(table), pa.large_string())
    key = _joined("PRJ", pa.array(table["project"]), "-", number)
    person = _joined("person", pa.array(table["number"] % 300))
    is_done = pa.array(table["is_done"])
    created, updated, due = (_clock(table[name]) for name in ("created", "updated", "due"))
    hours = _text(pa.array(table["hours"] * 3600))
    words = pc.binary_join_element_wise(
        _joined('"Longer words about ', number),
        _joined('and ""quotes"" ', number, '"'),
        _scalar("\n"),
    )
    one = table["kind"] * 0
    some = {
        "Summary": _joined("Made-up issue number ", number), "Issue key": key,
        "Issue id": _text(pc.add(number, 10_000)), "Issue Type": _of(KINDS, table["kind"]),
        "Status": _of(STATUSES, table["status"]),
        "Project key": _joined("PRJ", pa.array(table["project"])),
        "Project name": _joined("Project ", pa.array(table["project"])),
        "Project type": _of(["software"], one), "Project lead": person,
        "Priority": _of(PRIORITIES, table["priority"]),
        "Resolution": pc.if_else(is_done, _scalar("Done"), None), "Assignee": person,
        "Reporter": person, "Creator": person, "Created": created, "Updated": updated,
        "Last Viewed": updated, "Resolved": pc.if_else(is_done, updated, None), "Due Date": due,
        "Description": words, "Votes": _of(["0"], one), "Original Estimate": hours,
        "Remaining Estimate": hours, "Time Spent": hours, "Work Ratio": _of(["100%"], one),
        "Outward issue link (Blocks)": pc.if_else(pa.array(table["number"] % 9 == 0), key, None),
        "Custom field (Story Points)": _text(pa.array(table["points"])),
        "Custom field (Rank)": _joined("0|i", number, ":"), "Comment": words,
        "Status Category": _of(CATEGORIES, table["status"]), "Status Category Changed": updated,
    }  # fmt: skip
    repeated = {
        "Labels": [_of(LABELS, table["label"]), _of(LABELS, table["label_2"]), none],
        "Fix Version/s": [_joined("1.", pa.array(table["number"] % 20)), none],
        "Component/s": [_joined("part ", pa.array(table["number"] % 12)), none],
        "Sprint": [_joined("Sprint ", pa.array(table["number"] % 90)), none, none],
        "Watchers": [person, none], "Attachment": [none, none], "Comment": [none, none],
    }  # fmt: skip
    columns = [*some.items(), *((name, each) for name, all_ in repeated.items() for each in all_)]
    further = [f"Custom field (Further {n})" for n in range(66 - len(columns))]
    return [*columns, *((name, _of(["", "value"], table["label"] % 2)) for name in further)]


def _text(numbers: pa.Array) -> pa.Array:
    return numbers.cast(pa.large_string())


def _joined(*parts: str | pa.Array) -> pa.Array:
    texts = [_scalar(part) if isinstance(part, str) else _text(part) for part in parts]
    return pc.binary_join_element_wise(*texts, _scalar(""))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _of(words: list[str], position: pd.Series) -> pa.Array:
    return pa.array([word or None for word in words], pa.large_string()).take(pa.array(position))


def _clock(times: pd.Series) -> pa.Array:
    """Return times as Jira's navigator writes them."""
    hour = times.dt.hour
    return _joined(
        pa.array(times.dt.strftime("%d")), "/", _of(MONTHS, times.dt.month - 1), "/",
        pa.array(times.dt.strftime("%y")), " ", pa.array((hour + 11) % 12 + 1), ":",
        pa.array(times.dt.strftime("%M")), " ", _of(["AM", "PM"], (hour >= 12).astype("int64")),
    )  # fmt: skip


def search_pages(n_issues: int) -> Path:
    """Write pages of a search with changelogs, unless they are there, and return their folder."""
    folder = FOLDER / f"search_{n_issues}"
    if not folder.exists():
        unfinished = FOLDER / f"search_{n_issues}.part"
        unfinished.mkdir(parents=True, exist_ok=True)
        table, at, status = issues(n_issues)
        times = np.char.add(np.datetime_as_string(at, unit="s"), ".000+0000")
        rows = table.assign(due=table["due"].dt.strftime("%Y-%m-%d")).to_dict("records")
        for start in range(0, n_issues, PAGE):
            page = [
                _issue(row, times[row["number"]], status[row["number"]])
                for row in rows[start : start + PAGE]
            ]
            search = {"startAt": start, "maxResults": PAGE, "total": n_issues, "issues": page}
            (unfinished / f"page_{start:07}.json").write_text(json.dumps(search))
        unfinished.rename(folder)
    return folder


def _issue(row: dict, times: np.ndarray, status: np.ndarray) -> dict:
    number, project = row["number"], row["project"]
    moves = [_history(number, n, times, status) for n in range(1, N_STEPS + 1) if status[n] >= 0]
    moves[1:1] = [_edit(number, times)]
    person = _person(number)
    return {
        "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
        "id": str(10_000 + number),
        "self": f"https://jira.example/rest/api/2/issue/{10_000 + number}",
        "key": f"PRJ{project}-{number}",
        "fields": {
            "summary": f"Made-up issue number {number}",
            "description": f"Longer words about {number}\nand a line break. " * 4,
            "issuetype": _named(KINDS[row["kind"]]),
            "project": {"id": str(project), "key": f"PRJ{project}", "name": f"Project {project}"},
            "status": _status(row["status"]),
            "priority": _named(PRIORITIES[row["priority"]]),
            "resolution": _named("Done") if row["is_done"] else None,
            "assignee": person, "reporter": person, "creator": person,
            "created": times[0], "updated": times[(status >= 0).sum() - 1],
            "resolutiondate": times[-1] if row["is_done"] else None,
            "duedate": row["due"],
            "timeoriginalestimate": row["hours"] * 3600, "timespent": row["hours"] * 3600,
            "labels": [word for word in (LABELS[row["label"]], LABELS[row["label_2"]]) if word],
            "components": [_named(f"part {number % 12}")],
            "fixVersions": [_version(number)],
            "versions": [], "issuelinks": [], "customfield_10016": row["points"],
            **{f"customfield_{11_000 + n}": None for n in range(40)},
            "comment": {"comments": [{"author": person, "body": "words " * 12}], "total": 1},
        },
        "changelog": {"startAt": 0, "maxResults": 100, "total": len(moves), "histories": moves},
    }  # fmt: skip


def _named(name: str) -> dict:
    return {"self": "https://jira.example/rest/api/2/thing/1", "name": name, "id": "1"}


def _status(number: int) -> dict:
    name = {"name": STATUSES[number], "id": str(number + 1)}
    return name | {"statusCategory": {"id": 2, "key": CATEGORY_KEYS[number]}}


def _version(number: int) -> dict:
    name = {"name": f"1.{number % 20}", "id": str(number % 800)}
    return name | {"released": True, "releaseDate": "2024-03-31"}


def _person(number: int) -> dict:
    return {
        "self": "https://jira.example/rest/api/2/user?accountId=1",
        "accountId": f"557058:{number % 300}",
        "displayName": f"person{number % 300}",
        "active": True,
        "timeZone": "Etc/UTC",
    }


def _history(number: int, step: int, times: np.ndarray, status: np.ndarray) -> dict:
    before, after = status[step - 1], status[step]
    change = {
        "field": "status", "fieldtype": "jira", "fieldId": "status",
        "from": str(before + 1), "fromString": STATUSES[before],
        "to": str(after + 1), "toString": STATUSES[after],
    }  # fmt: skip
    return {
        "id": str(number * 20 + step), "author": _person(number), "created": times[step],
        "items": [change],
    }  # fmt: skip


def _edit(number: int, times: np.ndarray) -> dict:
    change = {
        "field": "description", "fieldtype": "jira", "fieldId": "description",
        "from": None, "fromString": "words " * 20, "to": None, "toString": "words " * 22,
    }  # fmt: skip
    return {
        "id": str(number * 20 + 19), "author": _person(number), "created": times[1],
        "items": [change],
    }  # fmt: skip
