"""How much damage to a file do readers bear, and how often are they silently wrong?

`make pollution` damages one clean file per format in every way of the case files, asks our loaders
and, where they read such files, pandas and DuckDB, and writes the table into README.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import cases_files
import cases_jira
import cases_tables
import cases_values
from judge import Case, Finding, judged
from ours import ours

from pmanalytics import PMAnalyticsError

MODULES = (cases_tables, cases_values, cases_jira, cases_files)


def all_cases() -> list[Case]:
    """Return every damage."""
    return list(chain.from_iterable(module.cases() for module in MODULES))


@contextmanager
def written(case: Case) -> Iterator[Path | list[Path]]:
    """Write the files of a case into a folder of its own; yield what is to be loaded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        files = case.files() if callable(case.files) else case.files
        paths = [folder / each for each in files]
        for path, content in zip(paths, files.values(), strict=True):
            if content == cases_files.LINK_TO_OUTSIDE:
                outside = Path(name) / path.name
                outside.write_text(cases_tables.TEXT, encoding="utf-8")
                path.symlink_to(outside)
            else:
                path.write_bytes(content)
        if case.kind == "folder" or (case.kind == "jira json" and len(paths) > 1):
            yield folder
        else:
            yield paths[0] if len(paths) == 1 else paths


def our_finding(case: Case) -> Finding:
    """Return the verdict on our loaders."""
    with written(case) as path:
        return judged(case, ours(case, path), PMAnalyticsError)


def main() -> None:
    """Judge every reader on every damage, print the figures and write README.md."""
    from peers import VERSIONS, duckdb_finding, pandas_finding  # noqa: PLC0415
    from report import write_report  # noqa: PLC0415

    findings = []
    for case in all_cases():
        with written(case) as path:
            mine = judged(case, ours(case, path), PMAnalyticsError)
            findings.append((case, mine, pandas_finding(case, path), duckdb_finding(case, path)))
    sys.stdout.write(write_report(findings, VERSIONS))


if __name__ == "__main__":
    main()
