"""Small exports of Jira's, as its REST API and its navigator write them."""

import json
from itertools import pairwise

STATUSES = {"To Do": "1", "Doing": "2", "Done": "3"}


def issue(number, updated, statuses=("To Do",), **fields):
    """Return an issue that entered these statuses, one a day from its creation."""
    created = "2024-01-01T08:00:00.000+0000"
    moves = [
        {
            "id": str(number * 100 + day),
            "created": f"2024-01-{day + 1:02}T08:00:00.000+0000",
            "items": [
                {
                    "field": "status",
                    "from": STATUSES[before], "fromString": before,
                    "to": STATUSES[after], "toString": after,
                }
            ],
        }
        for day, (before, after) in enumerate(pairwise(statuses), 1)
    ]  # fmt: skip
    told = {
        "summary": f"Issue {number}",
        "project": {"key": "A"},
        "status": {"name": statuses[-1], "id": STATUSES[statuses[-1]]},
        "created": created,
        "updated": updated,
        "labels": ["one"],
        **fields,
    }
    changelog = {"startAt": 0, "maxResults": 100, "total": len(moves), "histories": moves}
    return {"id": str(number), "key": f"A-{number}", "fields": told, "changelog": changelog}


def page(*issues, total=None):
    """Return a page of a search."""
    told = {"startAt": 0, "maxResults": 100, "total": len(issues) if total is None else total}
    return json.dumps({**told, "issues": list(issues)})


def navigator(*rows):
    """Return a navigator CSV of issues: key, id, status, update, parent."""
    header = "Issue key,Issue id,Status,Created,Updated,Parent id,Summary"
    lines = [
        f"{key},{number},{status},01/Jan/24 8:00 AM,{updated},{parent},Issue {number}"
        for key, number, status, updated, parent in rows
    ]
    return "\n".join([header, *lines, ""])


def write(folder, **files):
    """Write files into a folder, `__` in their names being the dot; return the folder."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return folder
