"""Orders beyond one edition: stop all sending, hold a campaign, and let either go on.

They are kept in the ledger and looked at before each batch, so that they hold for every sender
within seconds. What is in flight is recorded as usual; nobody is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from outreach.errors import Refused
from outreach.flows.preparing import find_campaign
from outreach.flows.who import kept
from outreach.ledger import edition_store, holds
from outreach.ledger.campaign_store import campaign_key, has_campaign
from outreach.ledger.engine import reading
from outreach.ledger.holds import CampaignHold, StopOrder
from outreach.workspace import Workspace

__all__ = [
    "CampaignHold",
    "StopOrder",
    "held",
    "hold_campaign",
    "release_campaign",
    "start_all",
    "stop_all",
    "stopped",
]

EVERYTHING = "all sending"
"""The audit's subject of a global stop."""


def stop_all(ws: Workspace, *, by: str, via: str, reason: str) -> StopOrder:
    """Let no sender of any edition claim a further batch, until `start_all`.

    Raises Refused without a name and a reason.
    """
    _named(by, "all sending is stopped")
    reason = _reasoned(reason, "all sending is stopped")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        holds.stop(connection, by, reason, now)
        _note(connection, by, via, "stop", EVERYTHING, reason, now)
    return StopOrder(by, reason, now)


def start_all(ws: Workspace, *, by: str, via: str, reason: str = "") -> None:
    """Lift the global stop. Raises Refused without a name, or where nothing is stopped."""
    _named(by, "sending is started again")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        if holds.stop_order(connection) is None:
            raise Refused("sending is not stopped: there is nothing to start")
        holds.lift_stop(connection, now)
        _note(connection, by, via, "start", EVERYTHING, reason, now)


def stopped(ws: Workspace) -> StopOrder | None:
    """Return who stopped all sending, when and why; None while nobody has."""
    with reading(ws.engine) as connection:
        return holds.stop_order(connection)


def hold_campaign(ws: Workspace, slug: str, *, by: str, via: str, reason: str) -> CampaignHold:
    """Let no edition of a campaign be claimed from, until `release_campaign`.

    Raises Refused without a name and a reason; NotFound or InputError where neither the ledger
    nor the campaign files know it.
    """
    _named(by, "a campaign is held")
    reason = _reasoned(reason, "a campaign is held")
    _must_exist(ws, slug)
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        holds.hold(connection, campaign_key(connection, slug), by, reason, now)
        _note(connection, by, via, "hold", slug, reason, now)
    return CampaignHold(slug, by, reason, now)


def release_campaign(ws: Workspace, slug: str, *, by: str, via: str, reason: str = "") -> None:
    """Let a held campaign go on.

    Complaints, bounces and failures until now count as judged: only new ones can hold it again.
    Raises Refused without a name, or where it is not held; NotFound.
    """
    _named(by, "a campaign is released")
    _must_exist(ws, slug)
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        if not holds.release(connection, campaign_key(connection, slug), now):
            raise Refused(f"the campaign {slug} is not held: there is nothing to release")
        _note(connection, by, via, "release", slug, reason, now)


def held(ws: Workspace, slug: str) -> CampaignHold | None:
    """Return who holds the campaign called `slug`, since when and why; None while nobody does."""
    with reading(ws.engine) as connection:
        return holds.hold_of(connection, slug)


def _must_exist(ws: Workspace, slug: str) -> None:
    with reading(ws.engine) as connection:
        known = has_campaign(connection, slug)
    if not known:
        find_campaign(ws, slug)


def _named(by: str, what: str) -> None:
    if not by.strip():
        raise Refused(f"{what} by a named person: give a name (--by)")


def _reasoned(reason: str, what: str) -> str:
    if not reason.strip():
        raise Refused(f"{what} for a reason, which is kept and shown: give one (--reason)")
    return kept(reason)


def _note(
    connection: sa.Connection,
    by: str,
    via: str,
    action: str,
    subject: str,
    reason: str,
    now: datetime,
) -> None:
    edition_store.note(
        connection, who=by, via=via, action=action, subject=subject, at=now, detail=kept(reason)
    )
