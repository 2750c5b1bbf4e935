"""What became of every file, row and column, and what the gaps mean."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import SET_ASIDE, Table, count, optional, required, share

USES = ["used", "kept", "ignored"]
PROJECT_KINDS = ["projects", "project snapshots"]


class Files(Table):
    """One row per file read: rows_read = n_valid + n_quarantined + n_duplicate."""

    file: str = required("Name of the file")
    kind: str = required("What it was read as")
    evidence: str = optional("Why it was taken for that, and how it was decoded")
    rows_read: np.int64 = count("Records in it, blank ones not counted")
    n_valid: np.int64 = count("Loaded")
    n_quarantined: np.int64 = count("Set aside, each with its problems")
    n_deleted: np.int64 = count("Of these, deleted on purpose by a correction")
    n_duplicate: np.int64 = count("Repeats of a loaded row, or older states of it")
    n_repaired: np.int64 = count("Loaded without a value that was set aside, or padded")
    sha256: str = optional("SHA-256 of its content as it was read, unpacked")


class Problems(Table):
    """One row per problem of a record, or of one value of it, that was set aside."""

    file: str = required("Name of the file")
    line: pd.Int64Dtype = optional("Line of the file; of JSON the number of the issue in it")
    column: str = required("Header in the file")
    value: str = optional("What stands there")
    reason: str = required("What is wrong with it")
    hint: str = required("What to do")
    set_aside: str = required("row, or value where the rest of the row counts", isin=SET_ASIDE)


class Columns(Table):
    """One row per column of a file: what it was taken for and how its cells were read."""

    file: str = required("Name of the file")
    header: str = required("Header in the file")
    column: str = optional("The column of ours it fills")
    use: str = required("used, kept beside ours, or ignored", isin=USES)
    reading: str = optional("How its dates or numbers were read")


class Completeness(Table):
    """One row per column of a table: how many of the rows it applies to have a value in it."""

    table: str = required("Name of the table")
    column: str = required("The column")
    condition: str = optional("The rows it applies to, where not to all")
    n: np.int64 = count("Rows it applies to")
    n_filled: np.int64 = count("Of these, with a value; of a history, with a complete one")
    share: float = share("n_filled ÷ n")
    affects: str = optional("The measures that use the column")


class Participation(Table):
    """One row per measure and reason why records cannot take part in it.

    `n_records` = `n_used` + the sum of `n_left_out` of the measure. A measure that leaves nothing
    out has one row without a reason.
    """

    measure: str = required("The measure")
    n_records: np.int64 = count("Records there are")
    n_used: np.int64 = count("Of these, take part")
    reason: str = optional("Why others cannot")
    n_left_out: np.int64 = count("How many cannot for this reason")


class ReasonCounts(Table):
    """One row per file, column and reason for which something was set aside."""

    file: str = required("Name of the file")
    column: str = required("Header in the file")
    reason: str = required("What is wrong")
    set_aside: str = required("row, or value where the rest of the row counts", isin=SET_ASIDE)
    n_rows: np.int64 = count("Rows with this problem")
    lines: str = optional("The first of them")
    affects: str = required("The measures it touches")


class WorstCase(Table):
    """One row per rate: between which bounds the rows set aside could move it.

    At worst all of them would count and fail, at best all would count and succeed.
    """

    measure: str = required("on_time, on_budget or on_time_and_on_budget")
    rate: float = share("k ÷ n")
    k: np.int64 = count("Projects that succeeded")
    n: np.int64 = count("Projects judged")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    n_rejected: np.int64 = count("Rows set aside that could be projects to judge")
    worst: float = share("k ÷ (n + n_rejected)")
    best: float = share("(k + n_rejected) ÷ (n + n_rejected)")
    is_within: bool = required("Do worst and best lie in the interval?")
