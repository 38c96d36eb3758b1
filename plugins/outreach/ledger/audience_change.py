"""How an edition's audience differs from that of the last edition that was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.editions import delivery, edition, exclusion
from outreach.ledger.engine import reading
from outreach.ledger.people import contact, organisation
from outreach.ledger.placing import BOROUGH, ICS_AREA, SECTOR

Change = Literal["joined", "gone", "both"]
CHANGES: tuple[Change, ...] = ("joined", "gone", "both")

NOT_KNOWN = "no contact any more"
"""Why somebody is gone of whom the edition keeps no reason: erased, or merged."""

_CHUNK = 5_000
_MOST_GROUPS = 40
_DIMENSIONS = (("Sector", SECTOR), ("Area", ICS_AREA), ("Borough", BOROUGH))


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """How an audience differs from that of the edition `before`, in people."""

    before: str
    before_id: int
    both: int
    joined: int
    gone: int

    @property
    def moved(self) -> float:
        """How far it moved: who joined and who is gone, in percent of everyone before."""
        return 100.0 * (self.joined + self.gone) / max(1, self.both + self.gone)

    def described(self) -> str:
        """Return the difference in words."""
        return (
            f"Against the last edition that was sent ({self.before}): {self.both:,} people get "
            f"both, {self.joined:,} are new, {self.gone:,} are not in it any more: it moved by "
            f"{self.moved:.0f}%."
        )


@dataclass(frozen=True, slots=True)
class Group:
    """How many of those who joined, or are gone, have one value: `kind` says of what."""

    change: Change
    kind: str
    value: str
    people: int


@dataclass(frozen=True, slots=True)
class Mover:
    """One person in the comparison. `email` is '' once erased; `reason`: why they are gone."""

    contact_id: int
    change: Change
    email: str
    sector: str
    ics_area: str
    borough: str
    reason: str


def audience_change(connection: sa.Connection, found: EditionRecord) -> AudienceChange | None:
    """Compare with the campaign's last edition that began to be sent; None where there is none.

    Counts everyone who was to be written to, whatever became of it. Resends and follow-ups are
    no base.
    """
    before = connection.execute(
        sa.select(edition.c.id, edition.c.name)
        .where(
            edition.c.campaign_id == found.campaign_id,
            edition.c.id < found.id,
            edition.c.again_of.is_(None),
            edition.c.follows.is_(None),
            edition.c.started_at.is_not(None),
        )
        .order_by(edition.c.id.desc())
        .limit(1)
    ).first()
    if before is None:
        return None
    both = _number(connection, *_mine(found.id, before.id, both=True))
    return AudienceChange(
        before=before.name,
        before_id=before.id,
        both=both,
        joined=_number(connection, *_mine(found.id, before.id, both=False)),
        gone=_number(connection, *_mine(before.id, found.id, both=False)),
    )


def groups(connection: sa.Connection, now: int, before: int) -> tuple[Group, ...]:
    """Return who joined edition `now` and who is gone since `before`: by sector, area, borough,
    and those gone by reason; the largest of each first."""
    found: list[Group] = []
    sides: tuple[tuple[Change, int, int], ...] = (("joined", now, before), ("gone", before, now))
    for change, of, other in sides:
        for kind, column in _DIMENSIONS:
            found += _grouped(connection, change, kind, column, of, other, now)
    return (*found, *_grouped(connection, "gone", "Reason", _REASON, before, now, now))


def movers(engine: sa.Engine, now: int, before: int) -> Iterator[Mover]:
    """Yield everybody in either audience, in short reads: who joined, who is gone, who is in both.

    Within each in the order of their numbers.
    """
    for change in CHANGES:
        after = 0
        while True:
            with reading(engine) as connection:
                some = page(connection, now, before, change, after, _CHUNK)
            yield from some
            if len(some) < _CHUNK:
                break
            after = some[-1].contact_id


def page(
    connection: sa.Connection, now: int, before: int, change: Change, after: int, limit: int
) -> tuple[Mover, ...]:
    """Return some of those who joined, are gone or are in both, from contact `after` on."""
    of, other = (before, now) if change == "gone" else (now, before)
    query = _joined(
        sa.select(
            delivery.c.contact_id,
            delivery.c.email,
            SECTOR.label("sector"),
            ICS_AREA.label("area"),
            BOROUGH.label("borough"),
            _REASON.label("why"),
        ),
        now,
    )
    query = query.where(*_mine(of, other, both=change == "both"), delivery.c.contact_id > after)
    rows = connection.execute(query.order_by(delivery.c.contact_id).limit(limit))
    return tuple(
        Mover(
            r.contact_id,
            change,
            r.email or "",
            r.sector or "",
            r.area or "",
            r.borough or "",
            r.why if change == "gone" else "",
        )
        for r in rows
    )


_LATER = delivery.alias("later")
_REASON = sa.func.coalesce(exclusion.c.reason, _LATER.c.reason, NOT_KNOWN)


def _joined(query: sa.Select[Any], now: int) -> sa.Select[Any]:
    """Join a delivery to its contact and their organisation, and to why they are not in `now`."""
    return query.select_from(
        delivery.join(contact, contact.c.id == delivery.c.contact_id)
        .outerjoin(organisation, organisation.c.id == contact.c.organisation_id)
        .outerjoin(
            exclusion,
            sa.and_(exclusion.c.edition_id == now, exclusion.c.contact_id == delivery.c.contact_id),
        )
        .outerjoin(
            _LATER,
            sa.and_(
                _LATER.c.edition_id == now,
                _LATER.c.contact_id == delivery.c.contact_id,
                _LATER.c.batch_id.is_(None),
            ),
        )
    )


def _mine(of: int, other: int, *, both: bool) -> tuple[sa.ColumnElement[bool], ...]:
    others = _people(other)
    there = delivery.c.contact_id.in_(others) if both else delivery.c.contact_id.not_in(others)
    return (delivery.c.edition_id == of, delivery.c.batch_id.is_not(None), there)


def _grouped(
    connection: sa.Connection,
    change: Change,
    kind: str,
    column: sa.ColumnElement[Any],
    of: int,
    other: int,
    now: int,
) -> list[Group]:
    number = sa.func.count()
    rows = connection.execute(
        _joined(sa.select(column.label("value"), number.label("people")), now)
        .where(*_mine(of, other, both=False))
        .group_by(column)
        .order_by(number.desc(), column)
        .limit(_MOST_GROUPS)
    )
    return [Group(change, kind, r.value or "not known", r.people) for r in rows]


def _people(edition_id: int) -> sa.Select[Any]:
    inner = delivery.alias()
    return sa.select(inner.c.contact_id).where(
        inner.c.edition_id == edition_id, inner.c.batch_id.is_not(None)
    )


def _number(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(delivery).where(*which)
    return int(connection.execute(counted).scalar_one())
