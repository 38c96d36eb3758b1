"""Who of a batch must no longer be written to: asked in the claim's own transaction.

It can only remove. Whatever costs a query of its own is asked only where the edition needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import AGAIN, DeliveryState, Purpose
from outreach.ledger import digests
from outreach.ledger.audience import (
    GOAL_REACHED,
    PLEDGED,
    RENEWAL_REACHED,
    RENEWED,
    latest_pledge,
    pledge_occasion,
)
from outreach.ledger.caps import HANDED_OVER, Cap, at_cap
from outreach.ledger.claimed import ClaimedPerson
from outreach.ledger.columns import chunks
from outreach.ledger.editions import delivery, edition
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, pledge
from outreach.ledger.sent_since import no_longer_meant
from outreach.ledger.states import EFFECTIVE, WITH_BATCH
from outreach.limits import Limits

ADDRESS_CHANGED = "address changed"
NOT_ALLOWED = "not on the allow-list"
PLEDGE_WITHDRAWN = "pledge withdrawn"
SENT_AFTER_ALL = "sent after all, as came to be known since this was ordered again"


def recheck(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    allowed: Callable[[str], bool],
    limits: Limits,
    now: datetime,
) -> list[ClaimedPerson]:
    """Return whoever of the batch `row` may still be written to; suppress the others."""
    asked = connection.execute(
        sa.select(
            *(edition.c[name] for name in ("purpose", "goal", "capped", "again_of", "digest")),
            *(edition.c[name] for name in ("asks", "created_at")),
        ).where(edition.c.id == row.edition_id)
    ).one()
    found = connection.execute(_people(row.id, Purpose(asked.purpose), asked.goal)).all()
    occasions = [(person.contact_id, person.occasion) for person in found]
    had: frozenset[int] = frozenset()
    if asked.again_of:
        had, earlier = _earlier(connection, row, asked.again_of)
        occasions += earlier
    stale = _moved_on(connection, row.id, occasions, asked.goal)
    cap = _cap_for(asked.capped, limits)
    full: frozenset[int] = frozenset()
    ids = [person.contact_id for person in found]
    outside = no_longer_meant(connection, ids, asked.asks, asked.created_at)
    if cap:
        full = at_cap(connection, cap, now, besides_edition=row.edition_id, among=ids)
    told = digests.dropped(connection, row, now) if asked.digest else {}
    people: list[ClaimedPerson] = []
    dropped: dict[str, list[int]] = {}
    for person in found:
        reason = person.why
        if not reason and person.contact_id in had:
            reason = SENT_AFTER_ALL
        reason = reason or stale.get(person.contact_id, "") or told.get(person.contact_id, "")
        reason = reason or outside.get(person.contact_id, "")
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


def _earlier(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    root: int,
) -> tuple[frozenset[int], list[tuple[int, str]]]:
    """Return what the others of a resend's family have of its batch's people.

    Whoever may have been written to by now, and (contact, occasion) of all their deliveries.
    """
    first, mate = edition.alias("first"), delivery.alias("mate")
    again = sa.select(first.c.name + AGAIN).where(first.c.id == root).scalar_subquery()
    made = sa.select(first.c.id).where(sa.or_(first.c.id == root, first.c.again_of == root))
    of_family = sa.or_(
        edition.c.id == root,
        edition.c.again_of == root,
        # A follow-up to those whom it failed to reach was written to them in its stead.
        sa.and_(edition.c.follows_to == "failed", edition.c.follows.in_(made)),
        # One that was made again from the claim journal is known by its name alone.
        sa.func.substr(edition.c.name, 1, sa.func.length(again)) == again,
    )
    rows = connection.execute(
        sa.select(delivery.c.contact_id, delivery.c.occasion, EFFECTIVE.label("effective"))
        .select_from(WITH_BATCH)
        .where(
            delivery.c.edition_id.in_(sa.select(edition.c.id).where(of_family)),
            delivery.c.edition_id != row.edition_id,
            delivery.c.contact_id.in_(
                sa.select(mate.c.contact_id).where(mate.c.batch_id == row.id)
            ),
        )
    ).all()
    had = frozenset(one.contact_id for one in rows if one.effective in HANDED_OVER)
    return had, [(one.contact_id, one.occasion) for one in rows]


def _moved_on(
    connection: sa.Connection, batch_id: int, occasions: Sequence[tuple[int, str]], goal: str
) -> dict[int, str]:
    """Return who no longer stands by the pledge that this message answers, or has renewed it
    where that is the goal; each with the reason."""
    answering = {(one, occasion) for one, occasion in occasions if occasion.startswith("pledge:")}
    if not answering:
        return {}
    rows = connection.execute(
        sa.select(pledge.c.contact_id, pledge.c.pledged_at)
        .join(delivery, delivery.c.contact_id == pledge.c.contact_id)
        .where(delivery.c.batch_id == batch_id, pledge.c.withdrawn_at.is_(None))
    )
    standing = {(row.contact_id, pledge_occasion(row.pledged_at)) for row in rows}
    moved: dict[int, str] = {}
    if goal == RENEWED:
        latest = dict(sorted(standing))
        for one, occasion in answering:
            if latest.get(one, "") > occasion:
                moved[one] = RENEWAL_REACHED
    return moved | dict.fromkeys((one for one, _ in answering - standing), PLEDGE_WITHDRAWN)


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
