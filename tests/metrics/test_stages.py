from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Lifecycle,
    PMAnalyticsError,
    item_stages,
    load_jira_json,
    load_project_snapshots,
    parallel_visits,
    stage_durations,
    stage_visits,
    status_mapping,
)
from pmanalytics.lifecycle import PROJECT
from pmanalytics.schemas import StageDurations, StageVisits, StatusChanges, empty

FLOW = Lifecycle(
    {"Waiting": ["To Do"], "Doing": ["In Progress", "In Review"], "Done": [], "Dropped": []},
    terminal=["Done"],
    cancelled=["Dropped"],
)


def changes_of(*rows, level="work_item"):
    """Return status changes from (item, instant, status), in order of time per item."""
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "to_status"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True, format="ISO8601")
    table["from_status"] = table.groupby("item_id")["to_status"].shift()
    table["sequence"] = table.groupby("item_id").cumcount()
    return table.assign(level=level)


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.datetimes(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")),
        st.sampled_from(["To Do", "In Progress", "In Review", "Done", "Elsewhere"]),
    ),
    max_size=25,
).map(lambda rows: changes_of(*sorted(rows, key=lambda row: row[:2])))


def test_a_project_that_goes_back_has_the_worked_days(examples):
    """M18: Planning and Execution are each entered twice."""
    stages = ["Initiation", "Planning", "Execution", "Planning", "Execution", "Closure"]
    days = ["01-01", "01-11", "02-10", "03-01", "03-06", "05-05"]
    rows = [("P", f"2024-{day}T09:00Z", stage) for day, stage in zip(days, stages, strict=True)]
    visits = stage_visits(changes_of(*rows, level="project"), as_of="2024-06-04T09:00Z")
    found = item_stages(visits).set_index("stage").rename(
        columns={"total_days": "total", "first_days": "first", "last_days": "last",
                 "span_days": "span", "is_open": "open"}
    )  # fmt: skip
    expected = pd.DataFrame(examples["M18"]["expected"]).T
    columns = ["visits", "total", "first", "last", "span", "open"]
    assert found.loc[expected.index, columns].astype(float).to_numpy() == pytest.approx(
        expected[columns].astype(float).to_numpy()
    )


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


def test_a_real_history_gives_the_reference_figures(real_data):
    """The reference was computed with plain pandas by somebody else; see its reference.py."""
    folder = real_data / "jira_cloud_json"
    changes = load_jira_json(folder / "search_with_changelog.json").status_changes
    visits = stage_visits(changes, as_of="2026-01-01")
    found = visits[~visits["is_open"]].groupby("stage")["days"].agg(["size", "median", "sum"])
    lines = (folder / "reference_output.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.rsplit(maxsplit=3) for line in lines[3:11]]
    expected = pd.DataFrame(
        {name.strip(): [float(n) for n in numbers] for name, *numbers in rows},
        index=["size", "median", "sum"],
    ).T
    assert found.index.tolist() == expected.index.tolist()
    assert found.round(4).to_numpy().tolist() == expected.to_numpy().tolist()


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
    mapping = status_mapping(changes, FLOW)
    assert mapping[["status", "stage", "n_items"]].to_numpy().tolist() == [
        ["Elsewhere", "(unmapped)", 1],
        ["To Do", "Waiting", 1],
    ]


def test_cancelled_items_left_no_stage_behind_them():
    """Leaving by cancellation is no progress: such an item stayed at least this long."""
    changes = changes_of(("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Dropped"))
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits["outcome"].tolist() == ["cancelled", "terminal"]
    row = stage_durations(visits).iloc[0]
    assert (row["n"], row["n_ended"], row["n_cancelled"]) == (1, 0, 1)
    assert np.isnan(row["median_days"])


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


def test_a_bulk_change_leaves_no_zeros_in_the_median():
    """Between two instants a stay of no time is a bulk change; between days it is ordinary."""
    times = ["2024-01-01T10:00Z", "2024-01-01T10:00Z", "2024-01-02T10:00Z"]
    statuses = ["To Do", "In Progress", "Done"]
    instants = changes_of(*[("A", t, s) for t, s in zip(times, statuses, strict=True)])
    row = stage_durations(stage_visits(instants, FLOW, as_of="2024-01-31")).set_index("stage")
    assert row.loc["Waiting", ["n", "n_zero_length"]].tolist() == [0, 1]
    days = instants.assign(changed_at=instants["changed_at"].dt.normalize())
    row = stage_durations(stage_visits(days, FLOW, as_of="2024-01-31")).set_index("stage")
    assert row.loc["Waiting", ["n", "n_zero_length"]].tolist() == [1, 0]


def test_a_cut_off_history_is_counted_but_not_used():
    """Its oldest known status was entered nobody knows when."""
    cut = changes_of(("A", "2024-01-01T10:00Z", "To Do"), ("A", "2024-01-03T10:00Z", "Done"))
    cut["from_status"] = cut["from_status"].fillna("Elsewhere")
    visits = stage_visits(cut, FLOW, as_of="2024-01-31")
    assert not visits["history_complete"].any()
    row = stage_durations(visits).iloc[0]
    assert (row["n"], row["n_incomplete"]) == (0, 1)


def test_of_snapshots_only_the_stage_first_seen_is_left_out():
    """A is first seen waiting, enters Doing between two snapshots and goes back; B never moves.

    A's stay in Doing lasts from 31 March to 30 April as seen: 30 days. How long it waited in all
    is not known, though its second wait is.
    """
    changes = changes_of(
        ("A", "2024-01-31", "To Do"),
        ("A", "2024-03-31", "In Progress"),
        ("A", "2024-04-30", "To Do"),
        ("B", "2024-01-31", "In Progress"),
    )
    changes["from_status"] = changes["from_status"].fillna("(unknown status)")
    after = pd.to_datetime([None, "2024-02-29", "2024-03-31", None], utc=True)
    visits = stage_visits(changes.assign(changed_after=after), FLOW, as_of="2024-05-31")
    assert visits["history_complete"].tolist() == [False, True, True, False]
    table = stage_durations(visits).set_index("stage")
    columns = ["n", "n_incomplete", "median_days"]
    assert table.loc["Doing", columns].tolist() == [1, 1, 30]
    assert table.loc["Waiting", ["n", "n_incomplete"]].tolist() == [0, 1]


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


def test_real_snapshots_tell_how_long_later_stages_last(real_data):
    """Counted by hand with plain pandas: the first stage of a project is not to be known."""
    name = "nyc_capital_projects/NYC_capital_projects_20190901.csv"
    columns = {
        "project_id": "PID",
        "name": "Project Name",
        "snapshot_date": "Date Reported As Of",
        "stage": "Current Phase",
    }
    found = load_project_snapshots(
        real_data / name, columns=columns, defaults={"status": "open"},
        date_format="month first", missing=["NA"],
    )  # fmt: skip
    rows = pd.read_csv(real_data / name, dtype="str", usecols=list(columns.values()))
    rows = rows[rows["Current Phase"].notna()]
    rows["day"] = pd.to_datetime(rows["Date Reported As Of"].str[:10], format="%m/%d/%Y")
    rows = rows.sort_values(["PID", "day"])
    first = rows.groupby("PID")["Current Phase"].transform("first")
    later = rows[rows["Current Phase"] != first].drop_duplicates(["PID", "Current Phase"])
    visits = stage_visits(found.status_changes, as_of="2019-09-01")
    table = stage_durations(visits).set_index("stage")
    assert table.loc[table["n"] > 0, "n"].to_dict() == (
        later["Current Phase"].value_counts().to_dict()
    )


def test_durations_can_be_grouped_by_any_column():
    changes = changes_of(
        ("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Done"), ("B", "2024-01-01", "To Do")
    ).assign(team=["North", "North", None])
    table = stage_durations(stage_visits(changes, FLOW, as_of="2024-01-31"), by="team")
    assert table["n"].tolist() == [1, 1]
    assert table["team"].isna().tolist() == [False, True]


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


@settings(deadline=None, max_examples=50)
@given(HISTORIES)
def test_every_item_in_a_stage_is_counted_once(changes):
    visits = stage_visits(changes, FLOW, as_of="2024-12-31")
    table = stage_durations(visits)
    assert (table["n"] == table[["n_ended", "n_open", "n_cancelled"]].sum(axis="columns")).all()
    lasting = visits[visits["outcome"] != "terminal"]
    counted = table[["n", "n_zero_length", "n_incomplete"]].sum().sum()
    assert counted == len(lasting.drop_duplicates(["item_id", "stage"]))


def test_what_came_last_and_what_is_whole_decides():
    """Cancelled first and finished later is finished; one stay of some length is a stay."""
    changes = changes_of(
        ("A", "2024-01-01T10:00Z", "To Do"),
        ("A", "2024-01-02T10:00Z", "Dropped"),
        ("A", "2024-01-03T10:00Z", "To Do"),
        ("A", "2024-01-03T10:00Z", "In Progress"),
        ("A", "2024-01-05T10:00Z", "Done"),
    )
    row = stage_durations(stage_visits(changes, FLOW, as_of="2024-01-31")).set_index("stage")
    waiting = row.loc["Waiting", ["n", "n_ended", "n_cancelled", "n_zero_length", "median_days"]]
    assert waiting.tolist() == [1, 1, 0, 0, 1.0]


@settings(deadline=None, max_examples=30)
@given(HISTORIES)
def test_the_totals_of_two_stages_are_the_total_of_both_in_one(changes):
    both = Lifecycle({"Open": ["To Do", "In Progress", "In Review"], "Done": [], "Dropped": []})
    apart = item_stages(stage_visits(changes, FLOW, as_of="2024-12-31"))
    is_either = apart["stage"].isin(["Waiting", "Doing"])
    expected = apart[is_either].groupby("item_id")["total_days"].sum()
    found = item_stages(stage_visits(changes, both, as_of="2024-12-31"))
    found = found[found["stage"] == "Open"].set_index("item_id")["total_days"]
    assert found.to_dict() == pytest.approx(expected.to_dict())


@settings(deadline=None, max_examples=20)
@given(HISTORIES, st.sampled_from(["keep", "carry"]))
def test_no_time_is_lost_to_a_status_that_no_stage_claims(changes, unmapped):
    visits = stage_visits(changes, replace(FLOW, unmapped=unmapped), as_of="2024-12-31")
    as_it_was = stage_visits(changes, as_of="2024-12-31")
    assert visits.groupby("item_id")["days"].sum().to_dict() == pytest.approx(
        as_it_was.groupby("item_id")["days"].sum().to_dict()
    )


def test_an_unmapped_status_can_be_carried_over():
    """Before the first stage there is none to carry."""
    changes = changes_of(
        ("A", "2024-01-01", "Elsewhere"),
        ("A", "2024-01-03", "To Do"),
        ("A", "2024-01-05", "Elsewhere"),
        ("A", "2024-01-09", "Done"),
        ("B", "2024-01-01", "Elsewhere"),
    )
    visits = stage_visits(changes, replace(FLOW, unmapped="carry"), as_of="2024-01-31")
    assert visits[["item_id", "stage", "days"]].to_numpy().tolist() == [
        ["A", "(unmapped)", 2],
        ["A", "Waiting", 6],
        ["A", "Done", 23],
        ["B", "(unmapped)", 31],
    ]


def test_unmapped_statuses_can_be_refused():
    changes = changes_of(
        ("A", "2024-01-01", "To Do"),
        ("A", "2024-01-03", "Parked"),
        ("B", "2024-01-01", "Parked"),
        ("B", "2024-01-02", "<b>"),
    )
    with pytest.raises(
        PMAnalyticsError,
        match=r"No stage claims the statuses 'Parked' \(2 items\), '<b>' \(1 item\)\. "
        r"Add what is missing to \[lifecycle\.work_item\.stages\]",
    ):
        stage_visits(changes, replace(FLOW, unmapped="error"), as_of="2024-01-31")


def test_identifiers_and_item_types_decide_the_stage():
    changes = changes_of(("A", "2024-01-01", "Renamed"), ("B", "2024-01-01", "To Do"))
    changes = changes.assign(to_status_id=["77", "1"], item_type=["Story", "Bug"])
    flow = Lifecycle({"Waiting": ["To Do"], "Doing": ["77"]}, item_types={"bug": {"Doing": ["1"]}})
    visits = stage_visits(changes, flow, as_of="2024-01-31")
    assert visits["stage"].tolist() == ["Doing", "Doing"]


def test_control_lasts_from_execution_to_closure_also_where_a_project_goes_back():
    """M18's project: execution begins on 10 February, closure on 5 May, 85 days later."""
    stages = ["Initiation", "Planning", "Execution", "Planning", "Execution", "Closure"]
    days = ["01-01", "01-11", "02-10", "03-01", "03-06", "05-05"]
    rows = [("P", f"2024-{day}T09:00Z", stage) for day, stage in zip(days, stages, strict=True)]
    changes = changes_of(*rows, level="project")
    visits = stage_visits(changes, PROJECT, as_of="2024-06-04T09:00Z")
    assert "Tracking and controlling" not in set(visits["stage"])
    row = parallel_visits(visits, PROJECT).iloc[0]
    assert (row["stage"], row["days"]) == ("Tracking and controlling", 85)
    assert (row["outcome"], row["next_stage"], row["visit"]) == ("left", "Closure", 1)


def test_an_interval_beside_the_stages_ends_begins_anew_and_may_be_cancelled_or_open():
    """A is done without closure; B resumes; C is cancelled; D runs; E never begins."""
    days = {
        "A": "Planning Execution Closed",
        "B": "Execution Closure Execution Execution Closed",
        "C": "Execution Planning Cancelled",
        "D": "Execution Planning",
        "E": "Planning Cancelled",
    }
    rows = [
        (item, f"2024-01-{1 + day:02}", stage)
        for item, stages in days.items()
        for day, stage in enumerate(stages.split())
    ]
    visits = stage_visits(changes_of(*rows, level="project"), PROJECT, as_of="2024-01-10T00:00Z")
    beside = parallel_visits(visits, PROJECT)
    columns = ["item_id", "visit", "days", "outcome", "is_open"]
    assert beside[columns].to_numpy().tolist() == [
        ["A", 1, 1, "left", False],
        ["B", 1, 1, "left", False],
        ["B", 2, 2, "left", False],
        ["C", 1, 2, "cancelled", False],
        ["D", 1, 9, "open", True],
    ]
    assert beside["exited_at"].isna().tolist() == [False] * 4 + [True]
    row = stage_durations(beside).iloc[0]
    assert (row["n"], row["n_ended"], row["n_cancelled"], row["n_open"]) == (4, 2, 1, 1)


def test_a_lifecycle_without_intervals_or_visits_has_none_beside_it():
    changes = changes_of(("A", "2024-01-01", "To Do"))
    visits = stage_visits(changes.assign(team="North"), FLOW, as_of="2024-01-31")
    assert parallel_visits(visits, FLOW).empty
    assert "team" in parallel_visits(visits, FLOW)
    nothing = parallel_visits(empty(StageVisits), PROJECT)
    assert list(nothing.columns) == list(StageVisits.to_schema().columns)


def test_grouping_works_where_nothing_is_known_yet():
    changes = changes_of(("A", "2024-02-01", "To Do")).assign(team="North")
    durations = stage_durations(stage_visits(changes, as_of="2024-01-31"), by="team")
    assert durations.empty
    assert "team" in durations


def test_no_changes_give_no_visits_and_no_durations():
    visits = stage_visits(empty(StatusChanges), as_of="2024-01-31")
    assert list(visits.columns) == list(StageVisits.to_schema().columns)
    durations = stage_durations(visits)
    assert durations.empty
    assert list(durations.columns) == list(StageDurations.to_schema().columns)


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
