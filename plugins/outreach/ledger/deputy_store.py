"""Deputies that approvers named for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.approval_tables import deputy


@dataclass(frozen=True, slots=True)
class Mandate:
    """`deputy` may answer for `approver` from `since` up to `until`, unless ended before."""

    id: int
    approver: str
    deputy: str
    since: datetime
    until: datetime
    by: str
    via: str
    at: datetime


def add(
    connection: sa.Connection,
    *,
    approver: str,
    named: str,
    since: datetime,
    until: datetime,
    by: str,
    via: str,
    now: datetime,
) -> int:
    """Keep that an approver named a deputy; returns the mandate's number."""
    values = {"approver": approver, "deputy": named, "since": since, "until": until}
    return int(
        connection.execute(
            sa.insert(deputy).values(**values, by=by, via=via, at=now).returning(deputy.c.id)
        ).scalar_one()
    )


def end(connection: sa.Connection, number: int, by: str, now: datetime) -> bool:
    """End a mandate before its time; False where it had ended."""
    done = connection.execute(
        sa.update(deputy)
        .where(deputy.c.id == number, deputy.c.ended_at.is_(None), deputy.c.until > now)
        .values(ended_at=now, ended_by=by)
    )
    return bool(done.rowcount)


def standing(connection: sa.Connection, now: datetime) -> tuple[Mandate, ...]:
    """Return the mandates that hold now or are still to begin, the next to end first."""
    names = Mandate.__dataclass_fields__
    rows = connection.execute(
        sa.select(*(deputy.c[name] for name in names))
        .where(deputy.c.ended_at.is_(None), deputy.c.until > now)
        .order_by(deputy.c.until, deputy.c.id)
    )
    return tuple(Mandate(*row) for row in rows)
