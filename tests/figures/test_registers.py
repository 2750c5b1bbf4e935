import json

import numpy as np
import pandas as pd
import pytest

from pmanalytics import (
    attention,
    attention_rows,
    exposure_over_time,
    exposure_rows,
    load_projects,
    load_table,
    neglected_rows,
    plot_exposure,
    plot_team_load,
    table_card,
    team_load,
)
from pmanalytics.figures.theme import LIGHT
from pmanalytics.reports.cards import CARD, html_of
from pmanalytics.schemas import (
    Allocations,
    Attention,
    ExposureOverTime,
    RiskHygiene,
    Risks,
    TeamLoad,
    empty,
)

AS_OF = "2024-06-30"


def finding(drawing):
    return drawing.layout.meta["finding"]


def exposure(*dates):
    rows = {
        "risk_id": ["R1", "R2", "R3", "R4"],
        "status": ["closed", "open", "open", "open"],
        "probability": ["0.3", "0.1", "", "0.5"],
        "impact_cost": ["50000", "200000", "1000", "9"],
        "currency": "EUR",
        "opened_date": ["2024-01-10", "2024-02-01", "2024-02-01", ""],
        "closed_date": ["2024-04-20", "", "", ""],
    }
    return exposure_over_time(load_table(pd.DataFrame(rows), Risks), dates=dates)


def load(*shares):
    rows = [
        {"week_date": pd.Timestamp("2024-06-03") + pd.Timedelta(weeks=week), "team": team,
         "planned_hours": share * 100, "capacity_hours": 100}
        for team, weeks in shares for week, share in enumerate(weeks)
    ]  # fmt: skip
    return team_load(load_table(pd.DataFrame(rows), Allocations), as_of=AS_OF)


def test_exposure_that_falls_is_told_with_both_ends():
    """By hand: 35 000 on 31 March, 20 000 on 30 April; R3 is not assessed, R4 has no day."""
    drawing = plot_exposure(exposure("2024-03-31", "2024-04-30"))
    assert finding(drawing) == (
        "Risk exposure fell from EUR 35\u202f000 on 31 Mar 2024 to EUR 20\u202f000 on "
        "30 Apr 2024, with 2 open risks"
    )
    note = drawing.layout.meta["note"]
    assert "Not in the sum: 1 open risk without a probability or a cost." in note
    assert "Left out: 1 risk whose days are not known." in note
    assert "30 Apr 2024 EUR 20\u202f000" in drawing.layout.meta["alt"]


def test_exposure_that_stays_or_has_one_date_claims_no_change():
    same = finding(plot_exposure(exposure("2024-02-10", "2024-03-31")))
    assert same.startswith("Risk exposure stayed as it was: EUR 35\u202f000 on 31 Mar 2024")
    once = finding(plot_exposure(exposure("2024-01-31")))
    assert once == "Risk exposure was EUR 15\u202f000 on 31 Jan 2024, with 1 open risk"
    grown = finding(plot_exposure(exposure("2024-01-31", "2024-03-31")))
    assert grown.startswith("Risk exposure rose from EUR 15\u202f000")


def test_the_project_that_carries_the_most_exposure_is_named():
    columns = ["project_id", "name", "exposure", "currency", "any_share", "n_open"]
    projects = pd.DataFrame(
        [["P1", "One", 10.0, "EUR", 0.5, 1], ["P2", "Two", 30.0, "EUR", 0.25, 2]], columns=columns
    )
    whole = pd.DataFrame({"exposure": [40.0], "currency": ["EUR"]})
    table, said = exposure_rows(whole, projects)
    assert said == "Two carries EUR 30 of the EUR 40 exposed"
    assert table["chance_of_at_least_one"].tolist() == ["25%", "50%"]
    assert "is not known" in exposure_rows(whole, projects.assign(exposure=np.nan))[1]


def test_risks_that_nobody_looks_after_are_listed_with_what_they_lack():
    hygiene = pd.DataFrame({
        "risk_id": ["R1", "R2"], "name": ["Late", "Lost"], "owner": [None, "Ada"],
        "is_review_overdue": [True, False], "has_no_owner": [True, False],
        "has_no_assessment": False,
    })  # fmt: skip
    table, said = neglected_rows(hygiene)
    assert said == "1 of 2 open risks lacks an owner, an assessment or a review on time"
    assert table[["risk", "lacking"]].to_numpy().tolist() == [["Late", "review on time, owner"]]
    assert neglected_rows(hygiene[1:])[1].startswith("Each of 1 open risk has")
    assert neglected_rows(empty(RiskHygiene))[0].empty


def test_the_fullest_team_is_named():
    drawing = plot_team_load(load(("Helm", [1.2, 1.0, 1.1]), ("Bridge", [1.01, 0.5, 0.5])))
    assert finding(drawing) == (
        "Helm is planned above its capacity in 2 of 3 weeks, 1 other team in some"
    )
    assert drawing.layout.meta["alt"] == (
        "Bridge: over in 1 of 3 weeks, at most 101%; Helm: over in 2 of 3 weeks, at most 120%."
    )
    calm = finding(plot_team_load(load(("Helm", [1.0, 0.9]))))
    assert calm == "No team is planned above its capacity in any of 2 weeks"


def test_only_weeks_above_capacity_are_orange():
    drawing = plot_team_load(load(("Helm", [1.0, 1.2, 0.9])))
    weeks = {trace.marker.color: len(trace.x) for trace in drawing.data}
    assert weeks == {LIGHT["good"]: 2, LIGHT["bad"]: 1}


def test_bars_stand_in_proportion_and_end_at_150_percent():
    drawing = plot_team_load(load(("Helm", [0.5, 1.0, 3.0])))
    heights = np.concatenate([trace.y for trace in drawing.data])
    assert (heights / heights[1]).tolist() == pytest.approx([0.5, 1.0, 1.5])


def test_a_hostile_team_is_shown_and_never_read_as_markup():
    drawing = plot_team_load(load(("<img src=x onerror=alert(1)>", [1.2])))
    text = drawing.update_layout(meta=None).to_json().replace("\\u003c", "<")
    assert "<img" not in text


def test_the_list_says_who_needs_a_decision_first():
    rows = pd.DataFrame(
        {
            "project_id": ["P1", "P2"], "name": ["Move <b>", "Paint"], "status": "open",
            "baseline_finish_date": ["2024-03-24", "2024-12-31"], "baseline_budget": 100,
            "actual_cost": [101, 1], "currency": "EUR", "project_manager": "Ada",
        }
    )  # fmt: skip
    table, said = attention_rows(attention(load_projects(rows), as_of=AS_OF), n_open=2)
    assert said == (
        "1 of 2 open projects needs a decision, first Move <b>: 98 days past its baseline, "
        "already over budget"
    )
    card = table_card(table, said)
    assert card.headers[:5] == ["Project", "ID", "Manager", "Serious", "Lesser"]
    why = "98 days past its baseline; already over budget"
    assert card.rows[0][3:] == [why, "", "+98", "+1%", "24\xa0Mar\xa02024", "–"]
    page = html_of(card._repr_mimebundle_()[CARD], None, "1")
    assert '<span class="chip">already over budget</span>' in page
    assert card.bars == {"5": [1.0], "6": [1.0]}
    assert "<b>:" not in page


def test_where_nothing_needs_a_decision_the_list_says_so():
    _, said = attention_rows(empty(Attention), n_open=12)
    assert said == "None of 12 open projects needs a decision"
    _, said = attention_rows(empty(Attention), n_open=0)
    assert said == "There is no open project that could need a decision"


@pytest.mark.parametrize(
    "drawing", [plot_exposure(empty(ExposureOverTime)), plot_team_load(empty(TeamLoad))]
)
def test_without_data_a_figure_says_what_is_missing(drawing):
    assert finding(drawing)
    assert drawing.layout.meta["subtitle"]
    assert not drawing.data


def test_only_light_traces_are_used():
    drawings = [plot_exposure(exposure("2024-03-31")), plot_team_load(load(("Helm", [1.2])))]
    kinds = {trace["type"] for d in drawings for trace in json.loads(d.to_json())["data"]}
    assert kinds == {"scatter", "bar"}
