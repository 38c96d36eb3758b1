"""What was ordered for an edition, its campaign and all sending, in one short read."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from outreach.domain import Control
from outreach.errors import NotFound
from outreach.ledger.claims import GLOBAL_STOP
from outreach.ledger.edition_store import OPEN
from outreach.ledger.editions import campaign, edition, fact


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that says whether an edition may be sent; '' where nothing was ordered."""

    open: bool
    control: Control
    reason: str
    campaign_hold: str
    global_stop: str

    @property
    def halted(self) -> bool:
        """Whether a person or a rule holds it."""
        return self.control != Control.RUN or bool(self.campaign_hold or self.global_stop)


def orders(connection: sa.Connection, name: str) -> Orders:
    """Return what was ordered for the edition called `name`. Raises NotFound."""
    stop = sa.select(fact.c.value).where(fact.c.name == GLOBAL_STOP).scalar_subquery()
    row = connection.execute(
        sa.select(
            edition.c.state,
            edition.c.control,
            edition.c.control_reason,
            campaign.c.paused_at,
            campaign.c.paused_reason,
            stop.label("stop"),
        )
        .join(campaign, campaign.c.id == edition.c.campaign_id)
        .where(edition.c.name == name)
    ).first()
    if row is None:
        raise NotFound(f"there is no edition {name!r}")
    held = f"{row.paused_at:%Y-%m-%dT%H:%M:%S} {row.paused_reason}" if row.paused_at else ""
    return Orders(
        open=row.state in OPEN,
        control=Control(row.control),
        reason=row.control_reason,
        campaign_hold=held,
        global_stop=row.stop or "",
    )
