"""Events through the SQLAlchemy ORM: each once, its delivery's state and times kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class _Base(DeclarativeBase):
    pass


class Delivery(_Base):
    """What is known of one email."""

    __tablename__ = "peer_delivery"

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="accepted")
    delivered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    clicked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Happened(_Base):
    """One event, once for each of the provider's ids."""

    __tablename__ = "peer_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(unique=True)
    delivery_id: Mapped[str] = mapped_column(index=True)
    type: Mapped[str]
    occurred_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    link: Mapped[str]


def peer_deliveries(engine: sa.Engine, ids: list[str]) -> None:
    """Make the tables anew, with a row for each delivery."""
    _Base.metadata.drop_all(engine)
    _Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(Delivery), [{"id": one, "state": "accepted"} for one in ids])


def each_event(engine: sa.Engine, body: bytes) -> None:
    """One commit for each event of a post."""
    with Session(engine) as session:
        for row in json.loads(body):
            known = sa.select(Happened.id).where(Happened.provider_id == row["sg_event_id"])
            if session.scalar(known):
                continue
            found = session.get(Delivery, row["outreach_delivery"])
            if found:
                _take(found, row)
            session.add(_happened(row))
            session.commit()


def each_post(engine: sa.Engine, body: bytes) -> None:
    """One transaction for a post: one query for what is known, one for the deliveries."""
    rows = {row["sg_event_id"]: row for row in json.loads(body)}
    with Session(engine) as session:
        known = sa.select(Happened.provider_id).where(Happened.provider_id.in_(rows))
        for seen in session.scalars(known):
            del rows[seen]
        about = {row["outreach_delivery"] for row in rows.values()}
        chosen = session.scalars(sa.select(Delivery).where(Delivery.id.in_(about)))
        deliveries = {one.id: one for one in chosen}
        for row in rows.values():
            found = deliveries.get(row["outreach_delivery"])
            if found:
                _take(found, row)
            session.add(_happened(row))
        session.commit()


def _take(found: Delivery, row: dict[str, Any]) -> None:
    at = datetime.fromtimestamp(row["timestamp"], UTC)
    if row["event"] == "delivered":
        found.state, found.delivered_at = "delivered", at
    elif row["event"] == "open":
        found.opened_at = found.opened_at or at
    elif row["event"] == "click":
        found.clicked_at = found.clicked_at or at


def _happened(row: dict[str, Any]) -> Happened:
    return Happened(
        provider_id=row["sg_event_id"],
        delivery_id=row["outreach_delivery"],
        type=row["event"],
        occurred_at=datetime.fromtimestamp(row["timestamp"], UTC),
        link=row.get("url", ""),
    )
