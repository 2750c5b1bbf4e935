import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight

from pmanalytics.competing import cumulative_incidence
from pmanalytics.survival import kaplan_meier

LIVES = st.lists(st.tuples(st.integers(1, 15), st.integers(0, 2)), min_size=1, max_size=40)


def incidence(lives, way):
    """Return the share that ended in a way: 1 or 2; 0 means that it still goes on."""
    time, status = np.array(lives).T
    zeros = np.zeros(len(time), dtype=int)
    return cumulative_incidence(time, status == way, status == 3 - way, zeros)


def test_cancelled_is_an_end_not_a_stay_of_unknown_length(examples):
    """M26: half finished by day 3; one minus Kaplan–Meier would say 62.5 %."""
    lives = [(1, 1), (2, 2), (3, 1), (4, 0)]
    right, naive = examples["M26"]["expected"]
    assert incidence(lives, 1).share[-1] == pytest.approx(right)
    time, status = np.array(lives).T
    assert 1 - kaplan_meier(time, status == 1, [0] * 4).survival[-1] == pytest.approx(naive)


@given(LIVES)
def test_the_shares_equal_those_of_statsmodels(lives):
    time, status = np.array(lives).T
    if not status.any():
        return
    with np.errstate(all="ignore"):  # of the last end they divide by nobody left
        theirs = CumIncidenceRight(time, status)
    for way in {*status} - {0}:
        ours = incidence(lives, way)
        at = np.searchsorted(theirs.times, ours.time)
        assert ours.share == pytest.approx(theirs.cinc[way - 1][at])


@given(LIVES)
def test_all_ways_and_what_still_goes_on_make_up_the_whole(lives):
    time, status = np.array(lives).T
    curve = kaplan_meier(time, status > 0, np.zeros(len(time), dtype=int))
    total = incidence(lives, 1).share + incidence(lives, 2).share + curve.survival
    assert total == pytest.approx(np.ones(len(total)))


@given(st.lists(st.tuples(st.integers(1, 15), st.integers(1, 2)), min_size=1, max_size=40))
def test_where_nothing_is_open_the_share_is_the_plain_one(lives):
    time, status = np.array(lives).T
    found = incidence(lives, 1)
    plain = [((time <= at) & (status == 1)).mean() for at in found.time]
    assert found.share == pytest.approx(plain)
    p, n = found.share, len(time)
    is_inside = (p > 0) & (p < 1 - 1e-9)
    spread = 1.959963985 * np.sqrt(p * (1 - p) / n)[is_inside]
    log = p[is_inside] * np.log(p[is_inside])  # negative, so the higher power is the lower end
    assert found.low[is_inside] == pytest.approx(p[is_inside] ** np.exp(-spread / log))
    assert found.high[is_inside] == pytest.approx(p[is_inside] ** np.exp(spread / log))
