"""Pledges after they were made: renewed by a later one, or withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.columns import chunks
from outreach.ledger.people import pledge

Made = tuple[bytes, datetime]
"""Which pledge: the hash of the address, and the instant."""


@dataclass(frozen=True, slots=True)
class PledgeWithdrawal:
    """Who takes a pledge back, when and why."""

    by: str
    reason: str
    at: datetime


WHOLE = "organisation"
"""The kind of a pledge that somebody makes for all of their organisation."""


def widen(connection: sa.Connection, made: Collection[Made]) -> None:
    """Note that these pledges were made for the organisation, not by a person alone."""
    for address_hash, at in made:
        connection.execute(
            sa.update(pledge)
            .where(pledge.c.address_hash == address_hash, pledge.c.pledged_at == at)
            .values(kind=WHOLE)
        )


def mark_renewals(connection: sa.Connection, address_hashes: Collection[bytes]) -> None:
    """Set which pledges of these people renew an earlier one.

    A pledge renews where an earlier one stood when it was made, so the order in which files
    are taken in makes no difference. Rows that are right already are not written.
    """
    earlier = pledge.alias("earlier")
    renews = (
        sa.exists()
        .where(
            earlier.c.address_hash == pledge.c.address_hash,
            earlier.c.pledged_at < pledge.c.pledged_at,
            sa.or_(earlier.c.withdrawn_at.is_(None), earlier.c.withdrawn_at > pledge.c.pledged_at),
        )
        .correlate(pledge)
    )
    for some in chunks(sorted(address_hashes)):
        theirs = pledge.c.address_hash.in_(some)
        for value, ought in ((True, renews), (False, sa.not_(renews))):
            wrong = pledge.c.renewal.is_(sa.false() if value else sa.true())
            connection.execute(sa.update(pledge).where(theirs, wrong, ought).values(renewal=value))


def withdraw_all(connection: sa.Connection, address_hash: bytes, how: PledgeWithdrawal) -> int:
    """Withdraw every standing pledge of an address; return how many."""
    done = connection.execute(
        sa.update(pledge)
        .where(pledge.c.address_hash == address_hash, pledge.c.withdrawn_at.is_(None))
        .values(withdrawn_at=how.at, withdrawn_by=how.by, withdrawn_reason=how.reason)
    )
    return int(done.rowcount)


def withdraw_rows(
    connection: sa.Connection, said: Mapping[Made, datetime], source: str
) -> frozenset[Made]:
    """Withdraw the pledges that a source's rows say were taken back; return which stood.

    One that was withdrawn before keeps who withdrew it and when.
    """
    if not said:
        return frozenset()
    standing = connection.execute(
        sa.select(pledge.c.id, pledge.c.address_hash, pledge.c.pledged_at).where(
            pledge.c.address_hash.in_({address_hash for address_hash, _ in said}),
            pledge.c.withdrawn_at.is_(None),
        )
    ).all()
    ended = {(bytes(r.address_hash), r.pledged_at): r.id for r in standing}
    ended = {made: number for made, number in ended.items() if made in said}
    for made, number in ended.items():
        connection.execute(
            sa.update(pledge)
            .where(pledge.c.id == number)
            .values(withdrawn_at=said[made], withdrawn_by=source, withdrawn_reason="import")
        )
    return frozenset(ended)
