# ruff: noqa: E501
"""Files as people have them, made up: what `init` proposes for each, and that it loads."""

import contextlib
import json
import tomllib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import load_portfolio, on_time_rate, propose_config
from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.guesses.further import FURTHER
from pmanalytics.loaders.guesses.synonyms import HISTORY, PROJECTS

FILES = {
    "Projektliste.csv": """\
Projekt-Nr.;Projektname;Projektleiter;Status;Ampel;Beginn (Plan);Ende (Plan);Ende (Ist);Budget (T€);Istkosten (T€);Fertigstellungsgrad
P-01;Umzug;Maier;in Arbeit;grün;01.02.2025;30.09.2025;;120,5;80,0;45 %
P-02;Archiv;Huber;abgeschlossen;grün;01.01.2025;31.03.2025;28.03.2025;30,0;29,5;100 %
P-03;Portal;Maier;ruht;gelb;15.03.2025;TBD;;1.250,0;k.A.;10 %
""",
    "projets.csv": """\
N° projet;Nom du projet;Chef de projet;Statut;Date de début prévue;Date de fin prévue;Date de fin réelle;Budget (k€);Coût réel (k€);Avancement
1;Déménagement;Dupont;En cours;01/02/2025;30/09/2025;;120;80;45 %
2;Archives;Martin;Terminé;01/01/2025;31/03/2025;28/03/2025;30;29;100 %
3;Portail;Dupont;Annulé;15/03/2025;30/06/2025;à définir;50;n.a.;10 %
""",
    "Portfolio.csv": """\
Project Name,RAG,Start,End,Budget (k€)
Move,Green,2025-02-01,2025-09-30,120
Archive,Amber,2025-01-01,2025-12-31,30
Portal,Red,2025-03-15,2026-06-30,50
""",
    "plan.csv": """\
ID,Name,Duration,Start,Finish,% Complete,Baseline Finish,Actual Finish,Cost,Baseline Cost
1,Kick-off,1 day,Mon 03/02/25,Mon 03/02/25,100%,Mon 03/02/25,Mon 03/02/25,"$1,000.00","$1,000.00"
2,Design,20 days,Tue 04/02/25,Mon 03/03/25,100%,Fri 28/02/25,Mon 03/03/25,"$20,000.00","$18,000.00"
3,Build,60 days,Tue 04/03/25,Mon 26/05/25,40%,Fri 16/05/25,NA,"$60,000.00","$60,000.00"
""",
    "python.csv": """\
cycle,releaseDate,support,eol,latest,lts
3.12,2023-10-02,2025-04-02,2028-10-31,3.12.3,false
3.11,2022-10-24,2024-04-01,2027-10-31,3.11.9,false
2.7,2010-07-03,false,2020-01-01,2.7.18,false
""",
    "asana.csv": """\
Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,Start Date,Due Date,Tags,Notes,Projects,Parent task
1201,2025-01-02,2025-01-09,2025-01-09,Write,Done,Ann,a@x,2025-01-03,2025-01-10,,,Launch,
1202,2025-01-03,,2025-01-20,Draw,Doing,Bob,b@x,,2025-02-10,,,Launch,
1203,2025-01-05,2025-01-30,2025-01-30,Send,Done,Bob,b@x,2025-01-20,2025-02-01,,,Launch,
""",
    "trello.csv": """\
Card ID,Card Name,Card URL,Card Description,Labels,Members,Due Date,Board ID,Board Name,List ID,List Name,Last Activity Date,Archived
5f1,Write,https://x,,,ann,2025-02-01T10:00:00.000Z,b1,Launch,l1,Doing,2025-01-20T10:00:00.000Z,false
5f2,Draw,https://x,,,bob,,b1,Launch,l2,Done,2025-01-22T10:00:00.000Z,false
""",
    "ado.csv": """\
ID,Work Item Type,Title,Assigned To,State,Tags,Created Date,Activated Date,Resolved Date,Closed Date
101,User Story,One,Ann,Closed,,1/2/2025 9:00:00 AM,1/5/2025 9:00:00 AM,1/20/2025 9:00:00 AM,1/21/2025 9:00:00 AM
102,Bug,Two,Bob,Active,,1/3/2025 9:00:00 AM,1/15/2025 9:00:00 AM,,
103,Task,Three,Ann,New,,1/13/2025 9:00:00 AM,,,
""",
    "issues.csv": """\
number,title,state,createdAt,closedAt,assignees,labels,url
1,One,CLOSED,2025-01-02T10:00:00Z,2025-01-09T10:00:00Z,ann,bug,https://x/1
2,Two,OPEN,2025-01-03T10:00:00Z,,bob,,https://x/2
""",
    "flow.csv": """\
ID,Link,Name,Backlog,Analysis,Dev,Test,Done,Type
A-1,https://x/A-1,One,2025-01-02,2025-01-03,2025-01-06,2025-01-09,2025-01-10,Story
A-2,https://x/A-2,Two,2025-01-04,,2025-01-07,,,Bug
A-3,https://x/A-3,Three,2025-01-05,2025-01-06,,,,Story
""",
    "evm.csv": """\
Project,Status Date,PV,EV,AC,BAC
P1,2025-01-31,100,90,95,1000
P1,2025-02-28,250,220,240,1000
""",
    "kosten.csv": """\
Project No;Data Date;BCWS;BCWP;ACWP
P1;31.01.2025;100,5;90;95
P1;28.02.2025;250;220;240
""",
    "risks.csv": """\
Risk ID,Project,Risk Description,Owner,Status,Probability,Impact (k€),Date Raised,Date Closed,Next Review
R1,P1,Supplier fails,Ann,Open,30%,120,2025-01-10,,2025-03-01
R2,P1,No permit,Bob,Closed,10%,50,2025-01-12,2025-02-20,
""",
    "risiken.csv": """\
Risiko-Nr;Projekt;Risiko;Verantwortlich;Status;Eintrittswahrscheinlichkeit;Schadenshöhe;Erfasst am
R1;P1;Lieferant fällt aus;Ann;offen;30 %;120.000 €;10.01.2025
R2;P1;Genehmigung fehlt;Bob;geschlossen;10 %;50.000 €;12.01.2025
""",
    "timesheet.csv": """\
Week,Employee,Team,Project,Planned Hours,Actual Hours,Capacity
2025-01-06,Ann,Core,P1,20,22,40
2025-01-06,Bob,Core,P1,30,28,32
2025-01-13,Ann,Core,P1,20,18,40
""",
    "defects.csv": """\
Bug ID,Product,Severity,Found In,Date Found,Date Fixed
D1,Atlas,High,Production,2025-01-10,2025-01-15
D2,Atlas,Low,Test,2025-01-11,
""",
    "forecasts.csv": """\
Project,Forecast Date,Estimated Finish,EAC,Currency
P1,2025-01-31,2025-09-30,120000,EUR
P1,2025-02-28,2025-10-31,130000,EUR
""",
    "kurse.csv": """\
Währung;Kurs
USD;0,92
GBP;1,17
""",
    "shared.csv": """\
Project,Product,Share
P1,Atlas,60 %
P1,Mail,40 %
""",
    "okrs.csv": """\
Goal ID,Product,Key Result,Unit,Start Value,Target Value,Current Value,Start,Due
G1,Atlas,Active users,k,100,150,130,2025-01-01,2025-12-31
G2,Atlas,Churn,%,10,4,5.5,2025-01-01,2025-12-31
""",
    "versions.csv": """\
Version,Product,Planned Release,Released On,Released
1.0,Atlas,2025-01-31,2025-02-05,yes
1.1,Atlas,2025-06-30,,no
""",
    "index.csv": """\
Jahr;Index
2023;117,3
2024;119,9
""",
}


PPM = ["Investment ID", "Investment Name", "Sponsor", "Project Manager", "Status", "Stage",
       "Planned Start", "Planned Finish", "Forecast Finish", "Actual Finish", "Approved Budget",
       "Forecast Cost", "Actual Cost", "Currency", "% Complete", "Last Updated"]  # fmt: skip
PPM_ROWS = [
    "INV1,Move,Sp,Ann,Active,Build,01-Feb-2025,30-Sep-2025,31-Oct-2025,,120000,130000,60000,EUR,45,"
    "15-Jun-2025",
    "INV2,Archive,Sp,Bob,Completed,End,01-Jan-2025,31-Mar-2025,,28-Mar-2025,30000,PNS,29500,EUR,"
    "100,15-Jun-2025",
    "INV3,Portal,Sp,Bob,Cancelled,Plan,01-Jan-2025,31-Mar-2025,TBD,28-Feb-2025,30000,29500,9500,"
    "EUR,1,15-Jun-2025",
]


@pytest.fixture
def proposed(tmp_path):
    """Return a function that writes files, has a configuration proposed, and loads with it."""

    def propose(*names, **files):
        for name in names:
            (tmp_path / name).write_text(FILES[name], encoding="utf-8")
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text, encoding="utf-8")
        text = propose_config(tmp_path)
        (tmp_path / "pmanalytics.toml").write_text(text, encoding="utf-8")
        portfolio = load_portfolio(tmp_path)
        assert portfolio.problems.empty, portfolio.problems
        return tomllib.loads(text), text, portfolio

    return propose


@pytest.mark.parametrize(
    ("name", "section", "columns"),
    [
        ("plan.csv", "tasks", {"task_id": "ID", "name": "Name", "baseline_finish_date": "Baseline Finish", "actual_finish_date": "Actual Finish"}),
        ("evm.csv", "status_reports", {"project_id": "Project", "period_end_date": "Status Date", "planned_value": "PV", "earned_value": "EV", "actual_cost_to_date": "AC", "budget_at_completion": "BAC"}),
        ("kosten.csv", "status_reports", {"project_id": "Project No", "period_end_date": "Data Date", "planned_value": "BCWS", "earned_value": "BCWP", "actual_cost_to_date": "ACWP"}),
        ("forecasts.csv", "forecasts", {"project_id": "Project", "made_date": "Forecast Date", "forecast_finish_date": "Estimated Finish", "forecast_cost": "EAC", "currency": "Currency"}),
        ("risks.csv", "risks", {"risk_id": "Risk ID", "project_id": "Project", "name": "Risk Description", "owner": "Owner", "status": "Status", "probability": "Probability", "impact_cost": "Impact (k€)", "opened_date": "Date Raised", "closed_date": "Date Closed", "review_due_date": "Next Review"}),
        ("risiken.csv", "risks", {"risk_id": "Risiko-Nr", "project_id": "Projekt", "name": "Risiko", "owner": "Verantwortlich", "status": "Status", "probability": "Eintrittswahrscheinlichkeit", "impact_cost": "Schadenshöhe", "opened_date": "Erfasst am"}),
        ("timesheet.csv", "allocations", {"week_date": "Week", "team": "Team", "person": "Employee", "project_id": "Project", "planned_hours": "Planned Hours", "logged_hours": "Actual Hours", "capacity_hours": "Capacity"}),
        ("defects.csv", "defects", {"defect_id": "Bug ID", "product_id": "Product", "found_in": "Found In", "severity": "Severity", "found_date": "Date Found", "fixed_date": "Date Fixed"}),
        ("kurse.csv", "exchange_rates", {"currency": "Währung", "exchange_rate": "Kurs"}),
        ("shared.csv", "product_projects", {"project_id": "Project", "product_id": "Product", "share": "Share"}),
        ("okrs.csv", "goals", {"goal_id": "Goal ID", "product_id": "Product", "name": "Key Result", "unit": "Unit", "baseline": "Start Value", "target": "Target Value", "actual": "Current Value", "start_date": "Start", "due_date": "Due"}),
        ("versions.csv", "releases", {"release_id": "Version", "product_id": "Product", "planned_release_date": "Planned Release", "release_date": "Released On", "is_released": "Released"}),
        ("index.csv", "price_index", {"year": "Jahr", "price_index": "Index"}),
    ],
)  # fmt: skip
def test_a_table_that_some_measures_need_is_known_by_what_people_call_it(
    proposed, name, section, columns
):
    config, text, portfolio = proposed(name)
    assert config[section]["columns"] == columns
    assert f"[{section}.columns]  # check:" in text
    assert len(getattr(portfolio, section)) == FILES[name].count("\n") - 1


def test_words_of_risks_and_defects_are_put_into_ours(proposed):
    config, _, portfolio = proposed("risiken.csv", "defects.csv")
    assert portfolio.risks["status"].tolist() == ["open", "closed"]
    assert config["defects"]["values"]["found_in"] == {
        "Production": "after_release",
        "Test": "before_release",
    }


def test_cost_by_year_is_known_and_a_sheet_of_one_project_says_so(proposed):
    config, text, portfolio = proposed(
        years__csv="Project,Fiscal Year,Spend\nP1,2024,100\nP1,2025,200\n",
        Bridge__csv="Month,PV,EV\n2025-01-31,100,90\n2025-02-28,200,180\n",
    )
    assert config["cost_by_year"]["columns"]["actual_cost"] == "Spend"
    assert config["status_reports"]["defaults"] == {"project_id": "Bridge"}
    assert "check: there is no column for it: all rows count as one project" in text
    assert set(portfolio.status_reports["project_id"]) == {"Bridge"}
    assert config["as_of"] == "2025-02-28"


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("asana.csv", ["Created At", "Start Date", "Completed At"]),
        ("ado.csv", ["Created Date", "Activated Date", "Resolved Date", "Closed Date"]),
        ("issues.csv", ["createdAt", "closedAt"]),
        ("flow.csv", ["Backlog", "Analysis", "Dev", "Test", "Done"]),
    ],
)
def test_dates_of_work_items_are_their_stages_in_order(proposed, name, stages):
    """No date of a plan, and none of a mere change of the row, is an entry into a stage."""
    config, _, portfolio = proposed(name)
    assert list(config["work_item_stage_dates"]["stages"]) == stages
    newest = max(portfolio.status_changes["changed_at"])
    assert portfolio.as_of == newest.date().isoformat()


def test_releases_that_have_not_ended_have_false_for_a_date(proposed):
    records = [
        {"cycle": "22", "releaseDate": "2024-04-24", "lts": "2024-10-29", "eol": "2027-04-30"},
        {"cycle": "21", "releaseDate": "2023-10-17", "lts": False, "eol": "2024-06-01"},
        {"cycle": "1", "releaseDate": "2015-01-20", "lts": False, "eol": False},
    ]
    config, text, portfolio = proposed(nodejs__json=json.dumps(records))
    assert config["product_stage_dates"]["missing"] == ["false"]
    assert 'missing = ["false"]  # check:' in text
    assert list(config["product_stage_dates"]["stages"]) == ["releaseDate", "lts", "eol"]
    assert portfolio.status_changes.groupby("item_id").size().to_dict() == {
        "1": 1,
        "21": 2,
        "22": 3,
    }


def test_lists_that_name_their_rows_alike_are_not_mixed(proposed):
    config, text, portfolio = proposed(
        nodejs__csv="cycle,releaseDate,eol\n1,2024-04-24,2026-01-01\n2,2025-04-24,2027-01-01\n",
        python__csv="cycle,releaseDate,eol\n1,2004-04-24,2006-01-01\n2,2005-04-24,2007-01-01\n",
    )
    assert config["product_stage_dates"]["file"] == "nodejs.csv"
    why = "its rows are named as those of nodejs.csv; read it in another folder"
    assert f"# Not used: python.csv: {why}" in text
    assert portfolio.status_changes["item_id"].nunique() == 2


def test_lists_with_other_headers_are_told_apart(proposed):
    config, text, _ = proposed(
        a__csv="Nr,Name,Status,Due\n1,One,open,2025-03-31\n",
        b__csv="Projekt-Nr;Projektname;Status;Enddatum (Plan)\n2;Zwei;offen;31.03.2025\n",
    )
    assert config["projects"]["file"] == "a.csv"
    assert "# Not used: b.csv: its headers are not those of a.csv" in text


def test_german_amounts_in_thousands_are_read_and_marked(proposed):
    config, text, portfolio = proposed("Projektliste.csv")
    assert config["currency"] == "EUR"
    assert config["projects"]["missing"] == ["TBD", "k.A."]
    assert 'baseline_budget = "Budget (T€)"  # check: in thousands' in text
    assert portfolio.projects["baseline_budget"].tolist() == [120.5, 30, 1250]
    assert portfolio.projects["status"].tolist() == ["open", "done", "on_hold"]
    assert portfolio.projects["percent_complete"].tolist() == [0.45, 1, 0.1]


def test_french_projects_are_projects(proposed):
    config, _, portfolio = proposed("projets.csv")
    assert config["projects"]["columns"] == {
        "project_id": "N° projet",
        "name": "Nom du projet",
        "project_manager": "Chef de projet",
        "status": "Statut",
        "baseline_start_date": "Date de début prévue",
        "baseline_finish_date": "Date de fin prévue",
        "actual_finish_date": "Date de fin réelle",
        "baseline_budget": "Budget (k€)",
        "actual_cost": "Coût réel (k€)",
        "percent_complete": "Avancement",
    }
    assert config["projects"]["missing"] == ["n.a.", "à définir"]
    assert portfolio.projects["status"].tolist() == ["open", "done", "cancelled"]


def test_an_end_that_open_projects_have_is_a_plan(proposed):
    _, text, portfolio = proposed("Portfolio.csv")
    assert 'project_id = "Project Name"  # check: there is no id' in text
    assert 'baseline_finish_date = "End"  # check: open projects have one' in text
    assert portfolio.projects["baseline_finish_date"].notna().all()
    assert portfolio.projects["actual_finish_date"].isna().all()
    rate = on_time_rate(portfolio.projects, as_of="2026-12-31")
    assert rate[["k", "n"]].to_numpy().tolist() == [[0, 3]]


def test_an_end_that_only_finished_projects_have_is_none(proposed):
    config, text, _ = proposed(
        list__csv="Nr,Name,Status,Due,End\n1,A,open,2025-03-31,\n2,B,done,2025-03-31,2025-04-01\n"
    )
    assert config["projects"]["columns"]["actual_finish_date"] == "End"
    assert "check: open projects have none: it is no plan" in text


def test_an_export_of_sixty_columns_is_read_by_those_that_count(proposed):
    header = ",".join([*PPM, *(f"Custom {n}" for n in range(44))])
    rows = [f"{row}{',x' * 44}" for row in PPM_ROWS]
    config, _, portfolio = proposed(export__csv="\n".join([header, *rows]))
    ours = config["projects"]["columns"]
    assert list(ours.values()) == [name for name in PPM if name != "Sponsor"]
    assert config["projects"]["missing"] == ["PNS", "TBD"]
    assert config["as_of"] == "2025-06-15"
    assert "currency" not in config
    assert portfolio.projects["percent_complete"].tolist() == [0.45, 1, 0.01]


def test_percentages_that_nothing_calls_so_are_left_out_and_said(proposed):
    config, text, portfolio = proposed(
        list__csv="Nr,Name,Status,Due,Progress\n1,A,open,2025-03-31,45\n2,B,done,2025-03-31,100\n"
    )
    assert "percent_complete" not in config["projects"]["columns"]
    assert "'Progress' is left out: write 45 % or 0.45 there, not 45" in text
    assert len(portfolio.projects) == 2


def test_records_with_names_in_one_word_are_projects(proposed):
    records = [
        {"projectId": "P1", "projectName": "Move", "status": "In Progress",
         "plannedEndDate": "2025-09-30", "budget": 120, "currency": "EUR"},
        {"projectId": "P2", "projectName": "Archive", "status": "Completed",
         "plannedEndDate": "2025-03-31", "actualEndDate": "2025-03-28", "currency": "EUR"},
    ]  # fmt: skip
    config, _, _ = proposed(projects__json=json.dumps(records))
    assert config["projects"]["columns"]["baseline_finish_date"] == "plannedEndDate"
    assert config["projects"]["columns"]["actual_finish_date"] == "actualEndDate"


def test_cards_without_dates_of_stages_are_refused_with_what_is_lacking(tmp_path):
    (tmp_path / "trello.csv").write_text(FILES["trello.csv"])
    with pytest.raises(
        UnreadableFileError, match=r"Card Name.*no dates of stages\nProjects have a name"
    ):
        propose_config(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        "Project ID,Name,Status,Due,PV,EV,AC\n1,A,open,2025-03-31,1,2,3\n2,B,open,2025-03-31,1,2,3",
        "Project ID,Name,Status,Duration,Baseline Finish\n1,A,open,5,2025-03-31\n2,B,done,5,2025-03-31",
        "Project ID,Name,Status,Due,Risk,Probability\n1,A,open,2025-03-31,x,0.3\n2,B,open,2025-03-31,y,0.1",
        "Project ID,Name,Status,Due,Year,Cost\n1,A,open,2025-03-31,2025,3\n2,B,open,2025-03-31,2025,3",
        "Project ID,Name,Status,Due,Team,Hours\n1,A,open,2025-03-31,T,3\n2,B,open,2025-03-31,T,3",
    ],
)  # fmt: skip
def test_a_list_of_projects_is_never_taken_for_another_table(proposed, row):
    config, _, portfolio = proposed(list__csv=row)
    assert "projects" in config
    assert len(portfolio.projects) == 2


def test_what_is_planned_for_later_does_not_move_the_status_date(tmp_path, proposed):
    day = pd.Timestamp.now().year + 3
    config, _, _ = proposed(
        series__csv=f"version,created,release,eol\n1,2004-04-24,2006-01-01,2007-01-01\n"
        f"2,2005-04-24,2007-01-01,{day}-01-01\n3,{day}-01-01,,\n"
    )
    assert config["as_of"] == "2005-04-24"


def test_dates_of_stages_that_all_lie_behind_are_no_plans(tmp_path, proposed):
    """The last product was launched in 2012, and products were stopped until 2021."""
    config, _, _ = proposed(
        produits__csv="Produit;Lancement;Arrêt\nA;14/05/2006;24/10/2011\nB;31/01/2012;05/05/2021\n"
    )
    assert config["as_of"] == "2021-05-05"


def test_one_list_exported_on_several_days_is_a_series(proposed):
    head = "Projekt-Nr.;Projektname;Phase;Geplantes Ende\n"
    config, text, portfolio = proposed(**{
        "Liste 2024-01-31__csv": head + "P1;A;Planung;31.12.2024\nP2;B;Planung;30.11.2024\n",
        "Liste 2024-02-29__csv": head + "P1;A;Umsetzung;31.12.2024\nP2;B;Planung;31.12.2024\n",
        "Liste 2024-03-31__csv": head + "P1;A;Umsetzung;31.12.2024\nP2;B;Umsetzung;31.12.2024\n",
    })  # fmt: skip
    assert "projects" not in config
    assert config["as_of"] == "2024-03-31"
    assert "[project_snapshots]  # the same projects, on the days in the files' names" in text
    assert portfolio.files["rows_read"].tolist() == [2, 2, 2]
    assert portfolio.projects["rebaseline_count"].tolist() == [0, 1]


def test_the_same_list_twice_without_days_is_not_mixed(proposed):
    config, text, portfolio = proposed(
        new__csv="Nr,Name,Status,Due\n1,A,open,2025-03-31\n2,B,open,2025-04-30\n",
        old__csv="Nr,Name,Status,Due\n1,A,open,2025-02-28\n2,B,open,2025-04-30\n",
    )
    assert config["projects"]["file"] == "new.csv"
    assert "# Not used: old.csv: its projects are those of new.csv; if both are one list" in text
    assert len(portfolio.projects) == 2


def test_rows_that_stand_in_two_files_are_repeats(proposed):
    head = "Vorgang;Angelegt am;Erledigt am\n"
    config, _, portfolio = proposed(**{
        "2023__csv": head + "T1;02.01.2023;03.01.2023\nT2;05.12.2023;\n",
        "2024__csv": head + "T2;05.12.2023;\nT3;05.01.2024;31.01.2024\n",
    })  # fmt: skip
    assert config["work_item_stage_dates"]["file"] == ["2023.csv", "2024.csv"]
    assert portfolio.files[["n_valid", "n_duplicate"]].to_numpy().tolist() == [[2, 0], [1, 1]]


def test_american_dates_with_the_month_in_words_are_dates_of_stages(proposed):
    config, _, portfolio = proposed(
        python__tsv="Cycle\tFirst release\tEnd of life\n3.1\tMar 5, 2014\tMay 1, 2016\n"
        "3.2\tApril 12, 2015\tMay 31, 2017\n"
    )
    assert list(config["product_stage_dates"]["stages"]) == ["First release", "End of life"]
    assert len(portfolio.status_changes) == 4


def test_a_table_whose_header_names_a_column_twice_does_not_stop_the_others(proposed):
    _, text, portfolio = proposed(
        a__csv="Nr,Name,Status,Due\n1,A,open,2025-03-31\n",
        b__csv="Proj,Proj,Status,Due\nX,Y,open,2025-01-01\n",
        c__csv="project_id,name,status\n",
        projects__csv="project_id,name,name,status\nP1,A,B,open\n",
    )
    assert "# Not used: b.csv: its header names 'Proj' more than once; give each its own" in text
    assert "# Not used: projects.csv: its header names 'name' more than once" in text
    assert "# Not used: c.csv: a header, but no row below it" in text
    assert len(portfolio.projects) == 1


def test_an_abbreviated_identifier_joins_risks_and_projects(proposed):
    config, _, _ = proposed(
        list__csv="Proj ID,Project name,Status,Due\nP1,A,open,2025-03-31\n",
        risks__csv="Risk ID,Proj ID,Risk,Status,Probability,Impact,Raised\nR1,P1,x,Open,0.3,10,2025-01-01\n",
    )
    assert config["projects"]["columns"]["project_id"] == "Proj ID"
    assert config["risks"]["columns"]["project_id"] == "Proj ID"


def test_records_within_one_object_are_a_table(proposed):
    records = [{"name": f"App {n}", "launched": f"20{n}-01-31", "ended": None} for n in (10, 11)]
    records[0]["ended"] = "2012-01-31"
    config, _, portfolio = proposed(
        apps__json=json.dumps({"source": "x", "n": 2, "apps": records, "next": None})
    )
    assert list(config["product_stage_dates"]["stages"]) == ["launched", "ended"]
    assert portfolio.files["rows_read"].tolist() == [2]


def test_changes_in_spanish_are_a_history_that_says_what_it_lacks(proposed):
    config, _, portfolio = proposed(
        cambios__txt="Fecha|Clave|De|A\n13/02/2024|M-1|Pendiente|En curso\n"
        "15/02/2024|M-1|En curso|Hecho\n14/02/2024|M-2|Pendiente|En curso\n"
    )
    assert config["work_item_history"]["columns"] == {
        "item_id": "Clave", "changed_at": "Fecha", "to_status": "A", "from_status": "De",
    }  # fmt: skip
    assert portfolio.notes[0].startswith(
        "cambios.txt: the first row of 2 items is a change, so nobody knows when it began"
    )


def test_dates_that_are_not_used_are_told(proposed):
    _, text, _ = proposed(list__csv="Nr,Name,Status,Due,Gate\n1,A,open,2025-03-31,2025-01-31\n")
    assert "# check: ours = header in the file; dates not used: Gate\n" in text


def test_risks_of_unknown_projects_are_told(proposed):
    _, _, portfolio = proposed(
        list__csv="Proj ID,Project name,Status,Due\nP1,A,open,2025-03-31\n",
        risks__csv="Risk ID,Project,Risk,Status,Probability,Impact,Raised\n"
        "R1,P1,x,Open,0.3,10,2025-01-01\nR2,Move,x,Open,0.3,10,2025-01-01\n",
    )
    assert "Risks: 1 of 2 rows name a project that is not in the projects: Move." in portfolio.notes


def test_goals_of_unknown_products_are_told(proposed):
    _, _, portfolio = proposed(
        "okrs.csv", products__csv="Product ID,Product Name,Stage\nMail,Mail,Market\n"
    )
    assert portfolio.notes[-1] == (
        "Goals: 2 of 2 rows name a product that is not in the products: Atlas."
    )


def test_rows_that_turn_out_to_be_named_alike_far_down_are_no_items(tmp_path):
    rows = [f"T{n},2024-01-01,2024-01-02" for n in [*range(600), *range(20)]]
    rows[600:] = [row.replace("-01-02", "-01-03") for row in rows[600:]]
    (tmp_path / "tasks.csv").write_text("\n".join(["Task,Start,Ended", *rows]))
    with pytest.raises(UnreadableFileError, match="no column tells all its rows apart"):
        propose_config(tmp_path)


def test_an_event_log_is_a_history_of_items_that_nothing_names(proposed):
    log = "case:concept:name,concept:name,time:timestamp\n1,Register,2024-01-01\n1,Decide,2024-01-05\n"
    config, text, _ = proposed(log__csv=log)
    assert config["work_item_history"]["columns"] == {
        "item_id": "case:concept:name",
        "changed_at": "time:timestamp",
        "to_status": "concept:name",
    }
    assert "check: nothing tells what the rows are; or product_history or project_history?" in text


def test_a_file_of_a_usual_name_with_unknown_columns_does_not_stop_the_others(proposed):
    config, text, portfolio = proposed(
        products__csv="Sku,Colour\n1,red\n", a__csv="Nr,Name,Status,Due\n1,A,open,2025-03-31\n"
    )
    assert config["ignore"] == ["products.csv"]
    assert "# Not used: products.csv: a table of Sku, Colour" in text
    assert len(portfolio.projects) == 1


CELLS = ["", "NA", "TBD", "2025-01-31", "1/2/2025", "31.01.2025", "1.000,50", "open", "Done", "45%",
         "x", "false", "€ 5"]  # fmt: skip
TABLES = [PROJECTS, HISTORY, *FURTHER.values()]
HEADERS = sorted({word for table in TABLES for words in table.values() for word in words})


@settings(deadline=None, max_examples=10)
@given(st.data())
def test_what_is_proposed_for_any_table_loads_or_is_refused_in_words(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    header = data.draw(st.lists(st.sampled_from(HEADERS), min_size=2, max_size=7, unique=True))
    cells = st.sampled_from(CELLS)
    rows = data.draw(st.lists(st.tuples(*[cells] * (len(header) - 1)), min_size=1, max_size=5))
    lines = [header, *([f"I{n}", *row] for n, row in enumerate(rows))]
    (folder / "any.csv").write_text("\n".join(map(";".join, lines)), encoding="utf-8")
    text = ""
    with contextlib.suppress(UnreadableFileError):
        text = propose_config(folder)
    if text:
        (folder / "pmanalytics.toml").write_text(text, encoding="utf-8")
        assert load_portfolio(folder).files["rows_read"].sum() == len(rows)
