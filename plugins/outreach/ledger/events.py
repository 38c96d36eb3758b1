"""Posts of events as they came (`raw_event`) and the facts read from them (`event`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter

import sqlalchemy as sa

from outreach.domain import Event, EventType
from outreach.ledger.bulk import moment_of, select_among, stored
from outreach.ledger.columns import chunks
from outreach.ledger.editions import raw_event

_MAX_FAULTS = 100
_TOGETHER = 50
"""Facts to a statement: its text and its plan are the same every time."""

_FACT = (
    "edition_id",
    "contact_id",
    "type",
    "occurred_at",
    "link",
    "fact_key",
    "fingerprint",
    "provider_word",
    "reason",
    "machine",
    "simulated",
    "recorded_at",
    "raw_event_id",
)
_SEEN = "SELECT fingerprint FROM event WHERE recorded_at >= :? AND fingerprint"
_ENGAGEMENT = (
    "SELECT contact_id, type, occurred_at, machine FROM event "
    "WHERE edition_id = :? AND type IN (:?, :?) AND contact_id"
)
_PROGRESS = (
    sa.update(raw_event)
    .where(raw_event.c.id == sa.bindparam("b_id"))
    .values(
        events=sa.bindparam("b_done"),
        added=raw_event.c.added + sa.bindparam("b_added"),
        drained_at=sa.bindparam("b_at"),
    )
)


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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one post has been taken in: `done` of its events, which gave `added` new facts.

    `drained_at` is None while some are left.
    """

    raw_id: int
    done: int
    added: int
    faults: tuple[str, ...]
    drained_at: datetime | None


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


def progress(connection: sa.Connection, taken: Iterable[Progress]) -> None:
    """Note how far posts have been taken in."""
    rows = []
    for one in taken:
        rows.append(
            {"b_id": one.raw_id, "b_done": one.done, "b_added": one.added, "b_at": one.drained_at}
        )
        if one.faults:
            _add_faults(connection, one)
    if rows:
        connection.execute(_PROGRESS, rows)


def _add_faults(connection: sa.Connection, one: Progress) -> None:
    this = raw_event.c.id == one.raw_id
    known = connection.execute(sa.select(raw_event.c.faults).where(this)).scalar()
    faults = [*(known or []), *one.faults][:_MAX_FAULTS]
    connection.execute(sa.update(raw_event).where(this).values(faults=faults))


def seen_fingerprints(
    connection: sa.Connection, fingerprints: Collection[str], since: datetime
) -> set[str]:
    """Return those provider ids that were recorded at or after `since`."""
    after = stored(connection, since) or ""
    return {row[0] for row in select_among(connection, _SEEN, list(fingerprints), after)}


def add(connection: sa.Connection, facts: Iterable[Fact], now: datetime) -> set[bytes]:
    """Insert facts that are not there yet; returns the fact keys that were new."""
    # One order for all drainers, so that two of them never wait for each other in a ring.
    ordered = sorted(facts, key=attrgetter("fact_key"))
    recorded_at = stored(connection, now)
    added: set[bytes] = set()
    for some in chunks(ordered, _TOGETHER):
        cells = chain.from_iterable(_row(connection, fact, recorded_at) for fact in some)
        found = connection.exec_driver_sql(_insert(connection.dialect.name, len(some)), (*cells,))
        added.update(map(bytes, found.scalars()))
    return added


def engagement_of(
    connection: sa.Connection, keys: Collection[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[EventType, datetime, bool]]]:
    """Return (type, time, machine by the provider's word) of all opens and clicks, by delivery."""
    found: dict[tuple[int, int], list[tuple[EventType, datetime, bool]]] = {}
    for edition_id, contact_ids in by_edition(keys).items():
        which = (edition_id, EventType.OPENED.value, EventType.CLICKED.value)
        for row in select_among(connection, _ENGAGEMENT, contact_ids, *which):
            contact_id, kind, occurred_at, machine = tuple(row)
            at = moment_of(occurred_at)
            assert at is not None
            one = (EventType(kind), at, bool(machine))
            found.setdefault((edition_id, contact_id), []).append(one)
    return found


def by_edition(keys: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Group (edition id, contact id) pairs by edition, in ascending order."""
    grouped: dict[int, list[int]] = {}
    for edition_id, contact_id in sorted(keys):
        grouped.setdefault(edition_id, []).append(contact_id)
    return grouped


@lru_cache(maxsize=100)
def _insert(dialect: str, rows: int) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    row = f"({', '.join([mark] * len(_FACT))})"
    return (
        f"INSERT INTO event ({', '.join(_FACT)}) VALUES {', '.join([row] * rows)} "  # noqa: S608
        "ON CONFLICT DO NOTHING RETURNING fact_key"
    )


def _row(connection: sa.Connection, fact: Fact, recorded_at: str | None) -> tuple[object, ...]:
    """Return the cells of one fact, in the order of `_FACT`."""
    one = fact.event
    if one.occurred_at.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    # SQLite's driver binds numbers at once, and looks for an adapter for everything else.
    flag = bool if connection.dialect.name == "postgresql" else int
    return (
        *(fact.key or (None, None)),
        one.type.value,
        stored(connection, one.occurred_at),
        one.link,
        fact.fact_key,
        one.fingerprint,
        one.provider_word,
        one.reason,
        flag(one.machine),
        flag(one.simulated),
        recorded_at,
        fact.raw_id or None,
    )
