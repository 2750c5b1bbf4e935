"""A folder of files as one portfolio, read the way its `pmanalytics.toml` says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point, known_zone
from pmanalytics.errors import (
    ConfigError,
    MissingAsOfError,
    UnreadableFileError,
    counted,
    shortened,
)
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.loaders.config import (
    CONFIG,
    FROM_JIRA,
    KEYS,
    calendar_of,
    filter_column,
    lifecycles_of,
    patterns_of,
    read_config,
    with_fallback,
)
from pmanalytics.loaders.corrections import Corrections, load_corrections
from pmanalytics.loaders.guesses.recognise import (
    CORRECTIONS,
    Guess,
    date_columns,
    recognise,
    sample_of,
)
from pmanalytics.loaders.histories import load_stage_dates, load_status_history
from pmanalytics.loaders.jira.from_csv import load_jira_csv
from pmanalytics.loaders.jira.from_json import JiraTables, load_jira_json
from pmanalytics.loaders.jira.from_xml import load_jira_xml
from pmanalytics.loaders.jira.projects import products_from_jira, projects_from_jira, with_products
from pmanalytics.loaders.notes import mapping_notes, strangers
from pmanalytics.loaders.pseudonyms import pseudonymised
from pmanalytics.loaders.records import load_products, load_projects, load_table
from pmanalytics.loaders.releases import all_releases
from pmanalytics.loaders.snapshots import load_project_snapshots
from pmanalytics.loaders.sources.archives import files_in, files_named
from pmanalytics.loaders.sources.files import File, Limits, path_of
from pmanalytics.loaders.status_date import newest_day
from pmanalytics.portfolio import Portfolio, Quarantine
from pmanalytics.requirement_types import RequirementTypes
from pmanalytics.schemas import (
    FURTHER_TABLES,
    LEVELS,
    FieldChanges,
    Files,
    Products,
    Projects,
    Releases,
    StatusChanges,
    Table,
    WorkItems,
    dtypes,
    empty,
)

PSEUDONYMISE = "PMANALYTICS_PSEUDONYMISE"
USUAL_NAMES = {
    "products": "products.csv",
    "projects": "projects.csv",
    "product_history": "product_stages.csv",
    "project_history": "project_stages.csv",
    "jira_csv": "jira.csv",
    "jira_json": "jira.json",
}
WITH_CURRENCY = {
    "projects",
    "project_snapshots",
    *(name for name, table in FURTHER_TABLES.items() if "currency" in dtypes(table)),
} - {"exchange_rates"}


def load_portfolio(folder: str | Path, *, as_of: AsOfInput | None = None) -> Portfolio:
    """What is known about the products, projects and work items in a folder?

    Each file is recognised by its content. `pmanalytics.toml` in the folder says the rest: which
    file is what, where that is not so, and what its headers and statuses mean; `pmanalytics init`
    proposes one. Where the environment sets PMANALYTICS_PSEUDONYMISE to a secret key, persons stand
    under pseudonyms made with it.

    Parameters
    ----------
    folder
        The folder.
    as_of
        Status date; otherwise the file's.

    Returns
    -------
    Portfolio
        The tables; rows that cannot be used are in its `problems`, and `files` accounts for all.

    Raises
    ------
    UnreadableFileError
        If the folder holds nothing that can be read, or a file is damaged.
    ConfigError
        If the configuration says something impossible, or nobody gives a status date.

    Examples
    --------
    >>> portfolio = load_portfolio("data/sample")
    >>> portfolio.as_of, len(portfolio.products)
    ('2026-09-30', 12)
    """
    reader = open_folder(path_of(folder))
    lifecycles = lifecycles_of(reader.config)
    calendar = calendar_of(reader.folder, reader.config, reader.time_zone)
    tables = reader.tables(lifecycles)
    lifecycles = with_fallback(lifecycles, reader.config, tables["work_items"])
    given = as_of if as_of is not None else reader.config.get("as_of")
    if given is None:
        raise MissingAsOfError(str(folder), newest_day(tables))
    as_of_point(given, reader.time_zone)
    filter_by = filter_column(reader.folder, reader.config, tables["projects"])
    quarantine = reader.quarantine
    notes = [*quarantine.notes, *reader.notes, *strangers(tables)]
    portfolio = Portfolio(
        as_of=given.isoformat() if isinstance(given, date) else str(given),
        time_zone=reader.time_zone,
        lifecycles=lifecycles,
        requirement_types=RequirementTypes(**reader.config.get("requirements", {})),
        calendar=calendar,
        filter_by=filter_by,
        files=reader.accounts(),
        problems=quarantine.problems,
        columns=reader.columns(),
        notes=(*notes, *mapping_notes(tables["status_changes"], lifecycles)),
        **tables,
    )
    key = os.environ.get(PSEUDONYMISE)
    return pseudonymised(portfolio, key) if key else portfolio


@dataclass
class FolderReader:
    """One folder while it is being read: its files by what they are, and what came of them."""

    folder: Path
    config: Mapping[str, Any]
    files: dict[str, list[File]]
    unused: dict[str, str]
    why: dict[str, str]
    quarantine: Quarantine = field(default_factory=Quarantine)
    notes: list[str] = field(default_factory=list)

    @property
    def time_zone(self) -> str:
        """The zone whose days count."""
        zone = str(self.config.get("time_zone", UTC))
        known_zone(zone)
        return zone

    def load(self, section: str, load: Callable[..., Any], **options: object) -> Any:
        """Load the files of a section the way the section says; None without a file."""
        files = self.files.get(section)
        if not files:
            return None
        settings = dict(self.config.get(section, {}))
        for key in ("file", FROM_JIRA):
            settings.pop(key, None)
        if section in WITH_CURRENCY and "currency" in self.config:
            currency = {"currency": self.config["currency"]}
            settings["defaults"] = currency | settings.get("defaults", {})
        if not section.startswith("jira_"):
            options["time_zone"] = self.time_zone
        return load(files, **{"quarantine": self.quarantine, **settings, **options})

    def tables(self, lifecycles: Mapping[str, Lifecycle]) -> dict[str, pd.DataFrame]:
        """Return every table of the portfolio; one without a file is empty."""
        jira = self.jira()
        products = self.load("products", load_products)
        projects = self.load("projects", load_projects, products=products)
        series = self.load("project_snapshots", load_project_snapshots)
        changes = [jira.status_changes, *self.histories()]
        further = self.further_tables()
        all_projects = [projects, self.projects_from_jira(jira, lifecycles)]
        if series is not None:
            all_projects.append(series.projects)
            changes.append(series.status_changes)
        return {
            "products": self.united([products, self.products_from_jira(jira)], Products),
            "projects": self.united(all_projects, Projects),
            "work_items": jira.work_items,
            "status_changes": _stacked(changes, StatusChanges),
            "field_changes": jira.field_changes,
            **further,
            "releases": all_releases(further.get("releases"), self.with_products(jira.releases)),
        }

    def further_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that only some measures need."""
        loaded = {
            name: self.load(name, load_table, schema=schema)
            for name, schema in FURTHER_TABLES.items()
        }
        return {name: table for name, table in loaded.items() if table is not None}

    def histories(self) -> list[pd.DataFrame | None]:
        """Return the histories of every level that are no Jira changelog."""
        found = []
        for level in LEVELS:
            found.append(self.load(f"{level}_history", load_status_history, level=level))
            found.append(self.load(f"{level}_stage_dates", load_stage_dates, level=level))
        return found

    def jira(self) -> JiraTables:
        """Return issues and changes; of an issue in several exports the one with history counts."""
        if self.files.get("jira_csv") and "time_zone" not in self.config:
            raise ConfigError(
                f"{self.folder / CONFIG}: Jira's CSV has times without a zone; write the zone of "
                'the user who exported it, such as time_zone = "Europe/Berlin".'
            )
        tables = self.load("jira_json", load_jira_json)
        if tables is None:
            tables = JiraTables(*map(empty, (WorkItems, StatusChanges, FieldChanges, Releases)))
        items = tables.work_items
        for section, load in (("jira_xml", load_jira_xml), ("jira_csv", load_jira_csv)):
            listed = self.load(section, load, time_zone=self.time_zone, known=items)
            items = _stacked([items, listed], WorkItems)
        return tables._replace(work_items=self.assigned(items))

    def with_products(self, releases: pd.DataFrame) -> pd.DataFrame:
        """Set the product of each release by the key of its Jira project."""
        owners = self.config.get("work_items", {}).get("products", {})
        return releases.assign(product_id=releases["project_key"].map(owners).astype("str"))

    def assigned(self, items: pd.DataFrame) -> pd.DataFrame:
        """Set the product and project of each issue by the key of its Jira project."""
        for level in ("product", "project"):
            owners = self.config.get("work_items", {}).get(f"{level}s", {})
            items[f"{level}_id"] = items["project_key"].map(owners).astype("str")
        derived = self.config.get("products", {}).get(FROM_JIRA)
        if derived is None:
            return items
        found = with_products(items, derived.get("by", "project"))
        self.notes += found.notes
        return found.table

    def products_from_jira(self, jira: JiraTables) -> pd.DataFrame | None:
        """Return the products that [products.from_jira] finds among the issues."""
        settings = self.config.get("products", {}).get(FROM_JIRA)
        if settings is None:
            return None
        found = products_from_jira(jira.work_items, **settings)
        self.notes += found.notes
        return found.table

    def projects_from_jira(
        self, jira: JiraTables, lifecycles: Mapping[str, Lifecycle]
    ) -> pd.DataFrame | None:
        """Return the projects that [projects.from_jira] makes of issues or releases."""
        settings = self.config.get("projects", {}).get(FROM_JIRA)
        if settings is None:
            return None
        told = with_fallback(lifecycles, self.config, jira.work_items)
        lifecycle = told.get("work_item", Lifecycle({}))
        found = projects_from_jira(jira, lifecycle=lifecycle, time_zone=self.time_zone, **settings)
        self.notes += found.notes
        return found.table

    def united(self, tables: Sequence[pd.DataFrame | None], schema: type[Table]) -> pd.DataFrame:
        """Return what several sources hold; of one id the first source counts."""
        table = _stacked(tables, schema)
        identity = next(iter(schema.to_schema().columns))
        is_repeat = table[identity].duplicated()
        if is_repeat.any():
            self.notes.append(
                f"{counted(int(is_repeat.sum()), identity)} in two sources: the first one counts."
            )
        return table[~is_repeat].reset_index(drop=True)

    def columns(self) -> pd.DataFrame:
        """Return `Columns`, and say which of those that are not ours hold dates."""
        found = self.quarantine.columns
        is_other = (found["use"] != "used") & found["reading"].isna()
        names = set(found.loc[is_other, "file"])
        dated: list[tuple[str, str]] = []
        for file in (f for those in self.files.values() for f in those if f.name in names):
            # What only the configuration can decode has no sample.
            with suppress(UnreadableFileError):
                dated += [(file.name, header) for header in date_columns(sample_of(file))]
        is_dated = is_other & pd.MultiIndex.from_frame(found[["file", "header"]]).isin(dated)
        return found.assign(reading=found["reading"].mask(is_dated, "dates that are not used"))

    def accounts(self) -> pd.DataFrame:
        """Return `Files`: what was read, and as what and why; then what was not read, and why."""
        read = self.quarantine.files
        why = read["file"].map(self.why)
        how = read["evidence"].where(read["evidence"] != "")
        read["evidence"] = why.str.cat(how, sep="; ").fillna(why).fillna(how)
        hashes = {f.name: f.hashes.get("sha256") for those in self.files.values() for f in those}
        read["sha256"] = read["file"].map(hashes).astype("str")
        counts = [name for name, kind in dtypes(Files).items() if kind == np.int64]
        rows = [
            {"file": name, "kind": "not recognised", "evidence": why} | dict.fromkeys(counts, 0)
            for name, why in self.unused.items()
        ]
        unread = pd.DataFrame(rows, columns=list(dtypes(Files))).astype(dtypes(Files))
        return pd.concat([read, unread], ignore_index=True)


def open_folder(folder: Path, config: Mapping[str, Any] | None = None) -> FolderReader:
    """Find out what each file of a folder is, and how its configuration says to read it.

    Raises
    ------
    UnreadableFileError
        If there is no such folder, or nothing in it can be read.
    """
    if folder.is_file():
        raise UnreadableFileError(f"{folder}: this is a file; name the folder it is in.")
    if not folder.is_dir():
        raise UnreadableFileError(f"{folder}: there is no such folder.")
    config = read_config(folder) if config is None else config
    limits = Limits(**config.get("limits", {}))
    found = [f for f in files_in(folder, limits, config.get("ignore", [])) if f.name != CONFIG]
    files, unused, why = _by_section(folder, found, config)
    corrections, notes = load_corrections(files.pop(CORRECTIONS, []))
    if not files:
        told = [f"  {name}: {why}" for name, why in unused.items()]
        advice = f"Write how to read it with: pmanalytics init {folder}" if told else ""
        problem = f"{folder}: nothing in this folder can be read as it is."
        raise UnreadableFileError("\n".join(filter(None, [problem, *told, advice])))
    files = {
        section: [replace(file, corrections=corrections.get(file.name, {})) for file in those]
        for section, those in files.items()
    }
    notes += _astray(corrections, files)
    return FolderReader(folder, config, files, unused, why, notes=notes)


def _astray(corrections: Corrections, files: Mapping[str, Sequence[File]]) -> list[str]:
    """Return what is to be told about corrections of files that are not read."""
    names = {file.name for those in files.values() for file in those}
    return [
        f"{counted(sum(map(len, lines.values())), 'correction')} of {shortened(name)!r} not used: "
        "no file of that name is read here."
        for name, lines in corrections.items()
        if name not in names
    ]


def _by_section(
    folder: Path, found: Sequence[File], config: Mapping[str, Any]
) -> tuple[dict[str, list[File]], dict[str, str], dict[str, str]]:
    """Return the files of each section, why every other file has none, and why these have it."""
    files: dict[str, list[File]] = {}
    why: dict[str, str] = {}
    for section in KEYS:
        for pattern in patterns_of(config.get(section, {})):
            matching = files_named(found, pattern)
            if not matching:
                raise UnreadableFileError(f"{folder / pattern}: there is no such file.")
            files.setdefault(section, []).extend(matching)
            why |= {file.name: f"named by [{section}]" for file in matching}
    fixed = set(files)
    unused = {}
    for file in found:
        if file.name in why:
            continue
        guess = recognise(file)
        found_section = _section(file, guess, config)
        if found_section and found_section not in fixed:
            files.setdefault(found_section, []).append(file)
            why[file.name] = guess.why
        elif found_section:
            unused[file.name] = f"{guess.why}; but [{found_section}] names other files"
        else:
            hint = f"; perhaps [{guess.section}]" if guess.section else ""
            unused[file.name] = guess.why + hint
    return files, unused, why


def _section(file: File, guess: Guess, config: Mapping[str, Any]) -> str | None:
    """Return the section by which a file is read: it is sure, configured, or of a usual name."""
    if guess.is_sure or (guess.section and guess.section in config):
        return guess.section
    usual = next((section for section, name in USUAL_NAMES.items() if name == file.name), None)
    return usual if guess.section in (None, usual) else None


def _stacked(tables: Sequence[pd.DataFrame | None], schema: type[Table]) -> pd.DataFrame:
    found = [table for table in tables if table is not None and len(table)]
    return pd.concat([empty(schema), *found], ignore_index=True)
