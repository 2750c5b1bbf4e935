"""Every error a user can meet, and its wording.

An error names what is wrong and where, lists what is there instead, and says what to do next. All
of them are `PMAnalyticsError`, so one `except` is enough, and a traceback from a library underneath
is a bug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

LINES_ON_SCREEN = 20
LETTERS_ON_SCREEN = 60
HEADERS_ON_SCREEN = 40
# What moves the cursor, turns the direction of writing round, or cannot be seen at all.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


class Reason(NamedTuple):
    """Why a cell or a row cannot be used, and what to do about it."""

    reason: str
    hint: str


NOT_A_DATE = Reason("is not a day of the calendar", "Correct the day, or leave the cell empty")
UNKNOWN_DATE = Reason(
    "is not written as a date",
    "Write it as YYYY-MM-DD, or say how dates are written with date_format",
)
AMBIGUOUS_DATE = Reason(
    "could be day/month or month/day",
    'Say which with date_format = "day first" or "month first"',
)
AMBIGUOUS_YEAR = Reason(
    "could have its year first or last",
    'Say which with date_format = "day first", "month first" or "%y-%m-%d"',
)
OUT_OF_YEARS = Reason("lies outside the years 1900 to 2200", "Correct the year")
NO_DATE = Reason("stands for no date", "Leave the cell empty")
REMARK_FOR_DATE = Reason("is no date but a remark", "Leave the cell empty, or write a date")
NOT_IN_FORMAT = Reason("does not fit the date_format given", "Correct the cell or the date_format")
NOT_AN_INSTANT = Reason(
    "is not a date and time",
    "Write it as 2025-03-31T14:05:00+02:00, or as Jira does: 31/Mar/25 2:05 PM",
)
NOT_A_NUMBER = Reason("is not a number", "Write digits with a point for decimals, as in 1234.5")
NOT_SECONDS = Reason(
    "is no whole minute or more in seconds, which Jira counts effort in",
    "Write seconds, or hours and minutes with their unit, as in 7.5h or 1h 30m",
)
AMBIGUOUS_NUMBER = Reason(
    "could have a thousands mark or a decimal mark",
    'Say which is the decimal mark with decimal = "." or decimal = ","',
)
MIXED_MARKS = Reason(
    "stands in a column that mixes decimal points and decimal commas",
    "Write the numbers of the column in one way, best as 1234.5",
)
NOT_IN_DECIMAL = Reason(
    "does not fit the decimal mark given", "Correct the cell or the setting decimal"
)
REMARK_FOR_NUMBER = Reason("is no number but a remark", "Leave the cell empty, or write a number")
OTHER_CURRENCY = Reason(
    "is in another currency than the row says",
    "Write all amounts of a row in the currency of its column currency",
)
DOUBTFUL_SHARE = Reason(
    "could be a share or a percentage, as others of the column are above 1",
    "Write 45 % as 0.45, and 1 % as 0.01",
)
SCIENTIFIC_ID = Reason(
    "was turned into a scientific number by Excel",
    "Export again with this column formatted as text",
)
DATE_FOR_ID = Reason(
    "was turned into a date by Excel", "Export again with this column formatted as text"
)
EXCEL_ERROR = Reason(
    "is an error of Excel", "Mend the formula in the spreadsheet, or leave the cell empty"
)
TOO_LARGE = Reason("is too large to be meant", "Correct the number")
NOT_WHOLE = Reason("is not a whole number", "Write digits only")
NOT_YES_NO = Reason("is neither yes nor no", "Write true or false")
MISSING_VALUE = Reason("is missing and required", "Fill the cell")
UNKNOWN_PRODUCT = Reason("is not a product_id of the products", "Add the product or correct the id")
WRONG_CELL_COUNT = Reason(
    "has another number of cells than the header",
    "Check for a missing quote or a delimiter inside a cell",
)
UNCLOSED_QUOTE = Reason(
    "holds several lines, each of which would be a row: a quote may not be closed",
    "Close the quote, or keep the cell on one line",
)
SHORT_ROW = Reason(
    "has fewer cells than the header",
    'Fill the row, or say that the last cells are left out: short_rows = "pad"',
)
NOT_A_KEY = Reason(
    "is no issue key such as ABC-12",
    "Export again and do not save in Excel: it turns keys such as MAR-1 into dates",
)
JAVA_OBJECT = Reason(
    "is the name of a Java object that Jira wrote instead of the value",
    "Take the field from the JSON of Jira's search, or leave it out of columns",
)
CONFLICTING_ID = Reason(
    "stands on several rows with different content",
    "Keep the right row and delete the others",
)
CONFLICTING_SNAPSHOT = Reason(
    "stands on several rows of one day with different content",
    "Keep the right row and delete the others",
)
DELETED = Reason("is deleted by a correction", "Nothing to do, unless the row should count")
NO_STAGE_DATE = Reason("is missing, as are the dates of all other stages", "Fill in a date")
CREATED_LATE = Reason("is after the item's first change", "Correct one of the two dates")


def mixed_dates(day_first: str, month_first: str) -> Reason:
    """Return the reason for a column whose numeric dates contradict each other."""
    return Reason(
        "stands in a column that holds both day/month and month/day: "
        f"{day_first!r} and {month_first!r}",
        "Write the days of the column in one order, best as YYYY-MM-DD",
    )


def excel_serial(day: pd.Timestamp) -> Reason:
    """Return the reason for a number that stands for a day in Excel's 1900 system."""
    return Reason(
        f"is Excel's serial number of {day.date()}",
        'Format the column as a date and export again, or say date_format = "excel"',
    )


class PMAnalyticsError(ValueError):
    """Base of all errors of this package."""

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(visible, message.split("\n"))))


class UnreadableFileError(PMAnalyticsError):
    """A file is missing, empty or not of the kind expected."""


class NotebookError(PMAnalyticsError):
    """A notebook cannot be run to its end."""

    def __init__(self, told: str, notebook: str, cell: int | None = None) -> None:
        where = notebook if cell is None else f"{notebook}, code cell {cell}"
        super().__init__(f"{told} ({where})")


class UnmappedStatusError(PMAnalyticsError):
    """Some statuses belong to no stage, and the caller wants none of these."""

    def __init__(self, entries: pd.Series) -> None:
        found = [f"{shown(status)} (entered {n} times)" for status, n in entries.items()]
        super().__init__(
            f"No stage claims {listed(found)}. Add each to the statuses of a stage, or pass "
            "unmapped='keep' to show them as '(unmapped)'."
        )


class MissingBrowserError(PMAnalyticsError):
    """There is no browser to print with."""

    def __init__(self, named: str | None, variable: str) -> None:
        lacking = f"{variable} names {named}, which is no program" if named else "No browser found"
        super().__init__(
            f"{lacking}: a PDF is printed by Chromium or Chrome. Install one, or let {variable} "
            "name it; the HTML files are written."
        )


class MissingColumnsError(PMAnalyticsError):
    """A table lacks columns it needs."""

    def __init__(self, file: str, missing: Iterable[str], found: Iterable[str]) -> None:
        headers = [str(name) for name in found]
        lacking = ", ".join(_with_nearest(name, headers) for name in missing)
        lines = [f"{visible(file)} lacks: {lacking}."]
        lines.append(f"Headers found: {listed(map(shown, headers), HEADERS_ON_SCREEN) or 'none'}.")
        lines.append(
            'Name yours: ours = "header in the file" under columns in pmanalytics.toml, '
            "or columns={'ours': 'header in the file'} in Python."
        )
        super().__init__("\n".join(lines))


class BadRowsError(PMAnalyticsError):
    """Rows of a file cannot be used; `problems` lists every one of them."""

    def __init__(self, file: str, problems: pd.DataFrame, rows_read: int, unit: str) -> None:
        self.problems = problems
        n_rows = len(problems[["file", "line"]].drop_duplicates())
        read = counted(rows_read, "row")
        lines = [f"{visible(file)}: {n_rows} of {read} cannot be used as they are."]
        lines += [describe(row, unit) for row in problems[:LINES_ON_SCREEN].to_dict("records")]
        if len(problems) > LINES_ON_SCREEN:
            lines.append(f"  … and {len(problems) - LINES_ON_SCREEN} more problems.")
        lines.append("Mend them, or pass quarantine=Quarantine() to load the rest.")
        super().__init__("\n".join(lines))


class MixedCurrenciesError(PMAnalyticsError):
    """Money in several currencies would be added up."""

    def __init__(self, currencies: Iterable[str]) -> None:
        super().__init__(
            f"Amounts in {', '.join(sorted(currencies))} cannot be added up. "
            "Select one currency first, convert with in_currency, or group with by='currency'."
        )


class UnknownCurrenciesError(PMAnalyticsError):
    """Money is in currencies without an exchange rate."""

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        super().__init__(
            f"There is no exchange rate for {', '.join(sorted(unknown))}. Rates are given for: "
            f"{', '.join(sorted(known)) or 'none'}. Add a row for each, 1 for your own currency."
        )


class ConfigError(PMAnalyticsError):
    """`pmanalytics.toml`, or an argument that does its work, says something impossible."""


class UnknownColumnError(PMAnalyticsError):
    """`columns` or `defaults` names a column that is not ours."""

    def __init__(self, name: str, known: Iterable[str], option: str = "columns") -> None:
        known = list(known)
        super().__init__(
            f"{option} names {shortened(name)!r}, which is no column of ours."
            f"{did_you_mean(name, known)} Ours are: {', '.join(known)}. "
            "All other columns of the file are kept as they are."
        )


class UnknownOptionError(ConfigError):
    """A loader was given an option that it does not have."""

    def __init__(self, function: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        super().__init__(
            f"{function} has no option {shortened(name)!r}.{did_you_mean(name, known)} "
            f"It has: {', '.join(known)}."
        )


class UnfitTableError(PMAnalyticsError):
    """A table handed to a function is not as its schema says."""

    def __init__(self, table: str, what: str) -> None:
        super().__init__(
            f"The {table} table {what}. The loaders (load_projects, …) make tables that fit; "
            "they take a DataFrame, too."
        )


class GroupingError(PMAnalyticsError):
    """`by` names columns that rows cannot be grouped by."""


class StoreError(PMAnalyticsError):
    """A store cannot be read or written."""


class MissingAsOfError(ConfigError):
    """Nobody said which day the data describes."""

    def __init__(self, folder: str, newest: str | None) -> None:
        proposal = f" The newest date in the files is {newest}." if newest else ""
        super().__init__(
            f"{folder}: the status date is not given.{proposal} "
            f"Pass --as-of {newest or 'YYYY-MM-DD'}, "
            f'or write as_of = "{newest or "YYYY-MM-DD"}" in pmanalytics.toml.'
        )


def before_stage(stage: str) -> Reason:
    """Return why a date cannot be the one of its stage."""
    return Reason(
        f"is before the date of an earlier stage ({stage})",
        "Correct one of the two dates, or the order of the stages",
    )


def require_texts(option: str, given: object) -> None:
    """Refuse a mapping of settings in which something is no text."""
    if not isinstance(given, Mapping) or not all(
        isinstance(text, str) for pair in given.items() for text in pair
    ):
        raise ConfigError(f'{option} must map texts to texts, as in ours = "yours".')


def visible(text: str) -> str:
    r"""Return a text with what would garble a screen written out.

    >>> print(visible(f"red {chr(27)}[31m, from {chr(0x202E)}right"))
    red \x1b[31m, from \u202eright
    """
    return UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def shortened(text: str, n_letters: int = LETTERS_ON_SCREEN) -> str:
    """Return the beginning of a text that is too long for a screen.

    >>> shortened("a short one"), shortened("a long one", 7)
    ('a short one', 'a long…')
    """
    return text if len(text) <= n_letters else f"{text[: n_letters - 1]}…"


def shown(text: object) -> str:
    """Return what others wrote, such as a header, fit for a line on the screen."""
    return visible(shortened(str(text)))


def listed(texts: Iterable[str], at_most: int = 3, mark: str = ", ") -> str:
    """Return the first texts on one line, and how many there are beyond.

    >>> listed(["id", "name", "cost"], 2)
    'id, name and 1 more'
    """
    texts = list(texts)
    before_last = mark.replace(",", "")
    more = f"{before_last}and {len(texts) - at_most} more" if len(texts) > at_most else ""
    return mark.join(texts[:at_most]) + more


def counted(n: int, noun: str) -> str:
    """Return `n` with its noun, in the plural where it belongs.

    >>> counted(1, "row"), counted(3, "row")
    ('1 row', '3 rows')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def describe(problem: dict, unit: str = "line") -> str:
    """Return one problem as one line: where, what stands there, why it is wrong, what to do."""
    value = f" {shortened(problem['value'])!r}" if isinstance(problem["value"], str) else ""
    where = f"{visible(problem['file'])}, {unit} {problem['line']}, {shown(problem['column'])}"
    return f"  {where}:{value} {problem['reason']}. {problem['hint']}."


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the question after the known name that is nearest, whatever its case; or nothing.

    >>> did_you_mean("monday", ["Mon", "Tue"]), did_you_mean("feast", ["Mon", "Tue"])
    (' Did you mean Mon?', '')
    """
    nearest = _nearest(str(name), known)
    return f" Did you mean {nearest}?" if nearest else ""


def _with_nearest(name: str, headers: list[str]) -> str:
    nearest = _nearest(name, headers)
    return shown(name) + (f" (nearest header: {shortened(nearest)!r})" if nearest else "")


def _nearest(name: str, known: Iterable[str]) -> str | None:
    by_plain_name = {text.casefold(): text for text in reversed([*known])}
    found = get_close_matches(name.casefold(), by_plain_name, n=1, cutoff=0.5)
    return by_plain_name[found[0]] if found else None
