"""Which file of a folder is read by which section of `pmanalytics.toml`, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.config import CONFIG, KEYS, patterns_of
from pmanalytics.loaders.guesses.recognise import CORRECTIONS, Guess, recognise
from pmanalytics.loaders.sources.archives import files_in, files_named
from pmanalytics.loaders.sources.files import File, Limits

USUAL_NAMES = {
    "products": "products.csv",
    "projects": "projects.csv",
    "product_history": "product_stages.csv",
    "project_history": "project_stages.csv",
    "jira_csv": "jira.csv",
    "jira_json": "jira.json",
}


class Recognised(NamedTuple):
    """The files of each section, why every other file has none, and why these have it."""

    files: dict[str, list[File]]
    unused: dict[str, str]
    why: dict[str, str]


def recognised(folder: Path, config: Mapping[str, Any], known: Sequence[str] = ()) -> Recognised:
    """Return what each file below a folder is.

    Raises
    ------
    UnreadableFileError
        If nothing can be read, or a file that the configuration names is neither here nor `known`.
    """
    limits = Limits(**config.get("limits", {}))
    found = [f for f in files_in(folder, limits, config.get("ignore", [])) if f.name != CONFIG]
    sections = _by_section(folder, found, config, known)
    if not sections.files.keys() - {CORRECTIONS}:
        told = [f"  {name}: {why}" for name, why in sections.unused.items()]
        advice = f"Write how to read it with: pmanalytics init {folder}" if told else ""
        problem = f"{folder}: nothing in this folder can be read as it is."
        raise UnreadableFileError("\n".join(filter(None, [problem, *told, advice])))
    return sections


def _by_section(
    folder: Path, found: Sequence[File], config: Mapping[str, Any], known: Sequence[str]
) -> Recognised:
    files: dict[str, list[File]] = {}
    why: dict[str, str] = {}
    for section in KEYS:
        for pattern in patterns_of(config.get(section, {})):
            matching = files_named(found, pattern)
            if not matching and not any(fnmatchcase(name, pattern) for name in known):
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
    return Recognised(files, unused, why)


def _section(file: File, guess: Guess, config: Mapping[str, Any]) -> str | None:
    """Return the section by which a file is read: it is sure, configured, or of a usual name."""
    if guess.is_sure or (guess.section and guess.section in config):
        return guess.section
    usual = next((section for section, name in USUAL_NAMES.items() if name == file.name), None)
    return usual if guess.section in (None, usual) else None
