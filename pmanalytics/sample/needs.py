"""What customers need: ideas, the epics for them, and which stories belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pmanalytics.sample.company import Row

N_IDEAS, N_EPICS = 30, 60
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
    ideas = random.sample(tasks[:third], N_IDEAS)
    epics = random.sample(tasks[third : 2 * third], N_EPICS)
    kind_of = {
        row["key"]: kind for kind, rows in (("Idea", ideas), ("Epic", epics)) for row in rows
    }
    renamed = [
        row | {"type": kind_of[row["key"]], "summary": random.choice(WISHES)}
        if row["key"] in kind_of
        else row
        for row in issues
    ]
    return [row | _place(random, row, renamed) for row in renamed]


def _place(random: Random, row: Row, issues: Sequence[Row]) -> Row:
    if row["type"] not in ABOVE or random.random() < 0.2:
        return {}
    before = [
        other
        for other in issues
        if other["type"] == ABOVE[row["type"]]
        and other["project"] == row["project"]
        and other["created"] < row["created"]
    ]
    if not before:
        return {}
    if row["type"] == "Story":
        return {"parent": max(before, key=lambda epic: epic["created"])["key"]}
    idea = random.choice(before)["key"]
    return {"links": [idea]} if random.random() < 0.5 else {"parent": idea}
