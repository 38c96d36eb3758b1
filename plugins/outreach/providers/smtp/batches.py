"""Batches that are being sent: whose turn it is, and what became of each person."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.providers.base import Handover, Otherwise, Receipt, Recipient
from outreach.providers.people import by_column
from outreach.providers.smtp.lines import Form

BEGIN = 5.0
"""Seconds within which each message of a batch begins: its claim's checks are that old at most,
and so is what stops a sender. Whoever's turn has not come by then is claimed anew."""

SOON = 0.01
"""Seconds until then: at once, but not nothing, which would leave it to the sender's backoff."""

EXCHANGE = 120.0
"""Seconds that one hand-over may take in all, far below the lease of its claim."""

TRIES = 3
"""Connections that one message may meet which break before any of it can have been taken."""


class Batch:
    """One hand-over. The engine's thread settles each person; the caller's waits for `done`."""

    def __init__(
        self, handover: Handover, make: Callable[[int], tuple[bytes, Form]], now: float
    ) -> None:
        self.handover = handover
        self.addresses = by_column(handover.recipients).addresses
        self.make = make
        self.begin_by = now + BEGIN
        self.end_by = now + EXCHANGE
        self.done = threading.Event()
        self._errors: dict[int, HandOverError] = {}
        self._open = len(handover.recipients)
        if not self._open:
            self.done.set()

    def settle(self, index: int, error: HandOverError | None) -> None:
        """Note what became of one person; None: the message was taken."""
        if error is not None:
            self._errors[index] = error
        self._open -= 1
        if not self._open:
            self.done.set()

    def receipt(self) -> Receipt:
        """Return the batch's receipt. Raises what all came to, where all came to the same."""
        errors = self._errors
        if errors and len(errors) == len(self.handover.recipients):
            first = next(iter(errors.values()))
            stop = next((one for one in errors.values() if isinstance(one, MustStop)), None)
            if stop and all(isinstance(one, NotSent | MustStop) for one in errors.values()):
                raise stop
            if {(type(one), one.reason) for one in errors.values()} == {
                (type(first), first.reason)
            }:
                raise first
        return Receipt(
            self.handover.reference,
            tuple(Otherwise(index, _single(errors[index])) for index in sorted(errors)),
        )


def _single(error: HandOverError) -> HandOverError:
    """What all must stop for is, for a person of a batch that was partly taken, not sent."""
    return NotSent(error.reason) if isinstance(error, MustStop) else error


class Message:
    """One person's message on its way. `refusal` is why it will not be taken, once known."""

    __slots__ = (
        *("batch", "index", "tries", "raw", "form"),
        *("refusal", "sender_refused", "mark"),
    )

    def __init__(self, place: tuple[Batch, int, int], made: tuple[bytes, Form]) -> None:
        self.batch, self.index, self.tries = place
        self.raw, self.form = made
        self.refusal: HandOverError | None = None
        self.sender_refused = False
        self.mark = -1
        """So many of the connection's bytes, and it may have been taken; -1: not yet."""

    @property
    def address(self) -> str:
        """Whom it is for."""
        return self.batch.addresses[self.index]

    @property
    def recipient(self) -> Recipient:
        """Whom it is for, with all values."""
        return self.batch.handover.recipients[self.index]

    def maybe_taken(self, left: int) -> bool:
        """Whether the server may have it, where so many bytes have left this host."""
        return 0 <= self.mark <= left

    def settle(self, error: HandOverError | None) -> None:
        """Note what became of it."""
        self.batch.settle(self.index, error)


class Queue:
    """Who is still to be written to, first come first served."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Batch, int, int]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, batch: Batch) -> None:
        """Put everybody of a batch in line."""
        self._waiting.extend((batch, n, 0) for n in range(len(batch.handover.recipients)))

    def next(self) -> Message | None:
        """Return the next message, built; None where nobody waits."""
        while self._waiting:
            place = self._waiting.popleft()
            batch, index, _ = place
            try:
                made = batch.make(index)
            except Rejected as error:
                batch.settle(index, error)
            except Exception as error:
                reason = f"a message could not be made ({type(error).__name__})"
                batch.settle(index, Rejected(reason))
            else:
                return Message(place, made)
        return None

    def again(self, message: Message, reason: str) -> None:
        """Put a message that was provably not taken in front, or give it up after `TRIES`."""
        if message.tries + 1 >= TRIES:
            message.settle(NotSent(reason))
        else:
            self._waiting.appendleft((message.batch, message.index, message.tries + 1))

    def give_up(self, error: HandOverError) -> None:
        """Settle everybody who waits."""
        while self._waiting:
            batch, index, _ = self._waiting.popleft()
            batch.settle(index, error)

    def too_late(self, now: float) -> None:
        """Put back whoever has waited so long that the ledger should be asked again."""
        late = [one for one in self._waiting if one[0].begin_by < now]
        if late:
            self._waiting = deque(one for one in self._waiting if one[0].begin_by >= now)
        for batch, index, _ in late:
            reason = "its turn with the mail server did not come in time"
            batch.settle(index, NotSent(reason, retry_after=SOON))


def doubtful(reason: str) -> InDoubt:
    """Return the outcome of a message whose answer was lost."""
    return InDoubt(f"the connection to the mail server was lost before its answer ({reason})")
