import pandas as pd
import pytest

from pmanalytics import Portfolio
from pmanalytics.schemas import Projects, empty


@pytest.mark.parametrize(
    ("first", "latest", "basis"),
    [
        ("2024-03-31", "2024-06-30", "baseline"),
        ("2024-03-31", None, "baseline"),
        (None, "2024-06-30", "rebaselined"),
        (None, None, "baseline"),
    ],
)
def test_projects_are_judged_by_the_latest_plan_only_if_no_first_one_is_known(first, latest, basis):
    projects = (
        empty(Projects)
        .reindex([0])
        .assign(
            baseline_finish_date=pd.to_datetime([first]),
            rebaselined_finish_date=pd.to_datetime([latest]),
        )
    )
    assert Portfolio(as_of="2024-12-31", projects=projects).basis == basis
