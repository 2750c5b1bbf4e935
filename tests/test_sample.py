from pathlib import Path

import pandas as pd
import pytest

from pmanalytics import PMAnalyticsError, load_portfolio, project_outcomes, write_sample

COMMITTED = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def sample():
    return load_portfolio(COMMITTED)


def test_the_committed_sample_is_what_the_generator_writes(tmp_path):
    written = write_sample(tmp_path)
    assert sorted(path.name for path in written) == sorted(p.name for p in COMMITTED.iterdir())
    for path in written:
        assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name


def test_another_seed_gives_another_company(tmp_path):
    write_sample(tmp_path, seed=1)
    assert (tmp_path / "projects.csv").read_bytes() != (COMMITTED / "projects.csv").read_bytes()


def test_a_company_of_any_size_has_the_same_faults(tmp_path):
    """The wrong rows are numbered beyond the good ones, so that none meets a good project."""
    write_sample(tmp_path, n_projects=950, n_issues=500)
    large = load_portfolio(tmp_path)
    assert {f"P-{number:03}" for number in range(1, 951)} <= set(large.projects["project_id"])
    assert len(large.work_items) == 500
    found = large.problems.groupby("file")["line"].nunique().to_dict()
    assert found == {"jira.csv": 2, "projects.csv": 8}


def test_the_sample_is_small():
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) <= 3_000_000


def test_the_sample_shows_what_companies_have(sample):
    outcomes = project_outcomes(sample.projects, as_of=sample.as_of)
    states = {"on_time", "late", "late_open", "early", "not_due", "cancelled", "missing_baseline"}
    assert set(outcomes["on_time"]) == states
    assert set(sample.products["stage"]) >= {
        "Conceiving", "Development", "Introduction", "Market", "Retirement",
    }  # fmt: skip
    assert set(sample.projects["status"]) == {"open", "on_hold", "done", "cancelled"}
    assert set(sample.projects["currency"]) == {"EUR", "USD"}
    assert sample.projects["rebaselined_finish_date"].notna().any()
    assert sample.projects["baseline_budget"].isna().any()
    assert not sample.work_items["history_complete"].all()


def test_each_wrong_row_of_the_sample_is_found(sample):
    found = sample.problems.groupby("file")["line"].nunique().to_dict()
    assert found == {"jira.csv": 2, "projects.csv": 8}
    counts = sample.files.set_index("file")
    assert (
        counts["rows_read"]
        == counts[["n_valid", "n_quarantined", "n_duplicate"]].sum(axis="columns")
    ).all()


def test_both_jira_exports_describe_the_same_issues(sample):
    """Every sound row of the CSV repeats an issue of the JSON, so no issue is counted twice."""
    assert len(sample.work_items) == 2000
    assert sample.work_items["key"].is_unique
    csv = sample.files.set_index("file").loc["jira.csv"]
    assert (csv["n_valid"], csv["n_duplicate"]) == (0, 2001)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(PMAnalyticsError, match="taken: cannot be written to"):
        write_sample(tmp_path / "taken")


def test_histories_begin_and_go_forward_in_time(sample):
    changes = sample.status_changes
    gaps = changes.groupby(["level", "item_id"])["changed_at"].diff().dropna()
    assert (gaps >= pd.Timedelta(0)).all()


def test_the_further_tables_agree_with_the_projects(sample):
    """The last report has a project's progress and cost, the years add up to its cost."""
    projects = sample.projects.set_index("project_id")
    last = sample.status_reports.groupby("project_id").last()
    assert 12 <= len(last) <= 14
    those = projects.loc[last.index]
    assert (last["budget_at_completion"] == those["baseline_budget"]).all()
    assert (last["actual_cost_to_date"] == those["actual_cost"]).all()
    earned = last["earned_value"] / last["budget_at_completion"]
    assert (earned - those["percent_complete"]).abs().max() < 1e-4
    spent = sample.cost_by_year.groupby("project_id")["actual_cost"].sum()
    assert (spent == projects["actual_cost"].loc[spent.index]).all()
    first = sample.forecasts.groupby("project_id").first()
    assert (first["forecast_cost"] == projects["baseline_budget"].loc[first.index]).all()
    open_ones = projects.loc[first.index].query("status in ['open', 'on_hold']")
    latest = sample.forecasts.groupby("project_id").last().loc[open_ones.index]
    several = sample.forecasts.groupby("project_id").size().loc[open_ones.index] > 1
    assert (latest["forecast_cost"] == open_ones["forecast_cost"])[several].all()


def test_reports_only_ever_add_up(sample):
    """All three amounts are cumulative, so none of them may fall."""
    amounts = ["planned_value", "earned_value", "actual_cost_to_date"]
    steps = sample.status_reports.groupby("project_id")[amounts].diff()
    assert not (steps < 0).any().any()


def test_nothing_of_the_further_tables_happened_after_the_status_date(sample):
    """Of periods to come only the plan is known."""
    reports = sample.status_reports
    happened = [
        reports.loc[reports["earned_value"].notna(), "period_end_date"],
        sample.tasks["actual_finish_date"],
        sample.forecasts["made_date"], sample.risks["opened_date"], sample.risks["closed_date"],
        sample.allocations["week_date"], sample.defects["found_date"],
        sample.defects["fixed_date"],
        sample.releases.loc[sample.releases["is_released"].fillna(False), "release_date"],
    ]  # fmt: skip
    assert max(days.max() for days in happened) <= pd.Timestamp(sample.as_of)


def test_the_tables_of_product_managers_fit_the_products(sample):
    ids = set(sample.products["product_id"])
    for table in (sample.goals, sample.releases, sample.product_projects):
        assert set(table["product_id"]) <= ids
    shares = sample.product_projects.groupby("project_id")["share"]
    assert shares.size().min() > 1
    assert shares.sum().round(2).tolist() == [1.0, 0.99, 1.0, 1.0]
    assert set(sample.product_projects["project_id"]) <= set(sample.projects["project_id"])
    assert sample.releases["release_id"].is_unique
    assert sample.products["planned_retirement_date"].notna().sum() == 3


def test_stories_stand_below_epics_and_epics_below_ideas(sample):
    items = sample.work_items.set_index("key")
    below = items[items["parent_key"].notna()]
    pairs = zip(below["item_type"], items.loc[below["parent_key"], "item_type"], strict=True)
    assert set(pairs) == {("Story", "Epic"), ("Epic", "Idea")}
    assert items["links"].explode().dropna().str.startswith("Implements: ").any()
