"""Who of a batch must no longer be written to: asked in the claim's own transaction.

It can only remove. Whatever costs a query of its own is asked only where the edition needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState, Purpose
from outreach.ledger.audience import GOAL_REACHED, PLEDGED, latest_pledge, pledge_occasion
from outreach.ledger.caps import Cap, at_cap
from outreach.ledger.claimed import ClaimedPerson
from outreach.ledger.columns import chunks
from outreach.ledger.editions import delivery, edition
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, pledge
from outreach.limits import Limits

ADDRESS_CHANGED = "address changed"
NOT_ALLOWED = "not on the allow-list"
PLEDGE_WITHDRAWN = "pledge withdrawn"


def recheck(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    allowed: Callable[[str], bool],
    limits: Limits,
    now: datetime,
) -> list[ClaimedPerson]:
    """Return whoever of the batch `row` may still be written to; suppress the others."""
    asked = connection.execute(
        sa.select(edition.c.purpose, edition.c.goal, edition.c.capped).where(
            edition.c.id == row.edition_id
        )
    ).one()
    found = connection.execute(_people(row.id, Purpose(asked.purpose), asked.goal)).all()
    stale = _withdrawn(connection, row.id, found)
    cap = _cap_for(asked.capped, limits)
    full: frozenset[int] = frozenset()
    if cap:
        full = at_cap(connection, cap, now, besides_edition=row.edition_id, in_batch=row.id)
    people: list[ClaimedPerson] = []
    dropped: dict[str, list[int]] = {}
    for person in found:
        reason = person.why
        if not reason and person.contact_id in stale:
            reason = PLEDGE_WITHDRAWN
        if not reason and cap and person.contact_id in full:
            reason = cap.reason
        if not reason and not allowed(person.email):
            reason = NOT_ALLOWED
        if reason:
            dropped.setdefault(reason, []).append(person.contact_id)
        else:
            people.append(_claimed(person))
    for reason, ids in dropped.items():
        _suppress(connection, row.edition_id, ids, reason)
    return people


def _people(batch_id: int, purpose: Purpose, goal: str) -> sa.Select[Any]:
    whens = [(contact.c.address_hash != delivery.c.address_hash, sa.literal(ADDRESS_CHANGED))]
    mailable = not_mailable(purpose)
    if goal == PLEDGED:
        reached = sa.and_(mailable == "", latest_pledge().is_not(None))
        whens.append((reached, sa.literal(GOAL_REACHED)))
    return (
        sa.select(
            delivery.c.contact_id,
            delivery.c.email,
            delivery.c.address_hash,
            delivery.c.occasion,
            delivery.c.slot_values,
            sa.case(*whens, else_=mailable).label("why"),
        )
        .select_from(delivery.join(contact, contact.c.id == delivery.c.contact_id))
        .where(delivery.c.batch_id == batch_id, delivery.c.state.is_(None))
        .order_by(delivery.c.contact_id)
    )


def _withdrawn(
    connection: sa.Connection,
    batch_id: int,
    found: Sequence[sa.Row],  # type: ignore[type-arg]
) -> frozenset[int]:
    """Return who no longer stands by the pledge that this message answers."""
    answering = {p.contact_id: p.occasion for p in found if p.occasion.startswith("pledge:")}
    if not answering:
        return frozenset()
    rows = connection.execute(
        sa.select(pledge.c.contact_id, pledge.c.pledged_at)
        .join(delivery, delivery.c.contact_id == pledge.c.contact_id)
        .where(delivery.c.batch_id == batch_id, pledge.c.withdrawn_at.is_(None))
    )
    standing = {(row.contact_id, pledge_occasion(row.pledged_at)) for row in rows}
    return frozenset(one[0] for one in answering.items() if one not in standing)


def _cap_for(capped: bool, limits: Limits) -> Cap | None:
    if limits.emails_per_person is None or not capped:
        return None
    return Cap(limits.emails_per_person, limits.in_days)


def _claimed(person: sa.Row) -> ClaimedPerson:  # type: ignore[type-arg]
    return ClaimedPerson(
        person.contact_id,
        person.email,
        person.address_hash,
        person.occasion,
        tuple(person.slot_values),
    )


def _suppress(connection: sa.Connection, edition_id: int, ids: Sequence[int], reason: str) -> None:
    for some in chunks(ids):
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(some))
            .values(state=DeliveryState.SUPPRESSED, reason=reason)
        )
