import pytest

from pmanalytics import load_jira_csv, load_jira_json, load_portfolio, load_products, load_projects
from pmanalytics.errors import (
    BadRowsError,
    ConfigError,
    MissingColumnsError,
    PMAnalyticsError,
    UnreadableFileError,
    describe,
    visible,
)

HOSTILE = "a\x1b[31mb\u202ec\u2066d\0e\nf"
WRITTEN_OUT = r"a\x1b[31mb\u202ec\u2066d\x00e\nf"
PROBLEM = {"file": "a.csv", "line": 2, "column": "x", "value": "v", "reason": "r", "hint": "h"}


def test_letters_that_garble_a_screen_are_written_out_and_others_are_not():
    assert visible(HOSTILE) == WRITTEN_OUT
    assert visible("Größe £5, «été» 项目 שלום") == "Größe £5, «été» 项目 שלום"


@pytest.mark.parametrize("place", ["file", "column", "value"])
def test_a_problem_shows_no_raw_control_letter(place):
    assert describe(PROBLEM | {place: HOSTILE}).count(WRITTEN_OUT) == 1


def test_a_problem_shows_the_beginning_of_a_long_value_and_header():
    told = describe(PROBLEM | {"value": "y" * 500, "column": "z" * 500})
    assert told == f"  a.csv, line 2, {'z' * 59}…: '{'y' * 59}…' r. h."


def test_an_error_keeps_its_lines_and_nothing_else_that_moves_the_cursor():
    assert str(PMAnalyticsError("one\x1b[2J\ntwo\r")) == "one\\x1b[2J\ntwo\\r"


def test_headers_in_a_message_are_written_out_cut_and_no_more_than_a_screen_holds():
    headers = [HOSTILE, "h" * 500, *(f"c{n}" for n in range(100))]
    told = str(MissingColumnsError("evil\nfile.csv", ["project_id", "h" * 490], headers))
    lacking, found, advice = told.splitlines()
    assert lacking.startswith(r"evil\nfile.csv lacks: project_id, hhh")
    assert found.startswith(f"Headers found: {WRITTEN_OUT}, {'h' * 59}…, c0, ")
    assert found.endswith("c37 and 62 more.")
    assert advice.startswith("Name yours: ours = ")


def test_the_problems_keep_the_whole_value(tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text(f"project_id,name,status\nP1,One,{'x' * 300}\n")
    with pytest.raises(BadRowsError) as caught:
        load_projects(path)
    assert caught.value.problems["value"].tolist() == ["x" * 300]
    assert "x" * 61 not in str(caught.value)


@pytest.mark.parametrize(
    ("load", "options", "message"),
    [
        (load_projects, {"date_formt": "x"}, "load_projects has no option 'date_formt'. Did you "),
        (load_projects, {"date_formt": "x"}, "Did you mean date_format?"),
        (load_projects, {"column": {}}, "Did you mean columns?"),
        (load_products, {"values": {}}, "load_products has no option 'values'"),
        (load_products, {"zz": 1}, "It has: columns, quarantine, date_format, time_zone, decimal"),
        (load_jira_csv, {"time_zone": "UTC", "short_row": 1}, "Did you mean short_rows?"),
    ],
)
def test_an_unknown_option_is_named_with_the_nearest_known(load, options, message):
    with pytest.raises(ConfigError) as caught:
        load("x.csv", **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("source", [None, 12, "", " ", b"x.csv", {"a": 1}, [None]])
@pytest.mark.parametrize("load", [load_projects, load_jira_json, load_portfolio])
def test_what_names_no_file_is_refused_in_a_sentence(load, source):
    with pytest.raises(UnreadableFileError, match="names no file: give its path"):
        load(source)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "a.csv").write_text("a")
    with pytest.raises(UnreadableFileError, match="this is a file; name the folder it is in"):
        load_portfolio(tmp_path / "a.csv")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UnreadableFileError, match="this is a folder; name a file in it"):
        load_projects(tmp_path)
