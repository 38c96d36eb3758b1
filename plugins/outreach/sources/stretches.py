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
from typing import IO, Any

_MARK = "\ue000the end of this stretch"
_LONGEST_LINE = 1 << 20


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


def opened(path: Path, encoding: str, stretch: Stretch) -> IO[str]:
    """Open a stretch as text, its line ends as they are."""
    if stretch == WHOLE:
        return path.open("r", encoding=encoding, newline="")
    if stretch.start and encoding == "utf-8-sig":
        encoding = "utf-8"  # a mark stands at the start of a file alone
    raw: Any = _Until(path, stretch)
    return io.TextIOWrapper(io.BufferedReader(raw, 1 << 16), encoding=encoding, newline="")


def lines(file: IO[str], stretch: Stretch) -> Iterable[str]:
    """Return the lines of a stretch, with a mark behind them where the file goes on."""
    return chain(file, (_MARK,)) if stretch.end else file


def without_mark(rows: list[list[str]]) -> None:
    """Take the mark from the last rows of a stretch. Raises Unsplit where a row swallowed it."""
    if not rows or rows.pop() != [_MARK]:
        raise Unsplit


class _Until(io.RawIOBase):
    """The bytes of a stretch."""

    def __init__(self, path: Path, stretch: Stretch) -> None:
        self._file = path.open("rb", buffering=0)
        self._file.seek(stretch.start)
        self._left = stretch.end - stretch.start if stretch.end else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        read = self._file.readinto(view if self._left is None else view[: self._left])
        if self._left is not None:
            self._left -= read
        return read

    def close(self) -> None:
        self._file.close()
        super().close()
