"""Lifecycles: the ordered stages of a product, a project or a work item, and their statuses.

Which status belongs to which stage is data of the organisation (`[lifecycle.…]` in
`pmanalytics.toml`), never guessed from a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from pmanalytics.errors import ConfigError
from pmanalytics.schemas import StatusChanges, StatusMapping, dtypes
from pmanalytics.tables import complete

UNMAPPED = "(unmapped)"
UNKNOWN_STATUS = "(unknown status)"
STATUS_CATEGORY = "status_category"
UNMAPPED_POLICIES = ["keep", "carry", "error"]
CATEGORIES = ["new", "indeterminate", "done"]


@dataclass(frozen=True)
class Lifecycle:
    """The stages of one level, in order, each with the statuses that mean it.

    A status is looked up by its identifier, then by its name, whatever its case: first among what
    its item type claims, then among what all types do.

    Parameters
    ----------
    stages
        Stage name → statuses, by name or identifier. A stage's own name always counts as one.
    terminal
        Stages that end a life: they have an entry but nothing waits to leave them.
    cancelled
        Stages that end it without success.
    waiting
        Stages in which an item waits for somebody: they count against flow efficiency.
    start
        The stage with which the work begins; otherwise the first one in which no item waits.
    item_types
        Item type → stage → the statuses that mean this stage for items of this type only.
    parallel
        Name of an interval beside the stages → the stage with which it begins, and the one with
        which it ends; see `parallel_visits`.
    unmapped
        What becomes of a status that no stage claims: "keep" shows it as '(unmapped)', "carry"
        leaves the item in the stage before, and "error" refuses it.
    fallback
        "status_category" places a status that no stage claims by Jira's category of it: new in
        the first stage, indeterminate where the work begins, done in the first terminal stage.
    categories
        Status → category, for the fallback; `with_categories` takes them from work items.

    Raises
    ------
    ConfigError
        If two stages claim one status, or another parameter names an unknown stage.

    Examples
    --------
    >>> flow = Lifecycle({"Waiting": ["To Do"], "Doing": ["In Progress"], "Done": []}, ["Done"])
    >>> flow.stages_of(pd.Series(["to do", "Done", "On the moon"])).tolist()
    ['Waiting', 'Done', '(unmapped)']
    """

    stages: Mapping[str, Sequence[str]]
    terminal: Sequence[str] = ()
    cancelled: Sequence[str] = ()
    waiting: Sequence[str] = ()
    start: str | None = None
    item_types: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    parallel: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unmapped: str = "keep"
    fallback: str | None = None
    categories: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start = () if self.start is None else (self.start,)
        for stages in (self.terminal, self.cancelled, self.waiting, start):
            self._require_stages(_names(stages))
        self._all_claims()
        for name, ends in _mapping("parallel", self.parallel).items():
            self._require_interval(name, _names(ends))
        if self.unmapped not in UNMAPPED_POLICIES:
            raise ConfigError(
                f"lifecycle: unmapped={self.unmapped!r} is none of {', '.join(UNMAPPED_POLICIES)}."
            )
        if self.fallback not in (None, STATUS_CATEGORY):
            raise ConfigError(
                f"lifecycle: fallback={self.fallback!r} is not known; there is {STATUS_CATEGORY}."
            )

    @property
    def first_working_stage(self) -> str:
        """The stage with which the work begins."""
        working = (stage for stage in self.stages if stage not in self.waiting)
        return self.start or next(working, "")

    @property
    def ranks(self) -> dict[str, int]:
        """The place of each stage in their order; the cancelled ones come after all others."""
        others = [stage for stage in self.stages if stage not in self.cancelled]
        return {stage: rank for rank, stage in enumerate([*others, *self.cancelled])}

    def stages_of(
        self,
        statuses: pd.Series,
        *,
        ids: pd.Series | None = None,
        item_types: pd.Series | None = None,
    ) -> pd.Series:
        """Return the stage of each status; '(unmapped)' where no stage claims it."""
        return self.placed(statuses, ids=ids, item_types=item_types)["stage"]

    def placed(
        self,
        statuses: pd.Series,
        *,
        ids: pd.Series | None = None,
        item_types: pd.Series | None = None,
    ) -> pd.DataFrame:
        """Return the stage of each status, and by what it was matched: id, name, category, none."""
        given = {"status": statuses, "id": ids, "item_type": item_types}
        keys = pd.DataFrame({name: of for name, of in given.items() if of is not None})
        number = keys.groupby([*keys], dropna=False, sort=False).ngroup()
        few = keys[~number.duplicated()]
        stage = pd.Series(index=few.index, dtype="str")
        matched_by = stage.copy()
        for how, found in self._matches(few["status"], few.get("id"), few.get("item_type")):
            is_new = stage.isna() & found.notna()
            stage, matched_by = stage.mask(is_new, found), matched_by.mask(is_new, how)
        found = pd.DataFrame(
            {"stage": stage.fillna(UNMAPPED), "matched_by": matched_by.fillna("none")}
        )
        return found.iloc[number].set_axis(keys.index)

    def with_categories(self, work_items: pd.DataFrame) -> Lifecycle:
        """Return it knowing the category of each status, if it falls back on them.

        Where items disagree, as those of several Jira projects may, the category of most counts.
        """
        if self.fallback is None:
            return self
        known = work_items[["status", "status_category"]].dropna()
        known = known.assign(status=plain_statuses(known["status"]))
        counts = known.value_counts().rename("n").reset_index()
        counts = counts.sort_values(["n", "status_category"], ascending=[False, True])
        first = counts.drop_duplicates("status").set_index("status")["status_category"]
        return replace(self, categories=first.to_dict())

    def _matches(
        self, statuses: pd.Series, ids: pd.Series | None, item_types: pd.Series | None
    ) -> Iterator[tuple[str, pd.Series]]:
        """Yield what each way of matching finds, the one that counts most first."""
        names = plain_statuses(statuses)
        keys = {"name": names} if ids is None else {"id": plain_statuses(ids), "name": names}
        types = names.mask(names.notna()) if item_types is None else plain_statuses(item_types)
        for item_type, claims in self._all_claims().items():
            is_theirs = (types == item_type) | (item_type is None)
            for how, values in keys.items():
                yield how, values.map(claims).astype("str").where(is_theirs)
        if self.categories:
            yield "category", names.map(self._stage_by_category()).astype("str")

    def _all_claims(self) -> dict[str | None, dict[str, str]]:
        """Return which stage claims a status, for each item type, and last for all others."""
        claims: dict[str | None, dict[str, str]] = {}
        for name, stages in _mapping("item_types", self.item_types).items():
            item_type = plain_status(name)
            self._require_stages(list(_mapping(f"item_types.{name}", stages)))
            if item_type in claims:
                raise ConfigError(f"lifecycle: the item type {name!r} is given twice.")
            claims[item_type] = _claims(stages, f" of {name}")
        own = {stage: [stage, *_names(statuses)] for stage, statuses in self.stages.items()}
        return {**claims, None: _claims(own)}

    def _stage_by_category(self) -> dict[str, str]:
        stages = [next(iter(self.stages), ""), self.first_working_stage, *self.terminal[:1]]
        by_category = dict(zip(CATEGORIES, stages, strict=False))
        found = {plain_status(s): by_category.get(c) for s, c in self.categories.items()}
        return {status: stage for status, stage in found.items() if stage}

    def _require_stages(self, names: Sequence[str]) -> None:
        for stage in names:
            if stage not in self.stages:
                raise ConfigError(
                    f"lifecycle: {stage!r} is no stage; the stages are {', '.join(self.stages)}."
                )

    def _require_interval(self, name: str, ends: Sequence[str]) -> None:
        self._require_stages(ends)
        places = [self.ranks[stage] for stage in ends]
        if len(places) != 2 or places[0] >= places[1]:
            raise ConfigError(
                f"lifecycle: parallel {name!r} needs the stage with which it begins and a later "
                "one with which it ends."
            )
        if name in self.stages:
            raise ConfigError(f"lifecycle: {name!r} is a stage, so it cannot be parallel to them.")


def status_mapping(status_changes: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """Which stage does each status belong to, and how is that known?

    Parameters
    ----------
    status_changes
        `StatusChanges` of the level whose lifecycle it is.
    lifecycle
        Its stages.

    Returns
    -------
    pandas.DataFrame
        `StatusMapping`: what no stage claims first, then by number of items.

    Raises
    ------
    PMAnalyticsError
        If a column is missing.

    Examples
    --------
    >>> changes = pd.DataFrame({
    ...     "level": "work_item", "item_id": ["1", "1", "2"], "sequence": [0, 1, 0],
    ...     "changed_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-05"], utc=True),
    ...     "to_status": ["To Do", "Parked", "To Do"],
    ... })
    >>> flow = Lifecycle({"Waiting": ["To Do"], "Done": []}, terminal=["Done"])
    >>> status_mapping(changes, flow)[["status", "stage", "matched_by", "n_items", "n_changes"]]
       status       stage matched_by  n_items  n_changes
    0  Parked  (unmapped)       none        1          1
    1   To Do     Waiting       name        2          2
    """
    changes = complete(status_changes, StatusChanges)
    types = plain_statuses(changes["item_type"])
    has_own = types.isin([plain_status(name) for name in lifecycle.item_types])
    changes = changes.assign(
        status=changes["to_status"],
        item_type=changes["item_type"].where(has_own),
        **entered_stages(changes, lifecycle),
    )
    keys = ["level", "item_type", "status", "stage", "matched_by"]
    grouped = changes.groupby(keys, dropna=False, sort=False)["item_id"]
    table = grouped.agg(n_items="nunique", n_changes="size").reset_index()
    table = table.assign(is_claimed=table["stage"] != UNMAPPED)
    table = table.sort_values(["level", "is_claimed", "n_items"], ascending=[True, True, False],
                              kind="stable", ignore_index=True)  # fmt: skip
    return StatusMapping.validate(table[list(dtypes(StatusMapping))])


def entered_stages(changes: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """Return the stage that each of the `StatusChanges` enters, and how it was matched."""
    return lifecycle.placed(
        changes["to_status"], ids=changes["to_status_id"], item_types=changes["item_type"]
    )


def plain_status(status: str) -> str:
    """Return a status as it is compared: whatever its case, and however accents are written."""
    return unicodedata.normalize("NFC", status).strip().casefold()


def plain_statuses(statuses: pd.Series) -> pd.Series:
    """Return each status as it is compared; what is missing stays so."""
    plain = {status: plain_status(status) for status in statuses.dropna().unique()}
    return statuses.map(plain).astype("str")


def _claims(stages: Mapping[str, Sequence[str]], whose: str = "") -> dict[str, str]:
    claims: dict[str, str] = {}
    for stage, statuses in stages.items():
        for status in dict.fromkeys(map(plain_status, _names(statuses))):
            if status in claims:
                raise ConfigError(
                    f"lifecycle: {claims[status]!r} and {stage!r} "
                    f"both claim the status {status!r}{whose}."
                )
            claims[status] = stage
    return claims


def _mapping(name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigError(f"lifecycle: {name} must be a section, not {given!r}.")
    return given


def _names(given: Sequence[str]) -> Sequence[str]:
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"lifecycle: {given!r} must be a list of names.")
    return given


PRODUCT = Lifecycle(
    {
        "Conceiving": [],
        "Development": [],
        "Introduction": [],
        "Market": [],
        "Retirement": [],
        "Retired": [],
    },
    terminal=["Retired"],
    start="Development",
)
PROJECT = Lifecycle(
    {
        "Initiation": [],
        "Planning": [],
        "Execution": [],
        "Closure": [],
        "Closed": [],
        "Cancelled": [],
    },
    terminal=["Closed"],
    cancelled=["Cancelled"],
    start="Execution",
    parallel={"Tracking and controlling": ["Execution", "Closure"]},
)
