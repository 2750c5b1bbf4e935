"""Where the time goes: stays in stages, and how long they last."""

from __future__ import annotations

import numpy as np

from pmanalytics.schemas.base import LEVELS, Instant, Table, count, optional, required, share
from pmanalytics.schemas.delivery import RELIABILITIES

OUTCOMES = ["left", "cancelled", "open", "terminal"]
HISTORY_PROBLEMS = ["told again", "before creation", "chain break"]
MATCHES = ["id", "name", "category", "none"]


class StatusMapping(Table):
    """One row per status, stage it was put in, and item type where that type has its own map."""

    level: str = required("product, project or work_item", isin=LEVELS)
    item_type: str = optional("Type of the work item, where the lifecycle treats it apart")
    status: str = required("Status, as it is written in the history")
    stage: str = required("Lifecycle stage; '(unmapped)' where no stage claims the status")
    matched_by: str = required(
        "id or name of the status, category where that is the fallback, or none", isin=MATCHES
    )
    n_items: np.int64 = count("Items that entered the status")
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
    is_open: bool = required("Does it still last?")
    visit: np.int64 = required("Which stay of this item in this stage, from 1", ge=1)
    next_stage: str = optional("Stage entered afterwards")
    outcome: str = required("left, cancelled, open or terminal", isin=OUTCOMES)
    is_zero_length: bool = required("Did it last no time, between two instants of a day?")
    history_complete: bool = required(
        "Is its beginning known: the whole history, or snapshots before and after it?"
    )
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
        "told again: counted once; before creation: there are changes before this creation, so it "
        "is moved back to the first; chain break: leaves another status than was entered before",
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
    is_open: bool = required("Is the item in this stage now?")
    is_cancelled: bool = required("Did its last stay here end by cancellation?")


class ItemRework(Table):
    """One row per item: how often and how long it was in stages that it had been in before.

    Time counts once a stay has ended; a stay in a terminal stage is none of work.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    item_type: str = optional("Type of the work item")
    rework_visits: np.int64 = count("Stays in a stage beyond the first there, open ones included")
    rework_days: float = required("Elapsed days of those that have ended", ge=0)
    total_days: float = required("Elapsed days of all stays that have ended", ge=0)
    rework_share: float = share("rework_days ÷ total_days")
    backward_moves: np.int64 = count("Moves to an earlier stage of the lifecycle")


class StagePassage(Table):
    """One row per level, group and stage: who came through it, who skipped it, and who came back.

    Every stage of the lifecycle has a row, even if no item entered it. A share can only be told of
    the stages that lie on the way, so not of cancelled ones and not of '(unmapped)'.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    stage: str = required("Lifecycle stage, in their order")
    n_entered: np.int64 = count("Items that entered it")
    passed_through_share: float = share("k ÷ n; the others skipped it")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    k: np.int64 = count("Of n, the items that entered it")
    n: np.int64 = count("Items that came as far as this stage or farther, or are finished")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    n_incomplete: np.int64 = count("Left out of n: what they went through is not wholly known")
    n_reentered: np.int64 = count("Items that entered it more than once")
    rework_visits: np.int64 = count("Stays beyond each item's first, but for terminal stages")
    rework_share: float = share("Days of those ÷ days of all stays, of stays that have ended")
    n_backward: np.int64 = count("Moves from it to an earlier stage")


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
