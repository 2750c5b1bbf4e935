import numpy as np
import pandas as pd
import pytest

from pmanalytics import (
    PMAnalyticsError,
    completeness,
    load_portfolio,
    on_budget_rate,
    on_time_and_on_budget_rate,
    on_time_rate,
    participation,
    project_outcomes,
    reason_counts,
    stage_visits,
    worst_case,
)
from pmanalytics.schemas import (
    Columns,
    Files,
    Problems,
    ProjectOutcomes,
    Projects,
    Rates,
    StageVisits,
    WorkItems,
    empty,
)

AS_OF = "2024-06-30"


def rate(k, n, *, measure="on_time", low=0.0, high=1.0):
    row = dict.fromkeys([name for name in empty(Rates) if name.startswith("n_")], 0)
    row |= {"measure": measure, "rate": k / n, "k": k, "n": n, "low": low, "high": high}
    row |= {"basis": "baseline", "population": "due", "reliability": "ok", "reason": None}
    return pd.DataFrame([row | {"as_of": pd.Timestamp(AS_OF)}])


def problem(line, reason="is negative", *, column="Budget", set_aside="row", file="projects.csv"):
    return {
        "file": file, "line": line, "column": column, "value": "x", "reason": reason,
        "hint": "Correct it", "set_aside": set_aside,
    }  # fmt: skip


def problems(*rows):
    return pd.DataFrame(rows).astype({"line": "Int64"})


def files(name="projects.csv", kind="projects"):
    counts = dict.fromkeys(("n_quarantined", "n_deleted", "n_duplicate", "n_repaired"), 0)
    counts |= {"rows_read": 9, "n_valid": 9}
    return pd.DataFrame([{"file": name, "kind": kind, "evidence": None} | counts])


@pytest.fixture(scope="module")
def rates(twelve_projects):
    made = [on_time_rate, on_budget_rate, on_time_and_on_budget_rate]
    return pd.concat([make(twelve_projects, as_of=AS_OF) for make in made])


def left_out(table, measure):
    rows = table[(table["measure"] == measure) & table["reason"].notna()]
    return dict(zip(rows["reason"], rows["n_left_out"], strict=True))


class TestWorstCase:
    def test_all_rows_set_aside_fail_at_worst_and_succeed_at_best(self):
        """14 of 35 and 6 rows: 14 ÷ 41 = 34.1 %, 20 ÷ 41 = 48.8 %; Wilson 25.6–56.4 %."""
        bounds = worst_case(rate(14, 35, low=0.256, high=0.564), 6).iloc[0]
        assert bounds["worst"] == pytest.approx(0.341463, abs=1e-6)
        assert bounds["best"] == pytest.approx(0.487805, abs=1e-6)
        assert bounds["is_within"]

    def test_either_bound_outside_the_interval_is_told(self):
        """1 of 10, 4 rows: 1 ÷ 14 = 7.1 % to 5 ÷ 14 = 35.7 %."""
        assert not worst_case(rate(1, 10, low=0.08, high=0.5), 4)["is_within"].iloc[0]
        assert not worst_case(rate(1, 10, low=0.01, high=0.3), 4)["is_within"].iloc[0]

    def test_without_rows_set_aside_the_bounds_are_the_rate(self):
        bounds = worst_case(rate(14, 35, low=0.256, high=0.564), 0).iloc[0]
        assert bounds["worst"] == bounds["best"] == 0.4
        assert bounds["is_within"]

    def test_what_is_no_rate_has_no_worst_case(self, twelve_projects):
        unfinished = twelve_projects.assign(status="open", actual_finish_date=pd.NaT)
        bounds = worst_case(on_time_rate(unfinished, as_of=AS_OF), 3)
        assert bounds[["worst", "best"]].isna().all(axis=None)
        assert worst_case(empty(Rates), 3).empty

    def test_a_weighted_rate_is_refused(self):
        with pytest.raises(PMAnalyticsError, match="weighted rate has no worst case"):
            worst_case(rate(14, 35).assign(rate=0.7), 6)


class TestCompleteness:
    def test_a_column_is_asked_of_the_rows_it_applies_to(self):
        table = pd.DataFrame(
            {
                "project_id": ["A", "B", "C", "D"],
                "name": "x",
                "status": ["done", "cancelled", "open", "on_hold"],
                "actual_finish_date": pd.to_datetime(["2024-01-01", None, None, None]),
                "forecast_finish_date": pd.to_datetime([None, None, None, "2024-09-01"]),
            }
        )
        found = completeness(table, Projects).set_index("column")
        columns = ["condition", "n", "n_filled", "share"]
        assert found.loc["actual_finish_date", columns].tolist() == ["done or cancelled", 2, 1, 0.5]
        assert found.loc["forecast_finish_date", columns].tolist() == ["open", 2, 1, 0.5]
        assert found.loc["name", ["n", "n_filled", "share"]].tolist() == [4, 4, 1.0]
        assert found.loc["rebaselined_budget", "n"] == 0
        assert np.isnan(found.loc["rebaselined_budget", "share"])

    def test_empty_lists_and_cut_histories_are_gaps(self):
        items = load_portfolio("data/sample").work_items.head(3)
        labels = pd.Series([["a"], [], None], dtype=object)
        items = items.assign(labels=labels, history_complete=[True, False, True])
        found = completeness(items, WorkItems).set_index("column")["n_filled"]
        assert found["labels"] == 1
        assert found["history_complete"] == 2

    @pytest.mark.parametrize("schema", [Projects, WorkItems])
    def test_without_rows_no_share_is_stated(self, schema):
        found = completeness(empty(schema), schema)
        assert found["column"].tolist() == list(empty(schema))
        assert found["share"].isna().all()


class TestParticipation:
    def test_every_measure_accounts_for_all_records(self, twelve_projects, rates):
        outcomes = project_outcomes(twelve_projects, as_of=AS_OF)
        ids = {"project": twelve_projects["project_id"]}
        table = participation(rates, outcomes, empty(StageVisits), ids)
        whole = table.groupby("measure").agg(
            {"n_records": "first", "n_used": "first", "n_left_out": "sum"}
        )
        assert (whole["n_records"] == 12).all()
        assert (whole["n_used"] + whole["n_left_out"] == 12).all()

    def test_the_reasons_are_those_of_the_verdicts(self, twelve_projects, rates):
        """FX-12, by hand: 7 of 12 are judged on time; P06 is early, P05 and P11 not due."""
        outcomes = project_outcomes(twelve_projects, as_of=AS_OF)
        table = participation(rates, outcomes, empty(StageVisits), {})
        assert left_out(table, "on-time rate") == {
            "finished ahead of a due date still to come": 1,
            "open and not yet due": 2,
            "cancelled": 1,
            "no baseline to compare with": 1,
        }
        assert left_out(table, "finish variance") == {
            "open and not yet due": 2,
            "cancelled": 1,
            "no baseline": 1,
        }

    def test_a_rate_withheld_uses_nobody(self, twelve_projects):
        unfinished = twelve_projects.assign(status="open", actual_finish_date=pd.NaT)
        withheld = on_time_rate(unfinished, as_of=AS_OF)
        table = participation(withheld, empty(ProjectOutcomes), empty(StageVisits), {})
        assert table.loc[0, "n_used"] == 0
        assert "no project records an actual finish" in left_out(table, "on-time rate")

    def test_items_without_a_known_stay_are_told_apart(self):
        """A stays 5 days; B's beginning is cut off; C ends where it begins; D has no history."""
        changes = pd.DataFrame(
            {
                "level": "project",
                "item_id": ["A", "A", "B", "C"],
                "changed_at": pd.to_datetime(
                    ["2024-01-01", "2024-01-06", "2024-02-01", "2024-03-01"], utc=True
                ),
                "from_status": [None, "Doing", "Doing", None],
                "to_status": ["Doing", "Done", "Done", "Done"],
                "sequence": [0, 1, 0, 0],
            }
        )
        visits = stage_visits(changes, as_of=AS_OF)
        visits["outcome"] = visits["outcome"].mask(visits["stage"] == "Done", "terminal")
        ids = {"project": pd.Series(["A", "B", "C", "D"])}
        table = participation(empty(Rates), empty(ProjectOutcomes), visits, ids)
        stages = table[table["measure"] == "stage durations of projects"]
        assert stages[["n_records", "n_used"]].iloc[0].tolist() == [4, 1]
        assert left_out(table, "stage durations of projects") == {
            "beginning not known": 1,
            "only in a last stage, or passed through in no time": 1,
            "no history": 1,
        }

    def test_nothing_left_out_is_one_row_without_a_reason(self):
        table = participation(empty(Rates), empty(ProjectOutcomes), empty(StageVisits), {})
        assert table["measure"].tolist() == ["finish variance", "cost variance"]
        assert table["reason"].isna().all()


class TestReasonCounts:
    def test_the_first_lines_of_the_most_frequent_reason_come_first(self):
        lines = [problem(line) for line in (812, 2018, 1944, 3000)]
        table = reason_counts(problems(problem(5, "is missing"), *lines), files(), empty(Columns))
        assert table["reason"].tolist() == ["is negative", "is missing"]
        assert table["n_rows"].tolist() == [4, 1]
        assert table["lines"].tolist() == ["lines 812, 1944, 2018 …", "line 5"]

    def test_a_row_touches_all_measures_of_its_kind_a_value_those_of_its_column(self):
        columns = pd.DataFrame(
            [{"file": "projects.csv", "header": "Budget", "column": "baseline_budget",
              "use": "used", "reading": None}]
        ).astype("str")  # fmt: skip
        found = problems(
            problem(2), problem(3, set_aside="value"), problem(4, column="Hue", set_aside="value")
        )
        table = reason_counts(found, files(), columns)
        assert table["affects"].tolist() == [
            "every measure of projects",
            "on-budget rate, cost variance",
            "no measure",
        ]

    def test_issues_of_json_are_numbered_not_lined(self):
        found = problems(problem(7, file="jira.json"), problem(9, file="jira.json"))
        table = reason_counts(found, files("jira.json", "Jira JSON"), empty(Columns))
        assert table["lines"].tolist() == ["issues 7, 9"]
        assert table["affects"].tolist() == ["every measure of issues"]

    def test_a_problem_of_no_line_counts_without_one(self):
        table = reason_counts(problems(problem(None)), files(), empty(Columns))
        assert table["n_rows"].tolist() == [1]
        assert table["lines"].isna().all()
        assert reason_counts(empty(Problems), empty(Files), empty(Columns)).empty
