import re
import shutil
import zlib

import pytest
from click.testing import CliRunner

from pmanalytics import load_portfolio
from pmanalytics.cli import main
from pmanalytics.loaders.folder import PSEUDONYMISE
from pmanalytics.reports import paper
from pmanalytics.reports.render import ReportExporter, notebook_folder, run

KEY = "nobody guesses this"


@pytest.mark.browser
def test_a_printed_report_holds_every_figure(browser, reports, tmp_path):
    """A mark is drawn by curves: a page without its figures has hardly any."""
    shutil.copy(reports["portfolio"], tmp_path)
    printed = paper.print_report(tmp_path / "portfolio.html", paper.browser_path())
    assert printed == tmp_path / "portfolio.pdf"
    content = printed.read_bytes()
    width, height = map(int, re.findall(rb"/MediaBox \[0 0 (\d+)\S* (\d+)", content)[0])
    assert (width, height) == pytest.approx((595, 842), abs=1)  # A4 in points
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    drawn = b"".join(zlib.decompress(part) for part in streams if part[:1] == b"x")
    assert drawn.count(b" c\n") > 300


def written(folder, out, **_):
    for name in ("portfolio.html", "index.html"):
        out.mkdir(exist_ok=True)
        (out / name).write_text("<html>")
        yield out / name


@pytest.fixture
def call(monkeypatch, tmp_path):
    monkeypatch.setattr("pmanalytics.reports.render.render_reports", written)
    return lambda *options: CliRunner().invoke(
        main, ["report", str(tmp_path), "--out", str(tmp_path / "out"), *options]
    )


@pytest.mark.parametrize("named", ["", "/nowhere/chrome"])
def test_without_a_browser_the_pages_are_written_and_one_line_says_what_lacks(
    call, monkeypatch, tmp_path, named
):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv(paper.BROWSER, named)
    result = call("--pdf")
    assert result.exit_code == 1
    said = result.output.splitlines()[-1]
    assert said.startswith("Error: ")
    assert "a PDF is printed by Chromium or Chrome" in said
    assert (tmp_path / "out" / "index.html").exists()


def test_a_program_that_prints_nothing_is_named(call, monkeypatch):
    monkeypatch.setenv(paper.BROWSER, "true")
    result = call("--pdf")
    assert result.exit_code == 1
    assert "true did not print" in result.output


def test_the_key_of_pseudonyms_is_the_users_or_made_up_each_time(call, monkeypatch):
    keys = []

    def noted(folder, out, *, pseudonym_key, **options):
        keys.append(pseudonym_key)
        return written(folder, out)

    monkeypatch.setattr("pmanalytics.reports.render.render_reports", noted)
    call()
    call("--pseudonymise")
    call("--pseudonymise")
    monkeypatch.setenv("PMANALYTICS_PSEUDONYM_KEY", KEY)
    call("--pseudonymise")
    assert keys[0] is None
    assert len({*keys[1:3]}) == 2
    assert min(map(len, keys[1:3])) == 64
    assert keys[3] == KEY


def test_a_pseudonymised_report_names_no_person_and_not_its_key(tmp_path):
    portfolio = load_portfolio("data/sample")
    names = {
        *portfolio.projects["project_manager"].dropna(),
        *portfolio.products["product_manager"].dropna(),
        *portfolio.risks["owner"].dropna(),
        *portfolio.allocations["person"].dropna(),
    }
    delivery = next(notebook_folder().glob("20_*.ipynb"))
    notebook = run(delivery, {"folder": "../data/sample"}, environment={PSEUDONYMISE: KEY})
    page, _ = ReportExporter().from_notebook_node(notebook)
    assert len(names) > 5
    assert [name for name in names if name in page] == []
    assert KEY not in page
    assert len(set(re.findall("u_[0-9a-f]{10}", page))) > 3
