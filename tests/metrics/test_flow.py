import json

import pandas as pd
import pytest
from histories import changes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Calendar,
    Lifecycle,
    PMAnalyticsError,
    flow_efficiency,
    flow_items,
    load_jira_json,
    stage_visits,
)
from pmanalytics.schemas import (
    FieldChanges,
    FlowEfficiencies,
    FlowItems,
    StageVisits,
    dtypes,
    empty,
)

FLOW = Lifecycle(
    {"Backlog": ["To Do"], "Dev": [], "Test": [], "Done": [], "Dropped": []},
    terminal=["Done"],
    cancelled=["Dropped"],
    waiting=["Backlog"],
)


def items_of(*rows, as_of="2024-01-31", flow=FLOW, **options):
    visits = stage_visits(changes_of(*rows), flow, as_of=as_of)
    return flow_items(visits, flow, as_of=as_of, **options)


def flags_of(*rows, level="work_item"):
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "old", "new"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True, format="ISO8601")
    return table.assign(level=level, field="flagged").astype({"old": "str", "new": "str"})


FOUR = [
    ("A", "2024-01-01T09:00Z", "Dev"),
    ("A", "2024-01-03T17:00Z", "Done"),
    ("B", "2024-01-02T09:00Z", "Dev"),
    ("B", "2024-01-05T08:00Z", "Done"),
    ("C", "2024-01-04T09:00Z", "Dev"),
    ("D", "2024-01-04T09:00Z", "Dev"),
    ("D", "2024-01-04T11:00Z", "Done"),
]
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.datetimes(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-31")),
        st.sampled_from(["To Do", "Dev", "Test", "Done", "Dropped", "Elsewhere"]),
    ),
    max_size=25,
).map(lambda rows: sorted(rows, key=lambda row: row[:2]))


def test_cycle_times_and_age_are_the_worked_ones(examples):
    """M40."""
    items = items_of(*FOUR, as_of="2024-01-05").set_index("item_id")
    cycle_times, ages = examples["M40"]["expected"]
    assert items.loc[["A", "B", "D"], "cycle_time_days"].tolist() == cycle_times
    assert items.loc[["C"], "work_item_age_days"].tolist() == ages
    assert items["state"].tolist() == ["finished", "finished", "in_progress", "finished"]


def test_without_the_day_that_kanban_tools_add_each_is_one_less():
    items = items_of(*FOUR, as_of="2024-01-05", inclusive=False).set_index("item_id")
    assert items.loc[["A", "B", "D"], "cycle_time_days"].tolist() == [2, 3, 0]
    assert items.loc["C", "work_item_age_days"] == 1


def test_with_a_calendar_each_time_has_its_working_days_beside_it():
    """Friday 5 January to Tuesday the 9th 2024 is 5 days with a weekend in them."""
    rows = [("A", "2024-01-04", "To Do"), ("A", "2024-01-05", "Dev"), ("A", "2024-01-09", "Done")]
    rows += [("B", "2024-01-06", "Dev")]  # a Saturday; to Wednesday the 31st
    items = items_of(*rows, calendar=Calendar()).set_index("item_id")
    names = ["cycle_time_days", "cycle_time_working_days", "lead_time_working_days"]
    assert items.loc["A", names].tolist() == [5, 3, 4]
    assert items.loc["B", "work_item_age_working_days"] == 18
    assert pd.isna(items.loc["B", "cycle_time_working_days"])
    plain = items_of(*rows, calendar=Calendar(), inclusive=False).set_index("item_id")
    assert plain.loc["A", names].tolist() == [4, 2, 3]
    without = items_of(*rows)
    assert without[["cycle_time_working_days", "lead_time_working_days"]].isna().all(axis=None)


def test_flow_efficiency_is_the_worked_one(examples):
    """M43: 3 days active, 5 waiting."""
    items = items_of(
        ("A", "2024-01-01", "Dev"), ("A", "2024-01-04", "To Do"), ("A", "2024-01-09", "Done")
    )
    assert items["active_days"].tolist() == [3]
    assert items["waiting_days"].tolist() == [5]
    assert items["flow_efficiency"].tolist() == [examples["M43"]["expected"]]
    assert flow_efficiency(items)["flow_efficiency"].tolist() == [examples["M43"]["expected"]]


def test_lead_time_counts_from_creation_and_cycle_time_from_the_first_working_stage():
    items = items_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-10", "Test"), ("A", "2024-01-12", "Done")
    )
    assert items[["lead_time_days", "cycle_time_days"]].to_numpy().tolist() == [[12, 3]]


def test_days_are_those_of_the_zone():
    """22:30 UTC is the next day in Berlin."""
    rows = [("A", "2024-01-01T10:00Z", "Dev"), ("A", "2024-01-02T23:30Z", "Done")]
    visits = stage_visits(changes_of(*rows), FLOW, as_of="2024-01-05", time_zone="Europe/Berlin")
    items = flow_items(visits, FLOW, as_of="2024-01-05", time_zone="Europe/Berlin")
    assert items["finished_date"].tolist() == [pd.Timestamp("2024-01-03")]
    assert items["cycle_time_days"].tolist() == [3]


def test_what_was_reopened_is_in_progress_and_finishes_with_the_last_entry():
    """Its time as done, 2 to 6 January, is waiting: nobody worked on it."""
    rows = [
        ("A", "2024-01-01", "Dev"),
        ("A", "2024-01-02", "Done"),
        ("A", "2024-01-06", "Dev"),
        ("A", "2024-01-08", "Done"),
    ]
    reopened, finished = items_of(*rows[:3]), items_of(*rows)
    assert reopened["state"].tolist() == ["in_progress"]
    assert reopened["finished_at"].isna().all()
    assert finished["cycle_time_days"].tolist() == [8]
    assert finished[["active_days", "waiting_days"]].to_numpy().tolist() == [[3, 4]]


def test_of_two_terminal_stages_the_entry_to_the_first_is_the_finish():
    flow = Lifecycle({"Dev": [], "Resolved": [], "Closed": []}, terminal=["Resolved", "Closed"])
    items = items_of(
        ("A", "2024-01-01", "Dev"),
        ("A", "2024-01-05", "Resolved"),
        ("A", "2024-01-20", "Closed"),
        flow=flow,
    )
    assert items["finished_date"].tolist() == [pd.Timestamp("2024-01-05")]


def test_cancelled_items_have_no_cycle_time():
    items = items_of(("A", "2024-01-01", "Dev"), ("A", "2024-01-05", "Dropped"))
    assert items["state"].tolist() == ["cancelled"]
    assert items["cancelled_date"].tolist() == [pd.Timestamp("2024-01-05")]
    assert items[["cycle_time_days", "lead_time_days", "finished_at"]].isna().all(axis=None)


def test_what_went_straight_to_the_end_was_never_begun():
    """Closed from the backlog: a cycle time of 1 day would flatter."""
    items = items_of(("A", "2024-01-01", "To Do"), ("A", "2024-01-05", "Done"))
    assert items["state"].tolist() == ["finished"]
    assert items[["started_at", "cycle_time_days", "flow_efficiency"]].isna().all(axis=None)
    assert items["lead_time_days"].tolist() == [5]


def test_an_item_whose_start_is_not_known_has_no_cycle_time_and_at_least_an_age():
    changes = changes_of(("A", "2024-01-03", "Dev"), ("A", "2024-01-05", "Done"))
    changes = pd.concat([changes, changes_of(("B", "2024-01-30", "Dev"))])
    changes["from_status"] = changes["from_status"].fillna("To Do")
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    items = flow_items(visits, FLOW, as_of="2024-01-31")
    assert not items["history_complete"].any()
    assert items["cycle_time_days"].isna().all()
    assert items["work_item_age_days"].fillna(0).tolist() == [0, 2]


def test_snapshots_that_saw_the_start_give_a_cycle_time_but_no_lead_time():
    changes = changes_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-10", "Dev"), ("A", "2024-01-12", "Done")
    )
    changes["from_status"] = changes["from_status"].fillna("unknown")
    seen = pd.to_datetime([None, "2024-01-08", "2024-01-11"], utc=True)
    visits = stage_visits(changes.assign(changed_after=seen), FLOW, as_of="2024-01-31")
    items = flow_items(visits, FLOW, as_of="2024-01-31")
    assert items["cycle_time_days"].tolist() == [3]
    assert items["lead_time_days"].isna().all()


def test_time_in_statuses_of_no_stage_is_neither_active_nor_waiting():
    items = items_of(
        ("A", "2024-01-01", "Dev"), ("A", "2024-01-02", "On the moon"), ("A", "2024-01-06", "Done")
    )
    assert items[["active_days", "waiting_days", "unmapped_days"]].to_numpy().tolist() == [
        [1, 0, 4]
    ]
    assert items["flow_efficiency"].tolist() == [1]


def test_a_flag_makes_work_waiting_and_what_waits_anyway_is_not_counted_twice():
    """Dev 1–5 January, backlog 5–7, Dev 7–9; flagged 3–6 and from the 8th on: 2 + 1 days."""
    rows = [
        ("A", "2024-01-01", "Dev"),
        ("A", "2024-01-05", "To Do"),
        ("A", "2024-01-07", "Dev"),
        ("A", "2024-01-09", "Done"),
    ]
    flags = flags_of(
        ("A", "2024-01-03", None, "Impediment"),
        ("A", "2024-01-06", "Impediment", None),
        ("A", "2024-01-08", None, "Impediment"),
    )
    items = items_of(*rows, field_changes=flags)
    days = ["active_days", "waiting_days", "blocked_days"]
    assert items[days].to_numpy().tolist() == [[3, 5, 3]]
    assert items["flow_efficiency"].tolist() == [0.375]
    assert items["is_flagged"].tolist() == [True]


def test_an_item_whose_first_known_change_takes_the_flag_away_was_blocked_before():
    flags = flags_of(("A", "2024-01-03", "Impediment", None))
    items = items_of(("A", "2024-01-01", "Dev"), ("A", "2024-01-05", "Done"), field_changes=flags)
    assert items[["blocked_days", "active_days"]].to_numpy().tolist() == [[2, 2]]
    assert items["is_flagged"].tolist() == [False]


def test_flags_after_the_status_date_and_of_other_items_are_not_known():
    flags = flags_of(
        ("A", "2024-02-03", None, "Impediment"), ("Z", "2024-01-02", None, "Impediment")
    )
    items = items_of(("A", "2024-01-01", "Dev"), field_changes=flags)
    assert items["blocked_days"].tolist() == [0]
    assert items["is_flagged"].tolist() == [False]


def test_without_field_changes_nothing_is_claimed_about_blocked_time():
    items = items_of(("A", "2024-01-01", "Dev"))
    assert items[["blocked_days", "is_flagged"]].isna().all(axis=None)


def test_flags_of_jiras_changelog_become_field_changes(tmp_path):
    """Jira calls the field Flagged and its value Impediment, an empty text or nothing without."""
    flag = {"field": "Flagged", "fieldtype": "custom", "fieldId": "customfield_10021"}
    moves = [
        ("2024-01-02", {"field": "status", "fromString": "Dev", "toString": "Test"}),
        ("2024-01-03", flag | {"from": None, "to": "[10019]", "toString": "Impediment"}),
        ("2024-01-05", flag | {"from": "[10019]", "fromString": "Impediment", "toString": ""}),
    ]
    histories = [
        {"id": str(n), "created": f"{day}T00:00:00.000+0000", "items": [item]}
        for n, (day, item) in enumerate(moves)
    ]
    issue = {
        "id": "1",
        "key": "A-1",
        "fields": {"status": {"name": "Test"}, "created": "2024-01-01T00:00:00.000+0000"},
        "changelog": {"total": 3, "histories": histories},
    }
    path = tmp_path / "jira.json"
    path.write_text(json.dumps({"issues": [issue]}), encoding="utf-8")
    jira = load_jira_json(path)
    assert jira.field_changes["field"].tolist() == ["flagged", "flagged"]
    assert jira.field_changes["new"].fillna("").tolist() == ["Impediment", ""]
    visits = stage_visits(jira.status_changes, FLOW, as_of="2024-01-10")
    items = flow_items(visits, FLOW, as_of="2024-01-10", field_changes=jira.field_changes)
    assert items[["active_days", "blocked_days"]].to_numpy().tolist() == [[8, 2]]


@pytest.mark.parametrize("level", ["product", "project"])
def test_products_and_projects_flow_like_issues(level):
    flow = Lifecycle({"Planning": [], "Execution": [], "Closed": []}, terminal=["Closed"])
    changes = changes_of(
        ("P", "2024-01-01", "Planning"), ("P", "2024-03-01", "Closed"), level=level
    )
    visits = stage_visits(changes, flow, as_of="2024-06-30")
    items = flow_items(visits, flow, as_of="2024-06-30")
    assert items[["level", "cycle_time_days"]].to_numpy().tolist() == [[level, 61]]


def test_no_visits_give_no_items():
    items = flow_items(empty(StageVisits).assign(team=""), FLOW, as_of="2024-01-31")
    assert items.dtypes[[*dtypes(FlowItems)]].to_dict() == empty(FlowItems).dtypes.to_dict()
    assert len(items) == 0
    assert "team" in items
    assert flow_efficiency(items).dtypes.to_dict() == empty(FlowEfficiencies).dtypes.to_dict()


def test_the_users_columns_stay_with_the_last_value():
    changes = changes_of(("A", "2024-01-01", "Dev"), ("A", "2024-01-03", "Done"))
    visits = stage_visits(changes.assign(team=["Red", "Blue"]), FLOW, as_of="2024-01-31")
    assert flow_items(visits, FLOW, as_of="2024-01-31")["team"].tolist() == ["Blue"]


def test_a_lifecycle_without_stages_begins_and_ends_nothing():
    items = items_of(("A", "2024-01-01", "Dev"), flow=Lifecycle({}))
    assert items["state"].tolist() == ["not_started"]


def test_where_items_wait_in_every_stage_nothing_is_ever_begun():
    flow = Lifecycle({"Ready": [], "Queue": []}, waiting=["Ready", "Queue"])
    items = items_of(("A", "2024-01-01", "Ready"), ("A", "2024-01-02", "Queue"), flow=flow)
    assert items["state"].tolist() == ["not_started"]
    assert items["active_days"].isna().all()


def test_an_unknown_zone_is_named():
    with pytest.raises(PMAnalyticsError, match="time_zone 'Mars/Olympus' is not known"):
        items_of(("A", "2024-01-01", "Dev"), time_zone="Mars/Olympus")


def test_a_table_without_its_columns_is_named():
    with pytest.raises(PMAnalyticsError, match="StageVisits"):
        flow_items(pd.DataFrame({"item_id": ["A"]}), FLOW, as_of="2024-01-31")
    with pytest.raises(PMAnalyticsError, match="FieldChanges"):
        items_of(("A", "2024-01-01", "Dev"), field_changes=pd.DataFrame({"item_id": ["A"]}))


def test_flow_efficiency_adds_up_the_days_of_each_group():
    """Of Red 1 + 3 active of 8 days together, though its items' own shares are 1 and 3 of 7."""
    items = items_of(
        ("A", "2024-01-01", "Dev"), ("A", "2024-01-02", "Done"),
        ("B", "2024-01-01", "Dev"), ("B", "2024-01-04", "To Do"), ("B", "2024-01-08", "Done"),
        ("C", "2024-01-01", "To Do"), ("C", "2024-01-08", "Done"),
    ).assign(team=["Red", "Red", "Blue"])  # fmt: skip
    table = flow_efficiency(items, by="team").set_index("team")
    assert table.loc["Red", ["n", "active_days", "waiting_days"]].tolist() == [2, 4, 4]
    assert table.loc["Red", "flow_efficiency"] == 0.5
    assert table.loc["Red", ["p15_share", "p85_share"]].tolist() == pytest.approx([3 / 7, 1])
    assert table.loc["Blue", ["n", "n_left_out"]].tolist() == [0, 1]
    assert pd.isna(table.loc["Blue", "flow_efficiency"])


@settings(deadline=None, max_examples=40)
@given(HISTORIES, st.lists(st.datetimes(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-04-30"))))
def test_active_waiting_and_unmapped_days_add_up_to_the_time_from_start_to_end(rows, flagged):
    states = ["Impediment", None] * len(flagged)
    pairs = zip(sorted(flagged), states, strict=False)
    marks = [("A", at.isoformat(), None, state) for at, state in pairs]
    flags = flags_of(*marks, ("Z", "2024-01-01", None, "Impediment"))
    visits = stage_visits(changes_of(*rows), FLOW, as_of="2024-04-30")
    items = flow_items(visits, FLOW, as_of="2024-04-30", field_changes=flags)
    end = items["finished_at"].fillna(items["cancelled_at"])
    end = end.fillna(pd.Timestamp("2024-05-01", tz="UTC"))
    lasted = (end - items["started_at"]) / pd.Timedelta(days=1)
    parts = items[["active_days", "waiting_days", "unmapped_days"]]
    pd.testing.assert_series_equal(parts.sum(axis=1, min_count=3), lasted, check_names=False)
    assert (items["blocked_days"].dropna() <= items["waiting_days"].dropna() + 1e-9).all()
    assert (parts.fillna(0) >= -1e-9).all(axis=None)


@settings(deadline=None, max_examples=25)
@given(HISTORIES, st.randoms())
def test_the_order_of_the_rows_changes_nothing(rows, random):
    visits = stage_visits(changes_of(*rows), FLOW, as_of="2024-04-30")
    visits = visits[~visits["is_zero_length"]]
    shuffled = visits.iloc[random.sample(range(len(visits)), len(visits))]
    pd.testing.assert_frame_equal(
        flow_items(visits, FLOW, as_of="2024-04-30"),
        flow_items(shuffled, FLOW, as_of="2024-04-30"),
    )


def test_where_nobody_flags_nothing_is_claimed_about_blocked_time():
    other = flags_of(("A", "2024-01-02", None, "2024-02-01")).assign(field="due_date")
    for changes in (other, empty(FieldChanges)):
        items = items_of(("A", "2024-01-01", "Dev"), field_changes=changes)
        assert items["blocked_days"].isna().all()
        assert items["active_days"].tolist() == [31]
