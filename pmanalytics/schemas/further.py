"""Further tables that users may provide: each is needed by some measures only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmanalytics.schemas.base import Day, Table, money, optional, required, rule, share
from pmanalytics.schemas.inputs import Releases

RISK_STATUSES = ["open", "mitigating", "closed", "occurred"]
FOUND_IN = ["before_release", "after_release"]
CURRENCY = "^[A-Z]{3}$"
# Three times 33 % is a whole.
SHARE_ROUNDING = 0.0101


class StatusReports(Table):
    """One row per project and reporting period: plan, progress and cost up to its end.

    All amounts are cumulative, from the project's start to `period_end_date`. Whoever enters the
    cost of the single period makes every project look cheap.
    """

    project_id: str = required("The project")
    period_end_date: Day = required("Last day of the period: the data date")
    planned_value: float = money("Budgeted cost of the work planned up to then (PV)")
    earned_value: float = money("Budgeted cost of the work done by then (EV)")
    actual_cost_to_date: float = money("What the work done by then did cost (AC)")
    budget_at_completion: float = money("Whole budget (BAC); else the project's baseline_budget")
    currency: str = optional("ISO code of all amounts of the row", str_matches=CURRENCY)

    @rule(
        "period_end_date",
        "stands on two reports of one project",
        "Keep the right report and delete the other",
    )
    def one_report_per_period(cls, table: pd.DataFrame) -> pd.Series:
        """Look for two reports of one period."""
        return ~table.duplicated(["project_id", "period_end_date"], keep=False)


class Tasks(Table):
    """One row per task of a project's schedule, as its baseline has it."""

    task_id: str = required("Your identifier of the task", unique=True)
    project_id: str = optional("The project it belongs to")
    name: str = optional("What is to be done")
    baseline_finish_date: Day = optional("First approved finish")
    actual_finish_date: Day = optional("Day it was done")


class Forecasts(Table):
    """One row per project and day on which its finish or its cost was estimated.

    The first row is the estimate the project was approved on; later ones are what its owners
    expected later.
    """

    project_id: str = required("The project")
    made_date: Day = required("Day the estimate was made")
    forecast_finish_date: Day = optional("Finish then expected")
    forecast_cost: float = money("Cost at completion then expected")
    currency: str = optional("ISO code of the cost", str_matches=CURRENCY)


class CostByYear(Table):
    """One row per project and year: what was spent in it, in the money of that year."""

    project_id: str = required("The project")
    year: np.int64 = required("Calendar year", in_range={"min_value": 1900, "max_value": 2200})
    actual_cost: float = money("Spent in that year")
    currency: str = optional("ISO code of the cost", str_matches=CURRENCY)


class PriceIndex(Table):
    """One row per year: the level of prices, to any base."""

    year: np.int64 = required(
        "Calendar year", unique=True, in_range={"min_value": 1900, "max_value": 2200}
    )
    price_index: float = required("Level of prices, such as 104.2", gt=0)


class ExchangeRates(Table):
    """One row per currency: what one unit of it is worth in the currency of your reports."""

    currency: str = required("ISO code of the currency", unique=True, str_matches=CURRENCY)
    exchange_rate: float = required("Units of your currency for one unit of it", gt=0)


class Risks(Table):
    """One row per risk of the register, as it is assessed now."""

    risk_id: str = required("Your identifier of the risk", unique=True)
    project_id: str = optional("The project it threatens")
    name: str = optional("What may happen")
    owner: str = optional("Who watches it")
    status: str = required("One of open, mitigating, closed, occurred", isin=RISK_STATUSES)
    probability: float = share("How likely it is, 0 to 1")
    impact_cost: float = money("What it would cost")
    impact_days: float = optional("How many days it would take", ge=0)
    currency: str = optional("ISO code of the cost", str_matches=CURRENCY)
    opened_date: Day = optional("Day it was entered")
    closed_date: Day = optional("Day it was closed, or occurred")
    review_due_date: Day = optional("Day of its next review")


class Allocations(Table):
    """One row per week and person, or per week and team, and project if you plan that finely.

    `capacity_hours` is what the person (or team) can work in that week, net of holidays and leave:
    it is the same on all its rows of the week, and counts once.
    """

    week_date: Day = required("Any day of the week")
    team: str = optional("The team")
    person: str = optional("The person; empty where rows are of whole teams")
    project_id: str = optional("The project")
    planned_hours: float = optional("Hours planned", ge=0)
    logged_hours: float = optional("Hours worked; empty where no timesheet came", ge=0)
    capacity_hours: float = optional("Hours there are in that week", ge=0)


class Defects(Table):
    """One row per defect, and whether customers met it."""

    defect_id: str = required("Your identifier of the defect", unique=True)
    product_id: str = optional("The product")
    project_id: str = optional("The project")
    found_in: str = required("before_release or after_release", isin=FOUND_IN)
    severity: str = optional("How bad it is")
    found_date: Day = optional("Day it was found")
    fixed_date: Day = optional("Day it was fixed")


class ProductProjects(Table):
    """One row per project and product: which part of a shared project is for which product.

    Projects that are not in it belong to the one product they name. The shares of a project add up
    to 1; thirds written as 33 % are taken for thirds.
    """

    project_id: str = required("The project")
    product_id: str = required("The product")
    share: float = share("Part of its budget and cost; empty means the whole")

    @rule(
        "share",
        "makes shares of its project that do not add up to 1",
        "Give each product its part, such as 0.5, or name the project once",
    )
    def shares_add_up(cls, table: pd.DataFrame) -> pd.Series:
        """Add up the shares of each project."""
        return ~is_off(table)

    @rule(
        "product_id",
        "stands twice for one project",
        "Keep one row, with the whole share",
    )
    def each_product_once(cls, table: pd.DataFrame) -> pd.Series:
        """Look for a product named twice."""
        return ~table.duplicated(["project_id", "product_id"], keep=False)


def is_off(shares: pd.DataFrame) -> pd.Series:
    """Tell of each row of `ProductProjects` whether the shares of its project miss 1."""
    total = shares["share"].fillna(1).groupby(shares["project_id"]).transform("sum")
    return (total - 1).abs() > SHARE_ROUNDING


class Goals(Table):
    """One row per goal of a product (a KPI, a key result): from where to where, and by when.

    The direction is in the numbers: a target below the baseline is to be lowered.
    """

    goal_id: str = required("Your identifier of the goal", unique=True)
    product_id: str = optional("The product")
    name: str = optional("What it is about")
    unit: str = optional("Unit of the three values")
    baseline: float = optional("Value at the start")
    target: float = optional("Value aimed for")
    actual: float = optional("Value now")
    start_date: Day = optional("Day from which it counts")
    due_date: Day = optional("Day by which it is to be attained")

    @rule("due_date", "is before the start_date", "Correct one of the two dates")
    def due_after_start(cls, table: pd.DataFrame) -> pd.Series:
        """Compare the ends of the period."""
        return ~(table["due_date"] < table["start_date"])


FURTHER_TABLES = {
    "status_reports": StatusReports,
    "tasks": Tasks,
    "forecasts": Forecasts,
    "cost_by_year": CostByYear,
    "price_index": PriceIndex,
    "exchange_rates": ExchangeRates,
    "risks": Risks,
    "allocations": Allocations,
    "defects": Defects,
    "product_projects": ProductProjects,
    "goals": Goals,
    "releases": Releases,
}
