"""What is left to do at the end of a product's life?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pmanalytics.calendars import AsOfInput, as_of_point
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.metrics.delivery import counted_days, first_true
from pmanalytics.metrics.requirements import item_states
from pmanalytics.schemas import (
    ProductStages,
    ProjectSpans,
    Retirements,
    WorkItems,
    dtypes,
)
from pmanalytics.tables import complete


def retirement(
    stages: pd.DataFrame,
    spans: pd.DataFrame,
    work_items: pd.DataFrame,
    *,
    as_of: AsOfInput,
    lifecycle: Lifecycle | None = None,
    retiring: Sequence[str] = ("Retirement",),
) -> pd.DataFrame:
    """Which products are past their planned end, and what is still attached to those that ended?

    The population is every product with a planned end, in a stage of retiring, or retired.

    Parameters
    ----------
    stages
        `ProductStages`.
    spans
        `ProjectSpans`: which projects of which product are open.
    work_items
        `WorkItems`, with the product of each.
    as_of
        Status date: an end planned for that day is not yet past.
    lifecycle
        That of the work items: its terminal and cancelled stages mean that one is closed. Without
        it, and for a status that no stage claims, Jira's category `done` means it.
    retiring
        Stages of a product in which it is being retired.

    Returns
    -------
    pandas.DataFrame
        `Retirements`: first those that need attention, then by planned end. Days are calendar days.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> from pmanalytics.schemas import empty
    >>> stages = pd.DataFrame({
    ...     "product_id": ["A", "B"], "name": ["Ape", "Bee"], "stage": ["Market", "Retired"],
    ...     "is_ended": [False, True],
    ...     "planned_retirement_date": pd.to_datetime(["2024-05-31", None]),
    ... })
    >>> spans = pd.DataFrame({
    ...     "project_id": ["P1"], "name": ["Move"], "product_id": ["B"], "on_time": ["not_due"],
    ...     "is_open": [True],
    ... })
    >>> found = retirement(stages, spans, empty(WorkItems), as_of="2024-06-30")
    >>> found[["name", "needs"]].to_dict("records")
    [{'name': 'Ape', 'needs': '30 days past its planned end, and not retired'}, \
{'name': 'Bee', 'needs': 'retired, and still has 1 open project'}]
    """
    day = as_of_point(as_of).day
    known = complete(stages, ProductStages).reset_index(drop=True)
    running = complete(spans, ProjectSpans)
    running = running[running["is_open"]]
    items = complete(work_items, WorkItems)
    states = item_states(items, lifecycle)
    items = items[~states["is_done"] & ~states["is_dropped"]]
    ids = known["product_id"]
    end = known["planned_retirement_date"]
    outlasts = running["end_date"] > end.set_axis(ids).reindex(running["product_id"]).to_numpy()
    table = known.assign(
        days_to_retirement=(end - day) / pd.Timedelta(days=1),
        is_retired=known["is_ended"],
        is_past_end=(end < day) & ~known["is_ended"],
        n_open_projects=ids.map(running["product_id"].value_counts()).fillna(0).astype("int64"),
        n_outlasting=ids.map(running.loc[outlasts, "product_id"].value_counts())
        .fillna(0)
        .astype("int64"),
        n_open_items=ids.map(items["product_id"].value_counts()).fillna(0).astype("int64"),
    )
    is_retiring = table["stage"].isin(list(retiring))
    table = table[end.notna() | is_retiring | table["is_retired"]]
    table = table.assign(needs=_needs(table, is_retiring[table.index]))
    order = table.assign(has_none=table["needs"].isna()).sort_values(
        ["has_none", "planned_retirement_date"], kind="stable"
    )
    return Retirements.validate(order[list(dtypes(Retirements))].reset_index(drop=True))


def _needs(table: pd.DataFrame, is_retiring: pd.Series) -> pd.Series:
    """Return in words what needs attention: a date gone by, work on what has no future."""
    past = counted_days(-table["days_to_retirement"]) + " past its planned end, and not retired"
    attached = _attached(table)
    has_more = attached != ""
    is_late = table["is_past_end"]
    cases = [
        (is_late & has_more, past + "; has " + attached),
        (is_late, past),
        (table["is_retired"] & has_more, "retired, and still has " + attached),
        (is_retiring & has_more, "being retired, and still has " + attached),
        (table["n_outlasting"] > 0, _outlasting(table["n_outlasting"])),
    ]
    return first_true(cases, None, table.index)


def _outlasting(n: pd.Series) -> pd.Series:
    ends = (n == 1).map({True: " ends", False: " end"})
    return _counted(n, "open project") + ends + " after its planned end"


def _attached(table: pd.DataFrame) -> pd.Series:
    parts = [
        _counted(table["n_open_projects"], "open project"),
        _counted(table["n_open_items"], "open issue"),
    ]
    between = ((parts[0] != "") & (parts[1] != "")).map({True: " and ", False: ""})
    return parts[0] + between + parts[1]


def _counted(n: pd.Series, noun: str) -> pd.Series:
    words = n.astype("str") + f" {noun}" + (n == 1).map({True: "", False: "s"})
    return words.where(n > 0, "")
