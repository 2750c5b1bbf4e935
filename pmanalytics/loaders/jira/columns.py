"""The columns of a navigator export under our names: found, told apart, merged or made lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from pmanalytics.codes import numbered
from pmanalytics.errors import MissingColumnsError, counted
from pmanalytics.loaders.cells.convert import blank_to_missing
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.headers import (
    HEADERS,
    LISTS,
    NEEDED,
    STATUS_CATEGORIES,
    is_multi_valued,
    navigator_name,
    outward_link,
    plain_word,
    standing_for,
)
from pmanalytics.schemas import WorkItems, dtypes

LINKS = "links"
QUOTED = r"(?:'[^']*'|\"[^\"]*\")"
PYTHON_LIST = re.compile(rf"\[(?:{QUOTED}(?:, ?{QUOTED})*)?\]")
PYTHON_TEXT = re.compile(r"'([^']*)'|\"([^\"]*)\"")
EPIC = "(epic)"  # the key of the epic, beside a parent that may be known by its id only
# An issue may have a parent of each kind; the nearest counts, and that is no contradiction.
FALLBACKS = ["parent_key"]


class Found(NamedTuple):
    """Where the columns of ours stand in a header, and the headers asked for that do not."""

    header: list[str]
    positions: dict[str, list[int]]
    absent: list[str]


def find_columns(file: str, header: list[str], columns: Mapping[str, str]) -> Found:
    """Return the positions of each column of ours in the header, the first one counting most.

    Raises
    ------
    MissingColumnsError
        If it is no header of a navigator export.
    """
    at: dict[str, list[int]] = {}
    for position, name in enumerate(_as_exported(header)):
        at.setdefault(navigator_name(name), []).append(position)
    found = {
        ours: [position for alias in standing_for(ours) for position in at.get(alias, [])]
        for ours in HEADERS
    }
    found[LINKS] = [n for n, name in enumerate(header) if outward_link(name) is not None]
    asked = {ours: _asked(wanted.strip(), header, at) for ours, wanted in columns.items()}
    found = {ours: there for ours, there in (found | asked).items() if there}
    absent = [columns[ours] for ours, there in asked.items() if not there]
    lacking = [name for ours, name in NEEDED.items() if not found.get(ours)]
    if lacking:
        raise MissingColumnsError(file, [*absent, *lacking], header)
    return Found(header, found, absent)


def _as_exported(header: list[str]) -> list[str]:
    """Return the header without the numbers that pandas gives to names that are repeated."""
    names = set(header)
    numbered = [re.fullmatch(r"(.+)\.\d+", name) for name in header]
    return [
        number[1] if number and number[1] in names else name
        for name, number in zip(header, numbered, strict=True)
    ]


def _asked(wanted: str, header: list[str], at: Mapping[str, list[int]]) -> list[int]:
    """Return where a header stands that a user names: exactly, but for spelling, or by field."""
    found = [position for position, name in enumerate(header) if name == wanted]
    for meant in (wanted, f"Custom field ({wanted})"):
        found = found or at.get(navigator_name(meant), [])
    field, _, number = wanted.rpartition(" #")
    if found or not field or not number.isdecimal():
        return found
    return _asked(field, header, at)[max(int(number) - 1, 0) : int(number)]


def name_cells(intake: Intake, found: Found) -> None:
    """Give the cells our names: one column per name, of values or of lists of values."""
    shown = _told_apart(list(intake.all_headers))
    cells = {}
    for ours, positions in found.positions.items():
        if ours == LINKS:
            cells[ours], used = _links(intake, found), positions
        elif _is_list(ours, positions, found.header):
            cells[ours], used = _lists(_columns(intake, positions)), positions
        else:
            cells[ours], used = _merged(intake, ours, positions, found.header)
        intake.further_headers |= {shown[position]: ours for position in used}
    if "item_id" not in cells:
        cells["item_id"] = cells["key"]
    parents = _columns(intake, found.positions.get("parent_key", []))
    none = pd.Series(pd.NA, index=intake.cells.index, dtype="str")
    cells[EPIC], _ = _first_filled([none, *(p.mask(p.str.isdecimal().eq(True)) for p in parents)])
    if "status_category" in cells:
        cells["status_category"] = _category_keys(cells["status_category"])
    intake.headers = {ours: shown[there[0]] for ours, there in found.positions.items()}
    intake.all_headers = shown
    intake.cells = pd.DataFrame(cells, index=intake.cells.index).assign(history_complete=False)


def _told_apart(header: list[str]) -> list[str]:
    """Return the header with numbers after names that are repeated, but for columns of values."""
    seen: Counter[str] = Counter()
    shown = []
    for name in header:
        seen[name] += 1
        is_first = seen[name] == 1 or is_multi_valued(name)
        shown.append(name if is_first else f"{name} #{seen[name]}")
    return shown


def _is_list(ours: str, positions: list[int], header: list[str]) -> bool:
    return ours in LISTS or (not _is_our_own(ours) and is_multi_valued(header[positions[0]]))


def _is_our_own(ours: str) -> bool:
    return ours in dtypes(WorkItems)


def _columns(intake: Intake, positions: Sequence[int]) -> list[pd.Series]:
    return [blank_to_missing(intake.cells[str(position)]) for position in positions]


def _merged(
    intake: Intake, ours: str, positions: list[int], header: list[str]
) -> tuple[pd.Series, list[int]]:
    """Return the first filled cell of each row, and the positions of the columns that count.

    Columns of one name that contradict each other are different fields: only the first counts.
    """
    if len(positions) == 1:
        cells = intake.cells[str(positions[0])]
        return cells if _is_our_own(ours) else blank_to_missing(cells), positions
    fields, used = [], []
    for name in dict.fromkeys(header[position] for position in positions):
        repeats = [position for position in positions if header[position] == name]
        columns = _columns(intake, repeats)
        field, n_differ = _first_filled(columns)
        if n_differ:
            field, repeats = columns[0], repeats[:1]
            intake.notes.append(
                f"{intake.file}: {len(columns)} columns are named {name!r} and differ in "
                f"{counted(n_differ, 'row')}; the first counts as {ours}. "
                f'To choose, say in columns: {ours} = "{name} #2", or #1 for the first.'
            )
        fields.append(field)
        used += repeats
    cells, n_differ = _first_filled(fields)
    if n_differ and ours not in FALLBACKS:
        names = " and ".join(repr(name) for name in dict.fromkeys(header[p] for p in used))
        intake.notes.append(
            f"{intake.file}: {names} differ in {counted(n_differ, 'row')}; there the first counts "
            f'as {ours}. To choose, say in columns: {ours} = "header in the file".'
        )
    return cells, used


def _first_filled(columns: list[pd.Series]) -> tuple[pd.Series, int]:
    """Return the first value of each row, and in how many rows another one differs from it."""
    filled = columns[0]
    for column in columns[1:]:
        filled = filled.fillna(column)
    differs = pd.Series(False, index=filled.index)
    for column in columns[1:]:
        differs |= (column.notna() & (column != filled)).astype(bool)
    return filled, int(differs.sum())


def _links(intake: Intake, found: Found) -> pd.Series:
    positions = found.positions[LINKS]
    kinds = [outward_link(found.header[position]) for position in positions]
    return _per_row(
        _columns(intake, positions),
        lambda row: [f"{kind}: {key}" for kind, key in zip(kinds, row, strict=True) if key],
    )


def _lists(columns: list[pd.Series]) -> pd.Series:
    """Return the filled cells of each row as a list."""
    return _per_row(columns, lambda row: [one for value in row if value for one in _listed(value)])


def _per_row(columns: list[pd.Series], listed: Callable[[tuple[str, ...]], list[str]]) -> pd.Series:
    """Return the list made of the cells of each row; rows of equal cells share theirs."""
    codes, _ = pd.factorize(numbered(pd.DataFrame(dict(enumerate(columns)))))
    first = np.flatnonzero(~pd.Series(codes).duplicated())
    rows = zip(*(column.iloc[first].fillna("").tolist() for column in columns), strict=True)
    lists = pd.Series([listed(row) for row in rows], dtype="object").to_numpy()
    return pd.Series(lists[codes], index=columns[0].index, dtype="object")


def _listed(value: str) -> list[str]:
    """Return the texts of a list as Python writes it, and any other value as it is."""
    if not (value.startswith("[") and PYTHON_LIST.fullmatch(value)):
        return [value]
    return [one or other for one, other in PYTHON_TEXT.findall(value)]


def _category_keys(words: pd.Series) -> pd.Series:
    """Return Jira's keys of the words for its three status categories; others stay."""
    numbers, distinct = pd.factorize(words)
    keys = [STATUS_CATEGORIES.get(plain_word(word), word) for word in distinct]
    return pd.Series(pd.array(keys, dtype="str").take(numbers, allow_fill=True), words.index)
