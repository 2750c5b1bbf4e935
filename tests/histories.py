"""Histories to test with: written by hand, or made up by hypothesis."""

import pandas as pd
from hypothesis import strategies as st

from pmanalytics import Lifecycle

FLOW = Lifecycle(
    {"Waiting": ["To Do"], "Doing": ["In Progress", "In Review"], "Done": [], "Dropped": []},
    terminal=["Done"],
    cancelled=["Dropped"],
)


def changes_of(*rows, level="work_item"):
    """Return status changes from (item, instant, status), in order of time per item."""
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "to_status"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True, format="ISO8601")
    table["from_status"] = table.groupby("item_id")["to_status"].shift()
    table["sequence"] = table.groupby("item_id").cumcount()
    return table.assign(level=level)


def project_that_goes_back():
    """Return the history of M18: Planning and Execution are each entered twice."""
    stages = ["Initiation", "Planning", "Execution", "Planning", "Execution", "Closure"]
    days = ["01-01", "01-11", "02-10", "03-01", "03-06", "05-05"]
    rows = [("P", f"2024-{day}T09:00Z", stage) for day, stage in zip(days, stages, strict=True)]
    return changes_of(*rows, level="project")


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.datetimes(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")),
        st.sampled_from(["To Do", "In Progress", "In Review", "Done", "Elsewhere"]),
    ),
    max_size=25,
).map(lambda rows: changes_of(*sorted(rows, key=lambda row: row[:2])))
