"""Claim a batch for one sender, dropping whoever must no longer be written to.

What then becomes of it is recorded by `outcomes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.domain import DeliveryState, Purpose
from outreach.ledger import holds
from outreach.ledger.claimed import ClaimedBatch, ClaimedPerson, Nothing
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery, edition
from outreach.ledger.holds import GLOBAL_STOP
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact

__all__ = ["GLOBAL_STOP", "ClaimedBatch", "ClaimedPerson", "Nothing", "claim"]

ADDRESS_CHANGED = "address changed"
NOT_ALLOWED = "not on the allow-list"

S = DeliveryState


def claim(
    engine: sa.Engine,
    edition_id: int,
    *,
    sender: str,
    now: datetime,
    lease: timedelta,
    token_kid: str,
    link_base: str = "",
    allowed: Callable[[str], bool],
) -> ClaimedBatch | Nothing:
    """Claim the next planned batch, dropping whoever must no longer be written to.

    `token_kid` and `link_base` are kept: with them, its messages can be made again as they were.
    `allowed` says whether an address may be reached at all from this deployment.
    """
    while True:
        with engine.begin() as connection:
            held = holds.held(connection, edition_id, now)
            if held is not None:
                return held
            row = _next_planned(connection, edition_id, now)
            if row is None:
                return _nothing_planned(connection, edition_id, now)
            people = _recheck(connection, row, allowed)
            if not people:
                _close_empty(connection, row, now)
                continue
            links = {"token_kid": token_kid, "link_base": link_base}
            return _take(connection, row, people, sender, now, lease, links)


def _next_planned(connection: sa.Connection, edition_id: int, now: datetime) -> sa.Row | None:  # type: ignore[type-arg]
    return connection.execute(
        sa.select(batch)
        .where(
            batch.c.edition_id == edition_id,
            batch.c.state == S.PLANNED,
            sa.or_(batch.c.not_before.is_(None), batch.c.not_before <= now),
        )
        .order_by(batch.c.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def _nothing_planned(connection: sa.Connection, edition_id: int, now: datetime) -> Nothing:
    """Batches that are due and yet not to be had are held for a moment by somebody else, such as
    an unsubscribe: they are due now."""
    planned = connection.execute(
        sa.select(batch.c.not_before).where(
            batch.c.edition_id == edition_id, batch.c.state == S.PLANNED
        )
    ).scalars()
    due = [not_before or now for not_before in planned]
    if due:
        return Nothing("the rest waits for another try", wait_until=min(due))
    return Nothing("nothing is planned any more", finished=True)


def _recheck(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    allowed: Callable[[str], bool],
) -> list[ClaimedPerson]:
    purpose = connection.execute(
        sa.select(edition.c.purpose).where(edition.c.id == row.edition_id)
    ).scalar_one()
    why = sa.case(
        (contact.c.address_hash != delivery.c.address_hash, ADDRESS_CHANGED),
        else_=not_mailable(Purpose(purpose)),
    )
    found = connection.execute(
        sa.select(
            delivery.c.contact_id,
            delivery.c.email,
            delivery.c.address_hash,
            delivery.c.occasion,
            delivery.c.slot_values,
            why.label("why"),
        )
        .select_from(delivery.join(contact, contact.c.id == delivery.c.contact_id))
        .where(delivery.c.batch_id == row.id, delivery.c.state.is_(None))
        .order_by(delivery.c.contact_id)
    ).all()
    people: list[ClaimedPerson] = []
    dropped: dict[str, list[int]] = {}
    for person in found:
        reason = person.why or ("" if allowed(person.email) else NOT_ALLOWED)
        if reason:
            dropped.setdefault(reason, []).append(person.contact_id)
        else:
            people.append(
                ClaimedPerson(
                    person.contact_id,
                    person.email,
                    person.address_hash,
                    person.occasion,
                    tuple(person.slot_values),
                )
            )
    for reason, ids in dropped.items():
        _suppress(connection, row.edition_id, ids, reason)
    return people


def _suppress(connection: sa.Connection, edition_id: int, ids: Sequence[int], reason: str) -> None:
    for some in chunks(ids):
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(some))
            .values(state=S.SUPPRESSED, reason=reason)
        )


def _close_empty(connection: sa.Connection, row: sa.Row, now: datetime) -> None:  # type: ignore[type-arg]
    connection.execute(
        sa.update(batch)
        .where(batch.c.id == row.id)
        .values(state=S.SUPPRESSED, reason="everyone in it dropped out", recorded_at=now)
    )


def _take(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    people: list[ClaimedPerson],
    sender: str,
    now: datetime,
    lease: timedelta,
    links: dict[str, str],
) -> ClaimedBatch:
    until = now + lease
    connection.execute(
        sa.update(batch)
        .where(batch.c.id == row.id)
        .values(
            state=S.CLAIMED,
            epoch=row.epoch + 1,
            attempts=row.attempts + 1,
            sender=sender,
            **links,
            claimed_at=now,
            lease_until=until,
            reason="",
        )
    )
    return ClaimedBatch(
        batch_id=row.id,
        edition_id=row.edition_id,
        variant_id=row.variant_id,
        number=row.number,
        epoch=row.epoch + 1,
        attempts=row.attempts + 1,
        claimed_at=now,
        lease_until=until,
        people=tuple(people),
    )
