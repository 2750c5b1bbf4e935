import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, task_indices
from pmanalytics.schemas import TaskIndices, Tasks, empty

AS_OF = "2024-02-29"


def tasks(*pairs, **more):
    due, finish = (pd.to_datetime(list(column)) for column in zip(*pairs, strict=True))
    ids = [f"T{number}" for number in range(len(pairs))]
    return pd.DataFrame(
        {"task_id": ids, "baseline_finish_date": due, "actual_finish_date": finish} | more
    )


M33 = tasks(
    ("2024-01-10", "2024-01-09"),
    ("2024-01-20", "2024-02-02"),
    ("2024-02-10", "2024-02-10"),
    ("2024-02-20", None),
    ("2024-03-15", "2024-02-25"),
)


def test_work_done_early_hides_in_the_index_what_the_hit_rate_shows(examples):
    row = task_indices(M33, as_of=AS_OF, period_start_date="2024-02-01").iloc[0]
    assert row[["bei", "hit_rate"]].tolist() == examples["M33"]["expected"]
    assert row[["n_finished", "n_due", "k", "n"]].tolist() == [4, 4, 1, 2]
    assert (row["low"], row["high"]) == pytest.approx((0.0945, 0.9055), abs=5e-5)  # Wilson, 1 of 2


def test_without_a_period_all_that_was_due_counts():
    row = task_indices(M33, as_of=AS_OF).iloc[0]
    assert row[["k", "n"]].tolist() == [2, 4]
    assert pd.isna(row["period_start_date"])


def test_a_period_begins_with_its_first_day():
    """Due on 10 and 20 February."""
    from_the_day, from_the_next = (
        task_indices(M33, as_of=AS_OF, period_start_date=day).loc[0, "n"]
        for day in ("2024-02-10", "2024-02-11")
    )
    assert (from_the_day, from_the_next) == (2, 1)


def test_a_finish_after_the_status_date_is_not_known_yet():
    """On 31 January: due are the first two, and only the first is done."""
    row = task_indices(M33, as_of="2024-01-31", period_start_date="2024-01-01").iloc[0]
    assert row[["bei", "hit_rate"]].tolist() == [0.5, 0.5]


def test_tasks_without_a_baseline_are_counted_apart():
    more = pd.concat([M33, tasks((None, "2024-02-01"), (None, None)).assign(task_id=["X", "Y"])])
    row = task_indices(more, as_of=AS_OF).iloc[0]
    assert (row["bei"], row["n_missing_baseline"]) == (1.0, 2)


def test_projects_are_told_apart_and_so_is_what_none_was_due_in():
    table = M33.assign(project_id=["A", "A", "B", "B", None])
    found = task_indices(table, as_of=AS_OF, period_start_date="2024-02-01", by="project_id")
    assert found["bei"].tolist()[:2] == [1.0, 0.5]
    assert found["hit_rate"].tolist()[1] == 0.5
    assert found[["low", "high"]].isna().all(axis="columns").tolist() == [True, False, True]
    assert found["reason"].fillna("").tolist() == [
        "no task was due in the period", "", "no task was due yet",
    ]  # fmt: skip


def test_impossible_requests_are_refused_in_words():
    with pytest.raises(PMAnalyticsError, match="2024-03-01 is after as_of 2024-02-29"):
        task_indices(M33, as_of=AS_OF, period_start_date="2024-03-01")
    with pytest.raises(PMAnalyticsError, match="task_id repeats"):
        task_indices(M33.assign(task_id="T"), as_of=AS_OF)
    with pytest.raises(PMAnalyticsError, match="lacks: team"):
        task_indices(M33, as_of=AS_OF, by="team")


def test_nothing_in_nothing_out():
    found = task_indices(empty(Tasks), as_of=AS_OF)
    assert found.dtypes.to_dict() == empty(TaskIndices).dtypes.to_dict()
    assert found.empty


DAYS = st.none() | st.dates(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2024-04-30").date())


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_hits_are_among_the_tasks_due_and_parts_add_up(pairs):
    table = tasks(*pairs).assign(half=[number % 2 for number in range(len(pairs))])
    row = task_indices(table, as_of=AS_OF).iloc[0]
    counts = ["n_finished", "n_due", "k", "n", "n_missing_baseline"]
    assert row["k"] <= row["n"] == row["n_due"]
    assert row["k"] <= row["n_finished"]
    assert (
        task_indices(table, as_of=AS_OF, by="half")[counts].sum().tolist() == row[counts].tolist()
    )
