"""Every suppression, standing or lifted, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.errors import NotFound
from outreach.ledger.engine import reading
from outreach.ledger.people import contact, suppression

_EXPORTED = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Which suppressions to list: of one reason, standing ("standing" or "lifted"), or about
    one address or its domain; '' and empty ask for any."""

    reason: str = ""
    state: str = ""
    address_hash: bytes = b""
    domain_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """One suppression. `contact_id` and `email` say whose it is, where a contact has that
    address; the suppression itself knows only a keyed hash."""

    id: int
    reason: str
    scope: str
    detail: str
    origin: str
    by: str
    import_id: int | None
    created_at: datetime
    lifted_at: datetime | None
    lifted_by: str
    lifted_reason: str
    whole_domain: bool
    contact_id: int | None
    email: str = field(repr=False)


def suppression_page(
    connection: sa.Connection, asked: Asked, *, older: int = 0, newer: int = 0, limit: int
) -> tuple[SuppressionRow, ...]:
    """Return up to `limit` suppressions, the latest first: those older than number `older`, or
    the nearest that are newer than number `newer`."""
    s = suppression.c
    query = _query(asked).limit(limit)
    if newer:
        query = query.where(s.id > newer).order_by(s.id)
    else:
        query = query.order_by(s.id.desc())
        query = query.where(s.id < older) if older else query
    rows = [SuppressionRow(*row) for row in connection.execute(query)]
    return tuple(reversed(rows)) if newer else tuple(rows)


def all_suppressions(engine: sa.Engine, asked: Asked) -> Iterator[SuppressionRow]:
    """Yield every suppression that is asked for, the latest first, in short reads."""
    older = 0
    while True:
        with reading(engine) as connection:
            rows = suppression_page(connection, asked, older=older, limit=_EXPORTED)
        yield from rows
        if len(rows) < _EXPORTED:
            return
        older = rows[-1].id


def standing_counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many suppressions stand, by reason, the most frequent first."""
    number = sa.func.count()
    query = (
        sa.select(suppression.c.reason, number)
        .where(suppression.c.lifted_at.is_(None))
        .group_by(suppression.c.reason)
        .order_by(number.desc(), suppression.c.reason)
    )
    return {reason: int(found) for reason, found in connection.execute(query)}


def suppression_numbered(connection: sa.Connection, number: int) -> SuppressionRow:
    """Return one suppression. Raises NotFound."""
    row = connection.execute(_query(Asked()).where(suppression.c.id == number)).first()
    if row is None:
        raise NotFound("There is no such suppression.")
    return SuppressionRow(*row)


def _query(asked: Asked) -> sa.Select[Any]:
    s, c = suppression.c, contact.c
    query = sa.select(
        s.id,
        s.reason,
        s.scope,
        s.detail,
        s.origin,
        s.by,
        s.import_id,
        s.created_at,
        s.lifted_at,
        s.lifted_by,
        s.lifted_reason,
        s.domain_hash.is_not(None),
        c.id,
        sa.func.coalesce(c.email, ""),
    ).outerjoin_from(suppression, contact, c.address_hash == s.address_hash)
    if asked.reason:
        query = query.where(s.reason == asked.reason)
    if asked.state:
        query = query.where(
            s.lifted_at.is_(None) if asked.state == "standing" else s.lifted_at.is_not(None)
        )
    hashes = [
        column == value
        for column, value in (
            (s.address_hash, asked.address_hash),
            (s.domain_hash, asked.domain_hash),
        )
        if value
    ]
    return query.where(sa.or_(*hashes)) if hashes else query
