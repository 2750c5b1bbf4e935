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
