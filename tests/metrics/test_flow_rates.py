from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, flow_by_day, littles_law, throughput
from pmanalytics.schemas import FlowByDay, FlowItems, LittlesLaw, Throughput, empty

DAYS = st.dates(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2024-03-31").date())


def items_of(*rows):
    """Return items from (item, start, finish[, cancelled]); '' is missing."""
    rows = [(*row, "")[:4] for row in rows]
    table = pd.DataFrame(rows, columns=["item_id", "started", "finished", "cancelled"])
    days = {f"{n}_date": pd.to_datetime(table[n].replace("", None)) for n in table.columns[1:]}
    table = table[["item_id"]].assign(**days)
    is_over, is_dropped = table["finished_date"].notna(), table["cancelled_date"].notna()
    state = np.select([is_over, is_dropped], ["finished", "cancelled"], "in_progress")
    return table.assign(
        level="work_item", stage="Dev", state=state, created_date=table["started_date"],
        history_complete=True,
    )  # fmt: skip


FOUR = items_of(
    ("A", "2024-01-01", "2024-01-03"),
    ("B", "2024-01-02", "2024-01-05"),
    ("C", "2024-01-04", ""),
    ("D", "2024-01-04", "2024-01-04"),
)
ITEMS = st.lists(
    st.tuples(DAYS, st.integers(0, 40), st.sampled_from(["finished", "cancelled", "open"])),
    max_size=12,
).map(
    lambda rows: items_of(
        *[
            (str(n), str(start), *_ends(start, length, state))
            for n, (start, length, state) in enumerate(rows)
        ]
    )
)


def _ends(start, length, state):
    end = str((pd.Timestamp(start) + pd.Timedelta(days=length)).date())
    return {"finished": (end, ""), "cancelled": ("", end), "open": ("", "")}[state]


def test_wip_and_throughput_are_the_worked_ones(examples):
    """M41."""
    daily = flow_by_day(FOUR, as_of="2024-01-05")
    assert [daily["wip"].tolist(), daily["throughput"].tolist()] == examples["M41"]["expected"]
    assert daily["n_started"].tolist() == [1, 1, 0, 2, 0]


def test_littles_law_is_the_worked_one(examples):
    """M42: exact for the window, and not steady."""
    row = littles_law(FOUR, as_of="2024-01-05").iloc[0]
    found = [row["mean_wip"], row["items_per_day"], row["days_per_item"]]
    found += [found[1] * found[2], row["implied_cycle_time_days"], row["mean_cycle_time_days"]]
    assert found == pytest.approx(examples["M42"]["expected"], abs=5e-5)
    assert row["is_steady"] is False or not row["is_steady"]
    assert row["reason"] == "mean WIP ÷ throughput and mean cycle time differ by more than 20 %"


@settings(deadline=None, max_examples=40)
@given(ITEMS, DAYS, DAYS)
def test_over_any_window_littles_law_holds_exactly(items, one, other):
    """§11.7, in rational numbers: the days in progress are counted by day and by item."""
    first, last = sorted([one, other])
    daily = flow_by_day(items, as_of=last, since=first)
    law = littles_law(items, as_of=last, since=first)
    is_any_known = (items["started_date"] <= pd.Timestamp(last)).any()
    assert len(law) == int(is_any_known)
    for row in law.to_dict("records"):
        mean_wip = Fraction(int(daily["wip"].sum()), row["n_days"])
        if not row["n_items"]:
            assert mean_wip == row["item_days"] == 0
            continue
        per_day = Fraction(row["n_items"], row["n_days"])
        assert mean_wip == per_day * Fraction(row["item_days"], row["n_items"])


@settings(deadline=None, max_examples=40)
@given(ITEMS)
def test_wip_grows_by_what_begins_and_falls_by_what_ended_the_day_before(items):
    daily = flow_by_day(items, as_of="2024-06-30")
    ended = daily["throughput"] + daily["n_cancelled"]
    change = daily["n_started"] - ended.shift(fill_value=0)
    assert daily["wip"].tolist() == change.cumsum().tolist()


@settings(deadline=None, max_examples=20)
@given(ITEMS, DAYS)
def test_a_later_first_day_leaves_the_numbers_of_the_other_days(items, since):
    whole = flow_by_day(items, as_of="2024-03-31")
    part = flow_by_day(items, as_of="2024-03-31", since=since)
    later = whole[whole["date"] >= pd.Timestamp(since)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, later)


def test_periods_without_a_finish_are_kept_and_those_cut_by_the_window_marked():
    """5 January 2024 is a Friday, the 31st a Wednesday."""
    items = items_of(("A", "2024-01-05", "2024-01-05"), ("B", "2024-01-05", "2024-01-30"))
    weeks = throughput(items, as_of="2024-01-31")
    assert weeks["period_start_date"].dt.strftime("%m-%d").tolist() == [
        "01-01", "01-08", "01-15", "01-22", "01-29",
    ]  # fmt: skip
    assert weeks["throughput"].tolist() == [1, 0, 0, 0, 1]
    assert weeks["n_days"].tolist() == [3, 7, 7, 7, 3]
    assert weeks["is_complete"].tolist() == [False, True, True, True, False]


def test_months_have_the_length_of_the_calendar():
    items = items_of(("A", "2024-01-31", "2024-02-29"))
    months = throughput(items, as_of="2024-03-31", period="month")
    assert months["n_days"].tolist() == [1, 29, 31]
    assert months["is_complete"].tolist() == [False, True, True]
    assert months["throughput"].tolist() == [0, 1, 0]


def test_a_day_that_is_not_over_is_not_complete():
    items = items_of(("A", "2024-01-01", "2024-01-02"))
    noon = throughput(items, as_of="2024-01-02T12:00Z", period="day")
    evening = throughput(items, as_of="2024-01-02", period="day")
    assert noon["is_complete"].tolist() == [True, False]
    assert evening["is_complete"].tolist() == [True, True]


def test_cancelled_items_are_not_throughput_but_leave_what_is_in_progress():
    items = items_of(("A", "2024-01-01", "", "2024-01-02"))
    daily = flow_by_day(items, as_of="2024-01-03")
    assert daily["throughput"].tolist() == [0, 0, 0]
    assert daily["n_cancelled"].tolist() == [0, 1, 0]
    assert daily["wip"].tolist() == [1, 1, 0]


def test_every_group_has_the_same_days():
    items = FOUR.assign(team=["Red", "Red", "Blue", None])
    weekly = throughput(items, as_of="2024-01-07", by="team", period="day")
    assert weekly.groupby("team", dropna=False).size().tolist() == [7, 7, 7]
    daily = flow_by_day(items, as_of="2024-01-07", by=["team"])
    assert daily.groupby("date")["wip"].sum().tolist() == [1, 2, 2, 3, 2, 1, 1]


def test_the_sum_over_groups_is_the_whole():
    items = FOUR.assign(team=["Red", "Red", "Blue", None])
    law = littles_law(items, as_of="2024-01-05", by="team")
    assert law["item_days"].sum() == 10
    assert law["n_items"].sum() == 4


def begun_daily(first, periods, lasts, *, each=2):
    """Return items of which `each` are begun on every day, each in progress for so many days."""
    days = pd.date_range(first, periods=periods).repeat(each)
    ends = days + pd.Timedelta(days=lasts - 1)
    pairs = enumerate(zip(days, ends, strict=True))
    return items_of(*[(str(n), str(a.date()), str(b.date())) for n, (a, b) in pairs])


def test_as_many_in_as_out_and_a_constant_age_is_steady():
    """By hand: WIP 2 × 5 = 10, throughput 2, cycle time 5, mean age (1+2+3+4+5) / 5 = 3."""
    items = begun_daily("2024-01-01", 60, 5)
    row = littles_law(items, as_of="2024-02-20", since="2024-01-10").iloc[0]
    assert row["is_steady"]
    assert pd.isna(row["reason"])
    assert [row["mean_wip"], row["ratio"], row["mean_cycle_time_days"]] == [10, 1, 5]
    assert [row["mean_age_then_days"], row["mean_age_now_days"]] == [3, 3]


def test_what_never_ends_grows_old_and_the_flow_is_not_steady():
    """60 days with 20 in progress, of age 1 to 10, and one begun on the first and still open.

    Ages by hand: 20 · 5.5 = 110, and 15.5 in the first half, 45.5 in the second, over 21 items.
    """
    items = pd.concat(
        [
            begun_daily("2023-12-01", 100, 10),
            items_of(("Stuck", "2024-01-01", "")),
        ]
    )
    row = littles_law(items, as_of="2024-02-29", since="2024-01-01").iloc[0]
    ages = row[["mean_age_then_days", "mean_age_now_days"]].tolist()
    assert ages == pytest.approx([125.5 / 21, 155.5 / 21])
    assert row["ratio"] == pytest.approx(1.05)
    assert not row["is_steady"]
    assert row["reason"] == "the age of what is in progress changed by more than 20 %"


def test_a_flow_of_few_items_is_never_called_steady():
    row = littles_law(begun_daily("2024-01-01", 4, 5), as_of="2024-01-04").iloc[0]
    assert pd.isna(row["is_steady"])
    assert row["reason"] == "nothing was finished"
    pair = items_of(("A", "2024-01-01", "2024-01-01"), ("B", "2024-01-02", "2024-01-02"))
    row = littles_law(pair, as_of="2024-01-02").iloc[0]
    assert pd.isna(row["is_steady"])
    assert row["reason"] == "fewer than 5 were finished, or there is a single day"


def test_without_items_there_is_no_flow():
    for given_items in (empty(FlowItems), FOUR.head(0)):
        for found, schema in (
            (flow_by_day(given_items, as_of="2024-01-05"), FlowByDay),
            (throughput(given_items, as_of="2024-01-05"), Throughput),
            (littles_law(given_items, as_of="2024-01-05"), LittlesLaw),
            (littles_law(given_items, as_of="2024-01-05", since="2024-01-01"), LittlesLaw),
        ):
            assert found.dtypes.to_dict() == empty(schema).dtypes.to_dict()
            assert found.empty


def test_items_nobody_began_give_no_window():
    waiting = FOUR.assign(started_date=pd.NaT, finished_date=pd.NaT, created_date=pd.NaT)
    assert littles_law(waiting, as_of="2024-01-05").empty
    assert flow_by_day(waiting, as_of="2024-01-05").empty


def test_before_the_first_event_nothing_is_known_and_no_zero_claimed():
    assert len(flow_by_day(FOUR, as_of="2024-01-05", since="2023-01-01")) == 5
    weeks = throughput(FOUR, as_of="2024-01-07", since="2023-01-01")
    assert weeks["throughput"].tolist() == [3]


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(PMAnalyticsError, match="since='2024-02-01' lies after as_of='2024-01-05'"):
        flow_by_day(FOUR, as_of="2024-01-05", since="2024-02-01")


def test_an_unknown_period_or_zone_is_named():
    with pytest.raises(PMAnalyticsError, match="period='sprint' is none of day, week, month"):
        throughput(FOUR, as_of="2024-01-05", period="sprint")
    with pytest.raises(PMAnalyticsError, match="Mars/Olympus"):
        throughput(FOUR, as_of="2024-01-05", time_zone="Mars/Olympus")
