"""Trials against the exact distribution, which for plain counts is a convolution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics.metrics.simulation import N_TRIALS, items_finished, periods_needed, within_which

WORKED = np.array([0, 1, 1, 3])
SHARES = (0.5, 0.85, 0.95)
# Of so many independent trials the empirical distribution strays farther than this in 7 of a
# million samples: 2·exp(−2·10 000·0.025²) (Massart 1990).
STRAY = 0.025
COUNTS = st.lists(st.integers(0, 6), min_size=1, max_size=12).filter(any)


def exact_totals(counts, n_periods):
    """Return the probability of each total of so many draws."""
    one = np.bincount(counts) / len(counts)
    total = np.ones(1)
    for _ in range(n_periods):
        total = np.convolve(total, one)
    return total


def exact_done_by(counts, backlog, n_periods):
    """Return the probability that the backlog is done after each of the first periods."""
    return np.array([exact_totals(counts, n)[backlog:].sum() for n in range(1, n_periods + 1)])


def test_the_exact_answer_is_the_worked_one(examples):
    """M37, M38: what the trials are held against is right itself."""
    *chances, p50, p85, p95 = examples["M37"]["expected"]
    exact = exact_done_by(WORKED, 4, 10)
    assert exact[:6] == pytest.approx(chances, abs=5e-5)
    assert [1 + np.argmax(exact >= share) for share in SHARES] == [p50, p85, p95]
    at_least = exact_totals(WORKED, 3)[::-1].cumsum()[::-1]
    most = [np.flatnonzero(at_least >= share)[-1] for share in SHARES]
    assert most == examples["M38"]["expected"]


@pytest.mark.parametrize("seed", range(8))
def test_trials_give_the_worked_answers(examples, seed):
    """M37, M38."""
    *chances, p50, p85, p95 = examples["M37"]["expected"]
    needed = periods_needed(WORKED, np.array([4]), 100, seed)
    done_by = [(needed <= n).mean() for n in range(1, 7)]
    assert done_by == pytest.approx(chances, abs=STRAY)
    assert within_which(needed).tolist() == [p50, p85, p95]
    assert (-within_which(-items_finished(WORKED, 3, seed))).tolist() == examples["M38"]["expected"]


@settings(deadline=None, max_examples=15, derandomize=True)
@given(COUNTS, st.integers(1, 15), st.integers(0, 2**32))
def test_trials_keep_to_the_exact_distribution(counts, backlog, seed):
    counts = np.array(counts)
    needed = periods_needed(counts, np.array([backlog]), 20, seed)
    done_by = np.array([(needed <= n).mean() for n in range(1, 21)])
    assert np.abs(done_by - exact_done_by(counts, backlog, 20)).max() < STRAY
    exact = exact_totals(counts, 4)
    seen = np.bincount(items_finished(counts, 4, seed), minlength=len(exact)) / N_TRIALS
    assert np.abs(seen.cumsum() - exact.cumsum()).max() < STRAY


@pytest.mark.parametrize("seed", range(4))
def test_equally_likely_sizes_mix_their_distributions(seed):
    needed = periods_needed(WORKED, np.array([2, 4, 8]), 30, seed)
    done_by = np.array([(needed <= n).mean() for n in range(1, 31)])
    exact = np.mean([exact_done_by(WORKED, size, 30) for size in (2, 4, 8)], axis=0)
    assert np.abs(done_by - exact).max() < STRAY


def test_what_is_not_done_in_the_longest_time_needs_one_period_more():
    assert set(periods_needed(np.array([1]), np.array([9]), 5, seed=1)) == {6}
    assert set(periods_needed(np.array([1]), np.array([5]), 5, seed=1)) == {5}


def test_an_empty_backlog_needs_no_period():
    assert set(periods_needed(WORKED, np.array([0]), 5, seed=1)) == {0}
