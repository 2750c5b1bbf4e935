"""Work items from Jira's issue-navigator CSV ("Export CSV"), of any age and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias, Unpack

import pandas as pd

from pmanalytics import errors
from pmanalytics.codes import is_among
from pmanalytics.errors import MissingColumnsError, counted, require_texts
from pmanalytics.loaders.cells.convert import blank_to_missing, typed
from pmanalytics.loaders.cells.texts import fits
from pmanalytics.loaders.intake import Intake
from pmanalytics.loaders.jira.columns import EPIC, Found, find_columns, name_cells
from pmanalytics.loaders.jira.exports import (
    EFFORTS,
    JiraSource,
    close_newest,
    export_files,
    in_hours,
)
from pmanalytics.loaders.jira.headers import custom_field
from pmanalytics.loaders.notes import Note
from pmanalytics.loaders.sources.files import File
from pmanalytics.loaders.sources.reading import CellOptions, Reading, reading_for
from pmanalytics.loaders.sources.rows import open_columns
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import WorkItems

Exports: TypeAlias = JiraSource | Sequence[JiraSource]

EXPORT_LIMITS = (1_000, 10_000)
KEY = r"[A-Za-z][A-Za-z0-9_]*-\d+"
JAVA_OBJECT = r"(?:[a-z]\w*\.)*[A-Z][\w$]*@[0-9a-f]{1,8}"
HIDDEN_FORMULA = r"'[=+\-@]"
EXAMPLES = 5
PARENTS = "parents"
DAYS_TOO = r"(?:\d+(?:\.\d+)?[wdhm] ?)*\d+(?:\.\d+)?[wd](?: ?\d+(?:\.\d+)?[wdhm])*"
HOURS_AND_MINUTES = r"^(?=\d)(?:(\d+(?:\.\d+)?) ?h)? ?(?:(\d+) ?m)?$"
VISIT, WITHIN = r"_\*\|\*_", r"_\*:\*_"
MILLISECONDS_PER_DAY = 86_400_000


def load_jira_csv(
    source: Exports,
    *,
    time_zone: str,
    columns: Mapping[str, str] | None = None,
    known: pd.DataFrame | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[CellOptions],
) -> pd.DataFrame:
    """Which issues does a navigator export hold, and how do they stand?

    Such an export has no status history; for the time spent in each status use the JSON of Jira's
    search with its changelog (`load_jira_json`).

    Parameters
    ----------
    source
        The CSV file as Jira wrote it in English, German, French, Portuguese or Spanish, or a list
        of such files that are parts of one export or exports of different days. Only the columns
        of `WorkItems` and those named in `columns` are read; of a field with one column per value,
        such as Labels, the values become a list.
    time_zone
        IANA zone of the user who exported: Jira writes wall-clock times without one.
    columns
        Our column name → header, for custom fields such as {"story_points": "Size"}, which finds
        "Custom field (Size)" in any language, or for further columns to keep. "Size #2" is the
        second of two fields with one name.
    known
        `WorkItems` of another export, such as the JSON: issues in it count there, not again.
    quarantine
        Takes the rows that cannot be used, so that the rest loads.
    **reading
        Further options of `Reading`, such as date_format.

    Returns
    -------
    pandas.DataFrame
        `WorkItems`: one row per issue. Of an issue that occurs twice the newest state is kept.

    Raises
    ------
    UnreadableFileError, MissingColumnsError, ConfigError
        If there is no table to read, it is no navigator export, or the zone is unknown.
    BadRowsError
        If rows cannot be used and there is no quarantine.
    """
    require_texts("columns", columns or {})
    options = replace(reading_for(load_jira_csv, reading), time_zone=time_zone)
    _, files = export_files(source, (".csv",))
    parts = [_part(file, columns or {}, options) for file in files]
    _require_asked(parts, columns or {})
    intake = Intake.of([part.intake for part in parts])
    tables = [part.table.set_axis(part.intake.cells.index) for part in parts]
    table = pd.concat(tables) if len(tables) > 1 else tables[0]
    intake.drop_repeats()
    if len(intake.cells) < len(table):
        table = table.loc[intake.cells.index]
    table["parent_key"] = _parent_keys(intake, table)
    table = table.drop(columns=EPIC)
    return close_newest(intake, table, known, quarantine)


def time_in_status(cells: pd.Series) -> pd.DataFrame:
    """How long was each issue in each status it has left?

    Parameters
    ----------
    cells
        Cells of Jira's field "[CHART] Time in Status", indexed by the item they belong to.

    Returns
    -------
    pandas.DataFrame
        One row per item and status: item, status_id (Jira's id, not its name), visits and elapsed
        days. The current status is not among them. A cell that cannot be read gives one row with
        nothing but the item, an empty cell none.

    Examples
    --------
    >>> time_in_status(pd.Series({"A-1": "10001_*:*_2_*:*_129600000_*|*_10002_*:*_1_*:*_0"}))
      item status_id  visits  days
    0  A-1     10001       2   1.5
    1  A-1     10002       1   0.0
    """
    filled = blank_to_missing(cells).dropna()
    visit = rf"\d+{WITHIN}\d+{WITHIN}\d+"
    is_readable = filled.str.fullmatch(rf"{visit}(?:{VISIT}{visit})*")
    visits = filled.where(is_readable).str.split(VISIT, regex=True).explode().astype("str")
    found = visits.str.extract(rf"^(\d+){WITHIN}(\d+){WITHIN}(\d+)$")
    return pd.DataFrame(
        {
            "item": found.index,
            "status_id": found[0].array,
            "visits": pd.to_numeric(found[1]).astype("Int64").array,
            "days": pd.to_numeric(found[2]).astype(float).array / MILLISECONDS_PER_DAY,
        }
    )


class Part(NamedTuple):
    """One file of an export: its account, where its columns stand, and its rows."""

    intake: Intake
    found: Found
    table: pd.DataFrame


def _part(file: File, columns: Mapping[str, str], reading: Reading) -> Part:
    """Open one file by its own header, and read its cells by its own styles."""
    found: list[Found] = []

    def choose(header: list[str]) -> list[int]:
        found.append(find_columns(file.name, header, columns))
        return sorted({position for there in found[0].positions.values() for position in there})

    intake = open_columns(file, "Jira CSV", reading, choose)
    _set_java_aside(intake)
    intake.notes += [f"{file}: {note}" for note in _export_notes(intake)]
    name_cells(intake, found[0])
    for name in intake.cells.columns.intersection(EFFORTS):
        intake.cells[name] = _as_seconds(intake, name)
    table = typed(intake, WorkItems, reading)
    _set_other_units_aside(intake, table)
    table = in_hours(table)
    keys = table["key"].dropna()
    intake.reject("key", keys[~fits(keys, rf"^{KEY}$")], errors.NOT_A_KEY)
    intake.sound(table, WorkItems, unique=False)
    return Part(intake, found[0], table)


def _as_seconds(intake: Intake, name: str) -> pd.Series:
    """Return effort in seconds, where somebody wrote hours and minutes, as in 1h 30m.

    How long a day or a week of work is, Jira's administrator decides.
    """
    cells = intake.cells[name]
    words = cells[fits(cells, r"[^\d]")]
    if words.empty:
        return cells
    has_days = words.str.fullmatch(DAYS_TOO)
    intake.reject(name, words[has_days], errors.NOT_SECONDS, value_only=True)
    found = words.str.extract(HOURS_AND_MINUTES).astype(float)
    seconds = (found[0].fillna(0) * 3600 + found[1].fillna(0) * 60).round()
    is_read = found.notna().any(axis="columns")
    read = words.mask(is_read, seconds.astype("int64").astype("str")).mask(has_days, "")
    return read.reindex(cells.index).fillna(cells)


def _set_other_units_aside(intake: Intake, table: pd.DataFrame) -> None:
    """Set effort aside that cannot be in Jira's seconds, which are whole minutes at least."""
    for name in intake.cells.columns.intersection(EFFORTS):
        is_odd = (table[name] % 1 != 0) | table[name].between(0, 60, inclusive="neither")
        is_odd &= table[name].notna()
        intake.reject(name, intake.cells.loc[is_odd, name], errors.NOT_SECONDS, value_only=True)
        table[name] = table[name].mask(is_odd)


def _require_asked(parts: Sequence[Part], columns: Mapping[str, str]) -> None:
    """Refuse a header in `columns` that is in none of the files."""
    absent = [name for name in columns.values() if all(name in p.found.absent for p in parts)]
    if absent:
        headers = dict.fromkeys(name for part in parts for name in part.found.header)
        files = ", ".join(part.intake.file for part in parts)
        raise MissingColumnsError(files, absent, headers)


def _set_java_aside(intake: Intake) -> None:
    """Set aside what Jira writes where an add-on did not say how to write its field."""
    for position, header in intake.headers.items():
        if custom_field(header) is not None:
            cells = intake.cells[position]
            is_java = fits(cells, rf"^{JAVA_OBJECT}$")
            if is_java.any():
                intake.reject(position, cells[is_java], errors.JAVA_OBJECT, value_only=True)
                intake.cells[position] = cells.mask(is_java, "")


def _export_notes(intake: Intake) -> list[str]:
    """Return what the file as a whole makes one doubt."""
    notes = []
    n_rows = len(intake.where)
    if n_rows in EXPORT_LIMITS:
        notes.append(
            f"it has exactly {n_rows:,} rows, where Jira cuts exports off; "
            "see in Jira whether there are more, and export the rest."
        )
    is_quoted = [(cells, cells.str.startswith("'")) for _, cells in intake.cells.items()]
    quoted = [cells[is_meant] for cells, is_meant in is_quoted if is_meant.any()]
    n_hidden = sum(int(cells.str.match(HIDDEN_FORMULA).sum()) for cells in quoted)
    if n_hidden:
        notes.append(
            f"{counted(n_hidden, 'cell')} with an apostrophe before =, +, - or @, "
            "which keeps spreadsheets from calculating; kept as written."
        )
    return notes


def _parent_keys(intake: Intake, table: pd.DataFrame) -> pd.Series:
    """Return the parents' keys of today, where Jira wrote an id or the key before a move."""
    if table["parent_key"].isna().all() and table[EPIC].isna().all():
        return table["parent_key"]
    key_of = newest_keys(table, pd.concat([table["parent_key"], table[EPIC]]))
    parents = table["parent_key"].map(key_of).astype("str")
    # The epic is the parent whose id is not in the export, for its key is written, too.
    parents = parents.fillna(table[EPIC].where(table["parent_key"].str.isdecimal()))
    parents = parents.fillna(table["parent_key"])
    intake.notes += parent_notes(parents, key_of)
    return parents


def newest_keys(table: pd.DataFrame, parents: pd.Series) -> pd.Series:
    """Return the key of today of each parent there, by its id and by each key it ever had."""
    known = table[table["key"].str.fullmatch(KEY) & table["item_id"].notna()]
    is_parent = is_among(known["item_id"], parents) | is_among(known["key"], parents)
    known = known[is_among(known["item_id"], known.loc[is_parent, "item_id"])]
    in_order = known.sort_values("updated_at", kind="stable", na_position="first")
    newest = in_order.drop_duplicates("item_id", keep="last").set_index("item_id")["key"]
    keys = known["item_id"].map(newest)
    key_of = pd.concat([keys.set_axis(known[name]) for name in ("item_id", "key")])
    return key_of[~key_of.index.duplicated()]


def parent_notes(parents: pd.Series, key_of: pd.Series) -> list[Note]:
    """Tell which parents are no issues of the export."""
    unknown = parents[parents.notna() & ~is_among(parents, key_of)].drop_duplicates()
    if unknown.empty:
        return []
    examples = ", ".join(unknown[:EXAMPLES]) + (" …" if len(unknown) > EXAMPLES else "")
    are = "parent is" if len(unknown) == 1 else "parents are"
    return [Note(f"{len(unknown)} {are} not in the export: {examples}.", subject=PARENTS)]
