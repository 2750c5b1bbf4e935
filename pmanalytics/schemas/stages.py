"""Where the time goes: stays in stages, and how long they last."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import LEVELS, Instant, Table, count, optional, required, share
from pmanalytics.schemas.delivery import RELIABILITIES

MEASURES = ["total", "first", "last", "span", "working"]
DIFFERENCES = ["longer", "shorter", "no_clear_difference", "too_few"]
MATCHES = ["id", "name", "category", "none"]
HISTORY_PROBLEMS = ["told again", "before creation", "chain break"]
OUTCOMES = ["left", "cancelled", "open", "terminal"]


class StatusMapping(Table):
    """One row per status that items entered: the lifecycle stage it stands for.

    A status that no stage claims stays visible as '(unmapped)', and is counted.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_type: str = optional("Type of the item, where the lifecycle tells types apart")
    status: str = required("Status")
    stage: str = required("Lifecycle stage, or '(unmapped)'")
    matched_by: str = required("What told the stage: id, name, category or none", isin=MATCHES)
    n_items: np.int64 = count("Items that entered it")
    n_changes: np.int64 = count("How often it was entered")


class StageVisits(Table):
    """One row per uninterrupted stay of one item in one lifecycle stage, `[entered_at, exited_at)`.

    An open visit's `days` run to the status date and are a lower bound. Visits to a terminal or
    cancelled stage have the outcome `terminal`: nothing waits to end there.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    item_type: str = optional("Type of the work item")
    stage: str = required("Lifecycle stage; '(unmapped)' where no stage claims the status")
    entered_at: Instant = required("When the stay began")
    exited_at: Instant = optional("When it ended; empty while it lasts")
    days: float = required("Elapsed days, to the status date while it lasts", ge=0)
    working_days: float = optional("The same in working days of a calendar, if one was given", ge=0)
    is_open: bool = required("Does it still last?")
    visit: np.int64 = required("Which stay of this item in this stage, from 1", ge=1)
    next_stage: str = optional("Stage entered afterwards")
    outcome: str = required("left, cancelled, open or terminal", isin=OUTCOMES)
    is_zero_length: bool = required("Did it last no time, between two instants of a day?")
    history_complete: bool = required(
        "Is its beginning known: the whole history, or snapshots before and after it?"
    )
    is_chain_break: pd.BooleanDtype = optional("Was another status left than the last one entered?")
    entered_after: Instant = optional("Not before this, where only snapshots are known")
    exited_after: Instant = optional("Not before this, where only snapshots are known")


class HistoryProblems(Table):
    """One row per status change that contradicts the rest of its item's history."""

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    changed_at: Instant = required("When the status was entered; of a creation, as moved back")
    from_status: str = optional("Status left")
    to_status: str = required("Status entered")
    problem: str = required(
        "told again: counted once; before creation: a change came before this creation, which is "
        "moved back to it; chain break: leaves another status than the one entered before",
        isin=HISTORY_PROBLEMS,
    )


class ItemStages(Table):
    """One row per item and stage it entered: all its visits there taken together."""

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    stage: str = required("Lifecycle stage")
    visits: np.int64 = required("Number of stays", ge=1)
    total_days: float = required("Sum over the stays", ge=0)
    first_days: float = required("Length of the first stay", ge=0)
    last_days: float = required("Length of the last stay", ge=0)
    span_days: float = required("From first entry to last exit", ge=0)
    working_days: float = optional("The total in working days, if a calendar was given", ge=0)
    is_open: bool = required("Is the item in this stage now?")
    is_cancelled: bool = required("Did its last stay here end by cancellation?")
    is_complete: bool = required("Are its stays here known from their beginning?")


class StageDurations(Table):
    """One row per group and stage: how long items stay, the ones still there included.

    Kaplan–Meier over items, each with the total of its stays. A quantile that the data does not
    reach is missing.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    stage: str = required("Lifecycle stage")
    n: np.int64 = count("Items that entered the stage and can be counted")
    n_ended: np.int64 = count("Of these, left it")
    n_open: np.int64 = count("Of these, still in it")
    n_cancelled: np.int64 = count("Of these, cancelled in it")
    n_zero_length: np.int64 = count("Left out: passed through in no time, as in a bulk change")
    n_incomplete: np.int64 = count("Left out: the beginning of a stay is not known")
    median_days: float = optional("Half have left after this many days")
    median_low: float = optional("Lower end of its 95 % interval")
    median_high: float = optional("Upper end of its 95 % interval")
    p85_days: float = optional("85 % have left after this many days")
    p85_low: float = optional("Lower end of its 95 % interval")
    p85_high: float = optional("Upper end of its 95 % interval")
    p95_days: float = optional("95 % have left after this many days")
    p95_low: float = optional("Lower end of its 95 % interval")
    p95_high: float = optional("Upper end of its 95 % interval")
    mean_days: float = optional("Mean, each stay counted up to the longest time seen at most")
    mean_low: float = optional("Lower end of its 95 % interval")
    mean_high: float = optional("Upper end of its 95 % interval")
    horizon_days: float = optional("The longest time seen")
    completed_median_days: float = optional("Median of those that have left only: it flatters")
    measure: str = required("total, first, last, span or working days", isin=MEASURES)
    reliability: str = required(
        "Of n_ended: too_few below 5, indicative below 20, else ok", isin=RELIABILITIES
    )


class StageSurvival(Table):
    """One row per group, stage and time at which an item left, or was last seen in it."""

    level: str = required("product, project or work_item", isin=LEVELS)
    stage: str = required("Lifecycle stage")
    days: float = required("Days since entry", ge=0)
    at_risk: np.int64 = count("Items seen there at least so long")
    n_ended: np.int64 = count("Of these, left just then")
    survival: float = share("Share still there just after it")
    low: float = share("Lower end of its 95 % interval")
    high: float = share("Upper end of its 95 % interval")


class StageOutcomes(Table):
    """One row per group, stage and time since entry: what has become of the items by then.

    The three shares add up to 1. They are missing beyond the longest time seen, unless
    none was left by then.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    stage: str = required("Lifecycle stage")
    at_days: float = required("Days since entry", ge=0)
    n: np.int64 = count("Items that entered the stage and can be counted")
    n_ended: np.int64 = count("Of these, moved on")
    n_open: np.int64 = count("Of these, still there")
    n_cancelled: np.int64 = count("Of these, cancelled there")
    left_share: float = share("Moved on by then")
    left_low: float = share("Lower end of its 95 % interval")
    left_high: float = share("Upper end of its 95 % interval")
    cancelled_share: float = share("Cancelled by then")
    cancelled_low: float = share("Lower end of its 95 % interval")
    cancelled_high: float = share("Upper end of its 95 % interval")
    still_share: float = share("Still there")


class DurationComparisons(Table):
    """One row per group and stage: do the items of one side stay longer than those of the other?

    A difference is claimed only where it holds among all the rows looked at together.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    stage: str = required("Lifecycle stage")
    between: str = required("Column whose two values are compared")
    first: str = required("Value of the first side")
    second: str = required("Value of the second side")
    first_n: np.int64 = count("Items of the first side")
    first_n_ended: np.int64 = count("Of these, left the stage")
    first_median_days: float = optional("Half of them have left after this many days")
    second_n: np.int64 = count("Items of the second side")
    second_n_ended: np.int64 = count("Of these, left the stage")
    second_median_days: float = optional("Half of them have left after this many days")
    chi_squared: float = optional("Log-rank statistic, one degree of freedom")
    p_value: float = share("How often chance alone would show as much")
    p_adjusted: float = share("The same after Holm, for all rows of the table")
    verdict: str = required("What can be said of the second side", isin=DIFFERENCES)
    measure: str = required("total, first, last, span or working days", isin=MEASURES)


class StagePassages(Table):
    """One row per group and stage: which items passed through it, and how many came back.

    Of the items that got at least as far, some skip a stage: they count in the share, not in its
    durations.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    stage: str = required("Lifecycle stage, in its order")
    n: np.int64 = count("Items that got at least as far")
    k: np.int64 = count("Of these, passed through it")
    passed_share: float = share("k ÷ n")
    low: float = share("Lower end of its 95 % interval")
    high: float = share("Upper end of its 95 % interval")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    n_reentered: np.int64 = count("Items that entered it more than once")
    rework_visits: np.int64 = count("Stays after the first")
    rework_days: float = required("Days in stays after the first; 0 where a stage is an end", ge=0)
    rework_share: float = share("These days ÷ all days in the stage")
    backward_moves: np.int64 = count("Moves from it to an earlier stage")
    n_incomplete: np.int64 = count("Left out: the beginning is not known")


class Rework(Table):
    """One row per group: how much of the time went into stages that had been left before.

    The share is of all days spent in stages that can be left, open ones up to the status date.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    n: np.int64 = count("Items with a known beginning")
    n_reworked: np.int64 = count("Of these, entered a stage again")
    reworked_share: float = share("n_reworked ÷ n")
    low: float = share("Lower end of its 95 % interval")
    high: float = share("Upper end of its 95 % interval")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    rework_visits: np.int64 = count("Stays after the first")
    rework_days: float = required("Days in them", ge=0)
    total_days: float = required("Days in all stays", ge=0)
    rework_share: float = share("rework_days ÷ total_days")
    backward_moves: np.int64 = count("Moves to an earlier stage")
    n_incomplete: np.int64 = count("Left out: the beginning is not known")
