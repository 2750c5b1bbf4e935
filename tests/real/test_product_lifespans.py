"""307 products with the days they opened and closed, some of these still to come."""

import pytest
from reference import AFTER_ALL, lasted, line_of, median_with_open, named_numbers, reference

from pmanalytics import Lifecycle, load_stage_dates, stage_durations, stage_visits

STAGES = {"Market": "dateOpen", "Retired": "dateClose"}
MARKET = Lifecycle({stage: [] for stage in STAGES}, terminal=["Retired"])


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "product_lifespans"


@pytest.fixture(scope="module")
def changes(folder):
    return load_stage_dates(
        folder / "graveyard.json", level="product", item_id="name", stages=STAGES
    )


@pytest.fixture(scope="module")
def lives(changes):
    visits = stage_visits(changes, MARKET, as_of=AFTER_ALL)
    return visits[visits["stage"] == "Market"]


def test_lifespans_are_those_of_the_reference(folder, lives):
    days = lives["days"]
    assert (
        f"lifespan days median {days.median():.1f} mean {days.mean():.2f} "
        f"min {days.min():.0f} max {days.max():.0f}\n"
    ) in reference(folder)


def test_lifespans_by_type_are_those_of_the_reference(folder, lives):
    theirs = named_numbers(line_of(folder, "median years"))
    years = (lives.groupby("type")["days"].median() / 365.25).round(3)
    assert years.to_dict() == theirs
    table = stage_durations(lives, by="type").set_index("type")
    assert table["n_ended"].to_dict() == {"service": 215, "app": 68, "hardware": 24}
    assert table.loc["service", "median_days"] / 365.25 == pytest.approx(
        theirs["service"], abs=0.0005
    )
    # 68 and 24 are even: the lower of the two in the middle.
    assert (table["median_days"] / 365.25 <= years[table.index] + 0.0005).all()


def test_closings_per_year_are_those_of_the_reference(folder, lives):
    per_year = lives["exited_at"].dt.year.value_counts().sort_index().tail(8)
    assert f"closed per year (last 8) {per_year.to_dict()}\n" in reference(folder)


def test_announced_closings_are_no_ends_yet(folder, changes):
    """At the end of 2025 seven are still to come: longer than this, and not as long as planned."""
    assert "2026: 5, 2027: 2}" in reference(folder)
    visits = stage_visits(changes, MARKET, as_of="2025-12-31")
    [row] = stage_durations(visits).to_dict("records")
    assert (row["n_ended"], row["n_open"]) == (300, 7)
    lives = visits[visits["stage"] == "Market"]
    assert row["median_days"] == median_with_open(lives["days"], lives["is_open"]) == 1530
    assert lasted(visits, "Market").quantile(0.5, interpolation="lower") == 1511
