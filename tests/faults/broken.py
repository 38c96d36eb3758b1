"""Senders that break the promise on purpose: the harness must catch each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.ledger import crossing, outcomes, rechecks
from outreach.ledger.claims import ClaimedBatch


def resends_doubts() -> None:
    """Put what is in doubt back to planned, as a sender that retries would."""

    def record_doubt(engine: Any, taken: ClaimedBatch, reason: str, now: datetime) -> bool:
        return outcomes.release(engine, taken, reason, now, now)

    outcomes.record_doubt = record_doubt


def forgets_people() -> None:
    """Take what the provider put off for sent."""

    def release(engine: Any, taken: ClaimedBatch, _reason: str, _at: Any, now: datetime) -> bool:
        return outcomes.record_accepted(engine, taken, "made-up", now)

    outcomes.release = release


def fails_doubts() -> None:
    """Call a lost reply a failure, as if nobody had got anything."""
    outcomes.record_doubt = outcomes.record_failed


def lists_no_crossing() -> None:
    """Forget who objected while their message was in flight."""
    crossing.mark_crossed = lambda *_: None


def ignores_objections() -> None:
    """Write to whoever was in the audience, whatever they said since."""
    rechecks.not_mailable = lambda _purpose: sa.literal("")


BROKEN: dict[str, Callable[[], None]] = {
    work.__name__.replace("_", " "): work
    for work in (
        resends_doubts,
        forgets_people,
        fails_doubts,
        lists_no_crossing,
        ignores_objections,
    )
}
