"""What changed between two states, and what has not been kept up to date?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pmanalytics.calendars import UTC, AsOfInput, as_of_point, days_between, local_days
from pmanalytics.errors import MissingColumnsError, PMAnalyticsError, UnfitTableError
from pmanalytics.metrics.delivery import Basis, project_outcomes, within
from pmanalytics.metrics.stages import stage_visits
from pmanalytics.portfolio import Portfolio
from pmanalytics.schemas import Changes, Day, Staleness, StalenessSummary, dtypes, empty

STALE_AFTER_DAYS = 14
WATCHED = {
    "products": ("product_id", ["stage", "product_manager"]),
    "projects": (
        "project_id",
        [
            "status", "stage", "project_manager", "baseline_finish_date", "rebaselined_finish_date",
            "forecast_finish_date", "actual_finish_date", "baseline_budget", "rebaselined_budget",
            "forecast_cost", "currency", "on_time", "on_budget",
        ],
    ),
    "risks": ("risk_id", ["status", "owner", "probability", "impact_cost"]),
}  # fmt: skip


def changes_between(
    then: pd.DataFrame, now: pd.DataFrame, *, key: str, watched: Sequence[str]
) -> pd.DataFrame:
    """What is new, gone or changed in a table since its earlier state?

    Parameters
    ----------
    then, now
        Two states of one table.
    key
        The column that tells its rows apart.
    watched
        The columns whose changes matter; changes of others are not told.

    Returns
    -------
    pandas.DataFrame
        `Changes`: field by field in the order of `now`, then what is gone. Days are calendar days,
        of instants elapsed ones. What is missing in both states has not changed, nor has a value
        that only the kind of its column writes otherwise, such as 5 and 5.0.

    Raises
    ------
    PMAnalyticsError
        If a column is missing in one of the states, or `key` is missing in a row or repeats.

    Notes
    -----
    An outer join on `key`. `delta_share` = (new − old) ÷ old, missing where old is not above 0.

    Examples
    --------
    >>> then = pd.DataFrame({"project_id": ["P1", "P2"], "baseline_budget": [100.0, 80.0]})
    >>> now = pd.DataFrame({"project_id": ["P1", "P3"], "baseline_budget": [120.0, 60.0]})
    >>> found = changes_between(then, now, key="project_id", watched=["baseline_budget"])
    >>> found[["record_id", "kind", "words"]]
      record_id     kind                                  words
    0        P1  changed  baseline budget from 100 to 120 (+20 %)
    1        P3      new                                    new
    2        P2     gone                                   gone
    """
    old, new = _keyed(then, "earlier", key, watched), _keyed(now, "later", key, watched)
    ids = new.index.union(old.index, sort=False)
    whole = [
        _whole(ids[~ids.isin(old.index)], "new"),
        _whole(old.index[~old.index.isin(new.index)], "gone"),
    ]
    both = new.index[new.index.isin(old.index)]
    fields = [_field(old.loc[both, name], new.loc[both, name], name) for name in watched]
    table = pd.concat([empty(Changes), *fields, *whole], ignore_index=True)
    position = pd.Series(np.arange(len(ids)), index=ids)
    order = table["record_id"].map(position).argsort(kind="stable")
    return Changes.validate(table.iloc[order].reset_index(drop=True))


def portfolio_changes(then: Portfolio, now: Portfolio) -> pd.DataFrame:
    """What happened to products, projects and risks between two states of a portfolio?

    Watched are stages, statuses, dates, money and who is responsible, and of projects the verdicts
    on time and on budget, by the basis of the later state. Stages and verdicts are those of each
    state's status date; a stage not in the histories is that of the record.

    Parameters
    ----------
    then, now
        The portfolio as loaded earlier and later.

    Returns
    -------
    pandas.DataFrame
        `Changes`, table by table.

    Raises
    ------
    PMAnalyticsError
        If a table does not fit its schema.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> july, september = (
    ...     load_portfolio("data/sample", as_of=day) for day in ("2026-07-31", "2026-09-30")
    ... )
    >>> portfolio_changes(july, september)["field"].value_counts()
    field
    stage        27
    on_time      12
    on_budget     5
    Name: count, dtype: int64
    """
    found = []
    for name, (key, watched) in WATCHED.items():
        old, new = (_table(portfolio, name, now.basis) for portfolio in (then, now))
        found.append(changes_between(old, new, key=key, watched=watched).assign(table=name))
    table = pd.concat(found, ignore_index=True)
    return Changes.validate(table.astype({"table": "str"})[list(dtypes(Changes))])


def staleness(
    table: pd.DataFrame,
    *,
    as_of: AsOfInput,
    key: str,
    updated: str = "updated_date",
    stale_after_days: int = STALE_AFTER_DAYS,
    time_zone: str = UTC,
) -> pd.DataFrame:
    """For how long has each record not been updated?

    Parameters
    ----------
    table
        Any table; of a record on several rows the latest update counts.
    as_of
        Status date; an update after it is not known yet.
    key
        The column that names the record.
    updated
        The column of its updates, days or instants.
    stale_after_days
        A record is stale after more days than this without an update.
    time_zone
        Zone whose days count, where updates are instants.

    Returns
    -------
    pandas.DataFrame
        `Staleness`. A record without a known update is neither stale nor fresh.

    Raises
    ------
    PMAnalyticsError
        If a column is missing, or `updated` holds no dates.

    Notes
    -----
    unchanged_days = status date − latest update, in calendar days.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "updated_date": pd.to_datetime(["2024-06-10", None])
    ... })
    >>> staleness(rows, as_of="2024-06-30", key="project_id")[["unchanged_days", "is_stale"]]
       unchanged_days  is_stale
    0            20.0      True
    1             NaN      <NA>
    """
    within("stale_after_days", stale_after_days, 36_500)
    day = as_of_point(as_of, time_zone).day
    _require(table, "The table", [key, updated])
    updates = _as_days(table[updated], updated, time_zone)
    ids = pd.Series(_texts(table[key]), name="record_id")
    latest = updates.where(updates <= day).groupby(ids, sort=False).max()
    found = latest.rename("updated_date").astype(Day).reset_index()
    found["unchanged_days"] = days_between(found["updated_date"], day)
    is_stale = (found["unchanged_days"] > stale_after_days).astype("boolean")
    found["is_stale"] = is_stale.mask(found["unchanged_days"].isna())
    return Staleness.validate(found)


def staleness_summary(staleness: pd.DataFrame) -> pd.DataFrame:
    """How many records are stale?

    Parameters
    ----------
    staleness
        `Staleness`.

    Returns
    -------
    pandas.DataFrame
        `StalenessSummary`, one row; without a record none.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "project_id": ["P1", "P2"], "updated_date": pd.to_datetime(["2024-06-10", None])
    ... })
    >>> table = staleness(rows, as_of="2024-06-30", key="project_id")
    >>> staleness_summary(table)[["n", "n_stale", "n_unknown", "stale_share"]]
       n  n_stale  n_unknown  stale_share
    0  1        1          1          1.0
    """
    if staleness.empty:
        return empty(StalenessSummary)
    known = staleness["unchanged_days"].dropna()
    n, n_stale = len(known), int(staleness["is_stale"].sum())
    row = {
        "n": n,
        "n_stale": n_stale,
        "n_unknown": len(staleness) - n,
        "stale_share": n_stale / n if n else np.nan,
        "median_days": known.median(),
        "longest_days": known.max(),
    }
    return StalenessSummary.validate(pd.DataFrame([row]))


def _table(portfolio: Portfolio, name: str, basis: Basis) -> pd.DataFrame:
    """Return a table of a portfolio as it stood on the status date, with stages and verdicts."""
    table: pd.DataFrame = getattr(portfolio, name).reset_index(drop=True)
    if name == "risks":
        return table
    level = name.removesuffix("s")
    visits = stage_visits(
        portfolio.changes_of(level),
        portfolio.lifecycles.get(level),
        as_of=portfolio.as_of,
        time_zone=portfolio.time_zone,
    )
    last = visits[visits["is_open"]].set_index("item_id")["stage"]
    reached = table[f"{level}_id"].map(last).astype("str")
    table = table.assign(stage=reached.fillna(table["stage"]))
    if name == "products":
        return table
    outcomes = project_outcomes(table, as_of=portfolio.as_of, basis=basis)
    verdicts = {name: outcomes[name].str.replace("_", " ") for name in ("on_time", "on_budget")}
    return table.assign(**verdicts)


def _keyed(table: pd.DataFrame, state: str, key: str, watched: Sequence[str]) -> pd.DataFrame:
    """Return the watched columns of a state by its key, or say why it has none."""
    _require(table, f"The {state} table", [key, *watched])
    if table[key].isna().any():
        raise UnfitTableError(state, f"has rows without {key}")
    ids = _texts(table[key])
    if ids.duplicated().any():
        repeated = ids[ids.duplicated()].iloc[0]
        raise PMAnalyticsError(f"{key} repeats in the {state} table: {repeated!r} is on two rows.")
    return table[list(watched)].set_axis(pd.Index(ids, name="record_id"))


def _require(table: pd.DataFrame, what: str, names: Sequence[str]) -> None:
    """Refuse what is no table, or one without the columns named."""
    if not isinstance(table, pd.DataFrame):
        raise PMAnalyticsError(f"{what} is {type(table).__name__}, not a DataFrame.")
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise MissingColumnsError(what, missing, table.columns)
    if not table.columns.is_unique:
        raise PMAnalyticsError(f"{what} has two columns of one name.")


def _whole(ids: pd.Index, kind: str) -> pd.DataFrame:
    return pd.DataFrame({"record_id": ids, "kind": kind, "words": kind})


def _field(old: pd.Series, new: pd.Series, name: str) -> pd.DataFrame:
    """Return the changes of one field."""
    kind = _kind(old, new)
    if kind == "date":
        old, new = pd.to_datetime(old, utc=True), pd.to_datetime(new, utc=True)
    elif kind == "number":
        old, new = old.astype(float), new.astype(float)
    else:
        old, new = _texts(old), _texts(new)
    is_other = ~((old == new).fillna(value=False).astype(bool) | (old.isna() & new.isna()))
    if not is_other.any():
        return empty(Changes)
    old, new = old[is_other], new[is_other]
    table = pd.DataFrame(
        {
            "record_id": old.index, "kind": "changed", "field": name,
            "old": _texts(old).array, "new": _texts(new).array,
            "delta_days": np.nan, "delta_amount": np.nan, "delta_share": np.nan,
        }
    )  # fmt: skip
    if kind == "date":
        table["delta_days"] = days_between(old, new).to_numpy()
    elif kind == "number":
        table["delta_amount"] = (new - old).to_numpy()
        table["delta_share"] = ((new - old) / old.where(old > 0)).to_numpy()
    return table.assign(words=_words(table, name))


def _kind(old: pd.Series, new: pd.Series) -> str:
    """Return as what two columns can be compared; one that is all missing fits any other."""
    columns = [column for column in (old, new) if column.notna().any()]
    types = [column.dtype for column in columns]
    if types and all(map(pd.api.types.is_datetime64_any_dtype, types)):
        return "date"
    is_number = [
        pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        for kind in types
    ]
    return "number" if types and all(is_number) else "text"


def _texts(values: pd.Series) -> pd.Series:
    """Return values as people would type them: 2024-05-31, 5, 0.25."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        is_day = (values.dropna() == values.dropna().dt.normalize()).all()
        return values.dt.strftime("%Y-%m-%d" if is_day else "%Y-%m-%dT%H:%M").astype("str")
    if pd.api.types.is_float_dtype(values.dtype):
        return values.map("{:.15g}".format, na_action="ignore").astype("str")
    return values.map(str, na_action="ignore").astype("str")


def _words(changes: pd.DataFrame, name: str) -> pd.Series:
    """Return changes in words."""
    noun = name.replace("_", " ")
    old, new = changes["old"], changes["new"]
    number = changes["delta_days"].fillna(0).abs().round(1)
    sign = np.where(changes["delta_days"] < 0, "−", "+")
    days = sign + number.map("{:.15g}".format) + np.where(number == 1, " day", " days")
    share = changes["delta_share"].fillna(0).map(_percent)
    extent = np.select(
        [changes["delta_days"].notna(), changes["delta_share"].notna()],
        [" (" + days + ")", " (" + share + ")"],
        "",
    )
    said = f"{noun} from " + old + " to " + new + extent
    said = said.mask(old.isna(), f"{noun} set to " + new)
    return said.mask(new.isna(), f"{noun} removed, was " + old).astype("str")


def _percent(share: float) -> str:
    """Return a change as a whole percentage, and a small one with the first digit it has."""
    percent = share * 100
    said = f"{percent:+,.0f}" if abs(percent) >= 1 else f"{percent:+.1g}"
    return said.replace("-", "−") + " %"


def _as_days(updates: pd.Series, name: str, time_zone: str) -> pd.Series:
    if updates.isna().all():
        return pd.Series(pd.NaT, index=updates.index, dtype=Day)
    if not pd.api.types.is_datetime64_any_dtype(updates.dtype):
        raise UnfitTableError("given", f"holds {updates.dtype} in {name}, not dates")
    if updates.dt.tz is None:
        return updates.dt.normalize()
    return local_days(updates, time_zone)
