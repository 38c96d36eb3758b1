"""A ledger with an edition that was handed over, made of made-up people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.keys import Keys
from outreach.ledger.editions import batch, campaign, delivery, edition, event, variant
from outreach.ledger.people import contact, suppression
from outreach.limits import NO_LIMITS
from outreach.scheduling.closing import NEVER_CLOSED
from outreach.settings import Settings

SENT_AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HUB = SimpleNamespace(
    name="NCL Training Hub",
    identity="NCL Training Hub, London",
    website="https://www.ncltraininghub.org",
    limits=NO_LIMITS,
    closings=NEVER_CLOSED,
    colleagues={},
)


@dataclass
class Ledger:
    """The open deployment (`ws`) and what tests ask of it."""

    ws: Any

    def edition(
        self,
        people: int = 3,
        state: DeliveryState = DeliveryState.ACCEPTED,
        slug: str = "news",
        claimed_at: datetime = SENT_AT,
        content: Any = None,
    ) -> int:
        """Make an edition of one batch; person n has the address person<n>@example.org."""
        with self.ws.engine.begin() as c:
            campaign_id = c.execute(sa.insert(campaign).values(slug=slug)).inserted_primary_key[0]
            edition_id = c.execute(
                sa.insert(edition).values(
                    campaign_id=campaign_id,
                    occurrence="2026-11-23",
                    name=f"{slug}@2026-11-23",
                    sender={"address": "hub@example.org", "name": "Hub"},
                    created_at=claimed_at,
                    intended=people,
                    purpose="public_task",
                )
            ).inserted_primary_key[0]
            variant_id = c.execute(
                sa.insert(variant).values(edition_id=edition_id, number=1, content=content or {})
            ).inserted_primary_key[0]
            batch_id = c.execute(
                sa.insert(batch).values(
                    edition_id=edition_id,
                    variant_id=variant_id,
                    number=1,
                    size=people,
                    state=state,
                    claimed_at=claimed_at,
                )
            ).inserted_primary_key[0]
            for n in range(people):
                c.execute(
                    sa.insert(delivery).values(
                        edition_id=edition_id,
                        contact_id=self._contact(c, n),
                        campaign_id=campaign_id,
                        address_hash=self.hash(n),
                        occasion="edition",
                        email=self.address(n),
                        slot_values=["", "", f"Name{n}"],
                        batch_id=batch_id,
                    )
                )
        return int(edition_id)

    def address(self, n: int) -> str:
        return f"person{n}@example.org"

    def hash(self, n: int) -> bytes:
        return self.ws.keys.address_hash(self.address(n))

    def contact_id(self, n: int) -> int:
        with self.ws.engine.connect() as c:
            return int(
                c.execute(
                    sa.select(contact.c.id).where(contact.c.address_hash == self.hash(n))
                ).scalar_one()
            )

    def delivery_id(self, edition_id: int, n: int) -> str:
        return self.ws.keys.delivery_id(edition_id, self.contact_id(n))

    def row(self, edition_id: int, n: int) -> sa.Row:
        with self.ws.engine.connect() as c:
            return c.execute(
                sa.select(delivery).where(
                    delivery.c.edition_id == edition_id,
                    delivery.c.contact_id == self.contact_id(n),
                )
            ).one()

    def set_batch(self, edition_id: int, state: DeliveryState) -> None:
        with self.ws.engine.begin() as c:
            c.execute(sa.update(batch).where(batch.c.edition_id == edition_id).values(state=state))

    def suppressions(self, n: int | None = None) -> list[sa.Row]:
        query = sa.select(suppression).order_by(suppression.c.id)
        if n is not None:
            query = query.where(suppression.c.address_hash == self.hash(n))
        with self.ws.engine.connect() as c:
            return list(c.execute(query).all())

    def events(self) -> list[sa.Row]:
        with self.ws.engine.connect() as c:
            return list(c.execute(sa.select(event).order_by(event.c.id)).all())

    def _contact(self, c: sa.Connection, n: int) -> int:
        known = c.execute(
            sa.select(contact.c.id).where(contact.c.address_hash == self.hash(n))
        ).scalar()
        if known is not None:
            return int(known)
        return int(
            c.execute(
                sa.insert(contact).values(
                    email=self.address(n),
                    address_hash=self.hash(n),
                    domain_hash=self.ws.keys.domain_hash(self.address(n)),
                    created_at=SENT_AT,
                    updated_at=SENT_AT,
                )
            ).inserted_primary_key[0]
        )


def happened(word: str, delivery_id: str = "", after: float = 60, **more: Any) -> dict[str, Any]:
    """One of SendGrid's events, `after` seconds after the hand-over."""
    at = SENT_AT + timedelta(seconds=after)
    about = {"outreach_delivery": delivery_id} if delivery_id else {}
    return {"event": word, "timestamp": int(at.timestamp()), **about, **more}


def post(*events: Any) -> bytes:
    """A webhook's body."""
    return json.dumps(events).encode()


@pytest.fixture
def ledger(engine: sa.Engine, settings: Settings, keys: Keys) -> Ledger:
    return Ledger(SimpleNamespace(settings=settings, keys=keys, hub=HUB, engine=engine))


def states(ledger: Ledger, edition_id: int, people: Sequence[int]) -> list[str | None]:
    """Each person's own state."""
    return [ledger.row(edition_id, n).state for n in people]
