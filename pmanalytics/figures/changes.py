"""What changed, as a list to go through."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, listed

SHOWN = {"table": "table", "record_id": "record", "words": "what_changed"}


def change_rows(changes: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the changes as people read them, and how many records of each table they concern.

    Parameters
    ----------
    changes
        `Changes` of several tables.
    """
    parts = [
        count(records.nunique(), table.removesuffix("s"))
        for table, records in changes.groupby("table", sort=False)["record_id"]
    ]
    finding = f"{listed(parts)} changed" if parts else "Nothing of what is watched has changed"
    told = changes.groupby(["table", "record_id"], sort=False)["words"].agg("; ".join)
    return told.reset_index()[[*SHOWN]].rename(columns=SHOWN), finding
