"""Suppressions as they come in, and whom they cross in flight."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from outreach.domain import DeliveryState, SuppressionReason
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery
from outreach.ledger.people import contact, suppression
from outreach.ledger.standings import contact_ids

S = DeliveryState


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to write to an address any more, and when it arose; for all mail, or for the
    one purpose that `scope` names."""

    address_hash: bytes
    reason: SuppressionReason
    at: datetime
    detail: str = ""
    scope: str = "all"


def suppress(
    connection: sa.Connection, objections: Sequence[Objection], *, origin: str, now: datetime
) -> int:
    """Suppress each address, once per reason and scope; returns how many were new.

    An objection from before a person lifted the same suppression is not put back. Deliveries
    of these people that are in flight right now are marked as crossed.
    """
    added = 0
    for some in chunks(objections):
        added += _add_missing(connection, some, origin)
        cross(connection, [one.address_hash for one in some], now)
    return added


def _add_missing(connection: sa.Connection, objections: Sequence[Objection], origin: str) -> int:
    hashes = {one.address_hash for one in objections}
    known: dict[tuple[bytes, str, str], list[datetime | None]] = {}
    s = suppression.c
    for row in connection.execute(
        sa.select(s.address_hash, s.reason, s.scope, s.lifted_at).where(s.address_hash.in_(hashes))
    ):
        known.setdefault((bytes(row.address_hash), row.reason, row.scope), []).append(row.lifted_at)
    rows = []
    for one in objections:
        lifted = known.setdefault((one.address_hash, one.reason.value, one.scope), [])
        whole = known.get((one.address_hash, one.reason.value, "all"), [])
        if None not in whole and not any(when is None or when >= one.at for when in lifted):
            lifted.append(None)
            rows.append(
                {
                    "address_hash": one.address_hash,
                    "scope": one.scope,
                    "reason": one.reason.value,
                    "detail": one.detail,
                    "origin": origin,
                    "created_at": one.at,
                }
            )
    if rows:
        connection.execute(sa.insert(suppression), rows)
    return len(rows)


def cross(connection: sa.Connection, address_hashes: Collection[bytes], now: datetime) -> int:
    """Mark as crossed what is claimed right now for these addresses; returns how many.

    On PostgreSQL a claim in progress holds its batch, so this waits for it to commit (well
    under a second): no claim can miss the suppression and be missed here as well.
    """
    found: frozenset[_Open] = frozenset()
    # Whoever held a batch may have moved people to another one, which is not held yet.
    while (open_now := _held(connection, address_hashes)) != found:
        found = open_now
    in_flight = [(row.edition_id, row.contact_id) for row in open_now if row.state == S.CLAIMED]
    for edition_id, contact_id in sorted(in_flight):
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
            .values(crossed_at=now)
        )
    return len(in_flight)


class _Open(NamedTuple):
    """A delivery whose batch is planned or claimed."""

    edition_id: int
    contact_id: int
    batch_id: int
    state: str


def _held(connection: sa.Connection, address_hashes: Collection[bytes]) -> frozenset[_Open]:
    """Return what is planned or claimed for these addresses; its batches are held from now on."""
    rows = connection.execute(
        sa.select(delivery.c.edition_id, delivery.c.contact_id, delivery.c.batch_id, batch.c.state)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .where(
            delivery.c.contact_id.in_(contact_ids(*address_hashes)),
            delivery.c.state.is_(None),
            delivery.c.crossed_at.is_(None),
            batch.c.state.in_([S.PLANNED, S.CLAIMED]),
        )
        .with_for_update(read=True, of=batch)
    )
    return frozenset(_Open(*row) for row in rows)


def addresses_of(connection: sa.Connection, edition_id: int, contact_id: int) -> list[bytes]:
    """Return the hash of the address a delivery went to, and of the contact's present one.

    Empty where there is no such delivery. The delivery's row is locked, so that one link used
    twice at once is taken in once.
    """
    row = connection.execute(
        sa.select(delivery.c.address_hash, contact.c.address_hash.label("present"))
        .join(contact, contact.c.id == delivery.c.contact_id)
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
        .with_for_update(of=delivery)
    ).first()
    if row is None:
        return []
    return list(dict.fromkeys((bytes(row.address_hash), bytes(row.present))))


def note_unsubscribed(
    connection: sa.Connection, edition_id: int, contact_id: int, now: datetime
) -> None:
    """Set when a delivery's reader unsubscribed, unless that is known already."""
    connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.edition_id == edition_id,
            delivery.c.contact_id == contact_id,
            delivery.c.unsubscribed_at.is_(None),
        )
        .values(unsubscribed_at=now)
    )
