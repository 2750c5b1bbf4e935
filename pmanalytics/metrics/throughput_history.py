"""What was finished in the periods gone by, as far as it can be drawn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.errors import PMAnalyticsError, counted
from pmanalytics.intervals import TOO_FEW
from pmanalytics.metrics.tallies import grouped
from pmanalytics.schemas import Throughput
from pmanalytics.tables import complete


class History(NamedTuple):
    """What a group finished in its complete periods, in their order, without a gap."""

    counts: NDArray[np.int64]
    period_days: int | None
    end: pd.Timestamp | None

    @property
    def start(self) -> pd.Timestamp | None:
        """Return the first day of these periods."""
        if self.period_days is None or self.end is None:
            return None
        return self.end - pd.Timedelta(days=len(self.counts) * self.period_days - 1)

    def last(self, window: int | None) -> History:
        """Return only its last periods."""
        return self if window is None else self._replace(counts=self.counts[-window:])


NO_HISTORY = History(np.zeros(0, dtype=np.int64), None, None)


def histories(
    throughput: pd.DataFrame, day: pd.Timestamp, names: list[str]
) -> dict[tuple, History]:
    """Return by group what it finished in the complete periods that had ended by a day."""
    table = complete(throughput, Throughput)
    number, groups = grouped(table[names])
    end = table["period_start_date"] + pd.to_timedelta(table["n_days"] - 1, unit="D")
    rows = table.assign(group=number, end=end)[table["is_complete"] & (end <= day)]
    rows = rows.sort_values(["group", "period_start_date"], kind="stable")
    _refuse_gaps(rows)
    found = {
        group: History(
            part["throughput"].to_numpy(), int(part["n_days"].iloc[0]), part["end"].iloc[-1]
        )
        for group, part in rows.groupby("group")
    }
    keys = [*groups.itertuples(index=False, name=None)]
    return {key: found.get(group, NO_HISTORY) for group, key in enumerate(keys)}


def too_little(counts: NDArray[np.int64]) -> str | None:
    """Return why a past says too little to draw from it, if it does."""
    if len(counts) >= TOO_FEW and counts.sum() >= TOO_FEW:
        return None
    return (
        f"too few: {counted(len(counts), 'complete period')} with "
        f"{counted(counts.sum(), 'finished item')}, {TOO_FEW} of each needed"
    )


def _refuse_gaps(rows: pd.DataFrame) -> None:
    lengths = rows["n_days"].drop_duplicates().sort_values().tolist()
    if len(lengths) > 1:
        raise PMAnalyticsError(
            f"The Throughput table has complete periods of {lengths[0]} and of {lengths[-1]} days. "
            "Drawing from them needs equal ones: count by day or by week."
        )
    before = rows.groupby("group")["period_start_date"].shift()
    steps = (rows["period_start_date"] - before).dt.days
    is_gap = before.notna() & (steps != rows["n_days"])
    if is_gap.any():
        start, end = before[is_gap].iloc[0], rows.loc[is_gap, "period_start_date"].iloc[0]
        raise PMAnalyticsError(
            f"After the period of {start.date()} the Throughput table goes on with {end.date()}, "
            f"though its periods have {counted(lengths[0], 'day')}. It needs one row per period, 0 "
            "where nothing was finished; where it has one per group, too, name the groups in by."
        )
