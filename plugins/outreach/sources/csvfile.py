"""CSV and TSV files in the encodings that spreadsheets write, read as a stream."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.sources.stretches import WHOLE, Stretch, Window, lines, opened, without_mark

MAX_CELL = 32_767
"""Excel's own limit of characters in a cell."""

MAX_COLUMNS = 250

_OVERLONG = (
    f"a cell of more than {MAX_CELL:,} characters; most often a quotation mark that is "
    "opened and never closed. Mend the row and try again"
)
_BLOCK = 1 << 20
_LONGEST_LINE = 4 * _BLOCK
"""Characters. `csv` holds a whole line, and a block of rows, in memory."""
_AT_ONCE = 8 * _BLOCK
"""Bytes of the file behind one block of rows, at the most about."""
_ENDLESS = "row larger than can be held"
ONE_BYTE_ENDS = ("utf-8", "utf-8-sig", "cp1252")
"""Encodings in which a byte of a line's end is nothing else."""

_NO_LETTERS = "its letters cannot be read; save it as CSV UTF-8"
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text table is written, and how many bytes of it there were."""

    encoding: str
    delimiter: str
    size: int


def recognise(path: Path, head: bytes) -> TextFormat:
    """Return encoding and delimiter.

    Raises InputError where encodings are mixed or unknown, or a line is too long to be held.
    """
    size = path.stat().st_size
    encoding = _encoding(path, head)
    start = head.decode(encoding, errors="replace")
    form = TextFormat(encoding, _delimiter(path, start), size)
    _refuse_long_lines(path, form)
    return form


def rows(path: Path, form: TextFormat) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells). Raises InputError with the row where the file is broken."""
    for first, some in blocks(path, form, 1):
        for number, cells in enumerate(some, first):
            if cells and max(map(len, cells)) > MAX_CELL:
                raise overlong(path, number)
            yield number, cells


def blocks(
    path: Path, form: TextFormat, size: int, stretch: Stretch = WHOLE
) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield (number of the first, rows), up to `size` rows at a time, their cells of any length.

    What was added since the file was recognised is not read. Raises InputError with the row
    where the file is broken or too wide, and Unsplit after everything else where a row goes on
    beyond the end of the stretch.
    """
    number = stretch.rows_before
    window = Window(path, stretch.start, stretch.end or form.size, csv.Error(_ENDLESS))
    with opened(window, form.encoding) as file:
        some: list[list[str]] = []
        full = stretch.start + _AT_ONCE
        kept = 1 if stretch.end else 0  # the last row is none: see `without_mark`
        try:
            for cells in csv.reader(lines(file, stretch), delimiter=form.delimiter):
                if len(cells) > MAX_COLUMNS:
                    cells = narrow(path, number + len(some) + 1, cells)
                some.append(cells)
                window.row_began = window.place
                if len(some) == size + kept or window.row_began > full:
                    ready = len(some) - kept
                    if ready:
                        yield number + 1, some[:ready]
                    number += ready
                    some = some[ready:]
                    full = window.row_began + _AT_ONCE
            if stretch.end:
                without_mark(some)
            if some:
                yield number + 1, some
        except csv.Error as error:
            number += len(some)
            raise InputError(Fault(_in_words(error), path.name, number + 1)) from None
        except UnicodeError:
            raise InputError(
                Fault("the text is damaged here; save the file again as CSV UTF-8", path.name)
            ) from None


def narrow(path: Path, number: int, cells: list[str]) -> list[str]:
    """Return a wide row without its blank tail. Raises InputError where it stays too wide."""
    if not "".join(cells[MAX_COLUMNS:]).strip():
        return cells[:MAX_COLUMNS]
    wide = max(place for place, cell in enumerate(cells, 1) if cell.strip())
    raise InputError(Fault(_too_wide(wide), path.name, number))


def _too_wide(columns: int) -> str:
    return f"{columns} columns; {MAX_COLUMNS} is the most that is read. Is this the right file?"


def overlong(path: Path, number: int) -> InputError:
    """Return the error for a row with a cell that no spreadsheet could hold."""
    return InputError(Fault(_OVERLONG, path.name, number))


def _in_words(error: csv.Error) -> str:
    if "field larger" in str(error) or str(error) == _ENDLESS:
        return _OVERLONG
    return "this row cannot be read as CSV; save the file again as CSV UTF-8"


def _refuse_long_lines(path: Path, form: TextFormat) -> None:
    """Refuse a file with millions of characters and no line end between them."""
    decoder = codecs.getincrementaldecoder(form.encoding)(errors="replace")
    number, run, cells = 1, 0, 0
    left = form.size
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            if form.encoding in ONE_BYTE_ENDS and (ends := block.count(b"\n")):
                number, run, cells = number + ends, 0, 0
                decoder.reset()
                continue
            text = decoder.decode(block)
            if "\n" in text or "\r" in text:
                number += text.count("\n") or text.count("\r")
                run = cells = 0
                continue
            run += len(text)
            cells += text.count(form.delimiter)
            if run > _LONGEST_LINE:
                said = _too_wide(cells) if cells > MAX_COLUMNS else _OVERLONG
                raise InputError(Fault(said, path.name, number))


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith(_UTF32):
        raise InputError(Fault(_NO_LETTERS, path.name))
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head[:2048]:
        guessed = _utf16_without_mark(head[:2048])
        if guessed:
            return guessed
    if _decodes(path, "utf-8"):
        return "utf-8"
    _refuse_mixed(path)
    if _decodes(path, "cp1252"):
        return "cp1252"
    raise InputError(Fault(_NO_LETTERS, path.name))


def _utf16_without_mark(start: bytes) -> str:
    even, odd = start[::2].count(0), start[1::2].count(0)
    half = max(len(start) // 2, 1)
    if odd > half * 0.4 > even:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 > odd else ""


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def _refuse_mixed(path: Path) -> None:
    """Refuse a file with both UTF-8 and older Windows letters: one kind would be garbled."""
    modern = other = 0
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_BLOCK), b""), 1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                modern = modern or number
            except UnicodeDecodeError:
                other = other or number
            if modern and other:
                raise InputError(
                    Fault(
                        f"two encodings in one file (line {modern} is UTF-8, this line is not); "
                        "open it in Excel, mend garbled letters, save as CSV UTF-8",
                        path.name,
                        other,
                    )
                )


def _delimiter(path: Path, start: str) -> str:
    if path.suffix.lower() in (".tsv", ".tab"):
        return "\t"
    header = next((line for line in start.splitlines() if line.strip()), "")
    outside = "".join(header.split('"')[::2])  # what stands between quotation marks is text
    return max(",;\t|", key=outside.count)
