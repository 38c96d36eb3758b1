"""Campaigns as the ledger knows them: by the name of their file."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.ledger.editions import campaign


def campaign_key(connection: sa.Connection, slug: str) -> int:
    """Return the campaign's id, keeping it if new; on PostgreSQL its row stays locked."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    connection.execute(insert(campaign).values(slug=slug).on_conflict_do_nothing())
    return int(
        connection.execute(
            sa.select(campaign.c.id).where(campaign.c.slug == slug).with_for_update()
        ).scalar_one()
    )


def has_campaign(connection: sa.Connection, slug: str) -> bool:
    """Whether an edition of it was ever prepared, or it was ever held."""
    found = connection.execute(sa.select(campaign.c.id).where(campaign.c.slug == slug)).scalar()
    return found is not None
