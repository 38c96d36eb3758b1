"""End editions that nobody will end: never answered, or approved and too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outreach.clock import london
from outreach.domain import EditionState
from outreach.flows.approving import reject
from outreach.flows.side_messages.asking import tell_unanswered
from outreach.ledger import edition_store, question_store
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.question_store import Question
from outreach.workspace import Workspace

ANSWER_WITHIN = timedelta(days=7)
"""How long an approver has at the most."""

GRACE = timedelta(hours=1)
"""The run that asks ends the edition itself, at its deadline: it comes first."""

BY = "outreach"


def close_lapsed(ws: Workspace, *, via: str) -> tuple[str, ...]:
    """End every edition whose time to be approved or to begin is over; return what was done.

    Its run would have done so, but may have failed, or lost its campaign's file. Nobody is
    written to, and everybody planned is counted as cancelled.
    """
    now = datetime.now(UTC)
    done = []
    with reading(ws.engine) as connection:
        names = edition_store.open_editions(connection)
        records = [edition_store.get(connection, name) for name in names]
        asked = {record.id: question_store.question_of(connection, record.id) for record in records}
    for record in records:
        until = _answer_by(record, asked[record.id])
        if record.state == EditionState.PREPARED and until + GRACE < now:
            why = f"nobody answered in time, by {london(until)}"
            reject(ws, record.name, by=BY, reason=why, via=via)
            tell_unanswered(ws, record.name)
            done.append(f"{record.name} is rejected: {why}")
        elif record.state == EditionState.APPROVED and _too_late(record, now):
            _cancel(ws, record, now, via)
            done.append(f"{record.name} is cancelled: approved, and not sent in time")
    return tuple(done)


def _answer_by(record: EditionRecord, question: Question | None) -> datetime:
    """The end of the time to answer: what the question said, or else when it could send nothing."""
    if question is not None:
        return question.answer_by
    asked = record.checked_at or record.created_at
    return min(asked + ANSWER_WITHIN, record.late_after or asked + ANSWER_WITHIN)


def _too_late(record: EditionRecord, now: datetime) -> bool:
    return record.late_after is not None and record.late_after + GRACE < now


def _cancel(ws: Workspace, record: EditionRecord, now: datetime, via: str) -> None:
    with ws.engine.begin() as connection:
        edition_store.close(connection, record.id, EditionState.CANCELLED, "too late", now)
        edition_store.note(
            connection,
            who=BY,
            via=via,
            action="cancel",
            subject=record.name,
            at=now,
            detail="too late",
        )
