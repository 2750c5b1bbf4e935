import pandas as pd
import pytest

from pmanalytics import Lifecycle, PMAnalyticsError, project_spans, retirement
from pmanalytics.schemas import (
    ProductStages,
    ProjectSpans,
    Retirements,
    WorkItems,
    dtypes,
    empty,
)

AS_OF = "2024-06-30"
FLOW = Lifecycle({"To Do": [], "Done": [], "Dropped": []}, ["Done"], ["Dropped"])


def products_of(**facts):
    """Return stages from product=(stage, planned end)."""
    ids = list(facts)
    stages = pd.DataFrame({
        "product_id": ids, "name": ids, "stage": [stage for stage, _ in facts.values()],
        "is_ended": [stage == "Retired" for stage, _ in facts.values()],
    })  # fmt: skip
    return stages.assign(planned_retirement_date=pd.to_datetime([end for _, end in facts.values()]))


def spans_of(*rows, shares=None):
    projects = pd.DataFrame(rows, columns=["project_id", "product_id", "status"])
    return project_spans(projects.assign(name=projects["project_id"]), shares, as_of=AS_OF)


def items_of(*rows):
    table = pd.DataFrame(rows, columns=["item_id", "product_id", "status", "status_category"])
    return table.assign(
        key=table["item_id"], history_complete=False,
        created_at=pd.Timestamp("2024-01-01", tz="UTC"),
    )  # fmt: skip


def retired(facts, *projects, items=(), shares=None, **options):
    spans = spans_of(*projects, shares=shares) if projects else empty(ProjectSpans)
    found = retirement(
        products_of(**facts), spans, items_of(*items) if items else empty(WorkItems), as_of=AS_OF,
        **options,
    )  # fmt: skip
    return found.set_index("product_id")


def test_a_product_past_its_planned_end_is_told_with_the_days():
    found = retired({"A": ("Market", "2024-06-20")})
    assert found.loc["A", ["days_to_retirement", "is_past_end"]].tolist() == [-10, True]
    assert found.loc["A", "needs"] == "10 days past its planned end, and not retired"


def test_projects_that_outlast_the_planned_end_of_their_product_are_told():
    """P1 is expected three months after the end of A, P2 before it, P3 has no end."""
    projects = pd.DataFrame({
        "project_id": ["P1", "P2", "P3"], "name": "Any", "product_id": "A", "status": "open",
        "forecast_finish_date": pd.to_datetime(["2025-03-31", "2024-12-30", None]),
    })  # fmt: skip
    spans = project_spans(projects, as_of=AS_OF)
    facts = products_of(A=("Market", "2024-12-31"))
    found = retirement(facts, spans, empty(WorkItems), as_of=AS_OF).iloc[0]
    assert found[["n_open_projects", "n_outlasting"]].tolist() == [3, 1]
    assert found["needs"] == "1 open project ends after its planned end"


@pytest.mark.parametrize(
    ("stage", "end"), [("Market", AS_OF), ("Market", "2024-12-31"), ("Retired", "2024-05-31")]
)
def test_an_end_that_is_still_to_come_or_was_kept_needs_nothing(stage, end):
    found = retired({"A": (stage, end)})
    assert not found.loc["A", "is_past_end"]
    assert pd.isna(found.loc["A", "needs"])


def test_products_in_the_market_without_an_end_are_not_listed():
    assert retired({"A": ("Market", None)}).empty


def test_work_on_what_has_ended_is_told():
    found = retired(
        {"A": ("Retired", None), "B": ("Retirement", "2024-12-31")},
        ("P1", "A", "open"), ("P2", "A", "on_hold"), ("P3", "A", "done"), ("P4", "B", "open"),
        items=[("1", "A", "To Do", "new"), ("2", "A", "Done", "done"), ("3", "C", "To Do", "new")],
        lifecycle=FLOW,
    )  # fmt: skip
    assert found["needs"].to_dict() == {
        "A": "retired, and still has 2 open projects and 1 open issue",
        "B": "being retired, and still has 1 open project",
    }


def test_a_late_end_names_what_hangs_on_it():
    found = retired({"A": ("Retirement", "2024-06-29")}, items=[("1", "A", "To Do", "new")])
    assert found.loc["A", "needs"] == (
        "1 day past its planned end, and not retired; has 1 open issue"
    )


def test_without_a_lifecycle_jiras_category_tells_what_is_open():
    items = [("1", "A", "Anything", "done"), ("2", "A", "Anything", "new")]
    assert retired({"A": ("Retired", None)}, items=items).loc["A", "n_open_items"] == 1


def test_dropped_issues_are_not_open():
    items = [("1", "A", "Dropped", "indeterminate")]
    assert retired({"A": ("Retired", None)}, items=items, lifecycle=FLOW)["n_open_items"].sum() == 0


def test_a_shared_project_hangs_on_both_products():
    shares = pd.DataFrame({"project_id": "P1", "product_id": ["A", "B"], "share": 0.5})
    found = retired(
        {"A": ("Retired", None), "B": ("Retired", None)}, ("P1", "A", "open"),
        shares=shares,
    )  # fmt: skip
    assert found["n_open_projects"].tolist() == [1, 1]


def test_those_in_need_come_first_the_earliest_end_before_later_ones():
    found = retired({
        "fine": ("Market", "2024-07-01"), "late": ("Market", "2024-06-20"),
        "later": ("Market", "2024-03-31"),
    })  # fmt: skip
    assert found.index.tolist() == ["later", "late", "fine"]


def test_stages_of_retiring_are_words_of_the_user():
    assert retired({"A": ("Sunset", None)}, retiring=["Sunset"]).index.tolist() == ["A"]


def test_nothing_in_gives_nothing_out():
    found = retirement(empty(ProductStages), empty(ProjectSpans), empty(WorkItems), as_of=AS_OF)
    assert found.empty
    assert list(found) == list(dtypes(Retirements))


def test_a_table_without_the_ids_is_refused():
    with pytest.raises(PMAnalyticsError, match="lacks: project_id"):
        retirement(
            products_of(A=("Market", None)), pd.DataFrame({"name": []}), empty(WorkItems),
            as_of=AS_OF,
        )  # fmt: skip
