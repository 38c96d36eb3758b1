"""Which resources are new to whom: read before a digest is made, and again at each claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.digest import Chooser, Digest, Listed
from outreach.domain import DeliveryState, Resource
from outreach.ledger.caps import HANDED_OVER, take_turns
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, campaign, delivery, edition
from outreach.ledger.resources import resource, variant_resource
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

TOLD_MEANWHILE = "told of some of these resources meanwhile"
WITHDRAWN_SINCE = "a resource in it was withdrawn"

_NOT_TOLD = [s.value for s in (DeliveryState.FAILED, DeliveryState.SUPPRESSED)]
_NOT_TOLD.append(DeliveryState.CANCELLED.value)
"""How a delivery ended that told nobody anything. Planned ones count: they are about to."""

NEWEST = sa.func.coalesce(resource.c.published_at, resource.c.recorded_at)
"""SQL: the day by which a resource is new; when it came in, where no source says."""


def newest_carrying(connection: sa.Connection) -> int:
    """Return the number of the last variant that carries resources, 0 for none.

    It grows with every digest and every resend of one.
    """
    return int(
        connection.execute(sa.select(sa.func.max(variant_resource.c.variant_id))).scalar() or 0
    )


def chooser(connection: sa.Connection, digest: Digest, slug: str, now: datetime) -> Chooser:
    """Return what chooses the resources for each reader of the campaign `slug`."""
    since = now - timedelta(days=digest.since_days)
    r = resource.c
    rows = connection.execute(
        sa.select(resource)
        .where(r.withdrawn_at.is_(None), since <= NEWEST, now >= NEWEST)
        .order_by(NEWEST.desc(), r.id.desc())
    ).all()
    told = _told(connection, [row.id for row in rows])
    for address_hash, at in _recovered(connection, slug):
        # Only the journal knows of these, and not what was in them.
        told[address_hash] |= {row.id for row in rows if row.recorded_at <= at}
    return Chooser(digest, tuple(_listed(row) for row in rows), told)


def _listed(row: Any) -> Listed:
    published = row.published_at and row.published_at.astimezone(LONDON).date()
    shown = Resource(row.title, row.url, row.summary, row.kind, published)
    return Listed(row.id, shown, tuple(row.sectors), tuple(row.ics_areas))


def _told(connection: sa.Connection, ids: Sequence[int]) -> dict[bytes, frozenset[int]]:
    """Return address hash -> which of these resources went, or are about to go, there."""
    carried = carried_by(connection, ids)
    told: dict[bytes, frozenset[int]] = defaultdict(frozenset)
    for some in chunks(sorted(carried)):
        rows = connection.execute(
            sa.select(delivery.c.address_hash, batch.c.variant_id)
            .select_from(WITH_BATCH)
            .where(batch.c.variant_id.in_(some), EFFECTIVE.not_in(_NOT_TOLD))
        )
        for address_hash, variant_id in rows:
            told[bytes(address_hash)] |= carried[variant_id]
    return told


def carried_by(connection: sa.Connection, ids: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Return variant -> which of these resources it carries."""
    carried: dict[int, set[int]] = defaultdict(set)
    for some in chunks(sorted(ids)):
        rows = connection.execute(
            sa.select(variant_resource.c.variant_id, variant_resource.c.resource_id).where(
                variant_resource.c.resource_id.in_(some)
            )
        )
        for variant_id, resource_id in rows:
            carried[variant_id].add(resource_id)
    return {variant_id: frozenset(found) for variant_id, found in carried.items()}


def _recovered(connection: sa.Connection, slug: str) -> list[tuple[bytes, datetime]]:
    """Return (address hash, when it came to be known) of doubts about an edition that was lost."""
    d = delivery.c
    rows = connection.execute(
        sa.select(d.address_hash, d.recovered_at)
        .join(campaign, campaign.c.id == d.campaign_id)
        .where(
            campaign.c.slug == slug,
            d.batch_id.is_(None),
            d.recovered_at.is_not(None),
            d.state.not_in(_NOT_TOLD),
        )
    )
    return [(bytes(row.address_hash), row.recovered_at) for row in rows]


def keep_carried(connection: sa.Connection, variant_id: int, ids: Sequence[int]) -> None:
    """Record which resources a variant carries, in their order."""
    rows = [
        {"variant_id": variant_id, "resource_id": number, "place": place}
        for place, number in enumerate(ids, start=1)
    ]
    if rows:
        connection.execute(sa.insert(variant_resource), rows)


def copy_carried(connection: sa.Connection, variant_id: int, copied: int) -> None:
    """Have a copied variant carry what the original does."""
    v = variant_resource.c
    connection.execute(
        sa.insert(variant_resource).from_select(
            ["variant_id", "resource_id", "place"],
            sa.select(sa.literal(copied, v.variant_id.type), v.resource_id, v.place).where(
                v.variant_id == variant_id
            ),
        )
    )


def dropped(connection: sa.Connection, row: sa.Row[Any], now: datetime) -> Mapping[int, str]:
    """Return contact -> why they must not get this digest any more, of the batch `row`.

    Claims of digests come one after another, so that of two that carry the same resource to the
    same person, the second sees the first.
    """
    take_turns(connection, now)
    d, r, v = delivery.c, resource.c, variant_resource.c
    people = {
        bytes(one.address_hash): one.contact_id
        for one in connection.execute(
            sa.select(d.address_hash, d.contact_id).where(d.batch_id == row.id)
        )
    }
    carried = connection.execute(
        sa.select(r.id, r.withdrawn_at)
        .join(variant_resource, v.resource_id == r.id)
        .where(v.variant_id == row.variant_id)
    ).all()
    if any(one.withdrawn_at for one in carried):
        return dict.fromkeys(people.values(), WITHDRAWN_SINCE)
    others = carried_by(connection, [one.id for one in carried]).keys() - {row.variant_id}
    told = _told_of_any(connection, row.edition_id, list(people), others)
    return {people[address_hash]: TOLD_MEANWHILE for address_hash in told}


def _told_of_any(
    connection: sa.Connection, edition_id: int, hashes: Sequence[bytes], variants: Collection[int]
) -> set[bytes]:
    """Return the addresses that were, or may have been, sent one of these variants."""
    if not variants:
        return set()
    query = sa.select(edition.c.campaign_id).where(edition.c.digest).distinct()
    campaigns = connection.execute(query).scalars().all()
    told: set[bytes] = set()
    for some in chunks(hashes):
        # Campaign and hash begin a unique key. What they carried is looked at here: a query
        # inside the query has the databases read all deliveries.
        rows = connection.execute(
            sa.select(delivery.c.address_hash, batch.c.variant_id)
            .select_from(WITH_BATCH)
            .where(
                delivery.c.campaign_id.in_(campaigns),
                delivery.c.address_hash.in_(some),
                delivery.c.edition_id != edition_id,
                EFFECTIVE.in_(HANDED_OVER),
            )
        )
        told |= {bytes(found.address_hash) for found in rows if found.variant_id in variants}
    return told
