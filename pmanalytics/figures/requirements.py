"""How far ideas have come on their way to customers."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.products import product_names
from pmanalytics.figures.theme import bar, figure, nothing, rows
from pmanalytics.figures.words import count, days, percent
from pmanalytics.intervals import TOO_FEW

STEPS = {
    "n_ideas": "Ideas",
    "n_linked": "Linked to an epic or story",
    "n_broken_down": "Broken down into stories",
    "n_delivered": "Delivered: all stories done",
}


def plot_requirements(coverage: pd.DataFrame) -> go.Figure:
    """Draw how many ideas are linked, broken down and delivered, and the stories from none.

    Parameters
    ----------
    coverage
        `RequirementCoverage`, not grouped further.
    """
    if coverage.empty or not coverage[["n_ideas", "n_stories"]].to_numpy().sum():
        return nothing(
            "No idea and no story is known",
            "That needs issues of such types; [requirements] in pmanalytics.toml names yours.",
        )
    row = coverage.iloc[0]
    steps = [(words, int(row[name]), int(row["n_ideas"])) for name, words in STEPS.items()]
    steps.append(("Stories from no idea", int(row["n_orphans"]), int(row["n_stories"])))
    told = [_stated(k, n) for _, k, n in steps]
    drawing = figure(
        _finding(row),
        "Ideas, and how many of them have come how far; below, stories that come from no idea",
        alt="; ".join(f"{words}: {t}" for (words, _, _), t in zip(steps, told, strict=True)) + ".",
        note=_note(row),
    )
    rows(drawing, [words for words, _, _ in steps], told)
    for position, (_, k, n) in enumerate(steps):
        if n:
            bar(drawing, position, 0, 1, color="grid", width=12)
        if k:
            bar(drawing, position, 0, k / n, color="good" if position < len(STEPS) else "ink3",
                width=12)  # fmt: skip
    drawing.update_xaxes(range=[-0.005, 1.02], tickformat=".0%", dtick=0.25)
    return drawing


def requirement_rows(
    found: pd.DataFrame, products: pd.DataFrame, *, n_rows: int = 12
) -> tuple[pd.DataFrame, str]:
    """Return the oldest ideas that nothing serves, as a list, and what it says.

    Parameters
    ----------
    found
        `Requirements`.
    products
        `Products`, for the names.
    n_rows
        How many of them at most.
    """
    is_unserved = (found["kind"] == "idea") & ~found["is_dropped"]
    is_unserved &= ~found["is_linked"].fillna(value=False).astype(bool)
    oldest = found[is_unserved].sort_values("age_days", ascending=False, kind="stable")
    table = pd.DataFrame(
        {
            "key": oldest["key"],
            "idea": oldest["summary"],
            "product": product_names(oldest["product_id"], products),
            "age_days": oldest["age_days"].round(),
        }
    ).head(n_rows)
    if not (found["kind"] == "idea").any():
        return table, "No issue is an idea"
    if oldest.empty:
        return table, "Every idea has an epic or a story below it"
    more = f"; the oldest {len(table)} are listed" if len(oldest) > len(table) else ""
    return table, f"{count(len(oldest), 'idea')} with nothing below{more}"


def _stated(k: int, n: int) -> str:
    if not n:
        return "0 of 0"
    return f"{k} of {n}" + (f", {percent(k / n)}" if n >= TOO_FEW else "")


def _finding(row: pd.Series) -> str:
    if not row["n_ideas"]:
        n = int(row["n_stories"])
        stories = "1 story comes" if n == 1 else f"{n} stories come"
        return f"No issue is an idea, so {stories} from none"
    n_delivered, n_unserved = int(row["n_delivered"]), int(row["n_unserved"])
    verb = "is" if n_delivered == 1 else "are"
    start = f"{n_delivered} of {count(row['n_ideas'], 'idea')} {verb} delivered"
    if not n_unserved:
        return f"{start}; all have something below them"
    return f"{start}; {n_unserved} {'has' if n_unserved == 1 else 'have'} nothing below"


def _note(row: pd.Series) -> str:
    parts = ["A full count of what was exported, so no interval."]
    if row["n_unserved"]:
        parts.append(
            f"Half of the ideas with nothing below are at most {days(row['median_unserved_days'])} "
            f"old, the oldest {days(row['oldest_unserved_days'])}."
        )
    if row["n_dropped"]:
        parts.append(f"Left out: {int(row['n_dropped'])} ideas and stories that were cancelled.")
    if row["n_origin_unknown"]:
        parts.append(
            f"Left out: {int(row['n_origin_unknown'])} stories below something not exported."
        )
    return " ".join(parts)
