"""`pmanalytics.toml`: which file is what, and how its cells are to be read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pmanalytics.errors import ConfigError, did_you_mean, require_texts
from pmanalytics.lifecycle import PRODUCT, PROJECT, Lifecycle, categories_of
from pmanalytics.loaders.sources.files import Limits, file_at
from pmanalytics.requirement_types import RequirementTypes
from pmanalytics.schemas import FURTHER_TABLES
from pmanalytics.working_time import Calendar

CONFIG = "pmanalytics.toml"
CELLS = ["date_format", "decimal", "missing", "short_rows", "encoding"]
TABLE = ["file", "columns", *CELLS]
STAGE_DATES = ["file", "item_id", "stages", *CELLS]
FROM_JIRA = "from_jira"
KEYS = {
    "products": [*TABLE, FROM_JIRA],
    "projects": [*TABLE, "values", "defaults", FROM_JIRA],
    "project_snapshots": [*TABLE, "values", "defaults"],
    "product_history": TABLE,
    "project_history": TABLE,
    "work_item_history": TABLE,
    "product_stage_dates": STAGE_DATES,
    "project_stage_dates": STAGE_DATES,
    "work_item_stage_dates": STAGE_DATES,
    "jira_csv": TABLE,
    "jira_json": ["file", "columns"],
    "jira_xml": ["file", "columns"],
    **{name: [*TABLE, "values", "defaults"] for name in FURTHER_TABLES},
    "work_items": ["products", "projects"],
    "requirements": [kind.name for kind in fields(RequirementTypes)],
    "calendar": ["country", "subdivision", "weekdays", "hours", "holidays"],
    "lifecycle": ["product", "project", "work_item"],
    "limits": [limit.name for limit in fields(Limits)],
}
FROM_JIRA_KEYS = {
    "products": ["by", "item_types"],
    "projects": ["by", "item_types", "due", "execution", "cancelled_resolutions"],
}
GENERAL = ["as_of", "time_zone", "currency", "ignore", "filter_by"]
FALLBACK = "fallback"
BY_CATEGORY = "status_category"
CHECKED_ELSEWHERE = ["limits", "calendar"]
LIFECYCLE_KEYS = [
    "stages", "terminal", "cancelled", "waiting", "start", "parallel", "item_types", FALLBACK,
]  # fmt: skip
KINDS: dict[str, tuple[type, str]] = {
    "date_format": (str, "a text"),
    "decimal": (str, "a text"),
    "short_rows": (str, "a text"),
    "encoding": (str, "a text"),
    "item_id": (str, "a text"),
    "by": (str, "a text"),
    "due": (str, "a text"),
    "execution": (str, "a text"),
    "item_types": (list, "a list of texts"),
    "cancelled_resolutions": (list, "a list of texts"),
    "missing": (list, "a list of words"),
    **{kind.name: (list, "a list of names") for kind in fields(RequirementTypes)},
}


def read_config(folder: Path) -> dict[str, Any]:
    """Return what the folder's `pmanalytics.toml` says, checked; nothing without one.

    Raises
    ------
    ConfigError
        If it is no TOML, or holds a key or a kind of value that is not known.
    """
    path = folder / CONFIG
    if not path.exists():
        return {}
    try:
        config = tomllib.loads(file_at(path).text("utf-8")[0])
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}.") from None
    _refuse_unknown(path, "", config, [*GENERAL, *KEYS])
    ignored = config.get("ignore", [])
    if not _is_list(ignored) or not all(isinstance(name, str) for name in ignored):
        raise ConfigError(f'{path}: ignore must be a list of names, such as ["old/*"].')
    for section, keys in KEYS.items():
        _refuse_unknown(path, section, config.get(section, {}), keys)
        for key, value in config.get(section, {}).items():
            if section not in CHECKED_ELSEWHERE:
                _refuse_wrong_kind(path, section, key, value)
    _refuse_wrong_sections(path, config)
    return config


def lifecycles_of(config: Mapping[str, Any]) -> dict[str, Lifecycle]:
    """Return the lifecycle of each level: as configured, or else the usual one.

    Where a level has dates per stage and no lifecycle, their stages are it, and the last one ends
    it.
    """
    lifecycles = {"product": PRODUCT, "project": PROJECT}
    for level in KEYS["lifecycle"]:
        stages = list(config.get(f"{level}_stage_dates", {}).get("stages", {}))
        if stages:
            parallel = _usual_parallel(level, stages)
            lifecycles[level] = Lifecycle(dict.fromkeys(stages, ()), stages[-1:], parallel=parallel)
    for level, settings in config.get("lifecycle", {}).items():
        _refuse_unknown(Path(CONFIG), f"lifecycle.{level}", settings, LIFECYCLE_KEYS)
        tables = [settings.get("stages"), *_tables_of(settings, "item_types", level)]
        if not all(
            isinstance(table, dict) and all(map(_is_list, table.values())) for table in tables
        ):
            raise ConfigError(
                f"{CONFIG}: [lifecycle.{level}] needs a section [lifecycle.{level}.stages] with a "
                "list of statuses per stage; item_types has such sections, too."
            )
        _tables_of(settings, "parallel", level)
        _refuse_wrong_fallback(settings.get(FALLBACK, BY_CATEGORY), level)
        told = {key: value for key, value in settings.items() if key != FALLBACK}
        usual = {"parallel": _usual_parallel(level, list(settings["stages"]))}
        lifecycles[level] = Lifecycle(**{**usual, **told})
    return lifecycles


def _usual_parallel(level: str, stages: list[str]) -> Mapping[str, Sequence[str]]:
    """Return what usually runs beside stages of these names, unless it is one of them."""
    usual = PROJECT.parallel if level == "project" else {}
    return {
        name: ends
        for name, ends in usual.items()
        if name not in stages and [stage for stage in stages if stage in ends] == list(ends)
    }


def calendar_of(folder: Path, config: Mapping[str, Any], time_zone: str) -> Calendar | None:
    """Return when people work, where that is said."""
    if "calendar" not in config:
        return None
    try:
        return Calendar(**config["calendar"], time_zone=time_zone)
    except ConfigError as error:
        raise ConfigError(f"{folder / CONFIG}: {error}") from None


def filter_column(folder: Path, config: Mapping[str, Any], projects: pd.DataFrame) -> str | None:
    """Return the column of the projects that reports can be filtered by, where that is said.

    Without projects there is nothing to filter.
    """
    name = config.get("filter_by")
    if projects.empty:
        return None
    if name is not None and name not in projects:
        known = [str(column) for column in projects]
        raise ConfigError(
            f"{folder / CONFIG}: filter_by = {name!r} is no column of the projects."
            f"{did_you_mean(str(name), known)} Known are: {', '.join(known)}."
        )
    return name


def with_fallback(
    lifecycles: Mapping[str, Lifecycle], config: Mapping[str, Any], work_items: pd.DataFrame
) -> dict[str, Lifecycle]:
    """Return the lifecycles, those that say so with Jira's category of each status."""
    settings = config.get("lifecycle", {})
    by_category = [level for level in settings if FALLBACK in settings[level]]
    categories = categories_of(work_items) if by_category else {}
    return {
        level: replace(lifecycle, categories=categories) if level in by_category else lifecycle
        for level, lifecycle in lifecycles.items()
    }


def patterns_of(section: Mapping[str, Any]) -> list[str]:
    """Return the names of files, or patterns of them, that a section gives."""
    named = section.get("file", [])
    return [named] if isinstance(named, str) else list(named)


def _refuse_wrong_sections(path: Path, config: Mapping[str, Any]) -> None:
    for section, keys in FROM_JIRA_KEYS.items():
        derived = config.get(section, {}).get(FROM_JIRA, {})
        name = f"{section}.{FROM_JIRA}"
        _refuse_unknown(path, name, derived, keys)
        for key, value in derived.items():
            _refuse_wrong_kind(path, name, key, value)
    for section, keys in KEYS.items():
        lacking = [key for key in ("item_id", "stages") if key not in config.get(section, {key: 0})]
        if keys == STAGE_DATES and lacking:
            raise ConfigError(f"{path}: [{section}] needs {' and '.join(lacking)}.")


def _refuse_unknown(path: Path, section: str, found: object, known: list[str]) -> None:
    place = f"[{section}]" if section else "the file"
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {section} is no section; write [{section}].")
    for key in found:
        if key not in known:
            meant = did_you_mean(key, known)
            raise ConfigError(
                f"{path}: {key!r} is not known in {place}.{meant} Known are: {', '.join(known)}."
            )


def _refuse_wrong_kind(path: Path, section: str, key: str, value: object) -> None:
    if key == "file":
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigError(f"{path}: file of [{section}] must be a text or a list of texts.")
        return
    kind, words = KINDS.get(key, (dict, f"a section [{section}.{key}]"))
    if not isinstance(value, kind):
        raise ConfigError(f"{path}: {key} of [{section}] must be {words}.")
    if key == "stages":
        require_texts(f"{section}.stages", value)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _tables_of(settings: Mapping[str, Any], key: str, level: str) -> list[Any]:
    """Return what a section of a lifecycle holds; it must be one."""
    section = settings.get(key, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{CONFIG}: {key} of [lifecycle.{level}] must be a section.")
    return list(section.values())


def _refuse_wrong_fallback(fallback: object, level: str) -> None:
    if fallback != BY_CATEGORY:
        raise ConfigError(
            f"{CONFIG}: fallback of [lifecycle.{level}] can only be {BY_CATEGORY!r}: the stage of "
            "a status that none claims is then told by its category in Jira."
        )
