import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import pmanalytics
from pmanalytics import load_portfolio

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", *ROOT.glob("docs/*.md")]


def load_script(name):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return import_module(name)
    finally:
        sys.path.pop(0)


def test_the_table_reference_is_up_to_date():
    script = load_script("make_tables")
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == script.tables_page()
    for name, content in script.templates().items():
        assert (ROOT / "docs" / "templates" / name).read_text(encoding="utf-8") == content


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("products.csv", "A,Atlas" + "," * 5),
        ("projects.csv", "P1,One,,,open" + "," * 19),
        ("jira.csv", "1,A-1,,,,To Do,,,,2024-01-02 10:00" + "," * 14),
        ("project_stages.csv", "P1,2024-01-01,Planning"),
        ("product_stages.csv", "A,2024-01-01,Market"),
        ("product_projects.csv", "P1,A,1"),
        ("goals.csv", "G1,A,Customers,k,40,60,50,2024-01-01,2024-12-31"),
        ("releases.csv", "R1,A,,1.0,2024-03-31,2024-04-02,yes"),
    ],
)
def test_a_filled_template_loads(tmp_path, name, row):
    header = (ROOT / "docs" / "templates" / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(f"{header}{row}\n", encoding="utf-8")
    (tmp_path / "pmanalytics.toml").write_text('time_zone = "UTC"\nas_of = "2024-12-31"\n')
    portfolio = load_portfolio(tmp_path)
    assert portfolio.files["n_valid"].tolist() == [1]


def test_the_example_configuration_works(tmp_path):
    page = (ROOT / "docs" / "your-data.md").read_text(encoding="utf-8")
    config = re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]
    (tmp_path / "pmanalytics.toml").write_text(config, encoding="utf-8")
    (tmp_path / tomllib.loads(config)["projects"]["file"]).write_text(
        "Nr,Title,State,Due\n1,One,In Progress,31.12.2025\n", encoding="utf-8"
    )
    portfolio = load_portfolio(tmp_path)
    assert portfolio.projects["status"].tolist() == ["open"]
    assert list(portfolio.lifecycles["project"].stages) == [
        "Planning",
        "Execution",
        "Closed",
        "Stopped",
    ]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_of_the_documents_lead_somewhere(page):
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_public_name_is_there_and_documented():
    for name in pmanalytics.__all__:
        assert getattr(pmanalytics, name).__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = pmanalytics.nonsense


def test_importing_the_package_imports_no_library():
    code = (
        "import sys, pmanalytics; print(sorted({'pandas', 'plotly', 'pandera'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_readmes_commands_work(tmp_path):
    """`make report` word for word; `make test` is what runs this."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [
        line.split("#")[0].strip()
        for line in re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1].splitlines()
    ]
    assert commands == ["make report", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("not run by make, which sets up what `make report` uses")
    result = subprocess.run(
        ["make", "report", f"OUT={tmp_path}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "reports/index.html" in page
    for report in ("index", "portfolio", "delivery", "lifecycle", "flow", "data_quality"):
        name = f"{report}.html"
        assert (tmp_path / name).exists()
        assert name in result.stdout


def test_the_wheel_holds_all_that_a_report_needs(tmp_path):
    """Unpacked alone, without the checkout, it makes the sample and its reports."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    alone = tmp_path / "alone"
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(alone)
    code = (
        "import pmanalytics.cli as c, sys, pathlib; "
        "assert pathlib.Path(c.__file__).is_relative_to(sys.path[0]), c.__file__; c.main()"
    )
    start = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(alone)!r}); {code}"]
    environment = {"PYTHONPATH": str(alone), "PATH": "", "HOME": str(tmp_path)}
    for arguments in (["sample", "acme"], ["report", "acme"]):
        done = subprocess.run(
            [*start, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "reports").glob("*.html"))) == 6
