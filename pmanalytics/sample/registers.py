"""The registers of the made-up company: its risks, who is booked when, and its defects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from pmanalytics.sample.company import AS_OF, MANAGERS, PRODUCTS, Row

N_RISKS, N_DEFECTS, N_WEEKS = 40, 150, 26
# Team, persons, how many of its hours are planned, and whether its latest timesheets are missing.
TEAMS = [
    ("Bridge", 8, 0.92, False), ("Galley", 6, 0.78, False), ("Helm", 7, 1.04, False),
    ("Keelson", 5, 0.85, True), ("Rigging", 4, 0.95, False), ("Sonar", 6, 0.88, False),
]  # fmt: skip
THREATS = [
    "Supplier delivers late", "Key person leaves", "Interface is not ready", "Scope grows",
    "Load test fails", "Data cannot be migrated", "Approval takes longer", "Licence costs rise",
    "Security review finds gaps", "Customers do not switch",
]  # fmt: skip
FULL_WEEK, SHORT_WEEKS = 40, (2, 11, 19)


def risks(random: Random, projects: Sequence[Row]) -> list[Row]:
    """Return the register: most risks threaten open projects, some are badly kept."""
    threatened = [row for row in projects if not row["Finish"]]
    return [_risk(random, number, random.choice(threatened)) for number in range(1, N_RISKS + 1)]


def _risk(random: Random, number: int, row: Row) -> Row:
    status = random.choices(["open", "mitigating", "closed", "occurred"], [5, 3, 3, 1])[0]
    opened = row["Start"] + (AS_OF - row["Start"]) * random.uniform(0, 0.8)
    closed = opened + (AS_OF - opened) * random.uniform(0.2, 1)
    is_assessed, is_open = random.random() >= 0.1, status in ("open", "mitigating")
    size = float(row["Cost expected"]) * random.choice([0.02, 0.05, 0.1, 0.2])
    return {
        "risk_id": f"R-{number:03}",
        "project_id": row["Project"],
        "name": random.choice(THREATS),
        "owner": random.choice(MANAGERS) if random.random() >= 0.12 else "",
        "status": status,
        "probability": random.choice([0.1, 0.2, 0.3, 0.5, 0.7]) if is_assessed else "",
        "impact_cost": round(size, -3) if is_assessed else "",
        "impact_days": random.choice([5, 10, 20, 40]) if is_assessed else "",
        "currency": row["Currency"],
        "opened_date": opened,
        "closed_date": "" if is_open else closed,
        "review_due_date": AS_OF + timedelta(days=random.randrange(-30, 60)) if is_open else "",
    }


def allocations(random: Random, projects: Sequence[Row]) -> list[Row]:
    """Return half a year of weeks: who was booked on what, and what the timesheets say."""
    known = [row["Project"] for row in projects if not row["Finish"]]
    monday = AS_OF - timedelta(days=AS_OF.weekday())
    weeks = [monday - timedelta(weeks=N_WEEKS - 1 - week) for week in range(N_WEEKS)]
    rows = []
    for team, n_persons, load, is_late in TEAMS:
        booked = random.sample(known, 3)
        for number, week in enumerate(weeks):
            is_missing = is_late and number >= N_WEEKS - 3
            busy = load * random.uniform(0.85, 1.15)
            for person in range(1, n_persons + 1):
                who = {"week_date": week, "team": team, "person": f"{team} {person}"}
                bookings = _bookings(random, number, busy, booked, is_missing=is_missing)
                rows += [who | booking for booking in bookings]
    return rows


def _bookings(
    random: Random, week: int, load: float, booked: Sequence[str], *, is_missing: bool
) -> list[Row]:
    """Return a person's week on one project or two; leave and holidays shorten it."""
    days = random.choices([5, 4, 2, 0], [88, 6, 4, 2])[0]
    capacity = max(0, FULL_WEEK * days // 5 - 8 * (week in SHORT_WEEKS and days == 5))
    n = random.choice([1, 1, 1, 2])
    planned = capacity * load * random.uniform(0.85, 1.15)
    logged = planned * random.uniform(0.85, 1.05)
    return [
        {
            "project_id": project,
            "planned_hours": round(planned / n),
            "logged_hours": "" if is_missing else round(logged / n),
            "capacity_hours": capacity,
        }
        for project in random.sample(booked, n)
    ]


def defects(random: Random) -> list[Row]:
    """Return the defects of a year and a half, most of them found before customers met them."""
    return [_defect(random, number) for number in range(1, N_DEFECTS + 1)]


def _defect(random: Random, number: int) -> Row:
    product, _, _, first, lasted = random.choice(PRODUCTS[2:])
    is_released = len(lasted) >= 2
    found = max(first, date(2025, 4, 1))
    found += (AS_OF - found) * random.random()
    fixed = found + timedelta(days=round(random.lognormvariate(2.5, 0.9)))
    is_escaped = is_released and random.random() < 0.2
    return {
        "defect_id": f"D-{number:03}",
        "product_id": product,
        "project_id": "",
        "found_in": "after_release" if is_escaped else "before_release",
        "severity": random.choices(["Critical", "Major", "Minor"], [1, 4, 5])[0],
        "found_date": found,
        "fixed_date": fixed if fixed <= AS_OF else "",
    }
