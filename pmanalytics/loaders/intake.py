"""Accounting for every record of a file on its way into a table.

A loader opens an `Intake`, which remembers each record by its line. Whatever is wrong with a record
is noted against that line; `sound` holds the table against its schema, and `close` proves that rows
read = valid + quarantined + duplicate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from pmanalytics import errors
from pmanalytics.errors import (
    BadRowsError,
    MissingColumnsError,
    Reason,
    UnknownColumnError,
    counted,
    require_texts,
)
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import Columns, Problems, Table, dtypes, empty
from pmanalytics.tables import in_kinds


@dataclass
class Intake:
    """Records on their way into a table, from one file or several.

    `cells` holds what is still in play; its index numbers the records. `where` says for every
    record read from which file and line it came (of a frame its row, of JSON the number of the
    issue in the file). `headers` names the header of each column of ours, `further_headers` the
    column of ours that other headers feed.
    """

    kind: str
    cells: pd.DataFrame
    where: pd.DataFrame
    unit: str = "line"
    headers: dict[str, str] = field(default_factory=dict)
    further_headers: dict[str, str] = field(default_factory=dict)
    all_headers: Sequence[str] = ()
    evidence: str = ""
    readings: dict[str, str] = field(default_factory=dict)
    padded: Sequence[int] = ()
    notes: list[str] = field(default_factory=list)
    rejected: list[pd.DataFrame] = field(default_factory=list)
    repeated: list[pd.Index] = field(default_factory=list)
    parts: Sequence[Intake] = ()

    @classmethod
    def of(cls, parts: Sequence[Intake]) -> Intake:
        """Return several files as one intake; their records are numbered on.

        The numbers of a part's own records grow with it, so tables made of a part before are to be
        numbered by its `cells.index` afterwards.
        """
        if len(parts) == 1:
            return parts[0]
        offset = 0
        for part in parts:
            last = part.where.index.max()
            part._renumber(offset)
            offset += last + 1
        where = pd.concat([part.where.astype({"file": "str"}) for part in parts])
        where["file"] = pd.Categorical(where["file"], where["file"].unique())
        return cls(
            parts[0].kind,
            pd.concat([part.cells for part in parts]),
            where,
            parts[0].unit,
            headers={name: head for part in reversed(parts) for name, head in part.headers.items()},
            padded=[record for part in parts for record in part.padded],
            notes=[note for part in parts for note in part.notes],
            rejected=[problem for part in parts for problem in part.rejected],
            repeated=[records for part in parts for records in part.repeated],
            parts=parts,
        )

    def _renumber(self, offset: int) -> None:
        self.cells.index += offset
        self.where.index += offset
        self.padded = [record + offset for record in self.padded]
        self.rejected = [part.assign(record=part["record"] + offset) for part in self.rejected]
        self.repeated = [records + offset for records in self.repeated]

    def reject(
        self, column: str, values: pd.Series, reason: Reason, *, value_only: bool = False
    ) -> None:
        """Note that each of `values` is wrong for this reason.

        Its record is set aside, or the value only: then the record counts without it.
        """
        if values.empty:
            return
        problems = {
            "record": values.index,
            "column": self.headers.get(column, column),
            "value": values.astype("str").mask(values.isna() | (values == "")).to_numpy(),
            "reason": reason.reason,
            "hint": reason.hint,
            "set_aside": "value" if value_only else "row",
        }
        self.rejected.append(pd.DataFrame(problems))

    @property
    def bad_records(self) -> pd.Index:
        """The records that cannot be used."""
        return self._noted("row").difference(self._repeats)

    @property
    def repaired_records(self) -> pd.Index:
        """The records that count without a value, or with cells added."""
        repaired = self._noted("value").union(pd.Index(self.padded, dtype="int64"))
        return repaired.difference(self.bad_records).difference(self._repeats)

    def _noted(self, set_aside: str) -> pd.Index:
        noted = [part.loc[part["set_aside"] == set_aside, "record"] for part in self.rejected]
        return pd.Index(pd.concat([pd.Series(dtype="int64"), *noted]).unique())

    @property
    def _deleted(self) -> pd.Index:
        is_deleted = [part["reason"] == errors.DELETED.reason for part in self.rejected]
        noted = [part[own]["record"] for part, own in zip(self.rejected, is_deleted, strict=True)]
        return pd.Index(pd.concat([pd.Series(dtype="int64"), *noted]).unique())

    @property
    def _repeats(self) -> pd.Index:
        return pd.Index([record for part in self.repeated for record in part], dtype="int64")

    @property
    def problems(self) -> pd.DataFrame:
        """One row per problem (`Problems`), in the order of the files."""
        if not self.rejected:
            return empty(Problems)
        found = pd.concat(self.rejected).sort_values("record", kind="stable", ignore_index=True)
        found = found[~found["record"].isin(self._repeats)].reset_index(drop=True)
        places = self.where.loc[found["record"]].reset_index(drop=True)
        table = pd.concat([places, found.drop(columns="record")], axis="columns")
        return table.astype(_PROBLEMS)

    @property
    def file(self) -> str:
        """The file, or the number of files."""
        files = self.where["file"].cat.categories
        return files[0] if len(files) == 1 else counted(len(files), "file")

    def drop_repeats(self) -> None:
        """Keep one of each set of identical records."""
        objects = [name for name in self.cells if self.cells[name].dtype == object]
        texts = [name for name in self.cells if self.cells[name].dtype == "str"]
        if any(self.cells[name].fillna("").is_unique for name in texts):
            return
        cells = self.cells.assign(
            **{name: self.cells[name].map(repr) for name in objects},
            **{name: self.cells[name].fillna("") for name in texts},  # a column a part lacks
        )
        is_repeat = cells.duplicated(keep="first")
        self.repeated.append(self.cells.index[is_repeat])
        self.cells = self.cells[~is_repeat]

    def keep_newest(
        self, rows: pd.DataFrame, identity: str, time: str, ignored: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return the rows without older states of the same thing.

        Of states of one time the fullest stays, or none if they contradict each other; so it is
        with states of no time, for which an empty cell counts as a statement, too. What the
        columns `ignored` say is no contradiction.
        """
        if rows[identity].is_unique:
            return rows
        newest = rows.groupby(identity)[time].transform("max")
        is_old = rows[time] < newest
        tied = rows[~is_old & rows[identity].isin(rows.loc[rows[identity].duplicated(), identity])]
        is_undated = tied[time].isna().groupby(tied[identity]).transform("any")
        told = [name for name in tied if name not in (identity, time, *ignored)]
        codes = pd.DataFrame({name: _codes(tied[name]) for name in told}, tied.index)
        states = codes.where((codes >= 0) | is_undated.to_numpy()[:, None]).groupby(tied[identity])
        differs = (states.max() > states.min()).any(axis="columns")
        is_conflict = rows[identity].isin(differs.index[differs])
        self.reject(identity, rows.loc[is_conflict & ~is_old, identity], errors.CONFLICTING_ID)
        fullest_last = tied.index[(codes >= 0).sum(axis="columns").argsort(kind="stable")]
        is_old |= (
            tied.loc[fullest_last, identity]
            .duplicated(keep="last")
            .reindex(rows.index, fill_value=False)
            & ~is_conflict
        )
        self.repeated.append(rows.index[is_old])
        return rows[~is_old & ~is_conflict]

    def sound(
        self, table: pd.DataFrame, schema: type[Table], *, unique: bool = True
    ) -> pd.DataFrame:
        """Return the rows that keep every rule of the schema and have no problem noted."""
        already = {
            (record, part["column"].iloc[0]) for part in self.rejected for record in part["record"]
        }
        for column, values, reason in broken_rules(table, schema, unique=unique):
            header = self.headers.get(column, column)
            records = [record for record in values.index if (record, header) not in already]
            as_written = self.cells if column in self.cells else table
            self.reject(column, as_written.loc[records, column], reason)
        return self.usable(table)

    def usable(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that can be used; as a rule these are all, and need not be copied."""
        is_bad = table.index.isin(self.bad_records)
        return table[~is_bad] if is_bad.any() else table

    def close(self, rows: pd.DataFrame, quarantine: Quarantine | None) -> pd.DataFrame:
        """Return the rows with a fresh index, having accounted for all others.

        Raises
        ------
        BadRowsError
            If records are bad and there is no quarantine to put them in.
        """
        if quarantine is None and len(self.problems):
            raise BadRowsError(self.file, self.problems, len(self.where), self.unit)
        if quarantine is not None:
            quarantine.add(self._reconciled(rows), self.problems, self.columns)
            is_repaired = rows.index.isin(self.repaired_records)
            quarantine.places.append(self.where.loc[rows.index].assign(is_repaired=is_repaired))
            quarantine.notes += self.notes
        return rows.reset_index(drop=True)

    def _reconciled(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return `Files`: every record read is valid, quarantined or a duplicate."""
        duplicates = [record for part in self.repeated for record in part]
        parts = {
            "n_valid": rows.index,
            "n_quarantined": self.bad_records,
            "n_duplicate": duplicates,
        }
        counts = {"rows_read": self._per_file(self.where.index)}
        counts |= {name: self._per_file(records) for name, records in parts.items()}
        counts["n_deleted"] = self._per_file(self._deleted.intersection(self.bad_records))
        counts["n_repaired"] = self._per_file(self.repaired_records.intersection(rows.index))
        table = pd.DataFrame({"file": self.where["file"].cat.categories, **counts})
        if (table["rows_read"] != table[list(parts)].sum(axis="columns")).any():
            raise AssertionError(f"{self.file}: rows were lost between reading and loading")
        kinds = table["rows_read"].map(lambda n: self.kind if n else "not recognised")
        evidence = {part.file: part.evidence for part in self.parts or [self]}
        table = table.assign(kind=kinds, evidence=table["file"].map(evidence))
        return in_kinds(table, {"file": "str", "kind": "str", "evidence": "str"})

    @property
    def columns(self) -> pd.DataFrame:
        """One row per column of the files (`Columns`)."""
        if self.parts:
            return pd.concat([part.columns for part in self.parts], ignore_index=True)
        ours = self.further_headers | {header: name for name, header in self.headers.items()}
        rows = [
            {
                "file": self.file,
                "header": header,
                "column": ours.get(header),
                "use": "used" if header in ours else "kept" if header in self.cells else "ignored",
                "reading": self.readings.get(ours.get(header, header)),
            }
            for header in self.all_headers
        ]
        return pd.DataFrame(rows, columns=list(dtypes(Columns))).astype("str")

    def _per_file(self, records: Sequence[int] | pd.Index) -> NDArray[np.int64]:
        files = self.where["file"].cat
        return np.bincount(files.codes.loc[records], minlength=len(files.categories))


def _codes(column: pd.Series) -> pd.Series:
    """Return numbers that differ where the cells do; negative where a cell or list is empty."""
    if column.dtype == object:
        column = column.map(lambda cell: repr(cell) if cell else None).astype("str")
    return pd.Series(pd.factorize(column)[0], column.index)


def places(file: str, lines: Sequence[int] | pd.Index) -> pd.DataFrame:
    """Return the `where` of one file whose records are numbered by their lines."""
    index = pd.Index(lines, name="record", dtype="int64")
    files = pd.Categorical.from_codes([0] * len(index), [file])
    return pd.DataFrame({"file": files, "line": index.to_numpy()}, index=index)


def broken_rules(
    table: pd.DataFrame, schema: type[Table], *, unique: bool = True
) -> Iterator[tuple[str, pd.Series, Reason]]:
    """Yield column, values and reason of every rule of the schema that rows break."""
    rules = schema.to_schema()
    if not unique:
        ids = [name for name, column in rules.columns.items() if column.unique]
        rules = rules.update_columns({name: {"unique": False} for name in ids})
    try:
        rules.validate(table, lazy=True, inplace=True)
    except pa.errors.SchemaErrors as broken:
        for error in broken.schema_errors:
            yield _explained(error, table)


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
        hint = 'Use one of these, or say under values which one yours means: "yours" = "ours"'
        return Reason(f"is none of {allowed}", hint)
    if "pattern" in given:
        return Reason("is not a three-letter code", "Write an ISO currency code such as EUR")
    if given.get("max_value") == 1:
        return Reason("is not between 0 and 1", "Write 45 % as 0.45")
    if "max_value" in given:
        between = f"is not between {given['min_value']} and {given['max_value']}"
        return Reason(between, "Correct the number")
    if check.name == "greater_than":
        return Reason(f"is not above {given['min_value']}", "Correct the number")
    return Reason("is negative", "Correct the number, or leave the cell empty")


_PROBLEMS = dtypes(Problems)


def name_columns(
    intake: Intake,
    schema: type[Table],
    columns: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Rename the file's headers to the schema's names, or to `only` some of them.

    `columns` says which header is meant; otherwise a header that equals a name but for case,
    spaces and punctuation is taken. All other columns keep their names. `defaults` fill columns
    that the file lacks.

    Raises
    ------
    MissingColumnsError, UnknownColumnError
        If a header named in `columns`, or one for a required column, is not in the file, or
        `columns` names no column of ours.
    """
    known = list(only or schema.to_schema().columns)
    columns, defaults = columns or {}, defaults or {}
    require_texts("columns", columns)
    found = [str(name) for name in intake.cells.columns]
    for option, given in (("columns", columns), ("defaults", defaults)):
        for name in given:
            if name not in known:
                raise UnknownColumnError(name, known, option)
    absent = [header for header in columns.values() if header not in found]
    if absent:
        raise MissingColumnsError(intake.file, absent, found)
    header_of = {plain_name(header): header for header in reversed(found)}
    named = {
        name: columns.get(name) or header_of.get(name, "")
        for name in known
        if name in columns or (name in header_of and header_of[name] not in columns.values())
    }
    needed = [name for name in known if not schema.to_schema().columns[name].nullable]
    missing = [name for name in needed if name not in named and name not in defaults]
    if missing:
        raise MissingColumnsError(intake.file, missing, found)
    intake.headers |= named
    others = intake.cells.drop(columns=set(named.values()))
    others = others.rename(columns={name: f"{name} (file)" for name in others if name in known})
    ours = pd.DataFrame({name: intake.cells[header] for name, header in named.items()})
    ours = ours.assign(**{name: defaults[name] for name in defaults if name not in named})
    intake.cells = pd.concat([ours, others], axis="columns")


def plain_name(header: str) -> str:
    """Return a header as a column name: 'Actual Finish Date ' → 'actual_finish_date'."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", header).casefold())
    return "_".join(words)
