import json
import re

import pandas as pd
import pytest

from pmanalytics import (
    goal_attainment,
    goals_attained,
    load_portfolio,
    market_rows,
    mix_rows,
    move_rows,
    plot_goals,
    plot_product_lives,
    plot_releases,
    plot_requirements,
    plot_stage_mix,
    plot_time_to_market,
    product_rollup,
    product_stages,
    project_spans,
    release_cadence,
    release_dates,
    requirement_coverage,
    requirement_rows,
    requirements,
    retirement,
    retirement_rows,
    rollup_rows,
    stage_mix,
    stage_moves,
    stage_rows,
    stage_visits,
    time_to_market,
    time_to_market_summary,
)
from pmanalytics.lifecycle import PRODUCT
from pmanalytics.schemas import (
    GoalAttainments,
    Goals,
    Products,
    ProductStages,
    Projects,
    ProjectSpans,
    Releases,
    Requirements,
    StageVisits,
    TimesToMarket,
    WorkItems,
    empty,
)

AS_OF = "2024-06-30"
HOSTILE = "<img src=x onerror=alert(1)>"


def finding(drawing):
    return drawing.layout.meta["finding"]


def note(drawing):
    return drawing.layout.meta["note"]


def shown(drawing):
    """Return the labels above the rows without markup."""
    return [re.sub("<[^>]*>", "", each.text) for each in drawing.layout.annotations]


def visits_of(*rows):
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "to_status"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True)
    table["from_status"] = table.groupby("item_id")["to_status"].shift()
    table["sequence"] = table.groupby("item_id").cumcount()
    return stage_visits(table.assign(level="product"), PRODUCT, as_of=AS_OF)


def products_of(**ends):
    return pd.DataFrame({
        "product_id": list(ends), "name": [f"Product {i}" for i in ends],
        "planned_retirement_date": pd.to_datetime(list(ends.values())),
    })  # fmt: skip


def spans_of(*rows):
    columns = ["project_id", "product_id", "start_date", "end_date", "on_time", "is_open"]
    table = pd.DataFrame(rows, columns=columns).assign(name="Move")
    days = {name: pd.to_datetime(table[name]) for name in ("start_date", "end_date")}
    return table.assign(**days)


LIVES = visits_of(("A", "2024-01-01", "Market"), ("B", "2024-03-01", "Market"))
LATE = ("P1", "A", "2024-01-31", "2024-06-30", "late_open", True)
ON_TIME = ("P2", "B", "2024-03-31", "2024-05-31", "on_time", False)


def lives(spans, products=None, visits=LIVES, time_zone="UTC"):
    products = products_of(A=None, B=None) if products is None else products
    return plot_product_lives(visits, spans, products, as_of=AS_OF, time_zone=time_zone)


def test_lives_name_the_open_projects_that_are_past_their_date():
    drawing = lives(
        spans_of(LATE, ON_TIME, ("P3", "B", "2024-01-31", "2024-08-31", "not_due", True))
    )
    assert finding(drawing) == (
        "1 of 2 open projects for 2 products is past the due date, on 1 product"
    )
    assert drawing.layout.meta["alt"] == (
        "Product A: Market since 1 Jan 2024. Product B: Market since 1 Mar 2024."
    )
    assert finding(lives(spans_of(ON_TIME))) == "No project of 2 products is open"


def test_a_late_project_is_told_by_its_mark_and_not_by_colour_alone():
    drawing = lives(spans_of(LATE, ON_TIME))
    marks = {t.marker.symbol for t in drawing.data if t.type == "scatter" and t.mode == "markers"}
    assert marks == {"triangle-right", "circle"}
    assert note(drawing).startswith(
        "Blue disc: finished on time; orange triangle: late, hollow if still open."
    )


def test_projects_that_run_at_once_lie_below_one_another():
    first = ("P1", "A", "2024-01-01", "2024-03-31", "on_time", False)
    second = ("P2", "A", "2024-02-01", "2024-04-30", "on_time", False)
    third = ("P3", "A", "2024-04-01", "2024-05-31", "on_time", False)
    drawing = lives(spans_of(first, second, third))
    ends = next(t for t in drawing.data if t.type == "scatter" and t.mode == "markers")
    assert ends.y[0] == ends.y[2] < ends.y[1]


def test_without_projects_the_stages_are_counted():
    drawing = lives(empty(ProjectSpans))
    assert finding(drawing) == "2 products: 2 in Market"
    assert "No project belongs to these products." in note(drawing)


def test_a_planned_end_is_marked_and_orange_only_if_missed():
    ends = products_of(A="2024-05-31", B="2024-12-31")
    drawing = lives(empty(ProjectSpans), ends)
    ticks = [t for t in drawing.data if t.type == "scatter" and t.mode == "markers"]
    colors = {t.text[0]: t.marker.line.color for t in ticks}
    assert colors["Planned end 31 May 2024"] != colors["Planned end 31 Dec 2024"]
    retired = visits_of(("A", "2024-01-01", "Market"), ("A", "2024-06-15", "Retired"))
    drawing = lives(empty(ProjectSpans), ends, retired)
    assert drawing.data[-1].marker.line.color == colors["Planned end 31 Dec 2024"]


def test_a_life_is_drawn_in_the_days_of_its_zone():
    """Midnight in Berlin is 23:00 UTC of the day before; the bar must begin on the day itself."""
    visits = visits_of(("A", "2024-02-29 23:00", "Market"))
    drawing = lives(empty(ProjectSpans), visits=visits, time_zone="Europe/Berlin")
    assert "Market since 1 Mar 2024" in drawing.layout.meta["alt"]
    assert drawing.data[0].base[0] == pd.Timestamp("2024-03-01")


def test_two_products_of_one_name_have_a_lane_each():
    drawing = lives(empty(ProjectSpans), products_of(A=None, B=None).assign(name="Same"))
    assert len({trace.y[0] for trace in drawing.data}) == 2


def test_of_many_lives_those_that_changed_last_are_drawn():
    """50 products, each entered a day after the one before: P10 to P49 are the latest 40."""
    days = pd.date_range("2024-01-01", periods=50).astype("str")
    visits = visits_of(*((f"P{n:02}", day, "Market") for n, day in enumerate(days)))
    drawing = lives(empty(ProjectSpans), visits=visits)
    assert finding(drawing) == "50 products: 50 in Market"
    assert len(drawing.data) == 40
    assert drawing.layout.meta["alt"].startswith("P10: Market since 11 Jan 2024")
    assert "The 40 products that changed last are shown." in note(drawing)


def test_of_many_projects_the_late_and_the_last_are_drawn():
    """Two products share 240 lines: of 200 projects of A, 120 are drawn, the first of them late."""
    late = ("P0", "A", "2024-01-01", "2024-01-02", "late_open", True)
    days = pd.date_range("2024-01-02", periods=199).astype("str")
    rest = [(f"P{n}", "A", day, day, "on_time", False) for n, day in enumerate(days, 1)]
    drawing = lives(spans_of(late, *rest))
    marks = [t for t in drawing.data if t.type == "scatter" and t.mode == "markers"]
    assert sorted(len(each.x) for each in marks) == [1, 119]
    assert "At most 120 projects of a product are drawn: late ones, then the last." in note(drawing)
    assert finding(drawing).startswith("1 of 1 open project")


def test_what_began_long_ago_is_cut_and_what_ends_in_years_runs_out_of_the_figure():
    visits = visits_of(("A", "2001-01-01", "Market"))
    spans = spans_of(("P1", "A", "2024-01-01", "2031-01-01", "not_due", True))
    drawing = lives(spans, visits=visits)
    assert drawing.data[0].base[0] == pd.Timestamp("2019-06-30")
    assert "1 Jan 2001" in drawing.data[0].hovertext
    assert "Lines that leave the figure end later." in note(drawing)


def stages_of(**facts):
    """Return stages from product=(stage, days, longer share, n, n ended)."""
    columns = ["stage", "total_days", "longer_share", "n", "n_ended"]
    table = pd.DataFrame(list(facts.values()), columns=columns).astype({"stage": "str"})
    table = table.assign(
        product_id=list(facts), name=[f"Product {i}" for i in facts], days=table["total_days"],
        entered_at=pd.Timestamp("2024-01-31 23:00", tz="UTC"), is_ended=False, reason=None,
    )  # fmt: skip
    return table.astype({"n": "Int64", "n_ended": "Int64"})


def test_a_product_that_is_unusually_long_in_its_stage_is_named():
    stages = stages_of(
        A=("Market", 500.0, 0.3, 10, 7), B=("Market", 900.0, 0.14, 10, 7),
        C=("Introduction", 99.0, 0.0, 4, 3),
    )  # fmt: skip
    table, said = stage_rows(stages)
    assert said == "Product B has been in Market for 900 days; 14% of 10 others stay longer"
    assert table["stay_longer_than_that"].tolist() == [
        "30% of 10 others", "14% of 10 others", "too few: 3 of 4 left",
    ]  # fmt: skip


def test_a_product_that_outlasts_all_others_is_told_without_a_share():
    said = stage_rows(stages_of(A=("Introduction", 320.0, 0.0, 6, 6)))[1]
    assert (
        said == "Product A has been in Introduction for 320 days; none of 6 others stayed so long"
    )


def test_nobody_unusual_and_nobody_known_are_two_things():
    usual = stages_of(A=("Market", 500.0, 0.3, 10, 7))
    few = stages_of(A=("Market", 500.0, 0.0, 2, 1))
    said = [stage_rows(table)[1] for table in (usual, few, empty(ProductStages))]
    assert said == [
        "No product has been in its stage for unusually long",
        "Too few products have left a stage to say which one is in its for long",
        "No product is known",
    ]


def test_groups_are_compared_by_their_active_products():
    columns = ["Line", "stage", "n", "n_active", "is_ended"]
    mix = pd.DataFrame([
        ["Pay", "Market", 2, 3, False], ["Pay", "Development", 1, 3, False],
        ["Ship", "Market", 1, 1, False], ["Ship", "Development", 0, 1, False],
    ], columns=columns)  # fmt: skip
    table, said = mix_rows(mix, by="Line")
    assert said == "Of 2 lines Pay has the most active products: 3 of 4"
    assert table.to_numpy().tolist() == [["Pay", 2, 1], ["Ship", 1, 0]]
    assert mix_rows(mix.assign(n_active=2), by="Line")[1] == "4 active products, in 2 lines"
    assert mix_rows(mix.assign(n_active=0), by="Line")[1].startswith("No product is active")


def test_arrivals_are_told_by_group_and_no_median_of_few():
    columns = ["Line", "n", "n_arrived", "n_on_the_way", "median_days", "reliability"]
    summary = pd.DataFrame([
        ["Pay", 2, 1, 1, 300.0, "too_few"], ["Ship", 8, 6, 2, 500.0, "indicative"],
    ], columns=columns)  # fmt: skip
    table, said = market_rows(summary, by="Line")
    assert said == "Products that arrived, by line: 6 of 8 in Ship and 1 of 2 in Pay"
    assert table["half_within_days"].isna().tolist() == [True, False]
    assert "half_within_days" not in market_rows(summary[:1], by="Line")[0]
    assert "is not known" in market_rows(summary.head(0), by="Line")[1]


def test_in_the_swim_lanes_every_bar_and_mark_names_its_record():
    """A page highlights by the first entry of `customdata`."""
    drawing = lives(spans_of(LATE, ON_TIME), products_of(A="2025-01-01", B=None))
    named = [trace.customdata[0][0] for trace in drawing.data if trace.customdata]
    assert sorted(named) == ["A", "A", "B", "P1", "P2"]


def test_moves_are_counted_and_those_back_told():
    visits = visits_of(
        ("A", "2024-01-01", "Introduction"), ("A", "2024-02-01", "Development"),
        ("B", "2024-01-01", "Development"), ("B", "2024-03-01", "Market"),
    )  # fmt: skip
    period = {"since": "2023-12-31", "time_zone": "UTC"}
    moves = stage_moves(visits, PRODUCT, as_of=AS_OF, **period)
    table, said = move_rows(moves, products_of(A=None, B=None), **period)
    assert said == (
        "2 moves to another stage since 31 Dec 2023, 1 of them back: Product A to Development and "
        "Product B to Market"
    )
    assert table["product"].tolist() == ["Product A", "Product B"]


def mix_of(*stages):
    table = pd.DataFrame({"product_id": map(str, range(len(stages))), "stage": stages})
    return stage_mix(table.assign(is_ended=table["stage"] == "Retired"))


def test_the_mix_names_the_largest_stage_and_who_ended():
    drawing = plot_stage_mix(mix_of(*["Market"] * 3, *["Development"] * 2, "Retired"))
    assert finding(drawing) == "3 of 5 active products are in Market; 1 has ended"
    assert "Market: 3, 60%" in drawing.layout.meta["alt"]
    assert "Retired: 1" in drawing.layout.meta["alt"]


def test_a_mix_of_few_products_has_counts_only():
    drawing = plot_stage_mix(mix_of("Market", "Development"))
    assert "%" not in "".join(shown(drawing))


def test_a_mix_of_ended_products_says_so():
    assert finding(plot_stage_mix(mix_of("Retired"))) == (
        "No product is in a known stage of its life; 1 has ended"
    )


def ways_of(*facts):
    """Return times to market from (days, outcome)."""
    table = pd.DataFrame(facts, columns=["days", "outcome"])
    ids = [f"P{n}" for n in range(len(table))]
    return table.assign(product_id=ids, name=ids)


def test_half_of_the_products_reach_the_market_within():
    ways = ways_of(
        *((days, "arrived") for days in (10.0, 20.0, 30.0, 40.0, 50.0)), (5.0, "on_the_way")
    )
    drawing = plot_time_to_market(ways, time_to_market_summary(ways))
    assert finding(drawing) == (
        "Half of the products reach the market within 30 days: 5 of 6 products arrived"
    )
    assert "P5: 5 days so far" in drawing.layout.meta["alt"]


def test_too_few_arrivals_give_no_median():
    ways = ways_of((10.0, "arrived"), (400.0, "on_the_way"), (None, "unknown"))
    drawing = plot_time_to_market(ways, time_to_market_summary(ways))
    assert finding(drawing) == (
        "Too few products have arrived to state a time to market: 1 of 2 products arrived"
    )
    assert "half by" not in "".join(shown(drawing))
    assert "Left out: 1 product whose start is not known." in note(drawing)


def test_a_market_that_less_than_half_have_reached_has_no_median():
    ways = ways_of(*[(10.0, "arrived")] * 5, *[(400.0, "on_the_way")] * 9)
    assert finding(plot_time_to_market(ways, time_to_market_summary(ways))) == (
        "Less than half of the products have reached the market so far: 5 of 14 products arrived"
    )


def test_what_projects_of_products_add_up_to_is_told_with_the_reason():
    projects = pd.DataFrame({
        "project_id": ["P1", "P2", "P3"], "name": "Move", "status": ["done", "open", "done"],
        "product_id": ["A", "B", "C"],
        "baseline_finish_date": pd.to_datetime(["2024-03-31", "2024-03-31", None]),
        "actual_finish_date": pd.to_datetime(["2024-03-31", None, "2024-03-31"]),
    })  # fmt: skip
    totals = product_rollup(projects, as_of=AS_OF)
    table, said = rollup_rows(totals.assign(name=totals["product_id"]))
    assert said == (
        "With all that it depends on, of 3 products: 1 on time, 1 late and 1 not decided yet"
    )
    assert table["on_time"].tolist() == [
        "yes: 1 of 1 required project on time",
        "no: 1 of 1 required project late",
        "not decided: 1 of 1 required project without a due date",
    ]


def goals_of(*rows):
    plain = {"baseline": 0.0, "target": 100.0, "actual": 50.0, "name": "Customers",
             "due_date": "2024-05-31", "start_date": "2024-01-01", "product_id": "A"}  # fmt: skip
    table = pd.DataFrame([plain | {"goal_id": f"G{n}"} | row for n, row in enumerate(rows)])
    days = {name: pd.to_datetime(table[name]) for name in ("due_date", "start_date")}
    return goal_attainment(table.assign(**days), as_of=AS_OF).assign(product="Atlas")


def drawn_goals(*rows):
    attained = goals_of(*rows)
    return plot_goals(attained, goals_attained(attained))


def test_goals_are_counted_with_their_interval():
    """3 of 6: Wilson's interval is 19 % to 81 %."""
    drawing = drawn_goals(*[{"actual": 100.0}] * 3, *[{}] * 3, {"due_date": "2024-12-31"})
    assert finding(drawing) == "3 of 6 goals that were due were attained (50%, 19–81%)"
    assert "Not in the rate: 1 not due yet." in note(drawing)
    assert "Customers: Atlas, 50%, missed" in drawing.layout.meta["alt"]


def test_few_goals_have_no_percentage():
    assert finding(drawn_goals({})) == "0 of 1 goal that were due was attained: too few for a rate"
    assert finding(drawn_goals({"due_date": "2024-12-31"})) == (
        "None of 1 goal has been due yet, so none can be judged"
    )


def test_an_attainment_far_beyond_the_axis_is_drawn_at_its_end():
    drawing = drawn_goals({"actual": 900.0}, {"actual": -900.0})
    symbols = [t.marker.symbol for t in drawing.data if t.mode == "markers"]
    assert symbols == ["triangle-left", "triangle-right"]
    assert "900%" in drawing.layout.meta["alt"]


def items_of(*rows):
    table = pd.DataFrame(rows, columns=["key", "item_type", "parent_key", "status_category"])
    return requirements(
        table.assign(
            item_id=table["key"], status="Any", history_complete=False, product_id="A",
            summary="A wish", created_at=pd.Timestamp("2024-05-31", tz="UTC"),
        ).astype({"parent_key": "str"}),
        as_of=AS_OF,
    )  # fmt: skip


def test_ideas_are_told_step_by_step():
    found = items_of(
        ("I1", "Idea", None, "new"), ("I2", "Idea", None, "new"), ("S1", "Story", "I1", "done"),
        ("S2", "Story", None, "new"),
    )  # fmt: skip
    drawing = plot_requirements(requirement_coverage(found))
    assert finding(drawing) == "1 of 2 ideas is delivered; 1 has nothing below"
    assert drawing.layout.meta["alt"] == (
        "Ideas: 2 of 2; Linked to an epic or story: 1 of 2; Broken down into stories: 1 of 2; "
        "Delivered: all stories done: 1 of 2; Stories from no idea: 1 of 2."
    )
    table, said = requirement_rows(found, products_of(A=None))
    assert said == "1 idea with nothing below"
    assert table[["key", "product", "age_days"]].to_numpy().tolist() == [["I2", "Product A", 31]]


def test_of_many_ideas_the_oldest_are_listed():
    found = items_of(*((f"I{n}", "Idea", None, "new") for n in range(5)))
    table, said = requirement_rows(found, empty(Products), n_rows=2)
    assert said == "5 ideas with nothing below; the oldest 2 are listed"
    assert len(table) == 2


def test_stories_without_any_idea_are_told_as_such():
    found = items_of(("S1", "Story", None, "new"))
    assert finding(plot_requirements(requirement_coverage(found))) == (
        "No issue is an idea, so 1 story comes from none"
    )
    assert requirement_rows(found, empty(Products))[1] == "No issue is an idea"


def releases_of(*rows):
    table = pd.DataFrame(rows, columns=["planned_release_date", "release_date", "is_released"])
    days = {name: pd.to_datetime(table[name]) for name in list(table)[:2]}
    ids = [f"R{n}" for n in range(len(table))]
    return table.assign(release_id=ids, name=ids, product="Atlas", **days).astype(
        {"is_released": "boolean"}
    )


def drawn_releases(*rows):
    releases = releases_of(*rows)
    dates = release_dates(releases, as_of=AS_OF, by="product")
    cadence = release_cadence(releases, as_of=AS_OF, by="product")
    return plot_releases(dates, cadence, by="product")


def test_releases_are_counted_by_their_planned_day():
    drawing = drawn_releases(
        ("2024-01-31", "2024-01-31", True), ("2024-02-29", "2024-03-10", True),
        ("2024-05-31", None, False), ("2024-12-31", None, False), (None, "2024-03-31", True),
    )  # fmt: skip
    assert finding(drawing) == (
        "1 of 3 releases that were due came by the planned day; 1 is still to come"
    )
    assert shown(drawing) == ["Atlas  1 of 3 as planned; 2 gaps, the longest 39 days"]
    assert "Not judged: 1 not due yet and 1 without a planned day." in note(drawing)


def test_a_list_without_planned_days_tells_the_rhythm():
    days = pd.date_range("2024-01-01", periods=6, freq="10D")
    drawing = drawn_releases(*((None, day, True) for day in days))
    assert finding(drawing) == "6 releases came; whether as planned is not known"
    assert shown(drawing) == ["Atlas  every 10 days"]


def test_the_end_of_lives_names_the_first_in_need():
    stages = stages_of(A=("Market", 1.0, 0.5, 9, 9))
    nothing = {"spans": empty(ProjectSpans), "work_items": empty(WorkItems), "as_of": AS_OF}
    ends = pd.to_datetime(["2024-06-20", "2024-12-31"])
    past, coming = (stages.assign(planned_retirement_date=end) for end in ends)
    table, said = retirement_rows(retirement(past, **nothing))
    assert said == (
        "1 of 1 product with an end needs attention, first Product A: 10 days past its planned "
        "end, and not retired"
    )
    assert table["planned_end"].tolist() == [pd.Timestamp("2024-06-20")]
    later = retirement(coming, **nothing)
    assert retirement_rows(later)[1] == "None of 1 product with an end needs attention"
    assert retirement_rows(later[:0])[1].startswith("No product is to end")


@pytest.mark.parametrize(
    "drawing",
    [
        plot_product_lives(
            empty(StageVisits), empty(ProjectSpans), empty(Products), as_of=AS_OF, time_zone="UTC"
        ),
        plot_stage_mix(stage_mix(empty(ProductStages))),
        plot_time_to_market(
            empty(TimesToMarket).assign(name=""), time_to_market_summary(empty(TimesToMarket))
        ),
        plot_goals(
            goal_attainment(empty(Goals), as_of=AS_OF), goals_attained(empty(GoalAttainments))
        ),
        plot_requirements(requirement_coverage(empty(Requirements))),
        plot_releases(
            release_dates(empty(Releases), as_of=AS_OF),
            release_cadence(empty(Releases), as_of=AS_OF, by="product_id"),
            by="product_id",
        ),
    ],
)
def test_without_data_a_figure_says_what_is_missing(drawing):
    assert finding(drawing)
    assert drawing.layout.meta["subtitle"]
    assert not drawing.data


def test_lists_without_rows_say_so():
    assert rollup_rows(product_rollup(empty(Projects), as_of=AS_OF).assign(name=""))[1].startswith(
        "No project is known"
    )


def test_names_are_shown_and_never_read_as_markup():
    spans = spans_of(LATE, ON_TIME).assign(name=HOSTILE)
    named = goals_of({"name": HOSTILE}).assign(product=HOSTILE)
    releases = releases_of(("2024-01-31", "2024-01-31", True)).assign(name=HOSTILE, product=HOSTILE)
    drawings = [
        lives(spans, products_of(A=None, B=None).assign(name=HOSTILE)),
        plot_goals(named, goals_attained(named)),
        plot_releases(
            release_dates(releases, as_of=AS_OF, by="product"),
            release_cadence(releases, as_of=AS_OF, by="product"),
            by="product",
        ),
    ]
    for drawing in drawings:
        text = drawing.update_layout(meta=None).to_json()
        assert "<img" not in text.replace("\\u003c", "<")
        assert "&lt;img" in text.replace("\\u0026", "&")


def test_only_light_traces_are_used():
    """Scatter and bar draw fast and print well."""
    sample = load_portfolio("data/sample")
    visits = stage_visits(sample.changes_of("product"), PRODUCT, as_of=sample.as_of)
    spans = project_spans(sample.projects, sample.product_projects, as_of=sample.as_of)
    stages = product_stages(sample.products, visits)
    ways = time_to_market(visits).assign(name="x")
    drawings = [
        plot_product_lives(visits, spans, sample.products, as_of=sample.as_of, time_zone="UTC"),
        plot_stage_mix(stage_mix(stages)),
        plot_time_to_market(ways, time_to_market_summary(ways)),
    ]
    kinds = {trace["type"] for d in drawings for trace in json.loads(d.to_json())["data"]}
    assert kinds == {"scatter", "bar"}
