"""A folder of files as one portfolio, read the way its `pmanalytics.toml` says."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point, known_zone
from pmanalytics.errors import ConfigError, MissingAsOfError, UnreadableFileError, counted
from pmanalytics.lifecycle import PRODUCT, PROJECT, Lifecycle, unmapped_statuses
from pmanalytics.loaders.files import file_at
from pmanalytics.loaders.jira_csv import load_jira_csv
from pmanalytics.loaders.jira_json import load_jira_json
from pmanalytics.loaders.records import load_products, load_projects, load_status_history
from pmanalytics.portfolio import Portfolio, Quarantine
from pmanalytics.schemas import Products, Projects, StatusChanges, WorkItems, empty

CONFIG = "pmanalytics.toml"
FILES = {
    "products": "products.csv",
    "projects": "projects.csv",
    "product_history": "product_stages.csv",
    "project_history": "project_stages.csv",
    "jira_csv": "jira.csv",
    "jira_json": "jira.json",
}
READING = ["file", "columns", "date_format"]
KEYS = {
    "products": READING,
    "projects": [*READING, "values"],
    "product_history": READING,
    "project_history": READING,
    "jira_csv": READING,
    "jira_json": ["file", "columns"],
    "work_items": ["products", "projects"],
    "lifecycle": ["product", "project", "work_item"],
}
TEXTS = ["file", "date_format"]
GENERAL = ["as_of", "time_zone", "currency"]
LIFECYCLE_KEYS = ["stages", "terminal", "cancelled"]
MINUTE = pd.Timedelta(minutes=1)


def load_portfolio(folder: str | Path, *, as_of: AsOfInput | None = None) -> Portfolio:
    """What is known about the products, projects and work items in a folder?

    `pmanalytics.toml` in the folder names the files and says how to read them; without it, or
    where it is silent, files go by their usual names (products.csv, projects.csv,
    product_stages.csv, project_stages.csv, jira.csv, jira.json) and headers by ours.

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
        If the folder, or a file named in the configuration, cannot be read.
    ConfigError
        If the configuration says something impossible, or nobody gives a status date.

    Examples
    --------
    >>> portfolio = load_portfolio("data/sample")
    >>> portfolio.as_of, len(portfolio.products)
    ('2026-09-30', 12)
    """
    reader = _Reader.of(Path(folder))
    config = reader.config
    lifecycles = _lifecycles(config.get("lifecycle", {}))
    tables = reader.tables()
    given = as_of if as_of is not None else config.get("as_of")
    if given is None:
        raise MissingAsOfError(str(folder), _newest_day(tables))
    as_of_point(given, reader.time_zone)
    return Portfolio(
        as_of=given.isoformat() if isinstance(given, date) else str(given),
        time_zone=reader.time_zone,
        lifecycles=lifecycles,
        files=reader.quarantine.files,
        problems=reader.quarantine.problems,
        columns=reader.quarantine.columns,
        notes=(*reader.notes, *_unmapped_notes(tables["status_changes"], lifecycles)),
        **tables,
    )


@dataclass
class _Reader:
    """One folder while it is being read."""

    folder: Path
    config: Mapping[str, Any]
    quarantine: Quarantine = field(default_factory=Quarantine)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> _Reader:
        """Return the reader of a folder that holds something to read."""
        if not folder.is_dir():
            raise UnreadableFileError(f"{folder}: there is no such folder.")
        config = _config(folder / CONFIG)
        reader = cls(folder, config)
        if not any(map(reader.path, FILES)):
            raise UnreadableFileError(
                f"{folder}: none of {', '.join(FILES.values())} is in this folder, "
                f"and no {CONFIG} names other files."
            )
        return reader

    @property
    def time_zone(self) -> str:
        """The zone whose days count."""
        zone = str(self.config.get("time_zone", UTC))
        known_zone(zone)
        return zone

    def path(self, section: str) -> Path | None:
        """Return the file of a section: as configured, or of its usual name if it is there."""
        named = self.config.get(section, {}).get("file")
        path = self.folder / (named or FILES[section])
        return path if named or path.exists() else None

    def load(self, section: str, load: Callable[..., Any], **options: object) -> Any:
        """Load the file of a section the way its section says; None without a file."""
        path = self.path(section)
        if path is None:
            return None
        settings = {k: v for k, v in self.config.get(section, {}).items() if k != "file"}
        return load(path, **{"quarantine": self.quarantine, **settings, **options})

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table of the portfolio; one without a file is empty."""
        zone = self.time_zone
        products = self.load("products", load_products)
        currency = self.config.get("currency")
        projects = self.load(
            "projects", load_projects, products=products, currency=currency, time_zone=zone
        )
        work_items, changes = self.jira()
        histories = [
            self.load(f"{level}_history", load_status_history, level=level, time_zone=zone)
            for level in ("product", "project")
        ]
        found = [history for history in [*histories, changes] if history is not None]
        return {
            "products": empty(Products) if products is None else products,
            "projects": empty(Projects) if projects is None else projects,
            "work_items": empty(WorkItems) if work_items is None else self.assigned(work_items),
            "status_changes": pd.concat([empty(StatusChanges), *found], ignore_index=True),
        }

    def jira(self) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """Return issues and changes; of an issue in both exports the one with history counts."""
        if self.path("jira_csv") and "time_zone" not in self.config:
            raise ConfigError(
                f"{self.folder / CONFIG}: Jira's CSV has times without a zone; write the zone of "
                'the user who exported it, such as time_zone = "Europe/Berlin".'
            )
        tables = self.load("jira_json", load_jira_json)
        aside = Quarantine()
        listed = self.load("jira_csv", load_jira_csv, time_zone=self.time_zone, quarantine=aside)
        if tables is None or listed is None:
            self.quarantine.add(aside.files, aside.problems)
            return (listed, None) if tables is None else tables
        known = tables.work_items.set_index("key")["updated_at"]
        is_known = listed["key"].isin(known.index)
        is_known |= listed["item_id"].isin(tables.work_items["item_id"])
        in_both = listed[is_known]
        n_newer = int((in_both["updated_at"] > in_both["key"].map(known) + MINUTE).sum())
        if n_newer:
            self.notes.append(
                f"{counted(n_newer, 'issue')} changed between the JSON export and the later CSV; "
                "the JSON counts. Export both at the same time."
            )
        files = aside.files
        files["n_valid"] -= len(in_both)
        files["n_duplicate"] += len(in_both)
        self.quarantine.add(files, aside.problems)
        items = pd.concat([tables.work_items, listed[~is_known]], ignore_index=True)
        return items, tables.status_changes

    def assigned(self, items: pd.DataFrame) -> pd.DataFrame:
        """Set the product and project of each issue by the key of its Jira project."""
        for level in ("product", "project"):
            owners = self.config.get("work_items", {}).get(f"{level}s", {})
            items[f"{level}_id"] = items["project_key"].map(owners).astype("str")
        return items


def _config(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        config = tomllib.loads(file_at(path).text()[0])
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}.") from None
    _refuse_unknown(path, "", config, [*GENERAL, *KEYS])
    for section, keys in KEYS.items():
        _refuse_unknown(path, section, config.get(section, {}), keys)
        for key, value in config.get(section, {}).items():
            if not isinstance(value, str if key in TEXTS else dict):
                kind = "a text" if key in TEXTS else f"a section [{section}.{key}]"
                raise ConfigError(f"{path}: {key} of [{section}] must be {kind}.")
    return config


def _refuse_unknown(path: Path, section: str, found: object, known: list[str]) -> None:
    place = f"[{section}]" if section else "the file"
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {section} is no section; write [{section}].")
    for key in found:
        if key not in known:
            raise ConfigError(f"{path}: {key!r} is not known in {place}; {', '.join(known)} are.")


def _lifecycles(config: Mapping[str, Any]) -> dict[str, Lifecycle]:
    lifecycles = {"product": PRODUCT, "project": PROJECT}
    for level, settings in config.items():
        stages = settings.get("stages")
        unknown = [key for key in settings if key not in LIFECYCLE_KEYS]
        if unknown or not isinstance(stages, dict) or not all(map(_is_list, stages.values())):
            raise ConfigError(
                f"{CONFIG}: [lifecycle.{level}] needs a section [lifecycle.{level}.stages] with a "
                "list of statuses per stage, and may have terminal and cancelled."
            )
        lifecycles[level] = Lifecycle(**settings)
    return lifecycles


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _unmapped_notes(changes: pd.DataFrame, lifecycles: Mapping[str, Lifecycle]) -> list[str]:
    notes = []
    for level, lifecycle in lifecycles.items():
        statuses = unmapped_statuses(changes[changes["level"] == level], lifecycle)
        noun = level.replace("_", " ")
        notes += [
            f"The status {status!r} belongs to no stage ({counted(n, noun)}): "
            f"add it to [lifecycle.{level}.stages]."
            for status, n in statuses.items()
        ]
    return notes


def _newest_day(tables: Mapping[str, pd.DataFrame]) -> str | None:
    """Return the newest day on which something is recorded to have happened."""
    projects, items, changes = (tables[n] for n in ("projects", "work_items", "status_changes"))
    happened = [
        projects["actual_start_date"].max(),
        projects["actual_finish_date"].max(),
        projects["updated_date"].max(),
        items["updated_at"].max().tz_localize(None),
        changes["changed_at"].max().tz_localize(None),
    ]
    newest = pd.Series(happened, dtype="datetime64[us]").max()
    return None if pd.isna(newest) else newest.date().isoformat()
