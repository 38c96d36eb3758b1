"""One contact by number: what the other tables say of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.errors import NotFound
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import (
    contact,
    erasure,
    organisation,
    statement,
    tracking_choice,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a number stands for. `email` is '' once erased."""

    id: int
    email: str = field(repr=False)
    address_hash: bytes = field(repr=False)
    domain_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What one source said of a contact: field -> text. `until` is None while it still says so."""

    source: str
    import_id: int | None
    at: datetime
    until: datetime | None
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice about counting a person's own clicks."""

    given: bool
    at: datetime
    source: str
    evidence: str
    wording_version: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One erasure: who did it and when, and how much was erased, by place."""

    at: datetime
    by: str
    via: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Employer:
    """The organisation that a contact is taken to belong to."""

    ods_code: str
    name: str
    pcn_name: str
    subscriber_type: str


def contact_numbered(connection: sa.Connection, number: int) -> Contact:
    """Return the contact with this number. Raises NotFound."""
    c = contact.c
    row = connection.execute(
        sa.select(c.id, c.email, c.address_hash, c.domain_hash).where(c.id == number)
    ).first()
    if row is None:
        raise NotFound("There is no such contact.")
    return Contact(row.id, row.email or "", row.address_hash, row.domain_hash)


def reasons_by_purpose(connection: sa.Connection, number: int) -> dict[Purpose, str]:
    """Return why a contact may not be written to for each purpose, '' where they may."""
    asked = [not_mailable(purpose).label(purpose.value) for purpose in Purpose]
    row = connection.execute(sa.select(*asked).where(contact.c.id == number)).one()
    return {purpose: row._mapping[purpose.value] for purpose in Purpose}


def statements(connection: sa.Connection, number: int) -> tuple[Said, ...]:
    """Return what each source said of a contact, the latest first."""
    s = statement.c
    rows = connection.execute(
        sa.select(s.source, s.import_id, s.stated_at, s.replaced_at, s.said)
        .where(s.contact_id == number)
        .order_by(s.stated_at.desc(), s.id.desc())
    )
    return tuple(Said(*row[:4], fields=_fields(row.said)) for row in rows)


def choices(connection: sa.Connection, number: int) -> tuple[Choice, ...]:
    """Return a contact's choices about click counting, the latest first."""
    t = tracking_choice.c
    query = sa.select(t.given, t.at, t.source, t.evidence, t.wording_version)
    rows = connection.execute(query.where(t.contact_id == number).order_by(t.id.desc()))
    return tuple(Choice(*row) for row in rows)


def erasures(connection: sa.Connection, address_hash: bytes) -> tuple[Proof, ...]:
    """Return the proofs of a person's erasures, the latest first."""
    e = erasure.c
    query = sa.select(e.at, e.by, e.via, e.counts).where(e.address_hash == address_hash)
    return tuple(Proof(*row) for row in connection.execute(query.order_by(e.id.desc())))


def employer(connection: sa.Connection, number: int) -> Employer | None:
    """Return the organisation a contact is linked to, None where there is none."""
    o = organisation.c
    row = connection.execute(
        sa.select(o.ods_code, o.name, o.pcn_name, o.subscriber_type)
        .join(contact, contact.c.organisation_id == o.id)
        .where(contact.c.id == number)
    ).first()
    return Employer(*row) if row else None


def _fields(said: str) -> dict[str, str]:
    found = json.loads(said or "{}")
    if not isinstance(found, dict):
        return {}
    return {str(name): _plain(value) for name, value in found.items() if value not in ("", None)}


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
