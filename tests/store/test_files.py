import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from exports import issue, page, write

from pmanalytics import ingest, load_portfolio
from pmanalytics.cli import main
from pmanalytics.errors import ConfigError, StoreError, UnreadableFileError
from pmanalytics.store.files import part_of
from pmanalytics.store.frames import read_frame, write_frame

CONFIG = 'as_of = "2024-06-30"\n'
FIRST, SECOND = "2024-02-01T00:00:00.000+0000", "2024-03-01T00:00:00.000+0000"


@pytest.fixture
def store(tmp_path):
    """Return a store of one issue."""
    content = page(issue(1, FIRST, ["To Do", "Doing"]))
    ingest(
        write(tmp_path / "folder", pmanalytics__toml=CONFIG, jira__json=content),
        tmp_path / "store",
        n_parts=2,
    )
    return tmp_path / "store"


@pytest.fixture
def newer(tmp_path):
    """Return a folder with a newer export."""
    return write(tmp_path / "newer", newer__json=page(issue(1, SECOND, ["To Do", "Done"])))


def content_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_table_comes_back_from_parquet_as_it_was(tmp_path):
    table = pd.DataFrame(
        {
            "text": pd.Series(["a", None], dtype="str"),
            "number": pd.Series([1, None], dtype="Int64"),
            "truth": pd.Series([True, None], dtype="boolean"),
            "day": pd.Series(["2024-01-01", None], dtype="datetime64[us]"),
            "instant": pd.Series(["2024-01-01", None], dtype="datetime64[us, UTC]"),
            "list": pd.Series([["x"], None], dtype="object"),
            "mixed": pd.Series([{"a": 1.5}, np.nan], dtype="object"),
        }
    )
    for part in (table, table[:0]):
        write_frame(part, tmp_path / "table.parquet")
        pd.testing.assert_frame_equal(read_frame(tmp_path / "table.parquet"), part)


def test_the_part_of_an_item_never_changes():
    """CRC-32 as published: that of "123456789" is 0xCBF43926."""
    assert part_of(pd.Series(["123456789"]), 1000).tolist() == [0xCBF43926 % 1000]


def test_a_store_of_another_format_is_refused(store):
    told = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps({**told, "format": 99}))
    with pytest.raises(StoreError, match=r"has the format 99, .* knows format 1\. Use the version"):
        load_portfolio(store)


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_damaged_list_of_parts_is_told(store, content):
    (store / "store.json").write_text(content)
    with pytest.raises(StoreError, match=r"store\.json: cannot be read .* from a backup"):
        load_portfolio(store)


def test_a_part_that_was_cut_off_is_told_and_nothing_is_made_of_the_rest(store, newer):
    part = next(store.rglob("part-0001/status_changes.parquet"))
    part.write_bytes(part.read_bytes()[:-20])
    for act in (load_portfolio, lambda place: ingest(newer, place)):
        with pytest.raises(StoreError, match=r"status_changes\.parquet: this part is cut off"):
            act(store)


def test_a_part_that_was_scrambled_or_lost_is_told(store):
    part = next(store.rglob("part-0001/work_items.parquet"))
    part.write_bytes(bytes(len(part.read_bytes())))
    with pytest.raises(StoreError, match=r"work_items\.parquet: this part cannot be read"):
        load_portfolio(store)
    part.unlink()
    with pytest.raises(StoreError, match=r"work_items\.parquet: this part is gone"):
        load_portfolio(store)


@pytest.mark.parametrize("n_written", [0, 3, 12])
def test_a_full_disk_leaves_the_store_as_it_was(store, newer, monkeypatch, n_written):
    before, write_table, written = content_of(store), pq.write_table, []

    def full(*args, **options):
        written.append(args)
        if len(written) > n_written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_table(*args, **options)

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"):
        ingest(newer, store)
    assert content_of(store) == before
    monkeypatch.undo()
    assert ingest(newer, store).taken == ["newer.json"]


def test_a_disk_that_is_full_at_the_last_moment_leaves_the_store_as_it_was(
    store, newer, monkeypatch
):
    before = content_of(store)

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match="No space left on device"):
        ingest(newer, store)
    assert content_of(store) == before


def test_two_writers_cannot_meet(store, newer):
    (store / "lock").write_text("process 42 on elsewhere")
    before = content_of(store)
    with pytest.raises(StoreError, match=r"process 42 on elsewhere is writing to it\. Wait"):
        ingest(newer, store)
    assert content_of(store) == before
    (store / "lock").unlink()
    ingest(newer, store)
    assert not (store / "lock").exists()


def test_what_a_killed_writer_left_behind_goes_with_the_next_one(store, newer):
    left = store / "generation-2" / "part-0000"
    left.mkdir(parents=True)
    (left / "half.parquet").write_bytes(b"PAR1")
    assert len(load_portfolio(store).work_items) == 1
    ingest(newer, store)
    assert [path.name for path in store.glob("generation-*")] == ["generation-2"]
    assert not (left / "half.parquet").exists()


def test_a_folder_with_other_things_is_no_place_for_a_store(tmp_path, newer):
    full = write(tmp_path / "full", notes__txt="mine")
    with pytest.raises(StoreError, match="this is no store and not empty"):
        ingest(newer, full)
    assert [path.name for path in full.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("place", [".", "store"])
def test_a_store_does_not_lie_among_its_exports(newer, place):
    with pytest.raises(ConfigError, match="cannot lie in the folder of its exports"):
        ingest(newer, newer / place)
    assert [path.name for path in newer.iterdir()] == ["newer.json"]


def test_where_nothing_can_be_read_no_store_is_left(tmp_path):
    write(tmp_path / "empty")
    for name, told in (("nowhere", "no such folder"), ("empty", "nothing in this folder")):
        with pytest.raises(UnreadableFileError, match=told):
            ingest(tmp_path / name, tmp_path / "store")
        assert not (tmp_path / "store").exists()


def test_a_store_is_no_folder_of_exports(store, tmp_path):
    for command in (["ingest", str(store), str(tmp_path / "other")], ["init", str(store)]):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 1
        assert "this is a store, which was made of exports" in result.output
    assert not (store / "pmanalytics.toml").exists()


def test_a_file_is_no_store(tmp_path, newer):
    file = write(tmp_path / "other", notes__txt="mine") / "notes.txt"
    with pytest.raises(StoreError, match=r"notes\.txt: this is a file"):
        ingest(newer, file)


def test_the_command_tells_what_became_of_each_file(tmp_path):
    folder = write(
        tmp_path / "folder",
        pmanalytics__toml=CONFIG,
        jira__json=page(issue(1, FIRST)),
        README__md="Read me",
    )
    runner, store = CliRunner(), str(tmp_path / "store")
    first = runner.invoke(main, ["ingest", str(folder), store, "--parts", "1"])
    assert first.output.splitlines() == [
        "  jira.json: taken in",
        "  README.md: not used (a document)",
        f"Now: pmanalytics report {store}",
    ]
    second = runner.invoke(main, ["ingest", str(folder), store])
    assert "  jira.json: known already" in second.output
    checked = runner.invoke(main, ["check", store])
    assert "jira.json (Jira JSON; Jira issues with their fields" in checked.output
    Path(store, "lock").touch()
    refused = runner.invoke(main, ["ingest", str(folder), store])
    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: {store}: another process is writing to it.")
