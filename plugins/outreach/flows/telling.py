"""Tell campaigns, once, that something new came.

A task tells and succeeds, which is when Airflow passes its event on; the next task writes that
down. A task that dies tells again; one that is cleared after it was written down tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.ledger import announcing
from outreach.ledger.announcing import Unannounced
from outreach.ledger.engine import reading

if TYPE_CHECKING:
    from outreach.workspace import Workspace

KINDS = tuple(announcing.KINDS)


def to_announce(ws: Workspace) -> Mapping[str, Unannounced]:
    """Return, by kind, what no campaign was told of, whichever import brought it."""
    with reading(ws.engine) as connection:
        return {kind: announcing.unannounced(connection, kind) for kind in KINDS}


def is_announced(ws: Workspace, kind: str, watermark: int) -> bool:
    """Whether campaigns were told of every row of `kind` up to `watermark`."""
    with reading(ws.engine) as connection:
        return announcing.told(connection, kind) >= watermark


def announced(ws: Workspace, watermark: int, kind: str = "pledges") -> None:
    """Note that campaigns were told of every row of `kind` up to `watermark`."""
    with ws.engine.begin() as connection:
        announcing.announced(connection, watermark, datetime.now(UTC), kind)
