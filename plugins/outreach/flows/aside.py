"""A file without a name that rows of people are put into while a list is read."""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from outreach.errors import Fault, InputError
from outreach.records import PersonRow, Quarantined

PARTS = 256
"""Parts of the rows, by the first byte of their address hashes."""

Place = tuple[int, int]
"""Where some rows were put: offset and length in bytes."""


class Aside:
    """A file without a name; `before` is how many rows come before the first one in it."""

    def __init__(self, file: IO[bytes], folder: Path, before: int = 0) -> None:
        self.file = file
        self._folder = folder
        self.before = before
        self.parts: list[list[Place]] = [[] for _ in range(PARTS)]
        self.bad: list[Place] = []
        self._end = 0

    def put(self, some: list[Any]) -> Place:
        """Put some rows aside. Raises InputError where there is no room."""
        packed = marshal.dumps(some)
        try:
            self.file.write(packed)
        except OSError as error:
            said = f"there is no room to put its rows aside ({error.strerror}); make some in"
            raise InputError(Fault(f"{said} {self._folder.name}")) from None
        place = self._end, len(packed)
        self._end += len(packed)
        return place

    def part(self, number: int) -> list[PersonRow]:
        """Return the rows of one part."""
        rows: list[PersonRow] = [row for place in self.parts[number] for row in self.get(place)]
        if self.before:
            return [(row[0], row[1] + self.before, *row[2:]) for row in rows]
        return rows

    def quarantined(self, rows: Iterable[Any]) -> list[Quarantined]:
        """Return rows that cannot be taken as they were before they were put aside."""
        return [Quarantined(one[0] + self.before, *one[1:]) for one in rows]

    def get(self, place: Place) -> list[Any]:
        """Return what was put in a place."""
        self.file.flush()
        # Without moving the file's place: another process may have it open too.
        packed = os.pread(self.file.fileno(), place[1], place[0])
        found: list[Any] = marshal.loads(packed)  # noqa: S302 - our own
        return found
