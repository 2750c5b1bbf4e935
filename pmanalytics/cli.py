"""The command line: `pmanalytics init | check | report | ingest | durations | sample`."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmanalytics.errors import (
    LINES_ON_SCREEN,
    PMAnalyticsError,
    counted,
    describe,
    listed,
    shown,
    visible,
)

if TYPE_CHECKING:
    import pandas as pd

    from pmanalytics.distributed import Level
    from pmanalytics.portfolio import Portfolio

KEY = "PMANALYTICS_PSEUDONYM_KEY"
BY_ISSUE = ("Jira JSON", "Jira XML")
COUNTS = ("rows_read", "n_valid", "n_repaired", "n_quarantined", "n_duplicate")
FOLDER = click.argument("folder", type=click.Path(path_type=Path))
AS_OF = click.option(
    "--as-of", metavar="YYYY-MM-DD", help="The day the files describe, if not in pmanalytics.toml."
)


class Commands(click.Group):
    """Commands whose errors are one message, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; tell a user's error in its own words."""
        try:
            return super().invoke(ctx)
        except PMAnalyticsError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            told = f"{error.filename}: cannot be written or read ({error.strerror})."
            raise click.ClickException(visible(told)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pmanalytics")
def main() -> None:
    """Delivery analytics from your own files: reports you can mail, numbers you can explain.

    Try it:  pmanalytics sample acme  and then  pmanalytics report acme

    A FOLDER holds what you have: lists of projects and products, Jira exports (CSV, JSON, XML),
    status histories, in text files, spreadsheets or archives. `init` writes a pmanalytics.toml
    that says what they mean, `check` tells what can be used of them. What is larger than memory
    `ingest` puts into a store, which `check` and `report` take for a FOLDER.
    """


@main.command()
@FOLDER
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Where the HTML files go.",
)
@AS_OF
@click.option(
    "--notebook",
    "notebooks",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A notebook of your own that becomes a report, too; may be given several times.",
)
@click.option("--pdf", is_flag=True, help="Print each report, too, through Chromium or Chrome.")
@click.option(
    "--pseudonymise",
    is_flag=True,
    help="Show persons under pseudonyms, made with the key in PMANALYTICS_PSEUDONYM_KEY, or with "
    "one that is made up and forgotten.",
)
def report(
    folder: Path,
    out: Path,
    as_of: str | None,
    notebooks: tuple[Path, ...],
    *,
    pdf: bool,
    pseudonymise: bool,
) -> None:
    """Write a report per notebook: one HTML file each, which opens without a network.

    Each stands alone, to be mailed; index.html beside them says what each found first.
    """
    from pmanalytics.reports.paper import browser_path, print_report  # noqa: PLC0415
    from pmanalytics.reports.render import render_reports  # noqa: PLC0415

    click.echo(f"Reading {folder}, writing reports; this takes some seconds each.")
    key = os.environ.get(KEY) or secrets.token_hex() if pseudonymise else None
    start = time.perf_counter()
    paths = []
    for path in render_reports(folder, out, as_of=as_of, pseudonym_key=key, notebooks=notebooks):
        size = path.stat().st_size / 1e6
        click.echo(f"  {path}  ({size:.1f} MB, {time.perf_counter() - start:.0f} s)")
        start = time.perf_counter()
        paths.append(path)
    if pdf:
        browser = browser_path()
        for path in paths[:-1]:  # the last leads to the others
            click.echo(f"  {print_report(path, browser)}")
    click.echo(f"Open {out / 'index.html'} in a browser.")


@main.command()
@FOLDER
def init(folder: Path) -> None:
    """Propose a pmanalytics.toml for the files in FOLDER; what is a guess is marked in it."""
    from pmanalytics.loaders.config import CONFIG  # noqa: PLC0415
    from pmanalytics.loaders.guesses.proposal import propose_config  # noqa: PLC0415

    text = propose_config(folder)
    (folder / CONFIG).write_text(text, encoding="utf-8")
    click.echo("\n".join(map(visible, text.split("\n"))))
    n_guesses = text.count("# check:")
    click.echo(f"Written to {folder / CONFIG}. {counted(n_guesses, 'line')} marked `check:`.")
    click.echo(f"Read these, then: pmanalytics check {folder}")


@main.command()
@FOLDER
@AS_OF
@click.option(
    "--fix-me",
    type=click.Path(path_type=Path),
    help="Write every problem into this .csv or .xlsx file, to be mended and put into FOLDER.",
)
def check(folder: Path, as_of: str | None, fix_me: Path | None) -> None:
    """Say what every file was read as, and list every row and value that cannot be used.

    Ends with exit code 1 if there is one.
    """
    from pmanalytics.loaders.corrections import to_mend, write_corrections  # noqa: PLC0415
    from pmanalytics.loaders.folder import load_portfolio  # noqa: PLC0415

    portfolio = load_portfolio(folder, as_of=as_of)
    for line in account(portfolio):
        click.echo(visible(line))
    problems = to_mend(portfolio.problems)
    if fix_me is not None and problems.empty:
        click.echo(f"There is nothing to mend, so {fix_me} was not written.")
    elif fix_me is not None:
        write_corrections(problems, fix_me)
        click.echo(f"{counted(len(problems), 'problem')} written to {fix_me}.")
        click.echo("In its column `corrected` write the right value, (empty) for an empty cell, or")
        click.echo(f"(delete) to leave the row out. Save it in {folder}, and check again.")
    if len(problems):
        sys.exit(1)


def account(portfolio: Portfolio) -> Iterator[str]:
    """Yield what became of every file, column and row, as lines."""
    from pmanalytics.loaders.corrections import to_mend  # noqa: PLC0415

    problems = to_mend(portfolio.problems)
    where = f"As of {portfolio.as_of}, {portfolio.time_zone}."
    yield f"{where} Rows read = valid + set aside + repeats:"
    yield from _files(portfolio)
    yield from portfolio.notes
    yield from _participants(portfolio)
    if problems.empty:
        yield f"Every {'other ' if len(portfolio.problems) else ''}row can be used."
        return
    yield f"{counted(len(problems), 'problem')}:"
    yield from _problems(problems, portfolio.files.set_index("file")["kind"])


def _files(portfolio: Portfolio) -> Iterator[str]:
    """Yield a line per file with its columns; sound files of which the same is told share one."""
    files = portfolio.files
    told: dict[tuple[str, ...], list[dict]] = {}
    for row in files[files["rows_read"] > 0].to_dict("records"):
        columns = _columns(portfolio.columns[portfolio.columns["file"] == row["file"]])
        own = row["file"] if row["n_quarantined"] else ""
        told.setdefault((own, f"{row['kind']}; {row['evidence']}", *columns), []).append(row)
    for (_, what, *of_columns), rows in told.items():
        n = {name: sum(row[name] for row in rows) for name in COUNTS}
        repaired = f", {n['n_repaired']} of them without a value," if n["n_repaired"] else ""
        yield (
            f"  {listed(row['file'] for row in rows)} ({what}): {n['rows_read']} = "
            f"{n['n_valid']} valid{repaired} + {n['n_quarantined']} set aside + "
            f"{counted(n['n_duplicate'], 'repeat')}"
        )
        yield from of_columns
    unused = files[files["rows_read"] == 0]
    for why, names in unused.groupby("evidence", sort=False)["file"]:
        yield f"  {listed(names, 8)}: not used ({why})"


def _problems(problems: pd.DataFrame, kinds: pd.Series) -> Iterator[str]:
    """Yield the first problems of each reason, so that a frequent one hides no other."""
    cause = problems.groupby(["file", "column", "reason"], sort=False)
    n_each = max(LINES_ON_SCREEN // cause.ngroups, 1)
    first = problems[cause.cumcount() < n_each][:LINES_ON_SCREEN]
    n_more = cause["reason"].transform("size") - n_each
    is_last = ~first.duplicated(["file", "column", "reason"], keep="last")
    for index, problem in first.to_dict("index").items():
        has_more = is_last[index] and n_more[index] > 0
        more = f" And {n_more[index]} more for this reason." if has_more else ""
        unit = "issue" if kinds[problem["file"]] in BY_ISSUE else "line"
        yield describe(problem, unit) + more
    if len(problems) > len(first):
        yield f"  … and {len(problems) - len(first)} more; --fix-me FILE writes all of them."


def _participants(portfolio: Portfolio) -> Iterator[str]:
    """Yield for each measure how many records can take part, and why the others cannot."""
    from pmanalytics.metrics.participants import portfolio_participation  # noqa: PLC0415

    part = portfolio_participation(portfolio)
    for measure, rows in part[part["n_records"] > 0].groupby("measure", sort=False):
        first, left_out = rows.iloc[0], rows[rows["n_left_out"] > 0]
        why = [f"{n} {reason}" for n, reason in left_out[["n_left_out", "reason"]].to_numpy()]
        rest = f"; left out: {', '.join(why)}" if why else ""
        yield f"  {measure}: {first['n_used']} of {first['n_records']} records{rest}"


def _columns(columns: pd.DataFrame) -> Iterator[str]:
    """Yield which columns were used, how dates and numbers were read, and what was left out."""
    for row in columns[columns["reading"].notna()].to_dict("records"):
        yield f"    {shown(row['header'])}: {row['reading']}"
    rest = columns[columns["reading"].isna()]
    for use in ("kept", "ignored"):
        headers = rest.loc[rest["use"] == use, "header"].tolist()
        if headers:
            yield f"    {use}: {listed(map(shown, headers), 8)}"


@main.command()
@FOLDER
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--parts",
    type=click.IntRange(min=1),
    help="Number of parts of a new STORE, 8 unless said: each should fit into memory many times.",
)
def ingest(folder: Path, store: Path, parts: int | None) -> None:
    """Take the exports in FOLDER into STORE, but for those it knows; the newest state counts.

    Ingest newer exports into the same STORE as they come. Then: pmanalytics report STORE
    """
    from pmanalytics.loaders.storing.ingest import ingest  # noqa: PLC0415

    found = ingest(folder, store, n_parts=parts)
    for name in found.taken:
        click.echo(f"  {visible(name)}: taken in")
    if found.known:
        click.echo(f"  {listed(map(visible, found.known), 8)}: known already")
    for name, why in found.unused.items():
        click.echo(f"  {visible(name)}: not used ({visible(why)})")
    click.echo(f"Now: pmanalytics report {store}")


@main.command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--level",
    type=click.Choice(["product", "project", "work_item"]),
    default="work_item",
    show_default=True,
    help="What goes through the stages.",
)
@click.option(
    "--by", multiple=True, metavar="COLUMN", help="Group by this column; may be repeated."
)
@AS_OF
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="A Dask cluster, such as tcp://host:8786; local for one on this machine.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Save the whole table as CSV.")
def durations(
    store: Path,
    level: Level,
    by: tuple[str, ...],
    as_of: str | None,
    scheduler: str | None,
    out: Path | None,
) -> None:
    """Say how long items stay in each stage, part by part of STORE, which need not fit into memory.

    With --scheduler the parts are spread over the workers of a Dask cluster that see STORE under
    the same path. The numbers are the same.
    """
    from pmanalytics import distributed  # noqa: PLC0415
    from pmanalytics.loaders.corrections import safe_cell  # noqa: PLC0415

    with distributed.cluster(scheduler) as client:
        table = distributed.stage_durations(
            store, level=level, by=list(by), as_of=as_of, client=client
        )
    told = table[[*by, "stage", "n", "n_ended", "n_open", "median_days", "p85_days"]]
    lines = told.round(1).to_string(index=False).splitlines() if len(told) else ["Nothing to tell."]
    click.echo("\n".join(map(visible, lines)))
    if out is not None:
        table.map(safe_cell).to_csv(out, index=False)
        click.echo(f"Saved as {out}.")


@main.command()
@FOLDER
@click.option("--seed", type=int, default=38, show_default=True, help="Decides every number.")
def sample(folder: Path, seed: int) -> None:
    """Write a small made-up company into FOLDER, to try things on."""
    from pmanalytics.sample import write_sample  # noqa: PLC0415

    for path in write_sample(folder, seed=seed):
        click.echo(f"  {path}")
    click.echo(f"Everything in it is made up. Now: pmanalytics report {folder}")


if __name__ == "__main__":
    main(prog_name="pmanalytics")
