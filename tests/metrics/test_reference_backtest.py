import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, reference_class_backtest
from pmanalytics.metrics import reference_backtest
from pmanalytics.schemas import Backtests, Projects, dtypes, empty

AS_OF = "2030-12-31"
ZERO = pd.Timestamp("2020-01-01")
COURSES = st.lists(
    st.tuples(st.integers(0, 900), st.integers(1, 400), st.sampled_from(["done", "cancelled"])),
    min_size=2,
    max_size=15,
)


def projects_of(courses):
    """Return projects from (day of start, days taken, status), planned for 100 days each."""
    start, took, status = zip(*courses, strict=True)
    begin = ZERO + pd.to_timedelta(pd.Series(start), unit="D")
    took = pd.Series(took, dtype=float)
    table = pd.DataFrame(
        {
            "project_id": [f"P{number}" for number in range(len(courses))],
            "name": "A project",
            "status": status,
            "project_class": "road",
            "baseline_start_date": begin,
            "baseline_finish_date": begin + pd.Timedelta(days=100),
            "actual_finish_date": begin + pd.to_timedelta(took, unit="D"),
            "baseline_budget": 100.0,
            "actual_cost": took,
            "currency": "EUR",
        }
    )
    lacking = {name: None for name in dtypes(Projects) if name not in table}
    return table.assign(**lacking).astype(dtypes(Projects))


def row_of(table, measure="duration", quantile=0.5):
    return table[(table["measure"] == measure) & (table["quantile"] == quantile)].iloc[0]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 400), min_size=2, max_size=20))
def test_leaving_one_out_equals_numpy_over_the_others(taken):
    table = reference_class_backtest(
        projects_of([(0, days, "done") for days in taken]),
        as_of=AS_OF, min_n=1, learned_from="all_others",
    )  # fmt: skip
    ratios = np.array(taken) / 100
    for share in (0.5, 0.8, 0.9):
        q = np.array(
            [
                np.quantile(np.delete(ratios, i), share, method="inverted_cdf")
                for i in range(len(ratios))
            ]
        )
        row = row_of(table, quantile=share)
        assert (row["n"], row["k"]) == (len(taken), (ratios <= q).sum())
        above, below = np.clip(ratios - q, 0, None), np.clip(q - ratios, 0, None)
        assert row["loss"] == pytest.approx((share * above + (1 - share) * below).mean())


def test_left_out_one_by_one_coverage_is_fixed_whatever_the_ratios():
    """Of 11 different ratios ⌈0.8 · 10⌉ = 8 are covered: so this is no test of a P80."""
    for taken in (range(11, 22), [1, 2, 3, 50, 60, 70, 80, 200, 300, 900, 901]):
        rows = projects_of([(0, days, "done") for days in taken])
        table = reference_class_backtest(rows, as_of=AS_OF, learned_from="all_others")
        assert [row_of(table, quantile=share)["k"] for share in (0.5, 0.8, 0.9)] == [5, 8, 9]


def test_a_forecast_knows_only_what_had_happened_by_then():
    """On day 200 B has finished at 1.5, A (from day 0) still runs at 2.0 and ends at 3.0 later.

    So C's P50 is 1.5 of {1.5, more than 2.0}, and its P80 is not reached. B could learn from
    nobody, A neither. C took 1.8: a miss by 0.3, of which the loss is half.
    """
    rows = projects_of([(0, 300, "done"), (20, 150, "done"), (200, 180, "done")])
    table = reference_class_backtest(rows, as_of=AS_OF, min_n=1)
    half, eighty = (row_of(table, quantile=share) for share in (0.5, 0.8))
    assert half[["n", "n_not_forecast", "k"]].tolist() == [1, 2, 0]
    assert half["loss"] == pytest.approx(0.5 * 0.3)
    assert half["plan_loss"] == pytest.approx(0.5 * 0.8)
    assert (eighty["n"], eighty["n_not_forecast"]) == (0, 3)
    assert eighty["reason"] == (
        "fewer than 1 finished others of its class were known, or too many were open"
    )


def test_a_project_cancelled_by_then_teaches_nothing_and_one_cancelled_later_was_open():
    """X (stopped on day 90) is out on day 200; Y (stopped on day 390) ran at 1.9 then."""
    known = [(0, 150, "done"), (200, 140, "done")]
    gone = reference_class_backtest(
        projects_of([*known, (10, 80, "cancelled")]), as_of=AS_OF, min_n=1
    )
    assert row_of(gone, quantile=0.9)["n"] == 1
    later = reference_class_backtest(
        projects_of([*known, (10, 380, "cancelled")]), as_of=AS_OF, min_n=1
    )
    assert row_of(later, quantile=0.5)["n"] == 1
    assert row_of(later, quantile=0.9)["n"] == 0


@settings(deadline=None, max_examples=15)
@given(COURSES, st.sampled_from(["finished_before", "all_others"]))
def test_every_finished_project_is_tested_or_counted(courses, learned_from):
    rows = projects_of(courses)
    table = reference_class_backtest(rows, as_of=AS_OF, min_n=2, learned_from=learned_from)
    n_done = (rows["status"] == "done").sum()
    assert (table["n"] + table["n_not_forecast"] == n_done).all()
    assert (table["k"] <= table["n"]).all()
    assert table["loss"].notna().eq(table["n"] > 0).all()
    shuffled = reference_class_backtest(rows[::-1], as_of=AS_OF, min_n=2, learned_from=learned_from)
    pd.testing.assert_frame_equal(table, shuffled)


def test_few_pairs_at_a_time_give_the_same_answer(monkeypatch):
    rows = projects_of([(day * 30, 50 + day * 7 % 90, "done") for day in range(40)])
    whole = reference_class_backtest(rows, as_of=AS_OF)
    monkeypatch.setattr(reference_backtest, "MOST_PAIRS", 100)
    pd.testing.assert_frame_equal(whole, reference_class_backtest(rows, as_of=AS_OF))
    assert (whole["n"] > 20).all()


def test_projects_without_a_class_are_not_tested():
    rows = projects_of([(0, days, "done") for days in range(11, 33)]).assign(project_class=None)
    table = reference_class_backtest(
        rows.astype(dtypes(Projects)), as_of=AS_OF, learned_from="all_others"
    )
    assert table["n"].tolist() == [0] * 6
    assert table["covered_share"].isna().all()


def test_no_projects_give_an_empty_table():
    table = reference_class_backtest(empty(Projects), as_of=AS_OF)
    assert table.empty
    assert list(table.columns) == ["project_class", *Backtests.to_schema().columns]


def test_an_impossible_option_is_refused_in_words():
    with pytest.raises(PMAnalyticsError, match="learned_from='all' is none of finished_before"):
        reference_class_backtest(empty(Projects), as_of=AS_OF, learned_from="all")


def test_who_finishes_on_the_day_of_a_start_is_known_by_then():
    """P0 ends on day 100. P1 starts that day; had it started a day earlier, nothing were known."""
    for start, n in ((100, 1), (99, 0)):
        courses = projects_of([(0, 100, "done"), (start, 100, "done")])
        row = row_of(reference_class_backtest(courses, as_of=AS_OF, min_n=1))
        assert (row["n"], row["n_not_forecast"]) == (n, 2 - n)
