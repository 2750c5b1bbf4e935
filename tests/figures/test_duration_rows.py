"""Lists about the time in stages: their sentences, counted by hand."""

import numpy as np
import pandas as pd

from pmanalytics import beside_rows, left_out_rows, rework_rows, type_rows, working_rows
from pmanalytics.schemas import Rework, StageDurations, empty


def durations(*rows, **columns):
    """Return durations from (stage, ended, half within, 85% within)."""
    table = pd.DataFrame(rows, columns=["stage", "n_ended", "median_days", "p85_days"])
    return table.assign(n_open=1, level="project", **columns)


def test_the_type_that_stays_longest_is_named_unless_too_few_left():
    table = durations(("Waiting", 9, 19.0, 45.0), ("Waiting", 9, 20.0, 42.0), ("Doing", 4, 50, 60))
    rows, said = type_rows(table.assign(item_type=["Bug", "Epic", "Idea"]))
    assert said == "Of all types Epic has the highest median: half leave Waiting within 20 days"
    assert rows["half_within_days"].tolist() == [19, 20, 50]
    few = durations(("Doing", 4, 50.0, 60.0), item_type="Idea")
    assert type_rows(few)[1].startswith("Too few issues of one type")


def test_working_days_stand_beside_elapsed_ones():
    elapsed = durations(("Waiting", 9, 19.0, 45.0), ("Doing", 9, 3.0, 9.0))
    working = durations(("Doing", 9, 2.0, 6.0), ("Waiting", 9, 13.0, 31.0))
    rows, said = working_rows(elapsed, working)
    assert said == "In working days Waiting has the highest median: 13 days, of 19 days elapsed"
    assert rows["half_within_working_days"].tolist() == [13, 2]
    none = empty(StageDurations)
    assert working_rows(none, none)[1].startswith("Too few")


def test_what_runs_beside_the_stages_is_told_with_its_median():
    _, said = beside_rows(durations(("Tracking", 9, 112.0, 205.0)))
    assert said == "Beside the stages Tracking lasts 112 days or less in half of the projects"
    assert "cannot be said yet" in beside_rows(durations(("Tracking", 4, 112.0, np.nan)))[1]


def test_issues_that_came_back_are_added_up():
    """3 of 20 and 1 of 20 are 4 of 40."""
    again = pd.DataFrame({
        "item_type": ["Bug", "Story"], "n": [20, 20], "n_reworked": [3, 1],
        "reworked_share": [0.15, 0.05], "rework_share": 0.02,
    })  # fmt: skip
    assert rework_rows(again)[1] == "4 of 40 issues (10%) entered a stage again"
    assert "is not known" in rework_rows(empty(Rework).assign(item_type=""))[1]


def test_what_durations_leave_out_is_counted_with_its_reasons():
    table = durations(("A", 9, 1.0, 2.0), ("B", 9, 1.0, 2.0), n=[10, 20])
    rows, said = left_out_rows(table.assign(n_zero_length=[0, 2], n_incomplete=[3, 0]))
    assert said == (
        "Of 35 stays the lengths of stages leave out 3 whose beginning is not known and 2 of no "
        "length"
    )
    assert rows["n_incomplete"].tolist() == [3, 0]
    none = table.assign(n_zero_length=0, n_incomplete=0)
    assert left_out_rows(none)[1] == "The lengths of stages leave out none of 30 stays"
