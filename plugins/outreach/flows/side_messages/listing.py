"""What colleagues got about an edition or a campaign."""

from __future__ import annotations

from datetime import UTC, datetime

from outreach.ledger import edition_store, side_store
from outreach.ledger.engine import reading
from outreach.ledger.side_store import SideRow
from outreach.workspace import Workspace


def side_messages(ws: Workspace, name: str) -> tuple[SideRow, ...]:
    """Return the side messages of an edition, or those of a campaign that belong to none.

    The latest first. One whose sender died is in doubt. Raises NotFound for an edition.
    """
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        if "@" not in name:
            return side_store.of_campaign(connection, name, now)
        return side_store.of_edition(connection, edition_store.get(connection, name).id, now)
