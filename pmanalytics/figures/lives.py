"""The life of each product as a lane: its stages as a bar, its projects as lines below."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.calendars import local_times
from pmanalytics.figures.stages import NEEDED
from pmanalytics.figures.theme import LIGHT, annotate, figure, mark, nothing, row_label
from pmanalytics.figures.words import brief, count, day, days, escaped, listed

SHADES = ["stage1", "stage2", "stage3", "stage4", "stage5", "stage6"]
DEEP = {"stage4", "stage5", "stage6"}
MOST_LIVES, MOST_TRACKS = 40, 6
MOST_PROJECTS = 240  # in all lanes together
YEARS_BACK, YEARS_AHEAD = 5, 2
LABEL, BAR, TRACK, GAP = 19, 20, 9, 8  # heights, in pixels
LOOKS = {
    # state: symbol, colour, words
    "on_time": ("circle", "good", "finished on time"),
    "early": ("circle", "good", "finished ahead of its due date"),
    "late": ("triangle-right", "bad", "finished late"),
    "late_open": ("triangle-right-open", "bad", "open and past its due date"),
    "not_due": ("diamond-open", "ink3", "open, to its expected finish"),
    "cancelled": ("x", "ink3", "cancelled"),
    "missing_baseline": ("square-open", "ink3", "without a due date"),
    "invalid": ("square-open", "ink3", "done without a finish date"),
}


def plot_product_lives(
    visits: pd.DataFrame,
    spans: pd.DataFrame,
    products: pd.DataFrame,
    *,
    as_of: str,
    time_zone: str,
) -> go.Figure:
    """Draw each product as a lane: grey stages, below them its projects, and its planned end.

    Parameters
    ----------
    visits
        `StageVisits` of the products.
    spans
        `ProjectSpans`.
    products
        `Products`, for names and planned ends.
    as_of
        Status date of the visits.
    time_zone
        IANA zone whose days count.
    """
    if visits.empty:
        return nothing("The lives of the products are not known", NEEDED["product"])
    local = {name: local_times(visits[name], time_zone) for name in ("entered_at", "exited_at")}
    visits = visits.assign(**local)
    lanes = _lanes(visits, spans, products)
    finding = _finding(visits, spans[spans["product_id"].isin(visits["item_id"])])
    known = spans[spans["product_id"].isin(lanes.index)].dropna(subset=["start_date", "end_date"])
    spans = _shown(known, max(1, MOST_PROJECTS // len(lanes)))
    visits = visits[visits["item_id"].isin(lanes.index)]
    today = pd.Timestamp(as_of).tz_localize(None).normalize()
    first = max(visits["entered_at"].min(), today - pd.DateOffset(years=YEARS_BACK))
    last = max([today, *spans["end_date"], *lanes["end"].dropna()])
    last = min(last, today + pd.DateOffset(years=YEARS_AHEAD))
    drawing = figure(
        finding,
        f"Lifecycle stage of each product (grey bar) and its projects (lines below), "
        f"{day(first)} to {day(last)}",
        alt=". ".join(f"{row['name']}: {row['told']}" for _, row in lanes.iterrows()) + ".",
        note=_note(lanes, spans, last, [*dict.fromkeys(visits["stage"])], n_known=len(known)),
    )
    _draw_stages(drawing, visits, lanes, first, today)
    _draw_projects(drawing, spans, lanes, first)
    _draw_ends(drawing, lanes, today)
    _draw_axes(drawing, lanes, first, last, today)
    return drawing


def _lanes(visits: pd.DataFrame, spans: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return one lane per product, the oldest on top: its name, its place, its stage in words."""
    now = visits[visits["is_open"]].drop_duplicates("item_id", keep="last").set_index("item_id")
    latest = now.sort_values("entered_at", kind="stable").tail(MOST_LIVES).index
    order = visits.groupby("item_id")["entered_at"].min().sort_values(kind="stable").index
    lanes = now.loc[[product for product in order if product in latest]]
    facts = products.set_index("product_id").reindex(lanes.index)
    lanes = lanes.assign(
        name=facts["name"].fillna(lanes.index.to_series()),
        end=facts["planned_retirement_date"],
        since=lanes["entered_at"].map(day),
        n_tracks=_n_tracks(spans).reindex(lanes.index).fillna(0).clip(upper=MOST_TRACKS),
        n_of=len(now),
    )
    lanes["told"] = lanes["stage"] + " since " + lanes["since"]
    lanes["told"] += ("; planned end " + lanes["end"].map(day)).where(lanes["end"].notna(), "")
    height = LABEL + BAR + lanes["n_tracks"] * TRACK + GAP
    return lanes.assign(top=height.cumsum() - height, bottom=height.cumsum())


def _shown(spans: pd.DataFrame, n_each: int) -> pd.DataFrame:
    """Return so many projects of each product: open and late ones first, then the latest."""
    is_late = spans["on_time"] == "late_open"
    order = spans.assign(is_late=is_late).sort_values(["is_late", "end_date"], kind="stable")
    return spans[spans.index.isin(order.groupby("product_id").tail(n_each).index)]


def _n_tracks(spans: pd.DataFrame) -> pd.Series:
    known = spans.dropna(subset=["start_date", "end_date"])
    return _tracks(known).groupby(known["product_id"]).max() + 1


def _tracks(spans: pd.DataFrame) -> pd.Series:
    """Return for each project the first line of its lane that is free when it begins."""
    tracks: dict[object, int] = {}
    ends: dict[object, list[pd.Timestamp]] = {}
    for number, row in spans.sort_values("start_date", kind="stable").iterrows():
        lane = ends.setdefault(row["product_id"], [])
        free = (track for track, end in enumerate(lane) if end < row["start_date"])
        track = next(free, len(lane))
        lane[track : track + 1] = [row["end_date"]]
        tracks[number] = track
    return pd.Series(tracks, dtype="int64").reindex(spans.index)


def _draw_stages(
    drawing: go.Figure,
    visits: pd.DataFrame,
    lanes: pd.DataFrame,
    first: pd.Timestamp,
    today: pd.Timestamp,
) -> None:
    shade_of = dict(zip(dict.fromkeys(visits["stage"]), SHADES * len(visits), strict=False))
    start = visits["entered_at"]
    end = visits["exited_at"].fillna(today + pd.Timedelta(days=1))
    for number, row in visits.reset_index(drop=True).iterrows():
        begun, ended, shade = start.iloc[number], end.iloc[number], shade_of[row["stage"]]
        if ended <= first:
            continue
        shown = max(begun, first)
        until = "now" if row["is_open"] else day(ended)
        drawing.add_bar(
            orientation="h", base=[shown], x=[(ended - shown) / pd.Timedelta(milliseconds=1)],
            y=[lanes.loc[row["item_id"], "top"] + LABEL + BAR / 2], width=BAR,
            marker={"color": LIGHT[shade], "line": {"color": LIGHT["page"], "width": 1}},
            text=escaped(row["stage"]), textposition="inside", insidetextanchor="start",
            textfont={"size": 11, "color": LIGHT["on_deep" if shade in DEEP else "on_pale"]},
            hovertext=f"{escaped(row['stage'])}<br>{day(begun)} – {until}, {days(row['days'])}",
            hoverinfo="text", constraintext="inside", customdata=[[row["item_id"]]],
        )  # fmt: skip
    drawing.update_layout(barmode="overlay", uniformtext={"minsize": 11, "mode": "hide"})


def _draw_projects(
    drawing: go.Figure, spans: pd.DataFrame, lanes: pd.DataFrame, first: pd.Timestamp
) -> None:
    """Draw each project as a line that ends in the mark of its state; early ones reach the edge."""
    if spans.empty:
        return
    track = _tracks(spans).clip(upper=MOST_TRACKS - 1)
    top = spans["product_id"].map(lanes["top"])
    y = top + LABEL + BAR + (track + 0.8) * TRACK
    spans = spans.assign(y=y, start_date=spans["start_date"].clip(lower=first))
    spans = spans[spans["end_date"] > first]
    for state, (symbol, color, words) in LOOKS.items():
        alike = spans[spans["on_time"] == state]
        if alike.empty:
            continue
        ends = [x for s, e in zip(alike["start_date"], alike["end_date"], strict=True)
                for x in (s, e, None)]  # fmt: skip
        levels = [level for value in alike["y"] for level in (value, value, None)]
        drawing.add_scatter(
            x=ends, y=levels, mode="lines", hoverinfo="skip",
            line={"color": LIGHT[color], "width": 1.5 if symbol.endswith("open") else 3},
        )  # fmt: skip
        hover = [f"{escaped(name)}<br>{words}, {day(end)}"
                 for name, end in zip(alike["name"], alike["end_date"], strict=True)]  # fmt: skip
        mark(drawing, alike["end_date"].tolist(), alike["y"].tolist(), hover,
             symbol=symbol, color=color, size=8,
             ids=alike["project_id"].tolist())  # fmt: skip


def _draw_ends(drawing: go.Figure, lanes: pd.DataFrame, today: pd.Timestamp) -> None:
    """Mark the planned ends; one that has passed before its product ended is orange."""
    known = lanes[lanes["end"].notna()]
    is_missed = (known["end"] < today) & (known["outcome"] != "terminal")
    for is_bad, alike in known.groupby(is_missed):
        hover = [f"Planned end {day(end)}" for end in alike["end"]]
        y = (alike["top"] + LABEL + BAR / 2).tolist()
        color = "bad" if is_bad else "ink"
        mark(drawing, alike["end"].tolist(), y, hover, symbol="line-ns", color=color, size=20,
             ids=alike.index.tolist())  # fmt: skip


def _draw_axes(
    drawing: go.Figure,
    lanes: pd.DataFrame,
    first: pd.Timestamp,
    last: pd.Timestamp,
    today: pd.Timestamp,
) -> None:
    height = float(lanes["bottom"].iloc[-1])
    drawing.update_xaxes(type="date", range=[first, last + (last - first) * 0.02], nticks=6)
    drawing.update_yaxes(visible=False, range=[height, -12])
    drawing.update_layout(height=height + 12 + 126)
    drawing.add_shape(
        type="line", x0=today, x1=today, y0=0, y1=1, yref="paper",
        line={"color": LIGHT["neutral"], "width": 1},
    )  # fmt: skip
    drawing.add_annotation(
        x=today, y=1, yref="paper", yanchor="bottom", text=day(today), showarrow=False,
        font={"size": 12, "color": LIGHT["ink2"]},
    )  # fmt: skip
    alike = {"x": 0, "xref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False,
             "font": {"size": 12, "color": LIGHT["ink"]}}  # fmt: skip
    annotate(drawing, [
        alike | {"y": row["top"] + LABEL - 3,
                 "text": row_label(row["name"], f"{brief(row['stage'])} since {row['since']}")}
        for _, row in lanes.iterrows()
    ])  # fmt: skip


def _finding(visits: pd.DataFrame, spans: pd.DataFrame) -> str:
    now = visits[visits["is_open"]].drop_duplicates("item_id", keep="last")
    n = len(now)
    is_late = spans["on_time"] == "late_open"
    if spans.empty:
        counts = now["stage"].value_counts(sort=False)
        told = [f"{k} in {stage}" for stage, k in counts.items()]
        return f"{count(n, 'product')}: {listed(told)}"
    n_open = spans.loc[spans["is_open"], "project_id"].nunique()
    n_late = spans.loc[is_late, "project_id"].nunique()
    n_products = spans.loc[is_late, "product_id"].nunique()
    if not n_open:
        return f"No project of {count(n, 'product')} is open"
    served = spans.loc[spans["is_open"], "product_id"].nunique()
    of_all = f"{count(n_open, 'open project')} for {count(served, 'product')}"
    if not n_late:
        return f"None of {of_all} is past its due date"
    return (
        f"{n_late} of {of_all} {'is' if n_late == 1 else 'are'} past the due date, "
        f"on {count(n_products, 'product')}"
    )


def _note(
    lanes: pd.DataFrame, spans: pd.DataFrame, last: pd.Timestamp, stages: list[str], *, n_known: int
) -> str:
    marks = {
        "Blue disc: finished on time": ["on_time", "early"],
        "orange triangle: late, hollow if still open": ["late", "late_open"],
        "grey diamond: open, to the finish now expected": ["not_due"],
        "cross: cancelled": ["cancelled"],
        "grey square: cannot be judged": ["missing_baseline", "invalid"],
    }
    used = [words for words, states in marks.items() if spans["on_time"].isin(states).any()]
    told = f"{'; '.join(used)}." if used else "No project belongs to these products."
    parts = [told[0].upper() + told[1:]]
    if 1 < len(stages) <= len(SHADES):
        parts.append(f"Shades of grey: {listed(stages)}.")
    if lanes["end"].notna().any():
        parts.append("An upright tick is the planned end of a product, orange if missed.")
    if (spans["end_date"] > last).any():
        parts.append("Lines that leave the figure end later.")
    if len(spans) < n_known:
        n_each = spans["product_id"].value_counts().max()
        parts.append(f"At most {n_each} projects of a product are drawn: late ones, then the last.")
    n_hidden = int(lanes["n_of"].iloc[0]) - len(lanes)
    if n_hidden > 0:
        parts.append(f"The {len(lanes)} products that changed last are shown.")
    return " ".join(parts)
