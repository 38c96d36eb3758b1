"""Rates by provider, domain and day, asked and used up in the claim's own transaction.

Senders claim one after another wherever a rate holds, and all by one clock: what is counted
stays true, however many machines send. docs/decisions/0042 says what this promises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.domain import DeliveryState
from outreach.ledger import rate_use
from outreach.ledger.caps import midnight, take_turns
from outreach.ledger.claimed import ANOTHER_TRY, ClaimedPeople, Nothing
from outreach.ledger.cutting import cut_into
from outreach.ledger.editions import batch, edition
from outreach.ledger.rate_lanes import Lane
from outreach.limits import Limits
from outreach.rates import UNLIMITED, ProviderRates, WarmUp

Row = sa.Row[Any]
Pick = Callable[[Sequence[str]], Row | None]
"""Finds the next planned batch that is of none of these gateways."""

_CLOCKS_DIFFER = timedelta(seconds=30)
"""A claim is stamped by its sender's clock: one further off would fall out of its hour too soon."""

_STANDS_STILL = timedelta(minutes=1)
"""A wait that is worth a word; a shorter one is the pace itself."""


class Room:
    """What may go of one edition now, as one claim's transaction finds it."""

    def __init__(
        self,
        connection: sa.Connection,
        edition_id: int,
        now: datetime,
        provider: str = "",
        pace: ProviderRates = UNLIMITED,
        plan: WarmUp | None = None,
    ) -> None:
        self._connection, self._edition_id, self._now = connection, edition_id, now
        self._provider, self._pace, self._plan = provider, pace, plan
        self._at = rate_use.ledger_clock(connection) if pace else now
        self._lanes: dict[str, Lane] = {}
        self._today = _left_of_the_day(connection, plan, now) if plan else None

    def pick(self, pick: Pick) -> Row | Nothing | None:
        """Return the next planned batch that may go now; else what it waits for.

        None where nothing is planned. A domain that must wait holds up no other one. Where the
        clocks are too far apart to keep a rate, nothing goes.
        """
        if abs(self._at - self._now) > _CLOCKS_DIFFER:
            off = abs(self._at - self._now).total_seconds()
            return Nothing(f"this machine's clock is {off:,.0f} seconds off the ledger's; set it")
        waiting: dict[str, Nothing] = {}
        while (row := pick(tuple(waiting))) is not None:
            for_all = self._warming() or self._wait("", row.size)
            if for_all is not None:
                return for_all
            nothing = self._wait(row.gateway, row.size) if row.gateway else None
            if nothing is None:
                return row
            waiting[row.gateway] = nothing
        return self._first_of(waiting)

    def reshaped(self, row: Row, people: ClaimedPeople) -> bool:
        """Cut a batch, once, into batches of one domain each and small enough for their rates.

        Returns whether it had to be: then the next batch is to be picked anew.
        """
        if not self._pace:
            return False
        parts = self._parts(people)
        gateway = parts[0][0]
        stale = not gateway and row.gateway not in self._pace.domains
        if len(parts) == 1 and (gateway == row.gateway or stale):
            return False
        cut_into(self._connection, row, parts)
        return True

    def left(self, row: Row, ceiling: int | None) -> int | None:
        """Return how many of a picked batch may go, `ceiling` included; None: all of it."""
        lanes = (self._lane(name) for name in dict.fromkeys(("", row.gateway)))
        found = [lane.left for lane in lanes if lane]
        return min((n for n in (*found, self._today, ceiling) if n is not None), default=None)

    def take(self, row: Row, people: int) -> None:
        """Note that so many of a picked batch go now."""
        for name in dict.fromkeys(("", row.gateway)):
            if lane := self._lane(name):
                lane.take(people)

    def _lane(self, gateway: str) -> Lane | None:
        rate = self._pace.domains.get(gateway) if gateway else self._pace.whole
        if not rate:
            return None
        if gateway not in self._lanes:
            self._lanes[gateway] = Lane(self._connection, self._provider, gateway, rate, self._at)
        return self._lanes[gateway]

    def _wait(self, gateway: str, people: int) -> Nothing | None:
        lane = self._lane(gateway)
        due = lane.due(people) if lane else self._at
        if lane is None or due <= self._at:
            return None
        return Nothing(f"it is {lane.words}", wait_until=self._now + (due - self._at))

    def _warming(self) -> Nothing | None:
        if self._plan is None or self._today is None or self._today > 0:
            return None
        plan, today = self._plan, self._now.astimezone(LONDON).date()
        days = max((plan.begins - today).days, 1)
        why = f"the warm-up of {plan.domain} ({plan.words(today)})"
        return Nothing(f"{why} leaves nothing more for today", midnight(self._now, days))

    def _parts(self, people: ClaimedPeople) -> list[tuple[str, list[int]]]:
        sorted_: dict[str, list[int]] = {}
        for contact_id, address in zip(people.contact_ids, people.addresses, strict=True):
            sorted_.setdefault(self._pace.gateway(address), []).append(contact_id)
        parts = []
        for gateway, ids in sorted_.items():
            size = self._pace.most(gateway) or len(ids)
            parts += [(gateway, ids[n : n + size]) for n in range(0, len(ids), size)]
        return parts

    def _first_of(self, waiting: dict[str, Nothing]) -> Nothing | None:
        """Return what ends first: the wait of a domain, or of a batch put off for another try."""
        if not waiting:
            return None
        others = self._connection.execute(
            sa.select(
                sa.func.min(
                    sa.func.coalesce(batch.c.not_before, self._now),
                    type_=batch.c.not_before.type,
                )
            ).where(
                batch.c.edition_id == self._edition_id,
                batch.c.state == DeliveryState.PLANNED,
                batch.c.gateway.not_in(tuple(waiting)),
            )
        ).scalar()
        found = [*waiting.values(), *([Nothing(ANOTHER_TRY, others)] if others else [])]
        return min(found, key=lambda one: one.wait_until or self._now)


def room(connection: sa.Connection, edition_id: int, limits: Limits, now: datetime) -> Room:
    """Return what may go of an edition now. Where a rate holds, it is this sender's turn.

    The edition's row is locked then, before any batch's, as whoever ends or cuts it does.
    """
    found = _room(connection, edition_id, limits, now, take_turns)
    if found is None:
        return Room(connection, edition_id, now)
    connection.execute(
        sa.select(edition.c.id).where(edition.c.id == edition_id).with_for_update(key_share=True)
    )
    return found


def put_off(
    connection: sa.Connection, edition_id: int, limits: Limits, now: datetime
) -> Nothing | None:
    """Return which rate an edition stands still for, if it does for longer than a moment."""
    looking = _room(connection, edition_id, limits, now, lambda *_: None)
    if looking is None:
        return None

    def planned(besides: Sequence[str]) -> Row | None:
        return connection.execute(
            sa.select(batch)
            .where(
                batch.c.edition_id == edition_id,
                batch.c.state == DeliveryState.PLANNED,
                batch.c.gateway.not_in(besides),
            )
            .order_by(batch.c.number)
            .limit(1)
        ).first()

    found = looking.pick(planned)
    if not isinstance(found, Nothing) or found.wait_until is None:
        return None
    return found if found.wait_until - now > _STANDS_STILL else None


def _room(
    connection: sa.Connection,
    edition_id: int,
    limits: Limits,
    now: datetime,
    turn: Callable[[sa.Connection, datetime], None],
) -> Room | None:
    """Return what may go of an edition, its `turn` taken first; None where no rate holds."""
    if not limits.rates:
        return None
    row = connection.execute(
        sa.select(edition.c.provider, edition.c.sender).where(edition.c.id == edition_id)
    ).one()
    pace, plan = limits.rates.of(row.provider), limits.rates.warming(row.sender["address"])
    if not pace and plan is None:
        return None
    turn(connection, now)
    return Room(connection, edition_id, now, row.provider, pace, plan)


def _left_of_the_day(connection: sa.Connection, plan: WarmUp, now: datetime) -> int | None:
    allowed = plan.on(now.astimezone(LONDON).date())
    return None if allowed is None else allowed - rate_use.sent_from(connection, plan.domain, now)
