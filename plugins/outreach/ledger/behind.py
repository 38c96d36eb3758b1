"""Whether the ledger knows what its claim journal knows, and how to catch up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain import Control, DeliveryState, EditionState, Purpose
from outreach.journal import Claim, Entry
from outreach.ledger.editions import batch, campaign, delivery, edition
from outreach.ledger.facts import get_fact, set_fact
from outreach.ledger.imports import lock_people
from outreach.ledger.lost import NO_NUMBERS, Numbers, restore_contacts
from outreach.ledger.migrate import ledger_id
from outreach.ledger.numbering import next_edition_id
from outreach.ledger.occasions import freed
from outreach.ledger.people import contact

RECOVERED_TO = "recovered to"
_FORGOTTEN = (DeliveryState.PLANNED, DeliveryState.CANCELLED, DeliveryState.SUPPRESSED)
RECOVERED = "claimed before the ledger was restored: it may have been sent"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one `recover` changed: claims looked at, people put in doubt, editions made again."""

    claims: int
    missing: int
    doubted: int
    editions: tuple[str, ...]


def knows(connection: sa.Connection, claim: Claim) -> bool:
    """Whether this ledger has the claim; a ledger restored to before it has not."""
    return knows_all(connection, (claim,))


def knows_all(connection: sa.Connection, newest_first: Sequence[Claim | Entry]) -> bool:
    """Whether this ledger has all of these claims, down to where it was last recovered to."""
    done = get_fact(connection, RECOVERED_TO)
    epochs = _epochs(connection, newest_first)
    for claim in newest_first:
        if done and done == _identity(claim):
            return True
        if epochs.get((claim.ledger_id, claim.edition, claim.batch), -1) < claim.epoch:
            return False
    return True


def _epochs(
    connection: sa.Connection, some: Sequence[Claim | Entry]
) -> dict[tuple[str, str, int], int]:
    """Return how often each batch was claimed, by ledger, edition and number; at least of these."""
    names, numbers = {claim.edition for claim in some}, {claim.batch for claim in some}
    rows = connection.execute(_EPOCHS, {"names": sorted(names), "numbers": sorted(numbers)})
    own = ledger_id(connection)
    return {(own, name, number): int(epoch) for name, number, epoch in rows}


_EPOCHS = (
    sa.select(edition.c.name, batch.c.number, batch.c.epoch)
    .join(edition, edition.c.id == batch.c.edition_id)
    .where(
        edition.c.name.in_(sa.bindparam("names", expanding=True)),
        batch.c.number.in_(sa.bindparam("numbers", expanding=True)),
    )
)
"""Made once: it is asked whenever the journal has grown."""


def doubt(
    connection: sa.Connection, claim: Claim, now: datetime, known: Numbers = NO_NUMBERS
) -> int:
    """Put everyone of an unknown claim in doubt; returns how many were not so before.

    Whoever this ledger already knows to have been handed over is left as they are. What this
    ledger has lost is made again under the numbers in `known`, as far as they go.
    """
    edition_id, campaign_id = _edition(connection, claim, now, known)
    occasions = claim.occasions or (claim.edition,) * len(claim.address_hashes)
    restore_contacts(connection, claim, known, now)
    doubted = 0
    for address_hash, occasion in zip(claim.address_hashes, occasions, strict=True):
        doubted += _doubt_one(
            connection,
            edition_id,
            campaign_id,
            bytes(address_hash),
            occasion,
            now,
            claim.edition,
        )
    connection.execute(
        sa.update(edition)
        .where(edition.c.id == edition_id)
        .values(
            intended=sa.select(sa.func.count())
            .where(delivery.c.edition_id == edition_id)
            .scalar_subquery()
        )
    )
    return doubted


def recovered_to(connection: sa.Connection, claim: Claim, now: datetime) -> None:
    """Note that everything in the journal up to `claim` has been recovered."""
    set_fact(connection, RECOVERED_TO, _identity(claim), now)


def ever_claimed(connection: sa.Connection) -> bool:
    """Whether anything of this ledger was ever claimed, so that there must be a journal."""
    return (
        connection.execute(sa.select(batch.c.id).where(batch.c.epoch > 0).limit(1)).first()
        is not None
    )


@lru_cache(maxsize=64)
def _identity(claim: Claim | Entry) -> str:
    """Return what tells a claim from any other.

    Its whole content: after a recovery, other people of a batch may be claimed under the same
    edition, batch and epoch.
    """
    whole = claim.claim() if isinstance(claim, Entry) else claim
    return hashlib.blake2s(whole.line(), digest_size=16).hexdigest()


def _doubt_one(
    connection: sa.Connection,
    edition_id: int,
    campaign_id: int,
    address_hash: bytes,
    occasion: str,
    now: datetime,
    name: str,
) -> int:
    # Under its occasion or, where a restored ledger gave the occasion back, under what is left.
    row = connection.execute(
        sa.select(delivery, batch.c.state.label("batch_state"))
        .select_from(delivery.outerjoin(batch, batch.c.id == delivery.c.batch_id))
        .where(
            delivery.c.campaign_id == campaign_id,
            delivery.c.address_hash == address_hash,
            delivery.c.occasion.in_([occasion, freed(occasion, name)]),
        )
        .order_by(delivery.c.occasion != occasion)
    ).first()
    if row is None:
        connection.execute(
            sa.insert(delivery).values(
                edition_id=edition_id,
                contact_id=_contact(connection, address_hash, now),
                campaign_id=campaign_id,
                address_hash=address_hash,
                occasion=occasion,
                state=DeliveryState.UNKNOWN,
                reason=RECOVERED,
                recovered_at=now,
            )
        )
        return 1
    effective = row.state or row.batch_state or DeliveryState.PLANNED
    values: dict[str, object] = {"occasion": occasion}
    forgotten = effective in _FORGOTTEN
    if forgotten:
        values |= {"state": DeliveryState.UNKNOWN, "reason": RECOVERED, "recovered_at": now}
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.edition_id == row.edition_id, delivery.c.contact_id == row.contact_id)
        .values(**values)
    )
    return int(forgotten)


def _edition(
    connection: sa.Connection, claim: Claim, now: datetime, known: Numbers
) -> tuple[int, int]:
    """Return (edition id, campaign id), making a stopped edition where the ledger has none."""
    found = connection.execute(
        sa.select(edition.c.id, edition.c.campaign_id).where(edition.c.name == claim.edition)
    ).first()
    if found is not None:
        return found.id, found.campaign_id
    slug, _, occurrence = claim.edition.partition("@")
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    connection.execute(insert(campaign).values(slug=slug).on_conflict_do_nothing())
    campaign_id = connection.execute(
        sa.select(campaign.c.id).where(campaign.c.slug == slug)
    ).scalar_one()
    lock_people(connection)
    edition_id = connection.execute(
        sa.insert(edition)
        .values(
            id=known.editions.get(claim.edition) or next_edition_id(connection),
            campaign_id=campaign_id,
            occurrence=occurrence,
            name=claim.edition,
            title=slug,
            purpose=Purpose.PUBLIC_TASK,
            sender={"address": "", "name": ""},
            state=EditionState.RECOVERED,
            control=Control.STOP,
            control_reason="made again from the claim journal",
            created_by="recover",
            created_at=now,
        )
        .returning(edition.c.id)
    ).scalar_one()
    return int(edition_id), int(campaign_id)


def _contact(connection: sa.Connection, address_hash: bytes, now: datetime) -> int:
    """Return the contact with this hash, keeping a nameless one where none is known."""
    found = connection.execute(
        sa.select(contact.c.id).where(contact.c.address_hash == address_hash)
    ).scalar()
    if found is not None:
        return int(found)
    return int(
        connection.execute(
            sa.insert(contact)
            .values(address_hash=address_hash, domain_hash=b"", created_at=now, updated_at=now)
            .returning(contact.c.id)
        ).scalar_one()
    )
