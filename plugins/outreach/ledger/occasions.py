"""Give pledges back that an edition took and never answered."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.editions import batch, delivery, edition

_NEVER_LEFT = (DeliveryState.SUPPRESSED.value, DeliveryState.CANCELLED.value)


def freed(occasion: str, edition_name: str) -> str:
    """Return what an edition keeps of an occasion that it gave back."""
    return f"{occasion}~{edition_name}"


def give_back(connection: sa.Connection, edition_id: int) -> None:
    """Let another edition answer this one's pledges, if no batch of it was ever claimed.

    The caller has just ended the edition, and holds its row: nothing can be claimed any more.
    One claim, or one delivery that may have left all the same, keeps every occasion.
    """
    claimed = sa.select(batch.c.id).where(batch.c.edition_id == edition_id, batch.c.epoch > 0)
    may_have_left = sa.select(delivery.c.contact_id).where(
        delivery.c.edition_id == edition_id,
        delivery.c.state.is_not(None),
        delivery.c.state.not_in(_NEVER_LEFT),
    )
    for query in (claimed, may_have_left):
        if connection.execute(query.limit(1)).first() is not None:
            return
    name = sa.select(edition.c.name).where(edition.c.id == edition_id).scalar_subquery()
    connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.edition_id == edition_id,
            delivery.c.occasion.like("pledge:%"),
            delivery.c.occasion.not_like("%~%"),
        )
        .values(occasion=delivery.c.occasion + "~" + name)
    )
