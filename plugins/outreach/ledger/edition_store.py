"""Read and steer one edition: its record, control, approval, start and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import Control, DeliveryState, EditionState, Mailbox, Purpose
from outreach.errors import NotFound
from outreach.ledger.editions import (
    audit,
    batch,
    campaign,
    campaign_version,
    delivery,
    edition,
    variant,
)
from outreach.ledger.occasions import give_back

OPEN = (EditionState.PREPARED, EditionState.APPROVED, EditionState.SENDING)
"""States in which something may still be sent."""


@dataclass(frozen=True, slots=True)
class EditionRecord:
    """One edition as the ledger keeps it."""

    id: int
    name: str
    campaign_id: int
    campaign: str
    occurrence: str
    title: str
    purpose: Purpose
    provider: str
    sender: Mailbox
    reply_to: Mailbox | None
    owner: str
    state: EditionState
    control: Control
    control_reason: str
    content_hash: str
    audience_hash: str
    approval_hash: str
    intended: int
    excluded: int
    created_by: str
    created_at: datetime
    checked_at: datetime | None
    approved_by: str
    approved_via: str
    approved_at: datetime | None
    send_at: datetime | None
    late_after: datetime | None
    late_after_hours: int
    seen_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    source_hash: str
    missing: dict[str, int]
    faults: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """A frozen variant: `content` is JSON of the edition's `format`."""

    id: int
    number: int
    label: str
    content: Any
    size: int
    format: int
    arm: str = ""


def get(connection: sa.Connection, name: str) -> EditionRecord:
    """Return the edition called `name`. Raises NotFound, saying how to list editions."""
    row = connection.execute(
        sa.select(edition, campaign.c.slug, campaign_version.c.content_hash.label("source_hash"))
        .join(campaign, campaign.c.id == edition.c.campaign_id)
        .outerjoin(campaign_version, campaign_version.c.id == edition.c.version_id)
        .where(edition.c.name == name)
    ).first()
    if row is None:
        raise NotFound(
            f"there is no edition {name!r}. An edition is named campaign@occurrence, as "
            "`outreach prepare` prints it"
        )
    return EditionRecord(
        id=row.id,
        name=row.name,
        campaign_id=row.campaign_id,
        campaign=row.slug,
        occurrence=row.occurrence,
        title=row.title,
        purpose=Purpose(row.purpose),
        provider=row.provider,
        sender=Mailbox(**row.sender),
        reply_to=Mailbox(**row.reply_to) if row.reply_to else None,
        owner=row.owner,
        state=EditionState(row.state),
        control=Control(row.control),
        control_reason=row.control_reason,
        content_hash=row.content_hash,
        audience_hash=row.audience_hash,
        approval_hash=row.approval_hash,
        intended=row.intended,
        excluded=row.excluded,
        created_by=row.created_by,
        created_at=row.created_at,
        checked_at=row.checked_at,
        approved_by=row.approved_by,
        approved_via=row.approved_via,
        approved_at=row.approved_at,
        send_at=row.send_at,
        late_after=row.late_after,
        late_after_hours=row.late_after_hours,
        seen_at=row.seen_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        source_hash=row.source_hash or "",
        missing=row.missing or {},
        faults=row.faults or [],
    )


def variants(connection: sa.Connection, edition_id: int) -> list[StoredVariant]:
    """Return the edition's frozen variants in order."""
    rows = connection.execute(
        sa.select(variant, edition.c.format)
        .join(edition, edition.c.id == variant.c.edition_id)
        .where(variant.c.edition_id == edition_id)
        .order_by(variant.c.number)
    )
    return [
        StoredVariant(r.id, r.number, r.label, r.content, r.size, r.format, r.arm) for r in rows
    ]


def edition_names(connection: sa.Connection) -> list[str]:
    """Return every edition's name, oldest first."""
    return list(connection.execute(sa.select(edition.c.name).order_by(edition.c.id)).scalars())


def open_editions(connection: sa.Connection) -> list[str]:
    """Return the names of the editions in which something may still happen.

    One that ended while a sender held a batch of it is among them until that batch is recorded.
    """
    in_flight = sa.exists().where(
        batch.c.edition_id == edition.c.id, batch.c.state == DeliveryState.CLAIMED
    )
    rows = connection.execute(
        sa.select(edition.c.name)
        .where(sa.or_(edition.c.state.in_(OPEN), in_flight))
        .order_by(edition.c.id)
    )
    return list(rows.scalars())


def set_checked(
    connection: sa.Connection, edition_id: int, faults: list[dict[str, Any]], now: datetime
) -> None:
    """Keep what the checks found."""
    connection.execute(
        sa.update(edition).where(edition.c.id == edition_id).values(faults=faults, checked_at=now)
    )


def start(connection: sa.Connection, edition_id: int, now: datetime) -> None:
    """Move an approved edition to sending."""
    connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id, edition.c.state == EditionState.APPROVED)
        .values(state=EditionState.SENDING, started_at=now)
    )


def set_control(connection: sa.Connection, edition_id: int, control: Control, reason: str) -> None:
    """Order a running edition to run, pause or stop."""
    connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id)
        .values(control=control, control_reason=reason)
    )


def seen(connection: sa.Connection, edition_id: int, now: datetime) -> None:
    """Note that a sender looks at an edition."""
    connection.execute(sa.update(edition).where(edition.c.id == edition_id).values(seen_at=now))


def pause_if_running(connection: sa.Connection, edition_id: int, reason: str) -> bool:
    """Pause an edition that runs; a stop that a person ordered stays. Returns whether it ran."""
    done = connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id, edition.c.control == Control.RUN)
        .values(control=Control.PAUSE, control_reason=reason)
    )
    return bool(done.rowcount)


def close(
    connection: sa.Connection, edition_id: int, state: EditionState, reason: str, now: datetime
) -> int:
    """End an edition: what is still planned is cancelled; returns how many people that is.

    A claimed batch is left to its sender: its outcome is recorded all the same, and it is
    cancelled too if it comes back unsent. Pledges that it never began to answer are given back.
    """
    connection.execute(
        sa.select(edition.c.id).where(edition.c.id == edition_id).with_for_update(key_share=True)
    )
    counted = connection.execute(
        sa.select(sa.func.count())
        .select_from(delivery.join(batch, batch.c.id == delivery.c.batch_id))
        .where(
            batch.c.edition_id == edition_id,
            batch.c.state == DeliveryState.PLANNED,
            delivery.c.state.is_(None),
        )
    ).scalar_one()
    connection.execute(
        sa.update(batch)
        .where(batch.c.edition_id == edition_id, batch.c.state == DeliveryState.PLANNED)
        .values(state=DeliveryState.CANCELLED, reason=reason, recorded_at=now)
    )
    connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id, edition.c.state.in_(OPEN))
        .values(
            state=state,
            control=Control.STOP,
            control_reason=reason,
            finished_at=now,
        )
    )
    give_back(connection, edition_id)
    return int(counted)


def finish(
    connection: sa.Connection, edition_id: int, certificate: dict[str, Any], now: datetime
) -> None:
    """Keep the certificate; an edition with nothing planned or claimed any more is sent."""
    kept: dict[str, Any] = {"certificate": certificate, "certified_at": now}
    connection.execute(sa.update(edition).where(edition.c.id == edition_id).values(**kept))
    if not certificate["planned"] and not certificate["claimed"]:
        values: dict[str, Any] = {"state": EditionState.SENT, "finished_at": now}
        connection.execute(
            sa.update(edition)
            .where(edition.c.id == edition_id, edition.c.state == EditionState.SENDING)
            .values(**values)
        )


def note(
    connection: sa.Connection,
    *,
    who: str,
    via: str,
    action: str,
    subject: str,
    at: datetime,
    detail: str = "",
) -> None:
    """Add an audit entry; `detail` must hold no personal data."""
    connection.execute(
        sa.insert(audit).values(
            at=at, who=who, via=via, action=action, subject=subject, detail=detail
        )
    )
