"""Which edition follows which up."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.domain import Following
from outreach.ledger.editions import batch, delivery, edition, variant


def followed(connection: sa.Connection, edition_id: int) -> Following | None:
    """Return what an edition is a follow-up to, or None."""
    origin = edition.alias("origin")
    row = connection.execute(
        sa.select(origin.c.name, edition.c.follows_to)
        .join(origin, origin.c.id == edition.c.follows)
        .where(edition.c.id == edition_id)
    ).first()
    if row is None:
        return None
    return Following(row.name, "failed" if row.follows_to == "failed" else "accepted")


def follow_ups(connection: sa.Connection, edition_id: int) -> tuple[str, ...]:
    """Return the names of the editions that follow an edition up, oldest first."""
    rows = connection.execute(
        sa.select(edition.c.name).where(edition.c.follows == edition_id).order_by(edition.c.id)
    )
    return tuple(rows.scalars())


def arms_in(connection: sa.Connection, name: str) -> dict[bytes, str]:
    """Return address hash -> arm of everyone who was in one in the edition called `name`."""
    rows = connection.execute(
        sa.select(delivery.c.address_hash, variant.c.arm)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .join(variant, variant.c.id == batch.c.variant_id)
        .where(edition.c.name == name, variant.c.arm != "")
    )
    return {bytes(row.address_hash): row.arm for row in rows}
