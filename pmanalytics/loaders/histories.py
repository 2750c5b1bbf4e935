"""Histories of statuses and stages: one row per change, or one column per stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Unpack

import numpy as np
import pandas as pd

from pmanalytics import errors
from pmanalytics.calendars import local_days, local_instants
from pmanalytics.errors import ConfigError, counted, require_texts
from pmanalytics.lifecycle import UNKNOWN_STATUS
from pmanalytics.loaders.intake import Intake, name_columns
from pmanalytics.loaders.records import take_in
from pmanalytics.loaders.sources.reading import ReadingOptions, reading_for
from pmanalytics.loaders.sources.rows import Source
from pmanalytics.portfolio import Quarantine
from pmanalytics.schemas import LEVELS, Instant, StatusChanges, Table, dtypes, optional, required
from pmanalytics.tables import with_all_columns

SET_BY_US = ["level", "sequence", "source"]
NTH = "(nth)"


class _Rows(StatusChanges):
    """One row per change as files hold it: with the item's creation beside it."""

    created_at: Instant = optional("When the item was created")


def load_status_history(
    source: Source | Sequence[Source],
    *,
    level: str,
    columns: Mapping[str, str] | None = None,
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """When did each item enter each status? Read it from a table with one row per change.

    The file needs `item_id`, `changed_at` and `to_status`, the status after the change. Without
    `from_status` an item's first row counts as its creation, and a row that repeats the status is
    no entry. With it the first row's `from_status` was there before, since `created_at` if that is
    given. Of rows at the same time the order of the file decides, newest first if the file is.

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame;
        or a list of these.
    level
        What an item is: product, project or work_item.
    columns
        Our column name → header in the file, where they differ. Beside those of `StatusChanges`
        there is `created_at`: when the item was created.
    quarantine
        Takes the rows that cannot be used, so that the rest loads.
    **reading
        The options of `Reading`: date_format, time_zone, decimal, missing, short_rows, encoding.

    Returns
    -------
    pandas.DataFrame
        `StatusChanges`: one row per entry, ordered by item and time. Where rows are lacking, the
        item's first row leaves an unknown status: its history is not complete.

    Raises
    ------
    UnreadableFileError, MissingColumnsError, ConfigError
        If there is no table to read, it lacks a column, or `level` is no level.
    BadRowsError
        If rows cannot be used and there is no quarantine.

    Examples
    --------
    >>> rows = pd.DataFrame({"Product": ["A", "A"], "Date": ["2024-01-01", "2024-06-01"],
    ...                      "Stage": ["Conceiving", "Development"]})
    >>> names = {"item_id": "Product", "changed_at": "Date", "to_status": "Stage"}
    >>> history = load_status_history(rows, level="product", columns=names)
    >>> history[["item_id", "from_status", "to_status"]].values.tolist()
    [['A', nan, 'Conceiving'], ['A', 'Conceiving', 'Development']]
    """
    _require_level(level)
    options = reading_for(load_status_history, reading)
    intake, rows = take_in(
        source,
        f"{_words(level)} history",
        _Rows,
        options,
        lambda part: _name_changes(part, columns),
    )
    rows = rows.assign(level=level, sequence=_order_in_files(intake, rows))
    sound = intake.sound(rows, _Rows)
    lacking = rows.loc[rows.index.difference(sound.index), "item_id"]
    sound = sound.sort_values(["item_id", "changed_at", "sequence"], kind="stable")
    begun = _with_beginnings(intake, sound, options.time_zone)
    changes = _entries(intake, begun, lacking)
    intake.close(sound, quarantine)
    return changes.drop(columns=["created_at", NTH]).reset_index(drop=True)


def load_stage_dates(
    source: Source | Sequence[Source],
    *,
    level: str,
    item_id: str,
    stages: Mapping[str, str],
    quarantine: Quarantine | None = None,
    **reading: Unpack[ReadingOptions],
) -> pd.DataFrame:
    """When did each item enter each stage? Read it from a table with one date column per stage.

    A missing date means that the stage was skipped, or not reached. A date before that of an
    earlier stage is set aside; if it is the item's last one, the whole row is, for nobody can tell
    where the item stands. Dates on one day are in order unless both have a time that says no.

    Parameters
    ----------
    source
        Path of a file with a header (delimited text, a spreadsheet or JSON records), or a frame;
        or a list of these.
    level
        What an item is: product, project or work_item.
    item_id
        Header of the items' identifiers.
    stages
        Stage → header of the dates it was entered on, in the order of the stages.
    quarantine
        Takes the rows and dates that cannot be used, so that the rest loads.
    **reading
        The options of `Reading`: date_format, time_zone, decimal, missing, short_rows, encoding.

    Returns
    -------
    pandas.DataFrame
        `StatusChanges`: one row per entry, ordered by item and stage, with the file's other
        columns beside it. Without a date of the first stage an item's beginning is unknown.

    Raises
    ------
    UnreadableFileError, MissingColumnsError, ConfigError
        If there is no table to read, it lacks a column, or `level` is no level.
    BadRowsError
        If rows or dates cannot be used and there is no quarantine.

    Examples
    --------
    >>> rows = pd.DataFrame({"Nr": ["P1"], "Approved": ["2024-01-01"], "Built": ["2024-06-01"]})
    >>> stages = {"Execution": "Approved", "Closed": "Built"}
    >>> changes = load_stage_dates(rows, level="project", item_id="Nr", stages=stages)
    >>> changes[["item_id", "from_status", "to_status"]].values.tolist()
    [['P1', nan, 'Execution'], ['P1', 'Execution', 'Closed']]
    """
    _require_level(level)
    require_texts("stages", stages)
    if not stages or {"item_id", "item_type"} & set(stages):
        raise ConfigError("stages must name at least one stage, and none item_id or item_type.")
    schema = _stage_table(stages)
    options = reading_for(load_stage_dates, reading)
    names = {"item_id": item_id, **stages}
    intake, table = take_in(
        source,
        f"{_words(level)} stage dates",
        schema,
        options,
        lambda part: name_columns(part, schema, names),
    )
    table = intake.sound(table, schema)
    dates = table[list(stages)]
    is_blank = dates.isna().all(axis="columns")
    intake.reject(dates.columns[0], dates.loc[is_blank, dates.columns[0]], errors.NO_STAGE_DATE)
    kept = _in_stage_order(intake, dates[~is_blank], options.time_zone)
    table = table.drop(index=table.index.intersection(intake.bad_records))
    changes = _stage_entries(kept.loc[table.index], table.drop(columns=dates.columns))
    intake.close(table, quarantine)
    return changes.assign(level=level)


def stage_order(entered: pd.DataFrame) -> list[str]:
    """In which order do most items pass these columns of dates, or of any numbers?

    The fullest column comes first; each further one is put where it contradicts the fewest items,
    and next to those it is seen with.

    >>> days = pd.to_datetime(["2024-01-01", "2024-02-01"])
    >>> stage_order(pd.DataFrame({"Built": days[[1]], "Approved": days[[0]]}))
    ['Approved', 'Built']
    """
    lead = {}
    for one, other in combinations(entered.columns, 2):
        is_before, is_after = entered[one] < entered[other], entered[other] < entered[one]
        lead[one, other] = int(is_before.sum() - is_after.sum())
        lead[other, one] = -lead[one, other]
    order: list[str] = []
    for name in entered.count().sort_values(ascending=False, kind="stable").index:
        places = range(len(order) + 1)
        agree = [
            sum(lead[other, name] for other in order[:place])
            + sum(lead[name, other] for other in order[place:])
            for place in places
        ]
        best = [place for place in places if agree[place] == max(agree)]
        follows = any(lead[other, name] > 0 for other in order[: best[-1]])
        order.insert(best[0] if follows else best[-1], name)
    return order


def _words(level: str) -> str:
    return level.replace("_", " ")


def _require_level(level: str) -> None:
    if level not in LEVELS:
        raise ConfigError(f"level {level!r} is none of {', '.join(LEVELS)}.")


def _name_changes(part: Intake, columns: Mapping[str, str] | None) -> None:
    """Name the columns; number equal rows, where each may be a change of its own.

    Rows that say the status only may be equal and yet tell of two stays on one day. A later file
    that tells the same again repeats them, one by one.
    """
    given = [name for name in _Rows.to_schema().columns if name not in SET_BY_US]
    name_columns(part, _Rows, columns, only=given)
    cells = part.cells.rename(columns={name: f"{name} (file)" for name in SET_BY_US})
    texts = cells.astype("str")
    is_state = "from_status" not in cells
    nth = texts.groupby(list(texts), dropna=False, sort=False).cumcount() if is_state else 0
    part.cells = cells.assign(**{NTH: nth})


def _order_in_files(intake: Intake, rows: pd.DataFrame) -> pd.Series:
    """Number the rows as they followed each other; a file may have the newest first."""
    numbers = pd.Series(rows.index, rows.index)
    for part in intake.parts or [intake]:
        own = rows.loc[rows.index.intersection(part.cells.index)]
        steps = own.groupby("item_id")["changed_at"].diff()
        if (steps < pd.Timedelta(0)).sum() > (steps > pd.Timedelta(0)).sum():
            numbers[own.index] = own.index[::-1].to_numpy()
            told = [part.readings.get("changed_at"), "newest first"]
            part.readings["changed_at"] = ", ".join(filter(None, told))
    return numbers


def _with_beginnings(intake: Intake, rows: pd.DataFrame, time_zone: str) -> pd.DataFrame:
    """Add the creation of items whose first row tells what they were in before."""
    created = rows.groupby("item_id")["created_at"].transform("min")
    firsts = rows[~rows["item_id"].duplicated()].assign(created_at=created)
    firsts = firsts[firsts["created_at"].notna()]
    created, changed = firsts["created_at"], firsts["changed_at"]
    created_days, changed_days = (local_days(times, time_zone) for times in (created, changed))
    is_late = created_days > changed_days
    if is_late.any():
        written = intake.cells.loc[firsts.index[is_late], "created_at"]
        intake.reject("created_at", written, errors.CREATED_LATE, value_only=True)
    is_told = firsts["from_status"].notna()
    is_unknown = rows.index.isin(firsts.index[~is_told & (created_days != changed_days)])
    rows = rows.assign(from_status=rows["from_status"].mask(is_unknown, UNKNOWN_STATUS))
    begun = firsts[is_told & ~is_late]
    begun = begun.assign(
        changed_at=begun["created_at"].clip(upper=begun["changed_at"]),
        to_status=begun["from_status"],
        to_status_id=begun["from_status_id"],
        from_status=pd.Series(index=begun.index, dtype="str"),
        from_status_id=pd.Series(index=begun.index, dtype="str"),
        sequence=-1,
    )
    order = ["item_id", "changed_at", "sequence"]
    return pd.concat([rows, begun]).sort_values(order, kind="stable", ignore_index=True)


def _entries(intake: Intake, rows: pd.DataFrame, lacking: pd.Series) -> pd.DataFrame:
    """Return each item's entries, with what it left.

    An item of which a row is `lacking`, or that left another status than it was in, has a history
    with holes, and thus no known beginning.
    """
    before = rows.groupby("item_id")["to_status"].shift()
    left = rows["from_status"].fillna(before)
    is_gap = before.notna() & (left != before)
    if is_gap.any():
        intake.notes.append(
            f"{intake.file}: {counted(int(is_gap.sum()), 'change')} left another status than the "
            "one entered before; the histories of these items count as incomplete."
        )
    is_first = before.isna()
    n_changed = int((is_first & rows["from_status"].notna()).sum())
    if n_changed and rows["created_at"].isna().all():
        intake.notes.append(
            f"{intake.file}: the first row of {counted(n_changed, 'item')} is a change, so nobody "
            "knows when it began and no stay is counted: add a column with the day of creation, "
            "created_at under columns."
        )
    has_holes = rows["item_id"].isin([*lacking, *rows.loc[is_gap, "item_id"]])
    left = left.mask(is_first & has_holes, UNKNOWN_STATUS)
    source = pd.Series(np.where(left.isna(), "created", "history"), rows.index, dtype="str")
    rows = rows.assign(from_status=left, source=source)[is_first | (left != rows["to_status"])]
    return rows.assign(sequence=rows.groupby("item_id").cumcount())


def _stage_table(stages: Mapping[str, str]) -> type[Table]:
    """Return the schema of a table with one date column per stage."""
    fields = {
        "item_id": required("Identifier of the item", unique=True),
        "item_type": optional("Type of the item"),
    }
    kinds: dict[str, object] = dict.fromkeys(fields, str)
    for n, name in enumerate(stages):
        fields[f"stage_{n}"] = optional(name, alias=name)
        kinds[f"stage_{n}"] = Instant
    return type("StageDates", (Table,), {**fields, "__annotations__": kinds})


def _in_stage_order(intake: Intake, dates: pd.DataFrame, time_zone: str) -> pd.DataFrame:
    """Return the dates that are not before one of an earlier stage; the others are noted."""
    kept = dates.copy()
    latest = pd.Series(pd.NaT, index=dates.index, dtype=dates.iloc[:, 0].dtype)
    reached = pd.Series(index=dates.index, dtype="str")
    is_known = dates.notna().iloc[:, ::-1]
    last = is_known.idxmax(axis="columns") if len(dates) else reached
    for stage in dates:
        found = dates[stage]
        midnight = local_instants(local_days(found, time_zone), time_zone)
        # A day without a time may be any time of that day.
        is_within_day = (found == midnight) & (
            local_days(latest, time_zone) == local_days(found, time_zone)
        )
        is_back = (found < latest) & ~is_within_day
        written = intake.cells.loc[found.index[is_back], stage]
        for earlier, values in written.groupby(reached[is_back]):
            reason = errors.before_stage(str(earlier))
            is_last = last[values.index] == stage
            intake.reject(stage, values[is_last], reason)
            intake.reject(stage, values[~is_last], reason, value_only=True)
        kept[stage] = found.mask(is_back).mask(is_within_day & (found < latest), latest)
        is_kept = kept[stage].notna()
        latest, reached = latest.mask(is_kept, kept[stage]), reached.mask(is_kept, stage)
    return kept


def _stage_entries(dates: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return one row per date, with the items' other columns."""
    ours = list(dtypes(StatusChanges))
    clashing = set(ours) - {"item_id", "item_type"}
    items = items.rename(columns={name: f"{name} (file)" for name in clashing})
    rows = dates.melt(ignore_index=False, var_name="to_status", value_name="changed_at")
    rows = rows[rows["changed_at"].notna()].join(items)
    rows = rows.assign(to_status=rows["to_status"].astype("str"))
    rows = rows.sort_values("item_id", kind="stable", ignore_index=True)
    left = rows.groupby("item_id")["to_status"].shift()
    is_late_start = left.isna() & (rows["to_status"] != dates.columns[0])
    rows = rows.assign(
        from_status=left.mask(is_late_start, UNKNOWN_STATUS),
        sequence=rows.groupby("item_id").cumcount(),
        source="stage dates",
    )
    further = [name for name in items if name not in ours]
    return with_all_columns(rows, StatusChanges)[[*ours, *further]]
