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
    calendar_of,
    filter_column,
    lifecycles_of,
    read_config,
    with_fallback,
)
from pmanalytics.loaders.corrections import Corrections, load_corrections
from pmanalytics.loaders.guesses.recognise import CORRECTIONS, date_columns, sample_of
from pmanalytics.loaders.histories import load_stage_dates, load_status_history
from pmanalytics.loaders.jira.from_csv import load_jira_csv
from pmanalytics.loaders.jira.from_json import JiraTables, load_jira_json
from pmanalytics.loaders.jira.from_xml import load_jira_xml
from pmanalytics.loaders.jira.projects import products_from_jira, projects_from_jira, with_products
from pmanalytics.loaders.notes import mapping_notes, strangers
from pmanalytics.loaders.pseudonyms import pseudonymised
from pmanalytics.loaders.recognised import Recognised, recognised
from pmanalytics.loaders.records import load_products, load_projects, load_table
from pmanalytics.loaders.releases import all_releases
from pmanalytics.loaders.snapshots import load_project_snapshots
from pmanalytics.loaders.sources.files import File, path_of
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
from pmanalytics.store.files import SOURCES, Store, is_store, open_store

PSEUDONYMISE = "PMANALYTICS_PSEUDONYMISE"
WITH_CURRENCY = {
    "projects",
    "project_snapshots",
    *(name for name, table in FURTHER_TABLES.items() if "currency" in dtypes(table)),
} - {"exchange_rates"}


def load_portfolio(folder: str | Path | Portfolio, *, as_of: AsOfInput | None = None) -> Portfolio:
    """What is known about the products, projects and work items in a folder?

    Each file is recognised by its content. `pmanalytics.toml` in the folder says the rest: which
    file is what, where that is not so, and what its headers and statuses mean; `pmanalytics init`
    proposes one. Where the environment sets PMANALYTICS_PSEUDONYMISE to a secret key, persons stand
    under pseudonyms made with it.

    Parameters
    ----------
    folder
        The folder, or what was loaded from it.
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
    if isinstance(folder, Portfolio):
        return folder if as_of is None else replace(folder, as_of=_named(as_of, folder.time_zone))
    reader = _opened(path_of(folder))
    lifecycles = lifecycles_of(reader.config)
    calendar = calendar_of(reader.folder, reader.config, reader.time_zone)
    tables = reader.tables(lifecycles)
    lifecycles = with_fallback(lifecycles, reader.config, tables["work_items"])
    given = as_of if as_of is not None else reader.config.get("as_of")
    if given is None:
        raise MissingAsOfError(str(folder), newest_day(tables))
    named = _named(given, reader.time_zone)
    filter_by = filter_column(reader.folder, reader.config, tables["projects"])
    quarantine = reader.quarantine
    notes = [*quarantine.notes, *reader.notes, *strangers(tables)]
    portfolio = Portfolio(
        as_of=named,
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


def _named(as_of: AsOfInput, time_zone: str) -> str:
    """Return a status date as text, if it is one."""
    as_of_point(as_of, time_zone)
    return as_of.isoformat() if isinstance(as_of, date) else str(as_of)


def _opened(path: Path) -> FolderReader:
    return StoreReader.of(open_store(path)) if is_store(path) else open_folder(path)


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
            "status_changes": stacked(changes, StatusChanges),
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
        tables = self.exported("jira_json")
        items = tables.work_items
        for section in ("jira_xml", "jira_csv"):
            listed = self.exported(section, known=items).work_items
            items = stacked([items, listed], WorkItems)
        return tables._replace(work_items=self.assigned(items))

    def exported(self, section: str, known: pd.DataFrame | None = None) -> JiraTables:
        """Return what Jira's exports of one kind hold, but for the issues that are known."""
        nothing = JiraTables(*map(empty, (WorkItems, StatusChanges, FieldChanges, Releases)))
        if section == "jira_json":
            return self.load(section, load_jira_json) or nothing
        if self.files.get("jira_csv") and "time_zone" not in self.config:
            raise ConfigError(
                f"{self.folder / CONFIG}: Jira's CSV has times without a zone; write the zone of "
                'the user who exported it, such as time_zone = "Europe/Berlin".'
            )
        load: Callable[..., Any] = load_jira_xml if section == "jira_xml" else load_jira_csv
        items = self.load(section, load, time_zone=self.time_zone, known=known)
        return nothing if items is None else nothing._replace(work_items=items)

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
        table = stacked(tables, schema)
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


@dataclass
class StoreReader(FolderReader):
    """A store, which holds what was read already."""

    store: Store | None = None

    @classmethod
    def of(cls, store: Store) -> StoreReader:
        """Return the reader of a store."""
        folder = store.folder / SOURCES
        accounts = [store.table(name) for name in ("files", "problems", "columns")]
        reader = cls(folder, read_config(folder), {}, {}, {}, store=store)
        reader.quarantine.add(*accounts)
        reader.quarantine.notes += store.facts["told"]
        return reader

    def tables(self, lifecycles: Mapping[str, Lifecycle]) -> dict[str, pd.DataFrame]:
        """Return every table of the store."""
        if self.store is None:
            return super().tables(lifecycles)
        return {name: self.store.table(name) for name in self.store.facts["tables"]}

    def columns(self) -> pd.DataFrame:
        """Return `Columns`."""
        return self.quarantine.columns

    def accounts(self) -> pd.DataFrame:
        """Return `Files`."""
        return self.quarantine.files


def open_folder(
    folder: Path, config: Mapping[str, Any] | None = None, *, known: Sequence[str] = ()
) -> FolderReader:
    """Find out what each file of a folder is, and how its configuration says to read it.

    The configuration may also name files that are `known` from elsewhere.

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
    return reader_of(folder, config, recognised(folder, config, known))


def reader_of(folder: Path, config: Mapping[str, Any], found: Recognised) -> FolderReader:
    """Return the reader of files of which is known what they are, with their corrections."""
    files, unused, why = found
    corrections, notes = load_corrections(files.get(CORRECTIONS, []))
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


def stacked(tables: Sequence[pd.DataFrame | None], schema: type[Table]) -> pd.DataFrame:
    """Return what several tables hold, one below the other."""
    found = [table for table in tables if table is not None and len(table)]
    return pd.concat([empty(schema), *found], ignore_index=True)
