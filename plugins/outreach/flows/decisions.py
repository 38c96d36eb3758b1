"""An approver's answer, written down: who decided what, and whether they were allowed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.domain import EditionState
from outreach.errors import Refused
from outreach.flows import editions
from outreach.flows.approving import may_approve
from outreach.flows.side_messages.asking import tell_unanswered
from outreach.workspace import Workspace

VIA = "airflow"
ASK_AGAIN = "clear the task approve, with what follows it, to ask somebody else"
_GOING = (EditionState.APPROVED, EditionState.SENDING, EditionState.SENT)


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of the question: whether it may be sent, when, and why in words."""

    approved: bool
    message: str
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What Airflow says about an answer: `by` is the user's id, '' where nobody answered."""

    approve: bool
    by: str
    name: str


def read_answer(answer: Mapping[str, Any]) -> Answer:
    """Return a human-in-the-loop answer of Airflow, as it stands in XCom."""
    user = answer.get("responded_by_user") or {}
    return Answer(
        approve=answer.get("chosen_options") == ["Approve"],
        by=str(user.get("id") or ""),
        name=str(user.get("name") or ""),
    )


def wasted(ws: Workspace, edition: str, answer: Mapping[str, Any]) -> str:
    """Return why an answer does not count, so that the question is put again; '' if it does.

    No author's answer counts, whatever it says: an author who wants to stop it cancels it.
    """
    found = read_answer(answer)
    if not found.by:
        return ""
    try:
        request = editions.approval_request(ws, edition)
        if request.state == EditionState.PREPARED:
            may_approve(ws, edition, (found.by, found.name), via=VIA)
    except Refused as error:
        return str(error)
    return ""


def decide(
    ws: Workspace, edition: str, approval_hash: str, answer: Mapping[str, Any] | None
) -> Decided:
    """Approve or reject `edition` as answered; without an answer, by its standing approval.

    Airflow does not know that content has moved since it was shown: such an answer is turned
    into a rejection. Raises Refused, and lets the edition wait, where an author answered, or
    somebody who is no approver: another may be asked. Doing it twice changes nothing.
    """
    request = editions.approval_request(ws, edition)
    if request.state in _GOING:
        return _approved(ws, edition, "already")
    if request.state != EditionState.PREPARED:
        return _ended(edition, request.state)
    if answer is None:
        if editions.approve_standing(ws, edition):
            return _approved(ws, edition, "by its standing approval")
        return _rejected(ws, edition, "airflow", "nobody was asked, and nothing stands for it")
    found = read_answer(answer)
    if not found.by:
        decided = _rejected(ws, edition, "airflow", "nobody answered in time")
        tell_unanswered(ws, edition)
        return decided
    if why := wasted(ws, edition, answer):
        raise Refused(f"{why}. {edition} waits: {ASK_AGAIN}")
    return _answered(ws, edition, approval_hash, found)


def _answered(ws: Workspace, edition: str, approval_hash: str, found: Answer) -> Decided:
    if not found.approve:
        return _rejected(ws, edition, found.by, "the approver said no")
    try:
        record = editions.approve(ws, edition, by=found.by, via=VIA, approval_hash=approval_hash)
    except Refused as error:
        return _rejected(ws, edition, "airflow", str(error))
    stood_in = record.approved_by.removeprefix(found.by)
    return _approved(ws, edition, f"by {found.name}{stood_in}")


def _approved(ws: Workspace, edition: str, how: str) -> Decided:
    when = editions.send_time(ws, edition)
    return Decided(True, f"{edition} is approved {how}", when)


def _rejected(ws: Workspace, edition: str, by: str, reason: str) -> Decided:
    state = editions.certificate(ws, edition).state
    if state != EditionState.PREPARED:  # somebody ended it while this was decided
        return _ended(edition, state)
    editions.reject(ws, edition, by=by, reason=reason)
    return Decided(False, f"{edition} is rejected: {reason}. Nobody was written to")


def _ended(edition: str, state: str) -> Decided:
    return Decided(False, f"{edition} is {state}: nobody is written to")
