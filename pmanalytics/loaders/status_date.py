"""The day that files describe, where nobody says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

HAPPENED = [
    ("projects", "actual_start_date"),
    ("projects", "actual_finish_date"),
    ("projects", "updated_date"),
    ("forecasts", "made_date"),
    ("tasks", "actual_finish_date"),
    ("risks", "opened_date"),
    ("risks", "closed_date"),
    ("defects", "found_date"),
    ("defects", "fixed_date"),
]


def newest_day(tables: Mapping[str, pd.DataFrame], latest: str | None = None) -> str | None:
    """Return the newest day, up to `latest`, on which something is recorded to have happened.

    Of the stages of a product or project only the first date is sure to be no plan. The others
    count, too, where none of them lies after `latest`, as plans would.
    """
    items, changes = tables["work_items"], tables["status_changes"]
    may_be_plan = (changes["source"] == "stage dates") & changes["from_status"].notna()
    may_be_plan &= changes["level"] != "work_item"
    end = pd.Timestamp(latest) + pd.Timedelta(days=1) if latest else pd.Timestamp.max
    entered = changes["changed_at"].dt.tz_localize(None)
    has_plans = latest is None or (entered[may_be_plan] >= end).any()
    happened = [
        *(tables[table][column] for table, column in HAPPENED if table in tables),
        *_reported(tables),
        items["updated_at"].dt.tz_localize(None),
        entered[~may_be_plan] if has_plans else entered,
    ]
    days = pd.concat([times.astype("datetime64[us]") for times in happened])
    newest = days[days < end].max()
    return None if pd.isna(newest) else newest.date().isoformat()


def _reported(tables: Mapping[str, pd.DataFrame]) -> Iterator[pd.Series]:
    """Yield the ends of periods of which more than the plan is known."""
    if "status_reports" in tables:
        reports = tables["status_reports"]
        is_known = reports[["earned_value", "actual_cost_to_date"]].notna().any(axis="columns")
        yield reports.loc[is_known, "period_end_date"]
