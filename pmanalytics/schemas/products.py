"""What is asked of a whole product: its stage, its projects, goals, needs, releases, its end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import LEVELS, Day, Instant, Table, count, optional, required, share
from pmanalytics.schemas.delivery import ON_TIME_STATES, RELIABILITIES

NEEDS = ["idea", "story"]
RELEASE_STATES = [
    "on_time", "late", "late_open", "early", "not_due", "no_plan", "undated", "unknown",
]  # fmt: skip


class ProductStages(Table):
    """One row per product: the stage it is in, since when, and how usual that is.

    `longer_share` is read off the Kaplan–Meier curve of the stage, over all other products that
    entered it: of those, this share stays longer than this product has been there so far.
    """

    product_id: str = required("The product", unique=True)
    name: str = optional("What people call it")
    stage: str = optional("Lifecycle stage on the status date")
    entered_at: Instant = optional("When it entered the stage last")
    days: float = optional("Elapsed days since then", ge=0)
    total_days: float = optional("The same with all earlier stays in that stage", ge=0)
    longer_share: float = share("Share of the others in that stage that stay longer than that")
    n: pd.Int64Dtype = optional(
        "Other products whose stay in that stage is known from its start", ge=0
    )
    n_ended: pd.Int64Dtype = optional("Of these, left it", ge=0)
    planned_retirement_date: Day = optional("Day its life is planned to end")
    is_ended: bool = required("Has its life ended: is the stage a terminal or cancelled one?")
    reason: str = optional("Why something is not known")


class StageMix(Table):
    """One row per group and stage: how many products are in it; those that ended stand apart.

    The share is of the active products. A stage that no product is in has a row of 0.
    """

    stage: str = optional("Lifecycle stage; missing where it is not known")
    n: np.int64 = count("Products in it")
    active_share: float = share("n ÷ n_active; missing for ended products and unknown stages")
    n_active: np.int64 = count("Products of the group in a known stage that have not ended")
    is_ended: bool = required("Is the stage a terminal or cancelled one?")


class StageMoves(Table):
    """One row per move of one item from a stage to the next, in a period."""

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    from_stage: str = required("Stage left")
    to_stage: str = required("Stage entered")
    moved_at: Instant = required("When")
    days: float = required("Elapsed days in the stage left, in that stay", ge=0)
    is_backward: pd.BooleanDtype = optional("Does the stage entered come before the one left?")


class TimesToMarket(Table):
    """One row per product: how long from the beginning of its making to customers having it."""

    product_id: str = required("The product", unique=True)
    started_at: Instant = optional("First entry into the stage with which the making begins")
    arrived_at: Instant = optional("First entry into the stage in which customers have it")
    days: float = optional("From start to arrival, or so far, or to its end without it", ge=0)
    outcome: str = required(
        "arrived, on_the_way, ended (without arriving) or unknown",
        isin=["arrived", "on_the_way", "ended", "unknown"],
    )
    reason: str = optional("Why it is not known")


class TimeToMarketSummary(Table):
    """One row per group: when half of the products have arrived, those on the way included."""

    n: np.int64 = count("Products whose start is known")
    n_arrived: np.int64 = count("Of these, arrived")
    n_on_the_way: np.int64 = count("Of these, still on the way")
    n_never_arrived: np.int64 = count("Of these, ended without; they count as longer than that")
    n_unknown: np.int64 = count("Left out: start or arrival is not known")
    median_days: float = optional("Half have arrived after this many days")
    median_low: float = optional("Lower end of its 95 % interval")
    median_high: float = optional("Upper end of its 95 % interval")
    p85_days: float = optional("85 % have arrived after this many days")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)


class ProductRollups(Table):
    """One row per product: all its projects taken together; a shared one counts with its share.

    Budget and cost add up over products to those over projects: projects without a product have a
    row, too. The overrun compares only finished projects that have both amounts.
    """

    product_id: str = optional("The product; missing where projects name none")
    n_projects: np.int64 = count("Its projects")
    n_shared: np.int64 = count("Of these, shared with other products")
    n_open: np.int64 = count("Of these, open or on hold")
    n_done: np.int64 = count("Of these, done")
    n_cancelled: np.int64 = count("Of these, cancelled")
    n_on_time: np.int64 = count("On time")
    n_late: np.int64 = count("Finished late")
    n_late_open: np.int64 = count("Open and past the due date")
    n_early: np.int64 = count("Finished before a due date still to come")
    n_not_due: np.int64 = count("Open and not yet due")
    n_missing_baseline: np.int64 = count("Without a due date")
    n_invalid: np.int64 = count("Done, but without a finish date")
    n_required: np.int64 = count("Projects its delivery depends on, cancelled ones apart")
    is_on_time: pd.BooleanDtype = optional("Are all of these on time? Missing while undecided")
    on_time_reason: str = required("Why it is judged so")
    due_date: Day = optional("Latest due date of these projects, as far as known")
    budget: float = optional("Σ share · budget of all its projects")
    actual_cost: float = optional("Σ share · cost so far of all its projects")
    n_no_budget: np.int64 = count("Projects without a budget: not in that sum")
    n_no_cost: np.int64 = count("Projects without a cost: not in that sum")
    n_compared: np.int64 = count("Finished projects with a budget and a cost")
    compared_budget: float = optional("Σ share · budget of those")
    compared_cost: float = optional("Σ share · cost of those")
    cost_variance_share: float = optional("compared_cost ÷ compared_budget − 1")
    currency: str = optional("ISO code of the amounts")
    basis: str = required("baseline or rebaselined")


class ProjectSpans(Table):
    """One row per project and product: from when to when it runs, or is expected to."""

    project_id: str = required("The project")
    product_id: str = optional("The product")
    name: str = required("What people call the project")
    start_date: Day = optional("Day the work began; else the first approved start")
    end_date: Day = optional("Day it ended; of an open one, the finish now expected, or due")
    on_time: str = required("Verdict on time", isin=ON_TIME_STATES)
    is_open: bool = required("Was it open on the status date, on hold or not?")


class GoalAttainments(Table):
    """One row per goal: how much of the way from its baseline to its target was made.

    Nothing is capped: 1.2 is more than was aimed for, and below 0 it went the wrong way.
    """

    goal_id: str = required("The goal", unique=True)
    product_id: str = optional("The product")
    name: str = optional("What it is about")
    attainment: float = optional("(actual − baseline) ÷ (target − baseline)")
    direction: str = optional("raise or lower, by target and baseline", isin=["raise", "lower"])
    is_attained: pd.BooleanDtype = optional("Is the attainment at least 1?")
    is_due: pd.BooleanDtype = optional("Has its due date come?")
    elapsed_share: float = share("Part of its period that has passed; 1 from its due date on")
    pace: float = optional("attainment ÷ elapsed_share: below 1 is behind an even course")
    due_date: Day = optional("Day by which it is to be attained")
    reason: str = optional("Why something is not known")


class GoalRates(Table):
    """One row per group: which share of the goals that were due was attained."""

    attained_rate: float = share("k ÷ n")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    k: np.int64 = count("Goals due and attained")
    n: np.int64 = count("Goals due of which it is known")
    n_not_due: np.int64 = count("Left out: not yet due")
    n_undated: np.int64 = count("Left out: without a due date")
    n_undefined: np.int64 = count("Left out: due, but baseline, target or actual says nothing")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)


class Requirements(Table):
    """One row per idea, and per story: what became of the idea, and where the story comes from.

    The columns of a story are missing for an idea, and those of an idea for a story.
    """

    item_id: str = required("Jira's id", unique=True)
    key: str = required("Jira's key")
    kind: str = required("idea or story", isin=NEEDS)
    summary: str = optional("Its title")
    product_id: str = optional("The product")
    created_at: Instant = required("When it was written down")
    age_days: float = required("Elapsed days since then", ge=0)
    is_dropped: bool = required("Was it cancelled? Then nothing below counts it")
    n_epics: pd.Int64Dtype = optional("Of an idea: epics below it", ge=0)
    n_stories: pd.Int64Dtype = optional("Of an idea: stories below it, dropped ones apart", ge=0)
    n_stories_done: pd.Int64Dtype = optional("Of these, done", ge=0)
    is_linked: pd.BooleanDtype = optional("Of an idea: is there an epic or a story below it?")
    is_broken_down: pd.BooleanDtype = optional("Of an idea: is there a story below it?")
    is_delivered: pd.BooleanDtype = optional("Of an idea: are all its stories done, and is one?")
    is_orphan: pd.BooleanDtype = optional(
        "Of a story: does it come from no idea? Missing where its origin was not exported"
    )


class RequirementCoverage(Table):
    """One row per group: how far ideas have come, and how many stories come from none.

    A full count of what was exported, so there is no interval.
    """

    n_ideas: np.int64 = count("Ideas, dropped ones apart")
    n_linked: np.int64 = count("Of these, with an epic or a story below")
    n_broken_down: np.int64 = count("Of these, with a story below")
    n_delivered: np.int64 = count("Of these, with all their stories done")
    linked_share: float = share("n_linked ÷ n_ideas")
    broken_down_share: float = share("n_broken_down ÷ n_ideas")
    delivered_share: float = share("n_delivered ÷ n_ideas")
    n_unserved: np.int64 = count("Ideas with nothing below")
    median_unserved_days: float = optional("Half of these are at most this old", ge=0)
    oldest_unserved_days: float = optional("Age of the oldest of these", ge=0)
    n_stories: np.int64 = count("Stories whose origin is known, dropped ones apart")
    n_orphans: np.int64 = count("Of these, that come from no idea")
    orphan_share: float = share("n_orphans ÷ n_stories")
    n_dropped: np.int64 = count("Left out: ideas and stories that were cancelled")
    n_origin_unknown: np.int64 = count("Left out: stories below something not exported")


class ReleaseDates(Table):
    """One row per release: when it came, how long after the one before, and against its plan."""

    release_id: str = required("The release", unique=True)
    name: str = required("What people call it")
    released_date: Day = optional("Day it was released, if it was by the status date")
    planned_release_date: Day = optional("Day it was planned for")
    gap_days: float = optional("Days since the last earlier day with a release of its group", ge=0)
    variance_days: float = optional("Released − planned; of one overdue: at least")
    state: str = required("On time or not, and if neither, why", isin=RELEASE_STATES)


class ReleaseCadence(Table):
    """One row per group: how often it releases, and how often by the planned day."""

    n_released: np.int64 = count("Releases by the status date whose day is known")
    n_gaps: np.int64 = count("Gaps between different days of release")
    median_gap_days: float = optional("Half of the gaps are at most that long")
    longest_gap_days: float = optional("The longest")
    last_release_date: Day = optional("Day of the last release")
    days_since_last: float = optional("Days from then to the status date", ge=0)
    on_time_rate: float = share("k ÷ n")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    k: np.int64 = count("Released on or before the planned day, of those due")
    n: np.int64 = count("Releases whose planned day has passed")
    n_late_open: np.int64 = count("Of these, not released yet")
    n_early: np.int64 = count("Left out: released before a planned day still to come")
    n_not_due: np.int64 = count("Left out: to come, and not overdue")
    n_no_plan: np.int64 = count("Left out: released, but the planned day is not known")
    n_undated: np.int64 = count("Left out: released on a day that is not known")
    n_unknown: np.int64 = count("Left out: nobody says whether it was released")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)


class Retirements(Table):
    """One row per product that is to end, is ending or has ended: what is left to do."""

    product_id: str = required("The product", unique=True)
    name: str = optional("What people call it")
    stage: str = optional("Lifecycle stage on the status date")
    planned_retirement_date: Day = optional("Day its life is to end")
    days_to_retirement: float = optional("From the status date to that day; past it is negative")
    is_retired: bool = required("Has its life ended?")
    is_past_end: bool = required("Is that day past, and the product not retired?")
    n_open_projects: np.int64 = count("Its projects that are open or on hold")
    n_outlasting: np.int64 = count("Of these, expected to end after its planned end, or due then")
    n_open_items: np.int64 = count("Its issues that are not done")
    needs: str = optional("What needs attention, in words; missing where nothing does")


ROLLUP_STATES = [state for state in ON_TIME_STATES if state != "cancelled"]
