"""What was read, what became of it, and whether the gaps could change a finding."""

from __future__ import annotations

import textwrap

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.headlines import Headline
from pmanalytics.figures.rates import LEFT_OUT, TITLES
from pmanalytics.figures.theme import LIGHT, SMALL, annotate, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import (
    HOW_TO_READ,
    count,
    escaped,
    listed,
    number,
    percent,
    percent_range,
)
from pmanalytics.intervals import TOO_FEW
from pmanalytics.schemas import PROJECT_KINDS

PARTS = [
    ("n_whole", "accepted as they are", "good"),
    ("n_repaired", "accepted without a value or with cells added", "good"),
    ("n_quarantined", "set aside", "bad"),
    ("n_duplicate", "repeated", "rule"),
]
HATCHED = {"shape": "/", "fgcolor": LIGHT["page"], "fillmode": "overlay", "size": 6}
ROW = 64  # has a text below its bar
COUNTS_WIDTH, COUNTS_LINE = 52, 16
NEVER_JUDGED = ["n_cancelled", "n_missing_baseline", "n_invalid"]
JUDGED_LATER = ["n_early", "n_not_due", "n_undetermined", "n_open_failed"]
FAILED = {
    "on_time": "late",
    "on_budget": "over budget",
    "on_time_and_on_budget": "late or over budget",
}
NOUNS = {"Products": "product", "Projects": "project", "WorkItems": "issue"}
COMPLETE_ENOUGH = 0.9
COLUMN_HEIGHT, COLUMN_MARGIN = 34, 165
APART = 0.17
MANY, FEW = 12, 3
BECAME = ["n_quarantined", "n_repaired", "n_duplicate"]


def plot_files(files: pd.DataFrame, worst_case: pd.DataFrame | None = None) -> go.Figure:
    """Draw for each file which part of its rows was accepted, repaired, set aside or repeated.

    Parameters
    ----------
    files
        `Files`.
    worst_case
        `WorstCase`; then the title also says whether the rows set aside could change the first
        rate.
    """
    unused = files.loc[files["rows_read"] == 0, "file"].tolist()
    files = files[files["rows_read"] > 0].reset_index(drop=True)
    if files.empty:
        return nothing("No file was read", HOW_TO_READ)
    files = _folded(files)
    read = [_read(row) for _, row in files.iterrows()]
    became = [_became(row) for _, row in files.iterrows()]
    said = zip(files["file"], read, became, strict=True)
    drawing = figure(
        files_finding(files, worst_case),
        "Rows read per file: accepted (blue), repaired and accepted (hatched), set aside (orange), "
        "repeats of an accepted row (grey)",
        alt="; ".join(f"{file}: {first}, {rest}" for file, first, rest in said) + ".",
        note="Rows read = accepted + set aside + repeated, for every file. Repaired rows count "
        "without the value that could not be read, or with cells added."
        + (f" Not used: {listed(unused)}." if unused else ""),
    )
    rows(drawing, files["file"].tolist(), read, height=ROW)
    parts = files.assign(
        whole=files["rows_read"].clip(lower=1), n_whole=files["n_valid"] - files["n_repaired"]
    )
    for column, word, color in PARTS:
        marker = {"color": LIGHT[color], "line": {"color": LIGHT["page"], "width": 1}}
        if column == "n_repaired":
            marker["pattern"] = HATCHED
        drawing.add_bar(
            orientation="h", x=(parts[column] / parts["whole"]).tolist(), y=list(range(len(files))),
            width=0.28 if len(files) > 2 else 0.18,  # few rows stand apart; labels keep their place
            marker=marker, hoverinfo="text",
            hovertext=[f"{count(n, 'row')} {word}" for n in parts[column]],
        )  # fmt: skip
    _below(drawing, became)
    drawing.update_layout(barmode="stack", margin_b=12)
    drawing.update_xaxes(visible=False, range=[0, 1])
    return drawing


def plot_worst_case(worst_case: pd.DataFrame) -> go.Figure:
    """Draw each rate with its interval, and below it the range the rows set aside could give it.

    Parameters
    ----------
    worst_case
        `WorstCase`.
    """
    known = worst_case[worst_case["rate"].notna()]
    if known.empty:
        return nothing(
            "There is no rate that rows set aside could change",
            f"A rate needs projects with a planned and an actual finish date. {HOW_TO_READ}",
        )
    first = known.iloc[0]
    drawing = figure(
        _worst_finding(first),
        "Rate (dot), its 95% interval (pale) and the range the rows set aside could give it "
        "(orange)",
        alt=" ".join(map(_worst_told, known.to_dict("records"))),
        note="At worst every row of a projects file that was set aside would count and fail, at "
        "best every one would count and succeed. Most would probably not be judged at all.",
    )
    told = known.to_dict("records")
    titles = [TITLES[row["measure"]] for row in told]
    rows(drawing, titles, [_judged(row) for row in told], height=ROW)
    for position, row in enumerate(told):
        _draw_worst(drawing, position, row)
    _below(drawing, [_ranges(row) for row in told], shift=-12)
    drawing.update_xaxes(range=[-0.01, 1.01], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    return drawing


def plot_completeness(completeness: pd.DataFrame) -> go.Figure:
    """Draw which share of the rows has a value, for each column that a measure uses.

    Parameters
    ----------
    completeness
        `Completeness`; tables of several kinds may be put below one another.
    """
    used = completeness[completeness["affects"].notna() & (completeness["n"] > 0)]
    if used.empty:
        return nothing(
            "No product, project or issue was read whose columns could be counted",
            "Histories have no columns beyond those that every row must fill.",
        )
    lines: list[tuple[str, pd.Series | None]] = []
    for table, columns in used.groupby("table", sort=False):
        lines.append((f"<b>{NOUNS[table].capitalize()}s</b>", None))
        lines += [(_column(row), row) for _, row in columns.iterrows()]
    drawing = figure(
        _completeness_finding(used),
        "Share of accepted rows with a value, for the columns that measures use; below 90% in "
        "orange",
        alt="; ".join(f"{_column(row)} {percent(row['share'])}" for _, row in used.iterrows())
        + ".",
        note=_never_filled(completeness),
        height=len(lines) * COLUMN_HEIGHT + 10,
    )
    for position, (label, row) in enumerate(lines):
        if row is not None:
            _draw_share(drawing, position, row)
        _label(drawing, position, label)
    drawing.update_yaxes(visible=False, range=[len(lines) - 0.5, -0.5])
    drawing.update_xaxes(visible=False, range=[0, 1])
    drawing.update_layout(margin={"l": COLUMN_MARGIN, "r": 48, "b": 6})
    return drawing


def rows_used(files: pd.DataFrame, rates: pd.DataFrame) -> tuple[list[Headline], str]:
    """State how many project rows were read, accepted and used for the first rate, and the finding.

    Parameters
    ----------
    files
        `Files`; where no file holds projects, the rows of all of them are counted.
    rates
        `Rates`, not grouped.
    """
    own, what = files[files["kind"].isin(PROJECT_KINDS)], "Project rows read"
    if not own["rows_read"].any():
        own, what = files[files["rows_read"] > 0], "Rows read"
    read, valid, bad, same = own[["rows_read", "n_valid", "n_quarantined", "n_duplicate"]].sum()
    lost = f"{number(bad)} set aside, {number(same)} repeated"
    names = own["file"].tolist()
    told = listed(names) if len(names) <= MANY else count(len(names), "file")
    steps = [Headline(what, number(read), "", told)]
    steps += [Headline("Accepted", number(valid), "", lost)] if read else []
    if rates.empty or pd.isna(rates["rate"].iloc[0]):
        return steps, "From rows read to rows used: no rate rests on them"
    rate = rates.iloc[0]
    n_judgeable = rate["n"] + sum(rate[name] for name in JUDGED_LATER)
    steps += [
        Headline("Can ever be judged", number(n_judgeable), "", _rest(rate, NEVER_JUDGED)),
        Headline("Judged now", number(rate["n"]), "", _rest(rate, JUDGED_LATER)),
    ]
    base = count(rate["n"], "project")
    return steps, f"From rows read to rows used: the {_rate(rate)} rate rests on {base}"


def _rest(rate: pd.Series, names: list[str]) -> str:
    parts = [f"{number(rate[name])} {LEFT_OUT[name]}" for name in names if rate[name]]
    return f"the rest: {listed(parts)}" if parts else "all of them"


def _folded(files: pd.DataFrame) -> pd.DataFrame:
    """Return the files of which not every row was plainly accepted, and the others as one."""
    if len(files) <= FEW:
        return files
    in_order = files.sort_values("n_quarantined", ascending=False, kind="stable")
    told = in_order[in_order[BECAME].any(axis="columns")].head(MANY - 1)
    others = files.drop(told.index)
    if len(others) < 2:
        return files
    totals = others.select_dtypes("number").sum().to_dict()
    name = f"{len(others)} {'other ' if len(told) else ''}files"
    return pd.concat([told, others[:1].assign(file=name, **totals)], ignore_index=True)


def _read(row: pd.Series) -> str:
    return f"{count(row['rows_read'], 'row')} read" if row["rows_read"] else str(row["kind"])


def _became(row: pd.Series) -> str:
    """Return what became of the rows of a file."""
    repaired = f", of which {number(row['n_repaired'])} repaired" if row["n_repaired"] else ""
    deleted = f", of which {number(row['n_deleted'])} deleted" if row["n_deleted"] else ""
    parts = [
        f"{number(row['n_valid'])} accepted{repaired}",
        f"{number(row['n_quarantined'])} set aside{deleted}",
    ]
    parts += [f"{number(row['n_duplicate'])} repeated"] if row["n_duplicate"] else []
    return " · ".join(parts)


def _below(drawing: go.Figure, texts: list[str], shift: int = -8) -> None:
    """Write a text under each bar, in lines that fit a phone."""
    wrapped = [textwrap.wrap(text, COUNTS_WIDTH) for text in texts]
    extra = COUNTS_LINE * (max(map(len, wrapped)) - 1)
    drawing.update_layout(height=drawing.layout.height + len(texts) * extra)
    alike = {"x": 0, "xref": "paper", "xanchor": "left", "align": "left", "yshift": shift,
             "yanchor": "top", "showarrow": False,
             "font": {"size": SMALL, "color": LIGHT["ink2"]}}  # fmt: skip
    annotate(drawing, [
        alike | {"y": position, "text": "<br>".join(map(escaped, lines))}
        for position, lines in enumerate(wrapped)
    ])  # fmt: skip


def files_finding(files: pd.DataFrame, worst_case: pd.DataFrame | None) -> str:
    """Return how many of the rows read could not be used, and whether that matters."""
    n_read, n_deleted = files["rows_read"].sum(), files["n_deleted"].sum()
    n_bad = files["n_quarantined"].sum() - n_deleted
    if not n_bad and (n_repaired := files["n_repaired"].sum()):
        return f"{count(n_read, 'row')} read, {number(n_repaired)} of them without a value"
    if not n_bad:
        every = (
            f"Every {'other ' if n_deleted else ''}row could be used: {count(n_read, 'row')} read"
        )
        return every + (f", {number(n_deleted)} deleted on purpose" if n_deleted else "")
    finding = f"{number(n_bad)} of {count(n_read, 'row')} could not be used and were set aside"
    if worst_case is None or worst_case["rate"].isna().all():
        return finding
    first = worst_case[worst_case["rate"].notna()].iloc[0]
    rate = f"the {_rate(first)} rate"
    if not first["n_rejected"]:
        return f"{finding}, none of them a project"
    if first["is_within"]:
        return f"{finding}; even at worst they leave {rate} inside its interval"
    return f"{finding}; they could move {rate} out of its interval"


def _worst_finding(row: pd.Series) -> str:
    n, k, judged = row["n_rejected"], row["k"], row["n"]
    if not n:
        return f"No row of a projects file was set aside, so none can move the {_rate(row)} rate"
    which = "the one project row" if n == 1 else f"all {number(n)} project rows"
    subject = f"If {which} set aside counted as {FAILED[row['measure']]}"
    if judged < TOO_FEW:
        was = f"not {k} of {judged}"
        return f"{subject}, {k} of {judged + n} would be {TITLES[row['measure']].casefold()}, {was}"
    was = f"not {percent(row['rate'])}"
    return f"{subject}, the {_rate(row)} rate would be {percent(row['worst'])}, {was}"


def _worst_told(row: dict) -> str:
    place = ", inside it" if row["is_within"] else ", not inside it"
    said = f"{TITLES[row['measure']]}: {_judged(row)}; {_ranges(row)}"
    return said + (f"{place}." if row["n_rejected"] else ".")


def _judged(row: dict) -> str:
    counted = f"{row['k']} of {row['n']}"
    return counted if row["n"] < TOO_FEW else f"{percent(row['rate'])}, {counted}"


def _ranges(row: dict) -> str:
    worst = percent_range(row["worst"], row["best"]) if row["n_rejected"] else "none"
    chance = percent_range(row["low"], row["high"])
    return f"chance alone {chance} · rows set aside {worst}"


def _draw_worst(drawing: go.Figure, position: int, row: dict) -> None:
    """Draw the interval of a rate, below it its worst and best case, and a tick through both."""
    bar(drawing, position, row["low"], row["high"], color="good_wash", width=10)
    if row["n_rejected"]:
        bar(drawing, position + APART, row["worst"], row["best"], color="bad", width=6)
        drawing.add_scatter(
            x=[row["rate"]] * 2, y=[position, position + 1.5 * APART], mode="lines",
            hoverinfo="skip", line={"color": LIGHT["ink"], "width": 1.5},
        )  # fmt: skip
    symbol = "circle-open" if row["n"] < TOO_FEW else "circle"
    mark(drawing, [row["rate"]], [position], [_judged(row)], symbol=symbol, color="good")


def _rate(row: pd.Series) -> str:
    return TITLES[row["measure"]].casefold().replace(" ", "-")


def _column(row: pd.Series) -> str:
    condition = "" if pd.isna(row["condition"]) else f" (if {row['condition']})"
    return row["column"].replace("_", " ") + condition


def _completeness_finding(used: pd.DataFrame) -> str:
    weakest = used.loc[used["share"].idxmin()]
    name = weakest["column"].replace("_", " ").capitalize()
    condition = "" if pd.isna(weakest["condition"]) else f"{weakest['condition']} "
    whom = f"{condition}{NOUNS[weakest['table']]}s"
    if weakest["share"] == 1:
        return "Every column that a measure uses is filled wherever it applies"
    if weakest["share"] >= COMPLETE_ENOUGH:
        return (
            f"Every column that a measure uses is filled on at least 90%; the weakest is "
            f"{name.casefold()} with {percent(weakest['share'])} of {whom}"
        )
    missing = percent(1 - weakest["share"])
    return f"{name} is missing on {missing} of {whom}; it is used for {weakest['affects']}"


def _never_filled(completeness: pd.DataFrame) -> str:
    empty = completeness[(completeness["n"] > 0) & (completeness["n_filled"] == 0)]
    names = [
        f"{NOUNS[table]}s: {', '.join(columns).replace('_', ' ')}"
        for table, columns in empty.groupby("table", sort=False)["column"]
    ]
    return "Filled on no row – " + "; ".join(names) + "." if names else ""


def _label(drawing: go.Figure, position: int, label: str) -> None:
    drawing.add_annotation(
        x=0, xref="paper", xanchor="left", xshift=12 - COLUMN_MARGIN, y=position, align="left",
        text=label.replace(" (", "<br>("), showarrow=False,
        font={"size": SMALL, "color": LIGHT["ink"]},
    )  # fmt: skip


def _draw_share(drawing: go.Figure, position: int, row: pd.Series) -> None:
    is_weak = row["share"] < COMPLETE_ENOUGH
    bar(drawing, position, 0, 1, color="grid", width=9)
    if row["share"] > 0:
        bar(drawing, position, 0, row["share"], color="bad" if is_weak else "good", width=9)
    drawing.add_annotation(
        x=1, xref="paper", xanchor="left", xshift=6, y=position, showarrow=False,
        text=percent(row["share"]),
        font={"size": SMALL, "color": LIGHT["bad_text" if is_weak else "ink"]},
    )  # fmt: skip
