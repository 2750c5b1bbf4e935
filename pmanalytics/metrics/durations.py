"""How long do items stay in each stage? What is still there counts as "longer than this"."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.codes import encoded, numbered
from pmanalytics.comparison import holm, log_rank
from pmanalytics.competing import cumulative_incidence
from pmanalytics.errors import ConfigError, UnfitTableError
from pmanalytics.intervals import TOO_FEW, reliability
from pmanalytics.metrics.delivery import one_of
from pmanalytics.metrics.stages import STAY, per_item, those
from pmanalytics.schemas import (
    DurationComparisons,
    StageDurations,
    StageOutcomes,
    StageSurvival,
    StageVisits,
    Table,
    dtypes,
    empty,
)
from pmanalytics.survival import (
    TOLERANCE,
    kaplan_meier,
    last_step,
    quantile_of_ended,
    quantiles,
    restricted_means,
)
from pmanalytics.tables import By, complete, group_columns

QUANTILES = {"median": 0.5, "p85": 0.85, "p95": 0.95}
TIMES = {"working": "working_days", "span": "span_days"}
MARKS = ["is_open", "is_cancelled", "is_zero_length", "is_complete"]
ONE_STAY = {"first": "min", "last": "max"}
COUNTS = ["n", "n_ended", "n_open", "n_cancelled", "n_zero_length", "n_incomplete"]
Measure = Literal["total", "first", "last", "span", "working"]


def stage_durations(
    visits: pd.DataFrame, *, by: By = None, measure: Measure = "total"
) -> pd.DataFrame:
    """How long do items stay in each stage, those still there included?

    The population of a stage is every item of which all stays there are known from their beginning:
    its history is known from its creation, or two snapshots show it before and after each entry.
    Terminal stages have no duration.

    Parameters
    ----------
    visits
        `StageVisits`, with the `by` columns beside it.
    by
        Column or columns to group by.
    measure
        What counts of an item that came back: 'total' days over all its stays (default), the
        'first' or the 'last' stay, or the 'span' from first entry to last exit; or the total of
        'working' days, if the visits were timed with a calendar.

    Returns
    -------
    pandas.DataFrame
        `StageDurations`: per level, group and stage the Kaplan–Meier median, 85th and 95th
        percentile with their 95 % log-log intervals, missing where not reached, and the mean up to
        the longest time seen. Items still in the stage, and those cancelled in it, count as
        "longer than this". Days are elapsed ones, or working days.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, an option is not known, or there are no working days.

    Notes
    -----
    An average over items that have left is too short: it leaves out the slow ones still there.
    Stages stand in the order of the visits. A quantile is the smallest time by which the share
    has left. The stage in which the first snapshot found an item was entered nobody knows when: a
    stay that counted from there would be too short (left truncation), so it is left out.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "project", "sequence": [0, 1, 0, 1, 0],
    ...     "item_id": ["P1", "P1", "P2", "P2", "P3"],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-01", "2024-01-21",
    ...                                   "2024-01-01"], utc=True),
    ...     "from_status": [None, "Planning", None, "Planning", None],
    ...     "to_status": ["Planning", "Execution", "Planning", "Execution", "Planning"],
    ... })
    >>> visits = stage_visits(changes, as_of="2024-02-29")
    >>> stage_durations(visits)[["stage", "n_ended", "n_open", "median_days"]]
           stage  n_ended  n_open  median_days
    0   Planning        2       1         20.0
    1  Execution        0       2          NaN
    """
    return durations_of(*items_of(visits, by, measure, StageDurations), measure)


def durations_of(items: pd.DataFrame, groups: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return `StageDurations` of items, or of counts of them, by group; `groups` names each."""
    if items.empty:
        return _labelled(
            empty(StageDurations).drop(columns=["level", "stage"]), groups, StageDurations
        )
    table = items.groupby("group")[COUNTS].sum().astype("int64")
    used = those(items, items["n"] > 0)
    curves = kaplan_meier(used["time"], used["n_ended"], used["group"], n=used["n"])
    n_groups = len(table)
    for name, share in QUANTILES.items():
        found = quantiles(curves, n_groups, share)
        table[[f"{name}_days", f"{name}_low", f"{name}_high"]] = found
    horizon = used.groupby("group")["time"].max().reindex(table.index)
    means = restricted_means(curves, horizon.fillna(0))
    has_any = table["n"].to_numpy() > 0
    table = table.assign(
        completed_median_days=quantile_of_ended(curves, n_groups, QUANTILES["median"]),
        horizon_days=horizon,
        **{
            f"mean_{part}": np.where(has_any, means[:, column], np.nan)
            for column, part in enumerate(("days", "low", "high"))
        },
        measure=measure,
        reliability=pd.Series(reliability(table["n_ended"]), index=table.index, dtype="str"),
    )
    return _labelled(table, groups, StageDurations)


def stage_survival(
    visits: pd.DataFrame, *, by: By = None, measure: Measure = "total"
) -> pd.DataFrame:
    """Which share of the items is still in each stage after how many days?

    The population is that of `stage_durations`.

    Parameters
    ----------
    visits, by, measure
        As in `stage_durations`.

    Returns
    -------
    pandas.DataFrame
        `StageSurvival`: one row per level, group, stage and time at which an item left or was last
        seen, with the Kaplan–Meier share just after it and its 95 % log-log interval.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an option not known.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> changes = pd.DataFrame({
    ...     "level": "project", "sequence": [0, 1, 0], "item_id": ["P1", "P1", "P2"],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-01"], utc=True),
    ...     "from_status": [None, "Planning", None],
    ...     "to_status": ["Planning", "Execution", "Planning"],
    ... })
    >>> table = stage_survival(stage_visits(changes, as_of="2024-02-29"))
    >>> table[["stage", "days", "at_risk", "n_ended", "survival"]]
           stage  days  at_risk  n_ended  survival
    0   Planning  10.0        2        1       0.5
    1   Planning  60.0        1        0       0.5
    2  Execution  50.0        1        0       1.0
    """
    items, groups = items_of(visits, by, measure, StageSurvival)
    used = items[items["n"]]
    curves = kaplan_meier(used["time"], used["n_ended"], used["group"], every_time=True)
    table = pd.DataFrame(curves._asdict()).rename(columns={"time": "days", "events": "n_ended"})
    return _labelled(table.set_index("group"), groups, StageSurvival)


def stage_outcomes(
    visits: pd.DataFrame, *, at_days: float | list[float], by: By = None, measure: Measure = "total"
) -> pd.DataFrame:
    """Which share has moved on by then, which was cancelled, and which is still there?

    The population is that of `stage_durations`.

    Parameters
    ----------
    visits, by, measure
        As in `stage_durations`.
    at_days
        Days since entry, one or several.

    Returns
    -------
    pandas.DataFrame
        `StageOutcomes`: one row per level, group, stage and time. The three shares add up to 1.
        Missing beyond the longest time seen, unless none was left by then.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an option not known.

    Notes
    -----
    Cancellation is an end of its own (a competing event), not a stay of unknown length: the shares
    are Aalen and Johansen's cumulative incidences. One minus Kaplan–Meier would say how many had
    moved on if nothing were ever cancelled, which is more.

    Examples
    --------
    >>> from pmanalytics import Lifecycle, stage_visits
    >>> flow = Lifecycle({"Doing": [], "Done": [], "Dropped": []}, ["Done"], ["Dropped"])
    >>> changes = pd.DataFrame({
    ...     "level": "project", "sequence": [0, 1, 0, 1, 0], "item_id": ["A", "A", "B", "B", "C"],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-01", "2024-01-21",
    ...                                   "2024-01-01"], utc=True),
    ...     "from_status": [None, "Doing", None, "Doing", None],
    ...     "to_status": ["Doing", "Done", "Doing", "Dropped", "Doing"],
    ... })
    >>> table = stage_outcomes(stage_visits(changes, flow, as_of="2024-02-29"), at_days=30)
    >>> table[["stage", "n", "left_share", "cancelled_share", "still_share"]].round(2)
       stage  n  left_share  cancelled_share  still_share
    0  Doing  3        0.33             0.33         0.33
    """
    times = np.atleast_1d(np.asarray(at_days, dtype=float))
    items, groups = items_of(visits, by, measure, StageOutcomes)
    counts = items.groupby("group")[COUNTS].sum()
    used = items[items["n"]]
    ends = used["n_ended"], used["n_cancelled"]
    group, time = (np.repeat(counts.index, len(times)), np.tile(times, len(counts)))
    table = counts.loc[group].assign(at_days=time)
    longest = used.groupby("group")["time"].max().reindex(group).to_numpy()
    for name, (of_this, of_other) in {"left": ends, "cancelled": ends[::-1]}.items():
        found = cumulative_incidence(used["time"], of_this, of_other, used["group"])
        step = last_step(found.group, found.time, group, time)
        for part, values, nothing in (
            ("share", found.share, 0.0), ("low", found.low, np.nan), ("high", found.high, np.nan)
        ):  # fmt: skip
            table[f"{name}_{part}"] = np.take(np.r_[values, nothing], step)
    still = (1 - table["left_share"] - table["cancelled_share"]).clip(0, 1)
    # Beyond the longest time seen only that is known of which nothing is left.
    is_unseen = ~(time <= longest) & (still > TOLERANCE)
    table = table.assign(still_share=still)
    shares = [name for name in dtypes(StageOutcomes) if name.endswith(("_share", "_low", "_high"))]
    table[shares] = table[shares].mask(is_unseen)
    return _labelled(table, groups, StageOutcomes)


def compare_durations(
    visits: pd.DataFrame, *, between: str, by: By = None, measure: Measure = "total"
) -> pd.DataFrame:
    """Does one group stay longer in a stage than the other, beyond what chance makes of it?

    The population is that of `stage_durations`.

    Parameters
    ----------
    visits, by, measure
        As in `stage_durations`.
    between
        Column with exactly two values, such as team; rows without one are left out. For two
        periods give one of your own making, told by when each item came in.

    Returns
    -------
    pandas.DataFrame
        `DurationComparisons`: one row per level, group and stage, with both medians, the log-rank
        test, and a verdict about the second value: 'longer', 'shorter', 'no_clear_difference', or
        'too_few' where fewer than 5 of either side have left.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, an option not known, or there are not two values.

    Notes
    -----
    The verdict goes by `p_adjusted`, Holm's adjustment over the rows of one call: of twenty stages
    that do not differ one would seem to at 5 %. The test compares as far as both sides have come;
    of a later period only short stays can have been seen yet. It allows for what is open, and not
    for a change in the kind of work.

    Examples
    --------
    >>> from pmanalytics import stage_visits
    >>> days = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    >>> entry = pd.Timestamp("2024-01-01", tz="UTC")
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": [f"P{n:02}" for n in range(12)] * 2,
    ...     "changed_at": [entry] * 12 + [entry + pd.Timedelta(days=n) for n in days],
    ...     "from_status": [None] * 12 + ["Plan"] * 12, "to_status": ["Plan"] * 12 + ["Run"] * 12,
    ...     "sequence": [0] * 12 + [1] * 12, "team": (["A"] * 6 + ["B"] * 6) * 2,
    ... })
    >>> visits = stage_visits(changes, as_of="2024-02-29")
    >>> table = compare_durations(visits[visits["stage"] == "Plan"], between="team")
    >>> table[["first", "second", "first_median_days", "second_median_days", "verdict"]]
      first second  first_median_days  second_median_days verdict
    0     A      B           3.0           13.0  longer
    """
    if between not in visits:
        group_columns(visits, between)
    visits = visits[visits[between].notna()]
    values = sorted(visits[between].astype("str").unique())
    if len(visits) and len(values) != 2:
        raise ConfigError(
            f"between={between!r} must have exactly two values, and has {len(values)}. "
            "Keep the rows of the two that are to be compared."
        )
    first, second = values or ("", "")
    visits = visits.assign(_is_second=visits[between].astype("str") == second)
    items, groups = items_of(visits, by, measure, DurationComparisons, within="_is_second")
    used = items[items["n"]]
    table = pd.DataFrame(index=range(int(items["group"].max()) + 1 if len(items) else 0))
    for side, is_second in (("first", False), ("second", True)):
        own = used[used["_is_second"] == is_second]
        curves = kaplan_meier(own["time"], own["n_ended"], own["group"])
        table[f"{side}_median_days"] = quantiles(curves, len(table), QUANTILES["median"])[:, 0]
        sums = own.groupby("group")[["n", "n_ended"]].sum().reindex(table.index, fill_value=0)
        table[[f"{side}_n", f"{side}_n_ended"]] = sums
    is_second = used["_is_second"].astype(bool)
    found = log_rank(used["time"], used["n_ended"], is_second, used["group"], len(table))
    table = table.assign(
        between=between, first=first, second=second, measure=measure,
        chi_squared=found.chi_squared, p_value=found.p_value, p_adjusted=holm(found.p_value),
    )  # fmt: skip
    is_few = table[["first_n_ended", "second_n_ended"]].min(axis="columns") < TOO_FEW
    is_clear = table["p_adjusted"] < 0.05
    is_longer = found.observed < found.expected
    verdict = np.select(
        [is_few, is_clear & is_longer, is_clear], ["too_few", "longer", "shorter"],
        "no_clear_difference",
    )  # fmt: skip
    table["verdict"] = pd.Series(verdict, index=table.index, dtype="str")
    return _labelled(table, groups, DurationComparisons)


def items_of(
    visits: pd.DataFrame, by: By, measure: Measure, schema: type, *, within: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the items of each stage with the time that counts, and what their groups are."""
    one_of("measure", measure, get_args(Measure))
    visits = complete(visits, StageVisits)
    names = group_columns(visits, by, schema)
    groups = {f"_by_{name}": visits[name] for name in names}
    given = visits.dtypes[["level", *names, "stage"]]
    keys = [*groups, *([within] if within else [])]
    visits = encoded(visits[[*STAY, *([within] if within else [])]].assign(**groups))
    visits = those(visits, visits["outcome"] != "terminal")
    if measure in ONE_STAY:
        stays = visits.groupby(numbered(visits[["level", *keys, "stage", "item_id"]]))
        visits = visits[visits["visit"] == stays["visit"].transform(ONE_STAY[measure])]
    days = TIMES.get(measure, "total_days")
    stays = per_item(visits, keys, [days, *MARKS])
    time = stays[days]
    if len(stays) and time.isna().any():
        raise UnfitTableError(
            "StageVisits", "has rows without working_days; pass a calendar to stage_visits"
        )
    told = ["level", *groups, "stage"]
    items = stays[["item_id", *told, *keys[len(groups) :]]].assign(
        time=time, group=numbered_groups(stays[told]), **_counts(stays)
    )
    of_groups = items.drop_duplicates("group")[told].set_axis(["level", *names, "stage"], axis=1)
    return items, of_groups.astype(given).reset_index(drop=True)


def numbered_groups(keys: pd.DataFrame) -> NDArray[np.int64]:
    """Number the groups in the order in which they come first."""
    return pd.factorize(numbered(keys))[0]


def _labelled(table: pd.DataFrame, groups: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Return a table by group with the level, stage and own columns of each."""
    names = [name for name in groups if name not in ("level", "stage")]
    table = table.join(groups)
    return schema.validate(table.reset_index(drop=True)[[*names, *dtypes(schema)]])


def _counts(stays: pd.DataFrame) -> dict[str, pd.Series]:
    """Tell for each way in which an item may count in its stage whether it does."""
    is_incomplete = ~stays["is_complete"]
    is_zero = stays["is_zero_length"] & ~is_incomplete
    is_counted = ~is_incomplete & ~is_zero
    return {
        "n": is_counted,
        "n_ended": is_counted & ~stays["is_open"] & ~stays["is_cancelled"],
        "n_open": is_counted & stays["is_open"],
        "n_cancelled": is_counted & stays["is_cancelled"],
        "n_zero_length": is_zero,
        "n_incomplete": is_incomplete,
    }
