"""How long does it take from the beginning of a product's making until customers have it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pmanalytics.calendars import days_between
from pmanalytics.intervals import reliability
from pmanalytics.metrics.delivery import first_true
from pmanalytics.metrics.tallies import grouped
from pmanalytics.schemas import StageVisits, TimesToMarket, TimeToMarketSummary, dtypes
from pmanalytics.survival import kaplan_meier, quantiles
from pmanalytics.tables import By, complete, group_columns


def time_to_market(
    visits: pd.DataFrame,
    *,
    start: str | Sequence[str] = "Conceiving",
    arrival: str | Sequence[str] = ("Introduction", "Market"),
) -> pd.DataFrame:
    """How long did each product take, or has it taken so far, until customers had it?

    The population is every product with a history.

    Parameters
    ----------
    visits
        `StageVisits` of the products.
    start
        Stage or stages with which the clock starts: the first entry into any of them.
    arrival
        Stage or stages in which customers have it: the first entry into any of them.

    Returns
    -------
    pandas.DataFrame
        `TimesToMarket`, in elapsed days: to the arrival; of products still on the way so far; of
        those that ended without arriving, to that end.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "product", "item_id": ["A", "A", "B"], "sequence": [0, 1, 0],
    ...     "changed_at": pd.to_datetime(["2023-01-15", "2024-03-01", "2024-05-31"], utc=True),
    ...     "from_status": [None, "Conceiving", None],
    ...     "to_status": ["Conceiving", "Introduction", "Conceiving"],
    ... })
    >>> times = time_to_market(stage_visits(changes, as_of="2024-06-30"))
    >>> times[["product_id", "days", "outcome"]]
      product_id   days     outcome
    0          A  411.0     arrived
    1          B   31.0  on_the_way
    """
    known = complete(visits, StageVisits)
    known = known[known["level"] == "product"]
    starts, arrivals = (
        [ends] if isinstance(ends, str) else list(ends) for ends in (start, arrival)
    )
    items = pd.Index(known["item_id"].unique(), name="product_id", dtype="str")
    in_order = known.sort_values("entered_at", kind="stable").set_index("item_id")
    begun, there = (_first(in_order, stages).reindex(items) for stages in (starts, arrivals))
    last = in_order[~in_order.index.duplicated(keep="last")].reindex(items)
    started, arrived = begun["entered_at"], there["entered_at"]
    is_over = last["outcome"] == "terminal"
    lasted = pd.to_timedelta(last["days"].mask(is_over, 0.0), unit="D")
    seen = (last["entered_at"] + lasted).mask(arrived.notna(), arrived)
    is_begun = begun["history_complete"].fillna(value=False).astype(bool)
    cases = [
        (started.isna(), f"it was never in {' or '.join(starts)}"),
        (~is_begun, "the beginning of its history is not known"),
        (arrived < started, "it arrived before it was begun"),
    ]
    reason = first_true(cases, None, items)
    cases = [(reason.notna(), "unknown"), (arrived.notna(), "arrived"), (is_over, "ended")]
    table = pd.DataFrame({"started_at": started, "arrived_at": arrived}, index=items).assign(
        days=(days_between(started, seen)).where(reason.isna()),
        outcome=first_true(cases, "on_the_way", items),
        reason=reason,
    )
    return TimesToMarket.validate(table.reset_index()[list(dtypes(TimesToMarket))])


def time_to_market_summary(times: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """After how many days have half of the products arrived, those on the way included?

    Parameters
    ----------
    times
        `TimesToMarket`, with the `by` columns beside it.
    by
        Column or columns to group by, such as a class of products.

    Returns
    -------
    pandas.DataFrame
        `TimeToMarketSummary`: one row per group.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    The Kaplan–Meier median and 85th percentile, missing where not reached. A product on the way, or
    ended without arriving, counts as "longer than this".

    Examples
    --------
    >>> times = pd.DataFrame({
    ...     "product_id": ["A", "B", "C"], "days": [100.0, 200.0, 150.0],
    ...     "outcome": ["arrived", "arrived", "on_the_way"],
    ... })
    >>> time_to_market_summary(times)[["n", "n_arrived", "median_days"]]
       n  n_arrived  median_days
    0  3          2        200.0
    """
    known = complete(times, TimesToMarket).reset_index(drop=True)
    names = group_columns(known, by, TimeToMarketSummary)
    group, groups = grouped(known[names])
    counts = {
        "n": known["outcome"] != "unknown",
        "n_arrived": known["outcome"] == "arrived",
        "n_on_the_way": known["outcome"] == "on_the_way",
        "n_never_arrived": known["outcome"] == "ended",
        "n_unknown": known["outcome"] == "unknown",
    }
    table = groups.assign(
        **{name: np.bincount(group[of], minlength=len(groups)) for name, of in counts.items()}
    )
    used = counts["n"].to_numpy()
    curves = kaplan_meier(known["days"][used], counts["n_arrived"][used], group[used])
    half = quantiles(curves, len(groups), 0.5)
    table[["median_days", "median_low", "median_high"]] = half
    table["p85_days"] = quantiles(curves, len(groups), 0.85)[:, 0]
    table["reliability"] = pd.Series(reliability(table["n_arrived"]), table.index, dtype="str")
    return TimeToMarketSummary.validate(table[[*names, *dtypes(TimeToMarketSummary)]])


def _first(in_order: pd.DataFrame, stages: list[str]) -> pd.DataFrame:
    """Return each item's first stay in any of the stages."""
    found = in_order[in_order["stage"].isin(stages)]
    return found[~found.index.duplicated()]
