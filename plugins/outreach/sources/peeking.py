"""Whether a file may be a sheet of ours, told from its beginning: most are not."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_START = 1 << 18
"""Bytes of a text file, and of each part of a workbook, in which its headings stand."""

_PARTS = 40
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def names_us(path: Path, marks: Sequence[str]) -> bool:
    """Whether one of `marks`, headings of ours, stands near the beginning of a file.

    Raises OSError where the file cannot be opened.
    """
    wanted = [mark.encode(encoding) for mark in marks for encoding in _ENCODINGS]
    with path.open("rb") as file:
        if _stands(file, wanted):
            return True
        return _in_parts(file, wanted)


def _in_parts(file: IO[bytes], wanted: Sequence[bytes]) -> bool:
    try:
        with zipfile.ZipFile(file) as book:
            for part in book.infolist()[:_PARTS]:
                with book.open(part) as opened:
                    if _stands(opened, wanted):
                        return True
    except _BROKEN:
        pass  # no workbook, or one that cannot be read: taking it says so
    return False


def _stands(file: IO[bytes], wanted: Sequence[bytes]) -> bool:
    start = file.read(_START)
    return any(mark in start for mark in wanted)
