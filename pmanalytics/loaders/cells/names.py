"""Names of months and weekdays in the languages of the exports we know."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product

import pandas as pd

LOCALES = ["en", "en_GB", "de", "de_AT", "fr", "pt", "es"]
OLD_MONTHS = {"mrz": 3}  # as Java wrote März before it took the names of CLDR


def named(words: pd.Series, numbers: dict[str, int]) -> pd.Series:
    """Return the number of each word, whatever its case and accents; of others none."""
    distinct = {word: numbers.get(_plain(word)) for word in words.unique()}
    return words.map(distinct).astype(float)


def _plain(word: str) -> str:
    """Return a word without accents and dots, in lower case."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if letter.isalpha())


@cache
def months() -> dict[str, int]:
    """Return the names of months, and of each its number from 1."""
    from babel.dates import get_month_names  # noqa: PLC0415 - most files need no names

    return _numbers_of(get_month_names) | OLD_MONTHS


@cache
def weekdays() -> dict[str, int]:
    """Return the names of weekdays, and of each its number from 0."""
    from babel.dates import get_day_names  # noqa: PLC0415

    return _numbers_of(get_day_names)


def _numbers_of(get_names: Callable[..., Mapping[int, str]]) -> dict[str, int]:
    kinds = product(["abbreviated", "wide"], ["format", "stand-alone"], LOCALES)
    return {_plain(name): n for kind in kinds for n, name in get_names(*kind).items()}
