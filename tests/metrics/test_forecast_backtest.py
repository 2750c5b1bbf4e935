import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, forecast_how_many, throughput_backtest
from pmanalytics.schemas import Throughput, ThroughputBacktests, empty

START = pd.Timestamp("2024-01-01")
AS_OF = "2026-12-31"
LEVELS = [0.5, 0.85, 0.95]


def weeks_of(counts, **columns):
    start = START + pd.to_timedelta(np.arange(len(counts)) * 7, unit="D")
    table = pd.DataFrame({"period_start_date": start, "n_days": 7, "throughput": counts})
    return table.assign(is_complete=True, **columns).astype({"throughput": "int64"})


def backtest(counts, horizon=1, **options):
    return throughput_backtest(weeks_of(counts), as_of=AS_OF, horizon=horizon, **options)


def test_coverage_loss_and_simple_rules_are_those_counted_by_hand():
    """Always 2 a week, then 1, 2 ahead: of origins 5 to 10 the last forecasts 4 and gets 3.

    Six origins; the loss of 1 item short weighs 1 − τ = 0.5, 0.85, 0.95.
    """
    table = backtest([2] * 11 + [1], horizon=2)
    assert table["quantile"].tolist() == LEVELS
    assert table["n"].tolist() == [6] * 3
    assert table["k"].tolist() == [5] * 3
    assert table["n_not_forecast"].tolist() == [4] * 3
    assert table["n_separate"].tolist() == [3] * 3
    for loss in ("loss", "mean_rate_loss", "last_rate_loss"):
        assert table[loss].tolist() == pytest.approx([0.5 / 6, 0.85 / 6, 0.95 / 6])
    assert table["mean_items"].tolist() == [4] * 3
    assert table["mean_below_half"].tolist() == [0] * 3
    assert set(table["reliability"]) == {"too_few"}


def test_the_simple_rules_take_the_mean_and_the_last_period():
    """Known 0, 0, 0, 0, 10; then 4 came. Mean rate 2, last rate 10; a miss of the half costs ½."""
    row = backtest([0, 0, 0, 0, 10, 4]).iloc[0]
    assert row["n"] == 1
    assert row["mean_rate_loss"] == pytest.approx(0.5 * 2)
    assert row["last_rate_loss"] == pytest.approx(0.5 * 6)
    assert row["mean_items"] == 0
    assert row["loss"] == pytest.approx(0.5 * 4)


def test_the_interval_is_that_of_the_forecasts_that_do_not_overlap():
    """Wilson of 20/20, not of 40/40: 0.8389 to 1 (1 ÷ (1 + z² ÷ 20))."""
    row = backtest([3] * 46, horizon=2).iloc[0]
    assert (row["n"], row["k"], row["n_separate"]) == (40, 40, 20)
    assert row["low"] == pytest.approx(1 / (1 + 1.959964**2 / 20), abs=1e-6)
    assert row["high"] == 1
    assert row["reliability"] == "ok"


def test_honest_forecasts_hold_about_as_often_as_they_promise():
    """Independent weeks: each level lies in its 95 % interval or below it, as items are whole."""
    counts = np.random.default_rng(5).poisson(6, 160)
    table = backtest(counts, horizon=1)
    assert (table["high"] >= table["quantile"]).all()
    assert (table["held_share"] - table["quantile"]).abs().max() < 0.1
    assert (table["loss"] < table["last_rate_loss"]).all()
    assert (table["loss"][1:] < table["mean_rate_loss"][1:]).all()


def test_after_a_team_slows_down_a_window_is_right_sooner():
    """From 8 a week to 2 after 20 weeks: the 15 origins before the break hold.

    Of all weeks most have 8 up to the last origin, so none after the break holds; of the last 5
    most do at the 3 origins next to it only.
    """
    counts = [8] * 20 + [2] * 20
    assert backtest(counts)["n"].iloc[0] == 35
    assert backtest(counts)["k"].iloc[0] == 15
    assert backtest(counts, window=5)["k"].iloc[0] == 15 + 17


@settings(deadline=None, max_examples=8)
@given(st.lists(st.integers(1, 6), min_size=7, max_size=14), st.integers(1, 2))
def test_each_forecast_is_the_one_that_could_have_been_made(counts, horizon):
    """What comes later changes no forecast: each equals `forecast_how_many` of that day."""
    held = []
    items = []
    for origin in range(5, len(counts) - horizon + 1):
        day = START + pd.Timedelta(days=7 * origin - 1)
        until = day + pd.Timedelta(days=7 * horizon)
        told = forecast_how_many(weeks_of(counts), as_of=day.date(), until=until.date())["items"]
        held.append(sum(counts[origin : origin + horizon]) >= told)
        items.append(told)
    table = backtest(counts, horizon)
    assert table["n"].tolist() == [len(held)] * 3
    assert table["k"].tolist() == np.sum(held, axis=0).tolist()
    assert table["mean_items"].tolist() == pytest.approx(np.mean(items, axis=0).tolist())


def test_what_lies_after_the_status_date_is_not_known():
    rows = weeks_of([2] * 12)
    table = throughput_backtest(rows, as_of=START + pd.Timedelta(days=62), horizon=1)
    assert table["n"].tolist() == [4] * 3


def test_groups_are_tested_apart():
    rows = pd.concat([weeks_of([2] * 11, team="A"), weeks_of([2] * 10 + [1], team="B")])
    table = throughput_backtest(rows, as_of=AS_OF, horizon=1, by="team")
    assert table["team"].tolist() == ["A"] * 3 + ["B"] * 3
    assert table["k"].tolist() == [6] * 3 + [5] * 3


@pytest.mark.parametrize("counts", [[3] * 5, [0] * 30, [9]])
def test_a_past_too_short_or_idle_has_no_score(counts):
    table = backtest(counts)
    assert table["n"].tolist() == [0] * 3
    assert table[["held_share", "low", "high", "loss", "mean_items"]].isna().all(axis=None)
    assert set(table["reason"]) == {
        "no past day with 5 periods and 5 finished items before it, and 1 after"
    }


def test_nothing_in_gives_nothing_out():
    table = throughput_backtest(empty(Throughput), as_of=AS_OF, horizon=4)
    assert table.columns.tolist() == [*ThroughputBacktests.to_schema().columns]
    assert table.empty


@pytest.mark.parametrize("horizon", [0, 1.5, True, "4", None])
def test_a_horizon_is_a_number_of_periods(horizon):
    with pytest.raises(PMAnalyticsError, match=r"^horizon=.* must be a whole number from 1"):
        backtest([2] * 12, horizon=horizon)
