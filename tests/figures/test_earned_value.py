import json
from itertools import pairwise

import pandas as pd
import pytest

from pmanalytics import earned_value, earned_value_totals, plot_earned_value, plot_performance
from pmanalytics.figures.theme import LIGHT
from pmanalytics.schemas import EarnedValue, empty

AS_OF = "2030-12-31"


def reports(planned, earned, cost, *, budget=100.0, project="P1", currency="EUR"):
    ends = pd.date_range("2024-01-31", periods=len(planned), freq="ME").as_unit("us")
    return pd.DataFrame(
        {
            "project_id": project,
            "period_end_date": ends,
            "planned_value": pd.Series(planned, dtype=float),
            "earned_value": pd.Series(earned, dtype=float),
            "actual_cost_to_date": pd.Series(cost, dtype=float),
            "budget_at_completion": budget,
            "currency": currency,
        }
    )


def measured(*args, **options):
    return earned_value(reports(*args, **options), as_of=AS_OF)


def finding(drawing):
    return drawing.layout.meta["finding"]


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        # ES = 1.2, AT = 2; EAC = 100 · 55 ÷ 34
        (measured([30, 50, 100], [15, 34], [20, 55]), "is 0.8 periods behind plan and heads for a "
         "cost 62% over budget"),
        (measured([30, 60, 100], [30, 100], [30, 80]), "was completed 1.0 period early and ended "
         "20% under budget"),
        (measured([30, 100, 100], [30, 60, 100], [30, 60, 100]), "was completed 1.0 period late "
         "and ended within 1% of its budget"),
        (measured([30, 50, 100], [30, 50], [30, 50]), "is on plan in time and heads for a cost "
         "within 1% of its budget"),
        (measured([3000], [2500], [2800], budget=4000.0), "has earned 83% of what was planned by "
         "now and heads for a cost 12% over budget"),
        (measured([30, 100], [None, None], [3, 4]), "cannot be judged on plan or cost"),
    ],
)  # fmt: skip
def test_a_title_says_how_late_and_how_dear(measures, said):
    known = measures[measures["actual_cost"].notna()]
    assert finding(plot_earned_value(known, name="Atlas")) == f"Atlas {said}"


def test_the_alternative_text_tells_the_amounts_and_the_note_what_is_missing():
    """M29: EAC 4300 by plan, 4480 by CPI, 4816 by both indices."""
    meta = plot_earned_value(measured([3000], [2500], [2800], budget=4000.0), name="Fence").layout
    thin = "\u202f"
    assert meta.meta["alt"].replace(thin, "") == (
        "By 31 Jan 2024: planned 3000, earned 2500, cost 2800, of a budget of 4000; "
        "cost at completion 4300–4816."
    )
    assert "only one period is known" in meta.meta["note"]
    assert meta.meta["subtitle"].endswith("cumulative, in EUR")


def test_labels_of_lines_that_meet_are_kept_apart():
    drawing = plot_earned_value(measured([30, 99], [30, 98.5], [30, 99]), name="Atlas")
    heights = sorted(label.y for label in drawing.layout.annotations)
    top = drawing.layout.yaxis.range[1]
    assert len(heights) == 5
    assert all(high - low > top * 0.05 for low, high in pairwise(heights))
    assert heights[-1] <= top


def test_trouble_alone_is_orange():
    def colors(measures):
        text = plot_earned_value(measures, name="Atlas").to_json()
        return {name for name, color in LIGHT.items() if color in text}

    assert not colors(measured([30, 60], [40, 60], [30, 50])) & {"bad", "bad_text", "bad_wash"}
    assert colors(measured([30, 60], [30, 50], [40, 60])) > {"bad", "bad_text", "bad_wash"}


def test_projects_are_counted_and_the_worst_stands_first():
    """Late: SPI(t) 0.5 and, within the tolerance, 0.97; dear: CPI 0.8."""
    table = pd.concat(
        [
            reports([50, 100], [48.5], [48.5], project="P1"),
            reports([50, 100], [25], [25], project="P2"),
            reports([50], [40], [50], project="P3"),
            reports([50, 100], [None], [50], project="P4"),
        ]
    )
    measures = earned_value(table, as_of="2024-01-31")
    drawing = plot_performance(measures.assign(name="<b>" + measures["project_id"]))
    assert finding(drawing) == "Behind plan: 1 of 2 projects; over cost: 1 of 3 projects"
    assert drawing.layout.meta["alt"] == (
        "<b>P2: time 0.50, cost 1.00; <b>P3: time not known, cost 0.80; "
        "<b>P1: time 0.97, cost 1.00."
    )
    assert "1 project without a pace" in drawing.layout.meta["note"]
    assert "1 more project with neither index" in drawing.layout.meta["note"]
    shown = [label.text for label in drawing.layout.annotations]
    assert all("&lt;b&gt;P" in text for text in shown)
    is_orange = [trace.marker.color == LIGHT["bad"] for trace in drawing.data]
    assert [trace.x[0] for trace, bad in zip(drawing.data, is_orange, strict=True) if bad] == [
        0.5, 0.8,
    ]  # fmt: skip


def test_only_the_last_report_of_each_project_is_drawn_and_far_ones_at_the_edge():
    table = reports([10, 20, 100], [5, 90], [5, 30])
    drawing = plot_performance(earned_value(table, as_of="2024-02-29").assign(name="One"))
    assert finding(drawing) == "Behind plan: 0 of 1 project; over cost: 0 of 1 project"
    assert [trace.x[0] for trace in drawing.data] == [pytest.approx(2.875 / 2), 2.0]
    assert [trace.marker.symbol for trace in drawing.data] == ["diamond", "triangle-right"]
    assert [trace.text[0] for trace in drawing.data] == ["Time 1.44", "Cost 3.00"]


@pytest.mark.parametrize(
    "drawing",
    [
        plot_earned_value(empty(EarnedValue), name="Atlas"),
        plot_earned_value(measured([None], [None], [None]), name="Atlas"),
        plot_performance(empty(EarnedValue).assign(name="")),
        plot_performance(measured([30, 100], [None, None], [3, 4]).assign(name="One")),
    ],
)
def test_without_reports_a_figure_says_what_is_missing(drawing):
    assert finding(drawing)
    assert "status reports" in drawing.layout.meta["subtitle"]
    assert not drawing.data


def test_totals_are_drawn_like_projects_and_serialise():
    table = pd.concat([reports([30, 60, 100], [20, 40], [25, 50], project=p) for p in ("A", "B")])
    total = earned_value_totals(table, as_of="2024-02-29")
    drawing = plot_earned_value(total, name="The portfolio")
    assert finding(drawing).startswith("The portfolio is 0.7 periods behind plan")
    assert {trace["type"] for trace in json.loads(drawing.to_json())["data"]} == {"scatter"}
