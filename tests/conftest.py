"""What tests share: the worked examples, real records where they are at hand, and a browser."""

import io
import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from nbval.plugin import IPyNbFile

from pmanalytics import load_projects

HERE = Path(__file__).parent
IN_CI = os.environ.get("CI") == "true"

# Findings are compared as text; drawings and markup carry ids and library versions.
_nbval_setup = IPyNbFile.setup


def _setup_comparing_text_only(self):
    _nbval_setup(self)
    self.skip_compare += (
        "text/html",
        "application/vnd.plotly.v1+json",
        "application/vnd.pmanalytics.card+json",
    )


IPyNbFile.setup = _setup_comparing_text_only


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
        _unavailable("PMANALYTICS_REAL_DATA is not set, so real records are not tested")
    if not Path(folder).is_dir():
        _unavailable(f"PMANALYTICS_REAL_DATA names {folder}, which is no folder")
    return Path(folder)


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
    found = os.environ.get("PMANALYTICS_BROWSER") or next(
        filter(None, map(shutil.which, names)), ""
    )
    if not found:
        _unavailable("no Chromium or Chrome on PATH and PMANALYTICS_BROWSER is not set")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        yield chromium
        chromium.close()
