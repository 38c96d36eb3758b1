"""How long a sender waits for a batch that is planned for later."""

from __future__ import annotations

from datetime import UTC, datetime

from outreach.ledger.claimed import Nothing

PATIENCE = 60.0
"""Seconds a sender waits for a batch that is planned for later before it gives up."""

LOOK_AGAIN = 2.0
"""Seconds after which a waiting sender looks for an order again."""


def seconds_to_wait(nothing: Nothing) -> float | None:
    """Seconds to wait before asking again, or None where waiting is useless.

    Never long: an order is to be seen within seconds.
    """
    if nothing.wait_until is None:
        return None
    ahead = (nothing.wait_until - datetime.now(UTC)).total_seconds()
    return min(max(ahead, 0.05), LOOK_AGAIN) if ahead < PATIENCE else None
