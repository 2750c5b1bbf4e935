"""Which encoding a text is in, as its bytes tell, and what a wrong one did to it before."""

from __future__ import annotations

import codecs
import re

HEAD_BYTES = 1 << 18
FALLBACK = "cp1252"
# No text in Windows-1252 holds such a pair, but for one that was damaged before.
UTF_8_LETTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
# What UTF-8 looks like when it was read as Windows-1252 and saved again.
MOJIBAKE = re.compile("Ã[\u0080-\u00bf\u0152-\u02dc\u2018-\u2122]|â€|\ufffd")


def as_utf_8(content: bytes) -> bytes:
    """Return a text of any Unicode encoding in UTF-8, without a byte order mark."""
    encoding = _wide_encoding(content)
    if encoding:
        return content.decode(encoding).removeprefix("\ufeff").encode()
    return content.removeprefix(codecs.BOM_UTF8)


def damaged_text(text: str) -> int:
    """Return how many letters were damaged before, by reading them in a wrong encoding."""
    return len(MOJIBAKE.findall(text))


def decoded(content: bytes, encoding: str, is_cut: bool) -> str:
    """Return bytes as text; of what was cut somewhere only the whole lines, if there are any."""
    text = codecs.getincrementaldecoder(encoding)().decode(content, final=not is_cut)
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end] if is_cut and end else text


def _wide_encoding(content: bytes) -> str | None:
    """Return the encoding of a text with several bytes per letter, as its first bytes tell it."""
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:HEAD_BYTES]
    if b"\0" not in head:
        return None
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > len(zeros) / 2:
            return encoding
    return None


def encoding_of(content: bytes, is_cut: bool) -> str:
    """Return the encoding of a text, of which the end may be cut."""
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    wide = _wide_encoding(content)
    if wide:
        return wide
    try:
        decoded(content, "utf-8", is_cut)
    except UnicodeDecodeError:
        return "utf-8" if UTF_8_LETTER.search(content) else FALLBACK
    return "utf-8"
