"""Which pledges a campaign has answered; and those given back that it took and never answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.editions import batch, campaign, delivery, edition

_PLEDGE = "pledge:"
_NEVER_LEFT = (DeliveryState.SUPPRESSED.value, DeliveryState.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Had:
    """What people had of a campaign: (address hash, occasion), and the latest pledge answered."""

    occasions: frozenset[tuple[bytes, str]]
    latest: Mapping[bytes, str]

    def covers(self, address_hash: bytes, *occasions: str) -> bool:
        """Whether one of these was answered, or is a pledge earlier than one that was.

        A list that comes late may tell of an earlier pledge, or of the same one with another
        time. Whoever was thanked for the later one is not thanked once more.
        """
        if any((address_hash, occasion) in self.occasions for occasion in occasions):
            return True
        pledges = (one for one in occasions if one.startswith(_PLEDGE))
        return any(one < self.latest.get(address_hash, "") for one in pledges)


NOTHING_HAD = Had(frozenset(), {})


def had_occasions(connection: sa.Connection, slug: str) -> Had:
    """Return what everyone who has a delivery of this campaign had of it."""
    rows = connection.execute(
        sa.select(delivery.c.address_hash, delivery.c.occasion)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .where(campaign.c.slug == slug)
    )
    occasions = frozenset((bytes(row.address_hash), row.occasion) for row in rows)
    latest: dict[bytes, str] = {}
    for whose, occasion in occasions:
        # With more than its instant it was given back, or listed as too late: not answered.
        if occasion.startswith(_PLEDGE) and "~" not in occasion:
            latest[whose] = max(occasion, latest.get(whose, ""))
    return Had(occasions, latest)


def freed(occasion: str, edition_name: str) -> str:
    """Return what an edition keeps of an occasion that it gave back."""
    return f"{occasion}~{edition_name}"


def give_back(connection: sa.Connection, edition_id: int) -> None:
    """Let another edition answer this one's pledges, if no batch of it was ever claimed.

    The caller has just ended the edition, and holds its row: nothing can be claimed any more.
    One claim, or one delivery that may have left all the same, keeps every occasion.
    """
    claimed = sa.select(batch.c.id).where(batch.c.edition_id == edition_id, batch.c.epoch > 0)
    may_have_left = sa.select(delivery.c.contact_id).where(
        delivery.c.edition_id == edition_id,
        delivery.c.state.is_not(None),
        delivery.c.state.not_in(_NEVER_LEFT),
    )
    for query in (claimed, may_have_left):
        if connection.execute(query.limit(1)).first() is not None:
            return
    name = sa.select(edition.c.name).where(edition.c.id == edition_id).scalar_subquery()
    connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.edition_id == edition_id,
            delivery.c.occasion.like("pledge:%"),
            delivery.c.occasion.not_like("%~%"),
        )
        .values(occasion=delivery.c.occasion + "~" + name)
    )
