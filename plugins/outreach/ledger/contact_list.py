"""Contacts a page at a time: searched, filtered, in both directions, quick with a million.

A page begins where the last one ended (by the contact's number), so that the thousandth page
costs what the first does. Nothing counts all that match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.ledger import mailable
from outreach.ledger.engine import reading
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, import_, organisation, pledge, suppression

MAILABLE = "yes"
NOT_MAILABLE = "no"
LARGEST = 2**31 - 1
"""No contact has a number beyond it: what a page backwards from the end begins at."""

_EXPORTED = 1_000
_SUPPRESSED = frozenset(reason.value for reason in SuppressionReason)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contacts to list; '' asks for any.

    `words` must each stand in a name, the organisation's name or the address. `address_hash`
    asks for one address. `standing` is "yes" (may be written to), "no", or one reason why not.
    `pledged` and `shared` are "yes" or "no".
    """

    words: tuple[str, ...] = field(default=(), repr=False)
    address_hash: bytes = b""
    sector: str = ""
    ics_area: str = ""
    borough: str = ""
    standing: str = ""
    pledged: str = ""
    source: str = ""
    shared: str = ""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One contact in a list. `reason` is why they may not be written to, '' where they may."""

    id: int
    email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    organisation: str
    job_role: str
    sector: str
    ics_area: str
    borough: str
    source: str
    shared_mailbox: bool
    left_at: datetime | None
    pledged: bool
    reason: str


def contact_page(
    connection: sa.Connection, wanted: Wanted, *, after: int = 0, before: int = 0, limit: int
) -> tuple[ContactRow, ...]:
    """Return up to `limit` contacts past number `after`; or, with `before`, the last ones
    below that number. Always in the order of their numbers."""
    query = _query(wanted, connection.dialect.name).limit(limit)
    if before:
        query = query.where(contact.c.id < before).order_by(contact.c.id.desc())
    else:
        query = query.where(contact.c.id > after).order_by(contact.c.id)
    rows = [ContactRow(*row) for row in connection.execute(query)]
    return tuple(reversed(rows)) if before else tuple(rows)


def all_contacts(engine: sa.Engine, wanted: Wanted) -> Iterator[ContactRow]:
    """Yield every contact that is wanted, in short reads."""
    after = 0
    while True:
        with reading(engine) as connection:
            rows = contact_page(connection, wanted, after=after, limit=_EXPORTED)
        yield from rows
        if len(rows) < _EXPORTED:
            return
        after = rows[-1].id


def sources(connection: sa.Connection) -> tuple[str, ...]:
    """Return the names of the sources that ever brought people."""
    query = sa.select(import_.c.source).where(import_.c.kind.in_(("contacts", "pledges")))
    return tuple(connection.execute(query.distinct().order_by(import_.c.source)).scalars())


def _query(wanted: Wanted, dialect: str) -> sa.Select[Any]:
    c = contact.c
    named = sa.func.coalesce(organisation.c.name, "")
    pledged = sa.exists().where(pledge.c.contact_id == c.id, pledge.c.withdrawn_at.is_(None))
    query = (
        sa.select(
            c.id,
            sa.func.coalesce(c.email, ""),
            c.first_name,
            c.last_name,
            sa.case((c.organisation_name != "", c.organisation_name), else_=named),
            c.job_role,
            c.sector,
            c.ics_area,
            c.borough,
            c.source,
            c.shared_mailbox,
            c.left_at,
            pledged.correlate(contact),
            not_mailable(None),
        )
        .select_from(contact)
        .outerjoin(organisation, organisation.c.id == c.organisation_id)
    )
    for column in ("sector", "ics_area", "borough", "source"):
        if value := getattr(wanted, column):
            query = query.where(c[column] == value)
    if wanted.address_hash:
        query = query.where(c.address_hash == wanted.address_hash)
    if wanted.shared:
        query = query.where(c.shared_mailbox.is_(wanted.shared == "yes"))
    if wanted.pledged:
        has = pledged.correlate(contact)
        query = query.where(has if wanted.pledged == "yes" else ~has)
    words = (_holding(word, dialect) for word in wanted.words)
    return query.where(*_standing(wanted.standing), *words)


def _standing(standing: str) -> Iterator[sa.ColumnElement[bool]]:
    """Yield what a standing asks of a contact; a cheap test before the dear one, which asks
    several tables, where there is one."""
    if standing != mailable.ERASED:
        yield contact.c.erased_at.is_(None)
    if standing == MAILABLE:
        yield not_mailable(None) == ""
    elif standing == NOT_MAILABLE:
        yield not_mailable(None) != ""
    elif standing:
        cheap = _cheap(standing)
        # Within a CASE no planner asks the dear one first.
        told = (
            not_mailable(None) if cheap is None else sa.case((cheap, not_mailable(None)), else_="")
        )
        yield told == standing


def _cheap(standing: str) -> sa.ColumnElement[bool] | None:
    """Return what is quick to ask and true of everybody with this standing, if anything is."""
    s = suppression.c
    if standing == mailable.ERASED:
        return sa.or_(contact.c.erased_at.is_not(None), contact.c.email.is_(None))
    if standing == mailable.LEFT:
        return contact.c.left_at.is_not(None)
    if standing == mailable.DOMAIN:
        domains = sa.select(s.domain_hash).where(s.domain_hash.is_not(None), s.lifted_at.is_(None))
        return contact.c.domain_hash.in_(domains)
    if standing not in _SUPPRESSED:
        return None
    addresses = sa.select(s.address_hash).where(
        s.reason == standing, s.lifted_at.is_(None), s.address_hash.is_not(None)
    )
    return contact.c.address_hash.in_(addresses)


def _holding(word: str, dialect: str) -> sa.ColumnElement[bool]:
    """SQLite's LIKE ignores the case of A to Z by itself, three times as fast as lower()."""
    pattern = "%" + re.sub(r"([/%_])", r"/\1", word) + "%"
    c = contact.c
    places = (c.last_name, c.first_name, c.organisation_name, c.email)
    if dialect == "sqlite":
        return sa.or_(*(place.like(pattern, escape="/") for place in places))
    return sa.or_(*(place.ilike(pattern, escape="/") for place in places))
