import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Lifecycle,
    PMAnalyticsError,
    defect_removal,
    open_defects,
    reopen_rate,
    stage_visits,
)
from pmanalytics.schemas import Defects, StageVisits, empty

AS_OF = "2024-06-30"
FLOW = Lifecycle(
    {"Doing": [], "Done": ["Closed"], "Released": [], "Dropped": []},
    terminal=["Done", "Released"],
    cancelled=["Dropped"],
)


def found(n_before, n_after, **columns):
    where = ["before_release"] * n_before + ["after_release"] * n_after
    ids = [f"D{number}" for number in range(len(where))]
    table = pd.DataFrame({"defect_id": ids, "found_in": where, **columns})
    return table.astype({"defect_id": "str", "found_in": "str"})


def visits(*paths):
    """Return the visits of items that go through statuses, one a day."""
    rows = [
        {
            "level": "work_item", "item_id": str(number), "item_type": "Bug", "sequence": step,
            "changed_at": pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=step),
            "from_status": path[step - 1] if step else None, "to_status": status,
        }
        for number, path in enumerate(paths) for step, status in enumerate(path)
    ]  # fmt: skip
    return stage_visits(pd.DataFrame(rows), FLOW, as_of=AS_OF)


def test_the_worked_example(examples):
    """M51: 90 found before release and 10 after; 3 of 20 items reopened."""
    removal, escaped, reopened = examples["M51"]["expected"]
    row = defect_removal(found(90, 10), as_of=AS_OF).iloc[0]
    assert (row["removal_rate"], row["escaped_share"]) == pytest.approx((removal, escaped))
    back = visits(*[["Doing", "Done", "Doing"]] * 3, *[["Doing", "Done"]] * 17)
    assert reopen_rate(back, FLOW)["reopen_rate"].tolist() == pytest.approx([reopened])


def test_removal_has_its_interval_and_says_how_sure_it_is():
    """Wilson for 4 of 4: 0.5101 to 1, as published tables have it."""
    row = defect_removal(found(4, 0), as_of=AS_OF).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((0.5101, 1.0), abs=5e-5)
    assert row["reliability"] == "too_few"


def test_removal_is_told_by_product():
    rows = found(2, 1, product_id=["A", None, "A"])
    table = defect_removal(rows, as_of=AS_OF, by="product_id")
    assert table["product_id"].tolist()[0] == "A"
    assert table[["n_before", "n_after", "n"]].to_numpy().tolist() == [[1, 1, 2], [1, 0, 1]]


def test_defects_found_after_the_status_date_are_not_known():
    rows = found(1, 1, found_date=pd.to_datetime(["2024-06-01", "2024-07-01"]))
    assert defect_removal(rows, as_of=AS_OF)["n"].tolist() == [1]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 30), st.integers(0, 30))
def test_removed_and_escaped_make_up_the_whole(n_before, n_after):
    table = defect_removal(found(n_before, n_after), as_of=AS_OF)
    assert len(table) == (n_before + n_after > 0)
    assert (table["removal_rate"] + table["escaped_share"]).tolist() == pytest.approx(
        [1] * len(table)
    )
    assert (table["low"] <= table["removal_rate"]).all()
    assert (table["removal_rate"] <= table["high"]).all()


@pytest.mark.parametrize(
    ("path", "is_reopened"),
    [
        (["Doing", "Done"], False),
        (["Doing", "Done", "Doing", "Done"], True),
        (["Done", "Closed"], False),
        (["Done", "Released"], False),
        (["Done", "Released", "Doing"], True),
        (["Done", "Dropped"], False),
        (["Done", "On the moon"], False),
    ],
)
def test_only_work_that_goes_on_is_reopened(path, is_reopened):
    table = reopen_rate(visits(path), FLOW)
    assert table[["k", "n"]].to_numpy().tolist() == [[int(is_reopened), 1]]


def test_an_item_that_comes_back_twice_counts_once():
    table = reopen_rate(visits(["Done", "Doing", "Done", "Doing"], ["Done"]), FLOW, by="item_type")
    assert table[["k", "n"]].to_numpy().tolist() == [[1, 2]]


def test_what_was_never_finished_is_no_part_of_the_rate():
    assert reopen_rate(visits(["Doing"], ["Dropped", "Doing"]), FLOW).empty


def test_open_defects_are_told_by_severity():
    """On 30 June: 20 and 10 days; the one fixed in July is still open, one was fixed before."""
    rows = found(
        4, 1,
        severity=["Major", "Major", "Minor", "Major", None],
        found_date=pd.to_datetime(["2024-06-10", "2024-06-20", "2024-06-01", "2024-06-01", None]),
        fixed_date=pd.to_datetime([None, "2024-07-01", None, "2024-06-30", None]),
    )  # fmt: skip
    table = open_defects(rows, as_of=AS_OF)
    assert table["severity"].tolist()[:2] == ["Major", "Minor"]
    assert table["n_open"].tolist() == [2, 1, 1]
    assert table["median_age_days"].tolist()[:2] == [15, 29]
    assert table["oldest_days"].tolist()[:2] == [20, 29]
    assert table["n_undated"].tolist() == [0, 0, 1]


def test_empty_tables_stay_empty():
    assert defect_removal(empty(Defects), as_of=AS_OF).empty
    assert open_defects(empty(Defects), as_of=AS_OF).empty
    assert open_defects(found(1, 0, fixed_date=pd.to_datetime(["2024-01-01"])), as_of=AS_OF).empty
    assert reopen_rate(empty(StageVisits), FLOW).empty


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(PMAnalyticsError, match="lacks: found_in"):
        defect_removal(pd.DataFrame({"defect_id": ["D1"]}), as_of=AS_OF)
    with pytest.raises(PMAnalyticsError, match="has the found_in 'production'"):
        defect_removal(found(1, 1).assign(found_in="production"), as_of=AS_OF)
    with pytest.raises(PMAnalyticsError, match="defect_id repeats"):
        open_defects(found(1, 1).assign(defect_id="D1"), as_of=AS_OF)
