"""Run notebooks on a folder of data, and export each as one HTML file that needs no network."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbformat import NotebookNode
from traitlets.config import Config

from pmanalytics import errors
from pmanalytics.errors import ConfigError, NotebookError, UnreadableFileError
from pmanalytics.loaders.folder import PSEUDONYMISE
from pmanalytics.reports.page import TEMPLATES, assets, contents_page, page_of, summary_of

SECONDS_PER_CELL = 600
CONTENTS = "index"
# What a notebook named, but for its data, and what it showed.
FORGET = "%reset_selective -f ^(?!portfolio$)\n%reset -f out"


def notebook_folder() -> Path:
    """Return where the notebooks are: in the package as installed, or beside it in a checkout."""
    package = Path(str(files("pmanalytics")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def report_notebooks(own: Sequence[str | Path] = ()) -> dict[str, Path]:
    """Return the notebooks that become reports, by the name of the report.

    The tour, whose number begins with 0, is a lesson and no report. A notebook of the user's own
    takes the place of ours of the same name.
    """
    ours = sorted(notebook_folder().glob("[1-9]*.ipynb"))
    named = {_name(path): path for path in ours}
    taken = {CONTENTS: Path(f"the page of contents ({CONTENTS}.html)")}
    for path in map(Path, own):
        name = _name(path)
        _read(path)
        if name in taken:
            raise ConfigError(f"{path}: {taken[name]} has the same name; rename the notebook.")
        named[name] = taken[name] = path
    return named


def _name(path: Path) -> str:
    return re.sub("^[0-9]+_", "", path.stem)


def render_reports(
    folder: str | Path,
    out: str | Path,
    *,
    as_of: str | None = None,
    pseudonym_key: str | None = None,
    notebooks: Sequence[str | Path] = (),
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
    notebooks
        Notebooks of one's own that become reports, too. Their cell tagged `parameters` is followed
        by the values of `folder` and `as_of`; without such a cell these come first.

    Yields
    ------
    pathlib.Path
        Each file as soon as it is written; last the page that leads to the others.

    Raises
    ------
    PMAnalyticsError
        If the folder or a notebook cannot be read, or a notebook fails.
    """
    folder, out = Path(folder), Path(out)
    if not folder.is_dir():
        raise UnreadableFileError(f"{folder}: there is no such folder.")
    environment = {PSEUDONYMISE: pseudonym_key} if pseudonym_key else {}
    parameters = {"folder": str(folder.resolve()), "as_of": as_of}
    summaries = []
    with closing(_all_run(report_notebooks(notebooks), parameters, environment)) as all_run:
        for name, notebook in all_run:
            page, _ = ReportExporter().from_notebook_node(notebook)
            summaries.append(summary_of(notebook) | {"file": f"{name}.html"})
            yield _written(page, out / f"{name}.html")
    yield _written(contents_page(summaries), out / f"{CONTENTS}.html")


def _all_run(
    paths: Mapping[str, Path], parameters: Mapping[str, object], environment: Mapping[str, str]
) -> Generator[tuple[str, NotebookNode], None, None]:
    """Yield every notebook, run: ours in one kernel, those of the user each in its own."""
    ours = report_notebooks().values()
    for is_ours, group in groupby(paths.items(), lambda named: named[1] in ours):
        if is_ours:
            yield from _run_together(dict(group), _assigned(parameters), environment)
            continue
        for name, path in group:
            yield name, run(path, parameters, environment=environment)


def _run_together(
    paths: Mapping[str, Path], assigned: str, environment: Mapping[str, str]
) -> Generator[tuple[str, NotebookNode], None, None]:
    """Yield notebooks of ours, run one after the other; the first loads the data for all."""
    with kernel(notebook_folder(), environment, shutdown_kernel="immediate") as client:
        given = assigned
        for name, path in paths.items():
            yield name, _run_in(client, path, given)
            given = f"{assigned}\nfolder = portfolio"
            client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FORGET)])
            client.execute(cleanup_kc=False)


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
    with kernel(path.parent, environment or {}) as client:
        return _run_in(client, path, _assigned(parameters))


def _assigned(parameters: Mapping[str, object]) -> str:
    return "\n".join(f"{name} = {value!r}" for name, value in parameters.items())


@contextmanager
def kernel(
    folder: Path, environment: Mapping[str, str], **options: object
) -> Iterator[NotebookClient]:
    """Return what runs notebooks in a kernel that works in a folder."""
    client = NotebookClient(
        nbformat.v4.new_notebook(),
        timeout=SECONDS_PER_CELL,
        kernel_manager_class=ThisPython,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        **options,
    )
    with client.setup_kernel(env={**os.environ, **environment}):
        yield client


def _run_in(client: NotebookClient, path: Path, assigned: str) -> NotebookNode:
    """Return the notebook, run with what is assigned after its parameters cell."""
    notebook = client.nb = _read(path)
    given = nbformat.v4.new_code_cell(assigned)
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    position = next((n for n, names in enumerate(tags, 1) if "parameters" in names), 0)
    notebook.cells.insert(position, given)
    try:
        client.execute(cleanup_kc=False)
    except CellExecutionError as error:
        is_ours = hasattr(errors, error.ename)
        told = error.evalue if is_ours else f"{error.ename}: {error.evalue}"
        cells = [cell for cell in notebook.cells if cell is not given]
        raise NotebookError(told, path.name, _failed(cells)) from None
    except CellTimeoutError:
        told = f"A cell ran for more than {SECONDS_PER_CELL} seconds and was stopped."
        raise NotebookError(told, path.name) from None
    except DeadKernelError:
        if client.km is None:  # on Ctrl-C nbclient ends the kernel and forgets it
            client.create_kernel_manager()  # for its own tidying up, which asks for one
            raise KeyboardInterrupt from None
        told = "Python ended while a cell ran, as it does where memory runs out."
        raise NotebookError(told, path.name) from None
    return notebook


def _read(path: Path) -> NotebookNode:
    """Return a notebook as it is stored, of whatever version of the format."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UnreadableFileError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError):
        raise UnreadableFileError(f"{path}: cannot be read as a notebook.") from None
    try:
        return nbformat.reads(content, as_version=4)
    except (ValueError, TypeError, AttributeError, nbformat.ValidationError):
        raise UnreadableFileError(
            f"{path}: is no notebook. Save it from JupyterLab, with the ending .ipynb."
        ) from None


def _failed(cells: Sequence[NotebookNode]) -> int:
    """Return the number of the code cell that raised, as JupyterLab counts."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    kinds = [{output.output_type for output in cell.outputs} for cell in code]
    return max((n for n, kind in enumerate(kinds, 1) if "error" in kind), default=0)


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
