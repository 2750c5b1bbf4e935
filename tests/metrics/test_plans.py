import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import baseline_drift, estimate_quality, replanning
from pmanalytics.schemas import (
    BaselineDrifts,
    EstimateQuality,
    Forecasts,
    Projects,
    Replanning,
    dtypes,
    empty,
)

AS_OF = "2024-06-30"


def projects(**columns):
    """Return finished projects that began on 1 January 2024."""
    n = len(next(iter(columns.values())))
    ids = [f"P{number}" for number in range(n)]
    start = pd.Timestamp("2024-01-01")
    table = empty(Projects).reindex(range(n)).assign(project_id=ids, name=ids, status="done")
    return table.assign(actual_start_date=start, currency="EUR", **columns).astype(dtypes(Projects))


def estimates(rows, measure="forecast_finish_date"):
    """Return estimates of one project, by day made."""
    table = pd.DataFrame(rows, columns=["made_date", measure]).assign(project_id="P0")
    table = empty(Forecasts).reindex(range(len(rows))).assign(**table)
    return table.astype(dtypes(Forecasts))


def test_drift_has_its_worked_value(twelve_projects, examples):
    """M14: P02 was moved from 2023-12-31 to 2024-03-31, and is on time only by that."""
    drift = baseline_drift(twelve_projects, as_of=AS_OF).set_index("project_id")
    assert drift.loc["P02", "drift_days"] == examples["M14"]["expected"]
    assert drift.index[drift["is_replanned"]].tolist() == ["P02"]
    assert drift.index[drift["is_on_time_by_replanning"]].tolist() == ["P02"]
    assert pd.isna(drift.loc["P08", "drift_days"])


def test_what_being_on_time_owes_to_new_plans(twelve_projects):
    """By the latest plan P01 P02 P03 P06 P12 are on time; P08 has no first plan to compare."""
    row = replanning(twelve_projects, as_of=AS_OF).iloc[0]
    assert (row["n"], row["n_replanned"], row["median_drift_days"]) == (12, 1, 91)
    assert (row["n_on_time_latest"], row["n_by_replanning"]) == (5, 1)
    assert row["by_replanning_share"] == pytest.approx(0.2)


def test_a_plan_approved_anew_for_the_same_day_is_replanned(twelve_projects):
    counted = twelve_projects.assign(rebaseline_count=pd.array([2] + [None] * 11, dtype="Int64"))
    drift = baseline_drift(counted, as_of=AS_OF)
    assert drift["is_replanned"].tolist()[:3] == [True, True, False]
    assert drift.loc[0, "drift_days"] == 0
    row = replanning(counted, as_of=AS_OF).iloc[0]
    assert (row["n_replanned"], row["median_drift_days"]) == (2, 0)


def test_replanning_is_grouped_and_bears_nothing(twelve_projects):
    halves = twelve_projects.assign(half=["a"] * 6 + ["b"] * 6)
    table = replanning(halves, as_of=AS_OF, by="half")
    assert table["n_replanned"].tolist() == [1, 0]
    assert table["median_drift_days"].isna().tolist() == [False, True]
    none = twelve_projects.head(0)
    assert set(baseline_drift(none, as_of=AS_OF)) == set(dtypes(BaselineDrifts))
    assert set(replanning(none, as_of=AS_OF)) == set(dtypes(Replanning))


def test_estimates_have_their_worked_quality(examples):
    """M34: 100 days; estimated at 80 for 40 days, then at 100. Estimates after the end are none."""
    steps = [
        ("2024-01-01", "2024-03-21"), ("2024-02-10", "2024-04-10"), ("2024-05-01", "2024-09-01"),
    ]  # fmt: skip
    table = projects(actual_finish_date=["2024-04-10"])
    quality = estimate_quality(estimates(steps), table, as_of=AS_OF)
    assert quality.loc[0, "actual"] == 100
    assert quality.loc[0, "eqf"] == pytest.approx(examples["M34"]["expected"])
    assert quality.loc[1, "reason"] == "what came is not known"


def test_cost_estimates_have_a_quality_too():
    """100 · 100 ÷ (20 · 40) again, in money."""
    steps = [("2024-01-01", 80.0), ("2024-02-10", 100.0)]
    table = projects(actual_finish_date=["2024-04-10"], actual_cost=[100.0])
    quality = estimate_quality(estimates(steps, "forecast_cost"), table, as_of=AS_OF)
    assert quality.loc[1, ["measure", "n_estimates", "eqf"]].tolist() == ["cost", 2, 12.5]


def test_time_before_the_start_or_the_first_estimate_does_not_count():
    """Made before the start at 80, right from day 40: as M34. First made on day 50 at 80: 5."""
    early = [("2023-06-01", "2024-06-01"), ("2023-12-01", "2024-03-21"),
             ("2024-02-10", "2024-04-10")]  # fmt: skip
    late = [("2024-02-20", "2024-03-21")]
    table = projects(actual_finish_date=["2024-04-10"])
    assert estimate_quality(estimates(early), table, as_of=AS_OF).loc[0, "eqf"] == 12.5
    assert estimate_quality(estimates(late), table, as_of=AS_OF).loc[0, "eqf"] == 5


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], "no estimate"),
        ([("2024-01-01", "2024-04-10")], "every estimate was right"),
        ([("2024-04-10", "2024-04-11")], "no estimate before the finish"),
    ],
)
def test_where_there_is_no_quality_it_is_said_why(steps, reason):
    table = projects(actual_finish_date=["2024-04-10"])
    row = estimate_quality(estimates(steps), table, as_of=AS_OF).iloc[0]
    assert pd.isna(row["eqf"])
    assert row["reason"] == reason


def test_columns_of_the_users_own_do_no_harm():
    steps = estimates([("2024-01-01", "2024-03-21"), ("2024-02-10", "2024-04-10")])
    table = projects(actual_finish_date=["2024-04-10"])
    own = dict.fromkeys(("start", "finish", "order", "days"), 0)
    quality = estimate_quality(steps.assign(**own), table.assign(**own), as_of=AS_OF)
    assert quality.loc[0, "eqf"] == 12.5


def test_open_projects_have_no_quality_yet(twelve_projects):
    table = estimate_quality(empty(Forecasts), twelve_projects.head(0), as_of=AS_OF)
    assert set(table) == set(dtypes(EstimateQuality))
    later = projects(actual_finish_date=["2024-07-10"])
    steps = estimates([("2024-01-01", "2024-03-21")])
    assert estimate_quality(steps, later, as_of=AS_OF).empty


def test_a_cost_in_another_currency_is_not_compared_and_it_is_said_why():
    steps = estimates([("2024-01-01", 80.0)], "forecast_cost").assign(currency="USD")
    table = projects(actual_finish_date=["2024-04-10"], actual_cost=[100.0])
    cost = estimate_quality(steps, table, as_of=AS_OF).loc[1]
    assert pd.isna(cost["eqf"])
    assert cost["reason"] == "estimated in another currency than spent"


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.tuples(st.integers(-20, 120), st.integers(1, 200)), min_size=1, max_size=6),
    st.integers(1, 100),
)
def test_the_quality_equals_one_added_up_day_by_day(made, lasted):
    start = pd.Timestamp("2024-01-01")
    day = lambda number: start + pd.Timedelta(days=number)  # noqa: E731
    rows = sorted(dict(made).items())
    table = projects(actual_finish_date=[day(lasted)])
    quality = estimate_quality(
        estimates([(day(at), day(length)) for at, length in rows]), table, as_of="2025-12-31"
    )
    held = [[length for at, length in rows if at <= t] for t in range(lasted)]
    errors = [abs(lasted - lengths[-1]) for lengths in held if lengths]
    if sum(errors):
        assert quality.loc[0, "eqf"] == pytest.approx(lasted * len(errors) / sum(errors))
    else:
        assert pd.isna(quality.loc[0, "eqf"])


def test_without_a_finish_a_cost_cannot_be_held_against_its_estimates():
    """It is not known for how long the last estimate stood."""
    projects = pd.DataFrame(
        {
            "project_id": ["P1"],
            "name": ["One"],
            "status": ["done"],
            "actual_cost": [120.0],
            "currency": ["EUR"],
        }
    )
    made = pd.to_datetime(["2024-01-01", "2024-02-01"])
    estimates = pd.DataFrame(
        {"project_id": "P1", "made_date": made, "forecast_cost": [100.0, 110.0], "currency": "EUR"}
    )
    cost = estimate_quality(estimates, projects, as_of="2024-06-30").iloc[1]
    assert pd.isna(cost["eqf"])
    assert (cost["n_estimates"], cost["reason"]) == (2, "its finish is not known")
