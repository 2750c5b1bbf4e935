"""Opening a report in a browser that has no network."""

import pytest


@pytest.fixture
def opened(browser, reports):
    """Return a function that opens a report and waits until all figures are drawn."""
    contexts = []

    def visit(name, *, width=1440, colors="light", javascript=True, state=""):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=colors,
            java_script_enabled=javascript,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.requests, page.faults = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(reports[name].as_uri() + state)
        if javascript:
            page.wait_for_selector("html[data-done]", timeout=30_000, state="attached")
        return page

    yield visit
    for context in contexts:
        context.close()
