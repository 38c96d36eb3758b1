"""Whether an edition may begin to be sent now."""

from __future__ import annotations

import time
from datetime import datetime

from outreach.clock import london
from outreach.domain import EditionState
from outreach.errors import Refused
from outreach.flows.opening import late_through
from outreach.ledger import edition_store
from outreach.ledger.edition_store import EditionRecord
from outreach.workspace import Workspace

CLOCKS_DIFFER = 30.0
"""Seconds that whoever starts a sender may be early by its own clock; the sender waits."""


def may_start(ws: Workspace, record: EditionRecord, now: datetime) -> None:
    """Raise Refused where an edition is not approved, not due yet, or too late."""
    if record.state in (EditionState.SENDING, EditionState.SENT):
        return
    if record.state != EditionState.APPROVED:
        raise Refused(f"{record.name} is {record.state}: only an approved edition is sent")
    early = (record.send_at - now).total_seconds() if record.send_at else 0.0
    if record.send_at and early > CLOCKS_DIFFER:
        raise Refused(f"{record.name} is to be sent at {london(record.send_at)}, not before")
    time.sleep(max(0.0, early))
    if record.late_after and record.late_after < now:
        closed = late_through(ws, record)
        why = f"too late: {closed.words}" if closed else "too late"
        with ws.engine.begin() as connection:
            edition_store.close(connection, record.id, EditionState.CANCELLED, why, now)
        raise Refused(
            f"{record.name} was due by {london(record.late_after)} and is {why}. Nobody was "
            "written to. Prepare a new edition if it should still go"
        )
