import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, attention, load_projects, project_outcomes
from pmanalytics.schemas import Projects, dtypes, empty
from pmanalytics.schemas.attention import LESSER_FLAGS, SERIOUS_FLAGS

AS_OF = "2024-06-30"
DAYS = st.none() | st.dates(pd.Timestamp("2023-06-01").date(), pd.Timestamp("2025-06-30").date())
AMOUNTS = st.none() | st.integers(0, 200).map(float)


def projects(*rows):
    """Return projects, each as its differences from an open one that is on plan."""
    plain = {
        "name": "A project", "status": "open", "currency": "EUR",
        "baseline_start_date": "2024-01-01", "baseline_finish_date": "2024-12-31",
        "actual_start_date": "2024-01-01", "updated_date": "2024-06-29",
    }  # fmt: skip
    numbered = [plain | {"project_id": f"P{n}"} | row for n, row in enumerate(rows, 1)]
    return load_projects(pd.DataFrame(numbered))


def reasons(*rows, **options):
    table = attention(projects(*rows), as_of=AS_OF, **options)
    return table.set_index("project_id")["reasons"].to_dict()


@st.composite
def portfolios(draw):
    n = draw(st.integers(0, 20))
    column = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    ids = [f"P{number}" for number in range(n)]
    days = {
        name: column(DAYS)
        for name in (
            "baseline_start_date", "baseline_finish_date", "rebaselined_finish_date",
            "forecast_finish_date", "actual_start_date", "actual_finish_date", "updated_date",
        )
    }  # fmt: skip
    amounts = {
        name: column(AMOUNTS)
        for name in ("baseline_budget", "rebaselined_budget", "forecast_cost", "actual_cost")
    }
    table = empty(Projects).reindex(range(n)).assign(
        project_id=ids, name=ids, currency=column(st.sampled_from(["EUR", "USD"])),
        status=column(st.sampled_from(["open", "on_hold", "done", "cancelled"])),
        rebaseline_count=column(st.none() | st.integers(0, 4)), **days, **amounts,
    )  # fmt: skip
    return table.astype(dtypes(Projects))


@settings(deadline=None, max_examples=25)
@given(portfolios(), st.sampled_from(["baseline", "rebaselined"]))
def test_as_many_are_late_and_over_as_the_rates_count(table, basis):
    """The list and the rates must never tell two numbers."""
    listed = attention(table, as_of=AS_OF, basis=basis)
    outcomes = project_outcomes(table, as_of=AS_OF, basis=basis)
    assert listed["is_late_open"].sum() == (outcomes["on_time"] == "late_open").sum()
    assert listed["is_over_budget"].sum() == (outcomes["on_budget"] == "over_open").sum()


@settings(deadline=None, max_examples=25)
@given(portfolios())
def test_the_list_does_not_depend_on_the_order_of_the_rows(table):
    listed = attention(table, as_of=AS_OF)
    again = attention(table.iloc[::-1], as_of=AS_OF)
    pd.testing.assert_frame_equal(listed, again)
    assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
    assert ((listed["n_serious"] >= 1) | (listed["n_lesser"] >= 3)).all()


def test_each_serious_matter_is_told_in_words():
    """24 March to 30 June are 98 days; 1 March 2025 is 60 days after 31 December."""
    said = reasons(
        {"baseline_finish_date": "2024-03-24"},
        {"baseline_budget": 100, "actual_cost": 101},
        {"forecast_finish_date": "2025-03-01"},
        {"baseline_budget": 100, "forecast_cost": 122},
        {},
    )
    assert said == {
        "P1": "98 days past its baseline",
        "P2": "already over budget",
        "P3": "forecast 60 days after its due date",
        "P4": "forecast 22% over budget",
    }


def test_three_lesser_matters_together_are_listed_and_two_are_not():
    worst = {"status": "on_hold", "rebaseline_count": 3, "updated_date": "2024-05-20"}
    said = reasons(worst, worst | {"status": "open"})
    assert said == {"P1": "on hold; re-planned 3 times; no update for 41 days"}


def test_what_has_no_plan_or_no_beginning_is_a_lesser_matter():
    waiting = {
        "actual_start_date": "", "baseline_start_date": "2024-05-01", "baseline_finish_date": "",
        "updated_date": "2024-06-15",
    }  # fmt: skip
    said = reasons(waiting, {})
    assert said == {
        "P1": "no baseline; not started though its planned start has passed; no update for 15 days"
    }
    assert reasons(waiting | {"actual_cost": 5}, {}) == {}


def test_where_no_start_is_recorded_none_is_missed():
    """A table without starts cannot say that a project has not begun."""
    bare = {"actual_start_date": "", "status": "on_hold", "rebaseline_count": 2}
    table = attention(projects(bare), as_of=AS_OF)
    assert table.empty


def test_what_is_not_known_raises_no_flag():
    table = pd.DataFrame({"project_id": ["P1"], "name": ["Bare"], "status": ["open"]})
    assert attention(table, as_of=AS_OF).empty
    flags = attention(
        projects({"baseline_finish_date": "2024-03-24", "updated_date": ""}), as_of=AS_OF
    )
    assert flags[SERIOUS_FLAGS + LESSER_FLAGS].sum(axis="columns").tolist() == [1]


def test_thresholds_are_met_only_beyond_them():
    late = {"forecast_finish_date": "2025-01-30"}  # 30 days after 31 December
    assert reasons(late) == {}
    assert reasons(late, forecast_late_days=29) == {"P1": "forecast 30 days after its due date"}
    over = {"baseline_budget": 100, "forecast_cost": 120}
    assert reasons(over, forecast_over_share=0.19) == {"P1": "forecast 20% over budget"}
    tenth = {"baseline_budget": 100, "forecast_cost": 110}  # 1.1 - 1 is above 0.1 in binary
    assert reasons(tenth, forecast_over_share=0.1) == {}
    held = {"status": "on_hold", "rebaseline_count": 2, "updated_date": "2024-06-16"}
    assert reasons(held) == {}  # 14 days
    assert reasons(held, stale_after_days=13) == {
        "P1": "on hold; re-planned 2 times; no update for 14 days"
    }


def test_the_latest_plan_is_named_where_it_is_the_basis():
    row = {"baseline_finish_date": "2024-03-24", "rebaselined_finish_date": "2024-06-29"}
    assert reasons(row, basis="rebaselined") == {"P1": "1 day past its current due date"}


def test_two_serious_matters_come_before_one_and_the_farther_before_the_nearer():
    """Planned 366 days, 30 late: 8 %; 12 % over is farther, though the project is smaller."""
    rows = projects(
        {"baseline_start_date": "2023-06-01", "baseline_finish_date": "2024-05-31"},
        {"baseline_budget": 100, "actual_cost": 112, "currency": "USD"},
        {"baseline_finish_date": "2024-06-29", "baseline_budget": 9, "actual_cost": 9.1},
    )
    table = attention(rows, as_of=AS_OF)
    assert table["project_id"].tolist() == ["P3", "P2", "P1"]
    assert table["beyond_plan_share"].tolist() == pytest.approx([0.1 / 9, 0.12, 30 / 365])


def test_finished_and_cancelled_projects_need_no_decision():
    gone = {"baseline_finish_date": "2024-03-24", "actual_finish_date": "2024-05-01"}
    assert reasons(gone | {"status": "done"}, gone | {"status": "cancelled"}) == {}
    later = gone | {"status": "done", "actual_finish_date": "2024-07-05"}
    assert reasons(later) == {"P1": "98 days past its baseline"}


def test_an_impossible_threshold_is_refused():
    with pytest.raises(PMAnalyticsError, match="forecast_late_days=-1"):
        attention(projects({}), as_of=AS_OF, forecast_late_days=-1)
