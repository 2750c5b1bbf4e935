import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, forecast_how_many, forecast_when
from pmanalytics.schemas import CompletionForecasts, CountForecasts, Throughput, empty

START = pd.Timestamp("2024-01-01")
AS_OF = "2024-12-31"
WORKED = [0, 1, 1, 3] * 2
COUNTS = st.lists(st.integers(0, 5), min_size=5, max_size=20).filter(lambda c: sum(c) >= 5)


def weeks_of(counts, n_days=7, **columns):
    """Return complete periods with so many finished items, the first on 2024-01-01."""
    start = START + pd.to_timedelta(np.arange(len(counts)) * n_days, unit="D")
    table = pd.DataFrame({"period_start_date": start, "n_days": n_days, "throughput": counts})
    return table.assign(is_complete=True, **columns).astype({"throughput": "int64"})


def when(counts, backlog=4, **options):
    return forecast_when(weeks_of(counts), as_of=AS_OF, backlog=backlog, **options)


def how_many(counts, until="2025-01-21", **options):
    return forecast_how_many(weeks_of(counts), as_of=AS_OF, until=until, **options)


def test_the_worked_backlog_is_done_when_it_should_be(examples):
    """M37, in weeks after 31 Dec 2024: 3, 5 and 7 weeks are 21 and 35 days and 49 days on."""
    table = when(WORKED)
    assert table["quantile"].tolist() == [0.5, 0.85, 0.95]
    assert table["periods"].tolist() == examples["M37"]["expected"][-3:]
    assert table["finish_date"].astype(str).tolist() == ["2025-01-21", "2025-02-04", "2025-02-18"]
    exact = np.array([0.53125, 0.8672, 0.9683])
    assert table["done_share"].tolist() == pytest.approx(exact, abs=0.02)
    assert table["done_share_error"].tolist() == pytest.approx(
        np.sqrt(exact * (1 - exact) / 10_000), abs=2e-4
    )
    told = table.iloc[0]
    assert (told["n_periods"], told["n_finished"], told["n_trials"]) == (8, 10, 10_000)
    assert str(told["history_start_date"].date()) == "2024-01-01"
    assert str(told["history_end_date"].date()) == "2024-02-25"
    assert told["reliability"] == "indicative"


def test_the_worked_days_finish_as_many_as_they_should(examples):
    """M38, in days."""
    days = weeks_of(WORKED, n_days=1)
    table = forecast_how_many(days, as_of="2024-01-08", until="2024-01-11")
    assert table["items"].tolist() == examples["M38"]["expected"]
    assert (table["reached_share"] >= table["quantile"]).all()


def test_a_daily_forecast_counts_calendar_days():
    table = forecast_when(weeks_of([2] * 10, n_days=1), as_of="2024-02-28", backlog=6)
    assert table["finish_date"].astype(str).unique().tolist() == ["2024-03-02"]


def test_of_a_last_period_that_the_date_cuts_nothing_counts():
    assert how_many([2] * 5, until="2025-01-20")["items"].tolist() == [4, 4, 4]
    assert how_many([2] * 5, until="2025-01-21")["items"].tolist() == [6, 6, 6]
    cut = how_many([2] * 5, until="2025-01-06")
    assert cut["items"].isna().all()
    assert set(cut["reason"]) == {"no whole period lies before that date"}


def test_weeks_without_a_finish_put_the_date_off():
    """With every other week idle, a backlog of 10 at 1 a week takes 20 weeks, not 10."""
    assert when([1] * 10, backlog=10)["periods"].tolist() == [10, 10, 10]
    assert when([1, 0] * 10, backlog=10)["periods"].iloc[0] in (19, 20)


def test_only_complete_weeks_known_by_the_status_date_count():
    rows = weeks_of([2] * 6 + [50, 50])
    rows["is_complete"] = [False, *[True] * 7]
    table = forecast_when(rows, as_of="2024-02-17", backlog=20)
    assert table["n_periods"].tolist() == [5] * 3
    assert table["periods"].tolist() == [10] * 3
    a_day_later = forecast_when(rows, as_of="2024-02-18", backlog=20)
    assert a_day_later["n_periods"].tolist() == [6] * 3


def test_a_window_takes_the_last_weeks():
    table = when([9] * 10 + [2] * 5, backlog=20, window=5)
    assert table["periods"].tolist() == [10] * 3
    assert table["history_start_date"].iloc[0] == START + pd.Timedelta(weeks=10)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([9] * 4, "too few: 4 complete periods with 36 finished items, 5 of each needed"),
        ([1] + [0] * 9, "too few: 10 complete periods with 1 finished item, 5 of each needed"),
        ([0] * 30, "too few: 30 complete periods with 0 finished items, 5 of each needed"),
    ],
)
def test_too_little_is_no_forecast(counts, reason):
    dates, items = when(counts), how_many(counts)
    for table, answer in ((dates, "finish_date"), (items, "items")):
        assert table[answer].isna().all()
        assert set(table["reason"]) == {reason}
        assert set(table["reliability"]) == {"too_few"}
        assert set(table["n_trials"]) == {0}


def test_five_periods_with_five_items_are_enough():
    assert when([1] * 5)["periods"].tolist() == [4] * 3
    assert how_many([1] * 5)["items"].tolist() == [3] * 3


def test_beyond_five_years_is_not_reached():
    """Five years have 260 whole weeks."""
    assert when([1] * 5, backlog=260)["periods"].tolist() == [260] * 3
    late = when([1] * 5, backlog=261)
    assert late["finish_date"].isna().all()
    assert set(late["reason"]) == {"not reached within 5 years"}
    far = how_many([1] * 5, until="2030-01-01")
    assert set(far["reason"]) == {"more than 5 years ahead"}


def test_each_group_has_its_own_backlog_and_draws_alone():
    rows = pd.concat([weeks_of([1] * 6, team="A"), weeks_of([0, 4, 1, 2, 0, 3], team="B")])
    backlog = pd.Series({"A": 3, "B": 30, "C": 7})
    table = forecast_when(rows, as_of=AS_OF, backlog=backlog, by="team")
    assert table["team"].tolist() == ["A"] * 3 + ["B"] * 3 + ["C"] * 3
    assert table["backlog"].tolist() == [3] * 3 + [30] * 3 + [7] * 3
    assert table["periods"].tolist()[:3] == [3, 3, 3]
    alone = when([0, 4, 1, 2, 0, 3], backlog=30)
    assert table["periods"].tolist()[3:6] == alone["periods"].tolist()
    assert table["reason"].iloc[-1].startswith("too few: 0 complete periods with 0 finished items")
    same = forecast_when(rows, as_of=AS_OF, backlog={"A": 3, "B": 30, "C": 7}, by=["team"])
    pd.testing.assert_frame_equal(table, same)


def test_groups_of_two_columns_are_named_by_both():
    rows = pd.concat([weeks_of([1] * 6, team="A", kind=kind) for kind in ("bug", "story")])
    backlog = {("A", "bug"): 2, ("A", "story"): [4, 4]}
    table = forecast_when(rows, as_of=AS_OF, backlog=backlog, by=["team", "kind"])
    assert table["periods"].tolist() == [2] * 3 + [4] * 3
    everyone = forecast_when(rows, as_of=AS_OF, backlog=5, by=["team", "kind"])
    assert everyone["kind"].tolist() == ["bug"] * 3 + ["story"] * 3
    items = forecast_how_many(rows, as_of=AS_OF, until="2025-01-14", by=["team", "kind"])
    assert items["items"].tolist() == [2] * 6


def test_a_backlog_of_uncertain_size_widens_the_forecast():
    table = when([1] * 6, backlog=[10, 10, 10, 20])
    assert table["periods"].tolist() == [10, 20, 20]
    assert (table["backlog"].iloc[0], table["backlog_at_most"].iloc[0]) == (10, 20)


def test_an_empty_backlog_is_done_on_the_status_date():
    table = when(WORKED, backlog=0)
    assert table["periods"].tolist() == [0, 0, 0]
    assert table["finish_date"].astype(str).unique().tolist() == [AS_OF]


def test_nothing_in_gives_nothing_out():
    none = empty(Throughput)
    assert forecast_when(none, as_of=AS_OF, backlog=3).columns.tolist() == [
        *CompletionForecasts.to_schema().columns
    ]
    grouped = none.assign(team=pd.Series(dtype="str"))
    table = forecast_how_many(grouped, as_of=AS_OF, until=AS_OF, by="team")
    assert table.columns.tolist() == ["team", *CountForecasts.to_schema().columns]
    assert table.empty


@pytest.mark.parametrize(
    "backlog", [-1, 2.5, "4", None, True, [], [[1, 2], [3, 4]], [3, float("nan")], 10**7]
)
def test_a_backlog_is_a_count(backlog):
    with pytest.raises(PMAnalyticsError, match=r"^backlog=.* must be a whole number of items"):
        when(WORKED, backlog=backlog)


@pytest.mark.parametrize(
    ("backlog", "by"),
    [({"A": 3}, None), ({("A", "x"): 3}, "team"), (pd.Series([3, 4], index=["A", "A"]), "team")],
)
def test_a_backlog_by_group_names_each_once(backlog, by):
    with pytest.raises(PMAnalyticsError, match=r"^backlog must give each group once"):
        forecast_when(weeks_of(WORKED, team="A"), as_of=AS_OF, backlog=backlog, by=by)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 4}, "window=4 must be a whole number from 5 to 1826"),
        ({"seed": -1}, "seed=-1 must be a whole number"),
        ({"seed": 1.5}, "seed=1.5 must be a whole number"),
        ({"by": "team"}, "lacks: team"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(PMAnalyticsError, match=message):
        when(WORKED, **options)
    with pytest.raises(PMAnalyticsError, match=message):
        how_many(WORKED, **options)


def test_the_date_asked_about_is_a_date_to_come():
    with pytest.raises(PMAnalyticsError, match="until 'soon' is not a date"):
        how_many(WORKED, until="soon")
    with pytest.raises(PMAnalyticsError, match="lies before the status date, 2024-12-31"):
        how_many(WORKED, until="2024-12-30")


def test_periods_without_a_row_are_refused_for_they_may_be_idle_ones():
    with pytest.raises(PMAnalyticsError, match=r"of 2024-01-08 .* with 2024-01-22"):
        forecast_when(weeks_of(WORKED).drop(index=2), as_of=AS_OF, backlog=4)


def test_groups_that_nobody_named_are_refused():
    both = pd.concat([weeks_of(WORKED, team="A"), weeks_of(WORKED, team="B")])
    with pytest.raises(PMAnalyticsError, match="name the groups in by"):
        forecast_when(both, as_of=AS_OF, backlog=4)


def test_months_are_refused_for_they_differ():
    months = weeks_of([3] * 2).assign(
        period_start_date=pd.to_datetime(["2024-01-01", "2024-02-01"]), n_days=[31, 29]
    )
    with pytest.raises(PMAnalyticsError, match="periods of 29 and of 31 days"):
        forecast_when(months, as_of=AS_OF, backlog=4)


@settings(deadline=None, max_examples=10)
@given(COUNTS, st.integers(0, 40), st.integers(0, 40), st.randoms(use_true_random=False))
def test_more_is_never_earlier_and_surer_never_earlier_or_more(counts, backlog, extra, random):
    fewer, more = when(counts, backlog), when(counts, backlog + extra)
    never = np.iinfo("int64").max
    assert (fewer["periods"].fillna(never) <= more["periods"].fillna(never)).all()
    assert fewer["periods"].fillna(never).is_monotonic_increasing
    assert how_many(counts)["items"].is_monotonic_decreasing
    order = random.sample(range(len(counts)), len(counts))
    shuffled = weeks_of(counts).iloc[order]
    again = forecast_when(shuffled, as_of=AS_OF, backlog=backlog)
    pd.testing.assert_frame_equal(fewer, again)


def test_a_seed_decides_the_draw():
    counts = [0, 7, 1, 3, 12, 0, 2, 5]
    first = when(counts, backlog=90, seed=7)
    pd.testing.assert_frame_equal(first, when(counts, backlog=90, seed=7))
    assert first["done_share"].tolist() != when(counts, backlog=90, seed=8)["done_share"].tolist()
