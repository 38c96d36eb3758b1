"""Side messages: mail to colleagues about an edition, each claimed before it is handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.ledger.approval_tables import side_message
from outreach.ledger.editions import edition

GIVEN_UP = timedelta(minutes=10)
"""A claim this old was never recorded: whoever held it died, and it may have been sent."""


class SideKind(StrEnum):
    """Why a colleague is written to. None of these is a delivery, and none is counted."""

    TEST = "test"
    COPY = "copy"
    QUESTION = "question"
    HALFWAY = "reminder halfway"
    LAST = "last reminder"
    UNANSWERED = "told that nobody answered"


class SideState(StrEnum):
    """Where a side message stands; only one that was provably not sent is tried again."""

    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    NOT_SENT = "not sent"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class SideRow:
    """One side message. `variant` is 0 where it shows none; `became` is what an event said."""

    id: int
    kind: SideKind
    campaign: str
    edition: str
    variant: int
    colleague: str
    by: str
    state: SideState
    reason: str
    claimed_at: datetime
    became: str


def claim(
    connection: sa.Connection,
    *,
    kind: SideKind,
    once: str,
    campaign: str,
    edition_id: int | None,
    variant: int,
    colleague: str,
    by: str,
    via: str,
    now: datetime,
) -> int | None:
    """Take the message called `once`; returns its id, or None where it was taken before.

    One that is known not to have been sent may be taken again.
    """
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    taken = {"state": SideState.CLAIMED, "reason": "", "claimed_at": now, "recorded_at": None}
    found = connection.execute(
        insert(side_message)
        .values(
            kind=kind,
            once=once,
            campaign=campaign,
            edition_id=edition_id,
            variant=variant,
            colleague=colleague,
            by=by,
            via=via,
            **taken,
        )
        .on_conflict_do_update(
            index_elements=[side_message.c.once],
            set_=taken,
            where=side_message.c.state == SideState.NOT_SENT,
        )
        .returning(side_message.c.id)
    ).scalar()
    return None if found is None else int(found)


def record(
    connection: sa.Connection,
    number: int,
    state: SideState,
    now: datetime,
    *,
    reason: str = "",
    message_id: str = "",
) -> None:
    """Keep what became of handing a message over."""
    connection.execute(
        sa.update(side_message)
        .where(side_message.c.id == number)
        .values(state=state, reason=reason, message_id=message_id, recorded_at=now)
    )


def claimed_since(connection: sa.Connection, kind: SideKind, since: datetime) -> int:
    """Return how many messages of a kind were taken since then."""
    query = (
        sa.select(sa.func.count())
        .select_from(side_message)
        .where(side_message.c.kind == kind, side_message.c.claimed_at >= since)
    )
    return int(connection.execute(query).scalar_one())


def heard(connection: sa.Connection, became: dict[int, str]) -> None:
    """Keep what events say about side messages, by id. An event proves that it went."""
    for number, words in sorted(became.items()):
        connection.execute(
            sa.update(side_message)
            .where(side_message.c.id == number)
            .values(became=words, state=SideState.ACCEPTED)
        )


def of_edition(
    connection: sa.Connection, edition_id: int, now: datetime, limit: int = 500
) -> tuple[SideRow, ...]:
    """Return an edition's side messages, the latest first; claims of the dead are in doubt."""
    return _rows(connection, side_message.c.edition_id == edition_id, now, limit)


def of_campaign(
    connection: sa.Connection, slug: str, now: datetime, limit: int = 50
) -> tuple[SideRow, ...]:
    """Return the side messages of a campaign that belong to no edition, the latest first."""
    mine = sa.and_(side_message.c.campaign == slug, side_message.c.edition_id.is_(None))
    return _rows(connection, mine, now, limit)


def _rows(
    connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime, limit: int
) -> tuple[SideRow, ...]:
    rows = connection.execute(
        sa.select(side_message, edition.c.name)
        .outerjoin(edition, edition.c.id == side_message.c.edition_id)
        .where(which)
        .order_by(side_message.c.id.desc())
        .limit(limit)
    )
    return tuple(_row(row, now) for row in rows)


def _row(row: sa.Row[tuple[object, ...]], now: datetime) -> SideRow:
    state, reason = SideState(row.state), row.reason
    if state is SideState.CLAIMED and row.claimed_at + GIVEN_UP < now:
        state, reason = SideState.IN_DOUBT, "whoever handed it over stopped before the answer"
    return SideRow(
        id=row.id,
        kind=SideKind(row.kind),
        campaign=row.campaign,
        edition=row.name or "",
        variant=row.variant,
        colleague=row.colleague,
        by=row.by,
        state=state,
        reason=reason,
        claimed_at=row.claimed_at,
        became=row.became,
    )
