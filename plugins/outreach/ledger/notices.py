"""Notices: what a person should know that nobody was asked about, each given once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.ledger.editions import campaign, edition, notice


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to `owner`. `told` says what became of telling them, once `told_at` is set."""

    id: int
    at: datetime
    kind: str
    campaign: str
    edition: str
    text: str
    owner: str
    told_at: datetime | None
    told: str
    seen_at: datetime | None
    seen_by: str


def add(
    connection: sa.Connection,
    *,
    kind: str,
    once: str,
    text: str,
    now: datetime,
    campaign_id: int,
    edition_id: int | None = None,
) -> bool:
    """Write a notice to the owner of the edition, or of the campaign's last one.

    `once` names what it is about: the second notice of that name is not written. Returns whether
    this was the first.
    """
    about = edition.c.id == edition_id if edition_id else edition.c.campaign_id == campaign_id
    owner = connection.execute(
        sa.select(edition.c.owner).where(about).order_by(edition.c.id.desc()).limit(1)
    ).scalar()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    made = connection.execute(
        insert(notice)
        .values(
            at=now,
            kind=kind,
            once=once,
            text=text,
            owner=owner or "",
            campaign_id=campaign_id,
            edition_id=edition_id,
        )
        .on_conflict_do_nothing()
        .returning(notice.c.id)
    )
    return made.scalar() is not None


def about(connection: sa.Connection, edition_id: int) -> tuple[str, int]:
    """Return (edition's name, its campaign's id)."""
    row = connection.execute(
        sa.select(edition.c.name, edition.c.campaign_id).where(edition.c.id == edition_id)
    ).one()
    return row.name, row.campaign_id


def listed(
    connection: sa.Connection, *, unseen_only: bool, campaign_slug: str = "", edition_name: str = ""
) -> tuple[Notice, ...]:
    """Return notices, the latest first: all, or those about one campaign or one edition."""
    which = sa.and_(
        notice.c.seen_at.is_(None) if unseen_only else sa.true(),
        campaign.c.slug == campaign_slug if campaign_slug else sa.true(),
        edition.c.name == edition_name if edition_name else sa.true(),
    )
    return _notices(connection, which)


def get(connection: sa.Connection, notice_id: int) -> Notice | None:
    """Return the notice with this id, if there is one."""
    return next(iter(_notices(connection, notice.c.id == notice_id)), None)


def untold(connection: sa.Connection) -> tuple[Notice, ...]:
    """Return the notices that nobody tried to tell yet."""
    return _notices(connection, notice.c.told_at.is_(None))


def begin_telling(connection: sa.Connection, notice_id: int, now: datetime) -> bool:
    """Take a notice for telling; returns False where somebody else did."""
    taken = connection.execute(
        sa.update(notice)
        .where(notice.c.id == notice_id, notice.c.told_at.is_(None))
        .values(told_at=now, told="began, and it is not known how it ended")
    )
    return bool(taken.rowcount)


def told(connection: sa.Connection, notice_id: int, how: str) -> None:
    """Keep what became of telling."""
    connection.execute(sa.update(notice).where(notice.c.id == notice_id).values(told=how))


def mark_seen(connection: sa.Connection, notice_id: int, by: str, now: datetime) -> bool:
    """Note who saw a notice first; returns whether there is one."""
    connection.execute(
        sa.update(notice)
        .where(notice.c.id == notice_id, notice.c.seen_at.is_(None))
        .values(seen_at=now, seen_by=by)
    )
    found = connection.execute(sa.select(notice.c.id).where(notice.c.id == notice_id))
    return found.scalar() is not None


def _notices(connection: sa.Connection, which: sa.ColumnElement[bool]) -> tuple[Notice, ...]:
    rows = connection.execute(
        sa.select(notice, campaign.c.slug, edition.c.name.label("edition_name"))
        .select_from(
            notice.outerjoin(campaign, campaign.c.id == notice.c.campaign_id).outerjoin(
                edition, edition.c.id == notice.c.edition_id
            )
        )
        .where(which)
        .order_by(notice.c.id.desc())
    )
    return tuple(
        Notice(
            id=r.id,
            at=r.at,
            kind=r.kind,
            campaign=r.slug or "",
            edition=r.edition_name or "",
            text=r.text,
            owner=r.owner,
            told_at=r.told_at,
            told=r.told,
            seen_at=r.seen_at,
            seen_by=r.seen_by,
        )
        for r in rows
    )
