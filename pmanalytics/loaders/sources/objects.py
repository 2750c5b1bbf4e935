"""Records that are JSON objects, as rows of text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pmanalytics.errors import UnreadableFileError
from pmanalytics.loaders.sources.encodings import as_utf_8
from pmanalytics.loaders.sources.files import File
from pmanalytics.loaders.sources.mend import Record
from pmanalytics.loaders.sources.sheets import number_text


def json_records(file: File) -> tuple[list[str], Iterator[Record]]:
    """Return the header and the records of flat JSON objects.

    They are a list, the only list in an object, or one per line.
    """
    try:
        content = as_utf_8(file.read())
        if content.lstrip()[:1] == b"[":
            objects = msgspec.json.decode(content, type=list[dict[str, object]])
        else:
            objects = _lines_or_list(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFileError(f"{file}: no list of JSON records ({error}).") from None
    header = list(dict.fromkeys(name for each in objects for name in each))
    records = (
        (n, [_plain(each.get(name)) for name in header]) for n, each in enumerate(objects, 1)
    )
    return header, records


def _lines_or_list(content: bytes) -> list[dict[str, object]]:
    """Return one object per line; of a single one its only list of objects."""
    try:
        whole = msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError:
        return msgspec.json.Decoder(dict[str, object]).decode_lines(content)
    lists = [each for each in whole.values() if isinstance(each, list) and each]
    return msgspec.convert(lists[0], list[dict[str, object]]) if len(lists) == 1 else [whole]


def _plain(value: object) -> str:
    """Return a JSON value as a cell of text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return number_text(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
