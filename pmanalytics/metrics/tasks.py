"""Are as many tasks done as should be, and those that should be?"""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.errors import PMAnalyticsError
from pmanalytics.metrics.delivery import first_true
from pmanalytics.metrics.tallies import sums_by, with_interval
from pmanalytics.schemas import Day, TaskIndices, Tasks, dtypes
from pmanalytics.tables import By, complete, group_columns

COUNTS = ["n_finished", "n_due", "k", "n", "n_missing_baseline"]


def task_indices(
    tasks: pd.DataFrame,
    *,
    as_of: AsOfInput,
    period_start_date: AsOfInput | None = None,
    by: By = None,
) -> pd.DataFrame:
    """Are as many tasks done as should be by now, and were those due in the period done in time?

    The population is every task with a baseline finish date; the others are counted apart.

    Parameters
    ----------
    tasks
        `Tasks`.
    as_of
        Status date, and last day of the period; a finish after it is not known yet.
    period_start_date
        First day of the period in which tasks were due. Without it, all that were due by `as_of`.
    by
        Column or columns to group by, such as 'project_id'.

    Returns
    -------
    pandas.DataFrame
        `TaskIndices`: one row per group. `bei` is a ratio that may exceed 1, `hit_rate` a share.

    Raises
    ------
    PMAnalyticsError
        If a column is unknown, or the period begins after it ends.

    Notes
    -----
    Baseline execution index = tasks done ÷ tasks whose baseline finish has come. Hit-task rate =
    tasks due in the period and done by their baseline finish ÷ tasks due in the period (DAU Gold
    Card 2013). The first counts work done early, so it may be 1 while tasks that were due are late:
    read the two together.

    Examples
    --------
    >>> tasks = pd.DataFrame({
    ...     "task_id": ["A", "B", "C"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-02-10", "2024-02-20", "2024-03-15"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-02-10", None, "2024-02-25"]),
    ... })
    >>> task_indices(tasks, as_of="2024-02-29")[["bei", "hit_rate", "k", "n"]]
       bei  hit_rate  k  n
    0  1.0       0.5  1  2
    """
    day = as_of_point(as_of).day
    start = pd.NaT if period_start_date is None else as_of_point(period_start_date).day
    if start > day:
        raise PMAnalyticsError(f"period_start_date {start.date()} is after as_of {day.date()}.")
    table = complete(tasks, Tasks).reset_index(drop=True)
    names = group_columns(table, by, TaskIndices)
    sums = sums_by(_tally(table, day, start), table[names])
    reasons = [
        (sums["n_due"] == 0, "no task was due yet"),
        (sums["n"] == 0, "no task was due in the period"),
    ]
    table = sums.assign(
        bei=sums["n_finished"] / sums["n_due"].where(sums["n_due"] > 0),
        **with_interval(sums["k"], sums["n"], "hit_rate"),
        period_start_date=pd.Series(start, index=sums.index, dtype=Day),
        as_of=pd.Series(day, index=sums.index, dtype=Day),
        reason=first_true(reasons, None, sums.index),
    )
    return TaskIndices.validate(table[[*names, *dtypes(TaskIndices)]])


def _tally(tasks: pd.DataFrame, day: pd.Timestamp, start: pd.Timestamp) -> pd.DataFrame:
    """Return for each task 0 or 1 in each of the counts."""
    due, finish = tasks["baseline_finish_date"], tasks["actual_finish_date"]
    is_finished = finish <= day
    is_due = due <= day
    is_in_period = is_due & ~(due < start)
    counts = {
        "n_finished": is_finished & due.notna(),
        "n_due": is_due,
        "k": is_in_period & (finish <= due),
        "n": is_in_period,
        "n_missing_baseline": due.isna(),
    }
    return pd.DataFrame({name: is_one.astype("int64") for name, is_one in counts.items()})
