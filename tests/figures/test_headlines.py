"""Numbers at the head of a page: each with its range, what it rests on, and what can be claimed."""

import pandas as pd
import pytest

from pmanalytics import (
    attention,
    late_headline,
    open_commitments,
    overrun_headline,
    points_that_matter,
    project_outcomes,
    rate_change,
    rate_headline,
    rate_trend,
    variance_change,
    variance_headline,
    variance_trend,
)
from pmanalytics.schemas import Projects, dtypes, empty

AS_OF = "2024-07-15"
YEAR_AGO, NOW = ["2023-05-10"] * 20, ["2024-05-10"] * 20


def projects_of(**columns):
    n = len(next(iter(columns.values())))
    columns = {"project_id": [f"P{k}" for k in range(n)], "name": "Any", "status": "done"} | columns
    return empty(Projects).reindex(range(n)).assign(**columns).astype(dtypes(Projects))


def finished(due, days_late):
    due = pd.to_datetime(pd.Series(due))
    late = pd.to_timedelta(pd.Series(days_late), unit="D")
    return projects_of(baseline_finish_date=due, actual_finish_date=due + late)


def on_time(projects):
    options = {"as_of": AS_OF}
    trend = rate_trend(projects, window=4, **options)
    return rate_headline(trend, rate_change(projects, **options))


def slip(projects):
    options = {"as_of": AS_OF}
    trend = variance_trend(projects, window=4, **options)
    return variance_headline(trend, variance_change(projects, **options))


def test_a_rate_that_fell_says_so_with_its_interval():
    """20 of 20, then 5 of 20: 25 %, Wilson 11.2 to 46.9 %; Newcombe −88.8 to −47.8 points."""
    told = on_time(finished(YEAR_AGO + NOW, [0] * 25 + [9] * 15))
    assert (told.label, told.value, told.range) == ("On time", "25%", "11–47%")
    assert told.verdict == "▼ Worse"
    assert told.detail == "−75 points (−89 to −48) on 100% in the year before; 5 of 20"
    assert [round(value, 2) for _, value, _ in told.line] == [1.0, 0.25]


def test_of_few_projects_the_count_is_told_and_no_rate():
    told = on_time(finished(YEAR_AGO + NOW[:3], [0] * 22 + [9]))
    assert (told.value, told.verdict) == ("2 of 3", "")
    assert "%" not in told.value + told.range + told.detail


def test_without_a_project_due_lately_nothing_is_stated():
    told = on_time(finished(YEAR_AGO, [0] * 20))
    assert (told.value, told.range) == ("–", "")
    assert told.detail == "no project due in the last 4 complete quarters can be judged"


def test_of_a_history_shorter_than_the_window_what_is_known_is_told():
    """The records begin in the second quarter of 2024, so a year of them is not there."""
    young = finished(NOW, [0] * 5 + [9] * 15)
    assert on_time(young)[1:4] == ("5 of 20", "", "20 projects due in the last 4 complete quarters")
    assert slip(young)[1:4] == ("+9 days", "", "20 projects due in the last 4 complete quarters")


def test_the_typical_slip_is_the_median_with_what_it_was():
    """Twenty equal values: the median and both ends of its interval are that value."""
    told = slip(finished(YEAR_AGO + NOW, [0] * 20 + [40] * 20))
    assert (told.label, told.value, told.range) == ("Typical slip", "+40 days", "+40 to +40")
    assert told.verdict == "▼ Worse"
    assert told.detail.startswith("+40 days (+40 to +40) on 0 days in the year before; 85% at +40")


def test_of_few_slips_none_is_typical():
    told = slip(finished(YEAR_AGO + NOW[:3], [0] * 20 + [1, 2, 3]))
    assert (told.value, told.range, told.detail) == ("–", "too few to tell", "3 projects")


@pytest.fixture
def four():
    """Return two late ones with budgets, one of them without a forecast, one not due, one done."""
    return projects_of(
        name=["A", "B", "C", "D"],
        status=["open", "open", "open", "done"],
        baseline_finish_date=["2024-07-05", "2024-05-06", "2024-12-31", "2024-01-31"],
        actual_finish_date=[None, None, None, "2024-01-31"],
        baseline_budget=[100.0, 200.0, 400.0, 800.0],
        forecast_cost=[150.0, None, 390.0, 900.0],
        currency="EUR",
    )  # fmt: skip


def stated(headline_of, projects):
    committed = open_commitments(projects, as_of=AS_OF)
    return headline_of(committed, project_outcomes(projects, as_of=AS_OF))


def test_open_and_late_projects_are_counted_with_their_budgets(four):
    told = stated(late_headline, four)
    assert (told.value, told.range) == ("2 of 3", "a full count")
    assert told.detail == "300 EUR of 700 EUR open budgets; the longest by 70 days"
    assert told.bars == (70.0, 10.0)
    none = stated(late_headline, four[2:].reset_index(drop=True))
    assert (none.value, none.detail) == ("0 of 1", "none is late")


def test_the_overrun_is_of_the_open_projects_that_can_be_compared(four):
    """A 50 over 100, C 10 under 400: 40 of 500."""
    told = stated(overrun_headline, four)
    assert (told.value, told.range) == ("+40", "+8% of 500 EUR")
    assert told.detail.startswith("1 of 2 expected over budget")
    assert told.bars == pytest.approx((0.5, -0.025))


@pytest.mark.parametrize("headline_of", [late_headline, overrun_headline])
def test_without_projects_nothing_is_stated_of_open_ones(four, headline_of):
    told = stated(headline_of, four[:0])
    assert (told.value, told.range, told.detail) == ("–", "", "no projects")


def test_without_forecasts_no_overrun_is_stated(four):
    told = stated(overrun_headline, four.assign(forecast_cost=None).astype(dtypes(Projects)))
    assert (told.value, told.range, told.bars) == ("–", "not known", ())


def points_of(projects, stages):
    in_need = attention(projects, as_of=AS_OF)
    known = projects.assign(product=["Old"] * len(projects), product_stage=stages)
    known["needs_decision"] = known["project_id"].isin(in_need["project_id"])
    return points_that_matter(
        rate_change(projects, as_of=AS_OF),
        in_need,
        open_commitments(known, as_of=AS_OF, by="needs_decision"),
        open_commitments(known[known["product_stage"] == "Retired"], as_of=AS_OF, by="product"),
    )


def test_what_matters_is_the_change_the_decisions_and_money_for_what_ends(four):
    """A and B are past their dates, and their 300 of 700 wait for a decision."""
    change, decisions, ending = points_of(four, "Retired")
    assert change[0].startswith("Too few projects due")
    assert decisions[0].startswith("2 of 3 open projects need a decision, first ")
    assert decisions[1] == "300 EUR of 700 EUR in open budgets"
    assert ending[0] == (
        "700 EUR is committed to products being retired or retired, in 3 open projects: Old"
    )


def test_where_nothing_ends_nothing_is_said_of_it(four):
    assert len(points_of(four, "Market")) == 2
