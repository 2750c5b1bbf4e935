import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    on_budget_rate,
    on_time_rate,
    rate_change,
    rate_difference,
    rate_trend,
)
from pmanalytics.schemas import Projects, RateChanges, RateTrends, dtypes, empty

AS_OF = "2024-06-30"
DAYS = st.dates(pd.Timestamp("2022-06-01").date(), pd.Timestamp("2025-06-30").date())
MEASURES = ["on_time", "on_budget", "on_time_and_on_budget"]


def plan(due, finish, status="done"):
    """Return projects that were due and finished on these days."""
    table = empty(Projects).reindex(range(len(due)))
    ids = [f"P{number}" for number in range(len(due))]
    return table.assign(
        project_id=ids, name=ids, status=status, baseline_finish_date=due, actual_finish_date=finish
    ).astype(dtypes(Projects))


@st.composite
def portfolios(draw):
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["open", "on_hold", "done", "cancelled"]),
                st.none() | DAYS,
                st.none() | DAYS,
            ),
            max_size=25,
        )
    )
    status, due, finish = zip(*rows, strict=True) if rows else ((), (), ())
    return plan(list(due), list(finish), list(status))


def by_quarter(trend, *names):
    ends = trend["period_end_date"].dt.strftime("%Y-%m-%d")
    return dict(zip(ends, trend[[*names]].itertuples(index=False, name=None), strict=True))


def test_each_project_stands_in_the_quarter_it_was_due(twelve_projects):
    """FX-12 by hand; P07 is cancelled, P11 is due on the status date itself."""
    trend = rate_trend(twelve_projects, as_of=AS_OF)
    counts = by_quarter(trend, "k", "n", "n_cancelled", "n_not_due", "is_complete")
    assert counts == {
        "2023-06-30": (0, 1, 0, 0, True),
        "2023-09-30": (0, 0, 0, 0, True),
        "2023-12-31": (1, 2, 0, 0, True),
        "2024-03-31": (1, 1, 1, 0, True),
        "2024-06-30": (1, 3, 0, 1, False),
    }
    assert trend.loc[1, "reason"] == "no project can be judged"


def test_by_finish_date_the_open_ones_are_nowhere(twelve_projects):
    """P04, P09 and P11 are open; P07 was cancelled in 2023; P08 has no baseline."""
    trend = rate_trend(twelve_projects, as_of=AS_OF, cohort="finish")
    counts = by_quarter(trend, "k", "n", "n_cancelled", "n_missing_baseline")
    assert counts == {
        "2023-09-30": (0, 1, 0, 0),
        "2023-12-31": (1, 1, 1, 0),
        "2024-03-31": (1, 2, 0, 1),
        "2024-06-30": (2, 2, 0, 0),
    }


def test_a_window_takes_periods_together(twelve_projects):
    """Rolling years: 2 of 4 to March 2024, 3 of 6 to June."""
    trend = rate_trend(twelve_projects, as_of=AS_OF, window=4)
    assert by_quarter(trend, "k", "n") == {"2024-03-31": (2, 4), "2024-06-30": (3, 6)}
    assert trend["period_start_date"].astype("str").tolist() == ["2023-04-01", "2023-07-01"]


def test_months_and_years_are_periods_too(twelve_projects):
    years = rate_trend(twelve_projects, as_of=AS_OF, every="year")
    assert by_quarter(years, "k", "n", "is_complete") == {
        "2023-12-31": (1, 3, True),
        "2024-12-31": (2, 4, False),
    }
    months = rate_trend(twelve_projects, as_of=AS_OF, every="month")
    assert len(months) == 13
    assert by_quarter(months, "k", "n")["2024-04-30"] == (1, 2)


def test_the_latest_plan_has_its_own_cohorts(twelve_projects):
    """P02 was moved to the first quarter of 2024, where P03 and P08 are due as well."""
    trend = rate_trend(twelve_projects, as_of=AS_OF, basis="rebaselined")
    assert by_quarter(trend, "k", "n")["2024-03-31"] == (3, 3)


def test_a_period_is_complete_when_its_last_day_is_past_with_the_grace():
    due = pd.Timestamp("2024-03-31")
    for as_of, grace, is_complete in (
        ("2024-03-31", 0, False),
        ("2024-04-01", 0, True),
        ("2024-04-10", 10, False),
        ("2024-04-11", 10, True),
    ):
        trend = rate_trend(plan([due], [due]), as_of=as_of, grace_days=grace)
        assert trend["is_complete"].iloc[0] == is_complete


@settings(deadline=None, max_examples=15)
@given(portfolios(), st.sampled_from(["month", "quarter", "year"]), st.integers(0, 40))
def test_the_periods_add_up_to_all_that_was_due(projects, every, grace):
    trend = rate_trend(projects, as_of=AS_OF, every=every, grace_days=grace)
    end = {"month": "2024-06-30", "quarter": "2024-06-30", "year": "2024-12-31"}[every]
    inside = projects[projects["baseline_finish_date"] <= end]
    whole = on_time_rate(inside, as_of=AS_OF, grace_days=grace)
    counts = ["k", "n", "n_early", "n_not_due", "n_cancelled", "n_invalid", "n_on_hold"]
    assert trend[counts].sum().tolist() == whole[counts].sum().tolist()
    done = trend[trend["is_complete"]]
    assert done["n_not_due"].sum() + done["n_early"].sum() == 0


@settings(deadline=None, max_examples=8)
@given(portfolios(), st.integers(1, 5))
def test_a_window_is_the_sum_of_its_periods(projects, window):
    single = rate_trend(projects, as_of=AS_OF)
    rolling = rate_trend(projects, as_of=AS_OF, window=window)
    for name in ("k", "n", "n_cancelled"):
        sums = np.convolve(single[name], np.ones(window), "valid") if len(single) >= window else []
        assert rolling[name].tolist() == [*sums]


def a_year(now, then, *, open_now=0):
    """Return projects of two years to June 2024: (on time, late) finished ones, and open ones."""
    days = [("2024-05-31", *now), ("2023-05-31", *then)]
    due, finish = [], []
    for day, n_on_time, n_late in days:
        due += [day] * (n_on_time + n_late)
        late = str(pd.Timestamp(day) + pd.Timedelta(days=9))[:10]
        finish += [day] * n_on_time + [late] * n_late
    due += ["2024-05-31"] * open_now
    status = ["done"] * len(finish) + ["open"] * open_now
    finish = pd.to_datetime(pd.Series(finish + [None] * open_now))
    return plan(pd.to_datetime(pd.Series(due)), finish, status)


def test_the_last_year_is_compared_with_the_one_before():
    """56 of 70 against 48 of 80 is M17: up 20 points (5 to 33), in both views."""
    change = rate_change(a_year((56, 14), (48, 32)), as_of="2024-07-01")
    assert change["cohort"].tolist() == ["due", "finish"]
    assert change["verdict"].tolist() == ["better", "better"]
    row = change.iloc[0]
    assert [row["difference"], row["low"], row["high"]] == pytest.approx(
        [0.2, 0.0524, 0.3339], abs=5e-5
    )
    dates = ["then_start_date", "then_end_date", "now_start_date", "now_end_date"]
    assert [str(row[name].date()) for name in dates] == [
        "2022-07-01", "2023-06-30", "2023-07-01", "2024-06-30",
    ]  # fmt: skip


def test_on_its_last_day_a_quarter_is_not_compared_yet():
    change = rate_change(a_year((56, 14), (48, 32)), as_of="2024-06-30")
    assert change["now_end_date"].astype("str").tolist() == ["2024-03-31"] * 2


@pytest.mark.parametrize(
    ("now", "then", "verdict"),
    [
        ((14, 56), (48, 32), "worse"),
        ((30, 40), (40, 40), "no_clear_change"),
        ((4, 0), (0, 80), "too_few"),
        ((0, 0), (48, 32), "too_few"),
    ],
)
def test_the_verdict_depends_on_the_evidence(now, then, verdict):
    change = rate_change(a_year(now, then), as_of="2024-07-01")
    assert change["verdict"].tolist() == [verdict] * 2


def test_no_change_is_claimed_where_the_views_disagree():
    """30 late ones are still open: by due date 30 of 60 after 60 of 60, by finish date 30 of 30."""
    change = rate_change(a_year((30, 0), (60, 0), open_now=30), as_of="2024-07-01")
    assert change["seen"].tolist() == ["worse", "no_clear_change"]
    assert change["verdict"].tolist() == ["no_clear_change"] * 2
    assert not change["views_agree"].any()


def test_two_groups_are_compared_by_their_rates():
    projects = a_year((56, 14), (48, 32)).assign(line=["A"] * 70 + ["B"] * 80)
    rates = on_time_rate(projects, as_of=AS_OF, by="line")
    row = rate_difference(rates[rates["line"] == "B"], rates[rates["line"] == "A"]).iloc[0]
    assert (row["rate_then"], row["rate_now"], row["verdict"]) == (0.6, 0.8, "better")


def test_rates_that_do_not_fit_are_not_compared(twelve_projects):
    due = on_time_rate(twelve_projects, as_of=AS_OF)
    finished = on_time_rate(twelve_projects, as_of=AS_OF, population="finished")
    with pytest.raises(PMAnalyticsError, match="one measure, basis, population"):
        rate_difference(due, finished)
    with pytest.raises(PMAnalyticsError, match="one measure, basis, population"):
        rate_difference(due, pd.concat([due, due]))
    weighted = on_time_rate(twelve_projects, as_of=AS_OF, weights="baseline_budget")
    with pytest.raises(PMAnalyticsError, match="leave out the weights"):
        rate_difference(weighted, weighted)


def test_a_rate_withheld_is_compared_with_nothing(twelve_projects):
    open_only = twelve_projects.assign(status="open", actual_finish_date=pd.NaT)
    rate = on_time_rate(open_only, as_of=AS_OF)
    assert rate_difference(rate, rate)["verdict"].tolist() == ["too_few"]


def test_without_projects_there_is_no_trend_and_no_claim():
    trend = rate_trend(empty(Projects), as_of=AS_OF)
    assert trend.empty
    assert set(trend) == set(dtypes(RateTrends))
    change = rate_change(empty(Projects), as_of=AS_OF)
    assert set(change) == set(dtypes(RateChanges))
    assert change["verdict"].tolist() == ["too_few"] * 2


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("cohort", ["due", "finish"])
def test_one_project_and_all_cancelled_are_borne(twelve_projects, measure, cohort):
    one = rate_trend(twelve_projects.head(1), as_of=AS_OF, measure=measure, cohort=cohort)
    assert one["n"].sum() == 1
    cancelled = twelve_projects.drop(index=8).assign(status="cancelled")  # P09 finishes later
    gone = rate_trend(cancelled, as_of=AS_OF, measure=measure, cohort=cohort)
    assert gone["rate"].isna().all()
    assert gone["n_cancelled"].sum() == 8


def test_the_budget_has_trends_of_its_own(twelve_projects):
    """By the year due: P01 in, P02 P10 over; in 2024 P06 P12 in, P03 P04 P11 over."""
    trend = rate_trend(twelve_projects, as_of=AS_OF, measure="on_budget", every="year")
    assert trend[["k", "n"]].to_numpy().tolist() == [[1, 3], [2, 5]]
    whole = on_budget_rate(twelve_projects, as_of=AS_OF)
    assert trend[["k", "n"]].sum().tolist() == whole.loc[0, ["k", "n"]].tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"cohort": "start"},
        {"every": "week"},
        {"window": 0},
        {"window": 1.5},
        {"measure": "in_scope"},
        {"basis": "latest"},
    ],
)
def test_an_unknown_option_is_refused_in_words(twelve_projects, options):
    with pytest.raises(PMAnalyticsError, match=next(iter(options))):
        rate_trend(twelve_projects, as_of=AS_OF, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": "due"}, "has that of its cohort"),
        ({"grace_days": "3"}, "must be a number"),
        ({"weights": "baseline_budget"}, "no option 'weights'"),
    ],
)
def test_an_impossible_option_of_a_period_is_refused_in_words(twelve_projects, options, message):
    for rate in (rate_trend, rate_change):
        with pytest.raises(PMAnalyticsError, match=message):
            rate(twelve_projects, as_of="2024-06-30", **options)
