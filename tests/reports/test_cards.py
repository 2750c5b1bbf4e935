import re

import pandas as pd
import pytest

from pmanalytics import (
    Lifecycle,
    figure_card,
    lifecycle_card,
    plot_rates,
    table_card,
    text_card,
)
from pmanalytics.figures.headlines import Headline
from pmanalytics.figures.words import number
from pmanalytics.reports.cards import CARD, PLOTLY, headline_card, html_of
from pmanalytics.schemas import Rates, empty

HOSTILE = '<img src=x onerror="alert(1)">'


def bundle_of(card):
    return card._repr_mimebundle_()


def test_a_card_is_its_finding_as_text():
    card = figure_card(plot_rates(empty(Rates)), empty(Rates))
    bundle = bundle_of(card)
    assert bundle["text/plain"] == repr(card) == card.finding
    assert set(bundle) == {"text/plain", CARD, PLOTLY}


def test_a_table_shows_values_as_people_read_them():
    table = pd.DataFrame(
        {
            "rate": [0.4286, None],
            "finish_variance_days": [41.0, -3.0],
            "median_days": [3.42, 120.0],
            "as_of": pd.to_datetime(["2024-06-30", None]),
            "is_open": [True, False],
            "n": [12345, 3],
        }
    )
    card = table_card(table, "Found")
    assert card.headers == [
        "Rate",
        "Finish variance days",
        "Median days",
        "As of",
        "Is open",
        "Counted",
    ]
    assert card.rows[0] == ["43%", "+41", "3.4", "30\xa0Jun\xa02024", "yes", "12\u202f345"]
    assert card.rows[1] == ["–", "−3", "120", "–", "no", "3"]


def test_codes_are_told_in_words():
    table = pd.DataFrame(
        {
            "measure": ["on_time", "on_budget"],
            "basis": ["baseline", "rebaselined"],
            "k": [3, 4],
            "level": ["work_item", "product"],
            "reliability": ["too_few", "ok"],
        }
    )
    card = table_card(table, "Found")
    assert card.headers == ["Measure", "Compared with", "Succeeded", "Level", "Reliability"]
    assert card.rows == [
        ["On time", "first approved plan", "3", "issue", "too few"],
        ["On budget", "latest budget", "4", "product", "ok"],
    ]


def test_changes_and_distributions_are_told_in_their_units():
    table = pd.DataFrame(
        {
            "rate_now": [0.35],
            "difference": [-0.25],
            "verdict": ["no_clear_change"],
            "median": [0.0412],
            "far_over_share": [0.28],
            "drift_days": [91.0],
        }
    )
    row = ["35%", "−25 points", "no clear change", "0.0412", "28%", "+91"]
    assert table_card(table, "Found").rows == [row]


def test_what_stays_the_same_is_told_once():
    table = pd.DataFrame({"measure": ["A", "A", "B"], "n_used": [1, 1, 1], "reason": list("xyy")})
    card = table_card(table, "Found", n_once=2)
    assert card.rows == [["A", "1", "x"], ["A", "1", "y"], ["B", "1", "y"]]
    assert card.n_same == [0, 2, 0]
    assert len(re.findall('class="(?:n )?same"', html_of(card.content, None))) == 2
    assert table_card(table.head(0), "Found", n_once=2).rows == []


def test_a_long_table_says_how_much_it_leaves_out():
    card = table_card(pd.DataFrame({"n": range(200)}), "Found")
    assert len(card.rows) == 60
    assert card.note == "The first 60 of 200 rows."


def test_a_long_table_below_a_figure_says_how_much_it_leaves_out():
    card = figure_card(plot_rates(empty(Rates)), pd.DataFrame({"n": range(1200)}))
    assert len(card.rows) == 1000
    assert card.note.endswith(f"The data below: the first {number(1000)} of {number(1200)} rows.")


def test_a_label_of_a_narrow_table_cannot_leave_its_text():
    table = pd.DataFrame([[1, 1, 1, 1]], columns=["a", "b", "c", '";}<x'])
    page = html_of(table_card(table, "Found").content, None)
    assert "--l4:&#34;\\22 \\3b \\7d \\3c x&#34;;" in page


@pytest.mark.parametrize(
    "card",
    [
        table_card(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE, subtitle=HOSTILE, note=HOSTILE),
        headline_card([Headline(HOSTILE, HOSTILE, HOSTILE, HOSTILE)]),
        text_card(HOSTILE, HOSTILE),
    ],
)
def test_text_from_files_never_becomes_markup(card):
    for page in (html_of(card.content, None), bundle_of(card)["text/html"]):
        assert "<img" not in page
        assert "&lt;img" in page


@pytest.mark.parametrize(
    "card",
    [
        table_card(pd.DataFrame({"name": ["One"] * 30, "n": range(30)}), "Found", note="Why"),
        table_card(empty(Rates), "Found"),
        headline_card([Headline("On time", "42%", "29–55%", "53 projects")], "Found"),
        text_card("Found"),
    ],
)
def test_in_jupyterlab_a_card_has_none_of_the_pages_tools(card):
    """There are no styles and no script of ours, so a button would do nothing."""
    page = bundle_of(card)["text/html"]
    assert "Found" in page
    tags = {*re.findall(r"<(\w+)", page)}
    assert tags <= {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert not re.search("class=|aria-|Download|Search|tabindex|display:none", page)


def test_in_jupyterlab_a_table_is_told_as_on_the_page():
    table = pd.DataFrame(
        {"measure": ["A", "A", "B"], "n_used": [1, 1, 1200], "reason": list("xyy")}
    )
    page = bundle_of(table_card(table, "Found", n_once=1))["text/html"]
    cells = re.findall("<td style=[^>]*>([^<]*)</td>", page)
    assert cells == ["A", "1", "x", "", "1", "y", "B", "1\u202f200", "y"]
    assert page.count("text-align:right") == 4


def test_in_jupyterlab_a_figure_keeps_its_height():
    """JupyterLab sizes a figure itself; with plotly's own way beside it, it ends up flat."""
    figure = bundle_of(figure_card(plot_rates(empty(Rates)), empty(Rates)))[PLOTLY]
    assert figure["layout"]["height"] > 100
    assert not figure["config"].get("responsive")


def test_a_figure_cannot_close_its_script():
    card = figure_card(plot_rates(empty(Rates)), empty(Rates))
    figure = {"data": [{"text": "</script><b>"}], "layout": {"margin": {"t": 1}, "height": 10}}
    assert "</script><b>" not in html_of(card.content, figure)


def test_numbers_side_by_side_may_stand_under_their_finding():
    card = headline_card([Headline("Read", "99", "", "p.csv")], "From read to used")
    assert repr(card) == "From read to used\nRead: 99"
    assert "From read to used</h3>" in html_of(card.content, None)
    assert "<h3" not in html_of(headline_card(card.headlines).content, None)


def test_a_lifecycle_card_says_where_work_begins_waits_and_ends_and_whether_it_is_a_guess():
    flow = Lifecycle({"Queue": [], "Dev": [], "Done": []}, ["Done"], waiting=["Queue"])
    given, guessed = lifecycle_card(flow), lifecycle_card(flow, proposed=True)
    assert repr(given) == "Work begins with Dev, waits in Queue and ends with Done."
    assert given.note == ""
    assert guessed.note.startswith("No stages are given, so these are guessed")
    assert repr(lifecycle_card(Lifecycle({}))) == (
        "No history of statuses: where work begins and ends is not known."
    )
    endless = Lifecycle({"Queue": []}, waiting=["Queue"])
    assert repr(lifecycle_card(endless)) == (
        "Work begins with no stage, for items wait in each, waits in Queue and ends with no stage."
    )


def test_a_yes_or_no_that_may_be_missing_reads_like_any_other():
    table = pd.DataFrame({"is_flagged": pd.array([True, False, None], dtype="boolean")})
    assert table_card(table, "Found").rows == [["yes"], ["no"], ["–"]]


def test_a_folded_table_stands_open_in_the_page_until_the_script_closes_it():
    card = table_card(pd.DataFrame({"n": [3]}), "Found", folded=True)
    html = html_of(card.content, None)
    assert '<details class="data" open>' in html
    assert html.index("Found") < html.index("<details") < html.index("<table")
    assert "<details" not in html_of(table_card(pd.DataFrame({"n": [3]}), "Found").content, None)


def test_what_is_drawn_keeps_small_numbers_and_no_digits_that_cannot_be_seen():
    values = [0.000000123456789, 0.3282467, 1234.56789012, 1700000000000.0]
    layout = {"margin": {"t": 20}, "height": 300}
    figure = {"data": [{"type": "scatter", "y": values}], "layout": layout}
    page = html_of(text_card("Drawn").content, figure, "1")
    assert '"y":[1.2346e-07,0.32825,1234.56789,1700000000000.0]' in page
