"""Tables that are read as lists: their sentences, counted by hand."""

import numpy as np
import pandas as pd

from pmanalytics import (
    backtest_rows,
    baseline_drift,
    change_rows,
    changes_between,
    cost_rows,
    cost_totals,
    defect_removal,
    defect_rows,
    estimate_rows,
    load_projects,
    load_table,
    open_defect_rows,
    real_costs,
    reopen_rows,
    replanned_rows,
    replanning,
    stale_rows,
    staleness,
    staleness_summary,
    task_rows,
)
from pmanalytics.schemas import (
    Changes,
    CostByYear,
    Defects,
    OpenDefects,
    PriceIndex,
    Projects,
    ReopenRates,
    empty,
)

AS_OF = "2024-06-30"


def projects():
    rows = {
        "project_id": ["P1", "P2", "P3"],
        "name": ["One", "Two", "Three"],
        "status": "done",
        "baseline_start_date": "2023-01-01",
        "baseline_finish_date": ["2024-01-31", "2024-01-31", "2024-06-15"],
        "rebaselined_finish_date": ["2024-03-31", "", ""],
        "rebaseline_count": ["1", "", ""],
        "actual_finish_date": ["2024-03-20", "2024-01-31", "2024-06-10"],
        "baseline_budget": ["100", "100", "200"],
        "actual_cost": ["120", "90", "210"],
        "currency": "EUR",
    }
    return load_projects(pd.DataFrame(rows))


def test_what_re_planning_did_is_told_with_the_plans_that_moved():
    """P1 moved by 60 days (31 January to 31 March 2024) and is on time by that plan only."""
    table = projects()
    drift = baseline_drift(table, as_of=AS_OF).merge(table[["project_id", "name"]])
    rows, finding = replanned_rows(drift, replanning(table, as_of=AS_OF))
    assert finding == (
        "1 of 3 projects were re-planned, half of them by 60 days or more; "
        "1 of 3 on time by their latest plan are late by their first"
    )
    assert rows[
        ["project", "drift_days", "by_first_plan", "by_latest_plan"]
    ].to_numpy().tolist() == [["One", 60, "late", "on time"]]


def test_without_a_moved_plan_that_is_said():
    table = projects()[1:]
    drift = baseline_drift(table, as_of=AS_OF).merge(table[["project_id", "name"]])
    rows, finding = replanned_rows(drift, replanning(table, as_of=AS_OF))
    assert finding == "No plan was approved anew, as far as is known"
    assert rows.empty


def test_costs_in_all_stand_above_the_projects_in_constant_prices():
    """420 against 400 is 5 % more; P1's 60 of 2024 are 50 in the prices of 2023."""
    table = projects()
    spent = pd.DataFrame(
        {"project_id": "P1", "year": ["2023", "2024"], "actual_cost": ["60", "60"]}
    )
    index = pd.DataFrame({"year": ["2023", "2024"], "price_index": ["100", "120"]})
    real = real_costs(
        table, load_table(spent, CostByYear), load_table(index, PriceIndex), as_of=AS_OF
    )
    rows, finding = cost_rows(
        cost_totals(table, as_of=AS_OF), real.merge(table[["project_id", "name"]])
    )
    assert finding == (
        "3 finished projects cost 420 against budgets of 400, 5% more; 2 cannot be told in "
        "constant prices"
    )
    assert rows["project"].tolist() == ["One", "Two", "Three"]
    assert rows["real_cost_variance_share"].round(4).tolist()[:1] == [0.1]
    assert rows["why_not"].tolist()[1:] == ["cost of a year is not known"] * 2


def test_without_a_finished_project_no_cost_is_told():
    none = empty(Projects)
    real = real_costs(none, empty(CostByYear), empty(PriceIndex), as_of=AS_OF).assign(name="")
    rows, finding = cost_rows(cost_totals(none, as_of=AS_OF), real)
    assert finding.endswith("is not known")
    assert rows.empty


def test_changes_of_a_record_stand_on_one_line():
    then = pd.DataFrame({"id": ["A", "B"], "stage": ["x", "x"], "owner": ["Ada", "Bo"]})
    now = pd.DataFrame({"id": ["A", "C"], "stage": ["y", "x"], "owner": ["Bo", "Bo"]})
    found = changes_between(then, now, key="id", watched=["stage", "owner"])
    names = pd.Series({"A": "Atlas", "B": "Beacon"})
    rows, finding = change_rows(found.assign(table="projects"), names, since="2024-03-31")
    assert finding == "3 projects changed since 31 Mar 2024: 1 in stage and 1 in owner"
    assert rows.to_numpy().tolist() == [
        ["Atlas", "A", "stage from x to y; owner from Ada to Bo"],
        ["C", "C", "new"],
        ["Beacon", "B", "gone"],
    ]
    two = pd.concat([found.assign(table=table) for table in ("projects", "products")])
    rows, finding = change_rows(two, names, since="2024-03-31")
    assert finding.startswith("3 projects and 3 products changed")
    assert rows["table"].tolist() == ["projects"] * 3 + ["products"] * 3
    assert change_rows(empty(Changes), names, since="2024-03-31")[1] == (
        "Nothing of what is watched has changed since 31 Mar 2024"
    )


def test_groups_with_few_defects_show_no_rate():
    """8 of 10 in all; product B has 2 only."""
    found = ["before_release"] * 7 + ["after_release", "before_release", "after_release"]
    register = pd.DataFrame({"defect_id": range(10), "product_id": ["A"] * 8 + ["B"] * 2})
    table = load_table(register.astype("str").assign(found_in=found), Defects)
    rows, finding = defect_rows(
        defect_removal(table, as_of=AS_OF),
        defect_removal(table, as_of=AS_OF, by="product_id"),
        by=["product_id"],
    )
    assert finding == "80% (49–94%) of 10 known defects were found before release"
    assert rows["removal_rate"].tolist()[0] == 0.875
    assert rows.loc[1, ["defects", "found_before"]].tolist() == [2, 1]
    assert pd.isna(rows.loc[1, "removal_rate"])
    none = defect_removal(empty(Defects), as_of=AS_OF)
    assert defect_rows(none, none.assign(product_id=""), by=["product_id"])[1] == (
        "No defect is recorded"
    )


def test_defects_that_wait_are_counted_with_the_oldest():
    unfixed = pd.DataFrame({
        "severity": ["Critical", "Major"], "n_open": [2, 3], "n_undated": 0,
        "median_age_days": [22.0, 14.0], "oldest_days": [33.0, 28.0],
    })  # fmt: skip
    rows, finding = open_defect_rows(unfixed)
    assert finding == "5 known defects are not yet fixed, the oldest for 33 days"
    assert rows["defects"].tolist() == [2, 3]
    assert open_defect_rows(unfixed.assign(oldest_days=np.nan))[1].endswith("not yet fixed")
    assert open_defect_rows(empty(OpenDefects))[1] == "No known defect waits to be fixed"


def test_reopened_issues_are_told_with_their_interval_or_as_counts():
    """6 of 100: Wilson's interval by hand, centre 0.0763, half width 0.0484."""
    row = {"level": "work_item", "reopen_rate": 0.06, "low": 0.0278, "high": 0.1248, "k": 6}
    _, finding = reopen_rows(pd.DataFrame([row | {"n": 100}]))
    assert finding == "6 of 100 finished issues (6%, 3–12%) were taken up again"
    assert reopen_rows(pd.DataFrame([row | {"k": 1, "n": 4}]))[1] == (
        "1 of 4 finished issues was taken up again"
    )
    assert "No issue has been finished" in reopen_rows(empty(ReopenRates))[1]


def test_records_nobody_updates_are_listed_the_oldest_first():
    """P2 lies 45 days back, P1 16; both more than a fortnight, P3 not."""
    table = projects().assign(
        status="open", updated_date=pd.to_datetime(["2024-06-14", "2024-05-16", "2024-06-29"])
    )
    found = staleness(table, as_of=AS_OF, key="project_id")
    rows, finding = stale_rows(found.assign(name=table["name"]), staleness_summary(found))
    assert rows[["project", "project_id", "days_ago"]].to_numpy().tolist() == [
        ["Two", "P2", 45],
        ["One", "P1", 16],
    ]
    assert finding == (
        "2 of 3 open projects have not been updated for more than two weeks, the longest for "
        "45 days"
    )
    fresh = found.assign(is_stale=False, name="x")
    assert stale_rows(fresh, staleness_summary(found))[1].startswith("None of 3 open projects")
    nobody = staleness_summary(found[:0])
    assert stale_rows(fresh[:0], nobody)[1].startswith("None of 0 open projects")


def test_estimates_worse_than_usual_are_counted_and_the_worst_named():
    quality = pd.DataFrame({
        "project_id": ["P1", "P1", "P2"], "name": ["One", "One", "Two"],
        "measure": ["finish", "cost", "finish"], "n_estimates": 2, "eqf": [9.0, 3.9, np.nan],
    })  # fmt: skip
    rows, finding = estimate_rows(quality)
    assert finding == ("1 of 2 outcomes was estimated worse than is usual, first the cost of One")
    assert rows["eqf"].tolist() == [3.9, 9.0]
    assert estimate_rows(quality[:1])[1] == "None of 1 outcome was estimated worse than is usual"
    assert "is not known" in estimate_rows(quality[2:])[1]


def test_kept_schedules_are_told_with_their_interval():
    tasks = pd.DataFrame({
        "project_id": ["P1", "P2"], "name": ["One", "Two"], "k": [3, 0], "n": [10, 2],
        "hit_rate": [0.3, 0.0], "bei": [1.0, 0.5], "low": 0.1, "high": 0.6,
    })  # fmt: skip
    rows, finding = task_rows(tasks[:1], tasks)
    assert finding == "3 of 10 tasks that were due were done by their own date (30%, 10–60%)"
    assert rows["project"].tolist() == ["Two", "One"]
    assert rows["hit_rate"].isna().tolist() == [True, False]
    assert task_rows(tasks[1:], tasks)[1].endswith("done by their own date")
    assert task_rows(tasks.head(0), tasks.head(0))[1] == "No task has been due yet"


def test_past_forecasts_are_told_by_how_often_they_held():
    row = {"n": 30, "low": 0.6, "high": 0.9, "covered_share": 0.8, "k": 24}
    tested = pd.DataFrame([
        row | {"measure": "cost", "quantile": 0.8, "n": 40, "k": 32},
        row | {"measure": "duration", "quantile": 0.5},
        row | {"measure": "duration", "quantile": 0.8},
    ])  # fmt: skip
    rows, finding = backtest_rows(tested)
    assert finding == (
        "Forecasts meant to hold in 80% would have held in 24 of 30 for duration and 32 of 40 "
        "for cost"
    )
    assert rows["95%_interval"].tolist() == ["60–90%"] * 3
    assert "is not known" in backtest_rows(tested.assign(n=0))[1]
