"""Events -> what is true of a delivery. Pure, and the same in whatever order events come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from outreach.domain import (
    ACCEPTED_OR_LATER,
    DeliveryState,
    Event,
    EventType,
    SuppressionReason,
    may_become,
)
from outreach.ledger.standings import Standing

E = EventType
S = DeliveryState

BURST = timedelta(seconds=10)
"""An open or click this soon after delivery is a machine's: people take longer to arrive."""

SHOWN_STATE: dict[EventType, DeliveryState] = {
    E.PROCESSED: S.ACCEPTED,
    E.DEFERRED: S.DEFERRED,
    E.DELIVERED: S.DELIVERED,
    E.BOUNCED: S.BOUNCED,
    E.BLOCKED: S.BOUNCED,
    E.DROPPED: S.DROPPED,
    E.OPENED: S.ACCEPTED,
    E.CLICKED: S.ACCEPTED,
    E.COMPLAINED: S.ACCEPTED,
    E.UNSUBSCRIBED: S.ACCEPTED,
}
"""The least that an event shows; the other types say nothing about the hand-over."""

_TIME_OF = {
    E.DELIVERED: "delivered_at",
    E.BOUNCED: "bounced_at",
    E.BLOCKED: "bounced_at",
    E.COMPLAINED: "complained_at",
    E.UNSUBSCRIBED: "unsubscribed_at",
}
_FORGOTTEN = frozenset({S.PLANNED, S.CANCELLED})
"""Where a ledger restored from a backup may have left somebody whom it had handed over."""
_IN_DOUBT = _FORGOTTEN | {S.UNKNOWN, S.FAILED}
SETTLED = "settled by an event: the provider took it"


def fact_key(event: Event, address_hash: bytes) -> bytes:
    """Return 16 bytes that are the same for the same fact under whatever provider id.

    `address_hash` stands in where the event carries no delivery id.
    """
    about = event.delivery_id or address_hash.hex()
    kind = event.provider_word if event.type is E.UNKNOWN else event.type.value
    text = "\0".join((about, kind, event.occurred_at.isoformat(), event.link))
    return hashlib.blake2s(text.encode(), digest_size=16).digest()


def apply(standing: Standing, event: Event) -> Standing:
    """Return the delivery after one event; opens and clicks are `with_engagement`'s."""
    changed = _moved(standing, event) | _timed(standing, event)
    return standing._replace(**changed) if changed else standing


def with_engagement(
    standing: Standing, events: Iterable[tuple[EventType, datetime, bool]]
) -> Standing:
    """Return the delivery with its first opens and clicks, by people and by machines apart.

    `events` are all opens and clicks known: (type, time, machine by the provider's word).
    """
    first: dict[str, datetime] = {}
    for kind, at, by_machine in events:
        whose = "machine_" if by_machine or _burst(standing, at) else ""
        name = whose + ("opened_at" if kind is E.OPENED else "clicked_at")
        first[name] = min(at, first.get(name, at))
    return standing._replace(
        opened_at=first.get("opened_at"),
        machine_opened_at=first.get("machine_opened_at"),
        clicked_at=first.get("clicked_at"),
        machine_clicked_at=first.get("machine_clicked_at"),
    )


def objection_in(event: Event) -> SuppressionReason | None:
    """Return the reason that an event gives never to write to its address again, if any."""
    if event.type is E.COMPLAINED:
        return SuppressionReason.COMPLAINED
    if event.type is E.UNSUBSCRIBED:
        return SuppressionReason.UNSUBSCRIBED
    if event.type is E.BOUNCED and event.hard:
        return SuppressionReason.HARD_BOUNCE
    return None


def unexpected(standing: Standing, event: Event) -> bool:
    """Whether an event shows a hand-over that never should have been (suppressed, cancelled)."""
    return event.type in SHOWN_STATE and standing.state in (S.SUPPRESSED, S.CANCELLED)


def never_handed_over(standing: Standing, event: Event) -> bool:
    """Whether an event is about a message that this ledger holds not to have left.

    Besides the `unexpected` ones: planned, as after a restored backup.
    """
    waiting = event.type in SHOWN_STATE and standing.state is S.PLANNED
    return waiting or unexpected(standing, event)


def _burst(standing: Standing, at: datetime) -> bool:
    return standing.delivered_at is not None and at <= standing.delivered_at + BURST


def _moved(standing: Standing, event: Event) -> dict[str, Any]:
    """Return the fields in which an event moves a delivery's state."""
    shown = SHOWN_STATE.get(event.type)
    if shown is None or not _may_move(standing.state, shown):
        return {}
    if shown in (S.BOUNCED, S.DROPPED, S.DEFERRED):
        soft = "blocked: " if event.type is E.BLOCKED else ""
        reason = f"{soft}{event.reason}"
    elif standing.state in _IN_DOUBT:
        reason = SETTLED
    else:
        reason = SETTLED if standing.reason == SETTLED else ""
    return {"own": shown, "reason": reason}


def _may_move(old: DeliveryState, new: DeliveryState) -> bool:
    # An event with our id about a planned delivery proves that it was handed over (a ledger
    # restored from a backup): it passes through doubt to where the event says.
    through_doubt = (
        old in _FORGOTTEN
        and new in ACCEPTED_OR_LATER
        and may_become(old, S.UNKNOWN)
        and may_become(S.UNKNOWN, new)
    )
    return through_doubt or may_become(old, new)


def _timed(standing: Standing, event: Event) -> dict[str, Any]:
    """Return the time that an event sets or puts earlier."""
    name = _TIME_OF.get(event.type)
    if name is None:
        return {}
    known: datetime | None = getattr(standing, name)
    if known is not None and known <= event.occurred_at:
        return {}
    return {name: event.occurred_at}
