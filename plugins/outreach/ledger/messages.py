"""One person's frozen message, and the claim with which it was handed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.editions import batch, delivery, edition, variant
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH


@dataclass(frozen=True, slots=True)
class FrozenMessage:
    """What a delivery was made of, and its batch's last claim.

    `content` is JSON of `format`, None where no batch is known. `address` and `values` are None
    once erased. `claimed` tells that this delivery was part of its batch's last claim: it may
    have dropped out before, or be known from the claim journal alone (`recovered`).
    """

    edition: str
    content: Any
    format: int
    values: tuple[str, ...] | None = field(repr=False)
    address: str | None = field(repr=False)
    state: DeliveryState
    reason: str
    number: int
    token_kid: str
    link_base: str
    claimed_at: datetime | None
    message_id: str
    recovered: bool

    @property
    def claimed(self) -> bool:
        """Whether the batch's last claim took this delivery along."""
        left = (DeliveryState.PLANNED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED)
        return self.claimed_at is not None and not self.recovered and self.state not in left


def frozen_message(
    connection: sa.Connection, edition_id: int, contact_id: int
) -> FrozenMessage | None:
    """Return what a delivery was made of, or None where there is no such delivery."""
    row = connection.execute(
        sa.select(
            edition.c.name,
            edition.c.format,
            variant.c.content,
            delivery.c.slot_values,
            delivery.c.email,
            delivery.c.recovered_at,
            EFFECTIVE.label("effective"),
            REASON.label("why"),
            batch.c.number,
            batch.c.token_kid,
            batch.c.link_base,
            batch.c.claimed_at,
            batch.c.message_id,
        )
        .select_from(WITH_BATCH)
        .outerjoin(variant, variant.c.id == batch.c.variant_id)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
    ).first()
    if row is None:
        return None
    return FrozenMessage(
        edition=row.name,
        content=row.content,
        format=row.format,
        values=None if row.slot_values is None else tuple(row.slot_values),
        address=row.email,
        state=DeliveryState(row.effective),
        reason=row.why,
        number=row.number or 0,
        token_kid=row.token_kid or "",
        link_base=row.link_base or "",
        claimed_at=row.claimed_at,
        message_id=row.message_id or "",
        recovered=row.recovered_at is not None,
    )
