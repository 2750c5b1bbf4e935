"""Run notebooks on a folder of data, and export each as one HTML file that needs no network."""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbformat import NotebookNode
from plotly.offline import get_plotlyjs
from traitlets.config import Config

from pmanalytics.errors import ConfigError, PMAnalyticsError, UnreadableFileError
from pmanalytics.figures.theme import DARK, LIGHT
from pmanalytics.figures.words import escaped
from pmanalytics.reports.cards import CARD, PLOTLY, html_of

TEMPLATES = Path(__file__).parent / "templates"
SECONDS_PER_CELL = 600
# Runs before the page is painted, so that it never flashes in the wrong colours.
START = """\
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("pmanalytics-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* a file may have no storage */ }
"""


def notebook_folder() -> Path:
    """Return where the notebooks are: in the package as installed, or beside it in a checkout."""
    package = Path(str(files("pmanalytics")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def render_reports(
    folder: str | Path, out: str | Path, *, as_of: str | None = None
) -> Iterator[Path]:
    """Which reports does this folder of data give? Run every notebook on it and export it.

    Parameters
    ----------
    folder
        What `load_portfolio` reads.
    out
        Folder for the HTML files, created if need be.
    as_of
        Status date; otherwise the folder's.

    Yields
    ------
    pathlib.Path
        Each file as soon as it is written.

    Raises
    ------
    PMAnalyticsError
        If the folder cannot be read, or a notebook fails.
    """
    folder, out = Path(folder), Path(out)
    if not folder.is_dir():
        raise UnreadableFileError(f"{folder}: there is no such folder.")
    for path in sorted(notebook_folder().glob("*.ipynb")):
        notebook = run(path, {"folder": str(folder.resolve()), "as_of": as_of})
        page, _ = ReportExporter().from_notebook_node(notebook)
        target = out / f"{re.sub(r'^[0-9]+_', '', path.stem)}.html"
        try:
            out.mkdir(parents=True, exist_ok=True)
            target.write_text(page, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{target}: cannot be written ({error.strerror}).") from None
        yield target


def run(path: Path, parameters: Mapping[str, object]) -> NotebookNode:
    """Return the notebook, run with these values instead of those of its parameters cell."""
    notebook = nbformat.read(path, as_version=4)
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    position = next(
        (
            n
            for n, cell in enumerate(notebook.cells)
            if "parameters" in cell.metadata.get("tags", [])
        ),
        -1,
    )
    notebook.cells.insert(position + 1, nbformat.v4.new_code_cell(source))
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_manager_class=ThisPython,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise PMAnalyticsError(error.evalue) from None
    return notebook


class ThisPython(AsyncKernelManager):
    """A kernel of the Python that is running, whatever kernels are installed elsewhere."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start it."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if sys.platform != "win32":  # files instead of open network ports; an absolute path,
            self.transport = "ipc"  # because the kernel works in another folder than we do
            self.ip = str(Path(gettempdir()) / f"pmanalytics-{uuid4().hex}")


class ReportExporter(HTMLExporter):
    """Export a notebook that was run as one offline page (`jupyter nbconvert --to pmanalytics`)."""

    export_from_notebook = "pmanalytics report"

    @property
    def default_config(self) -> Config:
        """Take our own template; what it does not show is not exported."""
        own = Config({"TemplateExporter": {"template_name": "pmanalytics"}})
        return Config(super().default_config, **own)

    @property
    def extra_template_basedirs(self) -> list[str]:
        """Where the template is."""
        return [*super()._default_extra_template_basedirs(), str(TEMPLATES)]

    def default_filters(self) -> Iterable[tuple[str, Any]]:
        """Add the filter that arranges a notebook as a page."""
        yield from super().default_filters()
        yield "page", page_of

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict | None = None, **options: Any
    ) -> tuple[str, dict]:
        """Return the page."""
        resources = {**(resources or {}), "pmanalytics": _assets()}
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


def page_of(notebook: NotebookNode) -> dict[str, Any]:
    """Return a notebook as a page: its head, and a section for each second-level heading.

    A section whose code shows nothing is left out.
    """
    page: dict[str, Any] = {"title": "Report", "head": "", "lead": [], "sections": []}
    outputs, number = page["lead"], 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            title, _, text = cell.source.removeprefix("## ").partition("\n")
            outputs = []
            section = {"id": _slug(title), "title": title, "text": text, "is_text": True}
            page["sections"].append(section | {"outputs": outputs})
        elif cell.cell_type == "markdown" and page["sections"]:
            page["sections"][-1]["text"] += f"\n\n{cell.source}"
        elif cell.cell_type == "markdown":
            page["head"] += f"{cell.source}\n\n"
        elif cell.cell_type == "code":
            if page["sections"]:
                page["sections"][-1]["is_text"] = False
            for output in cell.outputs:
                number += 1
                outputs.append(_html(output, number))
    page["sections"] = [s for s in page["sections"] if s["outputs"] or s["is_text"]]
    page["title"] = _title(page["head"])
    return page


def _html(output: NotebookNode, number: int) -> str:
    data = output.get("data", {})
    if CARD in data:
        return html_of(data[CARD], data.get(PLOTLY), number)
    if "text/html" in data:
        return f'<div class="output">{data["text/html"]}</div>'
    text = data.get("text/plain") or (output.get("text") if output.get("name") == "stdout" else "")
    return f'<pre class="output">{escaped(text)}</pre>' if text else ""


def _title(head: str) -> str:
    first = re.search(r"^# (.+)$", head, re.MULTILINE)
    return first[1] if first else "Report"


def _slug(title: str) -> str:
    return "-".join(re.findall(r"\w+", title.casefold()))


@cache
def _assets() -> dict[str, str]:
    """Return styles, code and colours of the page, each once per file."""
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    for name, colors in (("LIGHT", LIGHT), ("DARK", DARK)):
        values = "".join(f"--{token}:{color};" for token, color in colors.items())
        css = css.replace(f"/*{name}*/", values)
    start, main, drawing = START, (TEMPLATES / "report.js").read_text("utf-8"), get_plotlyjs()
    packed = gzip.compress(drawing.encode("utf-8"), 9, mtime=0)
    return {
        "css": css,
        "start": start,
        "js": main,
        "plotly": base64.b64encode(packed).decode("ascii"),
        "scripts": " ".join(map(_hash, (start, main, drawing))),
        "colors": json.dumps({LIGHT[token]: DARK[token] for token in LIGHT}),
        "version": version("pmanalytics"),
    }


def _hash(code: str) -> str:
    """Return what allows a page to run this code and no other."""
    return f"'sha256-{base64.b64encode(sha256(code.encode('utf-8')).digest()).decode('ascii')}'"
