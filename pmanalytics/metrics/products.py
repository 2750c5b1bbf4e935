"""Where is each product in its life, how is the portfolio mixed, and what went on?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point
from pmanalytics.lifecycle import PRODUCT, Lifecycle
from pmanalytics.metrics.delivery import first_true
from pmanalytics.metrics.stages import per_item
from pmanalytics.metrics.tallies import grouped
from pmanalytics.schemas import (
    Products,
    ProductStages,
    StageMix,
    StageMoves,
    StageVisits,
    dtypes,
    empty,
)
from pmanalytics.survival import kaplan_meier, of_others, survival_at
from pmanalytics.tables import By, complete, group_columns

NO_HISTORY = "no history of its stages"
BEGINNING_UNKNOWN = "it is not known when it entered the stage"
LIFE_ENDED = "its life has ended"


def product_stages(
    products: pd.DataFrame, visits: pd.DataFrame, lifecycle: Lifecycle = PRODUCT
) -> pd.DataFrame:
    """Which stage is each product in, for how long, and how many others stayed longer?

    The population is every product of the list, and every further one with a history.

    Parameters
    ----------
    products
        `Products`.
    visits
        `StageVisits` of the products.
    lifecycle
        Its terminal and cancelled stages end a life.

    Returns
    -------
    pandas.DataFrame
        `ProductStages`, in the order of `products`, with the further columns of that table beside
        it. Days are elapsed days. A product without a history has the stage of the list only.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    longer_share = S(total_days), S being the Kaplan–Meier curve of the total days in that stage
    over all other products of which the stay is known from its beginning.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "product", "item_id": ["A", "A", "B", "B", "C"], "sequence": [0, 1, 0, 1, 0],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-01", "2024-01-31",
    ...                                   "2024-02-10"], utc=True),
    ...     "from_status": [None, "Development", None, "Development", None],
    ...     "to_status": ["Development", "Market", "Development", "Market", "Development"],
    ... })
    >>> names = pd.DataFrame({"product_id": ["A", "B", "C"], "name": ["Ape", "Bee", "Cat"]})
    >>> stages = product_stages(names, stage_visits(changes, as_of="2024-02-29"))
    >>> stages[["name", "stage", "days", "longer_share"]].round(2)
      name        stage  days  longer_share
    0  Ape       Market  50.0           1.0
    1  Bee       Market  30.0           1.0
    2  Cat  Development  20.0           0.5
    """
    listed = complete(products, Products)
    theirs = complete(visits, StageVisits)
    theirs = theirs[theirs["level"] == "product"]
    now = theirs[theirs["is_open"]].drop_duplicates("item_id", keep="last").set_index("item_id")
    others = now.index.difference(listed["product_id"], sort=False)
    further = pd.DataFrame({"product_id": others, "name": others}, dtype="str")
    listed = pd.concat([listed, further], ignore_index=True).astype({"product_id": "str"})
    here = now.reindex(listed["product_id"]).set_axis(listed.index)
    told = lifecycle.stages_of(listed["stage"].dropna()).reindex(listed.index)
    table = listed.assign(
        stage=here["stage"].fillna(told),
        entered_at=here["entered_at"],
        days=here["days"],
        is_known=here["history_complete"].fillna(value=False).astype(bool),
    )
    table["is_ended"] = table["stage"].isin([*lifecycle.terminal, *lifecycle.cancelled])
    table = _compared(table, per_item(theirs[theirs["outcome"] != "terminal"], []))
    cases = [
        (table["entered_at"].isna(), NO_HISTORY),
        (~table["is_known"], BEGINNING_UNKNOWN),
        (table["is_ended"], LIFE_ENDED),
    ]
    table = table.assign(reason=first_true(cases, None, table.index))
    own = list(dtypes(ProductStages))
    kept = [name for name in products if name not in dtypes(Products)]
    return ProductStages.validate(
        table.astype({"entered_at": "datetime64[us, UTC]"})[[*own, *kept]]
    )


def _compared(table: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Add how long each product was in its stage, and the share of others that stay longer."""
    stages = pd.Index(items["stage"].unique())
    used = items[items["is_complete"] & ~items["is_zero_length"]]
    ended = ~used["is_open"] & ~used["is_cancelled"]
    of_stage = ended.groupby(used["stage"]).agg(["size", "sum"]).astype("Int64")
    total = items.set_index(["item_id", "stage"])["total_days"]
    key = pd.MultiIndex.from_frame(table[["product_id", "stage"]])
    days = pd.Series(total.reindex(key).to_numpy(), table.index)
    days = days.fillna(table["days"]).where(table["is_known"])
    curves = kaplan_meier(used["total_days"], ended, stages.get_indexer(used["stage"]))
    group = stages.get_indexer(table["stage"])
    is_own = key.isin(pd.MultiIndex.from_frame(used[["item_id", "stage"]]))
    told = [survival_at(curve, group, days.fillna(0)) for curve in (of_others(curves), curves)]
    longer = pd.Series(np.where(is_own, *told), table.index)
    is_compared = days.notna() & ~table["is_ended"] & (group >= 0)
    n, n_ended = (table["stage"].map(of_stage[name]).where(is_compared) for name in of_stage)
    return table.assign(
        days=table["days"].where(table["is_known"]),
        total_days=days,
        longer_share=longer.where(is_compared),
        n=n.astype("Int64") - is_own.astype("int64"),
        n_ended=n_ended.astype("Int64"),
    )


def stage_mix(
    stages: pd.DataFrame, lifecycle: Lifecycle = PRODUCT, *, by: By = None
) -> pd.DataFrame:
    """How many products are in each stage?

    Parameters
    ----------
    stages
        `ProductStages`, with the `by` columns beside it.
    lifecycle
        Every stage of it has a row.
    by
        Column or columns to group by, such as a product line.

    Returns
    -------
    pandas.DataFrame
        `StageMix`: per group one row per stage in the order of the lifecycle, then those that are
        no stage of it and those not known, as far as there are any.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    active_share = products in the stage ÷ active ones: those in a stage of the lifecycle that is
    neither terminal nor cancelled. It is a full count, so it has no interval.

    Examples
    --------
    >>> stages = pd.DataFrame({
    ...     "product_id": ["A", "B", "C"], "stage": ["Market", "Development", "Retired"],
    ...     "is_ended": [False, False, True],
    ... })
    >>> mix = stage_mix(stages)
    >>> mix[mix["n"] > 0][["stage", "n", "active_share", "is_ended"]]
             stage  n  active_share  is_ended
    1  Development  1           0.5     False
    3       Market  1           0.5     False
    5      Retired  1           NaN      True
    """
    known = complete(stages, ProductStages).reset_index(drop=True)
    names = group_columns(known, by, StageMix)
    if known.empty:
        return empty(StageMix).assign(**{name: known[name] for name in names})
    ended = [*lifecycle.terminal, *lifecycle.cancelled]
    others = known.loc[~known["stage"].isin(list(lifecycle.stages)), "stage"].sort_values()
    order = pd.Index([*lifecycle.stages, *others.unique()], dtype="str")
    group, groups = grouped(known[names])
    cell = group * len(order) + order.get_indexer(known["stage"].astype("str"))
    counts = np.bincount(cell, minlength=len(groups) * len(order))
    table = groups.loc[groups.index.repeat(len(order))].reset_index(drop=True)
    table["stage"] = pd.Series(np.tile(order, len(groups)), dtype="str")
    table = table.assign(n=counts, is_ended=table["stage"].isin(ended))
    is_active = table["stage"].isin(list(lifecycle.stages)) & ~table["is_ended"]
    of_group = np.repeat(np.arange(len(groups)), len(order))
    table["n_active"] = table["n"].where(is_active, 0).groupby(of_group).transform("sum")
    whole = table["n_active"].where(table["n_active"] > 0)
    table["active_share"] = (table["n"] / whole).where(is_active)
    return StageMix.validate(table[[*names, *dtypes(StageMix)]])


def stage_moves(
    visits: pd.DataFrame,
    lifecycle: Lifecycle,
    *,
    since: AsOfInput,
    as_of: AsOfInput,
    time_zone: str = UTC,
) -> pd.DataFrame:
    """Which items went on to another stage in a period?

    Parameters
    ----------
    visits
        `StageVisits` of any level.
    lifecycle
        The order of its stages tells what is backward.
    since, as_of
        The period: after the end of the one day, to the end of the other.
    time_zone
        IANA zone of these days.

    Returns
    -------
    pandas.DataFrame
        `StageMoves`, in order of time.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or a day or the zone cannot be read.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "product", "item_id": "A", "sequence": [0, 1],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11"], utc=True),
    ...     "from_status": [None, "Development"], "to_status": ["Development", "Market"],
    ... })
    >>> visits = stage_visits(changes, as_of="2024-02-29")
    >>> moves = stage_moves(visits, PRODUCT, since="2023-12-31", as_of="2024-02-29")
    >>> moves[["item_id", "from_stage", "to_stage", "days"]]
      item_id   from_stage to_stage  days
    0       A  Development   Market  10.0
    """
    first, last = (as_of_point(day, time_zone) for day in (since, as_of))
    known = complete(visits, StageVisits)
    moved = known["exited_at"]
    known = known[(moved > first.last) & (moved <= last.last) & known["next_stage"].notna()]
    rank = {stage: number for number, stage in enumerate(lifecycle.stages)}
    before, after = (known[name].map(rank) for name in ("stage", "next_stage"))
    is_backward = (after < before).astype("boolean").mask(before.isna() | after.isna())
    table = known.rename(
        columns={"stage": "from_stage", "next_stage": "to_stage", "exited_at": "moved_at"}
    ).assign(is_backward=is_backward)
    table = table.sort_values("moved_at", kind="stable")[list(dtypes(StageMoves))]
    return StageMoves.validate(table.reset_index(drop=True))
