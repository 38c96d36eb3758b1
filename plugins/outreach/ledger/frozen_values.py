"""The values that an edition froze for its people, as samples to judge its content by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import sqlalchemy as sa

from outreach.ledger.editions import batch, delivery, variant


def sample_values(
    connection: sa.Connection, edition_id: int, variant_id: int
) -> tuple[str, ...] | None:
    """Return the frozen slot values of one person of a variant, or None where nobody has any."""
    row = connection.execute(
        sa.select(delivery.c.slot_values)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .where(
            delivery.c.edition_id == edition_id,
            batch.c.variant_id == variant_id,
            delivery.c.slot_values.is_not(None),
        )
        .limit(1)
    ).first()
    return tuple(row.slot_values) if row and row.slot_values is not None else None


@dataclass(frozen=True, slots=True)
class Lacking:
    """A person of an edition whose message lacks a value."""

    contact_id: int
    email: str
    variant: int


def lacking(
    connection: sa.Connection, edition_id: int, slot: int, variants: Sequence[int], limit: int
) -> tuple[Lacking, ...]:
    """Return the first people for whom a slot that their variant prints is empty.

    `variants`: the ids of the variants that print it.
    """
    rows = connection.execute(
        sa.select(delivery.c.contact_id, delivery.c.email, variant.c.number)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .join(variant, variant.c.id == batch.c.variant_id)
        .where(
            delivery.c.edition_id == edition_id,
            batch.c.variant_id.in_(variants),
            delivery.c.slot_values[slot].as_string() == "",
        )
        .order_by(delivery.c.contact_id)
        .limit(limit)
    )
    return tuple(Lacking(row.contact_id, row.email or "", row.number) for row in rows)


def longest_values(
    connection: sa.Connection, edition_id: int, variant_id: int, slots: Sequence[int]
) -> tuple[str, ...] | None:
    """Return the values of the person of a variant whose `slots` are the longest together."""
    if not slots:
        return None
    parts = (sa.func.length(delivery.c.slot_values[slot].as_string()) for slot in slots)
    length = reduce(add, (sa.func.coalesce(part, 0) for part in parts))
    row = connection.execute(
        sa.select(delivery.c.slot_values)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .where(
            delivery.c.edition_id == edition_id,
            batch.c.variant_id == variant_id,
            delivery.c.slot_values.is_not(None),
        )
        .order_by(length.desc(), delivery.c.contact_id)
        .limit(1)
    ).first()
    return tuple(row.slot_values) if row and row.slot_values is not None else None


def widest_values(connection: sa.Connection, edition_id: int) -> list[tuple[str, ...]]:
    """Return the slot values of the planned people whose values are the longest, a few of them."""
    rows = connection.execute(
        sa.select(delivery.c.slot_values)
        .where(delivery.c.edition_id == edition_id, delivery.c.slot_values.is_not(None))
        .order_by(sa.func.length(sa.cast(delivery.c.slot_values, sa.Text)).desc())
        .limit(20)
    )
    return [tuple(row.slot_values) for row in rows if row.slot_values]
