"""A folder of exports into a store, so that what does not fit into memory is never in it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pmanalytics.errors import ConfigError
from pmanalytics.loaders.sources.files import path_of
from pmanalytics.loaders.storing.news import news_of
from pmanalytics.loaders.storing.writing import taken_in
from pmanalytics.store.files import is_store, locked, new_generation, open_store, publish

N_PARTS = 8


class Ingested(NamedTuple):
    """What became of a folder: the names of the files taken in, known before, and not used."""

    taken: list[str]
    known: list[str]
    unused: dict[str, str]


def ingest(folder: str | Path, store: str | Path, *, n_parts: int | None = None) -> Ingested:
    """Which exports of a folder are new to a store? Take them in.

    A store holds what one folder would into which all exports had been copied, one after the
    other. Of an issue in several exports the newest state counts. A list, such as one of projects,
    replaces the one of the same name; so does `pmanalytics.toml`.

    Parameters
    ----------
    folder
        What `load_portfolio` reads; without a `pmanalytics.toml` that of the store counts.
    store
        Folder of the store, created if need be.
    n_parts
        Number of parts of a new store, 8 unless said. A part should fit into memory some times
        over; an item's whole history lies in one.

    Returns
    -------
    Ingested
        The names of the files `taken`, and of those `known` by their SHA-256 before; `unused` says
        of all others why.

    Raises
    ------
    UnreadableFileError, ConfigError
        If the folder cannot be read.
    StoreError
        If the store cannot be read or written, or somebody else writes to it. It is as before then.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> store = mkdtemp()
    >>> first, again = ingest("data/sample", store), ingest("data/sample", store)
    >>> "jira.json" in first.taken, again.taken
    (True, [])
    """
    folder, path = path_of(folder), path_of(store)
    if path.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"{path}: a store cannot lie in the folder of its exports; name another.")
    if n_parts is not None and n_parts < 1:
        raise ConfigError(f"n_parts={n_parts} must be 1 or more.")
    with locked(path):
        before = open_store(path) if is_store(path) else None
        if before and n_parts not in (None, before.n_parts):
            raise ConfigError(
                f"{path}: this store has {before.n_parts} parts; for another number ingest all "
                "exports into a new one."
            )
        news = news_of(folder, before)
        if before is None or news.is_any(before.facts):
            with new_generation(path) as target:
                n_parts = before.n_parts if before else n_parts or N_PARTS
                publish(taken_in(news, before, target, n_parts))
        return Ingested(news.taken, news.known, news.reader.unused)
