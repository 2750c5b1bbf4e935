import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from pmanalytics.survival import (
    conditional_quantiles,
    ends_after,
    kaplan_meier,
    quantiles,
    restricted_means,
    survival_at,
)

LIVES = st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=40)


def read(example):
    """Return times and whether each end was seen; a + marks a life still going on."""
    marks = example["input"].removeprefix("t=").split(",")
    return [float(mark.rstrip("+")) for mark in marks], [not mark.endswith("+") for mark in marks]


def of_one_group(time, ended):
    return kaplan_meier(time, ended, np.zeros(len(time), dtype=int))


def test_a_stage_with_open_items_has_the_worked_curve(examples):
    """M24: median 15 although those that ended have a median of 12; 85 % is not reached."""
    curve = of_one_group(*read(examples["M24"]))
    assert curve.survival == pytest.approx(examples["M24"]["expected"][:5])
    assert quantiles(curve, 1, 0.5)[0, 0] == examples["M24"]["expected"][5]
    assert np.isnan(quantiles(curve, 1, 0.85)[0, 0])


def test_the_published_leukaemia_table_comes_out(examples):
    """M25: Freireich 1963, the 6-MP arm."""
    curve = of_one_group(*read(examples["M25"]))
    *survival, median = examples["M25"]["expected"]
    assert curve.survival == pytest.approx(survival, abs=5e-5)
    assert quantiles(curve, 1, 0.5)[0, 0] == median


@given(LIVES)
def test_curve_and_band_equal_scipy(lives):
    time, ended = np.array(lives, dtype=float).T
    curve = of_one_group(time, ended)
    theirs = ecdf(CensoredData.right_censored(time, ended == 0)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns where the band ends
        band = theirs.confidence_interval(0.95, method="log-log")
    assert curve.survival == pytest.approx(theirs.evaluate(curve.time))
    assert curve.low == pytest.approx(band.low.evaluate(curve.time), nan_ok=True)
    assert curve.high == pytest.approx(band.high.evaluate(curve.time), nan_ok=True)


@given(st.lists(LIVES, min_size=2, max_size=5))
def test_groups_do_not_touch_each_other(groups):
    rows = [(t, e, g) for g, lives in enumerate(groups) for t, e in lives]
    together = kaplan_meier(*np.array(rows).T)
    for g, lives in enumerate(groups):
        alone = of_one_group(*np.array(lives, dtype=float).T)
        assert together.survival[together.group == g] == pytest.approx(alone.survival)


@given(st.integers(1, 60))
def test_median_of_ended_lives_is_the_middle_one(n):
    """A float product lands just above one half for many even n (24, 28, 30 …)."""
    curve = of_one_group(np.arange(1, n + 1), np.ones(n, dtype=bool))
    assert quantiles(curve, 1, 0.5)[0, 0] == np.quantile(
        np.arange(1, n + 1), 0.5, method="inverted_cdf"
    )


def test_percentile_of_ended_items_is_an_observation(examples):
    """M27: the smallest value not exceeded by at least 85 % (50 %)."""
    days = [float(day) for day in examples["M27"]["input"].split(",")]
    curve = of_one_group(days, [True] * len(days))
    expected = dict(
        zip(examples["M27"]["expected_names"], examples["M27"]["expected"], strict=True)
    )
    assert quantiles(curve, 1, 0.85)[0, 0] == expected["P85_inverted_cdf"]
    assert quantiles(curve, 1, 0.5)[0, 0] == expected["P50_inverted_cdf"]


@given(LIVES)
def test_an_item_seen_for_no_time_changes_nothing(lives):
    time, ended = np.array(lives, dtype=float).T
    alone = of_one_group(time, ended)
    joined = of_one_group(np.r_[time, 0.0], np.r_[ended, 0])
    assert joined.survival == pytest.approx(alone.survival)


def test_nothing_gives_nothing():
    assert len(of_one_group([], []).time) == 0
    assert np.isnan(quantiles(of_one_group([3.0], [False]), 1, 0.5)).all()


@given(st.lists(LIVES, min_size=1, max_size=4), st.integers(0, 21), st.sampled_from([0.5, 0.8]))
def test_who_has_come_so_far_is_compared_with_those_who_went_on(groups, reached, share):
    """The curve given a time is the curve of those that were seen after it."""
    rows = [(t, e, g) for g, lives in enumerate(groups) for t, e in lives]
    curves = kaplan_meier(*np.array(rows).T)
    at, n = np.full(len(groups), reached), np.arange(len(groups))
    found = conditional_quantiles(curves, n, at, share)
    for g, lives in enumerate(groups):
        later = [(t, e) for t, e in lives if t > reached]
        expected = np.nan
        if later:
            expected = quantiles(of_one_group(*np.array(later, dtype=float).T), 1, share)[0, 0]
        assert found[g] == pytest.approx(expected, nan_ok=True)
    n_later = [sum(e for t, e in lives if t > reached) for lives in groups]
    assert ends_after(curves, n, at).tolist() == n_later


@given(LIVES, st.integers(0, 21))
def test_the_share_at_a_time_equals_scipy(lives, time):
    ends, ended = np.array(lives, dtype=float).T
    theirs = ecdf(CensoredData.right_censored(ends, ended == 0)).sf.evaluate([time])
    assert survival_at(of_one_group(ends, ended), [0], [time]) == pytest.approx(theirs)


def test_the_worked_mean_up_to_thirty_days(examples):
    """M24."""
    curve = of_one_group(*read(examples["M24"]))
    assert restricted_means(curve, [30])[0, 0] == pytest.approx(examples["M24"]["expected"][6])


@given(LIVES)
def test_the_mean_up_to_a_horizon_is_the_area_under_the_curve(lives):
    """Summed here day by day, since these times are whole days."""
    time, ended = np.array(lives, dtype=float).T
    curve = of_one_group(time, ended)
    horizon = time.max()
    zeros = np.zeros(int(horizon), dtype=int)
    area = survival_at(curve, zeros, np.arange(horizon)).sum()
    mean, low, high = restricted_means(curve, [horizon])[0]
    assert mean == pytest.approx(area)
    assert np.isnan(low) or 0 <= low <= mean <= high <= horizon


@given(st.lists(st.integers(1, 20), min_size=2, max_size=30))
def test_where_nothing_is_open_the_mean_is_the_plain_one(times):
    """And its error that of a mean: Greenwood's variance is then Σ (x − mean)² ÷ n²."""
    time = np.array(times, dtype=float)
    mean, low, _ = restricted_means(of_one_group(time, time > 0), [time.max()])[0]
    assert mean == pytest.approx(time.mean())
    if time.std() > 0:
        error = time.std() / np.sqrt(len(time))
        assert low == pytest.approx(max(mean - 1.959963985 * error, 0))


def test_of_24_different_times_the_12th_is_the_median():
    """A product of fractions ends just above a half, which must not move it to the 13th."""
    time = np.arange(1, 25)
    assert quantiles(of_one_group(time, time > 0), 1, 0.5)[0, 0] == 12
