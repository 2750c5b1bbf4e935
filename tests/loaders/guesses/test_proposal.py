import json
import os
import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from pmanalytics import load_portfolio, on_time_rate, propose_config, proposed_lifecycle
from pmanalytics.errors import ConfigError, UnreadableFileError


@pytest.fixture
def proposed(tmp_path):
    """Return a function that has a configuration proposed and written, and loads with it."""

    def propose(folder=tmp_path):
        text = propose_config(folder)
        (folder / "pmanalytics.toml").write_text(text, encoding="utf-8")
        return tomllib.loads(text), load_portfolio(folder)

    return propose


def test_headers_statuses_and_missing_words_are_guessed_and_marked(tmp_path, proposed):
    (tmp_path / "list.csv").write_text(
        "Nr;Titel;Owner;State;Due;Budget\n"
        "1;One;NA;Erledigt;31.03.2025;1.250,50\n"
        "2;Two;Ann;Running;28.02.2025;900\n"
    )
    noon = pd.Timestamp("2025-06-30 12:00").timestamp()
    os.utime(tmp_path / "list.csv", (noon, noon))
    config, portfolio = proposed()
    section = config["projects"]
    assert section["columns"] == {
        "project_id": "Nr",
        "name": "Titel",
        "project_manager": "Owner",
        "status": "State",
        "baseline_finish_date": "Due",
        "baseline_budget": "Budget",
    }
    assert section["values"]["status"] == {"Erledigt": "done", "Running": "open"}
    assert section["missing"] == ["NA"]
    assert config["currency"] == "XXX"
    assert config["as_of"] == "2025-06-30"
    assert portfolio.projects["baseline_budget"].tolist() == [1250.5, 900]
    assert portfolio.projects["project_manager"].isna().tolist() == [True, False]
    lines = (tmp_path / "pmanalytics.toml").read_text().splitlines()
    assert any(line.startswith("missing") and "# check:" in line for line in lines)


@pytest.mark.parametrize(
    ("rows", "key", "value"),
    [
        (["1,One,open,03/04/2025,x", "2,Two,open,05/06/2025,x"], "date_format", "day first"),
        (["1,One,open,2025-03-31,x"] * 9 + ["2,Two,open,45747,x"], "date_format", "excel"),
        (["1,One,open,2025-03-31", "2,Two,open,2025-03-31,x"], "short_rows", "pad"),
    ],
)
def test_what_only_the_load_can_tell_is_proposed(tmp_path, proposed, rows, key, value):
    (tmp_path / "list.csv").write_text("\n".join(["Nr,Name,Status,Due,Note", *rows]))
    config, portfolio = proposed()
    assert config["projects"][key] == value
    assert portfolio.problems.empty
    assert len(portfolio.projects) == len(set(rows))


def test_headers_that_are_partly_ours_are_guessed_like_others(tmp_path, proposed):
    (tmp_path / "list.csv").write_text(
        "Project ID;Name;Status;Due;Finished;Budget;Cost\n"
        "1;One;Not completed;31.03.2025;;1.250;1.000,50\n"
        "2;Two;Completed;28.02.2025;27.02.2025;2.500;900\n"
    )
    config, portfolio = proposed()
    section = config["projects"]
    assert section["columns"]["baseline_finish_date"] == "Due"
    assert section["values"]["status"] == {"Not completed": "open", "Completed": "done"}
    assert section["decimal"] == ","
    assert portfolio.projects["baseline_budget"].tolist() == [1250, 2500]


def test_a_german_list_is_a_list_of_projects(tmp_path, proposed):
    (tmp_path / "liste.csv").write_text(
        "Projekt-Nr;Projektname;Status;Startdatum (Plan);Enddatum (Plan);Enddatum (Ist);Istkosten\n"
        "1;Eins;läuft;01.01.2025;31.03.2025;;k.A.\n"
        "2;Zwei;abgeschlossen;01.01.2025;28.02.2025;27.02.2025;1.900,50 €\n",
        encoding="utf-8",
    )
    config, portfolio = proposed()
    assert config["projects"]["columns"] == {
        "project_id": "Projekt-Nr",
        "name": "Projektname",
        "status": "Status",
        "baseline_start_date": "Startdatum (Plan)",
        "baseline_finish_date": "Enddatum (Plan)",
        "actual_finish_date": "Enddatum (Ist)",
        "actual_cost": "Istkosten",
    }
    assert portfolio.projects["status"].tolist() == ["open", "done"]
    assert portfolio.projects["actual_cost"].isna().tolist() == [True, False]
    assert portfolio.projects["currency"].tolist() == ["XXX", "EUR"]


def test_words_far_down_a_file_are_found(tmp_path, proposed):
    rows = [f"{n},One,open,2025-03-31" for n in range(700)] + ["x,Last,Finished,2025-03-31"]
    (tmp_path / "list.csv").write_text("\n".join(["Nr,Name,Status,Due", *rows]))
    config, portfolio = proposed()
    assert config["projects"]["values"]["status"] == {"Finished": "done"}
    assert len(portfolio.projects) == 701


def test_an_undecided_column_follows_its_neighbour(tmp_path, proposed):
    (tmp_path / "list.csv").write_text(
        "Nr,Name,Status,Start,Due\n1,One,open,03/04/2025,03/25/2026\n2,Two,open,05/06/2025,\n"
    )
    config, _ = proposed()
    assert config["projects"]["date_format"] == "month first"


def test_statuses_get_a_stage_by_their_words(tmp_path, proposed):
    (tmp_path / "tickets.csv").write_text(
        "Ticket,Changed,Status\n"
        "T1,2024-01-01,Backlog\nT1,2024-01-05,Coding\nT1,2024-01-09,Done\n"
        "T2,2024-01-02,Backlog\nT2,2024-01-03,Won't do\n"
    )
    config, portfolio = proposed()
    lifecycle = config["lifecycle"]["work_item"]
    assert lifecycle["stages"] == {
        "To do": ["Backlog"],
        "In progress": ["Coding"],
        "Done": [],
        "Cancelled": ["Won't do"],
    }
    assert (lifecycle["terminal"], lifecycle["cancelled"]) == (["Done"], ["Cancelled"])
    assert lifecycle["waiting"] == ["To do"]
    guess = proposed_lifecycle(portfolio)
    assert guess.stages == lifecycle["stages"]
    assert guess.first_working_stage == "In progress"
    assert portfolio.notes == ()
    assert portfolio.as_of == "2024-01-09"


def history(*items):
    """Return a status history in CSV: of each item the statuses it entered, a day each."""
    rows = [
        f"T{n},2024-01-{day:02},{status}"
        for n, statuses in enumerate(items, 1)
        for day, status in enumerate(statuses, 1)
    ]
    return "\n".join(["Ticket,Changed,Status", *rows])


def test_statuses_without_a_word_we_know_are_placed_by_the_order_of_entries(tmp_path, proposed):
    """Grooming begins, Alpha follows work, Beta a review, and five of five items stay in Omega."""
    way = ["Grooming", "Open", "In Progress", "Alpha", "Code review", "Beta", "Omega"]
    (tmp_path / "tickets.csv").write_text(history(*[way] * 5, ["Grooming", "Open"]))
    config, portfolio = proposed()
    lifecycle = config["lifecycle"]["work_item"]
    assert lifecycle["stages"] == {
        "To do": ["Grooming", "Open"],
        "In progress": ["Alpha"],
        "Review": ["Code review", "Beta"],
        "Done": ["Omega"],
    }
    assert lifecycle["terminal"] == ["Done"]
    text = (tmp_path / "pmanalytics.toml").read_text()
    for line in text.splitlines():
        for status in ("Grooming", "Alpha", "Beta", "Omega"):
            if f'"{status}"' in line:
                assert f"check: {status} by the order of entries only" in line
    assert portfolio.notes == ()


@pytest.mark.parametrize(
    ("statuses", "stages"),
    [
        ("Offen,In Arbeit,Wartet auf Kunde,Abnahme,Erledigt,Abgelehnt", "all"),
        ("À faire,En cours,En attente,Recette,Terminé,Annulé", "all"),
        ("Nuevo,En curso,En espera,En revisión,Cerrado,Cancelado", "all"),
        ("A fazer,Em andamento,Aguardando,Em teste,Concluído,Cancelado", "all"),
        ("Backlog,Development,On hold,Ready for QA,Released,Won't do", "all"),
    ],
)
def test_words_of_five_languages_tell_the_stage(tmp_path, proposed, statuses, stages):
    (tmp_path / "tickets.csv").write_text(history(statuses.split(",")), encoding="utf-8")
    config, _ = proposed()
    found = config["lifecycle"]["work_item"]["stages"]
    names = ["To do", "In progress", "Waiting", "Review", "Done", "Cancelled"]
    place = {status: stage for stage, those in found.items() for status in [stage, *those]}
    assert [place[status] for status in statuses.split(",")] == names


def test_a_status_that_few_leave_though_its_word_says_otherwise_is_asked_about(tmp_path, proposed):
    way = ["Open", "In Progress", "Pending publication"]
    (tmp_path / "tickets.csv").write_text(history(*[way] * 6))
    config, _ = proposed()
    assert config["lifecycle"]["work_item"]["stages"]["Waiting"] == ["Pending publication"]
    text = (tmp_path / "pmanalytics.toml").read_text()
    assert "check: hardly any item leaves Pending publication: does it end the work?" in text


def test_statuses_that_differ_in_case_only_are_one(tmp_path, proposed):
    ways = [["Alpha", "Beta", "ALPHA", "done"], ["beta", "alpha", "Done"], ["alpha"]]
    (tmp_path / "tickets.csv").write_text(history(*ways))
    _, portfolio = proposed()
    assert portfolio.notes == ()
    (tmp_path / "pmanalytics.toml").unlink()
    text = history(*ways).replace("Ticket", "Project").replace("Status", "Phase")
    (tmp_path / "tickets.csv").write_text(text)
    config, portfolio = proposed()
    assert list(config["lifecycle"]["project"]["stages"]) == ["Alpha", "Beta", "done"]
    assert portfolio.notes == ()


def test_phases_stay_as_they_are_in_the_order_in_which_projects_pass_them(tmp_path, proposed):
    """Tender is rare, seen after Design; Scoping is seen alone; nothing tells what IT is."""
    ways = {
        "A": ["Design", "Build", "Handed over"],
        "B": ["Design", "Build"],
        "C": ["Build", "Handed over"],
        "D": ["Design", "Tender", "Build"],
        "E": ["Scoping"],
        "F": ["IT"],
    }
    rows = [
        f"{project},{project},2024-0{month}-01,{phase},2025-01-01"
        for project, phases in ways.items()
        for month, phase in enumerate(phases, 1)
    ]
    header = "PID,Project Name,As of,Phase,Forecast finish"
    (tmp_path / "list.csv").write_text("\n".join([header, *rows]))
    config, _ = proposed()
    stages = config["lifecycle"]["project"]["stages"]
    assert list(stages) == ["Scoping", "Design", "Tender", "Build", "Handed over", "IT"]
    text = (tmp_path / "pmanalytics.toml").read_text()
    assert "Scoping = []  # check: 1 project, in no other stage: its place is unsure" in text
    assert "Tender = []  # check: 1 project only: its place is unsure" in text
    assert "Design = []\n" in text


def test_a_category_of_jira_tells_more_than_a_word(tmp_path, proposed):
    """Coding done is still in progress; what waits for review or release is no work to do."""
    categories = {"Coding done": "indeterminate", "In review": "indeterminate", "Live": "done",
                  "Ready": "new", "Ready for QA": "new", "Ready for release": "new",
                  "Won't do": "done"}  # fmt: skip
    issues = [
        {
            "id": str(n),
            "key": f"A-{n}",
            "fields": {
                "created": "2024-01-01T00:00:00.000+0000",
                "project": {"key": "A"},
                "status": {"name": name, "statusCategory": {"key": key}},
            },
        }
        for n, (name, key) in enumerate(categories.items(), 1)
    ]
    changelog = {"changelog": {"histories": [], "total": 0}}
    issues = [issue | changelog for issue in issues]
    (tmp_path / "issues.json").write_text(json.dumps({"issues": issues}))
    config, _ = proposed()
    assert config["lifecycle"]["work_item"]["stages"] == {
        "To do": ["Ready"],
        "In progress": ["Coding done"],
        "Review": ["In review", "Ready for QA", "Ready for release"],
        "Done": ["Live"],
        "Cancelled": ["Won't do"],
    }


def test_a_project_history_of_statuses_gets_the_usual_stages(tmp_path, proposed):
    text = history(["Proposed", "Planning", "In progress", "On hold", "Closed"], ["Proposed"])
    (tmp_path / "projects_status.csv").write_text(text.replace("Ticket", "Project"))
    config, portfolio = proposed()
    assert config["lifecycle"]["project"]["stages"] == {
        "Initiation": ["Proposed"],
        "Planning": [],
        "Execution": ["In progress"],
        "On hold": [],
        "Closed": [],
    }
    assert portfolio.notes == ()


def test_names_with_line_breaks_stay_within_their_comments(tmp_path, proposed):
    rows = [{"a\nb = 1": "x", "city": "y"}]
    (tmp_path / "other.json").write_text(json.dumps(rows))
    way = ["Open", "odd\nkey = 1", "Done"]
    (tmp_path / "tickets.csv").write_text(
        history(way, way).replace("odd\nkey", '"odd\nkey').replace("= 1", '= 1"')
    )
    config, _ = proposed()
    assert "b" not in config
    assert config["lifecycle"]["work_item"]["stages"]["In progress"] == ["odd\nkey = 1"]


def test_an_existing_configuration_is_kept_and_an_empty_folder_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match="there is no file in this folder"):
        propose_config(tmp_path)
    (tmp_path / "pmanalytics.toml").write_text("")
    with pytest.raises(ConfigError, match="exists; move it away"):
        propose_config(tmp_path)
    with pytest.raises(UnreadableFileError, match="no such folder"):
        propose_config(tmp_path / "gone")


def test_the_sample_is_understood_without_its_configuration(tmp_path, proposed):
    shutil.copytree("data/sample", tmp_path / "sample")
    (tmp_path / "sample" / "pmanalytics.toml").unlink()
    written = load_portfolio("data/sample")
    config, portfolio = proposed(tmp_path / "sample")
    told = tomllib.loads(Path("data/sample/pmanalytics.toml").read_text(encoding="utf-8"))
    assert told["projects"]["columns"].items() <= config["projects"]["columns"].items()
    assert portfolio.projects["status"].tolist() == written.projects["status"].tolist()
    assert len(portfolio.products) == len(written.products)
    assert portfolio.as_of == written.as_of
    stages = config["lifecycle"]["work_item"]["stages"]
    assert list(stages) == ["To do", "In progress", "Review", "Waiting", "Done", "Cancelled"]
    assert stages["Review"] == ["In Review", "Testing"]


REAL = {
    "cycle_times": (4123, 2461, 1662),
    "distro_lifecycles": (66, 66, 0),
    "jira_cloud_json": (33, 33, 0),
    "jira_cloud_json_small": (12, 10, 0),
    "jira_server_jsonl": (317, 317, 0),
    "nyc_capital_projects": (2259, 2258, 1),
    "product_lifespans": (307, 307, 0),
    "semicolon_dates": (266, 266, 0),
    "stage_gates": (445, 445, 0),
    "status_history_csv": (4889, 4889, 0),
}


@pytest.mark.parametrize("name", REAL)
def test_real_exports_load_as_proposed_with_every_row_accounted_for(
    real_data, tmp_path, proposed, name
):
    """Counts are those of the records' own descriptions and reference results."""
    folder = tmp_path / name
    shutil.copytree(real_data / name, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    _, portfolio = proposed(folder)
    counts = portfolio.files[["rows_read", "n_valid", "n_quarantined"]].sum()
    assert tuple(counts) == REAL[name]
    recognised = portfolio.files[portfolio.files["rows_read"] > 0]
    assert recognised["evidence"].str.len().min() > 0


def test_real_releases_give_the_reference_rate(real_data, tmp_path, proposed):
    folder = tmp_path / "server"
    shutil.copytree(real_data / "jira_server_jsonl", folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    _, portfolio = proposed(folder)
    rate = on_time_rate(
        portfolio.projects, as_of="2021-11-30", basis="rebaselined", population="finished"
    )
    assert rate[["k", "n"]].to_numpy().tolist() == [[232, 242]]
