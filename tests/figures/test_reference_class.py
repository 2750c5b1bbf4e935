import json

import pandas as pd
import pytest

from pmanalytics import (
    load_portfolio,
    plan_ratios,
    plot_project_forecasts,
    plot_reference_class,
    project_forecasts,
    reference_class,
)
from pmanalytics.figures.theme import LIGHT
from pmanalytics.schemas import (
    PlanRatios,
    ProjectForecasts,
    Projects,
    ReferenceClasses,
    dtypes,
    empty,
)

START, AS_OF = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def roads():
    """Ten finished after 80 to 170 of 100 days, one open at 105, one cancelled."""
    took = pd.Series([*range(80, 180, 10), None, 30], dtype=float)
    start = pd.Series([START] * 10 + [AS_OF - pd.Timedelta(days=105), START])
    table = pd.DataFrame(
        {
            "project_id": [f"P{number:02}" for number in range(12)],
            "name": [f"Road {number}" for number in range(12)],
            "status": ["done"] * 10 + ["open", "cancelled"],
            "project_class": "road",
            "baseline_start_date": start,
            "baseline_finish_date": start + pd.Timedelta(days=100),
            "actual_finish_date": start + pd.to_timedelta(took, unit="D"),
            "forecast_finish_date": [pd.NaT] * 10 + [pd.Timestamp("2025-01-10"), pd.NaT],
        }
    )
    lacking = {name: None for name in dtypes(Projects) if name not in table}
    return table.assign(**lacking).astype(dtypes(Projects))


def drawn(projects, **options):
    return plot_reference_class(
        reference_class(projects, as_of=AS_OF, **options),
        plan_ratios(projects, as_of=AS_OF, by=options.get("by", "project_class")),
        measure="duration",
    )


def meta(drawing):
    return drawing.layout.meta


def marks(drawing):
    """Return the number of marks by symbol and colour."""
    found = [trace for trace in drawing.data if trace.mode == "markers"]
    return [(t.marker.symbol, t.marker.line.color, len(t.x)) for t in found]


def test_a_class_is_told_by_its_largest(roads):
    """10, 9 and 8 of 11 are left after 0.8, 0.9 and 1.0; then one is open, and 7 are at risk.

    8/11 · 3/7 = 0.31 after 1.4, 8/11 · 4/7 = 0.42 after 1.3; 8/11 · 1/7 = 0.10 after 1.6.
    """
    drawing = drawn(roads)
    assert meta(drawing)["finding"] == (
        "road: half of the projects end by +30% against their planned days, 80% by +60%"
    )
    assert meta(drawing)["alt"] == "road: 10 finished, 1 open: half +30%, 80% +60%."
    assert "Left out: 1 cancelled." in meta(drawing)["note"]


def test_what_is_above_plan_has_its_own_mark_and_what_is_open_points_on(roads):
    good, bad = LIGHT["good"], LIGHT["bad"]
    assert marks(drawn(roads))[:3] == [
        ("circle", good, 3),
        ("diamond", bad, 7),
        ("triangle-right", bad, 1),
    ]


def test_a_small_class_is_drawn_but_not_summed_up(roads):
    drawing = drawn(roads.drop(index=0))
    assert meta(drawing)["finding"] == (
        "Too few projects of one class are finished to say what one takes of its duration"
    )
    assert meta(drawing)["alt"] == "road: 9 finished, 1 open: too few to say."
    assert sum(n for *_, n in marks(drawing)) == 10


def test_classes_of_two_columns_and_of_none_have_a_name(roads):
    assert meta(drawn(roads, by=["project_class", "status"], min_n=5))["finding"].startswith(
        "road · done: half"
    )
    assert meta(drawn(roads, by=None))["finding"].startswith("All projects: half")
    nameless = roads.assign(project_class=None).astype(dtypes(Projects))
    assert (
        "(not recorded): 10 finished, 1 open: their class is not recorded"
        in (meta(drawn(nameless))["alt"])
    )


def test_an_open_project_is_told_with_its_owners_forecast(roads):
    """Started 2024-09-17: half by day 140 (4 Feb 2025), 80 % by day 160 (24 Feb); owner 10 Jan."""
    drawing = plot_project_forecasts(project_forecasts(roads, as_of=AS_OF))
    assert meta(drawing)["finding"] == (
        "1 of 1 owners' forecasts are earlier than half of such projects would finish"
    )
    assert meta(drawing)["alt"] == (
        "Road 10: baseline 26 Dec 2024, owner 10 Jan 2025, half by 4 Feb 2025, 80% by 24 Feb 2025."
    )
    assert marks(drawing)[-1][:2] == ("diamond", LIGHT["bad"])
    assert drawing.layout.shapes[0].x0 == AS_OF


def test_an_owner_later_than_half_of_the_class_is_no_trouble(roads):
    later = roads.assign(forecast_finish_date=pd.Timestamp("2025-02-04"))
    drawing = plot_project_forecasts(project_forecasts(later, as_of=AS_OF))
    assert meta(drawing)["finding"].startswith("0 of 1 owners' forecasts")
    assert marks(drawing)[-1][:2] == ("diamond", LIGHT["ink3"])


def test_without_an_owners_forecast_the_class_still_speaks(roads):
    silent = roads.assign(forecast_finish_date=pd.NaT).astype(dtypes(Projects))
    drawing = plot_project_forecasts(project_forecasts(silent, as_of=AS_OF))
    assert meta(drawing)["finding"] == (
        "1 open project can be forecast; none has its owner's forecast"
    )
    assert "Without an owner's forecast: 1." in meta(drawing)["note"]


def test_a_project_not_forecast_is_counted():
    portfolio = load_portfolio("data/sample")
    table = project_forecasts(portfolio.projects, as_of=portfolio.as_of)
    note = meta(plot_project_forecasts(table))["note"]
    n_without = table["p50_finish_date"].isna().sum()
    assert f"Not forecast: {n_without} open projects." in note
    assert "of their class: 5 of these." in note
    assert "The 12 that promise the most are shown." in note


def test_without_numbers_a_figure_says_what_is_missing(roads):
    few = plot_project_forecasts(project_forecasts(roads.drop(index=0), as_of=AS_OF))
    assert meta(few)["finding"].startswith("No open project can be forecast")
    assert meta(few)["subtitle"] == (
        "n = 1. Most often: too few: its class has 9 finished, 10 needed."
    )
    none = plot_project_forecasts(empty(ProjectForecasts))
    assert meta(none)["finding"] == "There is no open project to forecast"
    for measure in ("duration", "cost"):
        drawing = plot_reference_class(empty(ReferenceClasses), empty(PlanRatios), measure=measure)
        assert meta(drawing)["finding"].endswith("is not known")
        assert not drawing.data


def test_names_are_shown_and_never_read_as_markup(roads):
    hostile = roads.assign(name=HOSTILE, project_class=HOSTILE)
    for drawing in (
        drawn(hostile),
        plot_project_forecasts(project_forecasts(hostile, as_of=AS_OF)),
    ):
        text = drawing.update_layout(meta=None).to_json().replace("\\u003c", "<")
        assert "<img" not in text
        assert "&lt;img" in text.replace("\\u0026", "&")
        assert {trace["type"] for trace in json.loads(drawing.to_json())["data"]} == {"scatter"}
