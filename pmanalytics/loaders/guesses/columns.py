"""What the headers and cells of a table tell about it, as a section of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd

from pmanalytics import errors
from pmanalytics.errors import listed, shown
from pmanalytics.loaders.cells.convert import blank_to_missing
from pmanalytics.loaders.cells.dates import DAY_FIRST, MONTH_FIRST, ORDERS, read_dates
from pmanalytics.loaders.guesses.further import FURTHER
from pmanalytics.loaders.guesses.recognise import date_columns, id_column, sample_of, stage_columns
from pmanalytics.loaders.guesses.status_words import (
    FOUND_WORDS,
    RISK_WORDS,
    guessed_word,
    project_status,
)
from pmanalytics.loaders.guesses.synonyms import (
    ENDS,
    HISTORY,
    PRODUCTS,
    PROJECTS,
    SNAPSHOT_DATES,
    guessed_columns,
    guessed_level,
    project_columns,
    unit_of,
)
from pmanalytics.loaders.guesses.toml import Section
from pmanalytics.loaders.histories import stage_order
from pmanalytics.loaders.intake import plain_name
from pmanalytics.loaders.snapshots import day_in_name
from pmanalytics.loaders.sources.files import File
from pmanalytics.loaders.sources.reading import Reading
from pmanalytics.schemas import FOUND_IN, LEVELS, PROJECT_STATUSES, RISK_STATUSES, money_columns

MISSING_WORDS = {
    "NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-", "--", "n.a.", "k.A.",
    "k. A.", "entfällt", "s/o", "s.o.", "TBD", "tbd", "TBC", "tbc", "PNS",
}  # fmt: skip
HALF = 0.5
SCALES = {"m": "millions", "mio": "millions", "mio.": "millions", "mn": "millions"}


class Words(NamedTuple):
    """Our words of a column, how others are understood, and what an unknown one counts as."""

    ours: Sequence[str]
    meaning: Callable[[str], str | None]
    otherwise: str


STATUSES = Words(PROJECT_STATUSES, project_status, "open")
VALUES = {
    ("projects", "status"): STATUSES,
    ("project_snapshots", "status"): STATUSES,
    ("risks", "status"): Words(RISK_STATUSES, partial(guessed_word, words=RISK_WORDS), "open"),
    # In doubt customers met it: a guess must not flatter.
    ("defects", "found_in"): Words(
        FOUND_IN, partial(guessed_word, words=FOUND_WORDS), "after_release"
    ),
}


def add_columns(name: str, section: Section, files: Sequence[File]) -> dict[str, str]:
    """Add what the cells and headers of tables tell; return which files do not fit the first."""
    samples = {file: sample_of(file, n_rows=None) for file in files}
    if name.endswith("_stage_dates") and not _is_told_apart([samples[files[0]]]):
        return dict.fromkeys((file.name for file in files), "no column tells all its rows apart")
    others = _unlike(name, samples)
    kept = [sample for file, sample in samples.items() if file not in others]
    names = [file.name for file in files if file not in others]
    section.settings["file"] = names[0] if len(names) == 1 else names
    common = [header for header in kept[0] if all(header in sample for sample in kept)]
    sample = pd.concat([each[common] for each in kept], ignore_index=True)
    if name.endswith("_stage_dates"):
        _add_stages(section, sample)
    else:
        section.settings["columns"] = guessed_columns(sample.columns, _synonyms(name))
        section.checks["columns"] = "ours = header in the file"
        if name in ("projects", "project_snapshots"):
            _add_project(name, section, sample)
        _add_project_id(name, section, files[0])
        _add_values(name, section, sample)
        _add_scales(section)
        _tell_other_dates(section, sample)
    _add_level(name, section, common, files[0])
    _add_missing(section, sample)
    return {file.name: why for file, why in others.items()}


def are_snapshots(files: Sequence[File]) -> bool:
    """Tell whether lists of projects are one list, exported on the days in the files' names."""
    days = {day_in_name(file.name) for file in files}
    if len(files) < 2 or None in days or len(days) < len(files):
        return False
    first, *others = [sample_of(file) for file in files]
    return all(_is_listed_again(first, other) for other in others)


def _is_listed_again(first: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell whether most projects of one list are in the other, too."""
    columns = project_columns(first.columns)
    header = columns.get("project_id") or columns.get("name")
    if header not in first or header not in other:
        return False
    return bool(other[header].isin(first[header]).mean() > HALF)


def currency_of(section: Section) -> tuple[str, str] | None:
    """Return the one currency that the headers of money name, and such a header."""
    columns = section.settings.get("columns", {})
    headers = [columns[name] for name in columns if name in money_columns()]
    found = {unit.currency: header for header in headers if (unit := unit_of(header)).currency}
    if len(found) != 1:
        return None
    code, header = found.popitem()
    return str(code), header


def _unlike(name: str, samples: Mapping[File, pd.DataFrame]) -> dict[File, str]:
    """Return the files that cannot be read together with the first, and why."""
    first, *others = samples
    kept, found = [samples[first]], {}
    if name.endswith("_stage_dates"):
        needed = [str(id_column(samples[first]))]
    else:
        needed = list(guessed_columns(samples[first].columns, _synonyms(name)).values())
    for file in others:
        sample = samples[file]
        if name == "projects" and any(_is_listed_again(each, sample) for each in kept):
            found[file] = (
                f"its projects are those of {first.name}; if both are one list at two days, put "
                "the day into the name of each, as in projects_2026-01-31.csv"
            )
        elif not set(needed) <= set(sample.columns):
            found[file] = f"its headers are not those of {first.name}; read it in another folder"
        elif name.endswith("_stage_dates") and not _is_told_apart([*kept, sample]):
            found[file] = f"its rows are named as those of {first.name}; read it in another folder"
        else:
            kept.append(sample)
    return found


def _is_told_apart(samples: Sequence[pd.DataFrame]) -> bool:
    common = [header for header in samples[0] if all(header in sample for sample in samples)]
    rows = pd.concat([sample[common] for sample in samples], ignore_index=True)
    return id_column(rows) is not None and len(stage_columns(rows)) >= 2


def _add_stages(section: Section, sample: pd.DataFrame) -> None:
    section.settings["item_id"] = id_column(sample)
    order = stage_order(_clock_times(sample[stage_columns(sample)]))
    section.settings["stages"] = {header: header for header in order}
    section.checks["stages"] = "stage entered = date; in order, the last one ends it"
    section.checks["item_id"] = "tells the rows apart"


def _add_level(name: str, section: Section, header: Sequence[str], file: File) -> None:
    """Ask what the rows are, where neither headers nor the file's name tell it."""
    level = next((level for level in LEVELS if name.startswith(f"{level}_")), None)
    if level and name != "project_snapshots" and guessed_level([*header, file.path.stem]) is None:
        others = [name.replace(level, other, 1) for other in LEVELS if other != level]
        section.checks["file"] = f"nothing tells what the rows are; or {' or '.join(others)}?"


def _clock_times(sample: pd.DataFrame) -> pd.DataFrame:
    """Return columns of dates as times; one that could be read two ways follows its neighbours."""
    filled = {name: blank_to_missing(sample[name]).dropna() for name in sample}
    unknown = errors.UNKNOWN_DATE
    read = {name: read_dates(cells, Reading(), unknown) for name, cells in filled.items()}
    words = [word for dates in read.values() for word in dates.words]
    order = MONTH_FIRST if any(ORDERS[MONTH_FIRST] in word for word in words) else DAY_FIRST
    for name, cells in filled.items():
        if read[name].clock.isna().all():
            read[name] = read_dates(cells, Reading(date_format=order), unknown)
    return pd.DataFrame({name: dates.clock for name, dates in read.items()}, sample.index)


def _synonyms(name: str) -> Mapping[str, Sequence[str]]:
    if name == "project_snapshots":
        return {"snapshot_date": SNAPSHOT_DATES} | PROJECTS
    if name.endswith("_history"):
        return HISTORY
    return FURTHER.get(name) or {"products": PRODUCTS}.get(name, PROJECTS)


def _add_project(name: str, section: Section, sample: pd.DataFrame) -> None:
    """Add what a list of projects lacks: an id, a status, and what its end means."""
    columns = section.settings["columns"] | project_columns(sample.columns)
    section.settings["columns"] = columns
    if "project_id" not in columns:
        section.settings["columns"] = columns = {"project_id": columns["name"], **columns}
        section.checks["columns.project_id"] = "there is no id, so the name stands for it"
    if "status" not in columns:
        section.settings["defaults"] = {"status": "open"}
        section.checks["defaults"] = "there is no column for it, so every project counts as open"
    free = [header for header in sample.columns if header not in columns.values()]
    end = guessed_columns(free, {"end": ENDS}).get("end")
    if end is None or name == "project_snapshots":
        return
    plan = "forecast_finish_date" if "baseline_finish_date" in columns else "baseline_finish_date"
    statuses = sample.get(columns.get("status"), pd.Series("open", sample.index))
    is_open = ~statuses.map(project_status).isin(["done", "cancelled"])
    if sample.loc[is_open, end].str.contains(r"\d").mean() > 0.5 or "actual_finish_date" in columns:
        if plan not in columns:
            columns[plan] = end
            section.checks[f"columns.{plan}"] = "open projects have one: it is no actual finish"
    else:
        columns["actual_finish_date"] = end
        section.checks["columns.actual_finish_date"] = "open projects have none: it is no plan"


def _add_project_id(name: str, section: Section, file: File) -> None:
    if name == "status_reports" and "project_id" not in section.settings["columns"]:
        section.settings["defaults"] = {"project_id": file.path.stem}
        section.checks["defaults"] = "there is no column for it: all rows count as one project"


def _add_values(name: str, section: Section, sample: pd.DataFrame) -> None:
    """Add which word of the file means which of ours."""
    for (table, column), (ours, meaning, otherwise) in VALUES.items():
        header = section.settings["columns"].get(column)
        if table != name or header is None:
            continue
        words = [w for w in sample[header].str.strip().unique() if w and w not in MISSING_WORDS]
        others = [w for w in words if plain_name(w) not in ours]
        if others:
            section.settings["values"] = {column: {w: meaning(w) or otherwise for w in others}}
            section.checks["values"] = f"word in the file = {', '.join(ours[:-1])} or {ours[-1]}"
            unknown = [f"{column}.{word}" for word in others if meaning(word) is None]
            section.checks |= dict.fromkeys(unknown, "no word we know")


def _add_scales(section: Section) -> None:
    """Mark amounts whose header speaks of thousands or millions: they are taken as they stand."""
    for column, header in section.settings["columns"].items():
        scale = unit_of(header).scale
        if scale and column in money_columns():
            words = SCALES.get(scale.casefold(), scale if len(scale) > 4 else "thousands")
            section.checks[f"columns.{column}"] = f"in {words}, and so in every report"


def _tell_other_dates(section: Section, sample: pd.DataFrame) -> None:
    """Say which columns of dates stand for none of ours, as far as we know."""
    used = section.settings["columns"].values()
    others = [header for header in date_columns(sample) if header not in used]
    if others:
        section.checks["columns"] += f"; dates not used: {listed(map(shown, others), 8)}"


def _add_missing(section: Section, sample: pd.DataFrame) -> None:
    """Add the words that stand for an empty cell: usual ones, and any in a column of dates."""
    texts = sample.apply(lambda cells: cells.str.strip())
    words = set(pd.unique(texts.to_numpy().ravel())) & MISSING_WORDS
    columns = section.settings.get("columns", {})
    dates = [header for header in date_columns(sample) if header in _read_as_dates(section)]
    for header in dates:
        cells = texts[header]
        words |= set(cells[~cells.str.contains(r"\d")])
    kept = [columns[name] for name in ("status", "stage", "to_status", "name") if name in columns]
    words -= set(pd.unique(texts[kept].to_numpy().ravel())) | {""}
    if words:
        section.settings["missing"] = sorted(words)
        section.checks["missing"] = "words that stand for an empty cell"


def _read_as_dates(section: Section) -> list[str]:
    stages = section.settings.get("stages", {})
    columns = section.settings.get("columns", {})
    dated = [columns[name] for name in columns if name.endswith(("_date", "_at"))]
    return [*stages.values(), *dated]
