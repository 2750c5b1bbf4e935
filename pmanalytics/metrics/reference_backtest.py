"""Would such forecasts have been right about the projects that are finished by now?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput, days_between
from pmanalytics.metrics.delivery import judged, one_of, within
from pmanalytics.metrics.reference_class import (
    MIN_N,
    QUANTILES,
    group_of,
    planned_days,
    ratios_of,
)
from pmanalytics.metrics.scores import pinball_loss
from pmanalytics.metrics.tallies import with_interval
from pmanalytics.schemas import Backtests, Day, PlanRatios
from pmanalytics.survival import TOLERANCE, ends_after, kaplan_meier, quantiles
from pmanalytics.tables import By, group_columns

LearnedFrom = Literal["finished_before", "all_others"]
MOST_PAIRS = 2_000_000
PLAN = 1.0


def reference_class_backtest(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    by: By = "project_class",
    min_n: int = MIN_N,
    learned_from: LearnedFrom = "finished_before",
) -> pd.DataFrame:
    """Had each finished project been forecast at its start, how often would that have held?

    The population is every finished project with a ratio; those that could not be forecast, for
    fewer than `min_n` finished others were known, are counted.

    Parameters
    ----------
    projects, as_of, by, min_n
        As in `reference_class`.
    learned_from
        'finished_before' (default) forecasts each project on its baseline start from what was
        known on that day: others then finished, and others then open as "more than so far".
        'all_others' leaves one out and learns from all the rest, later ones included.

    Returns
    -------
    pandas.DataFrame
        `Backtests`: per class, measure and quantile how many outcomes were at or below the
        forecast, with the 95 % Wilson interval, and the mean pinball loss beside that of the plan.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is not fit.

    Notes
    -----
    loss = max(τ(y − q), (τ − 1)(y − q)), of the ratios (Koenker & Bassett 1978, Econometrica
    46:33–50); the plan's forecast is the ratio 1 at every τ.

    With 'all_others' the coverage is no test: of m different ratios, each left out once, exactly
    ⌈τ(m − 1)⌉ lie at or below their forecast, whatever the ratios are. Compare its loss only.
    Forecasts made within one company share their data, so the true intervals are wider. Slow
    projects still open are not tested yet, so coverage flatters while a class is young. What an
    open project had cost on an earlier day is not known, so with 'finished_before' cost learns
    from finished ones only. The time it takes grows with the square of the class: 3,000 projects
    take seconds.

    Examples
    --------
    >>> rows = pd.DataFrame({"status": ["done"] * 11, "project_class": "road", "currency": "EUR",
    ...     "baseline_budget": 100.0,
    ...     "actual_cost": [95.0, 100, 105, 110, 120, 125, 140, 160, 210, 300, 400]})
    >>> rows = rows.assign(project_id=list("ABCDEFGHIJK"), name="Road")
    >>> table = reference_class_backtest(rows, as_of="2024-12-31", learned_from="all_others")
    >>> table.query("n > 0")[["measure", "quantile", "n", "k", "loss", "plan_loss"]].round(3)
      measure  quantile   n  k   loss  plan_loss
    0    cost       0.5  11  5  0.323      0.352
    1    cost       0.8  11  8  0.445      0.561
    2    cost       0.9  11  9  0.369      0.630
    """
    within("min_n", min_n, 1_000_000)
    one_of("learned_from", learned_from, ("finished_before", "all_others"))
    plan = judged(projects, as_of=as_of, basis="baseline")
    names = group_columns(plan, by, PlanRatios, Backtests)
    ratios = ratios_of(plan, names)
    rows = _histories(plan, ratios.drop(columns=names)).assign(group=group_of(ratios, names))
    is_classed = ratios.loc[rows.index, names].notna().all(axis="columns")
    forecasts = _forecasts(rows, rows[is_classed], learned_from, min_n)
    finished = rows.loc[forecasts.index]
    told = ratios.loc[forecasts.index]
    keys = [told[name] for name in [*names, "measure"]]
    tables = [
        _scores(finished["ratio"], forecasts[name], share)
        .groupby(keys, dropna=False, observed=True).sum().reset_index().assign(quantile=share)
        for name, share in QUANTILES.items()
    ]  # fmt: skip
    table = pd.concat(tables).sort_values("quantile", kind="stable")
    table = table.sort_values([*names, "measure"], kind="stable", ignore_index=True)
    table = _stated(table, min_n).assign(
        learned_from=learned_from, as_of=pd.Series(plan["day"].max(), index=table.index, dtype=Day)
    )
    return Backtests.validate(table[[*names, *Backtests.to_schema().columns]])


def _histories(plan: pd.DataFrame, ratios: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios that can be compared, with what tells them on an earlier day."""
    days = planned_days(plan)
    dates = pd.DataFrame(
        {
            "start": plan["baseline_start_date"],
            "finish": plan["finish"],
            "planned_days": days.where(days > 0),
        }
    )
    rows = ratios.join(pd.concat([dates, dates], ignore_index=True))
    return rows[rows["state"].isin(["finished", "open", "cancelled"])]


def _forecasts(
    rows: pd.DataFrame, others: pd.DataFrame, learned_from: LearnedFrom, min_n: int
) -> pd.DataFrame:
    """Return the quantiles forecast for each finished row; NaN where there is none.

    Every project is paired with every other of its class, so many at a time as memory holds.
    """
    finished = rows[rows["state"] == "finished"]
    step = MOST_PAIRS // others["group"].value_counts().max() + 1 if len(others) else MOST_PAIRS
    parts = [
        _forecast(finished[first : first + step], others, learned_from, min_n)
        for first in range(0, max(len(finished), 1), step)
    ]
    return pd.concat(parts)


def _forecast(
    targets: pd.DataFrame, others: pd.DataFrame, learned_from: LearnedFrom, min_n: int
) -> pd.DataFrame:
    n = len(targets)
    left = pd.DataFrame(
        {"group": targets["group"], "origin": targets["start"], "row": targets.index,
         "target": np.arange(n)}
    )  # fmt: skip
    pairs = left.merge(others.assign(other=others.index), on="group")
    pairs = pairs[pairs["row"] != pairs["other"]]
    ratio, has_ended = _as_known(pairs, learned_from)
    is_used = ratio.notna()
    curves = kaplan_meier(ratio[is_used], has_ended[is_used], pairs.loc[is_used, "target"])
    is_enough = ends_after(curves, np.arange(n), np.full(n, -np.inf)) >= min_n
    return pd.DataFrame(
        {
            name: np.where(is_enough, quantiles(curves, n, share)[:, 0], np.nan)
            for name, share in QUANTILES.items()
        },
        index=targets.index,
    )


def _as_known(pairs: pd.DataFrame, learned_from: LearnedFrom) -> tuple[pd.Series, pd.Series]:
    """Return the ratio of each other project as known then, and whether it had ended with it."""
    has_ended = pairs["state"] == "finished"
    if learned_from == "all_others":
        return pairs["ratio"], has_ended
    was_over = pairs["finish"] <= pairs["origin"]
    has_ended &= was_over
    so_far = days_between(pairs["start"], pairs["origin"]) / pairs["planned_days"]
    so_far = so_far.where(pairs["measure"] == "duration", 0.0)
    is_gone = (pairs["state"] == "cancelled") & (was_over | pairs["finish"].isna())
    return pairs["ratio"].where(has_ended, so_far).mask(is_gone), has_ended


def _scores(outcome: pd.Series, forecast: pd.Series, share: float) -> pd.DataFrame:
    is_there = forecast.notna()
    return pd.DataFrame(
        {
            "n": is_there.astype("int64"),
            "n_not_forecast": (~is_there).astype("int64"),
            "k": (outcome <= forecast + TOLERANCE).astype("int64"),
            "loss": pinball_loss(outcome, forecast, share),
            "plan_loss": np.where(is_there, pinball_loss(outcome, PLAN, share), np.nan),
        },
        index=outcome.index,
    )


def _stated(sums: pd.DataFrame, min_n: int) -> pd.DataFrame:
    """Return shares and means out of sums."""
    n = sums["n"].where(sums["n"] > 0)
    reason = f"fewer than {min_n} finished others of its class were known, or too many were open"
    return sums.assign(
        **with_interval(sums["k"], sums["n"], "covered_share"),
        loss=sums["loss"] / n,
        plan_loss=sums["plan_loss"] / n,
        reason=pd.Series(None, index=sums.index, dtype="str").mask(n.isna(), reason),
    )
