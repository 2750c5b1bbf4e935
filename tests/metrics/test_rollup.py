import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    Quarantine,
    load_projects,
    load_table,
    product_rollup,
    project_outcomes,
    projects_by_product,
)
from pmanalytics.errors import BadRowsError, MixedCurrenciesError
from pmanalytics.schemas import ProductProjects, ProductRollups, Projects, dtypes, empty

AS_OF = "2024-06-30"
LATE = {"baseline_finish_date": "2024-03-31", "actual_finish_date": "2024-04-30", "status": "done"}
ON_TIME = LATE | {"actual_finish_date": "2024-03-31"}
NOT_DUE = {"baseline_finish_date": "2024-12-31"}
CANCELLED = LATE | {"status": "cancelled"}


def projects_of(*rows):
    """Return projects, each as its differences from an open one of product A."""
    plain = {"name": "One", "status": "open", "product_id": "A", "currency": "EUR"}
    return load_projects(
        pd.DataFrame([plain | {"project_id": f"J{n}"} | row for n, row in enumerate(rows, 1)])
    )


def shares_of(*rows):
    return load_table(
        pd.DataFrame(rows, columns=["project_id", "product_id", "share"]), ProductProjects
    )


def money(budget, cost):
    return ON_TIME | {"baseline_budget": budget, "actual_cost": cost}


def test_the_worked_rollup(examples):
    """M47: half of J1 for each of two products; the portfolio counts it once."""
    rows = projects_of(money(100, 120), money(50, 40))
    shared = shares_of(("J1", "A", 0.5), ("J1", "B", 0.5))
    found = product_rollup(rows, shared, as_of=AS_OF)
    overrun_a, overrun_b, overrun = examples["M47"]["expected"]
    assert found["product_id"].tolist() == ["A", "B"]
    assert found["cost_variance_share"].tolist() == pytest.approx([overrun_a, overrun_b])
    whole = found[["compared_cost", "compared_budget"]].sum()
    assert whole["compared_cost"] / whole["compared_budget"] - 1 == pytest.approx(overrun, abs=5e-5)
    assert found["n_shared"].tolist() == [1, 1]


AMOUNTS = st.one_of(st.none(), st.integers(0, 10**6))
PROJECT = st.fixed_dictionaries(
    {
        "baseline_budget": AMOUNTS,
        "actual_cost": AMOUNTS,
        "status": st.sampled_from(["open", "on_hold", "done", "cancelled"]),
        "baseline_finish_date": st.sampled_from([None, "2024-03-31", "2024-12-31"]),
        "actual_finish_date": st.sampled_from([None, "2024-03-01", "2024-05-31", "2024-08-31"]),
        "product_id": st.sampled_from([None, "A", "B"]),
    }
)


@given(
    st.lists(PROJECT, min_size=1, max_size=6),
    st.lists(st.lists(st.integers(1, 9), min_size=2, max_size=3), max_size=3),
)
@settings(deadline=None, max_examples=30)
def test_what_products_cost_adds_up_to_what_projects_cost(rows, parts):
    """However projects are shared, and every project of each product is in one state."""
    rows = projects_of(*rows)
    shared = [
        (f"J{number}", product, part / sum(those))
        for number, those in enumerate(parts, 1)
        for product, part in zip("ABC", those, strict=False)
    ]
    shares = pd.DataFrame(shared, columns=["project_id", "product_id", "share"])
    shares = shares.astype({"project_id": "str", "product_id": "str", "share": float})
    found = product_rollup(rows, shares, as_of=AS_OF)
    assert found["budget"].sum() == pytest.approx(rows["baseline_budget"].sum())
    assert found["actual_cost"].sum() == pytest.approx(rows["actual_cost"].sum())
    states = ["on_time", "late", "late_open", "early", "not_due", "cancelled", "missing_baseline"]
    parts = found[[f"n_{state}" for state in [*states, "invalid"]]].sum(axis="columns")
    assert (parts == found["n_projects"]).all()


@pytest.mark.parametrize(
    ("rows", "is_on_time", "reason"),
    [
        ([ON_TIME, ON_TIME], True, "2 of 2 required projects on time"),
        ([ON_TIME, LATE, NOT_DUE], False, "1 of 3 required projects late"),
        ([ON_TIME, NOT_DUE], None, "1 of 2 required projects not yet due"),
        ([ON_TIME, {}], None, "1 of 2 required projects without a due date"),
        ([ON_TIME, CANCELLED], True, "1 of 1 required project on time"),
        ([CANCELLED], None, "no project that its delivery depends on"),
        ([ON_TIME, LATE | {"is_required": "no"}], True, "1 of 1 required project on time"),
        ([LATE | {"is_required": "no"}], None, "no project that its delivery depends on"),
        ([NOT_DUE | {"actual_finish_date": "2024-06-01", "status": "done"}], True,
         "1 of 1 required project on time"),
        ([{"baseline_finish_date": "2024-05-31"}], False, "1 of 1 required project late"),
    ],
)  # fmt: skip
def test_a_product_is_on_time_only_if_all_that_it_depends_on_is(rows, is_on_time, reason):
    row = product_rollup(projects_of(*rows), as_of=AS_OF).iloc[0]
    assert row["on_time_reason"] == reason
    assert (None if pd.isna(row["is_on_time"]) else bool(row["is_on_time"])) is is_on_time


def test_a_product_is_due_with_the_last_project_it_depends_on():
    later = {"baseline_finish_date": "2025-12-31"}
    rows = projects_of(ON_TIME, NOT_DUE, later | {"is_required": "no"}, CANCELLED | later)
    row = product_rollup(rows, as_of=AS_OF).iloc[0]
    assert row["due_date"] == pd.Timestamp("2024-12-31")


def test_a_shared_project_that_is_late_makes_every_product_of_it_late():
    shared = shares_of(("J1", "A", 0.9), ("J1", "B", 0.1))
    found = product_rollup(projects_of(LATE), shared, as_of=AS_OF)
    assert found["is_on_time"].tolist() == [False, False]


def test_only_finished_projects_with_both_amounts_are_compared():
    """An open project within budget would make every product look cheap."""
    rows = projects_of(
        money(100, 130), {"baseline_budget": 1000, "actual_cost": 10}, ON_TIME | {"actual_cost": 7}
    )
    row = product_rollup(rows, as_of=AS_OF).iloc[0]
    assert row["cost_variance_share"] == pytest.approx(0.3)
    assert (row["budget"], row["actual_cost"], row["n_compared"]) == (1100, 147, 1)
    assert (row["n_no_budget"], row["n_no_cost"]) == (1, 0)


def test_a_product_without_amounts_has_no_sums():
    row = product_rollup(projects_of({"currency": ""}), as_of=AS_OF).iloc[0]
    assert row[["budget", "actual_cost", "cost_variance_share"]].isna().all()


def test_a_budget_of_nothing_gives_no_overrun():
    row = product_rollup(projects_of(money(0, 10)), as_of=AS_OF).iloc[0]
    assert pd.isna(row["cost_variance_share"])


def test_amounts_in_two_currencies_are_not_added():
    rows = projects_of(money(100, 90), money(100, 90) | {"currency": "USD"})
    with pytest.raises(MixedCurrenciesError, match="EUR, USD"):
        product_rollup(rows, as_of=AS_OF)


def test_two_products_may_be_in_two_currencies():
    rows = projects_of(money(1, 1), money(1, 1) | {"currency": "USD", "product_id": "B"})
    assert product_rollup(rows, as_of=AS_OF)["currency"].tolist() == ["EUR", "USD"]


def test_projects_of_no_product_are_a_row_of_their_own():
    found = product_rollup(projects_of({"product_id": ""}, {}), as_of=AS_OF)
    assert found["product_id"].fillna("none").tolist() == ["A", "none"]


def test_a_finish_after_the_status_date_is_not_known():
    row = product_rollup(projects_of(LATE), as_of="2024-04-01").iloc[0]
    assert (row["n_open"], row["n_late_open"]) == (1, 1)


def test_thirds_written_as_33_percent_are_thirds():
    shared = shares_of(*(("J1", product, "33 %") for product in "ABC"))
    found = projects_by_product(projects_of({}), shared)
    assert found["share"].tolist() == pytest.approx([1 / 3] * 3)
    assert found["share"].sum() == 1


def test_a_project_named_once_without_a_share_belongs_there_as_a_whole():
    found = projects_by_product(projects_of({}), shares_of(("J1", "B", "")))
    assert found.to_numpy().tolist() == [["J1", "B", 1.0]]


def test_shares_of_unknown_projects_are_left_out():
    shared = shares_of(("J9", "B", 0.5), ("J9", "C", 0.5))
    assert projects_by_product(projects_of({}), shared).to_numpy().tolist() == [["J1", "A", 1.0]]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("J1", "A", 0.5), ("J1", "B", 0.6)], "makes shares of its project that do not add up"),
        ([("J1", "A", 0.5)], "makes shares of its project that do not add up"),
        ([("J1", "A", ""), ("J1", "B", "")], "makes shares of its project that do not add up"),
        ([("J1", "A", 0.4), ("J1", "A", 0.6)], "stands twice for one project"),
    ],
)
def test_shares_that_make_no_whole_are_set_aside(rows, reason):
    good = ("J2", "A", 1)
    table = pd.DataFrame([*rows, good], columns=["project_id", "product_id", "share"])
    quarantine = Quarantine()
    kept = load_table(table, ProductProjects, quarantine=quarantine)
    assert kept["project_id"].tolist() == ["J2"]
    assert quarantine.problems["reason"].str.contains(reason).all()
    with pytest.raises(BadRowsError, match=reason):
        load_table(table, ProductProjects)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([("J1", "A", 0.5)], "The shares of 1 project do not add up to 1: J1"),
        ([("J1", "A", 0.5), ("J1", "A", 0.5)], "The project J1 names the product A twice"),
    ],
)
def test_shares_of_a_frame_that_make_no_whole_are_refused(shares, message):
    table = pd.DataFrame(shares, columns=["project_id", "product_id", "share"])
    with pytest.raises(PMAnalyticsError, match=message):
        product_rollup(projects_of({}), table, as_of=AS_OF)


def test_the_states_are_those_of_the_projects():
    rows = projects_of(LATE, NOT_DUE, CANCELLED, {})
    states = project_outcomes(rows, as_of=AS_OF)["on_time"].value_counts()
    row = product_rollup(rows, as_of=AS_OF).iloc[0]
    assert all(row[f"n_{state}"] == n for state, n in states.items())


def test_nothing_in_gives_nothing_out():
    found = product_rollup(empty(Projects), empty(ProductProjects), as_of=AS_OF)
    assert found.empty
    assert list(found) == list(dtypes(ProductRollups))
