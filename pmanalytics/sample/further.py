"""What the made-up company records beside its projects: reports, tasks, forecasts, costs.

All of it agrees with the projects it belongs to: the last report has their cost and progress, the
last task is done on their last day, the costs of the years add up to theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from pmanalytics.sample.company import AS_OF, Row

N_OPEN_REPORTED, N_DONE_REPORTED, LONG_ENOUGH = 10, 3, timedelta(days=120)
WORK = ["Agree on", "Design", "Build", "Connect", "Test", "Translate", "Document", "Roll out"]
THINGS = ["data model", "screens", "interfaces", "billing", "sign-in", "reports", "archive"]
PRICES = {2022: 96.1, 2023: 100.0, 2024: 103.2, 2025: 105.6, 2026: 108.1}
RATES = {"EUR": 1.0, "USD": 0.92}


def status_reports(random: Random, projects: Sequence[Row]) -> list[Row]:
    """Return the monthly reports of the open projects due first, and of some finished ones."""
    planned = [row for row in projects if row["Finish planned"] and row["Budget"]]
    planned = [row for row in planned if _end(row) - row["Start"] >= LONG_ENOUGH]
    planned.sort(key=lambda row: row["Finish planned"])
    is_open = [row for row in planned if not row["Finish"]]
    done = [row for row in planned if row["State"] == "Completed"]
    reported = [*is_open[:N_OPEN_REPORTED], *done[-N_DONE_REPORTED:]]
    return [report for row in reported for report in _reports(random, row)]


def _reports(random: Random, row: Row) -> Iterator[Row]:
    """Of months to come only the plan is known."""
    budget, pace = float(row["Budget"]), random.uniform(0.9, 1.3)
    spending = pace * random.uniform(0.9, 1.0)
    first, last = min(row["Start"], row["Start planned"]), max(_end(row), row["Finish planned"])
    for last_day in _month_ends(first, last):
        planned = _passed(row["Start planned"], row["Finish planned"], last_day)
        passed = _passed(row["Start"], _end(row), last_day)
        is_known = last_day <= AS_OF
        yield {
            "project_id": row["Project"],
            "period_end_date": last_day,
            "planned_value": round(budget * planned**2 * (3 - 2 * planned)),
            "earned_value": round(budget * float(row["Complete"]) * passed**pace)
            if is_known
            else "",
            "actual_cost_to_date": round(float(row["Cost"]) * passed**spending) if is_known else "",
            "budget_at_completion": row["Budget"],
            "currency": row["Currency"],
        }


def tasks(random: Random, projects: Sequence[Row]) -> list[Row]:
    """Return the schedules of every third project with a plan."""
    planned = [row for row in projects if row["Finish planned"] and row["State"] != "Stopped"]
    found = [task for row in planned[::3] for task in _tasks(random, row)]
    return [{"task_id": f"T-{number:04}"} | task for number, task in enumerate(found, 1)]


def _tasks(random: Random, row: Row) -> Iterator[Row]:
    """The tasks of a finished project end with it; those of an open one as far as it has come."""
    n = random.randrange(8, 17)
    start, due, begun, end = row["Start planned"], row["Finish planned"], row["Start"], _end(row)
    for number in range(1, n + 1):
        share = number / n
        actual = begun + (end - begun) * (share / max(float(row["Complete"]), 0.01))
        if number < n:
            actual += timedelta(days=random.randrange(-6, 7))
        yield {
            "project_id": row["Project"],
            "name": f"{random.choice(WORK)} {random.choice(THINGS)}",
            "baseline_finish_date": start + (due - start) * share,
            "actual_finish_date": max(begun, min(actual, end)) if actual <= end else "",
        }


def forecasts(random: Random, projects: Sequence[Row]) -> list[Row]:
    """Return what was expected of each project, from its approval to now or to its end."""
    return [
        forecast
        for row in projects
        if row["Finish planned"] and row["Budget"]
        for forecast in _forecasts(random, row)
    ]


def _forecasts(random: Random, row: Row) -> Iterator[Row]:
    """Each later estimate has come some way from the first one to what was expected last."""
    first, last = row["Start planned"], row["Finish"] or row["Updated"]
    due, budget = row["Finish planned"], float(row["Budget"])
    finish = row["Finish expected"] or row["Finish"]
    cost = float(row["Cost expected"] or row["Cost"])
    n, before = random.randrange(1, 4), None
    n_steps = n + 1 if row["Finish"] else n
    for number in range(n + 1):
        made = first + max(timedelta(0), last - first) * (number / n_steps)
        share = number / n_steps * (1 if number == n_steps else random.uniform(0.5, 1.0))
        if made != before:
            yield {
                "project_id": row["Project"],
                "made_date": made,
                "forecast_finish_date": max(made, due + (finish - due) * share),
                "forecast_cost": round(budget + (cost - budget) * share),
                "currency": row["Currency"],
            }
        before = made


def cost_by_year(projects: Sequence[Row]) -> list[Row]:
    """Return each project's cost by the year it was spent in, as the days of the year have it."""
    return [cost for row in projects for cost in _costs(row)]


def _costs(row: Row) -> Iterator[Row]:
    start, end, before = row["Start"], _end(row), 0
    for year in range(start.year, end.year + 1):
        spent = round(float(row["Cost"]) * _passed(start, end, min(end, date(year, 12, 31))))
        yield {
            "project_id": row["Project"],
            "year": year,
            "actual_cost": spent - before,
            "currency": row["Currency"],
        }
        before = spent


def price_index() -> list[Row]:
    """Return the level of prices."""
    return [{"year": year, "price_index": level} for year, level in PRICES.items()]


def exchange_rates() -> list[Row]:
    """Return what the currencies are worth in euros."""
    return [{"currency": name, "exchange_rate": rate} for name, rate in RATES.items()]


def _end(row: Row) -> date:
    """Return the last day of a project that is known: its finish, or the status date."""
    end: date = row["Finish"] or AS_OF
    return end


def _passed(start: date, end: date, day: date) -> float:
    """Return which share of the days from start to end has passed on a day."""
    return min(1.0, max(0.0, (day - start).days / max(1, (end - start).days)))


def _month_ends(start: date, end: date) -> Iterator[date]:
    """Return the last days of months from start on, until one is not before the end."""
    first = start.replace(day=1)
    while True:
        first = (first + timedelta(days=31)).replace(day=1)
        yield first - timedelta(days=1)
        if first > end:
            return
