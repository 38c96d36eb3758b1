"""One person in the ledger: everything known, and suppressing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from outreach.addressform import composed, with_a_labels
from outreach.domain import Purpose
from outreach.ledger.caps import HANDED_OVER
from outreach.ledger.editions import audit, batch, delivery, edition, event, exclusion, variant
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import (
    basis,
    contact,
    erasure,
    import_,
    organisation,
    organisation_match,
    pledge,
    quarantined_row,
    statement,
    suppression,
    tracking_choice,
)
from outreach.ledger.resources import resource, variant_resource
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of the ledger about one person, each as column -> value."""

    contact: Mapping[str, Any] | None = field(default=None, repr=False)
    bases: tuple[Mapping[str, Any], ...] = ()
    pledges: tuple[Mapping[str, Any], ...] = ()
    suppressions: tuple[Mapping[str, Any], ...] = ()
    deliveries: tuple[Mapping[str, Any], ...] = ()
    exclusions: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    resources: tuple[Mapping[str, Any], ...] = ()
    quarantined: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    statements: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    tracking: tuple[Mapping[str, Any], ...] = ()
    matches: tuple[Mapping[str, Any], ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    erasures: tuple[Mapping[str, Any], ...] = ()


def facts_about(
    connection: sa.Connection, address: str, address_hash: bytes, domain_hash: bytes
) -> Facts:
    """Return every row about one address; all empty where it is not known."""
    c = contact.c
    known = (
        connection.execute(
            sa.select(
                contact,
                not_mailable(None).label("not_mailable_reason"),
                *(not_mailable(one).label(f"not_mailable_for_{one.value}") for one in Purpose),
                organisation.c.name.label("registered_organisation"),
            )
            .outerjoin(organisation, organisation.c.id == c.organisation_id)
            .where(c.address_hash == address_hash)
        )
        .mappings()
        .first()
    )
    number = known["id"] if known else -1
    s = suppression.c
    return Facts(
        _shown(known) if known else None,
        _rows(connection, sa.select(basis).where(basis.c.contact_id == number)),
        _rows(connection, sa.select(pledge).where(pledge.c.address_hash == address_hash)),
        _rows(
            connection,
            sa.select(suppression).where(
                sa.or_(s.address_hash == address_hash, s.domain_hash == domain_hash)
            ),
        ),
        _deliveries(connection, address_hash),
        _rows(
            connection,
            sa.select(edition.c.name, exclusion.c.reason)
            .join(edition, edition.c.id == exclusion.c.edition_id)
            .where(exclusion.c.contact_id == number),
        ),
        _events(connection, address_hash),
        _resources(connection, address_hash),
        tuple(quarantined_with(connection, address)),
        **_more(connection, address_hash, known),
    )


def _more(
    connection: sa.Connection, address_hash: bytes, known: sa.RowMapping | None
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Return what was said of them, what they chose, and what was done about them."""
    number = known["id"] if known else -1
    employer = known["organisation_name"] if known else ""
    subjects = (f"contact {number}", f"hash {address_hash.hex()[:8]}")
    queries = {
        "statements": sa.select(statement).where(statement.c.contact_id == number),
        "tracking": sa.select(tracking_choice).where(tracking_choice.c.contact_id == number),
        "matches": sa.select(organisation_match).where(
            organisation_match.c.name == employer, organisation_match.c.name != ""
        ),
        "history": sa.select(audit).where(audit.c.subject.in_(subjects)),
        "erasures": sa.select(erasure).where(erasure.c.address_hash == address_hash),
    }
    return {name: _rows(connection, query) for name, query in queries.items()}


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple(_shown(row) for row in connection.execute(query).mappings())


def _shown(row: sa.RowMapping) -> dict[str, Any]:
    """Return a row without our own keyed hashes, which tell nobody anything."""
    return {str(name): value for name, value in row.items() if not str(name).endswith("_hash")}


def _deliveries(connection: sa.Connection, address_hash: bytes) -> tuple[Mapping[str, Any], ...]:
    d = delivery.c
    return _rows(
        connection,
        sa.select(
            edition.c.name,
            d.edition_id,
            d.contact_id,
            EFFECTIVE.label("state"),
            REASON.label("reason"),
            d.email,
            d.slot_values,
            variant.c.arm,
            batch.c.message_id,
            batch.c.recorded_at.label("handed_over_at"),
            batch.c.claimed_at,
            d.delivered_at,
            d.bounced_at,
            d.opened_at,
            d.clicked_at,
            d.complained_at,
            d.unsubscribed_at,
            d.crossed_at,
            d.recovered_at,
        )
        .select_from(WITH_BATCH.outerjoin(variant, variant.c.id == batch.c.variant_id))
        .join(edition, edition.c.id == d.edition_id)
        .where(d.address_hash == address_hash)
        .order_by(d.edition_id),
    )


def _events(connection: sa.Connection, address_hash: bytes) -> tuple[Mapping[str, Any], ...]:
    e = event.c
    return _rows(
        connection,
        sa.select(edition.c.name, e.type, e.occurred_at, e.link, e.reason, e.machine, e.simulated)
        .join(
            delivery,
            sa.and_(delivery.c.edition_id == e.edition_id, delivery.c.contact_id == e.contact_id),
        )
        .join(edition, edition.c.id == e.edition_id)
        .where(delivery.c.address_hash == address_hash)
        .order_by(e.occurred_at, e.id),
    )


def _resources(connection: sa.Connection, address_hash: bytes) -> tuple[Mapping[str, Any], ...]:
    """Return what digests brought this address, or may have."""
    carried = variant_resource.c
    return _rows(
        connection,
        sa.select(edition.c.name, resource.c.title, resource.c.url, EFFECTIVE.label("state"))
        .select_from(WITH_BATCH)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .join(variant_resource, carried.variant_id == batch.c.variant_id)
        .join(resource, resource.c.id == carried.resource_id)
        .where(delivery.c.address_hash == address_hash, EFFECTIVE.in_(HANDED_OVER))
        .order_by(edition.c.id, carried.place),
    )


def quarantined_with(connection: sa.Connection, address: str) -> Iterator[Mapping[str, Any]]:
    """Yield the quarantined rows that hold exactly this address, not one that ends like it."""
    q = quarantined_row.c
    as_text = sa.func.lower(sa.cast(q.row, sa.Text))
    # Only candidates: JSON escapes other letters, which may stand for these or between them.
    plain = max(re.findall(r"[a-z0-9.@-]+", address.rpartition("@")[2]) or ["@"], key=len)
    rows = connection.execute(
        sa.select(
            q.id,
            q.row,
            q.row_number,
            q.reason,
            q.column_name,
            import_.c.file_name,
            import_.c.started_at,
        )
        .join(import_, import_.c.id == q.import_id)
        .where(as_text.contains(plain, autoescape=True) | as_text.contains(r"\u", autoescape=True))
        .order_by(q.id)
    ).mappings()
    exact = address_pattern(address)
    for row in rows:
        if any(exact.search(seen(str(cell))) for part in row["row"].items() for cell in part):
            yield dict(row)


def seen(cell: str) -> str:
    """Return a cell without the characters nobody can see, which may hide an address.

    Where it has letters outside ASCII, in lower case and with addresses in their one form.
    """
    if cell.isascii():
        return cell
    cell = "".join(c for c in cell if unicodedata.category(c) != "Cf")
    return with_a_labels(composed(cell))


def address_pattern(address: str) -> re.Pattern[str]:
    """Return a pattern for this address alone, in any case, not as the end of a longer one."""
    return re.compile(
        rf"(?<![\w.!#$%&'*+/=?^`{{|}}~-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE
    )


def contact_id(connection: sa.Connection, address_hash: bytes) -> int | None:
    """Return the id of the contact with this address, if there is one."""
    return connection.execute(
        sa.select(contact.c.id).where(contact.c.address_hash == address_hash)
    ).scalar()
