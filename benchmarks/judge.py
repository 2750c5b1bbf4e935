"""Whether a reader found the truth: each loaded cell against the records the files were made from.

The judge knows four honest answers: the whole truth; the truth but for records or values named by
their line; a refusal that says where; the truth with a word of warning. Anything else that comes
back without a word is silently wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

import pandas as pd
from truth import Record

ID = {"projects": "project_id", "history": "item_id", "folder": "project_id"}


class Verdict(StrEnum):
    """What became of one damaged file."""

    COMPLETE = "complete"
    BY_LINE = "refused by line"
    TOLD = "complete, with a note"
    VAGUE = "refused, place not named"
    NEEDLESS = "refused needlessly"
    AS_WRITTEN = "left as written"
    WARNED = "wrong, with a warning"
    CRASHED = "crashed"
    SILENT = "SILENTLY WRONG"
    NOT_ASKED = "–"


HONEST = (Verdict.COMPLETE, Verdict.BY_LINE, Verdict.TOLD)


class Aside(NamedTuple):
    """A record that must be named by its line: the row, one value of it, or either."""

    record: str
    line: int
    column: str | None = None
    scope: str = "any"


@dataclass(frozen=True)
class Case:
    """One damage: the files, what they are, and what an honest reader does with them.

    `refused` and `note` are patterns of a message that must come. `may_refuse` allows records that
    could be read to be set aside by line, where caution is as good as cleverness.
    """

    group: str
    name: str
    kind: str
    files: Mapping[str, bytes] | Callable[[], Mapping[str, bytes]]
    truth: Sequence[Record]
    lines: Mapping[str, int] = field(default_factory=dict)
    asides: Sequence[Aside] = ()
    refused: str | None = None
    note: str | None = None
    may_refuse: bool = False
    repeats: int = 0
    options: Mapping[str, object] = field(default_factory=dict)
    peers: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """What a reader returned: records, or an error; and everything it said."""

    records: list[Record] = field(default_factory=list)
    named: list[tuple[int, str, str]] = field(default_factory=list)
    error: Exception | None = None
    notes: Sequence[str] = ()
    accounts: Mapping[str, int] | None = None
    spoke: bool = False


class Finding(NamedTuple):
    """The verdict, and what it rests on."""

    verdict: Verdict
    detail: str = ""


def judged(case: Case, answer: Answer, clean_errors: type[Exception] = Exception) -> Finding:
    """Return the verdict on what a reader answered; only `clean_errors` count as a refusal."""
    if answer.error is not None:
        return _refusal(case, answer.error, clean_errors)
    wrong = [*_differences(case, answer), *_unaccounted(case, answer)]
    if case.refused and not answer.named:
        wrong.insert(0, "loaded, though nobody can know the whole of it")
    if wrong:
        return Finding(Verdict.WARNED if answer.spoke else Verdict.SILENT, "; ".join(wrong[:3]))
    if needless := _needless(case, answer):
        return Finding(Verdict.NEEDLESS, f"also set aside: {needless[:2]}")
    if case.note and not any(re.search(case.note, note) for note in answer.notes):
        return Finding(Verdict.SILENT, f"not told: {case.note}; notes: {list(answer.notes)}")
    if answer.named:
        return Finding(Verdict.BY_LINE)
    return Finding(Verdict.TOLD if case.note else Verdict.COMPLETE)


def _refusal(case: Case, error: Exception, clean_errors: type[Exception]) -> Finding:
    detail = f"{type(error).__name__}: {str(error)[:400]}"
    if not isinstance(error, clean_errors):
        return Finding(Verdict.CRASHED, detail)
    if case.refused:
        is_right = re.search(case.refused, str(error), re.IGNORECASE)
        return Finding(Verdict.BY_LINE if is_right else Verdict.VAGUE, detail)
    if not case.asides:
        return Finding(Verdict.BY_LINE if case.may_refuse else Verdict.NEEDLESS, detail)
    numbers = set(re.findall(r"\d+", str(error)))
    is_named = any(str(aside.line) in numbers for aside in case.asides)
    return Finding(Verdict.BY_LINE if is_named else Verdict.VAGUE, detail)


def _differences(case: Case, answer: Answer) -> list[str]:
    """Return every record lost, invented or changed of which the reader did not speak."""
    identity = identity_of(case.kind)
    lines = line_of(case)
    expected = {str(record[identity]): record for record in keyed(case.truth, identity)}
    loaded = keyed(answer.records, identity)
    found = {str(record.get(identity)): record for record in loaded}
    wrong = [f"invented {name!r}" for name in found if name not in expected]
    if len(found) < len(loaded):
        wrong.append("one record twice")
    rows_named = {line for line, _, scope in answer.named if scope == "row"}
    for name, record in expected.items():
        if name not in found:
            if lines.get(name) not in rows_named:
                wrong.append(f"lost {name} of line {lines.get(name)}")
            continue
        named = {column for line, column, _ in answer.named if line == lines.get(name)}
        wrong += _changed(name, record, found[name], named, case.headers)
    return wrong + _not_named(case, answer, set(found))


def _changed(
    name: str, truth: Record, found: Record, named: set[str], headers: Mapping[str, str]
) -> list[str]:
    """Return the cells that are not the truth; one that was named must at least be empty."""
    wrong = []
    for column, value in truth.items():
        read = found.get(column)
        is_named = column in named or headers.get(column) in named
        if not same(read, value) and not (is_named and same(read, None)):
            wrong.append(f"{name}.{column} is {read!r}, not {value!r}")
    return wrong


def _not_named(case: Case, answer: Answer, found: set[str]) -> list[str]:
    """Return the records that nobody can read, yet were read."""
    wrong = []
    for aside in case.asides:
        scopes = {
            scope
            for line, column, scope in answer.named
            if line == aside.line
            and (aside.column in (None, column) or case.headers.get(aside.column) == column)
        }
        if not scopes:
            named = [each for each in answer.named if each[0] == aside.line]
            wrong.append(f"line {aside.line}, {aside.column} not named; of this line: {named}")
        elif aside.scope == "row" and aside.record in found:
            wrong.append(f"{aside.record} was loaded")
    return wrong


def _needless(case: Case, answer: Answer) -> list[tuple[int, str, str]]:
    """Return what was set aside though it can be read: a sound record, or all for one value."""
    if case.may_refuse or case.refused:
        return []
    bad = {aside.line for aside in case.asides}
    mere_values = {aside.line for aside in case.asides if aside.scope == "value"}
    return [
        each
        for each in answer.named
        if each[0] not in bad or (each[0] in mere_values and each[2] == "row")
    ]


def _unaccounted(case: Case, answer: Answer) -> list[str]:
    """Return whether the reader's own account of rows is not that of the file."""
    if answer.accounts is None or case.refused:
        return []
    expected = len(keyed(case.truth, identity_of(case.kind))) + case.repeats
    rows_read, n_duplicate = answer.accounts["rows_read"], answer.accounts["n_duplicate"]
    if rows_read != expected:
        return [f"says {rows_read} rows were read, not {expected}"]
    if n_duplicate != case.repeats:
        return [f"says {n_duplicate} rows are repeats, not {case.repeats}"]
    return []


def identity_of(kind: str) -> str:
    """Return the column that tells the records of a kind apart."""
    return ID.get(kind, "key")


def keyed(records: Sequence[Record], identity: str) -> list[Record]:
    """Return records of a history with an id each: its item and the number of its entry."""
    if identity != "item_id":
        return list(records)
    in_order = sorted(records, key=lambda each: (each["item_id"], each["changed_at"]))
    count: dict[object, int] = {}
    named = []
    for record in in_order:
        item = record["item_id"]
        count[item] = count.get(item, 0) + 1
        named.append({**record, "item_id": f"{item} {count[item]}"})
    return named


def line_of(case: Case) -> dict[str, int]:
    """Return the line of each record: as said, or one record a line below the header."""
    names = [str(r[identity_of(case.kind)]) for r in keyed(case.truth, identity_of(case.kind))]
    return {name: number for number, name in enumerate(names, 2)} | dict(case.lines)


def same(read: object, truth: object) -> bool:
    """Tell whether a loaded value is the true one, whatever type holds it."""
    read, truth = _simple(read), _simple(truth)
    if isinstance(read, float | int) and isinstance(truth, float | int):
        return math.isclose(read, truth, rel_tol=1e-12, abs_tol=1e-9)
    return read == truth


def _simple(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_simple(each) for each in value]
    if value == "" or pd.isna(value):
        return None
    if isinstance(value, datetime):
        at = pd.Timestamp(value)
        return at.tz_convert("UTC").isoformat() if at.tzinfo else _day_or_time(at)
    return value.isoformat() if isinstance(value, date) else value


def _day_or_time(at: pd.Timestamp) -> str:
    return at.date().isoformat() if at == at.normalize() else at.isoformat()
