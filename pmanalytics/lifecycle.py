"""Lifecycles: the ordered stages of a product, a project or a work item, and their statuses.

Which status belongs to which stage is data of the organisation (`[lifecycle.…]` in
`pmanalytics.toml`), never guessed from a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pandas as pd

from pmanalytics.errors import ConfigError
from pmanalytics.schemas import StatusChanges, StatusMapping, dtypes
from pmanalytics.tables import complete

UNMAPPED = "(unmapped)"
UNKNOWN_STATUS = "(unknown status)"
TRACKING = "Tracking and controlling"
MATCHED = ["item_type", "to_status_id", "to_status"]


@dataclass(frozen=True)
class Lifecycle:
    """The stages of one level, in order, each with the statuses that mean it.

    Parameters
    ----------
    stages
        Stage name → statuses, each by its name or its id. A stage's own name always counts as one
        of its statuses.
    terminal
        Stages that end a life: they have an entry but nothing waits to leave them.
    cancelled
        Stages that end it without success.
    waiting
        Stages in which an item waits for somebody: they count against flow efficiency.
    start
        The stage with which the work begins; otherwise the first one in which no item waits.
    parallel
        What runs beside the stages: its name → the stage that begins it and the one that ends it.
    item_types
        Type of item → stages that mean other statuses for it, as in `stages`.
    categories
        Status → Jira's category (new, indeterminate, done), by which a status that no stage claims
        is placed: in the first stage, the one with which the work begins, or the first terminal.

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
    parallel: Mapping[str, Sequence[str]] = field(default_factory=dict)
    item_types: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, section in (("parallel", self.parallel), ("item_types", self.item_types)):
            _require_section(name, section)
        for name, section in self.item_types.items():
            _require_section(name, section)
        lists = [self.terminal, self.cancelled, self.waiting, *self.parallel.values()]
        overrides = self.item_types.values()
        maps = [names for stages in (self.stages, *overrides) for names in stages.values()]
        for names in (*maps, *lists):
            is_list = isinstance(names, list | tuple)
            if not is_list or not all(isinstance(name, str) for name in names):
                raise ConfigError(f"lifecycle: {names!r} must be a list of names.")
        starts = [self.start] if self.start else []
        for stage in chain(*lists, starts, *overrides):
            if stage not in self.stages:
                raise ConfigError(
                    f"lifecycle: {stage!r} is no stage; the stages are {', '.join(self.stages)}."
                )
        self._refuse_odd_parallels()
        for item_type in [None, *self.item_types]:
            self._claims(item_type)

    @property
    def first_working_stage(self) -> str:
        """The stage with which the work begins."""
        working = (stage for stage in self.stages if stage not in self.waiting)
        return self.start or next(working, "")

    def stages_of(self, statuses: pd.Series) -> pd.Series:
        """Return the stage of each status; '(unmapped)' where no stage claims it."""
        return self.placed(statuses.to_frame("to_status"))["stage"]

    def placed(self, changes: pd.DataFrame) -> pd.DataFrame:
        """Return the stage that each change leads to, and what it was told by.

        That is the status's id, its name, its category, or none: then the stage is '(unmapped)'.
        """
        told = [name for name in MATCHED if name in changes]
        number = changes.groupby(told, dropna=False, sort=False, observed=True).ngroup()
        each = changes.loc[~number.duplicated(), told].reindex(columns=MATCHED)
        general = self._claims(None)
        claims = {plain_status(kind): self._claims(kind) for kind in self.item_types}
        found = [
            self._place(claims.get(plain_status(str(kind)), general), status_id, status)
            for kind, status_id, status in each.itertuples(index=False)
        ]
        table = pd.DataFrame(found, columns=["stage", "matched_by"], dtype="str")
        return table.take(number).set_axis(changes.index)

    def _place(self, claims: Mapping[str, str], status_id: object, status: str) -> tuple[str, str]:
        name = plain_status(status)
        if isinstance(status_id, str) and plain_status(status_id) in claims:
            return claims[plain_status(status_id)], "id"
        if name in claims:
            return claims[name], "name"
        by_category = self._stage_of_category(self.categories.get(name))
        return (by_category, "category") if by_category else (UNMAPPED, "none")

    def _stage_of_category(self, category: str | None) -> str:
        stages = {
            "new": next(iter(self.stages), ""),
            "indeterminate": self.first_working_stage,
            "done": next(iter(self.terminal), ""),
        }
        return stages.get(category or "", "")

    def _claims(self, item_type: str | None) -> dict[str, str]:
        """Return the stage of each status: as its type has it, or else as all have it."""
        own = [(stage, [stage, *names]) for stage, names in self.stages.items()]
        of_type = self.item_types.get(item_type, {}) if item_type else {}
        return _claims(own) | _claims(of_type.items())

    def _refuse_odd_parallels(self) -> None:
        order = list(self.stages)
        for name, ends in self.parallel.items():
            if name in self.stages:
                raise ConfigError(
                    f"lifecycle: {name!r} is a stage, so it cannot run parallel to the stages."
                )
            if len(ends) != 2 or order.index(ends[0]) >= order.index(ends[1]):
                raise ConfigError(
                    f"lifecycle: parallel {name!r} needs the stage that begins it and a later one "
                    f"that ends it, such as {order[:2]!r}."
                )


def status_mapping(status_changes: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """Which stage does each status stand for, and which belong to none?

    The population is every status that an item entered.

    Parameters
    ----------
    status_changes
        `StatusChanges`.
    lifecycle
        The stages.

    Returns
    -------
    pandas.DataFrame
        `StatusMapping`: per level, type of item and status its stage, what it was told by, and how
        many items entered it how often; the most frequent first. The type is told only where the
        lifecycle tells types apart.

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
    >>> flow = Lifecycle({"Waiting": ["To Do"], "Done": []}, ["Done"])
    >>> status_mapping(changes, flow)[["status", "stage", "matched_by", "n_items"]]
       status       stage matched_by  n_items
    0   To Do     Waiting       name        2
    1  Parked  (unmapped)       none        1
    """
    changes = complete(status_changes, StatusChanges)
    changes = changes.join(lifecycle.placed(changes)).rename(columns={"to_status": "status"})
    if not lifecycle.item_types:
        changes["item_type"] = pd.Series(index=changes.index, dtype="str")
    keys = ["level", "item_type", "status", "stage", "matched_by"]
    counts = changes.groupby(keys, dropna=False, sort=False)["item_id"].agg(["nunique", "size"])
    table = counts.rename(columns={"nunique": "n_items", "size": "n_changes"}).reset_index()
    table = table.sort_values("n_changes", ascending=False, kind="stable", ignore_index=True)
    return StatusMapping.validate(table[list(dtypes(StatusMapping))])


def categories_of(work_items: pd.DataFrame) -> dict[str, str]:
    """Return Jira's category of each status that an item is in, where it is the same for all."""
    known = work_items[["status", "status_category"]].dropna().drop_duplicates()
    known["status"] = known["status"].map(plain_status)
    known = known.drop_duplicates()
    known = known[~known["status"].duplicated(keep=False)]
    return dict(zip(known["status"], known["status_category"], strict=True))


def plain_status(status: str) -> str:
    """Return a status as it is compared: whatever its case, and however accents are written."""
    return unicodedata.normalize("NFC", status).strip().casefold()


def _require_section(name: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise ConfigError(f"lifecycle: {name} must be a section, not {given!r}.")


def _claims(stages: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """Return the stage of each status; two stages cannot have the same."""
    claims: dict[str, str] = {}
    for stage, statuses in stages:
        for status in {plain_status(name) for name in statuses}:
            if status in claims:
                raise ConfigError(
                    f"lifecycle: {claims[status]!r} and {stage!r} both claim the status {status!r}."
                )
            claims[status] = stage
    return claims


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
    parallel={TRACKING: ["Execution", "Closure"]},
)
