"""Pause an edition because of what happened to it, and tell its owner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outreach.domain import EditionState
from outreach.flows.notices import tell
from outreach.ledger import edition_store, notices
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.holds import ITSELF
from outreach.workspace import Workspace

IDLE = "idle"
REFUSED = "refused"


def pause_by_itself(ws: Workspace, record: EditionRecord, kind: str, reason: str) -> bool:
    """Pause an edition that runs, with a notice to its owner; returns whether this paused it."""
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        if not edition_store.pause_if_running(connection, record.id, reason):
            return False
        edition_store.note(
            connection,
            who=ITSELF,
            via=ITSELF,
            action="pause",
            subject=record.name,
            at=now,
            detail=reason,
        )
        notices.add(
            connection,
            kind=kind,
            once=f"{kind}:{record.name}:{now.isoformat()}",
            text=f"{record.name} paused itself: {reason}",
            now=now,
            campaign_id=record.campaign_id,
            edition_id=record.id,
        )
    tell(ws)
    return True


def pause_if_stood_still(ws: Workspace, record: EditionRecord, now: datetime) -> bool:
    """Pause an edition that no sender has looked at for longer than it may be late.

    Hours afterwards, what was right to send may not be: a person decides.
    """
    hours = record.late_after_hours
    if record.state != EditionState.SENDING or not hours or record.seen_at is None:
        return False
    idle = now - record.seen_at
    if idle <= timedelta(hours=hours):
        return False
    passed = int(idle.total_seconds() // 3600)
    reason = f"nobody has sent on for {passed} hours; resume it if it should still go"
    return pause_by_itself(ws, record, IDLE, reason)
