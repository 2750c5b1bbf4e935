"""66 releases of two distributions, with rows that lack their last cells."""

import pytest
from reference import AFTER_ALL, lasted, reference

from pmanalytics import Lifecycle, load_stage_dates, stage_durations, stage_visits

STAGES = {"Development": "created", "Market": "release", "Retired": "eol"}
RELEASES = Lifecycle({stage: [] for stage in STAGES}, terminal=["Retired"])


@pytest.fixture
def folder(real_data):
    return real_data / "distro_lifecycles"


@pytest.fixture
def load(folder):
    def load(name):
        return load_stage_dates(
            folder / f"{name}.csv",
            level="product", item_id="series", stages=STAGES, short_rows="pad",
        )  # fmt: skip

    return load


@pytest.mark.parametrize("name", ["debian", "ubuntu"])
def test_releases_of_distributions_are_those_of_the_reference(folder, load, name):
    changes = load(name)
    visits = stage_visits(changes, RELEASES, as_of=AFTER_ALL)
    made, supported = lasted(visits, "Development"), lasted(visits, "Market")
    assert (
        f"{name}: rows {changes['item_id'].nunique()} "
        f"development n={len(made)} median {made.median():.1f}; "
        f"support n={len(supported)} median {supported.median():.1f};"
    ) in reference(folder)


@pytest.mark.parametrize("name", ["debian", "ubuntu"])
def test_releases_whose_support_ends_later_are_still_in_the_market(load, name):
    """An end of life to come is a plan. The median can only be longer than that of the past."""
    changes = load(name)
    visits = stage_visits(changes, RELEASES, as_of="2023-12-31")
    entered = changes.pivot_table(
        index="item_id", columns="to_status", values="changed_at", aggfunc="min"
    )
    is_supported = (entered["Market"] < "2024") & ~(entered["Retired"] < "2024")
    market = stage_durations(visits).set_index("stage").loc["Market"]
    assert market["n_open"] == is_supported.sum() > 0
    past = lasted(visits, "Market").quantile(0.5, interpolation="lower")
    assert market["median_days"] >= past
