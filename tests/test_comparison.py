import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import survdiff
from statsmodels.stats.multitest import multipletests

from pmanalytics.comparison import holm, log_rank

PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
SIX_MP = ("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+").split()  # noqa: SIM905
LIVES = st.lists(
    st.tuples(st.integers(1, 12), st.booleans(), st.booleans()), min_size=2, max_size=40
)


def test_the_published_trial_has_the_published_statistic():
    """Freireich 1963: chi-squared 16.79 between placebo and 6-MP."""
    time = PLACEBO + [float(mark.rstrip("+")) for mark in SIX_MP]
    ended = [True] * 21 + [not mark.endswith("+") for mark in SIX_MP]
    is_second = [False] * 21 + [True] * 21
    found = log_rank(time, ended, is_second, np.zeros(42, dtype=int), 1)
    assert found.chi_squared[0] == pytest.approx(16.79, abs=0.005)
    assert found.observed[0] == 9
    assert found.expected[0] == pytest.approx(19.25, abs=0.005)  # ends expected under 6-MP


@given(LIVES)
def test_statistic_and_p_value_equal_those_of_statsmodels(lives):
    time, ended, is_second = np.array(lives, dtype=int).T
    found = log_rank(time, ended, is_second, np.zeros(len(time), dtype=int), 1)
    if len({*is_second}) < 2 or np.isnan(found.chi_squared[0]):
        return
    chi_squared, p_value = survdiff(time, ended, is_second)
    assert found.chi_squared[0] == pytest.approx(chi_squared)
    assert found.p_value[0] == pytest.approx(p_value)


@given(LIVES, LIVES)
def test_groups_do_not_touch_each_other(one, other):
    apart = [
        log_rank(*np.array(lives).T, np.zeros(len(lives), dtype=int), 1) for lives in (one, other)
    ]
    group = np.repeat([0, 1], [len(one), len(other)])
    together = log_rank(*np.array(one + other).T, group, 2)
    expected = [found.chi_squared[0] for found in apart]
    assert together.chi_squared == pytest.approx(expected, nan_ok=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusted_p_values_equal_those_of_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_what_was_no_test_takes_no_part_in_the_adjustment():
    assert holm([0.01, np.nan, 0.04]).tolist() == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
