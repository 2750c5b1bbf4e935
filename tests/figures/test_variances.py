import pytest

from pmanalytics import plot_variances, project_outcomes, variance_distribution
from pmanalytics.schemas import ProjectOutcomes, VarianceDistributions, empty

AS_OF = "2024-06-30"


def drawn(projects, measure="finish_variance_days"):
    outcomes = projects.merge(project_outcomes(projects, as_of=AS_OF), on="project_id")
    spread = variance_distribution(projects, as_of=AS_OF)
    return plot_variances(outcomes, spread, measure=measure)


def test_the_title_tells_the_middle_most_and_the_worst(twelve_projects):
    """By hand: days −107 −11 0 0 30 41 46 61; cost shares of 8."""
    drawing = drawn(twelve_projects)
    assert drawing.layout.meta["finding"] == (
        "Finish: half of 8 projects are at 0 days or later, a tenth at +61 days or later, the "
        "worst at +61 days"
    )
    assert "Rings: 2 still open" in drawing.layout.meta["note"]
    cost = drawn(twelve_projects, "cost_variance_share")
    assert cost.layout.meta["finding"] == (
        "Cost: half of 8 projects are at +6% of the budget or more, a tenth at +45% or more, the "
        "worst at +45%"
    )
    assert "25% are more than 20% over" in cost.layout.meta["note"]


def test_every_project_is_a_mark_at_its_rank(twelve_projects):
    data = drawn(twelve_projects).data
    marks = sorted((x, y) for trace in data for x, y in zip(trace.x, trace.y, strict=True))
    assert marks == [
        (days, rank / 8) for rank, days in enumerate([-107, -11, 0, 0, 30, 41, 46, 61], start=1)
    ]
    rings = sum(len(trace.x) for trace in data if trace.marker.line.width == 2)
    assert rings == 2


def test_what_lies_beyond_the_axis_is_a_triangle_that_points_there(twelve_projects):
    far = twelve_projects.assign(actual_cost=twelve_projects["actual_cost"] * 4)
    symbols = {trace.marker.symbol for trace in drawn(far, "cost_variance_share").data}
    assert "triangle-right" in symbols
    assert "triangle-left" not in symbols
    free = twelve_projects.assign(actual_cost=0.0)
    symbols = {trace.marker.symbol for trace in drawn(free, "cost_variance_share").data}
    assert symbols == {"triangle-left"}


def test_a_few_projects_are_not_called_a_distribution(twelve_projects):
    drawing = drawn(twelve_projects.head(3))
    assert drawing.layout.meta["finding"] == "Finish: only 3 projects, to be read one by one"
    assert not drawing.layout.annotations


@pytest.mark.parametrize("measure", ["finish_variance_share", "cost_variance_share"])
def test_without_data_it_says_what_is_missing(measure):
    drawing = plot_variances(
        empty(ProjectOutcomes).assign(name=""), empty(VarianceDistributions), measure=measure
    )
    assert drawing.layout.meta["finding"].startswith("No project has a")
    assert not drawing.data


def test_names_are_shown_and_never_read_as_markup(twelve_projects):
    hostile = twelve_projects.assign(name="<img src=x onerror=alert(1)>")
    texts = [text for trace in drawn(hostile).data for text in trace.text]
    assert len(texts) == 8
    assert all(text.startswith("&lt;img") for text in texts)
