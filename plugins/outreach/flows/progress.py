"""Live figures of a running edition: how far it is, how fast, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from outreach.clock import london
from outreach.domain import DeliveryState, EditionState
from outreach.flows.opening import closed_now
from outreach.flows.pacing import Forecast, Mail, forecast
from outreach.ledger import edition_store
from outreach.ledger.engine import reading
from outreach.ledger.progress import BatchFigures, figures
from outreach.senders import alive
from outreach.workspace import Workspace

S = DeliveryState

LATELY = timedelta(minutes=2)
"""The time over which the rate is measured, and in which a sender has shown itself."""

_ENDED = {
    EditionState.SENT: "Everything of it was handed over.",
    EditionState.CANCELLED: "It was cancelled.",
    EditionState.REJECTED: "It was rejected.",
    EditionState.RECOVERED: "It is known from the claim journal alone.",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """An edition's figures at `at`, counted by batch; the certificate counts each person.

    `total` people were in its batches when last looked at, those who dropped out at a claim
    left out; `share` of them (0 to 1) are dealt with. `per_minute` people were handed over,
    averaged over the last two minutes; `seconds_left` is None where that says nothing.
    `waiting_for` is what it stands still for, in words, or ''; `pace` the rates it is held to.
    """

    edition: str
    state: str
    words: str
    at: datetime
    handed_over: int
    planned: int
    claimed: int
    in_doubt: int
    failed: int
    cancelled: int
    total: int
    share: float
    per_minute: float
    seconds_left: int | None
    senders: int
    last_at: datetime | None
    waiting_for: str
    finished: bool
    pace: str


def progress(ws: Workspace, edition: str) -> Progress:
    """Return how far an edition is. Reads batches only, never a delivery. Raises NotFound."""
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        found = figures(connection, record.id, limits=ws.hub.limits, since=now - LATELY, now=now)
    closed = closed_now(ws, record, now)
    mail = Mail(record.campaign, record.provider, record.sender.address, found.to_go)
    start = max(found.wait_until or now, now)
    expected = forecast(ws.hub.limits, mail, start, ws.hub.closings) if found.to_go else None
    return _progress(edition, found, now, closed.words if closed else "", expected)


def _progress(
    edition: str, found: BatchFigures, now: datetime, closed: str, expected: Forecast | None
) -> Progress:
    people = found.people
    open_people = people.get(S.PLANNED, 0) + people.get(S.CLAIMED, 0)
    total = sum(count for state, count in people.items() if state is not S.SUPPRESSED)
    senders = sum(alive(name) is not False for name in found.senders)
    finished = found.state in _ENDED and not people.get(S.CLAIMED)
    waiting_for = "" if finished else _waiting_for(found, senders, now, closed)
    rate = _per_minute(found, now)
    left = round(open_people / rate * 60) if rate and open_people and not waiting_for else None
    pace = "" if finished else _pace(expected, now)
    if expected and expected.ends and found.state is EditionState.SENDING:
        left = max(left or 0, round((expected.ends - now).total_seconds()))
    return Progress(
        edition=edition,
        state=found.state.value,
        words=_words(found, finished, waiting_for) + pace,
        at=now,
        handed_over=people.get(S.ACCEPTED, 0),
        planned=people.get(S.PLANNED, 0),
        claimed=people.get(S.CLAIMED, 0),
        in_doubt=people.get(S.UNKNOWN, 0),
        failed=people.get(S.FAILED, 0),
        cancelled=people.get(S.CANCELLED, 0),
        total=total,
        share=(total - open_people) / total if total else 1.0,
        per_minute=rate,
        seconds_left=left,
        senders=senders,
        last_at=found.last_at,
        waiting_for=waiting_for,
        finished=finished,
        pace=pace.strip(),
    )


def _pace(expected: Forecast | None, now: datetime) -> str:
    """Return what rates the rest is held to and how long that takes, as a sentence of its own."""
    if expected is None or not expected.words:
        return ""
    ends = replace(expected, begins=now).takes
    return f" It is {expected.words}; {ends} to go."


def _per_minute(found: BatchFigures, now: datetime) -> float:
    if not found.recent:
        return 0.0
    ran = now - (found.started_at or now - LATELY)
    seconds = max(min(ran, LATELY).total_seconds(), 1.0)
    return found.recent * 60 / seconds


def _words(found: BatchFigures, finished: bool, waiting_for: str) -> str:
    if finished:
        return _ENDED[found.state]
    if found.state in _ENDED:
        return f"{_ENDED[found.state]} What was in flight is still being recorded."
    return f"Waiting: {waiting_for}." if waiting_for else "Being sent."


def _waiting_for(found: BatchFigures, senders: int, now: datetime, closed: str) -> str:
    """Return what an edition that has not ended stands still for, '' where it runs."""
    if found.state is EditionState.PREPARED:
        return "an approval"
    if found.why_not:
        until = f", until {london(found.wait_until)}" if found.wait_until else ""
        return found.why_not + until
    if closed and (found.people.get(S.PLANNED) or found.people.get(S.CLAIMED)):
        return closed
    if found.state is EditionState.APPROVED:
        if found.send_at and found.send_at > now:
            return f"its time to be sent, {london(found.send_at)}"
        return "a sender: none has begun with it yet"
    if not senders and found.state is EditionState.SENDING:
        if not (found.people.get(S.PLANNED) or found.people.get(S.CLAIMED)):
            return "its certificate to be settled"
        return "a sender: none is running. Run its sending task in Airflow again"
    return ""
