"""Rows of further tables that belong to a project or product which nobody lists."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pmanalytics.errors import counted, listed, shown
from pmanalytics.schemas import FURTHER_TABLES


def strangers(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return how many rows of each further table name a project or product that is not known."""
    notes = []
    for noun in ("project", "product"):
        known = tables[f"{noun}s"][f"{noun}_id"]
        for name in [name for name in FURTHER_TABLES if name in tables and len(known)]:
            ids = tables[name].get(f"{noun}_id", known).dropna()
            strange = ids[~ids.isin(known)]
            if len(strange):
                notes.append(
                    f"{name.replace('_', ' ').capitalize()}: {len(strange)} of "
                    f"{counted(len(ids), 'row')} name a {noun} that is not in the {noun}s: "
                    f"{listed(map(shown, strange.unique()))}."
                )
    return notes
