import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmanalytics import (
    Lifecycle,
    PMAnalyticsError,
    product_stages,
    stage_mix,
    stage_moves,
    stage_visits,
    time_to_market,
    time_to_market_summary,
)
from pmanalytics.lifecycle import PRODUCT
from pmanalytics.schemas import (
    Products,
    ProductStages,
    StageMix,
    StageMoves,
    StageVisits,
    TimesToMarket,
    dtypes,
    empty,
)

AS_OF = "2024-06-30"
STAGES = list(PRODUCT.stages)


def visits_of(*rows, as_of=AS_OF, is_cut=()):
    """Return the visits of products from (product, day, stage), in order of time per product."""
    table = pd.DataFrame(rows, columns=["item_id", "changed_at", "to_status"])
    table["changed_at"] = pd.to_datetime(table["changed_at"], utc=True)
    table["from_status"] = table.groupby("item_id")["to_status"].shift()
    is_first = table["from_status"].isna()
    table.loc[is_first & table["item_id"].isin(is_cut), "from_status"] = "(earlier)"
    table["sequence"] = table.groupby("item_id").cumcount()
    return stage_visits(table.assign(level="product"), PRODUCT, as_of=as_of)


def listed(*ids, **columns):
    return pd.DataFrame({"product_id": ids, "name": [f"Product {i}" for i in ids]} | columns)


def staged(*stages):
    """Return product stages, one product per stage."""
    rows = pd.DataFrame({"product_id": map(str, range(len(stages))), "stage": list(stages)})
    return rows.astype("str").assign(is_ended=rows["stage"].isin(PRODUCT.terminal))


def test_the_worked_mix_of_stages(examples):
    """M46: the retired product is no part of the nine that the shares are of."""
    expected = examples["M46"]["expected"]
    counts = {"Conceiving": 2, "Development": 3, "Introduction": 1, "Market": 3, "Retired": 1}
    stages = [stage for stage, n in counts.items() for _ in range(n)]
    mix = stage_mix(staged(*stages)).set_index("stage")
    active = ["Conceiving", "Development", "Introduction", "Market"]
    assert mix.loc[active, "active_share"].tolist() == pytest.approx(expected[:4], abs=5e-5)
    assert mix.loc["Retired", "n"] == expected[4]
    assert pd.isna(mix.loc["Retired", "active_share"])
    assert (mix["n_active"] == 9).all()


def test_a_stage_nobody_is_in_has_a_row_of_its_own():
    mix = stage_mix(staged("Market")).set_index("stage")
    assert list(mix.index) == STAGES
    assert (mix.loc["Conceiving", "n"], mix.loc["Conceiving", "active_share"]) == (0, 0)


def test_stages_that_are_not_known_are_counted_apart():
    mix = stage_mix(staged("Market", "(unmapped)", None))
    assert mix["stage"].fillna("unknown").tolist() == [*STAGES, "(unmapped)", "unknown"]
    assert mix["n"].tolist()[-2:] == [1, 1]
    assert mix["active_share"].isna().tolist()[-2:] == [True, True]
    assert mix["n_active"].unique().tolist() == [1]


def test_a_portfolio_of_retired_products_has_no_shares():
    mix = stage_mix(staged("Retired", "Retired"))
    assert mix["active_share"].isna().all()
    assert mix["n"].sum() == 2


def test_the_mix_is_told_by_product_line():
    rows = staged("Market", "Development", "Market").assign(line=["Maps", "Maps", "Pay"])
    mix = stage_mix(rows, by="line")
    found = mix[mix["n"] > 0][["line", "stage", "active_share"]]
    assert found.to_numpy().tolist() == [
        ["Maps", "Development", 0.5],
        ["Maps", "Market", 0.5],
        ["Pay", "Market", 1.0],
    ]


@given(st.lists(st.sampled_from([*STAGES, "(unmapped)", None]), max_size=12))
@settings(deadline=None, max_examples=30)
def test_every_product_is_in_one_row_of_the_mix_and_the_shares_make_a_whole(stages):
    mix = stage_mix(staged(*stages))
    assert mix["n"].sum() == len(stages)
    n_active = sum(stage in STAGES and stage != "Retired" for stage in stages)
    assert mix["active_share"].sum() == pytest.approx(1.0 if n_active else 0.0)


def test_a_product_is_compared_with_how_long_the_others_stayed():
    """Development took 10, 20, 30, 40 days: half of the four others stayed longer than 25 days."""
    rows = [("now", "2024-06-06", "Development")]
    for product, days in zip("abcd", (10, 20, 30, 40), strict=True):
        end = pd.Timestamp("2024-01-01") + pd.Timedelta(days=days)
        rows += [(product, "2024-01-01", "Development"), (product, end, "Market")]
    found = product_stages(listed(*"abcd", "now"), visits_of(*rows)).set_index("product_id")
    row = found.loc["now"]
    assert (row["stage"], row["days"], row["n"], row["n_ended"]) == ("Development", 25, 4, 4)
    assert row["longer_share"] == pytest.approx(1 / 2)


def test_of_a_product_that_outlasts_all_others_none_stays_longer():
    """It does not outlast itself: of three products the two others left after 10 and 20 days."""
    rows = [("now", "2024-01-01", "Development")]
    for product, days in (("a", 10), ("b", 20)):
        end = pd.Timestamp("2024-01-01") + pd.Timedelta(days=days)
        rows += [(product, "2024-01-01", "Development"), (product, end, "Market")]
    found = product_stages(listed("a", "b", "now"), visits_of(*rows)).set_index("product_id")
    assert found.loc["now", ["longer_share", "n", "n_ended"]].tolist() == [0, 2, 2]


def test_a_product_whose_first_stay_is_not_whole_is_compared_with_all_others():
    """It has been there 35 days at least; of the two others one stayed 10 days, one 40."""
    rows = [("now", "2024-01-01", "Development"), ("now", "2024-01-11", "Market"),
            ("now", "2024-06-06", "Development")]  # fmt: skip
    for product, days in (("a", 10), ("b", 40)):
        end = pd.Timestamp("2024-01-01") + pd.Timedelta(days=days)
        rows += [(product, "2024-01-01", "Development"), (product, end, "Market")]
    visits = visits_of(*rows)
    is_first = (visits["item_id"] == "now") & (visits["entered_at"] == visits["entered_at"].min())
    visits["history_complete"] &= ~is_first
    found = product_stages(listed("a", "b", "now"), visits).set_index("product_id")
    assert found.loc["now", ["total_days", "longer_share", "n"]].tolist() == [35, 0.5, 2]


def test_a_stage_entered_again_counts_with_its_earlier_stays():
    visits = visits_of(
        ("A", "2024-01-01", "Development"),
        ("A", "2024-01-11", "Market"),
        ("A", "2024-06-21", "Development"),
    )
    row = product_stages(listed("A"), visits).iloc[0]
    assert (row["days"], row["total_days"]) == (10, 20)


def test_a_retired_product_is_compared_with_nobody():
    visits = visits_of(("A", "2024-01-01", "Market"), ("A", "2024-05-31", "Retired"))
    row = product_stages(listed("A"), visits).iloc[0]
    assert row["is_ended"]
    assert pd.isna(row["longer_share"])
    assert row["reason"] == "its life has ended"


def test_a_product_without_a_history_has_the_stage_of_the_list():
    found = product_stages(listed("A", "B", stage=["market", None]), empty(StageVisits))
    assert found["stage"].fillna("unknown").tolist() == ["Market", "unknown"]
    assert found["reason"].tolist() == ["no history of its stages"] * 2
    assert found["days"].isna().all()


def test_a_product_that_is_only_in_the_history_is_told_too():
    found = product_stages(empty(Products), visits_of(("A", "2024-06-20", "Market")))
    assert found[["product_id", "name", "days"]].to_numpy().tolist() == [["A", "A", 11]]


def test_days_that_nobody_saw_begin_are_not_told():
    visits = visits_of(("A", "2024-06-20", "Market"), is_cut=["A"])
    row = product_stages(listed("A"), visits).iloc[0]
    assert pd.isna(row["days"])
    assert row["reason"] == "it is not known when it entered the stage"


def test_the_columns_of_the_user_stay_with_the_products():
    found = product_stages(listed("A", line=["Maps"]), visits_of(("A", "2024-06-20", "Market")))
    assert found["line"].tolist() == ["Maps"]


def test_moves_of_the_period_are_told_and_backward_ones_marked():
    visits = visits_of(
        ("A", "2024-01-01", "Development"),
        ("A", "2024-03-31", "Introduction"),
        ("A", "2024-05-30", "Development"),
    )
    moves = stage_moves(visits, PRODUCT, since="2024-03-31", as_of=AS_OF)
    assert moves[["from_stage", "to_stage", "days", "is_backward"]].to_numpy().tolist() == [
        ["Introduction", "Development", 60.0, True]
    ]


def test_a_move_to_an_unknown_stage_has_no_direction():
    visits = visits_of(("A", "2024-01-01", "Development"), ("A", "2024-03-31", "Elsewhere"))
    moves = stage_moves(visits, PRODUCT, since="2023-12-31", as_of=AS_OF)
    assert moves["is_backward"].isna().tolist() == [True]


def test_the_worked_time_to_market(examples):
    """M45: from the first entry of Conceiving to that of Introduction."""
    visits = visits_of(("A", "2023-01-15", "Conceiving"), ("A", "2024-03-01", "Introduction"))
    row = time_to_market(visits).iloc[0]
    assert (row["days"], row["outcome"]) == (examples["M45"]["expected"], "arrived")


def test_what_does_not_arrive_is_told_apart():
    visits = visits_of(
        ("open", "2024-06-01", "Conceiving"),
        ("ended", "2024-01-01", "Conceiving"),
        ("ended", "2024-02-10", "Retired"),
        ("direct", "2024-01-01", "Market"),
        ("odd", "2024-01-01", "Market"),
        ("odd", "2024-02-10", "Conceiving"),
        ("cut", "2024-01-01", "Conceiving"),
        ("cut", "2024-02-10", "Market"),
        is_cut=["cut"],
    )
    found = time_to_market(visits).set_index("product_id")
    assert found["outcome"].to_dict() == {
        "open": "on_the_way", "ended": "ended", "direct": "unknown", "odd": "unknown",
        "cut": "unknown",
    }  # fmt: skip
    assert (found.loc["open", "days"], found.loc["ended", "days"]) == (30, 40)
    assert found["reason"].dropna().to_dict() == {
        "direct": "it was never in Conceiving",
        "odd": "it arrived before it was begun",
        "cut": "the beginning of its history is not known",
    }


def test_start_and_arrival_are_stages_of_the_user():
    visits = visits_of(
        ("A", "2024-01-01", "Conceiving"),
        ("A", "2024-02-01", "Development"),
        ("A", "2024-03-02", "Introduction"),
        ("A", "2024-04-01", "Market"),
    )
    row = time_to_market(visits, start=["Development"], arrival="Market").iloc[0]
    assert row["days"] == 60


def test_the_median_keeps_the_products_on_the_way():
    """Of 100, 200 and 300 arrived and 400 open, S is 3/4, 1/2, 1/4; with 250 open it ends at 0."""

    def median(open_days):
        days = [100.0, 200.0, 300.0, open_days]
        rows = pd.DataFrame({
            "product_id": list("abcd"), "days": days,
            "outcome": ["arrived"] * 3 + ["on_the_way"],
        })  # fmt: skip
        return time_to_market_summary(rows).iloc[0]

    assert median(400.0)["median_days"] == 200
    assert median(250.0)["p85_days"] == 300
    assert pd.isna(median(400.0)["p85_days"])
    assert median(400.0)[["n", "n_arrived", "n_on_the_way"]].tolist() == [4, 3, 1]
    assert median(400.0)["reliability"] == "too_few"


def test_the_time_to_market_is_told_by_class():
    rows = pd.DataFrame({
        "product_id": list("abc"), "days": [100.0, 200.0, None],
        "outcome": ["arrived", "arrived", "unknown"], "line": ["Maps", "Pay", "Pay"],
    })  # fmt: skip
    found = time_to_market_summary(rows, by="line")
    assert found[["line", "n", "n_unknown", "median_days"]].to_numpy().tolist() == [
        ["Maps", 1, 0, 100.0],
        ["Pay", 1, 1, 200.0],
    ]


def test_nothing_in_gives_nothing_out():
    nothing = empty(StageVisits)
    assert list(product_stages(empty(Products), nothing)) == list(dtypes(ProductStages))
    assert list(stage_mix(empty(ProductStages))) == list(dtypes(StageMix))
    moves = stage_moves(nothing, PRODUCT, since="2024-01-01", as_of=AS_OF)
    assert list(moves) == list(dtypes(StageMoves))
    assert list(time_to_market(nothing)) == list(dtypes(TimesToMarket))
    assert time_to_market_summary(empty(TimesToMarket)).empty


def test_a_status_that_no_stage_claims_stays_visible():
    flow = Lifecycle({"Market": ["live"]})
    found = product_stages(listed("A", stage=["beta"]), empty(StageVisits), flow)
    assert found["stage"].tolist() == ["(unmapped)"]


def test_a_table_without_a_stage_is_refused():
    with pytest.raises(PMAnalyticsError, match="lacks: product_id"):
        stage_mix(pd.DataFrame({"stage": ["Market"]}))
