"""Record what is known, however long the ledger is away."""

from __future__ import annotations

import time
from collections.abc import Callable

from outreach.ledger.engine import DatabaseTrouble

RECORDING = 300.0
"""Seconds a sender keeps trying to record what it knows while the ledger cannot be written."""

AGAIN = 1.0
"""Seconds between two such tries."""


def insist(record: Callable[[], object], until: float | None = None) -> None:
    """Record an outcome, again and again while the ledger is locked or gone.

    What a sender knows for certain would otherwise become a doubt. Repeating changes nothing.
    `until` is the time, as `time.monotonic` has it, after which no further try is made.
    """
    until = recording_ends() if until is None else until
    while True:
        try:
            record()
            return
        except DatabaseTrouble:
            if time.monotonic() > until:
                raise
            time.sleep(AGAIN)


def recording_ends() -> float:
    """Return until when to insist on what is known now, as `time.monotonic` has it."""
    return time.monotonic() + RECORDING
