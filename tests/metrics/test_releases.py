from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import load_table, release_cadence, release_dates
from pmanalytics.loaders.releases import all_releases
from pmanalytics.schemas import ReleaseCadence, ReleaseDates, Releases, dtypes, empty

AS_OF = "2024-06-30"


def releases_of(*rows):
    """Return releases, each as its differences from one that is out on an unknown day."""
    plain = {"name": "1.0", "is_released": "yes", "release_date": "", "planned_release_date": ""}
    return load_table(
        pd.DataFrame([plain | {"release_id": f"R{n}"} | row for n, row in enumerate(rows, 1)]),
        Releases,
    )


def out(day, planned="", **more):
    return {"release_date": day, "planned_release_date": planned} | more


def test_the_worked_cadence(examples):
    """M50: gaps of 35, 28 and 42 days."""
    days = ["2024-01-10", "2024-02-14", "2024-03-13", "2024-04-24"]
    rows = releases_of(*map(out, days))
    gaps, median = examples["M50"]["expected"]
    assert release_dates(rows, as_of=AS_OF)["gap_days"].dropna().tolist() == gaps
    row = release_cadence(rows, as_of=AS_OF).iloc[0]
    assert (row["median_gap_days"], row["longest_gap_days"]) == (median, max(gaps))
    assert (row["n_released"], row["n_gaps"], row["days_since_last"]) == (4, 3, 67)


def test_two_releases_of_one_day_are_no_gap():
    rows = releases_of(out("2024-01-10"), out("2024-01-10"), out("2024-01-20"), out("2024-01-20"))
    row = release_cadence(rows, as_of=AS_OF).iloc[0]
    assert (row["n_released"], row["n_gaps"], row["median_gap_days"]) == (4, 1, 10)


def test_releases_follow_one_another_within_their_product():
    rows = releases_of(
        out("2024-01-10", product_id="A"), out("2024-01-15", product_id="B"),
        out("2024-01-20", product_id="A"),
    )  # fmt: skip
    found = release_cadence(rows, as_of=AS_OF, by="product_id")
    assert found[["product_id", "n_gaps", "median_gap_days"]].fillna(-1).to_numpy().tolist() == [
        ["A", 1, 10], ["B", 0, -1],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "state", "variance"),
    [
        (out("2024-05-31", "2024-05-31"), "on_time", 0),
        (out("2024-05-30", "2024-05-31"), "on_time", -1),
        (out("2024-06-02", "2024-05-31"), "late", 2),
        (out("", "2024-05-31", is_released="no"), "late_open", 30),
        (out("2024-08-01", "2024-05-31"), "late_open", 30),
        (out("2024-05-31", "2024-07-15"), "early", -45),
        (out("2024-05-31", AS_OF), "early", -30),
        (out("", AS_OF, is_released="no"), "not_due", None),
        (out("2024-08-01", "", is_released="no"), "not_due", None),
        (out("2024-05-31"), "no_plan", None),
        (out("", "2024-05-31"), "undated", None),
        (out("2024-05-31", "2024-05-31", is_released=""), "unknown", None),
    ],
)
def test_every_release_is_in_one_state(row, state, variance):
    found = release_dates(releases_of(row), as_of=AS_OF).iloc[0]
    assert found["state"] == state
    assert found["variance_days"] == variance if variance is not None else True
    counts = release_cadence(releases_of(row), as_of=AS_OF).iloc[0]
    if state in ("on_time", "late"):
        assert (counts["n"], counts["k"]) == (1, int(state == "on_time"))
    else:
        assert counts[f"n_{state}"] == 1
        assert counts["n"] == int(state == "late_open")


def test_a_release_that_is_overdue_has_failed():
    """One of two; Wilson's interval of 1 in 2 is 9.5 % to 90.5 %."""
    rows = releases_of(out("2024-05-31", "2024-05-31"), out("", "2024-05-31", is_released="no"))
    row = release_cadence(rows, as_of=AS_OF).iloc[0]
    assert row[["on_time_rate", "low", "high"]].tolist() == pytest.approx(
        [0.5, 0.0945, 0.9055], abs=5e-5
    )
    assert row["reliability"] == "too_few"


DAYS = st.one_of(st.just(""), st.dates(date(2024, 1, 1), date(2024, 12, 31)))


@given(
    st.lists(
        st.fixed_dictionaries(
            {"release_date": DAYS.map(str), "planned_release_date": DAYS.map(str),
             "is_released": st.sampled_from(["yes", "no", ""]),
             "product_id": st.sampled_from(["A", "B", ""])}
        ),
        min_size=1, max_size=10,
    )
)  # fmt: skip
@settings(deadline=None, max_examples=30)
def test_gaps_span_all_releases_and_every_release_is_counted(rows):
    found = release_cadence(releases_of(*rows), as_of=AS_OF)
    counts = ["n", "n_early", "n_not_due", "n_no_plan", "n_undated", "n_unknown"]
    assert found[counts].sum(axis="columns").tolist() == [len(rows)]
    dates = release_dates(releases_of(*rows), as_of=AS_OF)
    known = dates["released_date"].dropna()
    gaps = dates.drop_duplicates("released_date")["gap_days"].sum()
    span = (known.max() - known.min()).days if len(known) else 0
    assert gaps == span


def test_the_own_list_is_filled_from_jira_and_jiras_other_releases_follow():
    own = releases_of(
        {"release_id": "10", "planned_release_date": "2024-03-31", "is_released": ""},
        {"release_id": "X", "name": "1.1", "project_key": "ATL", "is_released": "",
         "release_date": "2024-05-01"},
    )  # fmt: skip
    jiras = releases_of(
        {"release_id": "10", "name": "v1", "project_key": "ATL", "release_date": "2024-04-12"},
        {"release_id": "11", "name": "1.1", "project_key": "ATL", "release_date": "2024-05-02"},
        {"release_id": "12", "name": "1.1", "project_key": "PAY"},
    )
    table = all_releases(own, jiras)
    assert table["release_id"].tolist() == ["10", "X", "12"]
    assert table["name"].tolist() == ["1.0", "1.1", "1.1"]
    assert table["project_key"].tolist() == ["ATL", "ATL", "PAY"]
    assert table["release_date"].dt.day.tolist()[:2] == [12, 1]
    assert table["is_released"].tolist() == [True, True, True]


def test_without_a_list_of_its_own_jiras_releases_are_all():
    jiras = releases_of({}, {})
    assert all_releases(None, jiras)["release_id"].tolist() == ["R1", "R2"]
    assert all_releases(releases_of({}), empty(Releases))["release_id"].tolist() == ["R1"]


def test_nothing_in_gives_nothing_out():
    assert list(release_dates(empty(Releases), as_of=AS_OF)) == [
        *dtypes(ReleaseDates), "product_id", "project_key", "release_date", "is_released",
    ]  # fmt: skip
    found = release_cadence(empty(Releases), as_of=AS_OF)
    assert found.empty
    assert list(found) == list(dtypes(ReleaseCadence))
