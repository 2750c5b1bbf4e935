"""What all Jira exports share."""

from __future__ import annotations

import pandas as pd

SECONDS_PER_HOUR = 3600


def in_hours(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with Jira's seconds of effort as hours."""
    efforts = ["original_estimate_hours", "time_spent_hours"]
    return table.assign(**{name: table[name] / SECONDS_PER_HOUR for name in efforts})
