import pytest

pytestmark = pytest.mark.browser
FIGURES = {"portfolio": 5, "delivery": 9, "lifecycle": 11, "flow": 6, "data_quality": 3}
NAMES = list(FIGURES)
WIDTHS = [1920, 1440, 1280, 1024, 820, 720, 640, 390, 320]
SHIFT = """() => new Promise((done) => new PerformanceObserver((list) => done(
  list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
)).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 300))"""


@pytest.mark.parametrize("name", [*NAMES, "index"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_report_draws_every_figure_with_no_request_no_fault_and_nothing_moving(
    opened, name, width
):
    page = opened(name, width=width)
    assert len(page.requests) == 1
    assert page.faults == []
    assert page.evaluate(SHIFT) == 0
    plots = page.locator(".plot:visible").count()
    assert plots >= FIGURES.get(name, 0)
    assert page.locator(".plot .main-svg").count() >= plots


@pytest.mark.parametrize("name", NAMES)
def test_without_javascript_findings_and_tables_are_there(opened, name):
    page = opened(name, javascript=False)
    assert page.locator("figure h3").first.is_visible()
    assert page.locator("figure table").first.is_visible()
    assert page.locator(".plot").first.is_hidden()
    assert "is not a day of the calendar" in page.inner_text("main")


@pytest.mark.parametrize("name", [*NAMES, "index"])
def test_nothing_runs_out_of_the_page_or_of_a_drawing(opened, overflow, name):
    page = opened(name)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(250)
        too_wide, beyond = overflow(page)
        assert too_wide == 0, width
        assert beyond <= 1 or width == 320, width  # there, a long count may be cut
    assert page.faults == []


def test_colours_follow_the_system_and_the_reader(opened):
    page = opened("portfolio", colors="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    fill = "document.querySelector('.main-svg').style.background"
    assert page.evaluate(background) == "rgb(16, 20, 25)"
    assert page.evaluate(fill) == "rgb(16, 20, 25)"
    page.click(".themes button[value=light]")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.evaluate(fill) == "rgb(255, 255, 255)"


def test_data_opens_with_the_keyboard(opened):
    page = opened("portfolio")
    table = page.locator("figure details table").first
    assert table.is_hidden()
    page.locator("figure summary").first.focus()
    page.keyboard.press("Enter")
    assert table.is_visible()


def test_printing_is_light_and_fits_the_paper(opened):
    page = opened("portfolio", colors="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (
        page.evaluate("document.querySelector('.main-svg').style.background")
        == "rgb(255, 255, 255)"
    )
    widths = page.eval_on_selector_all(".main-svg", "all => all.map(svg => svg.clientWidth)")
    assert max(widths) <= 684
