import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    Portfolio,
    Quarantine,
    cost_totals,
    in_currency,
    in_main_currency,
    load_projects,
    on_budget_rate,
    on_time_rate,
    project_outcomes,
    real_costs,
)
from pmanalytics.schemas import (
    CostByYear,
    CostTotals,
    ExchangeRates,
    PriceIndex,
    Projects,
    RealCosts,
    dtypes,
    empty,
)

AS_OF = "2024-06-30"


def rates(**worth):
    return pd.DataFrame({"currency": [*worth], "exchange_rate": [*worth.values()]})


def costs(budgets, actual, **columns):
    """Return finished projects with these budgets and costs."""
    ids = [f"P{number}" for number in range(len(budgets))]
    table = empty(Projects).reindex(range(len(ids)))
    table = table.assign(project_id=ids, name=ids, status="done", currency="EUR")
    table = table.assign(baseline_budget=budgets, actual_cost=actual, **columns)
    return table.astype(dtypes(Projects))


def test_amounts_are_converted_and_the_rest_is_kept(twelve_projects):
    mixed = twelve_projects.assign(currency=["EUR", "USD"] * 6, line="A")
    euros = in_currency(mixed, rates(EUR=1.0, USD=0.9), currency="EUR")
    assert euros.loc[:3, "baseline_budget"].tolist() == [100, 180, 50, 72]
    assert euros["currency"].unique().tolist() == ["EUR"]
    assert euros.drop(columns=["baseline_budget", "rebaselined_budget", "actual_cost", "currency"])\
        .equals(mixed.drop(columns=["baseline_budget", "rebaselined_budget", "actual_cost",
                                    "currency"]))  # fmt: skip


def test_the_own_currency_needs_no_row_and_another_can_be_the_target():
    table = costs([100.0, 90.0], [100.0, 90.0]).assign(currency=["USD", "EUR"])
    own = in_currency(table, rates(USD=0.9), currency="EUR")
    assert own["baseline_budget"].tolist() == [90, 90]
    dollars = in_currency(table, rates(USD=0.9, EUR=1.0), currency="USD")
    assert dollars["baseline_budget"].tolist() == pytest.approx([100, 100])


def test_unknown_currencies_are_all_named():
    table = costs([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).assign(currency=["USD", "CHF", "NOK"])
    with pytest.raises(PMAnalyticsError, match=r"for CHF, NOK\..*given for: EUR, USD"):
        in_currency(table, rates(EUR=1.0, USD=0.9), currency="EUR")
    with pytest.raises(PMAnalyticsError, match="for GBP"):
        in_currency(table[:1], rates(EUR=1.0, USD=0.9), currency="GBP")
    unnamed = table[:1].assign(currency=pd.Series([None], dtype="str"))
    with pytest.raises(PMAnalyticsError, match=r"for \(none\)"):
        in_currency(unnamed, rates(EUR=1.0), currency="EUR")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pd.concat([rates(USD=0.9), rates(USD=0.8)]),
            "currency repeats in the ExchangeRates table",
        ),
        (rates(USD=0.0), "ExchangeRates table has the exchange_rate 0.0"),
        (pd.DataFrame({"currency": ["USD"]}), "exchange_rate"),
    ],
)
def test_a_strange_table_of_rates_is_refused_in_words(table, message):
    with pytest.raises(PMAnalyticsError, match=message):
        in_currency(costs([1.0], [1.0]), table, currency="EUR")


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 1e6)), max_size=8), st.floats(0.01, 100))
def test_converting_leaves_every_ratio_as_it_was(amounts, worth):
    table = costs([b for b, _ in amounts], [a for _, a in amounts])
    converted = in_currency(table, rates(EUR=worth), currency="USD" if worth != 1 else "EUR")
    before, after = (project_outcomes(t, as_of=AS_OF) for t in (table, converted))
    assert after["cost_variance_share"].tolist() == pytest.approx(
        before["cost_variance_share"].tolist(), nan_ok=True
    )


def test_costs_add_up_to_their_worked_value(examples):
    """M12."""
    table = costs([100, 200, 50, 60, 1000, 30], [95, 250, 54, 60, 1450, 30])
    row = cost_totals(table, as_of=AS_OF).iloc[0]
    assert (row["n"], row["budget"], row["actual_cost"]) == (6, 1440, 1939)
    assert row["cost_variance_share"] == pytest.approx(examples["M12"]["expected"][2], abs=5e-5)


def test_only_finished_projects_with_budget_and_cost_are_added(twelve_projects):
    """FX-12: P01 P02 P03 P06 P10 P12 are; the other six are counted."""
    row = cost_totals(twelve_projects, as_of=AS_OF).iloc[0]
    assert (row["n"], row["n_left_out"], row["budget"]) == (6, 6, 1440)


def test_mixed_currencies_are_not_added_but_named(twelve_projects):
    mixed = twelve_projects.assign(currency=["EUR", "USD"] * 6)
    with pytest.raises(PMAnalyticsError, match="EUR, USD"):
        cost_totals(mixed, as_of=AS_OF)
    with pytest.raises(PMAnalyticsError, match="EUR, USD"):
        on_time_rate(mixed, as_of=AS_OF, weights="baseline_budget")
    assert cost_totals(mixed, as_of=AS_OF, by="currency")["n"].tolist() == [2, 4]
    assert on_budget_rate(mixed, as_of=AS_OF).loc[0, "n"] == 8
    assert project_outcomes(mixed, as_of=AS_OF)["cost_variance_share"].notna().any()


def test_groups_without_costs_have_no_totals(twelve_projects):
    assert set(cost_totals(twelve_projects.head(0), as_of=AS_OF)) == set(dtypes(CostTotals))
    row = cost_totals(twelve_projects.assign(status="cancelled"), as_of=AS_OF).iloc[0]
    assert row["n"] == 0
    assert np.isnan(row["cost_variance_share"])
    free = cost_totals(costs([0.0], [5.0]), as_of=AS_OF).iloc[0]
    assert free["cost_variance"] == 5
    assert np.isnan(free["cost_variance_share"])


def test_a_negative_budget_is_set_aside_by_the_loader():
    rows = pd.DataFrame({
        "project_id": ["A", "B"], "name": ["A", "B"], "status": ["done", "done"],
        "baseline_budget": ["-5", "0"], "actual_cost": ["1", "1"], "currency": ["EUR", "EUR"],
    })  # fmt: skip
    quarantine = Quarantine()
    projects = load_projects(rows, quarantine=quarantine)
    assert projects["project_id"].tolist() == ["B"]
    assert quarantine.problems["column"].tolist() == ["baseline_budget"]
    assert on_budget_rate(projects, as_of=AS_OF).loc[0, ["k", "n"]].tolist() == [0, 1]


def paid(*rows, currency=None):
    table = pd.DataFrame(rows, columns=["project_id", "year", "actual_cost"])
    return table.assign(currency=currency).astype(dtypes(CostByYear))


def index(**levels):
    return pd.DataFrame(
        {"year": [int(year[1:]) for year in levels], "price_index": [*levels.values()]}
    )


STARTED = {"baseline_start_date": pd.Timestamp("2022-03-01")}


def test_real_costs_have_their_worked_value(examples):
    """M13: 50 at 100 and 55 at 110, against a budget of 100: 5 % over, in real terms nothing."""
    table = costs([100.0], [105.0], **STARTED)
    spent = paid(("P0", 2022, 50.0), ("P0", 2023, 55.0))
    row = real_costs(table, spent, index(y2022=100.0, y2023=110.0), as_of=AS_OF).iloc[0]
    shares = [row["cost_variance_share"], row["real_cost_variance_share"]]
    assert shares == pytest.approx(examples["M13"]["expected"], abs=1e-12)
    assert (row["base_year"], row["real_cost"]) == (2022, pytest.approx(100))
    assert pd.isna(row["reason"])


@pytest.mark.parametrize(
    ("change", "spent", "reason"),
    [
        ({}, [], "cost of a year is not known"),
        ({}, [("P0", 2022, 50.0), ("P0", 2023, np.nan)], "cost of a year is not known"),
        ({}, [("P0", 2022, 50.0)], "the years add up to another cost"),
        ({}, [("P0", 2022, 107.0)], "the years add up to another cost"),
        ({}, [("P0", 2022, 50.0), ("P0", 2021, 55.0)], "no price index of a year"),
        ({"baseline_start_date": pd.NaT}, [("P0", 2022, 105.0)],
         "no baseline start, so no price level of the plan"),
        ({"baseline_budget": 0.0}, [("P0", 2022, 105.0)], "planned at 0"),
    ],
)  # fmt: skip
def test_where_there_is_no_real_cost_it_is_said_why(change, spent, reason):
    table = costs([100.0], [105.0], **STARTED).assign(**change)
    row = real_costs(table, paid(*spent), index(y2022=100.0, y2023=110.0), as_of=AS_OF).iloc[0]
    assert row["reason"] == reason
    assert np.isnan(row["real_cost_variance_share"])


def test_a_year_has_one_price_level():
    twice = pd.concat([index(y2022=100.0), index(y2022=101.0)])
    with pytest.raises(PMAnalyticsError, match="year repeats in the PriceIndex table"):
        real_costs(costs([100.0], [105.0], **STARTED), paid(), twice, as_of=AS_OF)


def test_groups_may_be_named_like_what_we_reckon_with():
    table = costs([100.0, 10.0], [90.0, 10.0]).assign(due=["a", "b"], limit=["x", "x"])
    assert cost_totals(table, as_of=AS_OF, by="due")["budget"].tolist() == [100, 10]
    assert on_budget_rate(table, as_of=AS_OF, by="limit")["limit"].tolist() == ["x"]


def test_a_project_paid_for_in_another_currency_has_no_costs_and_the_others_keep_theirs():
    """P1's 105 of 2022 are 5 % over 100; P0's dollars cannot be compared with its euros."""
    table = costs([100.0, 100.0], [105.0, 105.0], **STARTED)
    spent = paid(("P0", 2022, 55.0), ("P0", 2023, 50.0), ("P1", 2022, 105.0))
    spent = spent.assign(currency=["EUR", "USD", None]).astype(dtypes(CostByYear))
    real = real_costs(table, spent, index(y2022=100.0, y2023=100.0), as_of=AS_OF)
    amounts = ["nominal_cost", "real_cost", "cost_variance_share", "real_cost_variance_share"]
    assert real.loc[0, amounts].isna().all()
    assert real.loc[0, "reason"] == "paid for in another currency than planned"
    assert real.loc[1, "real_cost_variance_share"] == pytest.approx(0.05)
    assert pd.isna(real.loc[1, "reason"])


def test_without_finished_projects_there_are_no_real_costs(twelve_projects):
    open_only = twelve_projects.assign(status="open")
    for table in (twelve_projects.head(0), open_only):
        real = real_costs(table, empty(CostByYear), empty(PriceIndex), as_of=AS_OF)
        assert real.empty
        assert set(real) == set(dtypes(RealCosts))


def test_nothing_to_convert_needs_no_rate():
    assert in_currency(empty(Projects), empty(ExchangeRates), currency="EUR").empty


@pytest.mark.parametrize(
    ("table", "amount"),
    [
        (pd.DataFrame({"risk_id": ["R1"], "impact_cost": [10.0], "currency": ["USD"]}), 9.0),
        (pd.DataFrame({"project_id": ["P1"], "earned_value": [20.0], "currency": ["USD"]}), 18.0),
    ],
)
def test_amounts_of_any_table_are_converted(table, amount):
    converted = in_currency(table, rates(EUR=1.0, USD=0.9), currency="EUR")
    assert converted.iloc[0].tolist()[1:] == [amount, "EUR"]


def test_a_table_without_a_currency_is_refused():
    with pytest.raises(PMAnalyticsError, match="currency"):
        in_currency(pd.DataFrame({"actual_cost": [1.0]}), rates(EUR=1.0), currency="EUR")


def portfolio_of(rate_rows):
    risks = pd.DataFrame(
        {"risk_id": ["R1", "R2", "R3"], "impact_cost": [10.0, 10.0, 10.0],
         "currency": ["EUR", "USD", "EUR"]}
    )  # fmt: skip
    given = rates(**rate_rows) if rate_rows else empty(ExchangeRates)
    return Portfolio(as_of="2024-06-30", risks=risks, exchange_rates=given)


def test_a_portfolio_is_converted_where_rates_are_given():
    found = in_main_currency(portfolio_of({"USD": 1.0, "EUR": 1.25}))
    assert found.risks["impact_cost"].tolist() == [12.5, 10.0, 12.5]
    assert found.risks["currency"].unique().tolist() == ["USD"]
    assert found.notes == ()


def test_without_rates_sums_keep_to_the_most_frequent_currency_and_say_what_they_leave_out():
    found = in_main_currency(portfolio_of({}))
    assert found.risks["risk_id"].tolist() == ["R1", "R3"]
    assert found.notes == ("Sums leave out 1 row of risks in USD: no exchange rate.",)


def test_a_project_without_a_rate_loses_its_amounts_and_nothing_else():
    rows = {"project_id": ["P1", "P2", "P3"], "baseline_budget": [1.0, 2.0, 3.0]}
    projects = empty(Projects).reindex(range(3)).assign(**rows, currency=["EUR", "USD", "EUR"])
    found = in_main_currency(Portfolio(as_of="2024-06-30", projects=projects))
    assert found.projects["project_id"].tolist() == ["P1", "P2", "P3"]
    assert found.projects["baseline_budget"].fillna(-1).tolist() == [1.0, -1.0, 3.0]
    assert found.projects["currency"].fillna("").tolist() == ["EUR", "", "EUR"]
    assert found.notes == ("Sums leave out 1 row of projects in USD: no exchange rate.",)


def test_a_portfolio_without_money_stays_as_it_is():
    portfolio = Portfolio(as_of="2024-06-30")
    assert in_main_currency(portfolio) is portfolio
