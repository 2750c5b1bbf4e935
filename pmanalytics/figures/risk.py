"""What the open risks may cost, over time and by project, and which nobody looks after."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.theme import LIGHT, figure, mark, nothing
from pmanalytics.figures.words import count, day, number, percent

LACKS = {
    "is_review_overdue": "review on time",
    "has_no_owner": "owner",
    "has_no_assessment": "assessment",
}


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
    drawing.update_xaxes(type="date", nticks=4)
    drawing.update_layout(margin_l=52, margin_r=30)
    return drawing


def exposure_rows(whole: pd.DataFrame, projects: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what the open risks of each project may cost, and which project carries the most.

    Parameters
    ----------
    whole
        `RiskExposure` of all risks.
    projects
        `RiskExposure` by project, with the `name` of each beside it.
    """
    known = projects[projects["exposure"] > 0].sort_values("exposure", ascending=False)
    table = pd.DataFrame(
        {
            "project": known["name"],
            "project_id": known["project_id"],
            "exposure": known["exposure"],
            "open_risks": known["n_open"],
            "chance_of_at_least_one": known["any_share"].map(percent),
        }
    )
    if known.empty:
        return table, "What the open risks of each project may cost is not known"
    first = known.iloc[0]
    return table, f"{first['name']} carries {_money(first)} of the {_money(whole.iloc[0])} exposed"


def neglected_rows(hygiene: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the open risks that lack care, each with what it lacks, and how many of all they are.

    Parameters
    ----------
    hygiene
        `RiskHygiene`.
    """
    lacks = pd.DataFrame({text: hygiene[name] for name, text in LACKS.items()})
    words = [", ".join(lacks.columns[row]) for row in lacks.to_numpy(dtype=bool)]
    table = hygiene.assign(lacking=words).loc[lacks.any(axis="columns")]
    table = table[["risk_id", "name", "owner", "lacking"]].rename(columns={"name": "risk"})
    whole = count(len(hygiene), "open risk")
    if table.empty:
        return table, f"Each of {whole} has an owner, an assessment and a review to come"
    need = "lacks" if len(table) == 1 else "lack"
    return table, f"{len(table)} of {whole} {need} an owner, an assessment or a review on time"


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
