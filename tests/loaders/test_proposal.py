import os
import shutil
import tomllib

import pandas as pd
import pytest

from pmanalytics import load_portfolio, on_time_rate, propose_config
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
    assert portfolio.notes == ()
    assert portfolio.as_of == "2024-01-09"


def test_an_existing_configuration_is_kept_and_an_empty_folder_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match="No table and no Jira export is among"):
        propose_config(tmp_path)
    (tmp_path / "pmanalytics.toml").write_text("")
    with pytest.raises(ConfigError, match="exists; move it away"):
        propose_config(tmp_path)
    with pytest.raises(UnreadableFileError, match="no such folder"):
        propose_config(tmp_path / "gone")


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
