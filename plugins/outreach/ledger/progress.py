"""How far a running edition is, counted from its batches alone: cheap at a million people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.ledger import rates
from outreach.ledger.caps import ceiling_reached, sent_on_the_day
from outreach.ledger.claimed import ANOTHER_TRY, Nothing
from outreach.ledger.editions import batch, edition
from outreach.ledger.holds import held
from outreach.limits import Limits

S = DeliveryState

_PEOPLE = sa.case(
    (sa.and_(batch.c.state != S.PLANNED, batch.c.people > 0), batch.c.people),
    else_=batch.c.size,
)
"""People of one batch: those its last claim took, or all of it while it is planned."""


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """People of one edition by the state of their batch, and what its senders did of late.

    `recent` people were handed over since the time asked about; `senders` are the names of
    those who hold a batch now or recorded one since then. `why_not` says what keeps its next
    batch from being claimed now ('' where nothing does), `wait_until` when that ends by itself.
    `to_go` are the people still planned, by the domain with a rate that they were sorted by.
    """

    state: EditionState
    people: dict[DeliveryState, int]
    recent: int
    senders: frozenset[str]
    last_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    send_at: datetime | None
    why_not: str
    wait_until: datetime | None
    to_go: dict[str, int]


def figures(
    connection: sa.Connection, edition_id: int, *, limits: Limits, since: datetime, now: datetime
) -> BatchFigures:
    """Count the edition with this id as it stands at `now`; `since` is the start of "of late"."""
    mine = batch.c.edition_id == edition_id
    counted = connection.execute(
        sa.select(batch.c.state, sa.func.sum(_PEOPLE).label("people"))
        .where(mine)
        .group_by(batch.c.state)
    )
    lately = sa.and_(batch.c.state == S.ACCEPTED, batch.c.recorded_at > since)
    done = connection.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(_PEOPLE).filter(lately), 0).label("recent"),
            sa.func.max(batch.c.recorded_at, type_=batch.c.recorded_at.type).label("last_at"),
            sa.func.min(
                sa.case((batch.c.state == S.PLANNED, sa.func.coalesce(batch.c.not_before, since))),
                type_=batch.c.not_before.type,
            ).label("next_at"),
        ).where(mine)
    ).one()
    to_go = connection.execute(
        sa.select(batch.c.gateway, sa.func.sum(batch.c.size).label("people"))
        .where(mine, batch.c.state == S.PLANNED)
        .group_by(batch.c.gateway)
    ).all()
    record = connection.execute(sa.select(edition).where(edition.c.id == edition_id)).one()
    hold = held(connection, edition_id, now)
    if hold is None and done.next_at is not None:
        hold = _put_off(connection, edition_id, done.next_at, limits, now)
    return BatchFigures(
        state=EditionState(record.state),
        people={DeliveryState(row.state): int(row.people) for row in counted},
        recent=int(done.recent),
        senders=_senders(connection, edition_id, since),
        last_at=done.last_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        send_at=record.send_at,
        why_not=hold.why if hold else "",
        wait_until=hold.wait_until if hold else None,
        to_go={row.gateway: int(row.people) for row in to_go},
    )


def _put_off(
    connection: sa.Connection, edition_id: int, next_at: datetime, limits: Limits, now: datetime
) -> Nothing | None:
    """Return what a sender that asks for a planned batch would be told; None where it gets one."""
    if next_at > now:
        return Nothing(ANOTHER_TRY, wait_until=next_at)
    ceiling = limits.emails_per_day
    if ceiling is not None and sent_on_the_day(connection, now) >= ceiling:
        return ceiling_reached(limits, now)
    return rates.put_off(connection, edition_id, limits, now)


def _senders(connection: sa.Connection, edition_id: int, since: datetime) -> frozenset[str]:
    return frozenset(
        connection.execute(
            sa.select(batch.c.sender)
            .where(
                batch.c.edition_id == edition_id,
                batch.c.sender != "",
                sa.or_(batch.c.state == S.CLAIMED, batch.c.recorded_at > since),
            )
            .distinct()
        ).scalars()
    )
