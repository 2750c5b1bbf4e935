"""What tests share: the worked examples, real records where they are at hand, and a browser."""

import io
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from pmanalytics import load_projects, render_reports
from pmanalytics.errors import MissingBrowserError
from pmanalytics.reports.paper import browser_path

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "data" / "sample"
IN_CI = os.environ.get("CI") == "true"


def _unavailable(reason):
    """Skip on a desk, fail in CI: there nothing may be left out."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def examples():
    """Return the worked examples by their number."""
    content = json.loads((HERE / "metric_examples.json").read_text(encoding="utf-8"))
    return {row["id"]: row for row in content["rows"]}


@pytest.fixture(scope="session")
def twelve_projects():
    """Return the fixture FX-12 of the worked examples."""
    content = json.loads((HERE / "metric_examples.json").read_text(encoding="utf-8"))
    text = content["columns_of_fixture"] + "\n" + content["fixture_FX12"]
    return load_projects(pd.read_csv(io.StringIO(text), sep="|", dtype=str, keep_default_na=False))


@pytest.fixture(scope="session")
def real_data():
    """Return the folder of real records."""
    folder = os.environ.get("PMANALYTICS_REAL_DATA")
    if not folder:
        _unavailable("PMANALYTICS_REAL_DATA is not set")
    if not Path(folder).is_dir():
        _unavailable(f"PMANALYTICS_REAL_DATA names {folder}, which is no folder")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def new_york(real_data):
    """Return per project the last value of each column that is not missing, over its dated rows."""
    rows = pd.read_csv(real_data / "nyc_capital_projects" / "NYC_capital_projects_20190901.csv")
    stamp = "%m/%d/%Y %I:%M:%S %p"
    rows["reported"] = pd.to_datetime(rows["Date Reported As Of"], format=stamp)
    newest = rows.sort_values("reported", kind="stable").groupby("PID").last().reset_index()
    forecast = pd.to_datetime(newest["Forecast Completion"], format="%m/%d/%Y")
    change = pd.to_timedelta(newest["Total Schedule Changes"], unit="D")
    return newest.assign(
        PID=newest["PID"].astype(str),
        forecast=forecast,
        baseline=forecast - change,
        budget=newest["Budget Forecast"] - newest["Total Budget Changes"],
    )


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """Return the reports of the sample, by name."""
    out = tmp_path_factory.mktemp("reports")
    return {path.stem: path for path in render_reports(SAMPLE, out)}


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium."""
    try:
        found = browser_path()
    except MissingBrowserError as error:
        _unavailable(str(error))
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        yield chromium
        chromium.close()
