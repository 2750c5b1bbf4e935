"""Write `docs/tables.md` and the empty templates from the schemas."""

from __future__ import annotations

from pathlib import Path

from pmanalytics.loaders.jira.headers import HEADERS
from pmanalytics.schemas import (
    FURTHER_TABLES,
    INPUT_TABLES,
    RESULT_TABLES,
    Products,
    Projects,
    Table,
)

DOCS = Path(__file__).parents[1] / "docs"
KINDS = {
    "string[pyarrow]": "text", "datetime64[ns]": "day", "datetime64[us, UTC]": "instant",
    "float64": "number", "Int64": "whole number", "int64": "whole number", "boolean": "yes/no",
    "bool": "yes/no", "object": "list",
}  # fmt: skip
INTRODUCTION = (
    """\
# Tables

What goes in and what comes out. **Bold** columns are required; all others may be missing. Your
own further columns stay with the rows, so that you can group by them.

A *day* is written 2025-03-31, an *instant* 2025-03-31T14:05:00+02:00, a share 0.45 for 45 %, money
without currency signs beside a `currency` such as EUR. Other spellings are told with `date_format`,
`columns` and `values`, in the call or in `pmanalytics.toml`.

Without Jira, fill these: [products.csv](templates/products.csv),
[projects.csv](templates/projects.csv), [product_stages.csv](templates/product_stages.csv),
[project_stages.csv](templates/project_stages.csv), and for single pieces of work
[jira.csv](templates/jira.csv), whose headers are those of Jira's own export.

For some measures only: """
    + ", ".join(f"[{name}.csv](templates/{name}.csv)" for name in FURTHER_TABLES)
    + ".\n"
)


def tables_page() -> str:
    """Return the page."""
    parts = [INTRODUCTION, "## What you provide\n", *map(_section, INPUT_TABLES)]
    return "\n".join([*parts, "## What you get\n", *map(_section, RESULT_TABLES)])


def templates() -> dict[str, str]:
    """Return the empty templates by name."""
    history = ["item_id", "changed_at", "to_status"]
    jira = [names[0].replace("_", " ").capitalize() for names in HEADERS.values()]
    headers = {
        "products.csv": list(Products.to_schema().columns),
        "projects.csv": list(Projects.to_schema().columns),
        "product_stages.csv": history,
        "project_stages.csv": history,
        "jira.csv": jira,
        **{f"{name}.csv": list(t.to_schema().columns) for name, t in FURTHER_TABLES.items()},
    }
    return {name: ",".join(columns) + "\n" for name, columns in headers.items()}


def _section(table: type[Table]) -> str:
    rows = []
    for name, column in table.to_schema().columns.items():
        shown = f"`{name}`" if column.nullable else f"**`{name}`**"
        rows.append(f"| {shown} | {KINDS[str(column.dtype)]} | {column.description} |")
    title, _, rest = (table.__doc__ or "").partition("\n")
    about = " ".join(line.strip() for line in rest.splitlines() if line.strip())
    head = f"### {table.__name__}\n\n{title}\n" + (f"\n{about}\n" if about else "")
    return f"{head}\n| column | is a | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (DOCS / "tables.md").write_text(tables_page(), encoding="utf-8")
    (DOCS / "templates").mkdir(exist_ok=True)
    for file, content in templates().items():
        (DOCS / "templates" / file).write_text(content, encoding="utf-8")
