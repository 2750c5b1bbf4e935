"""Durations, rates and throughput of what lies in parts: counts of each part, then the whole.

Each number is made of counts, which add up over parts without a difference; averages or medians of
parts would not. What turns the counts into the number is the same code as for one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point
from pmanalytics.metrics.delivery import one_of
from pmanalytics.metrics.durations import COUNTS, Measure, durations_of, items_of, numbered_groups
from pmanalytics.metrics.flow_rates import PERIODS, by_day, per_period, window_of
from pmanalytics.metrics.rates import Measure as RateMeasure
from pmanalytics.metrics.rates import classed, labelled
from pmanalytics.metrics.tallies import as_rates, counted, grouped, stated
from pmanalytics.schemas import FlowByDay, FlowItems, Rates, StageDurations
from pmanalytics.tables import By, complete, group_columns

DATES = ["created_date", "started_date", "finished_date", "cancelled_date"]


class StayCounts(NamedTuple):
    """What is known of the stays in one part.

    `groups` has one row per level, group and stage, with the first item that came there and its
    place, which decide the order of all groups; `counts` has one per group and time.
    """

    groups: pd.DataFrame
    counts: pd.DataFrame


def stay_counts(visits: pd.DataFrame, *, by: By = None, measure: Measure = "total") -> StayCounts:
    """After which times did how many items leave each stage, and how many were last seen?

    Such counts of parts, with each item in one of them, make the whole with `joined_durations`.

    Parameters
    ----------
    visits, by, measure
        As in `stage_durations`.

    Returns
    -------
    StayCounts
        The counts, without text: there may be nearly as many times as items.
    """
    items, groups = items_of(visits, by, measure, StageDurations)
    place = items.groupby("item_id", sort=False).cumcount()
    first = items.assign(_place=place)[~items["group"].duplicated()].reset_index(drop=True)
    groups = groups.assign(_item=first["item_id"].astype("str"), _place=first["_place"])
    at_once = items.groupby(["group", "time"], dropna=False, sort=False)
    return StayCounts(groups, at_once[COUNTS].sum().astype("int32").reset_index())


def joined_durations(
    parts: Sequence[StayCounts], *, by: By = None, measure: Measure = "total"
) -> pd.DataFrame:
    """How long do items of all parts stay in each stage?

    Parameters
    ----------
    parts
        `stay_counts` of each part.
    by, measure
        As given to it.

    Returns
    -------
    pandas.DataFrame
        `StageDurations`, as `stage_durations` gives of all visits at once.
    """
    filled = [part for part in parts if len(part.counts)] or parts[:1]
    own = [part.groups.assign(_part=number) for number, part in enumerate(filled)]
    found = pd.concat(own).sort_values(["level", "_item", "_place"])
    keys = found.drop(columns=["_item", "_place", "_part"])
    found["group"] = numbered_groups(keys)
    groups = keys[~found["group"].duplicated()].reset_index(drop=True)
    numbers = [found.loc[found["_part"] == part, "group"] for part in range(len(filled))]
    counts = [
        part.counts.assign(group=part.counts["group"].map(number))
        for part, number in zip(filled, numbers, strict=True)
        if len(part.counts)
    ]
    whole = pd.concat(counts or [filled[0].counts], ignore_index=True)
    return durations_of(whole, groups, measure)


def class_counts(
    measure: RateMeasure, projects: pd.DataFrame, *, as_of: AsOfInput, by: By = None, **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How many projects of each group fall in each class, and what tells whether that is a rate?

    Such counts of parts make the whole with `joined_rates`.
    """
    plan = classed(measure, projects, as_of=as_of, **options)
    names = group_columns(projects, by, Rates)
    group, groups = grouped(projects[names].reset_index(drop=True))
    counts = pd.concat([groups, counted(group, len(groups), plan)], axis="columns")
    evidence = plan[["status", "actual_finish_date", "on_budget"]]
    is_repeat = evidence.assign(actual_finish_date=evidence["actual_finish_date"].notna())
    return counts, evidence[~is_repeat.duplicated()]


def joined_rates(
    parts: Sequence[tuple[pd.DataFrame, pd.DataFrame]],
    measure: RateMeasure,
    *,
    as_of: AsOfInput,
    by: By = None,
    **options: Any,
) -> pd.DataFrame:
    """Which share of the projects of all parts was delivered as planned?

    Parameters
    ----------
    parts
        `class_counts` of each part.
    measure, as_of, by, **options
        As given to it.

    Returns
    -------
    pandas.DataFrame
        `Rates`, as the function of that measure gives of all projects at once.
    """
    names = _names(by)
    counts, evidence = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    group, groups = grouped(counts[names])
    sums = counts.drop(columns=names).groupby(group).sum()
    table = pd.concat([groups, stated(sums)], axis="columns")
    labels = labelled(measure, as_of, **options)
    return Rates.validate(as_rates(table, evidence, labels, names))


def flow_counts(items: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """How many items were created, begun and ended on which days together?

    Such counts of parts, with each item in one of them, make the whole with `joined_throughput`.

    Parameters
    ----------
    items, by
        As in `throughput`.

    Returns
    -------
    pandas.DataFrame
        One row per group and set of days, with the number `n` of its items.
    """
    items = complete(items, FlowItems)
    names = group_columns(items, by, FlowByDay)
    sets = items.groupby([*names, *DATES], dropna=False, observed=True)
    return sets.size().rename("n").reset_index()


def joined_throughput(
    parts: Sequence[pd.DataFrame],
    *,
    as_of: AsOfInput,
    period: str = "week",
    time_zone: str = UTC,
    since: AsOfInput | None = None,
    by: By = None,
) -> pd.DataFrame:
    """How many items of all parts were finished in each day, week or month?

    Parameters
    ----------
    parts
        `flow_counts` of each part.
    as_of, period, time_zone, since, by
        As in `throughput`.

    Returns
    -------
    pandas.DataFrame
        `Throughput`, as `throughput` gives of all items at once.
    """
    one_of("period", period, PERIODS)
    names = _names(by)
    counts = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    daily = by_day(counts, names, window_of(counts, as_of, time_zone, since))
    return per_period(daily, names, as_of_point(as_of, time_zone), period, time_zone)


def _names(by: By) -> list[str]:
    return [by] if isinstance(by, str) else list(by or [])
