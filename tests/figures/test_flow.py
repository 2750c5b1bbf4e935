import numpy as np
import pandas as pd
import pytest
from histories import changes_of

from pmanalytics import (
    Lifecycle,
    ageing,
    cumulative_flow,
    efficiency_rows,
    flow_by_day,
    flow_efficiency,
    flow_items,
    held_rows,
    level_rows,
    littles_law,
    plot_ageing,
    plot_cumulative_flow,
    plot_cycle_times,
    plot_throughput,
    plot_wip,
    service_level,
    stage_visits,
    steadiness_rows,
    throughput,
)
from pmanalytics.figures.theme import LIGHT
from pmanalytics.schemas import (
    Ageing,
    CumulativeFlow,
    FlowByDay,
    FlowEfficiencies,
    FlowItems,
    LittlesLaw,
    ServiceLevels,
    Throughput,
    empty,
)

FLOW = Lifecycle(
    {"Backlog": [], "Dev": [], "Done": [], "Dropped": []},
    terminal=["Done"],
    cancelled=["Dropped"],
    waiting=["Backlog"],
)
AS_OF = "2024-01-31"


def visits_of(*rows):
    return stage_visits(changes_of(*rows), FLOW, as_of=AS_OF)


def six_done(*others):
    """Return visits of six items, one begun on each of 1–6 January, done on 8–13, and of others."""
    rows = [
        row
        for n in range(6)
        for row in [(f"F{n}", f"2024-01-0{n + 1}", "Dev"), (f"F{n}", f"2024-01-{n + 8:02}", "Done")]
    ]
    return visits_of(*rows, *others)


def items_of(visits):
    items = flow_items(visits, FLOW, as_of=AS_OF)
    return items.assign(name=items["item_id"])


def said(drawing, part="finding"):
    return drawing.layout.meta[part]


def n_marks(drawing):
    return sum(len(trace.x) for trace in drawing.data if trace.x is not None)


def test_the_flow_says_how_many_came_as_far_as_the_work_and_its_end():
    visits = six_done(("W", "2024-01-03", "Backlog"), ("X", "2024-01-03", "Dropped"))
    drawing = plot_cumulative_flow(cumulative_flow(visits, FLOW, as_of=AS_OF))
    assert (
        said(drawing)
        == "Since 1 Jan 2024 5 work items reached Dev and 6 reached Done: 1 fewer lies between"
    )
    assert said(drawing, "alt") == "Now 1 in Backlog, 0 in Dev and 6 in Done."
    assert "Left out: 1 cancelled." in said(drawing, "note")


def test_bands_are_filled_from_the_end_of_the_work_upwards():
    drawing = plot_cumulative_flow(cumulative_flow(six_done(), FLOW, as_of=AS_OF))
    assert [trace.fill for trace in drawing.data] == ["tozeroy", "tonexty", "tonexty"]
    colors = [trace.fillcolor for trace in drawing.data]
    assert colors == [LIGHT["flow_done"], LIGHT["flow1"], LIGHT["flow_before"]]


def test_a_flow_in_which_items_went_back_says_so():
    visits = six_done(("F5", "2024-01-20", "Dev"))
    drawing = plot_cumulative_flow(cumulative_flow(visits, FLOW, as_of=AS_OF))
    assert "1 work item went back a stage" in said(drawing, "note")


def test_wip_says_how_much_it_is_and_was():
    """By hand: on 8 January all six are in progress, on 31 January none."""
    drawing = plot_wip(flow_by_day(items_of(six_done()), as_of=AS_OF))
    assert said(drawing) == (
        "0 work items in progress on 31 Jan 2024; between 0 and 6 since 1 Jan 2024"
    )


def test_throughput_tells_whole_weeks_and_draws_others_hollow():
    """8–13 January is in the second of four whole weeks; the week of the 29th is not over."""
    drawing = plot_throughput(throughput(items_of(six_done()), as_of=AS_OF))
    assert said(drawing) == (
        "0 work items finished in the last whole week; 0 to 6 in each of 4 weeks, none in 3 of them"
    )
    (bars,) = drawing.data
    assert list(bars.marker.color) == [LIGHT["good"]] * 4 + [LIGHT["page"]]
    assert list(bars.text) == ["0", "", "0", "0", "0"]
    assert "Week from 29 Jan 2024 (3 days of it): 0 work items" in said(drawing, "alt")


def test_before_a_week_has_passed_no_rate_is_told():
    weeks = throughput(items_of(six_done()), as_of="2024-01-10", since="2024-01-09")
    assert said(plot_throughput(weeks)) == "2 work items finished; no whole week has passed yet"


@pytest.mark.parametrize(("period", "word"), [("day", "10 Jan 2024: 1"), ("month", "Month from")])
def test_throughput_of_other_periods_is_named_by_them(period, word):
    periods = throughput(items_of(six_done()), as_of=AS_OF, period=period)
    assert word in said(plot_throughput(periods, period=period), "alt")


def test_cycle_times_are_told_with_percentile_interval_and_share():
    """Each took 8 days; of six the 85th percentile has no upper limit yet."""
    items = items_of(six_done())
    drawing = plot_cycle_times(items, service_level(items, within_days=7))
    assert said(drawing) == (
        "85% of 6 finished work items took 8 days or less; 0% took at most 7 days"
    )
    assert "50% within 8 days" in said(drawing, "alt")


def test_of_many_finished_items_those_of_a_week_that_took_equally_long_are_one_mark():
    """One a day from Monday, 1 January 2024, each with a time of its own but two alike a week."""
    n = 2100
    items = pd.DataFrame({
        "level": "work_item", "item_id": [f"I{i}" for i in range(n)], "state": "finished",
        "stage": "Done", "history_complete": True,
        "finished_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(range(n), unit="D"),
        "cycle_time_days": [float(i % 7 // 2 + 1) for i in range(n)],
    })  # fmt: skip
    drawing = plot_cycle_times(items, service_level(items))
    assert len(drawing.data[0].x) == 4 * 300
    assert drawing.data[0].x[0] == pd.Timestamp("2024-01-01")
    assert drawing.data[0].text[:2] == (
        "Week of 1 Jan 2024: 1 day<br>2 work items", "Week of 1 Jan 2024: 2 days<br>2 work items",
    )  # fmt: skip
    assert "A mark stands for every work item of a week that took equally long." in said(
        drawing, "note"
    )


def test_of_fewer_than_five_no_percentile_is_told():
    items = items_of(six_done()).head(4)
    drawing = plot_cycle_times(items, service_level(items))
    assert said(drawing) == "4 work items finished: too few to say how long one takes"
    assert not drawing.layout.shapes


def test_what_is_old_is_orange_and_the_oldest_named():
    """Six left Dev at the age of 8 days; on 31 January Old is 22 days old, Young 4."""
    visits = six_done(("Old", "2024-01-10", "Dev"), ("Young", "2024-01-28", "Dev"))
    drawing = plot_ageing(ageing(items_of(visits), visits, FLOW))
    assert said(drawing) == (
        "1 of 2 work items in progress is older than 85% of those finished were at that point: "
        "1 in Dev"
    )
    orange = [trace for trace in drawing.data if trace.marker.color == LIGHT["bad"]]
    assert [list(trace.y) for trace in orange] == [[22]]
    texts = [note.text for note in drawing.layout.annotations]
    assert "Old" in texts
    assert "Young" not in texts


def test_where_none_is_old_or_too_few_are_finished_the_chart_says_so():
    visits = six_done(("Young", "2024-01-28", "Dev"))
    drawing = plot_ageing(ageing(items_of(visits), visits, FLOW))
    assert said(drawing).startswith("None of 1 work item in progress is older")
    visits = visits_of(("A", "2024-01-28", "Dev"))
    drawing = plot_ageing(ageing(items_of(visits), visits, FLOW))
    assert said(drawing) == (
        "1 work item in progress, the oldest for 4 days: too few finished to compare"
    )


def test_one_item_far_older_than_all_others_makes_the_axis_logarithmic():
    visits = six_done(("Ancient", "2023-01-01", "Dev"), ("Young", "2024-01-28", "Dev"))
    drawing = plot_ageing(ageing(items_of(visits), visits, FLOW))
    assert drawing.layout.yaxis.type == "log"


def test_no_chart_has_more_than_1500_marks():
    n = 4000
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n) % 1000, unit="D")
    lasted = 1 + np.arange(n) % 97
    items = pd.DataFrame(
        {
            "level": "work_item", "item_id": np.arange(n).astype(str), "state": "finished",
            "stage": "Done", "started_date": start, "cycle_time_days": lasted.astype(float),
            "finished_date": start + pd.to_timedelta(lasted - 1, unit="D"),
            "history_complete": True,
        }
    )  # fmt: skip
    assert n_marks(plot_cycle_times(items, service_level(items))) <= 1500
    old = pd.DataFrame(
        {
            "level": "work_item", "item_id": items["item_id"], "name": items["item_id"],
            "stage": "Dev", "started_date": start, "work_item_age_days": lasted.astype(float),
            "n": 50, "p50_days": 5.0, "p85_days": 9.0, "p95_days": 20.0,
            "is_beyond_p85": pd.array(lasted > 9, dtype="boolean"), "history_complete": True,
            "is_flagged": pd.array([False] * n, dtype="boolean"),
        }
    )  # fmt: skip
    assert n_marks(plot_ageing(old)) <= 1500


def test_hostile_names_are_shown_as_text():
    hostile = "<b onload=alert(1)>"
    visits = six_done(("Old", "2024-01-10", "Dev"))
    items = items_of(visits).assign(name=hostile)
    drawing = plot_ageing(ageing(items, visits, FLOW).replace({"stage": {"Dev": hostile}}))
    assert "<b onload" not in drawing.to_json().replace("\\u003c", "<").split('"meta"')[0]
    flow = cumulative_flow(visits, FLOW, as_of=AS_OF).replace({"stage": {"Dev": hostile}})
    shown = [note.text for note in plot_cumulative_flow(flow).layout.annotations]
    assert "<b onload" not in "".join(shown)


def test_without_data_each_chart_says_what_it_needs():
    drawings = [
        plot_cumulative_flow(empty(CumulativeFlow)),
        plot_wip(empty(FlowByDay)),
        plot_throughput(empty(Throughput)),
        plot_cycle_times(empty(FlowItems), empty(ServiceLevels)),
        plot_ageing(empty(Ageing).assign(name="")),
    ]
    for drawing in drawings:
        assert not drawing.data
        assert "[lifecycle.work_item]" in said(drawing, "subtitle")


def test_steadiness_is_told_with_both_sides_or_with_what_speaks_against_it():
    """By hand: one begun a day, each in progress for 8 days: 8 at a time."""
    days = pd.date_range("2023-12-01", periods=60)
    items = pd.DataFrame(
        {
            "level": "work_item", "item_id": np.arange(60).astype(str), "state": "finished",
            "stage": "Done", "started_date": days, "finished_date": days + pd.Timedelta(days=7),
            "history_complete": True,
        }
    )  # fmt: skip
    steady = littles_law(items, as_of="2024-01-20", since="2023-12-15")
    assert steadiness_rows(steady)[1] == (
        "The flow was steady: mean WIP ÷ throughput gives 8 days, and items took 8 days on average"
    )
    unsteady = littles_law(items, as_of="2023-12-15")
    assert steadiness_rows(unsteady)[1].startswith("The flow was not steady: mean WIP ÷ throughput")
    unknown = littles_law(items, as_of="2023-12-04")
    assert steadiness_rows(unknown)[1].endswith("cannot be said: nothing was finished")
    assert steadiness_rows(empty(LittlesLaw))[1].startswith("Nothing was in progress")


def test_types_are_told_from_the_fastest_to_the_slowest():
    levels = pd.DataFrame({
        "item_type": ["Bug", "Epic", "Idea"], "n": [20, 9, 2], "p50_days": 5.0,
        "p85_days": [19.0, 11.0, 3.0], "within_share": [0.75, 0.5, 1.0],
    })  # fmt: skip
    table, finding = level_rows(levels, within_days=14)
    assert finding == "In 85% of cases Epic took 11 days or less, Bug 19 days"
    assert table["within_14_days"].tolist() == ["75%", "50%", "100%"]
    assert (
        level_rows(levels[:1], within_days=14)[1]
        == "In 85% of cases each type took 19 days or less"
    )
    assert level_rows(levels[2:], within_days=14)[1].startswith("Too few")


def test_past_forecasts_are_told_with_their_interval():
    held = pd.DataFrame({
        "quantile": [0.5, 0.85], "n": 17, "k": [9, 16], "held_share": [9 / 17, 16 / 17],
        "low": 0.5, "high": 0.99,
    })  # fmt: skip
    table, finding = held_rows(held)
    assert finding == "Forecasts meant to hold in 85% would have held 16 of 17 times (50–99%)"
    assert table["held"].tolist() == ["53%", "94%"]
    assert "is not known yet" in held_rows(held.assign(n=0))[1]


def test_efficiency_is_told_as_rough_and_with_what_flags_tell():
    items = items_of(six_done())
    table, finding = efficiency_rows(flow_efficiency(items), flow_efficiency(items, by="stage"))
    assert finding == (
        "Roughly 100% of the time from start to finish was work; "
        "no flag is known, so time blocked counts as work"
    )
    assert table["stage"].tolist() == ["Done"]
    flagged = items.assign(blocked_days=0.5)
    assert efficiency_rows(flow_efficiency(flagged), table)[1].endswith(
        "3 days of 6 finished items were blocked by a flag"
    )
    assert "is not known" in efficiency_rows(empty(FlowEfficiencies), table)[1]
