"""Two processes lay out the rows of a long list: the other one from its front, this from its back.

This one writes meanwhile what is ready. It lays out a sheet itself only where none is, so that
neither waits for the other, whichever is faster.
"""

from __future__ import annotations

from collections.abc import Iterator

from outreach.flows.aside import PARTS
from outreach.flows.staging import SheetReady, Staging
from outreach.keys import Keys
from outreach.ledger.making import Making
from outreach.ledger.sheets import Sheet, lay_out
from outreach.sources.mailboxes import shared_mailboxes

_ROWS = 4_000
"""Rows of a sheet, about: what a transaction takes."""


def spans(rows: int) -> list[range]:
    """Return which parts of `rows` rows to lay out together, in order."""
    step = max(1, min(PARTS, PARTS * _ROWS // max(rows, 1)))
    return [range(start, min(start + step, PARTS)) for start in range(0, PARTS, step)]


class LayingOut:
    """Lays out what is put aside in `staging`, with a memory of texts that come again."""

    def __init__(self, staging: Staging, keys: Keys) -> None:
        self._staging = staging
        self._keys = keys
        self._making = Making()

    def sheet(self, parts: range) -> Sheet:
        """Return the rows of some parts as a sheet."""
        rows = [row for number in parts for row in self._staging.part(number)]
        return lay_out(rows, lambda some: self._making.of(some, self._keys, shared_mailboxes))


def sheets(staging: Staging, keys: Keys, ready: SheetReady) -> Iterator[Sheet]:
    """Yield every row that was put aside, once, in sheets in whatever order they are ready."""
    own, parts = LayingOut(staging, keys), spans(staging.rows)
    first, end = 0, len(parts)
    while first < end:
        theirs = ready()
        if theirs is None:
            end -= 1
            yield own.sheet(parts[end])
        else:
            first += 1
            yield theirs
