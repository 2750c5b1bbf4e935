"""pandas and DuckDB, asked as their manuals say, and judged by the same truth.

They are asked for tables and plain JSON only; what is Jira's own (history, pages, XML) is not asked
of them. Options that a case gives to us are given to them in their words, and headers are matched
for them without case and outer blanks. A value that they hand back just as the file writes it is
not held against them: it is counted as left as written. So are notes and rules about what a project
may be. Silently wrong is only a value that is neither the truth nor what the file says.
"""

from __future__ import annotations

import csv
import io
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
from judge import Answer, Case, Finding, Verdict, identity_of, judged
from truth import BERLIN, ENGLISH, HISTORY, LISTS, PROJECTS, Record

VERSIONS = {"pandas": pd.__version__, "DuckDB": duckdb.__version__}
STRPTIME = {"day first": "%d/%m/%Y", "month first": "%m/%d/%Y", "excel": None}
HEADERS = {
    "projects": {name: name for name in PROJECTS[0]},
    "history": {name: name for name in HISTORY[0]},
    "jira csv": ENGLISH,
}
JSON_NAMES = {"key": "key", "summary": "fields.summary", "status": "fields.status.name"}


def pandas_finding(case: Case, path: Path) -> Finding | None:
    """Return the verdict on pandas, or nothing where it is not asked."""
    return _judged(case, path, _pandas_csv, _pandas_json)


def duckdb_finding(case: Case, path: Path) -> Finding | None:
    """Return the verdict on DuckDB, or nothing where it is not asked."""
    if not case.peers or path.suffix == ".xlsx":  # which takes an extension from the network
        return None
    return _judged(case, path, _duckdb_csv, _duckdb_json)


Named = list[tuple[int, str, str]]
Reader = Callable[[Case, Path], tuple[pd.DataFrame, Named]]


def _judged(case: Case, path: Path, table: Reader, json: Reader) -> Finding | None:
    if not case.peers:
        return None
    is_json = case.kind == "jira json"
    headers = JSON_NAMES if is_json else {**HEADERS[case.kind], **case.headers}
    truth = [{name: r[name] for name in headers if name in r} for r in case.truth]
    asked = replace(case, truth=truth, asides=(), refused=None, note=None, may_refuse=True)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            frame, named = (json if is_json else table)(case, path)
            records, is_as_written = _records(frame, asked, headers)
        except Exception as error:
            return judged(case, Answer(error=error))
    finding = judged(asked, Answer(records, named, spoke=bool(said)))
    is_left = is_as_written and finding.verdict == Verdict.COMPLETE
    return Finding(Verdict.AS_WRITTEN) if is_left else finding


def _pandas_csv(case: Case, path: Path) -> tuple[pd.DataFrame, list]:
    if path.suffix == ".xlsx":
        return pd.read_excel(path, engine="calamine"), []
    options, form = dict(case.options), case.options.get("date_format")
    given: dict[str, object] = {"parse_dates": _date_headers(case, path)}
    if "encoding" in options:
        given["encoding"] = options["encoding"]
    if "missing" in options:
        given["na_values"] = options["missing"]
    if options.get("decimal"):
        given |= {
            "decimal": options["decimal"],
            "thousands": {".": ",", ",": "."}[options["decimal"]],
        }
    if STRPTIME.get(form, form):
        given["date_format"] = STRPTIME.get(form, form)
    return pd.read_csv(path, **given), []


def _date_headers(case: Case, path: Path) -> list[str]:
    """Return the names of the columns of dates, as the file writes them."""
    wanted = {
        _bare(header)
        for name, header in {**HEADERS[case.kind], **case.headers}.items()
        if name.endswith(("_date", "_at"))
    }
    encoding = case.options.get("encoding", "utf-8-sig")
    header = pd.read_csv(path, nrows=0, encoding=encoding).columns
    return [name for name in header if _bare(name) in wanted]


def _pandas_json(case: Case, path: Path) -> tuple[pd.DataFrame, list]:
    if path.suffix == ".jsonl":
        issues = pd.read_json(path, lines=True).to_dict("records")
    else:
        issues = pd.read_json(path)["issues"].tolist()
    return pd.json_normalize(issues), []


def _duckdb_csv(case: Case, path: Path) -> tuple[pd.DataFrame, list]:
    options, form = dict(case.options), case.options.get("date_format")
    given: dict[str, object] = {"auto_detect": True, "store_rejects": True}
    if "encoding" in options:
        given["encoding"] = options["encoding"]
    if "missing" in options:
        given["nullstr"] = ["", *options["missing"]]
    if options.get("decimal"):
        given["decimal_separator"] = options["decimal"]
    if options.get("short_rows"):
        given["null_padding"] = True
    if STRPTIME.get(form, form):
        given["dateformat"] = STRPTIME.get(form, form)
    words = ", ".join(f"{name} = {_literal(value)}" for name, value in given.items())
    with duckdb.connect() as connection:
        frame = _fetched(connection, f"FROM read_csv('{path}', {words})")
        rejects = connection.sql("SELECT line, coalesce(column_name, '') FROM reject_errors")
        return frame, [(int(line), column, "row") for line, column in rejects.fetchall()]


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return (
        str(value).lower() if isinstance(value, bool) else "'" + str(value).replace("'", "''") + "'"
    )


def _duckdb_json(case: Case, path: Path) -> tuple[pd.DataFrame, list]:
    issues = f"read_json('{path}')"
    if path.suffix == ".json":
        issues = f"(SELECT unnest(issues, recursive := false) AS i FROM {issues})"
        columns = "i.key, i.fields.summary, i.fields.status.name"
    else:
        columns = "key, fields.summary, fields.status.name"
    with duckdb.connect() as connection:
        frame = _fetched(connection, f"SELECT {columns} FROM {issues}")
    return frame.set_axis(list(JSON_NAMES.values()), axis="columns"), []


def _fetched(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    found = connection.sql(query)
    names = found.columns
    return pd.DataFrame(found.fetchall(), columns=names, dtype=object)


def _records(
    frame: pd.DataFrame, case: Case, headers: Mapping[str, str]
) -> tuple[list[Record], bool]:
    """Return a frame's records by our names, and whether a value of them is left as written."""
    columns = {
        name: [h for h in frame.columns if _is_of(h, headers[name], name in LISTS)]
        for name in case.truth[0]
    }
    absent = [headers[name] for name, found in columns.items() if not found]
    if absent:
        raise KeyError(f"columns not found: {absent}; there are {list(map(str, frame))[:12]}")
    written, truths = _written(case, headers), {_key(r, case.kind): r for r in case.truth}
    parents = {str(r["item_id"]): r["key"] for r in case.truth if "parent_key" in r}
    records, is_as_written = [], False
    for row in frame.to_dict("records"):
        key = _key({name: row[found[0]] for name, found in columns.items()}, case.kind)
        texts, place = written.get(key, ({}, len(case.truth)))
        truth = truths.get(key) or dict(enumerate(case.truth)).get(place, {})
        record: Record = {}
        for name, found in columns.items():
            value, is_left = _fair(name, [row[h] for h in found], truth.get(name), texts.get(name))
            record[name] = parents.get(str(value), value) if name == "parent_key" else value
            is_as_written |= is_left
        records.append(record)
    return records, is_as_written


def _written(case: Case, headers: Mapping[str, str]) -> dict[str, tuple[dict[str, str], int]]:
    """Return what the cells of a plain file say, and where, by record; of another file nothing."""
    content = next(iter(case.files.values())).decode("utf-8-sig", "replace")
    rows = [row for row in csv.reader(io.StringIO(content, newline="")) if any(row)]
    places = {name: n for n, h in enumerate(rows[0]) for name in headers if headers[name] == h}
    texts = [{name: row[n] for name, n in places.items() if n < len(row)} for row in rows[1:]]
    return {_key(each, case.kind): (each, n) for n, each in enumerate(texts)}


def _key(record: Mapping[str, object], kind: str) -> str:
    """Return what tells a record from all others: of a history the item and its status."""
    names = ["item_id", "to_status"] if kind == "history" else [identity_of(kind)]
    return " ".join(_text(record.get(name)).strip() for name in names)


def _fair(name: str, values: list, truth: object, written: str | None) -> tuple[object, bool]:
    """Return a peer's value in the type of the truth, or the truth where it is left as written."""
    if name in LISTS:
        return [_text(value) for value in values if not pd.isna(value)], False
    value = values[0]
    if pd.isna(value):
        is_left = written is not None and not written.strip() and truth is not None
        return truth if is_left else None, is_left
    if isinstance(truth, date):
        return _fair_date(value, truth)
    if isinstance(truth, float):
        is_left = isinstance(value, str) or not math.isfinite(value)
        seconds = 3600 if name == "original_estimate_hours" else 1
        return truth if is_left else value / seconds, is_left
    text = _text(value)
    is_left = text != truth and written is not None and text.strip() == written.strip()
    return (truth, True) if is_left else (text, False)


def _fair_date(value: object, truth: date) -> tuple[object, bool]:
    """Return a date, of the zone of the case where it has none; what is no date claims nothing."""
    if not isinstance(value, date):
        return truth, True
    if not isinstance(truth, datetime):
        return value.date() if isinstance(value, datetime) else value, False
    at = pd.Timestamp(value)
    return at if at.tzinfo else at.tz_localize(BERLIN), False


def _text(value: object) -> str:
    """Return a value as text; a number without decimals is what it prints."""
    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _is_of(header: object, wanted: str, is_list: bool) -> bool:
    bare = _bare(header)
    return (re.sub(r"[._]\d+$", "", bare) if is_list else bare) == _bare(wanted)


def _bare(header: object) -> str:
    return str(header).strip().strip("\ufeff").casefold().replace(" ", "_")
