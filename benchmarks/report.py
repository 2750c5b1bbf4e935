"""The figures of `benchmarks/README.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from judge import HONEST, Case, Finding, Verdict

Row = tuple[Case, Finding, Finding | None, Finding | None]

README = Path(__file__).with_name("README.md")
MARK = "<!-- Below: written by make pollution. -->"


def write_report(rows: Sequence[Row], versions: Mapping[str, str]) -> str:
    """Write the figures below the words of README.md, and return what to print of them."""
    readers = ["pmanalytics", *(f"{name} {version}" for name, version in versions.items())]
    summary = _summary(rows, readers)
    intro = README.read_text(encoding="utf-8").split(MARK)[0]
    README.write_text(f"{intro}{MARK}\n\n{summary}\n{_details(rows, readers)}", encoding="utf-8")
    faults = [
        f"{case.group}: {case.name}: {mine.verdict}: {mine.detail}"
        for case, mine, *_ in rows
        if mine.verdict not in HONEST
    ]
    return "\n".join([summary, *faults]) + "\n"


def _summary(rows: Sequence[Row], readers: Sequence[str]) -> str:
    counts = [Counter(found.verdict for found in column if found) for column in _columns(rows)]
    verdicts = [each for each in Verdict if any(count[each] for count in counts)]
    lines = [[str(each), *(str(count[each]) for count in counts)] for each in verdicts]
    total = ["**files read**", *(f"**{count.total()}**" for count in counts)]
    return markdown(["verdict", *readers], [*lines, total])


def _details(rows: Sequence[Row], readers: Sequence[str]) -> str:
    lines = [
        [f"{case.group}: {_plain(case.name)}", *(str(f.verdict) if f else "–" for f in found)]
        for case, *found in rows
    ]
    return markdown(["damage", *readers], lines)


def _columns(rows: Sequence[Row]) -> list[list[Finding | None]]:
    return [list(column) for column in zip(*(found for _, *found in rows), strict=True)]


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    ruled = [header, ["---"] * len(header), *lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in ruled)


def _plain(name: str) -> str:
    return name.replace("|", "\\|").replace("<", "&lt;")
