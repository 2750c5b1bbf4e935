"""What needs a decision, what changed, and what has not been kept up to date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import Day, Table, count, optional, required, share

SERIOUS_FLAGS = ["is_late_open", "is_over_budget", "is_forecast_late", "is_forecast_over"]
LESSER_FLAGS = [
    "has_no_baseline", "is_not_started", "is_on_hold", "is_replanned", "is_stale",
]  # fmt: skip
CHANGE_KINDS = ["new", "gone", "changed"]


class Attention(Table):
    """One row per open project that needs a decision: any serious flag, or three lesser ones.

    A flag is raised by what is known: what is missing raises none. Of the same projects as many
    are `is_late_open` and `is_over_budget` as the rates count late and open, or over and open.
    """

    rank: np.int64 = required("1 is looked at first", ge=1)
    project_id: str = required("The project", unique=True)
    name: str = required("What people call it")
    project_manager: str = optional("Who answers for it")
    reasons: str = required("The flags in words, serious ones first")
    is_late_open: bool = required("Serious: past its due date")
    is_over_budget: bool = required("Serious: has spent more than its budget")
    is_forecast_late: bool = required("Serious: not yet due, but expected too long after it")
    is_forecast_over: bool = required("Serious: not yet over, but expected too far over its budget")
    has_no_baseline: bool = required("Lesser: no due date to judge it by")
    is_not_started: bool = required("Lesser: its planned start has passed")
    is_on_hold: bool = required("Lesser: on hold")
    is_replanned: bool = required("Lesser: its plan was approved anew too often")
    is_stale: bool = required("Lesser: its record has not been updated for too long")
    n_serious: np.int64 = count("Serious flags")
    n_lesser: np.int64 = count("Lesser flags")
    late_days: float = optional("Days after its due date: so far or as expected, the larger")
    over_share: float = optional("Cost so far or as expected, the larger, ÷ budget − 1")
    beyond_plan_share: float = optional("The larger of days late ÷ planned days and overspending")
    due_date: Day = optional("Finish by the plan it is judged by")
    forecast_finish_date: Day = optional("Finish now expected")
    basis: str = required("baseline or rebaselined: the plan it is judged by")


class Changes(Table):
    """One row per difference between two states of a table: a record new, gone, or a field changed.

    `old` and `new` are texts; a difference of days or of amounts is a number beside them.
    """

    table: str = optional("The table, where several were compared")
    record_id: str = required("Identifier of the record")
    kind: str = required("new, gone or changed", isin=CHANGE_KINDS)
    field: str = optional("The column that changed")
    old: str = optional("Value before")
    new: str = optional("Value after")
    delta_days: float = optional("New − old of dates")
    delta_amount: float = optional("New − old of numbers")
    delta_share: float = optional("delta_amount ÷ old, where old is above 0")
    words: str = required("The change in words")


class Staleness(Table):
    """One row per record: for how long it has not been updated."""

    record_id: str = required("Identifier of the record", unique=True)
    updated_date: Day = optional("Day of its latest update known on the status date")
    unchanged_days: float = optional("Status date − updated_date", ge=0)
    is_stale: pd.BooleanDtype = optional("More days than allowed; missing where no update is known")


class StalenessSummary(Table):
    """One row: how many records are stale, and how many cannot be told."""

    n: np.int64 = count("Records with a known update")
    n_stale: np.int64 = count("Of these, stale")
    n_unknown: np.int64 = count("Left out: no update known")
    stale_share: float = share("n_stale ÷ n")
    median_days: float = optional("Half were updated at most this long ago")
    longest_days: float = optional("The one longest without an update")
