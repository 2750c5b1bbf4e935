import json

import pandas as pd
import pytest

from pmanalytics import (
    JiraTables,
    PMAnalyticsError,
    Portfolio,
    load_jira_json,
    load_portfolio,
    on_time_rate,
    products_from_jira,
    project_outcomes,
    projects_from_jira,
)
from pmanalytics.lifecycle import Lifecycle
from pmanalytics.loaders.jira.projects import with_products
from pmanalytics.schemas import (
    FieldChanges,
    Products,
    Projects,
    Releases,
    StatusChanges,
    WorkItems,
    dtypes,
    empty,
)
from pmanalytics.tables import with_all_columns

FLOW = Lifecycle(
    {
        "Waiting": ["To Do"],
        "Analysis": [],
        "Doing": ["In Progress"],
        "Done": ["Closed"],
        "Dropped": [],
    },
    terminal=["Done"],
    cancelled=["Dropped"],
)


def table(schema, rows):
    """Return rows as a table of the schema."""
    if not rows:
        return empty(schema)
    kinds = dtypes(schema)
    made = pd.DataFrame(rows)
    for name in made.columns.intersection(list(kinds)):
        if name.endswith("_at"):
            made[name] = pd.to_datetime(made[name], utc=True)
        made[name] = made[name].astype(kinds[name])
    return with_all_columns(made, schema)


def item(number, status="To Do", **fields):
    known = {"item_id": str(number), "key": f"ABC-{number}", "status": status, "summary": "A thing"}
    known |= {"created_at": "2024-01-01T00:00Z", "history_complete": True, "item_type": "Epic"}
    return known | {"fix_versions": [], "components": []} | fields


def moves(number, *steps):
    """Return status changes of (instant, status), the first of which is the creation."""
    return [
        {
            "level": "work_item",
            "item_id": str(number),
            "changed_at": at,
            "from_status": steps[order - 1][1] if order else None,
            "to_status": status,
            "sequence": order,
        }
        for order, (at, status) in enumerate(steps)
    ]


def due_moved(number, at, old, new):
    known = {"level": "work_item", "item_id": str(number), "changed_at": at}
    return known | {"field": "due_date", "old": old, "new": new}


def release(number, name, day=None, is_released=True, project_key="ABC"):
    known = {"release_id": str(number), "project_key": project_key, "name": name}
    return known | {"release_date": day, "is_released": is_released}


def records(items, changes=(), due_changes=(), releases=()):
    return Portfolio(
        as_of="2024-12-31",
        work_items=table(WorkItems, list(items)),
        status_changes=table(StatusChanges, [row for rows in changes for row in rows]),
        field_changes=table(FieldChanges, list(due_changes)),
        releases=table(Releases, list(releases)),
    )


def derived(*arguments, **options):
    return projects_from_jira(records(*arguments), **{"lifecycle": FLOW, **options})


def only(found):
    """Return the one project there is, what is missing as None."""
    assert len(found.table) == 1
    row = found.table.iloc[0]
    return row.astype(object).where(row.notna(), None)


def day(text):
    return pd.Timestamp(text)


WORKED = moves(
    1,
    ("2024-01-01T00:00Z", "To Do"),
    ("2024-02-01T09:00Z", "In Progress"),
    ("2024-05-10T09:00Z", "Closed"),
)


def test_the_first_plan_is_the_due_date_in_force_when_work_began():
    """Set for 1 March before work began, moved to 1 April and 1 June after; now 1 June."""
    done = item(1, "Closed", due_date="2024-06-01", resolved_at="2024-05-10T09:00Z")
    due_changes = [
        due_moved(1, "2024-01-05T00:00Z", "2024-02-15", "2024-03-01"),
        due_moved(1, "2024-04-20T00:00Z", "2024-04-01", "2024-06-01"),
        due_moved(1, "2024-02-20T00:00Z", "2024-03-01", "2024-04-01"),
    ]
    project = only(derived([done], [WORKED], due_changes))
    assert project["baseline_finish_date"] == day("2024-03-01")
    assert project["rebaselined_finish_date"] == day("2024-06-01")
    assert project["rebaseline_count"] == 2
    assert project["actual_start_date"] == day("2024-02-01")
    assert project["actual_finish_date"] == day("2024-05-10")
    assert project["status"] == "done"


def test_a_due_date_that_never_moved_is_the_first_plan():
    project = only(derived([item(1, "Closed", due_date="2024-06-01")], [WORKED]))
    assert project["baseline_finish_date"] == day("2024-06-01")
    assert project["rebaselined_finish_date"] is None
    assert project["rebaseline_count"] == 0


def test_a_change_in_the_same_edit_as_the_beginning_belongs_to_the_plan():
    same = [due_moved(1, "2024-02-01T09:00Z", None, "2024-03-01")]
    project = only(derived([item(1, "Closed", due_date="2024-03-01")], [WORKED], same))
    assert project["baseline_finish_date"] == day("2024-03-01")
    assert project["rebaseline_count"] == 0


def test_a_due_date_set_only_after_work_began_is_no_first_plan():
    later = [due_moved(1, "2024-03-01T00:00Z", None, "2024-06-01")]
    project = only(derived([item(1, "Closed", due_date="2024-06-01")], [WORKED], later))
    assert project["baseline_finish_date"] is None
    assert project["rebaselined_finish_date"] == day("2024-06-01")
    assert project["rebaseline_count"] == 1


@pytest.mark.parametrize(
    ("is_complete", "changes", "lifecycle"),
    [
        (False, [WORKED], FLOW),
        (True, [moves(1, ("2024-01-01T00:00Z", "To Do"))], FLOW),
        (True, [WORKED], None),
    ],
    ids=["cut history", "never begun", "no lifecycle"],
)
def test_without_a_known_beginning_there_is_no_first_plan(is_complete, changes, lifecycle):
    waiting = item(1, due_date="2024-06-01", history_complete=is_complete)
    project = only(derived([waiting], changes, lifecycle=lifecycle))
    assert project["baseline_finish_date"] is None
    assert project["actual_start_date"] is None
    assert project["rebaseline_count"] is None
    assert project["rebaselined_finish_date"] == day("2024-06-01")


def test_the_stage_with_which_work_begins_can_be_named():
    steps = [("2024-01-01T00:00Z", "To Do"), ("2024-01-10T00:00Z", "Analysis")]
    changes = [moves(1, *steps, ("2024-02-01T00:00Z", "In Progress"))]
    begun = item(1, "In Progress")
    assert only(derived([begun], changes))["actual_start_date"] == day("2024-01-10")
    named = derived([begun], changes, execution="Doing")
    assert only(named)["actual_start_date"] == day("2024-02-01")
    with pytest.raises(PMAnalyticsError, match="stages are Waiting, Analysis, Doing"):
        derived([begun], execution="Building")


@pytest.mark.parametrize(
    ("fields", "status", "finish"),
    [
        ({"resolved_at": "2024-05-10T09:00Z", "resolution": "Done"}, "done", "2024-05-10"),
        ({"resolved_at": "2024-05-10T09:00Z", "resolution": "Won’t do"}, "cancelled", "2024-05-10"),
        ({"resolved_at": "2024-05-10T09:00Z", "resolution": "duplikat"}, "cancelled", "2024-05-10"),
        ({"status": "Dropped", "resolved_at": "2024-05-10T09:00Z"}, "cancelled", "2024-05-10"),
        (
            {"status_category": "Done", "status_category_changed_at": "2024-05-11T09:00Z"},
            "done",
            "2024-05-11",
        ),
        ({"status_category": "done", "updated_at": "2024-05-12T09:00Z"}, "done", None),
        (
            {"status_category": "new", "status_category_changed_at": "2024-05-11T09:00Z"},
            "open",
            None,
        ),
    ],
)
def test_a_project_is_finished_when_its_issue_was_resolved(fields, status, finish):
    """The day of the last edit is never taken for the day of the end."""
    project = only(derived([item(1, **fields)]))
    assert project["status"] == status
    assert project["actual_finish_date"] == (finish and day(finish))


def test_without_a_resolution_the_last_entry_into_the_end_counts():
    steps = [("2024-01-01T00:00Z", "To Do"), ("2024-02-01T00:00Z", "Closed")]
    steps += [("2024-03-01T00:00Z", "In Progress"), ("2024-04-01T00:00Z", "Done")]
    steps += [("2024-04-09T00:00Z", "Closed")]
    project = only(derived([item(1, "Closed")], [moves(1, *steps)]))
    assert project["actual_finish_date"] == day("2024-04-01")


def test_which_resolutions_cancel_can_be_said():
    resolved = item(1, resolved_at="2024-05-10T09:00Z", resolution="Parked")
    assert only(derived([resolved]))["status"] == "done"
    told = derived([resolved], cancelled_resolutions=["parked"])
    assert only(told)["status"] == "cancelled"


def test_days_are_those_of_the_zone():
    """22:30 UTC on 31 March is 1 April in Berlin: late against 31 March."""
    done = item(1, "Closed", resolved_at="2024-03-31T22:30Z", due_date="2024-03-31")
    found = derived([done], time_zone="Europe/Berlin")
    assert only(found)["actual_finish_date"] == day("2024-04-01")
    judged = project_outcomes(found.table, as_of="2024-12-31", basis="rebaselined")
    assert judged["on_time"].tolist() == ["late"]


def test_estimates_become_effort_and_never_budget():
    project = only(derived([item(1, original_estimate_hours=40.0, time_spent_hours=52.5)]))
    assert project["baseline_effort_hours"] == 40.0
    assert project["actual_effort_hours"] == 52.5
    assert project["baseline_budget"] is None
    assert project["actual_cost"] is None


def test_an_issue_without_summary_goes_by_its_key_and_keeps_the_users_columns():
    project = only(derived([item(1, summary=None, region="North", product_id="ATLAS")]))
    assert (project["project_id"], project["name"]) == ("ABC-1", "ABC-1")
    assert (project["project_class"], project["stage"]) == ("Epic", "Waiting")
    assert (project["product_id"], project["region"]) == ("ATLAS", "North")


def test_a_column_named_like_one_of_a_project_cannot_break_it():
    assert only(derived([item(1, actual_cost="a lot")]))["actual_cost"] is None


def test_only_the_types_asked_for_become_projects():
    items = [item(1), item(2, item_type="Bug"), item(3, item_type=None)]
    found = derived(items, item_types=["epic", "Idea"])
    assert found.table["project_id"].tolist() == ["ABC-1"]
    assert found.notes == ["No issue is of the type 'Idea'; the types are Bug, Epic."]


def test_what_contradicts_itself_gives_way_and_is_told():
    """Imported as resolved before work began; two issues of one key; a negative estimate."""
    odd = item(1, "Closed", resolved_at="2024-01-20T00:00Z", updated_at="2024-06-02T00:00Z")
    older = item(2, key="ABC-1", updated_at="2024-06-01T00:00Z")
    found = derived([odd | {"original_estimate_hours": -1.0}, older], [WORKED])
    project = only(found)
    assert project["actual_finish_date"] == day("2024-01-20")
    assert project["actual_start_date"] is None
    assert project["baseline_effort_hours"] is None
    assert found.notes == [
        "1 issue with the key or id of a newer one: left out of projects and products.",
        "1 project from Jira ended before work on it began: the start is left out.",
        "1 project from Jira with a negative baseline_effort_hours: left out.",
    ]


RELEASES = [release(1, "1.0", "2024-03-31"), release(2, "2.0", "2024-09-30", is_released=False)]
SHIPPED = [
    item(1, "Closed", fix_versions=["1.0"], resolved_at="2024-03-01T00:00Z", time_spent_hours=5.0),
    item(2, "Closed", fix_versions=["1.0", "2.0"], resolved_at="2024-04-02T00:00Z",
         original_estimate_hours=8.0, time_spent_hours=9.0),
    item(3, fix_versions=["2.0", "3.0"]),
]  # fmt: skip


def test_a_release_is_finished_with_its_last_issue():
    found = derived(SHIPPED, (), (), RELEASES, by="fix_version").table.set_index("project_id")
    assert found["name"].tolist() == ["1.0", "2.0", "3.0"]
    first, second, third = (found.loc[f"ABC {n}"] for n in ("1.0", "2.0", "3.0"))
    assert (first["status"], first["actual_finish_date"]) == ("done", day("2024-04-02"))
    assert first["rebaselined_finish_date"] == day("2024-03-31")
    assert (first["baseline_effort_hours"], first["actual_effort_hours"]) == (8.0, 14.0)
    assert second["status"] == "open"
    assert second["rebaselined_finish_date"] == day("2024-09-30")
    assert pd.isna(second["actual_finish_date"])
    assert pd.isna(third["rebaselined_finish_date"])
    assert pd.isna(third["actual_effort_hours"])
    assert found["baseline_finish_date"].isna().all()


def test_a_release_that_is_out_with_open_issues_is_done_on_a_day_unknown():
    out = [release(2, "2.0", "2024-05-31")]
    project = only(derived([item(3, fix_versions=["2.0"])], (), (), out, by="fix_version"))
    assert project["status"] == "done"
    assert project["actual_finish_date"] is None


def test_a_release_of_cancelled_issues_only_is_cancelled():
    dropped = item(1, "Dropped", fix_versions=["1.0"], resolved_at="2024-03-01T00:00Z")
    assert only(derived([dropped], (), (), RELEASES, by="fix_version"))["status"] == "cancelled"


def test_releases_of_one_name_in_two_jira_projects_are_two():
    items = [item(1, fix_versions=["1.0"]), item(2, key="XYZ-2", fix_versions=["1.0"])]
    found = derived(items, (), (), RELEASES, by="fix_version").table
    assert found["project_id"].tolist() == ["ABC 1.0", "XYZ 1.0"]
    assert found["rebaselined_finish_date"].notna().tolist() == [True, False]


def test_a_release_with_two_dates_has_none():
    doubtful = [*RELEASES, release(9, "1.0", "2024-04-30")]
    found = derived([SHIPPED[0]], (), (), doubtful, by="fix_version")
    assert only(found)["rebaselined_finish_date"] is None
    assert found.notes == ["The release '1.0' has two dates in one Jira project: neither is used."]


def test_an_issue_may_be_due_with_the_earliest_of_its_releases_that_are_out():
    dated = [*RELEASES, release(3, "1.1", "2024-02-29"), release(4, "1.2", "2024-01-31", False)]
    several = item(1, due_date="2024-01-15", fix_versions=["1.0", "1.1", "1.2", "none"])
    project = only(derived([several], (), (), dated, due="fix_version"))
    assert project["rebaselined_finish_date"] == day("2024-02-29")
    assert project["baseline_finish_date"] is None


def test_a_jira_project_is_due_and_finished_with_its_last_issue():
    items = [
        item(1, "Closed", resolved_at="2024-03-01T00:00Z", due_date="2024-03-31", product_id="A"),
        item(2, "Closed", resolved_at="2024-04-02T00:00Z", due_date="2024-04-01", product_id="A"),
        item(3, key="XYZ-3", product_id="A"),
        item(4, "Closed", key="XYZ-4", resolved_at="2024-04-02T00:00Z", product_id="B"),
    ]
    found = derived(items, by="project").table.set_index("project_id")
    assert found["status"].to_dict() == {"ABC": "done", "XYZ": "open"}
    assert found.loc["ABC", "actual_finish_date"] == day("2024-04-02")
    assert found.loc["ABC", "rebaselined_finish_date"] == day("2024-04-01")
    assert found.loc["ABC", "product_id"] == "A"
    assert pd.isna(found.loc["XYZ", "product_id"])


def test_no_issues_are_no_projects():
    for by in ("issue", "fix_version", "project"):
        for due in ("due_date", "fix_version"):
            assert derived([], by=by, due=due).table.empty
    assert list(derived([]).table)[: len(dtypes(Projects))] == list(dtypes(Projects))


@pytest.mark.parametrize(
    "options",
    [{"by": "epic"}, {"due": "release"}, {"item_types": "Epic"}, {"time_zone": "Berlin"},
     {"cancelled_resolutions": "Won't Do"}],
)  # fmt: skip
def test_an_impossible_option_is_refused(options):
    with pytest.raises(PMAnalyticsError, match=next(iter(options))):
        derived([item(1)], **options)


def test_products_are_jira_projects_components_or_ideas():
    items = [
        item(1, components=["Web", "API"]),
        item(2, key="XYZ-2", components=["API"]),
        item(3, item_type="Idea", summary="Dark mode"),
    ]
    found = table(WorkItems, items)
    assert products_from_jira(found).table["product_id"].tolist() == ["ABC", "XYZ"]
    parts = products_from_jira(found, by="component").table
    assert parts["product_id"].tolist() == ["ABC API", "ABC Web", "XYZ API"]
    assert parts["name"].tolist() == ["API", "Web", "API"]
    ideas = products_from_jira(found, by="issue", item_types=["Idea"]).table
    assert ideas[["product_id", "name"]].to_numpy().tolist() == [["ABC-3", "Dark mode"]]
    assert list(ideas) == list(dtypes(Products))
    assert products_from_jira(found, item_types=["Ide"]).notes == [
        "No issue is of the type 'Ide'; the types are Epic, Idea."
    ]


def test_issues_belong_to_the_product_of_their_jira_project_or_component():
    items = table(
        WorkItems,
        [
            item(1, components=["Web"]),
            item(2, components=["Web", "API"]),
            item(3, product_id="MINE", components=["API"]),
            item(4),
        ],
    )
    assert with_products(items, "project").table["product_id"].tolist() == [
        "ABC", "ABC", "MINE", "ABC",
    ]  # fmt: skip
    found, notes = with_products(items, "component")
    assert found["product_id"].fillna("").tolist() == ["ABC Web", "", "MINE", ""]
    assert notes == ["1 issue of several components: assigned to none."]
    assert with_products(items, "issue").table is items


def test_the_sample_becomes_projects_of_every_kind():
    portfolio = load_portfolio("data/sample")
    lifecycle = portfolio.lifecycles["work_item"]
    issues = projects_from_jira(portfolio, lifecycle=lifecycle).table
    assert len(issues) == len(portfolio.work_items)
    keys = portfolio.work_items["project_key"].nunique()
    assert len(projects_from_jira(portfolio, by="project").table) == keys


@pytest.fixture(scope="module")
def daemon(real_data):
    """Return a real Jira project and its releases, the latter taken from the raw JSON."""
    path = real_data / "jira_server_jsonl" / "DAEMON.jsonl"
    issues = [json.loads(line)["fields"] for line in path.read_text("utf-8").splitlines()]
    versions = {v["id"]: v for fields in issues for v in fields["fixVersions"]}
    rows = [
        release(v["id"], v["name"], v.get("releaseDate"), v["released"], "DAEMON")
        for v in versions.values()
    ]
    tables = load_jira_json(path)
    return Portfolio(
        as_of="2021-11-30", work_items=tables.work_items, releases=table(Releases, rows)
    )


def test_real_issues_are_on_time_for_their_release_as_often_as_counted_independently(daemon):
    """The reference counts 232 of 242, in UTC days and whatever the resolution."""
    found = projects_from_jira(daemon, due="fix_version", cancelled_resolutions=[])
    rate = on_time_rate(
        found.table, as_of="2021-11-30", basis="rebaselined", population="finished"
    ).iloc[0]
    assert (rate["k"], rate["n"], rate["basis"]) == (232, 242, "rebaselined")
    assert rate["n_missing_baseline"] == 317 - 242


def test_real_releases_become_projects(daemon):
    """23 versions are named; 3 of them have no date, of which one is out."""
    found = projects_from_jira(daemon, by="fix_version").table
    assert len(found) == 23
    assert found["rebaselined_finish_date"].isna().sum() == 3


def test_stages_by_id_type_or_category_count_for_projects_too():
    """Issue 1 is begun by its status's id, 2 done as a bug, 3 done by its category alone."""
    at = pd.to_datetime(["2024-01-02", "2024-01-05", "2024-01-02", "2024-01-02"], utc=True)
    items = pd.DataFrame({
        "item_id": ["1", "2", "3"], "key": ["A-1", "A-2", "A-3"], "project_key": "A",
        "summary": "x", "item_type": ["Story", "Bug", "Story"],
        "status": ["Renamed", "Checked", "Over"], "created_at": at[0], "history_complete": True,
    })  # fmt: skip
    changes = pd.DataFrame({
        "level": "work_item", "item_id": ["1", "1", "2", "3"], "sequence": [0, 1, 0, 0],
        "item_type": ["Story", "Story", "Bug", "Story"], "changed_at": at,
        "from_status": [None, "To Do", None, None], "from_status_id": [None, "1", None, None],
        "to_status": ["To Do", "Renamed", "Checked", "Over"], "to_status_id": ["1", "77", "5", "6"],
    })  # fmt: skip
    flow = Lifecycle(
        {"To Do": [], "Doing": ["77", "Checked"], "Done": []},
        terminal=["Done"],
        item_types={"Bug": {"Done": ["Checked"]}},
        categories={"over": "done"},
    )
    records = JiraTables(items, changes, empty(FieldChanges), empty(Releases))
    table = projects_from_jira(records, by="issue", lifecycle=flow).table
    table = table.set_index("project_id")
    assert table["status"].tolist() == ["open", "done", "done"]
    assert table["actual_start_date"].dt.strftime("%m-%d").tolist() == ["01-05", "01-02", "01-02"]
