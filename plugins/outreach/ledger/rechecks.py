"""Who of a batch must no longer be written to: asked in the claim's own transaction.

It can only remove. Whatever costs a query of its own is asked only where the edition needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from outreach.domain import AGAIN, DeliveryState, Purpose
from outreach.ledger import batch_people, digests
from outreach.ledger.audience import (
    GOAL_REACHED,
    PLEDGED,
    RENEWAL_REACHED,
    RENEWED,
    latest_pledge,
    pledge_occasion,
)
from outreach.ledger.batch_people import PLEDGE, BatchPeople
from outreach.ledger.caps import HANDED_OVER, Cap, at_cap
from outreach.ledger.claimed import ClaimedPeople
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
) -> ClaimedPeople:
    """Return whoever of the batch `row` may still be written to; suppress the others."""
    asked = connection.execute(_EDITION, {"edition": row.edition_id}).one()
    found = batch_people.read(connection, row.id, Purpose(asked.purpose), asked.goal)
    why = _why_not(connection, row, asked, found, limits, now)
    both = zip(found.people.contact_ids, found.people.addresses, strict=True)
    # Whoever drops out anyhow may have no address any more.
    out_of_reach = [one for one, address in both if one not in why and not allowed(address)]
    why |= dict.fromkeys(out_of_reach, NOT_ALLOWED)
    dropped: dict[str, list[int]] = {}
    for contact_id, reason in why.items():
        dropped.setdefault(reason, []).append(contact_id)
    for reason, ids in dropped.items():
        _suppress(connection, row.edition_id, ids, reason)
    return found.without(why)


def _why_not(
    connection: sa.Connection,
    row: sa.Row[Any],
    asked: sa.Row[Any],
    found: BatchPeople,
    limits: Limits,
    now: datetime,
) -> dict[int, str]:
    """Return who of these people must not be written to any more, each with the first reason."""
    ids, occasions = found.people.contact_ids, found.answering()
    had: frozenset[int] = frozenset()
    if asked.again_of:
        had, earlier = _earlier(connection, row, asked.again_of)
        occasions += earlier
    reasons = [
        _now(connection, asked, row.edition_id, found.doubtful),
        dict.fromkeys(had, SENT_AFTER_ALL),
        _moved_on(connection, row.id, occasions, asked.goal),
        digests.dropped(connection, row, now) if asked.digest else {},
        no_longer_meant(connection, ids, asked.asks, asked.created_at),
    ]
    cap = _cap_for(asked.capped, limits)
    if cap:
        full = at_cap(connection, cap, now, besides_edition=row.edition_id, among=ids)
        reasons.append(dict.fromkeys(full, cap.reason))
    first = {one: why for reason in reversed(reasons) for one, why in reason.items()}
    # Some of these know of others as well, such as who dropped out of the batch before.
    return {one: first[one] for one in first.keys() & set(ids)} if first else first


_EDITION = sa.select(
    *(edition.c[name] for name in ("purpose", "goal", "capped", "again_of", "digest")),
    *(edition.c[name] for name in ("asks", "created_at")),
).where(edition.c.id == sa.bindparam("edition"))


def _now(
    connection: sa.Connection, asked: sa.Row[Any], edition_id: int, ids: Sequence[int]
) -> dict[int, str]:
    """Return who of those in question may not be written to, and why."""
    found: dict[int, str] = {}
    for some in chunks(ids):
        rows = connection.execute(
            _reasons(Purpose(asked.purpose), asked.goal), {"edition": edition_id, "some": some}
        )
        found |= {one.contact_id: one.why for one in rows if one.why}
    return found


@cache
def _reasons(purpose: Purpose, goal: str) -> sa.Select[Any]:
    whens = [(contact.c.address_hash != delivery.c.address_hash, sa.literal(ADDRESS_CHANGED))]
    mailable = not_mailable(purpose)
    if goal == PLEDGED:
        reached = sa.and_(mailable == "", latest_pledge().is_not(None))
        whens.append((reached, sa.literal(GOAL_REACHED)))
    return (
        sa.select(delivery.c.contact_id, sa.case(*whens, else_=mailable).label("why"))
        .select_from(delivery.join(contact, contact.c.id == delivery.c.contact_id))
        .where(
            delivery.c.edition_id == sa.bindparam("edition"),
            delivery.c.contact_id.in_(sa.bindparam("some", expanding=True)),
        )
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
    answering = {(one, occasion) for one, occasion in occasions if occasion.startswith(PLEDGE)}
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


def _suppress(connection: sa.Connection, edition_id: int, ids: Sequence[int], reason: str) -> None:
    for some in chunks(ids):
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(some))
            .values(state=DeliveryState.SUPPRESSED, reason=reason)
        )
