"""Persons under other names, before anything is counted or drawn.

A pseudonym stays the same as long as the key does, so that reports of two months can be compared.
It is still personal data: whoever has the key and a name finds the person.
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import fields, replace

import pandas as pd

from pmanalytics.loaders.intake import plain_name
from pmanalytics.loaders.sources.mend import RECORD
from pmanalytics.portfolio import Portfolio

PERSONS = {
    "project_manager", "product_manager", "owner", "person",
    "assignee", "reporter", "creator",  # of Jira, where the configuration keeps them
}  # fmt: skip
WITHHELD = "(withheld: it may name persons)"
NOTE = "Persons stand under pseudonyms; the key to them is not in this report."


def pseudonym(person: str, key: str) -> str:
    """Return the pseudonym of a person: the beginning of a keyed hash (HMAC-SHA256).

    >>> pseudonym("Alice", "k3y"), pseudonym("ALICE", "k3y")
    ('u_8e8dd8ec0d', 'u_8e8dd8ec0d')
    """
    name = unicodedata.normalize("NFC", person.casefold())
    return "u_" + hmac.new(key.encode(), name.encode(), "sha256").hexdigest()[:10]


def pseudonymised(portfolio: Portfolio, key: str) -> Portfolio:
    """Return the portfolio with a pseudonym wherever a column names a person.

    What was set aside keeps its place and its reason; a whole record that was set aside does not
    keep its cells.
    """
    tables = {
        each.name: _renamed(
            table, [name for name in table if plain_name(str(name)) in PERSONS], key
        )
        for each in fields(Portfolio)
        if isinstance(table := getattr(portfolio, each.name), pd.DataFrame)
    }
    tables["problems"] = _withheld(portfolio, key)
    return replace(portfolio, **tables, notes=(*portfolio.notes, NOTE))


def _withheld(portfolio: Portfolio, key: str) -> pd.DataFrame:
    """Return `Problems` whose values name nobody."""
    columns, problems = portfolio.columns, portfolio.problems
    headers = columns.loc[columns["column"].fillna(columns["header"]).map(plain_name).isin(PERSONS)]
    named = pd.MultiIndex.from_frame(headers[["file", "header"]])
    is_person = pd.MultiIndex.from_frame(problems[["file", "column"]]).isin(named)
    values = problems["value"].mask(problems["column"] == RECORD, WITHHELD)
    hidden = _renamed(problems[is_person], ["value"], key)["value"]
    return problems.assign(value=values.where(~is_person, hidden.reindex(values.index)))


def _renamed(table: pd.DataFrame, columns: list[str], key: str) -> pd.DataFrame:
    renamed = {
        name: table[name].map(lambda person: pseudonym(str(person), key), na_action="ignore")
        for name in columns
    }
    return table.assign(**{name: new.astype(table[name].dtype) for name, new in renamed.items()})
