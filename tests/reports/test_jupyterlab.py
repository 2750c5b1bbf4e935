"""Cards in JupyterLab itself, where the size of a figure is not ours to decide."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
CARDS = """\
import pandas as pd
from pmanalytics import figure_card, table_card
from pmanalytics.figures.theme import figure
drawing = figure("A finding", "What is drawn", alt="Two points", height=300)
drawing.add_scatter(x=[1, 2], y=[1, 2])
display(table_card(pd.DataFrame({"name": ["P"] * 30}), "A table"))
figure_card(drawing, pd.DataFrame({"x": [1, 2]}))"""
SIZE = """() => {
  const { width, height } = document.querySelector(".main-svg").getBoundingClientRect();
  return [Math.round(width), Math.round(height)];
}"""


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab with settings of its own, and return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "work").mkdir()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        f"--ServerApp.root_dir={tmp_path / 'work'}",
    ]  # fmt: skip
    own = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    own += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    environment = os.environ | {name: str(tmp_path / name) for name in own}
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"{url}/api", server)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def wait_for(url, server, seconds=60):
    for _ in range(seconds * 5):
        try:
            with urllib.request.urlopen(url):
                return
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "JupyterLab did not start"
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer within {seconds} seconds")


@pytest.mark.browser
def test_a_figure_keeps_its_height_at_any_width_and_a_table_has_no_tools(lab, browser, tmp_path):
    notebook = new_notebook(cells=[new_code_cell(CARDS)], metadata=PYTHON)
    nbformat.write(notebook, tmp_path / "work" / "cards.ipynb")
    page = browser.new_page(viewport={"width": 1400, "height": 1800})
    page.set_default_timeout(90_000)
    outside = []
    page.on("request", lambda sent: outside.append(sent.url) if lab not in sent.url else None)
    page.goto(f"{lab}/lab/tree/cards.ipynb?reset")
    page.wait_for_selector("#jp-main-statusbar >> text=Python 3 (ipykernel) | Idle")
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
    page.wait_for_selector(".main-svg")
    width, height = page.evaluate(SIZE)
    assert height == 370
    page.set_viewport_size({"width": 1000, "height": 1800})
    page.wait_for_function(f"({SIZE})()[0] < {width - 200}")
    page.wait_for_timeout(500)
    assert page.evaluate(SIZE)[1] == height
    shown = page.locator(".jp-OutputArea-output")
    assert shown.count() == 2
    assert shown.locator("button, input, .reader, [class*=tools]").count() == 0
    assert "A table" in shown.first.inner_text()
    assert [url for url in outside if url.startswith("http")] == []
    page.close()
