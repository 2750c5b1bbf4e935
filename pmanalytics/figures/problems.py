"""Lists about the data: what was set aside, which columns are used, and what takes part."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.quality import files_finding
from pmanalytics.figures.words import count


def file_rows(files: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what became of the rows of each file, and how many could not be used.

    Parameters
    ----------
    files
        `Files`.
    """
    names = {"n_valid": "n_accepted", "n_quarantined": "n_set_aside", "n_duplicate": "n_repeated"}
    table = files[["file", "rows_read", *names]].rename(columns=names)
    return table, files_finding(files, None) if len(files) else "No file was read"


def problem_rows(problems: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the problems line by line, and in which file most of them are.

    Parameters
    ----------
    problems
        `Problems`.
    """
    table = problems[["file", "line", "column", "value", "reason", "hint"]]
    if problems.empty:
        return table, "No problem was found in the files"
    files = problems["file"].value_counts()
    said = f"{count(len(problems), 'problem')} {'was' if len(problems) == 1 else 'were'} found"
    if len(files) == 1:
        return table, f"{said} in {files.index[0]}"
    return table, f"{said} in {len(files)} files, {files.iloc[0]} of them in {files.index[0]}"


def reason_rows(reasons: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return for which reasons something was set aside, and which was the most frequent.

    Parameters
    ----------
    reasons
        `ReasonCounts`.
    """
    in_order = reasons.sort_values("n_rows", ascending=False, kind="stable")
    table = pd.DataFrame(
        {
            "file": in_order["file"],
            "what_is_wrong": in_order["column"] + " " + in_order["reason"],
            "n_rows": in_order["n_rows"],
            "where": in_order["lines"],
            "missing_from": in_order["affects"],
        }
    )
    if (reasons["set_aside"] == "value").any():
        table.insert(2, "set_aside", in_order["set_aside"])
    if reasons.empty:
        return table, "Nothing was set aside"
    first = in_order.iloc[0]
    rows = f"{count(first['n_rows'], 'row')} of {first['file']}"
    why = f"{first['column']} {first['reason']}"
    if len(reasons) == 1:
        return table, f"The only reason: {why} ({rows})"
    return table, f"{len(reasons)} reasons; most rows for this one: {why} ({rows})"


def column_rows(columns: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what became of each column of the files, and how many are used.

    Parameters
    ----------
    columns
        `Columns`.
    """
    n_used = int((columns["use"] == "used").sum())
    if columns.empty:
        return columns, "No column was read"
    verb = "was" if n_used == 1 else "were"
    return columns, f"{n_used} of {count(len(columns), 'column')} {verb} understood and used"


def participation_rows(participation: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return how many records each measure uses, and which uses the smallest part of its records.

    Parameters
    ----------
    participation
        `Participations`.
    """
    left_out = participation["n_left_out"].astype("str") + " " + participation["reason"]
    table = (
        participation.assign(left_out_because=left_out.fillna(""))
        .groupby(["measure", "n_records", "n_used"], sort=False)["left_out_because"]
        .agg("; ".join)
        .reset_index()
    )
    table["left_out_because"] = table["left_out_because"].replace("", pd.NA).astype("str")
    asked = table[table["n_records"] > 0]
    if asked.empty:
        return table, "There is no record that a measure could use"
    least = asked.loc[(asked["n_used"] / asked["n_records"]).idxmin()]
    if least["n_used"] == least["n_records"]:
        return table, "Every record takes part in every measure"
    return table, (
        f"Of {count(len(asked), 'measure')} the {least['measure']} uses the smallest part of its "
        f"records: {least['n_used']} of {least['n_records']}"
    )
