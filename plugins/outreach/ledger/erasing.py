"""Take a person out of every table, keeping a keyed hash and the counts of history.

What is emptied and what stays is said once, in `places` and `STAYS`: erasing and checking
afterwards that nothing is left work from the same list, and a test holds it to the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.ledger.contacts import contact_id
from outreach.ledger.editions import audit, delivery, event, exclusion
from outreach.ledger.people import (
    basis,
    contact,
    erasure,
    pledge,
    statement,
    suppression,
    tracking_choice,
)

STAYS: Mapping[str, frozenset[str]] = {
    table.name: frozenset(columns.split())
    for table, columns in (
        (contact, "id address_hash domain_hash created_at updated_at left_at erased_at"),
        (pledge, "id contact_id address_hash pledged_at kind renewal import_id recorded_at"
                 " withdrawn_at withdrawn_by"),
        (basis, "id contact_id kind purpose wording_version given_at recorded_at withdrawn_at"
                " withdrawn_by"),
        (suppression, "id address_hash domain_hash scope reason origin by import_id created_at"
                      " lifted_at lifted_by"),
        (delivery, "edition_id contact_id campaign_id address_hash occasion batch_id state reason"
                   " delivered_at bounced_at opened_at machine_opened_at clicked_at"
                   " machine_clicked_at complained_at unsubscribed_at crossed_at recovered_at"),
        (event, "id edition_id contact_id type occurred_at link fact_key fingerprint provider_word"
                " machine simulated recorded_at raw_event_id"),
        (exclusion, "edition_id contact_id reason"),
        (erasure, "id address_hash at by via counts"),
    )
}  # fmt: skip
"""Table -> what stays of an erased person in it: numbers, keyed hashes, times, states."""


@dataclass(frozen=True, slots=True)
class Place:
    """One table that holds a person: which rows, whether one still tells anything, and what
    empties it (None: the row goes)."""

    name: str
    table: sa.Table
    mine: sa.ColumnElement[bool]
    holds: sa.ColumnElement[bool]
    empty: Mapping[str, Any] | None = field(default=None)


def places(address_hash: bytes, number: int | None, now: datetime) -> tuple[Place, ...]:
    """Return every table that may hold the person of an address, contact or not."""
    theirs = delivery.c.address_hash == address_hash
    sent = sa.select(delivery.c.edition_id, delivery.c.contact_id).where(theirs)
    subjects = [f"hash {address_hash.hex()[:8]}", *([f"contact {number}"] if number else [])]
    everything = sa.true()
    return (
        _contact(address_hash, now),
        Place("statements", statement, statement.c.contact_id == number, everything),
        Place(
            "choices about clicks", tracking_choice, tracking_choice.c.contact_id == number,
            everything,
        ),
        _blanked(
            "bases", basis, basis.c.contact_id == number, "evidence source withdrawn_reason",
            withdrawn_at=sa.func.coalesce(basis.c.withdrawn_at, now),
        ),
        _blanked(
            "pledges", pledge, pledge.c.address_hash == address_hash, "source withdrawn_reason"
        ),
        _blanked(
            "suppressions", suppression, suppression.c.address_hash == address_hash,
            "detail lifted_reason",
        ),
        _blanked(
            "events", event, sa.tuple_(event.c.edition_id, event.c.contact_id).in_(sent), "reason"
        ),
        Place(
            "deliveries", delivery, theirs,
            sa.or_(delivery.c.email.is_not(None), delivery.c.reason.contains("@")),
            {
                "email": None,
                "slot_values": sa.null(),
                "reason": sa.case(
                    (delivery.c.reason.contains("@"), "erased"), else_=delivery.c.reason
                ),
            },
        ),
        _blanked(
            "history", audit, sa.and_(audit.c.subject.in_(subjects), audit.c.action != "erase"),
            "detail",
        ),
    )  # fmt: skip


def _contact(address_hash: bytes, now: datetime) -> Place:
    empty: dict[str, Any] = {
        column.name: "" for column in contact.c if isinstance(column.type, sa.Text)
    }
    empty |= {column.name: False for column in contact.c if isinstance(column.type, sa.Boolean)}
    empty |= {"email": None, "organisation_id": None}
    holds = sa.or_(
        contact.c.erased_at.is_(None),
        contact.c.email.is_not(None),
        *(contact.c[name] != "" for name, value in empty.items() if value == ""),
    )
    empty |= {"updated_at": now, "erased_at": sa.func.coalesce(contact.c.erased_at, now)}
    return Place("contacts", contact, contact.c.address_hash == address_hash, holds, empty)


def _blanked(
    name: str, table: sa.Table, mine: sa.ColumnElement[bool], columns: str, **more: Any
) -> Place:
    texts = columns.split()
    holds = [table.c[one] != "" for one in texts]
    if "withdrawn_at" in more:
        holds.append(table.c.withdrawn_at.is_(None))
    return Place(name, table, mine, sa.or_(*holds), {**dict.fromkeys(texts, ""), **more})


def erase_contact(connection: sa.Connection, address_hash: bytes, now: datetime) -> dict[str, int]:
    """Empty a person in every table that knows them by number or hash; return counts by place."""
    number = contact_id(connection, address_hash)
    counts = {}
    for place in places(address_hash, number, now):
        where = sa.and_(place.mine, place.holds)
        emptying = (
            sa.delete(place.table).where(where)
            if place.empty is None
            else sa.update(place.table).where(where).values(place.empty)
        )
        counts[place.name] = int(connection.execute(emptying).rowcount)
    return counts


def left_of(connection: sa.Connection, address_hash: bytes, now: datetime) -> dict[str, int]:
    """Return how many rows of each place still tell something of the person of an address."""
    number = contact_id(connection, address_hash)
    return {
        place.name: int(
            connection.execute(
                sa.select(sa.func.count()).select_from(place.table).where(place.mine, place.holds)
            ).scalar_one()
        )
        for place in places(address_hash, number, now)
    }


def keep_proof(
    connection: sa.Connection,
    address_hash: bytes,
    counts: Mapping[str, int],
    *,
    by: str,
    via: str,
    now: datetime,
) -> int:
    """Record an erasure, and return its number."""
    row = {"address_hash": address_hash, "at": now, "by": by, "via": via, "counts": dict(counts)}
    return int(
        connection.execute(sa.insert(erasure).values(**row).returning(erasure.c.id)).scalar_one()
    )


def proofs(connection: sa.Connection, address_hash: bytes) -> tuple[sa.RowMapping, ...]:
    """Return the recorded erasures of an address, the oldest first."""
    query = sa.select(erasure).where(erasure.c.address_hash == address_hash)
    return tuple(connection.execute(query.order_by(erasure.c.id)).mappings())
