"""Claim a batch for one sender, dropping whoever must no longer be written to.

What then becomes of it is recorded by `outcomes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger import holds, rates
from outreach.ledger.caps import ceiling_reached, sent_on_the_day, take_turns
from outreach.ledger.claimed import ANOTHER_TRY, ClaimedBatch, ClaimedPeople, ClaimedPerson, Nothing
from outreach.ledger.cutting import cut_off
from outreach.ledger.editions import batch, edition
from outreach.ledger.holds import GLOBAL_STOP
from outreach.ledger.rechecks import recheck
from outreach.ledger.sent_since import asks_of_others
from outreach.limits import NO_LIMITS, Limits

__all__ = ["GLOBAL_STOP", "ClaimedBatch", "ClaimedPerson", "Nothing", "claim"]


S = DeliveryState


@dataclass(frozen=True, slots=True)
class Holder:
    """Who claims, when, for how long, and what the links of their messages are made with."""

    sender: str
    now: datetime
    lease: timedelta
    token_kid: str
    link_base: str


def claim(
    engine: sa.Engine,
    edition_id: int,
    *,
    sender: str,
    now: datetime,
    lease: timedelta,
    token_kid: str,
    link_base: str = "",
    allowed: Callable[[str], bool],
    limits: Limits = NO_LIMITS,
) -> ClaimedBatch | Nothing:
    """Claim the next planned batch, dropping whoever must no longer be written to.

    `token_kid` and `link_base` are kept: with them, its messages can be made again as they were.
    `allowed` says whether an address may be reached at all from this deployment. A batch that is
    larger than what may go by the day's ceiling and the rates is cut; the rest stays planned.
    """
    holder = Holder(sender, now, lease, token_kid, link_base)
    while True:
        with engine.begin() as connection:
            held = holds.held(connection, edition_id, now)
            if held is not None:
                return held
            left = _left_today(connection, edition_id, limits, now)
            room = rates.room(connection, edition_id, limits, now)
            row = room.pick(lambda besides: _next_planned(connection, edition_id, now, besides))
            if isinstance(row, Nothing):
                return row
            if row is None:
                return _nothing_planned(connection, edition_id, now)
            if left is not None and left <= 0:
                return ceiling_reached(limits, now)
            people = recheck(connection, row, allowed, limits, now)
            if not people:
                _close_empty(connection, row, now)
                continue
            if room.reshaped(row, people):
                continue
            people = _within(connection, row, people, room.left(row, left))
            room.take(row, len(people))
            return _take(connection, row, people, holder)


def _left_today(
    connection: sa.Connection, edition_id: int, limits: Limits, now: datetime
) -> int | None:
    """Return how many people may still be written to today, None where there is no ceiling.

    Where anything is counted, or whom this goes to depends on other editions, senders claim one
    after another. The edition's row is locked before any batch's, in the order in which whoever
    ends or cuts it does.
    """
    counted = limits.emails_per_day is not None or limits.emails_per_person is not None
    if not counted and not asks_of_others(connection, edition_id):
        return None
    take_turns(connection, now)
    if limits.emails_per_day is None:
        return None
    connection.execute(
        sa.select(edition.c.id).where(edition.c.id == edition_id).with_for_update(key_share=True)
    )
    return limits.emails_per_day - sent_on_the_day(connection, now)


def _within(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    people: ClaimedPeople,
    left: int | None,
) -> ClaimedPeople:
    """Return as many of a batch as may still go today, the others cut off as a planned batch."""
    if left is None or len(people) <= left:
        return people
    cut_off(connection, row, people.contact_ids[left:])
    return people[:left]


def _next_planned(
    connection: sa.Connection, edition_id: int, now: datetime, besides: Sequence[str]
) -> sa.Row | None:  # type: ignore[type-arg]
    query = _NEXT.where(batch.c.gateway.not_in(besides)) if besides else _NEXT
    return connection.execute(query, {"edition": edition_id, "now": now}).first()


_NEXT = (
    sa.select(batch)
    .where(
        batch.c.edition_id == sa.bindparam("edition"),
        batch.c.state == S.PLANNED,
        sa.or_(batch.c.not_before.is_(None), batch.c.not_before <= sa.bindparam("now")),
    )
    .order_by(batch.c.number)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def _nothing_planned(connection: sa.Connection, edition_id: int, now: datetime) -> Nothing:
    """Batches that are due and yet not to be had are held for a moment by somebody else, such as
    an unsubscribe: they are due now."""
    planned = connection.execute(
        sa.select(batch.c.not_before).where(
            batch.c.edition_id == edition_id, batch.c.state == S.PLANNED
        )
    ).scalars()
    due = [not_before or now for not_before in planned]
    if due:
        return Nothing(ANOTHER_TRY, wait_until=min(due))
    return Nothing("nothing is planned any more", finished=True)


def _close_empty(connection: sa.Connection, row: sa.Row, now: datetime) -> None:  # type: ignore[type-arg]
    connection.execute(
        sa.update(batch)
        .where(batch.c.id == row.id)
        .values(state=S.SUPPRESSED, reason="everyone in it dropped out", recorded_at=now)
    )


_BATCH = sa.update(batch).where(batch.c.id == sa.bindparam("this"))


def _take(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    people: ClaimedPeople,
    holder: Holder,
) -> ClaimedBatch:
    until = holder.now + holder.lease
    values = {
        "state": S.CLAIMED,
        "epoch": row.epoch + 1,
        "attempts": row.attempts + 1,
        "sender": holder.sender,
        "token_kid": holder.token_kid,
        "link_base": holder.link_base,
        "people": len(people),
        "claimed_at": holder.now,
        "lease_until": until,
        "reason": "",
    }
    connection.execute(_BATCH, {"this": row.id, **values})
    return ClaimedBatch(
        batch_id=row.id,
        edition_id=row.edition_id,
        variant_id=row.variant_id,
        number=row.number,
        epoch=row.epoch + 1,
        attempts=row.attempts + 1,
        claimed_at=holder.now,
        lease_until=until,
        people=people,
    )
