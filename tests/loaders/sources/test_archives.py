import gzip
import io
import os
import warnings
import zipfile

import pytest

from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.sources.archives import files_in, members
from pmanalytics.loaders.sources.files import Limits, file_at


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


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = zipped(tmp_path / "p.zip", **{"a.csv": "a,b"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    content[6] |= 1
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"p\.zip: it is encrypted; unpack it first"):
        members(file_at(path))


def test_a_refusal_tells_how_to_read_the_folder_without_the_file(tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(UnreadableFileError, match=r'or write ignore = \["broken\.zip"\] in pmana'):
        list(files_in(tmp_path))


def test_an_archive_is_known_by_its_content_and_a_document_of_office_is_none(tmp_path):
    zipped(tmp_path / "data.bin", **{"a.csv": "a,b"})
    zipped(tmp_path / "letter.unknown", **{"[Content_Types].xml": "", "word/document.xml": ""})
    names = [file.name for file in files_in(tmp_path)]
    assert names == ["data.bin/a.csv", "letter.unknown"]


def test_a_file_without_permission_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a,b")

    def locked(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", locked)
    with pytest.raises(UnreadableFileError, match=r"a\.csv: cannot be read \(Permission denied\)"):
        list(files_in(tmp_path))


def test_a_name_that_is_no_utf_8_is_told(tmp_path):
    try:
        (tmp_path / "bad\udcff.csv").write_text("a,b")
    except (OSError, UnicodeError):
        pytest.skip("this system has no such names")
    with pytest.raises(UnreadableFileError, match=r"bad\\udcff\.csv: this name is no UTF-8"):
        list(files_in(tmp_path))
