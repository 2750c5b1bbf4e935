"""In which order did an item's changes happen, and what is wrong with its history?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.lifecycle import plain_statuses
from pmanalytics.schemas import HistoryProblems, StatusChanges, dtypes
from pmanalytics.tables import complete

SIDES = ["from_status_id", "from_status", "to_status_id", "to_status"]


def history_problems(status_changes: pd.DataFrame) -> pd.DataFrame:
    """Which changes contradict the rest of their item's history, and what became of them?

    Parameters
    ----------
    status_changes
        `StatusChanges`.

    Returns
    -------
    pandas.DataFrame
        `HistoryProblems`, by item and time. A change that is told again counts once. A creation
        later than another change of its item is moved back to the earliest. A change that leaves
        another status than the one entered before is believed in what it enters, so the stay
        before it may be too long.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Notes
    -----
    The same two statuses may follow each other several times within one instant. Such a change is
    told again only if it does not fit where it stands: an equal one of that instant came before,
    and the status it leaves is not the one entered last.

    Examples
    --------
    >>> changes = pd.DataFrame({
    ...     "level": "project", "item_id": "P1", "sequence": [0, 1, 2],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10"], utc=True),
    ...     "from_status": [None, "Planning", "Review"],
    ...     "to_status": ["Planning", "Execution", "Closed"],
    ... })
    >>> history_problems(changes)[["item_id", "from_status", "to_status", "problem"]]
      item_id from_status to_status      problem
    0      P1      Review    Closed  chain break
    """
    changes = ordered_changes(complete(status_changes, StatusChanges))
    problems = {
        "told again": changes["_is_repeat"],
        "before creation": changes["_is_late"],
        "chain break": _is_chain_break(changes),
    }
    problem = np.select([*problems.values()], [*problems], "")
    found = changes.assign(problem=pd.Series(problem, index=changes.index, dtype="str"))
    found = found.loc[problem != "", [*dtypes(HistoryProblems)]].reset_index(drop=True)
    return HistoryProblems.validate(found)


def ordered_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the changes by item and time, with the number of the item.

    A creation comes first: one that is later than another change is moved back to it. What is told
    again is marked.
    """
    item = changes.groupby(["level", "item_id"]).ngroup()
    left = changes["from_status"]
    is_first = changes["sequence"] == changes["sequence"].groupby(item).transform("min")
    is_creation = is_first & left.isna() & left.notna().groupby(item).transform("any")
    earliest = changes["changed_at"].groupby(item).transform("min")
    is_late = is_creation & (changes["changed_at"] > earliest)
    changes = changes.assign(
        _item=item, changed_at=changes["changed_at"].mask(is_late, earliest), _is_late=is_late
    )
    order = ["_item", "changed_at", "sequence"]
    changes = changes.sort_values(order, kind="stable", ignore_index=True)
    return changes.assign(_is_repeat=_is_repeat(changes))


def _is_repeat(changes: pd.DataFrame) -> pd.Series:
    """Return which changes tell an earlier one of their instant again, and do not fit here."""
    instant = ["_item", "changed_at"]
    at_once = changes[changes.duplicated(instant, keep=False)]
    is_told = at_once.duplicated([*instant, *SIDES]).reindex(changes.index, fill_value=False)
    if not is_told.any():
        return is_told
    left, before = _left_and_before(changes)
    fits = (left == before).where(left.notna(), plain_statuses(changes["to_status"]) != before)
    return is_told & ~fits


def _is_chain_break(changes: pd.DataFrame) -> pd.Series:
    """Return which changes leave another status than the one entered before."""
    kept = changes[~changes["_is_repeat"]]
    left, before = _left_and_before(kept)
    is_break = left.notna() & before.notna() & (left != before)
    return is_break.reindex(changes.index, fill_value=False)


def _left_and_before(changes: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return of each change the status it leaves, and the one entered before; by id if both have.

    The first change of an item has none before.
    """
    is_same = changes["_item"] == changes["_item"].shift()
    entered = changes[["to_status_id", "to_status"]].shift().where(is_same)
    by_id = changes["from_status_id"].notna() & entered["to_status_id"].notna()
    left = plain_statuses(changes["from_status"]).mask(by_id, changes["from_status_id"])
    before = plain_statuses(entered["to_status"]).mask(by_id, entered["to_status_id"])
    return left, before
