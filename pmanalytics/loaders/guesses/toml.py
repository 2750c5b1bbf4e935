"""A configuration as text: its sections, and a comment wherever it is only a guess."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Section:
    """One section of the configuration, with why, and which of its keys are guesses.

    `checks` says of a key, or of a key of a subsection such as `columns.status`, what is guessed.
    """

    settings: dict[str, Any]
    why: str = ""
    checks: dict[str, str] = field(default_factory=dict)


def toml_text(general: Section, sections: Mapping[str, Section], unknown: list[str]) -> str:
    """Return the configuration as text, tables below their section."""
    lines = [
        "# How the files of this folder are read, as far as they tell it themselves.",
        "# What is marked `check:` is a guess; read these lines once.",
        *(f"# Not used: {_one_line(each)}" for each in unknown),
        *_pairs(general),
    ]
    for name, section in sections.items():
        lines += ["", f"[{name}]" + (f"  # {_one_line(section.why)}" if section.why else "")]
        lines += _pairs(section)
        lines += _subsections(name, section)
    return "\n".join(lines) + "\n"


def _pairs(section: Section) -> Iterable[str]:
    for key, value in section.settings.items():
        if not isinstance(value, dict):
            yield f"{key} = {_toml(value)}" + _check(section, key)


def _subsections(name: str, section: Section) -> Iterable[str]:
    for key, value in section.settings.items():
        if isinstance(value, dict):
            inner = {k: v for k, v in value.items() if isinstance(v, dict)}
            for suffix, pairs in inner.items() or [("", value)]:
                yield (
                    f"[{name}.{key}"
                    + (f".{_key(suffix)}]" if suffix else "]")
                    + _check(section, key)
                )
                yield from (
                    f"{_key(k)} = {_toml(v)}" + _check(section, f"{key}.{k}")
                    for k, v in pairs.items()
                )


def _check(section: Section, key: str) -> str:
    check = section.checks.get(key)
    return f"  # check: {_one_line(check)}" if check else ""


def _one_line(text: str) -> str:
    """Return a text as a comment may hold it: names in files hold line breaks, too."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: object) -> str:
    """Return a text, or a list of texts, as TOML writes it: JSON but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
