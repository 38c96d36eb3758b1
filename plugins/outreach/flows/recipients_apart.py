"""What became of single recipients of an accepted batch, grouped as the ledger keeps it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeGuard

from outreach.domain import DeliveryState
from outreach.errors import HandOverError, NotSent, Rejected
from outreach.ledger.apart import Apart
from outreach.ledger.claimed import ClaimedBatch
from outreach.providers.base import Otherwise

TRIES_APART = 4
"""So many reasons for which people were put off are tried again each at a time of its own."""


def apart(taken: ClaimedBatch, otherwise: Sequence[Otherwise], now: datetime) -> tuple[Apart, ...]:
    """Group the recipients of a batch who were not accepted: failed, in doubt, to be tried again.

    Whoever was put off is grouped by the reason, the rarest reasons together. An answer that is
    none of the three is a doubt: nobody is written to again because of it.
    """
    came_to = {taken.people[one.index].contact_id: one.error for one in otherwise}
    failed: dict[int, str] = {}
    doubts: dict[int, str] = {}
    put_off: dict[str, dict[int, NotSent]] = defaultdict(dict)
    for contact_id, error in came_to.items():
        if isinstance(error, NotSent):
            put_off[error.reason][contact_id] = error
        elif isinstance(error, Rejected):
            failed[contact_id] = error.reason
        else:
            doubts[contact_id] = error.reason
    groups = [_again(taken, some, now) for some in _few(put_off)]
    groups += [Apart(DeliveryState.FAILED, failed)] if failed else []
    groups += [Apart(DeliveryState.UNKNOWN, doubts)] if doubts else []
    return tuple(groups)


def backoff(attempts: int) -> float:
    """Seconds to wait after so many tries, drawn so that not everybody comes back at once."""
    return min(300.0, 2.0 ** min(attempts, 9)) * random.uniform(0.5, 1.5)  # noqa: S311


def all_hold(otherwise: Sequence[Otherwise]) -> NotSent | None:
    """Return the longest wait that was asked of every sender, if one was."""
    asked = [one.error for one in otherwise if _slows_all(one.error)]
    return max(asked, key=lambda error: error.retry_after, default=None)


def _slows_all(error: HandOverError) -> TypeGuard[NotSent]:
    return isinstance(error, NotSent) and error.everyone


def _few(by_reason: dict[str, dict[int, NotSent]]) -> list[dict[int, NotSent]]:
    ordered = sorted(by_reason.values(), key=len, reverse=True)
    rest = {one: error for some in ordered[TRIES_APART - 1 :] for one, error in some.items()}
    return [*ordered[: TRIES_APART - 1], *([rest] if rest else [])]


def _again(taken: ClaimedBatch, errors: dict[int, NotSent], now: datetime) -> Apart:
    asked = max(error.retry_after for error in errors.values())
    seconds = asked * random.uniform(1.0, 1.25) if asked else backoff(taken.attempts)  # noqa: S311
    reasons = {contact_id: error.reason for contact_id, error in errors.items()}
    return Apart(DeliveryState.PLANNED, reasons, now + timedelta(seconds=seconds))
