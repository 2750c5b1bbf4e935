"""A small made-up company, the same for the same seed: every name and number is invented.

It is lifelike where it matters to the metrics: estimates are optimistic and overruns have a long
tail, plans are approved anew, projects are cancelled or put on hold, baselines are missing, two
currencies stand side by side, work goes back a stage, and a few rows are plainly wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random

from pmanalytics.errors import ConfigError
from pmanalytics.sample.company import (
    PRODUCTS,
    Row,
    bad_projects,
    product_and_history,
    project_and_history,
)
from pmanalytics.sample.further import (
    cost_by_year,
    exchange_rates,
    forecasts,
    price_index,
    status_reports,
    tasks,
)
from pmanalytics.sample.jira import issue, navigator_csv, search_json
from pmanalytics.sample.needs import with_needs
from pmanalytics.sample.offers import goals, product_projects, releases
from pmanalytics.sample.registers import allocations, defects, risks

N_PROJECTS, N_ISSUES = 90, 2000
SHARE_REQUIRED = 0.35


def write_sample(
    folder: str | Path, *, seed: int = 38, n_projects: int = N_PROJECTS, n_issues: int = N_ISSUES
) -> list[Path]:
    """Write the made-up company into a folder, and return the files.

    Parameters
    ----------
    folder
        Created if need be; files of the same names are overwritten, others left alone.
    seed
        Decides every number; the same seed gives the same bytes.
    n_projects, n_issues
        How large the company is; products, teams and registers stay as they are.

    Raises
    ------
    ConfigError
        If the folder cannot be written to.
    """
    folder, random = Path(folder), Random(seed)
    products = [product_and_history(random, *facts) for facts in PRODUCTS]
    projects = [project_and_history(random, number) for number in range(1, n_projects + 1)]
    required = Random(f"required {seed}")
    for row, _ in projects:
        row["Required"] = "yes" if required.random() < SHARE_REQUIRED else "no"
    issues = [issue(random, number) for number in range(1, n_issues + 1)]
    issues = with_needs(Random(f"needs {seed}"), issues)
    rows, first = [row for row, _ in projects], projects[0][0]
    contents = {
        name: (files(__name__) / "files" / name).read_text(encoding="utf-8")
        for name in ("README.md", "pmanalytics.toml")
    } | {
        "products.csv": _csv(row for row, _ in products),
        "product_stages.csv": _csv(entry for _, entries in products for entry in entries),
        "projects.csv": _csv([*rows, *bad_projects(first, n_projects)]),
        "project_stages.csv": _csv(entry for _, entries in projects for entry in entries),
        "jira.csv": navigator_csv(issues),
        "jira.json": search_json(issues),
        **_further(seed, rows),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written to ({error.strerror}).") from None
    return [folder / name for name in contents]


def _further(seed: int, projects: Sequence[Row]) -> dict[str, str]:
    """Return the tables that only some measures need, each from a stream of its own."""
    tables = {
        "status_reports": status_reports(Random(f"reports {seed}"), projects),
        "tasks": tasks(Random(f"tasks {seed}"), projects),
        "forecasts": forecasts(Random(f"forecasts {seed}"), projects),
        "cost_by_year": cost_by_year(projects),
        "price_index": price_index(),
        "exchange_rates": exchange_rates(),
        "risks": risks(Random(f"risks {seed}"), projects),
        "allocations": allocations(Random(f"allocations {seed}"), projects),
        "defects": defects(Random(f"defects {seed}")),
        "product_projects": product_projects(projects),
        "goals": goals(Random(f"goals {seed}")),
        "releases": releases(Random(f"releases {seed}")),
    }
    return {f"{name}.csv": _csv(rows) for name, rows in tables.items()}


def _csv(rows: Iterable[Row]) -> str:
    rows = list(rows)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()
