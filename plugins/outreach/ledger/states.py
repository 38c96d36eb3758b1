"""The effective state of a delivery: its own where it differs, else its batch's."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.editions import batch, delivery

EFFECTIVE = sa.func.coalesce(delivery.c.state, batch.c.state, DeliveryState.PLANNED.value)
"""SQL over `delivery` outer-joined to `batch` (see `WITH_BATCH`)."""

WITH_BATCH = delivery.outerjoin(batch, batch.c.id == delivery.c.batch_id)

REASON = sa.case(
    (delivery.c.reason != "", delivery.c.reason), else_=sa.func.coalesce(batch.c.reason, "")
)
"""SQL over the same join: why the state is what it is, in words."""
