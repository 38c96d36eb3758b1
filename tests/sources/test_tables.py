"""Files as they really come: encodings, wrong names, bombs, ragged rows."""

from __future__ import annotations

import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.errors import InputError
from outreach.sources import xlsxfile
from outreach.sources.tables import examine

TEXT = "Email,Name\nzoe@example.org,Zoë Müller\n"


def cells(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in examine(path).rows()]


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        cells(path)
    return str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_the_encodings_that_spreadsheets_write_are_recognised(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert cells(path) == [(1, ("Email", "Name")), (2, ("zoe@example.org", "Zoë Müller"))]


@pytest.mark.parametrize(("suffix", "mark"), [(".csv", ","), (".csv", ";"), (".tsv", "\t")])
def test_delimiters_are_recognised(tmp_path: Path, suffix: str, mark: str) -> None:
    path = tmp_path / f"list{suffix}"
    path.write_text(f'"a, b; c"{mark}d\n1{mark}2\n')
    assert cells(path) == [(1, ("a, b; c", "d")), (2, ("1", "2"))]


def test_rows_keep_the_number_a_person_sees_past_blank_rows_and_line_ends_in_cells(
    tmp_path: Path,
) -> None:
    path = tmp_path / "list.csv"
    path.write_text('Email\n\n"two\nlines"\n  \nlast\n')
    assert [number for number, _ in cells(path)] == [1, 3, 5]


def test_mixed_encodings_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("Name\nZoë\n".encode() + "Müller\n".encode("cp1252"))
    assert refusal(path).startswith("list.csv:3: two encodings")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.csv", b"", "empty"),
        ("list.csv", b"\xef\xbb\xbf \r\n", "empty"),
        ("list.csv", b"PK\x03\x04....", "Excel workbook"),
        ("list.xlsx", b"Email\na@example.org\n", "plain text"),
        ("list.xlsx", b"\xd0\xcf\x11\xe0....", "password"),
        ("list.csv", b"<html><table>", "web page"),
        ("list.csv", b"%PDF-1.7", "document"),
        ("list.csv", b"\x1f\x8b\x08" + b"\0" * 40, "unpack it"),
        ("list.docx", b"PK\x03\x04", "save it as one of CSV"),
        ("list.xlsx", b"PK\x03\x04 broken", "damaged"),
        ("list.xls", b"PK\x03\x04 broken", "name it .xlsx"),
        ("list.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged"),
        ("list.json", b"Email\na@example.org\n", "plain text"),
        ("list.csv", b'[{"Email": "a@example.org"}]', "name it .json"),
        ("list.json", b'[{"Email": ', "not valid JSON"),
        ("list.json", b'[{"Email": "a@example.org", "Email": "b@example.org"}]', "twice"),
        ("list.json", b'{"items": [{}], "page": 1}', "records: items"),
        ("list.json", b'[["Email"]]', "not an object"),
        ("list.json", b'[{"Email": {"work": "x"}}]', "inside a value"),
        ("feed.rss", b"<rss><channel>", "damaged"),
        ("feed.xml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><rss/>", "document type"),
        ("feed.xml", b"<?xml version='1.0'?><note/>", "neither an RSS"),
        ("list.csv", b'Email\n"never closed' + b"x" * 40_000, "quotation mark"),
        ("list.csv", b"," * 400 + b"x", "columns"),
    ],
)
def test_what_is_not_a_table_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert said in refusal(path)


def workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_reads_like_a_csv_with_its_own_row_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", (), ("Email", "Number", "Yes"), ("a", 3.0, True))
    assert cells(path) == [(2, ("Email", "Number", "Yes")), (3, ("a", "3", "yes"))]


UNPACKED = 40 << 20
"""Bytes that a workbook may unpack to here: far more than may be held, and quick to go through."""


@pytest.fixture
def _less_may_be_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsxfile, "MAX_UNPACKED", UNPACKED)


def packed(path: Path, sheet: bytes) -> Path:
    """Put other XML in the place of a real workbook's sheet."""
    source = workbook(path.with_name("source.xlsx"), ("Email",))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if "sheet1" in name else old.read(name))
    return path


@pytest.mark.usefixtures("_less_may_be_unpacked")
@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        (b"<worksheet>" + b" " * (UNPACKED + 1), "unpacks"),
        (
            b'<sheetData><row r="1"><c r="A1"/><c  s="1" r="XFD1048576"/></row></sheetData>',
            "1,048,576 rows",
        ),
        (
            b"<x:sheetData><x:row r='1048576'><x:c r='XFD1'/></x:row></x:sheetData>",
            "16,384 columns",
        ),
        (b'<x><c r="A1"/>' + b" " * 262_130 + b'<c r="ZZZ9999999"/></x>', "9,999,999 rows"),
    ],
)
def test_bombs_are_refused_before_they_are_opened_in_little_memory(
    tmp_path: Path, sheet: bytes, said: str
) -> None:
    path = packed(tmp_path / "bomb.xlsx", sheet)
    tracemalloc.start()
    assert said in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.usefixtures("_less_may_be_unpacked")
def test_a_bomb_whose_header_lies_about_its_size_is_measured_all_the_same(tmp_path: Path) -> None:
    path = packed(tmp_path / "liar.xlsx", b" " * (UNPACKED + 1))
    size = (UNPACKED + 1).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
    assert "unpacks" in refusal(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(["l.csv", "l.xlsx", "l.xls", "l.ods", "l.json", "l.rss"]),
)
def test_any_bytes_at_all_are_read_or_refused_never_a_crash(
    tmp_path: Path, content: bytes, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with suppress(InputError):
        assert all(number > 0 for number, _ in cells(path))
