"""Issues taken apart: by type, by list, by release."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pandas as pd

from pmanalytics.errors import ConfigError, counted
from pmanalytics.schemas import Day


def chosen(items: pd.DataFrame, item_types: Sequence[str] | None) -> tuple[pd.DataFrame, list[str]]:
    """Return the issues of the types, one per key, each with the key of its Jira project."""
    notes = []
    if item_types is not None:
        types = items["item_type"].fillna("").map(plain)
        wanted = plain_names("item_types", item_types)
        there = ", ".join(sorted(items["item_type"].dropna().unique())) or "none"
        notes = [
            f"No issue is of the type {name!r}; the types are {there}."
            for name in item_types
            if plain(name) not in set(types)
        ]
        items = items[types.isin(wanted)]
    newest = items.sort_values("updated_at", kind="stable", na_position="first")
    for identity in ("item_id", "key"):
        newest = newest.drop_duplicates(identity, keep="last")
    newest = newest.sort_index()
    n_repeats = len(items) - len(newest)
    if n_repeats:
        notes.append(
            f"{counted(n_repeats, 'issue')} with the key or id of a newer one: "
            "left out of projects and products."
        )
    return with_project_keys(newest).reset_index(drop=True), notes


def with_project_keys(items: pd.DataFrame) -> pd.DataFrame:
    """Return the issues, each with the key of its Jira project: at the latest that in its own."""
    return items.assign(
        project_key=items["project_key"].fillna(items["key"].str.rsplit("-", n=1).str[0])
    )


def titles(items: pd.DataFrame) -> pd.Series:
    """Return the summary of each issue, or else its key."""
    return items["summary"].fillna(items["key"])


def exploded(items: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return one row per issue and value of a list, once each, the value as `name`."""
    rows = items.assign(name=items[column]).explode("name")
    rows = rows[rows["name"].notna()].astype({"name": "str"})
    return rows[~rows.assign(row=rows.index).duplicated(["row", "name"])]


def joined(parts: pd.DataFrame) -> pd.Series:
    """Return what names a part of a Jira project among those of all: its key and name."""
    return parts["project_key"] + " " + parts["name"]


def plain_names(option: str, given: Sequence[str]) -> set[str]:
    """Return the names as they are compared; refuse what is no list of texts."""
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"{option}={given!r} must be a list of names.")
    return {plain(name) for name in given}


def plain(name: str) -> str:
    """Return a name as it is compared."""
    return unicodedata.normalize("NFC", name).strip().casefold().replace("’", "'")


def one_of(option: str, given: str, allowed: Sequence[str]) -> None:
    """Refuse a word that is none of those allowed."""
    if given not in allowed:
        raise ConfigError(f"{option}={given!r} is none of {', '.join(allowed)}.")


def unambiguous(releases: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the releases whose name in their Jira project means one date."""
    name = ["project_key", "name"]
    distinct = releases.drop_duplicates([*name, "release_date", "is_released"])
    is_doubtful = distinct.duplicated(name, keep=False)
    doubtful = sorted(set(distinct.loc[is_doubtful, "name"]))
    return distinct[~is_doubtful], [
        f"The release {name!r} has two dates in one Jira project: neither is used."
        for name in doubtful
    ]


def release_days(items: pd.DataFrame, releases: pd.DataFrame) -> pd.Series:
    """Return the earliest day of the releases of each issue that are out."""
    is_out = releases["is_released"].fillna(value=False).astype(bool)
    day_of = releases[is_out].set_index(["project_key", "name"])["release_date"]
    rows = exploded(items, "fix_versions")
    names = pd.MultiIndex.from_frame(rows[["project_key", "name"]])
    days = pd.Series(day_of.reindex(names).to_numpy(), index=rows.index)
    return days.groupby(level=0).min().reindex(items.index).astype(Day)


def of_items(changes: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return the changes of these work items."""
    is_theirs = (changes["level"] == "work_item") & changes["item_id"].isin(items["item_id"])
    return changes[is_theirs]
