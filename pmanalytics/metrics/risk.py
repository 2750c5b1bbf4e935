"""What may the risks cost, is that falling, and are they looked after?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import AsOfInput, as_of_point, days_between
from pmanalytics.metrics.tallies import grouped, refuse_mixed
from pmanalytics.schemas import (
    Day,
    ExposureOverTime,
    RiskExposure,
    RiskHygiene,
    Risks,
    dtypes,
    empty,
)
from pmanalytics.tables import By, complete, group_columns

ENDED = ["closed", "occurred"]
NOT_ASSESSED = "no open risk has a probability and a cost"


def risk_exposure(risks: pd.DataFrame, *, as_of: AsOfInput, by: By = None) -> pd.DataFrame:
    """What may the open risks cost on average, and how likely is it that at least one occurs?

    The population is every risk entered by the status date. Open are those not closed or occurred
    by then, the ones being mitigated included.

    Parameters
    ----------
    risks
        `Risks`.
    as_of
        Status date.
    by
        Column or columns to group by, such as project_id or currency.

    Returns
    -------
    pandas.DataFrame
        `RiskExposure`: one row per group. A risk without a probability or a cost is counted in
        `n_unassessed` and is not in the sum; where all are, the sum is missing.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or costs in several currencies would be added.

    Notes
    -----
    exposure = Σ probability · cost (expected monetary value); any_share = 1 − Π (1 − probability),
    which holds only if the risks do not depend on one another. The exposure is an average over
    many such registers: what one project needs in reserve is not this sum.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "risk_id": ["R1", "R2", "R3"], "status": ["open", "mitigating", "open"],
    ...     "probability": [0.3, 0.1, 0.6], "impact_cost": [50e3, 200e3, 10e3],
    ...     "currency": "EUR",
    ... })
    >>> risk_exposure(rows, as_of="2024-06-30")[["exposure", "currency", "any_share", "n_open"]]
       exposure currency  any_share  n_open
    0   41000.0      EUR      0.748       3
    """
    day = as_of_point(as_of).day
    register = complete(risks, Risks)
    names = group_columns(register, by, RiskExposure)
    register = register[~(register["opened_date"] > day)]
    is_open = pd.Series(_open_on(register, pd.DatetimeIndex([day]))[0], index=register.index)
    cost = _expected_cost(register).where(is_open)
    tally = pd.DataFrame(
        {
            "exposure": cost,
            "_currency": register["currency"].where(cost.notna()),
            "_none": (1 - register["probability"]).where(is_open),
            "n_open": is_open.astype("int64"),
            "n_unassessed": (is_open & cost.isna()).astype("int64"),
            "n_closed": (~is_open & (register["status"] == "closed")).astype("int64"),
            "n_occurred": (~is_open & (register["status"] == "occurred")).astype("int64"),
        }
    )
    group, groups = grouped(register[names])
    refuse_mixed(tally["_currency"], group)
    rows = tally.groupby(group)
    table = groups.join(rows[["n_open", "n_unassessed", "n_closed", "n_occurred"]].sum())
    has_none = table["n_open"] == 0
    table["exposure"] = rows["exposure"].sum(min_count=1).mask(has_none, 0.0)
    table["any_share"] = 1 - rows["_none"].prod(min_count=1).mask(has_none, 1.0)
    if "currency" not in names:
        table["currency"] = rows["_currency"].first()
    table["reason"] = pd.Series(NOT_ASSESSED, table.index).where(table["exposure"].isna())
    table = table.assign(as_of=day).astype({"reason": "str", "as_of": Day})
    return RiskExposure.validate(table[[*dict.fromkeys([*names, *dtypes(RiskExposure)])]])


def exposure_over_time(risks: pd.DataFrame, *, dates: Sequence[AsOfInput]) -> pd.DataFrame:
    """Does the exposure fall? What might the risks cost that were open on each date?

    Parameters
    ----------
    risks
        `Risks`.
    dates
        The dates, none of them after the day the register describes.

    Returns
    -------
    pandas.DataFrame
        `ExposureOverTime`, in the order of the dates.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, a date is none, or costs are in several currencies.

    Notes
    -----
    Replayed from opened_date and closed_date, each risk as it is assessed now: the register does
    not keep what was thought of it earlier. A risk whose days are not known is left out, counted.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "risk_id": ["R1", "R2"], "status": ["closed", "open"], "probability": [0.3, 0.1],
    ...     "impact_cost": [50e3, 200e3], "currency": "EUR",
    ...     "opened_date": pd.to_datetime(["2024-01-10", "2024-02-01"]),
    ...     "closed_date": pd.to_datetime(["2024-04-20", None]),
    ... })
    >>> burn_down = exposure_over_time(rows, dates=["2024-01-31", "2024-03-31", "2024-04-30"])
    >>> burn_down[["date", "exposure", "n_open"]]
            date  exposure  n_open
    0 2024-01-31   15000.0       1
    1 2024-03-31   35000.0       2
    2 2024-04-30   20000.0       1
    """
    days = pd.DatetimeIndex(sorted({as_of_point(date).day for date in dates}), dtype=Day)
    register = complete(risks, Risks)
    if register.empty:
        return empty(ExposureOverTime)
    has_ended = register["status"].isin(ENDED)
    is_dated = register["opened_date"].notna() & ~(has_ended & register["closed_date"].isna())
    dated = register[is_dated]
    cost = _expected_cost(dated)
    currencies = dated["currency"].where(cost.notna())
    refuse_mixed(currencies, np.zeros(len(dated)))
    is_open = _open_on(dated, days)
    is_assessed = is_open & cost.notna().to_numpy()
    n_open, n_assessed = is_open.sum(axis=1), is_assessed.sum(axis=1)
    exposure = (is_assessed * cost.fillna(0).to_numpy()).sum(axis=1)
    table = pd.DataFrame(
        {
            "date": days,
            "exposure": np.where((n_assessed == 0) & (n_open > 0), np.nan, exposure),
            "currency": currencies.dropna().max(),
            "n_open": n_open,
            "n_unassessed": n_open - n_assessed,
            "n_undated": int((~is_dated).sum()),
        }
    )
    return ExposureOverTime.validate(table.astype({"currency": "str"}))


def risk_hygiene(risks: pd.DataFrame, *, as_of: AsOfInput) -> pd.DataFrame:
    """Which open risks are not looked after?

    Parameters
    ----------
    risks
        `Risks`.
    as_of
        Status date.

    Returns
    -------
    pandas.DataFrame
        `RiskHygiene`: one row per open risk, in the order of the register.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "risk_id": ["R1", "R2"], "status": "open", "owner": ["Ada", None],
    ...     "probability": 0.3, "impact_cost": [50e3, None],
    ...     "review_due_date": pd.to_datetime(["2024-06-15", "2024-07-15"]),
    ... })
    >>> found = risk_hygiene(rows, as_of="2024-06-30")
    >>> found[["risk_id", "is_review_overdue", "has_no_owner", "has_no_assessment"]]
      risk_id  is_review_overdue  has_no_owner  has_no_assessment
    0      R1               True         False              False
    1      R2              False          True               True
    """
    day = as_of_point(as_of).day
    register = complete(risks, Risks)
    register = register[_open_on(register, pd.DatetimeIndex([day]))[0]].reset_index(drop=True)
    table = register.assign(
        age_days=days_between(register["opened_date"], day),
        is_review_overdue=register["review_due_date"] < day,
        has_no_owner=register["owner"].isna(),
        has_no_assessment=_expected_cost(register).isna(),
    )
    return RiskHygiene.validate(table[list(dtypes(RiskHygiene))])


def _open_on(register: pd.DataFrame, days: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Return for each day (in rows) which risks are open at its end."""
    opened, closed = (register[name].to_numpy() for name in ("opened_date", "closed_date"))
    at = days.to_numpy()[:, None]
    has_ended = register["status"].isin(ENDED).to_numpy() & ~(closed > at)
    is_open: NDArray[np.bool_] = ~(opened > at) & ~has_ended
    return is_open


def _expected_cost(register: pd.DataFrame) -> pd.Series:
    return register["probability"] * register["impact_cost"]
