"""What customers need: ideas, the epics for them, and which stories belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pmanalytics.sample.company import Row

IDEAS_SHARE, EPICS_SHARE = 0.015, 0.03
WISHES = [
    "Fewer clicks to the goal", "See what it costs", "Work without a network", "Tell me earlier",
    "Share with a colleague", "In my language", "Undo a mistake", "Find it again", "Sign in once",
]  # fmt: skip
ABOVE = {"Epic": "Idea", "Story": "Epic"}


def with_needs(random: Random, issues: Sequence[Row]) -> list[Row]:
    """Return the issues, some tasks turned into ideas and epics, and most stories below one.

    A story belongs to the last epic of its product before it, an epic to any idea before it, which
    it names as its parent or by a link. Some of each belong nowhere.
    """
    tasks = sorted((row for row in issues if row["type"] == "Task"), key=lambda row: row["created"])
    third = len(tasks) // 3
    ideas = random.sample(tasks[:third], round(len(issues) * IDEAS_SHARE))
    epics = random.sample(tasks[third : 2 * third], round(len(issues) * EPICS_SHARE))
    kind_of = {
        row["key"]: kind for kind, rows in (("Idea", ideas), ("Epic", epics)) for row in rows
    }
    renamed = [
        row | {"type": kind_of[row["key"]], "summary": random.choice(WISHES)}
        if row["key"] in kind_of
        else row
        for row in issues
    ]
    above: dict[tuple[str, str], list[Row]] = {}
    for row in renamed:
        if row["type"] in ABOVE.values():
            above.setdefault((row["type"], row["project"]), []).append(row)
    return [row | _place(random, row, above) for row in renamed]


def _place(random: Random, row: Row, above: dict[tuple[str, str], list[Row]]) -> Row:
    if row["type"] not in ABOVE or random.random() < 0.2:
        return {}
    others = above.get((ABOVE[row["type"]], row["project"]), [])
    before = [other for other in others if other["created"] < row["created"]]
    if not before:
        return {}
    if row["type"] == "Story":
        return {"parent": max(before, key=lambda epic: epic["created"])["key"]}
    idea = random.choice(before)["key"]
    return {"links": [idea]} if random.random() < 0.5 else {"parent": idea}
