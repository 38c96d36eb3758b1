"""A file -> numbered rows of text cells, whatever its format, within fixed memory.

A row's number is the one a person sees in a spreadsheet: the header row is usually 1.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.sources import csvfile, jsonfile, odsfile, rssfile, xlsfile, xlsxfile
from outreach.sources.stretches import WHOLE, Stretch


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one format are told apart and read. `rows` gets (path, records)."""

    endings: frozenset[str]
    guard: Callable[[Path], None]
    rows: Callable[[Path, str], Iterator[tuple[int, list[str]]]]


def _workbook(*endings: str, guard: Callable[[Path], None]) -> Format:
    return Format(frozenset(endings), guard, lambda path, _: xlsxfile.rows(path))


FORMATS: Mapping[str, Format | None] = {
    "csv": None,  # of any encoding and delimiter: csvfile finds out
    "tsv": None,
    "xlsx": _workbook(".xlsx", ".xlsm", guard=xlsxfile.guard),
    "xls": _workbook(".xls", guard=xlsfile.guard),
    "ods": _workbook(".ods", guard=odsfile.guard),
    "json": Format(frozenset({".json"}), jsonfile.guard, jsonfile.rows),
    "rss": Format(
        frozenset({".rss", ".atom", ".xml"}), rssfile.guard, lambda path, _: rssfile.rows(path)
    ),
}
"""Format -> how it is read; a new one is a line here. None: text, read by csvfile."""

_TEXT = frozenset({".csv", ".tsv", ".txt", ".tab"})

ENDINGS = tuple(
    sorted(_TEXT.union(*(form.endings for form in FORMATS.values() if form is not None)))
)
"""Every ending of a name that a file of rows may have."""

_BLOCK = 1 << 20

_Numbered = Iterator[tuple[int, list[str]]]
"""Rows as they stand in a file, each with its number."""


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
    """A file that was examined and can be read any number of times.

    `text` is None where `form` reads it. `records`: where the list of a JSON file stands.
    """

    path: Path
    digest: bytes
    text: csvfile.TextFormat | None
    form: Format | None = None
    records: str = ""
    _begun: list[_Numbered] = field(default_factory=list, repr=False, compare=False)

    def first(self) -> Row | None:
        """Return the first row that is not blank; whoever reads the table next need not begin anew.

        Opening a workbook of 100,000 rows takes a second. Raises InputError where it is broken.
        """
        begun, passed = self._found(), []
        try:
            for number, cells in begun:
                passed.append((number, cells))
                narrow = self.narrow(number, cells)
                if any(cell.strip() for cell in narrow):
                    return Row(number, tuple(narrow))
        finally:
            if not self.text:
                self._begun[:] = [chain(passed, begun)]
        return None

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank. Raises InputError where the file is broken."""
        for number, cells in self._found():
            cells = self.narrow(number, cells)
            if any(cell.strip() for cell in cells):
                yield Row(number, tuple(cells))

    def blocks(self, size: int, stretch: Stretch = WHOLE) -> Iterator[Block]:
        """Yield every row, `size` at a time, blank and overlong ones too: whoever asks judges.

        A stretch is of text alone. Raises InputError where the file is broken, and Unsplit as
        `csvfile.blocks` does.
        """
        if self.text:
            for first, rows in csvfile.blocks(self.path, self.text, size, stretch):
                yield Block(range(first, first + len(rows)), rows)
            return
        found = self._found()
        while some := list(islice(found, size)):
            yield Block([number for number, _ in some], [cells for _, cells in some])

    def narrow(self, number: int, cells: list[str]) -> list[str]:
        """Return a wide row without its blank tail. Raises InputError where it stays too wide."""
        too_many = len(cells) > csvfile.MAX_COLUMNS
        return csvfile.narrow(self.path, number, cells) if too_many else cells

    def _found(self) -> _Numbered:
        if self.text:
            return csvfile.rows(self.path, self.text)
        if self._begun:
            return self._begun.pop()
        return self.form.rows(self.path, self.records) if self.form else iter(())


def examine(path: Path, named: str = "", records: str = "") -> Table:
    """Recognise a file by what is in it, not by its name alone.

    `named` is a name of FORMATS; without it the name's ending must fit what is in the file.
    Raises InputError where there is none, its extension is wrong, or it is not a table.
    """
    if not path.is_file():
        raise InputError(Fault("there is no such file; check its name and folder", path.name))
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(8192)
    named = named or _by_ending(suffix)
    fault = _foreign(path, named, suffix, head)
    if fault:
        raise InputError(Fault(fault, path.name))
    form = FORMATS[named]
    if form is None:
        with ThreadPoolExecutor(1) as beside:  # neither needs the other, and a list may be long
            digest = beside.submit(_digest, path)
            form_of_text = csvfile.recognise(path, head)
            return Table(path, digest.result(), form_of_text)
    form.guard(path)
    return Table(path, _digest(path), None, form, records)


def _by_ending(suffix: str) -> str:
    if suffix in _TEXT:
        return "csv"
    return next((name for name, form in FORMATS.items() if form and suffix in form.endings), "")


def _foreign(path: Path, named: str, suffix: str, head: bytes) -> str:
    """Return why a file is not what its name (or its source) says; '' where it is."""
    if not named:
        known = "CSV, TSV, XLSX, XLS, ODS, JSON, RSS"
        return f"files ending in {suffix or 'nothing'} cannot be read; save it as one of {known}"
    found = _by_content(path, head)
    if found == "empty":
        return "the file is empty"
    if found == named or (found == "text" and FORMATS[named] is None):
        return ""
    if found == "compound" and named == "xls":
        return ""
    if found == "compound":
        return "an old Excel workbook, or one with a password; save it as XLSX without a password"
    return _MISTAKEN.get(found, "this is not what its name says").format(named.upper())


_MISTAKEN = {
    "xlsx": "this is an Excel workbook (XLSX), and its name says {}; name it .xlsx",
    "ods": "this is an ODS workbook, and its name says {}; name it .ods",
    "zip": "this is a zip and no workbook; take the file out of it, or save the table as CSV",
    "document": "this is a document or web page, not a table; save the table as CSV",
    "rss": "this is XML, and its name says {}; save the table as CSV",
    "text": "its name says {} but this is plain text; if it is a table, name it .csv",
    "packed": "this is packed, or a picture, and no table; unpack it and take the file inside",
    "json": "this is JSON, and its name says {}; name it .json",
}


_JSON = re.compile(rb"\[\s*[\[\]{\"]|\{\s*[\"}]")
"""How JSON begins; a heading in brackets does not."""


_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x89PNG", b"\xff\xd8\xff")
"""How gzip, 7-Zip, RAR, bzip2 and xz begin, and PNG and JPEG pictures."""


def _by_content(path: Path, head: bytes) -> str:
    if head.startswith(_PACKED):
        return "packed"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith(xlsfile.MAGIC[:4]):
        return "compound"
    plain = head.replace(b"\0", b"") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    start = plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:2048].lower()
    if not start:
        return "empty"
    if start.startswith((b"%pdf", b"<!doctype html", b"<html", b"<table", b"{\\rtf")):
        return "document"
    if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"<!doctype")):
        return "rss"
    return "json" if _JSON.match(start) else "text"


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            if odsfile.is_ods(archive):
                return "ods"
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return "xlsx"  # its guard says what is wrong with it
    return "xlsx" if "xl/workbook.xml" in names else "zip"


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()
