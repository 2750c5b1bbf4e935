"""4,123 tasks in whole days, of which 1,662 finished the day before they were created."""

import pandas as pd
import pytest
from reference import counts, lasted, reference

from pmanalytics import Lifecycle, Quarantine, load_stage_dates, stage_durations, stage_visits


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "cycle_times"


@pytest.fixture(scope="module")
def quarantine():
    return Quarantine()


@pytest.fixture(scope="module")
def visits(folder, quarantine):
    stages = {"Doing": "created_date", "Done": "finished_date"}
    changes = load_stage_dates(
        folder / "jira.csv", level="work_item", item_id="id", stages=stages,
        quarantine=quarantine,
    )  # fmt: skip
    return stage_visits(
        changes, Lifecycle({"Doing": [], "Done": []}, terminal=["Done"]), as_of="2019-12-31"
    )


def test_tasks_finished_before_they_began_are_set_aside_and_not_averaged(
    folder, visits, quarantine
):
    """With them the median would be 1 day: the -1 stands for a clean-up, not for work."""
    assert counts(quarantine) == [[4123, 2461, 1662, 0]]
    problems = quarantine.problems
    assert set(problems["reason"]) == {"is before the date of an earlier stage (Doing)"}
    days = lasted(visits, "Doing")
    assert (
        f"non-negative n={len(days)} median {days.median():.1f} mean {days.mean():.4f} "
    ) in reference(folder)


def test_percentiles_of_whole_days_are_those_of_the_reference(folder, visits):
    """Linear and observed percentiles agree where neighbours are equal, as here."""
    row = stage_durations(visits).set_index("stage").loc["Doing"]
    assert f"median {row['median_days']:.1f} " in reference(folder)
    assert f"p85 {row['p85_days']:.0f} p95" in reference(folder)


def test_days_by_project_are_those_of_the_reference(folder, visits):
    table = stage_durations(visits, by="project")
    found = {
        int(row["project"]): {"size": row["n"], "median": row["median_days"]}
        for row in table.to_dict("records")
    }
    assert f"per project (non-negative) {found}\n" in reference(folder)


def test_finishes_per_year_are_those_of_the_reference(folder, visits, quarantine):
    """The reference counts what is set aside here, too."""
    done = visits.loc[visits["stage"] == "Done", "entered_at"].dt.year
    aside = quarantine.problems["value"].str[:4].astype(int)
    per_year = pd.concat([done, aside]).value_counts().sort_index()
    assert f"finished per year {per_year.to_dict()}\n" in reference(folder)
