"""How work flows: begun, finished, in progress."""

from __future__ import annotations

import numpy as np

from pmanalytics.schemas.base import Day, Table, count, required


class Throughput(Table):
    """One row per group and period: how many items were finished in it, none counted as 0.

    The first and the last period may be cut by the window; a rate over cut ones flatters nobody.
    """

    period_start_date: Day = required("First day of the period, in the zone of the status date")
    n_days: np.int64 = required("Days of it that lie in the window", ge=1)
    throughput: np.int64 = count("Items finished in it")
    is_complete: bool = required("Does the whole period lie in the window?")
