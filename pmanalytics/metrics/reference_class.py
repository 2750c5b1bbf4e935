"""What did comparable projects take, and what does that say of those still open?

Plans are made from the inside, and err in one direction. Reference-class forecasting looks from the
outside: take the projects of one class, see what they took as a multiple of their plan, and read
this project's chances off that distribution (Kahneman & Tversky 1979; Flyvbjerg 2006, Project
Management Journal 37(3):5–15).

The plan is always the baseline, the estimate on which the project was approved: against a plan
approved anew, every project looks punctual. Open projects are kept in, as "more than so far":
the slow ones are still running, so a class of finished ones only would promise too much.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput, days_between
from pmanalytics.intervals import TOO_FEW, reliability
from pmanalytics.metrics.delivery import first_true, judged, within
from pmanalytics.schemas import Day, PlanRatios, ProjectForecasts, ReferenceClasses
from pmanalytics.survival import (
    TOLERANCE,
    Curves,
    conditional_quantiles,
    ends_after,
    kaplan_meier,
    quantiles,
    survival_at,
)
from pmanalytics.tables import By, group_columns

MIN_N = 10
LAST_DAY = pd.Timestamp("9999-12-31")
ROUNDING = 1e-6
QUANTILES = {"p50": 0.5, "p80": 0.8, "p90": 0.9}
UNREACHED = ["P50, P80 and P90 are", "P80 and P90 are", "P90 is"]
COUNTS = ["n_finished", "n_open", "n_cancelled", "n_no_baseline", "n_not_recorded"]


def plan_ratios(
    projects: pd.DataFrame, *, as_of: AsOfInput, by: By = "project_class"
) -> pd.DataFrame:
    """What did each project take, as a multiple of its baseline?

    The population is every row of `projects`, once per measure.

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date: a project finished or cancelled later is still open.
    by
        Column or columns to keep beside the ratios, as classes.

    Returns
    -------
    pandas.DataFrame
        `PlanRatios`. Of an open project the ratio reached so far: a lower bound.

    Raises
    ------
    PMAnalyticsError
        If a column is missing or an id repeats.

    Notes
    -----
    Duration: (finish − baseline start) ÷ (baseline finish − baseline start), in calendar days; so
    far: the status date for the finish. A late start thus counts as time taken, as it does for
    whoever waits for the result. Cost: actual cost ÷ baseline budget; an open project without a
    cost has spent at least 0. Ratios have no currency.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_start_date": pd.to_datetime(["2024-01-01", "2024-01-01"]),
    ...     "baseline_finish_date": pd.to_datetime(["2024-01-31", "2024-04-10"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-02-06", None]),
    ... })
    >>> plan_ratios(rows, as_of="2024-02-20").query("measure == 'duration'")[["state", "ratio"]]
          state  ratio
    0  finished    1.2
    1      open    0.5
    """
    plan = judged(projects, as_of=as_of, basis="baseline")
    return ratios_of(plan, group_columns(plan, by, PlanRatios))


def reference_class(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    by: By = "project_class",
    min_n: int = MIN_N,
) -> pd.DataFrame:
    """What do projects of each class take, as a multiple of their baseline?

    The population is every finished or open project with a baseline. Cancelled ones are counted
    apart: to be stopped is another end, and says nothing about how long finishing takes.

    Parameters
    ----------
    projects, as_of
        As in `plan_ratios`.
    by
        Column or columns that make a class; None takes all projects as one.
    min_n
        Finished projects that a class must have for its numbers to be stated.

    Returns
    -------
    pandas.DataFrame
        `ReferenceClasses`: per class and measure the ratios within which 50, 80 and 90 % of the
        projects end, with 95 % log-log intervals, and the share that ends above its baseline.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is not fit.

    Notes
    -----
    uplift = ratio − 1 (Flyvbjerg 2006). A quantile is the smallest ratio observed by which
    Kaplan–Meier has that share ended; with no open project that is numpy's `inverted_cdf`.

    Kaplan–Meier takes it that an open project is like the others that came as far. For duration
    that is fair. For cost it is not quite: cost grows until the finish, so a project that will be
    dear has also spent more when it is looked at, and cost quantiles with many open projects are
    indicative at best. Amounts are nominal.

    Examples
    --------
    >>> rows = pd.DataFrame({"status": ["done"] * 10, "project_class": "road", "currency": "EUR",
    ...     "baseline_budget": 100.0,
    ...     "actual_cost": [95.0, 100, 105, 110, 120, 125, 140, 160, 210, 400]})
    >>> rows = rows.assign(project_id=list("ABCDEFGHIJ"), name="Road")
    >>> table = reference_class(rows, as_of="2024-12-31").query("measure == 'cost'")
    >>> table[["n_finished", "p50_ratio", "p80_ratio", "p90_ratio", "over_share"]]
       n_finished  p50_ratio  p80_ratio  p90_ratio  over_share
    0          10        1.2        1.6        2.1         0.8
    """
    within("min_n", min_n, 1_000_000)
    plan = judged(projects, as_of=as_of, basis="baseline")
    names = group_columns(plan, by, PlanRatios, ReferenceClasses)
    ratios = ratios_of(plan, names)
    keys = [ratios[name] for name in ["measure", *names]]
    states = pd.get_dummies(ratios["state"], prefix="n", dtype="int64")
    states = states.reindex(columns=COUNTS, fill_value=0)
    table = states.groupby(keys, dropna=False, observed=True).sum().reset_index()
    table["n"] = table["n_finished"] + table["n_open"]
    table = table.assign(**_distribution(ratios, group_of(ratios, names), len(table)))
    is_classed = table[names].notna().all(axis="columns")
    stated = [column for column in ReferenceClasses.to_schema().columns if column.startswith("p")]
    is_few = ~is_classed | (table["n_finished"] < min_n)
    table[[*stated, "over_share"]] = table[[*stated, "over_share"]].mask(is_few)
    table = table.assign(
        reason=_class_reasons(table, is_classed, min_n),
        reliability=_reliability(table["n_finished"], is_few),
        as_of=pd.Series(plan["day"].max(), index=table.index, dtype=Day),
    )
    return ReferenceClasses.validate(table[[*names, *ReferenceClasses.to_schema().columns]])


def project_forecasts(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    by: By = "project_class",
    min_n: int = MIN_N,
) -> pd.DataFrame:
    """When, and at what cost, would projects like each open one end?

    The population is every project open at `as_of`, on hold or not.

    Parameters
    ----------
    projects, as_of, by, min_n
        As in `reference_class`. A class that is too small gives no number; `by=None` learns from
        all projects instead.

    Returns
    -------
    pandas.DataFrame
        `ProjectForecasts`, in the order of `projects`, with the owner's own forecast beside it and
        with the reason where there is none. No date is on or before `as_of`, no cost below what
        is already spent.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is not fit.

    Notes
    -----
    What has happened is known: a project that has reached the ratio r is compared only with
    those that went beyond r. The quantile p is the smallest ratio x with S(x) ÷ S(r) ≤ 1 − p;
    finish = baseline start + x · planned days, rounded up to a day; cost = x · budget. At least
    five finished projects (or `min_n`, if fewer) must have gone beyond r, or the answer is that
    it has taken more than nearly all of its class.

    Examples
    --------
    >>> days = pd.to_timedelta([80, 90, 100, 110, 120, 130, 140, 150, 160, 170, None], unit="D")
    >>> start = pd.Series(pd.to_datetime(["2023-01-01"] * 10 + ["2024-01-01"]))
    >>> rows = pd.DataFrame({"status": ["done"] * 10 + ["open"], "project_class": "IT",
    ...     "baseline_start_date": start, "actual_finish_date": start + days,
    ...     "baseline_finish_date": start + pd.Timedelta(days=100)})
    >>> rows = rows.assign(project_id=list("ABCDEFGHIJK"), name="Rollout")
    >>> table = project_forecasts(rows, as_of="2024-04-15")
    >>> table[["duration_ratio", "n_duration_beyond", "p50_finish_date", "p80_finish_date"]]
       duration_ratio  n_duration_beyond p50_finish_date p80_finish_date
    0            1.05                  7      2024-05-20      2024-06-09
    """
    within("min_n", min_n, 1_000_000)
    plan = judged(projects, as_of=as_of, basis="baseline")
    names = group_columns(plan, by, PlanRatios, ProjectForecasts)
    ratios = ratios_of(plan, names)
    is_open = ~(plan["is_done"] | plan["is_cancelled"])
    duration, cost = (
        _conditional(half.set_axis(plan.index), names, is_open, min_n)
        for half in (ratios[: len(plan)], ratios[len(plan) :])
    )
    rows = plan[is_open]
    table = rows.assign(
        as_of=rows["day"],
        **_labelled(duration, "duration"),
        **_labelled(cost, "cost"),
        **{f"{q}_finish_date": _finish(rows, duration[q]) for q in ("p50", "p80")},
        **{f"{q}_cost": cost[q] * rows["baseline_budget"] for q in ("p50", "p80")},
    )
    table = table[[*names, *ProjectForecasts.to_schema().columns]].reset_index(drop=True)
    return ProjectForecasts.validate(table)


def ratios_of(plan: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return `PlanRatios` of judged projects, all durations first, with those columns beside."""
    is_open = ~(plan["is_done"] | plan["is_cancelled"])
    end = plan["finish"].where(plan["is_done"]).mask(is_open, plan["day"])
    used = {
        "duration": days_between(plan["baseline_start_date"], end),
        "cost": plan["actual_cost"].mask(is_open & plan["actual_cost"].isna(), 0.0),
    }
    planned = {"duration": planned_days(plan), "cost": plan["baseline_budget"]}
    tables = []
    for measure, allowed in planned.items():
        ratio = used[measure] / allowed.where(allowed > 0)
        cases = [
            (plan["is_cancelled"], "cancelled"),
            (~(allowed > 0), "no_baseline"),
            (is_open, "open"),
            (ratio.notna(), "finished"),
        ]
        state = first_true(cases, "not_recorded", plan.index)
        ratio = ratio.mask(plan["is_cancelled"])
        tables.append(plan.assign(measure=measure, state=state, ratio=ratio))
    table = pd.concat(tables, ignore_index=True).astype({"measure": "str"})
    return PlanRatios.validate(table[[*names, *PlanRatios.to_schema().columns]])


def planned_days(plan: pd.DataFrame) -> pd.Series:
    """Return the days from the baseline start to the baseline finish."""
    return days_between(plan["baseline_start_date"], plan["baseline_finish_date"])


def group_of(ratios: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return the number of each row's measure and class."""
    return ratios.groupby(["measure", *names], dropna=False, observed=True).ngroup()


def _reliability(n: pd.Series, is_few: pd.Series) -> pd.Series:
    """Return how far numbers resting on n projects can be relied on."""
    return pd.Series(reliability(n.mask(is_few, 0)), index=n.index, dtype="str")


def _curves(ratios: pd.DataFrame, group: pd.Series) -> Curves:
    """Return the curve of each class: finished projects have ended, open ones are censored."""
    is_used = ratios["state"].isin(["finished", "open"])
    used = ratios[is_used]
    return kaplan_meier(used["ratio"], used["state"] == "finished", group[is_used])


def _distribution(ratios: pd.DataFrame, group: pd.Series, n: int) -> dict[str, np.ndarray]:
    """Return the quantiles of each class with their intervals, and the share above 1."""
    curves = _curves(ratios, group)
    found: dict[str, np.ndarray] = {}
    for name, share in QUANTILES.items():
        values = quantiles(curves, n, share)
        found |= {f"{name}_{part}": values[:, i] for i, part in enumerate(["ratio", "low", "high"])}
    over = survival_at(curves, np.arange(n), np.full(n, 1 + TOLERANCE))
    farthest = ratios["ratio"].groupby(group).max().reindex(range(n)).to_numpy()
    return found | {"over_share": np.where((over == 0) | (farthest >= 1), over, np.nan)}


def _class_reasons(table: pd.DataFrame, is_classed: pd.Series, min_n: int) -> pd.Series:
    few = "too few: " + table["n_finished"].astype("str") + f" finished, {min_n} needed"
    still = " not reached: " + table["n_open"].astype("str") + " of " + table["n"].astype("str")
    cases = [(~is_classed, "their class is not recorded"), (table["n_finished"] < min_n, few)]
    for name, which in zip(QUANTILES, UNREACHED, strict=True):
        cases.append((table[f"{name}_ratio"].isna(), which + still + " are open"))
    return first_true(cases, None, table.index)


def _conditional(
    ratios: pd.DataFrame, names: list[str], is_open: pd.Series, min_n: int
) -> pd.DataFrame:
    """Return for each open project the ratios it may end at, given the one it has reached."""
    group = group_of(ratios, names)
    curves = _curves(ratios, group)
    rows, at = ratios[is_open], group[is_open]
    table = pd.DataFrame(
        {
            "ratio": rows["ratio"],
            "n": ends_after(curves, at, np.full(len(at), -np.inf)),
            "n_beyond": ends_after(curves, at, rows["ratio"]),
            "p50": conditional_quantiles(curves, at, rows["ratio"], 0.5),
            "p80": conditional_quantiles(curves, at, rows["ratio"], 0.8),
        }
    )
    withheld = _why_withheld(rows, names, table, min_n)
    is_withheld = withheld != ""
    cases = [
        (is_withheld, withheld),
        (table["p50"].isna(), "P50 and P80 are not reached: many of its class are open"),
        (table["p80"].isna(), "P80 is not reached: many of its class are open"),
    ]
    return table.assign(
        reason=first_true(cases, None, table.index),
        reliability=_reliability(table["n"].clip(upper=table["n_beyond"]), is_withheld),
        p50=table["p50"].mask(is_withheld),
        p80=table["p80"].mask(is_withheld),
    )


def _why_withheld(
    rows: pd.DataFrame, names: list[str], found: pd.DataFrame, min_n: int
) -> pd.Series:
    """Return why a project gets no forecast, or an empty text."""
    n, beyond = found["n"].astype("str"), found["n_beyond"].astype("str")
    few = "too few: its class has " + n + f" finished, {min_n} needed"
    last = "it has taken more than all but " + beyond + " of the " + n + " finished of its class"
    cases = [
        (rows["state"] == "no_baseline", "no baseline to compare with, or one of 0"),
        (rows[names].isna().any(axis="columns"), "its class is not recorded"),
        (found["n"] < min_n, few),
        (found["n_beyond"] < min(min_n, TOO_FEW), last),
    ]
    return first_true(cases, "", rows.index)


def _labelled(table: pd.DataFrame, measure: str) -> dict[str, pd.Series]:
    return {
        f"{measure}_ratio": table["ratio"],
        f"n_{measure}": table["n"],
        f"n_{measure}_beyond": table["n_beyond"],
        f"{measure}_reliability": table["reliability"],
        f"{measure}_reason": table["reason"],
    }


def _finish(plan: pd.DataFrame, ratio: pd.Series) -> pd.Series:
    """Return the day by whose end a project has taken that multiple of its planned days."""
    start = plan["baseline_start_date"]
    days = np.ceil(ratio * planned_days(plan) - ROUNDING)
    longest = days_between(start, LAST_DAY)
    return (start + pd.to_timedelta(days.clip(upper=longest), unit="D")).astype(Day)
