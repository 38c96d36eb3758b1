"""XLS, ODS, JSON and feeds: read as a CSV of the same rows would be, and no bomb unfolds."""

from __future__ import annotations

import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from outreach.errors import InputError
from outreach.sources import odsfile, xlsfile
from outreach.sources.tables import examine

ROWS = [
    ("Email", "Number", "When"),
    ("ann@example.org", 3.0, datetime.fromisoformat("2026-05-01T09:30")),
]
READ = [(1, ("Email", "Number", "When")), (2, ("ann@example.org", "3", "2026-05-01 09:30:00"))]


def cells(path: Path, **how: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in examine(path, **how).rows()]


def refusal(path: Path, **how: str) -> str:
    with pytest.raises(InputError) as caught:
        cells(path, **how)
    return str(caught.value)


def xls(
    path: Path, *rows: tuple[object, ...], at: tuple[tuple[int, int, object], ...] = ()
) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("List")
    style = xlwt.easyxf(num_format_str="DD/MM/YYYY HH:MM")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.write(
                r, c, value, style if isinstance(value, datetime) else xlwt.Style.default_style
            )
    for r, c, value in at:
        sheet.write(r, c, value)
    book.save(str(path))
    return path


def ods(path: Path, *rows: tuple[object, ...]) -> Path:
    document = OpenDocumentSpreadsheet()
    sheet = Table(name="List")
    for row in rows:
        line = TableRow()
        for value in row:
            if isinstance(value, datetime):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            elif isinstance(value, float):
                cell = TableCell(valuetype="float", value=str(value))
            else:
                cell = TableCell(valuetype="string")
            cell.addElement(P(text=str(value)))
            line.addElement(cell)
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    document.save(str(path))
    return path


@pytest.mark.parametrize(("make", "name"), [(xls, "l.xls"), (ods, "l.ods")])
def test_a_workbook_reads_like_the_same_rows_in_any_other_format(
    tmp_path: Path, make: Callable[..., Path], name: str
) -> None:
    path = make(tmp_path / name, *ROWS)
    assert cells(path) == READ
    anonymous = path.rename(tmp_path / "fetched")
    assert cells(anonymous, named=name.rpartition(".")[2]) == READ


def test_records_of_json_become_rows_and_a_later_key_a_later_column(tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    records = [{"email": "a", "yes": True, "n": 1.50}, {"email": None, "tags": ["x", "y"]}]
    path.write_text(json.dumps({"data": {"items": records}}))
    assert cells(path, records="data.items") == [
        (1, ("email", "yes", "n", "tags")),
        (2, ("a", "yes", "1.5", "")),
        (3, ("", "", "", "x, y")),
    ]


ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">
<title>New</title><entry><id>urn:1</id><title>Guide</title><link href="https://example.org/1"/>
<updated>2026-11-20T09:00:00Z</updated>
<summary type="html">&lt;script&gt;x&lt;/script&gt;Use &amp;amp; share</summary></entry></feed>"""


def test_entries_of_a_feed_become_rows_without_markup(tmp_path: Path) -> None:
    path = tmp_path / "new.atom"
    path.write_text(ATOM)
    (_, (_, entry)) = cells(path)
    assert entry[:3] == ("urn:1", "Guide", "https://example.org/1")
    assert "<" not in entry[3]
    assert entry[4] == "2026-11-20T09:00:00+00:00"


HEAD = (
    '<?xml version="1.0"?>{doctype}<office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
    "<office:spreadsheet><table:table table:name='List'>"
)
TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"
CELL = '<table:table-cell office:value-type="string" {}><text:p>x</text:p></table:table-cell>'
BLANK = '<table:table-row {}><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
ALL = 'table:number-rows-repeated="1048575"'


def packed(path: Path, body: str, doctype: str = "", manifest: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<m>{manifest}</m>")
        archive.writestr("content.xml", HEAD.format(doctype=doctype) + body + TAIL)
    return path


def test_the_blank_rest_of_a_sheet_is_no_bomb(tmp_path: Path) -> None:
    row = f"<table:table-row>{CELL.format('')}</table:table-row>"
    assert cells(packed(tmp_path / "l.ods", row + BLANK.format(ALL))) == [(1, ("x",))]


@pytest.mark.parametrize(
    ("body", "more", "said"),
    [
        (f"<table:table-row {ALL}>{CELL.format('table:number-columns-repeated=@16384@')}</table:table-row>", {}, "16,384 columns"),
        (BLANK.format(ALL) + f"<table:table-row>{CELL.format('table:number-columns-repeated=@99@')}</table:table-row>", {}, "1,048,576 rows"),
        ("<table:table-row><table:table-cell/></table:table-row>",
         {"doctype": "<!DOCTYPE a [<!ENTITY b 'c'>]>"}, "entities"),
        ("<table:table-row>", {}, "damaged"),
        ("", {"manifest": "<manifest:encryption-data/>"}, "has a password"),
        (" " * (1 << 20), {}, "unpacks"),
    ],
)  # fmt: skip
def test_bombs_in_ods_are_refused_before_they_are_opened_in_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, more: dict[str, str], said: str
) -> None:
    path = packed(tmp_path / "bomb.ods", body.replace("@", '"'), **more)
    monkeypatch.setattr(odsfile, "MAX_UNPACKED", 1 << 20)
    tracemalloc.start()
    assert said in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_an_xls_whose_cells_stand_far_apart_is_refused(tmp_path: Path) -> None:
    assert "65,536 rows" in refusal(xls(tmp_path / "l.xls", at=((0, 0, "a"), (65535, 255, "b"))))


def test_an_xls_that_shows_one_long_text_in_many_cells_is_refused(tmp_path: Path) -> None:
    text = "é" + "x" * 32_000  # over several records, in two-byte letters
    far = tuple((row, 0, text) for row in range(xlsfile.MAX_TEXT // 32_000 + 2))
    assert "far more text" in refusal(xls(tmp_path / "l.xls", at=far))
    few = xls(tmp_path / "few.xls", at=((0, 0, text), (1, 0, "ann"), (2, 0, text), (3, 0, "zoë")))
    assert [row[1][0][:3] for row in cells(few)] == ["éxx", "ann", "éxx", "zoë"]


def test_an_xls_with_a_password_says_so(tmp_path: Path) -> None:
    path = xls(tmp_path / "l.xls", *ROWS)
    # A workbook begins with its version; what comes next says FILEPASS where it is locked.
    content = path.read_bytes()
    start = content.index(struct.pack("<HH", 0x0809, 16))
    after = start + 20
    path.write_bytes(content[:after] + struct.pack("<H", 0x002F) + content[after + 2 :])
    assert "password" in refusal(path)


def test_a_compound_file_that_goes_round_in_a_circle_is_refused(tmp_path: Path) -> None:
    path = xls(tmp_path / "l.xls", *ROWS)
    content = bytearray(path.read_bytes())
    fat = (struct.unpack_from("<L", content, 76)[0] + 1) * 512
    content[fat : fat + 512] = struct.pack("<L", 0) * 128
    path.write_bytes(content)
    assert "damaged" in refusal(path)
