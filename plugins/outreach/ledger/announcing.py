"""Which new pledges, contacts and resources were announced: campaigns were told of them.

Asked of the ledger by row numbers, not of one import, so that an import which died loses nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.editions import fact
from outreach.ledger.facts import set_fact
from outreach.ledger.people import contact, pledge
from outreach.ledger.resources import resource

KINDS: dict[str, sa.Table] = {"pledges": pledge, "contacts": contact, "resources": resource}
"""What is announced -> the table whose new rows it is about."""


@dataclass(frozen=True, slots=True)
class Unannounced:
    """Rows that no campaign was told of: how many, and the newest one's number."""

    number: int
    watermark: int


def unannounced(connection: sa.Connection, kind: str = "pledges") -> Unannounced:
    """Return the rows of `kind` recorded since the last announcement."""
    table = KINDS[kind]
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(table.c.id), 0)).where(
            table.c.id > told(connection, kind)
        )
    ).one()
    return Unannounced(row[0], row[1])


def told(connection: sa.Connection, kind: str = "pledges") -> int:
    """Return the number of the newest row of `kind` that was announced."""
    known = connection.execute(sa.select(fact.c.value).where(fact.c.name == _name(kind))).scalar()
    return int(known or 0)


def announced(
    connection: sa.Connection, watermark: int, now: datetime, kind: str = "pledges"
) -> None:
    """Note that every row of `kind` up to `watermark` was announced; never goes back."""
    if watermark > told(connection, kind):
        set_fact(connection, _name(kind), str(watermark), now)


def _name(kind: str) -> str:
    return f"{kind} announced"
