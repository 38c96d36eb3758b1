"""Doubts as the ledger has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.errors import NotFound
from outreach.ledger.editions import batch, delivery
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """One delivery in doubt, by contact."""

    contact_id: int
    batch: int
    claimed_at: datetime | None
    reason: str
    batch_size: int
    others_proven: int


def doubts(connection: sa.Connection, edition_id: int) -> list[DoubtRow]:
    """Return an edition's doubts, by batch and contact."""
    mate = delivery.alias("mate")
    proven = (
        sa.select(sa.func.count())
        .where(
            mate.c.batch_id == delivery.c.batch_id,
            mate.c.state.in_([state.value for state in ACCEPTED_OR_LATER]),
        )
        .correlate(delivery)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(
            delivery.c.contact_id,
            batch.c.number,
            batch.c.claimed_at,
            batch.c.size,
            REASON.label("why"),
            proven.label("proven"),
        )
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id == edition_id, EFFECTIVE.in_([DeliveryState.UNKNOWN.value]))
        .order_by(batch.c.number, delivery.c.contact_id)
    )
    return [
        DoubtRow(r.contact_id, r.number or 0, r.claimed_at, r.why, r.size or 0, r.proven)
        for r in rows
    ]


def state_of(connection: sa.Connection, edition_id: int, contact_id: int) -> DeliveryState:
    """Return a delivery's effective state, its row locked for this transaction. Raises NotFound."""
    found = connection.execute(
        sa.select(EFFECTIVE)
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
        .with_for_update(of=delivery)
    ).scalar()
    if found is None:
        raise NotFound("there is no such delivery")
    return DeliveryState(found)


def set_failed(connection: sa.Connection, edition_id: int, contact_id: int, reason: str) -> None:
    """Settle one delivery as failed, with who said so and why."""
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
        .values(state=DeliveryState.FAILED.value, reason=reason)
    )
