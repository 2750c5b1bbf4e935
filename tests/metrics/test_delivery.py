import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, load_projects, project_outcomes
from pmanalytics.schemas import ProjectOutcomes, Projects, dtypes, empty

AS_OF = "2024-06-30"
DAYS = st.dates(pd.Timestamp("2023-01-01").date(), pd.Timestamp("2025-12-31").date())
RECORDS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["open", "on_hold", "done", "cancelled"]),
        "baseline_finish_date": st.none() | DAYS,
        "actual_finish_date": st.none() | DAYS,
        "baseline_budget": st.none() | st.integers(0, 100).map(float),
        "actual_cost": st.none() | st.integers(0, 200).map(float),
    }
)


@st.composite
def portfolios(draw, min_size=0):
    records = draw(st.lists(RECORDS, min_size=min_size, max_size=30))
    table = pd.DataFrame(records, columns=["status", *Projects.to_schema().columns]).loc[
        :, lambda t: ~t.columns.duplicated()
    ]
    ids = [f"P{number}" for number in range(len(records))]
    table = table.assign(project_id=ids, name=ids, currency="EUR")
    return table[list(dtypes(Projects))].astype(dtypes(Projects))


def test_each_project_gets_the_worked_verdict(twelve_projects):
    """The states listed under FX-12 in the metric definitions."""
    outcomes = project_outcomes(twelve_projects, as_of=AS_OF)
    time = {
        "on_time": ["P01", "P03", "P12"],
        "early": ["P06"],
        "late": ["P02", "P10"],
        "late_open": ["P04", "P09"],
        "not_due": ["P05", "P11"],
        "cancelled": ["P07"],
        "missing_baseline": ["P08"],
    }
    budget = {
        "on_budget": ["P01", "P06", "P12"],
        "over": ["P02", "P03", "P10"],
        "over_open": ["P04", "P11"],
        "undetermined": ["P05", "P09"],
        "cancelled": ["P07"],
        "missing_baseline": ["P08"],
    }
    assert outcomes.groupby("on_time")["project_id"].apply(list).to_dict() == time
    assert outcomes.groupby("on_budget")["project_id"].apply(list).to_dict() == budget


def test_variances_are_those_worked_out_by_hand(twelve_projects, examples):
    """M11: P02 is 41 days late on 364 planned; P04 is open, at least 30 days past its date."""
    outcomes = project_outcomes(twelve_projects, as_of=AS_OF).set_index("project_id")
    assert outcomes.loc["P02", "finish_variance_days"] == 41
    assert outcomes.loc["P02", "finish_variance_share"] == pytest.approx(
        examples["M11"]["expected"], abs=5e-5
    )
    assert outcomes.loc["P04", "finish_variance_days"] == 30
    assert outcomes.loc["P02", "cost_variance_share"] == pytest.approx(0.25)
    assert outcomes.loc["P02", "reason"] == "finished 41 days late; 25 % over budget"


def test_reasons_say_what_the_verdict_rests_on():
    rows = pd.DataFrame(
        {
            "project_id": list("ABCD"),
            "name": list("ABCD"),
            "status": ["done", "cancelled", "done", "open"],
            "baseline_finish_date": ["2024-01-31"] * 3 + ["2024-12-31"],
            "actual_finish_date": ["2024-02-02", "2024-02-10", "2024-01-31", None],
            "forecast_finish_date": [None, None, None, "2025-01-10"],
            "baseline_budget": ["1000", "0", "0", "100"],
            "actual_cost": ["1003", "0", "1", "0"],
            "forecast_cost": [None, None, None, "120"],
            "currency": ["EUR"] * 4,
        }
    )
    outcomes = project_outcomes(
        load_projects(rows), as_of=AS_OF, grace_days=5, cancelled="at_cancellation"
    )
    assert outcomes["reason"].tolist() == [
        "finished 2 days late, within the grace; less than 1 % over budget",
        "cancelled past its due date",
        "finished on the day; over a budget of 0",
        "open and not yet due; budget outcome not known yet",
    ]
    assert outcomes.loc[3, "forecast_variance_days"] == 10
    assert outcomes.loc[3, "forecast_cost_variance_share"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline_finish_date": "2024-01-31"}, "holds str in baseline_finish_date, not date"),
        ({"actual_cost": "9"}, "holds str in actual_cost, not float64"),
        ({"status": "Done"}, "has the status 'Done'"),
        ({"project_id": None}, "has rows without project_id"),
    ],
)
def test_a_table_that_no_loader_made_is_refused_in_words(twelve_projects, change, message):
    with pytest.raises(PMAnalyticsError, match=message):
        project_outcomes(twelve_projects.assign(**change), as_of=AS_OF)


@pytest.mark.parametrize("options", [{"grace_days": "3"}, {"grace_days": -1}, {"tolerance": None}])
def test_an_allowance_must_be_a_number(twelve_projects, options):
    with pytest.raises(PMAnalyticsError, match="must be a number from 0 to"):
        project_outcomes(twelve_projects, as_of=AS_OF, **options)


def test_a_day_still_running_is_not_judged():
    """Due today and open is not late; finished today with the due date today is 'early'."""
    rows = pd.DataFrame(
        {
            "project_id": ["A", "B"],
            "name": ["A", "B"],
            "status": ["open", "done"],
            "baseline_finish_date": [AS_OF, AS_OF],
            "actual_finish_date": [None, AS_OF],
        }
    )
    outcomes = project_outcomes(load_projects(rows), as_of=AS_OF)
    assert outcomes["on_time"].tolist() == ["not_due", "early"]
    next_day = project_outcomes(load_projects(rows), as_of="2024-07-01")
    assert next_day["on_time"].tolist() == ["late_open", "on_time"]


def test_cancelled_after_the_status_date_is_still_open(twelve_projects):
    """P07 was cancelled on 2023-11-15."""
    before = project_outcomes(twelve_projects, as_of="2023-11-01").set_index("project_id")
    assert before.loc["P07", "on_time"] == "not_due"


def test_cancelled_past_its_date_can_count_as_late():
    rows = pd.DataFrame(
        {
            "project_id": ["A"],
            "name": ["A"],
            "status": ["cancelled"],
            "baseline_finish_date": ["2024-01-31"],
            "actual_finish_date": ["2024-03-01"],
        }
    )
    projects = load_projects(rows)
    default = project_outcomes(projects, as_of=AS_OF)
    strict = project_outcomes(projects, as_of=AS_OF, cancelled="at_cancellation")
    assert default["on_time"].tolist() == ["cancelled"]
    assert strict["on_time"].tolist() == ["late"]


def test_a_zero_budget_has_a_verdict_but_no_share():
    rows = pd.DataFrame(
        {
            "project_id": ["A", "B"],
            "name": ["A", "B"],
            "status": ["done", "done"],
            "actual_finish_date": ["2024-01-31", "2024-01-31"],
            "baseline_budget": ["0", "0"],
            "actual_cost": ["1", "0"],
            "currency": ["EUR", "EUR"],
        }
    )
    outcomes = project_outcomes(load_projects(rows), as_of=AS_OF)
    assert outcomes["on_budget"].tolist() == ["over", "on_budget"]
    assert outcomes["cost_variance_share"].isna().all()


def test_done_without_a_finish_is_invalid_for_time_only():
    rows = pd.DataFrame(
        {
            "project_id": ["A"],
            "name": ["A"],
            "status": ["done"],
            "baseline_finish_date": ["2024-01-31"],
            "baseline_budget": ["10"],
            "actual_cost": ["9"],
            "currency": ["EUR"],
        }
    )
    outcome = project_outcomes(load_projects(rows), as_of=AS_OF).iloc[0]
    assert (outcome["on_time"], outcome["on_budget"]) == ("invalid", "on_budget")


@settings(deadline=None, max_examples=50)
@given(portfolios())
def test_the_verdict_of_a_project_does_not_depend_on_its_neighbours(projects):
    together = project_outcomes(projects, as_of=AS_OF)
    turned = project_outcomes(projects[::-1], as_of=AS_OF)
    pd.testing.assert_frame_equal(together[::-1].reset_index(drop=True), turned)


@settings(deadline=None, max_examples=50)
@given(portfolios(), st.integers(0, 400))
def test_late_and_open_never_becomes_not_due_as_time_passes(projects, days):
    later = pd.Timestamp(AS_OF) + pd.Timedelta(days=days)
    now = project_outcomes(projects, as_of=AS_OF)["on_time"]
    then = project_outcomes(projects, as_of=later)["on_time"]
    assert not ((now == "late_open") & (then == "not_due")).any()


def test_no_projects_give_no_outcomes():
    outcomes = project_outcomes(empty(Projects), as_of=AS_OF)
    assert list(outcomes.columns) == list(ProjectOutcomes.to_schema().columns)
    assert outcomes.empty


def test_the_callers_table_is_left_alone(twelve_projects):
    before = twelve_projects.copy()
    project_outcomes(twelve_projects, as_of=AS_OF)
    pd.testing.assert_frame_equal(twelve_projects, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "yesterday"}, "as_of 'yesterday' is not a date; write it as YYYY-MM-DD."),
        ({"as_of": AS_OF, "basis": "first"}, "basis='first' is none of baseline, rebaselined."),
        ({"as_of": AS_OF, "cancelled": "drop"}, "cancelled='drop' is none of exclude"),
    ],
)
def test_an_impossible_option_is_refused_in_words(twelve_projects, options, message):
    with pytest.raises(PMAnalyticsError, match=message.replace(".", r"\.")):
        project_outcomes(twelve_projects, **options)


def test_a_table_without_status_is_refused_in_words(twelve_projects):
    with pytest.raises(PMAnalyticsError, match="The Projects table lacks: status"):
        project_outcomes(twelve_projects.drop(columns="status"), as_of=AS_OF)


def test_a_repeated_id_is_refused_in_words(twelve_projects):
    twice = pd.concat([twelve_projects, twelve_projects])
    with pytest.raises(PMAnalyticsError, match="project_id repeats"):
        project_outcomes(twice, as_of=AS_OF)
