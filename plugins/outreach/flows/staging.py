"""Rows of people put aside until the whole file is read, then handed on by address.

Nothing is taken from a file before it was read to its end. Handed on in the order of their
address hashes, all rows about one person come together, and the ledger's index of addresses
is written from left to right. What does not fit into memory goes into a file without a name,
which is gone with the process, however that ends.
"""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from outreach.errors import Fault, InputError
from outreach.records import PersonRow, Quarantined
from outreach.sources.people import People

HOLD = 20_000
"""Rows held in memory before they are put aside."""

_HOLD_BAD = 500
_PARTS = 256
_MOST_OF_ONE = 32 * 1024 * 1024
"""Bytes of one part: at 60 million rows of different people it would be as large."""

_Place = tuple[int, int]
"""Where some rows were put: offset and length in bytes."""


class Staging:
    """The rows of one file. Use it as a context: leaving it forgets them."""

    def __init__(self, folder: Path) -> None:
        self.rows = 0
        self.bad_rows = 0
        self._folder = folder
        self._held: list[PersonRow] = []
        self._bad: list[Quarantined] = []
        self._file: IO[bytes] | None = None
        self._end = 0
        self._parts: list[list[_Place]] = [[] for _ in range(_PARTS)]
        self._bad_places: list[_Place] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, people: People) -> None:
        """Put some rows aside. Raises InputError where there is no room for them."""
        self.rows += len(people.rows)
        self.bad_rows += len(people.bad)
        self._held += people.rows
        self._bad += people.bad
        if len(self._held) >= HOLD:
            self._put_rows()
        if len(self._bad) >= _HOLD_BAD:
            self._bad_places.append(self._put([_flat(row) for row in self._bad]))
            self._bad.clear()

    def check(self, file_name: str) -> None:
        """Raise InputError where one person has so many rows that they cannot be held at once."""
        if max(sum(length for _, length in places) for places in self._parts) > _MOST_OF_ONE:
            said = "hundreds of thousands of rows with the same address; this is no contact list"
            raise InputError(Fault(said, file_name))

    def blocks(self, size: Callable[[], int]) -> Iterator[list[PersonRow]]:
        """Yield the rows by address, about `size()` at a time; those of one person together."""
        waiting: list[PersonRow] = []
        for part in self._sorted_parts():
            waiting += part
            start = 0
            while (end := start + size()) <= len(waiting):
                while end < len(waiting) and waiting[end][0] == waiting[end - 1][0]:
                    end += 1
                yield waiting[start:end]
                start = end
            del waiting[:start]
        if waiting:
            yield waiting

    def bad(self) -> Iterator[list[Quarantined]]:
        """Yield the rows that cannot be taken, some hundred at a time, in order."""
        for place in self._bad_places:
            yield [Quarantined(*one) for one in self._get(place)]
        if self._bad:
            yield self._bad

    def _sorted_parts(self) -> Iterator[list[PersonRow]]:
        if not self._file:
            self._held.sort()
            yield self._held
            return
        self._put_rows()
        for places in self._parts:
            rows = [row for place in places for row in self._get(place)]
            rows.sort()
            yield rows

    def _put_rows(self) -> None:
        """Put the rows held into their parts: by the first byte of the address hash."""
        parts: list[list[PersonRow]] = [[] for _ in range(_PARTS)]
        for row in self._held:
            parts[row[0][0]].append(row)
        self._held = []
        for places, some in zip(self._parts, parts, strict=True):
            if some:
                places.append(self._put(some))

    def _put(self, some: list[Any]) -> _Place:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - see __exit__
        packed = marshal.dumps(some)
        try:
            self._file.write(packed)
        except OSError as error:
            said = f"there is no room to put its rows aside ({error.strerror}); make some in"
            raise InputError(Fault(f"{said} {self._folder.name}")) from None
        place = self._end, len(packed)
        self._end += len(packed)
        return place

    def _get(self, place: _Place) -> list[Any]:
        assert self._file is not None
        self._file.seek(place[0])
        found: list[Any] = marshal.loads(self._file.read(place[1]))  # noqa: S302 - our own
        return found


def _flat(row: Quarantined) -> tuple[Any, ...]:
    return row.row_number, row.column, row.reason, row.advice, dict(row.row)
