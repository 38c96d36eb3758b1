"""What is known of one delivery: its state and its facts, read and written in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import compress
from operator import attrgetter, ne
from typing import Any, NamedTuple

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.ledger.bulk import moment_of, select_among, stored
from outreach.ledger.editions import batch, delivery
from outreach.ledger.events import by_edition
from outreach.ledger.people import contact
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

MATCH_WITHIN = timedelta(days=30)
"""How long after a hand-over a bounce without our id is still held to be about it."""

_CLOCKS_DIFFER = timedelta(minutes=1)


class Standing(NamedTuple):
    """One delivery. `own` is its state where it differs from its batch's.

    A named tuple: a drain makes, changes and compares one for each event.
    """

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
_COLUMNS = ("edition_id", "contact_id", "address_hash", "state", "batch_state", *_SAVED)
"""Where each field of a standing is kept."""


_READ = ("contact_id", "address_hash", "state", "batch.state", *_SAVED)
_STANDINGS = (
    f"SELECT {', '.join(name if '.' in name else f'delivery.{name}' for name in _READ)} "  # noqa: S608
    "FROM delivery LEFT JOIN batch ON batch.id = delivery.batch_id "
    "WHERE delivery.edition_id = :? AND delivery.contact_id"
)


def standings(
    connection: sa.Connection, keys: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Standing]:
    """Return the deliveries that exist of `keys`, locked for this transaction."""
    then = "ORDER BY delivery.contact_id"
    if connection.dialect.name == "postgresql":
        then += " FOR UPDATE OF delivery"
    found: dict[tuple[int, int], Standing] = {}
    for edition_id, contact_ids in by_edition(keys).items():
        for row in select_among(connection, _STANDINGS, contact_ids, edition_id, then=then):
            standing = _standing(edition_id, row)
            found[standing.key] = standing
    return found


def save(
    connection: sa.Connection,
    before: Mapping[tuple[int, int], Standing],
    after: Iterable[Standing],
) -> None:
    """Write back what has changed of deliveries (they were locked by `standings`)."""
    rows: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for one in sorted(after, key=attrgetter("key")):
        differs = [*map(ne, before[one.key], one)]
        if any(differs):
            values = [_stored(connection, value) for value in compress(one, differs)]
            rows.setdefault((*compress(_COLUMNS, differs),), []).append((*values, *one.key))
    for names, some in rows.items():
        connection.exec_driver_sql(_update(connection.dialect.name, names), some)


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


def _standing(edition_id: int, row: sa.Row[Any]) -> Standing:
    contact_id, address_hash, own, of_batch, reason, *times = tuple(row)
    return Standing(
        edition_id,
        contact_id,
        bytes(address_hash),
        DeliveryState(own) if own else None,
        DeliveryState(of_batch) if of_batch else None,
        reason,
        *map(moment_of, times),
    )


def _stored(connection: sa.Connection, value: Any) -> Any:
    if isinstance(value, datetime):
        return stored(connection, value)
    return value.value if isinstance(value, DeliveryState) else value


@lru_cache(maxsize=100)
def _update(dialect: str, names: tuple[str, ...]) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    put = ", ".join(f"{name} = {mark}" for name in names)
    return f"UPDATE delivery SET {put} WHERE edition_id = {mark} AND contact_id = {mark}"  # noqa: S608
