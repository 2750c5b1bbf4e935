import gzip
import os

import pytest

from pmanalytics.errors import ConfigError, UnreadableFileError
from pmanalytics.loaders.sources.files import File, Limits, file_at

UMLAUTS = "id;Größe\n1;übel\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("utf-32", "UTF-32"),
        ("cp1252", "CP1252"),
    ],
)
def test_every_usual_encoding_is_found_out(tmp_path, encoding, told):
    path = tmp_path / "a.csv"
    path.write_bytes(UMLAUTS.encode(encoding))
    assert file_at(path).text() == (UMLAUTS, told)


def test_another_encoding_is_named_by_the_user(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("łódź".encode("cp1250"))
    assert file_at(path).text("cp1250") == ("łódź", "CP1250")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\x81\n", "line 2: the byte 0x81 is not CP1252"),
        ("ü\nbé".encode()[:-1], "line 2: the byte 0xc3 is not UTF-8"),
        ("ü\n".encode() + b"\xfc\n", "line 2: the byte 0xfc is not UTF-8"),
        (b"a\nb\0c\n", "line 2: there is a zero byte"),
        (b"", "the file is empty"),
        (b"\0\0\0", "the file is empty"),
    ],
)
def test_what_is_no_text_is_refused_by_line(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        file_at(path).text()


def test_a_gzip_bomb_is_refused(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 200_000_000))
    with pytest.raises(UnreadableFileError, match="as a zip bomb does"):
        file_at(path).read()


def test_a_file_larger_than_the_limit_is_refused_without_reading_it_whole(tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * 5_000_000)
    with pytest.raises(UnreadableFileError, match="more than 1,000 bytes; raise file_bytes"):
        file_at(path, Limits(file_bytes=1000)).read()


@pytest.mark.parametrize("limit", [0, True, "5", 1 << 40])
def test_a_limit_must_be_a_number_above_zero(limit):
    with pytest.raises(ConfigError, match=f"cell_chars = {limit!r} is no whole number from 1 to"):
        Limits(cell_chars=limit)


def test_a_file_may_be_larger_than_a_cell():
    assert Limits(file_bytes=1 << 40).file_bytes == 1 << 40


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    read = File.read_bounded

    def read_and_grow(file):
        content = read(file)
        with path.open("a") as growing:
            growing.write("3,4\n")
        os.utime(path, ns=(1, 1))
        return content

    monkeypatch.setattr(File, "read_bounded", read_and_grow)
    with pytest.raises(UnreadableFileError, match="it changed while it was read"):
        file_at(path).read()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04...", "a zip archive"),
        (b"\x1f\x8b...", "packed by gzip; give its name the ending .gz"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
def test_what_is_certainly_no_text_is_told_by_its_kind(tmp_path, content, kind):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=f"this is no text but {kind}"):
        file_at(path).text()
