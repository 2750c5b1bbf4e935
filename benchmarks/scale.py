"""How fast, beside the fastest? Loading, durations and rates of a million, and the start.

`make bench` writes the tables between the marks in README.md. Every run is a process of its own,
so that the peak of its memory is its own; all take turns, so that a busy machine slows all alike;
told are medians. Before the clock starts each has done the same work once on a small table, so that
its libraries are loaded, and has its own table in memory where tables are worked on.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import made_up
import scale_runs
from report import markdown

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- Below: written by make bench. -->", "<!-- Above: written by make bench. -->"
N_ROUNDS = 3
SMALL, LARGE = 12_500, 1_000_000  # issues, of about eight changes each
TRIAL = 1_000


class Contender(NamedTuple):
    """Who runs how often, and how long ours may take of its time."""

    name: str
    run: str
    target: float | None = None
    n_rounds: int = N_ROUNDS


class Case(NamedTuple):
    """A piece of work, and who does it."""

    title: str
    size: int
    contenders: list[Contender]


CASES = [
    Case("Navigator CSV, a million issues of 66 columns, into validated `WorkItems`", 1_000_000, [
        Contender("pmanalytics", "our_csv"),
        Contender("pyarrow.csv, only reading the same columns", "pyarrow_csv", 1.5),
        Contender("pandas.read_csv, format given", "pandas_csv", 1 / 5, 1),
        Contender("DuckDB, types and format given", "duckdb_csv"),
        Contender("polars, format given", "polars_csv"),
    ]),
    Case("Navigator CSV, 100,000 issues, dates inferred", 100_000, [
        Contender("pmanalytics", "our_csv"),
        Contender("pandas.read_csv, format inferred", "pandas_csv_inferred", 1 / 50, 1),
    ]),
    Case("JSON pages with changelog, 100,000 issues, into five tables", 100_000, [
        Contender("pmanalytics", "our_json"),
        Contender("orjson, only parsing", "orjson_parse", 0.6),
        Contender("json, dicts, two frames", "json_frames", 1 / 6, 1),
        Contender("DuckDB, types given, two frames", "duckdb_json", None, 1),
        Contender("polars, types given, two frames", "polars_json", None, 1),
    ]),
    Case("Status changes of a million issues into quantiles per stage and project", LARGE, [
        Contender("pmanalytics", "our_stages"),
        Contender("DuckDB, plain quantiles", "duckdb_stages", 1.2),
        Contender("polars, plain quantiles", "polars_stages", 1.2),
        Contender("pm4py, performance graph", "pm4py_stages", 1 / 7, 1),
    ]),
    Case("A million projects by twelve groupings, rates with intervals and exclusions", 1_000_000, [
        Contender("pmanalytics", "our_rates"),
        Contender("polars, bare counts", "polars_rates", 1.5),
    ]),
    Case("The first report of the sample, warm", 1, [
        Contender("pmanalytics", "our_reports"),
        Contender("kernel start and imports alone", "kernel_start", 1.5),
    ]),
    Case("All five reports of the sample, warm", 5, [
        Contender("pmanalytics", "our_reports"),
        Contender("kernel start and imports alone", "kernel_start", 1.5),
    ]),
]  # fmt: skip
ONE_PROJECT = """
import pandas as pd
project = pd.DataFrame({"project_id": ["A"], "name": "A", "status": "open"})
"""
STARTS = {
    "`import pmanalytics`": ("", "import pmanalytics", 0.1),
    "a metric, loaded and used, beyond pandas": (
        ONE_PROJECT,
        "from pmanalytics import on_time_rate; on_time_rate(project, as_of='2024-01-01')",
        0.5,
    ),
    "a loader, loaded and used, beyond pandas": (
        ONE_PROJECT,
        "from pmanalytics import load_projects; load_projects(project)",
        0.5,
    ),
}
TIMED = """
import time
{before}
start = time.perf_counter()
{code}
print(time.perf_counter() - start)
"""


class Measured(NamedTuple):
    """Seconds and peak of memory of one run."""

    seconds: float
    peak_mb: float


def run_here(name: str, size: int) -> None:
    """Run one contender once, and print what it took."""
    prepare = getattr(scale_runs, name)
    prepare(min(TRIAL, size))()
    run = prepare(size)
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(each).ru_maxrss for each in who) / 1024
    sys.stdout.write(f"\n{json.dumps([seconds, peak])}\n")


def measured(name: str, size: int) -> Measured:
    """Run one contender once in a process of its own."""
    command = [sys.executable, __file__, name, str(size)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return Measured(*json.loads(told.splitlines()[-1]))


def rows_of(case: Case) -> Iterator[list[str]]:
    """Let all take turns, and yield a row of the table for each."""
    taken: dict[str, list[Measured]] = {each.name: [] for each in case.contenders}
    for round_ in range(N_ROUNDS):
        for each in case.contenders:
            if round_ < each.n_rounds:
                taken[each.name].append(measured(each.run, case.size))
    seconds = {name: median(run.seconds for run in runs) for name, runs in taken.items()}
    ours, *_ = seconds.values()
    for each in case.contenders:
        peak = max(run.peak_mb for run in taken[each.name])
        times = "" if each is case.contenders[0] else f"{ours / seconds[each.name]:.2f} ×"
        goal = f"≤ {each.target:.2f} ×" if each.target else ""
        yield [each.name, f"{seconds[each.name]:.2f}", f"{peak:,.0f}", times, goal]


def growth() -> str:
    """Return in words how the time for durations grows with the number of changes."""
    small, large = (
        median(measured("our_stages", size).seconds for _ in range(N_ROUNDS))
        for size in (SMALL, LARGE)
    )
    return (
        f"From 100,000 to 8 million changes durations take {large / small:.0f} times as long; "
        "n · log n would take 110 times as long.\n"
    )


def starts() -> Iterator[list[str]]:
    """Yield how long it takes until one can begin."""
    for name, (before, code, target) in STARTS.items():
        command = [sys.executable, "-c", TIMED.format(before=before, code=code)]
        times = [
            float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
            for _ in range(N_ROUNDS + 2)
        ]
        yield [name, f"{median(times):.2f}", f"≤ {target}"]
    times = []
    for _ in range(N_ROUNDS + 2):
        start = time.perf_counter()
        command = [str(Path(sys.executable).with_name("pmanalytics")), "--help"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    yield ["`pmanalytics --help`", f"{median(times):.2f}", "≤ 0.3"]


def sections(cases: list[Case]) -> Iterator[str]:
    """Yield each table with its title, as it is known."""
    header = ["", "seconds", "peak MB", "ours takes", "goal"]
    for case in cases:
        yield f"### {case.title}\n\n{markdown(header, list(rows_of(case)))}"
    yield growth()
    yield f"### Until one can begin\n\n{markdown(['', 'seconds', 'goal'], list(starts()))}"


def make_up() -> None:
    """Make what is to be read and is not there yet."""
    for size in (TRIAL, 100_000, LARGE):
        made_up.navigator_csv(size)
    for size in (TRIAL, 100_000):
        made_up.search_pages(size)
    for size in (TRIAL, SMALL, LARGE):
        scale_runs.changes_of(size)


def main() -> None:
    """Measure everything and write it down, or do what the command line names."""
    if len(sys.argv) == 3:
        run_here(sys.argv[1], int(sys.argv[2]))
        return
    if len(sys.argv) == 2:
        make_up()
        return
    # In a process of its own: what is started here would count this one's peak as its own.
    subprocess.run([sys.executable, __file__, "make_up"], check=True)
    told = []
    for section in sections(CASES):
        sys.stdout.write(f"{section}\n")
        sys.stdout.flush()
        told.append(section)
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = f"{before}{BEGIN}\n\n{chr(10).join(told)}\n{END}{after}"
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
