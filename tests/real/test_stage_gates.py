"""445 projects with a date per gate, d/m/Y in two columns and ISO in five."""

import pandas as pd
import pytest
from reference import AFTER_ALL, DAY, counts, lasted, line_of, named_numbers

from pmanalytics import Quarantine, load_stage_dates, stage_durations, stage_visits
from pmanalytics.calendars import local_days
from pmanalytics.loaders.histories import stage_order

GATES = ["BNI", "PBC", "BCA", "Tender Closed", "Stage1", "Stage2", "Stage3"]


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "stage_gates"


def calendar_days(visits, stage):
    """Return the stays there that have ended from day to day, whatever the hours."""
    stays = visits[(visits["stage"] == stage) & ~visits["is_open"]]
    return (local_days(stays["exited_at"], "UTC") - local_days(stays["entered_at"], "UTC")) / DAY


@pytest.fixture(scope="module")
def load(folder):
    def load(gates, quarantine=None):
        return load_stage_dates(
            folder / "Capital_Delivery_Project_deidentified.csv",
            level="project", item_id="ID", stages={gate: gate for gate in gates},
            quarantine=quarantine or Quarantine(),
        )  # fmt: skip

    return load


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("BNI", "PBC"),
        ("PBC", "BCA"),
        ("BNI", "BCA"),
        ("BCA", "Stage1"),
        ("Tender Closed", "Stage1"),
        ("Stage1", "Stage2"),
        ("Stage2", "Stage3"),
        ("BNI", "Stage3"),
    ],
)
def test_days_from_gate_to_gate_are_those_of_the_reference(folder, load, start, end):
    """Its days are those of the calendar; a stay of ours ends at its hour.

    Of one project the second stage begins at an earlier hour of the day on which the first did:
    that is set aside, while the reference takes it for 0 days.
    """
    quarantine = Quarantine()
    visits = stage_visits(load([start, end], quarantine), as_of=AFTER_ALL)
    days = calendar_days(visits, start)
    assert ((days - lasted(visits, start)).abs() < 1).all()
    is_back = quarantine.problems["reason"].str.startswith("is before")
    assert is_back.sum() == ((start, end) == ("Stage1", "Stage2"))
    days = pd.concat([days, pd.Series([0.0] * is_back.sum(), dtype=float)])
    line = line_of(folder, f"{start} -> {end} ")
    assert f"n={len(days)} median {days.median():.1f} mean {days.mean():.2f}" in line


def test_tenders_closed_before_the_approval_are_set_aside_not_negative(folder, load):
    quarantine = Quarantine()
    visits = stage_visits(load(["BCA", "Tender Closed"], quarantine), as_of=AFTER_ALL)
    assert line_of(folder, "BCA -> Tender Closed").endswith(
        "n=413 median -69.0 mean -95.94 negative 402"
    )
    assert counts(quarantine) == [[445, 43, 402, 0]]
    assert len(lasted(visits, "BCA")) == 413 - 402
    assert (visits["days"] >= 0).all()


def test_in_the_order_that_most_projects_take_few_tenders_contradict(load):
    """Nine in ten tenders close before the approval, which no list of gates tells."""
    dates = [load([gate]).set_index("item_id")["changed_at"].rename(gate) for gate in GATES]
    order = stage_order(pd.concat(dates, axis="columns"))
    assert order == ["BNI", "PBC", "Tender Closed", "BCA", "Stage1", "Stage2", "Stage3"]
    quarantine = Quarantine()
    visits = stage_visits(load(["Tender Closed", "BCA"], quarantine), as_of=AFTER_ALL)
    assert quarantine.problems["column"].tolist() == ["BCA"] * (413 - 402)
    assert len(lasted(visits, "Tender Closed")) == 402


def test_days_by_program_are_those_of_the_reference(folder, load):
    """Of an even number ours is the lower of the two in the middle: one that was observed."""
    visits = stage_visits(load(["BCA", "Stage1"]), as_of=AFTER_ALL)
    theirs = pd.Series(named_numbers(line_of(folder, "by program")))
    days = calendar_days(visits, "BCA").groupby(visits["Delivery Program"])
    assert days.median().to_dict() == theirs.to_dict()
    table = stage_durations(visits, by="Delivery Program")
    ours = table[table["stage"] == "BCA"].set_index("Delivery Program")["median_days"]
    lower = days.quantile(0.5, interpolation="lower")[ours.index]
    assert ((ours - lower).abs() < 1).all()
    assert theirs["Major Works - Framework"] == 445.5
    assert ours["Major Works - Framework"] <= 445


def test_gates_still_to_come_are_open_and_lengthen_the_median(load):
    """Dates run to 2035: with them a plan would count as if it had happened."""
    changes = load(["BNI", "Stage3"])
    entered = changes.pivot_table(
        index="item_id", columns="to_status", values="changed_at", aggfunc="min"
    )
    is_begun, is_ended = (entered[gate] < "2025-07-02" for gate in ("BNI", "Stage3"))
    visits = stage_visits(changes, as_of="2025-07-01")
    row = stage_durations(visits).set_index("stage").loc["BNI"]
    assert row["n_ended"] == (is_begun & is_ended).sum()
    assert row["n_open"] == (is_begun & ~is_ended).sum() > 0
    assert row["median_days"] >= lasted(visits, "BNI").quantile(0.5, interpolation="lower")
