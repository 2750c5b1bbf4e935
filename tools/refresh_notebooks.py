"""Run the notebooks on the sample and keep, of all they show, the findings as text.

The difference in version control is then the difference in what the notebooks say.
"""

from pathlib import Path

import nbformat

from pmanalytics.reports.render import notebook_folder, run


def refresh(path: Path) -> None:
    """Run one notebook in place."""
    notebook = nbformat.read(path, as_version=4)
    executed = run(path, {})
    cells = [cell for cell in executed.cells if cell.source or cell.cell_type == "markdown"]
    for number, cell in enumerate(cell for cell in cells if cell.cell_type == "code"):
        cell.execution_count = number + 1
        for output in cell.outputs:
            output["metadata"] = {}
            if "data" in output:
                output["data"] = {"text/plain": output["data"]["text/plain"]}
            if "execution_count" in output:
                output["execution_count"] = number + 1
    notebook.cells = cells
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for notebook_path in sorted(notebook_folder().glob("*.ipynb")):
        refresh(notebook_path)
