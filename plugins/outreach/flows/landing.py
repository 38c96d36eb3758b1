"""Record what became of batches that were handed over, and tell when to pause the edition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected, TooLarge
from outreach.flows.inflight import Flight, NotMade
from outreach.flows.insisting import insist, recording_ends
from outreach.flows.pausing import REFUSED, pause_by_itself
from outreach.flows.recipients_apart import all_hold, apart, backoff
from outreach.flows.sendreport import Tally
from outreach.ledger import outcomes
from outreach.ledger.claimed import ClaimedBatch
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.outcomes import Accepted
from outreach.providers.base import Receipt
from outreach.workspace import Workspace

REFUSED_IN_A_ROW = 10
"""So many people refused one after another are not the cause: the edition is paused."""

AT_ONCE = 4
"""Receipts recorded in one transaction, so that no other writer waits long."""


class Held(NotSent):
    """An order came between claim and hand-over: the batch goes back, to be had at `until`."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.until = until


class Landing:
    """Takes batches of one edition from what they came to into the ledger.

    `careful` after a refusal or a doubt until somebody is accepted: what one batch came to may
    await every one, which one at a time finds out with the fewest people.
    """

    def __init__(self, ws: Workspace, record: EditionRecord, tally: Tally) -> None:
        self._ws = ws
        self._record = record
        self._tally = tally
        self._in_a_row = 0
        self._until: float | None = None
        self.careful = False

    def give_up_at(self, until: float) -> None:
        """Try no longer than until then (as `time.monotonic` has it) to record anything."""
        self._until = until

    def record(self, landed: Sequence[Flight], done: Callable[[Flight], None]) -> bool:
        """Record each, whatever happens to another; returns whether anything was accepted.

        Calls `done` for each that is recorded. Raises the first error of those that could not
        be, or else what a provider raised that it never should. A ledger that is away is waited
        for once, not once for each.
        """
        insisting_before, self._until = self._until, self._until or recording_ends()
        try:
            self._record_each(landed, done)
        finally:
            self._until = insisting_before
        return any(_somebody_accepted(flight) for flight in landed)

    def _record_each(self, landed: Sequence[Flight], done: Callable[[Flight], None]) -> None:
        trouble: list[BaseException] = []
        taken = [flight for flight in landed if isinstance(flight.came_to, Receipt)]
        for start in range(0, len(taken), AT_ONCE):
            for flight in self._not_at_once(taken[start : start + AT_ONCE], done):
                self._try(flight, done, trouble)
        for flight in landed:
            if not isinstance(flight.came_to, Receipt):
                self._try(flight, done, trouble)
        if trouble and not isinstance(trouble[0], Exception):
            # It ended a thread, and was not meant for this one.
            raise RuntimeError("a hand-over ended its thread") from trouble[0]
        if trouble:
            raise trouble[0]

    def release(self, taken: ClaimedBatch, error: NotSent) -> None:
        """Put a batch back that was provably not sent."""
        now = datetime.now(UTC)
        seconds = error.retry_after or backoff(taken.attempts)
        until = error.until if isinstance(error, Held) else now + timedelta(seconds=seconds)
        if error.everyone:
            self._hold_all(until, now)
        self._insist(lambda: outcomes.release(self._ws.engine, taken, error.reason, until, now))

    def back_at_once(self, taken: ClaimedBatch, reason: str) -> None:
        """Put a batch back that was provably not sent, to be had by the next who asks."""
        now = datetime.now(UTC)
        self._insist(lambda: outcomes.release(self._ws.engine, taken, reason, now, now))

    def doubt(self, taken: ClaimedBatch, reason: str) -> None:
        """Put a batch in doubt."""
        now, engine = datetime.now(UTC), self._ws.engine
        self._insist(lambda: outcomes.record_doubt(engine, taken, reason, now))
        self._tally.in_doubt += len(taken.people)

    def _not_at_once(
        self, several: Sequence[Flight], done: Callable[[Flight], None]
    ) -> Sequence[Flight]:
        """Record several receipts in one transaction; returns those for which that failed.

        Each of these is then recorded by itself, and says itself what is wrong with it.
        """
        if len(several) < 2:
            return several
        now = datetime.now(UTC)
        try:
            receipts = [_accepted(flight, now) for flight in several]
            outcomes.record_receipts(self._ws.engine, receipts, now)
        except Exception:
            return several
        for flight in several:
            self._count(flight)
            done(flight)
        return ()

    def _try(
        self, flight: Flight, done: Callable[[Flight], None], trouble: list[BaseException]
    ) -> None:
        try:
            self._settle(flight)
        except Exception as error:
            trouble.append(error)
            return
        done(flight)
        came_to = flight.came_to
        if isinstance(came_to, NotMade):
            trouble.append(came_to.why)
        elif _never_should(came_to):
            trouble.append(came_to)

    def _settle(self, flight: Flight) -> None:
        taken, came_to = flight.taken, flight.came_to
        match came_to:
            case Receipt():
                now = datetime.now(UTC)
                receipt = _accepted(flight, now)
                self._insist(lambda: outcomes.record_receipts(self._ws.engine, [receipt], now))
                self._count(flight)
            case NotSent():
                self.release(taken, came_to)
            case Rejected() | TooLarge():
                self._refused(taken, came_to)
            case MustStop():
                self.back_at_once(taken, came_to.reason)
                self._pause(came_to.reason)
            case InDoubt():
                self.careful = True
                self.doubt(taken, came_to.reason)
            case NotMade():
                self.back_at_once(taken, "could not be made ready")
            case _:
                self.doubt(taken, f"the hand-over broke off ({type(came_to).__name__})")

    def _refused(self, taken: ClaimedBatch, error: Rejected | TooLarge) -> None:
        """One bad row never costs the others: halve the batch until it stands alone."""
        now, engine = datetime.now(UTC), self._ws.engine
        self.careful = self.careful or isinstance(error, Rejected)
        if len(taken.people) > 1:
            self._insist(lambda: outcomes.split(engine, taken, now))
            return
        self._insist(lambda: outcomes.record_failed(engine, taken, error.reason, now))
        self._count_refused(1, error.reason)

    def _count(self, flight: Flight) -> None:
        """Count what a recorded receipt says, and slow every sender down where it asks for it."""
        receipt, now = flight.came_to, datetime.now(UTC)
        assert isinstance(receipt, Receipt)
        errors = [one.error for one in receipt.otherwise]
        accepted = len(flight.taken.people) - len(errors)
        refused = [error for error in errors if isinstance(error, Rejected)]
        put_off = sum(isinstance(error, NotSent) for error in errors)
        self._tally.handed_over += accepted
        self._tally.in_doubt += len(errors) - len(refused) - put_off
        if accepted:
            self._tally.batches += 1
            self._in_a_row, self.careful = 0, False
        asked = all_hold(receipt.otherwise)
        if asked is not None:
            self._hold_all(now + timedelta(seconds=asked.retry_after or backoff(1)), now)
        if refused and accepted:
            self._tally.failed += len(refused)
        elif refused:
            self.careful = True
            self._count_refused(len(refused), refused[-1].reason)

    def _count_refused(self, people: int, reason: str) -> None:
        self._tally.failed += people
        self._in_a_row += people
        if self._in_a_row >= REFUSED_IN_A_ROW:
            self._in_a_row = 0
            self._pause(f"{REFUSED_IN_A_ROW} people one after another were refused: {reason}")

    def _hold_all(self, until: datetime, now: datetime) -> None:
        provider = self._record.provider
        self._insist(lambda: outcomes.hold_provider(self._ws.engine, provider, until, now))

    def _pause(self, reason: str) -> None:
        pause_by_itself(self._ws, self._record, REFUSED, reason)

    def _insist(self, record: Callable[[], object]) -> None:
        insist(record, self._until)


def _accepted(flight: Flight, now: datetime) -> Accepted:
    receipt = flight.came_to
    assert isinstance(receipt, Receipt)
    return Accepted(flight.taken, receipt.message_id, apart(flight.taken, receipt.otherwise, now))


def _somebody_accepted(flight: Flight) -> bool:
    came_to = flight.came_to
    return isinstance(came_to, Receipt) and len(flight.taken.people) > len(came_to.otherwise)


def _never_should(came_to: object) -> TypeGuard[BaseException]:
    return isinstance(came_to, BaseException) and not isinstance(came_to, HandOverError)
