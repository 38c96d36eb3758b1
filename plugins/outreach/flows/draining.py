"""One short transaction of events: facts, the deliveries they change, and suppressions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.domain import Event, EventType
from outreach.engagement.facts import (
    apply,
    fact_key,
    never_handed_over,
    objection_in,
    unexpected,
    with_engagement,
)
from outreach.flows.heard_aside import hear
from outreach.keys import Keys
from outreach.ledger import events as store
from outreach.ledger import notices
from outreach.ledger.events import Fact
from outreach.ledger.objections import Objection, suppress
from outreach.ledger.standings import Standing, newest_accepted, save, standings

_FINGERPRINTS_KEPT = timedelta(days=7)
_TRIES = 5
_ENGAGED = frozenset({EventType.OPENED, EventType.CLICKED})
_BOUNCES = frozenset({EventType.BOUNCED, EventType.BLOCKED})

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Slice:
    """Some events of one post, from place `start` on; a text is an event that is malformed."""

    raw_id: int
    start: int
    items: tuple[Event | str, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What one transaction took in; see `DrainReport`."""

    finished: int = 0
    events: int = 0
    added: int = 0
    duplicates: int = 0
    unmatched: int = 0
    faults: int = 0
    aside: int = 0


def take_in(connection: sa.Connection, keys: Keys, slices: Sequence[Slice]) -> Iterator[Taken]:
    """Take slices in, in one transaction where the database takes them all.

    Where it refuses one, the halves are tried apart, so that one event never costs the others.
    """
    try:
        yield _tried(connection, keys, slices)
    except (sa.exc.StatementError, ValueError, OverflowError) as error:
        if isinstance(error, sa.exc.OperationalError):
            raise
        for part in _halves(slices) or _given_up(slices, error):
            yield from take_in(connection, keys, part)


def _tried(connection: sa.Connection, keys: Keys, slices: Sequence[Slice]) -> Taken:
    """Run the transaction, again where the database broke a tie between two writers."""
    read = _read(keys, slices)  # while nobody waits for this
    for left in reversed(range(_TRIES)):
        try:
            with connection.begin():
                return _take_in(connection, keys, slices, read)
        except sa.exc.OperationalError:
            if not left:
                raise
    raise AssertionError("unreachable")


def _halves(slices: Sequence[Slice]) -> list[list[Slice]]:
    if len(slices) > 1:
        return [[one] for one in slices]
    (one,) = slices
    middle = len(one.items) // 2
    if not middle:
        return []
    first = replace(one, items=one.items[:middle], last=False)
    rest = replace(one, items=one.items[middle:], start=one.start + middle)
    return [[first], [rest]]


def _given_up(slices: Sequence[Slice], error: Exception) -> list[list[Slice]]:
    (one,) = slices
    if not one.items or isinstance(one.items[0], str):
        raise error
    fault = f"event {one.start + 1} cannot be stored ({type(error).__name__})"
    return [[replace(one, items=(fault,))]]


def _read(keys: Keys, slices: Sequence[Slice]) -> list[tuple[Slice, Fact]]:
    """Return what can be told of events before the ledger is asked."""
    found = [(part, item) for part in slices for item in part.items if isinstance(item, Event)]
    # An id that does not open is another deployment's mail through the same account.
    opened = keys.open_delivery_ids([event.delivery_id for _, event in found])
    return [
        (part, Fact(event, key, fact_key(event, _named_by(keys, event)), part.raw_id))
        for (part, event), key in zip(found, opened, strict=True)
    ]


def _named_by(keys: Keys, event: Event) -> bytes:
    """Return the hash of the address that stands in where an event carries no delivery id."""
    return keys.address_hash(event.address) if event.address and not event.delivery_id else b""


def _take_in(
    connection: sa.Connection,
    keys: Keys,
    slices: Sequence[Slice],
    read: Sequence[tuple[Slice, Fact]],
) -> Taken:
    now = datetime.now(UTC)
    held = store.lock(connection, [part.raw_id for part in slices])
    mine: dict[tuple[int, int], Slice] = {}
    for part in slices:
        # Another drainer may have taken this part meanwhile.
        if held.get(part.raw_id) == part.start:
            held[part.raw_id] += len(part.items)
            mine[part.raw_id, part.start] = part
    found = [fact for part, fact in read if (part.raw_id, part.start) in mine]
    facts = hear(connection, keys, [_matched(connection, keys, fact) for fact in found], now)
    added, odd = _record(connection, keys, facts, now)
    store.progress(connection, _progress(mine.values(), added, odd, now))
    events = sum(len(part.items) for part in mine.values())
    return Taken(
        finished=sum(part.last for part in mine.values()),
        events=events,
        added=len(added),
        duplicates=len(facts) - len(added),
        unmatched=sum(fact.key is None for fact in added),
        faults=events - len(found),
        aside=len(found) - len(facts),
    )


def _matched(connection: sa.Connection, keys: Keys, fact: Fact) -> Fact:
    """Find the delivery of a bounce that came without an id, by its address."""
    event = fact.event
    if event.delivery_id or not event.address or event.type not in _BOUNCES:
        return fact
    found = newest_accepted(connection, keys.address_hash(event.address), event.occurred_at)
    return replace(fact, key=found)


def _progress(
    mine: Iterable[Slice], added: list[Fact], odd: list[Fact], now: datetime
) -> Iterator[store.Progress]:
    new = Counter(fact.raw_id for fact in added)
    for part in mine:
        faults = [item for item in part.items if isinstance(item, str)]
        faults += [
            f"a {one.event.type} event came for a delivery that was never handed over"
            for one in odd
            if one.raw_id == part.raw_id
        ]
        done = part.start + len(part.items)
        drained_at = now if part.last else None
        yield store.Progress(part.raw_id, done, new[part.raw_id], tuple(faults), drained_at)


def _record(
    connection: sa.Connection, keys: Keys, facts: list[Fact], now: datetime
) -> tuple[list[Fact], list[Fact]]:
    """Store new facts and what follows from them; returns (added, those that contradict)."""
    known = standings(connection, {fact.key for fact in facts if fact.key})
    facts = [
        fact if fact.key is None or fact.key in known else replace(fact, key=None) for fact in facts
    ]
    added = _add_new(connection, facts, now)
    _update(connection, known, added)
    suppress(connection, _objections(keys, known, added), origin="event", now=now)
    strange = [
        fact for fact in added if fact.key and never_handed_over(known[fact.key], fact.event)
    ]
    _notice_never_handed_over(connection, known, strange, now)
    return added, [one for one in strange if one.key and unexpected(known[one.key], one.event)]


def _notice_never_handed_over(
    connection: sa.Connection, known: dict[Key, Standing], strange: list[Fact], now: datetime
) -> None:
    """Tell the owner, once a day for each edition, that a message went that should not have."""
    found = {fact.key[0]: known[fact.key].state for fact in strange if fact.key}
    for edition_id, state in sorted(found.items()):
        name, campaign_id = notices.about(connection, edition_id)
        notices.add(
            connection,
            kind="unexpected",
            once=f"unexpected:{edition_id}:{now.astimezone(LONDON):%Y-%m-%d}",
            text=(
                f"The provider reports on a message of {name} that was {state} here and "
                "not handed over. Somebody may have been written to who should not have been: "
                "look at the edition's events"
            ),
            now=now,
            campaign_id=campaign_id,
            edition_id=edition_id,
        )


def _add_new(connection: sa.Connection, facts: list[Fact], now: datetime) -> list[Fact]:
    prints = {fact.event.fingerprint for fact in facts if fact.event.fingerprint}
    seen = store.seen_fingerprints(connection, prints, now - _FINGERPRINTS_KEPT)
    new: dict[bytes, Fact] = {}
    for fact in facts:
        fingerprint = fact.event.fingerprint
        if fingerprint in seen:
            continue
        if fingerprint:
            seen.add(fingerprint)
        new.setdefault(fact.fact_key, fact)
    inserted = store.add(connection, new.values(), now)
    return [fact for key, fact in new.items() if key in inserted]


def _update(connection: sa.Connection, known: dict[Key, Standing], added: list[Fact]) -> None:
    after: dict[Key, Standing] = {}
    recount: set[Key] = set()
    for fact in added:
        if fact.key:
            after[fact.key] = apply(after.get(fact.key, known[fact.key]), fact.event)
            if fact.event.type in _ENGAGED:
                recount.add(fact.key)
    recount |= {key for key, one in after.items() if _delivery_moved(known[key], one)}
    engagement = store.engagement_of(connection, recount)
    for key, events in engagement.items():
        after[key] = with_engagement(after[key], events)
    save(connection, known, after.values())


def _delivery_moved(before: Standing, after: Standing) -> bool:
    """Whether opens and clicks known before must be judged again."""
    engaged = before.opened_at or before.machine_opened_at
    engaged = engaged or before.clicked_at or before.machine_clicked_at
    return bool(engaged) and before.delivered_at != after.delivered_at


def _objections(keys: Keys, known: dict[Key, Standing], added: list[Fact]) -> list[Objection]:
    found = []
    for fact in added:
        reason = objection_in(fact.event)
        if reason is None:
            continue
        address_hash = b""
        if fact.key:
            address_hash = bytes(known[fact.key].address_hash)
        elif fact.event.address:
            address_hash = keys.address_hash(fact.event.address)
        if address_hash:
            detail = "simulated" if fact.event.simulated else fact.event.reason
            found.append(Objection(address_hash, reason, fact.event.occurred_at, detail))
    return found
