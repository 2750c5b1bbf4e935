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
    assert outcomes.loc["P02", "reason"] == "finished 41 days late; 25% over budget"


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
        "finished 2 days late, within the grace; less than 1% over budget",
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


def worked_verdicts(row, as_of, grace, tolerance):
    """Judge one project step by step, in the words of the definitions."""
    due, finish, cost, budget = (
        None if pd.isna(row[name]) else row[name]
        for name in ("baseline_finish_date", "actual_finish_date", "actual_cost", "baseline_budget")
    )
    is_over = None not in (cost, budget) and cost > budget + budget * tolerance + 0.005
    is_known = finish is None or finish <= as_of
    if row["status"] == "cancelled" and is_known:
        return "cancelled", "cancelled"
    is_done = row["status"] == "done" and is_known
    last = None if due is None else due + pd.Timedelta(days=grace)
    if last is None:
        on_time = "missing_baseline"
    elif is_done and finish is None:
        on_time = "invalid"
    elif last >= as_of:
        on_time = "early" if is_done else "not_due"
    elif is_done:
        on_time = "on_time" if finish <= last else "late"
    else:
        on_time = "late_open"
    if budget is None:
        return on_time, "missing_baseline"
    if is_over:
        return on_time, "over" if is_done else "over_open"
    return on_time, "on_budget" if is_done and cost is not None else "undetermined"


@settings(deadline=None, max_examples=60)
@given(portfolios(), DAYS, st.integers(0, 60), st.sampled_from([0.0, 0.1, 0.5]))
def test_each_verdict_is_that_of_the_definitions_worked_step_by_step(
    projects, day, grace, tolerance
):
    found = project_outcomes(projects, as_of=day, grace_days=grace, tolerance=tolerance)
    rows = projects.to_dict("records")
    expected = [worked_verdicts(row, pd.Timestamp(day), grace, tolerance) for row in rows]
    assert [*zip(found["on_time"], found["on_budget"], strict=True)] == expected


@settings(deadline=None, max_examples=40)
@given(portfolios())
def test_both_is_the_three_valued_and_of_the_two_verdicts(projects):
    """True, false or not known; ahead of its due date a project is not yet on time."""
    truth = {"on_time": True, "on_budget": True} | dict.fromkeys(
        ["late", "late_open", "over", "over_open"], False
    )
    for row in project_outcomes(projects, as_of=AS_OF).to_dict("records"):
        two = [truth.get(row["on_time"]), truth.get(row["on_budget"])]
        assert (row["both"] == "not_both") == (False in two)
        assert (row["both"] == "both") == (two == [True, True])


def test_a_budget_of_less_than_a_cent_is_one_of_0(twelve_projects):
    tiny = twelve_projects.assign(baseline_budget=1e-12)
    outcomes = project_outcomes(tiny, as_of=AS_OF)
    assert outcomes[["cost_variance_share", "cost_band"]].isna().all(axis=None)
    assert outcomes.loc[1, "reason"] == "finished 41 days late; over a budget of 0"


def test_an_absurd_overrun_is_told_in_words_not_digits(twelve_projects):
    absurd = twelve_projects.assign(baseline_budget=0.01, actual_cost=1e15)
    outcomes = project_outcomes(absurd, as_of=AS_OF)
    assert outcomes.loc[1, "reason"] == ("finished 41 days late; more than 1000 times its budget")
    assert outcomes.loc[1, "cost_band"] == "red"


def test_a_plan_never_approved_anew_is_still_the_latest_one(twelve_projects):
    """P03 was due on 31 March with a budget of 50, ended that day, and cost 54."""
    once = twelve_projects.assign(rebaselined_finish_date=pd.NaT, rebaselined_budget=float("nan"))
    latest = project_outcomes(once, as_of=AS_OF, basis="rebaselined").set_index("project_id")
    assert latest.loc["P03", ["on_time", "on_budget"]].tolist() == ["on_time", "over"]
    assert latest.loc["P08", ["on_time", "on_budget"]].tolist() == ["missing_baseline"] * 2
