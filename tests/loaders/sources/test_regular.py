"""The fast reader takes only what the careful one reads alike: both must tell the same of any text.

The fast one is given small blocks, so that blocks end anywhere, between \\r and \\n too.
"""

import codecs
import csv
import io

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.sources import regular, rows
from pmanalytics.loaders.sources.files import file_at
from pmanalytics.loaders.sources.reading import Reading

BLANKS = [" ", "\t", "\x0b", "\x1c", "\x85", "\xa0", "\u2028", "\u200b", "\ufeff"]
PIECES = ["a", "bc", "1", ",", ",", ",", '"', '""', "\n", "\n", "\r\n", "\r", "ü", ";", *BLANKS]
EVERY, MIDDLE = slice(None), slice(1, 2)


def outcome(path, chosen):
    """Return everything that opening a file tells, or the words in which it is refused."""
    try:
        intake = rows.open_columns(
            path, "table", Reading(), lambda header: range(len(header))[chosen]
        )
    except UnreadableFileError as error:
        return str(error)
    return {
        "cells": intake.cells.to_dict("split"),
        "where": intake.where.to_dict("split"),
        "problems": intake.problems.to_dict("split"),
        "headers": intake.headers,
        "notes": intake.notes,
        "evidence": intake.evidence,
    }


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Return both readers' outcomes, and whether the fast one took the text."""
    path = tmp_path_factory.mktemp("texts") / "table.csv"

    def compare(content, chosen=EVERY, *, block=16):
        path.write_bytes(content)
        taken = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rows, "read_regular", lambda *a, **k: None)
            careful = outcome(path, chosen)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(regular, "BLOCK", block)

            def noted(*arguments, **options):
                taken.append(regular.read_regular(*arguments, **options))
                return taken[-1]

            patch.setattr(rows, "read_regular", noted)
            fast = outcome(path, chosen)
        return fast, careful, any(one is not None for one in taken)

    return compare


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([EVERY, MIDDLE]))
@example(["key,b,c\na,b\n1,2\n", '"\n"', ",x\n"], EVERY)
@example(["key,b,c\n1,2,3\n4,5,", '"6\n7,8,9\n1,2,3"\n'], EVERY)
@example(["key,b,c\na,b\n", "1,2\r\n", ",\n", "3,4"], EVERY)
@example(["key,b,c\n1,2,3\n\x1c,\x1c,\x1c\n"], EVERY)
@example(["key,b,c\n1,,3\n\x1c,\x1c,\x1c\n"], MIDDLE)
def test_any_text_is_read_alike(compared, pieces, chosen):
    fast, careful, _ = compared("".join(pieces).encode(), chosen)
    assert fast == careful


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["", "\ufeff", "\ufeff\ufeff", "%PDF", "\n", "  "]),
    st.lists(st.lists(st.sampled_from(["", "a", '"b"', '"c\n"', *BLANKS]), min_size=3, max_size=3)),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.sampled_from([EVERY, MIDDLE]),
)
def test_any_regular_text_is_read_alike(compared, start, table, end, chosen):
    records = [",".join(row) for row in [["key", "b", "c"], *table]]
    fast, careful, _ = compared((start + end.join(records)).encode(), chosen)
    assert fast == careful


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.lists(st.text('ab ,"\n\r;|ü', max_size=6), min_size=3, max_size=3), max_size=12),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_table_is_read_alike(compared, table, delimiter, end):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([["key", "b", "c"], ["1", "2", "3"], *table])
    fast, careful, _ = compared(text.getvalue().encode())
    assert fast == careful


def test_no_line_break_is_lost_where_a_block_ends(compared):
    r"""Readers by blocks drop the \n of \r\n in quotes where a block ends between the two."""
    values = [f"{'x' * n}x\r\n{'y' * (40 - n)}\r\nz" for n in range(40)] * 5
    text = "key,words\r\n" + "".join(f'{n},"{value}"\r\n' for n, value in enumerate(values))
    fast, careful, is_taken = compared(text.encode())
    assert is_taken
    assert fast == careful
    assert [words for _, words in fast["cells"]["data"]] == values


MIXED = [
    "key,words,more",
    "1,plain,ü",
    '2,"two',
    'lines",€',
    "",
    '3,"a ""quoted"" word, a comma","𝄞"',
    '4,,"x',
    "",
    'y"',
    f"5,{'long ' * 9}end,",
    "6,ünïcödé,",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["bare", "marked"])
def test_cells_and_lines_are_the_same_wherever_blocks_end(tmp_path, monkeypatch, mark, end):
    """Within a letter of several bytes, a doubled quote, a line break and its cell, anywhere."""
    path = tmp_path / "table.csv"
    path.write_bytes(content := (mark + end.join([*MIXED, ""])).encode())
    for n_bytes in range(1, len(content) + 1):
        monkeypatch.setattr(regular, "BLOCK", n_bytes)
        found = regular.read_regular(file_at(path), ",", lambda header: [0, 1, 2])
        assert found.header == ["key", "words", "more"]
        assert found.lines.tolist() == [2, 3, 6, 7, 10, 11]
        assert found.cells.to_numpy().tolist() == [
            ["1", "plain", "ü"],
            ["2", f"two{end}lines", "€"],
            ["3", 'a "quoted" word, a comma', "𝄞"],
            ["4", "", f"x{end}{end}y"],
            ["5", "long " * 9 + "end", ""],
            ["6", "ünïcödé", ""],
        ]


@pytest.mark.parametrize("n_bytes", [32, 100, 1000])
def test_texts_may_become_longer_than_the_first_ones_let_expect(tmp_path, monkeypatch, n_bytes):
    words = [letter * n for n in (1, 2, 30, 400) for letter in "abcdefgh"]
    path = tmp_path / "table.csv"
    path.write_text("key,words\n" + "".join(f"{n},{word}\n" for n, word in enumerate(words)))
    monkeypatch.setattr(regular, "BLOCK", n_bytes)
    found = regular.read_regular(file_at(path), ",", lambda header: [1, 0])
    assert found.cells["1"].tolist() == words
    assert found.cells["0"].tolist() == [str(n) for n in range(len(words))]


def test_texts_come_in_whole_or_in_parts_and_may_all_be_empty():
    texts = regular.Texts()
    for piece in [["", ""], ["key", "ü", "words"], [], ["", "€"]]:
        whole = pa.array(["before", *piece, "after"], pa.large_string())
        texts.add(whole[1:-1])
    assert texts.whole().tolist() == ["", "", "key", "ü", "words", "", "€"]
    assert regular.Texts().whole().tolist() == []


def test_each_record_keeps_the_line_it_begins_on(compared):
    text = 'key,words\n1,"a\nb ""c"""\n\n2,d\n3,"e\n\n\nf"\n4,g'
    fast, _, is_taken = compared(text.encode())
    assert is_taken
    assert fast["cells"]["index"] == [2, 5, 6, 10]
    assert fast["cells"]["data"][0] == ["1", 'a\nb "c"']


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'key,b\n1,2"3\n4,5"6\n', "quotes within cells"),
        (b'key,b\n"1"2,3\n', "letters after a quote"),
        (b"key,b\n1\n2,3\n", "a short row"),
        (b"key,b\n,\n1,2\n", "a blank row"),
        (b'key,b\n1,"2\n3,4\n5,6"\n', "a quote that may not be closed"),
        (b"key,b\n1,2\r3,4\n", "line ends of two kinds"),
        ("key,b\n1,ü\n".encode("cp1252"), "another encoding"),
        ("key,b\n1,Ã¼\n".encode(), "letters damaged before"),
        (codecs.BOM_UTF8 * 2 + b"key,b\n1,2\n", "two marks of byte order"),
        (b"sep=,\nkey,b\n1,2\n", "a separator that is told"),
    ],
)
def test_what_is_not_regular_goes_to_the_careful_reader(compared, content, what):
    fast, careful, is_taken = compared(content)
    assert not is_taken, what
    assert fast == careful


def test_where_no_record_ends_within_a_block_the_careful_reader_reads(compared, monkeypatch):
    monkeypatch.setattr(regular, "LARGEST_BLOCK", 10)
    fast, careful, is_taken = compared(b"key,b\r\n1,2\r\n3,4\r\n")
    assert not is_taken
    assert fast == careful


def test_a_long_cell_hides_no_delimiter(compared):
    """Python's own limit of a cell is far lower than ours."""
    fast, careful, is_taken = compared(f"key;b\n1;{'x' * 200_000}\n2;y\n".encode(), block=1 << 20)
    assert is_taken
    assert fast == careful
    assert fast["headers"] == {"0": "key", "1": "b"}


def test_cells_longer_than_the_limit_are_refused_alike(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text(f"key,b\n1,{'x' * 1_000_001}\n")
    with pytest.raises(UnreadableFileError, match="line 2: field larger than field limit"):
        rows.open_columns(path, "table", Reading(), lambda header: [0, 1])


def test_only_the_columns_asked_for_are_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("key,b,c\n1,2,3\n")
    intake = rows.open_columns(path, "table", Reading(), lambda header: [2])
    pd.testing.assert_series_equal(
        intake.cells["2"], pd.Series(["3"], pd.Index([2], name="record"), name="2"),
        check_index_type=False,
    )  # fmt: skip
