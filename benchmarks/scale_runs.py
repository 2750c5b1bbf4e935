"""What is timed by `scale.py`: each function makes ready, and returns what is to be timed.

Peers do the same work in their own best way as far as their documentation tells: typed columns,
only those needed, the format of dates given.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import made_up
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import rates

Run = Callable[[], object]

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
AS_OF = "2026-06-30"
DATES = ["Created", "Updated", "Resolved", "Due Date", "Status Category Changed"]
CLOCK = "%d/%b/%y %I:%M %p"
NEEDED = [
    "Summary", "Issue key", "Issue id", "Issue Type", "Status", "Project key", "Priority",
    "Resolution", "Original Estimate", "Time Spent", "Outward issue link (Blocks)",
    "Custom field (Story Points)", "Status Category", "Labels", "Fix Version/s", "Component/s",
    "Sprint", *DATES,
]  # fmt: skip
NUMBERS = ["Original Estimate", "Time Spent", "Custom field (Story Points)"]


def _navigator_csv(n: int) -> Path:
    return _in_memory(made_up.navigator_csv(n))


def _search_pages(n: int) -> Path:
    return _in_memory(made_up.search_pages(n))


def _in_memory(path: Path) -> Path:
    """Return a file or folder that was just read, so that no disk is timed."""
    for file in path.iterdir() if path.is_dir() else [path]:
        with file.open("rb") as stream:
            while stream.read(1 << 20):
                pass
    return path


def our_csv(n: int) -> Run:
    """Ours: validated `WorkItems`."""
    from pmanalytics import load_jira_csv

    return partial(load_jira_csv, _navigator_csv(n), time_zone="Europe/London")


def columns_of(path: Path) -> dict[str, str]:
    """Return header and name of the columns needed; a name that is repeated is numbered."""
    with path.open(encoding="utf-8") as stream:
        header = stream.readline().rstrip("\n").split(",")
    return {f"{name}.{n}": name for n, name in enumerate(header)}


def pyarrow_csv(n: int) -> Run:
    """pyarrow, only reading the same columns as text."""
    path = _navigator_csv(n)
    columns = columns_of(path)
    needed = {unique: pa.string() for unique, name in columns.items() if name in NEEDED}
    return partial(
        pyarrow.csv.read_csv,
        path,
        pyarrow.csv.ReadOptions(column_names=list(columns), skip_rows=1),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(include_columns=list(needed), column_types=needed),
    )


def pandas_csv(n: int, *, is_format_known: bool = True) -> Run:
    """pandas, the needed columns, with dates of a format given or to be inferred."""
    path = _navigator_csv(n)
    columns = columns_of(path)
    needed = [unique for unique, name in columns.items() if name in NEEDED]
    dates = [unique for unique in needed if columns[unique] in DATES]
    numbers = {unique for unique in needed if columns[unique] in NUMBERS}
    kinds = {unique: float if unique in numbers else "str" for unique in {*needed} - {*dates}}
    return lambda: pd.read_csv(
        path, header=0, names=list(columns), usecols=needed, dtype=kinds, parse_dates=dates,
        date_format=CLOCK if is_format_known else "mixed",
    )  # fmt: skip


def pandas_csv_inferred(n: int) -> Run:
    """pandas, the needed columns, with dates of a format to be inferred."""
    return pandas_csv(n, is_format_known=False)


def duckdb_csv(n: int) -> Run:
    """DuckDB, the needed columns with types and the format given, as a pandas frame."""
    import duckdb

    path = _navigator_csv(n)
    columns = columns_of(path)
    kinds = {
        unique: "TIMESTAMP" if name in DATES else "DOUBLE" if name in NUMBERS else "VARCHAR"
        for unique, name in columns.items()
    }
    names = ", ".join(f'"{unique}"' for unique, name in columns.items() if name in NEEDED)
    query = (
        f"SELECT {names} FROM read_csv('{path}', columns = {kinds}, header = true, "
        f"timestampformat = '{CLOCK}', quote = '\"', escape = '\"', auto_detect = false)"
    )
    return lambda: duckdb.sql(query).df()


def polars_csv(n: int) -> Run:
    """polars, the needed columns with the format of dates given, as a pandas frame."""
    import polars as pl

    path = _navigator_csv(n)
    columns = columns_of(path)
    needed = [unique for unique, name in columns.items() if name in NEEDED]
    dates = [pl.col(u).str.to_datetime(CLOCK) for u in needed if columns[u] in DATES]
    numbers = [pl.col(u).cast(pl.Float64) for u in needed if columns[u] in NUMBERS]
    return lambda: (
        pl.scan_csv(path, infer_schema=False, with_column_names=lambda _: list(columns))
        .select(needed).with_columns(dates + numbers).collect().to_pandas()
    )  # fmt: skip


def our_json(n: int) -> Run:
    """Ours: `WorkItems`, `StatusChanges`, due dates, flags and releases."""
    from pmanalytics import load_jira_json

    return partial(load_jira_json, _search_pages(n))


def orjson_parse(n: int) -> Run:
    """orjson, only parsing, one page after the other."""
    import orjson

    pages = sorted(_search_pages(n).iterdir())

    def run() -> None:
        for page in pages:
            orjson.loads(page.read_bytes())

    return run


def json_frames(n: int) -> Run:
    """json, and the dicts into two frames with instants."""
    pages = sorted(_search_pages(n).iterdir())

    def run() -> tuple[pd.DataFrame, pd.DataFrame]:
        items, changes = [], []
        for page in pages:
            for issue in json.loads(page.read_bytes())["issues"]:
                items.append(_item(issue))
                changes += _moves(issue)
        frames = pd.DataFrame(items), pd.DataFrame(changes)
        for frame, names in zip(frames, (["created", "updated"], ["changed_at"]), strict=True):
            for name in names:
                frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
        return frames

    return run


def _item(issue: dict) -> dict:
    fields = issue["fields"]
    return {
        "item_id": issue["id"], "key": issue["key"], "summary": fields["summary"],
        "project": fields["project"]["key"], "status": fields["status"]["name"],
        "item_type": fields["issuetype"]["name"], "priority": fields["priority"]["name"],
        "created": fields["created"], "updated": fields["updated"], "due": fields["duedate"],
        "resolved": fields["resolutiondate"], "labels": fields["labels"],
    }  # fmt: skip


def _moves(issue: dict) -> list[dict]:
    return [
        {"item_id": issue["id"], "changed_at": edit["created"], "from_status": item["fromString"],
         "to_status": item["toString"]}
        for edit in issue["changelog"]["histories"] for item in edit["items"]
        if item["field"] == "status"
    ]  # fmt: skip


JSON_TYPES = (
    "STRUCT(id VARCHAR, key VARCHAR, fields STRUCT(summary VARCHAR, created VARCHAR, "
    "updated VARCHAR, resolutiondate VARCHAR, duedate VARCHAR, labels VARCHAR[], "
    "status STRUCT(name VARCHAR), project STRUCT(key VARCHAR), issuetype STRUCT(name VARCHAR), "
    "priority STRUCT(name VARCHAR)), changelog STRUCT(histories STRUCT(created VARCHAR, "
    "items STRUCT(field VARCHAR, fromString VARCHAR, toString VARCHAR)[])[]))[]"
)


def duckdb_json(n: int) -> Run:
    """DuckDB, typed, as two pandas frames."""
    import duckdb

    read = (
        f"SELECT unnest(issues) AS i FROM read_json('{_search_pages(n)}/*.json', "
        f"columns = {{issues: '{JSON_TYPES}'}}, maximum_object_size = 100000000)"
    )
    items = f"SELECT i.id, i.key, unnest(i.fields) FROM ({read})"
    changes = (
        f"SELECT i.id, h.created::TIMESTAMPTZ, unnest(h.items) FROM "
        f"(SELECT i, unnest(i.changelog.histories) AS h FROM ({read}))"
    )
    return lambda: (duckdb.sql(items).df(), duckdb.sql(changes).df())


def polars_json(n: int) -> Run:
    """polars, typed, as two pandas frames."""
    import polars as pl

    def named(*names: str) -> pl.Struct:
        return pl.Struct(dict.fromkeys(names, pl.String))

    item = named("field", "fromString", "toString")
    history = pl.Struct({"created": pl.String, "items": pl.List(item)})
    fields = pl.Struct({
        "summary": pl.String, "created": pl.String, "updated": pl.String, "duedate": pl.String,
        "resolutiondate": pl.String, "labels": pl.List(pl.String), "status": named("name"),
        "project": named("key"), "issuetype": named("name"), "priority": named("name"),
    })  # fmt: skip
    issue = pl.Struct({
        "id": pl.String, "key": pl.String, "fields": fields,
        "changelog": pl.Struct({"histories": pl.List(history)}),
    })  # fmt: skip
    pages = sorted(_search_pages(n).iterdir())

    def run() -> list[pd.DataFrame]:
        kinds = {"issues": pl.List(issue)}
        issues = pl.concat([pl.read_json(page, schema=kinds) for page in pages])
        issues = issues.explode("issues").unnest("issues")
        edits = issues.select("id", pl.col("changelog").struct.field("histories")).explode(
            "histories"
        )
        moves = edits.unnest("histories").explode("items").unnest("items")
        instant = pl.col("created").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z")
        items = issues.select("id", "key", "fields").unnest("fields")
        return [frame.with_columns(instant).to_pandas() for frame in (items, moves)]

    return run


def changes_of(n: int) -> pd.DataFrame:
    """Return the status changes of n issues, unsorted, from a file made once."""
    path = made_up.FOLDER / f"changes_{n}.parquet"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        made_up.status_changes(n).to_parquet(path)
    return pd.read_parquet(path)


def our_stages(n: int) -> Run:
    """Ours: visits with their checks, then Kaplan–Meier quantiles per stage and project."""
    from pmanalytics import stage_durations, stage_visits

    changes = changes_of(n)
    return lambda: stage_durations(stage_visits(changes, as_of=AS_OF), by="project")


STAGES = """
    WITH v AS (SELECT item_id, project, to_status AS stage, changed_at,
      lead(changed_at) OVER (PARTITION BY item_id ORDER BY changed_at, sequence) AS until
      FROM changes),
    i AS (SELECT item_id, project, stage,
      sum(epoch(coalesce(until, TIMESTAMPTZ '2026-07-01 00:00:00+00') - changed_at)) / 86400 AS days
      FROM v GROUP BY ALL)
    SELECT project, stage, quantile_cont(days, [0.5, 0.85, 0.95]) FROM i GROUP BY ALL"""


def duckdb_stages(n: int) -> Run:
    """DuckDB: days per item and stage, and plain quantiles, from and to pandas."""
    import duckdb

    connection = duckdb.connect()
    connection.register("changes", changes_of(n))
    return lambda: connection.sql(STAGES).df()


def polars_stages(n: int) -> Run:
    """polars: days per item and stage, and plain quantiles, from and to pandas."""
    import polars as pl

    changes = changes_of(n)
    end = pd.Timestamp("2026-07-01", tz="UTC")

    def run() -> pd.DataFrame:
        until = pl.col("changed_at").shift(-1).over("item_id").fill_null(end)
        return (
            pl.from_pandas(changes).lazy().sort("item_id", "changed_at", "sequence")
            .with_columns(days=(until - pl.col("changed_at")).dt.total_seconds() / 86_400)
            .group_by("item_id", "project", pl.col("to_status").alias("stage"))
            .agg(pl.col("days").sum())
            .group_by("project", "stage")
            .agg([pl.col("days").quantile(q).alias(f"p{q}") for q in (0.5, 0.85, 0.95)])
            .collect().to_pandas()
        )  # fmt: skip

    return run


def pm4py_stages(n: int) -> Run:
    """pm4py: the days between each two statuses, of the log sorted already."""
    import pm4py

    names = {"item_id": "case:concept:name", "to_status": "concept:name",
             "changed_at": "time:timestamp"}  # fmt: skip
    log = changes_of(n).rename(columns=names)[list(names.values())]

    def run() -> object:
        ordered = log.sort_values(["case:concept:name", "time:timestamp"])
        return pm4py.discover_performance_dfg(ordered)

    return run


def our_rates(n: int) -> Run:
    """Ours: rates with intervals, bounds and everything left out."""
    projects = rates.made_up(n)
    return lambda: rates.by_splits(projects)


def polars_rates(n: int) -> Run:
    """polars: bare counts, of its own frame."""
    import polars as pl

    projects = pl.from_pandas(rates.made_up(n))
    return lambda: rates.by_polars(projects)


def our_reports(n: int) -> Run:
    """Ours: the first n reports of the sample, all by one kernel."""
    from pmanalytics import render_reports

    def run() -> None:
        with TemporaryDirectory() as out:
            deque(islice(render_reports(SAMPLE, out), n), 0)

    return run


def kernel_start(_: int) -> Run:
    """One kernel started as for reports, which only imports what reports import."""
    import nbformat

    import pmanalytics
    from pmanalytics.reports.render import kernel, report_notebooks

    sources = " ".join(path.read_text("utf-8") for path in report_notebooks().values())
    names = [name for name in pmanalytics.__all__ if re.search(rf"\b{name}\b", sources)]
    loaded = "import babel, holidays, pandas, pandera.pandas, plotly.graph_objects, scipy.stats"
    cell = nbformat.v4.new_code_cell(f"{loaded}\nfrom pmanalytics import {', '.join(names)}")

    def run() -> None:
        with kernel(SAMPLE, {}, shutdown_kernel="immediate") as client:
            client.nb = nbformat.v4.new_notebook(cells=[cell])
            client.execute(cleanup_kc=False)

    return run
