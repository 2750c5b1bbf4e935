"""What can the data say, what can it not, and could its gaps change a finding?

Nothing is judged here anew: verdicts, exclusions and visits are counted as other metrics made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from pmanalytics.errors import PMAnalyticsError
from pmanalytics.schemas import (
    Columns,
    Completeness,
    Files,
    Participation,
    Problems,
    ProjectOutcomes,
    Rates,
    ReasonCounts,
    StageVisits,
    Table,
    WorstCase,
    dtypes,
)
from pmanalytics.tables import complete, in_kinds

MEASURES_OF = {
    "Projects": {
        "baseline_finish_date": "on-time rate, finish variance, open and late, forecast variance",
        "actual_finish_date": "on-time rate, finish variance",
        "rebaselined_finish_date": "on-time rate against the current due date",
        "forecast_finish_date": "forecast variance",
        "baseline_budget": "on-budget rate, cost variance",
        "actual_cost": "on-budget rate, cost variance",
        "rebaselined_budget": "on-budget rate against the latest budget",
        "forecast_cost": "forecast cost variance",
    },
    "WorkItems": {
        "item_type": "stage durations by type",
        "history_complete": "stage durations",
    },
}
MEASURES_OF_KIND = {
    "products": "every measure of products",
    "projects": "every measure of projects",
    "project snapshots": "every measure of projects",
    "product history": "stages of products",
    "project history": "stages of projects",
    "Jira CSV": "every measure of issues",
    "Jira JSON": "every measure of issues",
}
NO_MEASURE = "no measure"
Condition = tuple[str, Callable[[pd.DataFrame], pd.Series]]
OPEN: Condition = ("open", lambda table: table["status"].isin(["open", "on_hold"]))
DONE: Condition = ("done", lambda table: table["status"] == "done")
ENDED: Condition = ("done or cancelled", lambda table: table["status"].isin(["done", "cancelled"]))
REPLANNED: Condition = ("re-planned", lambda table: (table["rebaseline_count"] > 0).fillna(False))
RESOLVED: Condition = ("done", lambda table: table["status_category"] == "done")
CONDITIONS = {
    "Projects": {
        "actual_finish_date": ENDED,
        "actual_cost": DONE,
        "forecast_finish_date": OPEN,
        "forecast_cost": OPEN,
        "rebaselined_finish_date": REPLANNED,
        "rebaselined_budget": REPLANNED,
    },
    "WorkItems": {"resolved_at": RESOLVED, "resolution": RESOLVED},
}
RATE_NAMES = {
    "on_time": "on-time rate",
    "on_budget": "on-budget rate",
    "on_time_and_on_budget": "on-time-and-on-budget rate",
}
LATEST = {
    "on_time": "current due date",
    "on_budget": "latest budget",
    "on_time_and_on_budget": "current due date and latest budget",
}
WHY_NO_VARIANCE = {
    "cancelled": "cancelled",
    "missing_baseline": "no baseline",
    "invalid": "done without a finish date",
    "not_due": "open and not yet due",
    "undetermined": "open, or done without a cost",
}
NO_HISTORY = "no history"
CUT_HISTORY = "beginning not known"
NO_STAY = "only in a last stage, or passed through in no time"
FIRST_LINES = 3


def completeness(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    """Which share of the rows has a value in each column?

    A column is asked only of the rows it applies to: a finish date of projects that are done or
    cancelled, a forecast of open ones. An empty list is no value, nor is a history that is cut.

    Parameters
    ----------
    table
        A table of the portfolio.
    schema
        Its schema, such as `Projects`.

    Returns
    -------
    pandas.DataFrame
        `Completeness`, in the order of the schema.

    Raises
    ------
    PMAnalyticsError
        If a required column is missing.

    Examples
    --------
    >>> from pmanalytics.schemas import Products
    >>> rows = pd.DataFrame({"product_id": ["A", "B"], "name": "x", "stage": ["Market", None]})
    >>> completeness(rows, Products)[["column", "n", "n_filled", "share"]].iloc[[0, 3]]
           column  n  n_filled  share
    0  product_id  2         2    1.0
    3       stage  2         1    0.5
    """
    table = complete(table, schema)
    name, columns = schema.__name__, list(dtypes(schema))
    conditions = CONDITIONS.get(name, {})
    everyone = pd.Series(True, index=table.index)
    applies = [
        conditions[column][1](table) if column in conditions else everyone for column in columns
    ]
    filled = [_filled(table[column]) & who for column, who in zip(columns, applies, strict=True)]
    n = pd.Series([who.sum() for who in applies], dtype="int64")
    n_filled = pd.Series([who.sum() for who in filled], dtype="int64")
    found = {
        "table": name,
        "column": columns,
        "condition": [conditions[c][0] if c in conditions else None for c in columns],
        "n": n,
        "n_filled": n_filled,
        "share": n_filled / n.where(n > 0),
        "affects": [MEASURES_OF.get(name, {}).get(column) for column in columns],
    }
    return _fitted(pd.DataFrame(found), Completeness)


def participation(
    rates: pd.DataFrame,
    outcomes: pd.DataFrame,
    visits: pd.DataFrame,
    records: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """How many records can take part in each measure, and why can the others not?

    Parameters
    ----------
    rates
        `Rates`, one row per rate, not grouped.
    outcomes
        `ProjectOutcomes`.
    visits
        `StageVisits` of all levels.
    records
        The identifiers at each level: product, project and work_item.

    Returns
    -------
    pandas.DataFrame
        `Participation`: rates first, then variances, then stage durations by level. Items known
        from their history only are records, too.

    Examples
    --------
    >>> from pmanalytics import on_time_rate, project_outcomes
    >>> from pmanalytics.schemas import empty
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "name": ["One", "Two"], "status": ["done", "open"],
    ...     "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-12-31"]),
    ...     "actual_finish_date": pd.to_datetime(["2024-03-30", None]),
    ... })
    >>> rates = on_time_rate(rows, as_of="2024-06-30")
    >>> outcomes = project_outcomes(rows, as_of="2024-06-30")
    >>> participation(rates, outcomes, empty(StageVisits), {})[["measure", "n_used", "reason"]]
               measure  n_used                reason
    0     on-time rate       1      open and not yet due
    1  finish variance       1  open and not yet due
    2    cost variance       0           no baseline
    """
    outcomes = complete(outcomes, ProjectOutcomes)
    parts = [_of_rate(rate) for rate in rates.to_dict("records")]
    for measure, column, states in (
        ("finish variance", "finish_variance_days", "on_time"),
        ("cost variance", "cost_variance_share", "on_budget"),
    ):
        why = outcomes[states].map(WHY_NO_VARIANCE).fillna("planned at 0")
        parts.append(_counted(measure, len(outcomes), why[outcomes[column].isna()]))
    visits = complete(visits, StageVisits)
    for level, ids in records.items():
        parts.append(_of_stages(level, ids, visits[visits["level"] == level]))
    return _fitted(pd.concat(parts, ignore_index=True), Participation)


def reason_counts(
    problems: pd.DataFrame, files: pd.DataFrame, columns: pd.DataFrame
) -> pd.DataFrame:
    """Why was something set aside, how often, where, and which measures does it touch?

    A row set aside is missing from every measure of its kind, a value from those that use its
    column.

    Parameters
    ----------
    problems
        `Problems`.
    files
        `Files`, which tells the kind of each file.
    columns
        `Columns`, which tells what each header was taken for.

    Returns
    -------
    pandas.DataFrame
        `ReasonCounts`, the most frequent first.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> found = load_portfolio("data/sample")
    >>> counts = reason_counts(found.problems, found.files, found.columns)
    >>> counts.loc[[0], ["file", "reason", "lines"]].values.tolist()
    [['projects.csv', 'stands on several rows with different content', 'lines 98, 99']]
    """
    problems = complete(problems, Problems).reset_index(drop=True)
    kinds = complete(files, Files).drop_duplicates("file").set_index("file")["kind"]
    problems["affects"] = _affected(problems, kinds, complete(columns, Columns))
    problems["unit"] = np.where(problems["file"].map(kinds) == "Jira JSON", "issue", "line")
    cause = ["file", "column", "reason", "set_aside", "affects", "unit"]
    rows = problems.drop_duplicates([*cause, "line"]).sort_values("line", kind="stable")
    counted = rows.groupby(cause, sort=False).size().rename("n_rows").reset_index()
    first = rows[rows["line"].notna()].groupby(cause, sort=False).head(FIRST_LINES)
    lines = first.astype({"line": "str"}).groupby(cause)["line"].agg(", ".join).reset_index()
    table = counted.merge(lines, on=cause, how="left")
    plural = np.where(table["n_rows"] > 1, "s ", " ")
    more = np.where(table["n_rows"] > FIRST_LINES, " …", "")
    table["lines"] = table["unit"] + plural + table["line"] + more
    return _fitted(table.sort_values("n_rows", ascending=False, kind="stable"), ReasonCounts)


def worst_case(rates: pd.DataFrame, n_rejected: int) -> pd.DataFrame:
    """Between which bounds could the rows set aside move each rate?

    Parameters
    ----------
    rates
        `Rates`, not weighted.
    n_rejected
        Rows of projects that were set aside. How many of them would be judged is not known, so
        the bounds hold whatever the number.

    Returns
    -------
    pandas.DataFrame
        `WorstCase`, one row per rate.

    Raises
    ------
    PMAnalyticsError
        If a rate is weighted: the weights of the rows set aside are not known.

    Examples
    --------
    >>> from pmanalytics.schemas import empty
    >>> worst_case(empty(Rates), 6).empty
    True
    """
    k, n, rate = rates["k"], rates["n"], rates["rate"]
    if ((k / n.where(n > 0) - rate).abs() > 1e-9).any():
        raise PMAnalyticsError("A weighted rate has no worst case: weights of rows are not known.")
    whole = (n + n_rejected).where(rate.notna())
    bounds = {"worst": k / whole, "best": (k + n_rejected) / whole}
    table = rates.assign(
        **bounds,
        n_rejected=n_rejected,
        is_within=(bounds["worst"] >= rates["low"]) & (bounds["best"] <= rates["high"]),
    )
    return _fitted(table, WorstCase)


def _fitted(table: pd.DataFrame, schema: type[Table]) -> pd.DataFrame:
    kinds = dtypes(schema)
    return schema.validate(in_kinds(table, kinds)[list(kinds)].reset_index(drop=True))


def _filled(column: pd.Series) -> pd.Series:
    """Return where there is a value: no empty list, and of a fact that is always told a yes."""
    if column.dtype == object:
        return column.str.len().gt(0)
    return column if column.dtype == bool else column.notna()


def _of_rate(rate: Mapping) -> pd.DataFrame:
    """Return what a rate leaves out, in the words of its columns."""
    told = {
        name: str(column.description).partition("Left out")[2].partition(": ")[2]
        for name, column in Rates.to_schema().columns.items()
    }
    left_out = {words: rate[name] for name, words in told.items() if words and rate[name]}
    n_used = rate["n"]
    if isinstance(rate["reason"], str) and n_used:
        left_out[rate["reason"]], n_used = n_used, 0
    latest = f" against the {LATEST[rate['measure']]}" if rate["basis"] == "rebaselined" else ""
    finished = " of finished projects" if rate["population"] == "finished" else ""
    measure = RATE_NAMES[rate["measure"]] + latest + finished
    return _rows(measure, n_used, list(left_out), list(left_out.values()))


def _of_stages(level: str, ids: pd.Series, visits: pd.DataFrame) -> pd.DataFrame:
    """Return which items have a stage of which all stays are known from their beginning."""
    lasting = visits.assign(is_stay=~visits["is_zero_length"] & (visits["outcome"] != "terminal"))
    stages = lasting.groupby(["item_id", "stage"], sort=False).agg(
        is_stay=("is_stay", "any"), is_known=("history_complete", "all")
    )
    stages = stages.assign(is_used=stages.all(axis="columns"), is_cut=~stages["is_known"])
    items = stages.groupby("item_id").any()
    items = items.reindex(items.index.union(pd.Index(ids)))
    why = pd.Series(None, index=items.index, dtype="str")
    why = why.mask(items["is_stay"].eq(False), NO_STAY)
    why = why.mask(items["is_used"].eq(False) & items["is_cut"].eq(True), CUT_HISTORY)
    why = why.mask(items["is_stay"].isna(), NO_HISTORY)
    noun = {"work_item": "issues"}.get(level, f"{level}s")
    return _counted(f"stage durations of {noun}", len(items), why.dropna())


def _counted(measure: str, n_records: int, why: pd.Series) -> pd.DataFrame:
    """Return the reasons why records are left out, the most frequent first."""
    counts = why.value_counts()
    return _rows(measure, n_records - len(why), counts.index.tolist(), counts.tolist())


def _rows(measure: str, n_used: int, reasons: Sequence[str], counts: Sequence[int]) -> pd.DataFrame:
    n_records = n_used + sum(counts)
    rows: dict[str, list] = {"reason": [*reasons] or [None], "n_left_out": [*counts] or [0]}
    return pd.DataFrame(rows).assign(measure=measure, n_records=n_records, n_used=n_used)


def _affected(problems: pd.DataFrame, kinds: pd.Series, columns: pd.DataFrame) -> pd.Series:
    """Return the measures that each problem touches."""
    kind = problems["file"].map(kinds)
    of_row = kind.map(MEASURES_OF_KIND).fillna("every measure of this file")
    ours = columns.dropna(subset=["column"]).drop_duplicates(["file", "header"])
    keys = problems[["file", "column"]].rename(columns={"column": "header"})
    column = keys.merge(ours, on=["file", "header"], how="left")["column"]
    table = kind.map({"projects": "Projects", "project snapshots": "Projects"}).fillna("WorkItems")
    uses = {(t, name): words for t, named in MEASURES_OF.items() for name, words in named.items()}
    names = pd.MultiIndex.from_arrays([table, column.fillna(problems["column"])])
    of_value = pd.Series(names.map(uses), index=problems.index, dtype="str").fillna(NO_MEASURE)
    return of_row.where(problems["set_aside"] == "row", of_value).astype("str")
