import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pmanalytics.intervals import wilson

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_gives_the_published_intervals(examples):
    """M16: the values of Newcombe 1998, table I."""
    k, n = [81, 15, 0, 1, 5], [263, 148, 20, 29, 5]
    low, high = wilson(k, n)
    assert np.c_[low, high] == pytest.approx(np.array(examples["M16"]["expected"]), abs=5e-5)


@given(COUNTS)
def test_wilson_equals_scipy(count):
    k, n = count
    low, high = wilson(k, n)
    published = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((published.low, published.high), abs=1e-12)


@given(COUNTS)
def test_wilson_holds_the_share_and_mirrors_failures(count):
    k, n = count
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low))


@given(COUNTS, st.integers(2, 10))
def test_wilson_narrows_with_more_of_the_same(count, times):
    k, n = count
    low, high = wilson(k, n)
    low_of_many, high_of_many = wilson(k * times, n * times)
    assert high_of_many - low_of_many < high - low


def test_wilson_knows_nothing_of_no_trials():
    """0 of 0 is neither 0 % nor 100 %."""
    assert np.isnan(wilson(0, 0)).all()
