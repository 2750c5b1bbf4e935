"""33 issues with their changelog, as Jira Cloud's REST interface gave them."""

import pandas as pd
import pytest
from reference import DAY, reference

from pmanalytics import Lifecycle, flow_items, load_jira_json, stage_durations, stage_visits

ZONE = "Asia/Shanghai"
WORKING = ["Inbox", "Open", "To Do", "Ready for Dev", "In Development", "In Progress"]
FLOW = Lifecycle(
    {name: [] for name in WORKING} | {"Done": ["Closed", "Resolved", "已完成"]}, terminal=["Done"]
)


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "jira_cloud_json"


@pytest.fixture(scope="module")
def tables(folder):
    return load_jira_json(folder / "search_with_changelog.json")


@pytest.fixture(scope="module")
def by_status(folder):
    """Return the reference's number, median and sum of stays that ended, by status."""
    rows = [line.rsplit(maxsplit=3) for line in reference(folder).splitlines()[3:11]]
    return pd.DataFrame(
        {name.strip(): [float(n) for n in numbers] for name, *numbers in rows},
        index=["size", "median", "sum"],
    ).T


def test_stays_that_ended_are_those_of_the_reference(tables, by_status):
    visits = stage_visits(tables.status_changes, as_of="2026-01-01")
    found = visits[~visits["is_open"]].groupby("stage")["days"].agg(["size", "median", "sum"])
    assert found.index.tolist() == by_status.index.tolist()
    assert found.round(4).to_numpy().tolist() == by_status.to_numpy().tolist()


def test_from_creation_to_resolution_is_that_of_the_reference(folder, tables):
    items = tables.work_items
    days = ((items["resolved_at"] - items["created_at"]) / DAY).dropna()
    assert f"lead n={len(days)} median {days.median():.4f} mean {days.mean():.4f}\n" in (
        reference(folder)
    )


def test_lead_times_in_days_are_those_of_the_reference_with_the_first_day_counted(tables):
    """The last finish is the resolution, though statuses changed again many months later."""
    visits = stage_visits(tables.status_changes, FLOW, as_of="2026-01-01", time_zone=ZONE)
    items = flow_items(visits, FLOW, as_of="2026-01-01", time_zone=ZONE).set_index("item_id")
    resolved = tables.work_items.set_index("item_id")
    days = ((resolved["resolved_at"] - resolved["created_at"]) / DAY).dropna()
    lead = items["lead_time_days"].dropna()
    assert len(lead) == len(days) == 30
    assert ((lead - 1 - days).abs() < 1).all()


def test_finished_issues_wait_for_nothing(tables, by_status):
    """They lay for 8,408 days in Closed and Resolved until somebody changed their status."""
    assert by_status.loc[["Closed", "Resolved"], "sum"].sum() == pytest.approx(8407.6934)
    visits = stage_visits(tables.status_changes, FLOW, as_of="2026-01-01")
    table = stage_durations(visits).set_index("stage")
    assert "Done" not in table.index
    stays = visits[(visits["stage"] != "Done") & ~visits["is_open"]]
    sizes = stays.groupby("stage").size()
    assert sizes.to_dict() == by_status.loc[WORKING, "size"].sort_index().to_dict()
    assert stays["days"].sum() == pytest.approx(by_status.loc[WORKING, "sum"].sum(), abs=0.0005)
