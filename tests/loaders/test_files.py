import gzip
import io
import os
import warnings
import zipfile

import pytest

from pmanalytics.errors import ConfigError, UnreadableFileError
from pmanalytics.loaders.files import File, Limits, file_at, files_in, members

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


def test_archives_are_unpacked(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"one"))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x/c.csv", "two")
        archive.writestr("__MACOSX/c.csv", "clutter")
        archive.writestr("d.json", "three")
    (tmp_path / ".DS_Store").write_text("clutter")
    found = {file.name: (file.suffix, file.read()) for file in files_in(tmp_path)}
    assert found == {
        "a.csv.gz": (".csv", b"one"),
        "b.zip/x/c.csv": (".csv", b"two"),
        "b.zip/d.json": (".json", b"three"),
    }


def zipped(path, **contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused(tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", a=b"0" * 200_000_000)
    with pytest.raises(UnreadableFileError, match=r"more than 100 times its size.*archive_ratio"):
        members(file_at(bomb))[0].read()
    with pytest.raises(UnreadableFileError, match="unpacks to 200,000,000 bytes, more than 1,000"):
        members(file_at(bomb, Limits(file_bytes=1000)))
    trusted = file_at(bomb, Limits(archive_ratio=10_000))
    assert len(members(trusted)[0].read()) == 200_000_000


def test_a_gzip_bomb_is_refused(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 200_000_000))
    with pytest.raises(UnreadableFileError, match="as a zip bomb does"):
        file_at(path).read()


def test_archives_in_archives_too_many_files_and_damage_are_refused(tmp_path):
    inner = io.BytesIO()
    zipped(inner, a="x")
    nested = zipped(tmp_path / "nested.zip", **{"in.zip": inner.getvalue()})
    with pytest.raises(UnreadableFileError, match=r"'in\.zip' in it is packed again"):
        members(file_at(nested))
    with pytest.raises(UnreadableFileError, match="it holds 2 files, more than 1"):
        members(file_at(zipped(tmp_path / "two.zip", a="1", b="2"), Limits(archive_members=1)))
    with pytest.raises(UnreadableFileError, match="leads out of the archive"):
        members(file_at(zipped(tmp_path / "out.zip", **{"../x.csv": "a"})))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(UnreadableFileError, match="cannot be unpacked"):
        members(file_at(tmp_path / "broken.zip"))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,b\n" * 1000)[:-12])
    with pytest.raises(UnreadableFileError, match=r"cut\.csv\.gz: cannot be read"):
        file_at(tmp_path / "cut.csv.gz").read()


def test_a_file_larger_than_the_limit_is_refused_without_reading_it_whole(tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * 5_000_000)
    with pytest.raises(UnreadableFileError, match="more than 1,000 bytes; raise file_bytes"):
        file_at(path, Limits(file_bytes=1000)).read()


@pytest.mark.parametrize("limit", [0, True, "5", 1 << 40])
def test_a_limit_must_be_a_number_above_zero(limit):
    with pytest.raises(ConfigError, match=f"cell_chars = {limit!r} is no whole number from 1 to"):
        Limits(cell_chars=limit)


def test_a_link_out_of_the_folder_is_refused_and_one_within_is_not(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.csv").write_text("a")
    (inside / "own.csv").write_text("b")
    (inside / "alias.csv").symlink_to(inside / "own.csv")
    assert [file.name for file in files_in(inside)] == ["alias.csv", "own.csv"]
    (inside / "out.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(UnreadableFileError, match=r"out\.csv: this link leads out of the folder"):
        list(files_in(inside))


def test_what_cannot_be_read_in_a_folder_never_vanishes(tmp_path, monkeypatch):
    odd = tmp_path / "odd.csv"
    odd.symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(UnreadableFileError, match=r"odd\.csv: this link leads nowhere"):
        list(files_in(tmp_path))
    odd.unlink()
    odd.symlink_to(odd)
    with pytest.raises(UnreadableFileError, match=r"odd\.csv: this link leads nowhere"):
        list(files_in(tmp_path))
    odd.unlink()
    os.mkfifo(odd)
    with pytest.raises(UnreadableFileError, match=r"odd\.csv: this is neither a file nor a folder"):
        list(files_in(tmp_path))
    odd.unlink()

    def locked(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(UnreadableFileError, match=r"cannot be opened \(Permission denied\)"):
        list(files_in(tmp_path))


def test_two_files_of_one_name_in_an_archive_are_refused(tmp_path):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.csv", "one")
        archive.writestr("a.csv", "two")
    with pytest.raises(UnreadableFileError, match=r"b\.zip: it holds two files named 'a\.csv'"):
        members(file_at(path))


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
