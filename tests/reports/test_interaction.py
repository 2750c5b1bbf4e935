"""What a reader can do with a report: sort, search, save, highlight, share, read by keyboard."""

import csv

import nbformat
import pandas as pd
import pytest

from pmanalytics import table_card
from pmanalytics.reports.render import ReportExporter

pytestmark = pytest.mark.browser
LATE = "#open-and-late figure"
FIRST_LATE = "P-027"
DIMMED = """(plot) => plot.data.filter((trace) => trace.customdata)
  .map((trace) => [trace.customdata.flat(), trace.selectedpoints])"""


@pytest.fixture
def late(opened):
    """Return the portfolio report with the data of its list of late projects open."""
    page = opened("portfolio")
    page.click(f"{LATE} summary")
    return page


def column(page, number):
    return page.locator(f"{LATE} tbody tr td:nth-child({number})").all_inner_texts()


def test_a_column_is_sorted_by_its_values_and_says_so(late):
    heads = late.locator(f"{LATE} thead th")
    days = heads.filter(has_text="Finish variance days")
    number = heads.all_inner_texts().index("Finish variance days") + 1
    days.locator("button").click()
    assert days.get_attribute("aria-sort") == "descending"
    as_sorted = [int(text) for text in column(late, number)]
    assert as_sorted == sorted(as_sorted, reverse=True)
    days.locator("button").click()
    assert days.get_attribute("aria-sort") == "ascending"
    assert [int(text) for text in column(late, number)] == as_sorted[::-1]
    due = heads.all_inner_texts().index("Due date") + 1
    heads.nth(due - 1).locator("button").click()
    dates = pd.to_datetime(
        [text.replace("\xa0", " ") for text in column(late, due)], format="%d %b %Y"
    )
    assert dates.is_monotonic_increasing
    assert late.locator(f"{LATE} [aria-sort]").count() == 1


def test_a_search_leaves_the_rows_that_contain_it(late):
    late.fill(f"{LATE} .search", "harbour hub")
    shown = late.locator(f"{LATE} tbody tr:visible").all_inner_texts()
    assert len(shown) == 2
    assert all("Harbour Hub" in row for row in shown)
    assert late.inner_text(f"{LATE} .shown") == f"{len(shown)} of 8"


def test_a_long_table_begins_short_and_can_be_searched_whole(opened):
    page = opened("data_quality")
    table = page.locator(".card > .table:not(:has(.few))").first
    rows = table.locator("tbody tr")
    assert rows.locator("visible=true").count() == 10
    more = table.locator(".more")
    assert more.inner_text() == f"Show all {rows.count()} rows"
    assert rows.last.is_hidden()
    table.locator(".search").fill(rows.last.locator("td").nth(1).text_content())
    assert rows.last.is_visible()
    table.locator(".search").fill("")
    more.click()
    assert rows.locator("visible=true").count() == rows.count()


def saved(page, button):
    with page.expect_download() as download:
        page.click(button)
    content = download.value.path().read_bytes().decode("utf-8-sig")
    return list(csv.reader(content.split("\r\n")[:-1]))


def test_a_saved_table_holds_values_a_spreadsheet_can_count_with(late):
    header, first, *_ = saved(late, f"{LATE} .csv")
    row = dict(zip(header, first, strict=True))
    assert row["Project id"] == FIRST_LATE
    assert row["Finish variance days"] == "156"
    assert row["Due date"] == "2026-04-27"


def test_no_saved_cell_becomes_a_formula(browser, tmp_path):
    """M59: the texts get an apostrophe, the number −5 stays a number."""
    texts = ["=1+1", "-2+3", "+1", "@x", "\t=1", "＝1+1", "a=b"]
    table = pd.DataFrame({"=name": texts, "n": [-5] * len(texts)})
    page = browser.new_page()
    page.goto(written(tmp_path, table_card(table, "Found")))
    (header, *_), *rows = saved(page, ".csv")
    assert header == "'=name"
    assert [row[0] for row in rows] == [*(f"'{text}" for text in texts[:-1]), "a=b"]
    assert {row[1] for row in rows} == {"-5"}
    page.close()


def written(folder, *cards):
    """Write a page that shows cards, and return its address."""
    notebook = nbformat.v4.new_notebook()
    outputs = [nbformat.v4.new_output("display_data", card._repr_mimebundle_()) for card in cards]
    notebook.cells = [nbformat.v4.new_code_cell("shown", outputs=outputs)]
    page, _ = ReportExporter().from_notebook_node(notebook)
    (folder / "page.html").write_text(page, encoding="utf-8")
    return (folder / "page.html").as_uri()


def test_a_table_works_without_any_figure(browser, tmp_path):
    page = browser.new_page()
    page.goto(written(tmp_path, table_card(pd.DataFrame({"n": [2, 10, 1]}), "Found")))
    page.click("th button")
    assert page.locator("tbody td").all_inner_texts() == ["10", "2", "1"]
    page.close()


def test_on_a_phone_a_wide_table_becomes_cards(opened):
    page = opened("portfolio", width=390)
    page.click(f"{LATE} summary")
    headings = page.locator(f"{LATE} thead th").all_text_contents()
    cells = page.locator(f"{LATE} tbody tr").first.locator("td")
    left = [cell.bounding_box()["x"] for cell in cells.all()]
    assert max(left) < 390
    label = "cell => getComputedStyle(cell, '::before').content.slice(1, -1)"
    assert [cell.evaluate(label) for cell in cells.all()] == headings


def test_a_project_is_highlighted_in_every_figure_and_table(late):
    late.locator(f"{LATE} tbody tr button").first.click()
    for plot in late.locator(".plot").element_handles():
        for ids, chosen in plot.evaluate(DIMMED):
            assert chosen == [n for n, name in enumerate(ids) if name == FIRST_LATE]
    marked = late.locator("tr.picked")
    assert marked.count() >= 3
    assert {row.get_attribute("data-id") for row in marked.all()} == {FIRST_LATE}
    assert FIRST_LATE in late.inner_text("#picked")
    late.keyboard.press("Escape")
    assert late.locator("tr.picked").count() == 0
    assert all(chosen is None for _, chosen in late.locator(".plot").nth(2).evaluate(DIMMED))


def test_a_click_on_a_mark_highlights_its_project(opened):
    page = opened("portfolio")
    page.locator(f"{LATE} .plot").scroll_into_view_if_needed()
    page.locator(f"{LATE} .plot .points path").first.click(force=True)
    assert FIRST_LATE in page.inner_text("#picked")


def test_a_name_may_be_typed_and_the_view_be_shared(opened):
    page = opened("portfolio")
    page.fill("#find", FIRST_LATE.lower())
    page.keyboard.press("Enter")
    assert page.url.endswith(f"#?show={FIRST_LATE}")
    shared = opened("portfolio", state=f"#?show={FIRST_LATE}")
    assert FIRST_LATE in shared.inner_text("#picked")
    assert shared.locator("tr.picked").count() >= 3
    shared.click("#picked button")
    assert shared.url.endswith("portfolio.html")


def test_a_view_of_something_unknown_or_damaged_is_the_whole(opened):
    page = opened("portfolio", state="#?show=%E0%A4%A")
    assert page.locator("#picked").is_hidden()
    assert page.faults == []


def test_the_marks_of_a_figure_are_read_by_keyboard(opened):
    page = opened("portfolio")
    plot = page.locator(f"{LATE} .plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#live").startswith("1 of 16: baseline 27 Apr 2026")
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#live").startswith("2 of 16: expected ")
    page.keyboard.press("End")
    assert page.inner_text("#live").startswith("16 of 16: ")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert FIRST_LATE in page.inner_text("#picked")
    page.keyboard.press("Tab")
    assert plot.evaluate(
        "(plot) => document.activeElement !== plot && !plot.contains(document.activeElement)"
    )


PAPER = {"A4": 1122 - 114, "Letter": 1056 - 114}  # height less margins, in CSS pixels


@pytest.mark.parametrize("name", ["portfolio", "delivery", "lifecycle", "flow", "data_quality"])
def test_no_figure_is_taller_than_a_printed_page(opened, name):
    page = opened(name)
    page.set_viewport_size({"width": 684, "height": 900})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    heights = page.eval_on_selector_all("figure", "all => all.map((one) => one.clientHeight)")
    assert max(heights) <= min(PAPER.values())
    assert page.evaluate("document.documentElement.scrollWidth") <= 684
