"""Tables that are read as lists: their sentences, counted by hand."""

import pandas as pd

from pmanalytics import (
    baseline_drift,
    change_rows,
    changes_between,
    cost_rows,
    cost_totals,
    defect_removal,
    defect_rows,
    load_projects,
    load_table,
    real_costs,
    replanned_rows,
    replanning,
)
from pmanalytics.schemas import Changes, CostByYear, Defects, PriceIndex, Projects, empty

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
    rows, finding = change_rows(found.assign(table="projects"))
    assert finding == "3 projects changed"
    assert rows.to_numpy().tolist() == [
        ["projects", "A", "stage from x to y; owner from Ada to Bo"],
        ["projects", "C", "new"],
        ["projects", "B", "gone"],
    ]
    assert change_rows(empty(Changes))[1] == "Nothing of what is watched has changed"


def test_groups_with_few_defects_show_no_rate():
    """8 of 10 in all; product B has 2 only."""
    found = ["before_release"] * 7 + ["after_release", "before_release", "after_release"]
    register = pd.DataFrame({"defect_id": range(10), "product_id": ["A"] * 8 + ["B"] * 2})
    table = load_table(register.astype("str").assign(found_in=found), Defects)
    rows, finding = defect_rows(
        defect_removal(table, as_of=AS_OF),
        defect_removal(table, as_of=AS_OF, by="product_id"),
        by="product_id",
    )
    assert finding == "80% (49–94%) of 10 known defects were found before release"
    assert rows["removal_rate"].tolist()[0] == 0.875
    assert rows.loc[1, ["n", "n_before"]].tolist() == [2, 1]
    assert rows.loc[1, ["removal_rate", "low", "high"]].isna().all()
    none = defect_removal(empty(Defects), as_of=AS_OF)
    assert defect_rows(none, none.assign(product_id=""), by="product_id")[1] == (
        "No defect is recorded"
    )
