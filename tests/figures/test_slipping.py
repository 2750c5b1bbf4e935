"""Open projects that slip: told by hand from the twelve projects of the worked examples."""

import json

import pandas as pd
import pytest

from pmanalytics import plot_slipping, project_outcomes
from pmanalytics.schemas import ProjectOutcomes, Projects, empty

AS_OF = "2024-06-30"


@pytest.fixture(scope="module")
def judged(twelve_projects):
    return twelve_projects.merge(project_outcomes(twelve_projects, as_of=AS_OF), on="project_id")


def finding(drawing):
    return drawing.layout.meta["finding"]


def expecting(judged, **forecasts):
    """Return the projects with a forecast for some, and its distance from the due date."""
    day = judged["project_id"].map(forecasts)
    days = (pd.to_datetime(day) - judged["due_date"]).dt.days.astype(float)
    return judged.assign(forecast_finish_date=pd.to_datetime(day), forecast_variance_days=days)


def test_projects_past_their_date_are_named_with_the_one_furthest_behind(judged):
    """P09 finished after the status date, so it is open: 61 days past 30 April."""
    drawing = plot_slipping(expecting(judged), as_of=AS_OF)
    name = judged.set_index("project_id").loc["P09", "name"]
    assert finding(drawing) == (
        f"2 of 4 open projects with a baseline are past it; {name} is furthest behind at +61 days"
    )
    assert f"{name}: +61 days so far" in drawing.layout.meta["alt"]
    assert "Of the open projects 4 without a forecast." in drawing.layout.meta["note"]


def test_those_expected_late_are_counted_apart(judged):
    """One of the two that are not due yet is expected 100 days after its date, the other early."""
    first, second = judged.loc[judged["on_time"] == "not_due", "project_id"]
    due = judged.set_index("project_id")["due_date"]
    later, early = due[first] + pd.Timedelta(days=100), due[second] - pd.Timedelta(days=1)
    told = expecting(judged, **{first: later, second: early})
    drawing = plot_slipping(told, as_of=AS_OF)
    assert (
        "2 of 4 open projects with a baseline are past it, and 1 more expects to end after it"
        in (finding(drawing))
    )
    assert finding(drawing).endswith("is furthest behind at +100 days")
    assert {trace.marker.symbol for trace in drawing.data} >= {
        "diamond",
        "triangle-right",
        "circle",
    }
    only = told[told["on_time"] == "not_due"]
    assert finding(plot_slipping(only, as_of=AS_OF)).startswith(
        "1 of 2 open projects with a baseline expects to end after it"
    )


def test_a_forecast_that_has_passed_is_not_believed(judged):
    """P09 was expected on 1 June, which is past: it is late up to the status date at least."""
    drawing = plot_slipping(expecting(judged, P09="2024-06-01"), as_of=AS_OF)
    assert "+61 days so far" in drawing.layout.meta["alt"]
    assert "1 with one that has passed" in drawing.layout.meta["note"]


def test_where_nothing_slips_that_is_said(judged):
    calm = expecting(judged[judged["on_time"] == "not_due"])
    assert finding(plot_slipping(calm, as_of=AS_OF)) == (
        "None of 2 open projects with a baseline is past it or expected to be"
    )
    done = expecting(judged[judged["on_time"] == "on_time"])
    none = empty(Projects).merge(empty(ProjectOutcomes), on="project_id")
    for table in (done, none):
        drawing = plot_slipping(table, as_of=AS_OF)
        assert finding(drawing).startswith("There is no open project")
        assert not drawing.data


def test_re_planning_stands_beside_the_name_and_marks_name_their_project(judged):
    drawing = plot_slipping(expecting(judged).assign(rebaseline_count=2), as_of=AS_OF)
    labels = [note.text for note in drawing.layout.annotations]
    assert sum("re-planned 2×" in label for label in labels) == 2
    named = {trace.customdata[0][0] for trace in drawing.data if trace.customdata}
    assert named == set(judged.loc[judged["on_time"] == "late_open", "project_id"])


def test_against_the_latest_plan_it_says_so(twelve_projects):
    outcomes = project_outcomes(twelve_projects, as_of=AS_OF, basis="rebaselined")
    judged = twelve_projects.merge(outcomes, on="project_id")
    drawing = plot_slipping(judged, as_of=AS_OF)
    assert "with a current due date are past it" in finding(drawing)
    assert "baseline" not in json.dumps(drawing.layout.meta)


def test_a_hostile_name_is_shown_as_text(judged):
    drawing = plot_slipping(judged.assign(name="<img src=x onerror=alert(1)>"), as_of=AS_OF)
    text = drawing.update_layout(meta=None).to_json()
    assert "<img" not in text.replace("\\u003c", "<")
