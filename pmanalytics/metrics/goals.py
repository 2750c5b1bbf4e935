"""Do products attain what they were made for?"""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point, days_between
from pmanalytics.metrics.delivery import first_true
from pmanalytics.metrics.tallies import sums_by, with_interval
from pmanalytics.schemas import GoalAttainments, GoalRates, Goals, dtypes
from pmanalytics.tables import By, complete, group_columns

# 0.1 · 3 ends just above 0.3: an attainment must not miss 1 by a rounding error.
TOLERANCE = 1e-9


def goal_attainment(goals: pd.DataFrame, *, as_of: AsOfInput) -> pd.DataFrame:
    """How far has each goal come, and is that in step with its time?

    The population is every goal.

    Parameters
    ----------
    goals
        `Goals`.
    as_of
        Status date: a goal due on that day is due.

    Returns
    -------
    pandas.DataFrame
        `GoalAttainments`, in the order of `goals`, with its further columns beside it. What is not
        known is missing, with its reason.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an id repeats.

    Notes
    -----
    attainment = (actual − baseline) ÷ (target − baseline), not capped; not defined if the target is
    the baseline. pace = attainment ÷ elapsed share of the period from start to due date: 1 is an
    even course, which few things take.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "goal_id": ["G1", "G2"], "baseline": [100.0, 10.0], "target": [150.0, 4.0],
    ...     "actual": [130.0, 5.5], "start_date": pd.to_datetime(["2024-01-01", "2024-01-01"]),
    ...     "due_date": pd.to_datetime(["2024-12-31", "2024-06-30"]),
    ... })
    >>> found = goal_attainment(rows, as_of="2024-07-01")
    >>> found[["attainment", "direction", "is_due", "is_attained", "pace"]].round(2)
       attainment direction  is_due  is_attained  pace
    0        0.60     raise   False        False  1.20
    1        0.75     lower    True        False  0.75
    """
    day = as_of_point(as_of).day
    known = complete(goals, Goals).reset_index(drop=True)
    way = known["target"] - known["baseline"]
    attainment = (known["actual"] - known["baseline"]) / way.where(way != 0)
    due, start = known["due_date"], known["start_date"]
    period = days_between(start, due)
    elapsed = (days_between(start, day) / period.where(period > 0)).clip(0, 1)
    elapsed = elapsed.mask(due <= day, 1.0)
    cases = [
        (known["baseline"].isna() | known["target"].isna(), "no baseline or no target"),
        (way == 0, "the target is the baseline"),
        (known["actual"].isna(), "no actual value"),
        (due.isna(), "no due date"),
        (elapsed.isna(), "no start before its due date, so no pace"),
        (elapsed == 0, "its period has not begun"),
    ]
    table = known.assign(
        attainment=attainment,
        direction=first_true([(way > 0, "raise"), (way < 0, "lower")], None, known.index),
        is_attained=(attainment >= 1 - TOLERANCE).astype("boolean").mask(attainment.isna()),
        is_due=(due <= day).astype("boolean").mask(due.isna()),
        elapsed_share=elapsed,
        pace=attainment / elapsed.where(elapsed > 0),
        reason=first_true(cases, None, known.index),
    )
    kept = [name for name in goals if name not in dtypes(Goals)]
    return GoalAttainments.validate(table[[*dtypes(GoalAttainments), *kept]])


def goals_attained(attainments: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """Which share of the goals that were due was attained?

    Parameters
    ----------
    attainments
        `GoalAttainments`, with the `by` columns beside it.
    by
        Column or columns to group by, such as product_id.

    Returns
    -------
    pandas.DataFrame
        `GoalRates`: one row per group, with count and 95 % Wilson interval.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    rate = due goals with an attainment of 1 or more ÷ due goals whose attainment is known.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "goal_id": ["G1", "G2", "G3"], "attainment": [1.2, 0.5, 0.9],
    ...     "is_attained": [True, False, False], "is_due": [True, True, False],
    ... }).astype({"is_attained": "boolean", "is_due": "boolean"})
    >>> goals_attained(rows)[["attained_rate", "k", "n", "n_not_due"]]
       attained_rate  k  n  n_not_due
    0            0.5  1  2          1
    """
    known = complete(attainments, GoalAttainments).reset_index(drop=True)
    names = group_columns(known, by, GoalRates)
    is_due = known["is_due"].fillna(value=False).astype(bool)
    is_known = known["is_attained"].notna()
    tally = pd.DataFrame(
        {
            "k": is_due & known["is_attained"].fillna(value=False).astype(bool),
            "n": is_due & is_known,
            "n_not_due": ~is_due & known["is_due"].notna(),
            "n_undated": known["is_due"].isna(),
            "n_undefined": is_due & ~is_known,
        }
    ).astype("int64")
    table = sums_by(tally, known[names])
    table = table.assign(**with_interval(table["k"], table["n"], "attained_rate"))
    return GoalRates.validate(table[[*names, *dtypes(GoalRates)]])
