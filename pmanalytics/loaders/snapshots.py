"""Projects from dated snapshots: what stands now, what was planned first, and what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Unpack

import pandas as pd

from pmanalytics import errors
from pmanalytics.calendars import local_instants
from pmanalytics.errors import ConfigError, counted, require_texts
from pmanalytics.lifecycle import UNKNOWN_STATUS
from pmanalytics.loaders.intake import Intake, plain_name
from pmanalytics.loaders.records import compare_currencies, name_table, take_in
from pmanalytics.loaders.sources.reading import ReadingOptions, reading_for
from pmanalytics.loaders.sources.rows import Source
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import Day, Projects, StatusChanges, dtypes, required
from pmanalytics.tables import with_all_columns

ID, TAKEN = "project_id", "snapshot_date"
DAY_IN_NAME = r"(?<!\d)((?:19|20|21)\d{2})(-?)(\d{2})\2(\d{2})(?!\d)"
# First plan, later plan, expectation, and what each of them is about.
PLANS = [
    ("baseline_finish_date", "rebaselined_finish_date", "forecast_finish_date", "finish"),
    ("baseline_budget", "rebaselined_budget", "forecast_cost", "cost"),
]


class _Dated(Projects):
    """One row per project and snapshot."""

    snapshot_date: Day = required("Day the row describes")  # type: ignore[valid-type]


class Snapshots(NamedTuple):
    """What snapshots tell: `Projects`, `StatusChanges` of their stages, and notes in words."""

    projects: pd.DataFrame
    status_changes: pd.DataFrame
    notes: Sequence[str]


def load_project_snapshots(
    source: Source | Sequence[Source],
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    defaults: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> Snapshots:
    """How do projects stand in the newest of several snapshots, and what changed before?

    Snapshots are rows with a `snapshot_date`, or files with their day in the name, such as
    projects_2026-01-31.csv.

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame;
        or a list of these.
    columns
        Our column name → header in the file, where they differ: `snapshot_date` and those of
        `Projects`.
    values
        Column → {word in the file: our word}, as in `load_projects`.
    defaults
        Our column → what all rows have there, where the file lacks the column, such as
        {"status": "open", "currency": "USD"}.
    quarantine
        Takes the rows that cannot be used, so that the rest loads.
    **reading
        The options of `Reading`: date_format, time_zone, decimal, missing, short_rows, encoding.

    Returns
    -------
    Snapshots
        Each project is its newest row, but for the plan: the baseline is the first one known, in
        the currency of the newest row; `rebaselined_…` is the newest where it differs, and
        `rebaseline_count` how often the baseline finish changed, where the file has no such
        columns. Without any baseline column the forecast of a project's first snapshot stands for
        the plan, and a note says so. A stage counts as entered in the snapshot that shows it
        first (`changed_at`) and after the one before (`changed_after`); the first stage seen
        leaves an unknown one.

    Raises
    ------
    UnreadableFileError, MissingColumnsError, ConfigError
        If there is no table to read, it lacks a column, or nothing tells a file's day.
    BadRowsError
        If rows cannot be used and there is no quarantine.

    Examples
    --------
    >>> rows = pd.DataFrame({"project_id": "P1", "name": "Move", "status": "open",
    ...                      "snapshot_date": ["2024-01-31", "2024-02-29"],
    ...                      "baseline_finish_date": ["2024-06-30", "2024-09-30"]})
    >>> found = load_project_snapshots(rows).projects.iloc[0]
    >>> found["rebaselined_finish_date"] - found["baseline_finish_date"]
    Timedelta('92 days 00:00:00')
    """
    columns, defaults = columns or {}, defaults or {}
    require_texts("defaults", defaults)
    require_texts("columns", columns)
    options = reading_for(load_project_snapshots, reading)

    def name(part: Intake) -> None:
        known = {**_day_in_name(part, [*columns, *defaults]), **defaults}
        name_table(part, _Dated, columns, values, known)

    intake, rows = take_in(source, "project snapshots", _Dated, options, name)
    compare_currencies(intake, rows)
    is_double = rows.duplicated([ID, TAKEN], keep=False) & rows[[ID, TAKEN]].notna().all(axis=1)
    intake.reject(ID, rows.loc[is_double, ID], errors.CONFLICTING_SNAPSHOT)
    sound = intake.sound(rows, _Dated, unique=False)
    rows = sound.sort_values([ID, TAKEN], kind="stable")
    intake.notes += _stale_notes(rows)
    projects = _newest_with_plans(intake, rows)
    changes = _stage_changes(rows, options.time_zone)
    intake.notes += _spacing_notes(changes)
    intake.close(sound, quarantine)
    return Snapshots(projects, changes, intake.notes)


def _day_in_name(part: Intake, given: Sequence[str]) -> dict[str, pd.Timestamp]:
    """Return the day that a file's name tells, unless a column does."""
    if TAKEN in given or TAKEN in map(plain_name, map(str, part.cells.columns)):
        return {}
    day = day_in_name(part.file)
    if day is None:
        raise ConfigError(
            f"{part.file}: nothing tells the day of this snapshot. Say which column does, as "
            f'{TAKEN} = "header in the file" under [project_snapshots.columns] or in columns, or '
            "put one day, such as 2026-01-31, into the file's name."
        )
    return {TAKEN: day}


def day_in_name(name: str) -> pd.Timestamp | None:
    """Return the one day that the name of a file tells."""
    found = {"".join(match.group(1, 3, 4)) for match in re.finditer(DAY_IN_NAME, name)}
    days = pd.to_datetime(pd.Series(sorted(found), dtype="str"), format="%Y%m%d", errors="coerce")
    days = days.dropna()
    return days.iloc[0] if len(days) == 1 else None


def _stale_notes(rows: pd.DataFrame) -> list[str]:
    """Say how many projects are missing from the newest snapshot."""
    newest = rows.groupby(ID)[TAKEN].max()
    n_stale = int((newest < newest.max()).sum())
    if not n_stale:
        return []
    day = newest.max().date().isoformat()
    return [
        f"{n_stale} of {counted(len(newest), 'project')} have no usable row in the newest snapshot "
        f"({day}); their last row counts."
    ]


def _spacing_notes(changes: pd.DataFrame) -> list[str]:
    """Say how exactly snapshots tell when a stage was entered."""
    gaps = (changes["changed_at"] - changes["changed_after"]).dropna()
    if gaps.empty:
        return []
    median = gaps.median().round("D").days
    return [
        "When a stage was entered is known to within the time between two snapshots (median "
        f"{median} days): durations are no more exact than that, and shorter stays may be missing. "
        "When the stage was entered in which a project was first seen is not known: it is in no "
        "duration."
    ]


def _newest_with_plans(intake: Intake, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the newest row of each project, with the first plan and what became of it."""
    projects = rows.drop_duplicates(ID, keep="last").set_index(ID, drop=False).rename_axis(None)
    projects["currency"] = rows.groupby(ID)["currency"].last()
    is_foreign = rows["currency"] != rows[ID].map(projects["currency"])
    money = {name: rows[name].mask(is_foreign) for name in ("baseline_budget", "forecast_cost")}
    rows = rows.assign(**money)
    for plan, later, forecast, what in PLANS:
        if plan in intake.cells:
            first, last = rows.groupby(ID)[plan].first(), rows.groupby(ID)[plan].last()
            projects[later] = projects[later].fillna(last.where(last != first))
            projects[plan] = first
        elif forecast in intake.cells:
            projects[plan] = rows.groupby(ID)[forecast].first()
            intake.notes.append(_stand_in_note(rows, forecast, what))
    if "baseline_finish_date" in intake.cells:
        counts = _changes(rows, "baseline_finish_date").astype("Int64")
        projects["rebaseline_count"] = projects["rebaseline_count"].fillna(counts)
    projects["baseline_start_date"] = _starts(intake, rows, projects)
    return projects.reset_index(drop=True)


def _starts(intake: Intake, rows: pd.DataFrame, projects: pd.DataFrame) -> pd.Series:
    """Return the planned start that came with the first planned finish, or the first one known."""
    finish = PLANS[0][0] if PLANS[0][0] in intake.cells else PLANS[0][2]
    planned = rows[rows[finish].notna()].drop_duplicates(ID).set_index(ID)["baseline_start_date"]
    known = rows.groupby(ID)["baseline_start_date"].first()
    starts = planned.reindex(projects.index).fillna(known)
    is_after = starts > projects["baseline_finish_date"]
    if is_after.any():
        intake.notes.append(
            f"{counted(int(is_after.sum()), 'planned start')} after the first planned finish "
            "left out."
        )
    return starts.mask(is_after)


def _changes(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return per project how often a column changed, where it is known."""
    known = rows[rows[column].notna()]
    before = known.groupby(ID)[column].shift()
    is_change = before.notna() & (before != known[column])
    return is_change.groupby(known[ID]).sum()


def _stand_in_note(rows: pd.DataFrame, forecast: str, what: str) -> str:
    changes = _changes(rows, forecast)
    return (
        f"There is no approved plan of the {what}: the forecast of the first snapshot stands for "
        f"it. The forecast changed {counted(int(changes.sum()), 'time')} in "
        f"{counted(int((changes > 0).sum()), 'project')}; these are no new plans."
    )


def _stage_changes(rows: pd.DataFrame, time_zone: str) -> pd.DataFrame:
    """Return the entry into each stage, as seen in the snapshots."""
    rows = rows[rows["stage"].notna()]
    before = rows.groupby(ID)["stage"].shift()
    seen_before = rows.groupby(ID)[TAKEN].shift()
    changes = pd.DataFrame(
        {
            "level": "project",
            "item_id": rows[ID],
            "changed_at": local_instants(rows[TAKEN], time_zone),
            "changed_after": local_instants(seen_before, time_zone),
            "from_status": before.fillna(UNKNOWN_STATUS),
            "to_status": rows["stage"],
            "source": "snapshots",
        }
    )[before.isna() | (before != rows["stage"])]
    changes = changes.astype({"level": "str", "source": "str"})
    changes = changes.assign(sequence=changes.groupby("item_id").cumcount())
    changes = with_all_columns(changes, StatusChanges)[list(dtypes(StatusChanges))]
    return changes.reset_index(drop=True)
