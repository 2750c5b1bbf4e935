"""In which order did an item's changes happen, and what is wrong with its history?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmanalytics.calendars import UTC
from pmanalytics.codes import decoded, encoded, numbered
from pmanalytics.lifecycle import plain_status
from pmanalytics.ordering import order_of, starts_of
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
    return HistoryProblems.validate(decoded(found[[*dtypes(HistoryProblems)]]))


def ordered_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the changes by item and time, with the number of the item, and texts as categories.

    A creation comes first: one that is later than another change is moved back to it. What is told
    again is marked.
    """
    changes = encoded(changes, ["from_status_id", "to_status_id"], ["from_status", "to_status"])
    changes = _in_order(changes.assign(_item=numbered(changes[["level", "item_id"]])))
    is_late, earliest = _late_creations(changes)
    changes = changes.assign(_is_late=is_late)
    if is_late.any():
        at = pd.Series(np.where(is_late, earliest, _instants(changes)), changes.index)
        changes = _in_order(changes.assign(changed_at=at.dt.tz_localize(UTC)), ~is_late)
    return changes.assign(_is_repeat=_is_repeat(changes))


def _in_order(changes: pd.DataFrame, *last: NDArray[np.bool_]) -> pd.DataFrame:
    sequence = changes["sequence"].to_numpy()
    order = order_of(changes["_item"].to_numpy(), _instants(changes), sequence, *last)
    if (np.diff(order) < 0).any():
        changes = changes.iloc[order]
    return changes.reset_index(drop=True)


def _instants(changes: pd.DataFrame) -> NDArray[Any]:
    return changes["changed_at"].to_numpy("datetime64[us]")


def _late_creations(changes: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Tell the creations later than another change of their item, and the first of each item."""
    is_start = starts_of(changes["_item"].to_numpy())
    starts, item = np.flatnonzero(is_start), np.cumsum(is_start) - 1
    at, sequence = _instants(changes), changes["sequence"].to_numpy()
    if changes.empty:
        return is_start, at
    is_left = changes["from_status"].notna().to_numpy()
    earliest = at[starts][item]
    is_late = ~is_left & (at > earliest)
    if is_late.any():
        has_left = np.logical_or.reduceat(is_left, starts)
        is_late &= (sequence == np.minimum.reduceat(sequence, starts)[item]) & has_left[item]
    return is_late, earliest


def leaves_the_last(changes: pd.DataFrame) -> pd.Series:
    """Return which of the ordered changes leave the status entered before, as far as is told."""
    is_same = ~starts_of(changes["_item"].to_numpy())
    before, before_id = (
        changes[name].shift().where(is_same) for name in ("to_status", "to_status_id")
    )
    left, left_id = changes["from_status"], changes["from_status_id"]
    by_id = left_id.notna() & before_id.notna()
    fits = (left == before).mask(by_id, left_id == before_id) | left.isna() | before.isna()
    in_doubt = ~fits & ~by_id
    if in_doubt.any():
        left, before = (texts[in_doubt].astype("str").map(plain_status) for texts in (left, before))
        fits[in_doubt] = left == before
    return fits


def _is_repeat(changes: pd.DataFrame) -> pd.Series:
    """Return which changes tell an earlier one of their instant again, and do not fit here."""
    at = _instants(changes)
    is_same = ~starts_of(changes["_item"].to_numpy())
    is_same[1:] &= at[1:] == at[:-1]
    is_told = pd.Series(data=False, index=changes.index)
    if is_same.any():
        at_once = changes[is_same | np.r_[is_same[1:], False]]
        is_told |= at_once.duplicated([*INSTANT, *CHANGE]).reindex(is_told.index, fill_value=False)
    if not is_told.any():
        return is_told
    stays = changes["from_status"].isna() & (changes["to_status"] == changes["to_status"].shift())
    return is_told & (stays | ~leaves_the_last(changes))
