"""Whom a receipt crossed: suppressed, or otherwise out of reach, since their batch was claimed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.ledger.columns import chunks
from outreach.ledger.editions import delivery, edition
from outreach.ledger.in_question import in_question
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact


def mark_crossed(
    connection: sa.Connection, edition_id: int, batch_ids: Sequence[int], now: datetime
) -> None:
    """Mark who of these accepted batches may not be written to any more.

    Everyone was mailable at the claim, so whoever is not now was crossed in flight. Those whose
    delivery has a state of its own are left out.
    """
    purpose = Purpose(connection.execute(_PURPOSE, {"edition": edition_id}).scalar_one())
    asked: list[int] = []
    # Batch by batch: a query for many people PostgreSQL takes for worth compiling (its JIT).
    for batch_id in batch_ids:
        asked += connection.execute(_in_question(purpose), {"batch": batch_id}).scalars()
    for some in chunks(asked):
        crossed = connection.execute(_not_mailable(purpose), {"some": some}).scalars().all()
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(crossed))
            .values(crossed_at=now)
        )


_PURPOSE = sa.select(edition.c.purpose).where(edition.c.id == sa.bindparam("edition"))


@cache
def _in_question(purpose: Purpose) -> sa.Select[Any]:
    return sa.select(delivery.c.contact_id).where(
        delivery.c.batch_id == sa.bindparam("batch"),
        delivery.c.state.is_(None),
        in_question(purpose) == 1,
    )


@cache
def _not_mailable(purpose: Purpose) -> sa.Select[Any]:
    return sa.select(contact.c.id).where(
        contact.c.id.in_(sa.bindparam("some", expanding=True)), not_mailable(purpose) != ""
    )
