"""Which issues are ideas, epics and stories, and which links lead from one to the other.

What an organisation calls them is its data (`[requirements]` in `pmanalytics.toml`); the usual
names are the defaults.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields

import pandas as pd

from pmanalytics.errors import ConfigError


@dataclass(frozen=True)
class RequirementTypes:
    """The item types of ideas, epics and stories, and the kinds of links between them.

    Parameters
    ----------
    ideas
        Types of items that say what customers need.
    epics
        Types between an idea and its stories.
    stories
        Types of items that can be built at once.
    implements
        Kinds of links of an item to what it serves, such as story → idea.
    implemented_by
        Kinds of links of an item to what serves it, such as idea → epic.

    Raises
    ------
    ConfigError
        If a type is claimed twice, or something is no list of names.

    Examples
    --------
    >>> types = RequirementTypes(ideas=["Customer wish"])
    >>> types.kinds_of(pd.Series(["customer wish", "Epic", "Bug"])).tolist()
    ['idea', 'epic', nan]
    """

    ideas: Sequence[str] = (
        "Idea", "Initiative", "Feature request", "Customer request", "Opportunity",
        "Idee", "Idée", "Ideia",
    )  # fmt: skip
    epics: Sequence[str] = ("Epic", "Feature", "Epos", "Épico", "Épopée", "Epopee")
    stories: Sequence[str] = (
        "Story", "User Story", "Requirement", "Anforderung", "Récit", "Historia", "História",
    )  # fmt: skip
    implements: Sequence[str] = (
        "implements", "implement", "Polaris work item link", "is part of", "realises", "realizes",
    )  # fmt: skip
    implemented_by: Sequence[str] = ("is implemented by", "implemented by", "is realised by")

    def __post_init__(self) -> None:
        for field in fields(self):
            names = getattr(self, field.name)
            is_list = isinstance(names, list | tuple)
            if not is_list or not all(isinstance(name, str) for name in names):
                raise ConfigError(f"requirements: {field.name} must be a list of names.")
        self._kind_by_type()

    def kinds_of(self, item_types: pd.Series) -> pd.Series:
        """Return idea, epic or story for each type; missing for any other."""
        kinds = self._kind_by_type()
        found = {name: kinds.get(plain(name)) for name in item_types.dropna().unique()}
        return item_types.map(found).astype("str")

    def _kind_by_type(self) -> dict[str, str]:
        kinds: dict[str, str] = {}
        for kind, names in (("idea", self.ideas), ("epic", self.epics), ("story", self.stories)):
            for name in map(plain, names):
                if kinds.setdefault(name, kind) != kind:
                    raise ConfigError(
                        f"requirements: the type {name!r} is both {kinds[name]} and {kind}."
                    )
        return kinds


def plain(name: str) -> str:
    """Return a name as it is compared: whatever its case, and however accents are written."""
    return unicodedata.normalize("NFC", name).strip().casefold()
