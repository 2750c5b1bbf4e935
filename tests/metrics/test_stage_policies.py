import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import Lifecycle, PMAnalyticsError, item_stages, stage_visits
from pmanalytics.lifecycle import PROJECT

FLOW = Lifecycle({"Waiting": [], "Doing": [], "Done": [], "Dropped": []}, ["Done"], ["Dropped"])
STAGES = ["Initiation", "Planning", "Execution", "Planning", "Execution", "Closure"]
DAYS = ["01-01", "01-11", "02-10", "03-01", "03-06", "05-05"]


def changes_of(*rows):
    """Return status changes from (item, instant, status), in order of time per item."""
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "to_status"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True, format="ISO8601")
    table["sequence"] = table.groupby("item_id").cumcount()
    return table.assign(level="project")


def days_by_stage(changes, lifecycle, policy, as_of="2024-06-04T09:00Z"):
    visits = stage_visits(changes, lifecycle, as_of=as_of, policy=policy)
    return dict(zip(visits["stage"], visits["days"], strict=True))


def test_a_move_back_makes_other_tools_forget(examples):
    """M19 for "furthest"; by hand 10 January to 10 February and 10 February to 5 May else."""
    rows = [("P", f"2024-{day}T09:00Z", stage) for day, stage in zip(DAYS, STAGES, strict=True)]
    furthest = days_by_stage(changes_of(*rows), PROJECT, "furthest")
    expected = dict(zip(STAGES[:3], examples["M19"]["expected"], strict=True))
    assert furthest == {**expected, "Closure": 30}
    assert days_by_stage(changes_of(*rows), PROJECT, "latest_monotone") == {
        "Initiation": 10,
        "Planning": 30,
        "Execution": 85,
        "Closure": 30,
    }


def test_an_item_that_moved_back_last_stands_where_each_tool_has_it():
    """Back from Doing to Waiting on the 5th: one tool forgets Doing, the other the way back."""
    changes = changes_of(
        ("A", "2024-01-01", "Waiting"), ("A", "2024-01-03", "Doing"), ("A", "2024-01-05", "Waiting")
    )
    options = {"as_of": "2024-01-10T00:00Z"}
    assert days_by_stage(changes, FLOW, "furthest", **options) == {"Waiting": 9}
    assert days_by_stage(changes, FLOW, "latest_monotone", **options) == {"Waiting": 2, "Doing": 7}


@pytest.mark.parametrize("policy", ["furthest", "latest_monotone"])
def test_time_in_an_unmapped_status_counts_for_the_stage_before(policy):
    changes = changes_of(
        ("A", "2024-01-01", "Waiting"),
        ("A", "2024-01-03", "Elsewhere"),
        ("A", "2024-01-07", "Doing"),
        ("B", "2024-01-01", "Elsewhere"),
    )
    visits = stage_visits(changes, FLOW, as_of="2024-01-10T00:00Z", policy=policy)
    assert visits[["item_id", "stage", "days"]].to_numpy().tolist() == [
        ["A", "Waiting", 6],
        ["A", "Doing", 3],
        ["B", "(unmapped)", 9],
    ]


def as_jira_agile_metrics(entries, order):
    """Return the date of each stage: a step sets its own if there is none, and wipes later ones."""
    dates = {}
    for at, stage in entries:
        dates = {s: d for s, d in dates.items() if order.index(s) <= order.index(stage)}
        dates.setdefault(stage, at)
    return dates


def as_actionable_agile(entries, order):
    """Return the date of each stage: the earliest that is not before the latest so far."""
    dates = {}
    for stage in order:
        latest = max(dates.values(), default=pd.Timestamp(0, tz="UTC"))
        candidates = [at for at, entered in entries if entered == stage and at >= latest]
        if candidates:
            dates[stage] = min(candidates)
    return dates


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.integers(0, 60).map(
            lambda n: pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(n, "D")
        ),
        st.sampled_from(list(FLOW.stages)),
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda row: row[:2],
).map(lambda rows: sorted(rows, key=lambda row: row[:2]))


@settings(deadline=None, max_examples=60)
@given(HISTORIES)
def test_each_policy_dates_the_stages_as_its_tool_does(rows):
    changes = changes_of(*rows)
    for policy, dates_of in (
        ("furthest", as_jira_agile_metrics),
        ("latest_monotone", as_actionable_agile),
    ):
        visits = stage_visits(changes, FLOW, as_of="2024-12-31", policy=policy)
        for item in {item for item, *_ in rows}:
            expected = dates_of([row[1:] for row in rows if row[0] == item], list(FLOW.stages))
            own = visits[visits["item_id"] == item]
            assert dict(zip(own["stage"], own["entered_at"], strict=True)) == expected


@settings(deadline=None, max_examples=30)
@given(HISTORIES, st.sampled_from(["furthest", "latest_monotone"]))
def test_under_every_policy_the_days_go_from_the_first_date_to_the_status_date(rows, policy):
    visits = stage_visits(changes_of(*rows), FLOW, as_of="2024-12-31", policy=policy)
    begun = visits.groupby("item_id")["entered_at"].min()
    age = (pd.Timestamp("2025-01-01", tz="UTC") - begun) / pd.Timedelta(days=1)
    assert visits.groupby("item_id")["days"].sum().to_dict() == pytest.approx(age.to_dict())
    assert (item_stages(visits)["visits"] == 1).all()


@pytest.mark.parametrize(
    ("lifecycle", "policy", "message"),
    [
        (FLOW, "newest", "policy='newest' is none of history, furthest, latest_monotone"),
        (None, "furthest", "policy='furthest' needs a lifecycle, which says the order"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(lifecycle, policy, message):
    with pytest.raises(PMAnalyticsError, match=message):
        stage_visits(
            changes_of(("A", "2024-01-01", "Doing")), lifecycle, as_of="2024-12-31", policy=policy
        )
