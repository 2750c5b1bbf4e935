"""Work items from Jira's issue-navigator CSV ("Export CSV")."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import pandas as pd

from pmanalytics.errors import MissingColumnsError, require_texts
from pmanalytics.loaders.convert import blank_to_missing, typed
from pmanalytics.loaders.intake import Intake, plain_name
from pmanalytics.loaders.jira import in_hours
from pmanalytics.loaders.reading import CellOptions, Reading
from pmanalytics.loaders.rows import open_columns
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import WorkItems

HEADERS = {
    "item_id": ["issue_id"],
    "key": ["issue_key"],
    "project_key": ["project_key"],
    "summary": ["summary"],
    "item_type": ["issue_type"],
    "status": ["status"],
    "status_category": ["status_category"],
    "priority": ["priority"],
    "resolution": ["resolution"],
    "created_at": ["created"],
    "updated_at": ["updated"],
    "resolved_at": ["resolved"],
    "status_category_changed_at": ["status_category_changed"],
    "due_date": ["due_date"],
    "parent_key": ["parent_key", "parent", "parent_id"],
    "original_estimate_hours": ["original_estimate"],
    "time_spent_hours": ["time_spent"],
    "story_points": ["custom_field_story_points", "custom_field_story_point_estimate"],
    "team": ["team_name"],
    "labels": ["labels"],
    "components": ["components", "component_s"],
    "fix_versions": ["fix_versions", "fix_version_s"],
    "affects_versions": ["affects_versions", "affects_version_s"],
    "sprints": ["sprint"],
}
LISTS = ["labels", "components", "fix_versions", "affects_versions", "sprints"]
LINK = "outward_issue_link_"


def load_jira_csv(
    path: str | Path,
    *,
    time_zone: str,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[CellOptions],
) -> pd.DataFrame:
    """Which issues does a navigator export hold, and how do they stand?

    Such an export has no status history; for the time spent in each status use the JSON of Jira's
    search with its changelog (`load_jira_json`).

    Parameters
    ----------
    path
        The CSV file, as Jira wrote it. Only the columns of `WorkItems` and those named in
        `columns` are read; columns that Jira repeats, one per value, become lists.
    time_zone
        IANA zone of the user who exported: Jira writes wall-clock times without one.
    columns
        Our column name → header, for custom fields such as
        {"story_points": "Custom field (Size)"}, or for further columns to keep.
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
    named: dict[str, list[int]] = {}

    def choose(header: list[str]) -> list[int]:
        named.update(_positions(Path(path).name, header, columns or {}))
        return sorted({position for positions in named.values() for position in positions})

    options = Reading(time_zone=time_zone, **reading)
    intake = open_columns(path, "Jira CSV", options, choose)
    header_at = intake.headers
    intake.drop_repeats()
    intake.cells = _named_cells(intake, named, header_at)
    intake.headers = {name: header_at[str(found[0])] for name, found in named.items()}
    table = in_hours(typed(intake, WorkItems, options))
    table["parent_key"] = _parent_keys(table)
    rows = intake.sound(table, WorkItems, unique=False)
    for identity in ("item_id", "key"):
        rows = intake.keep_newest(rows, identity, "updated_at")
    return intake.close(rows, quarantine)


def _positions(file: str, header: list[str], columns: Mapping[str, str]) -> dict[str, list[int]]:
    """Return the positions of each column of ours in the header."""
    plain = [plain_name(name) for name in header]
    named: dict[str, list[int]] = {}
    for name, aliases in HEADERS.items():
        known = next((alias for alias in aliases if alias in plain), None)
        found = [position for position, alias in enumerate(plain) if alias == known]
        if found:
            named[name] = found if name in LISTS else found[:1]
    absent = [wanted for wanted in columns.values() if wanted not in header]
    needed = [n for n in ("key", "status", "created_at") if n not in named and n not in columns]
    if absent or needed:
        raise MissingColumnsError(file, absent + [_JIRA_NAMES[name] for name in needed], header)
    named |= {
        name: [position for position, found in enumerate(header) if found == wanted]
        for name, wanted in columns.items()
    }
    links = [position for position, alias in enumerate(plain) if alias.startswith(LINK)]
    return named | ({"links": links} if links else {})


_JIRA_NAMES = {"key": "Issue key", "status": "Status", "created_at": "Created"}


def _named_cells(
    intake: Intake, named: Mapping[str, list[int]], header_at: Mapping[str, str]
) -> pd.DataFrame:
    """Return one column per name; those that Jira repeats as lists of their values."""
    cells = {}
    for name, positions in named.items():
        columns = [intake.cells[str(position)] for position in positions]
        if name == "links":
            kinds = [header_at[str(p)].partition("(")[2].rstrip(")") for p in positions]
            columns = [
                f"{kind}: " + c.mask(c == "") for kind, c in zip(kinds, columns, strict=True)
            ]
        is_repeated = len(positions) > 1 and name not in WorkItems.to_schema().columns
        is_list = name in LISTS or name == "links" or is_repeated
        cells[name] = _lists(columns) if is_list else columns[0]
    if "item_id" not in cells:
        cells["item_id"] = cells["key"]
    return pd.DataFrame(cells, index=intake.cells.index).assign(history_complete=False)


def _lists(columns: list[pd.Series]) -> pd.Series:
    rows = zip(*(blank_to_missing(column).fillna("") for column in columns), strict=True)
    values = [[value for value in row if value] for row in rows]
    return pd.Series(values, index=columns[0].index, dtype="object")


def _parent_keys(table: pd.DataFrame) -> pd.Series:
    """Return the parents' keys; where Jira wrote an id, the key of the issue with that id."""
    key_of = table.drop_duplicates("item_id").set_index("item_id")["key"]
    return table["parent_key"].map(key_of).fillna(table["parent_key"]).astype("str")
