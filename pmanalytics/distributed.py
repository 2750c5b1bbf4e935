"""Stage visits, durations, rates and throughput over the parts of a store, here or on a cluster.

Each part is worked on by itself, with the same functions as a whole table, and gives counts; these
add up to the whole without a difference. With a client of Dask the parts are spread over its
workers, which must see the store under the same path; a part whose worker dies is done by another.
Without one they are done here one after the other, with no more than one in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.errors import ConfigError, MissingAsOfError, PMAnalyticsError
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.loaders.config import calendar_of, lifecycles_of, with_fallback
from pmanalytics.loaders.folder import StoreReader
from pmanalytics.loaders.sources.files import path_of
from pmanalytics.metrics.delivery import one_of
from pmanalytics.metrics.durations import Measure
from pmanalytics.metrics.flow import flow_items
from pmanalytics.metrics.parts import (
    StayCounts,
    class_counts,
    flow_counts,
    joined_durations,
    joined_rates,
    joined_throughput,
    stay_counts,
)
from pmanalytics.metrics.rates import Measure as RateMeasure
from pmanalytics.metrics.stages import stage_visits as visits_of
from pmanalytics.schemas import LEVELS
from pmanalytics.store.files import Store, open_store
from pmanalytics.store.frames import write_frame
from pmanalytics.tables import By
from pmanalytics.working_time import Calendar

Level = Literal["product", "project", "work_item"]
Client = Any  # distributed.Client, which need not be installed

ITEMS = {"work_item": "work_items", "project": "projects", "product": "products"}
IDS = {"work_item": "item_id", "project": "project_id", "product": "product_id"}
SECONDS_TO_ANSWER = 10
LOCAL = "local"


@dataclass(frozen=True)
class Scope:
    """What a worker needs to know beside the number of its part."""

    store: Store
    level: str
    as_of: AsOfInput
    time_zone: str
    lifecycle: Lifecycle | None
    calendar: Calendar | None
    columns: tuple[str, ...] = ()


def stage_visits(
    store: str | Path,
    out: str | Path,
    *,
    level: Level,
    by: By = None,
    as_of: AsOfInput | None = None,
    client: Client | None = None,
) -> list[Path]:
    """When did each item of a store enter and leave each stage?

    Parameters
    ----------
    store
        What `ingest` made.
    out
        Folder for one Parquet file per part, created if need be.
    level
        What goes through the stages: product, project or work_item.
    by
        Further columns, of the items, to stand beside each visit.
    as_of
        Status date; otherwise the store's.
    client
        A client of Dask; without one the parts are done here.

    Returns
    -------
    list of pathlib.Path
        The files, each a table `StageVisits`; all of an item's visits are in one.

    Raises
    ------
    PMAnalyticsError
        If the store cannot be read, or an option is not known.
    """
    scope, out = _scope(store, level, by, as_of), path_of(out)
    out.mkdir(parents=True, exist_ok=True)
    return _over_parts(partial(_written, scope, out.resolve()), scope.store, client)


def stage_durations(
    store: str | Path,
    *,
    level: Level,
    by: By = None,
    measure: Measure = "total",
    as_of: AsOfInput | None = None,
    client: Client | None = None,
) -> pd.DataFrame:
    """How long do the items of a store stay in each stage, those still there included?

    Parameters
    ----------
    store, level, by, as_of, client
        As in `stage_visits`.
    measure
        As in `pmanalytics.stage_durations`.

    Returns
    -------
    pandas.DataFrame
        `StageDurations`, the same as of all visits in one table: the curves are made of the counts
        of all parts.

    Raises
    ------
    PMAnalyticsError
        If the store cannot be read, or an option or column is not known.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from pmanalytics import ingest
    >>> store = mkdtemp()
    >>> taken = ingest("data/sample", store, n_parts=1)
    >>> table = stage_durations(store, level="project")
    >>> table["stage"].tolist()
    ['Initiation', 'Planning', 'Execution', 'Closure']
    """
    scope = _scope(store, level, by, as_of)
    if measure != "working":
        scope = replace(scope, calendar=None)
    parts = _over_parts(partial(_stays, scope, by, measure), scope.store, client)
    return joined_durations(parts, by=by, measure=measure)


def rates(
    store: str | Path,
    measure: RateMeasure = "on_time",
    *,
    by: By = None,
    as_of: AsOfInput | None = None,
    client: Client | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Which share of the projects of a store is delivered on time, on budget, or both?

    Parameters
    ----------
    store, as_of, client
        As in `stage_visits`.
    measure
        'on_time', 'on_budget' or 'on_time_and_on_budget'.
    by
        Column or columns of the projects to group by.
    **options
        Those of the rate: population, basis, grace_days, tolerance, cancelled.

    Returns
    -------
    pandas.DataFrame
        `Rates`, the same as `on_time_rate` and its siblings give of all projects.

    Raises
    ------
    PMAnalyticsError
        If the store cannot be read, or an option or column is not known.
    """
    scope = _scope(store, "project", None, as_of)
    told = {"as_of": scope.as_of, "by": by, **options}
    parts = _over_parts(partial(_classes, scope.store, measure, told), scope.store, client)
    return joined_rates(parts, measure, **told)


def throughput(
    store: str | Path,
    *,
    level: Level,
    period: str = "week",
    since: AsOfInput | None = None,
    by: By = None,
    as_of: AsOfInput | None = None,
    client: Client | None = None,
) -> pd.DataFrame:
    """How many items of a store were finished in each day, week or month?

    Parameters
    ----------
    store, level, by, as_of, client
        As in `stage_visits`.
    period, since
        As in `pmanalytics.throughput`.

    Returns
    -------
    pandas.DataFrame
        `Throughput`, the same as of all items in one table.

    Raises
    ------
    PMAnalyticsError
        If the store cannot be read, no stages are known, or an option or column is not.
    """
    scope = replace(_scope(store, level, by, as_of), calendar=None)
    if scope.lifecycle is None:
        raise ConfigError(
            f"{store}: the stages of a {level.replace('_', ' ')} are not known; write "
            f"[lifecycle.{level}] in pmanalytics.toml and ingest it."
        )
    parts = _over_parts(partial(_flow, scope, by), scope.store, client)
    return joined_throughput(
        parts, as_of=scope.as_of, period=period, time_zone=scope.time_zone, since=since, by=by
    )


@contextmanager
def cluster(address: str | None) -> Iterator[Client | None]:
    """Connect to the Dask scheduler at an address; without one there is no client.

    The address `local` starts one on this machine, which nobody else can reach, with a worker for
    each processor, and ends it afterwards.

    Raises
    ------
    ConfigError
        If Dask is not installed, or no scheduler answers.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415
        from distributed.comm import resolve_address  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "A cluster needs Dask: pip install 'pmanalytics[distributed]', here and on its workers."
        ) from None
    if address == LOCAL:
        alone = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
        with LocalCluster(threads_per_worker=1, **alone) as workers, Client(workers) as client:
            yield client
        return
    try:
        client = Client(resolve_address(address), timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"{address}: no Dask scheduler answers there ({error}). Start one with dask scheduler, "
            "and name its address, such as tcp://host:8786."
        ) from None
    with client:
        yield client


def _scope(store: str | Path, level: str, by: By, as_of: AsOfInput | None) -> Scope:
    """Return what the configuration of a store says, read once for all parts."""
    one_of("level", level, tuple(LEVELS))
    held = open_store(path_of(store).resolve())
    reader = StoreReader.of(held)
    columns = ["status", "status_category"]
    states = (held.part("work_items", n, columns) for n in range(held.n_parts))
    statuses = pd.concat([state.drop_duplicates() for state in states])
    lifecycles = with_fallback(lifecycles_of(reader.config), reader.config, statuses)
    given = as_of if as_of is not None else reader.config.get("as_of")
    if given is None:
        raise MissingAsOfError(str(store), None)
    as_of_point(given, reader.time_zone)
    calendar = calendar_of(reader.folder, reader.config, reader.time_zone)
    names = (by,) if isinstance(by, str) else tuple(by or ())
    return Scope(held, level, given, reader.time_zone, lifecycles.get(level), calendar, names)


def _over_parts(task: Callable[[int], Any], store: Store, client: Client | None) -> list[Any]:
    """Return what a task gives of each part, in their order."""
    numbers = range(store.n_parts)
    if client is None:
        return [task(number) for number in numbers]
    from distributed import KilledWorker  # noqa: PLC0415

    futures = client.map(partial(_told, task), numbers, pure=False)
    try:
        return client.gather(futures)
    except KilledWorker as error:
        raise PMAnalyticsError(
            f"Workers of the cluster died over one part again and again ({error}). Give them more "
            "memory, or ingest the exports into a store of more parts."
        ) from None


def _told(task: Callable[[int], Any], number: int) -> Any:
    """Do a task; an error of ours travels as its words only."""
    try:
        return task(number)
    except PMAnalyticsError as error:
        raise PMAnalyticsError(str(error)) from None


def _visits(scope: Scope, number: int) -> pd.DataFrame:
    changes = scope.store.part("status_changes", number)
    changes = changes[changes["level"] == scope.level]
    lacking = [name for name in scope.columns if name not in changes]
    if lacking:
        changes = changes.merge(_items(scope, number, lacking), on="item_id", how="left")
    return visits_of(
        changes, scope.lifecycle, as_of=scope.as_of, time_zone=scope.time_zone,
        calendar=scope.calendar,
    )  # fmt: skip


def _items(scope: Scope, number: int, columns: Sequence[str]) -> pd.DataFrame:
    """Return these columns of the items, as far as there are any."""
    name, identity = ITEMS[scope.level], IDS[scope.level]
    if scope.level == "product":
        products = scope.store.table(name)
        items = products[[n for n in (identity, *columns) if n in products]]
    else:
        items = scope.store.part(name, number, [identity, *columns])
    return items.rename(columns={identity: "item_id"})


def _written(scope: Scope, out: Path, number: int) -> Path:
    path, aside = out / f"part-{number:04}.parquet", out / f"part-{number:04}.{os.getpid()}"
    write_frame(_visits(scope, number), aside)
    os.replace(aside, path)
    return path


def _stays(scope: Scope, by: By, measure: Measure, number: int) -> StayCounts:
    return stay_counts(_visits(scope, number), by=by, measure=measure)


def _classes(
    store: Store, measure: RateMeasure, options: dict[str, Any], number: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    return class_counts(measure, store.part("projects", number), **options)


def _flow(scope: Scope, by: By, number: int) -> pd.DataFrame:
    if scope.lifecycle is None:
        raise AssertionError("the stages are asked for before")
    items = flow_items(
        _visits(scope, number), scope.lifecycle, as_of=scope.as_of, time_zone=scope.time_zone
    )
    return flow_counts(items, by=by)
