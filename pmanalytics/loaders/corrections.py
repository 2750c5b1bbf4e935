"""What could not be used, as a table to mend in Excel, and its way back into the load.

Whoever fills in its column `corrected` and leaves the table in the folder completes the load; the
files themselves stay as they are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from pmanalytics.errors import ConfigError, MissingColumnsError
from pmanalytics.loaders.files import Correction, File
from pmanalytics.loaders.reading import Reading
from pmanalytics.loaders.rows import rows_of

CORRECTED = "corrected"
NEEDED = ["file", "line", "column", "value", CORRECTED]
# What a spreadsheet takes for the beginning of a formula (OWASP ASVS 1.2.10), full width too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def write_corrections(problems: pd.DataFrame, path: Path) -> None:
    """Write the problems with an empty column for what should stand there instead.

    Raises
    ------
    ConfigError
        If there is such a file already: it may hold somebody's work.
    """
    if path.exists():
        raise ConfigError(f"{path}: this file exists; name another one, or move it away.")
    table = problems.assign(**{CORRECTED: ""}).map(safe_cell)
    table.to_csv(
        path, index=False, quoting=csv.QUOTE_ALL, encoding="utf-8-sig", lineterminator="\r\n"
    )


def safe_cell(value: object) -> object:
    """Return a cell that no spreadsheet runs: text that begins like a formula gets an apostrophe.

    >>> safe_cell("=1+1"), safe_cell(-5), safe_cell("a=b")
    ("'=1+1", -5, 'a=b')
    """
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula else value


def load_corrections(files: Iterable[File]) -> dict[str, dict[int, list[Correction]]]:
    """Return for each file and line what is to be corrected: header, value there, value wanted.

    Rows that nobody has filled in yet are left out.

    Raises
    ------
    MissingColumnsError
        If the table lacks one of its columns.
    """
    found: dict[str, dict[int, list[Correction]]] = {}
    for file in files:
        rows = rows_of(file, Reading())
        missing = [name for name in NEEDED if name not in rows.header]
        if missing:
            raise MissingColumnsError(file.name, missing, rows.header)
        places = [rows.header.index(name) for name in NEEDED]
        for _, row in rows.records:
            if row is None or len(row) <= max(places) or not row[places[-1]].strip():
                continue
            name, line, header, value, wanted = (_unescaped(row[place]) for place in places)
            if line.isdecimal():
                found.setdefault(name, {}).setdefault(int(line), []).append(
                    Correction(header, value, wanted)
                )
    return found


def _unescaped(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell
