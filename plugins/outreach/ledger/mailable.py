"""Whether a contact may be written to: one expression, used wherever it is asked.

It is evaluated at prepare, again at the claim, and in exports, so that the three agree.
"""

from __future__ import annotations

import sqlalchemy as sa

from outreach.domain import BasisKind, Purpose, SubscriberType
from outreach.ledger.people import basis, contact, organisation, suppression

NO_ADDRESS = "no address"
ERASED = "erased"
LEFT = "left"
NO_BASIS = "no basis"
NO_BASIS_FOR_PURPOSE = "no basis for this purpose"
DOMAIN = "domain suppressed"


def not_mailable(purpose: Purpose | None) -> sa.ColumnElement[str]:
    """Return SQL text: why the `contact` row in scope may not be written to, '' where it may.

    `purpose` None asks for any purpose at all (an export's "mailable" column).
    """
    return sa.case(
        (contact.c.erased_at.is_not(None), ERASED),
        (contact.c.email.is_(None), NO_ADDRESS),
        (suppressed_by(purpose).is_not(None), suppressed_by(purpose)),
        (_domain_suppressed(purpose), DOMAIN),
        (contact.c.left_at.is_not(None), LEFT),
        # First what holds for nearly everyone: PostgreSQL reads the whole table for the others.
        (_has_basis(purpose), ""),
        (_has_basis(None), NO_BASIS_FOR_PURPOSE),
        else_=NO_BASIS,
    )


def suppressed_by(purpose: Purpose | None) -> sa.ScalarSelect[str]:
    """Return SQL: the reason of the first standing suppression of this contact, or null."""
    return (
        sa.select(suppression.c.reason)
        .where(
            suppression.c.address_hash == contact.c.address_hash,
            standing_for(purpose),
        )
        .order_by(suppression.c.id)
        .limit(1)
        .correlate(contact)
        .scalar_subquery()
    )


def _domain_suppressed(purpose: Purpose | None) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            suppression.c.domain_hash == contact.c.domain_hash,
            # Few have one: PostgreSQL then reads only those.
            suppression.c.domain_hash.is_not(None),
            standing_for(purpose),
        )
        .correlate(contact)
    )


def standing_for(purpose: Purpose | None) -> sa.ColumnElement[bool]:
    """Return SQL: whether the `suppression` row in scope stands, and stops this purpose."""
    scope = suppression.c.scope
    stops = sa.or_(scope == "all", scope == purpose.value) if purpose else scope == "all"
    return sa.and_(suppression.c.lifted_at.is_(None), stops)


def _has_basis(purpose: Purpose | None) -> sa.ColumnElement[bool]:
    """Consent allows both purposes. Public task allows its own, and direct marketing only to
    corporate subscribers (PECR 2003, regulation 22 protects individual ones).

    A basis for one purpose allows nothing else, and one withdrawn for a purpose does not allow
    that purpose, though it stands for every other.
    """
    of_contact = basis.c.contact_id == contact.c.id
    standing = sa.and_(of_contact, basis.c.withdrawn_at.is_(None))
    if purpose is None:
        return sa.exists().where(standing).correlate(contact)
    for_it = sa.and_(standing, _reaches(purpose))
    if purpose is Purpose.PUBLIC_TASK:
        return sa.exists().where(for_it).correlate(contact)
    consent = sa.exists().where(for_it, basis.c.kind == BasisKind.CONSENT.value)
    corporate = sa.exists().where(
        organisation.c.id == contact.c.organisation_id,
        organisation.c.subscriber_type == SubscriberType.CORPORATE.value,
    )
    task = sa.exists().where(for_it, basis.c.kind == BasisKind.PUBLIC_TASK.value)
    return sa.or_(
        consent.correlate(contact), sa.and_(task.correlate(contact), corporate.correlate(contact))
    )


def _reaches(purpose: Purpose) -> sa.ColumnElement[bool]:
    """Whether the `basis` row in scope is for a purpose; one for all of them unless withdrawn."""
    taken_back = basis.alias("taken_back")
    withdrawn = (
        sa.exists()
        .where(
            taken_back.c.contact_id == basis.c.contact_id,
            taken_back.c.kind == basis.c.kind,
            taken_back.c.purpose == purpose.value,
            taken_back.c.withdrawn_at.is_not(None),
        )
        .correlate(basis)
    )
    return sa.or_(
        basis.c.purpose == purpose.value, sa.and_(basis.c.purpose == "", sa.not_(withdrawn))
    )
