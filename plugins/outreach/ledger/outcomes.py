"""Record what became of a claimed batch.

Every outcome is a conditional update on (batch, epoch, time of the claim, state): a sender that
was fenced off changes nothing, and is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger import crossing
from outreach.ledger.apart import Apart, set_apart
from outreach.ledger.claims import ClaimedBatch
from outreach.ledger.cutting import cut_off
from outreach.ledger.edition_store import OPEN
from outreach.ledger.editions import batch, delivery, edition
from outreach.ledger.engine import reading
from outreach.ledger.facts import set_fact

S = DeliveryState


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch that the provider took, but for those in `apart`."""

    taken: ClaimedBatch
    message_id: str
    apart: tuple[Apart, ...] = ()


def record_accepted(engine: sa.Engine, taken: ClaimedBatch, message_id: str, now: datetime) -> bool:
    """Record the provider's receipt; returns False where this claim had been fenced off.

    A batch that was meanwhile put in doubt (its sender seemed dead) is accepted too: the
    receipt is proof, also against a person who settled that doubt meanwhile. People suppressed
    since the claim are listed as crossed.
    """
    return record_receipts(engine, (Accepted(taken, message_id),), now) == 1


def record_receipts(engine: sa.Engine, receipts: Sequence[Accepted], now: datetime) -> int:
    """Record several receipts of one edition at once, all or none, as `record_accepted` does.

    Those who came to something else than their batch are put in batches of their own (see
    `apart`). Returns how many of these claims had not been fenced off.
    """
    with engine.begin() as connection:
        took: list[int] = []
        doubted: list[int] = []
        recorded = 0
        unsent: dict[str, object] = {}
        if any(one.apart for one in receipts):
            unsent = _unsent(connection, receipts[0].taken.edition_id)
        # In one order, as everybody does who locks several.
        for one in sorted(receipts, key=lambda one: one.taken.batch_id):
            was, anybody = _accept(connection, one, unsent, now)
            recorded += bool(was)
            if anybody:
                took.append(one.taken.batch_id)
            if anybody and was == S.UNKNOWN:
                doubted.append(one.taken.batch_id)
        if doubted:
            _prove(connection, doubted)
        if took:
            crossing.mark_crossed(connection, receipts[0].taken.edition_id, took, now)
        return recorded


def _accept(
    connection: sa.Connection, one: Accepted, unsent: dict[str, object], now: datetime
) -> tuple[str, bool]:
    """Return the state in which the claim stood, or '', and whether anybody of it was taken."""
    this = _this(one.taken)
    if one.apart:
        row = connection.execute(_STANDING, this).first()
        if row is None or not set_apart(connection, row, one.apart, unsent, now):
            return ("" if row is None else str(row.state)), False
    values = {"state": S.ACCEPTED, "message_id": one.message_id, "reason": "", "recorded_at": now}
    for was, held in ((S.CLAIMED, _MINE), (S.UNKNOWN, _IN_DOUBT)):
        if connection.execute(held, {**this, **values}).rowcount:
            return was, True
    return "", False


def release(
    engine: sa.Engine, taken: ClaimedBatch, reason: str, not_before: datetime, now: datetime
) -> bool:
    """Put a provably unsent batch back to planned, to be tried at `not_before`.

    Where the edition has ended meanwhile, it is cancelled as the rest of it was.
    """
    with engine.begin() as connection:
        back = _unsent(connection, taken.edition_id, reason)
        values = {**back, "not_before": not_before, "recorded_at": now, "sender": ""}
        return bool(connection.execute(_MINE, {**_this(taken), **values}).rowcount)


def record_doubt(engine: sa.Engine, taken: ClaimedBatch, reason: str, now: datetime) -> bool:
    """Put a batch in doubt: the provider may or may not have it; never resent by itself."""
    return _settle(engine, taken, {"state": S.UNKNOWN, "reason": reason, "recorded_at": now})


def record_failed(engine: sa.Engine, taken: ClaimedBatch, reason: str, now: datetime) -> bool:
    """Record that the provider refused the whole batch, in its words."""
    return _settle(engine, taken, {"state": S.FAILED, "reason": reason, "recorded_at": now})


def split(engine: sa.Engine, taken: ClaimedBatch, now: datetime) -> bool:
    """Cut a refused batch in two planned halves, so that one bad row never costs the others.

    Where the edition has ended meanwhile, both are cancelled. Raises ValueError for a batch of one.
    """
    ids = taken.people.contact_ids
    if len(ids) < 2:
        raise ValueError("a batch of one cannot be split; record it as failed")
    half = ids[len(ids) // 2 :]
    with engine.begin() as connection:
        back = _unsent(connection, taken.edition_id)
        row = connection.execute(_HELD, _this(taken)).first()
        if row is None:
            return False
        cut_off(connection, row, half, back)
        values = {**back, "recorded_at": now, "sender": ""}
        connection.execute(_MINE, {**_this(taken), **values})
        return True


def still_mine(connection: sa.Connection, taken: ClaimedBatch) -> bool:
    """Whether this claim still stands; asked right before bytes leave when time has passed."""
    return bool(connection.execute(_STILL_MINE, _this(taken)).scalar())


def doubt_the_dead(
    engine: sa.Engine, now: datetime, alive: Callable[[str], bool | None], edition_id: int = 0
) -> int:
    """Put in doubt every claimed batch whose sender is gone; returns how many batches.

    `alive` answers for a sender's name: True, False, or None where it cannot be known from
    here; then only a lease that has run out counts.
    """
    query = sa.select(
        batch.c.id, batch.c.epoch, batch.c.sender, batch.c.lease_until, batch.c.edition_id
    ).where(batch.c.state == S.CLAIMED)
    if edition_id:
        query = query.where(batch.c.edition_id == edition_id)
    with reading(engine) as connection:
        claimed = connection.execute(query).all()
    doubted = 0
    for row in claimed:
        living = alive(row.sender)
        if living or (living is None and row.lease_until > now):
            continue
        with engine.begin() as connection:
            doubted += connection.execute(
                sa.update(batch)
                .where(
                    batch.c.id == row.id,
                    batch.c.epoch == row.epoch,
                    batch.c.state == S.CLAIMED,
                )
                .values(
                    state=S.UNKNOWN,
                    reason="the sender stopped before the provider's answer was recorded",
                    recorded_at=now,
                )
            ).rowcount
    return doubted


def hold_provider(engine: sa.Engine, provider: str, until: datetime, now: datetime) -> None:
    """Make all senders of `provider` wait until `until` (it answered 429)."""
    with engine.begin() as connection:
        set_fact(connection, f"hold:{provider}", until.isoformat(), now)


def _unsent(connection: sa.Connection, edition_id: int, reason: str = "") -> dict[str, object]:
    """Return what an unsent batch becomes: planned, or cancelled where its edition has ended.

    The edition's row stays locked, so that it cannot end, nor another batch be cut, meanwhile.
    """
    row = connection.execute(
        sa.select(edition.c.state, edition.c.control_reason)
        .where(edition.c.id == edition_id)
        .with_for_update(key_share=True)
    ).one()
    if row.state in OPEN:
        return {"state": S.PLANNED, "reason": reason}
    return {"state": S.CANCELLED, "reason": row.control_reason}


_IS = sa.and_(
    batch.c.id == sa.bindparam("this_batch"),
    batch.c.epoch == sa.bindparam("this_epoch"),
    batch.c.claimed_at == sa.bindparam("this_claim"),
)
"""Whether a batch's last claim is the one of `_this`.

Its time tells it from a claim of the same epoch in a ledger that was restored meanwhile.
"""

# Made once, as each batch asks them.
_MINE = sa.update(batch).where(_IS, batch.c.state == S.CLAIMED)
_IN_DOUBT = sa.update(batch).where(_IS, batch.c.state == S.UNKNOWN)
_STILL_MINE = sa.select(batch.c.id).where(_IS, batch.c.state == S.CLAIMED)
_HELD = sa.select(batch).where(_IS, batch.c.state == S.CLAIMED).with_for_update()
_STANDING = sa.select(batch).where(_IS, batch.c.state.in_([S.CLAIMED, S.UNKNOWN])).with_for_update()


def _this(taken: ClaimedBatch) -> dict[str, object]:
    return {
        "this_batch": taken.batch_id,
        "this_epoch": taken.epoch,
        "this_claim": taken.claimed_at,
    }


def _settle(engine: sa.Engine, taken: ClaimedBatch, values: dict[str, object]) -> bool:
    with engine.begin() as connection:
        return bool(connection.execute(_MINE, {**_this(taken), **values}).rowcount)


def _prove(connection: sa.Connection, batch_ids: Sequence[int]) -> None:
    """Whoever of these batches, which were in doubt, was settled as not sent was sent after all."""
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.batch_id.in_(batch_ids), delivery.c.state == S.FAILED)
        .values(state=None, reason="")
    )
