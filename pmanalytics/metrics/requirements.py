"""What became of the ideas, and which work comes from none?"""

from __future__ import annotations

import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point, days_between
from pmanalytics.lifecycle import UNMAPPED, Lifecycle
from pmanalytics.metrics.tallies import sums_by
from pmanalytics.requirement_types import RequirementTypes, plain
from pmanalytics.schemas import RequirementCoverage, Requirements, WorkItems, dtypes
from pmanalytics.tables import By, complete, group_columns

DONE = "done"
LINK = r"^(?P<kind>.*):\s*(?P<key>\S+)\s*$"


def requirements(
    work_items: pd.DataFrame,
    lifecycle: Lifecycle | None = None,
    *,
    as_of: AsOfInput,
    types: RequirementTypes | None = None,
    time_zone: str = UTC,
) -> pd.DataFrame:
    """What became of each idea, and from which idea does each story come?

    The population is every idea and every story created by the status date.

    Parameters
    ----------
    work_items
        `WorkItems`, as they stood when they were exported.
    lifecycle
        Its terminal stages mean done, its cancelled ones dropped. Without it, and for a status that
        no stage claims, Jira's category `done` means done.
    as_of
        Status date: what was created later is left out.
    types
        Which item types are ideas, epics and stories, and which links lead down; the usual names
        otherwise.
    time_zone
        IANA zone of the status date.

    Returns
    -------
    pandas.DataFrame
        `Requirements`, in the order of `work_items`, with its further columns beside it.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or a type is claimed twice.

    Notes
    -----
    What is below an item are its children (`parent_key`), the items that it `is implemented by` and
    those that `implement` it, and so on down, through items of any type; what is above one another
    in a circle is followed once. Of stories with stories below them, only the latter must be done.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "item_id": ["1", "2", "3", "4"], "key": ["I-1", "E-1", "S-1", "S-2"],
    ...     "item_type": ["Idea", "Epic", "Story", "Story"], "status": "Open",
    ...     "status_category": ["new", "new", "done", "new"], "history_complete": False,
    ...     "parent_key": [None, None, "E-1", None],
    ...     "links": [["is implemented by: E-1"], [], [], []],
    ...     "created_at": pd.to_datetime(["2024-05-31"] * 4, utc=True),
    ... })
    >>> found = requirements(rows, as_of="2024-06-30")
    >>> found[["key", "n_stories", "is_delivered", "is_orphan"]]
       key  n_stories  is_delivered  is_orphan
    0  I-1          1          True       <NA>
    1  S-1       <NA>          <NA>      False
    2  S-2       <NA>          <NA>       True
    """
    types = types or RequirementTypes()
    point = as_of_point(as_of, time_zone)
    items = complete(work_items, WorkItems)
    items = items[items["created_at"] <= point.last].reset_index(drop=True)
    items = items.assign(
        kind=types.kinds_of(items["item_type"]),
        age_days=days_between(items["created_at"], point.end),
        **item_states(items, lifecycle),
    )
    edges, is_cut = _edges(items, types)
    ideas = items.index[items["kind"] == "idea"]
    pairs = _below(pd.DataFrame({"root": ideas, "item": ideas}), edges)
    below = _of_ideas(items, edges, pairs)
    table = items.join(below).join(_of_stories(items, edges, pairs, is_cut))
    table = table[table["kind"].isin(["idea", "story"])].reset_index(drop=True)
    kept = [name for name in work_items if name not in dtypes(WorkItems)]
    return Requirements.validate(table[[*dtypes(Requirements), *kept]])


def requirement_coverage(found: pd.DataFrame, *, by: By = None) -> pd.DataFrame:
    """Which share of the ideas is linked, broken down and delivered, and of the stories, orphaned?

    Parameters
    ----------
    found
        `Requirements`, with the `by` columns beside it.
    by
        Column or columns to group by, such as product_id: ideas by theirs, stories by theirs.

    Returns
    -------
    pandas.DataFrame
        `RequirementCoverage`: one row per group. It is a full count, so it has no interval.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "item_id": ["1", "2"], "key": ["I-1", "I-2"], "kind": "idea", "is_dropped": False,
    ...     "created_at": pd.to_datetime(["2024-05-31"] * 2, utc=True), "age_days": [31.0, 31.0],
    ...     "is_linked": pd.array([True, False], dtype="boolean"),
    ... })
    >>> requirement_coverage(rows)[["n_ideas", "n_linked", "linked_share", "n_unserved"]]
       n_ideas  n_linked  linked_share  n_unserved
    0        2         1           0.5           1
    """
    known = complete(found, Requirements).reset_index(drop=True)
    names = group_columns(known, by, RequirementCoverage)
    tally = _tally(known)
    table = sums_by(tally, known[names])
    ages = known["age_days"].where(tally["n_unserved"] == 1)
    keys = [known[name] for name in names] or pd.Series(0, known.index)
    age = ages.groupby(keys, dropna=False, observed=True).agg(["median", "max"])
    ideas = table["n_ideas"].where(table["n_ideas"] > 0)
    table = table.assign(
        median_unserved_days=age["median"].to_numpy(),
        oldest_unserved_days=age["max"].to_numpy(),
        orphan_share=table["n_orphans"] / table["n_stories"].where(table["n_stories"] > 0),
        **{f"{name}_share": table[f"n_{name}"] / ideas
           for name in ("linked", "broken_down", "delivered")},
    )  # fmt: skip
    return RequirementCoverage.validate(table[[*names, *dtypes(RequirementCoverage)]])


def _tally(known: pd.DataFrame) -> pd.DataFrame:
    """Return for each idea and story 0 or 1 in every way in which it may count."""
    is_kept = ~known["is_dropped"]
    is_idea = is_kept & (known["kind"] == "idea")
    is_story = is_kept & (known["kind"] == "story")
    flags = {name: known[name].fillna(value=False).astype(bool) for name in
             ("is_linked", "is_broken_down", "is_delivered", "is_orphan")}  # fmt: skip
    is_unserved = is_idea & ~flags["is_linked"]
    return pd.DataFrame(
        {
            "n_ideas": is_idea,
            "n_linked": is_idea & flags["is_linked"],
            "n_broken_down": is_idea & flags["is_broken_down"],
            "n_delivered": is_idea & flags["is_delivered"],
            "n_unserved": is_unserved,
            "n_stories": is_story & known["is_orphan"].notna(),
            "n_orphans": is_story & flags["is_orphan"],
            "n_dropped": ~is_kept,
            "n_origin_unknown": is_story & known["is_orphan"].isna(),
        }
    ).astype("int64")


def item_states(items: pd.DataFrame, lifecycle: Lifecycle | None) -> dict[str, pd.Series]:
    """Tell of each work item whether it is done, and whether it was dropped.

    A status that no stage claims is done by Jira's category.
    """
    flow = lifecycle or Lifecycle({})
    stage = flow.placed(items[["item_type", "status"]].rename(columns={"status": "to_status"}))
    is_done_in_jira = (stage["stage"] == UNMAPPED) & (items["status_category"] == DONE)
    return {
        "is_done": stage["stage"].isin(list(flow.terminal)) | is_done_in_jira,
        "is_dropped": stage["stage"].isin(list(flow.cancelled)),
    }


def _edges(items: pd.DataFrame, types: RequirementTypes) -> tuple[pd.DataFrame, pd.Series]:
    """Return which item is directly above which, and which lead to what was not exported."""
    place = pd.Series(items.index, items["key"]).groupby(level=0).first()
    by_id = pd.Series(items.index, items["item_id"])
    place = pd.concat([place, by_id[~by_id.index.isin(place.index)]])
    links = items["links"].explode().dropna().astype("str").str.extract(LINK).dropna()
    kinds = links["kind"].map(plain)
    parents = items["parent_key"].dropna()
    upward = pd.concat([parents, links["key"][kinds.isin([*map(plain, types.implements)])]])
    found = pd.DataFrame({"above": upward.map(place).to_numpy(), "below": upward.index})
    downward = links["key"][kinds.isin([*map(plain, types.implemented_by)])]
    led = pd.DataFrame({"above": downward.index, "below": downward.map(place).to_numpy()})
    is_cut = items.index.isin(found.loc[found["above"].isna(), "below"])
    edges = pd.concat([found, led]).dropna().astype("int64").drop_duplicates(ignore_index=True)
    return edges, pd.Series(is_cut, items.index)


def _below(start: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """Return every pair of a root and an item below it, however deep; circles come to an end."""
    pairs = newest = start
    while len(newest):
        step = newest.merge(edges, left_on="item", right_on="above")[["root", "below"]]
        all_pairs = pd.concat([pairs, step.rename(columns={"below": "item"})], ignore_index=True)
        newest = all_pairs[~all_pairs.duplicated()].iloc[len(pairs) :]
        pairs = pd.concat([pairs, newest], ignore_index=True)
    return pairs[pairs["root"] != pairs["item"]]


def _of_ideas(items: pd.DataFrame, edges: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return what is below each idea, and how far that has come."""
    is_kept = ~items["is_dropped"]
    is_story = (items["kind"] == "story") & is_kept
    nested = edges[edges["above"] != edges["below"]]
    nested = nested[nested["below"].isin(items.index[is_story])]
    is_leaf = is_story & ~items.index.isin(nested["above"])
    counted = {
        "n_epics": (items["kind"] == "epic") & is_kept,
        "n_stories": is_story,
        "n_stories_done": is_story & items["is_done"],
        "n_leaves": is_leaf,
        "n_leaves_done": is_leaf & items["is_done"],
    }
    below = pd.DataFrame(counted).astype("int64").loc[pairs["item"]]
    ideas = items.index[items["kind"] == "idea"]
    sums = below.groupby(pairs["root"].to_numpy()).sum().reindex(ideas, fill_value=0)
    sums = sums.assign(
        is_linked=sums["n_epics"] + sums["n_stories"] > 0,
        is_broken_down=sums["n_stories"] > 0,
        is_delivered=(sums["n_leaves"] > 0) & (sums["n_leaves_done"] == sums["n_leaves"]),
    )
    kinds = {name: dtypes(Requirements)[name] for name in sums if name in dtypes(Requirements)}
    return sums[[*kinds]].reindex(items.index).astype(kinds)


def _of_stories(
    items: pd.DataFrame, edges: pd.DataFrame, pairs: pd.DataFrame, is_cut: pd.Series
) -> pd.Series:
    """Tell of each story whether it comes from no idea; unknown below what was not exported."""
    cut = pd.DataFrame({"root": -1, "item": items.index[is_cut]})
    is_from_idea = items.index.isin(pairs["item"])
    is_unknown = ~is_from_idea & items.index.isin(_below(cut, edges)["item"])
    is_orphan = pd.Series(~is_from_idea, items.index).astype("boolean")
    is_orphan = is_orphan.mask(is_unknown | (items["kind"] != "story"))
    return is_orphan.rename("is_orphan")
