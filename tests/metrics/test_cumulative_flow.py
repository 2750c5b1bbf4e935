import numpy as np
import pandas as pd
import pytest
from histories import changes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import Lifecycle, PMAnalyticsError, cumulative_flow, stage_visits
from pmanalytics.schemas import CumulativeFlow, StageVisits, empty

FLOW = Lifecycle(
    {"Backlog": [], "Dev": [], "Done": [], "Dropped": []}, terminal=["Done"], cancelled=["Dropped"]
)


def flow_of(*rows, as_of="2024-01-05", **options):
    """Return the cumulative flow of (item, instant, status)."""
    visits = stage_visits(changes_of(*rows), FLOW, as_of=as_of)
    return cumulative_flow(visits, FLOW, as_of=as_of, **options)


FOUR = [
    ("A", "2024-01-01T08:00Z", "Backlog"), ("A", "2024-01-01T09:00Z", "Dev"),
    ("A", "2024-01-03", "Done"),
    ("B", "2024-01-01", "Backlog"), ("B", "2024-01-02", "Dev"), ("B", "2024-01-05", "Done"),
    ("C", "2024-01-03", "Backlog"), ("C", "2024-01-04", "Dev"),
    ("D", "2024-01-02", "Backlog"), ("D", "2024-01-04", "Done"),
]  # fmt: skip


def lines(table):
    return table.pivot_table(index="date", columns="stage", values="n_reached")


def test_the_lines_are_the_worked_ones_with_a_skipped_stage_filled_in(examples):
    """M44: D goes from the backlog straight to done."""
    found = lines(flow_of(*FOUR))[["Backlog", "Dev", "Done"]]
    assert found.T.to_numpy().tolist() == examples["M44"]["expected"]


def test_what_lies_between_two_lines_is_in_the_stage():
    last = flow_of(*FOUR).tail(3)
    assert last["stage"].tolist() == ["Backlog", "Dev", "Done"]
    assert last["n_in_stage"].tolist() == [0, 1, 3]


def test_each_stage_says_whether_what_is_in_it_has_begun():
    flow = Lifecycle({"Backlog": [], "Dev": [], "Done": []}, ["Done"], waiting=["Backlog"])
    changes = pd.DataFrame(
        {
            "level": "work_item",
            "item_id": ["A"],
            "sequence": [0],
            "changed_at": pd.to_datetime(["2024-01-05"], utc=True),
            "to_status": ["Backlog"],
        }
    )
    visits = stage_visits(changes, flow, as_of="2024-01-05")
    table = cumulative_flow(visits, flow, as_of="2024-01-05")
    assert table["state"].tolist() == ["not_started", "in_progress", "finished"]


def test_what_goes_back_keeps_its_line_and_is_counted():
    table = flow_of(*FOUR, ("A", "2024-01-04", "Dev"), ("B", "2024-01-05T09:00Z", "Backlog"))
    assert lines(table)["Done"].tolist() == [0, 0, 1, 2, 3]
    assert set(table["n_moved_back"]) == {2}


def test_cancelled_items_are_left_out_and_counted():
    table = flow_of(*FOUR, ("C", "2024-01-05", "Dropped"))
    assert set(table["n_cancelled"]) == {1}
    assert lines(table)["Backlog"].tolist() == [2, 3, 3, 3, 3]


def test_items_that_were_never_in_a_stage_are_counted():
    table = flow_of(*FOUR, ("E", "2024-01-02", "On the moon"))
    assert set(table["n_unmapped"]) == {1}
    assert set(table["n_items"]) == {4}


def test_the_days_are_those_of_the_zone():
    table = flow_of(("A", "2024-01-01T23:30Z", "Backlog"), time_zone="Europe/Berlin")
    assert table["date"].min() == pd.Timestamp("2024-01-02")


@pytest.mark.parametrize(
    ("as_of", "step", "n"), [("2024-02-29", 1, 60), ("2024-03-01", 7, 9), ("2026-06-30", 28, 33)]
)
def test_long_times_are_told_in_steps_that_end_with_the_status_date(as_of, step, n):
    """From 1 January: 60 days; 61 = 8 weeks and 5 days; 912 = 32 times 28 and 16."""
    dates = flow_of(("A", "2024-01-01", "Backlog"), as_of=as_of)["date"].drop_duplicates()
    assert len(dates) == n
    assert dates.max() == pd.Timestamp(as_of)
    assert dates.diff().dt.days.dropna().unique().tolist() == [step]


def test_a_later_first_date_still_counts_what_came_before():
    table = flow_of(*FOUR, since="2024-01-04")
    assert lines(table)["Backlog"].tolist() == [4, 4]


def test_without_visits_or_stages_there_is_no_diagram():
    for lifecycle in (FLOW, Lifecycle({})):
        found = cumulative_flow(empty(StageVisits), lifecycle, as_of="2024-01-05")
        assert found.dtypes.to_dict() == empty(CumulativeFlow).dtypes.to_dict()
        assert found.empty
    assert flow_of(("A", "2024-01-01", "On the moon")).empty


def test_a_window_that_ends_before_it_begins_and_an_unknown_zone_are_refused():
    with pytest.raises(PMAnalyticsError, match="lies after as_of"):
        flow_of(*FOUR, since="2024-02-01")
    with pytest.raises(PMAnalyticsError, match="Mars/Olympus"):
        flow_of(*FOUR, time_zone="Mars/Olympus")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", "D"]),
            st.datetimes(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-29")),
            st.sampled_from(["Backlog", "Dev", "Done", "Dropped", "Elsewhere"]),
        ),
        max_size=25,
    )
)
def test_no_line_falls_and_none_crosses_another(rows):
    """§11.7."""
    table = flow_of(*sorted(rows, key=lambda row: row[:2]), as_of="2024-03-01")
    by_stage = lines(table).reindex(columns=["Backlog", "Dev", "Done"])
    assert (by_stage.diff().fillna(0) >= 0).all(axis=None)
    assert (np.diff(by_stage.to_numpy(), axis=1) <= 0).all()
    assert (table["n_in_stage"] >= 0).all()
    assert (table.groupby("date")["n_in_stage"].sum() == by_stage["Backlog"]).all()
