"""Our loaders, asked through the public names only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from judge import Answer, Case
from truth import Record

import pmanalytics

AS_OF = "2026-09-30"


def ours(case: Case, path: Path | list[Path]) -> Answer:
    """Return what our loaders make of the files of a case."""
    try:
        if case.kind == "folder":
            return _folder(path)
        quarantine = pmanalytics.Quarantine()
        records = _LOADERS[case.kind](path, quarantine=quarantine, **case.options)
    except Exception as error:
        return Answer(error=error)
    return _answer(records, quarantine, quarantine.notes)


def _answer(records: list[Record], told: object, notes: Sequence[str]) -> Answer:
    problems, files = told.problems, told.files
    named = [
        (-1 if pd.isna(line) else int(line), str(column), str(scope))
        for line, column, scope in problems[["line", "column", "set_aside"]].itertuples(index=False)
    ]
    counts = files[~files["kind"].str.contains("not recognised|changelog")]
    accounts = {name: int(counts[name].sum()) for name in ("rows_read", "n_duplicate")}
    return Answer(records, named, notes=list(notes), accounts=accounts)


def _folder(folder: Path) -> Answer:
    portfolio = pmanalytics.load_portfolio(folder, as_of=AS_OF)
    return _answer(portfolio.projects.to_dict("records"), portfolio, portfolio.notes)


def _projects(path: Path, **options: object) -> list[Record]:
    return pmanalytics.load_projects(path, **options).to_dict("records")


def _history(path: Path, **options: object) -> list[Record]:
    return pmanalytics.load_status_history(path, level="project", **options).to_dict("records")


def _jira_csv(path: Path, **options: object) -> list[Record]:
    options = {"time_zone": "Europe/Berlin", **options}
    return pmanalytics.load_jira_csv(path, **options).to_dict("records")


def _jira_json(path: Path, **options: object) -> list[Record]:
    tables = pmanalytics.load_jira_json(path, **options)
    changes = tables.status_changes.sort_values("sequence", kind="stable")
    histories = {
        item: list(zip(entries["changed_at"], entries["to_status"], strict=True))
        for item, entries in changes.groupby("item_id")
    }
    records = tables.work_items.to_dict("records")
    return [{**each, "history": histories.get(each["item_id"], [])} for each in records]


def _xml(path: Path, **options: object) -> list[Record]:
    return pmanalytics.load_jira_xml(path, **options).to_dict("records")


_LOADERS = {
    "projects": _projects,
    "history": _history,
    "jira csv": _jira_csv,
    "jira json": _jira_json,
    "rss": _xml,
}
