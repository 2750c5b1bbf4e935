import pandas as pd
import pytest
from histories import FLOW, HISTORIES, changes_of, project_that_goes_back
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Calendar,
    Lifecycle,
    PMAnalyticsError,
    item_stages,
    load_jira_json,
    load_project_snapshots,
    parallel_visits,
    rework,
    stage_durations,
    stage_visits,
    status_mapping,
)
from pmanalytics.lifecycle import PROJECT


def test_a_project_that_goes_back_has_the_worked_days(examples):
    """M18: Planning and Execution are each entered twice."""
    visits = stage_visits(project_that_goes_back(), as_of="2024-06-04T09:00Z")
    found = item_stages(visits).set_index("stage").rename(
        columns={"total_days": "total", "first_days": "first", "last_days": "last",
                 "span_days": "span", "is_open": "open"}
    )  # fmt: skip
    expected = pd.DataFrame(examples["M18"]["expected"]).T
    columns = ["visits", "total", "first", "last", "span", "open"]
    assert found.loc[expected.index, columns].astype(float).to_numpy() == pytest.approx(
        expected[columns].astype(float).to_numpy()
    )


@pytest.mark.parametrize("policy", ["furthest", "latest_monotone"])
def test_a_policy_gives_the_dates_of_the_tool_it_is_named_for(examples, policy):
    """M19 is the first; the second follows from its rule by hand.

    Planning 11 January, Execution 10 February: each the first not before the stage before it.
    """
    visits = stage_visits(
        project_that_goes_back(), PROJECT, as_of="2024-06-04T09:00Z", policy=policy
    )
    expected = {
        "furthest": examples["M19"]["expected"],
        "latest_monotone": [10, 30, 85],
    }[policy]
    assert visits["stage"].tolist() == ["Initiation", "Planning", "Execution", "Closure"]
    assert visits["days"].tolist()[:3] == expected


def furthest_by_rule(statuses):
    """Return the dates that jira-agile-metrics would keep, by its own loop over the changes."""
    order = list(FLOW.stages)
    dates = {}
    for position, stage in enumerate(statuses):
        if stage in order:
            dates.setdefault(stage, position)
            for later in order[order.index(stage) + 1 :]:
                dates.pop(later, None)
    return dates


def monotone_by_rule(statuses):
    """Return the dates that ActionableAgile would keep, stage by stage."""
    dates, latest = {}, -1
    for stage in FLOW.stages:
        found = [n for n, at in enumerate(statuses) if at == stage and n > latest]
        if found:
            dates[stage] = latest = found[0]
    return dates


@settings(deadline=None, max_examples=50)
@given(HISTORIES)
def test_policies_keep_what_the_rules_of_these_tools_keep(changes):
    """The rules are followed change by change; the times are set apart so that each is its own."""
    changes["changed_at"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(
        changes.groupby("item_id").cumcount(), unit="D"
    )
    for policy, rule in (("furthest", furthest_by_rule), ("latest_monotone", monotone_by_rule)):
        visits = stage_visits(changes, FLOW, as_of="2024-12-31", policy=policy)
        found = visits.groupby("item_id")[["stage", "entered_at"]].apply(
            lambda rows: dict(
                zip(rows["stage"], rows["entered_at"].dt.day_of_year - 1, strict=True)
            )
        )
        for item, rows in changes.groupby("item_id"):
            kept = rule(FLOW.stages_of(rows["to_status"]).tolist())
            assert found.get(item, {}) == kept


def test_a_policy_that_needs_an_order_refuses_to_do_without():
    changes = changes_of(("A", "2024-01-01", "To Do"))
    with pytest.raises(PMAnalyticsError, match="'furthest' needs a lifecycle"):
        stage_visits(changes, as_of="2024-01-31", policy="furthest")
    with pytest.raises(PMAnalyticsError, match="policy='last' is none of history, furthest"):
        stage_visits(changes, as_of="2024-01-31", policy="last")


def test_a_status_that_no_stage_claims_can_be_carried_or_refused():
    changes = changes_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Elsewhere"), ("A", "2024-01-06", "Done"),
        ("B", "2024-01-01", "Elsewhere"),
    )  # fmt: skip
    carried = stage_visits(changes, FLOW, as_of="2024-01-31", unmapped="carry")
    assert carried[["stage", "days"]].to_numpy().tolist() == [
        ["Waiting", 5.0], ["Done", 26.0], ["(unmapped)", 31.0],
    ]  # fmt: skip
    with pytest.raises(PMAnalyticsError, match=r"No stage claims Elsewhere \(entered 2 times\)"):
        stage_visits(changes, FLOW, as_of="2024-01-31", unmapped="error")
    with pytest.raises(PMAnalyticsError, match="unmapped='drop' is none of keep"):
        stage_visits(changes, FLOW, as_of="2024-01-31", unmapped="drop")


def test_tracking_goes_on_beside_the_stages_until_closure():
    """Execution began on 10 February, and closure on 5 May for good: 85 days."""
    visits = stage_visits(project_that_goes_back(), PROJECT, as_of="2024-06-04T09:00Z")
    row = parallel_visits(visits, PROJECT).iloc[0]
    assert row[["stage", "days", "outcome", "next_stage"]].tolist() == [
        "Tracking and controlling", 85.0, "left", "Closure",
    ]  # fmt: skip
    durations = stage_durations(parallel_visits(visits, PROJECT))
    assert durations["median_days"].tolist() == [85.0]


def test_tracking_is_open_while_execution_is_and_ends_with_a_cancellation():
    changes = changes_of(
        ("A", "2024-01-01", "Execution"),
        ("B", "2024-01-01", "Execution"), ("B", "2024-01-11", "Cancelled"),
        ("C", "2024-01-01", "Planning"),
        level="project",
    )  # fmt: skip
    visits = stage_visits(changes, PROJECT, as_of="2024-01-31")
    table = parallel_visits(visits, PROJECT).set_index("item_id")
    assert table["outcome"].to_dict() == {"A": "open", "B": "cancelled"}
    assert table["days"].to_dict() == {"A": 31.0, "B": 10.0}
    assert parallel_visits(visits[:0], PROJECT).empty


def test_tracking_goes_on_where_a_project_goes_back_and_begins_anew_after_closure():
    """A is closed at once; B resumes; C is cancelled in Planning; D plans; E is unmapped."""
    stages = {
        "A": "Planning Execution Closed",
        "B": "Execution Closure Execution Execution Closed",
        "C": "Execution Planning Cancelled",
        "D": "Execution Planning",
        "E": "Execution Elsewhere",
        "F": "Planning Cancelled",
    }
    rows = [
        (item, f"2024-01-{1 + day:02}", stage)
        for item, names in stages.items()
        for day, stage in enumerate(names.split())
    ]
    visits = stage_visits(changes_of(*rows, level="project"), PROJECT, as_of="2024-01-10T00:00Z")
    table = parallel_visits(visits, PROJECT)
    columns = ["item_id", "visit", "days", "outcome", "is_open"]
    assert table[columns].to_numpy().tolist() == [
        ["A", 1, 1, "left", False],
        ["B", 1, 1, "left", False],
        ["B", 2, 2, "left", False],
        ["C", 1, 2, "cancelled", False],
        ["D", 1, 9, "open", True],
        ["E", 1, 9, "open", True],
    ]
    assert (table["exited_at"].isna() == table["is_open"]).all()
    row = stage_durations(table).iloc[0]
    assert row[["n", "n_ended", "n_cancelled", "n_open"]].tolist() == [5, 2, 1, 2]


def test_working_days_stand_beside_elapsed_ones_if_a_calendar_is_given():
    """Friday noon to Tuesday noon: half a day, Monday, half a day. Whole days count whole."""
    calendar = Calendar(hours=["08:00-16:00"])
    changes = changes_of(
        ("A", "2024-05-31T12:00Z", "To Do"), ("A", "2024-06-04T12:00Z", "In Progress"),
        ("B", "2024-05-31", "To Do"), ("B", "2024-06-04", "Done"),
    )  # fmt: skip
    options = {"as_of": "2024-06-05", "calendar": calendar}
    visits = stage_visits(changes, FLOW, **options)
    assert visits["days"].tolist() == [4.0, 1.5, 4.0, 2.0]
    assert visits["working_days"].tolist() == [2.0, 1.5, 2.0, 2.0]
    assert item_stages(visits)["working_days"].tolist() == [2.0, 1.5, 2.0, 2.0]
    without = stage_visits(changes, FLOW, as_of="2024-06-05")
    assert without["working_days"].isna().all()
    assert item_stages(without)["working_days"].isna().all()
    project = changes.assign(level="project", to_status=["Execution", "Closure"] * 2)
    tracked = parallel_visits(stage_visits(project, PROJECT, **options), PROJECT, calendar=calendar)
    assert tracked["working_days"].tolist() == [2.0, 2.0]


def test_a_status_left_that_was_not_entered_is_told_and_the_one_entered_believed():
    changes = changes_of(("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Done"))
    changes.loc[1, "from_status"] = "In Progress"
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits["stage"].tolist() == ["Waiting", "Done"]
    assert visits["is_chain_break"].tolist() == [False, True]


def test_a_creation_after_an_event_is_moved_back_to_it():
    """From 3 January to the end of the 31st there are 29 days."""
    changes = changes_of(("A", "2024-01-05", "To Do"), ("A", "2024-01-03", "In Progress"))
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits[["stage", "days"]].to_numpy().tolist() == [["Waiting", 0.0], ["Doing", 29.0]]
    assert visits["history_complete"].all()


def test_the_same_event_twice_is_one_entry():
    once = changes_of(("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Done"))
    twice = pd.concat([once, once], ignore_index=True)
    expected = stage_visits(once, FLOW, as_of="2024-01-31")
    found = stage_visits(twice, FLOW, as_of="2024-01-31")
    pd.testing.assert_frame_equal(found, expected)


def test_a_cycle_of_statuses_in_no_time_is_three_visits_of_which_two_take_none():
    at = "2024-01-01T10:00Z"
    changes = changes_of(("A", at, "To Do"), ("A", at, "In Progress"), ("A", at, "To Do"))
    visits = stage_visits(changes, FLOW, as_of="2024-01-02T10:00Z")
    assert visits["days"].tolist() == [0.0, 0.0, 1.0]
    assert visits["is_zero_length"].tolist() == [True, True, False]
    table = stage_durations(visits).set_index("stage")
    assert table.loc["Waiting", ["n", "n_open"]].tolist() == [1, 1]
    assert table.loc["Doing", ["n", "n_zero_length"]].tolist() == [0, 1]


@pytest.mark.parametrize("level", ["product", "project", "work_item"])
def test_all_levels_are_told_in_one_shape(level):
    """The same history is measured the same, whoever lives it."""
    changes = changes_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-04", "Done"), ("B", "2024-01-01", "To Do"),
        level=level,
    )  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert item_stages(visits)["total_days"].tolist() == [3.0, 28.0, 31.0]
    durations = stage_durations(visits)
    assert durations[["level", "stage", "n_ended", "n_open"]].to_numpy().tolist() == [
        [level, "Waiting", 1, 1]
    ]
    assert rework(visits, FLOW)["n_reworked"].tolist() == [0]


@settings(deadline=None, max_examples=30)
@given(HISTORIES)
def test_merging_two_stages_adds_their_totals(changes):
    apart = Lifecycle({"Waiting": ["To Do"], "Doing": ["In Progress"], "Checking": ["In Review"]})
    one = Lifecycle({"Waiting": ["To Do"], "Doing": ["In Progress", "In Review"]})
    totals = [
        item_stages(stage_visits(changes, flow, as_of="2024-12-31")).assign(
            stage=lambda table: table["stage"].replace("Checking", "Doing")
        )
        for flow in (apart, one)
    ]
    sums = [table.groupby(["item_id", "stage"])["total_days"].sum() for table in totals]
    assert sums[0].to_dict() == pytest.approx(sums[1].to_dict())


def test_of_snapshots_a_visit_says_between_which_two_it_began_and_ended():
    changes = changes_of(
        ("A", "2024-01-31", "To Do"),
        ("A", "2024-03-31", "In Progress"),
        ("A", "2024-04-30", "In Review"),
        ("A", "2024-06-30", "Done"),
        ("B", "2024-02-29", "To Do"),
    )
    after = [None, "2024-02-29", "2024-03-31", "2024-05-31", None]
    visits = stage_visits(
        changes.assign(changed_after=pd.to_datetime(after, utc=True)), FLOW, as_of="2024-12-31"
    )
    assert visits["stage"].tolist() == ["Waiting", "Doing", "Done", "Waiting"]
    days = visits[["entered_after", "exited_after"]].apply(lambda at: at.dt.strftime("%m-%d"))
    assert days.fillna("").to_numpy().tolist() == [
        ["", "02-29"],
        ["02-29", "05-31"],
        ["05-31", ""],
        ["", ""],
    ]


def test_real_issues_in_single_files_give_the_reference_cycle_times(real_data):
    """First entry into In Progress to last entry into Done, per file."""
    folder = real_data / "jira_cloud_json_small"
    reference = (folder / "reference_output.txt").read_text(encoding="utf-8").splitlines()
    checked = 0
    for part in ("complete_sample/sample_issues", "testdata"):
        tables = load_jira_json(folder / part)
        visits = stage_visits(tables.status_changes, as_of="2026-01-01")
        visits = visits.merge(tables.work_items[["item_id", "key"]], on="item_id")
        begun = visits[visits["stage"] == "In Progress"].groupby("key")["entered_at"].min()
        done = visits[visits["stage"] == "Done"].groupby("key")["entered_at"].max()
        days = ((done - begun) / pd.Timedelta(days=1)).round(6)
        for line in reference:
            path, *_, expected = line.split()
            if path.startswith(part) and expected != "None":
                assert days[path.split("/")[-1].removesuffix(".json")] == float(expected)
                checked += 1
    assert checked == 3


def test_statuses_of_one_stage_are_one_visit():
    changes = changes_of(
        ("A", "2024-01-01T00:00Z", "To Do"),
        ("A", "2024-01-03T00:00Z", "in progress"),
        ("A", "2024-01-05T00:00Z", "In Review"),
        ("A", "2024-01-08T00:00Z", "Done"),
    )
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits["stage"].tolist() == ["Waiting", "Doing", "Done"]
    assert visits["days"].tolist() == [2, 5, 24]
    assert visits["outcome"].tolist() == ["left", "left", "terminal"]
    assert stage_durations(visits)["stage"].tolist() == ["Waiting", "Doing"]


def test_a_status_that_no_stage_claims_stays_visible():
    changes = changes_of(("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Elsewhere"))
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits["stage"].tolist() == ["Waiting", "(unmapped)"]
    assert status_mapping(changes, FLOW).set_index("status")["matched_by"].to_dict() == {
        "To Do": "name",
        "Elsewhere": "none",
    }


def test_what_happens_after_the_status_date_is_not_known():
    changes = changes_of(("A", "2024-01-01", "To Do"), ("A", "2024-02-01", "Done"))
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits["is_open"].tolist() == [True]
    assert visits["days"].tolist() == [31]


def test_a_day_ends_at_midnight_of_its_zone():
    """In Berlin 31 January ends at 23:00 UTC."""
    changes = changes_of(("A", "2024-01-30T23:00Z", "To Do"), ("A", "2024-01-31T23:00Z", "Done"))
    visits = stage_visits(changes, as_of="2024-01-31", time_zone="Europe/Berlin")
    assert visits[["stage", "days"]].to_numpy().tolist() == [["To Do", 1.0]]


@settings(deadline=None, max_examples=25)
@given(HISTORIES, st.integers(1, 60))
def test_what_snapshots_show_of_a_stay_is_as_long_as_it_was_to_within_a_snapshot(changes, step):
    """Of a history seen every few days each later stay that was seen is known to within a step."""
    days = pd.date_range("2024-01-01", "2025-01-01", freq=f"{step}D", tz="UTC")
    first = changes.groupby("item_id")["changed_at"].transform("min")
    seen = pd.DataFrame(
        [
            (item, day, rows.loc[rows["changed_at"] <= day, "to_status"].iloc[-1])
            for item, rows in changes[changes["changed_at"] >= first].groupby("item_id")
            for day in days
            if (rows["changed_at"] <= day).any()
        ],
        columns=["project_id", "snapshot_date", "stage"],
    )
    if seen.empty:
        return
    seen = seen.assign(name="x", status="open", snapshot_date=seen["snapshot_date"].dt.date)
    found = load_project_snapshots(seen.astype("str")).status_changes
    visits = stage_visits(found, as_of=days[-1].date().isoformat())
    known = visits[visits["history_complete"]]
    assert known["entered_after"].notna().all()
    at = changes.rename(columns={"to_status": "stage"})[["item_id", "stage", "changed_at"]]
    pairs = known.merge(at, on=["item_id", "stage"])
    is_within = pairs["changed_at"].between(pairs["entered_after"], pairs["entered_at"])
    entries = pairs.assign(is_within=is_within).groupby(["item_id", "stage", "entered_at"])
    assert entries["is_within"].any().all()


@settings(deadline=None, max_examples=50)
@given(HISTORIES)
def test_the_days_of_an_item_add_up_to_its_age(changes):
    visits = stage_visits(changes, as_of="2024-12-31")
    first = changes.groupby("item_id")["changed_at"].min()
    age = (pd.Timestamp("2025-01-01", tz="UTC") - first) / pd.Timedelta(days=1)
    assert visits.groupby("item_id")["days"].sum().to_dict() == pytest.approx(age.to_dict())


@settings(deadline=None, max_examples=50)
@given(HISTORIES)
def test_parts_of_a_stay_are_no_longer_than_the_whole(changes):
    table = item_stages(stage_visits(changes, FLOW, as_of="2024-12-31"))
    assert (table["last_days"] <= table["total_days"] + 1e-9).all()
    assert (table["first_days"] <= table["total_days"] + 1e-9).all()
    assert (table["total_days"] <= table["span_days"] + 1e-6).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "soon"}, "as_of 'soon' is not a date"),
        ({"as_of": "2024-01-31", "time_zone": "Berlin"}, "time_zone 'Berlin' is not known"),
    ],
)
def test_an_impossible_option_is_refused_in_words(options, message):
    with pytest.raises(PMAnalyticsError, match=message):
        stage_visits(changes_of(("A", "2024-01-01", "To Do")), **options)
