"""Posts of events as they came (`raw_event`) and the facts read from them (`event`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain import Event, EventType
from outreach.ledger.columns import chunks
from outreach.ledger.editions import event, raw_event

_MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class RawPost:
    """One post as it came; `done` of its events have been taken in. `body` is None once erased."""

    id: int
    provider: str
    body: bytes | None
    done: int


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with what it is about. `key` is None where no delivery of ours is known."""

    event: Event
    key: tuple[int, int] | None
    fact_key: bytes
    raw_id: int


def store_raw(connection: sa.Connection, provider: str, body: bytes, now: datetime) -> int:
    """Keep one verified post; returns its id."""
    return int(
        connection.execute(
            sa.insert(raw_event)
            .values(provider=provider, body=body, received_at=now)
            .returning(raw_event.c.id)
        ).scalar_one()
    )


def waiting(connection: sa.Connection, after: int, limit: int) -> list[RawPost]:
    """Return posts not yet drained, oldest first, with ids above `after`."""
    rows = connection.execute(
        sa.select(raw_event.c.id, raw_event.c.provider, raw_event.c.body, raw_event.c.events)
        .where(raw_event.c.drained_at.is_(None), raw_event.c.id > after)
        .order_by(raw_event.c.id)
        .limit(limit)
    )
    return [RawPost(r.id, r.provider, r.body, r.events) for r in rows]


def count_waiting(connection: sa.Connection) -> int:
    """Return how many posts have not been drained."""
    return int(
        connection.execute(
            sa.select(sa.func.count())
            .select_from(raw_event)
            .where(raw_event.c.drained_at.is_(None))
        ).scalar_one()
    )


def lock(connection: sa.Connection, ids: Collection[int]) -> dict[int, int]:
    """Take posts for this transaction; returns id -> events done.

    Posts that another drainer holds or has finished are left out.
    """
    rows = connection.execute(
        sa.select(raw_event.c.id, raw_event.c.events)
        .where(raw_event.c.id.in_(ids), raw_event.c.drained_at.is_(None))
        .order_by(raw_event.c.id)
        .with_for_update(skip_locked=True)
    )
    return {row.id: row.events for row in rows}


def progress(
    connection: sa.Connection,
    raw_id: int,
    *,
    done: int,
    added: int,
    faults: Sequence[str],
    drained_at: datetime | None,
) -> None:
    """Note how far a post has been taken in; `drained_at` once it is finished."""
    values: dict[str, object] = {
        "events": done,
        "added": raw_event.c.added + added,
        "drained_at": drained_at,
    }
    if faults:
        known = connection.execute(
            sa.select(raw_event.c.faults).where(raw_event.c.id == raw_id)
        ).scalar()
        values["faults"] = [*(known or []), *faults][:_MAX_FAULTS]
    connection.execute(sa.update(raw_event).where(raw_event.c.id == raw_id).values(**values))


def seen_fingerprints(
    connection: sa.Connection, fingerprints: Collection[str], since: datetime
) -> set[str]:
    """Return those provider ids that were recorded at or after `since`."""
    if not fingerprints:
        return set()
    return set(
        connection.execute(
            sa.select(event.c.fingerprint).where(
                event.c.fingerprint.in_(fingerprints), event.c.recorded_at >= since
            )
        ).scalars()
    )


def add(connection: sa.Connection, facts: Iterable[Fact], now: datetime) -> set[bytes]:
    """Insert facts that are not there yet; returns the fact keys that were new."""
    # One order for all drainers, so that two of them never wait for each other in a ring.
    rows = [_row(fact, now) for fact in sorted(facts, key=lambda f: f.fact_key)]
    if not rows:
        return set()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = connection.execute(
        dialect.insert(event).on_conflict_do_nothing().returning(event.c.fact_key), rows
    )
    return {bytes(key) for key in added.scalars()}


def engagement_of(
    connection: sa.Connection, keys: Collection[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[EventType, datetime, bool]]]:
    """Return (type, time, machine by the provider's word) of all opens and clicks, by delivery."""
    found: dict[tuple[int, int], list[tuple[EventType, datetime, bool]]] = {}
    for edition_id, contact_ids in by_edition(keys).items():
        for some in chunks(contact_ids):
            rows = connection.execute(
                sa.select(event.c.contact_id, event.c.type, event.c.occurred_at, event.c.machine)
                .where(event.c.edition_id == edition_id, event.c.contact_id.in_(some))
                .where(event.c.type.in_([EventType.OPENED, EventType.CLICKED]))
            )
            for row in rows:
                one = (EventType(row.type), row.occurred_at, row.machine)
                found.setdefault((edition_id, row.contact_id), []).append(one)
    return found


def by_edition(keys: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Group (edition id, contact id) pairs by edition, in ascending order."""
    grouped: dict[int, list[int]] = {}
    for edition_id, contact_id in sorted(keys):
        grouped.setdefault(edition_id, []).append(contact_id)
    return grouped


def _row(fact: Fact, now: datetime) -> dict[str, object]:
    one = fact.event
    edition_id, contact_id = fact.key or (None, None)
    return {
        "edition_id": edition_id,
        "contact_id": contact_id,
        "type": one.type.value,
        "occurred_at": one.occurred_at,
        "link": one.link,
        "fact_key": fact.fact_key,
        "fingerprint": one.fingerprint,
        "provider_word": one.provider_word,
        "reason": one.reason,
        "machine": one.machine,
        "simulated": one.simulated,
        "recorded_at": now,
        "raw_event_id": fact.raw_id or None,
    }
