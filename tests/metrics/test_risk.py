import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    exposure_over_time,
    load_table,
    risk_exposure,
    risk_hygiene,
)
from pmanalytics.errors import MixedCurrenciesError
from pmanalytics.schemas import Risks, dtypes, empty

AS_OF = "2024-06-30"


def register(*rows):
    """Return risks, each as its differences from an open one of 30 % and 50 000."""
    plain = {"status": "open", "probability": 0.3, "impact_cost": 50_000, "currency": "EUR"}
    return load_table(
        pd.DataFrame([plain | {"risk_id": f"R{n}"} | row for n, row in enumerate(rows, 1)]), Risks
    )


WORKED = [
    {},
    {"probability": 0.1, "impact_cost": 200_000},
    {"probability": 0.6, "impact_cost": 1e4},
]


def test_the_worked_example(examples):
    """M52: 15 000 + 20 000 + 6 000; 1 − 0.7 · 0.9 · 0.4; then the first one is closed."""
    exposure, any_share, after = examples["M52"]["expected"]
    row = risk_exposure(register(*WORKED), as_of=AS_OF).iloc[0]
    assert (row["exposure"], row["any_share"]) == pytest.approx((exposure, any_share))
    closed = register({"status": "closed"}, *WORKED[1:])
    assert risk_exposure(closed, as_of=AS_OF)["exposure"].tolist() == pytest.approx([after])


def test_risks_being_mitigated_are_open():
    row = risk_exposure(register({"status": "mitigating"}), as_of=AS_OF).iloc[0]
    assert (row["exposure"], row["n_open"]) == (15_000, 1)


def test_a_risk_without_an_assessment_is_counted_and_not_in_the_sum():
    rows = register({}, {"probability": ""}, {"impact_cost": ""})
    row = risk_exposure(rows, as_of=AS_OF).iloc[0]
    assert (row["exposure"], row["n_open"], row["n_unassessed"]) == (15_000, 3, 2)
    assert row["any_share"] == pytest.approx(1 - 0.7 * 0.7)


def test_a_register_without_assessments_has_no_exposure():
    row = risk_exposure(register({"probability": ""}), as_of=AS_OF).iloc[0]
    assert pd.isna(row["exposure"])
    assert pd.isna(row["any_share"])
    assert row["reason"] == "no open risk has a probability and a cost"


def test_a_register_of_ended_risks_is_exposed_to_nothing():
    row = risk_exposure(register({"status": "closed"}, {"status": "occurred"}), as_of=AS_OF).iloc[0]
    assert (row["exposure"], row["any_share"], row["n_open"]) == (0, 0, 0)
    assert (row["n_closed"], row["n_occurred"]) == (1, 1)


def test_what_happens_after_the_status_date_is_not_known():
    rows = register(
        {"status": "closed", "closed_date": "2024-07-05"}, {"opened_date": "2024-07-01"}
    )
    row = risk_exposure(rows, as_of=AS_OF).iloc[0]
    assert (row["n_open"], row["n_closed"]) == (1, 0)


def test_exposure_is_told_by_project():
    rows = register({"project_id": "P1"}, {"project_id": "P2"}, {"project_id": "P1"}, {})
    table = risk_exposure(rows, as_of=AS_OF, by="project_id")
    assert table["project_id"].tolist()[:2] == ["P1", "P2"]
    assert table["exposure"].tolist() == [30_000, 15_000, 15_000]


def test_currencies_are_not_added_up():
    rows = register({}, {"currency": "USD"})
    with pytest.raises(MixedCurrenciesError, match="EUR, USD"):
        risk_exposure(rows, as_of=AS_OF)
    with pytest.raises(MixedCurrenciesError):
        exposure_over_time(rows.assign(opened_date=pd.Timestamp("2024-01-01")), dates=[AS_OF])
    table = risk_exposure(rows, as_of=AS_OF, by="currency")
    assert table["currency"].tolist() == ["EUR", "USD"]
    ended = register({}, {"currency": "USD", "status": "closed"})
    assert risk_exposure(ended, as_of=AS_OF)["currency"].tolist() == ["EUR"]


@pytest.mark.parametrize("by", ["exposure", ["owner", "owner"], "nobody", 5])
def test_impossible_groups_are_refused(by):
    with pytest.raises(PMAnalyticsError):
        risk_exposure(register({}), as_of=AS_OF, by=by)


def test_exposure_falls_when_risks_are_closed():
    """By hand: 15 000 until 19 April, 20 000 from 1 February; both dates count for the day."""
    rows = register(
        {"opened_date": "2024-01-10", "status": "closed", "closed_date": "2024-04-20"},
        {"opened_date": "2024-02-01", "probability": 0.1, "impact_cost": 200_000},
        {"opened_date": ""},
        {"opened_date": "2024-01-01", "status": "occurred"},
    )
    dates = ["2024-01-09", "2024-02-01", "2024-04-19", "2024-04-20"]
    table = exposure_over_time(rows, dates=dates[::-1])
    assert table["date"].dt.strftime("%Y-%m-%d").tolist() == dates
    assert table["exposure"].tolist() == [0, 35_000, 35_000, 20_000]
    assert table["n_open"].tolist() == [0, 2, 2, 1]
    assert table["n_undated"].tolist() == [2] * 4


def test_a_date_on_which_nothing_is_assessed_has_no_exposure():
    rows = register({"opened_date": "2024-01-10", "probability": ""})
    table = exposure_over_time(rows, dates=["2024-01-01", "2024-02-01"])
    assert table["exposure"].fillna(-1).tolist() == [0, -1]


def test_registers_without_days_are_left_out_counted():
    table = exposure_over_time(register({}), dates=[AS_OF])
    assert table[["n_open", "n_undated"]].to_numpy().tolist() == [[0, 1]]


@st.composite
def registers(draw):
    n = draw(st.integers(1, 15))
    column = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    days = st.dates(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2024-12-31").date())
    table = empty(Risks).reindex(range(n)).assign(
        risk_id=[f"R{number}" for number in range(n)],
        status=column(st.sampled_from(["open", "mitigating", "closed", "occurred"])),
        probability=column(st.none() | st.floats(0, 1)),
        impact_cost=column(st.none() | st.integers(0, 1000)),
        opened_date=column(days), closed_date=column(days), currency="EUR",
    )  # fmt: skip
    return table.astype(dtypes(Risks))


@settings(deadline=None, max_examples=30)
@given(registers())
def test_the_last_point_of_the_curve_is_the_exposure(rows):
    now = risk_exposure(rows, as_of=AS_OF)
    then = exposure_over_time(rows, dates=["2024-03-31", AS_OF]).iloc[-1]
    expected = now["exposure"].sum(min_count=1) if len(now) else 0
    assert then["exposure"] == pytest.approx(expected, nan_ok=True)
    assert then["n_open"] == now["n_open"].sum()


def test_open_risks_that_nobody_looks_after_are_found():
    rows = register(
        {"owner": "Ada", "review_due_date": "2024-06-29", "opened_date": "2024-06-20"},
        {"owner": "", "review_due_date": "2024-06-30", "impact_cost": ""},
        {"status": "closed", "owner": "", "review_due_date": "2024-01-01"},
    )
    table = risk_hygiene(rows, as_of=AS_OF)
    assert table["risk_id"].tolist() == ["R1", "R2"]
    assert table["is_review_overdue"].tolist() == [True, False]
    assert table["has_no_owner"].tolist() == [False, True]
    assert table["has_no_assessment"].tolist() == [False, True]
    assert table["age_days"].tolist()[0] == 10


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"status": "Closed"}, "has the status 'Closed'"),
        ({"probability": 30.0}, "has the probability 30.0"),
        ({"impact_cost": -1.0}, "has the impact_cost -1.0"),
        ({"risk_id": "R0"}, "risk_id repeats"),
    ],
)
def test_a_register_whose_sums_would_be_wrong_is_refused(wrong, said):
    """Read by the loaders it could not be so, but anyone may hand over a frame of their own."""
    with pytest.raises(PMAnalyticsError, match=said):
        risk_exposure(register({}, {}).assign(**wrong), as_of=AS_OF)


def test_an_empty_register_gives_empty_tables():
    assert risk_exposure(empty(Risks), as_of=AS_OF).empty
    assert exposure_over_time(empty(Risks), dates=[AS_OF]).empty
    assert risk_hygiene(empty(Risks), as_of=AS_OF).empty
