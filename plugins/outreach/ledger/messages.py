"""One person's frozen message, as it was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.ledger.editions import batch, delivery, edition, variant


@dataclass(frozen=True, slots=True)
class FrozenMessage:
    """A variant's content (JSON of `format`) and one person's slot values (None once erased)."""

    content: Any
    format: int
    values: tuple[str, ...] | None


def frozen_message(
    connection: sa.Connection, edition_id: int, contact_id: int
) -> FrozenMessage | None:
    """Return what a delivery was made of, or None where there is no such delivery."""
    row = connection.execute(
        sa.select(variant.c.content, edition.c.format, delivery.c.slot_values)
        .select_from(delivery)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .join(variant, variant.c.id == batch.c.variant_id)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
    ).first()
    if row is None:
        return None
    values = None if row.slot_values is None else tuple(row.slot_values)
    return FrozenMessage(row.content, row.format, values)
