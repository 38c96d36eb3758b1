"""Notices to owners: listed until somebody has seen them, and emailed where hub.yaml says so."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from outreach.errors import NotFound, OutreachError, Refused
from outreach.flows.mailboxes import sender_mailbox
from outreach.ledger import edition_store
from outreach.ledger import notices as store
from outreach.ledger.engine import reading
from outreach.ledger.notices import Notice
from outreach.providers.base import Content, Handover, Pieces, Recipient
from outreach.providers.registry import open_provider
from outreach.workspace import Workspace

__all__ = ["Notice", "mark_seen", "notices", "one", "tell"]

CATEGORY = "outreach-notice"


def notices(
    ws: Workspace, *, unseen_only: bool = True, campaign: str = "", edition: str = ""
) -> tuple[Notice, ...]:
    """Return the notices that nobody has marked as seen (or all), the latest first.

    `campaign` (its slug) or `edition` (its name) asks only for those about it.
    """
    with reading(ws.engine) as connection:
        return store.listed(
            connection, unseen_only=unseen_only, campaign_slug=campaign, edition_name=edition
        )


def one(ws: Workspace, notice_id: int) -> Notice:
    """Return one notice, seen or not. Raises NotFound."""
    with reading(ws.engine) as connection:
        found = store.get(connection, notice_id)
    if found is None:
        raise NotFound(f"there is no notice {notice_id}; see outreach notices")
    return found


def mark_seen(ws: Workspace, notice_id: int, *, by: str, via: str) -> None:
    """Note that a named person has seen a notice. Raises Refused without a name, NotFound."""
    if not by.strip():
        raise Refused("a notice is seen by a named person: give a name (--by)")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        if not store.mark_seen(connection, notice_id, by, now):
            raise NotFound(f"there is no notice {notice_id}; see outreach notices")
        subject = f"notice {notice_id}"
        edition_store.note(connection, who=by, via=via, action="seen", subject=subject, at=now)


def tell(ws: Workspace) -> int:
    """Email each notice that is not told yet to its owner, at most once; returns how many went.

    It is a plain service message, no delivery, and counted nowhere. Failing to tell stops
    nothing: what became of it is kept with the notice.
    """
    with reading(ws.engine) as connection:
        waiting = store.untold(connection)
    went = 0
    for one in reversed(waiting):
        with ws.engine.begin() as connection:
            if not store.begin_telling(connection, one.id, datetime.now(UTC)):
                continue
        how = _told(ws, one)
        went += how == _EMAILED
        with ws.engine.begin() as connection:
            store.told(connection, one.id, how)
    return went


_EMAILED = "emailed"


def _told(ws: Workspace, one: Notice) -> str:
    address = ws.hub.colleagues.get(one.owner)
    if address is None:
        return f"not emailed: hub.yaml names no address for {one.owner or 'nobody'}"
    try:
        provider = open_provider(ws.settings.provider, ws.settings)
        try:
            provider.hand_over(_message(ws, one, address))
        finally:
            provider.close()
    except OutreachError as error:
        return f"could not be emailed: {error}"
    except Exception as error:  # whatever it is, telling must not stop what is being sent
        return f"could not be emailed ({type(error).__name__})"
    return _EMAILED


def _message(ws: Workspace, one: Notice, address: str) -> Handover:
    about = one.edition or one.campaign
    text = (
        f"{one.text}\n\nThis is a notice from Outreach about {about}. It stays listed under "
        f"Outreach in Airflow, and by: outreach notices\n"
    )
    html = "".join(f"<p>{escape(part.strip())}</p>" for part in text.split("\n\n"))
    page = f'<!DOCTYPE html><html lang="en"><title>Notice</title><body>{html}</body></html>'
    content = Content(Pieces((f"Outreach: {about} needs you",)), Pieces((text,)), Pieces((page,)))
    name = f"notice-{one.id}"
    return Handover(
        reference=name,
        campaign=CATEGORY,
        occurrence=f"{one.at:%Y-%m-%d}",
        sender=sender_mailbox(ws, None),
        reply_to=None,
        content=content,
        recipients=(Recipient(name, address, (), ""),),
        at=one.at,
        notice=True,
    )
