"""List what may or may not have been sent, and let a named person settle it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.domain import DeliveryState, may_become
from outreach.errors import Refused
from outreach.ledger import doubt_store, edition_store
from outreach.ledger.engine import reading
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Doubt:
    """One delivery in doubt, with all that is known: when, in which batch, and why.

    `others_proven` counts people of the same batch whom an event has shown to be handed over.
    """

    delivery_id: str
    batch: int
    claimed_at: datetime | None
    reason: str
    batch_size: int
    others_proven: int


def doubts(ws: Workspace, edition: str) -> tuple[Doubt, ...]:
    """Return every doubt of an edition. Raises NotFound."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        found = doubt_store.doubts(connection, record.id)
    ids = ws.keys.delivery_ids(record.id, (row.contact_id for row in found))
    return tuple(
        Doubt(
            delivery_id=delivery_id,
            batch=row.batch,
            claimed_at=row.claimed_at,
            reason=row.reason,
            batch_size=row.batch_size,
            others_proven=row.others_proven,
        )
        for delivery_id, row in zip(ids, found, strict=True)
    )


def settle_doubt(
    ws: Workspace, edition: str, delivery_id: str, *, by: str, via: str, reason: str
) -> None:
    """Record that a doubt was not sent, as a named person found out.

    Nothing is sent by this. Raises Refused without a name and a reason, or where the delivery
    is not in doubt; TokenError for an id that is not ours.
    """
    if not by.strip() or not reason.strip():
        raise Refused("a doubt is settled by a named person with a reason: give --by and --reason")
    edition_id, contact_id = ws.keys.open_delivery_id(delivery_id)
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        record = edition_store.get(connection, edition)
        if record.id != edition_id:
            raise Refused(f"{delivery_id} is not a delivery of {edition}")
        state = doubt_store.state_of(connection, edition_id, contact_id)
        if state != DeliveryState.UNKNOWN or not may_become(state, DeliveryState.FAILED):
            raise Refused(f"{delivery_id} is {state}, not in doubt")
        doubt_store.set_failed(connection, edition_id, contact_id, f"settled by {by}: {reason}")
        edition_store.note(
            connection,
            who=by,
            via=via,
            action="settle",
            subject=f"{edition} {delivery_id}",
            at=now,
            detail=reason,
        )
