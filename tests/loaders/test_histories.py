import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    Quarantine,
    load_stage_dates,
    load_status_history,
    stage_visits,
)
from pmanalytics.errors import BadRowsError
from pmanalytics.loaders.histories import stage_order
from pmanalytics.schemas import StatusChanges

DAY = pd.Timedelta(days=1)
UNKNOWN = "(unknown status)"


def history(*rows, names=("item_id", "changed_at", "to_status"), quarantine=None, **options):
    frame = pd.DataFrame(rows, columns=list(names), dtype="str")
    return load_status_history(frame, level="work_item", quarantine=quarantine, **options)


def moves(*rows, names=("item_id", "changed_at", "from_status", "to_status"), **options):
    return history(*rows, names=names, **options)


def told(changes):
    """Return what each row left and entered, and when."""
    days = changes["changed_at"].dt.strftime("%m-%d")
    left = changes["from_status"].fillna("")
    return list(zip(days, left, changes["to_status"], strict=True))


def counts(quarantine):
    columns = ["rows_read", "n_valid", "n_quarantined", "n_duplicate"]
    return quarantine.files[columns].to_numpy().tolist()


def days_between(changes, start, end):
    """Return the calendar days from one status to the other, of the items that entered both."""
    day = changes.assign(day=changes["changed_at"].dt.normalize())
    starts, ends = (
        day[day["to_status"] == name].set_index("item_id")["day"] for name in (start, end)
    )
    return ((ends - starts) / DAY).dropna()


def test_a_history_of_days_becomes_status_changes_in_order():
    rows = pd.DataFrame(
        {
            "item_id": ["A", "A", "B", "A"],
            "changed_at": ["2024-06-01", "2024-01-01", "2024-02-01", "2024-06-01"],
            "to_status": ["Development", "Conceiving", "Conceiving", "Development"],
        }
    )
    quarantine = Quarantine()
    changes = load_status_history(
        rows, level="product", time_zone="Europe/Berlin", quarantine=quarantine
    )
    assert changes["to_status"].tolist() == ["Conceiving", "Development", "Conceiving"]
    assert changes["source"].tolist() == ["created", "history", "created"]
    assert changes.loc[0, "changed_at"] == pd.Timestamp("2023-12-31T23:00Z")
    assert counts(quarantine) == [[4, 4, 0, 0]]


def test_a_level_must_be_one():
    with pytest.raises(
        PMAnalyticsError, match="level 'epic' is none of product, project, work_item"
    ):
        load_status_history(pd.DataFrame(), level="epic")


def test_a_history_with_a_bad_row_claims_no_beginning():
    """The lost row might have been the first: the item is left out of statistics, not guessed."""
    quarantine = Quarantine()
    changes = history(
        ("A", "soon", "Conceiving"),
        ("A", "2024-02-01", "Development"),
        ("B", "2024-02-01", "Development"),
        ("", "2024-02-01", "Market"),
        quarantine=quarantine,
    )
    assert changes["item_id"].tolist() == ["A", "B"]
    visits = stage_visits(changes, as_of="2024-12-31")
    assert visits["history_complete"].tolist() == [False, True]
    assert counts(quarantine) == [[4, 2, 2, 0]]


def test_a_row_without_a_change_of_status_is_valid_but_no_entry():
    quarantine = Quarantine()
    changes = history(
        ("A", "2024-01-01", "Open"),
        ("A", "2024-01-02", "Open"),
        ("A", "2024-01-03", "Done"),
        ("A", "2024-01-04", "Open"),
        quarantine=quarantine,
    )
    assert told(changes) == [
        ("01-01", "", "Open"),
        ("01-03", "Open", "Done"),
        ("01-04", "Done", "Open"),
    ]
    assert changes["sequence"].tolist() == [0, 1, 2]
    assert counts(quarantine) == [[4, 4, 0, 0]]


def test_two_stays_on_one_day_are_no_repeats():
    rows = [("A", "2024-01-01", status) for status in ("Open", "Done", "Open")]
    assert [to for _, _, to in told(history(*rows))] == ["Open", "Done", "Open"]


def test_newest_first_is_told_by_the_file_and_decides_ties():
    rows = [
        ("A", "2024-01-02", "Done"),
        ("A", "2024-01-02", "Review"),
        ("A", "2024-01-01", "Open"),
    ]
    quarantine = Quarantine()
    entered = history(*rows, quarantine=quarantine)["to_status"].tolist()
    assert entered == ["Open", "Review", "Done"]
    readings = quarantine.columns.set_index("column")["reading"]
    assert "newest first" in readings["changed_at"]
    entered = history(*[rows[2], *rows[:2]])["to_status"].tolist()
    assert entered == ["Open", "Done", "Review"]


def test_what_the_first_change_left_was_there_from_creation():
    changes = moves(
        ("A", "2024-01-05", "2024-01-01", "Open", "Doing"),
        ("A", "2024-01-09", "2024-01-01", "Doing", "Done"),
        names=("item_id", "changed_at", "created_at", "from_status", "to_status"),
    )
    assert told(changes) == [
        ("01-01", "", "Open"),
        ("01-05", "Open", "Doing"),
        ("01-09", "Doing", "Done"),
    ]
    assert changes["source"].tolist() == ["created", "history", "history"]
    visits = stage_visits(changes, as_of="2024-01-31")
    assert visits["days"].tolist()[:2] == [4, 4]
    assert visits["history_complete"].all()
    assert set(changes) == set(StatusChanges.to_schema().columns)


def test_without_a_creation_the_beginning_is_unknown():
    changes = moves(("A", "2024-01-05", "Open", "Doing"), ("A", "2024-01-09", "Doing", "Done"))
    assert told(changes) == [("01-05", "Open", "Doing"), ("01-09", "Doing", "Done")]
    assert not stage_visits(changes, as_of="2024-01-31")["history_complete"].any()


def test_a_first_state_seen_after_the_creation_leaves_an_unknown_one():
    changes = history(
        ("A", "2024-01-05", "2024-01-01", "Doing"),
        ("B", "2024-01-05T10:00", "2024-01-05", "Open"),
        names=("item_id", "changed_at", "created_at", "to_status"),
    )
    assert told(changes) == [("01-05", UNKNOWN, "Doing"), ("01-05", "", "Open")]


def test_a_creation_after_the_first_change_is_set_aside_alone():
    quarantine = Quarantine()
    changes = moves(
        ("A", "2024-01-05", "2024-02-01", "Open", "Doing"),
        names=("item_id", "changed_at", "created_at", "from_status", "to_status"),
        quarantine=quarantine,
    )
    assert told(changes) == [("01-05", "Open", "Doing")]
    assert quarantine.problems[["value", "reason", "set_aside"]].to_numpy().tolist() == [
        ["2024-02-01", "is after the item's first change", "value"]
    ]
    assert quarantine.files["n_repaired"].tolist() == [1]


def test_a_change_that_leaves_another_status_shows_a_hole_in_the_history():
    quarantine = Quarantine()
    changes = moves(
        ("A", "2024-01-01", "", "Open"),
        ("A", "2024-01-05", "Review", "Done"),
        quarantine=quarantine,
    )
    assert told(changes) == [("01-01", UNKNOWN, "Open"), ("01-05", "Review", "Done")]
    assert "1 change left another status than the one entered before" in quarantine.notes[0]


def test_a_change_told_twice_is_a_duplicate():
    quarantine = Quarantine()
    move = ("A", "2024-01-05", "Open", "Doing")
    assert len(moves(move, move, quarantine=quarantine)) == 1
    assert counts(quarantine) == [[2, 1, 0, 1]]


def test_several_files_are_one_history(tmp_path):
    """The files overlap, write their dates differently and name their columns alike."""
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("Item,When,To\nA,2024-01-01,Open\nA,2024-01-05,Doing\n", encoding="utf-8")
    two.write_text("Item,When,To\nA,2024-01-05,Doing\nA,09/Jan/24,Done\n", encoding="utf-8")
    quarantine = Quarantine()
    changes = load_status_history(
        [one, two],
        level="project",
        columns={"item_id": "Item", "changed_at": "When", "to_status": "To"},
        quarantine=quarantine,
    )
    assert told(changes) == [
        ("01-01", "", "Open"),
        ("01-05", "Open", "Doing"),
        ("01-09", "Doing", "Done"),
    ]
    assert counts(quarantine) == [[2, 2, 0, 0], [2, 1, 0, 1]]


def test_an_empty_status_is_a_problem_of_its_row():
    with pytest.raises(BadRowsError, match="row 1, to_status: is missing and required"):
        history(("A", "2024-01-01", ""))


def test_a_loaded_history_loads_again():
    changes = moves(("A", "2024-01-05", "Open", "Doing"), ("A", "2024-01-09", "Doing", "Done"))
    again = load_status_history(changes, level="work_item")
    pd.testing.assert_frame_equal(again[list(changes.columns)], changes)


DAYS = st.sampled_from(["2024-01-01", "2024-01-02", "2024-01-03T12:00", "soon", ""])
STATUSES = st.sampled_from(["Open", "Doing", "Done", ""])


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.sampled_from("AB"), DAYS, STATUSES, STATUSES), min_size=1))
def test_no_row_of_a_history_is_lost_and_no_status_is_entered_twice_in_a_row(rows):
    quarantine = Quarantine()
    changes = moves(*rows, quarantine=quarantine)
    [(read, valid, aside, double)] = counts(quarantine)
    assert read == len(rows) == valid + aside + double
    StatusChanges.validate(changes)
    assert not (changes.groupby("item_id")["changed_at"].diff() < 0 * DAY).any()
    later = changes[changes["item_id"].duplicated()]
    assert (later["from_status"] != later["to_status"]).all()
    sound = {row for row in rows if row[1] not in ("soon", "") and row[3]}
    assert valid == len(sound)
    assert set(changes["item_id"]) == {row[0] for row in sound}


STAGES = {"Planning": "Plan", "Execution": "Go", "Closed": "End"}


def staged(*rows, quarantine=None, **options):
    frame = pd.DataFrame(rows, columns=["Nr", *STAGES.values()], dtype="str")
    return load_stage_dates(
        frame, level="project", item_id="Nr", stages=STAGES, quarantine=quarantine, **options
    )


def test_dates_of_stages_become_entries_and_a_missing_one_is_a_skipped_stage():
    changes = staged(("B", "2024-02-01", "", "2024-02-09"), ("A", "2024-01-01", "2024-01-05", ""))
    assert changes["item_id"].tolist() == ["A", "A", "B", "B"]
    assert told(changes) == [
        ("01-01", "", "Planning"),
        ("01-05", "Planning", "Execution"),
        ("02-01", "", "Planning"),
        ("02-09", "Planning", "Closed"),
    ]
    assert set(changes["source"]) == {"stage dates"}
    StatusChanges.validate(changes)


def test_without_the_first_date_the_beginning_is_unknown():
    changes = staged(("A", "", "2024-01-05", "2024-01-09"))
    assert told(changes) == [("01-05", UNKNOWN, "Execution"), ("01-09", "Execution", "Closed")]


def test_a_date_before_an_earlier_stage_is_set_aside():
    quarantine = Quarantine()
    changes = staged(("A", "2024-01-05", "2024-01-01", "2024-01-09"), quarantine=quarantine)
    assert told(changes) == [("01-05", "", "Planning"), ("01-09", "Planning", "Closed")]
    problem = quarantine.problems.iloc[0]
    assert problem[["column", "value", "set_aside"]].tolist() == ["Go", "2024-01-01", "value"]
    assert problem["reason"] == "is before the date of an earlier stage (Planning)"
    assert quarantine.files["n_repaired"].tolist() == [1]


@pytest.mark.parametrize(
    ("row", "column", "earlier"),
    [
        (("A", "2024-01-05", "2024-01-07", "2024-01-06"), "End", "Execution"),
        (("A", "2024-01-05", "2024-01-01", ""), "Go", "Planning"),
        (("A", "2024-01-05", "", "2024-01-01"), "End", "Planning"),
    ],
)
def test_where_the_last_date_is_before_an_earlier_one_the_row_is_set_aside(row, column, earlier):
    quarantine = Quarantine()
    assert staged(row, ("B", "2024-01-01", "", ""), quarantine=quarantine)["item_id"].tolist() == [
        "B"
    ]
    problem = quarantine.problems.iloc[0]
    assert problem[["column", "set_aside"]].tolist() == [column, "row"]
    assert problem["reason"].endswith(f"({earlier})")
    assert counts(quarantine) == [[2, 1, 1, 0]]


def test_dates_of_one_day_are_in_order_unless_their_times_say_no():
    changes = staged(("A", "2024-01-05T17:00", "2024-01-05", "2024-01-05T17:00"))
    assert changes["changed_at"].dt.hour.tolist() == [17, 17, 17]
    with pytest.raises(BadRowsError, match="is before the date of an earlier stage"):
        staged(("A", "2024-01-05T17:00", "2024-01-05T16:00", ""))


def test_an_item_without_any_date_is_set_aside():
    with pytest.raises(BadRowsError, match="row 1, Plan: is missing, as are the dates of all"):
        staged(("A", "", "", ""))


def test_an_item_on_two_rows_is_a_duplicate_or_a_conflict():
    row, other = ("A", "2024-01-05", "", ""), ("A", "2024-01-06", "", "")
    quarantine = Quarantine()
    assert len(staged(row, row, quarantine=quarantine)) == 1
    assert counts(quarantine) == [[2, 1, 0, 1]]
    with pytest.raises(BadRowsError, match="stands on several rows with different content"):
        staged(row, other)


@pytest.mark.parametrize("stages", [{}, {"Planning": 3}, {"item_id": "Plan"}])
def test_stages_must_name_headers(stages):
    with pytest.raises(PMAnalyticsError, match="stages must"):
        load_stage_dates(pd.DataFrame(), level="project", item_id="Nr", stages=stages)


def test_columns_beside_the_dates_stay_to_group_by():
    rows = pd.DataFrame(
        {"Nr": ["A"], "Plan": ["2024-01-01"], "Class": ["small"], "source": ["memory"]}
    )
    changes = load_stage_dates(rows, level="project", item_id="Nr", stages={"Planning": "Plan"})
    assert changes[["source", "Class", "source (file)"]].to_numpy().tolist() == [
        ["stage dates", "small", "memory"]
    ]


def test_the_order_of_stages_is_that_of_most_pairs():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])
    dates = pd.DataFrame({"End": days[[2, 2, 0]], "Plan": days[[0, 0, 1]], "Go": days[[1, 1, 2]]})
    assert stage_order(dates) == ["Plan", "Go", "End"]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(DAYS, DAYS, DAYS), min_size=1, max_size=9))
def test_stage_dates_in_order_are_entries_and_all_others_are_told(rows):
    quarantine = Quarantine()
    changes = staged(*[(f"I{n}", *row) for n, row in enumerate(rows)], quarantine=quarantine)
    [(read, valid, aside, _)] = counts(quarantine)
    assert read == len(rows) == valid + aside
    assert changes["item_id"].nunique() == valid
    dates = [day for item in changes["item_id"].unique() for day in rows[int(item[1:])] if day]
    problems = quarantine.problems
    lines_aside = problems.loc[problems["set_aside"] == "row", "line"]
    n_values = (~problems["line"].isin(lines_aside)).sum()
    assert len(changes) == len(dates) - n_values
    assert not (changes.groupby("item_id")["changed_at"].diff() < 0 * DAY).any()
