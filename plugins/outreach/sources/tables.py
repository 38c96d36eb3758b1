"""A file -> numbered rows of text cells, whatever its format, within fixed memory.

A row's number is the one a person sees in a spreadsheet: the header row is usually 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.sources import csvfile, xlsxfile

MAX_COLUMNS = 250

_TEXT = frozenset({".csv", ".tsv", ".txt", ".tab"})
_EXCEL = frozenset({".xlsx", ".xlsm"})
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row's cells as text, and its number in the sheet."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows in a row: their numbers in the sheet, and the cells of each."""

    numbers: Sequence[int]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was examined and can be read any number of times."""

    path: Path
    digest: bytes
    text: csvfile.TextFormat | None

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank. Raises InputError where the file is broken."""
        for number, cells in self._found():
            cells = self.narrow(number, cells)
            if any(cell.strip() for cell in cells):
                yield Row(number, tuple(cells))

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield every row, `size` at a time, blank and overlong ones too: whoever asks judges.

        Raises InputError where the file is broken.
        """
        if self.text:
            for first, rows in csvfile.blocks(self.path, self.text, size):
                yield Block(range(first, first + len(rows)), rows)
            return
        found = self._found()
        while some := list(islice(found, size)):
            yield Block([number for number, _ in some], [cells for _, cells in some])

    def narrow(self, number: int, cells: list[str]) -> list[str]:
        """Return a wide row without its blank tail. Raises InputError where it stays too wide."""
        if len(cells) > MAX_COLUMNS:
            cells = _without_blank_tail(cells)
        if len(cells) > MAX_COLUMNS:
            raise InputError(
                Fault(
                    f"{len(cells)} columns; {MAX_COLUMNS} is the most that is read. "
                    "Is this the right file?",
                    self.path.name,
                    number,
                )
            )
        return cells

    def _found(self) -> Iterator[tuple[int, list[str]]]:
        return csvfile.rows(self.path, self.text) if self.text else xlsxfile.rows(self.path)


def examine(path: Path) -> Table:
    """Recognise a file by what is in it, not by its name alone.

    Raises InputError where there is none, its extension is wrong, or it is not a table.
    """
    if not path.is_file():
        raise InputError(Fault("there is no such file; check its name and folder", path.name))
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(8192)
    _refuse_foreign(path.name, suffix, head)
    if suffix in _EXCEL:
        xlsxfile.guard(path)
        return Table(path, _digest(path), None)
    return Table(path, _digest(path), csvfile.recognise(path, head))


def _refuse_foreign(name: str, suffix: str, head: bytes) -> None:
    fault = _foreign(suffix, head)
    if fault:
        raise InputError(Fault(fault, name))


def _foreign(suffix: str, head: bytes) -> str:
    """Return what is wrong with this kind of file, '' where it can be read."""
    is_zip = head.startswith(b"PK\x03\x04")
    if suffix not in _TEXT | _EXCEL:
        return f"files ending in {suffix or 'nothing'} cannot be read; save it as CSV or XLSX"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "an old Excel workbook, or one with a password; save it as XLSX without a password"
    if suffix in _TEXT and is_zip:
        return "the name says text but this is an Excel workbook or a zip; save it as CSV"
    if suffix in _EXCEL and not is_zip:
        return "the name says Excel but this is not a workbook; open it in Excel and save as XLSX"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower()
    if start.startswith((b"%pdf", b"<!doctype", b"<html", b"<table", b"<?xml", b"{\\rtf")):
        return "this is a document or web page, not a table; save the table as CSV"
    return "the file is empty" if not start else ""


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _without_blank_tail(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
