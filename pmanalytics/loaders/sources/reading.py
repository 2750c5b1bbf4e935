"""How a file is written: what nobody can know from its cells alone, said by whoever made it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypedDict

from pmanalytics.calendars import UTC, known_zone
from pmanalytics.errors import ConfigError, UnknownOptionError

PAD = "pad"
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "^": "caret"}


class CellOptions(TypedDict, total=False):
    """The options of `Reading` but for its zone."""

    date_format: str | None
    decimal: str | None
    missing: Sequence[str]
    short_rows: str | None
    encoding: str | None


class ReadingOptions(CellOptions, total=False):
    """The options of `Reading`, as loaders take them."""

    time_zone: str


@dataclass(frozen=True)
class Reading:
    """How the cells of a file are to be read, where they do not say it themselves.

    Parameters
    ----------
    date_format
        "day first" or "month first" for numeric dates that fit both, "excel" for serial days, or
        strptime's letters ("%d.%m.%Y"). Dates that can be read one way only are always read.
    time_zone
        IANA zone of times without an offset, and whose calendar days count.
    decimal
        "." or ",": the decimal mark of numbers such as 1.234, which could be 1234.
    missing
        Words that mean an empty cell, such as "NA".
    short_rows
        "pad" to fill rows that lack their last cells; otherwise they are set aside.
    encoding
        Such as "cp1250", where it is neither Unicode nor Windows-1252.

    Raises
    ------
    ConfigError
        If an option says something impossible.
    """

    date_format: str | None = None
    time_zone: str = UTC
    decimal: str | None = None
    missing: Sequence[str] = ()
    short_rows: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        known_zone(self.time_zone)
        if self.decimal not in (None, ".", ","):
            raise ConfigError(f"decimal {self.decimal!r} is neither '.' nor ','.")
        if self.short_rows not in (None, PAD):
            raise ConfigError(f"short_rows {self.short_rows!r} is not {PAD!r}.")
        if isinstance(self.missing, str) or not all(isinstance(w, str) for w in self.missing):
            raise ConfigError(f'missing {self.missing!r} is no list of words, such as ["NA"].')
        try:
            "a".encode(self.encoding or "utf-8")
        except (LookupError, TypeError, ValueError):
            raise ConfigError(
                f"encoding {self.encoding!r} is not known; try 'cp1252' or 'utf-16'."
            ) from None


def reading_for(loader: Callable[..., object], options: Mapping[str, Any]) -> Reading:
    """Return the options of `Reading` that a loader was given beside its own.

    Raises
    ------
    UnknownOptionError
        If one of them is no option of either.
    """
    own = [
        p.name for p in inspect.signature(loader).parameters.values() if p.kind == p.KEYWORD_ONLY
    ]
    of_reading = [option.name for option in fields(Reading) if option.name not in own]
    for name in options:
        if name not in of_reading:
            raise UnknownOptionError(loader.__name__, name, [*own, *of_reading])
    return Reading(**options)
