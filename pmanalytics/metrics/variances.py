"""How far do projects end from their plan, taken together?

Overruns have a long tail: a few projects carry most of it, and a mean says little about any of
them. So the whole distribution is told by its median, what 80 % and 90 % do not exceed, and the
worst (Flyvbjerg & Budzier 2011, Harvard Business Review 89(9):23–25).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pmanalytics.calendars import AsOfInput
from pmanalytics.metrics.delivery import Basis, judged, variances
from pmanalytics.metrics.tallies import grouped
from pmanalytics.quantiles import grouped_quantiles
from pmanalytics.schemas import VARIANCES, VarianceDistributions, dtypes
from pmanalytics.tables import By, group_columns, in_kinds

QUANTILES = {"median": 0.5, "p80": 0.8, "p90": 0.9, "worst": 1.0}
FAR = 0.2


def variance_distribution(
    projects: pd.DataFrame, *, as_of: AsOfInput, basis: Basis = "baseline", by: By = None
) -> pd.DataFrame:
    """How late and how far over budget do projects end: half of them, most, the worst?

    Parameters
    ----------
    projects
        `Projects`.
    as_of
        Status date.
    basis
        As in `project_outcomes`.
    by
        Column or columns to group by.

    Returns
    -------
    pandas.DataFrame
        `VarianceDistributions`: one row per measure and group, for finish variance in days and as
        a share of the planned days, and for cost variance as a share of the budget. The finished
        projects count, and the open ones that are late or over already, with what is certain so
        far: leaving them out would flatter. With any of these (`n_lower_bound`), each number is
        at least what it says.

    Raises
    ------
    PMAnalyticsError
        If an option or a column is unknown.

    Notes
    -----
    Quantiles are values observed: the smallest that the share of projects does not exceed.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-05-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ... })
    >>> spread = variance_distribution(rows, as_of="2024-06-30")
    >>> spread[["measure", "n", "n_lower_bound", "median", "worst"]][:1]
                    measure  n  n_lower_bound  median  worst
    0  finish_variance_days  2              1    -1.0   30.0
    """
    far = pd.DataFrame(variances(judged(projects, as_of=as_of, basis=basis)))
    names = group_columns(projects, by, VarianceDistributions)
    group, groups = grouped(projects[names].reset_index(drop=True))
    tables = [
        pd.concat([groups, _distribution(far, measure, group, len(groups))], axis="columns")
        for measure in VARIANCES
    ]
    table = pd.concat(tables, ignore_index=True).assign(basis=basis)
    kinds: dict[str, Any] = dtypes(VarianceDistributions)
    return VarianceDistributions.validate(in_kinds(table, kinds)[[*names, *kinds]])


def _distribution(
    far: pd.DataFrame, measure: str, group: np.ndarray, n_groups: int
) -> pd.DataFrame:
    is_known = far[measure].notna().to_numpy()
    values, group = far.loc[is_known, measure].round(9), group[is_known]
    is_bound = far.loc[is_known, "is_lower_bound"]
    n = np.bincount(group, minlength=n_groups)
    quantiles = grouped_quantiles(values, group, n_groups, [*QUANTILES.values()])
    n_far = np.bincount(group[values > FAR], minlength=n_groups)
    is_share = measure.endswith("_share")
    return pd.DataFrame(
        {
            "measure": measure,
            "n": n,
            "n_lower_bound": np.bincount(group[is_bound], minlength=n_groups),
            **dict(zip(QUANTILES, quantiles.T, strict=True)),
            "far_over_share": np.divide(
                n_far, n, out=np.full(n_groups, np.nan), where=(n > 0) & is_share
            ),
        }
    )
