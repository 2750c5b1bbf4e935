import gzip
import json
import shutil
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

import pandas as pd
import pytest
from exports import issue, navigator, page, write
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from pmanalytics import ingest, load_portfolio
from pmanalytics.errors import ConfigError, MissingAsOfError, UnreadableFileError
from pmanalytics.loaders.sources import pieces, regular
from pmanalytics.loaders.sources.archives import files_in
from pmanalytics.loaders.storing import batches
from pmanalytics.loaders.storing import ingest as ingesting
from pmanalytics.store.files import open_store

CONFIG = 'as_of = "2024-06-30"\ntime_zone = "UTC"\n'
DAYS = [f"2024-0{month}-01T00:00:00.000+0000" for month in range(2, 7)]


def assert_same(stored, loaded):
    for each in fields(loaded):
        ours, theirs = getattr(stored, each.name), getattr(loaded, each.name)
        if isinstance(theirs, pd.DataFrame):
            pd.testing.assert_frame_equal(ours, theirs, obj=each.name)
        elif each.name != "calendar":
            assert ours == theirs, each.name
    assert repr(stored.calendar) == repr(loaded.calendar)


@pytest.fixture
def apart(monkeypatch):
    """Load every file in a batch of its own, as files are that fill the memory."""
    monkeypatch.setattr(batches, "BATCH_BYTES", 1)


def test_a_store_gives_the_portfolio_of_its_folder(tmp_path):
    result = ingest("data/sample", tmp_path / "store", n_parts=3)
    assert "jira.json" in result.taken
    assert result.unused == {"README.md": "a document"}
    assert_same(load_portfolio(tmp_path / "store"), load_portfolio("data/sample"))


def test_the_history_of_an_item_lies_in_one_part(tmp_path):
    ingest("data/sample", tmp_path, n_parts=4)
    parts = sorted(tmp_path.glob("generation-1/part-*/status_changes.parquet"))
    items = [set(pd.read_parquet(part)["item_id"]) for part in parts]
    assert len(items) == 4
    assert min(map(len, items)) > 100
    assert sum(map(len, items)) == len(set.union(*items))


def test_a_batch_is_measured_by_what_it_unpacks_to(tmp_path, monkeypatch):
    content = page(*(issue(n, DAYS[0]) for n in range(100))).encode()
    with ZipFile(tmp_path / "old.zip", "w", ZIP_DEFLATED) as archive:
        for name in ("1.json", "2.json"):
            archive.writestr(name, content)
    for name in ("3.json.gz", "4.json.gz"):
        (tmp_path / name).write_bytes(gzip.compress(content))
    (tmp_path / "5.json").write_bytes(content)
    monkeypatch.setattr(batches, "BATCH_BYTES", 2 * len(content))
    names = [
        [file.name for file in one] for one in batches.batches("jira_json", [*files_in(tmp_path)])
    ]
    assert names == [["3.json.gz", "4.json.gz"], ["5.json", "old.zip/1.json"], ["old.zip/2.json"]]


@pytest.mark.usefixtures("apart")
def test_pages_read_apart_are_one_search(tmp_path):
    """The second page repeats an issue in a newer state; the third has what the search misses."""
    folder = write(
        tmp_path / "folder",
        pmanalytics__toml=CONFIG,
        page1__json=page(issue(1, DAYS[0]), issue(2, DAYS[0], ["To Do", "Doing"]), total=5),
        page2__json=page(issue(2, DAYS[1], ["To Do", "Doing", "Done"]), issue(3, DAYS[0]), total=5),
        page3__json=page(issue(4, DAYS[2]), {"id": "9", "key": "A-9", "fields": {}}, total=5),
    )
    ingest(folder, tmp_path / "store", n_parts=2)
    stored, loaded = load_portfolio(tmp_path / "store"), load_portfolio(folder)
    assert_same(stored, loaded)
    assert stored.files["n_duplicate"].tolist() == [1, 0, 0]
    assert not [note for note in stored.notes if "incomplete" in note]


@pytest.mark.usefixtures("apart")
def test_pages_that_are_missing_are_told_once(tmp_path):
    folder = write(
        tmp_path / "folder",
        pmanalytics__toml=CONFIG,
        page1__json=page(issue(1, DAYS[0]), total=9),
        page2__json=page(issue(2, DAYS[0]), total=9),
    )
    ingest(folder, tmp_path / "store", n_parts=2)
    notes = load_portfolio(tmp_path / "store").notes
    assert notes == load_portfolio(folder).notes
    assert notes == (
        "2 files: the search found 9 issues, these pages hold 2: the export is incomplete.",
    )


@pytest.mark.usefixtures("apart")
def test_rows_that_contradict_each_other_are_set_aside_wherever_they_lie(tmp_path):
    folder = write(
        tmp_path / "folder",
        pmanalytics__toml=CONFIG,
        page1__json=page(issue(1, DAYS[0], summary="One"), issue(2, DAYS[0])),
        page2__json=page(issue(1, DAYS[0], summary="Two")),
    )
    ingest(folder, tmp_path / "store", n_parts=2)
    stored = load_portfolio(tmp_path / "store")
    assert_same(stored, load_portfolio(folder))
    assert stored.work_items["key"].tolist() == ["A-2"]
    assert stored.problems["file"].tolist() == ["page1.json", "page2.json"]


@pytest.mark.usefixtures("apart")
def test_parts_of_a_csv_know_parents_and_the_issues_of_the_json(tmp_path):
    """A-1 is in the JSON; A-3 names its parent by an id that the other part explains."""
    folder = write(
        tmp_path / "folder",
        pmanalytics__toml=CONFIG,
        jira__json=page(issue(1, DAYS[0])),
        part1__csv=navigator(
            ("A-1", 1, "Done", "01/Jun/24 8:00 AM", ""), ("A-2", 2, "Done", "01/Jun/24 8:00 AM", "")
        ),
        part2__csv=navigator(
            ("A-3", 3, "Done", "01/Jun/24 8:00 AM", 2), ("A-4", 4, "Done", "01/Jun/24 8:00 AM", 77)
        ),
    )
    ingest(folder, tmp_path / "store", n_parts=2)
    stored = load_portfolio(tmp_path / "store")
    assert_same(stored, load_portfolio(folder))
    parents = stored.work_items.set_index("key")["parent_key"]
    assert parents[["A-3", "A-4"]].tolist() == ["A-2", "77"]
    assert stored.notes[:2] == (
        "1 parent is not in the export: 77.",
        "1 issue changed between another export and the later Jira CSV; the other one counts. "
        "Export all at the same time.",
    )


def test_an_issue_without_its_id_meets_the_one_with_it(tmp_path):
    """Without ids a key stands for the id, and would lead to another part."""
    config = CONFIG + "[jira_csv.columns]\n"
    csv = "Issue key,Status,Created,Updated\n" + "".join(
        f"A-{n},Done,01/Jan/24 8:00 AM,01/Feb/24 8:00 AM\n" for n in range(1, 9)
    )
    first = write(tmp_path / "first", pmanalytics__toml=config, list__csv=csv)
    second = write(
        tmp_path / "second", search__json=page(*(issue(n, DAYS[2]) for n in range(1, 9)))
    )
    for folder in (first, second):
        ingest(folder, tmp_path / "store", n_parts=4)
    shutil.copy(second / "search.json", first)
    stored = load_portfolio(tmp_path / "store")
    assert len(stored.work_items) == 8
    assert_same(stored, load_portfolio(first))


def states_of(rows):
    return {(number, day): word for number, day, word in rows}


def are_alike_in_a_store(exports):
    """Leave out what a store says it treats in its own way.

    It does not read an export again, and has let a repeat go that a later export contradicts.
    """
    words = {}
    for rows in exports:
        for state, word in states_of(rows).items():
            words.setdefault(state, []).append(word)
    is_contradicted = any(
        told[n] in told[:n] and {*told[n + 1 :]} - {told[n]}
        for told in words.values()
        for n in range(len(told))
    )
    is_told_again = len({(*states_of(rows).items(),) for rows in exports}) < len(exports)
    return not is_contradicted and not is_told_again


states = st.tuples(st.integers(1, 4), st.integers(0, 4), st.sampled_from(["x", "y"]))


@given(st.lists(st.lists(states, min_size=1, max_size=4), min_size=1, max_size=3), st.booleans())
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_whatever_the_exports_say_a_store_says_what_their_folder_says(exports, at_once):
    """Repeats, newer and contradicting states, in one batch or in several, at once or in turn."""
    assume(are_alike_in_a_store(exports))
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BATCH_BYTES", 1)
        whole = write(Path(name) / "whole", pmanalytics__toml=CONFIG)
        for number, rows in enumerate(exports):
            found = states_of(rows).items()
            content = page(
                *(issue(n, DAYS[day], summary=word) for (n, day), word in found), total=0
            )
            write(whole, **{f"export{number}__json": content})
            turn = write(Path(name) / f"turn{number}", **{f"export{number}__json": content})
            if not at_once:
                shutil.copy(whole / "pmanalytics.toml", turn)
                ingest(turn, Path(name) / "store", n_parts=2)
        if at_once:
            ingest(whole, Path(name) / "store", n_parts=2)
        assert_same(load_portfolio(Path(name) / "store"), load_portfolio(whole))


def test_the_same_folder_again_changes_and_reads_nothing(tmp_path, monkeypatch):
    ingest("data/sample", tmp_path, n_parts=1)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setattr(ingesting, "taken_in", lambda *_: pytest.fail("read again"))
    result = ingest("data/sample", tmp_path)
    assert result.taken == []
    assert "jira.json" in result.known
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_an_export_is_known_under_another_name(tmp_path):
    content = page(issue(1, DAYS[0]))
    for name in ("january", "again"):
        write(tmp_path / name, pmanalytics__toml=CONFIG, **{f"{name}__json": content})
        result = ingest(tmp_path / name, tmp_path / "store", n_parts=1)
    assert result.known == ["again.json"]
    assert load_portfolio(tmp_path / "store").files["file"].tolist() == ["january.json"]


def test_a_newer_export_of_the_same_name_joins_and_a_newer_list_replaces(tmp_path):
    projects = "project_id,name,status\nP1,One,open\nP2,Two,open\n"
    folder = write(
        tmp_path / "folder",
        pmanalytics__toml=CONFIG,
        projects__csv=projects,
        jira__json=page(issue(1, DAYS[0]), issue(2, DAYS[0])),
    )
    ingest(folder, tmp_path / "store", n_parts=2)
    write(
        folder,
        projects__csv=projects.replace("P2,Two,open", "P2,Two,done"),
        jira__json=page(issue(2, DAYS[1], ["To Do", "Done"])),
    )
    assert ingest(folder, tmp_path / "store").taken == ["jira.json", "projects.csv"]
    stored = load_portfolio(tmp_path / "store")
    assert stored.projects["status"].tolist() == ["open", "done"]
    assert stored.work_items.set_index("key")["status"].to_dict() == {"A-1": "To Do", "A-2": "Done"}
    assert stored.status_changes.groupby("item_id").size().to_dict() == {"1": 1, "2": 2}
    assert stored.files[["file", "n_valid", "n_duplicate"]].to_numpy().tolist() == [
        ["jira.json", 1, 1],
        ["jira.json (2)", 1, 0],
        ["projects.csv", 2, 0],
    ]


def test_a_history_lives_on_where_a_newer_export_came_without(tmp_path):
    """What was known stays known; that nothing is missing since, nobody can say."""
    whole, bare = issue(1, DAYS[0], ["To Do", "Doing"]), issue(1, DAYS[1], ["Done"])
    del bare["changelog"]
    first = write(tmp_path / "1", pmanalytics__toml=CONFIG, first__json=page(whole))
    second = write(tmp_path / "2", second__json=page(bare))
    for folder in (first, second):
        ingest(folder, tmp_path / "store", n_parts=1)
    shutil.copy(second / "second.json", first)
    stored = load_portfolio(tmp_path / "store")
    assert_same(stored, load_portfolio(first))
    assert stored.status_changes["to_status"].tolist() == ["Doing"]
    assert not stored.work_items["history_complete"].any()


def test_a_store_without_issues_or_a_date_works(tmp_path):
    folder = write(tmp_path / "folder", projects__csv="project_id,name,status\nP1,One,open\n")
    ingest(folder, tmp_path / "store")
    assert_same(
        load_portfolio(tmp_path / "store", as_of="2024-06-30"),
        load_portfolio(folder, as_of="2024-06-30"),
    )
    with pytest.raises(MissingAsOfError):
        load_portfolio(tmp_path / "store")


def test_projects_made_of_issues_are_in_the_store(tmp_path):
    config = CONFIG + '[projects.from_jira]\nby = "issue"\n[products.from_jira]\nby = "project"\n'
    content = page(*(issue(n, DAYS[0], duedate="2024-03-01") for n in range(6)))
    folder = write(tmp_path / "folder", pmanalytics__toml=config, jira__json=content)
    ingest(folder, tmp_path / "store", n_parts=3)
    stored = load_portfolio(tmp_path / "store")
    assert len(stored.projects) == 6
    assert_same(stored, load_portfolio(folder))


def test_the_number_of_parts_is_settled_when_a_store_is_made(tmp_path):
    folder = write(tmp_path / "folder", projects__csv="project_id,name,status\nP1,One,open\n")
    with pytest.raises(ConfigError, match="n_parts=0 must be 1 or more"):
        ingest(folder, tmp_path / "store", n_parts=0)
    ingest(folder, tmp_path / "store", n_parts=2)
    with pytest.raises(ConfigError, match="has 2 parts; for another number"):
        ingest(folder, tmp_path / "store", n_parts=3)


def test_what_an_issue_holds_of_its_own_comes_back_as_it_was(tmp_path):
    config = CONFIG + '[jira_json.columns]\nown = "customfield_1"\n'
    values = [["a", "b"], {"value": "x"}, 3.5, None, "text"]
    content = page(*(issue(n, DAYS[0], customfield_1=v) for n, v in enumerate(values)))
    folder = write(tmp_path / "folder", pmanalytics__toml=config, jira__json=content)
    ingest(folder, tmp_path / "store", n_parts=2)
    stored = load_portfolio(tmp_path / "store").work_items
    loaded = load_portfolio(folder).work_items
    assert json.dumps(stored["own"].tolist()) == json.dumps(loaded["own"].tolist())
    pd.testing.assert_frame_equal(stored, loaded)


def cut_small(monkeypatch, n_bytes):
    """Cut files into pieces of so many bytes, as large ones are."""
    monkeypatch.setattr(batches, "BATCH_BYTES", n_bytes)
    monkeypatch.setattr(regular, "BLOCK", 64)
    monkeypatch.setattr(pieces, "BLOCK_BYTES", 64)


def loads_of(store):
    return open_store(store).facts["n_loads"]


def test_a_large_csv_is_read_in_pieces_and_nothing_else_is_different(tmp_path, monkeypatch):
    """Cells of several lines, a repeat, an older state, and a date that is none."""

    def content(project, n):
        return navigator(
            (f"{project}-1", n + 1, "Done", "01/Jun/24 8:00 AM", ""),
            (f"{project}-2", n + 2, '"To\nDo, ""now"""', "02/Jun/24 8:00 AM", 9),
            (f"{project}-3", n + 3, "Done", "31/Jun/24 8:00 AM", 1),
            (f"{project}-1", n + 1, "Done", "01/Jun/24 8:00 AM", ""),
            (f"{project}-2", n + 2, "Doing", "01/Jun/24 7:00 AM", 9),
            (f"{project}-4", n + 4, "Done", "03/Jun/24 8:00 AM", 2),
        )

    folder = write(tmp_path / "folder", pmanalytics__toml=CONFIG, jira__csv=content("A", 0))
    windows = b"\xef\xbb\xbf" + content("B", 10).replace("\n", "\r\n").encode()
    (folder / "windows.csv").write_bytes(windows)
    (folder / "packed.csv.gz").write_bytes(gzip.compress(content("C", 20).encode()))
    loaded = load_portfolio(folder)
    cut_small(monkeypatch, 120)
    ingest(folder, tmp_path / "store", n_parts=2)
    stored = load_portfolio(tmp_path / "store")
    assert loads_of(tmp_path / "store") > 9
    assert stored.problems["line"].tolist() == [5, 5, 5]
    assert_same(stored, loaded)


def test_json_lines_are_read_in_pieces_and_nothing_else_is_different(tmp_path, monkeypatch):
    history = ["To Do", "Doing", "Done"]
    issues = [issue(n, DAYS[n % 3], history[: n % 3 + 1]) for n in range(1, 9)]
    issues += [issue(3, DAYS[4], history), {"id": "9", "key": "A-9", "fields": {}}]
    lines = "\n".join(map(json.dumps, issues))
    folder = write(tmp_path / "folder", pmanalytics__toml=CONFIG, jira__jsonl=lines)
    loaded = load_portfolio(folder)
    for n_bytes in (1500, 300):  # a piece holds several lines, or one
        cut_small(monkeypatch, n_bytes)
        store = tmp_path / f"store{n_bytes}"
        ingest(folder, store, n_parts=2)
        stored = load_portfolio(store)
        assert loads_of(store) > 2
        assert stored.problems["line"].tolist() == [10]
        assert_same(stored, loaded)


@pytest.mark.parametrize("spoilt", ['A-2,2,To "Do",01/Jan/24 8:00 AM,,,', "A-2,2,Done"])
def test_a_large_csv_that_is_not_regular_is_read_whole(tmp_path, monkeypatch, spoilt):
    rows = [(f"A-{n}", n, "Done", "01/Jun/24 8:00 AM", "") for n in range(3, 9)]
    content = navigator(*rows) + spoilt
    folder = write(tmp_path / "folder", pmanalytics__toml=CONFIG, jira__csv=content)
    cut_small(monkeypatch, 120)
    ingest(folder, tmp_path / "store", n_parts=2)
    assert loads_of(tmp_path / "store") == 1


def test_a_large_file_that_changes_between_its_pieces_is_refused(tmp_path, monkeypatch):
    rows = [(f"A-{n}", n, "Done", "01/Jun/24 8:00 AM", "") for n in range(9)]
    folder = write(tmp_path / "folder", jira__csv=navigator(*rows))
    cut_small(monkeypatch, 120)
    first, second, *_ = pieces.pieces_of(next(files_in(folder)), 120)
    assert first.read().count(b"\n") == 3
    write(folder, jira__csv=navigator(*rows[::-1], rows[0]))
    with pytest.raises(UnreadableFileError, match=r"jira\.csv: it changed while it was read"):
        second.read()
