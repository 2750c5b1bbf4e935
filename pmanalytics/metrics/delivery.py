"""Was each project delivered on time, on budget, and both?

One table decides every project's verdict; each rate (`pmanalytics.metrics.rates`) and each list of
projects is a count or a selection of it, so that numbers always agree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point, days_between
from pmanalytics.errors import PMAnalyticsError
from pmanalytics.schemas import BANDS, ProjectOutcomes, Projects, dtypes
from pmanalytics.tables import complete

Basis = Literal["baseline", "rebaselined"]
Cancelled = Literal["exclude", "fail", "at_cancellation"]

HALF_A_CENT = 0.005
AMBER_ABOVE, RED_ABOVE = 0.1, 0.3
MANY_TIMES = 1000
MOST_GRACE_DAYS = 36_500
SUCCESSES = {"on_time", "early", "on_budget", "both"}
FAILURES = {"late", "late_open", "over", "over_open", "not_both"}


def project_outcomes(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    basis: Basis = "baseline",
    grace_days: int = 0,
    tolerance: float = 0.0,
    cancelled: Cancelled = "exclude",
) -> pd.DataFrame:
    """Was each project on time, on budget, and why is it judged so?

    The population is every row of `projects`; nothing is left out.

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date: what is dated later is not known yet. A finish after it means open.
    basis
        Judge against the first approved plan, or against the latest approved one.
    grace_days
        Calendar days a finish may be late and still be on time.
    tolerance
        Share of the budget that cost may exceed and still be on budget; 0.1 is 10 %.
    cancelled
        'at_cancellation' calls a project late that was past its due date when cancelled; the
        others leave it 'cancelled'.

    Returns
    -------
    pandas.DataFrame
        `ProjectOutcomes`, in the order of `projects`. Days are calendar days, shares are of the
        planned days and the budget. Of open projects that are late or over already the variances
        are lower bounds (`is_lower_bound`); those of other open ones are not known.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, an id repeats, or an option is not one of those named.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ... })
    >>> project_outcomes(rows, as_of="2024-06-30")[["on_time", "finish_variance_days", "reason"]]
         on_time  finish_variance_days                                   reason
    0    on_time                  -1.0            finished 1 day ahead; no budget
    1  late_open                  30.0  open, 30 days past its due date; no budget
    """
    plan = judged(
        projects, as_of=as_of, basis=basis, grace_days=grace_days, tolerance=tolerance,
        cancelled=cancelled,
    )  # fmt: skip
    words = {"missing_baseline": "no due date"} if basis == "rebaselined" else {}
    far = variances(plan)
    table = plan[["project_id", "on_time", "on_budget"]].assign(
        both=both_states(plan["on_time"], plan["on_budget"], not_judged={"early"}),
        basis=basis,
        due_date=plan["due"],
        finish_band=bands(far["finish_variance_share"]),
        cost_band=bands(far["cost_variance_share"]),
        **far,
    )
    table["reason"] = _reasons(table, words)
    return ProjectOutcomes.validate(table[[*dtypes(ProjectOutcomes)]])


def judged(
    projects: pd.DataFrame,
    *,
    as_of: AsOfInput,
    basis: Basis = "baseline",
    grace_days: int = 0,
    tolerance: float = 0.0,
    cancelled: Cancelled = "exclude",
) -> pd.DataFrame:
    """Return the projects as known on the status date, with the plan they are judged by.

    Added are `due` and `budget` of the basis, `limit` (due and grace), `finish` as far as known,
    `is_done`, `is_cancelled`, `is_past_due`, and the states `on_time` and `on_budget`.
    """
    one_of("basis", basis, ("baseline", "rebaselined"))
    one_of("cancelled", cancelled, ("exclude", "fail", "at_cancellation"))
    within("grace_days", grace_days, MOST_GRACE_DAYS)
    within("tolerance", tolerance, 1_000)
    day = as_of_point(as_of).day
    plan = complete(projects, Projects).reset_index(drop=True)
    due, budget = plan["baseline_finish_date"], plan["baseline_budget"]
    if basis == "rebaselined":
        due = plan["rebaselined_finish_date"].fillna(due)
        budget = plan["rebaselined_budget"].fillna(budget)
    finish = plan["actual_finish_date"]
    is_known = ~(finish > day)
    limit = due + pd.Timedelta(days=grace_days)
    plan = plan.assign(
        due=due,
        budget=budget,
        limit=limit,
        finish=finish.where(is_known),
        is_done=(plan["status"] == "done") & is_known,
        is_cancelled=(plan["status"] == "cancelled") & is_known,
        is_past_due=limit < day,
        day=day,
    )
    return plan.assign(on_time=_on_time(plan, cancelled), on_budget=_on_budget(plan, tolerance))


def _on_time(plan: pd.DataFrame, cancelled: Cancelled) -> pd.Series:
    is_late_when_cancelled = plan["is_cancelled"] & (plan["finish"] > plan["limit"])
    cases = [
        (is_late_when_cancelled & (cancelled == "at_cancellation"), "late"),
        (plan["is_cancelled"], "cancelled"),
        (plan["due"].isna(), "missing_baseline"),
        (plan["is_done"] & plan["finish"].isna(), "invalid"),
        (plan["is_done"] & ~plan["is_past_due"], "early"),
        (plan["is_done"] & (plan["finish"] <= plan["limit"]), "on_time"),
        (plan["is_done"], "late"),
        (plan["is_past_due"], "late_open"),
    ]
    return first_true(cases, "not_due", plan.index)


def _on_budget(plan: pd.DataFrame, tolerance: float) -> pd.Series:
    is_over = plan["actual_cost"] > plan["budget"] * (1 + tolerance) + HALF_A_CENT
    cases = [
        (plan["is_cancelled"], "cancelled"),
        (plan["budget"].isna(), "missing_baseline"),
        (plan["is_done"] & is_over, "over"),
        (is_over, "over_open"),
        (plan["is_done"] & plan["actual_cost"].notna(), "on_budget"),
    ]
    return first_true(cases, "undetermined", plan.index)


def both_states(
    on_time: pd.Series, on_budget: pd.Series, *, not_judged: Collection[str]
) -> pd.Series:
    """Return Kleene's AND of two verdicts: a known failure fails, what is unknown says why."""
    states = (on_time, on_budget)
    met = [each.isin(SUCCESSES.difference(not_judged)) for each in states]
    missed = [each.isin(FAILURES.difference(not_judged)) for each in states]
    cases = [
        (met[0] & met[1], "both"),
        (missed[0] | missed[1], "not_both"),
        (on_time == "cancelled", "cancelled"),
        ((on_time == "missing_baseline") | (on_budget == "missing_baseline"), "missing_baseline"),
        (on_time == "invalid", "invalid"),
    ]
    return first_true(cases, "undetermined", on_time.index)


def first_true(
    cases: Sequence[tuple[pd.Series, object]], otherwise: str | None, index: pd.Index
) -> pd.Series:
    """Return for each row the text of the first case that holds; texts may differ row by row.

    Where none holds it is `otherwise`; None is a missing text.
    """
    conditions = [condition.to_numpy(dtype=bool) for condition, _ in cases]
    chosen = np.select(conditions, [*range(len(cases))], len(cases))
    fixed = [text if isinstance(text, str) else "" for _, text in cases]
    told = pd.Series(pd.array([*fixed, otherwise], dtype="str").take(chosen), index=index)
    for number, (_, text) in enumerate(cases):
        if not isinstance(text, str):
            told = told.mask(chosen == number, text)
    return told


def within(option: str, given: float, most: float) -> None:
    """Refuse what is no number from 0 to `most`."""
    if isinstance(given, bool) or not isinstance(given, Real) or not 0 <= given <= most:
        raise PMAnalyticsError(f"{option}={given!r} must be a number from 0 to {most}.")


def one_of(option: str, given: str, allowed: tuple[str, ...]) -> None:
    """Refuse a word that is none of those allowed."""
    if given not in allowed:
        raise PMAnalyticsError(f"{option}={given!r} is none of {', '.join(allowed)}.")


def variances(plan: pd.DataFrame) -> dict[str, pd.Series]:
    """Return how far each judged project is from its plan, as in `ProjectOutcomes`."""
    is_late_open = plan["on_time"] == "late_open"
    finish = plan["finish"].where(plan["is_done"]).mask(is_late_open, plan["day"])
    planned_days = days_between(plan["baseline_start_date"], plan["due"])
    finish_variance = days_between(plan["due"], finish)
    is_over_open = plan["on_budget"] == "over_open"
    cost_variance = (plan["actual_cost"] - plan["budget"]).where(plan["is_done"] | is_over_open)
    is_open = ~(plan["is_done"] | plan["is_cancelled"])
    forecast_share = per_budget(plan["forecast_cost"], plan["budget"]) - 1
    return {
        "finish_variance_days": finish_variance,
        "finish_variance_share": finish_variance / planned_days.where(planned_days > 0),
        "cost_variance": cost_variance,
        "cost_variance_share": per_budget(cost_variance, plan["budget"]),
        "is_lower_bound": is_late_open | is_over_open,
        "forecast_variance_days": days_between(plan["due"], plan["forecast_finish_date"]).where(
            is_open
        ),
        "forecast_cost_variance_share": forecast_share.where(is_open),
    }


def bands(shares: pd.Series) -> pd.Series:
    """Return the band of each overrun: green to 10 %, amber to 30 %, red above; under is green.

    >>> bands(pd.Series([0.10, 0.1126, 0.30, 0.45, -0.39])).tolist()
    ['green', 'amber', 'amber', 'red', 'green']
    """
    ends = [-np.inf, AMBER_ABOVE, RED_ABOVE, np.inf]
    return pd.cut(shares.round(9), ends, labels=BANDS).astype("str")


def per_budget(amount: pd.Series, budget: pd.Series) -> pd.Series:
    """Return an amount ÷ its budget, missing where that is less than a cent."""
    return amount / budget.where(budget > HALF_A_CENT)


def counted_days(number: pd.Series) -> pd.Series:
    """Return each number of days with its noun.

    >>> counted_days(pd.Series([1.0, 30.0])).tolist()
    ['1 day', '30 days']
    """
    return whole(number) + np.where(number == 1, " day", " days")


def over_budget(share: pd.Series) -> pd.Series:
    """Return in words how far over its budget each project is.

    >>> over_budget(pd.Series([0.254, 0.003, 1e6])).tolist()
    ['25% over budget', 'less than 1% over budget', 'more than 1000 times its budget']
    """
    percent = (share * 100).round()
    words = whole(percent.clip(upper=MANY_TIMES * 100)) + "% over budget"
    cases = [
        (share.isna(), "over a budget of 0"),
        (percent < 1, "less than 1% over budget"),
        (share > MANY_TIMES, f"more than {MANY_TIMES} times its budget"),
        (share.notna(), words),
    ]
    return first_true(cases, "", share.index)


def whole(number: pd.Series) -> pd.Series:
    """Return whole numbers as texts; of what is missing, a 0 that nobody is shown."""
    return number.fillna(0).astype("int64").astype("str")


def _reasons(outcomes: pd.DataFrame, words: Mapping[str, object]) -> pd.Series:
    """Return both verdicts in words; of those on time, some may be given."""
    days = counted_days(outcomes["finish_variance_days"].abs())
    variance = outcomes["finish_variance_days"]
    ahead = np.select(
        [variance < 0, variance > 0],
        ["finished " + days + " ahead", "finished " + days + " late, within the grace"],
        "finished on the day",
    )
    late = np.where(variance.isna(), "cancelled past its due date", "finished " + days + " late")
    time = {
        "on_time": ahead,
        "early": ahead,
        "late": late,
        "late_open": "open, " + days + " past its due date",
        "not_due": "open and not yet due",
        "cancelled": "cancelled",
        "missing_baseline": "no baseline finish date",
        "invalid": "done, but no finish date",
    }
    cost = {
        "on_budget": "within budget",
        "over": over_budget(outcomes["cost_variance_share"]),
        "over_open": "already over budget",
        "undetermined": "budget outcome not known yet",
        "cancelled": "",
        "missing_baseline": "no budget",
    }
    first, second = (
        _chosen(outcomes["on_time"], {**time, **words}),
        _chosen(outcomes["on_budget"], cost),
    )
    return (first + "; " + second).str.removesuffix("; ")


def _chosen(states: pd.Series, words: Mapping[str, object]) -> pd.Series:
    """Return for each state its words."""
    cases = [(states == state, text) for state, text in words.items()]
    return first_true(cases, "", states.index)
