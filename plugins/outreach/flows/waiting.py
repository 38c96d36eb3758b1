"""How long a sender waits: for a batch that is planned for later, and for the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from outreach.ledger.claimed import Nothing
from outreach.ledger.engine import DatabaseTrouble

RECORDING = 300.0
"""Seconds a sender keeps trying to record what it knows while the ledger cannot be written."""

PATIENCE = 60.0
"""Seconds a sender waits for a batch that is planned for later before it gives up."""

LOOK_AGAIN = 2.0
"""Seconds after which a waiting sender looks for an order again."""


def insist(record: Callable[[], object]) -> None:
    """Record an outcome, again and again while the ledger is locked or gone.

    What a sender knows for certain would otherwise become a doubt. Repeating changes nothing.
    """
    until = time.monotonic() + RECORDING
    while True:
        try:
            record()
            return
        except DatabaseTrouble:
            if time.monotonic() > until:
                raise
            time.sleep(1.0)


def seconds_to_wait(nothing: Nothing) -> float | None:
    """Seconds to wait before asking again, or None where waiting is useless.

    Never long: an order is to be seen within seconds.
    """
    if nothing.wait_until is None:
        return None
    ahead = (nothing.wait_until - datetime.now(UTC)).total_seconds()
    return min(max(ahead, 0.05), LOOK_AGAIN) if ahead < PATIENCE else None
