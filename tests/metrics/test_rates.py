import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    PMAnalyticsError,
    on_budget_rate,
    on_time_and_on_budget_rate,
    on_time_rate,
    rate_splits,
    variance_distribution,
)
from pmanalytics.schemas import Projects, Rates, RateSplits, dtypes, empty

AS_OF = "2024-06-30"
RATES = {
    "on_time": on_time_rate,
    "on_budget": on_budget_rate,
    "both": on_time_and_on_budget_rate,
}
EXCLUSIONS = [
    "n_early", "n_not_due", "n_undetermined", "n_open_failed", "n_cancelled",
    "n_missing_baseline", "n_invalid",
]  # fmt: skip
DAYS = st.dates(pd.Timestamp("2023-06-01").date(), pd.Timestamp("2025-06-30").date())


@st.composite
def portfolios(draw):
    n = draw(st.integers(0, 25))
    column = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    ids = [f"P{number}" for number in range(n)]
    table = (
        empty(Projects)
        .reindex(range(n))
        .assign(
            project_id=ids,
            name=ids,
            currency="EUR",
            status=column(st.sampled_from(["open", "on_hold", "done", "cancelled"])),
            project_class=column(st.sampled_from(["small", "large", None])),
            baseline_finish_date=column(st.none() | DAYS),
            actual_finish_date=column(st.none() | DAYS),
            baseline_budget=column(st.none() | st.integers(0, 100).map(float)),
            actual_cost=column(st.none() | st.integers(0, 200).map(float)),
        )
    )
    return table.astype(dtypes(Projects))


@pytest.mark.parametrize(
    ("number", "measure", "options"),
    [
        ("M01", "on_time", {"population": "resolved"}),
        ("M02", "on_time", {"population": "resolved", "basis": "rebaselined"}),
        ("M03", "on_time", {}),
        ("M04", "on_time", {"population": "finished"}),
        ("M07", "on_budget", {}),
        ("M08", "on_budget", {"tolerance": 0.1}),
        ("M09", "on_budget", {"population": "finished"}),
        ("M10", "both", {"population": "resolved"}),
        ("M10b", "both", {}),
    ],
)
def test_each_rate_has_its_worked_value(examples, twelve_projects, number, measure, options):
    row = RATES[measure](twelve_projects, as_of=AS_OF, **options).iloc[0]
    names = examples[number]["expected_names"]
    assert [row[name] for name in names] == pytest.approx(examples[number]["expected"], abs=5e-5)


def test_the_budget_weighted_rate_has_its_worked_value(examples, twelve_projects):
    """M06: one large late project pulls 50 % down to 15 %."""
    row = on_time_rate(
        twelve_projects, as_of=AS_OF, population="resolved", weights="baseline_budget"
    ).iloc[0]
    expected = dict(
        zip(examples["M06"]["expected_names"], examples["M06"]["expected"], strict=True)
    )
    assert row["rate"] == pytest.approx(expected["rate"], abs=5e-5)
    assert row["low"] == pytest.approx(expected["low"], abs=5e-5)
    assert row["high"] == pytest.approx(expected["high"], abs=5e-5)


def test_bounds_have_their_worked_value(examples, twelve_projects):
    """M05: P05 and P11 may still fail or succeed; whom a population leaves out does not matter."""
    for population in ("due", "resolved", "finished"):
        row = on_time_rate(twelve_projects, as_of=AS_OF, population=population).iloc[0]
        assert [row["at_worst"], row["at_best"]] == pytest.approx(examples["M05"]["expected"])


def test_bounds_of_the_other_rates_are_those_counted_by_hand(twelve_projects):
    """On budget T=3, F=5, U=P05 P09; both T=3, F=6, U=P05."""
    budget = on_budget_rate(twelve_projects, as_of=AS_OF).iloc[0]
    both = on_time_and_on_budget_rate(twelve_projects, as_of=AS_OF, population="resolved").iloc[0]
    assert (budget["at_worst"], budget["at_best"]) == (0.3, 0.5)
    assert (both["at_worst"], both["at_best"]) == (0.3, 0.4)


def test_bounds_of_a_weighted_rate_are_weighted(twelve_projects):
    """Of 1770 in all, on time 240 (P01 P03 P06 P12), undecided 160 (P05 P11)."""
    row = on_time_rate(twelve_projects, as_of=AS_OF, weights="baseline_budget").iloc[0]
    assert row["at_worst"] == pytest.approx(240 / 1770)
    assert row["at_best"] == pytest.approx(400 / 1770)


@settings(deadline=None, max_examples=40)
@given(portfolios(), st.sampled_from(list(RATES)))
def test_the_resolved_rate_lies_within_its_bounds(projects, measure):
    row = RATES[measure](projects, as_of=AS_OF, population="resolved").dropna(subset=["rate"])
    assert (row["at_worst"] <= row["rate"] + 1e-12).all()
    assert (row["rate"] <= row["at_best"] + 1e-12).all()


@settings(deadline=None, max_examples=25)
@given(portfolios(), st.randoms(use_true_random=False))
def test_the_order_of_the_projects_does_not_matter(projects, random):
    order = random.sample(range(len(projects)), len(projects))
    mixed = on_time_rate(projects.iloc[order], as_of=AS_OF, by="project_class")
    pd.testing.assert_frame_equal(mixed, on_time_rate(projects, as_of=AS_OF, by="project_class"))


def test_splits_are_the_rates_of_each_column(twelve_projects):
    projects = twelve_projects.assign(unit=["North", None] * 6, half=["a"] * 6 + ["b"] * 6)
    table = rate_splits(projects, ["unit", "half"], as_of=AS_OF, population="resolved")
    assert table["split"].tolist() == ["unit", "unit", "half", "half"]
    assert table["group"].fillna("(none)").tolist() == ["North", "(none)", "a", "b"]
    for name, part in table.groupby("split"):
        alone = on_time_rate(projects, as_of=AS_OF, population="resolved", by=name)
        assert part["k"].tolist() == alone["k"].tolist()
        assert part["low"].tolist() == alone["low"].tolist()


def test_no_splits_are_an_empty_table(twelve_projects):
    table = rate_splits(twelve_projects, [], as_of=AS_OF)
    assert table.empty
    assert set(table) == set(dtypes(RateSplits))


def test_exclusions_are_counted(twelve_projects):
    """FX-12 by hand: P06 early, P05 and P11 not due, P07 cancelled, P08 without a baseline."""
    row = on_time_rate(twelve_projects, as_of=AS_OF).iloc[0]
    assert row[EXCLUSIONS].to_dict() == {
        "n_early": 1, "n_not_due": 2, "n_undetermined": 0, "n_open_failed": 0, "n_cancelled": 1,
        "n_missing_baseline": 1, "n_invalid": 0,
    }  # fmt: skip
    assert row["reliability"] == "indicative"


def test_cancelled_projects_can_count_as_failures(twelve_projects):
    """P07 was due on 2024-01-31 and cancelled before: 3 of 8 instead of 3 of 7."""
    row = on_time_rate(twelve_projects, as_of=AS_OF, cancelled="fail").iloc[0]
    assert (row["k"], row["n"], row["n_cancelled"]) == (3, 8, 0)


@settings(deadline=None, max_examples=40)
@given(portfolios(), st.sampled_from(["due", "resolved", "finished"]), st.sampled_from(list(RATES)))
def test_judged_and_excluded_make_up_the_whole(projects, population, measure):
    if measure == "on_budget" and population == "due":
        population = "resolved"
    table = RATES[measure](projects, as_of=AS_OF, population=population, by="project_class")
    assert table["n"].sum() + table[EXCLUSIONS].sum().sum() == len(projects)
    assert (table["k"] <= table["n"]).all()


@settings(deadline=None, max_examples=40)
@given(portfolios(), st.integers(0, 60), st.integers(0, 60))
def test_more_grace_never_lowers_the_resolved_count(projects, grace, more):
    strict = on_time_rate(projects, as_of=AS_OF, population="resolved", grace_days=grace)
    lenient = on_time_rate(projects, as_of=AS_OF, population="resolved", grace_days=grace + more)
    assert strict["k"].sum() <= lenient["k"].sum()


@settings(deadline=None, max_examples=40)
@given(portfolios(), st.floats(0, 1), st.floats(0, 1))
def test_more_tolerance_never_lowers_the_count_on_budget(projects, tolerance, more):
    strict = on_budget_rate(projects, as_of=AS_OF, tolerance=tolerance)
    lenient = on_budget_rate(projects, as_of=AS_OF, tolerance=tolerance + more)
    assert strict["k"].sum() <= lenient["k"].sum()


@settings(deadline=None, max_examples=40)
@given(portfolios())
def test_due_judges_no_more_than_resolved(projects):
    due = on_time_rate(projects, as_of=AS_OF)
    resolved = on_time_rate(projects, as_of=AS_OF, population="resolved")
    assert due["n"].sum() <= resolved["n"].sum()


@settings(deadline=None, max_examples=40)
@given(portfolios())
def test_groups_add_up_to_the_whole(projects):
    whole = on_time_rate(projects, as_of=AS_OF)
    groups = on_time_rate(projects, as_of=AS_OF, by=["project_class", "status"])
    counts = ["k", "n", *EXCLUSIONS, "n_on_hold"]
    assert groups[counts].sum().tolist() == whole[counts].sum().tolist()


def test_projects_without_a_class_stay_a_group(twelve_projects):
    projects = twelve_projects.assign(unit=["North", None] * 6)
    table = on_time_rate(projects, as_of=AS_OF, by="unit")
    assert len(table) == 2
    assert table["unit"].isna().sum() == 1


def test_without_recorded_finishes_there_is_no_rate(twelve_projects):
    """0 % would blame the projects for what the records do not hold."""
    open_only = twelve_projects.assign(status="open", actual_finish_date=pd.NaT)
    for rate in RATES.values():
        row = rate(open_only, as_of=AS_OF).iloc[0]
        assert pd.isna(row["rate"])
        assert row["reason"] == "no project records an actual finish"


def test_without_any_budget_there_is_no_joint_rate(twelve_projects):
    """Only the late ones could be judged then, and the rate would be 0 % whatever happened."""
    projects = twelve_projects.assign(baseline_budget=np.nan, rebaselined_budget=np.nan)
    rate = on_time_and_on_budget_rate(projects, as_of=AS_OF).iloc[0]
    assert np.isnan(rate["rate"])
    assert rate["reason"] == "no project can be judged on its budget"


def test_a_cancellation_is_no_finish(twelve_projects):
    """A table of open projects and one cancelled one records no finish, so there is no 0 %."""
    open_only = twelve_projects.assign(status="open", actual_finish_date=pd.NaT)
    open_only.loc[6, "status"] = "cancelled"
    open_only.loc[6, "actual_finish_date"] = pd.Timestamp("2023-11-15")
    assert on_time_rate(open_only, as_of=AS_OF).loc[0, "reason"] == (
        "no project records an actual finish"
    )


def test_weights_of_zero_are_no_rate(twelve_projects):
    free = twelve_projects.assign(baseline_budget=0.0)
    row = on_time_rate(free, as_of=AS_OF, weights="baseline_budget").iloc[0]
    assert pd.isna(row["rate"])
    assert row["reason"] == "all the weights are 0"


def test_each_class_left_out_has_its_own_count(twelve_projects):
    """P01 loses its finish and is invalid; P05 and P07 are put on hold, P02 is cancelled."""
    odd = twelve_projects.copy()
    odd.loc[0, "actual_finish_date"] = pd.NaT
    odd.loc[[4, 6], "status"] = "on_hold"
    odd.loc[1, "status"] = "cancelled"
    row = on_time_rate(odd, as_of=AS_OF).iloc[0]
    assert (row["n_invalid"], row["n_on_hold"], row["n_cancelled"]) == (1, 2, 1)
    assert (row["n_missing_baseline"], row["k"]) == (1, 2)


def test_grace_moves_the_limit(twelve_projects):
    """P02 ended 41 days late: late with 40 days of grace, on time with 41."""
    late, on_time = (
        on_time_rate(twelve_projects, as_of=AS_OF, population="finished", grace_days=days).iloc[0]
        for days in (40, 41)
    )
    assert (late["k"], on_time["k"]) == (4, 5)


def test_the_latest_budget_counts_if_asked_for(twelve_projects):
    """P02 cost 250 against 200 at first and 260 at last; P08 has only the latest, 70 against 70."""
    first = on_budget_rate(twelve_projects, as_of=AS_OF, population="finished").iloc[0]
    last = on_budget_rate(
        twelve_projects, as_of=AS_OF, population="finished", basis="rebaselined"
    ).iloc[0]
    assert (first["k"], first["n"]) == (3, 6)
    assert (last["k"], last["n"]) == (5, 7)


def test_half_a_cent_is_not_over_budget(twelve_projects):
    cents = twelve_projects.assign(actual_cost=twelve_projects["baseline_budget"] + 0.004)
    assert on_budget_rate(cents, as_of=AS_OF, population="finished").loc[0, "rate"] == 1


def test_cancelled_before_their_date_are_not_failures_yet(twelve_projects):
    """Of 12, seven were due before 30 June; P08 has no date; four have dates still to come."""
    early = twelve_projects.assign(
        status="cancelled", actual_finish_date=pd.Timestamp("2024-01-01")
    )
    row = on_time_rate(early, as_of=AS_OF, cancelled="fail").iloc[0]
    assert (row["k"], row["n"], row["n_cancelled"]) == (0, 8, 4)


@pytest.mark.parametrize(
    ("n", "reliability"), [(4, "too_few"), (5, "indicative"), (19, "indicative"), (20, "ok")]
)
def test_few_projects_are_marked(twelve_projects, n, reliability):
    many = pd.concat([twelve_projects.head(1)] * n, ignore_index=True)
    many["project_id"] = [f"P{number}" for number in range(n)]
    assert on_time_rate(many, as_of=AS_OF).loc[0, "reliability"] == reliability


@pytest.mark.parametrize("by", ["rate", ["status", "status"], 3, "tags"])
def test_a_group_that_cannot_be_is_refused_in_words(twelve_projects, by):
    projects = twelve_projects.assign(rate=1.0, tags=[["a"]] * 12)
    with pytest.raises(PMAnalyticsError, match="by="):
        on_time_rate(projects, as_of=AS_OF, by=by)


def test_all_cancelled_is_no_rate(twelve_projects):
    cancelled = twelve_projects.query("project_id != 'P09'").assign(status="cancelled")
    row = on_time_rate(cancelled, as_of=AS_OF).iloc[0]
    assert pd.isna(row["rate"])
    assert (row["n"], row["reason"]) == (0, "no project can be judged")


def test_no_projects_give_no_rows():
    table = on_time_rate(empty(Projects), as_of=AS_OF)
    assert table.empty
    assert list(table.columns) == list(Rates.to_schema().columns)


def test_budgets_in_two_currencies_are_not_added(twelve_projects):
    mixed = twelve_projects.assign(currency=["EUR", "USD"] * 6)
    message = "Amounts in EUR, USD cannot be added up"
    with pytest.raises(PMAnalyticsError, match=message):
        on_time_rate(mixed, as_of=AS_OF, weights="baseline_budget")
    counted = on_budget_rate(mixed, as_of=AS_OF)
    assert counted.loc[0, "n"] == 8


def test_an_unknown_group_is_refused_in_words(twelve_projects):
    with pytest.raises(
        PMAnalyticsError, match=r"lacks: projectclass .nearest header: 'project_class'"
    ):
        on_time_rate(twelve_projects, as_of=AS_OF, by="projectclass")


def test_weights_need_one_currency_per_group_only(twelve_projects):
    """P02 and P10 are late; weighed within each currency, P02's 200 does not meet P10's 1000."""
    mixed = twelve_projects.assign(currency=["USD"] * 9 + ["EUR"] * 3)
    table = on_time_rate(
        mixed, as_of=AS_OF, population="finished", weights="baseline_budget", by="currency"
    )
    assert table["currency"].tolist() == ["EUR", "USD"]
    assert table["rate"].tolist() == pytest.approx([30 / 1030, 210 / 410])


@pytest.mark.parametrize("measure", ["on_time", "on_budget", "on_time_and_on_budget"])
def test_an_unknown_option_of_a_split_is_refused_in_words(twelve_projects, measure):
    with pytest.raises(PMAnalyticsError, match=r"no option 'grace'\. Did you mean grace_days\?"):
        rate_splits(twelve_projects, ["status"], as_of=AS_OF, measure=measure, grace=3)


@settings(deadline=None, max_examples=25)
@given(portfolios(), st.integers(0, 25))
def test_counts_of_two_parts_add_up_to_those_of_the_whole(projects, cut):
    counts = ["k", "n", *EXCLUSIONS, "n_on_hold"]
    for rate in RATES.values():
        whole, *parts = (
            rate(table, as_of=AS_OF)[counts].sum()
            for table in (projects, projects[:cut], projects[cut:])
        )
        assert whole.tolist() == sum(parts).tolist()


def test_agencies_of_new_york_have_the_rates_of_the_reference(new_york):
    """Published per agency: 27 of 125 is 0.2160, and so on; medians where one project is it."""
    projects = pd.DataFrame(
        {
            "project_id": new_york["PID"],
            "name": new_york["Project Name"].fillna("?"),
            "status": "done",
            "agency": new_york["Managing Agency"],
            "baseline_finish_date": new_york["baseline"],
            "actual_finish_date": new_york["forecast"],
            "baseline_budget": new_york["budget"].where(new_york["budget"] >= 0),
            "actual_cost": new_york["Budget Forecast"],
            "currency": "USD",
        }
    )
    end = "2031-12-31"
    splits = rate_splits(projects, ["agency"], as_of=end).set_index("group")
    reference = {
        "DDC": (125, 0.2160), "DOT": (82, 0.3537), "DEP": (38, 0.1053), "SCA": (27, 0.9630),
        "EDC": (21, 0.2381), "DCAS": (3, 0.0000), "DSNY": (3, 0.6667), "DOC": (2, 1.0000),
    }  # fmt: skip
    rows = splits.loc[[*reference]]
    assert rows["n"].tolist() == [n for n, _ in reference.values()]
    assert rows["rate"].tolist() == pytest.approx([r for _, r in reference.values()], abs=5e-5)
    spread = variance_distribution(projects, as_of=end, by="agency")
    days = spread[spread["measure"] == "finish_variance_days"].set_index("agency")["median"]
    medians = {"DDC": 329.0, "SCA": 0.0, "EDC": 783.0, "DCAS": 730.0, "DSNY": 0.0}
    assert days[[*medians]].to_dict() == medians
    whole = on_time_rate(projects, as_of=end, by="agency")
    assert whole["k"].sum() == 98
    assert whole["n"].sum() == 309
