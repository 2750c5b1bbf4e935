"""What the product managers of the made-up company keep: goals, releases, and shared projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from pmanalytics.sample.company import AS_OF, PRODUCTS, Row

# Name, unit, and the values from which goals start and to which they lead.
AIMS = [
    ("Active customers", "thousand", 40, 60), ("Customers lost in a year", "%", 12, 8),
    ("Time to the first answer", "minutes", 90, 30), ("Would recommend it (NPS)", "points", 20, 40),
    ("Cost per order", "EUR", 2.4, 1.8), ("Revenue per month", "thousand EUR", 120, 180),
]  # fmt: skip
PERIODS = [
    (date(2025, 1, 1), date(2025, 12, 31)), (date(2025, 7, 1), date(2026, 6, 30)),
    (date(2026, 1, 1), date(2026, 12, 31)),
]  # fmt: skip
RELEASE_MONTHS = {1: 2, 2: 6, 3: 10}
NO_RELEASES_BEFORE = 2024
LAST_CALL = timedelta(days=150)


def goals(random: Random) -> list[Row]:
    """Return two or three goals per product in the making or after; two say too little."""
    rows: list[Row] = []
    for product, _, _, first, _ in PRODUCTS[2:]:
        for aim in random.sample(AIMS, random.choice([2, 2, 3])):
            rows.append(_goal(random, len(rows) + 1, product, first, aim))
    rows[3]["actual"] = ""
    rows[7]["target"] = rows[7]["baseline"]
    return rows


def _goal(
    random: Random, number: int, product: str, first: date, aim: tuple[str, str, float, float]
) -> Row:
    name, unit, baseline, target = aim
    start, due = random.choice([period for period in PERIODS if period[0] >= first])
    passed = min(1, (AS_OF - start).days / (due - start).days)
    reached = baseline + (target - baseline) * passed * random.uniform(-0.1, 1.5)
    return {
        "goal_id": f"G-{number:02}",
        "product_id": product,
        "name": name,
        "unit": unit,
        "baseline": baseline,
        "target": target,
        "actual": round(reached, 1),
        "start_date": start,
        "due_date": due,
    }


def product_projects(projects: Sequence[Row]) -> list[Row]:
    """Return the projects that products share: halves, thirds, and a larger and a smaller part."""
    shared = [row for row in projects if row["State"] != "Stopped"][10:50:10]
    parts = [["0.5", "0.5"], ["33 %", "33 %", "33 %"], ["0.7", "0.3"], ["0.8", "0.2"]]
    keys = [key for key, *_ in PRODUCTS[2:]]
    return [
        {"project_id": row["Project"], "product_id": product, "share": share}
        for row, shares in zip(shared, parts, strict=False)
        for product, share in zip(_from(keys, row["Product"]), shares, strict=False)
    ]


def _from(keys: Sequence[str], first: str) -> list[str]:
    start = keys.index(first)
    return [*keys[start:], *keys[:start]]


def releases(random: Random) -> list[Row]:
    """Return three planned releases a year per product since its development began."""
    rows = []
    for product, _, _, first, lasted in PRODUCTS[2:]:
        ends = [first + timedelta(days=days) for days in accumulate(lasted)]
        retired = ends[4] if len(ends) > 4 else None
        for name, planned in _plan():
            if planned < ends[0] + timedelta(days=60) or (
                retired and planned > retired - LAST_CALL
            ):
                continue
            rows.append(_release(random, product, name, planned))
    return rows


def _plan() -> Iterator[tuple[str, date]]:
    for year in range(NO_RELEASES_BEFORE, AS_OF.year + 1):
        for number, month in RELEASE_MONTHS.items():
            yield f"{year}.{number}", date(year, month, 15)


def _release(random: Random, product: str, name: str, planned: date) -> Row:
    late = random.choices([-3, 0, random.randrange(4, 140)], [1, 4, 3])[0]
    released = planned + timedelta(days=late)
    is_out = released <= AS_OF
    return {
        "release_id": f"{product}-{name}",
        "product_id": product,
        "project_key": product,
        "name": name,
        "planned_release_date": planned,
        "release_date": released if is_out else "",
        "is_released": "yes" if is_out else "no",
    }
