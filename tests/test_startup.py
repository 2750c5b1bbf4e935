"""What is loaded only when it is used, so that a command or a notebook begins at once."""

import subprocess
import sys

import pytest

import pmanalytics

SLOW = ["babel", "holidays", "plotly", "scipy"]
FREE_OF_FIGURES = [
    home
    for home in pmanalytics._HOMES
    if not home.startswith(("pmanalytics.figures", "pmanalytics.reports"))
]


def loaded_after(code: str, names: list[str]) -> list[str]:
    """Return which of the packages a fresh Python has loaded after the code."""
    told = f"{code}\nimport sys\nprint(*[n for n in {names!r} if n in sys.modules])"
    command = [sys.executable, "-W", "error", "-c", told]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_the_package_alone_loads_no_pandas():
    assert loaded_after("import pmanalytics", ["numpy", "pandas", *SLOW]) == []


def test_the_help_of_the_command_line_loads_no_pandas():
    code = (
        "import contextlib, io\nfrom pmanalytics.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    main(['--help'], standalone_mode=False)"
    )
    assert loaded_after(code, ["numpy", "pandas", *SLOW]) == []


@pytest.mark.parametrize("first", ["loaders", "metrics"])
def test_loaders_and_metrics_load_neither_plotly_nor_scipy(first):
    homes = [home for home in FREE_OF_FIGURES if home.startswith(f"pmanalytics.{first}")]
    assert len(homes) > 10
    code = f"import importlib\nfor home in {homes!r}: importlib.import_module(home)"
    assert loaded_after(code, SLOW) == []
