import pandas as pd
from histories import FLOW, HISTORIES, changes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import flow_items, stage_durations, stage_visits, throughput
from pmanalytics.metrics.parts import (
    flow_counts,
    joined_durations,
    joined_throughput,
    stay_counts,
)
from pmanalytics.store.files import part_of

AS_OF = "2024-12-31"


def apart(table, n_parts):
    part = part_of(table["item_id"], n_parts)
    return [table[part == number] for number in range(n_parts)]


def test_the_median_of_the_whole_is_not_that_of_medians():
    """1, 2, 3 and 10, 30 days: half of five have ended after 3; medians of 2 and 20 tell 11."""
    parts = []
    for prefix, lengths in (("A", [1, 2, 3]), ("B", [10, 30])):
        rows = []
        for number, days in enumerate(lengths):
            begun = pd.Timestamp("2024-01-01", tz="UTC")
            rows.append((f"{prefix}{number}", begun, "In Progress"))
            rows.append((f"{prefix}{number}", begun + pd.Timedelta(days=days), "Done"))
        parts.append(stay_counts(stage_visits(changes_of(*rows), FLOW, as_of=AS_OF)))
    row = joined_durations(parts).iloc[0]
    assert (row["n"], row["median_days"]) == (5, 3)


@settings(deadline=None, max_examples=30)
@given(HISTORIES, st.integers(1, 3), st.sampled_from(["total", "last", "span"]))
def test_counts_of_parts_make_the_durations_of_the_whole(changes, n_parts, measure):
    visits = stage_visits(changes, FLOW, as_of=AS_OF)
    parts = [stay_counts(part, measure=measure) for part in apart(visits, n_parts)]
    pd.testing.assert_frame_equal(
        joined_durations(parts, measure=measure),
        stage_durations(visits, measure=measure),
        check_exact=True,
    )


@settings(deadline=None, max_examples=30)
@given(HISTORIES, st.integers(1, 3))
def test_counts_of_parts_make_the_throughput_of_the_whole(changes, n_parts):
    visits = stage_visits(changes, FLOW, as_of=AS_OF)
    parts = [flow_counts(flow_items(part, FLOW, as_of=AS_OF)) for part in apart(visits, n_parts)]
    pd.testing.assert_frame_equal(
        joined_throughput(parts, as_of=AS_OF, period="month"),
        throughput(flow_items(visits, FLOW, as_of=AS_OF), as_of=AS_OF, period="month"),
        check_exact=True,
    )
