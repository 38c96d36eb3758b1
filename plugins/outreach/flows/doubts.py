"""List what may or may not have been sent, and let a named person settle it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.domain import DeliveryState, may_become
from outreach.errors import NotFound, Refused, TokenError
from outreach.flows.evidence import Evidence, evidence
from outreach.ledger import doubt_store, edition_store
from outreach.ledger.columns import chunks
from outreach.ledger.doubt_store import BatchEvents, DoubtBatch, DoubtRow, EventSeen
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.providers.filling import without_addresses
from outreach.providers.registry import TRACES
from outreach.workspace import Workspace

__all__ = [
    "BatchEvents",
    "Doubt",
    "DoubtBatch",
    "EventSeen",
    "Evidence",
    "doubts",
    "evidence",
    "settle_batch",
    "settle_doubt",
    "settle_doubts",
]

_AT_ONCE = 50
"""Doubts settled in one transaction, so that no writer waits long."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One delivery in doubt, with all that is known: when, in which batch, and why.

    `batch` is 0 where only the claim journal knew of it. `others_proven` counts people of the
    same batch whom an event has shown to be handed over; `whole` says more of that batch.
    `events` are about this delivery; `trace` is what the provider itself kept of it, in words.
    """

    delivery_id: str
    batch: int
    claimed_at: datetime | None
    reason: str
    batch_size: int
    others_proven: int
    sender_host: str = ""
    epoch: int = 0
    attempts: int = 0
    events: tuple[EventSeen, ...] = ()
    trace: str = ""
    whole: DoubtBatch | None = None


def doubts(ws: Workspace, edition: str) -> tuple[Doubt, ...]:
    """Return every doubt of an edition. Raises NotFound."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        found = doubt_store.doubts(connection, record.id)
    ids = ws.keys.delivery_ids(record.id, (row.contact_id for row in found))
    traces = _traces(ws, record, ids)
    return tuple(
        _doubt(delivery_id, row, traces.get(delivery_id, ""))
        for delivery_id, row in zip(ids, found, strict=True)
    )


def _doubt(delivery_id: str, row: DoubtRow, trace: str) -> Doubt:
    # A recovered delivery was claimed by a batch that the ledger forgot, not by its own.
    batch = None if row.recovered else row.batch
    return Doubt(
        delivery_id=delivery_id,
        batch=batch.number if batch else 0,
        claimed_at=batch.claimed_at if batch else None,
        reason=row.reason,
        batch_size=batch.size if batch else 0,
        others_proven=batch.proven if batch else 0,
        sender_host=batch.sender.partition("|")[0] if batch else "",
        epoch=batch.epoch if batch else 0,
        attempts=batch.attempts if batch else 0,
        events=row.events,
        trace=trace,
        whole=batch,
    )


def _traces(ws: Workspace, record: EditionRecord, ids: Sequence[str]) -> dict[str, str]:
    traces = TRACES.get(record.provider)
    if traces is None:
        return {}
    there = traces(ws.settings, record.campaign, record.occurrence, ids)
    return {
        one: f"its message stands in the {record.provider}"
        if one in there
        else f"no message of it stands in the {record.provider}"
        for one in ids
    }


def settle_doubt(
    ws: Workspace, edition: str, delivery_id: str, *, by: str, via: str, reason: str
) -> None:
    """Record that one doubt was not sent; see `settle_doubts`."""
    settle_doubts(ws, edition, (delivery_id,), by=by, via=via, reason=reason)


def settle_batch(
    ws: Workspace, edition: str, number: int, *, by: str, via: str, reason: str
) -> int:
    """Record that every doubt of batch `number` was not sent; returns how many these are.

    Raises NotFound where that batch has no doubts; else as `settle_doubts`.
    """
    found = [one.delivery_id for one in doubts(ws, edition) if number and one.batch == number]
    if not found:
        raise NotFound(f"batch {number} of {edition} has no doubts")
    return settle_doubts(ws, edition, found, by=by, via=via, reason=reason)


def settle_doubts(
    ws: Workspace, edition: str, delivery_ids: Iterable[str], *, by: str, via: str, reason: str
) -> int:
    """Record that these doubts were not sent, as a named person found out; returns how many.

    Nothing is sent by this. Each is recorded on its own. Raises Refused without a name and a
    reason, or where a delivery is not in doubt (nothing is changed if that is known from the
    start); NotFound for an id that is none of its deliveries.
    """
    by, reason = by.strip(), without_addresses(" ".join(reason.split()))[:300]
    if not by or not reason:
        raise Refused("a doubt is settled by a named person with a reason: give --by and --reason")
    named = list(dict.fromkeys(delivery_ids))
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        known = {row.contact_id for row in doubt_store.doubts(connection, record.id)}
        for one in named:
            contact_id = contact_of(ws, record, one)
            if contact_id not in known:
                state = doubt_store.state_of(connection, record.id, contact_id)
                raise Refused(f"{one} is {state}, not in doubt")
    for some in chunks(named, _AT_ONCE):
        _settle(ws, record, some, by, via, reason)
    return len(named)


def contact_of(ws: Workspace, record: EditionRecord, delivery_id: str) -> int:
    """Return whom a delivery of this edition is to. Raises NotFound where it is none of its."""
    try:
        edition_id, contact_id = ws.keys.open_delivery_id(delivery_id)
    except TokenError:
        edition_id = contact_id = 0
    if edition_id != record.id:
        raise NotFound(
            f"{record.name} has no delivery {delivery_id!r}; its page and outreach settle "
            "list those that it has"
        )
    return contact_id


def _settle(
    ws: Workspace, record: EditionRecord, some: Sequence[str], by: str, via: str, reason: str
) -> None:
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        for one in sorted(some, key=lambda text: contact_of(ws, record, text)):
            contact_id = contact_of(ws, record, one)
            state = doubt_store.state_of(connection, record.id, contact_id)
            if state != DeliveryState.UNKNOWN or not may_become(state, DeliveryState.FAILED):
                raise Refused(f"{one} is {state}, not in doubt")
            words = f"{doubt_store.SETTLED}{by}: {reason}"
            doubt_store.set_failed(connection, record.id, contact_id, words)
            edition_store.note(
                connection,
                who=by,
                via=via,
                action="settle",
                subject=f"{record.name} {one}",
                at=now,
                detail=reason,
            )
