"""300 tickets of which each row is the state after a change, newest first, in whole days."""

import pandas as pd
import pytest
from reference import DAY, counts, lasted, line_of, median_with_open, named_numbers, reference

from pmanalytics import Quarantine, item_stages, load_status_history, stage_durations, stage_visits

LAST_DAY = "2020-12-21"


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "status_history_csv"


@pytest.fixture(scope="module")
def visits(folder):
    quarantine = Quarantine()
    names = {"item_id": "ticket", "changed_at": "date_updated", "to_status": "Status"}
    changes = load_status_history(
        folder / "sample_300_tickets.csv", level="work_item", columns=names, missing=["NA"],
        quarantine=quarantine,
    )  # fmt: skip
    assert counts(quarantine) == [[4889, 4889, 0, 0]]
    return stage_visits(changes, as_of=LAST_DAY)


@pytest.fixture(scope="module")
def medians(folder):
    """Return the reference's median of days per ticket, by status."""
    return pd.Series(named_numbers(line_of(folder, "median TOTAL")))


def test_stays_that_ended_are_those_of_the_reference(folder, visits):
    closed = visits[~visits["is_open"]]
    told = f"tickets 300 status events {len(visits)} closed stays {len(closed)}"
    lines = reference(folder).splitlines()
    assert told in lines[0]
    found = closed.groupby("stage")["days"].agg(["size", "median", "mean", "sum"]).round(4)
    for line in lines[3:13]:
        stage, *expected = line.rsplit(maxsplit=4)
        assert found.loc[stage.strip()].tolist() == list(map(float, expected))


def test_stays_of_one_ticket_add_up_to_the_medians_of_the_reference(visits, medians):
    closed = item_stages(visits[~visits["is_open"]])
    found = closed.groupby("stage")["total_days"].median()
    assert found[medians.index].to_dict() == medians.to_dict()


def test_zero_days_are_counted_as_the_file_tells_whole_days(visits):
    assert (lasted(visits, "Data") == 0).sum() > 0
    assert not visits["is_zero_length"].any()


def test_tickets_still_there_can_only_make_a_median_longer(visits, medians):
    """The reference drops what has not ended; Kaplan–Meier keeps it as longer than this."""
    durations = stage_durations(visits).set_index("stage").loc[medians.index]
    assert (durations["median_days"] >= medians).all()
    everyone_left = durations.index[durations["n_open"] == 0]
    assert durations.loc[everyone_left, "median_days"].to_dict() == {"Data": medians["Data"]}
    items = item_stages(visits).groupby("stage")
    for stage in medians.index:
        tickets = items.get_group(stage)
        expected = median_with_open(tickets["total_days"], tickets["is_open"])
        assert durations.loc[stage, "median_days"] == expected


def test_where_most_still_wait_the_few_that_left_are_no_answer(visits):
    """Counted by hand: of 87 tickets that came to wait 5 went on, half of these within a week."""
    waiting = item_stages(visits).set_index("stage").loc["Pending publication"]
    left = waiting.loc[~waiting["is_open"], "total_days"]
    assert (len(waiting), len(left), left.median()) == (87, 5, 7.0)
    row = stage_durations(visits).set_index("stage").loc["Pending publication"]
    assert (row["n_ended"], row["n_open"], row["completed_median_days"]) == (5, 82, 7.0)
    assert pd.isna(row["median_days"])


def test_tickets_that_entered_a_status_again_are_those_of_the_reference(folder, visits):
    again = visits.loc[visits["visit"] > 1, "item_id"].nunique()
    assert f"tickets with a re-entered status {again}\n" in reference(folder)


def test_from_creation_to_the_first_done_is_that_of_the_reference(folder, visits):
    begun = visits.groupby("item_id")["entered_at"].min()
    done = visits[visits["stage"] == "Done"].groupby("item_id")["entered_at"].min()
    days = ((done - begun) / DAY).dropna()
    assert (
        f"first Done n={len(days)} median {days.median():.4f} mean {days.mean():.4f}"
    ) in reference(folder)
