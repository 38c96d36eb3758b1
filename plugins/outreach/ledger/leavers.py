"""People who left: marked, never deleted, and marked until a named person says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.ledger.columns import chunks
from outreach.ledger.people import contact, suppression

_LEFT = SuppressionReason.LEFT.value


def mark_left(connection: sa.Connection, address_hashes: Collection[bytes], at: datetime) -> None:
    """Mark the contacts of these addresses as having left, unless they are marked already."""
    if address_hashes:
        connection.execute(
            sa.update(contact)
            .where(contact.c.address_hash.in_(address_hashes), contact.c.left_at.is_(None))
            .values(left_at=at)
        )


def mark_each(connection: sa.Connection, left: Mapping[bytes, datetime]) -> None:
    """Mark each of these (address hash -> when they left), unless they are marked already."""
    if not left:
        return
    whose = contact.c.address_hash == sa.bindparam("whose")
    connection.execute(
        sa.update(contact)
        .where(whose, contact.c.left_at.is_(None))
        .values(left_at=sa.bindparam("since")),
        [{"whose": address_hash, "since": at} for address_hash, at in sorted(left.items())],
    )


def left_at(connection: sa.Connection, address_hash: bytes) -> datetime | None:
    """Return when the contact of this address left, None where they did not."""
    query = sa.select(contact.c.left_at).where(contact.c.address_hash == address_hash)
    return connection.execute(query).scalar()


def take_back(
    connection: sa.Connection, address_hash: bytes, *, by: str, reason: str, now: datetime
) -> bool:
    """Unmark a leaver who came back; return whether they were marked.

    The mark is kept as a lifted suppression, so that the old list does not set it again.
    """
    left = left_at(connection, address_hash)
    if left is None:
        return False
    unmark(connection, address_hash, now)
    lifted = {"lifted_at": now, "lifted_by": by, "lifted_reason": reason}
    connection.execute(
        sa.insert(suppression).values(
            address_hash=address_hash, reason=_LEFT, origin="left", created_at=left, **lifted
        )
    )
    return True


def unmark(connection: sa.Connection, address_hash: bytes, now: datetime) -> None:
    """Take the mark off; the caller keeps who said so."""
    connection.execute(
        sa.update(contact)
        .where(contact.c.address_hash == address_hash, contact.c.left_at.is_not(None))
        .values(left_at=None, updated_at=now)
    )


def came_back(
    connection: sa.Connection, address_hashes: Collection[bytes]
) -> dict[bytes, datetime]:
    """Return when a person last said of each that they came back, of those of whom one did."""
    s = suppression.c
    back: dict[bytes, datetime] = {}
    for some in chunks(sorted(address_hashes)):
        rows = connection.execute(
            sa.select(s.address_hash, sa.func.max(s.lifted_at, type_=s.lifted_at.type))
            .where(s.address_hash.in_(some), s.reason == _LEFT, s.lifted_at.is_not(None))
            .group_by(s.address_hash)
        )
        back |= {bytes(address_hash): at for address_hash, at in rows}
    return back
