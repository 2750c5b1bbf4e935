"""Accounting for every record of a file on its way into a table.

A loader opens an `Intake`, which remembers each record by its line. Whatever is wrong with a record
is noted against that line; `close` then checks the schema, sets the bad records aside and proves
that rows read = valid + quarantined + duplicate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pandera.pandas as pa

from pmanalytics import errors
from pmanalytics.errors import BadRowsError, MissingColumnsError, Reason
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import Problems, Table, empty


@dataclass
class Intake:
    """One file on its way into a table.

    `cells` holds the records; its index is the line each begins on (the row number of a frame, the
    number of the issue in a JSON file), which is how problems find their record.
    """

    file: str
    kind: str
    cells: pd.DataFrame
    unit: str = "line"
    rows_read: int = 0
    n_duplicate: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    rejected: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows_read = self.rows_read or len(self.cells)

    def reject(self, column: str, values: pd.Series, reason: Reason) -> None:
        """Set the records of `values` aside: each value, at its line, is wrong for this reason."""
        if values.empty:
            return
        shown = values.astype("str").where(values.notna(), None).astype("str")
        problems = {
            "file": self.file,
            "line": values.index.to_numpy(),
            "column": self.headers.get(column, column),
            "value": shown.to_numpy(),
            "reason": reason.reason,
            "hint": reason.hint,
        }
        self.rejected.append(pd.DataFrame(problems).astype(_PROBLEMS))

    @property
    def problems(self) -> pd.DataFrame:
        """One row per problem, in the order of the file."""
        if not self.rejected:
            return empty(Problems)
        found = pd.concat(self.rejected, ignore_index=True)
        return found.sort_values("line", kind="stable", ignore_index=True)

    def drop_repeats(self, besides: Sequence[str] = ()) -> None:
        """Keep one of each set of records that are identical in all columns but these."""
        is_repeat = self.cells.drop(columns=list(besides)).duplicated(keep="first")
        self.n_duplicate += int(is_repeat.sum())
        self.cells = self.cells[~is_repeat]

    def close(
        self, table: pd.DataFrame, schema: type[Table], quarantine: Quarantine | None
    ) -> pd.DataFrame:
        """Return the valid rows of the typed table; account for all others.

        Raises
        ------
        BadRowsError
            If records are bad and there is no quarantine to put them in.
        """
        self._check(table, schema)
        problems = self.problems
        bad_lines = problems["line"].unique()
        if len(bad_lines) and quarantine is None:
            raise BadRowsError(self.file, problems, self.rows_read, self.unit)
        valid = table[~table.index.isin(bad_lines)].reset_index(drop=True)
        if quarantine is not None:
            quarantine.add(self._reconciled(len(valid), len(bad_lines)), problems)
        return valid

    def _reconciled(self, n_valid: int, n_quarantined: int) -> dict[str, object]:
        if self.rows_read != n_valid + n_quarantined + self.n_duplicate:
            raise AssertionError(f"{self.file}: rows were lost between reading and loading")
        return {
            "file": self.file,
            "kind": self.kind,
            "rows_read": self.rows_read,
            "n_valid": n_valid,
            "n_quarantined": n_quarantined,
            "n_duplicate": self.n_duplicate,
        }

    def _check(self, table: pd.DataFrame, schema: type[Table]) -> None:
        known = self.problems
        already = set(zip(known["line"], known["column"], strict=True))
        try:
            schema.validate(table, lazy=True)
        except pa.errors.SchemaErrors as broken:
            for error in broken.schema_errors:
                column, values, reason = _explained(error, table)
                header = self.headers.get(column, column)
                lines = [line for line in values.index if (line, header) not in already]
                as_written = self.cells if column in self.cells else table
                self.reject(column, as_written.loc[lines, column], reason)


def _explained(error: pa.errors.SchemaError, table: pd.DataFrame) -> tuple[str, pd.Series, Reason]:
    """Return column, values and reason of one broken rule of a schema."""
    check = error.check
    if isinstance(error.schema, pa.DataFrameSchema):
        bad = error.check_output.index[~error.check_output.astype(bool)]
        return check.title, table.loc[bad, check.title], Reason(check.error, check.description)
    column = error.schema.name
    if error.reason_code.name == "SERIES_CONTAINS_NULLS":
        return column, table.loc[table[column].isna(), column], errors.MISSING_VALUE
    if error.reason_code.name == "SERIES_CONTAINS_DUPLICATES":
        ids = table[column].dropna()
        return column, ids[ids.duplicated(keep=False)], errors.CONFLICTING_ID
    if not isinstance(error.check_output, pd.Series):
        raise error
    bad = error.check_output.index[~error.check_output.astype(bool)]
    return column, table.loc[bad, column], _range_reason(check)


def _range_reason(check: pa.Check) -> Reason:
    given = check.statistics
    if "allowed_values" in given:
        allowed = ", ".join(given["allowed_values"])
        return Reason(f"is none of {allowed}", "Use one of these, or map yours with values=")
    if "pattern" in given:
        return Reason("is not a three-letter code", "Write an ISO currency code such as EUR")
    if "max_value" in given:
        return Reason("is not between 0 and 1", "Write 45 % as 0.45")
    return Reason("is negative", "Correct the number, or leave the cell empty")


_PROBLEMS = {name: column.dtype for name, column in empty(Problems).items()}


def name_columns(
    intake: Intake, schema: type[Table], columns: Mapping[str, str] | None = None
) -> None:
    """Rename the file's headers to the schema's names.

    `columns` says which header is meant; otherwise a header that equals a name but for case,
    spaces and punctuation is taken. All other columns keep their names.

    Raises
    ------
    MissingColumnsError
        If a header named in `columns`, or one for a required column, is not in the file.
    """
    found = [str(name) for name in intake.cells.columns]
    columns = columns or {}
    absent = [header for header in columns.values() if header not in found]
    if absent:
        raise MissingColumnsError(intake.file, absent, found)
    header_of = {plain_name(header): header for header in reversed(found)}
    named = {
        name: columns.get(name) or header_of.get(name, "")
        for name in schema.to_schema().columns
        if name in columns or (name in header_of and header_of[name] not in columns.values())
    }
    needed = [name for name, column in schema.to_schema().columns.items() if not column.nullable]
    missing = [name for name in needed if name not in named]
    if missing:
        raise MissingColumnsError(intake.file, missing, found)
    intake.headers |= named
    intake.cells = intake.cells.rename(columns={header: name for name, header in named.items()})


def plain_name(header: str) -> str:
    """Return a header as a column name: 'Actual Finish Date ' → 'actual_finish_date'."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", header).casefold())
    return "_".join(words)
