import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binomtest, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from pmanalytics.intervals import newcombe, reliability, wilson

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


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
    ],
)
def test_a_difference_has_the_published_interval(counts, low, high):
    """Newcombe 1998, Statistics in Medicine 17:873–890, table II, method 10."""
    assert np.array(newcombe(*counts)) == pytest.approx([low, high], abs=5e-5)


def test_a_difference_has_its_worked_interval(examples):
    """M17."""
    low, high = newcombe(56, 70, 48, 80)
    expected = examples["M17"]["expected"]
    assert [56 / 70 - 48 / 80, low, high] == pytest.approx(expected, abs=5e-5)


def score_limits(k, n):
    """The two shares at which a score test of k of n just fails, found by search."""
    z, share = norm.ppf(0.975), k / n

    def miss(p):
        return (share - p) ** 2 * n - z**2 * p * (1 - p)

    low = 0.0 if k == 0 else brentq(miss, 0.0, share - 1e-9, xtol=1e-14)
    high = 1.0 if k == n else brentq(miss, share + 1e-9, 1.0, xtol=1e-14)
    return low, high


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_a_difference_equals_one_put_together_from_score_tests(now, then):
    (low_p, high_p), (low_q, high_q) = score_limits(*now), score_limits(*then)
    p, q = now[0] / now[1], then[0] / then[1]
    low = p - q - ((p - low_p) ** 2 + (high_q - q) ** 2) ** 0.5
    high = p - q + ((high_p - p) ** 2 + (q - low_q) ** 2) ** 0.5
    assert np.array(newcombe(*now, *then)) == pytest.approx([low, high], abs=1e-9)


@given(COUNTS, COUNTS)
def test_a_difference_holds_its_value_and_mirrors(now, then):
    low, high = newcombe(*now, *then)
    assert -1 - 1e-12 <= low <= now[0] / now[1] - then[0] / then[1] <= high <= 1 + 1e-12
    assert newcombe(*then, *now) == pytest.approx((-high, -low))


def test_a_difference_to_nothing_is_not_known():
    assert np.isnan(newcombe(3, 4, 0, 0)).all()


def test_small_counts_are_called_so():
    assert reliability([0, 4, 5, 19, 20]).tolist() == [
        "too_few", "too_few", "indicative", "indicative", "ok",
    ]  # fmt: skip


@given(COUNTS)
def test_wilson_equals_statsmodels(count):
    k, n = count
    published = proportion_confint(k, n, alpha=0.05, method="wilson")
    assert wilson(k, n) == pytest.approx(published, abs=1e-12)


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_a_difference_equals_statsmodels(now, then):
    published = confint_proportions_2indep(*now, *then, compare="diff", method="newcomb")
    assert newcombe(*now, *then) == pytest.approx(published, abs=1e-12)
