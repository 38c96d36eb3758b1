"""A small edition made of deliveries of another one, as frozen then, to be sent again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import AGAIN, Control, DeliveryState, EditionState
from outreach.ledger.assets import keep_those_of
from outreach.ledger.columns import chunks
from outreach.ledger.digests import copy_carried
from outreach.ledger.editions import audit, batch, campaign, delivery, edition, variant
from outreach.ledger.numbering import next_edition_id
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH

_CARRIED = (
    "campaign_id",
    "version_id",
    "title",
    "purpose",
    "provider",
    "batch_size",
    "sender",
    "reply_to",
    "owner",
    "format",
    "content_hash",
    "segment",
    "goal",
    "capped",
    "asks",
    "digest",
)
"""What a resend has in common with the edition it is made of."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery that a person wants sent again. `whole`: its message can still be made."""

    contact_id: int
    state: DeliveryState
    reason: str
    variant_id: int | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What a resend records: who ordered it, what it is called, and of what it is made."""

    name: str
    by: str
    via: str
    at: datetime


def family(connection: sa.Connection, edition_id: int) -> dict[int, str]:
    """Return id -> name of an edition, the one it came from, and all ordered again of that.

    The first stays locked, so that two orders come one after the other. One made again from the
    claim journal is known by its name alone.
    """
    root = connection.execute(
        sa.select(edition.c.again_of).where(edition.c.id == edition_id)
    ).scalar_one()
    root = root or edition_id
    first = connection.execute(
        sa.select(edition.c.name).where(edition.c.id == root).with_for_update()
    ).scalar_one()
    named = edition.c.name.startswith(f"{first}{AGAIN}", autoescape=True)
    rows = connection.execute(
        sa.select(edition.c.id, edition.c.name)
        .where(edition.c.id != root, sa.or_(edition.c.again_of == root, named))
        .order_by(edition.c.id)
    )
    return {root: first, **dict(rows.all())}


def settled(
    connection: sa.Connection, edition_id: int, contact_ids: Collection[int]
) -> dict[int, Settled]:
    """Return those of these people who have a delivery in an edition, their rows locked."""
    found: dict[int, Settled] = {}
    for some in chunks(sorted(contact_ids)):
        rows = connection.execute(
            sa.select(
                delivery.c.contact_id,
                EFFECTIVE.label("effective"),
                REASON.label("why"),
                batch.c.variant_id,
                sa.and_(delivery.c.email.is_not(None), delivery.c.slot_values.is_not(None)).label(
                    "whole"
                ),
            )
            .select_from(WITH_BATCH)
            .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(some))
            .order_by(delivery.c.contact_id)
            .with_for_update(of=delivery)
        )
        for r in rows:
            state = DeliveryState(r.effective)
            whole = bool(r.whole) and r.variant_id is not None
            found[r.contact_id] = Settled(r.contact_id, state, r.why, r.variant_id, whole)
    return found


def make(
    connection: sa.Connection, of: int, root: int, people: Sequence[Settled], order: Order
) -> int:
    """Make the approved edition `order.name` of some of edition `of`'s people; returns its id.

    Content, values, addresses and the approval are those of `of`; each delivery has the new
    edition as its occasion.
    """
    original = connection.execute(
        sa.select(edition, campaign.c.slug).join(campaign).where(edition.c.id == of)
    ).one()
    chosen = original._mapping
    audience = _audience_hash(connection, of, people)
    made = connection.execute(
        sa.insert(edition)
        .values(
            **{name: chosen[name] for name in _CARRIED},
            id=next_edition_id(connection),
            occurrence=order.name.partition("@")[2],
            name=order.name,
            state=EditionState.APPROVED,
            control=Control.RUN,
            audience_hash=audience,
            approval_hash=f"{original.content_hash[:16]}-{audience[:16]}",
            approved_by=original.approved_by,
            approved_via=f"carried over from {original.name}; ordered again by {order.by}"[:300],
            approved_at=order.at,
            intended=len(people),
            created_by=order.by,
            created_at=order.at,
            checked_at=order.at,
            again_of=root,
        )
        .returning(edition.c.id)
    ).scalar_one()
    _fill(connection, of, int(made), people, original.batch_size, order.name)
    keep_those_of(connection, of, int(made))
    return int(made)


def _fill(
    connection: sa.Connection,
    of: int,
    made: int,
    people: Sequence[Settled],
    batch_size: int,
    occasion: str,
) -> None:
    by_variant: dict[int, list[int]] = defaultdict(list)
    for one in people:
        by_variant[one.variant_id or 0].append(one.contact_id)
    number = 0
    for place, (variant_id, contacts) in enumerate(sorted(by_variant.items()), start=1):
        copied = _copy_variant(connection, variant_id, made, place, len(contacts))
        for some in chunks(contacts, min(batch_size, 500)):
            number += 1
            batch_id = connection.execute(
                sa.insert(batch)
                .values(edition_id=made, variant_id=copied, number=number, size=len(some))
                .returning(batch.c.id)
            ).scalar_one()
            _copy_deliveries(connection, of, made, int(batch_id), some, occasion)


def _copy_variant(
    connection: sa.Connection, variant_id: int, made: int, place: int, size: int
) -> int:
    old = connection.execute(sa.select(variant).where(variant.c.id == variant_id)).one()
    values = {
        "number": place,
        "label": old.label,
        "arm": old.arm,
        "content": old.content,
        "size": size,
    }
    statement = sa.insert(variant).values(edition_id=made, **values).returning(variant.c.id)
    copied = int(connection.execute(statement).scalar_one())
    copy_carried(connection, variant_id, copied)
    return copied


def _copy_deliveries(
    connection: sa.Connection,
    of: int,
    made: int,
    batch_id: int,
    contact_ids: Sequence[int],
    occasion: str,
) -> None:
    d = delivery.c
    kept = (d.contact_id, d.campaign_id, d.address_hash, d.email, d.slot_values)
    new = (
        sa.literal(made, d.edition_id.type),
        sa.literal(batch_id, d.batch_id.type),
        sa.literal(occasion, d.occasion.type),
    )
    connection.execute(
        sa.insert(delivery).from_select(
            [*(column.name for column in kept), "edition_id", "batch_id", "occasion"],
            sa.select(*kept, *new).where(d.edition_id == of, d.contact_id.in_(contact_ids)),
        )
    )


def _audience_hash(connection: sa.Connection, of: int, people: Sequence[Settled]) -> str:
    """Return a hash of who gets what of which edition: people, and the values frozen for them."""
    digest = hashlib.blake2s(f"again {of}".encode())
    for some in chunks(sorted(one.contact_id for one in people)):
        rows = connection.execute(
            sa.select(delivery.c.address_hash, delivery.c.slot_values)
            .where(delivery.c.edition_id == of, delivery.c.contact_id.in_(some))
            .order_by(delivery.c.contact_id)
        )
        for address_hash, values in rows:
            digest.update(bytes(address_hash))
            digest.update("\0".join(values).encode())
    return digest.hexdigest()


def note_each(
    connection: sa.Connection, order: Order, subjects: Collection[str], detail: str
) -> None:
    """Add an audit entry for each delivery of an order."""
    same = {"at": order.at, "who": order.by, "via": order.via, "action": "resend"}
    connection.execute(
        sa.insert(audit), [{**same, "subject": one, "detail": detail} for one in subjects]
    )


def ordered(connection: sa.Connection) -> list[str]:
    """Return the resends that may go and of which something is still planned, oldest first."""
    planned = (
        sa.exists()
        .where(batch.c.edition_id == edition.c.id, batch.c.state == DeliveryState.PLANNED)
        .correlate(edition)
    )
    rows = connection.execute(
        sa.select(edition.c.name)
        .where(
            edition.c.again_of.is_not(None),
            edition.c.state.in_([EditionState.APPROVED, EditionState.SENDING]),
            edition.c.control == Control.RUN,
            planned,
        )
        .order_by(edition.c.id)
    )
    return list(rows.scalars())
