import pandas as pd
import pytest

from pmanalytics import open_commitments
from pmanalytics.errors import MixedCurrenciesError
from pmanalytics.schemas import Projects, dtypes, empty

AS_OF = "2024-06-30"


@pytest.fixture
def five():
    """Return two open projects, a late one, one on hold without a budget, and a finished one."""
    rows = pd.DataFrame(
        {
            "project_id": ["A", "B", "C", "D", "E"],
            "name": "Any",
            "status": ["open", "open", "open", "on_hold", "done"],
            "product_id": ["X", "X", "Y", "Y", "Y"],
            "baseline_finish_date": ["2024-09-30", "2024-09-30", "2024-03-31", None, "2024-01-31"],
            "forecast_finish_date": ["2024-10-31", "2024-09-30", None, None, None],
            "actual_finish_date": [None, None, None, None, "2024-01-31"],
            "baseline_budget": [100.0, 200.0, 400.0, None, 800.0],
            "forecast_cost": [150.0, 190.0, None, 70.0, 900.0],
            "currency": "EUR",
        }
    )
    return empty(Projects).reindex(range(5)).assign(**rows).astype(dtypes(Projects))


def test_budgets_and_forecasts_of_open_projects_add_up(five):
    """A is 50 over, B 10 under; C has no forecast and D no budget; E is finished."""
    total = open_commitments(five, as_of=AS_OF).iloc[0]
    assert total[["n", "budget", "n_no_budget"]].tolist() == [4, 700, 1]
    assert total[["n_late_open", "late_budget"]].tolist() == [1, 400]
    assert total[["n_forecast", "n_late_forecast"]].tolist() == [2, 1]
    assert total[["n_compared", "n_over_forecast"]].tolist() == [2, 1]
    assert total["overrun"] == 40
    assert total["overrun_share"] == pytest.approx(40 / 300)


def test_groups_add_up_to_the_whole(five):
    groups = open_commitments(five, as_of=AS_OF, by="product_id")
    whole = open_commitments(five, as_of=AS_OF).iloc[0]
    assert groups["product_id"].tolist() == ["X", "Y"]
    for name in ("n", "n_late_open", "budget", "late_budget", "forecast_cost"):
        assert groups[name].sum() == whole[name]
    assert pd.isna(groups.loc[1, "overrun"])


def test_amounts_in_several_currencies_are_not_added(five):
    five.loc[0, "currency"] = "USD"
    with pytest.raises(MixedCurrenciesError):
        open_commitments(five, as_of=AS_OF)


def test_no_projects_are_no_commitments():
    nothing = open_commitments(empty(Projects), as_of=AS_OF)
    assert nothing[["n", "budget"]].sum().tolist() == [0, 0]
