"""Senders that stop at named points, so that anything may happen while they stand there.

Each runs the real `flows.sending.send` in a greenlet of its own. What is wrapped is wrapped
from outside; the sender's own code knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from greenlet import GreenletExit, getcurrent, greenlet

from outreach.errors import InDoubt, MustStop, NotSent, OutreachError, Rejected, TooLarge
from outreach.flows.sending import Sender, send
from outreach.journal import Journal
from outreach.ledger import claims, outcomes
from outreach.ledger.claims import ClaimedBatch
from outreach.providers.base import Handover, Receipt
from outreach.workspace import Workspace


class Answer(StrEnum):
    """What the provider does with one request."""

    ACCEPTS = "accepts"
    ACCEPTS_WITHOUT_ID = "accepts without a message id"
    LOSES_REPLY = "accepts and its reply is lost"
    LOSES_REQUEST = "takes nothing and its reply is lost"
    REFUSES_CONNECTION = "refuses the connection"
    ASKS_TO_WAIT = "asks everybody to wait (429)"
    REFUSES_ROW = "refuses one person (400)"
    TOO_LARGE = "finds it too large (413)"
    REFUSES_KEY = "refuses the key (401)"


_TAKES = (Answer.ACCEPTS, Answer.ACCEPTS_WITHOUT_ID, Answer.LOSES_REPLY)

HANDING_OVER = "handing over"


class Run:
    """One sender. `here`: on this host, where it can be seen whether it lives."""

    def __init__(self, ws: Workspace, number: int, edition: str, *, here: bool) -> None:
        self.number, self.edition, self.here = number, edition, here
        self.name = ""
        self.claimed: ClaimedBatch | None = None
        self.at = "the start"
        self.ended = ""
        self._greenlet = greenlet(lambda _answer: self._work(ws))

    def step(self, answer: Answer = Answer.ACCEPTS) -> None:
        """Let it go on to the next point; `answer` is the provider's, if it comes to that."""
        now_at = self._greenlet.switch(answer)
        self.at = "its end" if self._greenlet.dead else str(now_at)

    def kill(self) -> None:
        """End it where it stands, as `kill -9` does: nothing more of it runs."""
        self._greenlet.throw(GreenletExit)
        self.ended = self.ended or f"killed at {self.at}"

    def alive(self) -> bool | None:
        """What is known of it from this host."""
        return not self.ended if self.here else None

    def _work(self, ws: Workspace) -> None:
        try:
            self.ended = f"ended: {send(ws, self.edition).why}"
        except OutreachError as error:
            self.ended = f"stopped: {type(error).__name__}: {str(error)[:300]}"
        except BaseException:
            self.ended = "broke off"
            raise

    def __str__(self) -> str:
        return f"sender {self.number}"


def point(name: str) -> Any:
    """Stand still here, if a sender came here; returns what it is given to go on with."""
    current = getcurrent()
    return current.parent.switch(name) if current.parent is not None else None


def current_run(runs: list[Run]) -> Run | None:
    """The sender that runs right now, if one does."""
    return next((run for run in runs if run._greenlet is getcurrent()), None)


@dataclass
class Wire:
    """A provider whose every answer the test chooses; it tells `took` whom it took."""

    took: Callable[[Handover], None]
    refused: Callable[[Handover], None]
    name: str = "wire"
    batch_size: int = 2
    in_flight: int = 1
    networked: bool = True

    def hand_over(self, handover: Handover) -> Receipt:
        answer = point(HANDING_OVER) or Answer.ACCEPTS
        if answer is Answer.REFUSES_ROW and len(handover.recipients) == 1:
            self.refused(handover)
        if answer in _TAKES:
            self.took(handover)
        point(f"the provider {answer}")
        if answer in (Answer.LOSES_REPLY, Answer.LOSES_REQUEST):
            raise InDoubt("no reply came")
        if answer is Answer.REFUSES_CONNECTION:
            raise NotSent("connection refused")
        if answer is Answer.ASKS_TO_WAIT:
            raise NotSent("too many requests", retry_after=30, everyone=True)
        if answer is Answer.REFUSES_ROW:
            raise Rejected("the provider refused an address")
        if answer is Answer.TOO_LARGE:
            raise (
                TooLarge("the request is too large")
                if len(handover.recipients) > 1
                else (NotSent("connection refused"))
            )
        if answer is Answer.REFUSES_KEY:
            raise MustStop("the key was refused")
        return Receipt("" if answer is Answer.ACCEPTS_WITHOUT_ID else handover.reference)

    def close(self) -> None:
        """Nothing is open."""


def install_points(patch: pytest.MonkeyPatch, claimed: Callable[[str, ClaimedBatch], None]) -> None:
    """Make senders stop around the claim and after the journal; `claimed` hears of each claim."""
    real_claim, real_append, real_home = claims.claim, Journal.append, Sender._bring_home

    def claim(*args: Any, sender: str, **kwargs: Any) -> Any:
        point("before the claim")
        taken = real_claim(*args, sender=sender, **kwargs)
        if isinstance(taken, ClaimedBatch):
            claimed(sender, taken)
            point("after the claim")
        return taken

    def append(self: Journal, *args: Any) -> None:
        real_append(self, *args)
        point("after the journal")

    def bring_home(self: Sender, error: BaseException) -> None:
        if not isinstance(error, GreenletExit):
            real_home(self, error)

    patch.setattr(claims, "claim", claim)
    patch.setattr(Journal, "append", append)
    patch.setattr(Sender, "_bring_home", bring_home)


def break_by_resending_doubts(patch: pytest.MonkeyPatch) -> None:
    """Break the sender: what may have been sent goes back to planned."""

    def release_instead(engine: Any, taken: ClaimedBatch, reason: str, now: Any) -> bool:
        return outcomes.release(engine, taken, reason, now, now)

    patch.setattr(outcomes, "record_doubt", release_instead)
