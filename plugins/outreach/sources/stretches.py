"""A stretch of a text file, from one line's start to another's: so two processes may read one.

Where a line starts, a row may still go on, inside quotation marks. Whether one does shows when
the reader comes to the end of the stretch: there it is given a line more, which is a row of its
own only where the row before it had ended.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

_MARK = "\ue000the end of this stretch"
_LONGEST_LINE = 1 << 20
_LONGEST_ROW = 4 << 20
_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a file from `start` to `end` (0: to its end), and how many rows come before."""

    start: int = 0
    end: int = 0
    rows_before: int = 0


WHOLE = Stretch()


class Unsplit(Exception):
    """A row goes on beyond the end of a stretch: what was read of it is not to be used."""


def split_at(path: Path, place: int) -> int:
    """Return where the first line after `place` starts, 0 where there is none near."""
    with path.open("rb") as file:
        file.seek(place)
        line = file.readline(_LONGEST_LINE)
        return file.tell() if line.endswith(b"\n") and file.peek(1) else 0


def opened(window: Window, encoding: str) -> IO[str]:
    """Open a stretch as text, its line ends as they are."""
    if window.place and encoding == "utf-8-sig":
        encoding = "utf-8"  # a mark stands at the start of a file alone
    return io.TextIOWrapper(io.BufferedReader(window, _BUFFER), encoding=encoding, newline="")


def lines(file: IO[str], stretch: Stretch) -> Iterable[str]:
    """Return the lines of a stretch, with a mark behind them where the file goes on."""
    return chain(file, (_MARK,)) if stretch.end else file


def without_mark(rows: list[list[str]]) -> None:
    """Take the mark from the last rows of a stretch. Raises Unsplit where a row swallowed it."""
    if not rows or rows.pop() != [_MARK]:
        raise Unsplit


class Window(io.RawIOBase):
    """The bytes of a file from `start` to `end`: what is added while it is read has no end.

    `place` is how far it was read, `row_began` where the reader says that a row began. Reading
    raises `endless` where one row, by its cells of many lines, has no end either.
    """

    def __init__(self, path: Path, start: int, end: int, endless: Exception) -> None:
        self._file = path.open("rb", buffering=0)
        self._file.seek(start)
        self._left = end - start
        self._endless = endless
        self.place = self.row_began = start

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, into: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into a buffer; return how many bytes."""
        if self.place - self.row_began > _LONGEST_ROW:
            raise self._endless
        got = self._file.readinto(memoryview(into)[: self._left]) or 0
        self._left -= got
        self.place += got
        return got

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
