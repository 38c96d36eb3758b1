"""Freeze an edition: content, audience, addresses, slot values and batches at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.errors import OutreachError
from outreach.ledger.audience import Candidate, Rule, exclude_the_rest
from outreach.ledger.campaign_store import campaign_key
from outreach.ledger.digests import keep_carried, newest_carrying
from outreach.ledger.editions import batch, campaign_version, edition, variant
from outreach.ledger.freeze_rows import PlannedDelivery, insert_planned, insert_suppressed
from outreach.ledger.imports import lock_people
from outreach.ledger.mailable import ERASED
from outreach.ledger.numbering import next_edition_id
from outreach.ledger.occasions import had_occasions
from outreach.ledger.people import contact


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A rendered variant to freeze: `content` is JSON, `resources` what a digest's carries."""

    label: str
    content: Any
    arm: str = ""
    resources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NewEdition:
    """Everything about an edition that is frozen besides its people.

    `carrying`, for a digest: `digests.newest_carrying` when its audience was read.
    """

    rule: Rule
    title: str
    owner: str
    source: str
    source_hash: str
    occurrence: str
    name: str
    provider: str
    batch_size: int
    sender: dict[str, str]
    reply_to: dict[str, str] | None
    format: int
    content_hash: str
    audience_hash: str
    created_by: str
    created_at: datetime
    send_at: datetime | None
    late_after: datetime | None
    missing: dict[str, int]
    late_after_hours: int = 0
    carrying: int | None = None


class Overtaken(OutreachError):
    """Another digest was frozen since this one's audience was read: read it again."""


def audience_hash(planned: Sequence[PlannedDelivery]) -> str:
    """Return a hash of who gets what: people, occasions, variants and values."""
    digest = hashlib.blake2s()
    for one in planned:
        digest.update(one.candidate.address_hash)
        digest.update(f"{one.candidate.occasion}\0{one.variant}\0".encode())
        digest.update("\0".join(one.values).encode())
    return digest.hexdigest()


def content_hash(source_hash: str, variants: Sequence[NewVariant]) -> str:
    """Return a hash of what goes out: the campaign's source and every rendered variant."""
    digest = hashlib.blake2s(source_hash.encode())
    for one in variants:
        digest.update(json.dumps(one.content, sort_keys=True).encode())
    return digest.hexdigest()


def exists(connection: sa.Connection, name: str) -> bool:
    """Whether the edition called `name` has been prepared."""
    return bool(connection.execute(sa.select(edition.c.id).where(edition.c.name == name)).scalar())


def freeze(
    connection: sa.Connection,
    new: NewEdition,
    variants: Sequence[NewVariant],
    planned: Sequence[PlannedDelivery],
    not_planned: Sequence[Candidate],
) -> int | None:
    """Write the edition and all its rows; returns its id, or None where it existed already.

    Raises Overtaken.
    """
    campaign_id = campaign_key(connection, new.rule.slug)
    if exists(connection, new.name):
        return None
    planned, not_planned = _without_erased(connection, planned, not_planned)
    if new.carrying is not None and newest_carrying(connection) != new.carrying:
        raise Overtaken("another digest was prepared at the same moment; prepare this one again")
    if new.rule.per_pledge:
        planned, not_planned = _without_had(connection, new, planned, not_planned)
    edition_id = _insert_edition(connection, new, campaign_id, len(planned) + len(not_planned))
    batch_ids = _insert_variants(connection, edition_id, variants, planned, new.batch_size)
    insert_planned(connection, edition_id, campaign_id, planned, batch_ids, new.batch_size)
    insert_suppressed(connection, edition_id, campaign_id, not_planned)
    exclude_the_rest(connection, edition_id, new.rule, new.created_at)
    return edition_id


def _without_erased(
    connection: sa.Connection,
    planned: Sequence[PlannedDelivery],
    not_planned: Sequence[Candidate],
) -> tuple[list[PlannedDelivery], list[Candidate]]:
    """Plan nobody who was erased since the audience was read; further erasures wait for this."""
    lock_people(connection)
    erased = sa.select(contact.c.id).where(contact.c.erased_at.is_not(None))
    gone = set(connection.execute(erased).scalars())
    late = [p.candidate for p in planned if p.candidate.contact_id in gone]
    return (
        [p for p in planned if p.candidate.contact_id not in gone],
        [*not_planned, *(replace(one, why_not=ERASED) for one in late)],
    )


def _without_had(
    connection: sa.Connection,
    new: NewEdition,
    planned: Sequence[PlannedDelivery],
    not_planned: Sequence[Candidate],
) -> tuple[list[PlannedDelivery], list[Candidate]]:
    """Leave out whoever another edition took since the audience was read."""
    had = had_occasions(connection, new.rule.slug)
    return (
        [p for p in planned if not had.covers(p.candidate.address_hash, p.candidate.occasion)],
        [c for c in not_planned if not had.covers(c.address_hash, c.occasion)],
    )


def _insert_edition(
    connection: sa.Connection, new: NewEdition, campaign_id: int, intended: int
) -> int:
    return int(
        connection.execute(
            sa.insert(edition)
            .values(
                id=next_edition_id(connection),
                campaign_id=campaign_id,
                occurrence=new.occurrence,
                name=new.name,
                version_id=_version_id(connection, new, campaign_id),
                title=new.title,
                purpose=new.rule.purpose,
                provider=new.provider,
                batch_size=new.batch_size,
                sender=new.sender,
                reply_to=new.reply_to,
                owner=new.owner,
                format=new.format,
                content_hash=new.content_hash,
                audience_hash=new.audience_hash,
                segment=new.rule.segment.described(),
                intended=intended,
                created_by=new.created_by,
                created_at=new.created_at,
                send_at=new.send_at,
                late_after=new.late_after,
                late_after_hours=new.late_after_hours,
                goal=new.rule.goal,
                capped=new.rule.capped,
                asks=new.rule.segment.about_sends,
                digest=new.carrying is not None,
                missing=new.missing,
                **_follows(connection, new.rule),
            )
            .returning(edition.c.id)
        ).scalar_one()
    )


def _follows(connection: sa.Connection, rule: Rule) -> dict[str, Any]:
    if rule.follows is None:
        return {}
    named = sa.select(edition.c.id).where(edition.c.name == rule.follows.edition)
    return {"follows": connection.execute(named).scalar_one(), "follows_to": rule.follows.to}


def _version_id(connection: sa.Connection, new: NewEdition, campaign_id: int) -> int:
    found = connection.execute(
        sa.select(campaign_version.c.id).where(
            campaign_version.c.campaign_id == campaign_id,
            campaign_version.c.content_hash == new.source_hash,
        )
    ).scalar()
    if found is not None:
        return int(found)
    return int(
        connection.execute(
            sa.insert(campaign_version)
            .values(
                campaign_id=campaign_id,
                content_hash=new.source_hash,
                source=new.source,
                loaded_at=new.created_at,
            )
            .returning(campaign_version.c.id)
        ).scalar_one()
    )


def _insert_variants(
    connection: sa.Connection,
    edition_id: int,
    variants: Sequence[NewVariant],
    planned: Sequence[PlannedDelivery],
    batch_size: int,
) -> dict[tuple[int, int], int]:
    """Insert variants and their batches; returns (variant place, batch in it) -> batch id."""
    sizes = [0] * len(variants)
    for one in planned:
        sizes[one.variant] += 1
    made: dict[tuple[int, int], int] = {}
    number = 0
    for place, (new, size) in enumerate(zip(variants, sizes, strict=True)):
        variant_id = connection.execute(
            sa.insert(variant)
            .values(
                edition_id=edition_id,
                number=place + 1,
                label=new.label,
                arm=new.arm,
                content=new.content,
                size=size,
            )
            .returning(variant.c.id)
        ).scalar_one()
        keep_carried(connection, variant_id, new.resources)
        for run, start in enumerate(range(0, size, batch_size)):
            number += 1
            made[place, run] = connection.execute(
                sa.insert(batch)
                .values(
                    edition_id=edition_id,
                    variant_id=variant_id,
                    number=number,
                    size=min(batch_size, size - start),
                )
                .returning(batch.c.id)
            ).scalar_one()
    return made
