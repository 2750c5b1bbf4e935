"""Notebooks are tested by their findings: of what a cell shows, only the text is compared."""

from collections import Counter

import pytest
from nbval.plugin import IPyNbFile

pytest_plugins = ["pytester"]

_setup = IPyNbFile.setup


def _setup_comparing_text(self: IPyNbFile) -> None:
    _setup(self)
    self.skip_compare += (
        "text/html",
        "application/vnd.plotly.v1+json",
        "application/vnd.pmanalytics.card+json",
    )


IPyNbFile.setup = _setup_comparing_text


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line per reason which tests did not run."""
    files: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        files.setdefault(reason, Counter())[report.nodeid.split("::")[0]] += 1
    for reason, counts in files.items():
        where = ", ".join(f"{n} of {file}" for file, n in counts.items())
        terminalreporter.write_line(f"Not run, because {reason}: {where}")
