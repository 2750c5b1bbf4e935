import pandas as pd
import pytest

from pmanalytics import PMAnalyticsError, Quarantine, load_project_snapshots, stage_visits
from pmanalytics.errors import BadRowsError
from pmanalytics.schemas import Projects, StatusChanges

UNKNOWN = "(unknown status)"
PROJECT = {"project_id": "P1", "name": "Move", "status": "open"}


def snapshots(*rows, quarantine=None, **options):
    """Load rows of one project: a date, and whatever else."""
    frame = pd.DataFrame([{**PROJECT, **row} for row in rows], dtype="str")
    return load_project_snapshots(frame, quarantine=quarantine, **options)


def only(found):
    assert len(found.projects) == 1
    Projects.validate(found.projects)
    return found.projects.iloc[0]


def counts(quarantine):
    columns = ["rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    return quarantine.files[columns].to_numpy().tolist()


def test_a_project_is_its_newest_row_even_where_that_knows_less():
    quarantine = Quarantine()
    found = snapshots(
        {"snapshot_date": "2024-02-29", "name": "Move house", "project_manager": ""},
        {"snapshot_date": "2024-01-31", "name": "Move", "project_manager": "Ada"},
        quarantine=quarantine,
    )
    assert only(found)["name"] == "Move house"
    assert pd.isna(only(found)["project_manager"])
    assert counts(quarantine) == [[2, 2, 0, 0]]


def test_the_first_plan_is_the_baseline_and_the_newest_the_rebaselined_one():
    days = ["", "2024-06-30", "2024-09-30", "2024-09-30", "2024-12-31", ""]
    budgets = ["", "100", "100", "120", "120", ""]
    found = snapshots(
        *[
            {
                "snapshot_date": f"2024-0{month}-01",
                "baseline_finish_date": day,
                "baseline_budget": budget,
            }
            for month, day, budget in zip(range(1, 7), days, budgets, strict=True)
        ],
        defaults={"currency": "EUR"},
    )
    row = only(found)
    assert row["baseline_finish_date"] == pd.Timestamp("2024-06-30")
    assert row["rebaselined_finish_date"] == pd.Timestamp("2024-12-31")
    assert (row["rebaseline_count"], row["baseline_budget"]) == (2, 100)
    assert row["rebaselined_budget"] == 120
    assert found.notes == []


def test_a_plan_that_never_changed_was_not_approved_anew():
    plan = {"baseline_finish_date": "2024-06-30"}
    row = only(snapshots(*[{"snapshot_date": f"2024-0{n}-01", **plan} for n in (1, 2)]))
    assert pd.isna(row["rebaselined_finish_date"])
    assert row["rebaseline_count"] == 0


def test_without_a_plan_the_first_forecast_stands_for_it_and_a_note_says_so():
    found = snapshots(
        {"snapshot_date": "2024-01-01", "Due": "2024-06-30", "Cost": "100"},
        {"snapshot_date": "2024-02-01", "Due": "2024-09-30", "Cost": "100"},
        {"snapshot_date": "2024-03-01", "Due": "2024-12-31", "Cost": "90"},
        columns={"forecast_finish_date": "Due", "forecast_cost": "Cost"},
        defaults={"currency": "USD"},
    )
    row = only(found)
    assert row["baseline_finish_date"] == pd.Timestamp("2024-06-30")
    assert row["forecast_finish_date"] == pd.Timestamp("2024-12-31")
    assert (row["baseline_budget"], row["forecast_cost"]) == (100, 90)
    assert pd.isna(row["rebaselined_finish_date"])
    assert pd.isna(row["rebaseline_count"])
    assert "no approved plan of the finish: the forecast of the first snapshot" in found.notes[0]
    assert "changed 2 times in 1 project; these are no new plans" in found.notes[0]
    assert "changed 1 time in 1 project" in found.notes[1]


def test_a_budget_counts_in_the_newest_currency():
    found = snapshots(
        {"snapshot_date": "2024-01-01", "baseline_budget": "100", "currency": "DEM"},
        {"snapshot_date": "2024-02-01", "baseline_budget": "51", "currency": "EUR"},
        {"snapshot_date": "2024-03-01", "baseline_budget": "", "currency": ""},
    )
    row = only(found)
    assert (row["baseline_budget"], row["currency"]) == (51, "EUR")
    assert pd.isna(row["rebaselined_budget"])


def test_the_planned_start_is_that_of_the_first_planned_finish():
    found = snapshots(
        {"snapshot_date": "2024-01-01", "baseline_start_date": "2024-05-01"},
        {
            "snapshot_date": "2024-02-01",
            "baseline_start_date": "2024-03-01",
            "baseline_finish_date": "2024-04-01",
        },
    )
    assert only(found)["baseline_start_date"] == pd.Timestamp("2024-03-01")


def test_a_stage_is_entered_between_two_snapshots():
    stages = ["Planning", "Planning", "", "Execution", "Planning"]
    found = snapshots(
        *[
            {"snapshot_date": f"2024-0{month}-01", "stage": stage}
            for month, stage in enumerate(stages, 1)
        ],
        time_zone="America/New_York",
    )
    changes = found.status_changes
    StatusChanges.validate(changes)
    assert changes["to_status"].tolist() == ["Planning", "Execution", "Planning"]
    assert changes["from_status"].tolist() == [UNKNOWN, "Planning", "Execution"]
    assert changes["changed_at"].dt.strftime("%m-%dT%H").tolist() == [
        "01-01T05",
        "04-01T04",
        "05-01T04",
    ]
    assert changes["changed_after"].dt.strftime("%m-%d").tolist()[1:] == ["02-01", "04-01"]
    assert changes["changed_after"].isna().tolist() == [True, False, False]
    assert set(changes["source"]) == {"snapshots"}
    visits = stage_visits(changes, as_of="2024-06-30", time_zone="America/New_York")
    assert visits["history_complete"].tolist() == [False, True, True]
    assert "two snapshots (median 45 days)" in found.notes[-1]


@pytest.mark.parametrize(
    ("first", "second"), [("2024-01-31", "2024-02-29"), ("20240131", "20240229")]
)
def test_the_name_of_a_file_tells_its_day(tmp_path, first, second):
    header = "project_id,name,status,stage\n"
    one, two = tmp_path / f"projects_{first}.csv", tmp_path / f"projects_{second}.csv"
    two.write_text(f"{header}P1,Move,done,Closed\n", encoding="utf-8")
    one.write_text(f"{header}P1,Move,open,Planning\nP2,Stay,open,Planning\n", encoding="utf-8")
    quarantine = Quarantine()
    found = load_project_snapshots([two, one], quarantine=quarantine)
    assert found.projects[["project_id", "status"]].to_numpy().tolist() == [
        ["P1", "done"],
        ["P2", "open"],
    ]
    assert found.status_changes["changed_at"].dt.strftime("%m-%d").tolist() == [
        "01-31",
        "02-29",
        "01-31",
    ]
    assert found.notes[:-1] == [
        "1 of 2 projects have no usable row in the newest snapshot (2024-02-29); "
        "their last row counts."
    ]
    assert "two snapshots (median 29 days)" in found.notes[-1]
    assert quarantine.notes == found.notes
    assert counts(quarantine) == [[1, 1, 0, 0], [2, 2, 0, 0]]


@pytest.mark.parametrize(
    "name", ["projects.csv", "p_20241399.csv", "p_2024-01-01_2024-01-31.csv", "p_1234567890.csv"]
)
def test_a_snapshot_without_a_day_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text("project_id,name,status\nP1,Move,open\n", encoding="utf-8")
    with pytest.raises(PMAnalyticsError, match="nothing tells the day of this snapshot"):
        load_project_snapshots(path)


def test_rows_of_one_day_that_differ_are_set_aside_and_equal_ones_count_once():
    quarantine = Quarantine()
    row = {"snapshot_date": "2024-01-31"}
    other = {"snapshot_date": "2024-02-29"}
    found = snapshots(row, row, other, {**other, "name": "Stay"}, quarantine=quarantine)
    assert only(found)["snapshot_date"] == pd.Timestamp("2024-01-31")
    assert counts(quarantine) == [[4, 1, 2, 1]]
    assert set(quarantine.problems["reason"]) == {
        "stands on several rows of one day with different content"
    }


def test_bad_rows_alone_leave_empty_tables():
    quarantine = Quarantine()
    found = snapshots({"snapshot_date": "soon", "stage": "Planning"}, quarantine=quarantine)
    assert len(found.projects) == len(found.status_changes) == 0
    assert counts(quarantine) == [[1, 0, 1, 0]]
    with pytest.raises(BadRowsError, match="snapshot_date: 'soon'"):
        snapshots({"snapshot_date": "soon"})


def test_new_york_capital_projects_have_their_first_and_newest_forecasts(real_data):
    """The figures were counted without pandas, over the rows but for the one that is set aside."""
    path = real_data / "nyc_capital_projects" / "NYC_capital_projects_20190901.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    stamp = "%m/%d/%Y %I:%M:%S %p"
    rows["Date Reported As Of"] = pd.to_datetime(rows["Date Reported As Of"], format=stamp)
    quarantine = Quarantine()
    projects, changes, notes = load_project_snapshots(
        rows,
        columns={
            "snapshot_date": "Date Reported As Of",
            "project_id": "PID",
            "name": "Project Name",
            "stage": "Current Phase",
            "forecast_finish_date": "Forecast Completion",
            "forecast_cost": "Budget Forecast",
        },
        defaults={"status": "open", "currency": "USD"},
        date_format="%m/%d/%Y",
        quarantine=quarantine,
    )
    Projects.validate(projects)
    StatusChanges.validate(changes)
    assert counts(quarantine) == [[2259, 2258, 1, 0]]
    assert quarantine.problems[["column", "value", "reason"]].to_numpy().tolist() == [
        ["Budget Forecast", "-4102606", "is negative"]
    ]
    assert len(projects) == 378
    assert changes["changed_at"].min() == pd.Timestamp("2013-09-01T00:00Z")
    assert set(projects["snapshot_date"]) == {pd.Timestamp("2019-09-01")}
    assert (len(changes), changes["item_id"].nunique()) == (566, 367)
    slip = projects["forecast_finish_date"] - projects["baseline_finish_date"]
    slip = slip.dropna().dt.days
    assert (len(slip), slip.median(), (slip <= 0).sum()) == (278, 60, 129)
    growth = (projects["forecast_cost"] - projects["baseline_budget"]).dropna()
    assert (len(growth), round(growth.median(), 2), (growth <= 0).sum()) == (284, 77023.79, 140)
    assert "The forecast changed 1069 times in 245 projects" in notes[0]
