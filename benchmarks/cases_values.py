"""Damage to the cells of a table of projects: dates, numbers, words, and what Excel does to ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from cases_tables import but, projects, with_cells
from judge import Aside, Case
from truth import DATES, MONEY, PROJECTS, Grid, grid, text

BUDGET, FINISH = "baseline_budget", "baseline_finish_date"
MONTHS = {
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
}
LANGUAGES = {"de": "German", "fr": "French", "pt": "Portuguese", "es": "Spanish"}


def dated(show: Callable[[date], str]) -> Grid:
    """Return the grid with its days written in one way."""
    return grid(PROJECTS, **dict.fromkeys(DATES, show))


def priced(show: Callable[[float], str]) -> Grid:
    """Return the grid with its amounts written in one way."""
    return grid(PROJECTS, **dict.fromkeys(MONEY, show))


def every(column: str) -> list[Aside]:
    """Return that all values of a column must be named."""
    return [Aside(r["project_id"], line, column) for line, r in enumerate(PROJECTS, 2) if r[column]]


def one(group: str, name: str, column: str, cell: str, scope: str = "any", **more: object) -> Case:
    """Return the case of one bad cell, in line 4."""
    asides = [Aside("P-003", 4, column, scope)]
    return projects(group, name, with_cells((4, column, cell)), asides=asides, **more)


def missing() -> Iterator[Case]:
    """Yield words for a missing value, said and unsaid."""
    words = {"missing": ["NA", "n/a", "-"]}
    empty = but((4, FINISH, None), (5, "project_manager", None), (6, BUDGET, None))
    cells = with_cells((4, FINISH, "NA"), (5, "project_manager", "n/a"), (6, BUDGET, "-"))
    yield projects("missing", "words for it, said with missing", cells, empty, options=words)
    there = but((5, "project_manager", "NA"))
    yield projects("missing", "NA as a name, nothing said", grid(there), there)
    yield one("missing", "NA for a date, nothing said", FINISH, "NA", "value",
              truth=but((4, FINISH, None)))  # fmt: skip
    yield one("missing", "a dash for money, nothing said", BUDGET, "-", "value")
    yield one("missing", "NA in a required cell, said with missing", "name", "NA", "row",
              options=words, peers=False)  # fmt: skip
    yield one("missing", "a required cell is empty", "status", "", "row")


def numbers() -> Iterator[Case]:
    """Yield amounts in the ways of other countries, and wrong ones."""
    thousands = "{:,.2f}".format
    for name, show in [
        ("1,234.50", thousands),
        ("1.234,50", lambda v: thousands(v).translate(str.maketrans(",.", ".,"))),
        ("1 234,50", lambda v: thousands(v).translate(str.maketrans(",.", " ,"))),
        ("1 234,50 with narrow no-break spaces",
         lambda v: thousands(v).translate(str.maketrans(",.", "\u202f,"))),
        ("1 234.50 with no-break spaces", lambda v: thousands(v).replace(",", "\u00a0")),
        ("1'234.50", lambda v: thousands(v).replace(",", "'")),
        ("1’234.50", lambda v: thousands(v).replace(",", "’")),
        ("EUR 1,234.50", lambda v: f"EUR {v:,.2f}"),
        ("€1,234.50", lambda v: f"€{v:,.2f}"),
        ("1,234.50 €", lambda v: f"{v:,.2f} €"),
    ]:  # fmt: skip
        yield projects("number", name, priced(show))
    yield projects("number", "100 % and 45%", grid(PROJECTS, percent_complete="{:.0%}".format))
    yield projects("number", "45 %", grid(PROJECTS, percent_complete=lambda v: f"{v * 100:.0f} %"))
    yield one("number", "45 for a share", "percent_complete", "45", peers=False)
    whole = [r | {BUDGET: r[BUDGET] and 1000.0 * n, "actual_cost": None,
              "percent_complete": None}
             for n, r in enumerate(PROJECTS, 1)]  # fmt: skip
    for mark, decimal in [(",", "."), (".", ",")]:
        written = grid(whole, **{BUDGET: lambda v, m=mark: f"{v:,.0f}".replace(",", m)})
        name = f"1{mark}000 in every cell"
        yield projects("number", name, written, whole, asides=every(BUDGET))
        yield projects("number", f"{name}, decimal said", written, whole,
                       options={"decimal": decimal})  # fmt: skip
    yield one("number", "another currency's sign", BUDGET, "$98,765.43")
    yield one("number", "another currency's code", BUDGET, "USD 98765.43")
    yield one("number", "accounting negative (98,765.43)", BUDGET, "(98,765.43)")
    yield one("number", "minus after the number", BUDGET, "98765.43-")
    yield one("number", "prose", BUDGET, "TBD", "value")
    yield one("number", "a sentence", BUDGET, "Exempt under Section 43", "value")
    yield one("number", "1.2M", BUDGET, "1.2M")
    yield one("number", "nan", BUDGET, "nan", "value", truth=but((4, BUDGET, None)))
    yield one("number", "infinity", BUDGET, "inf", "value")
    yield one("number", "Excel's #REF!", BUDGET, "#REF!", "value")
    yield one("number", "two numbers in a cell", BUDGET, "98765.43 / 100000")


def dates() -> Iterator[Case]:
    """Yield days in other ways, decided ones and such as could be two days."""
    for name, form in [
        ("31/03/2024, decided", "%d/%m/%Y"), ("31.03.2024, decided", "%d.%m.%Y"),
        ("31-03-2024, decided", "%d-%m-%Y"), ("03/31/2024, decided", "%m/%d/%Y"),
        ("2024-03-31T00:00:00", "%Y-%m-%dT00:00:00"), ("31/Mar/24", "%d/%b/%y"),
        ("31/Mar/2024", "%d/%b/%Y"), ("31/March/2024", "%d/%B/%Y"),
        ("31/Mar/24 12:00 AM", "%d/%b/%y 12:00 AM"),
        ("03/31/2024 12:00:00 AM", "%m/%d/%Y 12:00:00 AM"),
        ("2024-03-31T00:00:00+00:00", "%Y-%m-%dT00:00:00+00:00"),
    ]:  # fmt: skip
        yield projects("date", name, dated(lambda day, form=form: day.strftime(form)))
    yield projects("date", "31/3/2024, decided", dated(lambda d: f"{d.day}/{d.month}/{d.year}"))
    for name, form in [
        ("31 Mar 2024", "%d %b %Y"), ("March 31, 2024", "%B %d, %Y"), ("20240331", "%Y%m%d"),
        ("31/03/24", "%d/%m/%y"), ("2024/03/31", "%Y/%m/%d"), ("31-Mar-24", "%d-%b-%y"),
    ]:  # fmt: skip
        written = dated(lambda day, form=form: day.strftime(form))
        yield projects("date", f"{name}, or set aside", written, may_refuse=True)
        yield projects("date", f"{name}, date_format said", written, options={"date_format": form})
    for code, names in MONTHS.items():
        months = names.split()
        written = dated(lambda d, m=months: f"{d.day:02}/{m[d.month - 1]}/{d.year}")
        yield projects("date", f"months in {LANGUAGES[code]}", written)
    ambiguous = [r | {"actual_finish_date": None, FINISH: r[FINISH] and date(2024, n + 1, n)}
                 for n, r in enumerate(PROJECTS, 1)]  # fmt: skip
    for meant, form in [("day first", "%d/%m/%Y"), ("month first", "%m/%d/%Y")]:
        written = grid(ambiguous, **{FINISH: lambda day, form=form: day.strftime(form)})
        yield projects("date", f"03/04/2024 in every cell, meant {meant}", written, ambiguous,
                       asides=every(FINISH))  # fmt: skip
        yield projects("date", f"03/04/2024 in every cell, {meant} said", written, ambiguous,
                       options={"date_format": meant})  # fmt: skip
    mixed = with_cells((4, FINISH, "12/24/2025"), rows=dated(lambda d: d.strftime("%d/%m/%Y")))
    yield projects("date", "day first and month first in one column", mixed, asides=every(FINISH))
    two = with_cells((2, FINISH, "31.03.2024"), (4, FINISH, "24.12.2025"))
    yield projects("date", "two styles in one column, each decided", two, may_refuse=True)
    styles = grid(PROJECTS, actual_finish_date=lambda d: d.strftime("%m/%d/%Y"))
    yield projects("date", "two styles in one file, a column each", styles)
    excel = dated(lambda day: str((day - date(1899, 12, 30)).days))
    yield projects("date", "Excel's serial days, said", excel, options={"date_format": "excel"})
    yield projects("date", "Excel's serial days, nothing said", excel,
                   asides=[*every(FINISH), *every("actual_finish_date")])  # fmt: skip
    epoch = dated(lambda day: str((day - date(1970, 1, 1)).days * 86400))
    yield projects("date", "seconds since 1970", epoch, asides=every(FINISH))
    milli = dated(lambda day: str((day - date(1970, 1, 1)).days * 86_400_000))
    yield projects("date", "milliseconds since 1970", milli, asides=every(FINISH))
    offsets = with_cells((4, FINISH, "2025-12-23T23:30:00+00:00"))
    yield projects("date", "an instant of which the zone decides the day", offsets,
                   options={"time_zone": "Europe/Berlin"})  # fmt: skip
    for name, cell in [
        ("prose", "TBD"), ("a sentence", "when the permit comes"), ("zeros", "0000-00-00"),
        ("1900-01-00 of Excel", "1900-01-00"),
    ]:  # fmt: skip
        yield one("date", name, FINISH, cell, "value")
    yield one("date", "9999-12-31 for never", FINISH, "9999-12-31", "value", peers=False)
    for name, cell in [
        ("30 February", "2025-02-30"), ("month 13", "2025-13-01"),
        ("year of five digits", "20255-12-24"), ("a year only", "2025"), ("a quarter", "2025-Q4"),
        ("day and month without year", "24-Dec"), ("a number", "0"),
        ("two days in a cell", "2025-12-24 - 2025-12-31"),
    ]:  # fmt: skip
        yield one("date", name, FINISH, cell)
    no_day = with_cells((4, FINISH, "31/04/2025"), rows=dated(lambda d: d.strftime("%d/%m/%Y")))
    yield projects("date", "31 April in a day-first column", no_day,
                   asides=[Aside("P-003", 4, FINISH)])  # fmt: skip


def keys() -> Iterator[Case]:
    """Yield ids that Excel damaged."""
    zeros = [r | {"project_id": f"{n:04}"} for n, r in enumerate(PROJECTS, 7)]
    yield projects("id", "leading zeros", grid(zeros), zeros)
    long = [r | {"project_id": str(12345678901234567890 + n)} for n, r in enumerate(PROJECTS)]
    yield projects("id", "twenty digits", grid(long), long)
    words = ["1e5x", "true", "None", "NULL", "nan", "2024-03-31", "-", "=P1"]
    odd = [r | {"project_id": word} for r, word in zip(PROJECTS, words, strict=True)]
    yield projects("id", "ids such as true, NULL and nan", grid(odd), odd, may_refuse=True)
    for name, cell in [("1E+05", "1E+05"), ("1.23457E+11", "1.23457E+11"),
                       ("1-Mar for MAR-1", "1-Mar"), ("Sep-22 for SEP-22", "Sep-22")]:  # fmt: skip
        yield one("id", name, "project_id", cell)
    every_id = [r | {"project_id": f"{n}E+05"} for n, r in enumerate(PROJECTS, 1)]
    asides = [Aside(r["project_id"], n, "project_id") for n, r in enumerate(every_id, 2)]
    yield projects("id", "1E+05 in every row", text(grid(every_id)), every_id, asides=asides)


def cases() -> Iterator[Case]:
    """Yield all of them."""
    for group in (missing, numbers, dates, keys):
        yield from group()
