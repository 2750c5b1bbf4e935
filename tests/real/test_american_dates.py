"""266 items with a time they were activated and closed, semicolons and month first."""

import pytest
from reference import lasted, reference

from pmanalytics import Lifecycle, load_stage_dates, stage_durations, stage_visits


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "semicolon_dates"


@pytest.fixture(scope="module")
def visits(folder):
    stages = {"Doing": "Activated Date", "Done": "Closed Date"}
    changes = load_stage_dates(
        folder / "ExampleFile.csv", level="work_item", item_id="ID", stages=stages
    )
    return stage_visits(
        changes, Lifecycle({"Doing": [], "Done": []}, terminal=["Done"]), as_of="2024-05-30"
    )


def test_cycle_times_are_those_of_the_reference(folder, visits):
    days = lasted(visits, "Doing")
    assert (
        f"items {visits['item_id'].nunique()} closed {len(days)} "
        f"cycle median {days.median():.4f} mean {days.mean():.4f} p85 {days.quantile(0.85):.4f} "
    ) in reference(folder)


def test_closed_items_per_month_are_those_of_the_reference(folder, visits):
    done = visits.loc[visits["stage"] == "Done", "entered_at"].dt.tz_localize(None)
    per_month = done.dt.to_period("M").value_counts().sort_index()
    assert str(per_month.to_dict()) in reference(folder)


def test_the_curve_leaves_out_stays_of_no_time_and_keeps_open_items(folder, visits):
    """Seven were activated and closed in one second; without them half last longer."""
    table = stage_durations(visits).set_index("stage")
    n_ended, n_zero, n_open = table.loc["Doing", ["n_ended", "n_zero_length", "n_open"]]
    assert (n_ended + n_zero, n_open) == (261, 5)
    assert (lasted(visits, "Doing") == 0).sum() == n_zero
    assert "cycle median 3.8981" in reference(folder)
    assert table.loc["Doing", "median_days"] >= 3.8981
    assert table.loc["Doing", "median_days"] in set(visits["days"])
