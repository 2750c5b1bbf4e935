"""The command line: `pmanalytics report | check | sample`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from pmanalytics.errors import PMAnalyticsError, counted, describe

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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pmanalytics")
def main() -> None:
    """Delivery analytics from your own files: reports you can mail, numbers you can explain.

    Try it:  pmanalytics sample acme  and then  pmanalytics report acme

    A FOLDER holds what you have of projects.csv, products.csv, jira.csv, jira.json,
    project_stages.csv and product_stages.csv; a pmanalytics.toml beside them says what your
    headers mean. The folder that `sample` writes shows one of each.
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
def report(folder: Path, out: Path, as_of: str | None) -> None:
    """Write a report per notebook: one HTML file each, which opens without a network."""
    from pmanalytics.reports.render import render_reports  # noqa: PLC0415

    click.echo(f"Reading {folder}, writing reports; this takes some seconds each.")
    start = time.perf_counter()
    for path in render_reports(folder, out, as_of=as_of):
        size = path.stat().st_size / 1e6
        click.echo(f"  {path}  ({size:.1f} MB, {time.perf_counter() - start:.0f} s)")
        start = time.perf_counter()
    click.echo("Open them in a browser.")


@main.command()
@FOLDER
@AS_OF
def check(folder: Path, as_of: str | None) -> None:
    """Say what every file was read as, and list every row that cannot be used.

    Ends with exit code 1 if there is such a row.
    """
    from pmanalytics.loaders.folder import load_portfolio  # noqa: PLC0415

    portfolio = load_portfolio(folder, as_of=as_of)
    parts = ["rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    click.echo(
        f"As of {portfolio.as_of}, {portfolio.time_zone}. Rows read = valid + set aside + repeats:"
    )
    for row in portfolio.files.to_dict("records"):
        read, valid, bad, repeats = (row[part] for part in parts)
        click.echo(
            f"  {row['file']} ({row['kind']}): {read} = {valid} valid + {bad} set aside "
            f"+ {counted(repeats, 'repeat')}"
        )
    for note in portfolio.notes:
        click.echo(note)
    if len(portfolio.problems):
        click.echo(f"{counted(len(portfolio.problems), 'problem')}:")
        for problem in portfolio.problems.to_dict("records"):
            click.echo(describe(problem))
        sys.exit(1)
    click.echo("Every row can be used.")


@main.command()
@FOLDER
@click.option("--seed", type=int, default=38, show_default=True, help="Decides every number.")
def sample(folder: Path, seed: int) -> None:
    """Write a small made-up company into FOLDER, to try things on."""
    from pmanalytics.sample import write_sample  # noqa: PLC0415

    for path in write_sample(folder, seed=seed):
        click.echo(f"  {path}")
    click.echo(f"Everything in it is made up. Now: pmanalytics report {folder}")
