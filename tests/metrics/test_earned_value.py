import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    earned_value,
    earned_value_totals,
    load_table,
    reports_from_projects,
)
from pmanalytics.errors import MixedCurrenciesError
from pmanalytics.metrics.earned_value import estimates_at_completion
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import EarnedValue, Projects, StatusReports, dtypes, empty

TIMES = ["earned_schedule", "sv_t", "spi_t", "ieac_t_plan", "ieac_t"]
VANHOUCKE = {
    "planned_value": [5, 10, 25, 55, 85, 120, 130, 140, 150, 150, 150],
    "earned_value": [3.33, 6.67, 10, 22.5, 70, 82.5, 90, 120, 130, 140, 150],
}
LAST = "2030-12-31"


def reports(planned, earned, cost=None, *, budget=100.0, project="P1", start="2024-01-31", **more):
    """Return the reports of one project at month ends."""
    ends = pd.date_range(start, periods=len(planned), freq="ME").as_unit("us")
    table = {
        "project_id": project,
        "period_end_date": ends,
        "planned_value": pd.Series(planned, dtype=float),
        "earned_value": pd.Series(earned, dtype=float),
        "actual_cost_to_date": pd.Series(earned if cost is None else cost, dtype=float),
        "budget_at_completion": budget,
    }
    return pd.DataFrame(table | more)


def plan_of(**columns):
    return pd.DataFrame({"project_id": ["P1"], "name": ["One"], "status": ["open"]} | columns)


def last_of(table):
    return table.iloc[-1]


def vanhoucke():
    return reports(**{k.split("_")[0]: v for k, v in VANHOUCKE.items()}, budget=150.0)


@pytest.mark.parametrize(
    ("example", "budget", "planned", "earned", "cost"),
    [
        ("M29", 4000, 3000, 2500, 2800),
        ("M30", 4000, 3000, 3250, 3200),
        ("M31", 100000, 40000, 35000, 36000),
    ],
)
def test_published_projects_give_the_published_numbers(
    examples, example, budget, planned, earned, cost
):
    row = last_of(earned_value(reports([planned], [earned], [cost], budget=budget), as_of=LAST))
    names = ["cv", "sv", "cpi", "spi", "eac_cpi", "eac_plan", "eac_composite", "etc", "vac"]
    found = row[[*names, "tcpi_bac"]].astype(float).tolist()
    assert found == pytest.approx(examples[example]["expected"], abs=5e-5)


def test_a_project_on_half_its_way_needs_more_than_it_gave():
    """BAC 1 000 000, PV 500 000, EV 450 000, AC 480 000."""
    row = last_of(earned_value(reports([5e5], [4.5e5], [4.8e5], budget=1e6), as_of=LAST))
    found = row[["cpi", "spi", "eac_cpi", "tcpi_bac"]].tolist()
    assert found == pytest.approx([0.9375, 0.9, 1066666.67, 1.0577], rel=1e-4)


def test_estimates_at_completion_follow_the_indices_given(examples):
    """M62: the published page gives CPI and SPI, not the amounts they come from."""
    found = estimates_at_completion(100000, 100000 - 35000, 63000, cpi=0.83, spi=0.875)
    expected = examples["M62"]["expected"]
    assert [found["eac_cpi"], found["eac_plan"], found["eac_composite"]] == pytest.approx(
        expected, abs=1e-4
    )


def test_the_published_earned_schedule_is_met(examples):
    """M32: its rows are periods 4 to 8, and 11."""
    table = earned_value(vanhoucke(), as_of=LAST)
    found = table.loc[[3, 4, 5, 6, 7, 10], TIMES].to_numpy()
    assert found == pytest.approx(np.array(examples["M32"]["expected"]), abs=5e-5)
    printed = [0.67, 1.33, 2.0, 2.83, 4.5, 4.92]
    assert table["earned_schedule"].head(6).tolist() == pytest.approx(printed, abs=0.005)
    assert table["planned_duration"].eq(9).all()
    assert last_of(table)["spi"] == 1.0


def test_a_later_report_is_not_known_yet_but_its_plan_is():
    whole = earned_value(vanhoucke(), as_of=LAST)
    early = earned_value(vanhoucke(), as_of="2024-04-30")
    pd.testing.assert_frame_equal(early, whole.head(4))
    plan_only = vanhoucke()
    plan_only.loc[4:, ["earned_value", "actual_cost_to_date"]] = np.nan
    pd.testing.assert_frame_equal(earned_value(plan_only, as_of="2024-04-30"), early)


def test_without_the_rest_of_the_plan_no_duration_is_claimed():
    row = last_of(earned_value(vanhoucke().head(4), as_of=LAST))
    assert row["earned_schedule"] == pytest.approx(2.8333, abs=5e-5)
    assert pd.isna(row["ieac_t"])
    assert row["reason"] == "no planned duration: the plan ends below the budget"
    ahead = last_of(earned_value(reports([10, 20], [10, 25]), as_of=LAST))
    assert pd.isna(ahead["spi_t"])
    assert "the plan is not known up to what is earned" in ahead["reason"]


def test_on_a_plateau_the_last_of_its_periods_counts():
    """Lipke's rule: nothing was planned in periods 3 and 4, so 20 is earned by the end of 4."""
    table = earned_value(reports([10, 20, 20, 20, 60, 100], [5, 20, 30, 30, 30, 30]), as_of=LAST)
    assert table["earned_schedule"].tolist() == [0.5, 4.0, 4.25, 4.25, 4.25, 4.25]


def test_the_clock_of_a_project_stops_when_all_is_earned():
    """Complete in period 3 of 2; reports of trailing cost make it no later."""
    table = earned_value(reports([50, 100, 100, 100, 100], [40, 80, 100, 100, 100]), as_of=LAST)
    assert table["spi_t"].tolist()[2:] == pytest.approx([2 / 3] * 3)
    assert table["ieac_t"].tolist()[2:] == pytest.approx([3.0] * 3)


def test_a_project_that_was_to_have_begun_is_at_0_and_one_that_was_not_is_not_judged():
    late = earned_value(reports([10, 50, 100], [0, 20, 40], [5, 20, 40]), as_of=LAST).iloc[0]
    assert (late["earned_schedule"], late["spi_t"]) == (0.0, 0.0)
    assert late["reason"] == (
        "no EAC by CPI: nothing is earned yet; no IEAC(t) by SPI(t): nothing is earned yet"
    )
    waiting = earned_value(reports([0, 50, 100], [0, 20, 40]), as_of=LAST).iloc[0]
    assert waiting[["spi_t", "spi", "cpi"]].isna().all()
    assert waiting["reason"] == (
        "no CPI: there is no cost yet; no SPI: nothing was planned yet; "
        "no SPI(t): nothing was planned yet"
    )


@pytest.mark.parametrize(
    "ends",
    [
        ["2024-01-31", "2024-02-29", "2024-03-31"],
        ["2024-01-31", "2024-02-29", "2024-03-28"],  # Good Friday was the 29th
        ["2024-01-15", "2024-02-15", "2024-03-15"],
        ["2024-03-31", "2024-06-30", "2024-09-30"],
        ["2024-01-05", "2024-01-12", "2024-01-19"],
    ],
)
def test_months_quarters_and_weeks_are_equal_periods(ends):
    table = reports([20, 60, 100], [10, 40, 80]).assign(period_end_date=pd.to_datetime(ends))
    assert earned_value(table, as_of=LAST)["spi_t"].tolist() == pytest.approx([0.5, 0.75, 2.5 / 3])


@pytest.mark.parametrize(
    "ends",
    [
        ["2024-01-31", "2024-02-29", "2024-04-30"],
        ["2024-01-01", "2024-01-02", "2024-01-05"],
        ["2024-01-31", "2024-02-10", "2024-03-31"],
    ],
)
def test_of_unequal_periods_no_time_is_claimed(ends):
    table = reports([20, 60, 100], [10, 40, 80]).assign(period_end_date=pd.to_datetime(ends))
    found = earned_value(table, as_of=LAST)
    assert found[[*TIMES, "actual_time", "planned_duration"]].isna().all(axis=None)
    assert found["spi"].notna().all()
    assert (found["reason"] == "no earned schedule: the periods are not of equal length").all()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (reports([100], [60]), "only one period is known"),
        (reports([50, 40, 100], [30, 40, 50]), "the planned value falls, so the plan was changed"),
        (reports([50, None, 100], [30, 40, 50]), "the plan lacks the planned value of a period"),
        (reports([50, 100, 120], [30, 40, 50]), "goes above the budget at completion"),
    ],
)
def test_a_plan_that_cannot_be_read_backwards_gives_no_time_but_still_money(table, words):
    row = last_of(earned_value(table, as_of=LAST))
    assert row[[*TIMES, "planned_duration"]].isna().all()
    assert row[["spi", "cpi", "eac_cpi"]].notna().all()
    assert words in row["reason"]


def test_reports_that_begin_long_after_the_project_give_no_time():
    """Period 1 of the reports would be taken for the first of the project."""
    table = reports([60, 80, 100], [50, 60, 70], start="2024-06-30")
    starts = {"2024-05-20": True, "2024-01-02": False}
    for start, is_told in starts.items():
        plan = plan_of(baseline_start_date=pd.to_datetime([start]))
        row = last_of(earned_value(table, plan, as_of=LAST))
        assert pd.notna(row["spi_t"]) == is_told
        assert ("begin long after" in str(row["reason"])) != is_told
        total = last_of(earned_value_totals(table, plan, as_of=LAST))
        assert pd.notna(total["spi_t"]) == is_told


@pytest.mark.parametrize(
    ("column", "missing", "left", "words"),
    [
        ("planned_value", ["spi", "sv", "spi_t", "eac_composite"], ["cpi", "eac_cpi"], "no SPI"),
        ("earned_value", ["spi", "cpi", "spi_t", "eac_plan"], ["actual_time"], "no index"),
        ("actual_cost_to_date", ["cpi", "cv", "eac_plan", "eac_cpi"], ["spi", "spi_t"], "no CPI"),
        ("budget_at_completion", ["eac_cpi", "vac", "tcpi_bac", "spi_t"], ["spi", "cpi"], "no EAC"),
    ],
)
def test_what_one_missing_amount_leaves_is_still_told(column, missing, left, words):
    table = reports([20, 60, 100], [10, 40, 80], [12, 50, 90])
    table.loc[1, column] = np.nan
    row = earned_value(table, as_of=LAST).iloc[1]
    assert row[missing].isna().all()
    assert row[left].notna().all()
    assert words in row["reason"]


def test_the_budget_is_the_baseline_of_the_project_unless_the_report_has_one():
    table = reports([20, 60, 100], [10, 40, 80]).assign(budget_at_completion=[np.nan, 100, np.nan])
    plan = plan_of(baseline_budget=[200.0], currency=["EUR"])
    found = earned_value(table, plan, as_of=LAST)
    assert found["budget_at_completion"].tolist() == [200.0, 100.0, 200.0]
    assert found["currency"].tolist() == ["EUR"] * 3
    without = earned_value(table, as_of=LAST).iloc[0]
    assert without["reason"] == "no EAC and no earned schedule: no budget at completion given"


def test_a_budget_of_0_is_no_divisor():
    row = last_of(earned_value(reports([0, 0], [0, 0], [5, 5], budget=0.0), as_of=LAST))
    assert row[["cpi", "eac_cpi", "spi", "spi_t", "tcpi_bac"]].isna().sum() == 4
    assert row["cpi"] == 0.0
    assert row["reason"].startswith("no EAC: the budget is 0")


def test_nobody_earns_more_than_the_whole():
    found = earned_value(reports([50, 100, 100], [40, 100.004, 250]), as_of=LAST)
    assert found["earned_schedule"].tolist()[:2] == [0.8, 2.0]
    assert found["eac_plan"].tolist()[:2] == [100.0, 100.004]
    row = last_of(found)
    assert row["earned_value"] == 250.0
    assert row[["cpi", "spi", "spi_t", "eac_cpi", "tcpi_bac"]].isna().all()
    assert row["reason"] == "no index: the earned value is above the budget at completion"


def test_an_exhausted_budget_has_no_index_that_would_save_it():
    found = earned_value(reports([50, 100], [40, 90], [60, 100]), as_of=LAST)
    assert found["tcpi_bac"].tolist() == pytest.approx([1.5, np.nan], nan_ok=True)
    assert last_of(found)["reason"] == "no TCPI: budget exhausted"
    for cost in (70, 130):
        done = last_of(earned_value(reports([50, 100], [40, 100], [60, cost]), as_of=LAST))
        assert pd.isna(done["tcpi_bac"])
        assert done["reason"] == "no TCPI: all work is done"


def test_amounts_that_fall_are_doubted_and_kept():
    found = earned_value(reports([20, 60, 100], [30, 20, 70], [9, 9, 8]), as_of=LAST)
    assert found["reason"].tolist()[1:] == [
        "doubtful: the earned value fell",
        "doubtful: the cost fell; is it that of single periods?",
    ]
    assert found["spi_t"].tolist() == pytest.approx([1.25, 0.5, 2.25 / 3])


def test_currencies_are_not_mixed_within_a_project():
    table = pd.concat(
        [
            reports([50, 100], [40, 90], currency=["EUR", "USD"]),
            reports([50, 100], [40, 90], project="P2", currency="USD"),
        ]
    )
    found = earned_value(table, as_of=LAST)
    assert found["cpi"].notna().tolist() == [False, False, True, True]
    assert found["reason"].tolist()[:2] == ["amounts in several currencies"] * 2
    borrowed = table[2:].assign(project_id="P1", budget_at_completion=np.nan)
    plan = plan_of(baseline_budget=[100.0], currency=["EUR"])
    assert earned_value(borrowed, plan, as_of=LAST)["cpi"].isna().all()
    own = borrowed.assign(budget_at_completion=100.0)
    assert earned_value(own, plan, as_of=LAST)["cpi"].notna().all()


def test_two_reports_of_one_period_are_refused_in_words_and_set_aside_by_the_loader():
    table = pd.concat([reports([50], [40])] * 2, ignore_index=True)
    with pytest.raises(PMAnalyticsError, match="two reports of project 'P1' for one period"):
        earned_value(table, as_of=LAST)
    with pytest.raises(PMAnalyticsError, match="project_id repeats"):
        earned_value(table[:1], pd.concat([plan_of()] * 2), as_of=LAST)
    quarantine = Quarantine()
    assert load_table(
        table.assign(planned_value=[50, 51]).astype(str), StatusReports, quarantine=quarantine
    ).empty
    assert "stands on two reports" in quarantine.problems["reason"].iloc[0]


@pytest.mark.parametrize("as_of", ["2024-06-30", "2001-01-01"])
def test_nothing_in_nothing_out(as_of):
    for table in (empty(StatusReports), reports([50, 100], [40, 90], start="2025-01-31")):
        for found in (earned_value(table, as_of=as_of), earned_value_totals(table, as_of=as_of)):
            assert found.empty
            assert found.dtypes.to_dict() == empty(EarnedValue).dtypes.to_dict()
    assert reports_from_projects(empty(Projects), as_of=as_of).empty


def test_row_order_foreign_columns_and_kinds_of_column_change_nothing():
    table = pd.concat([vanhoucke(), reports([50, 100], [40, 90], project="A")])
    shuffled = table.sample(frac=1, random_state=1).assign(series=1, reason="mine")
    shuffled = shuffled.astype({"project_id": "category", "period_end_date": "datetime64[ns]"})
    pd.testing.assert_frame_equal(
        earned_value(table, as_of=LAST), earned_value(shuffled, as_of=LAST)
    )


# Percent complete only


def test_a_percent_complete_gives_cost_and_no_time():
    """EV = 0.25 · 400 = 100, CPI = 100 ÷ 125 = 0.8, EAC = 400 ÷ 0.8 = 500."""
    plan = plan_of(
        percent_complete=[0.25], baseline_budget=[400.0], actual_cost=[125.0], currency=["EUR"],
        baseline_finish_date=pd.to_datetime(["2024-12-31"]),
    )  # fmt: skip
    row = last_of(
        earned_value(reports_from_projects(plan, as_of="2024-06-30"), plan, as_of="2024-06-30")
    )
    assert (row["cpi"], row["eac_cpi"]) == (0.8, 500.0)
    assert row[["spi", "spi_t", "earned_schedule"]].isna().all()
    assert row["reason"] == "no SPI: no planned value given"
    past_due = reports_from_projects(plan, as_of="2025-01-31")
    row = last_of(earned_value(past_due, as_of="2025-01-31"))
    assert row["spi"] == 0.25
    assert row["reason"] == "no earned schedule: only one period is known"


def test_a_percent_complete_of_250_is_refused():
    plan = plan_of(percent_complete=[250.0], baseline_budget=[400.0], actual_cost=[125.0])
    with pytest.raises(PMAnalyticsError, match="Projects table has the percent_complete 250"):
        reports_from_projects(plan, as_of=LAST)


def test_more_work_done_than_there_is_gives_no_index():
    row = earned_value(reports([20, 60, 100], [10, 130, 80]), as_of=LAST).iloc[1]
    assert row[["cpi", "spi", "eac_cpi", "spi_t"]].isna().all()
    assert "above the budget at completion" in row["reason"]


def test_a_done_project_has_earned_its_budget_and_a_newer_record_is_not_known_yet():
    plan = plan_of(baseline_budget=[400.0], actual_cost=[500.0], status=["done"])
    assert reports_from_projects(plan, as_of=LAST)["earned_value"].tolist() == [400.0]
    newer = plan.assign(updated_date=pd.Timestamp("2024-07-01"))
    assert reports_from_projects(newer, as_of="2024-06-30").empty
    older = reports_from_projects(newer, as_of="2024-07-31")
    assert older["period_end_date"].tolist() == [pd.Timestamp("2024-07-01")]
    unfinished = plan.assign(actual_finish_date=pd.Timestamp("2024-07-01"))
    assert reports_from_projects(unfinished, as_of="2024-06-30").empty


# Totals


def test_a_total_carries_finished_projects_on_and_counts_newcomers_from_their_first_report():
    """By hand: P1 reports 50/40/50 and 100/100/120, P2 from the second month 10/5/10, 20/20/15."""
    table = pd.concat(
        [
            reports([50, 100], [40, 100], [50, 120]),
            reports([10, 20], [5, 20], [10, 15], budget=40.0, project="P2", start="2024-02-29"),
        ]
    )
    found = earned_value_totals(table, as_of=LAST)
    assert found["n_projects"].tolist() == [1, 2, 2]
    assert found["earned_value"].tolist() == [40.0, 105.0, 120.0]
    assert found["planned_value"].tolist() == [50.0, 110.0, 120.0]
    assert found["actual_cost"].tolist() == [50.0, 130.0, 135.0]
    assert found["budget_at_completion"].tolist() == [100.0, 140.0, 140.0]
    assert found["cpi"].tolist() == pytest.approx([0.8, 105 / 130, 120 / 135])
    assert found["spi_t"].isna().all()
    assert found["reason"].str.contains("do not all report for the same periods").all()


def test_one_plan_in_two_parts_has_the_earned_schedule_of_the_whole():
    """Vanhoucke's project, a third of it a project of its own."""
    whole = vanhoucke()
    amounts = ["planned_value", "earned_value", "actual_cost_to_date", "budget_at_completion"]
    parts = [
        whole.assign(**whole[amounts] * share, project_id=project)
        for project, share in (("A", 1 / 3), ("B", 2 / 3))
    ]
    total = earned_value_totals(pd.concat(parts), as_of="2024-06-30")
    pd.testing.assert_frame_equal(
        total[[*TIMES, "planned_duration", "spi", "cpi", "eac_composite"]],
        earned_value(whole, as_of="2024-06-30")[
            [*TIMES, "planned_duration", "spi", "cpi", "eac_composite"]
        ],
    )


def test_a_part_that_is_complete_may_stop_reporting_and_another_may_not():
    long = reports([20, 40, 60, 80, 100], [10, 20, 30, 40, 50])
    short = reports([50, 100], [50, 100], project="P2")
    found = earned_value_totals(pd.concat([long, short]), as_of=LAST)
    assert found["earned_schedule"].notna().all()
    assert last_of(found)["planned_duration"] == 5.0
    early = earned_value_totals(pd.concat([long, short]), as_of="2024-02-29")
    pd.testing.assert_frame_equal(early, found.head(2))
    budget_once = short.assign(budget_at_completion=[100.0, np.nan])
    early = earned_value_totals(pd.concat([long, budget_once]), as_of="2024-01-31")
    assert last_of(early)["planned_duration"] == 5.0
    fallen_silent = short.assign(earned_value=[40.0, 90.0])
    found = earned_value_totals(pd.concat([long, fallen_silent]), as_of=LAST)
    assert found["earned_schedule"].notna().tolist() == [True, True, False, False, False]
    assert found["cpi"].notna().all()
    lapsed = reports([20, 40, 60, 80, 100], [10] * 5, project="P2").drop(index=1)
    found = earned_value_totals(pd.concat([long, lapsed]), as_of=LAST)
    assert found["earned_schedule"].notna().tolist() == [True, False, False, False, False]


def test_a_total_knows_its_plan_no_further_than_that_of_each_part():
    """P2's plan is cut off in month 2, so what the total planned for month 3 is not known."""
    known = reports([20, 40, 100], [10, 60, 70])
    cut = reports([20, 40], [30, 40], project="P2")
    row = last_of(earned_value_totals(pd.concat([known, cut]), as_of="2024-02-29"))
    assert pd.isna(row["spi_t"])
    assert "the plan is not known up to what is earned" in row["reason"]


def test_projects_that_cannot_be_added_are_counted_not_summed():
    table = pd.concat(
        [
            reports([50, 100], [40, 90]),
            reports([50, 100], [None, None], project="P2"),
            reports([50, 100], [40, 250], project="P3"),
        ]
    )
    found = earned_value_totals(table, as_of=LAST)
    assert found["n_projects"].tolist() == [2, 2]
    assert found["n_left_out"].tolist() == [1, 1]
    assert found["earned_value"].tolist() == [80.0, 130.0]
    early = last_of(earned_value_totals(table[:4], as_of="2024-01-31"))
    assert early[["n_projects", "spi_t", "planned_duration"]].tolist() == [1, 0.8, 2.0]
    nobody = last_of(earned_value_totals(table[table["project_id"] == "P2"], as_of=LAST))
    assert (nobody["n_projects"], nobody["n_left_out"]) == (0, 1)
    assert nobody["reason"] == "no project has a report that can be used"


def test_currencies_are_not_added_up_unless_they_are_grouped_by():
    table = pd.concat(
        [
            reports([50, 100], [40, 90], currency="EUR"),
            reports([50, 100], [40, 80], project="P2", currency="USD"),
        ]
    )
    with pytest.raises(MixedCurrenciesError, match="EUR, USD"):
        earned_value_totals(table, as_of=LAST)
    found = earned_value_totals(table, as_of="2024-02-29", by="currency")
    assert found[["currency", "earned_value"]].to_numpy()[1::2].tolist() == [
        ["EUR", 90.0], ["USD", 80.0],
    ]  # fmt: skip


def test_a_total_can_be_taken_of_each_group_of_projects():
    table = pd.concat([reports([50], [40]), reports([50], [30], project="P2")])
    projects = pd.DataFrame(
        {"project_id": ["P1", "P2"], "name": "x", "status": "open", "project_class": ["IT", None]}
    )
    found = earned_value_totals(table, projects, as_of=LAST, by="project_class")
    assert found["project_class"].fillna("none").tolist() == ["IT", "none"]
    assert found["earned_value"].tolist() == [40.0, 30.0]
    with pytest.raises(PMAnalyticsError, match="lacks: nonsense"):
        earned_value_totals(table, projects, as_of=LAST, by="nonsense")
    with pytest.raises(PMAnalyticsError, match="twice"):
        earned_value_totals(table, projects, as_of=LAST, by="project_id")


# Properties

STEPS = st.lists(st.integers(1, 50), min_size=2, max_size=12)


@st.composite
def series(draw):
    """A plan that reaches its budget, and what became of it."""
    planned = np.cumsum([*draw(st.lists(st.integers(0, 50), min_size=2, max_size=12)), 1])
    column = st.lists(
        st.integers(0, int(planned[-1])), min_size=len(planned), max_size=len(planned)
    )
    earned, cost = np.sort(draw(column)), np.sort(draw(column))
    return reports(planned, earned, cost, budget=float(planned[-1]))


@given(series())
@settings(max_examples=25, deadline=None)
def test_whatever_is_reported_the_identities_of_earned_value_hold(table):
    found = earned_value(table, as_of=LAST)
    assert found["earned_schedule"].between(0, found["planned_duration"]).all()
    assert (found["ieac_t"].dropna() >= found["actual_time"][found["ieac_t"].notna()] - 1e-9).all()
    back = (found["cpi"] * found["eac_cpi"]).dropna().to_numpy()
    assert back == pytest.approx(np.full(len(back), found["budget_at_completion"].iloc[0]))
    to_complete = found.dropna(subset="tcpi_eac")
    assert to_complete["tcpi_eac"].tolist() == pytest.approx(to_complete["cpi"].tolist())
    numbers = found.select_dtypes("float").columns.difference(["sv", "cv", "vac", "sv_t", "etc"])
    assert (found[numbers].fillna(0) >= 0).all(axis=None)
    assert (found[numbers].fillna(0) < np.inf).all(axis=None)
    is_undefined = found[[*dtypes(EarnedValue)]].drop(columns=["reason", "currency"]).isna()
    assert found.loc[is_undefined.any(axis="columns"), "reason"].notna().all()


@given(st.lists(series(), min_size=2, max_size=3))
@settings(max_examples=10, deadline=None)
def test_projects_beside_each_other_are_measured_as_alone(tables):
    named = [table.assign(project_id=f"P{number}") for number, table in enumerate(tables)]
    alone = pd.concat([earned_value(table, as_of=LAST) for table in named], ignore_index=True)
    pd.testing.assert_frame_equal(earned_value(pd.concat(named), as_of=LAST), alone)


@given(series())
@settings(max_examples=10, deadline=None)
def test_earned_schedule_is_where_the_straight_lines_of_the_plan_reach_what_is_earned(table):
    """Counted period by period, as Lipke & Henderson write it."""
    plan, budget = [0.0, *table["planned_value"]], table["budget_at_completion"].iloc[0]
    expected = []
    for earned in table["earned_value"]:
        c = max(t for t, planned in enumerate(plan) if planned <= min(earned, budget - 1e-6))
        part = 0 if earned >= budget else (earned - plan[c]) / (plan[c + 1] - plan[c])
        done = plan.index(budget)
        expected.append(0 if earned == 0 else done if earned >= budget else c + part)
    found = earned_value(table, as_of=LAST)["earned_schedule"]
    assert found.tolist() == pytest.approx(expected)


@given(STEPS)
@settings(max_examples=10, deadline=None)
def test_who_earns_what_is_planned_is_on_plan(steps):
    planned = np.cumsum(steps)
    found = earned_value(reports(planned, planned, budget=float(planned[-1])), as_of=LAST)
    assert found["spi_t"].tolist() == pytest.approx([1.0] * len(steps))
    assert found["spi"].tolist() == pytest.approx([1.0] * len(steps))


@given(series(), st.integers(1, 12))
@settings(max_examples=10, deadline=None)
def test_what_was_said_of_a_period_is_never_said_otherwise_later(table, n):
    day = table["period_end_date"].iloc[min(n, len(table)) - 1]
    early = earned_value(table, as_of=day)
    pd.testing.assert_frame_equal(early, earned_value(table, as_of=LAST).head(len(early)))


@given(series())
@settings(max_examples=10, deadline=None)
def test_the_total_of_one_project_is_that_project(table):
    total = earned_value_totals(table, as_of=LAST).drop(columns="project_id")
    pd.testing.assert_frame_equal(total, earned_value(table, as_of=LAST).drop(columns="project_id"))
