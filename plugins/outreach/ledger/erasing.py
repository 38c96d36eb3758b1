"""Take a person out of every table, keeping a keyed hash and the counts of history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.contacts import contact_id, quarantined_with
from outreach.ledger.editions import delivery, event, raw_event
from outreach.ledger.people import basis, contact, pledge, quarantined_row, statement

_PAGE = 200

_BLANK = dict.fromkeys(
    (
        "first_name",
        "last_name",
        "job_role",
        "sector",
        "ics_area",
        "borough",
        "organisation_name",
        "ods_code",
        "organisation_postcode",
        "organisation_how",
        "source",
    ),
    "",
)
"""What is said of a contact, emptied."""


def erase_contact(connection: sa.Connection, address_hash: bytes, now: datetime) -> dict[str, int]:
    """Blank a person in contacts, bases, deliveries and events; return counts by place.

    The keyed hash, the pledge's date and every delivery's state stay: history keeps its counts.
    """
    number = contact_id(connection, address_hash)
    mine = delivery.c.address_hash == address_hash
    events = sa.select(delivery.c.edition_id, delivery.c.contact_id).where(mine)
    statements = {
        "contacts": sa.update(contact)
        .where(
            contact.c.address_hash == address_hash,
            sa.or_(contact.c.erased_at.is_(None), contact.c.email.is_not(None)),
        )
        .values(
            **_BLANK,
            email=None,
            organisation_id=None,
            tracking_consent=False,
            updated_at=now,
            erased_at=sa.func.coalesce(contact.c.erased_at, now),
        ),
        "statements": sa.delete(statement).where(statement.c.contact_id == number),
        "bases": sa.update(basis)
        .where(
            basis.c.contact_id == number,
            sa.or_(basis.c.withdrawn_at.is_(None), basis.c.evidence != "", basis.c.source != ""),
        )
        .values(evidence="", source="", withdrawn_at=sa.func.coalesce(basis.c.withdrawn_at, now)),
        "pledges": sa.update(pledge).where(pledge.c.address_hash == address_hash).values(source=""),
        "events": sa.update(event)
        .where(sa.tuple_(event.c.edition_id, event.c.contact_id).in_(events), event.c.reason != "")
        .values(reason=""),
        "deliveries": sa.update(delivery)
        .where(mine, delivery.c.email.is_not(None))
        .values(email=None, slot_values=sa.null()),
    }
    return {place: connection.execute(s).rowcount for place, s in statements.items()}


def erase_quarantined(connection: sa.Connection, address: str) -> int:
    """Empty the quarantined rows that hold this address; return how many."""
    ids = [row["id"] for row in quarantined_with(connection, address)]
    if ids:
        connection.execute(
            sa.update(quarantined_row)
            .where(quarantined_row.c.id.in_(ids))
            .values(row={}, advice="", reason="erased at the person's own request")
        )
    return len(ids)


def raw_events_with(connection: sa.Connection, needle: re.Pattern[bytes]) -> Iterator[int]:
    """Yield the ids of stored event bodies in which the pattern is found, page by page."""
    last = 0
    while True:
        rows = connection.execute(
            sa.select(raw_event.c.id, raw_event.c.body)
            .where(raw_event.c.id > last, raw_event.c.body.is_not(None))
            .order_by(raw_event.c.id)
            .limit(_PAGE)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield from (row.id for row in rows if needle.search(row.body))


def redact_raw_event(
    connection: sa.Connection, raw_id: int, needle: re.Pattern[bytes], instead: bytes
) -> None:
    """Write `instead` over the pattern in one stored event body."""
    body = connection.execute(
        sa.select(raw_event.c.body).where(raw_event.c.id == raw_id).with_for_update()
    ).scalar()
    if body:
        connection.execute(
            sa.update(raw_event)
            .where(raw_event.c.id == raw_id)
            .values(body=needle.sub(instead, body))
        )
