"""Whether sending is open: the hub's quiet hours and freezes, before and while it sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outreach.clock import london
from outreach.domain import EditionState
from outreach.errors import Refused
from outreach.flows.notices import tell
from outreach.flows.pacing import slowed
from outreach.ledger import edition_store, freeze, notices
from outreach.ledger.campaign_store import campaign_key
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.holds import ITSELF
from outreach.scheduling.closing import Closed
from outreach.workspace import Workspace

CLOSED = "closed"
"""The kind of a notice about a slot, or an edition, that quiet hours or a freeze ended."""

_AHEAD = timedelta(hours=24)
"""How far ahead an approver is told of a closing, where the edition is never too late."""


def must_be_open(ws: Workspace, slug: str, at: datetime) -> None:
    """Raise Refused, saying when it may go, where nothing of campaign `slug` is sent at `at`."""
    closed = ws.hub.closings.closed(at, slug)
    if closed is not None:
        raise Refused(
            f"nothing is sent at {london(at)}: {closed.why}. Choose a time from "
            f"{london(closed.until)} on"
        )


def slot_is_closed(ws: Workspace, slug: str, slot: datetime, occurrence: str) -> str:
    """Return why a campaign's slot is left out, or ''. Its owner gets a notice, once.

    A slot is never moved: what was right to send at a time may not be later. An edition that
    was prepared before anybody ordered the freeze stays, and waits.
    """
    closed = ws.hub.closings.closed(slot, slug)
    if closed is None:
        return ""
    with reading(ws.engine) as connection:
        if freeze.exists(connection, f"{slug}@{occurrence}"):
            return ""
    said = (
        f"The slot of {slug} at {london(slot)} was left out: {closed.words}. Trigger it yourself "
        "if it should still go"
    )
    with ws.engine.begin() as connection:
        first = notices.add(
            connection,
            kind=CLOSED,
            once=f"{CLOSED}:{slug}:{slot.isoformat()}",
            text=said,
            now=datetime.now(UTC),
            campaign_id=campaign_key(connection, slug),
        )
    if first:
        tell(ws)
    return said


def closed_now(ws: Workspace, record: EditionRecord, now: datetime) -> Closed | None:
    """Return why nothing of an edition may be claimed at `now`; None where it may."""
    return ws.hub.closings.closed(now, record.campaign)


def late_through(ws: Workspace, record: EditionRecord) -> Closed | None:
    """Return what kept sending closed when an edition became too late, if anything did."""
    if record.late_after is None:
        return None
    return ws.hub.closings.closed(record.late_after, record.campaign)


def end_if_too_late(ws: Workspace, record: EditionRecord, now: datetime) -> None:
    """End an edition under way that a closing held up until it was too late.

    One that a person let go on since is left alone, and so is one whose rates alone take it that
    long: the closing did not make it late. Raises Refused where it is ended.
    """
    if record.state is not EditionState.SENDING or not record.late_after:
        return
    closed = late_through(ws, record)
    if closed is None or record.late_after >= now:
        return
    if record.seen_at is not None and record.seen_at > closed.until:
        return
    if slowed(ws, record):
        return
    reason = f"too late: {closed.words}"
    with ws.engine.begin() as connection:
        left = edition_store.close(connection, record.id, EditionState.CANCELLED, reason, now)
        edition_store.note(
            connection,
            who=ITSELF,
            via=ITSELF,
            action="cancel",
            subject=record.name,
            at=now,
            detail=reason,
        )
        said = f"the rest of {record.name} ({left} people) was cancelled, {reason}"
        notices.add(
            connection,
            kind=CLOSED,
            once=f"{CLOSED}:{record.name}",
            text=said,
            now=now,
            campaign_id=record.campaign_id,
            edition_id=record.id,
        )
    tell(ws)
    raise Refused(f"{said}. Prepare a new edition if it should still go")


def said_beforehand(ws: Workspace, record: EditionRecord, now: datetime) -> str:
    """Return what an approver should know of quiet hours and freezes ahead, or ''."""
    start = max(record.send_at or now, now)
    closed = ws.hub.closings.closed(start, record.campaign)
    if closed is not None:
        if record.late_after and closed.until > record.late_after:
            return f"**It will not go:** {closed.words}, and by then it is too late."
        return f"It waits first: {closed.words}."
    within = (record.late_after or start + _AHEAD) - start
    stop = ws.hub.closings.next_closing(start, record.campaign, max(within, timedelta(0)))
    if stop is None:
        return ""
    closed = ws.hub.closings.closed(stop, record.campaign)
    assert closed is not None
    late = record.late_after is not None and closed.until > record.late_after
    late = late and not slowed(ws, record)
    then = "is cancelled, as it would be too late" if late else "goes on by itself afterwards"
    return f"Sending stops at {london(stop)}: {closed.words}. What is left then {then}."
