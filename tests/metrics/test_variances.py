import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import project_outcomes, variance_distribution
from pmanalytics.metrics.delivery import bands
from pmanalytics.quantiles import grouped_quantiles
from pmanalytics.schemas import Projects, VarianceDistributions, dtypes, empty

AS_OF = "2024-06-30"
SHARES = [0.5, 0.8, 0.85, 0.9, 1.0]


def finished(budgets, costs, **columns):
    """Return finished projects with these budgets and costs."""
    ids = [f"P{number}" for number in range(len(budgets))]
    table = empty(Projects).reindex(range(len(ids)))
    table = table.assign(project_id=ids, name=ids, status="done", currency="EUR")
    table = table.assign(baseline_budget=budgets, actual_cost=costs, **columns)
    return table.astype(dtypes(Projects))


def test_bands_are_inclusive_below(examples):
    """M57."""
    shares = pd.Series([float(x) for x in examples["M57"]["input"].replace("−", "-").split("; ")])
    assert bands(shares).tolist() == examples["M57"]["expected"].split()


def test_a_band_does_not_hang_on_the_last_bit():
    """130.13 against 100.10 is 30 % over, which binary fractions miss by a hair."""
    outcomes = project_outcomes(finished([100.10, 0.3], [130.13, 0.33]), as_of=AS_OF)
    assert outcomes["cost_band"].tolist() == ["amber", "green"]


def test_outcomes_say_their_band_and_whether_they_can_only_grow(twelve_projects):
    """M11: P02 41 of 364 days. P04 is open 30 of 365 days past, P09 61 of 242, P11 4 over 40."""
    outcomes = project_outcomes(twelve_projects, as_of=AS_OF).set_index("project_id")
    assert outcomes.loc[["P01", "P02", "P04", "P09", "P10"], "finish_band"].tolist() == [
        "green", "amber", "green", "amber", "amber",
    ]  # fmt: skip
    assert outcomes.index[outcomes["is_lower_bound"]].tolist() == ["P04", "P09", "P11"]
    assert outcomes.loc["P11", "cost_variance_share"] == pytest.approx(0.1)
    assert outcomes.loc[["P04", "P10", "P11"], "cost_band"].tolist() == ["green", "red", "green"]
    assert outcomes.loc[["P05", "P07", "P08"], ["finish_band", "cost_band"]].isna().all(axis=None)


def test_a_distribution_has_its_worked_values(examples):
    """M12: cost shares −.05 .25 .08 0 .45 0, whose median rank is the third: 0."""
    table = variance_distribution(
        finished([100, 200, 50, 60, 1000, 30], [95, 250, 54, 60, 1450, 30]), as_of=AS_OF
    )
    row = table[table["measure"] == "cost_variance_share"].iloc[0]
    assert row["n"] == 6
    assert row[["median", "p80", "p90", "worst"]].tolist() == [0.0, 0.25, 0.45, 0.45]
    assert row["far_over_share"] == pytest.approx(2 / 6)
    shares = [-0.05, 0.25, 0.08, 0.0, 0.45, 0.0]
    assert [np.mean(shares), np.median(shares)] == pytest.approx(
        examples["M12"]["expected"][:2], abs=5e-5
    )


def test_open_ones_count_with_what_is_certain(twelve_projects):
    """By hand: days −11 41 0 30 −107 61 46 0; P04 and P09 are open."""
    table = variance_distribution(twelve_projects, as_of=AS_OF)
    row = table[table["measure"] == "finish_variance_days"].iloc[0]
    assert (row["n"], row["n_lower_bound"]) == (8, 2)
    assert row[["median", "p80", "p90", "worst"]].tolist() == [0, 46, 61, 61]
    assert np.isnan(row["far_over_share"])


def test_distributions_are_grouped(twelve_projects):
    projects = twelve_projects.assign(half=["a"] * 6 + ["b"] * 6)
    table = variance_distribution(projects, as_of=AS_OF, by="half").set_index(["measure", "half"])
    assert table.loc[("finish_variance_days", "a"), "worst"] == 41
    assert table.loc[("finish_variance_days", "b"), "worst"] == 61
    assert table.loc[("cost_variance_share", "a"), "n"] == 5


def test_nothing_to_distribute_is_no_number(twelve_projects):
    """Neither 0 nor a warning."""
    none = variance_distribution(twelve_projects.head(0), as_of=AS_OF)
    assert set(none) == set(dtypes(VarianceDistributions))
    cancelled = variance_distribution(twelve_projects.assign(status="cancelled"), as_of=AS_OF)
    costs = cancelled[cancelled["measure"] == "cost_variance_share"].iloc[0]
    assert costs["n"] == 0
    assert costs[["median", "worst", "far_over_share"]].isna().all()


def test_a_budget_of_zero_has_a_verdict_but_no_share():
    outcomes = project_outcomes(finished([0.0, 0.0], [0.0, 1.0]), as_of=AS_OF)
    assert outcomes["on_budget"].tolist() == ["on_budget", "over"]
    assert outcomes["cost_variance_share"].isna().all()
    assert outcomes["cost_band"].isna().all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-50, 50)), max_size=60))
def test_quantiles_equal_those_of_numpy(rows):
    group, values = ([list(x) for x in zip(*rows, strict=True)]) if rows else ([], [])
    table = grouped_quantiles(values, group, 4, SHARES)
    for code in range(4):
        of_group = sorted(v for g, v in zip(group, values, strict=True) if g == code)
        for share, value in zip(SHARES, table[code], strict=True):
            if not of_group:
                assert np.isnan(value)
                continue
            within = sum(v <= value for v in of_group)
            below = sum(v < value for v in of_group)
            n = len(of_group)
            assert 100 * within >= round(100 * share) * n > 100 * below


def test_a_percentile_has_its_worked_value(examples):
    """M27: 34 for P85 and 5 for P50."""
    table = grouped_quantiles([1, 2, 2, 3, 5, 8, 13, 21, 34, 55], [0] * 10, 1, [0.85, 0.5])
    assert table[0].tolist() == [34, 5]
    assert "34" in str(examples["M27"]["expected"])


def test_a_fifth_over_is_not_far_over():
    """120 against 100, and 0.42 against 0.35, which binary fractions put above 20 %."""
    spread = variance_distribution(finished([100, 0.35, 100], [120, 0.42, 121]), as_of=AS_OF)
    cost = spread.set_index("measure").loc["cost_variance_share"]
    assert cost["far_over_share"] == pytest.approx(1 / 3)
