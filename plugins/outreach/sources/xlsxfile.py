"""XLSX workbooks: looked over for bombs first, then read by calamine.

calamine holds a sheet as one dense block, so a workbook of two cells a billion cells apart
would fill the memory: sizes are measured by unpacking in a stream before it is opened.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

import python_calamine

from outreach.errors import Fault, InputError
from outreach.sources.csvfile import MAX_CELL

MAX_UNPACKED = 200 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_CELLS = 12_000_000

DAMAGED = "the workbook is damaged; open it in Excel and save it again"

_BLOCK = 1 << 18
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_TAG = rb"(?:c|row)\s[^>]{0,200}?\br=[\"']([A-Z]{0,3})([0-9]{1,9})[\"']"
_CELL = re.compile(b"<" + _TAG)
_ANY_CELL = re.compile(rb"<(?:\w+:)?" + _TAG)
"""The same with a prefix, as some programs write it: slower to look for."""

_LONGEST_TAG = 512
_TOO_MUCH = "unpacks to far more than a contact list needs; save a list this long as CSV"


def guard(path: Path) -> None:
    """Raise InputError where unpacking the workbook would not stay within bounds."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if "xl/workbook.xml" not in names:
                raise InputError(Fault("a zip, but not an Excel workbook", path.name))
            if len(entries) > MAX_ENTRIES:
                raise InputError(Fault("far too many parts for a workbook", path.name))
            left = MAX_UNPACKED
            for entry in entries:
                left -= _measure(path.name, file, entry, left)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError):
        raise InputError(Fault(DAMAGED, path.name)) from None


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of the first visible sheet that holds anything."""
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            sheet = _first_sheet(book)
            if sheet is None:
                return
            for number, cells in enumerate(sheet.iter_rows(), 1):
                # Nearly every cell is text, and short: as it is.
                yield (
                    number,
                    [c if type(c) is str and len(c) <= MAX_CELL else _text(c) for c in cells],
                )
    except python_calamine.CalamineError:
        raise InputError(
            Fault("the workbook cannot be read; open it in Excel and save it again", path.name)
        ) from None


def _first_sheet(book: python_calamine.CalamineWorkbook) -> python_calamine.CalamineSheet | None:
    for about in book.sheets_metadata:
        if about.visible is not python_calamine.SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(about.name)
        if sheet.height and sheet.width:
            return sheet
    return None


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return _to_the_second(cell).isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)[: MAX_CELL + 1]


def _to_the_second(moment: datetime) -> datetime:
    """Excel counts in fractions of a day, so 14:05 may come as 14:04:59.999999."""
    whole = moment.replace(microsecond=0)
    return whole if moment.microsecond < 500_000 else whole + timedelta(seconds=1)


def _measure(name: str, file: BinaryIO, entry: zipfile.ZipInfo, left: int) -> int:
    """Return how large one part is unpacked, whatever its header claims."""
    size, tail, corner = 0, b"", (0, 0)
    for block in _unpack(file, entry):
        size += len(block)
        if size > left:
            raise InputError(Fault(_TOO_MUCH, name))
        corner = _corner(tail + block, corner)  # any part may be named as a sheet
        tail = block[-_LONGEST_TAG:]
    if corner[0] * corner[1] > MAX_CELLS:
        raise too_wide(name, corner[1], corner[0])
    return size


def too_wide(name: str, rows: int, columns: int) -> InputError:
    """Return the error for a sheet whose dense block would fill the memory."""
    return InputError(
        Fault(
            f"a sheet of {rows:,} rows by {columns:,} columns; delete the empty rows and columns "
            "after the last entry, or save as CSV",
            name,
        )
    )


def unpacked(path: Path, entries: list[zipfile.ZipInfo], limit: int) -> Iterator[bytes]:
    """Yield some parts' content, block by block. Raises InputError beyond `limit` bytes."""
    size = 0
    with path.open("rb") as file:
        for entry in entries:
            for block in _unpack(file, entry):
                size += len(block)
                if size > limit:
                    raise InputError(Fault(_TOO_MUCH, path.name))
                yield block


def _unpack(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part's content by its compressed length, as calamine's own reader does."""
    file.seek(entry.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(header[-2] + header[-1], 1)
    left = entry.compress_size
    if entry.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (packed := file.read(min(_BLOCK, left))):
            left -= len(packed)
            yield packed
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile("a compression that Excel does not use")
    unpacker = zlib.decompressobj(-15)
    while left > 0 and (packed := file.read(min(_BLOCK, left))):
        left -= len(packed)
        while packed:
            yield unpacker.decompress(packed, _BLOCK)
            packed = unpacker.unconsumed_tail


def _corner(xml: bytes, corner: tuple[int, int]) -> tuple[int, int]:
    """Return the furthest (column, row) named so far."""
    pattern = _ANY_CELL if b":c" in xml or b":row" in xml else _CELL
    named = pattern.findall(xml)
    if not named:
        return corner
    letters, rows_named = map(set, zip(*named, strict=True))
    # A row names no column, and has one.
    column = max(max(1, _column_number(one)) for one in letters)
    return max(corner[0], column), max(corner[1], *map(int, rows_named))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
