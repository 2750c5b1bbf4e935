"""How work flows: begun, finished, in progress."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import (
    LEVELS,
    Day,
    Instant,
    Table,
    count,
    optional,
    required,
    share,
)

ITEM_STATES = ["not_started", "in_progress", "finished", "cancelled"]


class FlowItems(Table):
    """One row per product, project or work item: when its work began and ended, and how it passed.

    Cycle time, lead time and age are differences of local days plus 1 (a day's work is 1 day, not
    0); active and waiting days are elapsed ones of 24 hours. The two are not to be mixed.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    item_type: str = optional("Type of the work item")
    state: str = required("not_started, in_progress, finished or cancelled", isin=ITEM_STATES)
    stage: str = required("Stage it is in")
    created_at: Instant = optional("When it was created (requested)")
    started_at: Instant = optional("When it first entered the first working stage, or a later one")
    finished_at: Instant = optional("When it entered a terminal stage that it has not left since")
    cancelled_at: Instant = optional("When it was cancelled, if it still is")
    created_date: Day = optional("Local day of its creation")
    started_date: Day = optional("Local day of its start")
    finished_date: Day = optional("Local day of its finish")
    cancelled_date: Day = optional("Local day of its cancellation")
    lead_time_days: float = optional("From creation to finish", ge=0)
    cycle_time_days: float = optional("From start to finish, of those finished", ge=0)
    work_item_age_days: float = optional(
        "From start to the status date, while in progress; at least so much if history_complete "
        "is false",
        ge=0,
    )
    lead_time_working_days: float = optional("The same in working days", ge=0)
    cycle_time_working_days: float = optional("The same in working days", ge=0)
    work_item_age_working_days: float = optional("The same in working days", ge=0)
    active_days: float = optional("Elapsed days since its start in working stages", ge=0)
    waiting_days: float = optional("Elapsed days since its start in waiting ones, or blocked", ge=0)
    blocked_days: float = optional("Of these, flagged as blocked in a working stage", ge=0)
    unmapped_days: float = optional("Elapsed days since its start in statuses of no stage", ge=0)
    flow_efficiency: float = share("Active days ÷ (active + waiting) days")
    is_flagged: pd.BooleanDtype = optional("Is it flagged as blocked now, if flags are known?")
    history_complete: bool = required("Is its start (or its creation, if not begun) known?")


class ServiceLevels(Table):
    """One row per group of finished items: how long they took, and how sure that is.

    Percentiles are observed values that at least this share did not exceed.
    """

    n: np.int64 = count("Finished items whose cycle time is known")
    n_without_start: np.int64 = count("Left out: finished without entering a working stage")
    n_incomplete: np.int64 = count("Left out: their start is not known")
    first_finished_date: Day = optional("When the first of them was finished")
    last_finished_date: Day = optional("When the last of them was finished")
    p50_days: float = optional("Half took at most this long")
    p85_days: float = optional("85 % took at most this long")
    p85_low: float = optional("Lower end of its 95 % interval, if they are enough for one")
    p85_high: float = optional("Upper end of its 95 % interval, if they are enough for one")
    p95_days: float = optional("95 % took at most this long")
    within_days: float = optional("The days that were asked about")
    k: np.int64 = count("Items that took at most so long; 0 if nothing was asked")
    within_share: float = share("Share of them")
    low: float = share("Lower end of its 95 % interval")
    high: float = share("Upper end of its 95 % interval")
    reliability: str = required("too_few (n < 5), indicative (n < 20) or ok")


class FlowByDay(Table):
    """One row per group and day: what came, began, ended and was in progress; zeros are kept."""

    date: Day = required("Day, in the zone of the items")
    n_created: np.int64 = count("Items created on it")
    n_started: np.int64 = count("Items begun on it (arrivals)")
    throughput: np.int64 = count("Items finished on it")
    n_cancelled: np.int64 = count("Begun items cancelled on it")
    wip: np.int64 = count("Items in progress at any time of it: begun and not yet ended before it")


class Throughput(Table):
    """One row per group and period: how many items were finished in it, none counted as 0.

    The first and the last period may be cut by the window; a rate over cut ones flatters nobody.
    """

    period_start_date: Day = required("First day of the period, in the zone of the status date")
    n_days: np.int64 = required("Days of it that lie in the window", ge=1)
    throughput: np.int64 = count("Items finished in it")
    is_complete: bool = required("Does the whole period lie in the window?")


class CumulativeFlow(Table):
    """One row per date and stage: how many items have ever come as far as that stage.

    A skipped stage counts as entered with the next one, and an item that goes back keeps what it
    had reached: so no line ever falls, and none crosses another.
    """

    date: Day = required("Day, at its end")
    stage: str = required("Lifecycle stage")
    state: str = required("What it means: not_started, in_progress or finished", isin=ITEM_STATES)
    n_reached: np.int64 = count("Items that had entered this stage or a later one")
    n_in_stage: np.int64 = count("Of these, not yet a later one")
    n_items: np.int64 = count("Items in the whole diagram")
    n_moved_back: np.int64 = count("Of these, went back a stage at least once: the lines ignore it")
    n_incomplete: np.int64 = count("Of these, first seen later than they were created")
    n_cancelled: np.int64 = count("Left out: cancelled")
    n_unmapped: np.int64 = count("Left out: never in a stage of the lifecycle")


class Ageing(Table):
    """One row per item in progress: its age, and the age at which finished ones left its stage."""

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    item_type: str = optional("Type of the work item")
    stage: str = required("Stage it is in")
    started_date: Day = required("Local day of its start")
    work_item_age_days: float = required("Days since its start", ge=0)
    n: np.int64 = count("Finished items that had gone through this stage")
    p50_days: float = optional("Half of them had left it by this age")
    p85_days: float = optional("85 % of them had left it by this age")
    p95_days: float = optional("95 % of them had left it by this age")
    is_beyond_p85: pd.BooleanDtype = optional("Is it older than 85 % were? Unknown if n < 5")
    is_flagged: pd.BooleanDtype = optional("Is it flagged as blocked now, if flags are known?")
    history_complete: bool = required("Is its start known? If not, it is at least so old")


class FlowEfficiencies(Table):
    """One row per group of finished items: which part of their cycle time was work.

    Rough: a status says who has the item, not whether anybody touches it.
    """

    n: np.int64 = count("Finished items whose start is known and that took any time")
    n_left_out: np.int64 = count("Finished items without a known start, or that took no time")
    active_days: float = optional("Sum of their active days", ge=0)
    waiting_days: float = optional("Sum of their waiting days", ge=0)
    blocked_days: float = optional("Of these, flagged as blocked; unknown without flags", ge=0)
    unmapped_days: float = optional("Sum of the days in statuses of no stage: in neither", ge=0)
    flow_efficiency: float = share("Active ÷ (active + waiting), of the sums")
    p15_share: float = share("15 % of the items are at or below this efficiency")
    median_share: float = share("Half of the items are at or below this efficiency")
    p85_share: float = share("85 % of the items are at or below this efficiency")


class LittlesLaw(Table):
    """One row per group: was the flow of a window steady enough for averages to mean anything?

    Within a window mean WIP = items per day × days per item holds exactly, whatever happens. That
    mean WIP ÷ throughput gives the cycle time holds only if the flow is steady.
    """

    start_date: Day = required("First day of the window")
    end_date: Day = required("Last day of the window")
    n_days: np.int64 = required("Days in the window", ge=1)
    n_items: np.int64 = count("Items in progress on any of them")
    n_started: np.int64 = count("Items begun in it")
    n_finished: np.int64 = count("Of the items begun in or before it, finished in it")
    item_days: np.int64 = count("Days in progress within the window, summed over the items")
    mean_wip: float = required("L: mean of the items in progress per day", ge=0)
    items_per_day: float = required("Λ: items ÷ days", ge=0)
    days_per_item: float = optional("w: item days ÷ items", ge=0)
    implied_cycle_time_days: float = optional("Mean WIP ÷ throughput per day", ge=0)
    mean_cycle_time_days: float = optional("Mean of those finished in the window", ge=0)
    ratio: float = optional("Implied ÷ observed cycle time: 1 in a steady flow", ge=0)
    mean_age_then_days: float = optional("Mean age of what was in progress, over its first half")
    mean_age_now_days: float = optional("Mean age of what was in progress, over its second half")
    is_steady: pd.BooleanDtype = optional("Are the ratio and the ages' ratio within 20 % of 1?")
    reason: str = optional("Why it is not steady, or why that is not known")
