"""What is this file? Told by its content, never by its name alone, and with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from pmanalytics.errors import UnreadableFileError, listed, shown
from pmanalytics.loaders.guesses.further import DISTINCTIVE, FURTHER, guessed_table
from pmanalytics.loaders.guesses.synonyms import (
    ENDS,
    HISTORY,
    PRODUCTS,
    SNAPSHOT_DATES,
    guessed_columns,
    guessed_level,
    project_columns,
)
from pmanalytics.loaders.intake import plain_name
from pmanalytics.loaders.jira.headers import (
    is_navigator_header,
    is_scripted_header,
    lacking_headers,
    navigator_name,
    standing_for,
)
from pmanalytics.loaders.sources.encodings import HEAD_BYTES
from pmanalytics.loaders.sources.files import JSON_START, WEB_PAGE, File, is_document
from pmanalytics.loaders.sources.rows import sampled
from pmanalytics.loaders.sources.sheets import is_book
from pmanalytics.schemas import FURTHER_TABLES

CORRECTIONS = "corrections"
DOCUMENT = "a document"
TABLES = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonl", ".ndjson")
TO_CORRECT = {"file", "line", "column", "value", "corrected"}
EVEN = 0.8
SAMPLE_ROWS = 500
DATE_LIKE = (
    r"([^\W\d]{2,10}[.,]* )?"
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](\d{1,2}|[^\W\d]{3,9}\.?)[-/. ]\d{2,4}"
    r"|[^\W\d]{3,9}\.? \d{1,2},? \d{4})"
    r"([T ,].*)?"
)
# A date on which something is meant to happen, or the row was changed, is no entry into a stage.
NO_ENTRY = re.compile(
    r"plan|soll|forecast|due|baseline|budget|target|expected|fällig|prévu"
    r"|modified|update|^last|latest|geändert|aktualisiert|mise?_à_jour|actualizad|atualizad"
    r"|échéance|vencim|limite|límite|prazo|affichage|última|visualiza"
)
FEW_WORDS = 3
MISTAKES = 0.2
SLIPS = 0.02
RESULTS = {  # what a list of projects is kept for
    "baseline_finish_date", "forecast_finish_date", "actual_finish_date", "baseline_budget",
    "actual_cost",
}  # fmt: skip
ISSUE_KEY = r"[A-Za-z][A-Za-z0-9_]*-\d+"
JSON_LINES = re.compile(r"\{[^\n]*\}\s*\n\s*\{")
# One object around a list of records: its first member that is no single value.
JSON_AROUND = re.compile(r'\{\s*("[^"]*"\s*:\s*[^\s\[{][^\[{]*,\s*)?"[^"]*"\s*:\s*\[\s*\{')
JSON_KEY = re.compile(r'"(\w+)"\s*:')


class Guess(NamedTuple):
    """What a file was taken for, and why; `is_sure` if it can be read without further words."""

    section: str | None
    why: str
    is_sure: bool = False


def recognise(file: File) -> Guess:
    """Return what a file is: the section of `pmanalytics.toml` that says how to read its kind."""
    if file.is_hidden:
        return Guess(None, "a hidden sheet; unhide it, or name it in pmanalytics.toml, to read it")
    if is_document(file):
        return Guess(None, DOCUMENT)
    guess = None if is_book(file) else _of_markup(file.head_text())
    if guess:
        return guess
    try:
        header, taken = sampled(file, SAMPLE_ROWS)
    except UnreadableFileError as error:
        return Guess(None, re.sub(rf"^{re.escape(str(file))}(: |, )", "", str(error)).rstrip("."))
    if header and not taken and (is_book(file) or len(file.head()) < HEAD_BYTES):
        return Guess(None, "a header, but no row below it")
    guess = _of_table(file, _frame(header, taken))
    is_prose = not guess.section and file.suffix not in TABLES and not _is_even(header, taken)
    return Guess(None, DOCUMENT) if is_prose else guess


def sample_of(file: File, n_rows: int | None = SAMPLE_ROWS) -> pd.DataFrame:
    """Return the first rows of a table, or all, as text: short ones padded, long ones left out."""
    return _frame(*sampled(file, n_rows))


def _frame(header: list[str], taken: list[Sequence[str]]) -> pd.DataFrame:
    width = len(header)
    cells = [[*row, *[""] * (width - len(row))] for row in taken if len(row) <= width]
    columns = [name or f"(column {n})" for n, name in enumerate(header, 1)]
    frame = pd.DataFrame(cells, columns=columns, dtype="str")
    return frame.loc[:, [bool(name) for name in header]]


def _is_even(header: list[str], taken: list[Sequence[str]]) -> bool:
    """Tell a table from prose: its rows have the same number of cells, more than one."""
    n_even = sum(len(row) == len(header) for row in taken)
    return len(header) > 1 and n_even > 0 and n_even >= EVEN * len(taken)


def date_columns(sample: pd.DataFrame) -> list[str]:
    """Return the columns most of whose cells look like a date; a few words may stand for none."""

    def is_date(cells: pd.Series) -> bool:
        filled = cells.str.strip()
        has_digit = filled.str.contains(r"\d")
        words = set(filled[~has_digit]) - {""}
        filled = filled[has_digit]
        is_like = filled.str.fullmatch(DATE_LIKE)
        return len(filled) > 0 and is_like.mean() > 0.8 and len(words) <= FEW_WORDS

    names = pd.Index(sample.columns)
    return [name for name in names[~names.duplicated(keep=False)] if is_date(sample[name])]


def stage_columns(sample: pd.DataFrame) -> list[str]:
    """Return the columns that may say when an item entered a stage: dates, but no plans."""
    days = [name for name in date_columns(sample) if not NO_ENTRY.search(plain_name(name))]
    return [name for name in days if name not in ("item_id", "item_type")]


def id_column(sample: pd.DataFrame) -> str | None:
    """Return the column that tells the rows apart: filled and different in each.

    A row may stand there twice, and few may differ by mistake where the header speaks of an id.
    """
    rows, days = sample.drop_duplicates(), set(date_columns(sample))
    filled = [n for n in rows if n not in days and rows[n].str.strip().ne("").all()]
    by_name = [name for name in filled if guessed_columns([name], {"id": HISTORY["item_id"]})]
    unique = [name for name in [*by_name, *filled] if rows[name].is_unique]
    nearly = [name for name in by_name if rows[name].duplicated().mean() <= SLIPS]
    return next(iter([*unique, *nearly]), None)


def _of_markup(head: str) -> Guess | None:
    """Return what a file is that begins as JSON, XML or a web page; of others None."""
    if "<rss" in head[:20_000] and "<item>" in head:
        return Guess("jira_xml", "an RSS document of issues", is_sure=True)
    if WEB_PAGE.match(head):
        return Guess(
            None,
            "a web page, as Jira's old export to Excel is; export issues as CSV or JSON instead",
        )
    if head.startswith(("<?xml", "<rss")):
        return Guess(None, "XML, but no RSS of issues")
    return _of_json(head) if JSON_START.match(head) else None


def _of_json(head: str) -> Guess | None:
    keys = set()
    for found in JSON_KEY.finditer(head):  # mostly one of the first says it all
        keys.add(found[1])
        if {"fields", "key"} <= keys:
            return Guess("jira_json", "Jira issues with their fields", is_sure=True)
    if keys & {"issueChangeLogs", "changeHistories"} or {"values", "items", "created"} <= keys:
        return Guess("jira_json", "a changelog of Jira issues", is_sure=True)
    if "issues" in keys:
        return Guess("jira_json", "a page of a Jira search", is_sure=True)
    if head[0] == "[" or JSON_LINES.match(head) or JSON_AROUND.match(head):
        return None
    return Guess(None, "JSON, but neither issues nor records")


def _of_table(file: File, sample: pd.DataFrame) -> Guess:
    header = [str(name) for name in sample.columns]
    plain = {plain_name(name) for name in header}
    if plain >= TO_CORRECT:
        return Guess(CORRECTIONS, "a list of corrections", is_sure=True)
    if is_navigator_header(header):
        return Guess("jira_csv", "headers of Jira's issue navigator", is_sure=True)
    ours = _of_our_headers(plain, file)
    if ours is None and is_scripted_header(header) and _holds_issues(sample):
        return Guess("jira_csv", "headers and keys of Jira issues", is_sure=True)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        named = listed(repr(shown(name)) for name in twice)
        return Guess(None, f"its header names {named} more than once; give each its own name")
    guess = ours or _by_shape(file, sample, header)
    lacking = lacking_headers(header)
    if guess.section is None and lacking:
        columns = " and ".join(lacking)
        return Guess(None, f"issues of Jira without {columns}: export them again with all fields")
    return guess


def _holds_issues(sample: pd.DataFrame) -> bool:
    """Tell whether there is one row per issue key."""
    keys = next(
        sample[name] for name in sample.columns if navigator_name(name) in standing_for("key")
    ).str.strip()
    return bool(keys.str.fullmatch(ISSUE_KEY).all() and keys.is_unique)


def _of_our_headers(plain: set[str], file: File) -> Guess | None:
    """Return the table whose columns bear our names."""
    if {"item_id", "changed_at", "to_status"} <= plain:
        level = guessed_level([file.path.stem])
        return Guess(f"{level or 'work_item'}_history", "our headers", is_sure=level is not None)
    section = _further_table(plain)
    is_series = bool(plain & set(SNAPSHOT_DATES))
    if section is None and {"project_id", "name", "status"} <= plain and not is_series:
        section = "projects"
    if section is None and {"product_id", "name"} <= plain and "project_id" not in plain:
        section = "products"
    return Guess(section, "our headers", is_sure=True) if section else None


def _further_table(plain: set[str]) -> str | None:
    """Return the further table whose required columns are all there, unless it may be a project."""
    for section, schema in FURTHER_TABLES.items():
        columns = schema.to_schema().columns
        required = [name for name, column in columns.items() if not column.nullable]
        has_own_id = columns[required[0]].unique
        is_told = plain & set(DISTINCTIVE[section][1])
        if plain.issuperset(required) and is_told and (has_own_id or "name" not in plain):
            return section
    return None


def _by_shape(file: File, sample: pd.DataFrame, header: list[str]) -> Guess:
    """Guess by what the columns hold; such a guess needs a word from the user."""
    level = guessed_level([*header, file.path.stem])
    further = _guessed_further(sample, [*header, file.path.stem])
    if further:
        return Guess(further, f"columns such as those of {further.replace('_', ' ')}")
    guess = _of_repeating_rows(sample, header, level or "work_item")
    return guess or _of_items(sample, header, level or "product")


def _of_repeating_rows(sample: pd.DataFrame, header: list[str], level: str) -> Guess | None:
    """Return what a table is in which items repeat with a date: snapshots, or a history."""
    ours = project_columns(header)
    dated = guessed_columns(header, {"snapshot_date": SNAPSHOT_DATES})
    history = guessed_columns(header, HISTORY)
    has_results = bool(RESULTS & set(ours))
    has_name = ours.get("name") not in (None, ours.get("project_id"))
    if has_name and "project_id" in ours and dated and _repeats(sample[ours["project_id"]], True):
        return Guess("project_snapshots", "projects that repeat under several report dates")
    if {"item_id", "changed_at", "to_status"} <= set(history) and (
        history["changed_at"] in date_columns(sample)
        and _repeats(sample[history["item_id"]], has_results)
    ):
        return Guess(f"{level}_history", "items that repeat with a date and a status")
    return None


def _repeats(ids: pd.Series, may_be_list: bool) -> bool:
    """Tell whether rows are states of items; a list of them may hold one twice by mistake."""
    return ids.duplicated().mean() > (MISTAKES if may_be_list else 0)


def _of_items(sample: pd.DataFrame, header: list[str], level: str) -> Guess:
    """Return what a table is that has a row per item."""
    ours, days = project_columns(header), date_columns(sample)
    stages, identity = stage_columns(sample), id_column(sample)
    by_stages = None
    if len(stages) >= 2 and identity is not None:
        by_stages = Guess(f"{level}_stage_dates", f"one row per item with {len(stages)} dates")
    if by_stages and level == "work_item":
        return by_stages
    if {"project_id", "name", "status"} <= set(ours) and any(ours.get(n) in days for n in ours):
        return Guess("projects", "an id, a name, a status and dates")
    has_end = RESULTS & set(ours) or guessed_columns(header, {"end": ENDS})
    if level == "project" and "name" in ours and has_end and id_column(sample[[ours["name"]]]):
        return Guess("projects", "names of projects with dates or money")
    product = guessed_columns(header, PRODUCTS)
    if level == "product" and {"product_id", "name", "stage"} <= set(product):
        return Guess("products", "an id, a name and a stage")
    if len(stages) == 1 and identity is not None:
        lacking = "a status, or the days on which the items entered other stages"
        return Guess(None, f"items of which {shown(stages[0])!r} tells one day: it lacks {lacking}")
    return by_stages or Guess(None, _unknown_table(header))


def _guessed_further(sample: pd.DataFrame, texts: list[str]) -> str | None:
    """Return the further table of which all required columns can be guessed.

    A list of projects is none of them: it has a name and a status, or its name says so.
    """
    days = date_columns(sample)
    found: dict[str, dict[str, str]] = {}
    for section, schema in FURTHER_TABLES.items():
        guessed = guessed_columns([str(name) for name in sample.columns], FURTHER[section])
        columns = schema.to_schema().columns
        required = [name for name in columns if not columns[name].nullable]
        has_days = all(guessed[n] in days for n in required if n.endswith("_date") and n in guessed)
        lacking = set(required) - guessed.keys()
        if has_days and lacking <= ({"project_id"} if section == "status_reports" else set()):
            found[section] = guessed
    table = guessed_table(texts, found)
    if table is None:
        return None
    columns = FURTHER_TABLES[table].to_schema().columns
    identity = next(iter(columns))
    repeats = sample[found[table].get(identity, sample.columns[0])].duplicated().any()
    ours = project_columns(texts[:-1])
    is_list = {"project_id", "name", "status"} <= set(ours) and table not in ("risks", "defects")
    return None if is_list or (columns[identity].unique and repeats) else table


def _unknown_table(header: list[str]) -> str:
    first = listed(map(shown, header), 5)
    return (
        f"a table of {first}: no projects, no history, no dates of stages" if header else "no table"
    )
