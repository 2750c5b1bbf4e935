"""`pmanalytics.toml`: which file is what, and how its cells are to be read."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pmanalytics.errors import ConfigError, require_texts
from pmanalytics.lifecycle import PRODUCT, PROJECT, Lifecycle
from pmanalytics.loaders.sources.files import Limits, file_at
from pmanalytics.schemas import FURTHER_TABLES

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
    "lifecycle": ["product", "project", "work_item"],
    "limits": [limit.name for limit in fields(Limits)],
}
FROM_JIRA_KEYS = {
    "products": ["by", "item_types"],
    "projects": ["by", "item_types", "due", "execution", "cancelled_resolutions"],
}
GENERAL = ["as_of", "time_zone", "currency", "ignore"]
LIFECYCLE_KEYS = [key.name for key in fields(Lifecycle) if key.name != "categories"]
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
            if section != "limits":
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
            lifecycles[level] = Lifecycle(
                {stage: [] for stage in stages}, stages[-1:], parallel=parallel
            )
    for level, settings in config.get("lifecycle", {}).items():
        stages = settings.get("stages")
        unknown = [key for key in settings if key not in LIFECYCLE_KEYS]
        if unknown or not isinstance(stages, dict) or not all(map(_is_list, stages.values())):
            raise ConfigError(
                f"{CONFIG}: [lifecycle.{level}] needs a section [lifecycle.{level}.stages] with a "
                f"list of statuses per stage, and may have {', '.join(LIFECYCLE_KEYS[1:])}."
            )
        lifecycles[level] = Lifecycle(**{"parallel": _usual_parallel(level, stages), **settings})
    return lifecycles


def _usual_parallel(level: str, stages: Collection[str]) -> dict[str, Sequence[str]]:
    """Return the intervals that usually run beside stages of these names, if they are no stages."""
    usual = PROJECT.parallel if level == "project" else {}
    return {
        name: ends
        for name, ends in usual.items()
        if name not in stages and all(stage in stages for stage in ends)
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
            nearest = get_close_matches(key.casefold(), known, n=1, cutoff=0.5)
            meant = f" Did you mean {nearest[0]}?" if nearest else ""
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
