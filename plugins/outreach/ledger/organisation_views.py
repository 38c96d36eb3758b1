"""What people read about organisations: the list of them, and one of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import SubscriberType
from outreach.errors import NotFound
from outreach.ledger.mailable import not_mailable
from outreach.ledger.organisation_coverage import standing_pledges
from outreach.ledger.organisation_names import name_key
from outreach.ledger.people import contact, organisation, pledge


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One organisation as the ledger knows it."""

    id: int
    ods_code: str
    name: str
    sector: str
    ics_area: str
    borough: str
    postcode: str
    pcn_code: str
    pcn_name: str
    pcn_since: datetime | None
    subscriber_type: str
    type_set_by: str
    type_reason: str
    type_set_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ListedOrganisation:
    """One line of the list: the organisation, and whether a pledge stands there."""

    row: OrganisationRow
    pledged: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Which organisations are listed; empty sets no rule. `text`: part of a name, or a code."""

    text: str = ""
    sector: str = ""
    ics_area: str = ""
    borough: str = ""
    pcn: str = ""
    pledged: bool | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """How many people of an organisation share a reason not to be written to ('' = none)."""

    reason: str
    people: int


@dataclass(frozen=True, slots=True)
class PledgeCount:
    """How many pledges of one kind stand at an organisation, and when the last was made."""

    kind: str
    pledges: int
    latest: datetime | None


COLUMNS = tuple(organisation.c[field.name] for field in fields(OrganisationRow))
_PLACES = ("sector", "ics_area", "borough")


def row_of(found: Any) -> OrganisationRow:
    """Return a result with `COLUMNS` as an organisation."""
    return OrganisationRow(*(found[field.name] for field in fields(OrganisationRow)))


def organisations(
    connection: sa.Connection,
    wanted: Search,
    now: datetime,
    *,
    after: int = 0,
    before: int = 0,
    limit: int = 50,
) -> tuple[ListedOrganisation, ...]:
    """Return a page by name: from after, or up to before, the one so numbered."""
    o, standing = organisation.c, standing_pledges()
    pledged = standing.c.organisation_id.is_not(None)
    query = (
        sa.select(*COLUMNS, pledged.label("pledged"))
        .outerjoin(standing, standing.c.organisation_id == o.id)
        .where(*_rules(wanted, now))
        .limit(limit)
    )
    if wanted.pledged is not None:
        query = query.where(pledged if wanted.pledged else ~pledged)
    place = sa.tuple_(o.name_key, o.id)
    if after or before:
        here = sa.select(o.name_key).where(o.id == (after or before)).scalar_subquery()
        edge = sa.tuple_(sa.func.coalesce(here, ""), after or before)
        query = query.where(place > edge if after else place < edge)
    order = (o.name_key.desc(), o.id.desc()) if before and not after else (o.name_key, o.id)
    rows = list(connection.execute(query.order_by(*order)).mappings())
    if before and not after:
        rows.reverse()
    return tuple(ListedOrganisation(row_of(row), bool(row["pledged"])) for row in rows)


def _rules(wanted: Search, now: datetime) -> list[sa.ColumnElement[bool]]:
    o = organisation.c
    rules = [o[name] == getattr(wanted, name) for name in _PLACES if getattr(wanted, name)]
    closed = sa.and_(o.closed_at.is_not(None), o.closed_at <= now)
    rules.append(closed if wanted.closed else ~closed)
    if wanted.pcn:
        rules.append(sa.or_(o.pcn_code == wanted.pcn, _named_pcn(wanted.pcn)))
    if wanted.text.strip():
        text = wanted.text.strip()
        found = [
            o.ods_code.startswith(text.upper(), autoescape=True),
            sa.func.lower(o.name).contains(text.lower(), autoescape=True),
        ]
        if name_key(text):
            found.append(o.name_key.contains(name_key(text), autoescape=True))
        rules.append(sa.or_(*found))
    return rules


def _named_pcn(name: str) -> sa.ColumnElement[bool]:
    return sa.and_(organisation.c.pcn_code == "", organisation.c.pcn_name == name)


def organisation_coded(connection: sa.Connection, code: str) -> OrganisationRow:
    """Return the organisation with this ODS code, in whatever case. Raises NotFound."""
    query = sa.select(*COLUMNS).where(organisation.c.ods_code == code.strip().upper())
    found = connection.execute(query).mappings().first()
    if found is None:
        raise NotFound("no organisation has this ODS code; see the list of organisations")
    return row_of(found)


def organisation_numbered(connection: sa.Connection, number: int) -> OrganisationRow | None:
    """Return the organisation with this number, if there is one."""
    query = sa.select(*COLUMNS).where(organisation.c.id == number)
    found = connection.execute(query).mappings().first()
    return row_of(found) if found else None


def working_at(connection: sa.Connection, number: int) -> sa.ColumnElement[bool]:
    """Return SQL: whether a contact works at the organisation with this number.

    The index is looked into once for each 4,096 people. An import so writes to a few of its pages
    at a time, not to one for each organisation.
    """
    last = connection.execute(sa.select(sa.func.max(contact.c.id))).scalar() or 0
    # Not bound: what is looked for has to read as in the index.
    stretch = sa.literal_column("(contact.id >> 12)", sa.BigInteger())
    return sa.and_(contact.c.organisation_id == number, stretch.in_(range((last >> 12) + 1)))


def people_at(connection: sa.Connection, number: int) -> tuple[Person, ...]:
    """Return how many contacts an organisation has, by why they may not be written to."""
    each = (
        sa.select(not_mailable(None).label("reason"))
        .where(working_at(connection, number), contact.c.erased_at.is_(None))
        .subquery()
    )
    query = sa.select(each.c.reason, sa.func.count()).group_by(each.c.reason)
    return tuple(Person(reason, people) for reason, people in connection.execute(query))


def pledges_at(connection: sa.Connection, number: int) -> tuple[PledgeCount, ...]:
    """Return the pledges that stand at an organisation, by kind."""
    latest = sa.func.max(pledge.c.pledged_at, type_=pledge.c.pledged_at.type)
    query = (
        sa.select(pledge.c.kind, sa.func.count(), latest)
        .join(contact, contact.c.id == pledge.c.contact_id)
        .where(working_at(connection, number), pledge.c.withdrawn_at.is_(None))
        .group_by(pledge.c.kind)
        .order_by(pledge.c.kind)
    )
    return tuple(PledgeCount(*row) for row in connection.execute(query))


def distinct(connection: sa.Connection, name: str) -> tuple[str, ...]:
    """Return every value of one column of organisations, without the empty one."""
    column = organisation.c[name]
    query = sa.select(column).distinct().where(column != "").order_by(column)
    return tuple(connection.execute(query).scalars())


def networks(connection: sa.Connection, ics_area: str = "") -> tuple[tuple[str, str], ...]:
    """Return (code, or the name where there is no code; name) of every network with members."""
    o = organisation.c
    code = sa.func.coalesce(sa.func.nullif(o.pcn_code, ""), o.pcn_name).label("code")
    query = sa.select(code, sa.func.max(o.pcn_name).label("name")).where(code != "").group_by(code)
    if ics_area:
        query = query.where(o.ics_area == ics_area)
    return tuple((row.code, row.name) for row in connection.execute(query.order_by("name")))


def set_type(
    connection: sa.Connection,
    number: int,
    kind: SubscriberType,
    *,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    """Keep a person's word on an organisation's subscriber type; no import changes it."""
    connection.execute(
        sa.update(organisation)
        .where(organisation.c.id == number)
        .values(subscriber_type=kind.value, type_set_by=by, type_reason=reason, type_set_at=now)
    )
