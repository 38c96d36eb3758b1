"""Whom an order about a person means, and the audit entry that keeps who gave it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.errors import InputError, NotFound, Refused
from outreach.ledger import contacts
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.suppressing import Target
from outreach.providers.filling import without_addresses
from outreach.sources.addresses import clean_address, clean_domain, tidy
from outreach.sources.values import BadValue

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_LONGEST = 200


def target_of(ws: Workspace, text: str) -> tuple[str, Target]:
    """Return an address or domain as the ledger has it. Raises InputError where it is neither."""
    plain = tidy(text)
    if "@" in plain.removeprefix("@"):
        address = address_of(plain)
        return address, Target(address_hash=ws.keys.address_hash(address))
    try:
        domain = clean_domain(plain)
    except BadValue as bad:
        raise InputError(f"{bad.reason}: {bad.advice}") from None
    return domain, Target(domain_hash=ws.keys.domain_hash(domain))


def address_of(text: str) -> str:
    """Return an address in the form it has in the ledger; one never valid stays as it is."""
    try:
        return clean_address(text)
    except BadValue as bad:
        if tidy(text).count("@") == 1:
            return tidy(text)
        raise InputError(f"{bad.reason}: {bad.advice}") from None


def contact_of(ws: Workspace, address: str) -> int:
    """Return the number of the contact with this address. Raises NotFound, InputError."""
    address_hash = ws.keys.address_hash(address_of(address))
    with reading(ws.engine) as connection:
        number = contacts.contact_id(connection, address_hash)
    if number is None:
        raise NotFound("there is no contact with this address")
    return number


def named(by: str, reason: str, what: str) -> str:
    """Return the reason, cut to what is kept. Raises Refused where a name or it is missing."""
    if not reason.strip() or not by.strip():
        raise Refused(f"{what} only with your name and a reason")
    return kept(reason)[:_LONGEST]


def kept(reason: str) -> str:
    """Return a person's reason as it is kept: one line, without addresses.

    It reaches task logs, XCom and the audit, which outlive an erasure.
    """
    return " ".join(without_addresses(reason).split())


def audit(ws: Workspace, plain: str, action: str, by: str, via: str, detail: str) -> None:
    """Record who did what, the person named by contact id or the start of the keyed hash."""
    address_hash = ws.keys.address_hash(plain)
    with ws.engine.begin() as connection:
        number = contacts.contact_id(connection, address_hash)
        note(
            connection,
            at=datetime.now(UTC),
            who=by,
            via=via,
            action=action,
            subject=subject_of(number, address_hash),
            detail=detail,
        )


def subject_of(number: int | None, address_hash: bytes) -> str:
    """Return how the audit names a person: never by address."""
    return f"contact {number}" if number else f"hash {address_hash.hex()[:8]}"
