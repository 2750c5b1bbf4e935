"""Damage to how a table is written: encodings, dialects, ragged rows, repeated records."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence

from judge import Aside, Case
from truth import HISTORY, PROJECTS, Grid, Record, clock, grid, text

GRID = grid(PROJECTS)
TEXT = text(GRID)
WIDTH = len(GRID[0])


def projects(
    group: str,
    name: str,
    content: str | bytes | Grid,
    truth: Sequence[Record] = PROJECTS,
    **more: object,
) -> Case:
    """Return the case of one file of projects."""
    if isinstance(content, list):
        content = text(content)
    content = content.encode() if isinstance(content, str) else content
    return Case(group, name, "projects", {"projects.csv": content}, truth, **more)


def with_cells(*changes: tuple[int, str, str], rows: Grid = GRID) -> Grid:
    """Return the grid with some cells replaced: (line, column, text)."""
    damaged = [list(row) for row in rows]
    for line, column, cell in changes:
        damaged[line - 1][rows[0].index(column)] = cell
    return damaged


def but(*changes: tuple[int, str, object], truth: Sequence[Record] = PROJECTS) -> list[Record]:
    """Return the truth with some values replaced: (line, column, value)."""
    records = [dict(record) for record in truth]
    for line, column, value in changes:
        records[line - 2][column] = value
    return records


def moved(by: int) -> dict[str, int]:
    """Return the lines of all projects, moved down."""
    return {str(r["project_id"]): n for n, r in enumerate(PROJECTS, 2 + by)}


def encodings() -> Iterator[Case]:
    """Yield the clean file in other encodings, and damaged by them."""
    for name, encoding in [
        ("UTF-8", "utf-8"),
        ("UTF-8 with BOM", "utf-8-sig"),
        ("UTF-16 LE without BOM", "utf-16-le"),
        ("UTF-16 BE without BOM", "utf-16-be"),
    ]:
        yield projects("encoding", name, TEXT.encode(encoding))
    for name, mark, encoding in [
        ("UTF-16 LE with BOM", b"\xff\xfe", "utf-16-le"),
        ("UTF-16 BE with BOM", b"\xfe\xff", "utf-16-be"),
    ]:
        yield projects("encoding", name, mark + TEXT.encode(encoding))
    euro = but((6, "name", "Payroll 5 €"))
    yield projects("encoding", "cp1252 with umlauts and €", text(grid(euro)).encode("cp1252"), euro)
    czech = but((5, "name", "Účet Žižkov"), (4, "name", "Řeka"))
    latin2 = [{k: "x" if k == "region" else v for k, v in record.items()} for record in czech]
    latin2 = [r | {"project_manager": "Dvořák" if r["project_manager"] else None} for r in latin2]
    latin2 = [r | {"name": r["name"].replace("É", "E")} for r in latin2]
    yield projects(
        "encoding", "cp1250, named", text(grid(latin2)).encode("cp1250"), latin2,
        options={"encoding": "cp1250"},
    )  # fmt: skip
    mojibake = TEXT.encode().decode("latin-1").encode()
    broken = [
        {k: v.encode().decode("latin-1") if isinstance(v, str) else v for k, v in record.items()}
        for record in PROJECTS
    ]
    yield projects("encoding", "mojibake from before", mojibake, broken, note="encoding|damaged")
    lost = but((4, "name", "Dep\ufffdt move"))
    yield projects("encoding", "U+FFFD from before", text(grid(lost)), lost, note="encoding|damage")
    yield projects(
        "encoding", "NUL byte in a cell", TEXT.replace("Depot", "De\0pot"), refused=r"line 4\b",
    )  # fmt: skip
    cut = TEXT.encode()
    yield projects(
        "encoding", "cut off within a letter of UTF-8", cut[: cut.rindex("ü".encode()) + 1],
        refused=r"line 9\b",
    )  # fmt: skip
    yield projects(
        "encoding", "one stray byte of cp1252 in UTF-8",
        TEXT.encode().replace("Ångström".encode(), "Ångstr".encode() + b"\xf6m"),
        refused=r"line 5\b",
    )  # fmt: skip


def dialects() -> Iterator[Case]:
    """Yield the clean file in other dialects."""
    for name, delimiter in [
        ("comma", ","), ("semicolon", ";"), ("bar", "|"), ("caret", "^"), ("tab", "\t"),
    ]:  # fmt: skip
        yield projects("dialect", name, text(GRID, delimiter))
    for name, end in [("CRLF", "\r\n"), ("lone CR", "\r")]:
        yield projects("dialect", name, text(GRID, end=end))
    mixed = "".join(
        line + end for line, end in zip(TEXT.splitlines(), ["\n", "\r\n", "\r"] * 3, strict=True)
    )
    yield projects("dialect", "mixed line ends", mixed)
    for name, cell in [
        ("line break in a cell", "Depot\nmove"),
        ("delimiter in a cell", "Depot, move; now | or ^ never"),
        ("doubled quotes in a cell", 'The "big" move'),
        ("tab in a cell", "Depot\tmove"),
        ("a quote in the middle of an unquoted cell", 'Depot 5" move'),
    ]:
        truth = but((4, "name", cell))
        lines = moved(1) | {"P-001": 2, "P-002": 3, "P-003": 4} if "\n" in cell else {}
        content = text(grid(truth))
        if "unquoted" in name:
            content = content.replace('"Depot 5"" move"', cell)
        yield projects("dialect", name, content, truth, lines=lines)
    yield projects("dialect", "everything quoted", text(GRID, quoting=csv.QUOTE_ALL))
    blank = [*GRID[:3], [], *GRID[3:6], [""] * WIDTH, ["  "] * WIDTH, *GRID[6:], []]
    lines = {"P-001": 2, "P-002": 3, "P-003": 5, "P-004": 6, "P-005": 7}
    lines |= {"P-006": 10, "P-007": 11, "P-008": 12}
    yield projects("dialect", "blank records", blank, lines=lines)
    yield projects("dialect", "blank lines first", "\n\n" + TEXT, lines=moved(2))
    padded = [[f"  {name} " for name in GRID[0]], *GRID[1:]]
    yield projects("dialect", "padded headers", padded)
    yield projects(
        "dialect", "padded cells", [GRID[0], *([f" {c}  " for c in r] for r in GRID[1:])]
    )
    hard = [GRID[0], *([f"\u00a0{c}\u00a0" for c in row] for row in GRID[1:])]
    yield projects("dialect", "cells padded with no-break spaces", hard)
    yield projects(
        "dialect",
        "unnamed index column",
        [[str(n - 1) if n else "", *row] for n, row in enumerate(GRID)],
    )
    yield projects("dialect", "trailing delimiter", [[*row, ""] for row in GRID])
    yield projects(
        "dialect", "trailing delimiter on the rows only", [GRID[0], *([*r, ""] for r in GRID[1:])],
        may_refuse=True,
    )  # fmt: skip
    yield projects(
        "dialect", "sep=; on the first line", "sep=;\n" + text(GRID, ";"), lines=moved(1)
    )
    yield projects("dialect", "no line end at the end", TEXT.rstrip("\n"))
    for name, change in [
        ("headers in capitals", str.upper),
        ("headers in words", lambda header: header.replace("_", " ").title()),
    ]:
        header = [change(h) if h != "region" else h for h in GRID[0]]
        yield projects("dialect", name, [header, *GRID[1:]])
    order = [7, 2, 10, 0, 5, 1, 9, 3, 8, 4, 6]
    yield projects("dialect", "columns shuffled", [[row[n] for n in order] for row in GRID])
    yield projects(
        "dialect", "further columns", [["Note", *GRID[0]], *(["x", *r] for r in GRID[1:])]
    )
    comma = grid(PROJECTS, **_amounts(lambda v: f"{v:.2f}".replace(".", ",")))
    yield projects("dialect", "Excel in German: semicolon, decimal comma, CRLF, BOM",
                   text(comma, ";", "\r\n").encode("utf-8-sig"))  # fmt: skip
    yield projects("dialect", "Excel's Unicode text: UTF-16, tab, CRLF",
                   text(GRID, "\t", "\r\n").encode("utf-16"))  # fmt: skip


def _amounts(write: Callable[[float], str]) -> dict[str, Callable]:
    return {"baseline_budget": write, "actual_cost": write}


def ragged() -> Iterator[Case]:
    """Yield files in which records do not fit the header."""
    third = Aside("P-003", 4, None, "row")
    for name, row in [
        ("long row", [*GRID[3], "more"]),
        ("long row, a delimiter not quoted", [*GRID[3][:1], "Depot", *GRID[3][1:]]),
        ("short row", GRID[3][:-2]),
        ("row with one cell only", GRID[3][:1]),
    ]:
        yield projects("ragged", name, [*GRID[:3], row, *GRID[4:]], asides=[third])
    short = [*GRID[:3], GRID[3][:-1], *GRID[4:8], GRID[8][:4]]
    truth = but((4, "region", None), (9, "region", None))
    yield projects("ragged", "short rows, short_rows='pad'", short, truth,
                   options={"short_rows": "pad"})  # fmt: skip
    yield projects(
        "ragged", "stray letters after a closing quote",
        TEXT.replace("Depot move", '"Depot" move'), asides=[third],
    )  # fmt: skip
    yield projects("ragged", "a quote that is not closed", TEXT.replace("Depot", '"Depot'),
                   refused=r"line 4\b")  # fmt: skip
    broken = with_cells((4, "name", "Depot\n\nmove"), (6, "status", "perhaps"))
    lines = moved(2) | {"P-001": 2, "P-002": 3, "P-003": 4}
    truth = but((4, "name", "Depot\n\nmove"))
    yield projects("ragged", "a bad cell below a line break in a cell", broken, truth, lines=lines,
                   asides=[Aside("P-005", 8, "status", "row")])  # fmt: skip
    yield projects("ragged", "header only", GRID[:1], refused="no row", peers=False)
    yield projects("ragged", "empty file", b"", refused="empty", peers=False)
    yield projects("ragged", "blank lines only", b"\n\n \n", refused="empty|blank", peers=False)
    twice = [[*GRID[0][:-1], "name"], *GRID[1:]]
    yield projects("ragged", "header that names a column twice", twice, refused="'name'",
                   peers=False)  # fmt: skip
    yield projects("ragged", "header without a required column",
                   [[name if name != "status" else "state of it" for name in GRID[0]], *GRID[1:]],
                   refused="status", peers=False)  # fmt: skip


def records() -> Iterator[Case]:
    """Yield files in which a record stands more than once, and tables in parts."""
    twice = [*GRID, GRID[3], GRID[1]]
    yield projects("records", "exact repeats", twice, repeats=2, peers=False)
    conflict = [*GRID, with_cells((4, "baseline_budget", "99.00"))[3]]
    truth = [*PROJECTS, PROJECTS[2] | {"project_id": "P-003 again"}]
    yield projects(
        "records", "one id with two contents", conflict, truth, peers=False,
        asides=[Aside("P-003", 4, "project_id", "row"),
                Aside("P-003 again", 10, "project_id", "row")],
    )  # fmt: skip
    parts = {"a.csv": text(GRID[:5]).encode(), "b.csv": text([GRID[0], *GRID[5:]]).encode()}
    yield Case("records", "a table in two parts", "projects", parts, PROJECTS, peers=False)
    overlap = {"a.csv": parts["a.csv"], "b.csv": text([GRID[0], *GRID[4:]], ";").encode()}
    yield Case("records", "two parts that overlap, in two dialects", "projects", overlap, PROJECTS,
               repeats=1, peers=False)  # fmt: skip


def histories() -> Iterator[Case]:
    """Yield the status history with its instants written in other ways."""
    zone = {"time_zone": "Europe/Berlin"}

    def history(name: str, form: str, **more: object) -> Case:
        rows = grid(HISTORY, changed_at=lambda at: clock(at, form))
        return Case("history", name, "history", {"h.csv": text(rows).encode()}, HISTORY, **more)

    for name, form in [
        ("wall clock of a zone", "%Y-%m-%d %H:%M"),
        ("with seconds and T", "%Y-%m-%dT%H:%M:%S"),
        ("AM and PM", "%d/%b/%Y %I:%M %p"),
        ("AM and PM, two-digit years", "%d/%b/%y %I:%M %p"),
        ("day first, decided", "%d/%m/%Y %H:%M"),
        ("month first with AM and PM, decided", "%m/%d/%Y %I:%M:%S %p"),
        ("day.month.year", "%d.%m.%Y %H:%M"),
    ]:
        yield history(name, form, options=zone)
    yield history("ISO with offsets", "%Y-%m-%dT%H:%M:%S.000%z")
    rows = grid(HISTORY)
    rows = [rows[0], rows[5], rows[2], rows[1], rows[4], rows[3]]
    yield Case(
        "history", "entries out of order", "history", {"h.csv": text(rows).encode()}, HISTORY
    )
    rows = with_cells((4, "changed_at", "soon"), rows=grid(HISTORY))
    lines = {"P-001 1": 2, "P-001 2": 3, "P-001 3": 4, "P-002 1": 5, "P-002 2": 6}
    asides = [Aside("P-001 3", 4, "changed_at", "row")]
    yield Case("history", "prose for an instant", "history", {"h.csv": text(rows).encode()},
               HISTORY, lines=lines, asides=asides)  # fmt: skip


def cases() -> Iterator[Case]:
    """Yield all of them."""
    for group in (encodings, dialects, ragged, records, histories):
        yield from group()
