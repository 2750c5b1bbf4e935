"""The only styling of figures: one data colour, one colour for trouble, ink and greys.

Blue is data, or inside tolerance; orange is outside tolerance and nothing else. Colour never works
alone: what is late also has another mark, a sign or a word. A figure is drawn in the light colours;
a report in the dark exchanges them one for one, so a light colour stands for one dark one only.
"""

from __future__ import annotations

import textwrap
from typing import Any

import plotly.graph_objects as go

from pmanalytics.figures.words import brief, escaped

LIGHT = {
    "page": "#FFFFFF", "panel": "#F4F6F8", "ink": "#14181D", "ink2": "#454E5B", "ink3": "#646E7C",
    "rule": "#D5DAE1", "grid": "#E8EBEF", "neutral": "#7C8694",
    "good": "#1B6CA8", "good_text": "#165B8F", "good_wash": "#E3EEF7",
    "bad": "#AD3A08", "bad_text": "#98330A", "bad_wash": "#FBE9E0",
    "warn_text": "#805600", "warn_wash": "#FAF0D7",
    "stage1": "#E2E7ED", "stage2": "#C5CFD9", "stage3": "#9FADBC", "stage4": "#627489",
    "stage5": "#33445A", "stage6": "#76717F", "on_pale": "#15181C", "on_deep": "#FEFEFE",
    "flow_before": "#D3DAE3", "flow1": "#2A669E", "flow2": "#5F8FBF", "flow3": "#9DB7D3",
    "flow_done": "#ECEFF2", "within50": "#EEF2F6", "within85": "#DDE5ED", "within95": "#C6D2DF",
}  # fmt: skip
DARK = {
    "page": "#101419", "panel": "#1A2028", "ink": "#ECEFF3", "ink2": "#B6BFCB", "ink3": "#929DAB",
    "rule": "#333C48", "grid": "#252D37", "neutral": "#8893A2",
    "good": "#5EAFE8", "good_text": "#7CC0F0", "good_wash": "#16293A",
    "bad": "#EE6C33", "bad_text": "#FF9B68", "bad_wash": "#3A2118",
    "warn_text": "#EBC15C", "warn_wash": "#352A12",
    "stage1": "#252D38", "stage2": "#35414E", "stage3": "#4A5A6B", "stage4": "#7C8FA4",
    "stage5": "#B9C7D5", "stage6": "#8E8998", "on_pale": "#F4F6F8", "on_deep": "#0B0E12",
    "flow_before": "#2E3845", "flow1": "#86BCEA", "flow2": "#4584BB", "flow3": "#33597F",
    "flow_done": "#1E2630", "within50": "#171E26", "within85": "#202A35", "within95": "#2C3947",
}  # fmt: skip
FONT = 'Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif'
SMALL = 12
TITLE_WIDTH = 80
ROW_HEIGHT = 40


def figure(
    finding: str, subtitle: str, *, alt: str, note: str = "", height: int = 320
) -> go.Figure:
    """Return an empty figure that states its finding.

    Finding, subtitle, text alternative and note also stand in `layout.meta`, for a page that shows
    them as text.
    """
    title = "<br>".join(textwrap.wrap(escaped(finding), TITLE_WIDTH))
    axis = {
        "gridcolor": LIGHT["grid"],
        "linecolor": LIGHT["rule"],
        "zeroline": False,
        "ticks": "",
        "tickangle": 0,
        "fixedrange": True,
        "tickfont": {"color": LIGHT["ink2"], "size": SMALL},
        "title": {"font": {"color": LIGHT["ink3"], "size": SMALL}},
    }
    layout: dict[str, Any] = {
        "template": "none",
        "meta": {"finding": finding, "subtitle": subtitle, "alt": alt, "note": note},
        "title": {
            "text": f"<b>{title}</b>",
            "subtitle": {"text": escaped(subtitle), "font": {"color": LIGHT["ink2"]}},
            "font": {"size": 16, "color": LIGHT["ink"]},
            "x": 0, "xref": "paper", "xanchor": "left",
            "y": 1, "yref": "container", "yanchor": "top",
            "pad": {"t": 23 if "<br>" in title else 12},  # plotly lifts one of several lines
        },
        "font": {"family": FONT, "size": SMALL, "color": LIGHT["ink"]},
        "paper_bgcolor": LIGHT["page"],
        "plot_bgcolor": LIGHT["page"],
        "height": height + 70,
        "margin": {"l": 12, "r": 22, "t": 86, "b": 40},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": LIGHT["panel"],
            "bordercolor": LIGHT["rule"],
            "font": {"family": FONT, "size": SMALL, "color": LIGHT["ink"]},
        },
        "xaxis": axis,
        "yaxis": axis,
    }  # fmt: skip
    return go.Figure(layout=layout)


def nothing(finding: str, needed: str) -> go.Figure:
    """Return a figure without marks, which says what is missing and what would fill it."""
    return figure(finding, needed, alt=f"{finding}. {needed}", height=40)


def row_label(label: str, detail: str) -> str:
    """Return the text over a row: its label, cut to fit, and in grey its detail."""
    text = f"<b>{escaped(brief(label))}</b>"
    return text + (
        f"  <span style='color:{LIGHT['ink3']}'>{escaped(detail)}</span>" if detail else ""
    )


def rows(
    drawing: go.Figure, labels: list[str], details: list[str], *, height: int = ROW_HEIGHT
) -> None:
    """Make the y axis a list of rows, each with its label above it; the first is on top.

    A row whose marks need room below them is higher.
    """
    n = len(labels)
    drawing.update_yaxes(visible=False, range=[n - 0.55, -0.75])
    drawing.update_layout(height=n * height + 150)
    alike = {"x": 0, "xref": "paper", "xanchor": "left", "yshift": 17, "align": "left",
             "showarrow": False, "font": {"size": SMALL, "color": LIGHT["ink"]}}  # fmt: skip
    told = zip(labels, details, strict=True)
    annotate(drawing, [
        alike | {"y": position, "text": row_label(*each)} for position, each in enumerate(told)
    ])  # fmt: skip


def annotate(drawing: go.Figure, annotations: list[dict[str, Any]]) -> None:
    """Add annotations all at once; one by one, plotly copies all that are there each time."""
    drawing.layout.annotations = (*drawing.layout.annotations, *annotations)


def bar(
    drawing: go.Figure, row: float, low: float, high: float, *, color: str, width: int = 8
) -> None:
    """Draw a flat line from low to high in a row, without a hover label."""
    drawing.add_scatter(
        x=[low, high], y=[row, row], mode="lines", hoverinfo="skip",
        line={"color": LIGHT[color], "width": width},
    )  # fmt: skip


def mark(
    drawing: go.Figure,
    x: list,
    y: list,
    hover: list[str],
    *,
    symbol: str,
    color: str,
    size: int | list[float] = 11,
    ids: list[str] | None = None,
) -> None:
    """Draw marks, each with its hover label; an '-open' symbol is filled with the page.

    `ids` names the project, product or issue of each mark, by which a page finds all of its marks:
    it is the first entry of a mark's `customdata`, in every figure.
    """
    is_open = symbol.endswith("-open")
    line_width = 2 if is_open else 3 if symbol.startswith("line") else 0
    drawing.add_scatter(
        x=x, y=y, mode="markers", text=hover, hovertemplate="%{text}<extra></extra>",
        customdata=None if ids is None else [[name] for name in ids],
        marker={
            "symbol": symbol.removesuffix("-open"),
            "size": size,
            "color": LIGHT["page"] if is_open else LIGHT[color],
            "line": {"color": LIGHT[color], "width": line_width},
        },
    )  # fmt: skip
