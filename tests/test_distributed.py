import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from exports import write

import pmanalytics as pm
from pmanalytics import distributed
from pmanalytics.cli import main
from pmanalytics.errors import ConfigError, MissingAsOfError, PMAnalyticsError

STAGES = ["Waiting", "Doing", "Testing", "Done", "Dropped"]
CONFIG = """
as_of = "2025-06-30"
time_zone = "Europe/Berlin"
[calendar]
country = "DE"
[work_item_history]
file = "history.csv"
[lifecycle.work_item]
terminal = ["Done"]
cancelled = ["Dropped"]
[lifecycle.work_item.stages]
Waiting = []
Doing = []
Testing = []
Done = []
Dropped = []
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Return the portfolio of the sample, and a store of it."""
    store = tmp_path_factory.mktemp("sample")
    pm.ingest("data/sample", store, n_parts=3)
    return pm.load_portfolio("data/sample"), store


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """Return the portfolio of 3,000 items that wander through the stages, and a store of it."""
    random = np.random.default_rng(1)
    item = np.sort(random.integers(0, 3_000, 15_000))
    start = pd.Timestamp("2024-01-01")
    seconds = random.integers(0, 500 * 86_400, len(item))
    history = pd.DataFrame(
        {
            "item_id": [f"I-{number}" for number in item],
            "changed_at": [(start + pd.Timedelta(seconds=int(s))).isoformat() for s in seconds],
            "to_status": random.choice(STAGES, len(item), p=[0.3, 0.3, 0.25, 0.1, 0.05]),
            "item_type": np.where(item % 7 < 3, "Bug", "Story"),
        }
    )
    folder = write(
        tmp_path_factory.mktemp("folder"),
        pmanalytics__toml=CONFIG,
        history__csv=history.to_csv(index=False),
    )
    store = tmp_path_factory.mktemp("larger")
    pm.ingest(folder, store, n_parts=5)
    return pm.load_portfolio(folder), store


@pytest.fixture(scope="module")
def client():
    """Return a client of two worker processes."""
    from distributed import Client, LocalCluster  # noqa: PLC0415

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as workers,
        Client(workers, set_as_default=False) as client,
    ):
        yield client


def visits_at_once(portfolio, level, items=None, calendar=None):
    changes = portfolio.changes_of(level)
    if items is not None:
        changes = changes.merge(items, on="item_id", how="left")
    return pm.stage_visits(
        changes,
        portfolio.lifecycles[level],
        as_of=portfolio.as_of,
        time_zone=portfolio.time_zone,
        calendar=calendar,
    )


@pytest.mark.parametrize("by", [None, "product_id"])
@pytest.mark.parametrize("measure", ["total", "last", "working"])
def test_durations_of_parts_are_those_of_the_whole(sample, client, by, measure):
    portfolio, store = sample
    items = portfolio.work_items[["item_id", "product_id"]]
    calendar = portfolio.calendar if measure == "working" else None
    visits = visits_at_once(portfolio, "work_item", items, calendar)
    ours = distributed.stage_durations(
        store, level="work_item", by=by, measure=measure, client=client
    )
    pd.testing.assert_frame_equal(
        ours, pm.stage_durations(visits, by=by, measure=measure), check_exact=True
    )


@pytest.mark.parametrize("level", ["product", "project"])
def test_products_and_projects_go_through_stages_on_a_cluster_too(sample, client, level):
    portfolio, store = sample
    expected = pm.stage_durations(visits_at_once(portfolio, level))
    for each in (client, None):
        ours = distributed.stage_durations(store, level=level, client=each)
        pd.testing.assert_frame_equal(ours, expected, check_exact=True)


def test_durations_of_a_larger_history_are_those_of_the_whole(larger, client):
    portfolio, store = larger
    expected = pm.stage_durations(visits_at_once(portfolio, "work_item"), by=["item_type"])
    assert expected["n_ended"].min() > 100
    for each in (client, None):
        ours = distributed.stage_durations(store, level="work_item", by=["item_type"], client=each)
        pd.testing.assert_frame_equal(ours, expected, check_exact=True)


def test_the_visits_of_all_parts_are_those_of_the_whole(larger, client, tmp_path):
    portfolio, store = larger
    paths = distributed.stage_visits(store, tmp_path / "out", level="work_item", client=client)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [p.name for p in paths]
    parts = [pd.read_parquet(path) for path in paths]
    items = [set(part["item_id"]) for part in parts]
    assert sum(map(len, items)) == len(set.union(*items))
    ours = pd.concat(parts).sort_values(["item_id"], kind="stable", ignore_index=True)
    expected = visits_at_once(portfolio, "work_item", calendar=portfolio.calendar)
    pd.testing.assert_frame_equal(ours[list(expected)], expected, check_exact=True)


@pytest.mark.parametrize("measure", ["on_time", "on_budget", "on_time_and_on_budget"])
@pytest.mark.parametrize("by", [None, ["project_class", "product_id"]])
def test_rates_of_parts_are_those_of_the_whole(sample, client, measure, by):
    portfolio, store = sample
    rate = getattr(pm, f"{measure}_rate")
    expected = rate(portfolio.projects, as_of=portfolio.as_of, by=by, basis="rebaselined")
    ours = distributed.rates(store, measure, by=by, basis="rebaselined", client=client)
    pd.testing.assert_frame_equal(ours, expected, check_exact=True)


def test_a_rate_that_nobody_can_judge_stays_withheld(tmp_path):
    """One part has the only finished project, and it has no date: as in the whole, no rate."""
    projects = "project_id,name,status,baseline_finish_date\n" + "".join(
        f"P{n},P{n},{'done' if n == 3 else 'open'},2024-01-31\n" for n in range(8)
    )
    folder = write(
        tmp_path / "folder", pmanalytics__toml='as_of = "2024-06-30"\n', projects__csv=projects
    )
    pm.ingest(folder, tmp_path / "store", n_parts=4)
    expected = pm.on_time_rate(pm.load_portfolio(folder).projects, as_of="2024-06-30")
    assert expected["reason"].tolist() == ["no project records an actual finish"]
    pd.testing.assert_frame_equal(distributed.rates(tmp_path / "store"), expected)


@pytest.mark.parametrize("period", ["day", "month"])
@pytest.mark.parametrize("by", [None, "item_type"])
def test_throughput_of_parts_is_that_of_the_whole(larger, client, period, by):
    portfolio, store = larger
    zone, as_of = portfolio.time_zone, portfolio.as_of
    lifecycle = portfolio.lifecycles["work_item"]
    visits = visits_at_once(portfolio, "work_item")
    items = pm.flow_items(visits, lifecycle, as_of=as_of, time_zone=zone)
    expected = pm.throughput(items, as_of=as_of, time_zone=zone, period=period, by=by)
    assert expected["throughput"].sum() > 100
    ours = distributed.throughput(store, level="work_item", period=period, by=by, client=client)
    pd.testing.assert_frame_equal(ours, expected)


def test_a_part_whose_worker_dies_is_done_by_another(larger, client, tmp_path, monkeypatch):
    portfolio, store = larger
    stays, marker = distributed._stays, tmp_path / "died"

    def deadly(scope, by, measure, number):
        if number == 2 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return stays(scope, by, measure, number)

    monkeypatch.setattr(distributed, "_stays", deadly)
    ours = distributed.stage_durations(store, level="work_item", client=client)
    assert marker.exists()
    expected = pm.stage_durations(visits_at_once(portfolio, "work_item"))
    pd.testing.assert_frame_equal(ours, expected, check_exact=True)


def test_what_is_wrong_is_told_in_the_same_words_from_a_worker(sample, client):
    for each in (client, None):
        with pytest.raises(PMAnalyticsError, match="lacks: shape"):
            distributed.stage_durations(sample[1], level="project", by="shape", client=each)


def test_what_is_not_known_is_asked_for(tmp_path):
    folder = write(tmp_path / "folder", projects__csv="project_id,name,status\nP1,One,open\n")
    pm.ingest(folder, tmp_path / "store", n_parts=1)
    with pytest.raises(MissingAsOfError, match="status date is not given"):
        distributed.rates(tmp_path / "store")
    with pytest.raises(ConfigError, match=r"write \[lifecycle\.work_item\]"):
        distributed.throughput(tmp_path / "store", level="work_item", as_of="2024-06-30")


def test_the_command_takes_a_cluster_or_none(sample, client, tmp_path):
    arguments = ["durations", str(sample[1]), "--level", "project"]
    alone = CliRunner().invoke(main, arguments)
    stages = [line.split()[0] for line in alone.output.splitlines()]
    assert stages == ["stage", "Initiation", "Planning", "Execution", "Closure"]
    saved = tmp_path / "durations.csv"
    for address in (client.scheduler.address, "local"):
        spread = CliRunner().invoke(main, [*arguments, "--scheduler", address, "--out", str(saved)])
        assert spread.output.startswith(alone.output)
    expected = pm.stage_durations(visits_at_once(sample[0], "project"))
    assert pd.read_csv(saved)["median_days"].tolist() == pytest.approx(expected["median_days"])


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://", "http://host:1"])
def test_a_scheduler_that_does_not_answer_is_told(sample, monkeypatch, address):
    monkeypatch.setattr(distributed, "SECONDS_TO_ANSWER", 0.2)
    result = CliRunner().invoke(main, ["durations", str(sample[1]), "--scheduler", address])
    assert result.exit_code == 1
    assert f"{address}: no Dask scheduler answers there" in result.output


def test_nothing_needs_dask_but_a_cluster():
    code = (
        "import sys, pmanalytics, pmanalytics.distributed, pmanalytics.cli; "
        "print({'dask', 'distributed'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


def test_without_dask_a_cluster_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ConfigError, match=r"pip install 'pmanalytics\[distributed\]'"),
        distributed.cluster("tcp://127.0.0.1:1"),
    ):
        pass
