"""Lists about the data: their sentences, counted by hand."""

import pandas as pd

from pmanalytics import column_rows, file_rows, participation_rows, problem_rows, reason_rows
from pmanalytics.schemas import Columns, Files, Participation, Problems, ReasonCounts, empty


def problems(*files):
    more = {"line": 2, "column": "Finish", "value": "x", "reason": "is no day", "hint": "Mend it"}
    return pd.DataFrame([more | {"file": file, "set_aside": "row"} for file in files])


def test_problems_are_counted_with_the_file_that_has_most():
    _, said = problem_rows(problems("a.csv", "b.csv", "b.csv"))
    assert said == "3 problems were found in 2 files, 2 of them in b.csv"
    assert problem_rows(problems("a.csv"))[1] == "1 problem was found in a.csv"
    table, said = problem_rows(empty(Problems))
    assert (len(table), said) == (0, "No problem was found in the files")


def reason(column, why, n, kind="row"):
    where = {"file": "p.csv", "lines": "line 2", "affects": "every measure of projects"}
    return where | {"column": column, "reason": why, "n_rows": n, "set_aside": kind}


def test_the_most_frequent_reason_is_told():
    reasons = pd.DataFrame([reason("Budget", "is negative", 1), reason("Finish", "is no day", 3)])
    table, said = reason_rows(reasons)
    assert said == "2 reasons; most rows for this one: Finish is no day (3 rows of p.csv)"
    assert table["what_is_wrong"].tolist() == ["Finish is no day", "Budget is negative"]
    assert reason_rows(reasons[:1])[1] == "The only reason: Budget is negative (1 row of p.csv)"
    assert reason_rows(empty(ReasonCounts))[1] == "Nothing was set aside"


def test_only_where_values_were_set_aside_is_it_said_of_each_reason():
    rows = pd.DataFrame([reason("Budget", "is negative", 1)])
    assert "set_aside" not in reason_rows(rows)[0]
    values = pd.DataFrame([reason("Budget", "is negative", 1, "value")])
    assert reason_rows(values)[0]["set_aside"].tolist() == ["value"]


def test_columns_in_use_are_counted():
    columns = pd.DataFrame({"file": "p.csv", "header": ["A", "B"], "use": ["used", "kept"]})
    assert column_rows(columns)[1] == "1 of 2 columns was understood and used"
    assert column_rows(empty(Columns))[1] == "No column was read"


def test_the_measure_that_uses_the_fewest_of_its_records_is_named():
    columns = ["measure", "n_records", "n_used", "reason", "n_left_out"]
    part = pd.DataFrame([
        ["on-time rate", 90, 53, "cancelled", 5], ["on-time rate", 90, 53, "not due", 32],
        ["stays", 12, 12, None, 0],
    ], columns=columns).astype({"reason": "str"})  # fmt: skip
    table, said = participation_rows(part)
    assert said == "Of 2 measures the on-time rate uses the smallest part of its records: 53 of 90"
    assert table["left_out_because"].tolist()[0] == "5 cancelled; 32 not due"
    assert table["left_out_because"].isna().tolist() == [False, True]
    assert participation_rows(part[2:])[1] == "Every record takes part in every measure"
    assert "no record" in participation_rows(empty(Participation))[1]


def test_files_are_listed_with_what_became_of_their_rows():
    file = {"file": "p.csv", "kind": "projects", "evidence": None, "n_deleted": 0, "n_repaired": 0}
    counts = {"rows_read": 10, "n_valid": 7, "n_quarantined": 2, "n_duplicate": 1}
    table, said = file_rows(pd.DataFrame([file | counts]))
    assert said == "2 of 10 rows could not be used and were set aside"
    assert table.to_numpy().tolist() == [["p.csv", 10, 7, 2, 1]]
    assert file_rows(empty(Files))[1] == "No file was read"
