"""Cards in several forms, and the small drawings and points at the head of a page."""

import pytest

from pmanalytics import Views, filtered, text_card
from pmanalytics.reports.cards import CARD
from pmanalytics.reports.spark import HEIGHT, MARGIN, WIDTH, spark
from pmanalytics.reports.views import leaves, views_html


def test_without_a_column_to_filter_by_a_card_has_one_form():
    assert filtered({"": text_card("all")}, by=None) == text_card("all")


def test_a_notebook_shows_the_first_form_and_a_page_gets_all():
    inner = Views({"One": text_card("first"), "Two": text_card("second")})
    bundle = Views({"": inner, "Land": text_card("of land")}, asks="line")._repr_mimebundle_()
    assert bundle["text/plain"] == "first"
    told = [card["finding"] for card, _ in leaves(bundle[CARD], None)]
    assert told == ["first", "second", "of land"]


def test_only_the_first_form_of_a_page_is_seen_and_no_name_becomes_markup():
    views = filtered({"": text_card("all"), '"><b>Land': text_card("land")}, by="line")
    page = views_html(views._repr_mimebundle_()[CARD], None, "1")
    assert "<b>" not in page
    assert page.count(" hidden") == 1
    assert page.index("all") < page.index(" hidden") < page.index(">land")


def test_one_value_is_no_drawing():
    assert spark([(0.1, 0.2, 0.3)], []) is None
    assert spark([], [3]) is None


def test_a_line_goes_from_edge_to_edge_with_its_band_around_it():
    """Values 0, 1 and 0.5 of a band from 0 to 1: bottom, top and middle; up is less in SVG."""
    drawn = spark([(0, 0, 1), (0, 1, 1), (0, 0.5, 1)], [])
    low, high = HEIGHT - MARGIN, MARGIN
    assert drawn["line"] == f"M5.0 {low:.1f}L80.0 {high:.1f}L155.0 20.0"
    assert drawn["end"] == [WIDTH - MARGIN, 20, high, low]
    assert drawn["zero"] is None


def test_where_values_are_on_both_sides_of_zero_its_line_is_drawn():
    assert spark([(-10, -10, -10), (10, 10, 10)], [])["zero"] == HEIGHT / 2


@pytest.mark.parametrize(
    ("values", "looks"), [([3, -1], ["bad", "good"]), ([2, 0], ["bad", "good"])]
)
def test_bars_above_zero_are_the_bad_ones(values, looks):
    drawn = spark([], values)
    assert [bar[-1] for bar in drawn["bars"]] == looks


def test_lines_and_bars_of_one_value_throughout_are_drawn_flat():
    assert spark([(0.5, 0.5, 0.5)] * 2, [])["line"].count("35.0") == 2
    assert [bar[3] for bar in spark([], [0, 0])["bars"]] == [0.5, 0.5]
