"""Every table, in and out: one class is one table, and its docstring says what one row is.

A table of these may hold more columns than its schema names: they are what people group by.
Text is `str`, a day is a naive midnight `datetime64[us]` in a column `…_date`, an instant is UTC in
a column `…_at`, money is a float beside a `currency`, a share or rate lies between 0 and 1, and
what is not known is missing (`NaN`, `NaT`, `NA`), never 0.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

Day = np.dtype("datetime64[us]")
Instant = Annotated[pd.DatetimeTZDtype, "us", "UTC"]

LEVELS = ["product", "project", "work_item"]
MONEY = ["baseline_budget", "rebaselined_budget", "forecast_cost", "actual_cost"]
PROJECT_STATUSES = ["open", "on_hold", "done", "cancelled"]
ON_TIME_STATES = [
    "on_time", "late", "late_open", "early", "not_due", "cancelled", "missing_baseline", "invalid",
]  # fmt: skip
ON_BUDGET_STATES = [
    "on_budget", "over", "over_open", "undetermined", "cancelled", "missing_baseline",
]  # fmt: skip
BOTH_STATES = ["both", "not_both", "undetermined", "cancelled", "missing_baseline", "invalid"]
SET_ASIDE = ["row", "value"]
USES = ["used", "kept", "ignored"]
PROJECT_KINDS = ["projects", "project snapshots"]
OUTCOMES = ["left", "cancelled", "open", "terminal"]
RELIABILITIES = ["too_few", "indicative", "ok"]


def optional(description: str, **options: Any) -> Any:
    """Return a field that may be missing."""
    return pa.Field(nullable=True, description=description, **options)


def required(description: str, **options: Any) -> Any:
    """Return a field that every row must fill."""
    return pa.Field(description=description, **options)


def money(description: str) -> Any:
    """Return a nullable amount of money that cannot be negative."""
    return pa.Field(nullable=True, ge=0, description=description)


def share(description: str) -> Any:
    """Return a nullable number between 0 and 1."""
    return pa.Field(
        nullable=True, in_range={"min_value": 0, "max_value": 1}, description=description
    )


def count(description: str) -> Any:
    """Return a count that is always known."""
    return pa.Field(ge=0, description=description)


def rule(column: str, reason: str, hint: str) -> Any:
    """Declare a rule over several columns; `column` is the one to look at when it is broken."""
    return pa.dataframe_check(title=column, error=reason, description=hint, n_failure_cases=1)


class Table(pa.DataFrameModel):
    """Base of all tables."""


class Products(Table):
    """One row per product: something offered to customers from its conception to its retirement."""

    product_id: str = required("Your identifier of the product", unique=True)
    name: str = required("What people call it")
    product_manager: str = optional("Who answers for it")
    stage: str = optional("Lifecycle stage now; the history of stages is a table of its own")
    vision: str = optional("What the product is for")
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
    """One row per change of a tracked field of one item, such as its due date.

    `old` and `new` are what Jira wrote, as text: a due date is YYYY-MM-DD.
    """

    level: str = required("product, project or work_item", isin=LEVELS)
    item_id: str = required("Identifier at that level")
    changed_at: Instant = required("When it was changed")
    field: str = required("Name of the field: due_date")
    old: str = optional("Value before")
    new: str = optional("Value after")


class Releases(Table):
    """One row per version (release) of a Jira project that an issue names."""

    release_id: str = required("Jira's id of the version", unique=True)
    project_key: str = optional("The Jira project")
    name: str = required("Name of the version")
    release_date: Day = optional("Day of the release: planned, or actual once released")
    is_released: pd.BooleanDtype = optional("Has it been released?")


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
    history_complete: bool = required("Is the item's history known from its creation?")
    entered_after: Instant = optional("Not before this, where only snapshots are known")
    exited_after: Instant = optional("Not before this, where only snapshots are known")


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


class ProjectOutcomes(Table):
    """One row per project: was it on time, on budget, both, and why.

    Every rate and every list of projects is a count or a selection of these rows.
    """

    project_id: str = required("The project", unique=True)
    on_time: str = required("Verdict on time", isin=ON_TIME_STATES)
    on_budget: str = required("Verdict on budget", isin=ON_BUDGET_STATES)
    both: str = required("Verdict on both, each project judged at its due date", isin=BOTH_STATES)
    reason: str = required("The verdicts in words")
    basis: str = required("baseline or rebaselined: the plan it is judged by")
    due_date: Day = optional("Finish by that plan")
    finish_variance_days: float = optional("Finish − due date; late and open: a lower bound")
    finish_variance_share: float = optional("The same ÷ planned days")
    cost_variance: float = optional("Actual cost − budget of finished projects")
    cost_variance_share: float = optional("The same ÷ budget")
    forecast_variance_days: float = optional("Forecast finish − due date, open projects")
    forecast_cost_variance_share: float = optional("Forecast cost ÷ budget − 1, open projects")


class Rates(Table):
    """One row per group: a rate with its count, its interval and everything left out of it.

    `n` plus the excluded counts is the number of projects of the group; `n_on_hold` is a part of
    the open ones. A rate that cannot be stated is missing, and `reason` says why.
    """

    measure: str = required("on_time, on_budget or on_time_and_on_budget")
    rate: float = share("k ÷ n, or the weighted share")
    k: np.int64 = count("Projects that succeeded")
    n: np.int64 = count("Projects judged")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    n_early: np.int64 = count("Left out: finished ahead of a due date still to come")
    n_not_due: np.int64 = count("Left out: open and not yet due")
    n_undetermined: np.int64 = count("Left out: not known yet")
    n_open_failed: np.int64 = count("Left out of population 'finished': open, already late or over")
    n_cancelled: np.int64 = count("Left out: cancelled")
    n_missing_baseline: np.int64 = count("Left out: no baseline to compare with")
    n_invalid: np.int64 = count("Left out: done without a finish date")
    n_on_hold: np.int64 = count("On hold, among the open ones")
    basis: str = required("baseline or rebaselined")
    population: str = required("due, resolved or finished")
    as_of: Day = required("The status date")
    reliability: str = required("too_few below 5, indicative below 20, else ok", isin=RELIABILITIES)
    reason: str = optional("Why there is no rate")


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
    n_incomplete: np.int64 = count("Left out: history not known from its creation")
    median_days: float = optional("Half have left after this many days")
    median_low: float = optional("Lower end of its 95 % interval")
    median_high: float = optional("Upper end of its 95 % interval")
    p85_days: float = optional("85 % have left after this many days")
    p85_low: float = optional("Lower end of its 95 % interval")
    p85_high: float = optional("Upper end of its 95 % interval")


class Files(Table):
    """One row per file read: rows_read = n_valid + n_quarantined + n_duplicate."""

    file: str = required("Name of the file")
    kind: str = required("What it was read as")
    evidence: str = optional("Why it was taken for that, and how it was decoded")
    rows_read: np.int64 = count("Records in it, blank ones not counted")
    n_valid: np.int64 = count("Loaded")
    n_quarantined: np.int64 = count("Set aside, each with its problems")
    n_duplicate: np.int64 = count("Repeats of a loaded row, or older states of it")
    n_repaired: np.int64 = count("Loaded without a value that was set aside, or padded")


class Problems(Table):
    """One row per problem of a record, or of one value of it, that was set aside."""

    file: str = required("Name of the file")
    line: pd.Int64Dtype = optional("Line of the file; of JSON the number of the issue in it")
    column: str = required("Header in the file")
    value: str = optional("What stands there")
    reason: str = required("What is wrong with it")
    hint: str = required("What to do")
    set_aside: str = required("row, or value where the rest of the row counts", isin=SET_ASIDE)


class Columns(Table):
    """One row per column of a file: what it was taken for and how its cells were read."""

    file: str = required("Name of the file")
    header: str = required("Header in the file")
    column: str = optional("The column of ours it fills")
    use: str = required("used, kept beside ours, or ignored", isin=USES)
    reading: str = optional("How its dates or numbers were read")


class Completeness(Table):
    """One row per column of a table: how many of the rows it applies to have a value in it."""

    table: str = required("Name of the table")
    column: str = required("The column")
    condition: str = optional("The rows it applies to, where not to all")
    n: np.int64 = count("Rows it applies to")
    n_filled: np.int64 = count("Of these, with a value; of a history, with a complete one")
    share: float = share("n_filled ÷ n")
    affects: str = optional("The measures that use the column")


class Participation(Table):
    """One row per measure and reason why records cannot take part in it.

    `n_records` = `n_used` + the sum of `n_left_out` of the measure. A measure that leaves nothing
    out has one row without a reason.
    """

    measure: str = required("The measure")
    n_records: np.int64 = count("Records there are")
    n_used: np.int64 = count("Of these, take part")
    reason: str = optional("Why others cannot")
    n_left_out: np.int64 = count("How many cannot for this reason")


class ReasonCounts(Table):
    """One row per file, column and reason for which something was set aside."""

    file: str = required("Name of the file")
    column: str = required("Header in the file")
    reason: str = required("What is wrong")
    set_aside: str = required("row, or value where the rest of the row counts", isin=SET_ASIDE)
    n_rows: np.int64 = count("Rows with this problem")
    lines: str = optional("The first of them")
    affects: str = required("The measures it touches")


class WorstCase(Table):
    """One row per rate: between which bounds the rows set aside could move it.

    At worst all of them would count and fail, at best all would count and succeed.
    """

    measure: str = required("on_time, on_budget or on_time_and_on_budget")
    rate: float = share("k ÷ n")
    k: np.int64 = count("Projects that succeeded")
    n: np.int64 = count("Projects judged")
    low: float = share("Lower end of the 95 % Wilson interval")
    high: float = share("Upper end of the 95 % Wilson interval")
    n_rejected: np.int64 = count("Rows set aside that could be projects to judge")
    worst: float = share("k ÷ (n + n_rejected)")
    best: float = share("(k + n_rejected) ÷ (n + n_rejected)")
    is_within: bool = required("Do worst and best lie in the interval?")


INPUT_TABLES = [Products, Projects, WorkItems, StatusChanges, FieldChanges, Releases]
RESULT_TABLES = [
    StageVisits, ItemStages, ProjectOutcomes, Rates, StageDurations, Files, Problems, Columns,
    Completeness, Participation, ReasonCounts, WorstCase,
]  # fmt: skip


def dtypes(schema: type[Table]) -> dict[str, object]:
    """Return the dtype of each column of a table, as this package writes it."""
    return {
        name: Day if column.dtype.type == np.dtype("datetime64[ns]") else column.dtype.type
        for name, column in schema.to_schema().columns.items()
    }


def empty(schema: type[Table]) -> pd.DataFrame:
    """Return the table without rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in dtypes(schema).items()})
