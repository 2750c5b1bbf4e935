import csv
import json

import pandas as pd
import pytest

from pmanalytics import Quarantine, load_projects
from pmanalytics.errors import ConfigError, MissingColumnsError
from pmanalytics.loaders.corrections import load_corrections, safe_cell, write_corrections
from pmanalytics.loaders.files import file_at

PROJECTS = (
    "project_id,name,status,baseline_finish_date,baseline_budget,currency\n"
    "P1,One,open,2025-13-01,5,EUR\n"
    "P2,=2+2,frozen,,,\n"
    "P3,Three,open\n"
    "P4,Four,open,,,\n"
)


def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(examples):
    cells = ["=1+1", "-2+3", "@x", -5, "a=b", "+1", "\t=1", "＝1"]
    safe = ["'=1+1", "'-2+3", "'@x", -5, "a=b", "'+1", "'\t=1", "'＝1"]
    assert [safe_cell(cell) for cell in cells] == safe
    assert json.loads(examples["M59"]["expected"]) == safe[:5]


def set_aside(path, corrections=None):
    quarantine = Quarantine()
    file = file_at(path)
    if corrections is not None:
        lines = load_corrections([file_at(corrections)])[file.name]
        file = type(file)(file.path, file.name, corrections=lines)
    return load_projects(file, quarantine=quarantine), quarantine


def test_what_is_mended_in_the_list_completes_the_load(tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text(PROJECTS)
    projects, quarantine = set_aside(path)
    assert projects["project_id"].tolist() == ["P4"]
    list_ = tmp_path / "bad_rows.csv"
    write_corrections(quarantine.problems, list_)

    with list_.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {"2025-13-01": "2025-12-01", "frozen": "on_hold", "P3,Three,open": "P3,Three,open,,,"}
    for row in rows:
        row["corrected"] = wanted[row["value"]]
    with list_.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    projects, quarantine = set_aside(path, list_)
    assert projects["project_id"].tolist() == ["P1", "P2", "P3", "P4"]
    assert projects["status"].tolist() == ["open", "on_hold", "open", "open"]
    assert projects.loc[0, "baseline_finish_date"] == pd.Timestamp("2025-12-01")
    assert quarantine.problems.empty
    assert quarantine.files["n_valid"].tolist() == [4]


def test_the_list_is_safe_to_open_and_overwrites_nothing(tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text("project_id,name,status\nP1,One,=cmd|' /C calc'!A0\n")
    _, quarantine = set_aside(path)
    write_corrections(quarantine.problems, tmp_path / "bad.csv")
    assert "\"'=cmd" in (tmp_path / "bad.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(ConfigError, match=r"bad\.csv: this file exists"):
        write_corrections(quarantine.problems, tmp_path / "bad.csv")


def test_a_correction_of_what_has_changed_since_is_told_and_not_used(tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text("project_id,name,status\nP1,One,open\n")
    list_ = tmp_path / "bad.csv"
    list_.write_text("file,line,column,value,corrected\nprojects.csv,2,status,frozen,done\n")
    projects, quarantine = set_aside(path, list_)
    assert projects["status"].tolist() == ["open"]
    assert quarantine.notes == [
        "projects.csv: line 2 no longer holds 'frozen' in 'status': its correction is not used."
    ]


def test_rows_not_filled_in_wait_and_a_list_without_its_columns_is_refused(tmp_path):
    list_ = tmp_path / "bad.csv"
    list_.write_text("file,line,column,value,corrected\nprojects.csv,2,status,frozen,\n")
    assert load_corrections([file_at(list_)]) == {}
    list_.write_text("file,line\nprojects.csv,2\n")
    with pytest.raises(MissingColumnsError, match="lacks: column"):
        load_corrections([file_at(list_)])
