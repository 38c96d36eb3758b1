"""Tell approvers and their deputies: a question waits, it still waits, nobody answered it.

Each of them is told of each once. Failing to tell stops nothing: it is listed on the page.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape

from outreach.answering import Reminders
from outreach.clock import london
from outreach.domain import EditionState
from outreach.errors import OutreachError
from outreach.flows.deputies import Answerer, answerers
from outreach.flows.mailboxes import sender_mailbox
from outreach.flows.notices import tell
from outreach.flows.side_messages.handing import SideMessage, SideReport, hand_all
from outreach.ledger import edition_store, notices, question_store
from outreach.ledger.certificate import certificate
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import DatabaseError, reading
from outreach.ledger.question_store import Question
from outreach.ledger.side_store import SideKind
from outreach.providers.base import Content, Pieces
from outreach.workspace import Workspace

LOG = logging.getLogger(__name__)
BY = "outreach"

_SUBJECTS = {
    SideKind.QUESTION: "Outreach: {name} waits for your approval",
    SideKind.HALFWAY: "Outreach: {name} still waits for your approval",
    SideKind.LAST: "Outreach: last reminder, {name} waits for your approval",
    SideKind.UNANSWERED: "Outreach: {name} is rejected, as nobody answered",
}


def asked(ws: Workspace, edition: str, *, answer_by: datetime, link: str = "") -> None:
    """Keep that an edition's question was put, until when it can be answered, and where."""
    with ws.engine.begin() as connection:
        record = edition_store.get(connection, edition)
        question_store.ask(connection, record.id, datetime.now(UTC), answer_by, link)


def question_of(ws: Workspace, edition: str) -> Question | None:
    """Return an edition's question as it was last put, if it was. Raises NotFound."""
    with reading(ws.engine) as connection:
        return question_store.question_of(connection, edition_store.get(connection, edition).id)


def tell_approvers(ws: Workspace, edition: str, *, site: str = "") -> SideReport:
    """Email whoever may answer for an edition that its question waits; each of them once.

    `site` is Airflow's own address, for the link to the proofs.
    """
    return _tell(ws, edition, SideKind.QUESTION, site)


def remind(ws: Workspace, *, site: str = "") -> tuple[str, ...]:
    """Remind whoever may answer a question that still waits, where it is time; once each.

    Returns what was done, in words. One that cannot be reminded of never holds up the others.
    """
    now, done = datetime.now(UTC), []
    with reading(ws.engine) as connection:
        records = [
            edition_store.get(connection, name) for name in edition_store.open_editions(connection)
        ]
        waiting = [
            (record, question_store.question_of(connection, record.id))
            for record in records
            if record.state == EditionState.PREPARED
        ]
    for record, question in waiting:
        kind = due(question, ws.hub.reminders, now) if question else None
        if kind is None:
            continue
        report = _tell(ws, record.name, kind, site)
        if report.sent or report.failed:
            done.append(f"{record.name}, {kind}: {'; '.join(report.words.splitlines())}")
    return tuple(done)


def due(question: Question, reminders: Reminders, now: datetime) -> SideKind | None:
    """Return which reminder it is time for; None before the first, and after the deadline."""
    left = question.answer_by - question.asked_at
    last = question.answer_by - timedelta(hours=reminders.hours_before)
    if now >= question.answer_by:
        return None
    if reminders.hours_before and now >= max(last, question.asked_at + left / 4):
        return SideKind.LAST
    if reminders.halfway and now >= question.asked_at + left / 2:
        return SideKind.HALFWAY
    return None


def tell_unanswered(ws: Workspace, edition: str) -> None:
    """Tell the owner by a notice, and approvers by email, that nobody answered in time."""
    try:
        with ws.engine.begin() as connection:
            record = edition_store.get(connection, edition)
            notices.add(
                connection,
                kind="unanswered",
                once=f"unanswered:{record.id}",
                text=(
                    f"{edition} is rejected: nobody answered in time. Nobody was written to. "
                    "To send it, trigger the campaign again under another name"
                ),
                now=datetime.now(UTC),
                campaign_id=record.campaign_id,
                edition_id=record.id,
            )
        tell(ws)
        _tell(ws, edition, SideKind.UNANSWERED, "")
    except (OutreachError, DatabaseError) as error:
        LOG.warning("%s: nobody could be told that it lapsed (%s)", edition, type(error).__name__)


def _tell(ws: Workspace, edition: str, kind: SideKind, site: str) -> SideReport:
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        question = question_store.question_of(connection, record.id)
        planned = certificate(connection, edition).planned
    lines = _lines(record, kind, question, planned, site)
    return hand_all(ws, _messages(ws, record, kind, lines), by=BY, via="airflow")


def _messages(
    ws: Workspace, record: EditionRecord, kind: SideKind, lines: Sequence[str]
) -> Iterator[SideMessage]:
    for who in answerers(ws, record):
        yield SideMessage(
            kind=kind,
            once=f"{kind}:{record.id}:{who.user}",
            colleague=who.user,
            campaign=record.campaign,
            edition_id=record.id,
            variant=0,
            content=_content(_SUBJECTS[kind].format(name=record.name), [*_why(who), *lines]),
            values=(),
            sender=sender_mailbox(ws, None),
        )


def _why(who: Answerer) -> list[str]:
    if not who.stands_for:
        return []
    return [f"You are asked as the deputy of {who.stands_for}."]


def _lines(
    record: EditionRecord, kind: SideKind, question: Question | None, planned: int, site: str
) -> list[str]:
    """Return what a telling says: counts and links, and nothing about any reader."""
    if kind is SideKind.UNANSWERED:
        return [
            f"{record.name} ({record.title}) is rejected, as nobody answered in time. Nobody was "
            "written to.",
            "If it should still go, its owner triggers the campaign again, under another name.",
        ]
    lines = [f"{record.title} ({record.name}) is to go to {planned:,} people."]
    if question:
        lines.append(
            f"Please answer by {london(question.answer_by)}, London time. After that it is "
            "rejected and nobody is written to."
        )
    where = question.link if question else ""
    lines.append(f"Answer here: {where}" if where else "Answer it in Airflow: Required Actions.")
    if site:
        page = f"{site.rstrip('/')}/plugin/outreach/outreach/editions/{record.name}"
        lines.append(f"Read the proofs first: {page}")
    return lines


def _content(subject: str, lines: Sequence[str]) -> Content:
    last = "This is a message from Outreach to a colleague, and no campaign."
    text = "\n\n".join([*lines, last]) + "\n"
    html = "".join(f"<p>{_with_link(line)}</p>" for line in (*lines, last))
    page = (
        f'<!DOCTYPE html><html lang="en"><title>{escape(subject)}</title><body>{html}</body></html>'
    )
    return Content(Pieces((subject,)), Pieces((text,)), Pieces((page,)))


def _with_link(line: str) -> str:
    """Return a line as HTML; an address at its end becomes a link that says what it is."""
    words, found, address = line.rpartition(": http")
    if not found:
        return escape(line)
    return f'<a href="{escape(f"http{address}")}">{escape(words)}</a>'
