"""A `pmanalytics.toml` for files as they are: what could be found out, and what is only a guess.

Each guess is marked `check:`; whoever has read those lines has said what the files mean.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pmanalytics import errors
from pmanalytics.calendars import UTC
from pmanalytics.errors import ConfigError, UnreadableFileError, visible
from pmanalytics.loaders.config import CONFIG, FROM_JIRA, lifecycles_of
from pmanalytics.loaders.folder import FolderReader, open_folder
from pmanalytics.loaders.guesses.columns import add_columns, are_snapshots, currency_of
from pmanalytics.loaders.guesses.recognise import CORRECTIONS, DOCUMENT, Guess, recognise
from pmanalytics.loaders.guesses.stages import ENOUGH, proposed_lifecycles
from pmanalytics.loaders.guesses.toml import Section, toml_text
from pmanalytics.loaders.recognised import USUAL_NAMES
from pmanalytics.loaders.records import NO_CURRENCY
from pmanalytics.loaders.sources.archives import files_in
from pmanalytics.loaders.sources.files import File, path_of
from pmanalytics.loaders.sources.reading import PAD
from pmanalytics.loaders.status_date import newest_day
from pmanalytics.schemas import money_columns

SHARES = {"percent_complete", "probability"}
WANTED = (
    "Projects have a name, a status and dates. A history has an item, a day and the status entered "
    "per row. Dates of stages are two or more columns of days on which something happened."
)
STAGE_HEADER = re.compile(r"stage|phase|gate|etapa|étape|stufe")


def propose_config(folder: str | Path) -> str:
    """How should these files be read? Write it as TOML, guesses marked.

    Parameters
    ----------
    folder
        The folder with the files.

    Returns
    -------
    str
        The content of a `pmanalytics.toml`: it loads as it is.

    Raises
    ------
    UnreadableFileError
        If there is no such folder, or nothing in it is a table or a Jira export.
    ConfigError
        If there is a `pmanalytics.toml` already.
    """
    folder = path_of(folder)
    if not folder.is_dir():
        raise UnreadableFileError(f"{folder}: there is no such folder.")
    if (folder / CONFIG).exists():
        raise ConfigError(f"{folder / CONFIG} exists; move it away to have a new one proposed.")
    guesses = {file: recognise(file) for file in files_in(folder)}
    if not guesses:
        raise UnreadableFileError(f"{folder}: there is no file in this folder.")
    sections, unlike = _drafted(guesses)
    general = Section(
        {"time_zone": UTC},
        checks={"time_zone": "the zone whose days count, and whose clock the files show"},
    )
    _add_currency(general, sections.values())
    _ignore_unknown(general, guesses)
    reader, tables = _loaded(folder, general, sections)
    if _refined(sections, reader):
        reader, tables = _loaded(folder, general, sections)
    _add_status_date(general, newest_day(tables, _last_modified(guesses)), guesses)
    sections |= _from_jira(tables)
    known = lifecycles_of(_config(general, sections))
    sections |= proposed_lifecycles(tables, known, _told_by_stages(sections))
    unknown = [
        f"{file}: {unlike.get(file.name, guess.why)}"
        for file, guess in guesses.items()
        if file.name in unlike or (not guess.section and guess.why != DOCUMENT)
    ]
    return toml_text(general, sections, unknown)


def _ignore_unknown(general: Section, guesses: Mapping[File, Guess]) -> None:
    """Leave out files that would be read by their usual name, though nobody knows their columns."""
    unread = [file.name for file, guess in guesses.items() if guess.section is None]
    ignored = [name for name in unread if name in USUAL_NAMES.values()]
    if ignored:
        general.settings["ignore"] = ignored
        general.checks["ignore"] = "columns not known; to use a file, name them in a section"


def _add_status_date(general: Section, day: str | None, files: Iterable[File]) -> None:
    why = "on this one something happened last" if day else "this is when they were last changed"
    general.settings = {"as_of": day or _last_modified(files), **general.settings}
    general.checks["as_of"] = f"the day the files describe; {why}"


def _add_currency(general: Section, sections: Iterable[Section]) -> None:
    """Add the currency of amounts that have no column for it, as far as a header tells it."""
    columns = [section.settings.get("columns", {}).keys() for section in sections]
    if not any(names & money_columns() and "currency" not in names for names in columns):
        return
    told = dict(filter(None, map(currency_of, sections)))
    if len(told) == 1:
        code, header = told.popitem()
        general.settings["currency"] = code
        general.checks["currency"] = f"the currency of all amounts, as {header!r} says"
    else:
        general.settings["currency"] = NO_CURRENCY
        general.checks["currency"] = "the currency of all amounts; XXX stands for none"


def _last_modified(files: Iterable[File]) -> str:
    newest = max(file.path.stat().st_mtime for file in files)
    return pd.Timestamp(newest, unit="s").date().isoformat()


def _drafted(guesses: Mapping[File, Guess]) -> tuple[dict[str, Section], dict[str, str]]:
    """Return a section per kind of file, and which files are in none though they are known."""
    files: dict[str, list[File]] = {}
    for file, guess in guesses.items():
        if guess.section and guess.section != CORRECTIONS:
            files.setdefault(guess.section, []).append(file)
    reasons = {name: guesses[those[0]].why for name, those in files.items()}
    if "project_snapshots" not in files and are_snapshots(files.get("projects", [])):
        files["project_snapshots"] = files.pop("projects")
        reasons["project_snapshots"] = "the same projects, on the days in the files' names"
    sections: dict[str, Section] = {}
    unlike: dict[str, str] = {}
    for name, those in files.items():
        why = reasons[name]
        if name.startswith("jira_"):
            listed = visible(those[0].name) if len(those) == 1 else f"{len(those)} files"
            sections[name] = Section({}, f"{listed}: {why}, known by the content")
            continue
        section = Section({}, why)
        unlike |= add_columns(name, section, those)
        if section.settings:
            sections[name] = section
    if not sections:
        found = [f"  {f}: {unlike.get(f.name, guess.why)}" for f, guess in guesses.items()]
        head = "No table that can be used and no Jira export is among:"
        raise UnreadableFileError("\n".join([head, *found, WANTED]))
    return sections, unlike


def _loaded(
    folder: Path, general: Section, sections: Mapping[str, Section]
) -> tuple[FolderReader, dict[str, pd.DataFrame]]:
    config = _config(general, sections)
    reader = open_folder(folder, config)
    return reader, reader.tables(lifecycles_of(config))


def _config(general: Section, sections: Mapping[str, Section]) -> dict[str, Any]:
    config: dict[str, Any] = dict(general.settings)
    for name, section in sections.items():
        *parents, last = name.split(".")
        place = config
        for parent in parents:
            place = place.setdefault(parent, {})
        place.setdefault(last, {}).update(section.settings)
    return config


def _refined(sections: Mapping[str, Section], reader: FolderReader) -> bool:
    """Add what only the load could tell: ambiguous dates and numbers, and short rows."""
    problems = reader.quarantine.problems
    before = {name: copy.deepcopy(section.settings) for name, section in sections.items()}
    for name, section in sections.items():
        names = [file.name for file in reader.files.get(name, [])]
        own = problems[problems["file"].isin(names)]
        reasons = set(own["reason"])
        undecided = _columns_of(own, errors.AMBIGUOUS_DATE, errors.AMBIGUOUS_YEAR)
        if undecided:
            section.settings["date_format"] = _order_beside(reader, names)
            why = f"no cell of {undecided} decides: day first or month first"
            section.checks["date_format"] = why
        if any("Excel's serial number" in reason for reason in reasons):
            section.settings["date_format"] = "excel"
            section.checks["date_format"] = "dates are serial numbers of Excel"
        undecided = _columns_of(own, errors.AMBIGUOUS_NUMBER)
        if undecided:
            section.settings["decimal"] = _mark_beside(reader, names)
            why = f"no cell of {undecided} decides: the decimal mark is . or ,"
            section.checks["decimal"] = why
        if errors.SHORT_ROW.reason in reasons:
            section.settings["short_rows"] = PAD
            section.checks["short_rows"] = "rows lack their last cells: these count as empty"
        _leave_out_percentages(section, own)
    return before != {name: section.settings for name, section in sections.items()}


def _columns_of(problems: pd.DataFrame, *reasons: errors.Reason) -> str:
    """Return the columns with such a problem, in words; nothing if there is none."""
    is_such = problems["reason"].isin([reason.reason for reason in reasons])
    return errors.listed(map(repr, map(errors.shown, problems.loc[is_such, "column"].unique())))


def _leave_out_percentages(section: Section, problems: pd.DataFrame) -> None:
    """Leave out a column of shares that are written as 45 instead of 0.45 or 45 %."""
    columns = section.settings.get("columns", {})
    for column in SHARES & columns.keys():
        header = columns[column]
        reasons = problems.loc[problems["column"] == header, "reason"]
        if reasons.isin([errors.DOUBTFUL_SHARE.reason, "is not between 0 and 1"]).any():
            del columns[column]
            why = f"{header!r} is left out: write 45 % or 0.45 there, not 45"
            section.checks["columns"] += f"; {why}"


def _order_beside(reader: FolderReader, names: list[str]) -> str:
    """Return the order of day and month that other columns of the files have."""
    columns = reader.quarantine.columns
    readings = columns.loc[columns["file"].isin(names), "reading"].dropna()
    return "month first" if readings.str.startswith("month/day").any() else "day first"


def _mark_beside(reader: FolderReader, names: list[str]) -> str:
    """Return the decimal mark of other columns, or else the one that goes with the delimiter."""
    columns, files = reader.quarantine.columns, reader.quarantine.files
    readings = columns.loc[columns["file"].isin(names), "reading"].dropna()
    if readings.str.startswith("decimal").any():
        return "," if readings.str.startswith("decimal comma").any() else "."
    is_semicolon = files.loc[files["file"].isin(names), "evidence"].str.contains("semicolon")
    return "," if is_semicolon.any() else "."


def _from_jira(tables: Mapping[str, pd.DataFrame]) -> dict[str, Section]:
    """Return how issues could be projects and products, where there is nothing else."""
    items, sections = tables["work_items"], {}
    if len(items) and tables["products"].empty:
        checks = {"by": "each Jira project is a product; component is another way"}
        sections[f"products.{FROM_JIRA}"] = Section({"by": "project"}, "", checks)
    if len(items) and tables["projects"].empty:
        settings, why = _projects_from(items, tables["releases"])
        every = "every resolution counts as delivered; list those that do not"
        checks = {"cancelled_resolutions": every} | dict.fromkeys(list(settings)[:1], why)
        sections[f"projects.{FROM_JIRA}"] = Section(settings, "", checks)
    return sections


def _projects_from(items: pd.DataFrame, releases: pd.DataFrame) -> tuple[dict[str, Any], str]:
    """Return which issues have a date to be judged by."""
    dated = items.loc[items["due_date"].notna(), "item_type"].value_counts()
    epics = [kind for kind in dated.index if "epic" in str(kind).casefold()]
    if dated[epics].sum() >= ENOUGH:
        return {"item_types": epics}, "epics are the projects, due at their due date"
    is_dated = releases["release_date"].notna() & releases["is_released"].fillna(False)
    if items["fix_versions"].explode().isin(releases.loc[is_dated, "name"]).sum() >= ENOUGH:
        settings = {"due": "fix_version", "cancelled_resolutions": []}
        return settings, "each issue counts as a project, due with its first release"
    if dated.sum() >= ENOUGH:
        return {
            "item_types": list(dated.index)
        }, "each issue counts as a project, due at its due date"
    return {"by": "project"}, "each Jira project is a project; few issues have a due date"


def _told_by_stages(sections: Mapping[str, Section]) -> list[str]:
    """Return the levels whose files call what the rows enter a stage or phase, not a status."""
    headers = {
        name.removesuffix("_history"): section.settings["columns"]["to_status"]
        for name, section in sections.items()
        if name.endswith("_history")
    }
    own = [level for level, header in headers.items() if STAGE_HEADER.search(header.casefold())]
    return [*own, "project"] if "project_snapshots" in sections else own
