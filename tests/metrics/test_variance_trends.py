import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, rate_trend, variance_change, variance_trend
from pmanalytics.schemas import Projects, dtypes, empty

AS_OF = "2024-07-15"


def finished(due, days_late, **columns):
    """Return finished projects due on these days, and finished so many days after them."""
    ids = [f"P{number}" for number in range(len(due))]
    table = empty(Projects).reindex(range(len(ids)))
    due = pd.to_datetime(pd.Series(due, dtype="str"))
    finish = due + pd.to_timedelta(pd.Series(days_late, dtype="float"), unit="D")
    table = table.assign(project_id=ids, name=ids, status="done")
    table = table.assign(baseline_finish_date=due, actual_finish_date=finish, **columns)
    return table.astype(dtypes(Projects))


SIX = finished(["2024-02-10"] * 3 + ["2024-05-10"] * 3, [-3, 0, 5, 10, 20, 30])


def test_each_period_has_the_median_of_its_projects():
    """Of three values the second; no interval, for 2 · 0.5³ is more than 5 %."""
    trend = variance_trend(SIX, as_of=AS_OF)
    assert trend["median"].dropna().tolist() == [0, 20]
    assert trend["n"].tolist() == [3, 3, 0]
    assert trend["low"].isna().all()
    assert trend["is_complete"].tolist() == [True, True, False]


def test_a_window_takes_the_projects_of_several_periods_together():
    """Of six values the third; the whole range is the interval, as 2 · 0.5⁶ is 3 %."""
    trend = variance_trend(SIX, as_of=AS_OF, window=2)
    assert trend.loc[0, ["median", "low", "high", "p85", "n"]].tolist() == [5, -3, 30, 30, 6]
    assert trend["period_start_date"].dt.strftime("%F").tolist() == ["2024-01-01", "2024-04-01"]


def test_a_late_project_still_open_counts_with_what_is_certain():
    rows = SIX.assign(status=["open"] + ["done"] * 5)
    rows.loc[0, "actual_finish_date"] = pd.NaT
    trend = variance_trend(rows, as_of=AS_OF)
    assert trend.loc[0, ["n", "n_lower_bound", "median"]].tolist() == [3, 1, 5]
    assert variance_trend(rows, as_of=AS_OF, cohort="finish")["n"].tolist() == [2, 3, 0]


def test_a_change_is_claimed_only_where_both_views_show_it():
    """Old late projects finish together with punctual ones: worse by finish date alone."""
    year_ago, now = ["2023-05-10"] * 20, ["2024-05-10"] * 20
    assert variance_change(finished(year_ago + now, [0] * 20 + [40] * 20), as_of=AS_OF)[
        "verdict"
    ].tolist() == ["worse", "worse"]
    late = finished(year_ago + ["2022-05-10"] * 60 + now, [0] * 20 + [730] * 60 + [0] * 20)
    change = variance_change(late, as_of=AS_OF)
    assert change["seen"].tolist() == ["no_clear_change", "worse"]
    assert change["verdict"].tolist() == ["no_clear_change"] * 2
    assert not change["views_agree"].any()


def test_below_five_projects_on_a_side_nothing_is_compared():
    rows = finished(["2023-05-10"] * 4 + ["2024-05-10"] * 9, [0] * 4 + [30] * 9)
    change = variance_change(rows, as_of=AS_OF)
    assert change["verdict"].tolist() == ["too_few"] * 2
    assert change["low"].isna().all()
    assert change["difference"].tolist() == [30, 30]


def test_the_interval_of_the_difference_is_that_of_resampling():
    """Resampled here anew, by other random numbers."""
    random = np.random.default_rng(20240715)
    then, now = random.normal(0, 20, 60).round(), random.normal(12, 20, 60).round()
    rows = finished(["2023-05-10"] * 60 + ["2024-05-10"] * 60, [*then, *now])
    change = variance_change(rows, as_of=AS_OF).iloc[0]
    draws = [
        np.sort(random.choice(now, 60))[29] - np.sort(random.choice(then, 60))[29]
        for _ in range(4000)
    ]
    assert change[["low", "high"]].tolist() == pytest.approx(
        np.quantile(draws, [0.025, 0.975]), abs=2
    )


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(-40, 400)), max_size=30))
def test_periods_are_those_of_the_rates_and_hold_as_many_projects(drawn):
    due = [str(np.datetime64("2022-01-01") + days) for days, _ in drawn]
    rows = finished(due, [late for _, late in drawn])
    ours, rates = variance_trend(rows, as_of=AS_OF), rate_trend(rows, as_of=AS_OF)
    known = ours[["period_start_date", "period_end_date", "is_complete", "n"]]
    if len(ours):
        same = rates.merge(known, on=["period_start_date", "period_end_date", "is_complete"])
        assert len(same) == len(ours)
        assert (same["n_x"] <= same["n_y"]).all()
    assert ours["n"].sum() <= len(rows)


@pytest.mark.parametrize("wrong", [{"measure": "days"}, {"window": 0}, {"every": "week"}])
def test_unknown_options_are_refused(wrong):
    with pytest.raises(PMAnalyticsError, match=next(iter(wrong))):
        variance_trend(SIX, as_of=AS_OF, **wrong)


def test_no_projects_give_no_periods():
    assert variance_trend(empty(Projects), as_of=AS_OF).empty
    assert variance_change(empty(Projects), as_of=AS_OF)["verdict"].tolist() == ["too_few"] * 2
