"""Which open projects need a decision?

A list of everything that is somehow amiss names nearly every project and is read by nobody. Here a
project needs something serious, or three lesser matters at once, and says in words what it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput, days_between
from pmanalytics.metrics.delivery import (
    Basis,
    counted_days,
    judged,
    over_budget,
    per_budget,
    whole,
    within,
)
from pmanalytics.schemas import Attention, dtypes
from pmanalytics.schemas.attention import LESSER_FLAGS, SERIOUS_FLAGS

ENOUGH_LESSER = 3
Flags = dict[str, tuple[pd.Series, pd.Series | str]]


def attention(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    basis: Basis = "baseline",
    forecast_late_days: int = 30,
    forecast_over_share: float = 0.2,
    replanned_times: int = 2,
    stale_after_days: int = 14,
) -> pd.DataFrame:
    """Which open projects need a decision, why, and which first?

    The population is every project open on the status date, on hold or not. Listed are those with
    a serious flag, or with three lesser ones.

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date: a finish after it means open.
    basis
        Judge against the first approved plan, or against the latest approved one.
    forecast_late_days
        Serious: a project not yet due that is expected more days than this after its due date.
    forecast_over_share
        Serious: one not yet over budget that is expected to exceed it by more than this share.
    replanned_times
        Lesser: its plan was approved anew at least as often.
    stale_after_days
        Lesser: its record was not updated for more days than this.

    Returns
    -------
    pandas.DataFrame
        `Attention`, the first rank on top.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, an id repeats, or an option is not one of those named.

    Notes
    -----
    The other flags. Serious: past its due date and open (`late_open`), or already over budget
    (`over_open`), as in `project_outcomes` without grace and tolerance. Lesser: no due date, on
    hold, or not started though the planned start has passed; the last only where the table records
    starts at all, and not of a project that has spent money or made progress. What is not known
    raises no flag.

    Ranked by the number of serious flags, then by how far the project is beyond its plan: the
    larger of days late (so far, or as expected) ÷ planned days and of cost (so far, or as expected)
    ÷ budget − 1. That compares projects in different currencies.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2", "P3"], "name": ["One", "Two", "Three"], "status": "open",
    ...     "baseline_finish_date": pd.to_datetime(["2024-05-31", "2024-12-31", "2024-07-31"]),
    ...     "baseline_budget": [100.0, 80.0, 50.0], "forecast_cost": [100.0, 80.0, 65.0],
    ...     "currency": "EUR",
    ... })
    >>> attention(rows, as_of="2024-06-30")[["rank", "project_id", "reasons"]]
       rank project_id                    reasons
    0     1         P3  forecast 30% over budget
    1     2         P1  30 days past its baseline
    """
    for option, days in (
        ("forecast_late_days", forecast_late_days),
        ("stale_after_days", stale_after_days),
    ):
        within(option, days, 36_500)
    within("forecast_over_share", forecast_over_share, 1_000)
    within("replanned_times", replanned_times, 1_000)
    plan = _measured(judged(projects, as_of=as_of, basis=basis))
    serious = _serious(plan, basis, forecast_late_days, forecast_over_share)
    lesser = _lesser(plan, basis, replanned_times, stale_after_days)
    flags = {name: known for name, (known, _) in {**serious, **lesser}.items()}
    table = plan.assign(
        **flags,
        reasons=_reasons({**serious, **lesser}, plan.index),
        basis=basis,
        due_date=plan["due"],
    )
    table["n_serious"] = table[SERIOUS_FLAGS].sum(axis="columns")
    table["n_lesser"] = table[LESSER_FLAGS].sum(axis="columns")
    is_listed = (table["n_serious"] > 0) | (table["n_lesser"] >= ENOUGH_LESSER)
    return _ranked(table[plan["is_open"] & is_listed])


def _measured(plan: pd.DataFrame) -> pd.DataFrame:
    """Return the plan with what is measured from it: days late, and money beyond the budget."""
    budget = plan["budget"]
    measured = plan.assign(
        is_open=~(plan["is_done"] | plan["is_cancelled"]),
        past_days=days_between(plan["due"], plan["day"]),
        expected_days=days_between(plan["due"], plan["forecast_finish_date"]),
        expected_over=(per_budget(plan["forecast_cost"], budget) - 1).round(9),
        unchanged_days=days_between(plan["updated_date"], plan["day"]),
    )
    late_days = measured[["past_days", "expected_days"]].max(axis="columns")
    planned_days = days_between(plan["baseline_start_date"], plan["due"])
    over = np.fmax(per_budget(plan["actual_cost"], budget) - 1, measured["expected_over"])
    measured["late_days"], measured["over_share"] = late_days, over.round(9)
    measured["beyond_plan_share"] = np.fmax(late_days / planned_days.where(planned_days > 0), over)
    return measured


def _serious(plan: pd.DataFrame, basis: Basis, late_days: int, over_share: float) -> Flags:
    """Return the serious flags, each with its words; one matter raises one flag of its kind."""
    against = "its baseline" if basis == "baseline" else "its current due date"
    is_late, is_over = plan["on_time"] == "late_open", plan["on_budget"] == "over_open"
    is_far_late = ~is_late & (plan["expected_days"] > late_days)
    is_far_over = ~is_over & (plan["expected_over"] > over_share)
    return {
        "is_late_open": (is_late, counted_days(plan["past_days"]) + f" past {against}"),
        "is_over_budget": (is_over, "already over budget"),
        "is_forecast_late": (
            is_far_late,
            "forecast " + counted_days(plan["expected_days"]) + " after its due date",
        ),
        "is_forecast_over": (is_far_over, "forecast " + over_budget(plan["expected_over"])),
    }


def _lesser(plan: pd.DataFrame, basis: Basis, times: int, stale_days: int) -> Flags:
    """Return the lesser flags, each with its words."""
    has_begun = plan["actual_start_date"] <= plan["day"]
    shows_work = (plan["percent_complete"] > 0) | (plan["actual_cost"] > 0)
    records_starts = plan["actual_start_date"].notna().any()
    is_due_to_start = plan["baseline_start_date"] < plan["day"]
    is_waiting = is_due_to_start & ~has_begun & ~shows_work & records_starts
    count = plan["rebaseline_count"].astype(float)
    return {
        "has_no_baseline": (
            plan["on_time"] == "missing_baseline",
            "no baseline" if basis == "baseline" else "no due date",
        ),
        "is_not_started": (is_waiting, "not started though its planned start has passed"),
        "is_on_hold": (plan["status"] == "on_hold", "on hold"),
        "is_replanned": (
            (count >= times) & (count > 0),
            "re-planned " + whole(count) + np.where(count == 1, " time", " times"),
        ),
        "is_stale": (
            plan["unchanged_days"] > stale_days,
            "no update for " + counted_days(plan["unchanged_days"]),
        ),
    }


def _reasons(flags: Flags, index: pd.Index) -> pd.Series:
    """Return the words of the flags that are raised, one after the other."""
    said = pd.Series("", index=index, dtype="str")
    for is_raised, words in flags.values():
        one = pd.Series(words, index=index, dtype="str")
        said = said + (one + "; ").where(is_raised, "")
    return said.str.removesuffix("; ")


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    order = ["n_serious", "beyond_plan_share", "late_days"]
    table = table.sort_values("project_id").sort_values(order, ascending=False, kind="stable")
    table = table.assign(rank=np.arange(1, len(table) + 1)).reset_index(drop=True)
    return Attention.validate(table[list(dtypes(Attention))])
