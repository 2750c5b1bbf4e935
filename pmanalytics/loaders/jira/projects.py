"""Projects and products out of Jira's own records: tables in, tables out.

Jira knows due dates, not approved plans. Where an issue's whole history is at hand, the due date in
force when execution began is the first plan; otherwise only the due date now set is known, and
whoever moved it made the past look punctual. Such a date goes into `rebaselined_finish_date`, so
that every number made of it has the basis 'rebaselined'. Estimates are effort, never budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import pandas as pd

from pmanalytics.calendars import UTC, local_days
from pmanalytics.errors import ConfigError, counted
from pmanalytics.lifecycle import UNMAPPED, Lifecycle
from pmanalytics.loaders.jira.items import (
    chosen,
    exploded,
    joined,
    of_items,
    one_of,
    plain,
    plain_names,
    release_days,
    titles,
    unambiguous,
    with_project_keys,
)
from pmanalytics.loaders.notes import Note
from pmanalytics.schemas import (
    Day,
    FieldChanges,
    Products,
    Projects,
    Releases,
    StatusChanges,
    WorkItems,
    dtypes,
)
from pmanalytics.tables import complete, with_all_columns

BY = ("issue", "fix_version", "project")
PRODUCTS_BY = ("project", "component", "issue")
DUE = ("due_date", "fix_version")
EFFORTS = {
    "original_estimate_hours": "baseline_effort_hours",
    "time_spent_hours": "actual_effort_hours",
}
TRUTHS = ["has_ended", "is_cancelled", "is_dated", "has_product", "history_complete"]
LATEST = ["product_id", "actual_finish_date", "due", "updated_date"]
DAYS = {
    "actual_start_date": "began_at",
    "actual_finish_date": "ended_at",
    "updated_date": "updated_at",
}
CANCELLED_RESOLUTIONS = (
    "Won't Do", "Won't Fix", "Duplicate", "Cannot Reproduce", "Declined", "Cancelled", "Canceled",
    "Rejected", "Obsolete", "Invalid", "Incomplete", "Not a Bug",
    "Duplikat", "Abgelehnt", "Abgebrochen", "Ungültig", "Unvollständig", "Nicht reproduzierbar",
    "Doublon", "Rejeté", "Annulé", "Incomplet", "Impossible à reproduire",
    "Duplicado", "Rechazado", "Cancelado", "Incompleto",
)  # fmt: skip


class JiraRecords(Protocol):
    """What projects are made of; `Portfolio` has it."""

    @property
    def work_items(self) -> pd.DataFrame:
        """`WorkItems`."""

    @property
    def status_changes(self) -> pd.DataFrame:
        """`StatusChanges`."""

    @property
    def field_changes(self) -> pd.DataFrame:
        """`FieldChanges`."""

    @property
    def releases(self) -> pd.DataFrame:
        """`Releases`."""


class Derived(NamedTuple):
    """A table made of others, and what there is to know about it, in sentences."""

    table: pd.DataFrame
    notes: list[str]


def projects_from_jira(
    records: JiraRecords,
    *,
    by: Literal["issue", "fix_version", "project"] = "issue",
    item_types: Sequence[str] | None = None,
    due: Literal["due_date", "fix_version"] = "due_date",
    lifecycle: Lifecycle | None = None,
    execution: str | None = None,
    cancelled_resolutions: Sequence[str] = CANCELLED_RESOLUTIONS,
    time_zone: str = UTC,
) -> Derived:
    """Which projects do Jira's issues, releases or projects stand for, and when were they due?

    Parameters
    ----------
    records
        A `Portfolio`, or whatever else has `work_items`, `status_changes`, `field_changes` and
        `releases`.
    by
        What becomes a project: each issue, each release (fix version) or each Jira project. Of the
        latter two no first plan is known. An issue of two releases counts in both.
    item_types
        Only issues of these types, such as ["Epic"].
    due
        'due_date', or 'fix_version': an issue is due with the earliest of its releases that is
        out. Releases are due on their own date either way.
    lifecycle
        Stages of work items. An issue in a cancelled stage is cancelled, one in a terminal stage
        done.
    execution
        The stage with which work begins; otherwise the second. The first entry into it, or into a
        later stage, fixes the first plan and is the actual start.
    cancelled_resolutions
        Resolutions that mean that nothing was delivered.
    time_zone
        IANA zone whose days count.

    Returns
    -------
    Derived
        `table` (`Projects`) and `notes`. A project is finished when its issue was resolved, or
        else entered the status that ends it; a release or Jira project with its last issue.

    Raises
    ------
    PMAnalyticsError
        If a table does not fit its schema, or an option is not one of those named.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> found = projects_from_jira(load_portfolio("data/sample"), by="project")
    >>> found.table["project_id"].tolist()[:2]
    ['ANCH', 'ATLA']
    """
    one_of("by", by, BY)
    one_of("due", due, DUE)
    cancelled = plain_names("cancelled_resolutions", cancelled_resolutions)
    stages = lifecycle or Lifecycle({})
    items, notes = chosen(_without_namesakes(complete(records.work_items, WorkItems)), item_types)
    changes = of_items(complete(records.status_changes, StatusChanges), items)
    releases, doubts = unambiguous(complete(records.releases, Releases))
    began_at = _began_at(changes, stages, _begun_stages(stages, execution))
    began_at = _per_item(items, began_at).where(items["history_complete"])
    issues = items.assign(
        **_endings(items, changes, stages, cancelled),
        due=release_days(items, releases) if due == "fix_version" else items["due_date"],
        began_at=began_at,
    )
    for day, instant in DAYS.items():
        issues[day] = local_days(issues[instant], time_zone)
    if by == "issue":
        moves = of_items(complete(records.field_changes, FieldChanges), items)
        plans = _plans(issues, moves[moves["field"] == "due_date"], is_tracked=due == "due_date")
        table = _one_per_issue(issues.assign(**plans))
    else:
        table = _one_per_group(issues, by, releases)
    table, oddities = _consistent(table)
    return Derived(table, [*notes, *doubts, *oddities])


def products_from_jira(
    work_items: pd.DataFrame,
    *,
    by: Literal["project", "component", "issue"] = "project",
    item_types: Sequence[str] | None = None,
) -> Derived:
    """Which products do Jira's projects, components or ideas stand for?

    Parameters
    ----------
    work_items
        `WorkItems`.
    by
        What is a product: each Jira project, each component of one, or each issue.
    item_types
        Only issues of these types, such as ["Idea"].

    Returns
    -------
    Derived
        `table` (`Products`) and `notes`. A component is known by the key of its Jira project and
        its name, as in "ABC Billing", for names recur.

    Raises
    ------
    PMAnalyticsError
        If the table does not fit its schema, or an option is not one of those named.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> items = load_portfolio("data/sample").work_items
    >>> products_from_jira(items).table["product_id"].tolist()[:2]
    ['ANCH', 'ATLA']
    """
    one_of("by", by, PRODUCTS_BY)
    items, notes = chosen(complete(work_items, WorkItems), item_types)
    if by == "issue":
        found = pd.DataFrame({"product_id": items["key"], "name": titles(items)})
    elif by == "project":
        found = pd.DataFrame({"product_id": items["project_key"], "name": items["project_key"]})
    else:
        parts = exploded(items, "components")
        found = pd.DataFrame({"product_id": joined(parts), "name": parts["name"]})
    found = found.drop_duplicates("product_id").sort_values("product_id", ignore_index=True)
    found = with_all_columns(found, Products)[list(dtypes(Products))]
    return Derived(Products.validate(found), notes)


def with_products(work_items: pd.DataFrame, by: str) -> Derived:
    """Return the work items with the product of their Jira project or component.

    A product that is already named stays. An issue of several components belongs to none of them.
    """
    one_of("by", by, PRODUCTS_BY)
    if by == "issue":
        return Derived(work_items, [])
    items = complete(work_items, WorkItems).reset_index(drop=True)
    owner, notes = with_project_keys(items)["project_key"], list[str]()
    if by == "component":
        parts = exploded(with_project_keys(items), "components")
        owners = joined(parts).groupby(level=0)
        owner = owners.first().where(owners.size() == 1).reindex(items.index)
        n_several = int((owners.size() > 1).sum())
        if n_several:
            notes = [Note("of several components: assigned to none.", n=n_several, noun="issue")]
    return Derived(items.assign(product_id=items["product_id"].fillna(owner).astype("str")), notes)


def _without_namesakes(items: pd.DataFrame) -> pd.DataFrame:
    """Return the issues without columns of the user's that are named like ours of a project."""
    namesakes = {*dtypes(Projects)}.difference(dtypes(WorkItems)).intersection(items.columns)
    return items.drop(columns=list(namesakes))


def _endings(
    items: pd.DataFrame, changes: pd.DataFrame, lifecycle: Lifecycle, cancelled: set[str]
) -> dict[str, pd.Series]:
    """Return the stage of each issue, whether it is done, and when that came about."""
    last = {*lifecycle.terminal, *lifecycle.cancelled}
    stage = lifecycle.placed(items.rename(columns={"status": "to_status"}))["stage"]
    is_cancelled = stage.isin(lifecycle.cancelled)
    is_cancelled |= items["resolution"].fillna("").map(plain).isin(cancelled)
    has_category = items["status_category"].fillna("").map(plain) == "done"
    is_last = stage.isin(last)
    is_done = items["resolved_at"].notna() | has_category | is_last
    status = pd.Series("open", index=items.index, dtype="str")
    entered = _per_item(items, _last_entry(changes, lifecycle, last))
    ended_at = items["resolved_at"].fillna(items["status_category_changed_at"].where(has_category))
    ended_at = ended_at.fillna(entered.where(is_last))
    return {
        "stage": stage.mask(stage == UNMAPPED),
        "status": status.mask(is_done, "done").mask(is_cancelled, "cancelled"),
        "ended_at": ended_at,
    }


def _per_item(table: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return of values by item the one of each row."""
    return values.reindex(table["item_id"]).set_axis(table.index)


def _last_entry(changes: pd.DataFrame, lifecycle: Lifecycle, last: set[str]) -> pd.Series:
    """Return when each item last came into one of the last stages from any other."""
    before = {f"to_{part}": changes[f"from_{part}"] for part in ("status", "status_id")}
    came_to, came_from = (
        lifecycle.placed(table)["stage"].isin(last)
        for table in (changes, changes.assign(**before).fillna({"to_status": ""}))
    )
    return changes[came_to & ~came_from].groupby("item_id")["changed_at"].max()


def _begun_stages(lifecycle: Lifecycle, execution: str | None) -> list[str]:
    """Return the stages in which work has begun: from the one named, or else the second, on."""
    names = list(lifecycle.stages)
    if execution is not None and execution not in names:
        raise ConfigError(
            f"execution={execution!r} is no stage of work items; the stages are "
            f"{', '.join(names) or 'not given'}."
        )
    first = 1 if execution is None else names.index(execution)
    return [name for name in names[first:] if name not in lifecycle.cancelled]


def _began_at(changes: pd.DataFrame, lifecycle: Lifecycle, begun: list[str]) -> pd.Series:
    """Return when each item first came into a stage in which work has begun."""
    is_begun = lifecycle.placed(changes)["stage"].isin(begun)
    return changes[is_begun].groupby("item_id")["changed_at"].min()


def _plans(issues: pd.DataFrame, moves: pd.DataFrame, *, is_tracked: bool) -> dict[str, pd.Series]:
    """Return the due date in force when work began, and what became of it.

    What a first change after that moment replaced was in force until then; without one, it is the
    date still shown.
    """
    began_at = _per_item(moves, issues.set_index("item_id")["began_at"])
    later = moves[moves["changed_at"] > began_at]
    later = later.sort_values("changed_at", kind="stable")
    replaced = later.drop_duplicates("item_id").set_index("item_id")["old"]
    old = pd.to_datetime(replaced.str[:10], format="%Y-%m-%d", errors="coerce").astype(Day)
    is_known = issues["began_at"].notna() & is_tracked
    has_moved = issues["item_id"].isin(old.index)
    baseline = issues["due"].mask(has_moved, _per_item(issues, old)).where(is_known)
    n_moves = _per_item(issues, later.groupby("item_id").size()).fillna(0)
    return {
        "baseline_finish_date": baseline,
        "rebaselined_finish_date": issues["due"].mask(issues["due"] == baseline),
        "rebaseline_count": n_moves.astype("Int64").where(is_known),
    }


def _one_per_issue(issues: pd.DataFrame) -> pd.DataFrame:
    """Return each issue as a project; columns of the user's own come along."""
    ours = {*dtypes(WorkItems), "due", "began_at", "ended_at"} - {*dtypes(Projects), "project_key"}
    table = issues.assign(
        project_id=issues["key"], name=titles(issues), project_class=issues["item_type"]
    )
    return table.rename(columns=EFFORTS).drop(columns=list(ours.difference(EFFORTS)))


def _one_per_group(issues: pd.DataFrame, by: str, releases: pd.DataFrame) -> pd.DataFrame:
    """Return each release or Jira project as a project: the sum of its issues."""
    if by == "project":
        members = issues.assign(project_id=issues["project_key"], name=issues["project_key"])
        return _sums(members)
    members = exploded(issues, "fix_versions")
    table = _sums(members.assign(project_id=joined(members)))
    table = table.merge(releases, on=["project_key", "name"], how="left", validate="many_to_one")
    is_out = table["is_released"].fillna(value=False).astype(bool) & (table["status"] == "open")
    return table.assign(
        rebaselined_finish_date=table["release_date"], status=table["status"].mask(is_out, "done")
    ).drop(columns=["release_id", "release_date", "is_released"])


def _sums(members: pd.DataFrame) -> pd.DataFrame:
    """Return one row per `project_id`; finished with its last issue, if all have ended."""
    status, finish = members["status"], members["actual_finish_date"]
    members = members.rename(columns=EFFORTS).assign(
        has_ended=status != "open",
        is_cancelled=status == "cancelled",
        is_dated=finish.notna(),
        has_product=members["product_id"].notna(),
    )
    groups = members.groupby("project_id")
    all_of = groups[TRUTHS].all()
    least, most = groups["product_id"].min(), groups[LATEST].max()
    is_of_one_product = all_of["has_product"] & (least == most["product_id"])
    is_finished = all_of["has_ended"] & all_of["is_dated"]
    status = pd.Series("open", index=all_of.index, dtype="str").mask(all_of["has_ended"], "done")
    return pd.DataFrame(
        {
            "project_key": groups["project_key"].first(),
            "name": groups["name"].first(),
            "product_id": least.where(is_of_one_product),
            "status": status.mask(all_of["is_cancelled"], "cancelled"),
            "actual_start_date": groups["actual_start_date"]
            .min()
            .where(all_of["history_complete"]),
            "actual_finish_date": most["actual_finish_date"].where(is_finished),
            "rebaselined_finish_date": most["due"],
            "updated_date": most["updated_date"],
            **{effort: groups[effort].sum(min_count=1) for effort in EFFORTS.values()},
        }
    ).reset_index()


def _consistent(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the table as `Projects` allows it, and what had to give way."""
    notes = []
    table = with_all_columns(table, Projects)
    is_odd = table["actual_finish_date"] < table["actual_start_date"]
    if is_odd.any():
        notes.append(
            f"{counted(int(is_odd.sum()), 'project')} from Jira ended before work on it began: "
            "the start is left out."
        )
        table["actual_start_date"] = table["actual_start_date"].mask(is_odd)
    for effort in EFFORTS.values():
        is_below = table[effort] < 0
        if is_below.any():
            n = counted(int(is_below.sum()), "project")
            notes.append(f"{n} from Jira with a negative {effort}: left out.")
            table[effort] = table[effort].mask(is_below)
    ours = list(dtypes(Projects))
    table = table[[*ours, *(name for name in table if name not in ours)]]
    return Projects.validate(table.reset_index(drop=True)), notes
