"""From states to rates: each project falls in one class, and a rate states the counts of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.errors import MixedCurrenciesError
from pmanalytics.intervals import reliability, wilson
from pmanalytics.metrics.delivery import FAILURES, SUCCESSES
from pmanalytics.schemas import Day, Rates
from pmanalytics.tables import in_kinds

EXCLUDED = {
    "n_early": ["early"],
    "n_not_due": ["not_due"],
    "n_undetermined": ["undetermined"],
    "n_open_failed": ["late_open", "over_open"],
    "n_cancelled": ["cancelled"],
    "n_missing_baseline": ["missing_baseline"],
    "n_invalid": ["invalid"],
}
CLASSES = ["k", "n_failed", *EXCLUDED]
CLASS_OF = {state: name for name, states in EXCLUDED.items() for state in states}
NOT_JUDGED = {"due": {"early"}, "resolved": set(), "finished": {"late_open", "over_open"}}
NO_FINISHES = "no project records an actual finish"
NOBODY = "no project can be judged"
NO_BUDGETS = "no project can be judged on its budget"
NOT_JUDGED_ON_BUDGET = ["missing_baseline", "undetermined", "cancelled"]
NO_WEIGHT = "all the weights are 0"


def classes(states: pd.Series, population: str) -> NDArray[np.int64]:
    """Return for each state the position of its class in `CLASSES`."""
    known = dict.fromkeys(SUCCESSES, "k") | dict.fromkeys(FAILURES, "n_failed")
    judged = {state: name for state, name in known.items() if state not in NOT_JUDGED[population]}
    class_of = CLASS_OF | judged
    codes, found = pd.factorize(states)
    return np.array([CLASSES.index(class_of[state]) for state in found], dtype="int64")[codes]


def grouped(keys: pd.DataFrame) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return for each row the number of its group, and what the groups are, in their order.

    Missing keys are a group; without keys all rows are one.
    """
    if not len(keys.columns):
        return np.zeros(len(keys), dtype="int64"), pd.DataFrame(index=range(min(len(keys), 1)))
    number = keys.groupby([*keys], dropna=False, observed=True).ngroup().to_numpy()
    first = np.zeros(number.max(initial=-1) + 1, dtype="int64")
    first[number[::-1]] = np.arange(len(number))[::-1]  # of several the last is kept: the first row
    return number, keys.iloc[first].reset_index(drop=True)


def sums_by(numbers: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Return what the groups are, and the sums of each beside it."""
    group, groups = grouped(keys)
    return groups.join(numbers.groupby(group).sum())


def with_interval(k: pd.Series, n: pd.Series, name: str) -> dict[str, pd.Series]:
    """Return the share k ÷ n by its name, with its interval and reliability."""
    low, high = (pd.Series(end, index=n.index) for end in wilson(k, n))
    words = pd.Series(reliability(n), index=n.index, dtype="str")
    return {name: k / n.where(n > 0), "low": low, "high": high, "reliability": words}


def refuse_mixed(currency: pd.Series, group: Any) -> None:
    """Refuse to add up the amounts of a group in several currencies."""
    is_mixed = currency.groupby(group).transform("nunique") > 1
    if is_mixed.any():
        raise MixedCurrenciesError(currency[is_mixed].dropna().unique())


def tally(
    group: NDArray[np.int64], n_groups: int, plan: pd.DataFrame, weight: pd.Series | None = None
) -> pd.DataFrame:
    """Return how many projects of each group fall in each class, or what they weigh."""
    cell = group * len(CLASSES) + plan["class"].to_numpy()
    sums = np.bincount(cell, weights=weight, minlength=n_groups * len(CLASSES))
    return pd.DataFrame(sums.reshape(n_groups, len(CLASSES)), columns=CLASSES)


def counted(group: NDArray[np.int64], n_groups: int, plan: pd.DataFrame) -> pd.DataFrame:
    """Return how many projects of each group fall in each class, and how many are on hold."""
    n_on_hold = np.bincount(group[plan["is_on_hold"]], minlength=n_groups)
    return tally(group, n_groups, plan).assign(n_on_hold=n_on_hold)


def stated(
    counts: pd.DataFrame,
    weights: pd.DataFrame | None = None,
    squares: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the rate of each row of counts, with its interval, bounds and reliability.

    Where projects are weighted, `weights` and `squares` are the sums of their weights and of the
    squares of these; the interval is that of the effective number of projects.
    """
    weights = counts if weights is None else weights
    squares = weights if squares is None else squares
    n, judged, squared = (table["k"] + table["n_failed"] for table in (counts, weights, squares))
    judged = judged.where(judged > 0)
    rate = weights["k"] / judged
    n_effective = judged**2 / squared
    low, high = wilson(rate * n_effective, n_effective)
    open_ended = weights["n_not_due"] + weights["n_undetermined"]
    certain = weights["k"] + weights["n_early"]
    known = certain + weights["n_failed"] + weights["n_open_failed"]
    whole = (known + open_ended).where(lambda sums: sums > 0)
    return counts.drop(columns="n_failed").assign(
        n=n,
        rate=rate,
        low=low,
        high=high,
        at_worst=certain / whole,
        at_best=(certain + open_ended) / whole,
        reliability=pd.Series(reliability(n), index=counts.index, dtype="str"),
        reason=pd.Series(None, index=counts.index, dtype="str")
        .mask(rate.isna(), NO_WEIGHT)
        .mask(n == 0, NOBODY),
    )


def as_rates(
    table: pd.DataFrame, plan: pd.DataFrame, labels: dict[str, Any], first: list[str]
) -> pd.DataFrame:
    """Return stated rates with the columns of `Rates`, behind those that name them.

    A rate that is 0 % for want of finishes or budgets is withheld.
    """
    why = _why_no_rate(plan, labels["measure"])
    if why is not None:
        table = table.assign(rate=np.nan, low=np.nan, high=np.nan, reason=why)
        table = table.assign(at_worst=np.nan, at_best=np.nan)
    counted = {name: "int64" for name in Rates.to_schema().columns if name[:2] == "n_"}
    kinds = {"k": "int64", "n": "int64", **counted, "reason": "str", "as_of": Day}
    table = in_kinds(table.assign(**labels), kinds)
    return table[[*first, *Rates.to_schema().columns]]


def _why_no_rate(plan: pd.DataFrame, measure: str) -> str | None:
    is_done = plan["status"] == "done"
    has_finishes = (is_done & plan["actual_finish_date"].notna()).any()
    if measure == "on_budget":
        has_finishes = has_finishes or is_done.any()
    if not has_finishes and (plan["status"] != "cancelled").any():
        return NO_FINISHES
    if measure == "on_time_and_on_budget" and plan["on_budget"].isin(NOT_JUDGED_ON_BUDGET).all():
        return NO_BUDGETS
    return None
