"""Empty, small and strange data: every report says something true, and still looks right."""

import itertools
import re
import shutil
from pathlib import Path

import pytest

SAMPLE = Path("data/sample")
CONFIG = (SAMPLE / "pmanalytics.toml").read_text(encoding="utf-8")
NAMES = ["portfolio", "delivery", "lifecycle", "flow", "data_quality"]
ODD_NAMES = [
    "Unbreakable" * 18,
    "A name that goes on and on " * 7,
    "مشروع تحديث بوابة العملاء الرقمية",
    "פרויקט שדרוג מערכת התשלומים",
    "🚀🔥 Launch 👩‍👩‍👧‍👦 pad 🇳🇿",
    "Ｆｕｌｌ　ｗｉｄｔｈ　名前が長い計画",
]


def only_issues(folder, _):
    shutil.copy(SAMPLE / "jira.json", folder)
    head, rest = CONFIG.split("[products]")[0], CONFIG.split("[lifecycle.work_item]")[1]
    text = f"{head}\n[lifecycle.work_item]{rest}"
    (folder / "pmanalytics.toml").write_text(text, encoding="utf-8")


def three_projects(folder, _):
    (folder / "pmanalytics.toml").write_text('as_of = "2025-06-30"\n')
    (folder / "projects.csv").write_text(
        "project_id,name,status,baseline_start_date,baseline_finish_date,actual_finish_date,"
        "baseline_budget,actual_cost,currency\n"
        "P1,One,done,2024-01-01,2025-01-31,2025-01-30,1000,900,EUR\n"
        "P2,Two,done,2024-01-01,2025-02-28,2025-03-31,1000,1200,EUR\n"
        "P3,Three,open,2024-01-01,2025-12-31,,1000,,EUR\n"
    )


def all_cancelled(folder, _):
    (folder / "pmanalytics.toml").write_text('as_of = "2025-06-30"\n')
    (folder / "products.csv").write_text("product_id,name\nA,Atlas\n")
    rows = [f"P{n},Plan {n},A,cancelled,2025-01-31,2024-12-0{n},1000,EUR\n" for n in range(1, 8)]
    header = (
        "project_id,name,product_id,status,baseline_finish_date,actual_finish_date,"
        "baseline_budget,currency\n"
    )
    (folder / "projects.csv").write_text(header + "".join(rows))


CURRENCIES = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "INR", "JPY", "MXN", "NOK",
    "PLN", "USD",
]  # fmt: skip


def fifteen_currencies(folder, _):
    """Two projects in each, of which one is open; in EUR three more."""
    (folder / "pmanalytics.toml").write_text('as_of = "2025-06-30"\n')
    rows = [
        f"P{n},Plan {n},{'open' if n % 2 else 'done'},2024-01-01,2025-0{1 + n % 8}-28,"
        f"{'' if n % 2 else '2025-03-31'},{1000 + n},{900 + 20 * n},{currency}\n"
        for n, currency in enumerate([*CURRENCIES * 2, "EUR", "EUR", "EUR"])
    ]
    header = (
        "project_id,name,status,baseline_start_date,baseline_finish_date,actual_finish_date,"
        "baseline_budget,actual_cost,currency\n"
    )
    (folder / "projects.csv").write_text(header + "".join(rows))


def odd_names(folder, rewritten):
    rewritten(folder, itertools.cycle(ODD_NAMES), {"Title", "Name", "name", "Manager", "owner"})


TRUE = {
    only_issues: {
        "portfolio": "There is no project with a plan in these files",
        "delivery": "0 projects, 0 products and 2\u202f000 issues",
        "lifecycle": "half of the work items leave it within",
        "flow": "work items in progress on 30 Sep 2026",
        "data_quality": "Every row could be used: 2\u202f000 rows read",
    },
    three_projects: {
        "portfolio": "1 of 2 projects whose due date has passed were on time",
        "delivery": "Finish: only 2 projects, to be read one by one",
        "lifecycle": "The lives of the products are not known",
        "flow": "How far the work items have come is not known",
        "data_quality": "Every row could be used: 3 rows read",
    },
    all_cancelled: {
        "portfolio": "This data cannot give an on-time rate: no project can be judged",
        "delivery": "There is no open project with a baseline",
        "lifecycle": "The lives of the products are not known",
        "flow": "How far the work items have come is not known",
        "data_quality": "Every row could be used: 8 rows read",
    },
    fifteen_currencies: {
        "portfolio": "12 of 16",  # open and late, whatever they are paid in
        "delivery": "12 of 16 open projects with a baseline are past it",
        "lifecycle": "Sums leave out 28 rows of projects in AUD, BRL, CAD",
        "flow": "How far the work items have come is not known",
        "data_quality": "Every row could be used: 33 rows read",
    },
    odd_names: {
        "portfolio": ODD_NAMES[2],
        "delivery": ODD_NAMES[0],
        "lifecycle": ODD_NAMES[4],
        "flow": "work items in progress on 30 Sep 2026",
        "data_quality": "rows could not be used and were set aside",
    },
}
CASES = [
    pytest.param(write, name, id=f"{write.__name__}-{name}") for write in TRUE for name in NAMES
]


@pytest.mark.parametrize(("write", "name"), CASES)
def test_a_report_says_something_true_and_no_word_of_a_machine(reported, write, name):
    _, path = reported(write)[name]
    page = path.read_text(encoding="utf-8")
    text = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert TRUE[write][name] in text
    assert re.findall(r"\b(?:nan|NaN|NaT|inf|None(?! of)|Traceback|<NA>)\b", text) == []


@pytest.mark.browser
@pytest.mark.parametrize(("write", "name"), CASES)
def test_nothing_overflows(reported, opened, overflow, write, name):
    _, path = reported(write)[name]
    page = opened(path)
    assert overflow(page) <= (0, 1)
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(250)
    assert overflow(page) <= (0, 1)
    assert page.faults == []
