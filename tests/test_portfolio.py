from dataclasses import replace

import pandas as pd
import pytest

from pmanalytics import Portfolio
from pmanalytics.portfolio import MOST_PARTS
from pmanalytics.schemas import (
    PriceIndex,
    Products,
    Projects,
    Risks,
    StatusChanges,
    WorkItems,
    empty,
)


@pytest.mark.parametrize(
    ("first", "latest", "basis"),
    [
        ("2024-03-31", "2024-06-30", "baseline"),
        ("2024-03-31", None, "baseline"),
        (None, "2024-06-30", "rebaselined"),
        (None, None, "baseline"),
    ],
)
def test_projects_are_judged_by_the_latest_plan_only_if_no_first_one_is_known(first, latest, basis):
    projects = (
        empty(Projects)
        .reindex([0])
        .assign(
            baseline_finish_date=pd.to_datetime([first]),
            rebaselined_finish_date=pd.to_datetime([latest]),
        )
    )
    assert Portfolio(as_of="2024-12-31", projects=projects).basis == basis


def company():
    """Return two lines of one product and project each, and what hangs on them."""
    ids = {"product_id": ["X", "Y"], "project_id": ["P1", "P2"]}
    projects = empty(Projects).reindex(range(2)).assign(**ids, line=["Land", "Sea"])
    return Portfolio(
        as_of="2024-06-30",
        projects=projects,
        products=empty(Products).reindex(range(2)).assign(product_id=["X", "Y"]),
        risks=empty(Risks).reindex(range(2)).assign(project_id=["P1", "P2"]),
        work_items=empty(WorkItems).reindex(range(3)).assign(
            item_id=["I1", "I2", "I3"], project_id=["P1", None, None], product_id=[None, "X", "Y"]
        ),
        status_changes=empty(StatusChanges).reindex(range(5)).assign(
            level=["project", "product", "work_item", "work_item", "work_item"],
            item_id=["P1", "Y", "I1", "I2", "I3"],
        ),
        price_index=empty(PriceIndex).reindex(range(2)),
        filter_by="line",
    )  # fmt: skip


def test_a_part_holds_its_projects_and_all_that_is_theirs():
    """What names neither a project nor a product, as the price index, is everybody's."""
    land = company().parts()["Land"]
    assert land.projects["project_id"].tolist() == ["P1"]
    assert land.products["product_id"].tolist() == ["X"]
    assert land.risks["project_id"].tolist() == ["P1"]
    assert land.work_items["item_id"].tolist() == ["I1", "I2"]
    assert land.status_changes["item_id"].tolist() == ["P1", "I1", "I2"]
    assert len(land.price_index) == 2


def test_products_belong_to_a_part_by_their_own_column_where_they_have_it():
    """By their projects Y would be of the sea."""
    whole = company()
    whole = replace(whole, products=whole.products.assign(line=["Land", "Land"]))
    parts = whole.parts()
    assert parts["Land"].products["product_id"].tolist() == ["X", "Y"]
    assert parts["Sea"].products.empty


def test_every_part_together_is_the_whole():
    whole, *parts = company().parts().values()
    for table in ("projects", "products", "risks", "work_items", "status_changes"):
        assert sum(len(getattr(part, table)) for part in parts) == len(getattr(whole, table))


def lines(*values):
    projects = empty(Projects).reindex(range(len(values)))
    projects = projects.assign(line=pd.Series(values, dtype="str"))
    parts = Portfolio(as_of="2024-06-30", projects=projects, filter_by="line").parts()
    return {name: len(part.projects) for name, part in parts.items()}


def test_the_whole_comes_first_under_no_name():
    assert list(lines("Sea", "Land", "Sea").items()) == [("", 3), ("Land", 1), ("Sea", 2)]


def test_without_a_column_to_filter_by_there_is_only_the_whole():
    whole = replace(company(), filter_by=None)
    assert list(whole.parts()) == [""]


def test_of_many_values_the_largest_have_a_part():
    parts = lines(*(f"L{n:02}" for n in range(MOST_PARTS + 3)), "L09", "L10")
    assert len(parts) == 1 + MOST_PARTS
    assert {"L09", "L10"} < set(parts)


def test_a_project_without_a_value_is_in_the_whole_only():
    assert lines("Land", None) == {"": 2, "Land": 1}
