"""What a sender that may not go on waits for: a change of what was ordered."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger import orders as orders_store
from outreach.ledger.engine import reading
from outreach.ledger.orders import Orders

__all__ = ["Orders", "fingerprint", "orders"]


def orders(engine: sa.Engine, edition: str) -> Orders:
    """Return what was ordered for an edition, its campaign, and all sending. Raises NotFound."""
    with reading(engine) as connection:
        return orders_store.orders(connection, edition)


def fingerprint(found: Orders) -> str:
    """Return a text that differs whenever what was ordered differs."""
    parts = (found.open, found.control, found.reason, found.campaign_hold, found.global_stop)
    return "|".join(str(part) for part in parts)
