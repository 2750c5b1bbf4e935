import re
import unicodedata

import pandas as pd

from pmanalytics import load_portfolio
from pmanalytics.loaders.folder import PSEUDONYMISE
from pmanalytics.loaders.pseudonyms import NOTE, WITHHELD, pseudonym

KEY = "k3y"


def test_a_pseudonym_is_the_one_of_the_worked_example(examples):
    assert examples["M61"]["expected"].split()[-1] == pseudonym("Alice", KEY) == "u_8e8dd8ec0d"


def test_one_name_has_one_pseudonym_however_it_is_written():
    decomposed = unicodedata.normalize("NFD", "José Álvarez")
    assert pseudonym(decomposed, KEY) == pseudonym("JOSÉ ÁLVAREZ", KEY)
    assert pseudonym("José Álvarez", "another") != pseudonym("José Álvarez", KEY)


def folder_of(tmp_path):
    """Write projects of which two cannot be used: one with a bad manager's row, one cut short."""
    (tmp_path / "projects.csv").write_text(
        "project_id,name,status,Project manager,Assignee,actual_finish_date\n"
        "P1,One,open,Ada Lovelace,Grace Hopper,\n"
        "P2,Two,open,,,\n"
        "P3,Three,done,Ada Lovelace,,31/11/2025\n"
        "P4,Four,open,Ada Lovelace\n"
    )
    (tmp_path / "allocations.csv").write_text(
        "week_date,team,person,planned_hours,capacity_hours\n2025-01-06,Helm,Ada Lovelace,30,32\n"
    )
    return tmp_path


def test_no_table_of_a_portfolio_names_a_person(tmp_path, monkeypatch):
    monkeypatch.setenv(PSEUDONYMISE, KEY)
    portfolio = load_portfolio(folder_of(tmp_path), as_of="2025-06-30")
    ada = pseudonym("Ada Lovelace", KEY)
    assert portfolio.projects["project_manager"].tolist()[0] == ada
    assert portfolio.projects["project_manager"].isna().tolist() == [False, True]
    assert portfolio.projects["Assignee"].tolist()[0] == pseudonym("Grace Hopper", KEY)
    assert portfolio.allocations["person"].tolist() == [ada]
    assert portfolio.allocations["team"].tolist() == ["Helm"]
    assert WITHHELD in portfolio.problems["value"].tolist()
    assert "31/11/2025" in portfolio.problems["value"].tolist()
    assert NOTE in portfolio.notes
    tables = [table for table in vars(portfolio).values() if isinstance(table, pd.DataFrame)]
    said = "\n".join(table.to_csv() for table in tables)
    assert not re.search("Ada|Lovelace|Grace|Hopper", said)


def test_without_a_key_names_stay(tmp_path, monkeypatch):
    monkeypatch.delenv(PSEUDONYMISE, raising=False)
    portfolio = load_portfolio(folder_of(tmp_path), as_of="2025-06-30")
    assert portfolio.projects["project_manager"].tolist()[0] == "Ada Lovelace"
