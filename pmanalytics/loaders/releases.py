"""Releases of a list of one's own and those of Jira, as one table."""

from __future__ import annotations

import pandas as pd

from pmanalytics.schemas import Releases, dtypes
from pmanalytics.tables import complete

SAME = [["release_id"], ["project_key", "name"], ["product_id", "name"]]


def all_releases(own: pd.DataFrame | None, jiras: pd.DataFrame) -> pd.DataFrame:
    """Return every release once: a row of the own list, filled from Jira's where it is empty.

    Two rows are one release if they have one id, or one name in one Jira project or product.

    Examples
    --------
    >>> own = pd.DataFrame({"release_id": ["R1"], "project_key": ["ATL"], "name": ["1.0"]})
    >>> jiras = own.assign(release_id="10", is_released=True)
    >>> all_releases(own, jiras)[["release_id", "name", "is_released"]]
      release_id name  is_released
    0         R1  1.0         True
    """
    if own is None or own.empty:
        return jiras.reset_index(drop=True)
    own, jiras = (complete(table, Releases).reset_index(drop=True) for table in (own, jiras))
    match = pd.Series(float("nan"), jiras.index)
    for names in SAME:
        first = own.dropna(subset=names).drop_duplicates(names)[names]
        place = pd.Series(first.index, pd.MultiIndex.from_frame(first), dtype=float)
        found = place.reindex(pd.MultiIndex.from_frame(jiras[names]))
        match = match.fillna(pd.Series(found.to_numpy(), jiras.index))
    known = jiras[match.notna()].set_index(match.dropna().astype("int64"))
    known = known[~known.index.duplicated()].reindex(own.index)
    filled = {name: own[name].fillna(known[name]) for name in dtypes(Releases)}
    others = jiras[match.isna()]
    parts = [own.assign(**filled), *([others] if len(others) else [])]
    return Releases.validate(pd.concat(parts, ignore_index=True))
