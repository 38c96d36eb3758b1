"""Which pledges campaigns have been told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.editions import fact
from outreach.ledger.people import pledge

_TOLD = "pledges announced"


@dataclass(frozen=True, slots=True)
class Unannounced:
    """Pledges that no campaign was told of: how many, and the newest one's number."""

    number: int
    watermark: int


def unannounced(connection: sa.Connection) -> Unannounced:
    """Return the pledges recorded since the last announcement."""
    told = connection.execute(sa.select(fact.c.value).where(fact.c.name == _TOLD)).scalar()
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(pledge.c.id), 0)).where(
            pledge.c.id > int(told or 0)
        )
    ).one()
    return Unannounced(row[0], row[1])


def announced(connection: sa.Connection, watermark: int, now: datetime) -> None:
    """Note that every pledge up to `watermark` was announced; never goes back."""
    told = connection.execute(sa.select(fact.c.value).where(fact.c.name == _TOLD)).scalar()
    if watermark > int(told or 0):
        connection.execute(sa.delete(fact).where(fact.c.name == _TOLD))
        connection.execute(sa.insert(fact).values(name=_TOLD, value=str(watermark), at=now))
