"""XLSX workbooks: looked over for bombs first, then read by calamine.

calamine holds a sheet as one dense block, so a workbook of two cells a billion cells apart
would fill the memory: sizes are measured by unpacking in a stream before it is opened.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

import python_calamine

from outreach.errors import Fault, InputError
from outreach.sources.csvfile import MAX_CELL
from outreach.sources.xlsxsize import PartSize, Unreadable, measured, shared_text

MAX_UNPACKED = 200 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_CELLS = 12_000_000
MAX_TEXT = 100_000_000
"""Characters in the cells of a sheet: each is given a copy of the string it shares."""

UNREADABLE = "the workbook cannot be read; open it in Excel and save it again"
DAMAGED = "the workbook is damaged; open it in Excel and save it again"

_BLOCK = 1 << 18
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
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
            _look_over(path.name, file, entries)
    except Unreadable:
        raise InputError(Fault(UNREADABLE, path.name)) from None
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
        raise InputError(Fault(UNREADABLE, path.name)) from None


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


def _look_over(name: str, file: BinaryIO, entries: list[zipfile.ZipInfo]) -> None:
    """Unpack every part, whatever its header claims, and judge how large it would become."""
    left = [MAX_UNPACKED]

    def bounded(entry: zipfile.ZipInfo) -> Iterator[bytes]:
        for block in _unpack(file, entry):
            left[0] -= len(block)
            if left[0] < 0:
                raise InputError(Fault(_TOO_MUCH, name))
            yield block

    sizes: list[tuple[zipfile.ZipInfo, PartSize]] = []
    strings: Sequence[int] = ()
    for entry in entries:
        size = measured(bounded(entry))
        if size.rows * size.columns > MAX_CELLS:
            raise too_wide(name, size.rows, size.columns)
        strings = size.strings if len(size.strings) else strings
        if size.cells:
            sizes.append((entry, size))
    longest = max(strings, default=0)
    for entry, size in sizes:
        # Counted exactly only where it might be too much: that reads the sheet again.
        possible = size.cells * longest > MAX_TEXT
        if possible and shared_text(_unpack(file, entry), strings) > MAX_TEXT:
            raise InputError(Fault(_TOO_MUCH, name))


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
