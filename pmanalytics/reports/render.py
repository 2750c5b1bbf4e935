"""Run notebooks on a folder of data, and export each as one HTML file that needs no network."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
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
from traitlets.config import Config

from pmanalytics.errors import ConfigError, PMAnalyticsError, UnreadableFileError
from pmanalytics.loaders.folder import PSEUDONYMISE
from pmanalytics.reports.page import TEMPLATES, assets, contents_page, page_of, summary_of

SECONDS_PER_CELL = 600


def notebook_folder() -> Path:
    """Return where the notebooks are: in the package as installed, or beside it in a checkout."""
    package = Path(str(files("pmanalytics")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def render_reports(
    folder: str | Path,
    out: str | Path,
    *,
    as_of: str | None = None,
    pseudonym_key: str | None = None,
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
    pseudonym_key
        A secret; then persons stand under pseudonyms made with it.

    Yields
    ------
    pathlib.Path
        Each file as soon as it is written; last the page that leads to the others.

    Raises
    ------
    PMAnalyticsError
        If the folder cannot be read, or a notebook fails.
    """
    folder, out = Path(folder), Path(out)
    if not folder.is_dir():
        raise UnreadableFileError(f"{folder}: there is no such folder.")
    environment = {PSEUDONYMISE: pseudonym_key} if pseudonym_key else {}
    summaries = []
    for path in sorted(notebook_folder().glob("*.ipynb")):
        parameters = {"folder": str(folder.resolve()), "as_of": as_of}
        notebook = run(path, parameters, environment=environment)
        page, _ = ReportExporter().from_notebook_node(notebook)
        name = f"{re.sub(r'^[0-9]+_', '', path.stem)}.html"
        summaries.append(summary_of(notebook) | {"file": name})
        yield _written(page, out / name)
    yield _written(contents_page(summaries), out / "index.html")


def _written(page: str, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written ({error.strerror}).") from None
    return target


def run(
    path: Path, parameters: Mapping[str, object], *, environment: Mapping[str, str] | None = None
) -> NotebookNode:
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
        client.execute(env={**os.environ, **(environment or {})})
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
        resources = {**(resources or {}), "pmanalytics": assets()}
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)
