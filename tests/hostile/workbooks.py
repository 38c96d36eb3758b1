"""Workbooks and zips made by hand, as no office program would write them."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.hostile.case import Case

_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"""
_RELS = """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_BOOK = """<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="List" sheetId="1" r:id="rId1"/></sheets></workbook>"""
_BOOK_RELS = """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"""
_SHEET = '<?xml version="1.0"?>{0}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{1}<sheetData>{2}</sheetData></worksheet>'
_SHARED = '<?xml version="1.0"?>{0}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{1}</sst>'

EMAIL = '<c t="inlineStr"><is><t>Email</t></is></c>'
LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>{}]>".format(
    "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
)
OUTSIDE = "<!DOCTYPE x [<!ENTITY a9 SYSTEM 'file:///etc/passwd'>]>"


def text(said: str, place: str = "") -> str:
    """Return a cell of text."""
    return f'<c {place and f"r={chr(34)}{place}{chr(34)} "}t="inlineStr"><is><t>{said}</t></is></c>'


def sheet(data: str, *, before: str = "", head: str = "") -> bytes:
    """Return a sheet's XML."""
    return _SHEET.format(before, head, data).encode()


def shared(strings: str, before: str = "") -> bytes:
    """Return the XML of the strings that cells share."""
    return _SHARED.format(before, strings).encode()


def parts(first: bytes, strings: bytes = b"") -> dict[str, bytes]:
    """Return the parts of a workbook of one sheet."""
    return {
        "[Content_Types].xml": _TYPES.encode(),
        "_rels/.rels": _RELS.encode(),
        "xl/workbook.xml": _BOOK.encode(),
        "xl/_rels/workbook.xml.rels": _BOOK_RELS.encode(),
        "xl/sharedStrings.xml": strings or shared(""),
        "xl/worksheets/sheet1.xml": first,
    }


def zipped(of: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in of.items():
            archive.writestr(name, content)
    return out.getvalue()


def book(
    data: str, *, before: str = "", head: str = "", strings: bytes = b""
) -> Callable[[Path], object]:
    """Return what writes a workbook of one sheet."""
    return lambda path: path.write_bytes(
        zipped(parts(sheet(data, before=before, head=head), strings))
    )


def _row(cells: str, number: int = 0) -> str:
    return f'<row r="{number}">{cells}</row>' if number else f"<row>{cells}</row>"


ANN = _row(EMAIL) + _row(text("ann.hostile@example.org"))
_SHARED_CELL = '<c t="s"><v>0</v></c>'


def _far(place: str) -> Callable[[Path], object]:
    return book(ANN + _row(text("x", place)))


def _overlapping(path: Path) -> None:
    """A thousand entries in the directory, and the bytes of one."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(sheet(ANN)).items():
            archive.writestr(name, content)
        archive.writestr("xl/kernel", bytes(4_000_000))
        for number in range(1_000):
            again = copy.copy(archive.filelist[-1])
            again.filename = again.orig_filename = f"xl/copy{number}"
            archive.filelist.append(again)


def _lying(path: Path) -> None:
    """A part that says that it is small, and is not."""
    size = 250_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts(sheet(ANN)).items():
            if "sheet1" not in name:
                archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(size // 1_000_000):
                part.write(b" " * 1_000_000)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))


def _nested(path: Path) -> None:
    inner = zipped({"zeros": bytes(50_000_000)})
    for _ in range(4):
        inner = zipped({f"{n}.zip": inner for n in range(8)})
    path.write_bytes(inner)


def _many_parts(path: Path) -> None:
    path.write_bytes(zipped({**parts(sheet(ANN)), **{f"xl/part{n}": b"" for n in range(2_500)}}))


def _twice(path: Path) -> None:
    """Two sheets of one name: which one is read must be the one that was measured."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(sheet(ANN)).items():
            archive.writestr(name, content)
        archive.filelist.append(zipfile.ZipInfo("xl/worksheets/sheet1.xml"))
        archive.filelist.pop()
        archive.writestr("xl/worksheets/Sheet1.xml", sheet(_row(text("x", "XFD1048576"))))


CASES = (
    Case("an honest workbook, made the same way", "honest.xlsx", book(ANN), accepted=1),
    Case("zips in zips in zips", "nested.xlsx", _nested, "a zip and no workbook"),
    Case("entries that share their bytes", "overlap.xlsx", _overlapping, "unpacks to far more"),
    Case("a part larger than it says", "liar.xlsx", _lying, "unpacks to far more"),
    Case("thousands of parts", "parts.xlsx", _many_parts, "far too many parts"),
    Case("a second sheet that differs in capitals", "twice.xlsx", _twice, "a sheet of 1,048,576"),
    Case("a compression that Excel does not use", "lzma.xlsx", lambda path: path.write_bytes(zipped(parts(sheet(ANN)), zipfile.ZIP_LZMA)), "damaged"),
    Case("a workbook cut short", "cut.xlsx", lambda path: path.write_bytes(zipped(parts(sheet(ANN)))[:-60]), "damaged"),
    Case("a workbook with a part overwritten", "torn.xlsx", lambda path: path.write_bytes(zipped(parts(sheet(ANN))).replace(b"PK\x03\x04", b"PK\x03\x05")[:400].join([b"PK\x03\x04", b""])), "damaged"),
    Case("entities that multiply, in a sheet", "laughs1.xlsx", book(ANN + _row(text("&a9;")), before=LAUGHS), "cannot be read"),
    Case("entities that multiply, in shared strings", "laughs2.xlsx", book(ANN + _row(_SHARED_CELL), strings=shared("<si><t>&a9;</t></si>", LAUGHS)), "cannot be read"),
    Case("an entity from another file", "outside.xlsx", book(ANN + _row(text("&a9;")), before=OUTSIDE), "cannot be read"),
    Case("an external sheet and link", "links.xlsx", lambda path: path.write_bytes(zipped({**parts(sheet(ANN)), "xl/_rels/workbook.xml.rels": _BOOK_RELS.replace("worksheets/sheet1.xml", "file:///etc/passwd").encode()})), "cannot be read"),
    Case("a way out of the archive", "slip.xlsx", lambda path: path.write_bytes(zipped({**parts(sheet(ANN)), "../../../tmp/slipped-out": b"x"})), accepted=1),
    Case("a sheet that claims a billion cells", "claims.xlsx", book(ANN, head='<dimension ref="A1:XFD1048576"/>'), accepted=1),
    Case("cells a billion apart", "apart.xlsx", _far("XFD1048576"), "a sheet of"),
    Case("cells a billion apart, in small letters", "small.xlsx", _far("xfd1048576"), "a sheet of"),
    Case("cells a billion apart, with zeros before the row", "zeros.xlsx", _far("XFD0001048576"), "a sheet of"),
    Case("cells a billion apart, behind a long attribute", "long.xlsx", book(ANN + _row(f'<c x="{"y" * 2_000}" r="XFD1048576"><v>1</v></c>')), "a sheet of"),
    Case("cells a billion apart, behind a > in an attribute", "gt.xlsx", book(ANN + _row('<c x=">" r="XFD1048576"><v>1</v></c>')), "a sheet of"),
    Case("cells a billion apart, in references to letters", "refs.xlsx", _far("&#88;FD1048576"), "a sheet of"),
    Case("cells a billion apart by counting alone", "counted.xlsx", book(ANN + _row("<c><v>1</v></c>" * 16_000) + _row("<c><v>1</v></c>") * 60_000), "a sheet of"),
    Case("cells a billion apart, in UTF-16", "utf16.xlsx", lambda path: path.write_bytes(zipped(parts(sheet(ANN + _row(text("x", "XFD1048576"))).decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16")))), "empty"),
    Case("one merged range over everything", "merged.xlsx", lambda path: path.write_bytes(zipped(parts(sheet(ANN).replace(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')))), accepted=1),
    Case("a row beyond the last that Excel has", "beyond.xlsx", _far("A4294967295"), "a sheet of"),
    Case("a long string that many cells share", "shared.xlsx", book(_row(EMAIL) + _row(_SHARED_CELL) * 60_000, strings=shared(f"<si><t>{'x' * 30_000}</t></si>")), "unpacks to far more"),
    Case("16,000 columns", "wide.xlsx", book(_row(EMAIL * 16_000)), "16000 columns"),
    Case("four million empty strings", "strings.xlsx", book(ANN, strings=shared("<si/>" * 4_000_000)), accepted=1),
    Case("formulas that call and link", "formula.xlsx", book(_row(EMAIL) + _row('<c><f>cmd|"/c calc"!A1</f><v>1</v></c>') + _row('<c t="str"><f>WEBSERVICE("http://127.0.0.1/")</f><v>ann.hostile@example.org</v></c>')), accepted=1, reasons={"email address is not valid": 1}),
    Case("dates, errors and numbers that are none", "numbers.xlsx", book(_row(EMAIL) + _row("<c><v>1e999</v></c>") + _row("<c><v>-1e308</v></c>") + _row('<c t="e"><v>#REF!</v></c>') + _row('<c t="d"><v>9999-99-99</v></c>')), reasons={"email address is not valid": 3}),
    Case("a workbook with no sheet", "none.xlsx", lambda path: path.write_bytes(zipped({**parts(sheet(ANN)), "xl/workbook.xml": _BOOK.replace('<sheet name="List" sheetId="1" r:id="rId1"/>', "").encode()})), "empty"),
    Case("a workbook with macros by another name", "macros.xlsm", book(ANN), accepted=1),
)  # fmt: skip
