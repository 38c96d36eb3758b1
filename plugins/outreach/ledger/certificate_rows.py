"""An edition's account person by person, and what was kept of it when it was settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, Following
from outreach.ledger.editions import batch, delivery, edition, exclusion
from outreach.ledger.follow_ups import follow_ups, followed
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH

EXCLUDED = "excluded"
ACCEPTED = "accepted"

_ACCEPTED = frozenset(state.value for state in ACCEPTED_OR_LATER)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One person of an edition's account.

    `counts_as` is the line of the certificate on which they count, `excluded` for somebody
    outside the audience. Times are None where they do not apply.
    """

    contact_id: int
    counts_as: str
    state: str
    reason: str
    batch: int = 0
    message_id: str = ""
    claimed_at: datetime | None = None
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    crossed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of an edition: its certificate as settled, hashes, its resends' names, what
    it follows up, and what follows it up."""

    certificate: dict[str, Any] | None
    certified_at: datetime | None
    again_of: str
    resends: tuple[str, ...]
    follows: Following | None
    follow_ups: tuple[str, ...]


def kept(connection: sa.Connection, edition_id: int) -> Kept:
    """Return what was kept of an edition when it was last settled."""
    origin = edition.alias("origin")
    row = connection.execute(
        sa.select(edition.c.certificate, edition.c.certified_at, origin.c.name.label("origin"))
        .outerjoin(origin, origin.c.id == edition.c.again_of)
        .where(edition.c.id == edition_id)
    ).one()
    resends = connection.execute(
        sa.select(edition.c.name).where(edition.c.again_of == edition_id).order_by(edition.c.id)
    ).scalars()
    return Kept(
        row.certificate,
        row.certified_at,
        row.origin or "",
        tuple(resends),
        followed(connection, edition_id),
        follow_ups(connection, edition_id),
    )


def account_rows(connection: sa.Connection, edition_id: int) -> Iterator[AccountRow]:
    """Yield everybody of an edition: its deliveries, then whoever was outside its audience."""
    rows = connection.execution_options(yield_per=2000).execute(
        sa.select(
            delivery.c.contact_id,
            EFFECTIVE.label("effective"),
            REASON.label("why"),
            batch.c.number,
            batch.c.message_id,
            batch.c.claimed_at,
            delivery.c.delivered_at,
            delivery.c.bounced_at,
            delivery.c.crossed_at,
        )
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id == edition_id)
        .order_by(delivery.c.contact_id)
    )
    for r in rows:
        taken = r.effective in _ACCEPTED
        yield AccountRow(
            contact_id=r.contact_id,
            counts_as=ACCEPTED if taken else r.effective,
            state=r.effective,
            reason=r.why,
            batch=r.number or 0,
            message_id=(r.message_id or "") if taken else "",
            claimed_at=r.claimed_at,
            delivered_at=r.delivered_at,
            bounced_at=r.bounced_at,
            crossed_at=r.crossed_at,
        )
    excluded = connection.execution_options(yield_per=2000).execute(
        sa.select(exclusion.c.contact_id, exclusion.c.reason)
        .where(exclusion.c.edition_id == edition_id)
        .order_by(exclusion.c.contact_id)
    )
    for contact_id, reason in excluded:
        yield AccountRow(contact_id, EXCLUDED, "not in the audience", reason)
