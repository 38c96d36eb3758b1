"""Batches in flight: threads that make and hand over, beside the one that keeps the books.

Whoever launches is the only one who touches the ledger. Threads are started as they are needed:
with a provider that answers at once there is one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from outreach.errors import NotSent
from outreach.ledger.claimed import ClaimedBatch
from outreach.providers.base import Handover, Receipt

TO_FIRST_BYTE = 5.0
"""Seconds from claim to hand-over; a batch that was held up longer is let go."""

TURN = 0.0002
"""Seconds after which a thread that computes gives way to another, where one waits. With Python's
own 5 ms, whoever keeps the books would wait so long after each of its many short waits."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Have this process's threads take turns of `TURN` seconds meanwhile."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class NotMade(Exception):
    """What was to be handed over could not be made, because of `why`: nothing was sent."""

    def __init__(self, why: Exception) -> None:
        super().__init__(f"{type(why).__name__}: what is to be handed over could not be made")
        self.why = why


class Flight:
    """One batch on its way, which `make` makes right before it leaves.

    `came_to` is its receipt or its error, None until there is one.
    """

    __slots__ = ("_make", "began", "came_to", "taken")

    def __init__(self, taken: ClaimedBatch, make: Callable[[], Handover], began: float) -> None:
        self.taken = taken
        self._make = make
        self.began = began
        self.came_to: Receipt | BaseException | None = None

    def ready(self) -> Handover:
        """Return what is to be handed over.

        Raises NotMade; raises NotSent where too long has passed since its claim was begun.
        """
        try:
            handover = self._make()
        except Exception as error:
            raise NotMade(error) from error
        if self.held_up():
            raise NotSent("the sender was held up between claim and hand-over")
        return handover

    def held_up(self) -> bool:
        """Whether too long has passed since its claim was begun."""
        return time.monotonic() - self.began > TO_FIRST_BYTE


class Flights:
    """The batches of one sender that are launched and whose outcome is not recorded yet.

    Up to `most` at once, or as many as the machine gives threads for: at 1, a launch takes until
    the batch has landed, and needs no thread.
    """

    def __init__(self, hand_over: Callable[[Handover], Receipt], most: int) -> None:
        self._hand_over = hand_over
        self._most = most
        self._open: dict[int, Flight] = {}
        self._threads = 0
        self._jobs: SimpleQueue[Flight | None] = SimpleQueue()
        self._news = threading.Event()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Flight]:
        return iter(tuple(self._open.values()))

    def room(self, most: int | None = None) -> bool:
        """Whether one more may be launched, where no more than `most` are to be."""
        return len(self._open) < min(self._most, most or self._most)

    def launch(self, flight: Flight) -> None:
        """Hand a batch over; `landed` tells what came of it."""
        self._open[id(flight)] = flight
        if self._threads < len(self._open) and self._most > 1:
            self._one_more_thread()
        if self._most == 1:
            self._alone(flight)
        else:
            self._jobs.put(flight)

    def landed(self, seconds: float = 0.0) -> list[Flight]:
        """Return the flights with an outcome; waits up to `seconds` for one where there is none.

        Each is returned until it is `done`, so that no exception in between loses one.
        """
        self._news.clear()
        found = self._with_outcome()
        if not found and self._open and seconds > 0:
            self._news.wait(seconds)
            found = self._with_outcome()
        return found

    def done(self, flight: Flight) -> None:
        """Let go of a flight: what came of it is recorded."""
        self._open.pop(id(flight), None)

    def close(self) -> None:
        """Let the threads end; one that waits for its provider ends when that answers."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _one_more_thread(self) -> None:
        name = f"hand-over {self._threads + 1}"
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError:  # the machine has no more to give: those that there are must do
            self._most = max(1, self._threads)
        else:
            self._threads += 1

    def _with_outcome(self) -> list[Flight]:
        return [flight for flight in self._open.values() if flight.came_to is not None]

    def _alone(self, flight: Flight) -> None:
        try:
            flight.came_to = self._hand_over(flight.ready())
        except BaseException as error:
            flight.came_to = error
            if not isinstance(error, Exception):
                raise

    def _work(self) -> None:
        while (flight := self._jobs.get()) is not None:
            try:
                flight.came_to = self._hand_over(flight.ready())
            except BaseException as error:
                flight.came_to = error
            self._news.set()
            del flight
