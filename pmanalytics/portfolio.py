"""The tables that belong together, and what could not be loaded into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal, NamedTuple

import numpy as np
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

OF_THE_FILES = ("files", "problems", "columns")
MOST_PARTS = 8
WHOLE = ""


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
    and `calendar` when people work, where `pmanalytics.toml` says so. `filter_by` is the column
    of the projects, such as the business line, by which reports can be filtered.
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
    filter_by: str | None = None
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

    def parts(self) -> dict[str, Portfolio]:
        """Return the whole, under no name, and what belongs to each value of `filter_by`.

        To a value belong its projects and all that is theirs; products by a column of the same
        name, or else by their projects. What was read, and from which files, stays the whole. Of
        many values those with the most projects have a part.
        """
        if self.filter_by is None:
            return {WHOLE: self}
        values = self.projects[self.filter_by].value_counts().index[:MOST_PARTS]
        parts = {str(value): self._part(value) for value in sorted(values, key=str)}
        return {WHOLE: self} | parts

    def _part(self, value: object) -> Portfolio:
        projects = self.projects[self.projects[self.filter_by] == value]
        by = self.filter_by if self.filter_by in self.products else "product_id"
        theirs = [value] if by == self.filter_by else projects["product_id"]
        products = self.products[self.products[by].isin(theirs)]
        ids = {"project_id": projects["project_id"], "product_id": products["product_id"]}
        parts = {
            table.name: _belonging(getattr(self, table.name), ids)
            for table in fields(self)
            if table.name not in ("projects", "products", *OF_THE_FILES)
            and isinstance(getattr(self, table.name), pd.DataFrame)
        }
        levels = {"project": ids["project_id"], "product": ids["product_id"]}
        levels["work_item"] = parts["work_items"]["item_id"]
        for name in ("status_changes", "field_changes"):
            changes = getattr(self, name)
            named = [
                (changes["level"] == level) & changes["item_id"].isin(known)
                for level, known in levels.items()
            ]
            parts[name] = changes[np.logical_or.reduce(named)]
        tables = {"projects": projects, "products": products, **parts}
        return replace(self, **{n: t.reset_index(drop=True) for n, t in tables.items()})


def _belonging(table: pd.DataFrame, ids: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return the rows that name one of these projects or products; all where none could."""
    named = [table[name].isin(known) for name, known in ids.items() if name in table]
    return table[np.logical_or.reduce(named)] if named else table
