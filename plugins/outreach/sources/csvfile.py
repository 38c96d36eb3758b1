"""CSV and TSV files in the encodings that spreadsheets write, read as a stream."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.sources.stretches import WHOLE, Stretch, lines, opened, without_mark

MAX_CELL = 32_767
"""Excel's own limit of characters in a cell."""

_OVERLONG = (
    f"a cell of more than {MAX_CELL:,} characters; most often a quotation mark that is "
    "opened and never closed. Mend the row and try again"
)
_BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text table is written."""

    encoding: str
    delimiter: str


def recognise(path: Path, head: bytes) -> TextFormat:
    """Return encoding and delimiter. Raises InputError where encodings are mixed or unknown."""
    encoding = _encoding(path, head)
    start = head.decode(encoding, errors="replace")
    return TextFormat(encoding, _delimiter(path, start))


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
    """Yield (number of the first, rows), `size` rows at a time, their cells of any length.

    Raises InputError with the row where the file is broken, and Unsplit after everything else
    where a row goes on beyond the end of the stretch.
    """
    number = stretch.rows_before
    most = size + 1 if stretch.end else size  # its last row is no row: see `without_mark`
    with opened(path, form.encoding, stretch) as file:
        some: list[list[str]] = []
        try:
            for cells in csv.reader(lines(file, stretch), delimiter=form.delimiter):
                some.append(cells)
                if len(some) == most:
                    yield number + 1, some[:size]
                    number += size
                    some = some[size:]
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


def overlong(path: Path, number: int) -> InputError:
    """Return the error for a row with a cell that no spreadsheet could hold."""
    return InputError(Fault(_OVERLONG, path.name, number))


def _in_words(error: csv.Error) -> str:
    if "field larger" in str(error):
        return _OVERLONG
    return "this row cannot be read as CSV; save the file again as CSV UTF-8"


def _encoding(path: Path, head: bytes) -> str:
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
    raise InputError(Fault("its letters cannot be read; save it as CSV UTF-8", path.name))


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
