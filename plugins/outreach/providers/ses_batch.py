"""One batch that is posted message by message: who is next, and what became of everybody."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.providers.base import Otherwise, Receipt, Recipient

BEGUN_WITHIN = 5.0
"""Seconds after which nobody else of a batch is begun: an objection must not wait for a slow
provider, and the claim was asked that long ago."""

_NEXT_TRY = 1.0
_AFTER_DOUBT = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """One message to post."""

    index: int
    recipient: Recipient
    raw: bytes


class Batch:
    """The messages of one batch; several threads may take from it and tell it outcomes.

    All are built before the first one leaves: whom no message can be built for is Rejected.
    """

    def __init__(
        self, recipients: Sequence[Recipient], build: Callable[[Recipient], bytes]
    ) -> None:
        self._outcomes: list[str | HandOverError | None] = [None] * len(recipients)
        self._jobs: deque[Job] = deque()
        self._halted: HandOverError | None = None
        self._lock = threading.Lock()
        for index, recipient in enumerate(recipients):
            try:
                self._jobs.append(Job(index, recipient, build(recipient)))
            except Rejected as error:
                self._outcomes[index] = error
        self._until = time.monotonic() + BEGUN_WITHIN

    @property
    def waiting(self) -> int:
        """How many messages nobody has taken yet."""
        return len(self._jobs)

    def next(self) -> Job | None:
        """Return a message to post now; None where none is to be begun any more."""
        with self._lock:
            late = time.monotonic() > self._until
            return None if self._halted or late or not self._jobs else self._jobs.popleft()

    def accepted(self, index: int, message_id: str) -> None:
        """Note that the provider took a message."""
        self._outcomes[index] = message_id

    def refused(self, index: int, error: HandOverError) -> None:
        """Note what became of a message instead; all but a refusal of it alone ends the batch."""
        self._outcomes[index] = error
        if not isinstance(error, Rejected):
            with self._lock:
                self._halted = self._halted or error

    def receipt(self) -> Receipt:
        """Return what became of everybody, when all threads are done.

        Raises NotSent, Rejected, MustStop or InDoubt where all came to that.
        """
        outcomes = [self._not_begun() if one is None else one for one in self._outcomes]
        taken = [one for one in outcomes if isinstance(one, str)]
        errors = [one for one in outcomes if isinstance(one, HandOverError)]
        if not taken:
            _raise_if_same(errors)
        return Receipt(
            taken[0] if taken else "",
            tuple(
                Otherwise(index, _for_one(one))
                for index, one in enumerate(outcomes)
                if isinstance(one, HandOverError)
            ),
        )

    def _not_begun(self) -> NotSent:
        cause = self._halted
        if cause is None:
            return NotSent("the batch took too long to begin this one", retry_after=_NEXT_TRY)
        said = f"not begun after another's answer: {cause.reason}"
        if isinstance(cause, NotSent):
            return NotSent(said, retry_after=cause.retry_after, everyone=cause.everyone)
        pause = _AFTER_DOUBT if isinstance(cause, InDoubt) else _NEXT_TRY
        return NotSent(said, retry_after=pause)


def _raise_if_same(errors: Sequence[HandOverError]) -> None:
    """Raise what a whole batch came to; "stop" also speaks for those not begun because of it."""
    if not_sent := [one for one in errors if isinstance(one, NotSent)]:
        longest = max(not_sent, key=lambda one: (one.everyone, one.retry_after))
        if len(not_sent) == len(errors):
            raise longest
    for kinds in ((Rejected,), (InDoubt,), (MustStop, NotSent)):
        if all(isinstance(one, kinds) for one in errors):
            raise next(one for one in errors if isinstance(one, kinds[0]))


def _for_one(error: HandOverError) -> HandOverError:
    """Return the outcome of a single person: to stop is for the next batch to be told again."""
    if isinstance(error, MustStop):
        return NotSent(error.reason, retry_after=_NEXT_TRY)
    return error
