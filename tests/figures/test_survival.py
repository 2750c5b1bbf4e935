import pandas as pd
import pytest
from histories import FLOW, changes_of

from pmanalytics import compare_durations, plot_stage_survival, stage_survival, stage_visits
from pmanalytics.schemas import StageSurvival, empty

START = pd.Timestamp("2024-01-01", tz="UTC")


def stays(team, days, n_open=0):
    """Return visits in Doing that lasted so many days, and some that go on."""
    rows = []
    for number, length in enumerate([*days, *[None] * n_open]):
        rows.append((f"{team}{number}", START, "In Progress"))
        if length is not None:
            rows.append((f"{team}{number}", START + pd.Timedelta(days=length), "Done"))
    return changes_of(*rows).assign(team=team)


def visits_of(*parts):
    changes = pd.concat(parts, ignore_index=True)
    return stage_visits(changes, FLOW, as_of="2024-03-31")


def finding(drawing):
    return drawing.layout.meta["finding"]


def test_a_difference_is_claimed_only_with_the_verdict():
    visits = visits_of(stays("East", range(1, 13)), stays("West", range(20, 32)))
    curves = stage_survival(visits, by="team")
    comparison = compare_durations(visits, between="team")
    drawing = plot_stage_survival(curves, comparison, by="team")
    assert finding(drawing) == (
        "West stays longer in Doing than East: half within 25 days, not 6 days"
    )
    assert "Log-rank test: p < 0.001" in drawing.layout.meta["note"]
    assert (
        "East: 12 work items, 12 left; half have left within 6 days" in drawing.layout.meta["alt"]
    )
    few = visits_of(stays("East", range(1, 13)), stays("West", [20, 30]))
    drawing = plot_stage_survival(
        stage_survival(few, by="team"), compare_durations(few, between="team"), by="team"
    )
    assert finding(drawing) == "Too few have left Doing to compare East and West"


def test_one_curve_says_when_half_have_left():
    curves = stage_survival(visits_of(stays("A", range(1, 11), n_open=3)))
    assert (
        finding(plot_stage_survival(curves)) == "Half of the work items leave Doing within 7 days"
    )


def test_what_is_not_reached_is_not_said():
    curves = stage_survival(visits_of(stays("A", [1, 2], n_open=20)))
    assert finding(plot_stage_survival(curves)) == (
        "It cannot be said yet within which time half of the work items leave Doing"
    )


@pytest.mark.parametrize("n_open", [0, 4])
def test_without_an_end_there_is_no_curve(n_open):
    curves = stage_survival(visits_of(stays("A", [], n_open=n_open))) if n_open else None
    drawing = plot_stage_survival(empty(StageSurvival) if curves is None else curves)
    assert finding(drawing).startswith("Nobody has left")
    assert not drawing.data


def test_names_of_groups_are_shown_as_they_are_written():
    curves = stage_survival(visits_of(stays("<b>R&D</b>", range(1, 9))), by="team")
    drawing = plot_stage_survival(curves, by="team")
    texts = [note.text for note in drawing.layout.annotations]
    assert any(text.endswith("<b>&lt;b&gt;R&amp;D&lt;/b&gt;</b>") for text in texts)


def test_numbers_below_count_those_seen_so_long():
    curves = stage_survival(visits_of(stays("A", [10, 20, 30, 40])))
    drawing = plot_stage_survival(curves)
    texts = [note.text for note in drawing.layout.annotations]
    assert texts == ["4", "4", "3", "2", "1", "still there"]


def test_a_band_is_whole_until_somebody_leaves():
    """Items last seen before the first end have no interval, which must not bend the band."""
    curves = stage_survival(visits_of(stays("A", [60, 70, 80, 85, 88], n_open=1)))
    early = curves.iloc[:1].assign(days=10.0, n_ended=0, survival=1.0, low=None, high=None)
    drawing = plot_stage_survival(pd.concat([early, curves], ignore_index=True))
    low = drawing.data[1]
    assert list(low.x[:2]) == [0, 10]
    assert list(low.y[:2]) == [1, 1]
