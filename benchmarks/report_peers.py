"""Write the report of one peer: `report_peers.py NAME FOLDER FILE`, run in that peer's environment.

It prints the peer's version. Each gets what it is made for: quantstats the returns of as many days
as the projects of the folder span, from a seed; ydata-profiling the table of projects; evidently
its two halves, compared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = ["Start planned", "Finish planned", "Finish expected", "Start", "Finish", "Updated"]


def projects_of(folder: Path) -> pd.DataFrame:
    """Return the table of projects, its days read as such."""
    table = pd.read_csv(folder / "projects.csv")
    days = {name: pd.to_datetime(table[name], errors="coerce") for name in DAYS}
    return table.assign(**days)


def quantstats(folder: Path, target: Path) -> None:
    """A tear sheet."""
    import quantstats as qs  # noqa: PLC0415

    projects, random = projects_of(folder), np.random.default_rng(1)
    days = pd.bdate_range(projects["Start planned"].min(), projects["Updated"].max())
    returns, market = (
        pd.Series(random.normal(mean, 0.01, len(days)), index=days, name=name)
        for mean, name in ((0.0006, "Made up"), (0.0004, "Market"))
    )
    qs.reports.html(returns, benchmark=market, output=str(target), title="Made up")


def ydata_profiling(folder: Path, target: Path) -> None:
    """A profile, as it is by default."""
    from ydata_profiling import ProfileReport  # noqa: PLC0415

    ProfileReport(projects_of(folder), title="Projects", progress_bar=False).to_file(target)


def evidently(folder: Path, target: Path) -> None:
    """A summary of the later half of the projects and its drift from the earlier one."""
    from evidently import Report  # noqa: PLC0415
    from evidently.presets import DataDriftPreset, DataSummaryPreset  # noqa: PLC0415

    table = projects_of(folder).sort_values("Start planned").drop(columns=DAYS)
    earlier, later = table.iloc[: len(table) // 2], table.iloc[len(table) // 2 :]
    report = Report([DataSummaryPreset(), DataDriftPreset()])
    report.run(later, earlier).save_html(str(target))


PEERS: dict[str, Callable[[Path, Path], None]] = {
    "quantstats": quantstats,
    "ydata-profiling": ydata_profiling,
    "evidently": evidently,
}


if __name__ == "__main__":
    name, folder, target = sys.argv[1:]
    PEERS[name](Path(folder), Path(target))
    sys.stdout.write(f"\n{version(name)}\n")
