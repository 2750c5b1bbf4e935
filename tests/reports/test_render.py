import gzip
import re
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from markupsafe import escape

from pmanalytics import PMAnalyticsError, load_portfolio, render_reports
from pmanalytics.reports.page import page_of
from pmanalytics.reports.render import ReportExporter, notebook_folder, report_notebooks, run

NOTEBOOKS = [*report_notebooks().values()]
TOUR = notebook_folder() / "00_tour.ipynb"


def findings(notebook):
    return [
        output["data"]["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


def test_every_notebook_but_the_tour_becomes_a_report():
    assert sorted(notebook_folder().glob("*.ipynb")) == [TOUR, *NOTEBOOKS]


@pytest.mark.parametrize("path", [TOUR, *NOTEBOOKS], ids=lambda path: path.stem)
def test_a_committed_notebook_holds_its_findings_and_nothing_else(path):
    """Without counts and outputs a notebook would pass with nothing compared."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert len(code) <= (10 if path == TOUR else 15)
    assert all(set(output["data"]) == {"text/plain"} for cell in code for output in cell.outputs)
    assert len(findings(notebook)) >= 5
    assert not any(re.search(r"^\s*def ", cell.source, re.MULTILINE) for cell in code)
    assert not any("nbval" in tag for cell in code for tag in cell.metadata.get("tags", []))


def test_a_changed_finding_is_noticed(pytester, monkeypatch):
    """What the tests of notebooks rest on: a different sentence fails."""
    path = NOTEBOOKS[0]
    notebook = nbformat.v4.new_notebook(metadata=nbformat.read(path, 4).metadata)
    output = nbformat.v4.new_output(
        "execute_result", {"text/plain": "All is well"}, execution_count=1
    )
    source = "from pmanalytics.reports.cards import text_card\ntext_card('All is lost')"
    notebook.cells = [nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output])]
    nbformat.write(notebook, pytester.path / "changed.ipynb")
    root = Path(__file__).parents[2]
    pytester.makeconftest((root / "conftest.py").read_text(encoding="utf-8"))
    result = pytester.runpytest_subprocess("--nbval", "--nbval-current-env", "changed.ipynb")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*All is lost*"])


def test_a_report_is_one_small_file_without_addresses(reports):
    for path in reports.values():
        page = path.read_text(encoding="utf-8")
        assert path.stat().st_size < 2_600_000
        outside = page.replace("http://www.w3.org", "")
        assert not re.search(r'(?:src|href)\s*=\s*["\']?(?:https?:)?//', outside)
        assert str(Path.home()) not in page


def test_a_report_has_each_finding_and_the_data_quality(reports):
    pages = {name: path.read_text(encoding="utf-8") for name, path in reports.items()}
    for path in NOTEBOOKS:
        page = pages[path.stem.split("_", 1)[1]]
        for finding in findings(nbformat.read(path, as_version=4)):
            if not finding.startswith(
                "On time: "
            ):  # the numbers, whose values are looked for below
                assert escape(finding.splitlines()[0]) in page
        assert "rows read" in page
        assert "is not a day of the calendar" in page
    for line in findings(nbformat.read(NOTEBOOKS[0], as_version=4))[2].splitlines():
        value = line.partition(": ")[2].partition(" (")[0]
        assert f"<strong>{value}</strong>" in pages["portfolio"]


def test_the_contents_lead_to_each_report_and_say_what_it_found(reports):
    page = reports["index"].read_text(encoding="utf-8")
    assert len(page) < 60_000
    for path in NOTEBOOKS:
        name = f"{path.stem.split('_', 1)[1]}.html"
        assert f'href="{name}"' in page
        assert (reports["index"].parent / name).exists()
    findings_of_files = findings(nbformat.read(NOTEBOOKS[-1], as_version=4))
    assert escape(findings_of_files[1]) in page
    assert "35% of projects due in the last 4 complete quarters were on time" in page
    assert "On time 35% (18–57%); On budget 45% (26–66%)" in page


def test_the_foot_tells_what_a_report_was_made_from(reports):
    content = (Path("data/sample") / "projects.csv").read_bytes()
    for path in reports.values():
        foot = path.read_text(encoding="utf-8").split("<footer")[1]
        assert "As of 30 Sep 2026; days in the zone Europe/Berlin" in foot
        assert "first approved plan" in foot
        line = f"<dt>projects.csv</dt><dd>99 rows <code>{sha256(content).hexdigest()}</code></dd>"
        assert line in foot
        assert f"pmanalytics {version('pmanalytics')}" in foot


def test_days_are_those_of_the_zone_and_shares_are_percentages(reports):
    """Beacon Pay's conceiving began at midnight in Berlin, which is still the day before in UTC."""
    page = reports["lifecycle"].read_text(encoding="utf-8")
    began = pd.read_csv("data/sample/product_stages.csv").query("Product == 'BEAC'").iloc[0]
    assert began["Since"] == "2025-02-03"
    assert '<td data-v="2025-02-03">3\xa0Feb\xa02025</td>' in page
    assert 'data-v="2025-02-02"' not in page
    assert '<td class="n" data-v="0.9">90%</td>' in page


def test_what_was_packed_is_hashed_unpacked(tmp_path):
    content = b"project_id,name,status\nP1,One,open\n"
    (tmp_path / "projects.csv.gz").write_bytes(gzip.compress(content))
    files = load_portfolio(tmp_path, as_of="2025-01-31").files
    assert files["sha256"].tolist() == [sha256(content).hexdigest()]


def test_the_same_notebook_gives_the_same_page(reports, tmp_path):
    again = {path.stem: path for path in render_reports("data/sample", tmp_path)}
    for name, path in reports.items():
        assert path.read_bytes() == again[name].read_bytes()


def test_a_report_owes_nothing_to_those_made_before_it(reports):
    path = notebook_folder() / "90_data_quality.ipynb"
    page, _ = ReportExporter().from_notebook_node(run(path, {}))
    assert page == reports["data_quality"].read_text("utf-8")


def test_a_users_error_is_told_in_its_words(tmp_path):
    (tmp_path / "projects.csv").write_text("project_id,name,status\nP1,One,open\n")
    with pytest.raises(PMAnalyticsError, match="the status date is not given"):
        list(render_reports(tmp_path, tmp_path / "out"))


def test_the_exporter_serves_any_notebook():
    """A notebook of the user's own: its headings become sections, its text is escaped."""
    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("execute_result", {"text/plain": "<b>5 > 3</b>"})
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Mine\n\nMy words."),
        nbformat.v4.new_markdown_cell("## Part one\n\nMore words."),
        nbformat.v4.new_code_cell("5 > 3", outputs=[output]),
    ]
    page, _ = ReportExporter().from_notebook_node(notebook)
    assert "<title>Mine</title>" in page
    assert '<section id="part-one"' in page
    assert "&lt;b&gt;5 &gt; 3&lt;/b&gt;" in page
    assert "<b>5" not in page


def test_no_code_but_ours_may_run():
    """Whatever markup a notebook shows, the page's policy names the scripts that run."""
    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("display_data", {"text/html": "<script>alert(1)</script>"})
    notebook.cells = [nbformat.v4.new_code_cell("1", outputs=[output])]
    page, _ = ReportExporter().from_notebook_node(notebook)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert re.search(r"script-src( 'sha256-[\w+/=]{44}'){3};", policy)
    assert "default-src 'none'" in policy


def nyc_folder(rows, folder):
    """Write New York's capital projects as they were known on 2019-09-01: none has finished."""
    table = pd.DataFrame(
        {
            "project_id": rows["PID"],
            "name": rows["Project Name"],
            "status": "open",
            "project_class": rows["Category"],
            "baseline_finish_date": rows["baseline"].dt.date,
            "forecast_finish_date": rows["forecast"].dt.date,
            "baseline_budget": rows["budget"].round(2),
            "forecast_cost": rows["Budget Forecast"],
            "currency": "USD",
        }
    )
    table.to_csv(folder / "projects.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def nyc_findings(new_york, tmp_path_factory):
    folder = nyc_folder(new_york, tmp_path_factory.mktemp("nyc"))
    parameters = {"folder": str(folder), "as_of": "2019-09-01"}
    return {path.stem: findings(run(path, parameters)) for path in NOTEBOOKS}


def test_records_without_finishes_give_no_rate(nyc_findings):
    """New York's data records no finish: never '0 %', but open and late, and the forecasts."""
    said = "\n".join(nyc_findings["10_portfolio"])
    assert "This data cannot give an on-time rate: no project records an actual finish" in said
    assert "On time: –" in said
    assert " 0%" not in said
    assert re.search(r"Open and already late: \d+ of \d+ \(a full count\)", said)
    slipping = "\n".join(nyc_findings["20_delivery"])
    assert re.search(r"\d+ of \d+ open projects with a baseline are past it", slipping)


def test_parts_without_data_say_what_they_need(nyc_findings):
    said = "\n".join(nyc_findings["30_lifecycle"])
    assert "The lives of the products are not known" in said
    assert "How long work items stay in each stage is not known" in said


def test_flow_without_issues_says_what_it_needs(nyc_findings):
    said = "\n".join(nyc_findings["40_flow"])
    assert "No history of statuses: where work begins and ends is not known." in said
    assert "No work item is known to be in progress" in said
    assert "How long work items take is not known" in said


def test_without_stages_flow_is_told_by_guessed_ones_and_says_so(real_data):
    parameters = {"folder": str(real_data / "jira_cloud_json"), "as_of": "2022-07-15"}
    flow = next(path for path in NOTEBOOKS if path.stem == "40_flow")
    notebook = run(flow, parameters)
    said = "\n".join(findings(notebook))
    assert "Work begins with In progress" in said
    assert "guessed from the words of the statuses" in str(notebook)
    assert re.search(r"85% of \d+ finished work items took", said)


def test_without_a_first_plan_every_comparison_names_the_current_due_date(tmp_path):
    """By hand: of 5 due, P1–P3 were on time, P4 late, P5 is open since 30 June; P6 is not due."""
    (tmp_path / "projects.csv").write_text(
        "project_id,name,status,project_class,rebaselined_finish_date,actual_finish_date,"
        "forecast_finish_date\n"
        "P1,One,done,Epic,2024-03-31,2024-03-31,\nP2,Two,done,Epic,2024-03-31,2024-03-01,\n"
        "P3,Three,done,Epic,2024-03-31,2024-02-01,\nP4,Four,done,Epic,2024-03-31,2024-04-01,\n"
        "P5,Five,open,Epic,2024-06-30,,2024-08-31\nP6,Six,open,Epic,2025-03-31,,2025-03-01\n"
    )
    portfolio = NOTEBOOKS[0]
    said = findings(run(portfolio, {"folder": str(tmp_path), "as_of": "2024-07-10"}))
    assert said[0] == (
        "As of 10 Jul 2024: 6 projects, 0 products and 0 issues. No first plan is known, so every "
        "comparison is with the current due date, which may have been moved."
    )
    assert said[1].splitlines()[1] == (
        "1 of 2 open projects needs a decision, first Five: 10 days past its current due date"
    )
    assert (
        "60% of projects whose due date has passed were on time against the current due date"
        in said
    )
    assert "On time against the current due date by project class: Epic 60%" in said
    assert "Open and already late: 1 of 2" in said[2]
    assert "baseline" not in "\n".join(said)


def test_the_status_date_may_be_given_as_a_date(tmp_path):
    """Parameters reach the notebook as values, not as text spliced into code."""
    (tmp_path / "projects.csv").write_text('project_id,name,status\nP1,"O\'Hara",open\n')
    as_of = date(2025, 1, 31).isoformat()
    notebook = run(NOTEBOOKS[0], {"folder": str(tmp_path), "as_of": as_of})
    assert findings(notebook)[0] == "As of 31 Jan 2025: 1 project, 0 products and 0 issues."
    assert page_of(notebook)["title"] == "Portfolio"
