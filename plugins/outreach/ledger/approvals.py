"""Approvals: of one edition, and standing ones of a content."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain import EditionState
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.editions import campaign, edition, standing_approval


def set_approved(
    connection: sa.Connection, found: EditionRecord, by: str, via: str, now: datetime
) -> bool:
    """Move a prepared edition to approved; False where it was not prepared any more."""
    done = connection.execute(
        sa.update(edition)
        .where(edition.c.id == found.id, edition.c.state == EditionState.PREPARED)
        .values(
            state=EditionState.APPROVED,
            approved_by=by,
            approved_via=via,
            approved_at=now,
            approval_hash=approval_of(found),
        )
    )
    return bool(done.rowcount)


def approval_of(found: EditionRecord) -> str:
    """Return what an approval of this edition names: its content and its audience."""
    return f"{found.content_hash[:16]}-{found.audience_hash[:16]}"


def has_standing(connection: sa.Connection, campaign_id: int, content_hash: str) -> str:
    """Return who gave a standing approval of exactly this content, or ''."""
    found = connection.execute(
        sa.select(standing_approval.c.approved_by).where(
            standing_approval.c.campaign_id == campaign_id,
            standing_approval.c.content_hash == content_hash,
            standing_approval.c.withdrawn_at.is_(None),
        )
    ).scalar()
    return str(found or "")


def standing_of(connection: sa.Connection, slug: str, content_hash: str) -> str:
    """Return who gave a campaign, by its name, a standing approval of this content, or ''."""
    found = connection.execute(sa.select(campaign.c.id).where(campaign.c.slug == slug)).scalar()
    return has_standing(connection, found, content_hash) if found is not None else ""


def add_standing(
    connection: sa.Connection, campaign_id: int, content_hash: str, by: str, now: datetime
) -> None:
    """Keep a standing approval of exactly this content; the first one stands until withdrawn."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    given = {"approved_by": by, "approved_at": now}
    again = {"withdrawn_at": None, "withdrawn_by": "", "withdrawn_reason": ""}
    connection.execute(
        insert(standing_approval)
        .values(campaign_id=campaign_id, content_hash=content_hash, **given)
        .on_conflict_do_update(
            index_elements=[standing_approval.c.campaign_id, standing_approval.c.content_hash],
            set_={**given, **again},
            where=standing_approval.c.withdrawn_at.is_not(None),
        )
    )
