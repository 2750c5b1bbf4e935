import numpy as np
import pandas as pd
import pytest
from histories import FLOW, HISTORIES, changes_of
from hypothesis import given, settings
from statsmodels.duration.survfunc import SurvfuncRight

from pmanalytics import (
    Calendar,
    PMAnalyticsError,
    compare_durations,
    load_project_snapshots,
    stage_durations,
    stage_outcomes,
    stage_survival,
    stage_visits,
)
from pmanalytics.schemas import (
    DurationComparisons,
    StageDurations,
    StageOutcomes,
    StageSurvival,
    StageVisits,
    StatusChanges,
    empty,
)

START = pd.Timestamp("2024-01-01", tz="UTC")
LASTED = {"Done": "left", "Dropped": "cancelled"}


def stays(*days, prefix="A"):
    """Return one stay in Doing each: 8 has ended, "8+" goes on, "8x" was cancelled."""
    rows = []
    for number, mark in enumerate(map(str, days)):
        item, length = f"{prefix}{number}", float(mark.rstrip("+x"))
        begun = START if mark[-1] != "+" else END - pd.Timedelta(days=length)
        rows.append((item, begun, "In Progress"))
        if mark[-1] != "+":
            ended = begun + pd.Timedelta(days=length)
            rows.append((item, ended, "Dropped" if mark[-1] == "x" else "Done"))
    return changes_of(*rows)


END = START + pd.Timedelta(days=400)


def visits_of(changes, **options):
    return stage_visits(changes, FLOW, as_of=END, **options)


def test_open_stays_make_the_median_longer_than_that_of_the_finished(examples):
    """M24: 15 days, where those that have left had 12; 85 % is not reached."""
    marks = examples["M24"]["input"].removeprefix("t=").split(",")
    row = stage_durations(visits_of(stays(*marks))).iloc[0]
    assert row["median_days"] == examples["M24"]["expected"][5]
    assert row["mean_days"] == pytest.approx(examples["M24"]["expected"][6])
    assert row["horizon_days"] == 30
    assert row["completed_median_days"] == 12
    assert row[["p85_days", "p95_days"]].isna().all()
    assert row["reliability"] == "indicative"


def test_the_published_table_comes_out_with_the_limits_of_statsmodels(examples):
    """M25, the 6-MP arm."""
    marks = examples["M25"]["input"].split(",")
    visits = visits_of(stays(*marks))
    row = stage_durations(visits).iloc[0]
    *survival, median = examples["M25"]["expected"]
    assert row["median_days"] == median
    times = [float(mark.rstrip("+")) for mark in marks]
    theirs = SurvfuncRight(times, [not mark.endswith("+") for mark in marks])
    assert row["median_days"] == theirs.quantile(0.5)
    low, high = theirs.quantile_ci(0.5, method="cloglog")
    assert row["median_low"] == low
    assert np.isnan(row["median_high"]) or row["median_high"] == high
    curve = stage_survival(visits)
    ended = curve[curve["n_ended"] > 0]
    assert ended["survival"].tolist() == pytest.approx(survival, abs=5e-5)
    assert curve["at_risk"].iloc[0] == 21
    assert curve["days"].iloc[-1] == 35


def test_cancelled_and_left_are_two_ends(examples):
    """M26."""
    table = stage_outcomes(visits_of(stays(1, "2x", 3, "4+")), at_days=[0.5, 3, 5])
    expected = examples["M26"]["expected"][0]
    assert table["left_share"].tolist() == pytest.approx([0, expected, np.nan], nan_ok=True)
    assert table["cancelled_share"].tolist()[:2] == [0, 0.25]
    assert table["still_share"].tolist()[:2] == [1, 0.25]
    assert table[["n", "n_ended", "n_cancelled", "n_open"]].iloc[0].tolist() == [4, 2, 1, 1]


def test_a_group_that_stays_longer_is_told_and_one_of_few_is_not():
    slow, fast = stays(*range(20, 32), prefix="S"), stays(*range(1, 13), prefix="F")
    few = stays(50, 60, prefix="N")
    changes = pd.concat([
        fast.assign(team="East", kind="many"), slow.assign(team="West", kind="many"),
        fast.assign(team="East", kind="few", item_id="x" + fast["item_id"]),
        few.assign(team="West", kind="few"),
    ], ignore_index=True)  # fmt: skip
    table = compare_durations(visits_of(changes), between="team", by="kind").set_index("kind")
    assert table["verdict"].to_dict() == {"many": "longer", "few": "too_few"}
    assert table.loc["many", ["first", "second"]].tolist() == ["East", "West"]
    assert table.loc["many", ["first_median_days", "second_median_days"]].tolist() == [6, 25]
    assert (table["p_adjusted"] >= table["p_value"]).all()
    other_way = changes.replace({"team": {"East": "Zone"}})
    found = compare_durations(visits_of(other_way), between="team", by="kind").set_index("kind")
    assert found.loc["many", "verdict"] == "shorter"


def test_the_same_stays_show_no_difference():
    changes = pd.concat([
        stays(*range(1, 13), prefix=team).assign(team=team) for team in ("A", "B")
    ], ignore_index=True)  # fmt: skip
    row = compare_durations(visits_of(changes), between="team").iloc[0]
    assert (row["verdict"], row["p_value"]) == ("no_clear_difference", 1.0)


def test_a_comparison_needs_two_values():
    changes = stays(1, 2, 3).assign(team=["A"] * 6)
    with pytest.raises(PMAnalyticsError, match="'team' must have exactly two values, and has 1"):
        compare_durations(visits_of(changes), between="team")
    with pytest.raises(PMAnalyticsError, match="lacks: squad"):
        compare_durations(visits_of(changes), between="squad")


def test_what_counts_of_an_item_that_came_back_can_be_chosen():
    """In Doing for 2, away for 3, in Doing for 5 days."""
    changes = changes_of(
        ("A", "2024-01-01", "In Progress"), ("A", "2024-01-03", "To Do"),
        ("A", "2024-01-06", "In Progress"), ("A", "2024-01-11", "Done"),
    )  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-31", calendar=Calendar())
    medians = {
        measure: stage_durations(visits, measure=measure).set_index("stage")["median_days"]["Doing"]
        for measure in ("total", "first", "last", "span", "working")
    }
    assert medians == {"total": 7, "first": 2, "last": 5, "span": 10, "working": 5}


def test_a_first_stay_that_is_over_has_ended_though_the_item_is_back():
    """Six first stays of 2 to 7 days; all came back on the 20th, and are there still."""
    changes = changes_of(*[
        (f"A{length}", f"2024-01-{day:02}", status)
        for length in range(2, 8)
        for day, status in ((1, "In Progress"), (1 + length, "To Do"), (20, "In Progress"))
    ])  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    columns = ["n", "n_ended", "n_open", "median_days"]
    first, last = (
        stage_durations(visits, measure=measure).set_index("stage").loc["Doing", columns]
        for measure in ("first", "last")
    )
    assert first.tolist() == [6, 6, 0, 4]
    assert last[["n", "n_ended", "n_open"]].tolist() == [6, 0, 6]


def test_a_first_stay_that_was_cancelled_was_no_progress_whatever_came_later():
    changes = changes_of(
        ("A", "2024-01-01", "In Progress"), ("A", "2024-01-05", "Dropped"),
        ("A", "2024-01-08", "In Progress"), ("A", "2024-01-20", "Done"),
    )  # fmt: skip
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    first = stage_durations(visits, measure="first").iloc[0]
    assert first[["n_ended", "n_cancelled"]].tolist() == [0, 1]
    last = stage_durations(visits, measure="last").iloc[0]
    assert last[["n_ended", "n_cancelled", "median_days"]].tolist() == [1, 0, 12]


def test_where_none_is_left_what_became_of_them_stays_known():
    """All have ended by day 4; of items still open nothing is known beyond day 4."""
    over = stage_outcomes(visits_of(stays(1, 2, "3x", 4)), at_days=[4, 90])
    shares = ["left_share", "cancelled_share", "still_share"]
    assert over[shares].to_numpy() == pytest.approx(np.array([[0.75, 0.25, 0]] * 2))
    unseen = stage_outcomes(visits_of(stays(1, 2, "3x", "4+")), at_days=90)
    assert unseen[shares].isna().all(axis=None)


def test_many_groups_in_which_all_have_left_need_no_limits_and_give_no_warning():
    """Sums over thousands of groups end a little off 1, which is 1 all the same."""
    rng = np.random.default_rng(1)
    marks = rng.exponential(30, 3000).round(3)
    visits = visits_of(stays(*marks)).assign(team=lambda table: table["item_id"].str[-3:])
    table = stage_outcomes(visits, by="team", at_days=399)
    assert table["left_share"].to_numpy() == pytest.approx(1)
    assert table[["left_low", "left_high"]].isna().all(axis=None)


def test_working_days_need_a_calendar():
    with pytest.raises(PMAnalyticsError, match="without working_days; pass a calendar"):
        stage_durations(visits_of(stays(1, 2)), measure="working")
    with pytest.raises(PMAnalyticsError, match="measure='median' is none of total, first"):
        stage_durations(visits_of(stays(1, 2)), measure="median")


@pytest.mark.parametrize("marks", [("8+", "9+"), ("3x", "4x"), ("5",), ("5+",)])
def test_where_nothing_or_one_ended_nothing_is_made_up(marks):
    visits = visits_of(stays(*marks))
    row = stage_durations(visits).iloc[0]
    assert row["reliability"] == "too_few"
    assert np.isnan(row["median_days"]) == (row["n_ended"] == 0)
    outcomes = stage_outcomes(visits, at_days=1)
    assert outcomes["still_share"].tolist() == [1.0]


def test_without_visits_all_tables_are_empty_and_have_their_columns():
    visits = stage_visits(empty(StatusChanges), FLOW, as_of="2024-01-31").assign(team="")
    tables = {
        StageDurations: stage_durations(visits),
        StageSurvival: stage_survival(visits),
        StageOutcomes: stage_outcomes(visits, at_days=3),
        DurationComparisons: compare_durations(visits, between="team"),
    }
    for schema, table in tables.items():
        assert table.empty
        assert list(table) == list(schema.to_schema().columns)


@settings(deadline=None, max_examples=25)
@given(HISTORIES)
def test_curves_fall_from_one_and_quantiles_lie_on_them(changes):
    visits = stage_visits(changes, FLOW, as_of="2024-12-31")
    curves = stage_survival(visits)
    for _, curve in curves.groupby("stage"):
        assert curve["survival"].is_monotonic_decreasing
        assert curve["survival"].between(0, 1).all()
    durations = stage_durations(visits)
    known = durations.dropna(subset=["median_days", "p85_days"])
    assert (known["median_days"] <= known["p85_days"]).all()
    is_below = durations["completed_median_days"] <= durations["median_days"] + 1e-9
    assert is_below[durations["median_days"].notna()].all()


def test_where_all_are_still_in_a_stage_no_median_is_made_up():
    changes = changes_of(*[(item, "2024-01-01", "To Do") for item in "ABCDEFG"])
    row = stage_durations(stage_visits(changes, FLOW, as_of="2024-01-31")).iloc[0]
    assert (row["n"], row["n_open"]) == (7, 7)
    assert np.isnan(row["median_days"])


def test_cancelled_items_left_no_stage_behind_them():
    """Leaving by cancellation is no progress: such an item stayed at least this long."""
    changes = changes_of(("A", "2024-01-01", "To Do"), ("A", "2024-01-03", "Dropped"))
    visits = stage_visits(changes, FLOW, as_of="2024-01-31")
    assert visits["outcome"].tolist() == ["cancelled", "terminal"]
    row = stage_durations(visits).iloc[0]
    assert (row["n"], row["n_ended"], row["n_cancelled"]) == (1, 0, 1)
    assert np.isnan(row["median_days"])


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
