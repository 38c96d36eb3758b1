"""What is known of one delivery: its state and its facts, read and written in bulk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery
from outreach.ledger.events import by_edition
from outreach.ledger.people import contact
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

MATCH_WITHIN = timedelta(days=30)
"""How long after a hand-over a bounce without our id is still held to be about it."""

_CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """One delivery. `own` is its state where it differs from its batch's."""

    edition_id: int
    contact_id: int
    address_hash: bytes
    own: DeliveryState | None = None
    batch_state: DeliveryState | None = None
    reason: str = ""
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    opened_at: datetime | None = None
    machine_opened_at: datetime | None = None
    clicked_at: datetime | None = None
    machine_clicked_at: datetime | None = None
    complained_at: datetime | None = None
    unsubscribed_at: datetime | None = None

    @property
    def key(self) -> tuple[int, int]:
        """(edition id, contact id)."""
        return self.edition_id, self.contact_id

    @property
    def state(self) -> DeliveryState:
        """The effective state."""
        return self.own or self.batch_state or DeliveryState.PLANNED


_TIMES = (
    "delivered_at",
    "bounced_at",
    "opened_at",
    "machine_opened_at",
    "clicked_at",
    "machine_clicked_at",
    "complained_at",
    "unsubscribed_at",
)
_SAVED = ("reason", *_TIMES)


def standings(
    connection: sa.Connection, keys: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Standing]:
    """Return the deliveries that exist of `keys`, locked for this transaction."""
    found: dict[tuple[int, int], Standing] = {}
    for edition_id, contact_ids in by_edition(keys).items():
        for some in chunks(contact_ids):
            rows = connection.execute(
                sa.select(
                    delivery.c.edition_id,
                    delivery.c.contact_id,
                    delivery.c.address_hash,
                    delivery.c.state,
                    batch.c.state.label("batch_state"),
                    *(delivery.c[name] for name in _SAVED),
                )
                .select_from(WITH_BATCH)
                .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(some))
                .order_by(delivery.c.contact_id)
                .with_for_update(of=delivery)
            ).mappings()
            for row in rows:
                standing = _standing(row)
                found[standing.key] = standing
    return found


def save(connection: sa.Connection, changed: Collection[Standing]) -> None:
    """Write deliveries back (they were locked by `standings`)."""
    if not changed:
        return
    rows = [_parameters(standing) for standing in sorted(changed, key=lambda s: s.key)]
    connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.edition_id == sa.bindparam("b_edition"),
            delivery.c.contact_id == sa.bindparam("b_contact"),
        )
        .values(
            state=sa.bindparam("b_own"),
            **{name: sa.bindparam(f"b_{name}") for name in _SAVED},
        ),
        rows,
    )


def newest_accepted(
    connection: sa.Connection, address_hash: bytes, at: datetime
) -> tuple[int, int] | None:
    """Return the last delivery to an address that was accepted in the 30 days before `at`."""
    row = connection.execute(
        sa.select(delivery.c.edition_id, delivery.c.contact_id)
        .select_from(WITH_BATCH)
        .where(
            delivery.c.contact_id.in_(contact_ids(address_hash)),
            delivery.c.address_hash == address_hash,
            EFFECTIVE.in_(sorted(ACCEPTED_OR_LATER)),
            batch.c.claimed_at.between(at - MATCH_WITHIN, at + _CLOCKS_DIFFER),
        )
        .order_by(batch.c.claimed_at.desc(), batch.c.id.desc())
        .limit(1)
    ).first()
    return (row.edition_id, row.contact_id) if row else None


def contact_ids(*address_hashes: bytes) -> sa.Select[tuple[int]]:
    """Return SQL: the contacts that have one of these addresses (erased ones too)."""
    return sa.select(contact.c.id).where(contact.c.address_hash.in_(address_hashes))


def _standing(row: sa.RowMapping) -> Standing:
    values: dict[str, Any] = dict(row)
    own, of_batch = values.pop("state"), values.pop("batch_state")
    return Standing(
        **values,
        own=DeliveryState(own) if own else None,
        batch_state=DeliveryState(of_batch) if of_batch else None,
    )


def _parameters(standing: Standing) -> dict[str, Any]:
    return {
        "b_edition": standing.edition_id,
        "b_contact": standing.contact_id,
        "b_own": standing.own.value if standing.own else None,
        **{f"b_{name}": getattr(standing, name) for name in _SAVED},
    }
