"""Rows of people put aside until the whole file is read, then handed on by address.

Nothing is taken from a file before it was read to its end. Handed on in the order of their
address hashes, all rows about one person come together, and the ledger's index of addresses
is written from left to right. What does not fit into memory goes into a file without a name,
which is gone with the process, however that ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from outreach.errors import Fault, InputError
from outreach.flows.aside import PARTS, Aside, Place
from outreach.ledger.making import Made
from outreach.ledger.sheets import Sheet
from outreach.records import PersonRow, Quarantined
from outreach.sources.people import People

HOLD = 20_000
"""Rows held in memory before they are put aside."""

_HOLD_BAD = 500
_MOST_OF_ONE = 32 * 1024 * 1024
"""Bytes of one part: at 60 million rows of different people it would be as large."""

Part = tuple[list[PersonRow], list[Made] | None]
"""Some rows by address, and what is made of each where that is known."""

Prepared = Callable[[int], Part | None]
"""Returns a part that another process sorted, asked for one after the other; None once it fails."""

SheetReady = Callable[[], Sheet | None]
"""Returns the next sheet that another process laid out, None while there is none."""

Handed = tuple[list[list[Place]], list[Place], list[tuple[Any, ...]], int, int]
"""What another process has put aside: places of rows by part and of rows that cannot be taken,
the last of those, and how many there are of both kinds. Holds what `marshal` can write."""


class Staging:
    """The rows of one file. Use it as a context: leaving it forgets them.

    `file`: where to put them; without it a file is made in `folder` once there are too many.
    `sheet_ready` is set where rows are to be taken in sheets (`sharing`), not in blocks.
    """

    def __init__(self, folder: Path, file: IO[bytes] | None = None) -> None:
        self.rows = 0
        self.bad_rows = 0
        self.folder = folder
        self._held: list[PersonRow] = []
        self._bad: list[Quarantined] = []
        self._own: Aside | None = Aside(file, folder) if file else None
        self._others: list[Aside] = []
        self._last_bad: list[Quarantined] = []
        self._prepared: Prepared | None = None
        self.sheet_ready: SheetReady | None = None
        self._closing: list[Callable[[], None]] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget every row."""
        for close in reversed(self._closing):
            close()
        self._closing, self._prepared, self.sheet_ready = [], None, None
        for aside in self._all():
            aside.file.close()
        self.rows = self.bad_rows = 0
        self._held, self._bad, self._own, self._others = [], [], None, []
        self._last_bad = []

    def add(self, people: People) -> None:
        """Put some rows aside. Raises InputError where there is no room for them."""
        self.rows += len(people.rows)
        self.bad_rows += len(people.bad)
        self._held += people.rows
        self._bad += people.bad
        if len(self._held) >= HOLD:
            self._put_rows()
        if len(self._bad) >= _HOLD_BAD:
            aside = self._aside()
            aside.bad.append(aside.put([_flat(row) for row in self._bad]))
            self._bad.clear()

    def handed(self) -> Handed:
        """Put every row aside and return where all of them are, for `take_over`."""
        self._put_rows()
        aside = self._aside()
        aside.file.flush()
        return aside.parts, aside.bad, [_flat(row) for row in self._bad], self.rows, self.bad_rows

    def take_over(self, file: IO[bytes], handed: Handed, before: int) -> None:
        """Add what another process put into `file`; `before`: how many rows come before it.

        They come after every row that was added.
        """
        aside = Aside(file, self.folder, before)
        aside.parts, aside.bad, last, rows, bad_rows = handed
        self._others.append(aside)
        self.rows += rows
        self.bad_rows += bad_rows
        self._last_bad = aside.quarantined(last)

    def check(self, file_name: str) -> None:
        """Raise InputError where one person has so many rows that they cannot be held at once."""
        sizes = [[sum(length for _, length in part) for part in a.parts] for a in self._all()]
        if max(map(sum, zip(*sizes, strict=True)), default=0) > _MOST_OF_ONE:
            said = "hundreds of thousands of rows with the same address; this is no contact list"
            raise InputError(Fault(said, file_name))

    def blocks(self, size: Callable[[], int]) -> Iterator[Part]:
        """Yield the rows by address, about `size()` at a time; those of one person together."""
        waiting: list[PersonRow] = []
        made: list[Made] | None = []
        for rows, more in self._sorted_parts():
            made = made + more if made is not None and more is not None else None
            waiting += rows
            done = 0
            for block in _full_blocks(waiting, made, size):
                yield block
                done += len(block[0])
            del waiting[:done]
            if made:
                del made[:done]
        if waiting:
            yield waiting, made

    def bad(self) -> Iterator[list[Quarantined]]:
        """Yield the rows that cannot be taken, some hundred at a time, in order."""
        if self._own:
            for place in self._own.bad:
                yield self._own.quarantined(self._own.get(place))
        if self._bad:
            yield self._bad
        for aside in self._others:
            for place in aside.bad:
                yield aside.quarantined(aside.get(place))
        if self._last_bad:
            yield self._last_bad

    def part(self, number: int) -> list[PersonRow]:
        """Return the rows of one part, by address."""
        rows = [row for aside in self._all() for row in aside.part(number)]
        rows.sort()
        return rows

    def _sorted_parts(self) -> Iterator[Part]:
        if not self._all():
            self._held.sort()
            yield self._held, None
            return
        self._put_rows()
        for number in range(PARTS):
            yield (self._prepared and self._prepared(number)) or (self.part(number), None)

    def prepared_by(self, prepared: Prepared) -> None:
        """Ask for each part there, instead of sorting it here, as long as there are any."""
        self._prepared = prepared

    def laid_out_by(self, ready: SheetReady) -> None:
        """Take sheets from there, as many as are ready."""
        self.sheet_ready = ready

    def closing(self, close: Callable[[], None]) -> None:
        """Call this when the rows are forgotten; what was named last comes first."""
        self._closing.append(close)

    def file(self) -> IO[bytes]:
        """Return the file that rows are put into."""
        return self._aside().file

    def _put_rows(self) -> None:
        """Put the rows held into their parts: by the first byte of the address hash."""
        parts: list[list[PersonRow]] = [[] for _ in range(PARTS)]
        for row in self._held:
            parts[row[0][0]].append(row)
        self._held = []
        aside = self._aside()
        for places, some in zip(aside.parts, parts, strict=True):
            if some:
                places.append(aside.put(some))

    def _all(self) -> list[Aside]:
        return [self._own, *self._others] if self._own else self._others

    def _aside(self) -> Aside:
        if self._own is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115 - see `forget`
            self._own = Aside(file, self.folder)
        return self._own


def blocks(
    rows: list[PersonRow], made: list[Made] | None, size: Callable[[], int]
) -> Iterator[Part]:
    """Yield sorted rows about `size()` at a time; those of one person together."""
    done = 0
    for block in _full_blocks(rows, made, size):
        yield block
        done += len(block[0])
    if done < len(rows):
        yield rows[done:], made and made[done:]


def _full_blocks(
    rows: list[PersonRow], made: list[Made] | None, size: Callable[[], int]
) -> Iterator[Part]:
    """Yield sorted rows as long as there are `size()` of them."""
    start = 0
    while (end := start + size()) <= len(rows):
        while end < len(rows) and rows[end][0] == rows[end - 1][0]:
            end += 1
        yield rows[start:end], made and made[start:end]
        start = end


def _flat(row: Quarantined) -> tuple[Any, ...]:
    return row.row_number, row.column, row.reason, row.advice, dict(row.row)
