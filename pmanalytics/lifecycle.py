"""Lifecycles: the ordered stages of a product, a project or a work item, and their statuses.

Which status belongs to which stage is data of the organisation (`[lifecycle.…]` in
`pmanalytics.toml`), never guessed from a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import pandas as pd

from pmanalytics.errors import ConfigError

UNMAPPED = "(unmapped)"
UNKNOWN_STATUS = "(unknown status)"


@dataclass(frozen=True)
class Lifecycle:
    """The stages of one level, in order, each with the statuses that mean it.

    Parameters
    ----------
    stages
        Stage name → statuses. A stage's own name always counts as one of its statuses.
    terminal
        Stages that end a life: they have an entry but nothing waits to leave them.
    cancelled
        Stages that end it without success.
    waiting
        Stages in which an item waits for somebody: they count against flow efficiency.
    start
        The stage with which the work begins; otherwise the first one in which no item waits.

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

    def __post_init__(self) -> None:
        named = [self.terminal, self.cancelled, self.waiting, [self.start] if self.start else []]
        for names in (*self.stages.values(), *named):
            is_list = isinstance(names, list | tuple)
            if not is_list or not all(isinstance(name, str) for name in names):
                raise ConfigError(f"lifecycle: {names!r} must be a list of names.")
        self._stage_by_status()
        for stage in chain(*named):
            if stage not in self.stages:
                raise ConfigError(
                    f"lifecycle: {stage!r} is no stage; the stages are {', '.join(self.stages)}."
                )

    @property
    def first_working_stage(self) -> str:
        """The stage with which the work begins."""
        working = (stage for stage in self.stages if stage not in self.waiting)
        return self.start or next(working, "")

    def stages_of(self, statuses: pd.Series) -> pd.Series:
        """Return the stage of each status; '(unmapped)' where no stage claims it."""
        by_status = self._stage_by_status()
        stages = {
            status: by_status.get(plain_status(status), UNMAPPED) for status in statuses.unique()
        }
        return statuses.map(stages).astype("str")

    def _stage_by_status(self) -> dict[str, str]:
        claims: dict[str, str] = {}
        for stage, statuses in self.stages.items():
            for status in {plain_status(name) for name in [stage, *statuses]}:
                if status in claims:
                    raise ConfigError(
                        f"lifecycle: {claims[status]!r} and {stage!r} "
                        f"both claim the status {status!r}."
                    )
                claims[status] = stage
        return claims


def unmapped_statuses(status_changes: pd.DataFrame, lifecycle: Lifecycle) -> pd.Series:
    """Return the statuses that no stage claims, with the number of items that entered each."""
    is_unmapped = lifecycle.stages_of(status_changes["to_status"]) == UNMAPPED
    items = status_changes[is_unmapped].groupby("to_status")["item_id"].nunique()
    return items.sort_values(ascending=False, kind="stable")


def plain_status(status: str) -> str:
    """Return a status as it is compared: whatever its case, and however accents are written."""
    return unicodedata.normalize("NFC", status).strip().casefold()


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
)
