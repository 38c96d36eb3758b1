"""How many rows to take at once, and how often to say how far an import has come."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine

from outreach.loglines import for_log

log = logging.getLogger("outreach.imports")

T = TypeVar("T")
Write = Callable[[Connection, Sequence[T]], None]

CHUNK = 500
"""Rows of the first transaction; the later ones are as many as their time allows."""

_LEAST, _MOST = 500, 5_000
_AIM = 0.05
"""Seconds for a transaction: under 100 ms also where the machine is slower for a moment."""

_SCATTERED = 100
"""Rows of the first transaction whose rows lie all over a table: each may cost a page."""

_SAY_EVERY = 5.0


class Pace:
    """Keeps each transaction short, so that an unsubscribe never waits for an import."""

    def __init__(self, first: int = CHUNK) -> None:
        self._size = first
        self._least = min(first, _LEAST)
        self._a_row = 0.0

    def size(self) -> int:
        """Return how many rows the next transaction should take."""
        return self._size

    @contextmanager
    def timing(self, rows: int) -> Iterator[None]:
        """Time a transaction that takes `rows` rows, and set the size of the next by it."""
        began = time.perf_counter()
        yield
        a_row = (time.perf_counter() - began) / max(rows, 1)
        # One slow transaction says less than those before it: the disk was busy for once.
        self._a_row = (self._a_row + a_row) / 2 if self._a_row else a_row
        # A coarse clock may say that no time went by.
        fitting = int(_AIM / self._a_row) if self._a_row else _MOST
        self._size = max(self._least, min(_MOST, fitting, self._size * 2))


def by_pace(engine: Engine, rows: Sequence[T], write: Write[T]) -> None:
    """Write rows that lie all over a table in short transactions: `write` takes some of them."""
    pace, start = Pace(_SCATTERED), 0
    while some := rows[start : start + pace.size()]:
        with pace.timing(len(some)), engine.begin() as connection:
            write(connection, some)
        start += len(some)


@contextmanager
def without_sweeps() -> Iterator[None]:
    """Keep Python from looking for circular garbage meanwhile: rows are many and form none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Progress:
    """Tells the task's log every few seconds how far an import has come: counts only."""

    def __init__(self, what: str) -> None:
        self._what = for_log(what)
        self._next = time.monotonic() + _SAY_EVERY

    def say(self, done: int, total: int = 0) -> None:
        """Note that `done` rows were handled, of `total` where that is known."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SAY_EVERY
            log.info("%s: %s rows", self._what, f"{done:,} of {total:,}" if total else f"{done:,}")
