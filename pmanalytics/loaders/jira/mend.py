"""The user's corrections of Jira's JSON and XML: of the fields of an issue, not its changelog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pandas as pd

from pmanalytics import errors
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.api import UNDECODABLE
from pmanalytics.loaders.jira.documents import Contents, Record
from pmanalytics.loaders.sources.files import File
from pmanalytics.loaders.sources.mend import DELETE, RECORD, Mending, comparable

MISSING = object()


def mended_issues(intake: Intake, contents: Contents, first: int) -> Iterator[tuple[int, Any]]:
    """Yield the number of each record and its content as it should be; set aside deleted ones."""
    mending = Mending(contents.file)
    for number, issue in enumerate(contents.issues, first):
        content = _mended(issue, mending) if mending.waiting.get(issue.place) else issue.content
        if content is None:
            mending.forget([issue.place])
            value = pd.Series([f"the whole {contents.unit}"], index=[number], dtype="object")
            intake.reject(RECORD, value, errors.DELETED)
        else:
            yield number, content
    intake.notes += mending.notes(contents.unit)


def mend_items(intake: Intake, files: Sequence[File]) -> None:
    """Put what is wanted into the cells of an XML export."""
    for file in files:
        mending = Mending(file)
        mending.cells(intake)
        intake.notes += mending.notes("issue")


def _mended(issue: Record, mending: Mending) -> bytes | msgspec.Raw | None:
    """Return an issue with what is wanted in its fields; None if it is to be deleted."""
    try:
        content = msgspec.json.decode(issue.content)
    except UNDECODABLE:
        return issue.content
    for header, value in list(mending.waiting[issue.place]):
        *parents, name = header.split(".")
        holder = content
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        held = holder.get(name, MISSING) if isinstance(holder, dict) else MISSING
        if isinstance(held, str | None) and comparable(held or "") == value:
            wanted = mending.wanted(issue.place, header, value)
            if wanted == DELETE:
                return None
            holder[name] = wanted or None
    return msgspec.json.encode(content)
