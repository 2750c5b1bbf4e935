"""The tables that users provide."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import (
    LEVELS,
    Day,
    Instant,
    Table,
    money,
    optional,
    required,
    rule,
    share,
)

MONEY = ["baseline_budget", "rebaselined_budget", "forecast_cost", "actual_cost"]
PROJECT_STATUSES = ["open", "on_hold", "done", "cancelled"]


class Products(Table):
    """One row per product: something offered to customers from its conception to its retirement."""

    product_id: str = required("Your identifier of the product", unique=True)
    name: str = required("What people call it")
    product_manager: str = optional("Who answers for it")
    stage: str = optional("Lifecycle stage now; the history of stages is a table of its own")
    vision: str = optional("What the product is for")
    planned_retirement_date: Day = optional("Day its life is planned to end")
    updated_date: Day = optional("Day of the last change to this record")


class Projects(Table):
    """One row per project: a piece of work with an approved finish date and budget.

    The baseline is the plan first approved. A later approved plan goes into the `rebaselined_`
    columns, an expectation into `forecast_`: whoever overwrites the baseline makes every project
    look punctual. A cancelled project's `actual_finish_date` is the day of its cancellation.
    """

    project_id: str = required("Your identifier of the project", unique=True)
    name: str = required("What people call it")
    product_id: str = optional("The product it builds or changes")
    project_manager: str = optional("Who answers for it")
    status: str = required("One of open, on_hold, done, cancelled", isin=PROJECT_STATUSES)
    stage: str = optional("Lifecycle stage now")
    project_class: str = optional("Kind of project, to compare like with like")
    baseline_start_date: Day = optional("First approved start")
    baseline_finish_date: Day = optional("First approved finish")
    rebaselined_finish_date: Day = optional("Latest approved finish, if the plan was approved anew")
    rebaseline_count: pd.Int64Dtype = optional("How often the plan was approved anew", ge=0)
    forecast_finish_date: Day = optional("Finish now expected")
    actual_start_date: Day = optional("Day the work began")
    actual_finish_date: Day = optional("Day it was done, or cancelled")
    baseline_budget: float = money("First approved budget")
    rebaselined_budget: float = money("Latest approved budget")
    forecast_cost: float = money("Cost at completion now expected")
    actual_cost: float = money("Spent so far, or in all")
    currency: str = optional(
        "ISO code of all amounts of the row, such as EUR", str_matches="^[A-Z]{3}$"
    )
    baseline_effort_hours: float = optional("First estimate of the effort, in hours", ge=0)
    actual_effort_hours: float = optional("Effort logged so far, or in all, in hours", ge=0)
    percent_complete: float = share("Part of the work that is done, 0 to 1")
    is_required: pd.BooleanDtype = optional("Does its product's delivery depend on it?")
    updated_date: Day = optional("Day of the last change to this record")

    @rule(
        "actual_finish_date",
        "is before the actual_start_date",
        "Correct one of the two dates",
    )
    def finished_after_start(cls, table: pd.DataFrame) -> pd.Series:
        """Compare what happened."""
        return ~(table["actual_finish_date"] < table["actual_start_date"])

    @rule(
        "baseline_finish_date",
        "is before the baseline_start_date",
        "Correct one of the two dates",
    )
    def planned_finish_after_start(cls, table: pd.DataFrame) -> pd.Series:
        """Compare what was approved."""
        return ~(table["baseline_finish_date"] < table["baseline_start_date"])

    @rule(
        "currency",
        "is missing though the row holds money",
        "Fill the column, or pass defaults={'currency': 'EUR'} for the whole file",
    )
    def money_has_currency(cls, table: pd.DataFrame) -> pd.Series:
        """Look for amounts without a currency."""
        return table["currency"].notna() | ~table[MONEY].notna().any(axis="columns")


class WorkItems(Table):
    """One row per Jira issue, as it stood when it was exported.

    `resolved_at` is empty for many finished issues (a workflow need not set it), and is filled for
    cancelled ones. `history_complete` is false where no status history came along, or a cut one.
    """

    item_id: str = required(
        "Jira's numeric issue id; it survives moves between projects", unique=True
    )
    key: str = required("Jira's issue key, such as ABC-12")
    project_key: str = optional("The Jira project")
    project_id: str = optional("The project of yours it belongs to, as pmanalytics.toml maps it")
    product_id: str = optional("The product it belongs to, as pmanalytics.toml maps it")
    summary: str = optional("Title of the issue")
    item_type: str = optional("Story, Bug, Epic …")
    status: str = required("Workflow status at export")
    status_category: str = optional("Jira's category of the status: new, indeterminate or done")
    priority: str = optional("Priority")
    resolution: str = optional("How it was resolved")
    created_at: Instant = required("When the issue was created")
    updated_at: Instant = optional("When it was last changed")
    resolved_at: Instant = optional("When its resolution was set")
    status_category_changed_at: Instant = optional("When its status category last changed")
    due_date: Day = optional("The due date now shown; earlier ones are only in the history")
    parent_key: str = optional("Key of the parent, or its id where only that is known")
    original_estimate_hours: float = optional("First estimate of effort")
    time_spent_hours: float = optional("Effort logged")
    story_points: float = optional("Estimate in points")
    labels: object = optional("List of labels")
    components: object = optional("List of components")
    fix_versions: object = optional("List of versions it is planned for")
    affects_versions: object = optional("List of versions it was found in")
    sprints: object = optional("List of sprints")
    links: object = optional("List of 'kind: key' of linked issues")
    team: str = optional("Team")
    history_complete: bool = required("Did its whole status history come along?")


class StatusChanges(Table):
    """One row per entry of one item into one status, or of a product or project into one stage.

    An item's first row has no `from_status`: it is its creation. Where the oldest changes were cut
    off by the export there is no such row, and nothing is claimed about the time before.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    item_type: str = optional("Type of the work item")
    changed_at: Instant = required("When the status was entered; of snapshots, when it was seen")
    changed_after: Instant = optional("Not before this, where only snapshots are known")
    from_status_id: str = optional("Identifier of the status left")
    from_status: str = optional("Status left; empty on the first row of an item")
    to_status_id: str = optional("Identifier of the status entered")
    to_status: str = required("Status entered")
    sequence: np.int64 = required("Order of an item's changes; decides between equal times")
    source: str = optional(
        "Where the row comes from: created, changelog, history, stage dates or snapshots"
    )


class FieldChanges(Table):
    """One row per change of a tracked field of one item, such as its due date or its flag.

    `old` and `new` are what Jira wrote, as text: a due date is YYYY-MM-DD, a flag its name, such as
    Impediment, and empty where there is none.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    changed_at: Instant = required("When it was changed")
    field: str = required("Name of the field: due_date or flagged")
    old: str = optional("Value before")
    new: str = optional("Value after")


class Releases(Table):
    """One row per release: a version that an issue of Jira names, or a row of your own list.

    Jira overwrites the planned day with the day it was released, so `planned_release_date` comes
    from a list of your own only.
    """

    release_id: str = required("Your identifier of the release, or Jira's id", unique=True)
    product_id: str = optional("The product; of a Jira project as pmanalytics.toml maps it")
    project_key: str = optional("The Jira project")
    name: str = optional("Name of the release; else its identifier stands for it")
    planned_release_date: Day = optional("Day first planned; Jira does not keep it")
    release_date: Day = optional("Day of the release: planned, or actual once released")
    is_released: pd.BooleanDtype = optional("Has it been released?")
