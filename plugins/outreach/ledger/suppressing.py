"""Suppressions that a person sets or lifts, for one address or a whole domain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import DeliveryState, SuppressionReason
from outreach.errors import NotFound
from outreach.ledger import leavers
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery
from outreach.ledger.objections import cross
from outreach.ledger.people import contact, suppression

ALL = "all"
"""The scope of a suppression for every purpose."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a suppression is for, as keyed hashes: one address, or a whole domain."""

    address_hash: bytes | None = None
    domain_hash: bytes | None = None

    def matches(self) -> sa.ColumnElement[bool]:
        """Return SQL: the suppressions of exactly this target."""
        if self.address_hash is not None:
            return suppression.c.address_hash == self.address_hash
        return suppression.c.domain_hash == self.domain_hash


@dataclass(frozen=True, slots=True)
class Standing:
    """One suppression that stands. `number` 0 is the mark of a leaver that a list set."""

    number: int
    reason: SuppressionReason
    scope: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """One suppression and whom it is for. `contact_id` is None where that is no contact."""

    target: Target
    one: Standing
    stands: bool
    lifted_by: str
    contact_id: int | None


def suppress(
    connection: sa.Connection,
    target: Target,
    reason: SuppressionReason,
    *,
    detail: str,
    origin: str,
    now: datetime,
    scope: str = ALL,
    by: str = "",
) -> bool:
    """Add a suppression unless the same one stands; return whether it is new.

    What is in flight to the target right now is marked as crossed. One for every purpose
    counts as standing for each.
    """
    cross_targets(connection, [target], now)
    standing = sa.select(suppression.c.id).where(
        target.matches(),
        suppression.c.reason == reason.value,
        suppression.c.scope.in_({ALL, scope}),
        suppression.c.lifted_at.is_(None),
    )
    if connection.execute(standing).first():
        return False
    connection.execute(
        sa.insert(suppression).values(
            address_hash=target.address_hash,
            domain_hash=target.domain_hash,
            scope=scope,
            reason=reason.value,
            detail=detail,
            origin=origin,
            by=by,
            created_at=now,
        )
    )
    if reason is SuppressionReason.LEFT and target.address_hash and scope == ALL:
        leavers.mark_left(connection, [target.address_hash], now)
    return True


def cross_targets(connection: sa.Connection, targets: Collection[Target], now: datetime) -> None:
    """Mark as crossed what is claimed right now for these addresses and domains."""
    hashes = {t.address_hash for t in targets if t.address_hash is not None}
    domains = {t.domain_hash for t in targets if t.domain_hash is not None}
    if domains:
        hashes |= _flying_to(connection, domains)
    for some in chunks(sorted(hashes)):
        cross(connection, some, now)


def _flying_to(connection: sa.Connection, domains: set[bytes]) -> set[bytes]:
    """Return the hashes of the addresses at these domains that are claimed right now."""
    # On PostgreSQL this waits for claims that are about to be committed, as `cross` does.
    open_now = batch.c.state.in_((DeliveryState.PLANNED, DeliveryState.CLAIMED))
    connection.execute(sa.select(batch.c.id).where(open_now).with_for_update(read=True)).all()
    flying = (
        sa.select(contact.c.address_hash)
        .join(delivery, delivery.c.contact_id == contact.c.id)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .where(batch.c.state == DeliveryState.CLAIMED, contact.c.domain_hash.in_(domains))
    )
    return set(connection.execute(flying).scalars())


def standing(connection: sa.Connection, target: Target) -> tuple[Standing, ...]:
    """Return what stands against a target, the oldest first; a leaver's mark comes last."""
    s = suppression.c
    rows = connection.execute(
        sa.select(s.id, s.reason, s.scope, s.created_at)
        .where(target.matches(), s.lifted_at.is_(None))
        .order_by(s.id)
    )
    found = [Standing(r.id, SuppressionReason(r.reason), r.scope, r.created_at) for r in rows]
    if target.address_hash and not any(one.reason is SuppressionReason.LEFT for one in found):
        left = leavers.left_at(connection, target.address_hash)
        if left:
            found.append(Standing(0, SuppressionReason.LEFT, ALL, left))
    return tuple(found)


def kept(connection: sa.Connection, number: int) -> Kept:
    """Return one suppression, standing or lifted. Raises NotFound."""
    s = suppression.c
    row = connection.execute(
        sa.select(s.address_hash, s.domain_hash, s.reason, s.scope, s.created_at, s.lifted_by)
        .add_columns(s.lifted_at, contact.c.id.label("contact_id"))
        .outerjoin_from(suppression, contact, contact.c.address_hash == s.address_hash)
        .where(s.id == number)
    ).first()
    if row is None:
        raise NotFound("There is no such suppression.")
    return Kept(
        Target(row.address_hash, None if row.address_hash is not None else row.domain_hash),
        Standing(number, SuppressionReason(row.reason), row.scope, row.created_at),
        row.lifted_at is None,
        row.lifted_by,
        row.contact_id,
    )


def lift(
    connection: sa.Connection, target: Target, one: Standing, *, by: str, reason: str, now: datetime
) -> bool:
    """Lift one of what `standing` returned; return whether it stood. Never an erasure.

    Lifting that somebody left takes the mark off their contact as well.
    """
    if one.reason is SuppressionReason.ERASED:
        return False
    address_hash = target.address_hash
    if not one.number:
        return bool(address_hash) and leavers.take_back(
            connection, address_hash or b"", by=by, reason=reason, now=now
        )
    done = connection.execute(
        sa.update(suppression)
        .where(suppression.c.id == one.number, suppression.c.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by=by, lifted_reason=reason)
    )
    if one.reason is SuppressionReason.LEFT and address_hash:
        leavers.unmark(connection, address_hash, now)
    return bool(done.rowcount)
