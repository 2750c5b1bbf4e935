"""A lifecycle for statuses that no stage claims: by their words, and by the order of entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pmanalytics.errors import counted
from pmanalytics.lifecycle import Lifecycle, plain_status
from pmanalytics.loaders.guesses.status_words import KIND_STAGES, status_kind
from pmanalytics.loaders.guesses.toml import Section
from pmanalytics.loaders.histories import stage_order
from pmanalytics.portfolio import Portfolio

WAITING_KINDS = {"work_item": ["new", "ready", "waiting"], "project": ["waiting"], "product": []}
CATEGORY_KINDS = {"new": "new", "indeterminate": "doing", "done": "done"}
ENOUGH = 5  # below this many, a share says nothing
RARE = 2
STAYS = 0.9  # a status that this share of its items never leave is an end


def proposed_lifecycles(
    tables: Mapping[str, pd.DataFrame],
    known: Mapping[str, Lifecycle],
    own_stages: Sequence[str],
) -> dict[str, Section]:
    """Return a lifecycle for each level whose statuses no stage claims yet.

    The levels of `own_stages` are told by stages, which stay as they are; the statuses of others
    are put into the usual stages of their level.
    """
    sections = {}
    changes, items = tables["status_changes"], tables["work_items"]
    category = items.drop_duplicates("status").set_index("status")["status_category"]
    for level in changes["level"].unique().tolist():
        entered = _one_spelling(changes[changes["level"] == level])
        claimed = known[level].stages_of(entered["to_status"]) if level in known else None
        if claimed is not None and (claimed != "(unmapped)").all():
            continue
        if level in own_stages:
            sections[f"lifecycle.{level}"] = _own_stages(entered, level)
        else:
            told = category if level == "work_item" else category[:0]
            sections[f"lifecycle.{level}"] = _workflow(entered, level, told)
    return sections


def proposed_lifecycle(portfolio: Portfolio, level: str = "work_item") -> Lifecycle:
    """Which stages do the statuses suggest by their words, where nobody has said it?

    Parameters
    ----------
    portfolio
        Its statuses, and Jira's categories of them.
    level
        product, project or work_item.

    Returns
    -------
    Lifecycle
        What `pmanalytics init` proposes: a guess to look over. Without statuses it has no stages.

    Examples
    --------
    >>> from pmanalytics import load_portfolio
    >>> proposed_lifecycle(load_portfolio("data/sample")).first_working_stage
    'In progress'
    """
    tables = {"status_changes": portfolio.changes_of(level), "work_items": portfolio.work_items}
    sections = proposed_lifecycles(tables, {}, [])
    return Lifecycle(**sections[f"lifecycle.{level}"].settings) if sections else Lifecycle({})


def _one_spelling(entered: pd.DataFrame) -> pd.DataFrame:
    """Return the changes with each status spelled as it was first."""
    statuses = entered["to_status"]
    spelled = {plain_status(status): status for status in reversed(statuses.unique().tolist())}
    return entered.assign(to_status=statuses.map(plain_status).map(spelled).astype("str"))


def _workflow(entered: pd.DataFrame, level: str, category: pd.Series) -> Section:
    """Return the usual stages, each with its statuses."""
    names = KIND_STAGES[level]
    named = {stage.casefold(): kind for kind, stage in names.items()}
    statuses = [str(status) for status in entered["to_status"].unique()]
    kinds = {
        status: named.get(plain_status(status))
        or _kind(status_kind(status, level), category.get(status))
        for status in statuses
    }
    wordless = [status for status in statuses if kinds[status] is None]
    lasting = _lasting(entered)
    if wordless:
        kinds |= _kinds_by_order(entered, kinds, level, lasting)
    ends = [names[kind] for kind in ("done", "retired") if kind in names]
    used = {names[str(kind)] for kind in kinds.values()}
    stages: dict[str, list[str]] = {s: [] for s in names.values() if s in {*used, *ends}}
    for status in statuses:
        if plain_status(status) not in named:
            stages[names[str(kinds[status])]].append(status)
    waiting = [names[kind] for kind in WAITING_KINDS[level]]
    section = _section(stages, terminal=ends, cancelled=[names["cancelled"]], waiting=waiting)
    for stage, those in stages.items():
        placed = ", ".join(status for status in those if status in wordless)
        told = [f"{placed} by the order of entries only"] if placed else []
        if stage not in [*ends, names["cancelled"]]:
            told += [
                f"hardly any item leaves {s}: does it end the work?" for s in those if s in lasting
            ]
        if told:
            section.checks[f"stages.{stage}"] = "; ".join(told)
    return section


def _kind(word: str | None, category: object) -> str | None:
    """Return the kind of a status: Jira's category tells more than a word, but for few cases."""
    told = CATEGORY_KINDS.get(str(category))
    finer = {"new": ["done", "review"], "doing": ["ready", "review", "waiting"]}.get(str(told), [])
    return word if told is None or word in ["cancelled", *finer] else told


def _kinds_by_order(
    entered: pd.DataFrame, kinds: Mapping[str, str | None], level: str, lasting: set[str]
) -> dict[str, str | None]:
    """Return the kind of each status whose words tell none: that of the status before it.

    After the first stage the work begins; where items stay for good, it has ended.
    """
    end = "done" if "done" in KIND_STAGES[level] else "retired"
    found: dict[str, str | None] = {}
    before = None
    for status in _typical_order(entered):
        kind = kinds[status]
        if kind is None:
            begun = "doing" if before == "new" else before
            found[status] = end if status in lasting else begun or "new"
        kind = kind or found[status]
        before = before if kind in ("waiting", end, "cancelled") else kind
    return found


def _own_stages(entered: pd.DataFrame, level: str) -> Section:
    """Return each status as a stage of its own, in the order in which items usually pass them."""
    order = _typical_order(entered)
    items = entered.groupby("to_status")["item_id"].nunique()
    per_item = entered.groupby("item_id")["to_status"].transform("nunique")
    seen_with_others = set(entered.loc[per_item > 1, "to_status"])
    alone = [status for status in order if status not in seen_with_others]
    if len(alone) < len(order):
        order = _placed_by_words([s for s in order if s not in alone], alone, level)
    words = {status: status_kind(status, level) for status in order}
    terminal = [status for status, word in words.items() if word in ("done", "retired")]
    terminal += [s for s in order if s in _lasting(entered) and words[s] is None]
    cancelled = [status for status, word in words.items() if word == "cancelled"]
    section = _section({status: [] for status in order}, terminal, cancelled)
    for status in order:
        n_items = counted(int(items[status]), level.replace("_", " "))
        if status in alone:
            section.checks[f"stages.{status}"] = (
                f"{n_items}, in no other stage: its place is unsure"
            )
        elif items[status] <= RARE:
            section.checks[f"stages.{status}"] = f"{n_items} only: its place is unsure"
    return section


def _placed_by_words(order: list[str], alone: Sequence[str], level: str) -> list[str]:
    """Return the order with those that were never seen beside others put before their like."""
    ranks = {kind: rank for rank, kind in enumerate(KIND_STAGES[level])}
    for status in alone:
        rank = ranks.get(str(status_kind(status, level)), len(ranks))
        later = [
            place
            for place, other in enumerate(order)
            if ranks.get(str(status_kind(other, level)), -1) >= rank
        ]
        order.insert(later[0] if later else len(order), status)
    return order


def _typical_order(entered: pd.DataFrame) -> list[str]:
    """Return the statuses in the order in which items usually enter them first."""
    first = entered.drop_duplicates(["item_id", "to_status"])
    ranks = first.assign(rank=first.groupby("item_id").cumcount())
    table = ranks.pivot_table("rank", index="item_id", columns="to_status", aggfunc="first")
    return [str(status) for status in stage_order(table[first["to_status"].unique()])]


def _lasting(entered: pd.DataFrame) -> set[str]:
    """Return the statuses that hardly any item leaves, though many enter them."""
    n_entered = entered.groupby("to_status")["item_id"].nunique()
    last = entered.drop_duplicates("item_id", keep="last")["to_status"].value_counts()
    first = set(entered.drop_duplicates("item_id")["to_status"])
    share = last.reindex(n_entered.index).fillna(0) / n_entered
    return set(share.index[(n_entered >= ENOUGH) & (share >= STAYS)]) - first


def _section(
    stages: Mapping[str, list[str]],
    terminal: Sequence[str],
    cancelled: Sequence[str],
    waiting: Sequence[str] = (),
) -> Section:
    settings: dict[str, Any] = {
        "terminal": [stage for stage in stages if stage in terminal],
        "cancelled": [stage for stage in stages if stage in cancelled],
        "waiting": [stage for stage in stages if stage in waiting],
        "stages": dict(stages),
    }
    checks = {
        "terminal": "nothing waits to leave these",
        "cancelled": "these end it without success",
        "waiting": "in these an item waits; the work begins with the first other one",
        "stages": "stage = the statuses that mean it, beside its own name; in order",
    }
    return Section({key: value for key, value in settings.items() if value}, "", checks)
