"""What changed, as a list to go through."""

from __future__ import annotations

import pandas as pd

from pmanalytics.figures.words import count, day, listed

VERDICTS = {"on_time": "the verdict on time", "on_budget": "the verdict on budget"}
MOST_FIELDS = 3  # that the finding counts


def change_rows(changes: pd.DataFrame, names: pd.Series, *, since: str) -> tuple[pd.DataFrame, str]:
    """Return the changes as people read them, and how many records of each table they concern.

    Parameters
    ----------
    changes
        `Changes` of several tables.
    names
        The names of the records by their ids; one without a name is told by its id.
    since
        The day they are counted from.
    """
    parts = [
        count(records.nunique(), table.removesuffix("s"))
        for table, records in changes.groupby("table", sort=False)["record_id"]
    ]
    what = changes.loc[changes["kind"] == "changed", "field"].value_counts().head(MOST_FIELDS)
    fields = [f"{n} in {VERDICTS.get(field, field.replace('_', ' '))}" for field, n in what.items()]
    when = f"since {day(since)}" + (f": {listed(fields)}" if fields else "")
    finding = (
        f"{listed(parts)} changed {when}"
        if parts
        else f"Nothing of what is watched has changed {when}"
    )
    told = changes.groupby(["table", "record_id"], sort=False)["words"].agg("; ".join)
    told = told.reset_index().rename(columns={"record_id": "record", "words": "what_changed"})
    told.insert(1, "name", told["record"].map(names).fillna(told["record"]))
    return told if len(parts) > 1 else told.drop(columns="table"), finding
