"""In which order did an item's changes happen, and what is wrong with its history?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import UTC
from pmanalytics.lifecycle import plain_status
from pmanalytics.ordering import order_of
from pmanalytics.schemas import HistoryProblems, StatusChanges, dtypes
from pmanalytics.tables import complete

INSTANT = ["_item", "changed_at"]
CHANGE = ["from_status_id", "from_status", "to_status_id", "to_status"]


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
    and the status it leaves is not the one entered last. Statuses are the same by their
    identifiers, where both have one, and else by their names, whatever their case.

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
    is_kept = ~changes["_is_repeat"]
    is_break = (~leaves_the_last(changes[is_kept])).reindex(changes.index, fill_value=False)
    kinds = {
        "told again": changes["_is_repeat"],
        "before creation": changes["_is_late"],
        "chain break": is_break,
    }
    problem = pd.Series(np.select([*kinds.values()], [*kinds], ""), changes.index, dtype="str")
    found = changes.assign(problem=problem)[problem != ""].reset_index(drop=True)
    return HistoryProblems.validate(found[[*dtypes(HistoryProblems)]])


def ordered_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the changes by item and time, with the number of the item.

    A creation comes first: one that is later than another change is moved back to it. What is told
    again is marked.
    """
    item = numbered(changes[["level", "item_id"]])
    at, sequence = changes["changed_at"].to_numpy("datetime64[us]"), changes["sequence"].to_numpy()
    order = order_of(item, at, sequence)
    is_late = _is_late(changes, item, at, order)
    if is_late.any():
        first = order[np.r_[True, np.diff(item[order]) > 0]]
        at = np.where(is_late, at[first][item], at)
        changes = changes.assign(changed_at=pd.Series(at, changes.index).dt.tz_localize(UTC))
        order = order_of(item, at, sequence)
    changes = changes.assign(_item=item, _is_late=is_late)
    if (np.diff(order) < 0).any():
        changes = changes.iloc[order]
    changes = changes.reset_index(drop=True)
    return changes.assign(_is_repeat=_is_repeat(changes))


def numbered(keys: pd.DataFrame) -> NDArray[np.int64]:
    """Return the number of each row's keys, in their order; the last key differs most."""
    *outer, last = (pd.factorize(keys[name], sort=True) for name in keys)
    number = last[0]
    for codes, distinct in reversed(outer):
        if len(distinct) > 1:
            number = codes * (number.max() + 1) + number
            _, number = np.unique(number, return_inverse=True)
    return number


def _is_late(
    changes: pd.DataFrame, item: NDArray[np.int64], at: NDArray[Any], order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell the creations that are later than another change of their item."""
    if changes.empty:
        return np.zeros(0, dtype=bool)
    starts = np.flatnonzero(np.r_[True, np.diff(item[order]) > 0])
    is_left = changes["from_status"].notna().to_numpy()
    sequence = changes["sequence"].to_numpy()
    first = np.minimum.reduceat(sequence[order], starts)
    has_left = np.logical_or.reduceat(is_left[order], starts)
    earliest = at[order][starts]
    return (sequence == first[item]) & ~is_left & has_left[item] & (at > earliest[item])


def leaves_the_last(changes: pd.DataFrame) -> pd.Series:
    """Return which of the ordered changes leave the status entered before, as far as is told."""
    is_same = changes["_item"] == changes["_item"].shift()
    before, before_id = (
        changes[name].shift().where(is_same) for name in ("to_status", "to_status_id")
    )
    left, left_id = changes["from_status"], changes["from_status_id"]
    by_id = left_id.notna() & before_id.notna()
    fits = (left == before).mask(by_id, left_id == before_id) | left.isna() | before.isna()
    in_doubt = ~fits & ~by_id
    fits[in_doubt] = left[in_doubt].map(plain_status) == before[in_doubt].map(plain_status)
    return fits


def _is_repeat(changes: pd.DataFrame) -> pd.Series:
    """Return which changes tell an earlier one of their instant again, and do not fit here."""
    is_same = (changes[INSTANT] == changes[INSTANT].shift()).all(axis="columns")
    at_once = changes[is_same | is_same.shift(-1, fill_value=False)]
    is_told = at_once.duplicated([*INSTANT, *CHANGE]).reindex(changes.index, fill_value=False)
    if not is_told.any():
        return is_told
    stays = changes["from_status"].isna() & (changes["to_status"] == changes["to_status"].shift())
    return is_told & (stays | ~leaves_the_last(changes))
