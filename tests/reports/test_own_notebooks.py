"""A notebook of the user's own becomes a report by the same command."""

import subprocess
import sys

import nbformat
import plotly.graph_objects as go
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from pmanalytics import PMAnalyticsError, render_reports
from pmanalytics.cli import main
from pmanalytics.reports import render
from pmanalytics.reports.page import page_of

COUNT = """\
from pmanalytics import load_portfolio, text_card
portfolio = load_portfolio(folder, as_of=as_of)
text_card(f"{len(portfolio.projects)} projects on {portfolio.as_of}")"""
NO_NOTEBOOKS = ["", "[]", "{}", "a text", '{"cells": 3}', '{"nbformat": 9}', "\ufeff"]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "projects.csv").write_text("project_id,name,status\nP1,One,open\nP2,Two,open\n")
    return folder


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a notebook of these code cells."""

    def written(name, *sources, tags=()):
        cells = [new_markdown_cell("# Mine\n\nHow many?"), *map(new_code_cell, sources)]
        cells[1].metadata["tags"] = [*tags]
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return written


@pytest.fixture
def without_ours(monkeypatch, tmp_path):
    """Run the user's own notebooks alone, which is quicker."""
    monkeypatch.setattr(render, "notebook_folder", lambda: tmp_path / "no notebooks")


@pytest.mark.usefixtures("without_ours")
def test_it_gets_the_folder_and_the_day_and_stands_in_the_contents(data, write, tmp_path):
    tagged = write("tagged.ipynb", 'folder = "elsewhere"\nas_of = None', COUNT, tags=["parameters"])
    untagged = write("10_un tagged.ipynb", COUNT)
    arguments = ["report", data, "--as-of", "2025-01-31", "--out", tmp_path / "out"]
    arguments += ["--notebook", tagged, "--notebook", untagged]
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    for name in ("tagged", "un tagged"):
        page = (tmp_path / "out" / f"{name}.html").read_text(encoding="utf-8")
        assert "<title>Mine</title>" in page
        assert "2 projects on 2025-01-31" in page
    contents = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'href="tagged.html"' in contents
    assert 'href="un%20tagged.html"' in contents


def test_it_takes_the_place_of_ours_of_the_same_name(write):
    own = write("20_delivery.ipynb", "1")
    names, ours = render.report_notebooks([own]), render.report_notebooks()
    assert [*names] == [*ours]
    assert {name for name in names if names[name] != ours[name]} == {"delivery"}
    assert names["delivery"] == own


def test_two_of_one_name_are_refused_and_so_is_the_name_of_the_contents(write):
    first, second = write("a/mine.ipynb", "1"), write("b/01_mine.ipynb", "1")
    with pytest.raises(PMAnalyticsError, match=r"01_mine\.ipynb: .*mine\.ipynb has the same name"):
        render.report_notebooks([first, second])
    with pytest.raises(PMAnalyticsError, match=r"contents \(index\.html\) has the same name"):
        render.report_notebooks([write("index.ipynb", "1")])


@pytest.mark.parametrize("content", NO_NOTEBOOKS)
def test_what_is_no_notebook_is_told_before_any_is_run(data, tmp_path, content):
    path = tmp_path / "mine.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PMAnalyticsError, match=r"mine\.ipynb: is no notebook"):
        next(render_reports(data, tmp_path / "out", notebooks=[path]))


def test_a_notebook_that_is_not_there_or_no_text_is_told(data, tmp_path):
    (tmp_path / "odd.ipynb").write_bytes(b"\xff\xfe\x00")
    for name, told in {
        "none": "there is no such file",
        "odd": "cannot be read",
        "": "read",
    }.items():
        path = tmp_path / f"{name}.ipynb" if name else tmp_path
        with pytest.raises(PMAnalyticsError, match=told):
            next(render_reports(data, tmp_path / "out", notebooks=[path]))


@pytest.mark.usefixtures("without_ours")
@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["1", "2 +"], ["SyntaxError: ", "(mine.ipynb, code cell 2)"]),
        (["as_of", "no"], ["NameError: name 'no' is not defined (mine.ipynb, code cell 2)"]),
        ([COUNT.replace("=as_of)", "='soon')")], ["Error: as_of", "(mine.ipynb, code cell 1)"]),
        (["import os", "os._exit(1)"], ["Python ended while a cell ran", "(mine.ipynb)"]),
    ],
)
def test_a_cell_that_fails_is_named_in_one_line(data, write, tmp_path, cells, told):
    path = write("mine.ipynb", *cells)
    arguments = ["report", data, "--as-of", "2025-01-31", "--out", tmp_path / "out"]
    result = CliRunner().invoke(main, [*map(str, [*arguments, "--notebook", path])])
    assert result.exit_code == 1
    last = result.output.splitlines()[-1]
    assert last.startswith("Error: ")
    assert all(part in last for part in told), last
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("without_ours")
def test_ctrl_c_ends_it_without_a_traceback(data, write, tmp_path):
    interrupt = "import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)"
    path = write("mine.ipynb", interrupt)
    arguments = ["report", data, "--as-of", "2025-01-31", "--out", tmp_path / "out"]
    result = CliRunner().invoke(main, [*map(str, [*arguments, "--notebook", path])])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "Aborted!"


@pytest.mark.usefixtures("without_ours")
def test_a_cell_without_end_is_stopped(data, write, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "SECONDS_PER_CELL", 1)
    path = write("mine.ipynb", "import time\ntime.sleep(60)")
    with pytest.raises(PMAnalyticsError, match=r"more than 1 seconds .* \(mine\.ipynb\)"):
        next(render_reports(data, tmp_path / "out", notebooks=[path]))


def test_figures_and_pictures_of_any_make_are_shown():
    drawn = go.Figure(go.Bar(x=[1, 2], y=[3, 4]), {"title": "<b>Three</b> and <i>four</i>"})
    untitled = go.Figure(go.Pie(values=[1, 2]))
    bundles = [
        {"application/vnd.plotly.v1+json": drawn.to_plotly_json(), "text/plain": "Figure()"},
        {"application/vnd.plotly.v1+json": untitled.to_plotly_json(), "text/plain": "Figure()"},
        {"image/png": 'iVBORw0KGgo=" onload="x', "text/plain": "<Figure size 640x480>"},
    ]
    outputs = [new_output("display_data", bundle) for bundle in bundles]
    notebook = new_notebook(cells=[new_code_cell("1", outputs=outputs)])
    bar, pie, picture = page_of(notebook)["lead"]
    assert "Three  and  four" in " ".join(bar.split(" "))
    assert all('class="plot"' in html and "Figure()" not in html for html in (bar, pie))
    assert 'src="data:image/png;base64,iVBORw0KGgo=&quot; onload=&quot;x"' in picture


def test_nbconvert_makes_the_same_page(data, write, tmp_path):
    path = write("mine.ipynb", f"folder, as_of = {str(data)!r}, '2025-01-31'", COUNT)
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "pmanalytics", path.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert "2 projects on 2025-01-31" in page
    assert "Content-Security-Policy" in page
