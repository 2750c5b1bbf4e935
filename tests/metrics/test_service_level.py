import numpy as np
import pandas as pd
import pytest
from histories import changes_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import quantile_test

from pmanalytics import Lifecycle, PMAnalyticsError, ageing, flow_items, service_level, stage_visits
from pmanalytics.quantiles import order_statistics
from pmanalytics.schemas import Ageing, FlowItems, ServiceLevels, StageVisits, empty

FLOW = Lifecycle(
    {"Backlog": [], "Dev": [], "Test": [], "Done": []}, terminal=["Done"], waiting=["Backlog"]
)


def finished(days):
    """Return finished items with these cycle times."""
    days = pd.Series(days, dtype="float64")
    start = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        {
            "level": "work_item",
            "item_id": days.index.astype(str),
            "state": "finished",
            "stage": "Done",
            "started_date": start,
            "finished_date": start + pd.to_timedelta(days - 1, unit="D"),
            "cycle_time_days": days,
            "history_complete": True,
        }
    )


def test_percentiles_are_the_worked_ones(examples):
    """M27: observed values, not interpolated."""
    worked = dict(zip(examples["M27"]["expected_names"], examples["M27"]["expected"], strict=True))
    row = service_level(finished([1, 2, 2, 3, 5, 8, 13, 21, 34, 55])).iloc[0]
    assert row["p85_days"] == worked["P85_inverted_cdf"]
    assert row["p50_days"] == worked["P50_inverted_cdf"]


def test_the_share_within_so_many_days_has_wilsons_interval():
    """M16: 5 of 5, low .5655."""
    row = service_level(finished([1, 2, 3, 4, 5]), within_days=5).iloc[0]
    assert [row["k"], row["within_share"], row["high"]] == [5, 1, 1]
    assert row["low"] == pytest.approx(0.5655, abs=5e-5)
    assert service_level(finished([1, 2, 3, 4, 5]), within_days=4)["within_share"].tolist() == [0.8]


def test_without_a_question_there_is_no_share():
    row = service_level(finished([1, 2, 3])).iloc[0]
    assert row[["within_days", "within_share", "low", "high"]].isna().all()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=150), st.sampled_from([0.5, 0.85]))
def test_the_interval_of_a_quantile_is_scipys(values, share):
    low, high = order_statistics(values, np.zeros(len(values)), 1, share)
    expected = quantile_test(values, p=share).confidence_interval(0.95)
    assert [low[0], high[0]] == pytest.approx([expected.low, expected.high], nan_ok=True)


def test_of_few_items_the_interval_has_no_upper_end():
    """Of 18 items all lie below the 85th percentile with 0.85^18 = 5 % > 2.5 %."""
    row = service_level(finished(range(1, 19))).iloc[0]
    assert pd.notna(row["p85_low"])
    assert pd.isna(row["p85_high"])
    assert row["reliability"] == "indicative"
    assert pd.notna(service_level(finished(range(1, 25)))["p85_high"]).all()


def test_what_has_no_cycle_time_is_counted_by_its_reason():
    items = finished([3, np.nan, np.nan])
    items.loc[1, "started_date"] = pd.NaT
    open_item = finished([np.nan]).assign(item_id="open", state="in_progress")
    row = service_level(pd.concat([items, open_item])).iloc[0]
    assert row[["n", "n_without_start", "n_incomplete"]].tolist() == [1, 1, 1]


def test_groups_are_told_apart_and_say_when_their_items_were_finished():
    table = service_level(finished([1, 2, 9]).assign(team=["Red", "Red", "Blue"]), by="team")
    assert table[["team", "n", "p85_days"]].to_numpy().tolist() == [["Blue", 1, 9], ["Red", 2, 2]]
    assert table["last_finished_date"].dt.day.tolist() == [9, 2]
    assert table["reliability"].tolist() == ["too_few", "too_few"]


def test_where_nothing_is_finished_there_is_no_level():
    items = finished([np.nan]).assign(state="in_progress")
    for found in (service_level(empty(FlowItems)), service_level(items, within_days=3)):
        assert found.dtypes.to_dict() == empty(ServiceLevels).dtypes.to_dict()
        assert found.empty


def test_finished_items_without_a_cycle_time_give_a_row_of_unknowns():
    row = service_level(finished([np.nan]), within_days=3).iloc[0]
    assert row[["n", "k"]].tolist() == [0, 0]
    assert row[["p50_days", "p85_days", "within_share", "low"]].isna().all()


def flow_of(*rows, as_of="2024-01-31"):
    visits = stage_visits(changes_of(*rows), FLOW, as_of=as_of)
    return flow_items(visits, FLOW, as_of=as_of), visits


def five_finished(*, dev=(1, 2, 3, 4, 10)):
    """Return five items that left Dev at these ages and took 2 days more in Test."""
    for number, age in enumerate(dev):
        start = pd.Timestamp("2024-01-01")
        for days, status in ((0, "Dev"), (age - 1, "Test"), (age + 1, "Done")):
            at = start + pd.Timedelta(days=days, hours=len(status))
            yield f"F{number}", at.isoformat(), status


def test_an_item_is_old_if_it_is_older_than_85_of_100_were_when_they_left_its_stage():
    """Ages at leaving Dev 1, 2, 3, 4, 10; Test 3, 4, 5, 6, 12: P50 3 and 5, P85 10 and 12."""
    items, visits = flow_of(
        *five_finished(),
        ("Old", "2024-01-21", "Dev"),  # 11 days on the 31st
        ("Young", "2024-01-22", "Dev"),
        ("Testing", "2024-01-20", "Dev"), ("Testing", "2024-01-25", "Test"),
    )  # fmt: skip
    table = ageing(items, visits, FLOW).set_index("item_id")
    assert table.index.tolist() == ["Old", "Young", "Testing"]
    assert table["work_item_age_days"].tolist() == [11, 10, 12]
    assert table["p50_days"].tolist() == [3, 3, 5]
    assert table["p85_days"].tolist() == [10, 10, 12]
    assert table["is_beyond_p85"].tolist() == [True, False, False]


def test_the_day_that_kanban_tools_add_changes_ages_and_percentiles_alike():
    rows = [*five_finished(), ("Old", "2024-01-21", "Dev")]
    _, visits = flow_of(*rows)
    plain = flow_items(visits, FLOW, as_of="2024-01-31", inclusive=False)
    row = ageing(plain, visits, FLOW, inclusive=False).iloc[0]
    assert row[["work_item_age_days", "p50_days", "p85_days"]].tolist() == [10, 2, 9]


def test_of_a_stage_left_twice_the_last_time_counts():
    items, visits = flow_of(
        ("F", "2024-01-01", "Dev"), ("F", "2024-01-03", "Test"), ("F", "2024-01-05", "Dev"),
        ("F", "2024-01-09", "Done"), ("Open", "2024-01-30", "Dev"),
    )  # fmt: skip
    assert ageing(items, visits, FLOW)["p50_days"].tolist() == [9]


def test_with_fewer_than_five_finished_items_nobody_is_called_old():
    items, visits = flow_of(*five_finished(dev=(1, 2, 3, 4)), ("Old", "2024-01-01", "Dev"))
    table = ageing(items, visits, FLOW)
    assert table["n"].tolist() == [4]
    assert table["is_beyond_p85"].isna().all()


def test_in_a_stage_that_no_finished_item_went_through_there_is_nothing_to_compare_with():
    items, visits = flow_of(("A", "2024-01-01", "Dev"))
    table = ageing(items.assign(team="Red"), visits, FLOW)
    assert table[["n", "team"]].to_numpy().tolist() == [[0, "Red"]]
    assert table[["p50_days", "p85_days", "p95_days", "is_beyond_p85"]].isna().all(axis=None)


def test_without_items_nothing_ages():
    found = ageing(empty(FlowItems), empty(StageVisits), FLOW)
    assert found.dtypes.to_dict() == empty(Ageing).dtypes.to_dict()
    assert found.empty


def test_an_unknown_zone_is_named():
    with pytest.raises(PMAnalyticsError, match="Mars/Olympus"):
        ageing(empty(FlowItems), empty(StageVisits), FLOW, time_zone="Mars/Olympus")
