"""How far have how many items come? The cumulative flow diagram.

Its lines count entries and never fall, so the space between two of them is what lies between.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point, local_days
from pmanalytics.errors import PMAnalyticsError
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.stages import ITEM
from pmanalytics.schemas import CumulativeFlow, Day, StageVisits, dtypes, empty
from pmanalytics.tables import complete

STEPS = (1, 7, 28, 91)
MOST_DATES = 60


def cumulative_flow(
    visits: pd.DataFrame,
    lifecycle: Lifecycle,
    *,
    as_of: AsOfInput,
    time_zone: str = UTC,
    since: AsOfInput | None = None,
) -> pd.DataFrame:
    """How many items had come as far as each stage, day by day?

    The population is every item that entered a stage of the lifecycle and is not cancelled now.

    Parameters
    ----------
    visits
        `StageVisits` by `as_of`.
    lifecycle
        Its stages in order; cancelled ones are not in the diagram.
    as_of
        Status date: the last date.
    time_zone
        IANA zone whose days count.
    since
        The first date. Before the first entry nothing is known, so it never begins earlier.

    Returns
    -------
    pandas.DataFrame
        `CumulativeFlow`: one row per date and stage. The dates lie 1, 7, 28 or 91 days apart,
        the least that gives no more than 60 of them, and end with the status date.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or a day or the zone cannot be read, or `since` lies after `as_of`.

    Notes
    -----
    An item's entry to a stage is its first entry to that stage or a later one: a skipped stage is
    filled in (jira-agile-metrics does the same). What went back stays counted where it had been,
    so the diagram shows it as further on than it is; `n_moved_back` says for how many that holds.
    The vertical distance of two lines is the number of items between them. The horizontal distance
    is only roughly their time.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["A", "A", "B"], "sequence": [0, 1, 0],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02"], utc=True),
    ...     "from_status": [None, "Doing", None], "to_status": ["Doing", "Done", "Doing"],
    ... })
    >>> flow = Lifecycle({"Doing": [], "Done": []}, terminal=["Done"])
    >>> visits = stage_visits(changes, flow, as_of="2024-01-02")
    >>> cumulative_flow(visits, flow, as_of="2024-01-02")[["date", "stage", "n_reached"]]
            date  stage  n_reached
    0 2024-01-01  Doing          1
    1 2024-01-01   Done          0
    2 2024-01-02  Doing          2
    3 2024-01-02   Done          1
    """
    last = as_of_point(as_of, time_zone).day
    visits = complete(visits, StageVisits).sort_values([*ITEM, "entered_at", "exited_at"])
    stages = [stage for stage in lifecycle.stages if stage not in lifecycle.cancelled]
    visits = visits.assign(
        item=visits.groupby(ITEM, sort=False).ngroup(),
        rank=visits["stage"].map({stage: rank for rank, stage in enumerate(stages)}),
        date=local_days(visits["entered_at"], time_zone),
    )
    is_cancelled = visits["is_open"] & visits["stage"].isin(list(lifecycle.cancelled))
    cancelled = visits.loc[is_cancelled, "item"]
    kept = visits[~visits["item"].isin(cancelled)]
    known = kept.dropna(subset=["rank"])
    if known.empty:
        return empty(CumulativeFlow)
    first = known["date"].min()
    if since is not None:
        first = max(first, as_of_point(since, time_zone).day)
    if first > last:
        raise PMAnalyticsError(f"since={since!r} lies after as_of={as_of!r}.")
    furthest = known.groupby("item")["rank"].cummax()
    table = _counted(_entries(known, len(stages)), _dates(first, last), stages)
    table = table.assign(
        state=table["stage"].map(_states(stages, lifecycle)).astype("str"),
        n_items=known["item"].nunique(),
        n_moved_back=known.loc[known["rank"] < furthest, "item"].nunique(),
        n_incomplete=known.loc[~known["history_complete"], "item"].nunique(),
        n_cancelled=cancelled.nunique(),
        n_unmapped=kept["item"].nunique() - known["item"].nunique(),
    )
    return CumulativeFlow.validate(table[[*dtypes(CumulativeFlow)]].astype({"date": Day}))


def _states(stages: list[str], lifecycle: Lifecycle) -> dict[str, str]:
    """Return for each stage whether what is in it has begun, or ended."""
    start = lifecycle.first_working_stage
    begun = stages[stages.index(start) :] if start in stages else []
    return {
        stage: "finished" if stage in lifecycle.terminal
        else "in_progress" if stage in begun else "not_started"
        for stage in stages
    }  # fmt: skip


def _dates(first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    n_days = (last - first).days + 1
    step = next((step for step in STEPS if n_days <= step * MOST_DATES), STEPS[-1])
    return pd.date_range(end=last, periods=-(-n_days // step), freq=f"{step}D")


def _entries(known: pd.DataFrame, n_stages: int) -> pd.DataFrame:
    """Return per item (in columns) the day by which it had come as far as each stage."""
    first = known.pivot_table(index="rank", columns="item", values="date", aggfunc="min")
    return first.reindex(range(n_stages - 1, -1, -1)).cummin().ffill()


def _counted(entries: pd.DataFrame, dates: pd.DatetimeIndex, stages: list[str]) -> pd.DataFrame:
    reached = np.column_stack(
        [
            np.searchsorted(entries.loc[rank].dropna().sort_values(), dates, side="right")
            for rank in range(len(stages))
        ]
    )
    beyond = np.column_stack([reached[:, 1:], np.zeros(len(dates), dtype="int64")])
    return pd.DataFrame(
        {
            "date": dates.repeat(len(stages)),
            "stage": pd.Series(stages * len(dates), dtype="str"),
            "n_reached": reached.ravel(),
            "n_in_stage": (reached - beyond).ravel(),
        }
    )
