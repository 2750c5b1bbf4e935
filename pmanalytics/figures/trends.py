"""How a rate develops, and whether its change is more than chance."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.figures.rates import TITLES, against, stated
from pmanalytics.figures.theme import LIGHT, SMALL, figure, mark, nothing
from pmanalytics.figures.words import HOW_TO_READ, day, percent, points, signed

MOST_PERIODS = 12
HALF = 0.46
VERDICTS = {
    "better": "▲ Better",
    "worse": "▼ Worse",
    "no_clear_change": "● No clear change",
    "too_few": "Too few to compare",
}
COHORTS = {"due": "due", "finish": "finished"}
OTHER_VIEW = {"due": "by finish date", "finish": "by due date"}
SEEN = {
    "better": "better",
    "worse": "worse",
    "no_clear_change": "no clear change",
    "too_few": "too few to compare",
}


def plot_rate_trend(trend: pd.DataFrame, change: pd.DataFrame) -> go.Figure:
    """Draw a rate per period with its 95 % intervals, and the two blocks of periods compared.

    Parameters
    ----------
    trend
        `RateTrends` of one measure and cohort.
    change
        `RateChanges` of the same measure.
    """
    if trend["rate"].isna().all():
        measure = change["measure"].map(TITLES).iloc[0].casefold()
        return nothing(
            f"This data cannot show how the share of projects {measure} develops",
            f"That needs projects with a planned and an actual finish date. {HOW_TO_READ}",
        )
    shown = trend.tail(MOST_PERIODS).reset_index(drop=True)
    compared = change[change["cohort"] == shown["cohort"][0]].iloc[0]
    other = change[change["cohort"] != shown["cohort"][0]].iloc[0]
    said = [f"{_period(row)}: {stated(row)}" for _, row in shown.iterrows()]
    drawing = figure(
        change_finding(compared, other),
        _subtitle(shown),
        alt=f"{VERDICTS[compared['verdict']]}: {_sides(compared)}. {'. '.join(said)}.",
        note=_note(compared, other, n_earlier=len(trend) - len(shown)),
        height=300,
    )
    if shown["window"].eq(1).all():
        _draw_blocks(drawing, shown, compared)
    _draw_rates(drawing, shown, said)
    drawing.update_xaxes(
        range=[-0.65, len(shown) - 0.35], tickvals=[*shown.index], showgrid=False,
        ticktext=_ticks(shown), tickangle=0,
    )  # fmt: skip
    drawing.update_yaxes(range=[-0.05, 1.26], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    drawing.update_layout(margin_l=46, margin_b=72)
    return drawing


def _draw_rates(drawing: go.Figure, shown: pd.DataFrame, said: list[str]) -> None:
    known = shown[shown["rate"].notna()]
    is_hollow = (known["reliability"] == "too_few") | ~known["is_complete"]
    for is_drawn, symbol, width in ((~is_hollow, "circle", 2), (is_hollow, "circle-open", 1)):
        part = known[is_drawn]
        whiskers = [
            (position, end) for position, row in part.iterrows()
            for end in (row["low"], row["high"], None)
        ]  # fmt: skip
        drawing.add_scatter(
            x=[x for x, _ in whiskers], y=[y for _, y in whiskers], mode="lines",
            hoverinfo="skip", line={"color": LIGHT["neutral"], "width": width},
        )  # fmt: skip
        hover = [said[position] for position in part.index]
        mark(drawing, [*part.index], part["rate"].tolist(), hover, symbol=symbol, color="good")


def _draw_blocks(drawing: go.Figure, shown: pd.DataFrame, compared: pd.Series) -> None:
    """Draw the rate of all periods of either side as a line, its interval as a band."""
    for side, wash, line, words in (
        ("then", "panel", "neutral", "before"),
        ("now", "good_wash", "good", "latest"),
    ):
        start, end = compared[f"{side}_start_date"], compared[f"{side}_end_date"]
        inside = shown.index[(shown["period_start_date"] >= start)
                             & (shown["period_end_date"] <= end)]  # fmt: skip
        if inside.empty:
            continue
        left, right = inside[0] - HALF, inside[-1] + HALF
        rate = compared[f"rate_{side}"]
        if compared["verdict"] != "too_few":
            low, high = compared[f"low_{side}"], compared[f"high_{side}"]
            drawing.add_shape(
                type="rect", x0=left, x1=right, y0=low, y1=high, fillcolor=LIGHT[wash],
                line_width=0, layer="below",
            )  # fmt: skip
            drawing.add_shape(
                type="line", x0=left, x1=right, y0=rate, y1=rate, layer="below",
                line={"color": LIGHT[line], "width": 2},
            )  # fmt: skip
        drawing.add_annotation(
            x=left, y=1.02, xanchor="left", yanchor="bottom", align="left", showarrow=False,
            text=f"<b>{len(inside)} {words}</b><br>{_rate_of(compared, side)}",
            font={"size": SMALL, "color": LIGHT["ink2"]},
        )  # fmt: skip


def change_finding(compared: pd.Series, other: pd.Series) -> str:
    """Return the verdict in words: the verb depends on the evidence."""
    measure, what = TITLES[compared["measure"]], COHORTS[compared["cohort"]]
    now, then = _short(compared, "now"), _short(compared, "then")
    latest = f"the last {compared['window']} complete {compared['every']}s"
    plan = against(compared)
    if not compared["n_now"] + compared["n_then"]:
        return f"No project {what} in {latest} or before can be judged"
    if compared["verdict"] == "too_few":
        return f"Too few projects {what} in {latest} or before to compare: {now} after {then}"
    if compared["verdict"] in ("better", "worse"):
        verb = "rose" if compared["verdict"] == "better" else "fell"
        way = "up" if compared["verdict"] == "better" else "down"
        change = points(abs(compared["difference"]))
        return f"{measure}{plan} {verb} to {now}, {way} {change} on {before(compared)}"
    said = f"{now} of projects {what} in {latest} were {measure.casefold()}{plan}"
    if compared["views_agree"] or compared["seen"] == "no_clear_change":
        return f"{said}; the change from {then} could be chance"
    seen = f"{SEEN[compared['seen']]} than {then}"
    return f"{said}: {seen}, but {OTHER_VIEW[compared['cohort']]} {SEEN[other['seen']]}"


def before(compared: pd.Series) -> str:
    """Return what the later periods are compared with."""
    years = compared["now_start_date"].year - compared["then_start_date"].year
    same_month = compared["now_start_date"].month == compared["then_start_date"].month
    if years == 1 and same_month:
        return "the year before"
    return f"the {compared['window']} {compared['every']}s before"


def _subtitle(shown: pd.DataFrame) -> str:
    first = shown.iloc[0]
    what = COHORTS[first["cohort"]]
    window = f"{first['window']} {first['every']}s up to each" if first["window"] > 1 else "each"
    unit = "one" if first["window"] > 1 else first["every"]
    plan = against(first) or " against the first approved plan"
    measure = TITLES[first["measure"]].casefold()
    return (
        f"Share of projects {what} in {window} {unit} that were {measure}{plan}, 95% Wilson "
        f"intervals; as of {day(first['as_of'])}"
    )


def _note(compared: pd.Series, other: pd.Series, *, n_earlier: int) -> str:
    parts = [
        f"{VERDICTS[compared['verdict']]}: {_sides(compared)}.",
        f"The view {OTHER_VIEW[compared['cohort']]} shows {SEEN[other['seen']]}; a change is "
        "claimed only where both views show it.",
        "Hollow: fewer than 5 projects, or a period still running.",
    ]
    if compared["cohort"] == "finish":
        parts.append("By finish date, late projects still open are in no period.")
    if n_earlier:
        parts.append(f"{n_earlier} earlier periods stand in the data only.")
    return " ".join(parts)


def _sides(compared: pd.Series) -> str:
    """Return both sides and their difference in words."""
    sides = f"{counts(compared, 'now')} after {counts(compared, 'then')}"
    if compared["verdict"] == "too_few":
        return sides
    low, high = signed(compared["low"] * 100), signed(compared["high"] * 100)
    difference = signed(compared["difference"] * 100)
    return f"{sides}, {difference} points (95%: {low} to {high})"


def _short(compared: pd.Series, side: str) -> str:
    if compared["verdict"] == "too_few":
        return counts(compared, side)
    return percent(compared[f"rate_{side}"])


def _rate_of(compared: pd.Series, side: str) -> str:
    said = counts(compared, side)
    return said if compared["verdict"] == "too_few" else f"{_short(compared, side)}, {said}"


def counts(compared: pd.Series, side: str) -> str:
    """Return how many of how many succeeded on one side."""
    return f"{compared[f'k_{side}']} of {compared[f'n_{side}']}"


def _period(row: pd.Series) -> str:
    end = row["period_end_date"]
    names = {"month": f"{end:%b %Y}", "quarter": f"Q{end.quarter} {end.year}"}
    running = "" if row["is_complete"] else " (still running)"
    return names.get(row["every"], str(end.year)) + running


def _ticks(shown: pd.DataFrame) -> list[str]:
    """Return a label per period: its name, its year where that begins, and its n."""
    texts = []
    for position, row in shown.iterrows():
        end = row["period_end_date"]
        name = {"month": f"{end:%b}", "quarter": f"Q{end.quarter}"}.get(row["every"], "")
        is_new = position == 0 or end.year != shown["period_end_date"][position - 1].year
        year = f"<b>{end.year}</b>" if is_new else " "
        before = "n " if position == 0 else ""
        texts.append("<br>".join(filter(None, [name, year, f"{before}{row['n']}"])))
    return texts
