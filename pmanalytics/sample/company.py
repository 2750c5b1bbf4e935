"""The products and projects of the made-up company, and how they came through their stages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

AS_OF = date(2026, 9, 30)
Row = dict[str, Any]

PRODUCTS = [
    # key, name, line, first day, the days its stages lasted (the last one still lasts)
    ("TIDE", "Tidewatch", "Logistics", date(2026, 3, 2), []),
    ("QUAY", "Quayside Assist", "Platform", date(2026, 6, 15), []),
    ("BEAC", "Beacon Pay", "Payments", date(2025, 2, 3), [210]),
    ("HARB", "Harbour Hub", "Platform", date(2024, 9, 2), [330]),
    ("SPIN", "Spinnaker Insights", "Logistics", date(2025, 5, 5), [150]),
    ("COMP", "Compass Live", "Logistics", date(2024, 1, 15), [190, 480]),
    ("ATLA", "Atlas Fleet", "Logistics", date(2021, 5, 3), [160, 390, 120]),
    ("LANT", "Lantern Desk", "Platform", date(2022, 1, 10), [240, 300, 150]),
    ("KEEL", "Keel Ledger", "Payments", date(2020, 9, 7), [300, 520, 180]),
    ("MOOR", "Mooring ID", "Platform", date(2022, 8, 1), [120, 260, 90]),
    ("ANCH", "Anchor Mail", "Platform", date(2019, 4, 1), [200, 310, 130, 1600]),
    ("BUOY", "Buoy Chat", "Logistics", date(2020, 2, 3), [180, 280, 140, 1100, 320]),
]
PLANNED_ENDS = {
    "KEEL": date(2027, 3, 31), "ANCH": date(2026, 6, 30), "BUOY": date(2025, 12, 31),
}  # fmt: skip
PRODUCT_STAGES = ["Conceiving", "Development", "Introduction", "Market", "Retirement", "Retired"]
CURRENCY_OF = {"Logistics": "EUR", "Platform": "EUR", "Payments": "USD"}
MANAGERS = ["A. Lindqvist", "B. Okafor", "C. Moreau", "D. Tanaka", "E. Novak", "F. Haddad"]
OWNERS = ["G. Silva", "H. Kaur", "I. Petrov", "J. Adeyemi"]
WORRIES = ["planning", "paperwork", "waiting", "sign-in", "billing"]
THEMES = [
    "self-service", "reporting", "API v2", "mobile app", "migration", "single sign-on", "pricing",
    "data export", "accessibility", "archive", "fraud checks", "onboarding", "search", "alerts",
]  # fmt: skip
SIZES = {"Small": (90, 60_000), "Medium": (190, 240_000), "Large": (380, 900_000)}
PARTS = [("Initiation", 0.10), ("Planning", 0.18), ("Execution", 0.58), ("Closure", 0.14)]


def product_and_history(
    random: Random, key: str, name: str, line: str, first: date, lasted: Sequence[int]
) -> tuple[Row, list[Row]]:
    """Return a product's record and its stage history."""
    entries, day = [], first
    for stage, days in zip(PRODUCT_STAGES, [*lasted, 0], strict=False):
        entries.append({"Product": key, "Since": day, "Stage": stage})
        day += timedelta(days=days)
    row = {
        "Product": key,
        "Name": name,
        "Line": line,
        "Product manager": random.choice(OWNERS),
        "Stage": entries[-1]["Stage"],
        "Vision": f"{name} makes {random.choice(WORRIES)} one thing less to think about",
        "Planned end": PLANNED_ENDS.get(key, ""),
        "Updated": AS_OF - timedelta(days=random.randrange(0, 90)),
    }
    return row, entries


class Course(NamedTuple):
    """How a project was planned, and how it truly goes, known or not by the status date."""

    start: date
    planned_days: int
    actual_days: int
    budget: float
    cost: float
    replans: int

    @property
    def due(self) -> date:
        """The first approved finish."""
        return self.start + timedelta(days=self.planned_days)

    def after(self, share: float) -> date:
        """Return the due date plus that share of the true delay."""
        return self.due + timedelta(days=round((self.actual_days - self.planned_days) * share))


def project_and_history(random: Random, number: int) -> tuple[Row, list[Row]]:
    """Return a project's record and its stage history."""
    key, product, line, first, _ = random.choice(PRODUCTS[2:])
    size = random.choices(list(SIZES), [5, 4, 2])[0]
    course = _course(random, size, max(first, date(2023, 6, 1)))
    state, finish = _fate(random, course.start, course.after(1))
    is_open = state in ("Active", "On hold")
    row = {
        "Project": f"P-{number:03}",
        "Title": f"{product} – {random.choice(THEMES)}",
        "Product": key,
        "Line": line,
        "Manager": random.choice(MANAGERS),
        "State": state,
        "Class": size,
        **_dates(random, course, finish, is_open=is_open),
        **_money(random, course, is_open=is_open),
        "Currency": CURRENCY_OF[line],
        "Updated": AS_OF - timedelta(days=random.choice([0, 1, 2, 5, 9, 20, 45])),
    }
    return row, _project_stages(random, row, course, None if is_open else finish)


def _course(random: Random, size: str, earliest: date) -> Course:
    typical_days, typical_budget = SIZES[size]
    start = earliest + timedelta(days=int((AS_OF - earliest).days * random.random() ** 0.6))
    planned = max(21, round(typical_days * random.lognormvariate(0, 0.25)))
    slip = random.lognormvariate(*random.choices([(0.0, 0.08), (0.4, 0.3)], [3, 2])[0])
    budget = round(typical_budget * random.lognormvariate(0, 0.35), -3)
    cost = budget * slip**0.7 * random.lognormvariate(-0.03, 0.10)
    replans = random.choice([0, 1, 1, 2]) if slip > 1.15 else 0
    return Course(start, planned, max(14, round(planned * slip)), budget, cost, replans)


def _dates(random: Random, course: Course, finish: date, *, is_open: bool) -> Row:
    expected = max(course.after(random.uniform(0.3, 0.9)), AS_OF + timedelta(days=14))
    replanned = course.after(random.uniform(0.5, 1.2))
    begun = course.start + timedelta(days=random.choice([0, 0, 0, 3, 7, 14]))
    return {
        "Start planned": course.start,
        "Finish planned": "" if random.random() < 0.06 else course.due,
        "Finish re-planned": replanned if course.replans else "",
        "Re-plans": course.replans,
        "Finish expected": expected if is_open else "",
        "Start": min(begun, finish, AS_OF),
        "Finish": "" if is_open else finish,
    }


def _money(random: Random, course: Course, *, is_open: bool) -> Row:
    done = min(1.0, (AS_OF - course.start).days / course.actual_days) if is_open else 1.0
    replanned = course.budget * (1 + 0.15 * course.replans)
    expected = course.budget + (course.cost - course.budget) * random.uniform(0.3, 1)
    return {
        "Budget": "" if random.random() < 0.04 else f"{course.budget:.0f}",
        "Budget re-planned": f"{replanned:.0f}" if course.replans else "",
        "Cost expected": f"{expected:.0f}" if is_open else "",
        "Cost": f"{course.cost * done:.0f}",
        "Complete": f"{done:.2f}",
    }


def _fate(random: Random, start: date, finish: date) -> tuple[str, date]:
    """Return how a project stands at the status date, and the day it ended."""
    if random.random() < 0.08:
        stopped = start + (finish - start) * random.uniform(0.2, 0.8)
        if stopped <= AS_OF:
            return "Stopped", stopped
    if finish <= AS_OF:
        return "Completed", finish
    return ("On hold" if random.random() < 0.12 else "Active"), finish


def _project_stages(random: Random, row: Row, course: Course, end: date | None) -> list[Row]:
    """Return the stages entered by the status date; a new plan goes back to Planning once."""
    steps = [(stage, share * random.lognormvariate(0, 0.3)) for stage, share in PARTS]
    if course.replans:
        steps[2:3] = [
            ("Execution", steps[2][1] / 2),
            ("Planning", 0.05),
            ("Execution", steps[2][1] / 2),
        ]
    total = sum(share for _, share in steps)
    entries, day = [], course.start
    for stage, share in steps:
        if day > min(end or AS_OF, AS_OF):
            break
        entries.append({"Project": row["Project"], "Since": day, "Stage": stage})
        day += timedelta(days=max(1, round(course.actual_days * share / total)))
    if end and end <= AS_OF:
        last = "Cancelled" if row["State"] == "Stopped" else "Closed"
        entries.append({"Project": row["Project"], "Since": end, "Stage": last})
    return entries


def bad_projects(like: Row, n_projects: int) -> list[Row]:
    """Return rows with the mistakes that people make, numbered far beyond the good ones."""
    mistakes = [
        {"Finish planned": "31/11/2025"},
        {"Finish planned": "03/04/2025"},
        {"Start": "2025-03-01", "Finish": "2025-02-01", "State": "Completed"},
        {"Product": "NEPT"},
        {"Budget": "-5000"},
        {"Currency": ""},
    ]
    rows = [
        like | wrong | {"Project": f"P-{10 * n_projects + n}"} for n, wrong in enumerate(mistakes)
    ]
    twice = like | {"Project": f"P-{11 * n_projects}"}
    return [*rows, twice, twice | {"Manager": "Z. Nobody"}, like]
