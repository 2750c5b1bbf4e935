"""What do honest rates cost? Ours, with intervals, bounds and exclusions, beside bare counting.

`make rates` splits a million made-up projects by twelve columns: by our functions, and by the plain
counts that pandas, polars and DuckDB make of the same verdicts. All take turns in one run, so that
a busy machine slows all alike; told are medians. Each starts from its own frame in memory, and must
count the same.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from pmanalytics import on_time_rate, rate_splits
from pmanalytics.schemas import Projects, dtypes

N_PROJECTS, N_ROUNDS = 1_000_000, 5
AS_OF = pd.Timestamp("2026-06-30")
SIZES = [2, 3, 4, 6, 8, 12, 20, 40, 80, 150, 400, 1000]
COLUMNS = [f"group_{size}" for size in SIZES]
CASES = [
    ("status = 'cancelled'", "cancelled"),
    ("baseline_finish_date IS NULL", "missing_baseline"),
    ("status = 'done' AND NOT baseline_finish_date < $as_of", "early"),
    ("status = 'done' AND actual_finish_date <= baseline_finish_date", "on_time"),
    ("status = 'done'", "late"),
    ("baseline_finish_date < $as_of", "late_open"),
]
STATES = [*(state for _, state in CASES), "not_due"]
Counts = dict[str, pd.DataFrame]


def made_up(n_projects: int) -> pd.DataFrame:
    """Return as many projects, from a seed."""
    random = np.random.default_rng(1)
    first = np.datetime64("2023-01-01", "us")
    due = first + random.integers(0, 1600, n_projects).astype("timedelta64[D]")
    finish = due + random.integers(-60, 90, n_projects).astype("timedelta64[D]")
    is_done = (random.random(n_projects) < 0.8) & (finish <= AS_OF.to_datetime64())
    status = np.where(is_done, "done", random.choice(["open", "on_hold", "cancelled"], n_projects))
    table = pd.DataFrame(
        {
            "project_id": pd.Series(np.arange(n_projects)).map("P{:07d}".format).astype("str"),
            "name": "Made up",
            "status": pd.Series(status).astype("str"),
            "baseline_finish_date": pd.Series(due).mask(random.random(n_projects) < 0.05),
            "actual_finish_date": pd.Series(finish).where(is_done),
        }
    )
    names = {
        column: pd.Series(random.integers(0, size, n_projects)).map("Group {:03d}".format)
        for column, size in zip(COLUMNS, SIZES, strict=True)
    }
    table = table.assign(**names).astype(dict.fromkeys(COLUMNS, "str"))
    return table.astype({name: kind for name, kind in dtypes(Projects).items() if name in table})


def by_each_rate(projects: pd.DataFrame) -> Counts:
    """Ours, one call per column."""
    return {name: on_time_rate(projects, as_of=AS_OF, by=name) for name in COLUMNS}


def by_splits(projects: pd.DataFrame) -> Counts:
    """Ours, one call for all columns."""
    table = rate_splits(projects, COLUMNS, as_of=AS_OF)
    return {name: table[table["split"] == name] for name in COLUMNS}


def by_pandas(projects: pd.DataFrame) -> Counts:
    """Plain pandas: verdicts once, then a groupby that counts them."""
    due, is_done = projects["baseline_finish_date"], projects["status"].eq("done")
    conditions = [
        projects["status"].eq("cancelled"),
        due.isna(),
        is_done & ~(due < AS_OF),
        is_done & (projects["actual_finish_date"] <= due),
        is_done,
        due < AS_OF,
    ]
    state = pd.Series(np.select(conditions, STATES[:-1], STATES[-1]), name="state")
    return {
        name: projects.groupby([name, state]).size().unstack(fill_value=0)  # noqa: PD010
        for name in COLUMNS
    }


def by_polars(projects: pl.DataFrame) -> Counts:
    """Polars: verdicts once, then a group_by that counts them."""
    due, is_done = pl.col("baseline_finish_date"), pl.col("status") == "done"
    state = (
        pl.when(pl.col("status") == "cancelled").then(pl.lit("cancelled"))
        .when(due.is_null()).then(pl.lit("missing_baseline"))
        .when(is_done & ~(due < AS_OF)).then(pl.lit("early"))
        .when(is_done & (pl.col("actual_finish_date") <= due)).then(pl.lit("on_time"))
        .when(is_done).then(pl.lit("late"))
        .when(due < AS_OF).then(pl.lit("late_open"))
        .otherwise(pl.lit("not_due"))
    )  # fmt: skip
    judged = projects.with_columns(state.cast(pl.Enum(STATES)).alias("state"))
    counts = [(pl.col("state") == each).sum().alias(each) for each in STATES]
    return {name: judged.group_by(name).agg(counts).sort(name).to_pandas() for name in COLUMNS}


def by_duckdb(connection: duckdb.DuckDBPyConnection) -> Counts:
    """DuckDB: verdicts once into a table, then a query per column that counts them."""
    cases = " ".join(f"WHEN {condition} THEN '{state}'" for condition, state in CASES)
    as_of = f"TIMESTAMP '{AS_OF}'"
    kinds = ", ".join(f"'{state}'" for state in STATES)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT {', '.join(COLUMNS)}, "
        f"(CASE {cases} ELSE 'not_due' END)::ENUM({kinds}) AS state FROM projects".replace(
            "$as_of", as_of
        )
    )
    counts = ", ".join(f"count(*) FILTER (state = '{state}') AS {state}" for state in STATES)
    return {
        name: connection.execute(
            f"SELECT {name}, {counts} FROM judged GROUP BY {name} ORDER BY {name}"
        ).df()
        for name in COLUMNS
    }


def contenders() -> dict[str, Callable[[], Counts]]:
    """Return what is measured, each over its own frame."""
    projects = made_up(N_PROJECTS)
    in_polars = pl.from_pandas(projects)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE projects AS SELECT * FROM in_polars")
    return {
        "rate_splits": lambda: by_splits(projects),
        "on_time_rate, twelve calls": lambda: by_each_rate(projects),
        "pandas, counts only": lambda: by_pandas(projects),
        f"polars {pl.__version__}, counts only": lambda: by_polars(in_polars),
        f"DuckDB {duckdb.__version__}, counts only": lambda: by_duckdb(connection),
    }


def check(results: dict[str, Counts]) -> None:
    """Hold all to the same counts."""
    ours = results["rate_splits"]
    for who, theirs in results.items():
        for name in COLUMNS:
            table, own = theirs[name], ours[name]
            on_time = table["k"] if "k" in table else table["on_time"]
            assert on_time.tolist() == own["k"].tolist(), (who, name)
            if "late" in table:
                judged = table["on_time"] + table["late"] + table["late_open"]
                assert judged.tolist() == own["n"].tolist(), (who, name)


def main() -> None:
    """Take turns, and print medians as a table."""
    runs = contenders()
    check({name: run() for name, run in runs.items()})
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(N_ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    ours = median(seconds["rate_splits"])
    sys.stdout.write("| | seconds | rate_splits takes |\n|---|---|---|\n")
    for name, times in seconds.items():
        sys.stdout.write(f"| {name} | {median(times):.2f} | {ours / median(times):.1f} × |\n")


if __name__ == "__main__":
    main()
