import datetime
import json

import pandas as pd
import pytest

from pmanalytics import PMAnalyticsError, load_portfolio
from pmanalytics.errors import ConfigError, MissingAsOfError, UnreadableFileError

PROJECTS = "project_id,name,status,actual_finish_date\nP1,One,done,2025-03-02\nP2,Two,open,\n"
JIRA = "Issue key,Issue id,Status,Created,Updated\nA-1,1,Done,02/Jan/24 3:04 PM,{updated}\n"


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes files into a folder, and returns it."""

    def write(**files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_text(content, encoding="utf-8")
        return tmp_path

    return write


def test_a_folder_with_usual_names_needs_only_a_date(folder):
    portfolio = load_portfolio(folder(projects__csv=PROJECTS), as_of="2025-06-30")
    assert portfolio.projects["project_id"].tolist() == ["P1", "P2"]
    assert portfolio.products.empty
    assert portfolio.work_items.empty
    assert portfolio.as_of == "2025-06-30"


def test_without_a_date_the_newest_recorded_one_is_proposed(folder):
    with pytest.raises(
        MissingAsOfError, match=r"newest date in the files is 2025-03-02.*--as-of 2025-03-02"
    ):
        load_portfolio(folder(projects__csv=PROJECTS))


def test_the_date_may_be_a_date_of_toml_and_is_overruled_by_the_caller(folder):
    place = folder(projects__csv=PROJECTS, pmanalytics__toml="as_of = 2025-06-30\n")
    assert load_portfolio(place).as_of == "2025-06-30"
    assert load_portfolio(place, as_of="2025-01-31").as_of == "2025-01-31"


def test_what_was_loaded_already_is_taken_as_it_is(folder):
    portfolio = load_portfolio(folder(projects__csv=PROJECTS), as_of="2024-06-30")
    assert load_portfolio(portfolio) is portfolio
    earlier = load_portfolio(portfolio, as_of=datetime.date(2024, 5, 31))
    assert earlier.as_of == "2024-05-31"
    assert earlier.projects is portfolio.projects
    with pytest.raises(PMAnalyticsError, match="as_of"):
        load_portfolio(portfolio, as_of="soon")


def test_bad_rows_never_stop_a_portfolio(folder):
    bad = PROJECTS + "P3,Three,frozen,\n"
    portfolio = load_portfolio(folder(projects__csv=bad), as_of="2025-06-30")
    assert portfolio.problems["line"].tolist() == [4]
    assert len(portfolio.projects) == 2


def test_files_and_words_go_by_the_configuration(folder):
    place = folder(
        mine__csv="Nr;Titel;Stand;Fertig\n1;One;erledigt;02.03.2025\n",
        pmanalytics__toml="""
            as_of = "2025-06-30"
            [projects]
            file = "mine.csv"
            date_format = "%d.%m.%Y"
            values = {status = {erledigt = "done"}}
            [projects.columns]
            project_id = "Nr"
            name = "Titel"
            status = "Stand"
            actual_finish_date = "Fertig"
            """,
    )
    row = load_portfolio(place).projects.iloc[0]
    assert (row["status"], row["actual_finish_date"]) == ("done", pd.Timestamp("2025-03-02"))


def test_a_status_that_no_stage_claims_is_told(folder):
    place = folder(
        projects__csv=PROJECTS,
        project_stages__csv="item_id,changed_at,to_status\nP1,2025-01-01,Dreaming\n",
    )
    notes = load_portfolio(place, as_of="2025-06-30").notes
    assert notes == (
        "The status 'Dreaming' belongs to no stage (1 project): "
        "add it to [lifecycle.project.stages].",
    )


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("{Execution = [], Closure = []}", {"Tracking and controlling": ["Execution", "Closure"]}),
        ("{Closure = [], Execution = []}", {}),
        ("{Execution = [], Closed = []}", {}),
        ("{Execution = [], 'Tracking and controlling' = [], Closure = []}", {}),
    ],
)
def test_control_runs_beside_the_usual_stages_unless_it_is_one(folder, stages, expected):
    config = f"[lifecycle.project]\nstages = {stages}"
    portfolio = load_portfolio(
        folder(projects__csv=PROJECTS, pmanalytics__toml=config), as_of="2025-06-30"
    )
    assert portfolio.lifecycles["project"].parallel == expected


def test_a_file_that_is_to_be_ignored_is_not_opened(folder):
    place = folder(
        projects__csv=PROJECTS, junk__xlsx="no spreadsheet", pmanalytics__toml="ignore = ['*.xlsx']"
    )
    assert load_portfolio(place, as_of="2025-06-30").files["file"].tolist() == ["projects.csv"]


def test_corrections_count_and_those_of_no_table_are_told(folder):
    place = folder(
        projects__csv=PROJECTS + "P3,Three,frozen,\n",
        fixed__csv="file,line,column,value,corrected\n"
        "projects.csv,4,status,frozen,open\ngone.csv,2,status,frozen,open\n",
    )
    portfolio = load_portfolio(place, as_of="2025-06-30")
    assert portfolio.projects["status"].tolist() == ["done", "open", "open"]
    assert portfolio.notes == (
        "projects.csv: 1 correction taken in.",
        "fixed.csv: 2 of 2 rows filled in.",
        "1 correction of 'gone.csv' not used: no file of that name is read here.",
    )


def test_a_navigator_export_alone_is_enough(folder):
    place = folder(
        jira__csv=JIRA.format(updated=""), pmanalytics__toml='time_zone = "Europe/Berlin"'
    )
    items = load_portfolio(place, as_of="2024-01-31").work_items
    assert items["created_at"].tolist() == [pd.Timestamp("2024-01-02T14:04Z")]


def test_an_issue_newer_in_the_csv_is_told(folder):
    page = (
        '{"issues":[{"id":"1","key":"A-1","fields":{"created":"2024-01-02T15:04:00.000+0000",'
        '"updated":"2024-01-02T15:04:00.000+0000","status":{"name":"To Do"}}}]}'
    )
    place = folder(
        jira__json=page,
        jira__csv=JIRA.format(updated="05/Jan/24 3:04 PM"),
        pmanalytics__toml='time_zone = "UTC"',
    )
    portfolio = load_portfolio(place, as_of="2024-01-31")
    assert portfolio.work_items["status"].tolist() == ["To Do"]
    assert portfolio.notes[0].startswith(
        "1 issue changed between another export and the later Jira CSV"
    )
    assert portfolio.files["n_duplicate"].tolist() == [0, 1]


def test_the_calendar_of_the_folder_is_that_of_the_portfolio(folder):
    """1 May is free in Germany; the zone is the one whose days count."""
    config = 'time_zone = "Europe/Berlin"\n[calendar]\ncountry = "DE"\nholidays = [2024-05-10]\n'
    place = folder(projects__csv=PROJECTS, pmanalytics__toml=config)
    calendar = load_portfolio(place, as_of="2025-06-30").calendar
    assert calendar.time_zone == "Europe/Berlin"
    days = pd.Series(pd.to_datetime(["2024-04-29", "2024-05-10"]))
    assert calendar.working_days(days[:1], days[1:].set_axis([0])).tolist() == [7.0]


def test_a_status_is_placed_by_its_category_only_where_that_is_wanted(folder):
    """Both ways it is told, with the number of issues."""
    issues = '{"issues": [' + ", ".join(
        f'{{"id": "{n}", "key": "A-{n}", "fields": {{"created": "2024-01-0{n}T09:00:00.000+0000", '
        '"status": {"name": "Parked", "statusCategory": {"key": "indeterminate"}}}, '
        '"changelog": {"total": 0, "histories": []}}'
        for n in (1, 2)
    ) + "]}"  # fmt: skip
    stages = '[lifecycle.work_item]\nterminal = ["Done"]\nwaiting = ["Waiting"]\n{}\n'
    stages += "[lifecycle.work_item.stages]\nWaiting = []\nDoing = []\nDone = []\n"
    for fallback, told in (
        ("", "The status 'Parked' belongs to no stage (2 work items)"),
        (
            'fallback = "status_category"',
            "was put into Doing by its category in Jira (2 work items)",
        ),
    ):
        place = folder(jira__json=issues, pmanalytics__toml=stages.format(fallback))
        portfolio = load_portfolio(place, as_of="2024-06-30")
        assert told in " ".join(portfolio.notes)


def test_an_issue_without_its_id_in_the_csv_is_still_the_same(folder):
    page = (
        '{"issues":[{"id":"1","key":"A-1","fields":{"created":"2024-01-02T15:04:00.000+0000",'
        '"status":{"name":"To Do"}}}]}'
    )
    place = folder(
        jira__json=page,
        jira__csv="Issue key,Issue Type,Status,Created\nA-1,Bug,Done,02/Jan/24 3:04 PM\n",
        pmanalytics__toml='time_zone = "UTC"',
    )
    portfolio = load_portfolio(place, as_of="2024-01-31")
    assert portfolio.work_items["key"].tolist() == ["A-1"]
    assert portfolio.files["n_duplicate"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("as_of = ", "Invalid value"),
        ("asof = '2025-01-01'", "'asof' is not known in the file. Did you mean as_of"),
        ("[projects]\ncolumn = {}", r"'column' is not known in \[projects\]. Did you mean columns"),
        ("[projects]\ncolumns = 'x'", r"columns of \[projects\] must be a section"),
        ("projects = 'p.csv'", "projects is no section"),
        ("as_of = 2025", "as_of 2025 is not a date"),
        ("as_of = 'June'\n", "as_of 'June' is not a date"),
        ("time_zone = 'Berlin'", "time_zone 'Berlin' is not known"),
        (
            "[lifecycle.project]\nstages = {A = ['x'], B = ['X']}",
            "'A' and 'B' both claim the status",
        ),
        ("[lifecycle.project]\nterminal = []", r"\[lifecycle.project\] needs a section"),
        ("[lifecycle.project]\nstages = {A = [3]}", "must be a list of names"),
        ("[lifecycle.project]\nstages = {A = []}\nitem_types = 3", "item_types of .* a section"),
        ("[lifecycle.project]\nstages = {A = []}\nparallel = 3", "parallel of .* a section"),
        (
            "[lifecycle.project]\nstages = {A = []}\nfallback = 'name'",
            "can only be 'status_category'",
        ),
        ("[lifecycle.project]\nstages = {A = []}\nwait = []", "Did you mean waiting"),
        ("[lifecycle.project]\nterminal = 3\nstages = {A = []}", "3 must be a list of names"),
        ("[projects]\ncolumns = {name = 3}", "columns must map texts to texts"),
        ("[projects.from_jira]\nfoo = 1", r"'foo' is not known in \[projects\.from_jira\]"),
        ("[products.from_jira]\nby = 1", r"by of \[products\.from_jira\] must be a text"),
        ("[projects.from_jira]\nby = 'moon'", "by='moon'|by must be|'moon'"),
        ("[work_item_stage_dates]\nitem_id = 'x'", r"\[work_item_stage_dates\] needs stages"),
        ("[calendar]\ncountry = 'Germany'", r"Did you mean Germany \(DE\)"),
        ("[calendar]\nhours = '9-17'", r"pmanalytics.toml: calendar: hours must be a list"),
        ("[calendar]\nhour = []", "Did you mean hours"),
        ("ignore = 'x'", "ignore must be a list of names"),
        ("[limits]\ncolumns = 0", "columns = 0 is no whole number"),
        ("[limits]\nrows = 5", r"'rows' is not known in \[limits\]"),
        ("[projects]\nmissing = 'NA'", r"missing of \[projects\] must be a list of words"),
        (
            "as_of = '2025-03-31'\nfilter_by = 'Bduget'",
            r"'Bduget' is no column of the projects.* Known are: project_id",
        ),
        ("as_of = '2025-03-31'\nfilter_by = 3", "filter_by = 3 is no column"),
        ("[projects]\nfile = 'gone.csv'", r"gone\.csv: there is no such file"),
    ],
)
def test_a_wrong_configuration_is_refused_in_words(folder, config, message):
    place = folder(projects__csv=PROJECTS, pmanalytics__toml=config)
    with pytest.raises((ConfigError, UnreadableFileError), match=message):
        load_portfolio(place)


def test_jira_times_without_a_zone_are_refused(folder):
    with pytest.raises(ConfigError, match="Jira's CSV has times without a zone"):
        load_portfolio(folder(jira__csv=JIRA.format(updated="")), as_of="2024-01-31")


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "nothing in this folder can be read as it is"), ("gone", "there is no such folder")],
)
def test_a_folder_without_data_is_refused_in_words(tmp_path, name, message):
    with pytest.raises(UnreadableFileError, match=message):
        load_portfolio(tmp_path / name)


def test_item_types_of_ideas_go_by_the_configuration(folder):
    place = folder(
        projects__csv=PROJECTS, pmanalytics__toml='[requirements]\nideas = ["Customer wish"]\n'
    )
    types = load_portfolio(place, as_of="2025-06-30").requirement_types
    assert types.ideas == ["Customer wish"]
    assert "Epic" in types.epics
    folder(pmanalytics__toml='[requirements]\nideas = "Idea"\n')
    with pytest.raises(ConfigError, match=r"ideas of \[requirements\] must be a list of names"):
        load_portfolio(place, as_of="2025-06-30")


def test_releases_of_a_list_are_filled_from_jira(folder):
    """The list has the planned day, which Jira overwrites; Jira knows what was released."""
    version = {"id": "7", "name": "1.0", "released": True, "releaseDate": "2025-02-05"}
    fields = {
        "status": {"name": "Done"}, "created": "2025-01-02T10:00:00.000+0000",
        "project": {"key": "ATL"}, "fixVersions": [version],
    }  # fmt: skip
    place = folder(
        jira__json=json.dumps({"issues": [{"id": "1", "key": "ATL-1", "fields": fields}]}),
        releases__csv="release_id,product_id,name,planned_release_date\nR1,Atlas,1.0,2025-01-31\n",
        pmanalytics__toml='[work_items.products]\nATL = "Atlas"\n',
    )
    row = load_portfolio(place, as_of="2025-06-30").releases.iloc[0]
    assert (row["release_id"], row["project_key"], row["is_released"]) == ("R1", "ATL", True)
    assert row["release_date"] - row["planned_release_date"] == pd.Timedelta(days=5)
