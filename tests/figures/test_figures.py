import json
import re

import numpy as np
import pandas as pd
import pytest

from pmanalytics import (
    load_portfolio,
    on_budget_rate,
    on_time_and_on_budget_rate,
    on_time_rate,
    plot_completeness,
    plot_files,
    plot_outcomes,
    plot_rates,
    plot_slipping,
    plot_stage_durations,
    plot_worst_case,
    project_outcomes,
    rows_used,
    stage_durations,
    stage_visits,
    worst_case,
)
from pmanalytics.figures.headlines import headline
from pmanalytics.figures.theme import DARK, LIGHT
from pmanalytics.schemas import (
    Completeness,
    Files,
    ProjectOutcomes,
    Projects,
    Rates,
    StageDurations,
    WorstCase,
    empty,
)

AS_OF = "2024-06-30"


@pytest.fixture(scope="module")
def judged(twelve_projects):
    return twelve_projects.merge(project_outcomes(twelve_projects, as_of=AS_OF), on="project_id")


def finding(drawing):
    return drawing.layout.meta["finding"]


def luminance(color):
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_a_rate_is_stated_with_what_the_new_plan_would_make_of_it(twelve_projects):
    """M03: 3 of 7 (16–75 %); against the current due date 5 of 8, by hand from FX-12."""
    rates = pd.concat(
        [on_time_rate(twelve_projects, as_of=AS_OF, basis=b) for b in ("baseline", "rebaselined")]
    )
    drawing = plot_rates(rates)
    assert finding(drawing) == (
        "43% of projects whose due date has passed were on time; "
        "against the current due date it would be 62%"
    )
    assert "On time: 43% (16–75%), 3 of 7" in drawing.layout.meta["alt"]


def test_fewer_than_five_projects_are_counted_not_rated(twelve_projects):
    few = on_time_rate(twelve_projects.head(3), as_of=AS_OF)
    assert finding(plot_rates(few)).startswith("2 of 3 projects whose due date has passed")
    assert headline(few).value == "2 of 3"


def test_without_finishes_the_title_says_so_and_never_0_percent(twelve_projects):
    open_only = twelve_projects.assign(status="open", actual_finish_date=pd.NaT)
    rates = on_time_rate(open_only, as_of=AS_OF)
    drawing = plot_rates(rates)
    assert finding(drawing) == (
        "This data cannot give an on-time rate: no project records an actual finish"
    )
    assert not drawing.data
    assert headline(rates).value == "–"


def test_counts_of_outcomes_agree_with_the_verdicts(judged):
    """FX-12: P02, P10 and the open P04 are late and over, P03 over, P01 P06 P12 neither."""
    drawing = plot_outcomes(judged)
    assert finding(drawing) == (
        "3 of 7 projects judged on time and cost are both late and over budget"
    )
    corners = [text.text for text in drawing.layout.annotations]
    assert corners == [
        "<b>Late and over</b> 3",
        "<b>On time, over</b> 1",
        "<b>On time, on budget</b> 3",
        "<b>Late, on budget</b> 0",
    ]
    assert "Rings: 1 still open" in drawing.layout.meta["note"]
    assert "1 finished ahead of a date still to come" in drawing.layout.meta["note"]


@pytest.mark.parametrize("options", [{}, {"grace_days": 45}, {"tolerance": 0.1}])
def test_corners_add_up_to_the_joint_rate(twelve_projects, options):
    """Those drawn and those known to have failed one of the two are the n of the rate."""
    outcomes = project_outcomes(twelve_projects, as_of=AS_OF, **options)
    drawing = plot_outcomes(twelve_projects.merge(outcomes, on="project_id"), **options)
    rate = on_time_and_on_budget_rate(
        twelve_projects, as_of=AS_OF, population="resolved", **options
    ).iloc[0]
    counts = [int(text.text.split()[-1]) for text in drawing.layout.annotations]
    more = re.search(r"(\d+) more failed one", drawing.layout.meta["note"])
    assert counts[2] == rate["k"]
    assert sum(counts) + (int(more[1]) if more else 0) == rate["n"]
    heights = {shape.y0 for shape in drawing.layout.shapes if shape.y0 == shape.y1}
    assert heights == {options.get("tolerance", 0.0)}


def test_an_open_project_is_a_ring_and_a_finished_one_a_disc(judged):
    """P04 is the only open one that is known to be late and over; both worst lie inside."""
    rings = [trace for trace in plot_outcomes(judged).data if trace.marker.line.width == 2]
    assert [len(trace.x) for trace in rings] == [1]
    assert rings[0].x[0] == pytest.approx(30 / 365)
    assert rings[0].y[0] == pytest.approx(85 / 80 - 1)


def test_without_planned_starts_lateness_is_drawn_in_days(twelve_projects):
    bare = twelve_projects.assign(baseline_start_date=pd.NaT)
    outcomes = project_outcomes(bare, as_of=AS_OF)
    drawing = plot_outcomes(bare.merge(outcomes, on="project_id"))
    assert drawing.layout.xaxis.title.text == "Finish after baseline finish, days"
    assert sum(len(trace.x) for trace in drawing.data) == 7


def test_projects_that_cannot_be_drawn_are_counted(judged):
    lacking = judged["finish_variance_share"].mask(judged.index == 0)
    note = plot_outcomes(judged.assign(finish_variance_share=lacking)).layout.meta["note"]
    assert "1 counted but not drawn" in note


def test_many_missing_baselines_are_warned_of(twelve_projects):
    due = twelve_projects["baseline_finish_date"]
    lacking = twelve_projects.assign(baseline_finish_date=due.where(twelve_projects.index > 5))
    assert "More than a fifth" in plot_rates(on_time_rate(lacking, as_of=AS_OF)).layout.meta["note"]


def test_marks_have_areas_only_where_budgets_are_known(judged):
    sized = plot_outcomes(judged).layout.meta["subtitle"]
    lacking = plot_outcomes(judged.assign(baseline_budget=None)).layout.meta["subtitle"]
    assert (sized.endswith("; area is budget"), "area" in lacking) == (True, False)


def test_against_the_latest_plan_every_figure_says_so(twelve_projects):
    """FX-12 against the latest plan: 5 of 8; P10 and the open P04 are late and over."""
    latest = {"as_of": AS_OF, "basis": "rebaselined"}
    rates = on_time_rate(twelve_projects, **latest)
    drawn = plot_rates(rates)
    assert finding(drawn) == (
        "62% of projects whose due date has passed were on time against the current due date"
    )
    assert drawn.layout.meta["subtitle"].startswith("Rate against the current due date, 95%")
    assert headline(rates).label == "On time, current due date"
    budget = plot_rates(on_budget_rate(twelve_projects, **latest))
    assert finding(budget).endswith("on budget against the latest budget")
    assert headline(on_budget_rate(twelve_projects, **latest)).label == "On budget, latest budget"
    outcomes = project_outcomes(twelve_projects, **latest)
    judged = twelve_projects.merge(outcomes, on="project_id")
    assert finding(plot_outcomes(judged)).endswith(
        "are both late against the current due date and over budget"
    )
    slipping = plot_slipping(judged, as_of=AS_OF)
    assert "open projects with a current due date are past it" in finding(slipping)
    for drawing in (plot_outcomes(judged), slipping):
        assert "baseline" not in json.dumps(drawing.layout.meta)


def test_a_superlative_needs_its_interval():
    """Only if the longest median lies above all other intervals does a stage take longest."""
    row = dict.fromkeys(("n_open", "n_cancelled", "n_zero_length", "n_incomplete"), 0)
    row |= {"level": "project", "n": 20, "n_ended": 20, "p85_days": 90.0}
    row |= {"p85_low": 80.0, "p85_high": np.nan}
    table = pd.DataFrame(
        [
            row | {"stage": "A", "median_days": 50.0, "median_low": 40.0, "median_high": 60.0},
            row | {"stage": "B", "median_days": 20.0, "median_low": 10.0, "median_high": 30.0},
        ]
    )
    clear = finding(plot_stage_durations(table, level="project"))
    assert clear == "A takes longest: half of the projects leave it within 50 days"
    unclear = finding(plot_stage_durations(table.replace({30.0: 45.0}), level="project"))
    assert unclear == "A has the highest median: half of the projects leave it within 50 days"
    alone = finding(plot_stage_durations(table.head(1), level="project"))
    assert alone == "Half of the projects leave A within 50 days"
    third = pd.DataFrame([row | {"stage": "C", "median_days": np.nan, "n_open": 30, "n": 50}])
    unreached = finding(plot_stage_durations(pd.concat([table, third]), level="project"))
    assert unreached.startswith("Of the stages that can be judged, A has the highest median")


def test_stays_whose_beginning_is_not_known_are_not_called_few():
    row = dict.fromkeys(("n", "n_ended", "n_open", "n_cancelled", "n_zero_length"), 0)
    row |= dict.fromkeys(("median_days", "median_low", "median_high"), np.nan)
    row |= dict.fromkeys(("p85_days", "p85_low", "p85_high"), np.nan)
    cut = pd.DataFrame([row | {"level": "project", "stage": "Design", "n_incomplete": 554}])
    drawing = plot_stage_durations(cut, level="project")
    assert finding(drawing).startswith("No stay of a project was seen from its beginning")
    assert drawing.layout.meta["alt"] == "Design: 554 whose beginning is not known."


@pytest.mark.parametrize(
    "drawing",
    [
        plot_rates(empty(Rates)),
        plot_outcomes(empty(ProjectOutcomes).assign(name="")),
        plot_slipping(empty(Projects).merge(empty(ProjectOutcomes), on="project_id"), as_of=AS_OF),
        plot_stage_durations(empty(StageDurations), level="product"),
        plot_files(empty(Files)),
        plot_worst_case(empty(WorstCase)),
        plot_completeness(empty(Completeness)),
    ],
)
def test_without_data_a_figure_says_what_is_missing(drawing):
    assert finding(drawing)
    assert drawing.layout.meta["subtitle"]
    assert not drawing.data


def file_row(name, read, valid, bad, same=0, repaired=0, deleted=0):
    return {
        "file": name, "kind": "projects", "evidence": None, "rows_read": read, "n_valid": valid,
        "n_quarantined": bad, "n_deleted": deleted, "n_duplicate": same, "n_repaired": repaired,
    }  # fmt: skip


def bounds(*, k=14, n=35, m=6, worst=14 / 41, best=20 / 41, is_within=True):
    row = {"measure": "on_time", "rate": k / n, "k": k, "n": n, "low": 0.256, "high": 0.564}
    more = {"n_rejected": m, "worst": worst, "best": best, "is_within": is_within}
    return pd.DataFrame([row | more])


def filled(*columns):
    rows = [
        {"table": "Projects", "column": column, "condition": "done", "n": n, "n_filled": n_filled,
         "share": n_filled / n, "affects": "on-budget rate"}
        for column, n, n_filled in columns
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_what_became_of_each_file_is_stated_with_what_was_repaired():
    files = pd.DataFrame(
        [file_row("p.csv", 131, 120, 11, repaired=9), file_row("q.csv", 15, 15, 0)]
    )
    drawing = plot_files(files)
    assert finding(drawing) == "11 of 146 rows could not be used and were set aside"
    assert "120 accepted, of which 9 repaired · 11 set aside" in drawing.layout.meta["alt"]
    widths = [trace.x[0] for trace in drawing.data]
    assert widths == pytest.approx([111 / 131, 9 / 131, 11 / 131, 0])
    assert [bool(trace.marker.pattern.shape) for trace in drawing.data] == [
        False,
        True,
        False,
        False,
    ]


def test_rows_deleted_on_purpose_are_no_rows_that_could_not_be_used():
    deleted = plot_files(pd.DataFrame([file_row("p.csv", 10, 7, 3, deleted=3)]))
    assert finding(deleted) == "Every other row could be used: 10 rows read, 3 deleted on purpose"
    assert "7 accepted · 3 set aside, of which 3 deleted" in deleted.layout.meta["alt"]
    some = plot_files(pd.DataFrame([file_row("p.csv", 10, 5, 5, deleted=3)]))
    assert finding(some) == "2 of 10 rows could not be used and were set aside"


def test_of_many_files_those_with_most_set_aside_are_drawn_and_the_rest_as_one():
    files = pd.DataFrame([file_row(f"{n}.csv", 10, 10 - n % 7, n % 7) for n in range(30)])
    drawing = plot_files(files)
    assert len(drawing.data[0].x) == 12
    told = drawing.layout.meta["alt"].split("; ")
    assert told[0] == "6.csv: 10 rows read, 4 accepted · 6 set aside"
    assert told[-1].startswith("19 other files: 190 rows read, ")
    assert finding(drawing).startswith(f"{sum(n % 7 for n in range(30))} of 300 rows could not")


def test_files_of_which_every_row_was_accepted_are_drawn_as_one():
    """Three files are few enough for a row each; of five the three that are whole are one."""
    whole = [file_row(f"{n}.csv", 10, 10, 0) for n in range(3)]
    assert len(plot_files(pd.DataFrame(whole)).data[0].x) == 3
    told = [*whole, file_row("bad.csv", 10, 8, 2), file_row("again.csv", 10, 9, 0, same=1)]
    alt = plot_files(pd.DataFrame(told)).layout.meta["alt"].split("; ")
    assert [each.split(":")[0] for each in alt] == ["bad.csv", "again.csv", "3 other files"]


def test_every_stay_that_a_duration_counts_is_a_mark_and_one_still_open_a_triangle():
    """Of five one is still there and one was cancelled; what has no beginning or length is none."""
    row = {"level": "project", "stage": "A", "n": 5, "n_ended": 3, "n_open": 1, "n_cancelled": 1}
    row |= dict.fromkeys(("n_zero_length", "n_incomplete"), 1)
    quantiles = [f"{name}_{part}" for name in ("median", "p85") for part in ("days", "low", "high")]
    durations = pd.DataFrame([row | dict.fromkeys(quantiles, np.nan)])
    items = pd.DataFrame({
        "item_id": [f"P{n}" for n in range(7)], "name": "One", "stage": "A",
        "total_days": [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 9.0],
        "is_open": [False, False, False, True, False, False, False],
        "is_cancelled": [False, False, False, False, True, False, False],
        "is_complete": [True] * 6 + [False],
    })  # fmt: skip
    drawing = plot_stage_durations(durations, items, level="project")
    drawn = {trace.marker.symbol: [*trace.x] for trace in drawing.data}
    assert drawn == {"circle": [1, 2, 3], "triangle-right": [4, 5]}
    named = [name for trace in drawing.data for (name,) in trace.customdata]
    assert named == ["P0", "P1", "P2", "P3", "P4"]
    many = pd.concat([items] * 301, ignore_index=True)
    assert not plot_stage_durations(durations, many, level="project").data


def test_rows_that_lack_a_value_are_told_where_every_row_is_in():
    repaired = plot_files(pd.DataFrame([file_row("p.csv", 445, 445, 0, repaired=27)]))
    assert finding(repaired) == "445 rows read, 27 of them without a value"
    whole = plot_files(pd.DataFrame([file_row("p.csv", 445, 445, 0)]))
    assert finding(whole) == "Every row could be used: 445 rows read"


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (bounds(), "; even at worst they leave the on-time rate inside its interval"),
        (bounds(is_within=False), "; they could move the on-time rate out of its interval"),
        (bounds(m=0), ", none of them a project"),
        (bounds().assign(rate=np.nan), " and were set aside"),
    ],
)
def test_rows_set_aside_are_weighed_against_chance(case, said):
    assert finding(plot_files(pd.DataFrame([file_row("p.csv", 9, 3, 6)]), case)).endswith(said)


def test_the_worst_case_is_told_as_a_rate():
    """14 ÷ 41 = 34 %, 20 ÷ 41 = 49 %."""
    drawing = plot_worst_case(bounds())
    assert finding(drawing) == (
        "If all 6 project rows set aside counted as late, the on-time rate would be 34%, not 40%"
    )
    assert drawing.layout.meta["alt"] == (
        "On time: 40%, 14 of 35; chance alone 26–56% · rows set aside 34–49%, inside it."
    )


def test_the_worst_case_of_few_projects_is_counted():
    few = bounds(k=2, n=3, m=1, worst=0.5, best=0.75)
    assert finding(plot_worst_case(few)) == (
        "If the one project row set aside counted as late, 2 of 4 would be on time, not 2 of 3"
    )
    none = plot_worst_case(bounds(m=0))
    assert finding(none).startswith("No row of a projects file was set aside")
    assert not any(trace.line.color == LIGHT["bad"] for trace in none.data)


def test_the_weakest_column_is_named_with_what_it_is_used_for():
    drawing = plot_completeness(filled(("actual_cost", 50, 44), ("baseline_budget", 50, 49)))
    assert finding(drawing) == (
        "Actual cost is missing on 12% of done projects; it is used for on-budget rate"
    )
    colors = [trace.line.color for trace in drawing.data]
    assert colors == [LIGHT[name] for name in ("grid", "bad", "grid", "good")]
    strong = finding(plot_completeness(filled(("actual_cost", 50, 46))))
    assert strong.endswith(
        "filled on at least 90%; the weakest is actual cost with 92% of done projects"
    )
    whole = finding(plot_completeness(filled(("actual_cost", 50, 50))))
    assert whole == "Every column that a measure uses is filled wherever it applies"


def test_rows_read_lead_to_the_base_of_the_rate(twelve_projects):
    """FX-12: 7 judged; 3 more will be (1 early, 2 not due); 1 cancelled, 1 without a baseline."""
    files = pd.DataFrame([file_row("p.csv", 14, 12, 1, same=1)])
    steps, said = rows_used(files, on_time_rate(twelve_projects, as_of=AS_OF))
    assert said == "From rows read to rows used: the on-time rate rests on 7 projects"
    assert [step.value for step in steps] == ["14", "12", "10", "7"]
    assert steps[2].detail == "the rest: 1 cancelled and 1 without a baseline"
    steps, said = rows_used(empty(Files), empty(Rates))
    assert [step.value for step in steps] == ["0"]
    assert said.endswith("no rate rests on them")


def test_where_there_are_histories_only_their_rows_are_stated():
    files = pd.DataFrame([file_row("gates.csv", 445, 440, 5) | {"kind": "project stage dates"}])
    steps, _ = rows_used(files, empty(Rates))
    assert [(step.label, step.value, step.detail) for step in steps] == [
        ("Rows read", "445", "gates.csv"),
        ("Accepted", "440", "5 set aside, 0 repeated"),
    ]


def test_a_long_name_without_blanks_is_cut_not_lost():
    name = "exports_of_all_projects_by_department_2026.csv"
    drawing = plot_files(pd.DataFrame([file_row(name, 1, 1, 0)]))
    assert "<b>exports_of_all_projects_by_department_2…</b>" in drawing.layout.annotations[0].text


def test_names_are_shown_and_never_read_as_markup(judged):
    hostile = "<img src=x onerror=alert(1)>"
    drawing = plot_slipping(judged.assign(name=hostile), as_of=AS_OF)
    text = drawing.update_layout(meta=None).to_json()
    assert "<img" not in text.replace("\\u003c", "<")
    assert "&lt;img" in text.replace("\\u0026", "&")


def test_only_light_traces_are_used(twelve_projects, judged):
    """Scatter and bar draw fast and print well; a long history must not grow the page."""
    portfolio = load_portfolio("data/sample")
    visits = stage_visits(portfolio.changes_of("product"), as_of=portfolio.as_of)
    drawings = [
        plot_rates(on_budget_rate(twelve_projects, as_of=AS_OF)),
        plot_outcomes(judged),
        plot_stage_durations(stage_durations(visits), level="product"),
        plot_files(portfolio.files),
        plot_worst_case(worst_case(on_time_rate(twelve_projects, as_of=AS_OF), 1)),
        plot_completeness(filled(("actual_cost", 51, 50))),
    ]
    kinds = {trace["type"] for d in drawings for trace in json.loads(d.to_json())["data"]}
    assert kinds == {"scatter", "bar"}


def test_each_light_colour_stands_for_one_dark_one():
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_marks_are_readable(palette):
    """WCAG 2.2: 4.5 for text, 3 for marks."""
    for text in ("ink", "ink2", "ink3", "good_text", "bad_text"):
        assert contrast(palette[text], palette["page"]) >= 4.5
    for pair in (("good_text", "good_wash"), ("bad_text", "bad_wash")):
        assert contrast(palette[pair[0]], palette[pair[1]]) >= 4.5
    for mark in ("good", "bad", "neutral", "ink3"):
        assert contrast(palette[mark], palette["page"]) >= 3
    for shade in ("stage1", "stage2", "stage3"):
        assert contrast(palette["on_pale"], palette[shade]) >= 4.5
    for shade in ("stage4", "stage5", "stage6"):
        assert contrast(palette["on_deep"], palette[shade]) >= 4.4


def test_of_many_groups_the_title_names_the_first_five(twelve_projects):
    each = on_time_rate(twelve_projects, as_of=AS_OF, by="project_id")
    n_known = each["rate"].notna().sum()
    title = finding(plot_rates(each, by="project_id"))
    assert title.count(", ") == 5
    assert title.endswith(f", {n_known - 5} more")
