"""Months, quarters and years, numbered one after another, and what two blocks of them may claim."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from pmanalytics.calendars import DAY_LENGTH, AsOfInput, as_of_point
from pmanalytics.errors import PMAnalyticsError
from pmanalytics.metrics.delivery import one_of

Every = Literal["month", "quarter", "year"]

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def check_window(every: str, window: int) -> None:
    """Refuse a length of periods, or a number of them, that there is not."""
    one_of("every", every, tuple(MONTHS))
    if not isinstance(window, int) or isinstance(window, bool) or window < 1:
        raise PMAnalyticsError(f"window={window!r} must be a whole number from 1.")


def period_of(dates: pd.Series, every: str) -> pd.Series:
    """Return the number of the period each day falls in; NaN where there is none."""
    return (dates.dt.year * 12 + dates.dt.month - 1) // MONTHS[every]


def last_complete(as_of: AsOfInput, every: str, grace_days: int = 0) -> int:
    """Return the number of the last period of which every day, with the grace, is past."""
    grace = pd.Timedelta(days=grace_days)
    return int(period_of(pd.Series([as_of_point(as_of).day - grace]), every)[0]) - 1


def first_day(period: Any, every: str) -> Any:
    """Return the first day of a period."""
    months = np.asarray(period) * MONTHS[every] - 1970 * 12
    return months.astype("datetime64[M]").astype("datetime64[us]")


def last_day(period: Any, every: str) -> Any:
    """Return the last day of a period."""
    return first_day(np.asarray(period) + 1, every) - DAY_LENGTH.to_timedelta64()


def sides(last: int, every: str, window: int) -> dict[str, Any]:
    """Return the first and last days of the latest `window` periods, and of those before."""
    return {
        "then_start_date": first_day(last - 2 * window + 1, every),
        "then_end_date": last_day(last - window, every),
        "now_start_date": first_day(last - window + 1, every),
        "now_end_date": last_day(last, every),
    }


def agreed(seen: pd.Series) -> dict[str, Any]:
    """Return what all views together may claim: a change only where each shows it."""
    do_agree = bool((seen == seen[0]).all())
    verdict = seen.where(do_agree | (seen == "too_few"), "no_clear_change")
    return {"seen": seen, "views_agree": do_agree, "verdict": verdict}
