"""The tables that belong together, and what could not be loaded into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pandas as pd

from pmanalytics.calendars import UTC
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.requirement_types import RequirementTypes
from pmanalytics.schemas import (
    Allocations,
    Columns,
    CostByYear,
    Defects,
    ExchangeRates,
    FieldChanges,
    Files,
    Forecasts,
    Goals,
    PriceIndex,
    Problems,
    ProductProjects,
    Products,
    Projects,
    Releases,
    Risks,
    StatusChanges,
    StatusReports,
    Tasks,
    WorkItems,
    empty,
)
from pmanalytics.working_time import Calendar


class Search(NamedTuple):
    """How many issues the pages of a search hold, and what they say about how many there are."""

    n_found: int
    total: int
    goes_on: bool
    is_end: bool


class Quarantine:
    """Rows that could not be loaded, and why; pass one to a loader to load the rest.

    Examples
    --------
    >>> from pmanalytics import load_products
    >>> quarantine = Quarantine()
    >>> rows = pd.DataFrame({"product_id": ["A", ""], "name": ["Atlas", "Nameless"]})
    >>> load_products(rows, quarantine=quarantine)["name"].tolist()
    ['Atlas']
    >>> quarantine.problems[["line", "column", "reason"]].to_dict("records")
    [{'line': 2, 'column': 'product_id', 'reason': 'is missing and required'}]
    >>> quarantine.files[["rows_read", "n_valid", "n_quarantined", "n_duplicate"]].values.tolist()
    [[2, 1, 1, 0]]
    """

    def __init__(self) -> None:
        self._problems = [empty(Problems)]
        self._files = [empty(Files)]
        self._columns = [empty(Columns)]
        self.notes: list[str] = []
        self.places: list[pd.DataFrame] = []  # where each row stood, table by table
        self.searches: list[Search] = []

    def add(
        self, files: pd.DataFrame, problems: pd.DataFrame, columns: pd.DataFrame | None = None
    ) -> None:
        """Take in the accounts of what was loaded: `Files`, `Problems` and `Columns`."""
        self._files.append(files)
        self._problems.append(problems)
        if columns is not None:
            self._columns.append(columns)

    @property
    def problems(self) -> pd.DataFrame:
        """One row per problem (`Problems`)."""
        return Problems.validate(pd.concat(self._problems, ignore_index=True))

    @property
    def files(self) -> pd.DataFrame:
        """One row per file read (`Files`)."""
        return Files.validate(pd.concat(self._files, ignore_index=True))

    @property
    def columns(self) -> pd.DataFrame:
        """One row per column of a file (`Columns`)."""
        return Columns.validate(pd.concat(self._columns, ignore_index=True))


@dataclass(frozen=True)
class Portfolio:
    """Products, projects and work items of one organisation as known at one status date.

    `status_changes` holds the histories of all three levels, `lifecycles` the stages of each,
    and `calendar` when people work, where `pmanalytics.toml` says so.
    `notes` are sentences about the data that no single row is to blame for.
    """

    as_of: str
    time_zone: str = UTC
    products: pd.DataFrame = field(default_factory=lambda: empty(Products))
    projects: pd.DataFrame = field(default_factory=lambda: empty(Projects))
    work_items: pd.DataFrame = field(default_factory=lambda: empty(WorkItems))
    status_changes: pd.DataFrame = field(default_factory=lambda: empty(StatusChanges))
    field_changes: pd.DataFrame = field(default_factory=lambda: empty(FieldChanges))
    releases: pd.DataFrame = field(default_factory=lambda: empty(Releases))
    status_reports: pd.DataFrame = field(default_factory=lambda: empty(StatusReports))
    tasks: pd.DataFrame = field(default_factory=lambda: empty(Tasks))
    forecasts: pd.DataFrame = field(default_factory=lambda: empty(Forecasts))
    cost_by_year: pd.DataFrame = field(default_factory=lambda: empty(CostByYear))
    price_index: pd.DataFrame = field(default_factory=lambda: empty(PriceIndex))
    exchange_rates: pd.DataFrame = field(default_factory=lambda: empty(ExchangeRates))
    risks: pd.DataFrame = field(default_factory=lambda: empty(Risks))
    allocations: pd.DataFrame = field(default_factory=lambda: empty(Allocations))
    defects: pd.DataFrame = field(default_factory=lambda: empty(Defects))
    product_projects: pd.DataFrame = field(default_factory=lambda: empty(ProductProjects))
    goals: pd.DataFrame = field(default_factory=lambda: empty(Goals))
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)
    requirement_types: RequirementTypes = field(default_factory=RequirementTypes)
    calendar: Calendar | None = None
    files: pd.DataFrame = field(default_factory=lambda: empty(Files))
    problems: pd.DataFrame = field(default_factory=lambda: empty(Problems))
    columns: pd.DataFrame = field(default_factory=lambda: empty(Columns))
    notes: tuple[str, ...] = ()

    @property
    def basis(self) -> Literal["baseline", "rebaselined"]:
        """The plan that projects can be judged by: the latest, if no first one is known."""
        has_first = self.projects["baseline_finish_date"].notna().any()
        has_latest = self.projects["rebaselined_finish_date"].notna().any()
        return "rebaselined" if has_latest and not has_first else "baseline"

    def changes_of(self, level: str) -> pd.DataFrame:
        """Return the status changes of one level: product, project or work_item."""
        return self.status_changes[self.status_changes["level"] == level]
