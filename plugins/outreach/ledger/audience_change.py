"""How an edition's audience differs from the last one's."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from outreach.domain import EditionState
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.editions import delivery, edition


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """How an audience differs from the one of the campaign's last edition, in people."""

    before: str
    both: int
    joined: int
    gone: int

    def described(self) -> str:
        """Return the difference in words."""
        return (
            f"Against the last edition ({self.before}): {self.both} people get both, "
            f"{self.joined} are new, {self.gone} are not in it any more."
        )


def audience_change(connection: sa.Connection, found: EditionRecord) -> AudienceChange | None:
    """Compare with the campaign's last edition; None where there is none.

    Counts everyone who was to be written to, whatever became of it.
    """
    before = connection.execute(
        sa.select(edition.c.id, edition.c.name)
        .where(
            edition.c.campaign_id == found.campaign_id,
            edition.c.id < found.id,
            edition.c.again_of.is_(None),
            edition.c.state.not_in([EditionState.REJECTED, EditionState.RECOVERED]),
        )
        .order_by(edition.c.id.desc())
        .limit(1)
    ).first()
    if before is None:
        return None

    def people(edition_id: int) -> sa.Select[int]:
        return sa.select(delivery.c.contact_id).where(
            delivery.c.edition_id == edition_id, delivery.c.batch_id.is_not(None)
        )

    def number(query: sa.Select[int]) -> int:
        return int(
            connection.execute(
                sa.select(sa.func.count()).select_from(query.subquery())
            ).scalar_one()
        )

    now, then = people(found.id), people(before.id)
    both = number(now.where(delivery.c.contact_id.in_(then)))
    return AudienceChange(before.name, both, number(now) - both, number(then) - both)
