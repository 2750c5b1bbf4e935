"""A table as a spreadsheet whose cells are all text, which Excel neither runs nor rewrites.

The smallest workbook that Excel opens: one sheet, its texts in place, every cell and column in the
format "Text", so that what people type stays as they type it, too.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd

from pmanalytics.loaders.mend import LONGEST_CELL

NAMESPACE = "http://schemas.openxmlformats.org"
MAIN = f'xmlns="{NAMESPACE}/spreadsheetml/2006/main"'
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATION = f"{NAMESPACE}/officeDocument/2006/relationships"
# Excel reads _x0041_ in a text as the letter of that number.
ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
PLAIN = 'numFmtId="0" fontId="0" fillId="0" borderId="0"'
AS_TEXT = PLAIN.replace('"0"', '"49"', 1)  # the number of the format "Text"


def _relations(*targets: tuple[str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="r{n}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{NAMESPACE}/package/2006/relationships">{listed}</Relationships>'


PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{NAMESPACE}/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>'
    f'<Override PartName="/xl/sheet.xml" ContentType="{TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{RELATION}"><sheets>'
    '<sheet name="To mend" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": _relations(("worksheet", "sheet.xml"), ("styles", "styles.xml")),
    "xl/styles.xml": f"<styleSheet {MAIN}>"
    '<fonts><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills><fill><patternFill patternType="none"/></fill></fills>'
    "<borders><border><left/><right/><top/><bottom/></border></borders>"
    f"<cellStyleXfs><xf {PLAIN}/></cellStyleXfs>"
    f'<cellXfs><xf {PLAIN} xfId="0"/><xf {AS_TEXT} xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def write_workbook(table: pd.DataFrame, path: Path) -> None:
    """Write the table, its header first; what a cell of Excel cannot hold is cut off."""
    rows = [list(table.columns), *table.astype("str").fillna("").to_numpy().tolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in PARTS.items():
            book.writestr(name, content)
        book.writestr("xl/sheet.xml", "".join(_sheet(rows)).encode())


def _sheet(rows: Iterable[list[str]]) -> Iterator[str]:
    yield f'<worksheet {MAIN}><cols><col min="1" max="99" width="24" style="1"/></cols><sheetData>'
    for row in rows:
        yield f"<row>{''.join(map(_cell, row))}</row>"
    yield "</sheetData></worksheet>"


def _cell(text: str) -> str:
    plain = escape(ESCAPE.sub("_x005F_", FORBIDDEN.sub("\ufffd", text[:LONGEST_CELL])))
    held = f'<is><t xml:space="preserve">{plain}</t></is>'
    return f'<c s="1" t="inlineStr">{held}</c>' if text else '<c s="1"/>'
