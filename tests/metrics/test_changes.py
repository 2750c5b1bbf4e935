from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    Portfolio,
    changes_between,
    load_products,
    load_projects,
    load_status_history,
    portfolio_changes,
    staleness,
    staleness_summary,
)
from pmanalytics.schemas import Risks, empty

AS_OF = "2024-06-30"


def state(**columns):
    return pd.DataFrame({"project_id": ["P1", "P2"], **columns})


def found(then, now, *watched):
    return changes_between(then, now, key="project_id", watched=list(watched))


def test_the_worked_example(examples):
    """M55: the due date moves by 30 days, the budget by 20 %."""
    then = state(due=pd.to_datetime(["2024-05-31", "2024-05-31"]), budget=[100.0, 100.0])
    now = state(due=pd.to_datetime(["2024-06-30", "2024-05-31"]), budget=[120.0, 100.0])
    table = found(then, now, "due", "budget")
    assert table["record_id"].tolist() == ["P1", "P1"]
    days, share = examples["M55"]["expected"]
    assert table["delta_days"].tolist()[0] == days
    assert table["delta_share"].tolist()[1] == pytest.approx(share)
    assert table["words"].tolist() == [
        "due from 2024-05-31 to 2024-06-30 (+30 days)", "budget from 100 to 120 (+20 %)",
    ]  # fmt: skip


def test_records_come_and_go():
    then = pd.DataFrame({"project_id": ["P1", "P2"], "stage": ["A", "A"]})
    now = pd.DataFrame({"project_id": ["P3", "P1"], "stage": ["A", "B"]})
    table = found(then, now, "stage")
    assert table[["record_id", "kind"]].to_numpy().tolist() == [
        ["P3", "new"], ["P1", "changed"], ["P2", "gone"],
    ]  # fmt: skip
    assert table.loc[1, "words"] == "stage from A to B"


def test_what_is_missing_in_both_states_has_not_changed():
    then = state(due=pd.to_datetime([None, None]), owner=[None, "Ada"], cost=[np.nan, 1.0])
    now = state(due=pd.to_datetime([None, None]), owner=[None, None], cost=[np.nan, np.nan])
    table = found(then, now, "due", "owner", "cost")
    assert table["words"].tolist() == ["owner removed, was Ada", "cost removed, was 1"]
    assert table[["delta_days", "delta_amount", "delta_share"]].isna().all().all()


def test_only_what_is_watched_is_told():
    assert found(state(stage=["A", "A"]), state(stage=["B", "A"])).empty


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (pd.array([1, 2], dtype="Int64"), np.array([1.0, 2.0])),
        (pd.array([1, None], dtype="Int64"), np.array([1.0, np.nan])),
        (pd.array(["a", None], dtype="str"), np.array(["a", None], dtype=object)),
        (pd.Categorical(["a", "b"]), np.array(["a", "b"], dtype=object)),
        (
            pd.to_datetime(["2024-05-31", None]).as_unit("ns"),
            pd.to_datetime(["2024-05-31", None]).as_unit("s"),
        ),
        (np.array(["2024-05-31", None], dtype=object), pd.to_datetime(["2024-05-31", None])),
        (np.array(["5", "6"], dtype=object), np.array([5, 6])),
        (np.array([True, False]), pd.array([True, False], dtype="boolean")),
        (np.array([np.nan, np.nan]), np.array([None, None], dtype=object)),
    ],
)
def test_another_kind_of_column_is_no_change(old, new):
    assert found(state(field=old), state(field=new), "field").empty
    assert found(state(field=new), state(field=old), "field").empty


def test_a_column_that_was_empty_is_filled():
    then = state(due=np.array([np.nan, np.nan]))
    now = state(due=pd.to_datetime(["2024-05-31", None]))
    assert found(then, now, "due")["words"].tolist() == ["due set to 2024-05-31"]


@pytest.mark.parametrize(
    ("new", "said"), [(100.06, "+0.06 %"), (97.0, "−3 %"), (1300.0, "+1,200 %")]
)
def test_a_small_change_is_not_told_as_none(new, said):
    table = found(state(cost=[100.0, 1.0]), state(cost=[new, 1.0]), "cost")
    assert table["words"].tolist()[0].endswith(f"({said})")


def test_no_share_of_nothing_is_told():
    table = found(state(cost=[0.0, 1.0]), state(cost=[5.0, 1.0]), "cost")
    assert table["delta_amount"].tolist() == [5.0]
    assert table["delta_share"].isna().all()
    assert table["words"].tolist() == ["cost from 0 to 5"]


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (pd.DataFrame({"project_id": ["P1", "P1"], "stage": "A"}), "'P1' is on two rows"),
        (pd.DataFrame({"project_id": ["P1", None], "stage": "A"}), "rows without project_id"),
        (pd.DataFrame({"project_id": ["P1"]}), "lacks: stage"),
        ([1, 2], "is list, not a DataFrame"),
        (
            pd.DataFrame([["P1", "A", "B"]], columns=["project_id", "stage", "stage"]),
            "two columns of one name",
        ),
    ],
)
def test_states_that_cannot_be_compared_are_refused(then, said):
    with pytest.raises(PMAnalyticsError, match=said):
        found(then, state(stage="A"), "stage")


CELLS = st.none() | st.sampled_from(["A", "B"])


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.integers(0, 9), CELLS), st.dictionaries(st.integers(0, 9), CELLS))
def test_the_way_back_is_the_way_there_turned_round(then, now):
    states = [pd.DataFrame({"project_id": list(s), "stage": list(s.values())}) for s in (then, now)]
    there, back = found(*states, "stage"), found(*states[::-1], "stage")
    turned = {"new": "gone", "gone": "new", "changed": "changed"}
    assert set(zip(there["record_id"], there["kind"], strict=True)) == {
        (record, turned[kind]) for record, kind in zip(back["record_id"], back["kind"], strict=True)
    }
    assert found(states[1], states[1], "stage").empty
    expected = {str(k) for k in then.keys() ^ now.keys()}
    expected |= {str(k) for k in then.keys() & now.keys() if then[k] != now[k]}
    assert set(there["record_id"]) == expected


def portfolio(as_of, **project):
    row = {
        "project_id": "P1", "name": "One", "status": "open", "currency": "EUR",
        "baseline_finish_date": "2024-06-15", "baseline_budget": 100,
    }  # fmt: skip
    return Portfolio(
        as_of=as_of,
        products=load_products(pd.DataFrame({"product_id": ["A"], "name": ["Atlas"]})),
        projects=load_projects(pd.DataFrame([row | project])),
    )


def test_two_portfolios_tell_what_happened_and_what_it_means():
    then = portfolio("2024-05-31")
    now = portfolio("2024-06-30", baseline_budget=120, project_manager="Ada", actual_cost=130)
    table = portfolio_changes(then, now)
    assert table["table"].unique().tolist() == ["projects"]
    assert table["words"].tolist() == [
        "project manager set to Ada",
        "baseline budget from 100 to 120 (+20 %)",
        "on time from not due to late open",
        "on budget from undetermined to over open",
    ]


def test_a_move_of_stage_is_known_from_the_history():
    """The record shows the last stage only; the history tells when it was entered."""
    history = pd.DataFrame({"item_id": ["A", "A"], "to_status": ["Development", "Market"],
                            "changed_at": ["2024-01-01", "2024-06-15"]})  # fmt: skip
    changes = load_status_history(history, level="product", time_zone="UTC")
    then, now = (
        replace(portfolio(day), status_changes=changes) for day in ("2024-05-31", "2024-06-30")
    )
    table = portfolio_changes(then, now)
    assert table[["table", "record_id", "words"]].to_numpy().tolist()[0] == [
        "products", "A", "stage from Development to Market",
    ]  # fmt: skip


def test_nothing_is_news_where_nothing_changed():
    assert portfolio_changes(portfolio("2024-05-31"), portfolio("2024-05-31")).empty
    assert portfolio_changes(Portfolio(as_of=AS_OF), Portfolio(as_of=AS_OF)).empty


def test_a_record_is_stale_after_more_days_than_allowed(examples):
    """M54: updated 20 days ago; 14 are allowed."""
    rows = state(updated_date=pd.to_datetime(["2024-06-10", "2024-06-16"]))
    table = staleness(rows, as_of=AS_OF, key="project_id")
    assert table["unchanged_days"].tolist() == [examples["M54"]["expected"], 14.0]
    assert table["is_stale"].tolist() == [True, False]


def test_the_latest_update_known_on_the_day_counts():
    rows = pd.DataFrame(
        {
            "project_id": ["P1", "P1", "P2", "P1"],
            "seen": pd.to_datetime(["2024-06-10", "2024-06-20", "2024-07-05", "2024-07-01"]),
        }
    )
    table = staleness(rows, as_of=AS_OF, key="project_id", updated="seen")
    assert table["unchanged_days"].tolist()[0] == 10.0
    assert pd.isna(table["is_stale"].tolist()[1])


def test_an_update_falls_on_the_day_of_its_zone():
    """22:30 UTC of 15 June is 16 June in Berlin: 14 days."""
    rows = pd.DataFrame({"key": ["A-1"], "updated_at": pd.to_datetime(["2024-06-15T22:30Z"])})
    options = {"as_of": AS_OF, "key": "key", "updated": "updated_at"}
    assert staleness(rows, **options, time_zone="Europe/Berlin")["is_stale"].tolist() == [False]
    assert staleness(rows, **options)["unchanged_days"].tolist() == [15.0]


def test_records_without_an_update_are_counted_apart():
    rows = pd.DataFrame(
        {
            "project_id": ["P1", "P2", "P3"],
            "updated_date": pd.to_datetime(["2024-06-10", "2024-06-28", None]),
        }
    )
    row = staleness_summary(staleness(rows, as_of=AS_OF, key="project_id")).iloc[0]
    assert (row["n"], row["n_stale"], row["n_unknown"], row["stale_share"]) == (2, 1, 1, 0.5)
    assert (row["median_days"], row["longest_days"]) == (11.0, 20.0)


def test_without_any_update_there_is_no_share():
    rows = state(updated_date=[None, None])
    row = staleness_summary(staleness(rows, as_of=AS_OF, key="project_id")).iloc[0]
    assert (row["n"], row["n_unknown"]) == (0, 2)
    assert pd.isna(row["stale_share"])


def test_empty_tables_stay_empty():
    table = staleness(empty(Risks), as_of=AS_OF, key="risk_id", updated="opened_date")
    assert table.empty
    assert staleness_summary(table).empty


def test_what_is_no_date_is_refused():
    with pytest.raises(PMAnalyticsError, match="not dates"):
        staleness(state(updated_date=["June", "July"]), as_of=AS_OF, key="project_id")


def test_an_update_of_the_status_date_is_known():
    rows = pd.DataFrame({"project_id": ["P1"], "updated_date": pd.to_datetime(["2024-06-30"])})
    assert staleness(rows, as_of="2024-06-30", key="project_id").loc[0, "unchanged_days"] == 0
    assert pd.isna(staleness(rows, as_of="2024-06-29", key="project_id").loc[0, "unchanged_days"])
