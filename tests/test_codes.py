import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import codes
from pmanalytics.codes import decoded, encoded, is_among, numbered

TEXTS = st.lists(st.none() | st.sampled_from(["", "A", "a", "Ä", "Plan", "Plan ", "日本"]))


def as_texts(values):
    return pd.Series(values, dtype="str")


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.integers(1, 4))
def test_texts_come_back_as_they_were_whether_in_runs_or_not(values, n_times):
    values = as_texts([value for value in values for _ in range(n_times)])
    table = pd.DataFrame({"text": values, "n": range(len(values))}).set_index("n", drop=False)
    coded = encoded(table)
    assert coded["text"].cat.categories.tolist() == sorted(values.dropna().unique())
    pd.testing.assert_frame_equal(decoded(coded), table)


def test_texts_of_columns_named_together_can_be_compared():
    table = pd.DataFrame(
        {"left": as_texts(["Plan", "Build", None]), "entered": as_texts(["Build"] * 3)}
    )
    table = encoded(table, ["left", "entered"])
    assert (table["left"] == table["entered"]).tolist() == [False, True, False]
    assert table["left"].cat.categories.equals(table["entered"].cat.categories)


def test_what_is_kept_stays_a_category():
    table = encoded(pd.DataFrame({"stage": as_texts(["Plan"]), "team": as_texts(["Blue"])}))
    kinds = decoded(table, "team").dtypes.astype("str")
    assert kinds.to_dict() == {"stage": "str", "team": "category"}


KEYS = st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.integers(-2, 2)), max_size=20)


@settings(deadline=None, max_examples=50)
@given(KEYS, st.booleans())
def test_numbers_are_the_same_exactly_where_the_keys_are(rows, is_narrow):
    table = pd.DataFrame(rows, columns=["text", "whole"]).astype({"text": "str", "whole": "int64"})
    with pytest.MonkeyPatch.context() as patch:
        if is_narrow:
            patch.setattr(codes, "MOST_NUMBERS", 1)
        number = numbered(table)
    assert [number[n] == number[k] for n in range(len(rows)) for k in range(len(rows))] == [
        one == other for one in rows for other in rows
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.sampled_from("xyz"))))
def test_numbers_of_categories_stand_in_their_order(rows):
    table = encoded(pd.DataFrame(rows, columns=["first", "second"], dtype="str"))
    by_key = sorted(range(len(rows)), key=lambda n: (rows[n][0] or "", rows[n][1]))
    assert np.argsort(numbered(table), kind="stable").tolist() == by_key


def test_a_missing_text_is_among_no_others():
    others = as_texts(["B", None])
    assert is_among(as_texts(["A", "B", None]), others).tolist() == [False, True, False]
    assert is_among(as_texts([]), others).tolist() == []
    assert is_among(as_texts(["A", None]), as_texts([])).tolist() == [False, False]
