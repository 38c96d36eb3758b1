"""Standing approvals as people read and withdraw them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.editions import campaign, standing_approval


@dataclass(frozen=True, slots=True)
class StandingRow:
    """One standing approval that nobody withdrew, of exactly the content `content_hash`."""

    id: int
    campaign: str
    content_hash: str
    by: str
    at: datetime


def standing(connection: sa.Connection) -> tuple[StandingRow, ...]:
    """Return every standing approval that was not withdrawn, the latest of each campaign first."""
    rows = connection.execute(
        sa.select(
            standing_approval.c.id,
            campaign.c.slug,
            standing_approval.c.content_hash,
            standing_approval.c.approved_by,
            standing_approval.c.approved_at,
        )
        .join(campaign, campaign.c.id == standing_approval.c.campaign_id)
        .where(standing_approval.c.withdrawn_at.is_(None))
        .order_by(campaign.c.slug, standing_approval.c.approved_at.desc())
    )
    return tuple(StandingRow(*row) for row in rows)


def withdraw(connection: sa.Connection, number: int, by: str, reason: str, now: datetime) -> bool:
    """Withdraw a standing approval; False where it did not stand any more."""
    done = connection.execute(
        sa.update(standing_approval)
        .where(standing_approval.c.id == number, standing_approval.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=by, withdrawn_reason=reason)
    )
    return bool(done.rowcount)
