import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmanalytics import load_portfolio
from pmanalytics.cli import main

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture
def call():
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_help_tells_a_newcomer_what_to_do(call):
    told = call("--help").output
    for word in ("pmanalytics sample acme", "init", "report", "check", "sample"):
        assert word in told


def test_the_module_is_the_command():
    code = [sys.executable, "-m", "pmanalytics.cli", "check", "no such folder"]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no such folder: there is no such folder." in done.stderr


def test_check_lists_every_problem_and_ends_with_1(call):
    result = call("check", SAMPLE)
    assert result.exit_code == 1
    assert "  projects.csv (projects; named by [projects]; UTF-8, comma): 99 = " in result.output
    assert "99 = 90 valid + 8 set aside + 1 repeat" in result.output
    assert "projects.csv, line 92, Finish planned: '31/11/2025' is not a day" in result.output
    assert "The status 'Parked' belongs to no stage" in result.output
    assert "on-time rate: 53 of 90 records; left out: " in result.output


def test_check_of_sound_files_ends_with_0(call, tmp_path):
    (tmp_path / "projects.csv").write_text("project_id,name,status\nP1,One,open\n")
    result = call("check", tmp_path, "--as-of", "2025-01-31")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "Every row can be used.")


@pytest.mark.parametrize("command", ["check", "report"])
def test_an_error_is_a_message_and_no_traceback(call, tmp_path, command):
    result = call(command, tmp_path)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("Error: ")
    assert "nothing in this folder can be read" in result.output
    assert "Traceback" not in result.output


def test_a_place_that_cannot_be_written_to_is_named(call, tmp_path):
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "projects.csv").write_text("project_id,name,status\nP1,One,open\n")
    result = call("report", tmp_path, "--out", tmp_path / "taken", "--as-of", "2025-01-31")
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert call("report", tmp_path / "nowhere").output.splitlines()[-1].endswith("no such folder.")


def test_a_list_of_problems_that_cannot_be_written_is_told(call, tmp_path):
    result = call("check", SAMPLE, "--fix-me", tmp_path / "nowhere" / "bad.csv")
    assert result.exit_code == 1
    assert "cannot be written or read" in result.output


def test_problems_beyond_the_screen_are_counted_and_all_are_in_the_list(call, tmp_path):
    rows = "".join(f"P{n},Name,frozen\n" for n in range(5_000))
    (tmp_path / "projects.csv").write_text("project_id,name,status\n" + rows)
    found = tmp_path / "bad_rows.csv"
    result = call("check", tmp_path, "--as-of", "2025-01-31", "--fix-me", found)
    told = result.output.splitlines()
    assert len([line for line in told if "'frozen' is none of" in line]) == 20
    assert told[-4:-2] == [
        "  … and 4980 more; --fix-me FILE writes all of them.",
        f"5000 problems written to {found}.",
    ]
    content = found.read_text(encoding="utf-8-sig")
    assert content.count("frozen") == 5_000
    found.write_text(content.replace(',""\n', ',"open"\n'), encoding="utf-8-sig")
    result = call("check", tmp_path, "--as-of", "2025-01-31")
    assert result.exit_code == 0
    assert "projects.csv: 5000 corrections taken in." in result.output


def test_no_reason_hides_another_and_files_alike_share_a_line(call, tmp_path):
    head = "project_id,name,status,baseline_finish_date\n"
    for n in range(30):
        (tmp_path / f"p{n}.csv").write_text(f"{head}P{n},Name,open,2025-01-31\n")
    bad = "".join(f"Q{n},Name,frozen,2025-01-31\n" for n in range(50))
    (tmp_path / "q.csv").write_text(head + bad + "Q99,Name,open,31/11/2025\n")
    told = call("check", tmp_path, "--as-of", "2025-01-31").output.splitlines()
    said = "  p0.csv, p1.csv, p10.csv and 27 more (projects; our headers; UTF-8, comma): 30 = 30 "
    assert told[1].startswith(said)
    assert len([line for line in told if "'frozen' is none of" in line]) == 10
    assert len([line for line in told if line.endswith(" And 40 more for this reason.")]) == 1
    assert "q.csv, line 52, baseline_finish_date: '31/11/2025' is not a day" in told[-2]
    assert told[-1] == "  … and 40 more; --fix-me FILE writes all of them."


def test_an_encoding_that_only_the_configuration_tells_is_no_hindrance(call, tmp_path):
    text = "project_id,name,status,Фаза\nP1,Один Б,open,План\n"
    (tmp_path / "projects.csv").write_bytes(text.encode("cp866"))
    (tmp_path / "pmanalytics.toml").write_text(
        'as_of = "2025-01-31"\n[projects]\nfile = "projects.csv"\nencoding = "cp866"\n'
    )
    result = call("check", tmp_path)
    assert "1 = 1 valid + 0 set aside" in result.output, result.output


def test_columns_of_dates_that_are_not_used_are_always_told(call, tmp_path):
    others = [f"Other {n}" for n in range(12)]
    header = ["project_id", "name", "status", *others, "Go-live"]
    row = ["P1", "One", "open", *["x"] * 12, "2025-01-31"]
    (tmp_path / "projects.csv").write_text(f"{','.join(header)}\n{','.join(row)}\n")
    told = call("check", tmp_path, "--as-of", "2025-01-31").output
    assert "    Go-live: dates that are not used\n" in told
    assert "    kept: Other 0, Other 1, " in told


def test_rows_deleted_on_purpose_are_no_problems(call, tmp_path):
    (tmp_path / "projects.csv").write_text("project_id,name,status\nP1,One,open\nP2,Two,iced\n")
    (tmp_path / "bad.csv").write_text(
        "file,line,column,value,corrected\nprojects.csv,3,status,iced,(delete)\n"
    )
    result = call("check", tmp_path, "--as-of", "2025-01-31", "--fix-me", tmp_path / "new.csv")
    assert result.exit_code == 0
    assert "2 = 1 valid + 1 set aside + 0 repeats" in result.output
    files = load_portfolio(tmp_path, as_of="2025-01-31").files.set_index("file")
    assert files.loc["projects.csv", ["n_quarantined", "n_deleted"]].tolist() == [1, 1]
    assert "projects.csv: 1 correction taken in, 1 row deleted." in result.output
    assert result.output.splitlines()[-2:] == [
        "Every other row can be used.",
        f"There is nothing to mend, so {tmp_path / 'new.csv'} was not written.",
    ]
    assert not (tmp_path / "new.csv").exists()


def test_problems_of_issues_are_told_by_the_number_of_the_issue(call, tmp_path):
    items = '<item><key id="1">A-1</key><status>Done</status><created>soon</created></item>'
    (tmp_path / "jira.xml").write_text(f'<rss version="0.92"><channel>{items}</channel></rss>')
    result = call("check", tmp_path, "--as-of", "2025-01-31")
    assert "  jira.xml, issue 1, created_at: 'soon' is no date" in result.output


def test_sample_and_report_work_in_any_folder(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("sample", "acme").exit_code == 0
    result = call("report", "acme")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "data_quality.html",
        "delivery.html",
        "flow.html",
        "index.html",
        "lifecycle.html",
        "portfolio.html",
    ]


def test_no_control_letter_of_a_file_reaches_the_screen(call, tmp_path):
    """Nor does a long cell: the screen shows its beginning."""
    evil = "\x1b[31m\u202e"
    (tmp_path / f"{evil}.csv").write_text(f"{evil},b\n1,2\n", encoding="utf-8")
    (tmp_path / "projects.csv").write_text(
        f"project_id,name,status,{evil}\nP1,One,{evil}{'x' * 300},\nP2,Two,open,\n",
        encoding="utf-8",
    )
    for command in (["init", tmp_path], ["check", tmp_path, "--as-of", "2025-01-31"]):
        output = call(*command).output
        assert r"\x1b[31m\u202e" in output
        assert "\x1b" not in output
        assert "\u202e" not in output
    assert "x" * 61 not in output
