import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import PMAnalyticsError, load_table, team_load
from pmanalytics.schemas import Allocations, empty

AS_OF = "2024-06-30"
WEEK = "2024-06-03"


def bookings(*rows):
    """Return bookings, each as its differences from a full week of one person that is planned."""
    plain = {"week_date": WEEK, "team": "Helm", "person": "Ada", "capacity_hours": 40}
    return load_table(pd.DataFrame([plain | row for row in rows]), Allocations)


def load(*rows, **options):
    return team_load(bookings(*rows), **({"as_of": AS_OF} | options))


def test_the_worked_example(examples):
    """M53: 130 of 160 and 176 of 160 hours logged; 160 of 200 planned."""
    table = load(
        {"logged_hours": 130, "capacity_hours": 160, "team": "A"},
        {"logged_hours": 176, "capacity_hours": 160, "team": "B"},
        {"planned_hours": 160, "capacity_hours": 200, "team": "C"},
    )
    found = [*table["utilisation"].tolist()[:2], table["allocation"].tolist()[2]]
    assert found == pytest.approx(examples["M53"]["expected"])


def test_more_than_all_the_hours_is_kept_and_flagged():
    row = load({"planned_hours": 44}).iloc[0]
    assert row["allocation"] == pytest.approx(1.1)
    assert row["is_over_allocated"]
    assert row["n_over_allocated"] == 1
    full = load({"planned_hours": 40}).iloc[0]
    assert not full["is_over_allocated"]


def test_the_capacity_of_a_person_counts_once():
    """Two bookings of one week share 40 hours: 30 + 14 of 40, not of 80."""
    row = load({"planned_hours": 30}, {"planned_hours": 14, "week_date": "2024-06-09"}).iloc[0]
    assert row["capacity_hours"] == 40
    assert row["allocation"] == pytest.approx(1.1)
    assert row["n_persons"] == 1


def test_weeks_begin_on_monday():
    """3 June 2024 is a Monday, 9 June the Sunday after."""
    table = load({"planned_hours": 1}, {"planned_hours": 1, "week_date": "2024-06-10"})
    assert table["week_date"].dt.strftime("%Y-%m-%d").tolist() == [WEEK, "2024-06-10"]
    assert load({"week_date": "2024-06-09"})["week_date"].tolist() == [pd.Timestamp(WEEK)]


def test_a_missing_timesheet_is_no_idle_week():
    """Ada logged 36 of 40; nothing is known of Bo, who does not count as 0 of 40."""
    row = load(
        {"planned_hours": 40, "logged_hours": 36}, {"planned_hours": 40, "person": "Bo"}
    ).iloc[0]
    assert row["utilisation"] == pytest.approx(0.9)
    assert row["n_without_timesheet"] == 1
    nobody = load({"planned_hours": 40}).iloc[0]
    assert pd.isna(nobody["utilisation"])
    assert nobody["reason"] == "no timesheet"


def test_a_week_that_is_not_over_has_no_utilisation():
    row = load(
        {"planned_hours": 40, "logged_hours": 8, "week_date": "2024-06-24"}, as_of="2024-06-29"
    ).iloc[0]
    assert pd.isna(row["utilisation"])
    assert (row["reason"], row["n_without_timesheet"]) == ("the week is not over", 0)
    assert row["allocation"] == 1.0
    on_sunday = load(
        {"planned_hours": 40, "logged_hours": 8, "week_date": "2024-06-24"}, as_of="2024-06-30"
    ).iloc[0]
    assert on_sunday["utilisation"] == 0.2


def test_without_capacity_there_is_no_share():
    table = load(
        {"planned_hours": 8, "logged_hours": 0, "capacity_hours": 0},
        {"planned_hours": 8, "capacity_hours": "", "week_date": "2024-06-10"},
    )
    assert table[["allocation", "utilisation"]].isna().all().all()
    assert table["reason"].tolist() == ["no capacity in this week", "capacity not known"]
    assert table["is_over_allocated"].tolist()[0] is True
    assert pd.isna(table["is_over_allocated"].tolist()[1])


def test_who_is_away_needs_no_timesheet():
    row = load({"logged_hours": 30}, {"person": "Bo", "capacity_hours": 0}).iloc[0]
    assert row["n_without_timesheet"] == 0


def test_rows_of_whole_teams_are_taken_as_they_are():
    row = load({"person": "", "planned_hours": 180, "logged_hours": 170, "capacity_hours": 200})
    assert row[["allocation", "utilisation"]].to_numpy().tolist() == [[0.9, 0.85]]
    assert row["n_persons"].tolist() == [0]


def test_over_allocation_shows_in_its_week_and_not_in_the_average():
    weeks = [{"planned_hours": 60}, {"planned_hours": 10, "week_date": "2024-06-10"}]
    assert load(*weeks)["is_over_allocated"].tolist() == [True, False]


def test_persons_are_shown_on_request_only_and_small_teams_not_at_all():
    helm = [{"person": name, "planned_hours": 20} for name in "ABCDE"]
    rigging = [{"team": "Rigging", "person": name, "planned_hours": 60} for name in "WXYZ"]
    assert load(*helm, *rigging)["person"].isna().all()
    table = load(*helm, *rigging, per="person").set_index("person")
    assert table.loc["A", "allocation"] == 0.5
    hidden = table.loc["Z"]
    assert hidden["reason"] == "withheld: its team has fewer than 5 persons"
    shown = ["allocation", "utilisation", "planned_hours", "logged_hours", "capacity_hours",
             "is_over_allocated", "n_over_allocated", "n_without_timesheet"]  # fmt: skip
    assert hidden[shown].isna().all()


def test_a_person_in_two_teams_is_one_person():
    crew = [{"team": team, "person": f"{team}{n}"} for team in "AB" for n in range(4)]
    both = [{"team": team, "person": "Ada", "planned_hours": 25} for team in "AB"]
    row = load(*crew, *both, per="person").set_index("person").loc["Ada"]
    assert (row["allocation"], row["is_over_allocated"]) == (1.25, True)


HOURS = st.none() | st.integers(0, 60)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("XYZ"), HOURS, HOURS), min_size=1))
def test_splitting_a_booking_changes_nothing(rows):
    """Planned hours in two halves are the same plan, and share one capacity."""
    whole = pd.DataFrame(rows, columns=["team", "person", "planned_hours", "logged_hours"])
    whole = whole.assign(week_date=pd.Timestamp(WEEK), capacity_hours=40.0)
    hours = ["planned_hours", "logged_hours"]
    whole[hours] = whole[hours].astype(float)
    halves = whole.assign(**{name: whole[name] / 2 for name in hours})
    split = team_load(pd.concat([halves, halves], ignore_index=True), as_of=AS_OF)
    pd.testing.assert_frame_equal(team_load(whole, as_of=AS_OF), split)


def test_another_view_is_refused():
    with pytest.raises(PMAnalyticsError, match="per='project' is none of"):
        load({}, per="project")


def test_negative_hours_are_refused():
    with pytest.raises(PMAnalyticsError, match=r"has the planned_hours -8\.0"):
        team_load(bookings({}).assign(planned_hours=-8.0), as_of=AS_OF)


def test_no_bookings_give_no_rows():
    assert team_load(empty(Allocations), as_of=AS_OF).empty
    assert load({"person": ""}, per="person").empty
