"""How long do items stay in each stage? What is still there counts as "longer than this"."""

from __future__ import annotations

import pandas as pd

from pmanalytics.metrics.stages import per_item
from pmanalytics.schemas import StageDurations, StageVisits, dtypes, empty
from pmanalytics.survival import kaplan_meier, quantiles
from pmanalytics.tables import By, complete, group_columns

MEDIAN, P85 = 0.5, 0.85


def stage_durations(visits: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
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

    Returns
    -------
    pandas.DataFrame
        `StageDurations`: per level, group and stage the Kaplan–Meier median and 85th percentile
        of the items' total days with their 95 % log-log intervals; missing where not reached.
        Items still in the stage, and those cancelled in it, count as "longer than this".

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
    visits = complete(visits, StageVisits)
    names = group_columns(visits, by, StageDurations)
    groups = {f"_by_{name}": visits[name] for name in names}
    visits = visits.assign(**groups)
    items = per_item(visits[visits["outcome"] != "terminal"], list(groups))
    if items.empty:
        return empty(StageDurations).assign(**{name: pd.Series(dtype="str") for name in names})
    items = _counted(items)
    grouped = items.groupby(["level", *groups, "stage"], dropna=False, sort=False, observed=True)
    items["group"] = grouped.ngroup()
    table = grouped[
        ["n", "n_ended", "n_open", "n_cancelled", "n_zero_length", "n_incomplete"]
    ].sum()
    used = items[items["n"] == 1]
    curves = kaplan_meier(used["total_days"], used["n_ended"], used["group"])
    for name, share in (("median", MEDIAN), ("p85", P85)):
        found = quantiles(curves, len(table), share)
        table[[f"{name}_days", f"{name}_low", f"{name}_high"]] = found
    table = table.reset_index().rename(columns=dict(zip(groups, names, strict=True)))
    return StageDurations.validate(table[[*names, *dtypes(StageDurations)]])


def _counted(items: pd.DataFrame) -> pd.DataFrame:
    """Add 0 or 1 for each way in which an item may count in its stage."""
    is_incomplete = ~items["is_complete"]
    is_zero = items["is_zero_length"] & ~is_incomplete
    is_counted = ~is_incomplete & ~is_zero
    counts = {
        "n": is_counted,
        "n_ended": is_counted & ~items["is_open"] & ~items["is_cancelled"],
        "n_open": is_counted & items["is_open"],
        "n_cancelled": is_counted & items["is_cancelled"],
        "n_zero_length": is_zero,
        "n_incomplete": is_incomplete,
    }
    return items.assign(**{name: is_one.astype("int64") for name, is_one in counts.items()})
