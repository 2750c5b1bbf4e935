"""Where products stand, how the portfolio is mixed, the way to the market, and what needs care."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pmanalytics.calendars import local_days
from pmanalytics.figures.stages import NEEDED
from pmanalytics.figures.theme import LIGHT, bar, figure, mark, nothing, rows
from pmanalytics.figures.words import HOW_TO_READ, count, day, days, listed, percent
from pmanalytics.intervals import TOO_FEW

UNUSUAL = 0.25
MOST_ROWS = 24
MOST_GROUPS = 4  # that a finding names
ARRIVALS = {
    "arrived": ("circle", "good", ""),
    "on_the_way": ("triangle-right-open", "ink3", " so far"),
    "ended": ("x", "ink3", ", then ended without arriving"),
}


def product_names(ids: pd.Series, products: pd.DataFrame) -> pd.Series:
    """Return the name of each product, or else its id."""
    names = products.set_index("product_id")["name"].reindex(ids).set_axis(ids.index)
    return names.fillna(ids)


def stage_rows(stages: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return where each product is now, as a list to go through, and what it says.

    Parameters
    ----------
    stages
        `ProductStages`.
    """
    told = stages["longer_share"].where(stages["n_ended"].ge(TOO_FEW).fillna(value=False))
    words = [
        f"{percent(share)} of {n} others" if pd.notna(share) else _why_not(row)
        for share, n, (_, row) in zip(told, stages["n"], stages.iterrows(), strict=True)
    ]
    table = pd.DataFrame(
        {
            "product": stages["name"],
            "product_id": stages["product_id"],
            "stage": stages["stage"],
            "days_in_stage": stages["days"].round(),
            "stay_longer_than_that": words,
        }
    )
    return table, _stage_finding(stages.assign(told=told))


def _why_not(row: pd.Series) -> str:
    if pd.notna(row["reason"]):
        return str(row["reason"])
    return f"too few: {row['n_ended']} of {row['n']} left"


def _stage_finding(stages: pd.DataFrame) -> str:
    if stages.empty:
        return "No product is known"
    unusual = stages[stages["told"] <= UNUSUAL].sort_values("told")
    if len(unusual):
        row = unusual.iloc[0]
        said = f"{row['name']} has been in {row['stage']} for {days(row['total_days'])}"
        others = f"of {row['n']} others"
        if not row["told"]:
            return f"{said}; none {others} stayed so long"
        return f"{said}; {percent(row['told'])} {others} stay longer"
    if stages["told"].notna().any():
        return "No product has been in its stage for unusually long"
    return "Too few products have left a stage to say which one is in its for long"


def move_rows(
    moves: pd.DataFrame, products: pd.DataFrame, *, since: str, time_zone: str
) -> tuple[pd.DataFrame, str]:
    """Return which products went on to another stage, and what that says.

    Parameters
    ----------
    moves
        `StageMoves` of products.
    products
        `Products`, for the names.
    since
        The day after which the moves were made.
    time_zone
        IANA zone whose days count.
    """
    table = pd.DataFrame(
        {
            "product": product_names(moves["item_id"], products),
            "product_id": moves["item_id"],
            "from": moves["from_stage"],
            "to": moves["to_stage"],
            "on": local_days(moves["moved_at"], time_zone),
            "after_days": moves["days"].round(),
        }
    )
    n_back = int(moves["is_backward"].fillna(value=False).sum())
    finding = f"{count(len(moves), 'move')} to another stage since {day(since)}"
    finding += f", {n_back} of them back" if n_back else ""
    if 0 < len(table) <= MOST_GROUPS:
        told = [f"{row['product']} to {row['to']}" for _, row in table.iterrows()]
        finding += f": {listed(told)}"
    return table, finding


def plot_stage_mix(mix: pd.DataFrame) -> go.Figure:
    """Draw how many products are in each stage; those whose life has ended stand apart.

    Parameters
    ----------
    mix
        `StageMix`, not grouped further.
    """
    if mix["n"].sum() == 0:
        return nothing("No product is known", NEEDED["product"])
    n_active = int(mix["n_active"].iloc[0])
    told = [_in_stage(row, n_active) for _, row in mix.iterrows()]
    stages = mix["stage"].fillna("stage not known").tolist()
    drawing = figure(
        _mix_finding(mix, n_active),
        "Products in each stage of the lifecycle; shares are of the active ones",
        alt="; ".join(f"{stage}: {words}" for stage, words in zip(stages, told, strict=True)) + ".",
        note="A full count, so no interval. Products whose life has ended are in no share.",
    )
    rows(drawing, stages, told)
    for position, (_, row) in enumerate(mix.iterrows()):
        is_counted = pd.notna(row["active_share"])
        if row["n"]:
            bar(drawing, position, 0, row["n"], color="good" if is_counted else "rule", width=12)
    drawing.update_xaxes(
        range=[0, max(mix["n"].max() * 1.02, 1)], dtick=max(mix["n"].max() // 5, 1)
    )
    return drawing


def mix_rows(mix: pd.DataFrame, *, by: str) -> tuple[pd.DataFrame, str]:
    """Return how many products of each group are in each stage, and which group has the most.

    Parameters
    ----------
    mix
        `StageMix` by the column `by`.
    by
        The column of the groups.
    """
    stages = mix["stage"].fillna("stage not known")
    n = mix.assign(stage=stages, group=mix[by].fillna("(none)"))
    table = n.pivot_table(index="group", columns="stage", values="n", aggfunc="sum", sort=False)
    table = table.loc[:, table.sum() > 0].reset_index().rename(columns={"group": by})
    active = n.groupby("group", sort=False)["n_active"].first()
    if not active.sum():
        return table, f"No product is active, by {by.lower()} or at all"
    whole = count(active.sum(), "active product")
    if (active == active.max()).sum() > 1:
        return table, f"{whole}, in {count(len(active), by.lower())}"
    return table, (
        f"Of {count(len(active), by.lower())} {active.idxmax()} has the most active products: "
        f"{active.max()} of {active.sum()}"
    )


def _in_stage(row: pd.Series, n_active: int) -> str:
    if pd.isna(row["active_share"]) or n_active < TOO_FEW:
        return str(row["n"])
    return f"{row['n']}, {percent(row['active_share'])}"


def _mix_finding(mix: pd.DataFrame, n_active: int) -> str:
    active = mix[mix["active_share"].notna()].sort_values("n", ascending=False, kind="stable")
    n_ended = int(mix.loc[mix["is_ended"], "n"].sum())
    ended = f"; {n_ended} {'has' if n_ended == 1 else 'have'} ended" if n_ended else ""
    if active.empty or not n_active:
        return f"No product is in a known stage of its life{ended}"
    first = active.iloc[0]
    verb = "is" if first["n"] == 1 else "are"
    return f"{first['n']} of {count(n_active, 'active product')} {verb} in {first['stage']}{ended}"


def plot_time_to_market(times: pd.DataFrame, summary: pd.DataFrame) -> go.Figure:
    """Draw how long each product took to the market, or has been on its way.

    Parameters
    ----------
    times
        `TimesToMarket`, with the products' `name` beside it.
    summary
        `TimeToMarketSummary` of the same, not grouped further.
    """
    known = times[times["outcome"] != "unknown"].sort_values("days", ascending=False)
    if known.empty:
        return nothing("The time to market is not known", NEEDED["product"])
    shown = known.head(MOST_ROWS)
    row = summary.iloc[0]
    told = [days(d) + ARRIVALS[o][2] for d, o in zip(shown["days"], shown["outcome"], strict=True)]
    drawing = figure(
        _market_finding(row),
        "Days from its conception until customers had it (disc); a triangle is still on the way",
        alt="; ".join(f"{n}: {t}" for n, t in zip(shown["name"], told, strict=True)) + ".",
        note=_market_note(row, len(known)),
    )
    rows(drawing, shown["name"].tolist(), told)
    for position, (_, life) in enumerate(shown.iterrows()):
        symbol, color, _ = ARRIVALS[life["outcome"]]
        bar(drawing, position, 0, life["days"], color="rule", width=3)
        mark(drawing, [life["days"]], [position], [told[position]], symbol=symbol, color=color,
             ids=[life["product_id"]])  # fmt: skip
    if row["n_arrived"] >= TOO_FEW and pd.notna(row["median_days"]):
        drawing.add_vline(x=row["median_days"], line={"color": LIGHT["good"], "width": 1})
        drawing.add_annotation(
            x=row["median_days"], y=1, yref="paper", yanchor="bottom", showarrow=False,
            text=f"half by {days(row['median_days'])}", font={"color": LIGHT["good_text"]},
        )  # fmt: skip
    drawing.update_xaxes(rangemode="tozero", nticks=6)
    return drawing


def market_rows(summary: pd.DataFrame, *, by: str) -> tuple[pd.DataFrame, str]:
    """Return how many products of each group reached the market, and how long half of them took.

    Parameters
    ----------
    summary
        `TimeToMarketSummary` by the column `by`.
    by
        The column of the groups.
    """
    half = summary["median_days"].mask(summary["reliability"] == "too_few")
    columns = {by: by, "n": "products", "n_arrived": "arrived", "n_on_the_way": "on_the_way"}
    table = summary[[*columns]].rename(columns=columns).assign(half_within_days=half)
    largest = summary.sort_values("n", ascending=False, kind="stable").head(MOST_GROUPS)
    told = [f"{row['n_arrived']} of {row['n']} in {row[by]}" for _, row in largest.iterrows()]
    if not told:
        return table, f"How many products of each {by.lower()} arrived is not known"
    if half.isna().all():
        table = table.drop(columns="half_within_days")
    return table, f"Products that arrived, by {by.lower()}: {listed(told)}"


def _market_finding(row: pd.Series) -> str:
    counts = f"{row['n_arrived']} of {count(row['n'], 'product')} arrived"
    if row["n_arrived"] < TOO_FEW:
        return f"Too few products have arrived to state a time to market: {counts}"
    if pd.isna(row["median_days"]):
        return f"Less than half of the products have reached the market so far: {counts}"
    return f"Half of the products reach the market within {days(row['median_days'])}: {counts}"


def _market_note(row: pd.Series, n_known: int) -> str:
    parts = ["Kaplan–Meier: products on the way count as longer than this."]
    if row["n_arrived"] >= TOO_FEW and pd.notna(row["median_low"]):
        high = "no upper limit yet" if pd.isna(row["median_high"]) else days(row["median_high"])
        parts.append(f"95% interval of the median: {days(row['median_low'])} to {high}.")
    if row["n_unknown"]:
        parts.append(f"Left out: {count(row['n_unknown'], 'product')} whose start is not known.")
    if n_known > MOST_ROWS:
        parts.append(f"The {MOST_ROWS} longest of {n_known} are shown.")
    return " ".join(parts)


def rollup_rows(rollups: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what the projects of each product add up to, as a list, and what it says.

    Parameters
    ----------
    rollups
        `ProductRollups`, with the products' `name` beside it.
    """
    verdicts = rollups["is_on_time"]
    words = verdicts.map({True: "yes: ", False: "no: "}).fillna("not decided: ")
    table = pd.DataFrame(
        {
            "product": rollups["name"],
            "product_id": rollups["product_id"],
            "open_projects": [
                f"{n} of {whole}"
                for n, whole in zip(rollups["n_open"], rollups["n_projects"], strict=True)
            ],
            "on_time": words + rollups["on_time_reason"],
            "due_date": rollups["due_date"],
            "budget": rollups["budget"],
            "spent": rollups["actual_cost"],
            "cost_variance_share": rollups["cost_variance_share"],
        }
    )
    if rollups.empty:
        return table, f"No project is known, so there is nothing to add up. {HOW_TO_READ}"
    parts = [
        f"{int((verdicts == value).sum())} {words}"
        for value, words in ((True, "on time"), (False, "late"))
    ]
    parts.append(f"{int(verdicts.isna().sum())} not decided yet")
    noun = count(len(rollups), "product")
    return table, f"With all that it depends on, of {noun}: {listed(parts)}"


def retirement_rows(retirements: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what is left to do at the end of products' lives, as a list, and what it says.

    Parameters
    ----------
    retirements
        `Retirements`.
    """
    table = pd.DataFrame(
        {
            "product": retirements["name"],
            "product_id": retirements["product_id"],
            "needs_attention": retirements["needs"],
            "stage": retirements["stage"],
            "planned_end": retirements["planned_retirement_date"],
            "open_projects": retirements["n_open_projects"],
            "open_issues": retirements["n_open_items"],
        }
    )
    if retirements.empty:
        return table, f"No product is to end, is ending or has ended. {HOW_TO_READ}"
    in_need = retirements[retirements["needs"].notna()]
    whole = f"{count(len(retirements), 'product')} with an end"
    if in_need.empty:
        return table, f"None of {whole} needs attention"
    first = in_need.iloc[0]
    need = "needs" if len(in_need) == 1 else "need"
    return (
        table,
        f"{len(in_need)} of {whole} {need} attention, first {first['name']}: {first['needs']}",
    )
