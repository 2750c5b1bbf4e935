import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics.ordering import order_of

NUMBERS = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.5, np.inf, -np.inf])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), NUMBERS, st.booleans())))
def test_the_order_is_that_of_comparing(rows):
    columns = [[row[position] for row in rows] for position in range(3)]
    keys = [
        np.array(each, kind) for each, kind in zip(columns, (np.int64, float, bool), strict=True)
    ]
    expected = sorted(range(len(rows)), key=rows.__getitem__)
    assert order_of(*keys).tolist() == expected


def test_instants_stand_in_order_those_unknown_first():
    times = np.array(["2024-03-01", "NaT", "1999-12-31", "2024-02-29"], "datetime64[us]")
    assert order_of(times).tolist() == [1, 2, 3, 0]


def test_missing_numbers_come_last_and_nothing_has_no_order():
    assert order_of(np.array([np.nan, -np.nan, -1.0, 2.0])).tolist() == [2, 3, 0, 1]
    assert order_of(np.array([], float)).tolist() == []


def test_equal_rows_stay_in_the_order_they_are_given_in():
    group = np.array([1, 0, 1, 0])
    assert order_of(group, pd.Series([5, 5, 5, 5]).to_numpy()).tolist() == [1, 3, 0, 2]
