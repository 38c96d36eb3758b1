"""Facts that belong to the whole ledger: one value under each name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.ledger.editions import fact


def get_fact(connection: sa.Connection, name: str) -> str:
    """Return the value under `name`, '' where there is none."""
    return str(connection.execute(_VALUE, {"named": name}).scalar() or "")


_VALUE = sa.select(fact.c.value).where(fact.c.name == sa.bindparam("named"))


def set_fact(connection: sa.Connection, name: str, value: str, now: datetime) -> None:
    """Keep `value` under `name`, whatever stood there; two writers at once never collide."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    new = {"value": value, "at": now}
    written = insert(fact).values(name=name, **new)
    connection.execute(written.on_conflict_do_update(index_elements=["name"], set_=new))
