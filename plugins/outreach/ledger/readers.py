"""One contact as campaign copy sees them, and whether an address is suppressed."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.domain import Reader
from outreach.errors import NotFound
from outreach.ledger.audience import latest_pledge, reader_of
from outreach.ledger.engine import reading
from outreach.ledger.people import contact, organisation, suppression
from outreach.ledger.placing import AS_READ


def reader(engine: sa.Engine, address_hash: bytes) -> Reader:
    """Return the contact with this address. Raises NotFound."""
    found = reader_or_none(engine, address_hash)
    if found is None:
        raise NotFound("this address is not a contact's; import it first, or leave --as out")
    return found


def reader_or_none(engine: sa.Engine, address_hash: bytes) -> Reader | None:
    """Return the contact with this address, or None."""
    return _one(engine, contact.c.address_hash == address_hash)


def reader_numbered(engine: sa.Engine, contact_id: int) -> Reader:
    """Return the contact with this number. Raises NotFound."""
    found = _one(engine, contact.c.id == contact_id)
    if found is None:
        raise NotFound("there is no contact with this id")
    return found


def _one(engine: sa.Engine, which: sa.ColumnElement[bool]) -> Reader | None:
    with reading(engine) as connection:
        row = connection.execute(
            sa.select(
                contact,
                *AS_READ,
                organisation.c.name.label("known_organisation"),
                latest_pledge().label("pledged_at"),
            )
            .select_from(contact.outerjoin(organisation))
            .where(which, contact.c.erased_at.is_(None))
        ).first()
    return reader_of(row) if row else None


def is_suppressed(engine: sa.Engine, address_hash: bytes, domain_hash: bytes) -> bool:
    """Whether a suppression of any scope stands for an address or its domain."""
    with reading(engine) as connection:
        found = connection.execute(
            sa.select(suppression.c.id)
            .where(
                suppression.c.lifted_at.is_(None),
                sa.or_(
                    suppression.c.address_hash == address_hash,
                    suppression.c.domain_hash == domain_hash,
                ),
            )
            .limit(1)
        ).scalar()
    return found is not None
