"""What a reader can do with a report: sort, search, save, highlight, share, read by keyboard."""

import csv

import nbformat
import pandas as pd
import pytest

from pmanalytics import load_portfolio, table_card
from pmanalytics.reports.render import ReportExporter

pytestmark = pytest.mark.browser
LIST = "#decisions .view:not([hidden])"
PLACED = "#on-time-and-how-far-off .view:not([hidden]) > figure:not(:has(.tabs))"
FIRST = "P-083"
DIMMED = """(plot) => plot.data.filter((trace) => trace.customdata)
  .map((trace) => [trace.customdata.flat(), trace.selectedpoints])"""


@pytest.fixture
def portfolio(opened):
    """Return the portfolio report, with its list of projects that need a decision."""
    return opened("portfolio")


def column(page, name):
    heads = page.locator(f"{LIST} thead th").all_inner_texts()
    return page.locator(f"{LIST} tbody tr td:nth-child({heads.index(name) + 1})").all_inner_texts()


def days(texts):
    return [int(text.replace("\u2212", "-")) for text in texts]


def test_a_column_is_sorted_by_its_values_and_says_so(portfolio):
    head = portfolio.locator(f"{LIST} thead th").filter(has_text="Days late")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    as_sorted = days(column(portfolio, "Days late"))
    assert as_sorted == sorted(as_sorted, reverse=True)
    assert as_sorted[0] == 679
    assert len(as_sorted) == 15
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert days(column(portfolio, "Days late")) == as_sorted[::-1]
    portfolio.locator(f"{LIST} thead th").filter(has_text="Due").locator("button").click()
    texts = [text.replace("\xa0", " ") for text in column(portfolio, "Due")]
    assert pd.to_datetime(texts, format="%d %b %Y").is_monotonic_increasing
    assert portfolio.locator(f"{LIST} [aria-sort]").count() == 1


def test_a_search_leaves_the_rows_that_contain_it(portfolio):
    portfolio.fill(f"{LIST} .search", "harbour hub")
    shown = portfolio.locator(f"{LIST} tbody tr:visible").all_inner_texts()
    assert len(shown) >= 2
    assert all("Harbour Hub" in row for row in shown)
    assert portfolio.inner_text(f"{LIST} .shown") == f"{len(shown)} of 15"


def test_a_long_table_begins_short_and_can_be_searched_whole(opened):
    page = opened("data_quality")
    card = page.locator(".card").filter(has_text="columns were understood and used")
    card.locator("summary").click()
    table = card.locator(".table")
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


def test_a_saved_table_holds_values_a_spreadsheet_can_count_with(portfolio):
    header, first, *_ = saved(portfolio, f"{LIST} .csv")
    row = dict(zip(header, first, strict=True))
    assert row["ID"] == FIRST
    assert row["Days late"] == "679"
    assert row["Due"] == "2027-06-30"
    assert row["Serious"].split("; ")[0] == "forecast 679 days after its due date"


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
    headings = page.locator(f"{LIST} thead th").all_text_contents()
    cells = page.locator(f"{LIST} tbody tr").first.locator("td")
    left = [cell.bounding_box()["x"] for cell in cells.all() if cell.is_visible()]
    assert max(left) < 390
    label = "cell => getComputedStyle(cell, '::before').content.slice(1, -1)"
    assert [cell.evaluate(label) for cell in cells.all()] == headings


def test_a_project_is_highlighted_in_every_figure_and_table(portfolio):
    portfolio.locator(f"{LIST} tbody tr button").first.click()
    for plot in portfolio.locator(".js-plotly-plot").element_handles():
        for ids, chosen in plot.evaluate(DIMMED):
            assert chosen == [n for n, name in enumerate(ids) if name == FIRST]
    marked = portfolio.locator("tr.picked")
    assert marked.count() >= 1
    assert {row.get_attribute("data-id") for row in marked.all()} == {FIRST}
    assert FIRST in portfolio.inner_text("#picked")
    portfolio.keyboard.press("Escape")
    assert portfolio.locator("tr.picked").count() == 0
    assert all(
        chosen is None for _, chosen in portfolio.locator(f"{PLACED} .plot").evaluate(DIMMED)
    )


def test_a_click_on_a_mark_highlights_its_project(portfolio):
    plot = portfolio.locator(f"{PLACED} .plot")
    plot.scroll_into_view_if_needed()
    clicked = plot.evaluate("(plot) => plot.data.at(-1).customdata[0][0]")
    plot.locator(".trace").last.locator(".points path").first.click(force=True)
    assert clicked in portfolio.inner_text("#picked")


def test_a_name_may_be_typed_and_the_view_be_shared(opened, portfolio):
    portfolio.fill("#find", FIRST.lower())
    portfolio.keyboard.press("Enter")
    assert portfolio.url.endswith(f"#?show={FIRST}")
    shared = opened("portfolio", state=f"#?show={FIRST}")
    assert FIRST in shared.inner_text("#picked")
    assert shared.locator("tr.picked").count() >= 1
    shared.click("#picked button")
    assert shared.url.endswith("portfolio.html")


def test_a_part_of_a_name_finds_it_and_what_is_not_there_is_said(portfolio):
    portfolio.fill("#find", "desk – api")
    portfolio.keyboard.press("Enter")
    assert FIRST in portfolio.inner_text("#picked")
    portfolio.fill("#find", "No such project")
    portfolio.keyboard.press("Enter")
    assert portfolio.get_attribute("#find", "aria-invalid") == "true"
    assert portfolio.inner_text("#live") == "Nothing here is called No such project"


def test_a_view_of_something_unknown_or_damaged_is_the_whole(opened):
    for state in ("#?show=%E0%A4%A", "#?filter=Nothing&form=None"):
        page = opened("portfolio", state=state)
        assert page.locator("#picked").is_hidden()
        assert page.input_value("#filter") == ""
        assert page.locator(f"{LIST} tbody tr").count() == 15
        assert page.faults == []


def test_the_marks_of_a_figure_are_read_by_keyboard(portfolio):
    plot = portfolio.locator(f"{PLACED} .plot")
    ids = plot.evaluate("(plot) => plot.data.flatMap((trace) => trace.customdata || [])").copy()
    plot.focus()
    portfolio.keyboard.press("ArrowRight")
    assert portfolio.inner_text("#live").startswith(f"1 of {len(ids)}: ")
    portfolio.keyboard.press("ArrowDown")
    assert portfolio.inner_text("#live").startswith(f"2 of {len(ids)}: ")
    portfolio.keyboard.press("End")
    assert portfolio.inner_text("#live").startswith(f"{len(ids)} of {len(ids)}: ")
    portfolio.keyboard.press("Enter")
    assert portfolio.locator("#picked").is_visible()
    portfolio.keyboard.press("Tab")
    assert plot.evaluate(
        "(plot) => document.activeElement !== plot && !plot.contains(document.activeElement)"
    )


def test_a_page_can_be_filtered_to_one_line_and_the_view_be_shared(opened, portfolio):
    """The table of projects says which of them are of the line Payments, and open."""
    projects = load_portfolio("data/sample").projects
    theirs = set(projects.loc[projects["Line"] == "Payments", "project_id"])
    portfolio.select_option("#filter", "Payments")
    shown = portfolio.locator(f"{LIST} tbody tr:visible")
    assert {row.get_attribute("data-id") for row in shown.all()} <= theirs
    assert f"{len(theirs)} projects" in portfolio.inner_text(".top .say:visible")
    assert portfolio.inner_text("h1") == portfolio.title() == "Portfolio: Payments"
    ids = portfolio.locator(f"{PLACED} .plot").evaluate(
        "(plot) => plot.data.flatMap((trace) => (trace.customdata || []).flat())"
    )
    assert set(ids) <= theirs
    assert ids
    told = portfolio.locator("#data-quality .card h3").first
    assert told.evaluate("(head) => getComputedStyle(head, '::after').content") == '"not filtered"'
    assert portfolio.url.endswith("#?filter=Payments")
    shared = opened("portfolio", state="#?filter=Payments")
    assert shared.inner_text(".headlines:visible") == portfolio.inner_text(".headlines:visible")
    portfolio.select_option("#filter", "")
    assert portfolio.locator(f"{LIST} tbody tr").count() == 15
    assert portfolio.inner_text("h1") == "Portfolio"
    assert portfolio.url.endswith("portfolio.html")
    assert portfolio.faults == shared.faults == []


def test_due_and_finish_date_can_be_exchanged(opened, portfolio):
    """By finish date the projects still open are in no period, so fewer are counted."""
    trend = "#on-time-and-how-far-off .view:not([hidden]) figure:visible:has(.tabs)"
    assert "due in the last 4" in portfolio.locator(f"{trend} h3").inner_text()
    portfolio.locator(f"{trend} .tabs button").last.click()
    assert "finished in the last 4" in portfolio.locator(f"{trend} h3").inner_text()
    assert portfolio.locator(f"{trend} .main-svg").count() >= 1
    focused = portfolio.evaluate("document.activeElement.textContent")
    assert focused == "By finish date"
    assert portfolio.url.endswith("#?form=By+finish+date")
    shared = opened("portfolio", state="#?form=By+finish+date&filter=Platform")
    assert shared.locator(f"{trend} [aria-pressed=true]").inner_text() == "By finish date"
    assert shared.faults == []


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
