"""Doubts as the ledger has them, with what is known about their batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState
from outreach.errors import NotFound
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery, edition, event
from outreach.ledger.states import EFFECTIVE, REASON, WITH_BATCH

SETTLED = "settled by "
"""How the reason of a delivery begins that a person settled."""


@dataclass(frozen=True, slots=True)
class EventSeen:
    """One event about a delivery in doubt that does not show whether it was taken."""

    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchEvents:
    """The events of one type about a batch: how many people, the first and the last of them."""

    type: str
    people: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class DoubtBatch:
    """The batch of a doubt: its last claim, and how everybody in it stands now.

    `sender` is the name of the sending process; `states` counts people by delivery state.
    """

    number: int
    size: int
    claimed_at: datetime | None
    sender: str
    epoch: int
    attempts: int
    states: Mapping[str, int] = field(default_factory=dict)
    events: tuple[BatchEvents, ...] = ()

    @property
    def proven(self) -> int:
        """How many people of it the provider is known to have taken."""
        return sum(self.states.get(state.value, 0) for state in ACCEPTED_OR_LATER)


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """One delivery in doubt, by contact; `batch` is None where the ledger knows of none."""

    contact_id: int
    reason: str
    batch: DoubtBatch | None
    events: tuple[EventSeen, ...]
    recovered: bool


def doubts(connection: sa.Connection, edition_id: int) -> list[DoubtRow]:
    """Return an edition's doubts, by batch and contact."""
    rows = connection.execute(
        sa.select(
            delivery.c.contact_id,
            delivery.c.batch_id,
            delivery.c.recovered_at,
            REASON.label("why"),
        )
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id == edition_id, EFFECTIVE.in_([DeliveryState.UNKNOWN.value]))
        .order_by(batch.c.number, delivery.c.contact_id)
    ).all()
    batches = _batches(connection, edition_id, {r.batch_id for r in rows if r.batch_id})
    seen = _events(connection, edition_id, [r.contact_id for r in rows])
    return [
        DoubtRow(
            contact_id=r.contact_id,
            reason=r.why,
            batch=batches.get(r.batch_id),
            events=tuple(seen[r.contact_id]),
            recovered=r.recovered_at is not None,
        )
        for r in rows
    ]


def _batches(
    connection: sa.Connection, edition_id: int, ids: Collection[int]
) -> dict[int, DoubtBatch]:
    found: dict[int, DoubtBatch] = {}
    for some in chunks(sorted(ids)):
        rows = connection.execute(sa.select(batch).where(batch.c.id.in_(some)))
        for r in rows:
            found[r.id] = DoubtBatch(r.number, r.size, r.claimed_at, r.sender, r.epoch, r.attempts)
        for batch_id, states in _states(connection, some).items():
            found[batch_id] = replace(found[batch_id], states=states)
        for batch_id, events in _batch_events(connection, edition_id, some).items():
            found[batch_id] = replace(found[batch_id], events=tuple(events))
    return found


def _states(connection: sa.Connection, batch_ids: Collection[int]) -> dict[int, dict[str, int]]:
    rows = connection.execute(
        sa.select(delivery.c.batch_id, EFFECTIVE.label("effective"), sa.func.count())
        .select_from(WITH_BATCH)
        .where(delivery.c.batch_id.in_(batch_ids))
        .group_by(delivery.c.batch_id, "effective")
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for batch_id, state, people in rows:
        found[batch_id][state] = people
    return found


def _batch_events(
    connection: sa.Connection, edition_id: int, batch_ids: Collection[int]
) -> dict[int, list[BatchEvents]]:
    about = sa.and_(
        delivery.c.edition_id == event.c.edition_id, delivery.c.contact_id == event.c.contact_id
    )
    time = event.c.occurred_at
    rows = connection.execute(
        sa.select(
            delivery.c.batch_id,
            event.c.type,
            sa.func.count(event.c.contact_id.distinct()),
            sa.func.min(time, type_=time.type),
            sa.func.max(time, type_=time.type),
        )
        .select_from(event.join(delivery, about))
        .where(event.c.edition_id == edition_id, delivery.c.batch_id.in_(batch_ids))
        .group_by(delivery.c.batch_id, event.c.type)
        .order_by(delivery.c.batch_id, event.c.type)
    )
    found: dict[int, list[BatchEvents]] = defaultdict(list)
    for batch_id, kind, people, first, last in rows:
        found[batch_id].append(BatchEvents(kind, people, first, last))
    return found


def _events(
    connection: sa.Connection, edition_id: int, contact_ids: Collection[int]
) -> dict[int, list[EventSeen]]:
    found: dict[int, list[EventSeen]] = defaultdict(list)
    for some in chunks(sorted(contact_ids)):
        rows = connection.execute(
            sa.select(event.c.contact_id, event.c.type, event.c.occurred_at)
            .where(event.c.edition_id == edition_id, event.c.contact_id.in_(some))
            .order_by(event.c.occurred_at, event.c.id)
        )
        for contact_id, kind, at in rows:
            found[contact_id].append(EventSeen(kind, at))
    return found


def state_of(connection: sa.Connection, edition_id: int, contact_id: int) -> DeliveryState:
    """Return a delivery's effective state, to stay so in this transaction. Raises NotFound.

    Its batch is kept too, and first: a receipt that comes meanwhile waits, and then wins.
    """
    mine = sa.and_(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
    its_batch = sa.select(delivery.c.batch_id).where(mine).scalar_subquery()
    connection.execute(
        sa.select(batch.c.id).where(batch.c.id == its_batch).with_for_update(read=True)
    )
    found = connection.execute(
        sa.select(EFFECTIVE).select_from(WITH_BATCH).where(mine).with_for_update(of=delivery)
    ).scalar()
    if found is None:
        raise NotFound("there is no such delivery")
    return DeliveryState(found)


def set_failed(connection: sa.Connection, edition_id: int, contact_id: int, reason: str) -> None:
    """Settle one delivery as failed, with who said so and why."""
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact_id)
        .values(state=DeliveryState.FAILED.value, reason=reason)
    )


def any_event(connection: sa.Connection, edition_id: int) -> bool:
    """Whether a provider has reported any event of this edition (made-up ones do not count)."""
    found = connection.execute(
        sa.select(event.c.id)
        .where(event.c.edition_id == edition_id, event.c.simulated.is_(False))
        .limit(1)
    )
    return found.first() is not None


def provider_counts(
    connection: sa.Connection, edition_id: int
) -> tuple[dict[str, Any] | None, datetime | None]:
    """Return what the provider counted for an edition when last asked, and when that was."""
    row = connection.execute(
        sa.select(edition.c.provider_counts, edition.c.provider_counts_at).where(
            edition.c.id == edition_id
        )
    ).one()
    return row.provider_counts, row.provider_counts_at


def keep_provider_counts(
    connection: sa.Connection, edition_id: int, counts: dict[str, Any], now: datetime
) -> None:
    """Keep what the provider counts for an edition."""
    connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id)
        .values(provider_counts=counts, provider_counts_at=now)
    )
