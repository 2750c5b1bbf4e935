import pandas as pd
import pytest

from pmanalytics import plot_rate_trend, rate_change, rate_trend
from pmanalytics.figures.theme import LIGHT
from pmanalytics.schemas import Projects, dtypes, empty

TOMORROW = "2024-07-01"


def a_year(now, then, *, open_now=0):
    """Return projects due in May of two years: (on time, late) finished ones, and open ones."""
    rows = []
    for day, (n_on_time, n_late) in (("2024-05-21", now), ("2023-05-21", then)):
        late = pd.Timestamp(day) + pd.Timedelta(days=9)
        rows += [("done", day, day)] * n_on_time + [("done", day, late)] * n_late
    rows += [("open", "2024-05-21", None)] * open_now
    table = empty(Projects).reindex(range(len(rows)))
    ids = [f"P{number}" for number in range(len(rows))]
    status, due, finish = zip(*rows, strict=True)
    return table.assign(
        project_id=ids, name=ids, status=status, baseline_finish_date=pd.to_datetime([*due]),
        actual_finish_date=pd.to_datetime([*finish]),
    ).astype(dtypes(Projects))  # fmt: skip


def drawn(projects, *, as_of=TOMORROW, cohort="due", window=1, **options):
    trend = rate_trend(projects, as_of=as_of, cohort=cohort, window=window, **options)
    return plot_rate_trend(trend, rate_change(projects, as_of=as_of, **options))


def said(drawing):
    return drawing.layout.meta["finding"]


@pytest.mark.parametrize(
    ("now", "then", "finding"),
    [
        ((56, 14), (48, 32), "On time rose to 80%, up 20 points on the year before"),
        ((28, 42), (68, 12), "On time fell to 40%, down 45 points on the year before"),
        ((30, 40), (40, 40), "43% of projects due in the last 4 complete quarters were on time; "
                             "the change from 50% could be chance"),
        ((3, 1), (48, 32), "Too few projects due in the last 4 complete quarters or before to "
                           "compare: 3 of 4 after 48 of 80"),
    ],
)  # fmt: skip
def test_the_verb_of_the_title_depends_on_the_evidence(now, then, finding):
    assert said(drawn(a_year(now, then))) == finding


def test_no_change_is_claimed_where_the_views_disagree():
    """By due date 30 of 60 after 60 of 60, by finish date 30 of 30."""
    projects = a_year((30, 0), (60, 0), open_now=30)
    assert said(drawn(projects)) == (
        "50% of projects due in the last 4 complete quarters were on time: worse than 100%, but "
        "by finish date no clear change"
    )
    by_finish = drawn(projects, cohort="finish")
    assert said(by_finish).endswith("were on time; the change from 100% could be chance")
    assert "The view by due date shows worse" in by_finish.layout.meta["note"]
    assert "late projects still open are in no period" in by_finish.layout.meta["note"]


def test_the_verdict_stands_in_words_beside_its_counts():
    note = drawn(a_year((28, 42), (68, 12))).layout.meta["note"]
    assert note.startswith("▼ Worse: 28 of 70 after 68 of 80, −45 points (95%: −57 to −30).")


def test_few_projects_and_running_periods_are_hollow(twelve_projects):
    """FX-12 has fewer than 5 in each quarter; with 6 in the running quarter that is hollow too."""
    for projects in (twelve_projects, a_year((6, 0), (1, 0))):
        marks = [trace for trace in drawn(projects, as_of="2024-06-30").data
                 if trace.mode == "markers" and trace.x]  # fmt: skip
        assert {trace.marker.color for trace in marks} == {LIGHT["page"]}
    full = drawn(a_year((6, 0), (6, 0)))
    assert LIGHT["good"] in {trace.marker.color for trace in full.data if trace.x}


def test_each_period_tells_its_number_of_projects(twelve_projects):
    ticks = drawn(twelve_projects, as_of="2024-06-30").layout.xaxis.ticktext
    assert list(ticks) == [
        "Q2<br><b>2023</b><br>n 1",
        "Q3<br> <br>0",
        "Q4<br> <br>2",
        "Q1<br><b>2024</b><br>1",
        "Q2<br> <br>3",
    ]


def test_the_two_blocks_compared_are_shaded_once():
    blocks = [s for s in drawn(a_year((56, 14), (48, 32))).layout.shapes if s.type == "rect"]
    assert [(block.x0, block.x1) for block in blocks] == [(-0.46, 0.46), (0.54, 4.46)]
    rolling = drawn(a_year((56, 14), (48, 32)), window=4)
    assert not rolling.layout.shapes
    assert rolling.layout.meta["subtitle"].startswith("Share of projects due in 4 quarters up to")


def test_of_a_long_history_the_latest_periods_are_drawn():
    projects = a_year((56, 14), (48, 32)).assign(baseline_finish_date=lambda t: t[
        "baseline_finish_date"].mask(t.index == 0, pd.Timestamp("2014-05-21")))  # fmt: skip
    drawing = drawn(projects)
    assert len(drawing.layout.xaxis.ticktext) == 12
    assert "30 earlier periods stand in the data only" in drawing.layout.meta["note"]


@pytest.mark.parametrize("every", ["month", "year"])
def test_months_and_years_are_drawn_too(every):
    projects = a_year((56, 14), (48, 32))
    trend = rate_trend(projects, as_of=TOMORROW, every=every)
    change = rate_change(projects, as_of=TOMORROW, every=every, window=2)
    alt = plot_rate_trend(trend, change).layout.meta["alt"]
    assert {"month": "May 2024: 80%", "year": "2024 (still running): 80%"}[every] in alt


def test_against_the_latest_plan_the_title_says_so():
    drawing = drawn(a_year((56, 14), (48, 32)), basis="rebaselined")
    assert said(drawing).startswith("On time against the current due date rose to 80%")


def test_without_data_it_says_what_is_missing():
    drawing = drawn(empty(Projects))
    assert said(drawing) == "This data cannot show how the share of projects on time develops"
    assert not drawing.data
