import csv

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    Quarantine,
    load_portfolio,
    load_products,
    load_projects,
    load_table,
    on_budget_rate,
    on_time_rate,
    project_outcomes,
)
from pmanalytics.errors import BadRowsError, MissingColumnsError, UnreadableFileError
from pmanalytics.schemas import (
    FURTHER_TABLES,
    ExchangeRates,
    PriceIndex,
    Projects,
    Risks,
    StatusReports,
)

HEADER = (
    "project_id,name,status,baseline_start_date,baseline_finish_date,"
    "actual_start_date,actual_finish_date,baseline_budget,currency"
)


@pytest.fixture
def written(tmp_path):
    """Return a function that writes lines to projects.csv and returns its path."""

    def write(*lines, header=HEADER):
        path = tmp_path / "projects.csv"
        path.write_bytes("\n".join([header, *lines]).encode())
        return path

    return write


def message_of(error, *parts):
    """Assert that all parts stand in one line of the message, which is no traceback."""
    lines = str(error.value).splitlines()
    assert any(all(part in line for part in parts) for line in lines), str(error.value)


@pytest.mark.parametrize(
    ("line", "column", "value", "reason"),
    [
        (
            "P1,One,done,,,,31/11/2025,,",
            "actual_finish_date",
            "31/11/2025",
            "is not a day of the cal",
        ),
        (
            "P1,One,done,,,,2025-02-30,,",
            "actual_finish_date",
            "2025-02-30",
            "is not a day of the cal",
        ),
        (
            "P1,One,done,,,,03/04/2025,,",
            "actual_finish_date",
            "03/04/2025",
            "day/month or month/day",
        ),
        (
            "P1,One,done,,,,45678,,",
            "actual_finish_date",
            "45678",
            "Excel's serial number of 2025-01-21",
        ),
        (
            "P1,One,done,,,,25/12/25,,",
            "actual_finish_date",
            "25/12/25",
            "could have its year first or last",
        ),
        ("P1,One,done,,,,in 5,,", "actual_finish_date", "in 5", "is not written as a date"),
        ("P1,One,open,,,,,5x,EUR", "baseline_budget", "5x", "is not a number"),
        ("P1,One,done,,,,soon,,", "actual_finish_date", "soon", "no date but a remark"),
        (
            "P1,One,done,,,2024-03-01,2024-02-01,,",
            "actual_finish_date",
            "2024-02-01",
            "is before the",
        ),
        (
            "P1,One,open,2024-03-01,2024-02-01,,,,",
            "baseline_finish_date",
            "2024-02-01",
            "is before",
        ),
        ("P1,One,open,,,,,-5,EUR", "baseline_budget", "-5", "is negative"),
        (
            "P1,One,open,,,,,1.000,00,EUR",
            "(record)",
            "P1,One,open,,,,,1.000,00,EUR",
            "another number of cells",
        ),
        ("P1,One,open,,,,,lots,EUR", "baseline_budget", "lots", "no number but a remark"),
        ("P1,One,open,,,,,5,", "currency", "", "is missing though the row holds money"),
        ("P1,One,open,,,,,5,euro", "currency", "euro", "three-letter code"),
        ("P1,One,frozen,,,,,,", "status", "frozen", "is none of open, on_hold, done, cancelled"),
        ("P1,,open,,,,,,", "name", "", "is missing and required"),
        (",One,open,,,,,,", "project_id", "", "is missing and required"),
    ],
)
def test_a_bad_row_is_named_by_file_line_column_value_and_reason(
    written, line, column, value, reason
):
    with pytest.raises(BadRowsError) as error:
        load_projects(written("P0,Zero,open,,,,,,", line))
    message_of(error, "projects.csv, line 3", column, repr(value) if value else column, reason)
    assert len(error.value.problems) == 1


def test_with_a_quarantine_the_rest_loads_and_nothing_is_lost(written):
    path = written(
        "P1,One,Done,,2024-01-31,,2024-01-30,10,EUR",
        "P1,One,Done,,2024-01-31,,2024-01-30,10,EUR",
        ",,,,,,,,",
        "",
        'P2,"Two\nlines",open,,nonsense,,nonsense,-1,EUR',
        "P3,Three,open,,,,,,",
        "P3,Other,open,,,,,,",
        "P4,Four,open",
        "P5,Five,ON HOLD,,,,,,",
    )
    quarantine = Quarantine()
    projects = load_projects(path, quarantine=quarantine)
    assert projects["project_id"].tolist() == ["P1", "P5"]
    assert projects["status"].tolist() == ["done", "on_hold"]
    names = ["rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    counts = quarantine.files[names].iloc[0].to_dict()
    assert counts == {"rows_read": 7, "n_valid": 2, "n_quarantined": 4, "n_duplicate": 1}
    found = quarantine.problems.groupby("line")["column"].apply(list).to_dict()
    assert found == {
        6: ["baseline_finish_date", "actual_finish_date", "baseline_budget"],
        8: ["project_id"],
        9: ["project_id"],
        10: ["(record)"],
    }


def test_long_lists_of_problems_are_cut_and_counted(written):
    with pytest.raises(BadRowsError, match="… and 5 more problems"):
        load_projects(written(*[f"P{n},Name,frozen,,,,,," for n in range(25)]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        (HEADER + "\n", "there is a header, but no row below it"),
        ("name,name,status\n1,2,3\n", "the header names 'name' more than once"),
        (",,,\n,,\n", "it holds nothing but blank lines"),
        ('project_id,name,status\nP1,"One,open\nP2,Two,open\n', "line 2: unexpected end of data"),
        ("project_id,name,status\nP1,Gr\x81e,open\n", "line 2: the byte 0x81 is not CP1252"),
        (
            'project_id,name,status\nP1,"' + "x" * 1_200_000 + '",open\n',
            "line 2: field larger than",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path, content, message):
    path = tmp_path / "projects.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UnreadableFileError, match=message):
        load_projects(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"nothing\.csv: there is no such file"):
        load_projects(tmp_path / "nothing.csv")


def test_a_missing_column_lists_the_headers_and_the_nearest(written):
    with pytest.raises(MissingColumnsError) as error:
        load_projects(written("1,2,3", header="Project,name,status"))
    message_of(error, "lacks: project_id (nearest header: 'Project')")
    message_of(error, "Headers found: Project, name, status")


def test_a_mapped_header_must_be_there(written):
    with pytest.raises(MissingColumnsError, match="lacks: Ende"):
        load_projects(written("P1,One,open,,,,,,"), columns={"actual_finish_date": "Ende"})


def test_headers_words_dates_and_currency_of_the_user_are_understood(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(
        "\ufeffProject ID;Name;State;Fällig;Budget;Unit\nP1;One;Fertig;31.12.2025;10.5;North\n",
        encoding="utf-8",
    )
    projects = load_projects(
        path,
        columns={"status": "State", "baseline_finish_date": "Fällig", "baseline_budget": "Budget"},
        values={"status": {"fertig": "done"}},
        date_format="%d.%m.%Y",
        defaults={"currency": "EUR"},
    )
    row = projects.iloc[0]
    assert (row["status"], row["currency"], row["baseline_budget"]) == ("done", "EUR", 10.5)
    assert row["baseline_finish_date"] == pd.Timestamp("2025-12-31")
    assert row["Unit"] == "North"


def test_a_default_is_for_columns_that_the_file_lacks(written):
    """A file's own word counts; a header that serves another column is not ours."""
    path = written("P1,One,Build,USD,5", header="project_id,name,Status,currency,Budget")
    row = load_projects(
        path,
        columns={"stage": "Status", "baseline_budget": "Budget"},
        defaults={"status": "On Hold", "currency": "EUR"},
    ).iloc[0]
    assert row[["status", "stage", "currency"]].tolist() == ["on_hold", "Build", "USD"]


def test_several_files_are_one_table(tmp_path):
    """Each file is read for itself; a project may stand in one of them only."""
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("project_id,name,status\nP1,One,open\nP2,Two,open\n", encoding="utf-8")
    two.write_text(
        "Status;Name;Project ID\ndone;Two;P2\nopen;Three;P3\nopen;Three;P3\n",
        encoding="utf-8",
    )
    quarantine = Quarantine()
    projects = load_projects([one, two], quarantine=quarantine)
    assert projects["project_id"].tolist() == ["P1", "P3"]
    columns = ["file", "rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    assert quarantine.files[columns].to_numpy().tolist() == [
        ["one.csv", 2, 1, 1, 0],
        ["two.csv", 3, 1, 1, 1],
    ]
    assert quarantine.problems[["file", "line"]].to_numpy().tolist() == [
        ["one.csv", 3],
        ["two.csv", 2],
    ]
    with pytest.raises(PMAnalyticsError, match="The list of files is empty"):
        load_projects([])


def test_an_unknown_product_is_set_aside(written):
    products = load_products(pd.DataFrame({"product_id": ["A"], "name": ["Atlas"]}))
    path = written("P1,One,open,A", "P2,Two,open,B", header="project_id,name,status,product_id")
    with pytest.raises(BadRowsError) as error:
        load_projects(path, products=products)
    message_of(error, "line 3, product_id: 'B' is not a product_id of the products")


@pytest.mark.parametrize(
    ("zone", "position"), [("UTC", 0), ("Europe/Berlin", 1), ("America/New_York", 2)]
)
def test_an_instant_counts_as_the_local_day(examples, written, zone, position):
    """M15: finished 22:30 UTC on the due date is on time in New York and late in Berlin."""
    path = written("P1,One,done,,2024-03-31,,2024-03-31T22:30Z,,")
    outcomes = project_outcomes(load_projects(path, time_zone=zone), as_of="2024-06-30")
    assert (outcomes["on_time"] == "on_time").tolist() == [examples["M15"]["expected"][position]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"name": 3}}, "columns must map texts to texts"),
        ({"columns": {"actual_finsh_date": "name"}}, "Did you mean actual_finish_date?"),
        ({"date_format": "mixed"}, "date_format 'mixed' is none"),
        ({"values": {"status": ["x"]}}, "must map texts to texts"),
        ({"values": {"colour": {"x": "y"}}}, "values lacks: colour"),
        ({"date_format": "%Q"}, "date_format '%Q' cannot be used"),
        ({"defaults": {"currency": 1}}, "defaults must map texts to texts"),
        ({"defaults": {"colour": "red"}}, "defaults names 'colour', which is no column of ours"),
    ],
)
def test_an_impossible_option_is_refused_in_words(written, options, message):
    path = written("P1,One,open,,2024-01-31,,,,")
    with pytest.raises(PMAnalyticsError, match=message):
        load_projects(path, **options)


def test_frames_come_with_whatever_types_they_have():
    rows = pd.DataFrame(
        {
            "project_id": [1, 2],
            "name": pd.Categorical(["One", "Two"]),
            "status": ["open", "open"],
            "is_required": [True, False],
            "rebaseline_count": [1.0, 2.0],
            "baseline_budget": pd.array([1, None], dtype="Int64"),
            "baseline_finish_date": pd.to_datetime(["2024-01-31T23:30Z", None]),
            "updated_date": [pd.Timestamp("2024-01-01").date(), None],
            "tags": [["a"], ["b"]],
        }
    )
    projects = load_projects(rows, defaults={"currency": "EUR"}, time_zone="Europe/Berlin")
    assert projects["project_id"].tolist() == ["1", "2"]
    assert projects.loc[0, "baseline_finish_date"] == pd.Timestamp("2024-02-01")
    assert projects.loc[0, "updated_date"] == pd.Timestamp("2024-01-01")
    assert projects["tags"].tolist() == [["a"], ["b"]]


def test_a_column_that_is_named_like_ours_but_means_something_else_is_kept(written):
    path = written("P1,One,open,Own", header="project_id,Title,status,name")
    projects = load_projects(path, columns={"name": "Title"})
    assert projects[["name", "name (file)"]].to_numpy().tolist() == [["One", "Own"]]


def test_one_header_may_serve_two_columns(written):
    path = written("P1,One,open,2024-01-31", header="project_id,name,status,Due")
    columns = {"baseline_finish_date": "Due", "forecast_finish_date": "Due"}
    row = load_projects(path, columns=columns).iloc[0]
    assert row["baseline_finish_date"] == row["forecast_finish_date"] == pd.Timestamp("2024-01-31")


def test_a_stray_quote_spoils_its_row_only(written):
    path = written('P1,"One"x,open', "P2,Two,open", header="project_id,name,status")
    quarantine = Quarantine()
    assert load_projects(path, quarantine=quarantine)["project_id"].tolist() == ["P2"]
    assert quarantine.problems["line"].tolist() == [2]


def test_blank_lines_before_the_header_do_not_matter(tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text("\n\nproject_id,name,status\nP1,One,open\n")
    assert load_projects(path)["project_id"].tolist() == ["P1"]


def test_offsets_in_a_date_format_count(written):
    path = written("P1,One,done,31.03.2024 22:30 +0000", header="project_id,name,status,F")
    projects = load_projects(
        path,
        columns={"actual_finish_date": "F"},
        date_format="%d.%m.%Y %H:%M %z",
        time_zone="Europe/Berlin",
    )
    assert projects.loc[0, "actual_finish_date"] == pd.Timestamp("2024-04-01")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(CELLS, CELLS, st.sampled_from(["open", "gone", ""])), min_size=1))
def test_rows_read_are_valid_quarantined_or_duplicate(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "projects.csv"
    frame = pd.DataFrame(rows, columns=["project_id", "name", "status"])
    frame.to_csv(path, index=False, quoting=csv.QUOTE_ALL)
    is_blank = frame.map(lambda cell: not cell.strip()).all(axis="columns")
    quarantine = Quarantine()
    if is_blank.all():
        with pytest.raises(PMAnalyticsError):
            load_projects(path, quarantine=quarantine)
        return
    projects = load_projects(path, quarantine=quarantine)
    counts = quarantine.files.iloc[0]
    assert counts["rows_read"] == (~is_blank).sum()
    parts = ["n_valid", "n_quarantined", "n_duplicate"]
    assert counts["rows_read"] == counts[parts].sum()
    assert counts["n_valid"] == len(projects)
    bad = quarantine.problems.drop_duplicates(["file", "line"])
    assert counts["n_quarantined"] == len(bad)


def test_new_york_capital_projects_give_the_reference_rates(new_york):
    """Check the arithmetic: forecasts are taken for finishes, and no project is claimed finished.

    The reference counts total schedule and budget changes of at most 0.
    """
    rows = new_york.assign(status="done")
    quarantine = Quarantine()
    projects = load_projects(
        rows,
        columns={
            "project_id": "PID",
            "name": "Project Name",
            "actual_finish_date": "forecast",
            "baseline_finish_date": "baseline",
            "actual_cost": "Budget Forecast",
            "baseline_budget": "budget",
        },
        defaults={"currency": "USD"},
        quarantine=quarantine,
    )
    assert quarantine.files.loc[0, "rows_read"] == 378
    time = on_time_rate(projects, as_of="2031-12-31").iloc[0]
    budget = on_budget_rate(projects, as_of="2031-12-31").iloc[0]
    assert (time["k"], time["n"]) == (98, 309)
    assert (budget["k"], budget["n"]) == (112, 314)


def test_loading_a_loaded_table_again_changes_nothing(twelve_projects):
    pd.testing.assert_frame_equal(
        load_projects(twelve_projects)[list(twelve_projects.columns)], twelve_projects
    )
    Projects.validate(twelve_projects)


def test_a_frame_may_hold_what_programs_write_for_no_date():
    never = pd.to_datetime(["9999-12-31", "2025-03-31"]).astype("datetime64[us]")
    rows = pd.DataFrame(
        {"project_id": ["A", "B"], "name": "x", "status": "open", "baseline_finish_date": never}
    )
    with pytest.raises(BadRowsError, match=r"row 1, baseline_finish_date.*lies outside the years"):
        load_projects(rows)


def test_a_column_that_a_part_lacks_is_as_an_empty_one(tmp_path):
    for name, header, cells in (("a", "", ""), ("b", ",note", ",")):
        content = f"project_id,name,status{header}\nP1,One,open{cells}\n"
        (tmp_path / f"{name}.csv").write_text(content)
    quarantine = Quarantine()
    projects = load_projects([tmp_path / "a.csv", tmp_path / "b.csv"], quarantine=quarantine)
    assert projects["project_id"].tolist() == ["P1"]
    assert quarantine.files["n_duplicate"].tolist() == [0, 1]


FURTHER = {
    "status_reports": ("project_id,period_end_date,earned_value,currency", "P1,2024-01-31,10,EUR"),
    "tasks": ("task_id,name,baseline_finish_date", "T1,Dig,2024-05-31"),
    "forecasts": ("project_id,made_date,forecast_finish_date", "P1,2024-01-31,2024-06-30"),
    "cost_by_year": ("project_id,year,actual_cost", "P1,2024,10"),
    "price_index": ("year,price_index", "2024,104.2"),
    "exchange_rates": ("currency,exchange_rate", "USD,0.9"),
    "risks": ("risk_id,status,probability", "R1,Open,30 %"),
    "allocations": ("week_date,team,planned_hours", "2024-01-29,Blue,30"),
    "defects": ("defect_id,found_in", "D1,After release"),
    "product_projects": ("project_id,product_id,share", "P1,A,100 %"),
    "goals": ("goal_id,name,baseline,target,actual,due_date", "G1,NPS,10,20,15,2024-06-30"),
    "releases": ("release_id,name,planned_release_date", "V1,2024.1,2024-03-01"),
}


def test_every_further_table_of_a_folder_is_recognised_and_loaded(tmp_path):
    assert set(FURTHER) == set(FURTHER_TABLES)
    for name, lines in FURTHER.items():
        (tmp_path / f"export of {name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    portfolio = load_portfolio(tmp_path, as_of="2024-12-31")
    for name in FURTHER:
        assert len(getattr(portfolio, name)) == 1, name
    assert portfolio.files["n_valid"].sum() == len(FURTHER)
    assert portfolio.risks["status"].tolist() == ["open"]
    assert portfolio.defects["found_in"].tolist() == ["after_release"]


@pytest.mark.parametrize(
    ("schema", "row", "column", "reason"),
    [
        (Risks, {"risk_id": "R1", "status": "open", "probability": "1,5"}, "probability", "1"),
        (PriceIndex, {"year": "24", "price_index": "100"}, "year", "1900 and 2200"),
        (PriceIndex, {"year": "2024", "price_index": "0"}, "price_index", "not above 0"),
        (ExchangeRates, {"currency": "Euro", "exchange_rate": "1"}, "currency", "three-letter"),
        (StatusReports, {"project_id": "P", "period_end_date": "2024-01-31",
                         "earned_value": "-1"}, "earned_value", "negative"),
    ],
)  # fmt: skip
def test_a_row_that_breaks_a_rule_of_a_further_table_is_named(schema, row, column, reason):
    quarantine = Quarantine()
    assert load_table(pd.DataFrame([row]), schema, quarantine=quarantine).empty
    problem = quarantine.problems.iloc[0]
    assert problem["column"] == column
    assert reason in problem["reason"]


def test_two_reports_of_one_period_are_set_aside():
    """Which of them holds is not ours to choose."""
    report = {"project_id": "P", "period_end_date": "2024-01-31", "earned_value": "1"}
    quarantine = Quarantine()
    rows = pd.DataFrame([report, {**report, "earned_value": "2"}])
    assert load_table(rows, StatusReports, quarantine=quarantine).empty
    assert quarantine.files["n_quarantined"].tolist() == [2]


def test_an_amount_beyond_all_money_is_set_aside_with_its_row():
    """Above it a number no longer holds cents, and one slip would decide every sum."""
    quarantine = Quarantine()
    rows = pd.DataFrame({
        "project_id": ["P1", "P2"], "name": "x", "status": "open", "currency": "EUR",
        "baseline_budget": ["1000000000000", "9999999999999999"],
    })  # fmt: skip
    assert load_projects(rows, quarantine=quarantine)["project_id"].tolist() == ["P1"]
    assert quarantine.problems["reason"].tolist() == ["is too large to be meant"]
