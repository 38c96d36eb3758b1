"""Freeze an edition's audience, against an ORM that inserts a row per person.

Ours judges every contact (basis, suppression, leaver, domain), evaluates slots and conditions,
renders the variants and freezes all of it in one transaction. The peer asks for suppression,
fills three values and adds one row per person, in one transaction too, on the same contacts.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.deployment import CAMPAIGN, databases, deployment, populate
from bench.measure import Comparison, Options, Result, Sample, WriterClock, timed, timed_ours
from outreach.flows.editions import prepare
from outreach.ledger.people import contact, suppression
from outreach.workspace import Workspace

PEOPLE = 100_000
SLICE = 5_000


class _Base(DeclarativeBase):
    pass


class _Planned(_Base):
    __tablename__ = "peer_planned"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition: Mapped[str]
    contact_id: Mapped[int] = mapped_column(index=True)
    email: Mapped[str]
    slot_values: Mapped[str]
    state: Mapped[str]


def run(options: Options) -> Result:
    """Compare how many people a second are frozen."""
    people = options.people or PEOPLE
    few = min(options.peer_people or SLICE, people)
    ours = Sample("Outreach: judged, rendered, frozen", people)
    peer = Sample("SQLAlchemy ORM, one suppression query and one insert per person", few)
    longest = 0.0
    with (
        databases(options) as new,
        deployment(options.folder / "prepare", new("prepare")) as ws,
    ):
        populate(ws, people)
        _Base.metadata.create_all(ws.engine)
        for number in range(options.rounds):
            clock = WriterClock(ws.engine)
            ours.add_rate(_ours(ws, f"round-{number}", people))
            longest = max(longest, clock.longest)
            peer.add_rate(_peer(ws, f"round-{number}", few))
    name = f"prepare-{options.database}-vs-orm"
    return Result(
        (Comparison(name, "people/s", ours, peer),),
        (f"one transaction kept other writers waiting for {longest * 1000:,.0f} ms at most",),
    )


def _ours(ws: Workspace, occurrence: str, people: int) -> float:
    with timed_ours() as seconds:
        made = prepare(ws, CAMPAIGN, occurrence, by="amy", via="bench")
    if made.intended != people:
        raise RuntimeError(f"{made.intended} people were frozen, not {people}")
    return seconds()


def _peer(ws: Workspace, occurrence: str, people: int) -> float:
    with timed() as seconds, Session(ws.engine) as session:
        chosen = sa.select(contact).order_by(contact.c.id).limit(people)
        for row in session.execute(chosen).all():
            session.add(_planned(session, row, occurrence))
            session.flush()
        session.commit()
    with Session(ws.engine) as session:
        query = sa.select(sa.func.count()).where(_Planned.edition == occurrence)
        if session.execute(query).scalar() != people:
            raise RuntimeError("the peer did not freeze everyone")
    return seconds()


def _planned(session: Session, row: Any, occurrence: str) -> _Planned:
    barred = session.execute(
        sa.select(suppression.c.reason).where(
            suppression.c.address_hash == row.address_hash, suppression.c.lifted_at.is_(None)
        )
    ).first()
    values = (f"{row.first_name} {row.last_name}".strip(), row.ics_area, row.sector.lower())
    return _Planned(
        edition=occurrence,
        contact_id=row.id,
        email=row.email,
        slot_values=json.dumps(values),
        state="suppressed" if barred else "planned",
    )
