"""Damage to the container, and files made to exhaust whoever reads them."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from xml.sax.saxutils import escape

from cases_tables import GRID, TEXT, projects, with_cells
from judge import Case
from truth import PROJECTS, text

PART_ONE, PART_TWO = text(GRID[:5]).encode(), text([GRID[0], *GRID[5:]]).encode()
LINK_TO_OUTSIDE = b"-> outside"
TOML = b'time_zone = "Europe/Berlin"\n'
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook() -> bytes:
    """Return the projects as a sheet whose days, amounts and shares are numbers, as in Excel."""

    def cell(value: object) -> str:
        if isinstance(value, date):
            return f'<c s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        if isinstance(value, float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value or ""))}</t></is></c>'

    rows = [list(PROJECTS[0]), *(list(record.values()) for record in PROJECTS)]
    sheet = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return packed({
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/s.xml" ContentType="{main}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{main}.styles+xml"/></Types>',
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}">'
        '<sheets><sheet name="Plan" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/s.xml",
                                                  "styles", "styles.xml"),
        "xl/styles.xml": f'<styleSheet xmlns="{NAMESPACE}"><fonts><font/></fonts><fills><fill/>'
        '</fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/s.xml":
        f'<worksheet xmlns="{NAMESPACE}"><sheetData>{sheet}</sheetData></worksheet>',
    })  # fmt: skip


def _relations(*pairs: str) -> str:
    found = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(zip(pairs[::2], pairs[1::2], strict=True))
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{found}</Relationships>'


def _bomb() -> dict[str, bytes]:
    return {"all.zip": packed({"projects.csv": TEXT.encode() + b"x" * (120 << 20)})}


def containers() -> Iterator[Case]:
    """Yield the clean file packed in every way, and packed to harm."""

    def folder(name: str, files: object, **more: object) -> Case:
        files = files if callable(files) else {"pmanalytics.toml": TOML, **files}
        more = {"peers": False, **more}
        return Case("container", name, "folder", files, PROJECTS, **more)

    def single(name: str, file: str, content: bytes, **more: object) -> Case:
        return Case("container", name, "projects", {file: content}, PROJECTS, **more)

    yield single("gzip", "projects.csv.gz", gzip.compress(TEXT.encode()))
    yield single("gzip cut off", "projects.csv.gz", gzip.compress(TEXT.encode())[:-60],
                 refused="cannot be read|ended before|truncated|cut off|damaged")  # fmt: skip
    yield single("xlsx", "projects.xlsx", workbook())
    yield single("csv that is named xlsx", "projects.xlsx", TEXT.encode())
    yield single("xlsx that is named csv", "projects.csv", workbook())
    yield single("xlsx cut off", "projects.xlsx", workbook()[:-30],
                 refused="projects.xlsx|not a zip|workbook")  # fmt: skip
    yield folder("a folder with the file under another name", {"Plan 2026.csv": TEXT.encode()})
    yield folder("a zip of two parts", {"all.zip": packed({"a.csv": PART_ONE, "b.csv": PART_TWO})})
    yield folder("a folder of two parts", {"a.csv": PART_ONE, "b.csv": PART_TWO})
    yield folder("a folder with xlsx", {"Plan.xlsx": workbook()})
    yield folder("other files beside it", {"projects.csv": TEXT.encode(), "notes.txt": b"hello",
                                           "photo.png": b"\x89PNG\r\n\x1a\n\0\0\0"})  # fmt: skip
    yield folder("a zip cut off", {"all.zip": packed({"a.csv": PART_ONE})[:-30]},
                 refused="all.zip")  # fmt: skip
    yield folder("a zip in a zip", {"all.zip": packed({"in.zip": packed({"a.csv": PART_ONE})})},
                 refused="in.zip")  # fmt: skip
    yield folder("a zip bomb", _bomb, refused="all.zip.*(times|bytes|bomb)")
    yield folder("a path that leads out of a zip", {"all.zip": packed({"../../p.csv": PART_ONE,
                 "b.csv": PART_TWO})}, may_refuse=True)  # fmt: skip
    yield folder("a link out of the folder", {"projects.csv": LINK_TO_OUTSIDE}, refused="link")


def limits() -> Iterator[Case]:
    """Yield files beyond every reasonable size."""
    long = with_cells((4, "name", "x" * 1_200_000))
    yield projects("limit", "a cell of 1.2 million letters", long, refused=r"line 4\b")
    wide = [
        [*GRID[0], *(f"c{n}" for n in range(10_000))],
        *([*r, *[""] * 10_000] for r in GRID[1:]),
    ]
    yield projects("limit", "10,000 columns", wide, refused="columns")


def cases() -> Iterator[Case]:
    """Yield all of them."""
    yield from containers()
    yield from limits()
