"""What the open risks may cost, over time."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, figure, mark, nothing
from pmanalytics.figures.words import count, day, number


def plot_exposure(exposure: pd.DataFrame) -> go.Figure:
    """Draw what the risks open on each date may cost on average.

    Parameters
    ----------
    exposure
        `ExposureOverTime`.
    """
    known = exposure.dropna(subset=["exposure"])
    if known.empty:
        return nothing(
            "What the open risks may cost is not known",
            "That needs a register of risks with a probability, a cost, and the day each was "
            "opened.",
        )
    told = [_stated(row) for _, row in known.iterrows()]
    drawing = figure(
        _finding(known),
        "Sum of probability × cost over the risks open on each date",
        alt=f"From {day(known['date'].iloc[0])} to {day(known['date'].iloc[-1])}: "
        + "; ".join(f"{day(row['date'])} {_money(row)}" for _, row in known.iterrows())
        + ".",
        note=_note(exposure),
        height=240,
    )
    dates, amounts = known["date"].tolist(), known["exposure"].tolist()
    drawing.add_scatter(
        x=dates, y=amounts, mode="lines", hoverinfo="skip",
        line={"color": LIGHT["good"], "width": 2},
    )  # fmt: skip
    mark(drawing, dates, amounts, told, symbol="circle", color="good", size=8)
    drawing.update_yaxes(rangemode="tozero", tickformat=",.2~s", nticks=5)
    drawing.update_xaxes(type="date", nticks=5)
    drawing.update_layout(margin_l=52, margin_r=30)
    return drawing


def _finding(known: pd.DataFrame) -> str:
    first, last = known.iloc[0], known.iloc[-1]
    whole = f"{_money(last)} on {day(last['date'])}, with {count(last['n_open'], 'open risk')}"
    if len(known) == 1:
        return f"Risk exposure was {whole}"
    change = last["exposure"] - first["exposure"]
    verb = "fell" if change < 0 else "rose" if change > 0 else "stayed as it was"
    since = f" from {_money(first)} on {day(first['date'])}" if change else ""
    return f"Risk exposure {verb}{since}{' to' if change else ':'} {whole}"


def _note(exposure: pd.DataFrame) -> str:
    last = exposure.iloc[-1]
    parts = ["An average over many such registers, each risk as it is assessed now."]
    if last["n_unassessed"]:
        parts.append(
            f"Not in the sum: {count(last['n_unassessed'], 'open risk')} without a probability or "
            "a cost."
        )
    if last["n_undated"]:
        parts.append(f"Left out: {count(last['n_undated'], 'risk')} whose days are not known.")
    return " ".join(parts)


def _stated(row: pd.Series) -> str:
    return f"{day(row['date'])}<br>{_money(row)}, {count(row['n_open'], 'open risk')}"


def _money(row: pd.Series) -> str:
    currency = row["currency"] if isinstance(row["currency"], str) else ""
    return f"{currency} {number(row['exposure'])}".strip()
