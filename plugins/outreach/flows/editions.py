"""An edition from idea to certificate, as dags, pages and the command line call it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from outreach.domain import Control, EditionState
from outreach.errors import InputError, Refused
from outreach.flows.approving import (
    ApprovalRequest,
    approval_request,
    approve,
    approve_standing,
    authors,
    reject,
)
from outreach.flows.audience_limit import let_pass
from outreach.flows.checking import blocking, check
from outreach.flows.doubts import Doubt, doubts, settle_batch, settle_doubt, settle_doubts
from outreach.flows.prepared import Prepared
from outreach.flows.preparing import find_campaign, prepare
from outreach.flows.sending import send
from outreach.flows.sendreport import SendReport
from outreach.flows.watching import watch
from outreach.flows.who import kept
from outreach.ledger import certificate as certificates
from outreach.ledger import edition_store, outcomes
from outreach.ledger.certificate import Certificate
from outreach.ledger.engine import reading
from outreach.senders import alive
from outreach.workspace import Workspace

__all__ = [
    "ApprovalRequest",
    "Certificate",
    "Doubt",
    "Prepared",
    "SendReport",
    "approval_request",
    "approve",
    "approve_standing",
    "authors",
    "blocking",
    "cancel",
    "certificate",
    "check",
    "doubts",
    "find_campaign",
    "let_audience_pass",
    "open_editions",
    "pause",
    "prepare",
    "reject",
    "resume",
    "send",
    "send_time",
    "settle",
    "settle_batch",
    "settle_doubt",
    "settle_doubts",
]


def send_time(ws: Workspace, edition: str) -> datetime | None:
    """Return when an edition is to be sent, or None for at once."""
    with reading(ws.engine) as connection:
        return edition_store.get(connection, edition).send_at


def let_audience_pass(
    ws: Workspace, edition: str, *, by: str, via: str, reason: str = ""
) -> Certificate:
    """Let an audience pass that moved further than its limit, and judge the edition again.

    Raises as `audience_limit.let_pass` does.
    """
    account = let_pass(ws, edition, by=by, via=via, reason=reason)
    with suppress(InputError):  # the file has been broken since: the pass stands
        check(ws, edition)
    return account


def open_editions(ws: Workspace) -> list[str]:
    """Return the editions in which something may still happen, oldest first."""
    with reading(ws.engine) as connection:
        return edition_store.open_editions(connection)


def certificate(ws: Workspace, edition: str) -> Certificate:
    """Return an edition's account as it stands. Raises NotFound."""
    with reading(ws.engine) as connection:
        return certificates.certificate(connection, edition)


def settle(ws: Workspace, edition: str) -> Certificate:
    """Put the batches of dead senders in doubt, keep the certificate, and return it.

    An edition with nothing planned or claimed any more becomes `sent`.
    """
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    outcomes.doubt_the_dead(ws.engine, now, alive, record.id)
    with ws.engine.begin() as connection:
        account = certificates.certificate(connection, edition)
        edition_store.finish(connection, record.id, account.as_json(), now)
        account = certificates.certificate(connection, edition)
    watch(ws)
    return account


def pause(ws: Workspace, edition: str, *, by: str, via: str, reason: str = "") -> Certificate:
    """Hold an edition: no further batch is claimed. What is in flight is recorded as usual."""
    return _control(ws, edition, Control.PAUSE, by=by, via=via, reason=reason)


def resume(ws: Workspace, edition: str, *, by: str, via: str, reason: str = "") -> Certificate:
    """Let a paused edition go on: the next `send` claims what is planned."""
    return _control(ws, edition, Control.RUN, by=by, via=via, reason=reason)


def cancel(ws: Workspace, edition: str, *, by: str, via: str, reason: str = "") -> Certificate:
    """End an edition: everyone not handed over yet is cancelled, and counted so."""
    now, reason = datetime.now(UTC), kept(reason)
    with ws.engine.begin() as connection:
        record = edition_store.get(connection, edition)
        _must_be_open(record)
        words = f"cancelled by {by}" + (f": {reason}" if reason else "")
        edition_store.close(connection, record.id, EditionState.CANCELLED, words, now)
        edition_store.note(
            connection, who=by, via=via, action="cancel", subject=edition, at=now, detail=reason
        )
        return certificates.certificate(connection, edition)


def _control(
    ws: Workspace, edition: str, control: Control, *, by: str, via: str, reason: str
) -> Certificate:
    now, reason = datetime.now(UTC), kept(reason)
    with ws.engine.begin() as connection:
        record = edition_store.get(connection, edition)
        _must_be_open(record)
        words = f"by {by}" + (f": {reason}" if reason else "") if control != Control.RUN else ""
        edition_store.set_control(connection, record.id, control, words)
        if control == Control.RUN:
            edition_store.seen(connection, record.id, now)
        edition_store.note(
            connection, who=by, via=via, action=control, subject=edition, at=now, detail=reason
        )
        return certificates.certificate(connection, edition)


def _must_be_open(record: edition_store.EditionRecord) -> None:
    if record.state not in edition_store.OPEN:
        raise Refused(f"{record.name} is {record.state}: there is nothing left to steer")
