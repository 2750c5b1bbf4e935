import json

import numpy as np
import pandas as pd
import pytest

from pmanalytics import forecast_when, plot_completion_forecast, throughput_backtest
from pmanalytics.schemas import CompletionForecasts, ThroughputBacktests, empty

START, AS_OF = pd.Timestamp("2024-01-01"), "2024-12-29"
HOSTILE = "<img src=x onerror=alert(1)>"


def weeks_of(counts, **columns):
    start = START + pd.to_timedelta(np.arange(len(counts)) * 7, unit="D")
    table = pd.DataFrame({"period_start_date": start, "n_days": 7, "throughput": counts})
    return table.assign(is_complete=True, **columns)


def drawn(weeks, backlog, by=None, horizon=4):
    return plot_completion_forecast(
        forecast_when(weeks, as_of=AS_OF, backlog=backlog, by=by),
        throughput_backtest(weeks, as_of=AS_OF, horizon=horizon, by=by),
    )


def meta(drawing):
    return drawing.layout.meta


def test_a_sure_date_is_told_with_what_stands_behind_it():
    """Always 2 a week: 10 items take 5 weeks after 29 Dec 2024. 52 weeks end on that day.

    There are 52 − 4 − 4 origins, all of which held; 11 of them do not overlap: 11 ÷ (11 + z²).
    """
    drawing = drawn(weeks_of([2] * 52), backlog=10)
    assert meta(drawing)["finding"] == "85% chance that 10 items are done by 2 Feb 2025"
    assert meta(drawing)["alt"] == (
        "All items: 10 items: half by 2 Feb 2025, 85% by 2 Feb 2025, 95% by 2 Feb 2025."
    )
    assert meta(drawing)["note"] == (
        "Drawn 10\u202f000 times from the 52 weeks from 1 Jan 2024 to 29 Dec 2024, those without a "
        "finish included. Of past forecasts at 85%, 4 weeks ahead: 100% of 44 held (74–100%)."
    )
    symbols = [trace.marker.symbol for trace in drawing.data if trace.mode == "markers"]
    assert symbols == ["line-ns", "diamond", "line-ns"]
    assert drawing.layout.shapes[0].x0 == pd.Timestamp(AS_OF)


def test_of_several_groups_the_last_is_told_first():
    weeks = pd.concat([weeks_of([2] * 52, team="A"), weeks_of([1] * 52, team="B")])
    drawing = drawn(weeks, {"A": 10, "B": [3, 6], "C": 1}, by="team")
    assert meta(drawing)["finding"] == (
        "Of those that can be forecast, B is done last: "
        "85% chance that 3–6 items are done by 9 Feb 2025"
    )
    assert meta(drawing)["note"].endswith(
        "100% of 44 held (74–100%) for A and 100% of 44 held (74–100%) for B. Not forecast: C."
    )
    assert meta(drawn(weeks, 10, by="team"))["finding"].startswith("B is done last")


def test_what_is_not_reached_is_said():
    """At one a week, 250 are done within 260 weeks and 270 are not."""
    uncertain = drawn(weeks_of([1] * 52), backlog=[250, 250, 250, 270])
    assert meta(uncertain)["finding"] == (
        "Less than an 85% chance that the backlog is done within 5 years"
    )
    assert "85% not reached, 95% not reached" in meta(uncertain)["alt"]
    late = drawn(weeks_of([1] * 52), backlog=270)
    assert meta(late)["finding"] == "When the backlog will be done cannot be said"
    assert meta(late)["subtitle"] == "Not reached within 5 years."


def test_too_little_says_so():
    few = drawn(weeks_of([2] * 4), backlog=3)
    assert meta(few)["subtitle"] == (
        "Too few: 4 complete periods with 8 finished items, 5 of each needed."
    )
    assert not few.data
    untested = drawn(weeks_of([2] * 9), backlog=3)
    assert meta(untested)["note"].endswith(
        "Too few such forecasts can be tested on the past to say whether they hold."
    )
    none = plot_completion_forecast(empty(CompletionForecasts), empty(ThroughputBacktests))
    assert meta(none)["finding"] == "There is no backlog to forecast"


def test_no_more_than_twelve_groups_are_drawn():
    weeks = pd.concat([weeks_of([2] * 6, team=f"T{number:02}") for number in range(14)])
    drawing = drawn(weeks, {f"T{number:02}": 2 * number for number in range(14)}, by="team")
    assert meta(drawing)["finding"].startswith("T13 is done last")
    assert meta(drawing)["note"].endswith("2 that are done sooner are not shown.")


@pytest.mark.parametrize("n_days", [1, 14])
def test_periods_are_called_by_their_length(n_days):
    start = START + pd.to_timedelta(np.arange(10) * n_days, unit="D")
    rows = weeks_of([2] * 10).assign(period_start_date=start, n_days=n_days)
    noun = {1: "10 days", 14: "10 14-day periods"}[n_days]
    assert f"from the {noun} from 1 Jan 2024" in meta(drawn(rows, backlog=3))["note"]


def test_names_are_shown_and_never_read_as_markup():
    drawing = drawn(weeks_of([2] * 52, team=HOSTILE), 3, by="team")
    text = drawing.update_layout(meta=None).to_json().replace("\\u003c", "<")
    assert "<img" not in text
    assert "&lt;img" in text.replace("\\u0026", "&")
    assert {trace["type"] for trace in json.loads(drawing.to_json())["data"]} == {"scatter"}
