"""Who has to be asked about: a cheap sieve before `not_mailable`, for claims and receipts.

`not_mailable` looks into four tables for a reason, person by person. Nearly everybody may be
written to: the sieve lets through whoever certainly may, at one look into each table, and only
the others are asked for their reason. It may hold up too many, never too few; a test compares
the two in every combination.
"""

from __future__ import annotations

import sqlalchemy as sa

from outreach.domain import BasisKind, Purpose, SubscriberType
from outreach.ledger.editions import delivery
from outreach.ledger.mailable import standing_for
from outreach.ledger.people import basis, contact, organisation, suppression


def in_question(purpose: Purpose, *others: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Return SQL: 0 only where the contact of the `delivery` row in scope is mailable for this
    purpose and none of the `others` holds, which may ask of both rows; else 1.

    A query inside the query, as PostgreSQL would else read all contacts for every batch.
    """
    doubts = sa.or_(
        *others,
        contact.c.erased_at.is_not(None),
        contact.c.email.is_(None),
        contact.c.left_at.is_not(None),
        _address_suppressed(purpose),
        _domain_suppressed(purpose),
        sa.func.coalesce(_plain_basis(purpose), 0) == 0,
    )
    return (
        sa.select(sa.case((doubts, 1), else_=0))
        .where(contact.c.id == delivery.c.contact_id)
        .correlate(delivery)
        .scalar_subquery()
    )


def _address_suppressed(purpose: Purpose) -> sa.ColumnElement[bool]:
    # With a limit, as PostgreSQL would else read all suppressions for every batch.
    return (
        sa.select(sa.literal_column("1"))
        .where(suppression.c.address_hash == contact.c.address_hash, standing_for(purpose))
        .limit(1)
        .correlate(contact)
        .scalar_subquery()
        .is_not(None)
    )


def _domain_suppressed(purpose: Purpose) -> sa.ColumnElement[bool]:
    """Few domains are suppressed, mostly none: the databases read them once for all contacts."""
    # Greater than nothing, not "is not null": SQLite then reads the index and not the table.
    domains = sa.select(suppression.c.domain_hash).where(
        suppression.c.domain_hash > b"", standing_for(purpose)
    )
    return sa.and_(sa.exists(domains), contact.c.domain_hash.in_(domains))


def _plain_basis(purpose: Purpose) -> sa.ScalarSelect[int]:
    """1 where a contact who never withdrew anything has a basis for this purpose, else 0 or null.

    What a withdrawal leaves standing is for `not_mailable` to say.
    """
    allows: sa.ColumnElement[bool] = sa.or_(basis.c.purpose == "", basis.c.purpose == purpose.value)
    if purpose is not Purpose.PUBLIC_TASK:
        corporate = sa.exists().where(
            organisation.c.id == contact.c.organisation_id,
            organisation.c.subscriber_type == SubscriberType.CORPORATE.value,
        )
        task = sa.and_(basis.c.kind == BasisKind.PUBLIC_TASK.value, corporate.correlate(contact))
        allows = sa.and_(allows, sa.or_(basis.c.kind == BasisKind.CONSENT.value, task))
    withdrawn = sa.func.count(basis.c.withdrawn_at)
    return (
        sa.select(sa.case((withdrawn == 0, sa.func.max(sa.case((allows, 1), else_=0)))))
        .where(basis.c.contact_id == contact.c.id)
        .correlate(contact)
        .scalar_subquery()
    )
