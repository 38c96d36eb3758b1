"""What people read about one edition's deliveries: pages, reasons, variants, exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.errors import NotFound
from outreach.ledger.editions import batch, delivery, event, variant
from outreach.ledger.engine import reading
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH

_CHUNK = 5_000
"""Rows read at a time by an export: short reads, so that a slow download holds nothing up."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery. `email` is '' once erased; `variant` is 0 where none was ever chosen."""

    contact_id: int
    email: str
    state: DeliveryState
    reason: str
    variant: int
    message_id: str
    accepted_at: datetime | None
    crossed_at: datetime | None


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One variant of an edition, with how many people it was made for."""

    number: int
    label: str
    people: int


@dataclass(frozen=True, slots=True)
class FrozenVariant:
    """One variant's frozen content (JSON), and one reader's frozen values where some are kept."""

    number: int
    label: str
    content: Any
    contact_id: int | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a delivery that this ledger knows."""

    id: int
    edition_id: int
    contact_id: int
    type: str
    occurred_at: datetime
    link: str
    reason: str
    machine: bool
    simulated: bool


def deliveries(
    connection: sa.Connection,
    edition_id: int,
    *,
    state: DeliveryState | None = None,
    limit: int,
    offset: int = 0,
    after: int = 0,
) -> tuple[DeliveryRow, ...]:
    """Return deliveries in contact order; only those in `state`, only contacts past `after`."""
    query = (
        _deliveries()
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id > after)
        .order_by(delivery.c.contact_id)
        .limit(limit)
        .offset(offset)
    )
    if state is not None:
        query = query.where(EFFECTIVE.in_([state.value]))
    return tuple(_delivery_row(row) for row in connection.execute(query))


def all_deliveries(engine: sa.Engine, edition_id: int) -> Iterator[DeliveryRow]:
    """Yield every delivery of an edition in contact order, in short reads."""
    after = 0
    while True:
        with reading(engine) as connection:
            rows = deliveries(connection, edition_id, limit=_CHUNK, after=after)
        yield from rows
        if len(rows) < _CHUNK:
            return
        after = rows[-1].contact_id


def all_events(engine: sa.Engine, edition_id: int | None) -> Iterator[EventRow]:
    """Yield every event matched to a delivery, oldest record first; of one edition if given."""
    names = EventRow.__dataclass_fields__
    query = sa.select(*(event.c[name] for name in names)).where(
        event.c.edition_id.is_not(None), event.c.contact_id.is_not(None)
    )
    if edition_id is not None:
        query = query.where(event.c.edition_id == edition_id)
    after = 0
    while True:
        with reading(engine) as connection:
            page = query.where(event.c.id > after).order_by(event.c.id).limit(_CHUNK)
            rows = [EventRow(*row) for row in connection.execute(page)]
        yield from rows
        if len(rows) < _CHUNK:
            return
        after = rows[-1].id


def variants(connection: sa.Connection, edition_id: int) -> tuple[VariantRow, ...]:
    """Return the edition's variants by number, each with how many people it was made for."""
    query = (
        sa.select(variant.c.number, variant.c.label, variant.c.size)
        .where(variant.c.edition_id == edition_id)
        .order_by(variant.c.number)
    )
    return tuple(VariantRow(*row) for row in connection.execute(query))


def frozen_variant(
    connection: sa.Connection, edition_id: int, number: int, *, person: int | None = None
) -> FrozenVariant:
    """Return one variant's frozen content and one reader's values. Raises NotFound.

    `person`: the contact whose values are wanted, if it is one of the variant's readers.
    """
    chosen = connection.execute(
        sa.select(variant.c.id, variant.c.label, variant.c.content).where(
            variant.c.edition_id == edition_id, variant.c.number == number
        )
    ).first()
    if chosen is None:
        raise NotFound(f"This edition has no variant {number}.")
    reader = connection.execute(
        _readers(edition_id, chosen.id)
        .order_by((delivery.c.contact_id == (person or 0)).desc(), delivery.c.contact_id)
        .limit(1)
    ).first()
    values = tuple(reader.slot_values or ()) if reader else ()
    return FrozenVariant(
        number, chosen.label, chosen.content, reader.contact_id if reader else None, values
    )


def variant_readers(
    connection: sa.Connection, edition_id: int, number: int, limit: int
) -> tuple[tuple[int, str], ...]:
    """Return the contact and address of a variant's first readers who are not erased."""
    chosen = sa.select(variant.c.id).where(
        variant.c.edition_id == edition_id, variant.c.number == number
    )
    rows = connection.execute(
        _readers(edition_id, chosen.scalar_subquery()).order_by(delivery.c.contact_id).limit(limit)
    )
    return tuple((row.contact_id, row.email) for row in rows)


def _readers(edition_id: int, variant_id: Any) -> sa.Select[Any]:
    return (
        sa.select(delivery.c.contact_id, delivery.c.email, delivery.c.slot_values)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .where(
            delivery.c.edition_id == edition_id,
            batch.c.variant_id == variant_id,
            delivery.c.email.is_not(None),
        )
    )


def _deliveries() -> sa.Select[Any]:
    return sa.select(
        delivery.c.contact_id,
        delivery.c.email,
        EFFECTIVE.label("state"),
        REASON.label("reason"),
        variant.c.number,
        batch.c.message_id,
        batch.c.recorded_at,
        delivery.c.crossed_at,
    ).select_from(WITH_BATCH.outerjoin(variant, variant.c.id == batch.c.variant_id))


def _delivery_row(row: sa.Row[Any]) -> DeliveryRow:
    state = DeliveryState(row.state)
    taken = state in ACCEPTED_OR_LATER
    return DeliveryRow(
        contact_id=row.contact_id,
        email=row.email or "",
        state=state,
        reason=row.reason,
        variant=row.number or 0,
        message_id=(row.message_id or "") if taken else "",
        accepted_at=row.recorded_at if taken else None,
        crossed_at=row.crossed_at,
    )
