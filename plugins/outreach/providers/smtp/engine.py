"""The thread that drives all connections: it opens, fills and closes them, and watches the time."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections import deque
from contextlib import suppress

from outreach.errors import HandOverError, MustStop, NotSent
from outreach.providers.smtp.address import Server
from outreach.providers.smtp.batches import SOON, Batch, Queue
from outreach.providers.smtp.channel import Lost
from outreach.providers.smtp.connection import GOODBYE, Connection, State
from outreach.providers.smtp.verdicts import TOO_BUSY

Address = tuple[int, tuple[object, ...]]
"""A family and where in it, as `socket.getaddrinfo` gives them."""

_TICK = 0.1
"""Seconds between two looks at the time while something is under way."""

_REST = 15.0
"""Seconds after which a connection that is not used is closed, below any server's patience."""

_NOT_SOON = 5.0
"""Seconds without new connections after one failed while others work: a server's limit."""

_GIVE_UP = 3
"""Connections in a row without an answer to any message: those who wait are put back."""


class Engine:
    """Up to `server.connections` connections, and the messages that wait for them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._queue = Queue()
        self._batches: list[Batch] = []
        self._inbox: deque[tuple[Batch, list[Address]]] = deque()
        self._addresses: list[Address] = []
        self._turn = 0
        self._connections: set[Connection] = set()
        self._fruitless = 0
        self._not_before = 0.0
        self._tls: ssl.SSLContext | None = None
        self.chunks = True
        """Until a connection breaks and leaves somebody in doubt: without, that is one at most."""
        self._closing = self._held_back = self._stirred = False
        self._looked = 0.0
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._alarm.setblocking(False)
        self._selector.register(self._alarm, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="outreach-smtp", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def submit(self, batch: Batch, addresses: list[Address]) -> None:
        """Take a batch; `batch.done` is set once each person's outcome is known."""
        self._inbox.append((batch, addresses))
        self._bell.send(b"!")

    def hold_back(self) -> None:
        """Put back whoever waits and whoever comes; what is under way goes on."""
        self._held_back = True
        self._bell.send(b"!")

    def close(self) -> None:
        """Say goodbye on each connection and end the thread."""
        self._closing = True
        self._bell.send(b"!")
        self._thread.join()
        self._bell.close()
        self._alarm.close()

    # ---- what connections tell

    def ended(self, connection: Connection, error: HandOverError) -> None:
        """Let go of a connection; where none works, those who wait are put back."""
        self._selector.unregister(connection.channel.fileno())
        self._connections.discard(connection)
        self._stirred = True
        if connection.doubts and self.chunks:
            self.chunks = False
            for one in self._connections:
                one.one_at_a_time()
        if not connection.useful:
            self._fruitless += 1
            self._failed(error)

    def settled(self, error: HandOverError | None) -> None:
        """A message got its answer: the connections are good, whatever it says."""
        self._fruitless = 0
        if isinstance(error, MustStop):
            self._queue.give_up(error)

    # ---- the thread

    def _run(self) -> None:
        try:
            while not self._closing:
                self._once()
            self._say_goodbye()
        finally:
            self._leave()

    def _once(self) -> None:
        now = time.monotonic()
        self._staff(now)
        for key, mask in self._selector.select(self._patience()):
            if key.data is None:
                self._take_in()
            elif key.data.state is not State.OVER:
                self._go_on(key.data, bool(mask & selectors.EVENT_READ))
        if self._stirred:
            self._stirred = False
            self._spread()
        if time.monotonic() - self._looked > _TICK:
            self._look_at_the_time(time.monotonic())

    def _patience(self) -> float | None:
        if self._batches:
            return _TICK
        return GOODBYE if self._connections else None

    def _take_in(self) -> None:
        """Put batches that came in line, unless sending is about to end."""
        with suppress(BlockingIOError):
            self._alarm.recv(4096)
        while self._inbox:
            batch, self._addresses = self._inbox.popleft()
            self._batches.append(batch)
            self._queue.add(batch)
            self._stirred = True
        if self._held_back:
            self._queue.give_up(NotSent("sending ended", retry_after=SOON))

    def _spread(self) -> None:
        """Give connections that have room something to do."""
        for one in list(self._connections):
            if not self._queue:
                return
            if one.state is State.READY:
                self._go_on(one, False)

    def _go_on(self, one: Connection, readable: bool) -> None:
        before = one.interest
        one.happened(readable, time.monotonic())
        if one.state is not State.OVER and one.interest != before:
            self._selector.modify(one.channel.fileno(), one.interest, one)

    def _staff(self, now: float) -> None:
        """Open as many connections as people wait for, within the limit."""
        waiting, here = len(self._queue), len(self._connections)
        most = self._server.connections
        if not waiting or here >= most:
            return
        if self._fruitless:
            if here and now < self._not_before:
                return
            self._not_before = now + _NOT_SOON
            most = here + 1
        opening = sum(one.state is not State.READY for one in self._connections)
        for _ in range(min(most - here, waiting - opening)):
            self._open(now)

    def _open(self, now: float) -> None:
        address = self._addresses[self._turn % len(self._addresses)]
        try:
            one = Connection(self._server, address, self._context, self._queue, self, now)
        except Lost as error:
            self._fruitless += 1
            self._failed(
                NotSent(f"no connection to the mail server: {error}", retry_after=TOO_BUSY)
            )
            return
        self._connections.add(one)
        self._selector.register(one.channel.fileno(), one.interest, one)

    def _failed(self, error: HandOverError) -> None:
        self._turn += 1
        self._not_before = time.monotonic() + _NOT_SOON
        stop = isinstance(error, MustStop)
        if not self._connections and (stop or self._fruitless >= _GIVE_UP):
            self._fruitless = 0
            self._queue.give_up(error)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    def _look_at_the_time(self, now: float) -> None:
        self._looked = now
        self._queue.too_late(now)
        over = {batch for batch in self._batches if batch.end_by < now}
        for one in list(self._connections):
            if over and any(message.batch in over for message in one.open()):
                one.end(NotSent("the batch took too long", retry_after=TOO_BUSY))
            elif one.idle and now - one.since > _REST:
                one.quit(now)
            else:
                one.late(now)
        self._batches = [batch for batch in self._batches if not batch.done.is_set()]

    def _say_goodbye(self) -> None:
        self._queue.give_up(NotSent("sending ended"))
        end = time.monotonic() + GOODBYE
        for one in list(self._connections):
            one.quit(time.monotonic())
        while self._connections and time.monotonic() < end:
            for key, mask in self._selector.select(_TICK):
                if key.data is not None and key.data.state is not State.OVER:
                    self._go_on(key.data, bool(mask & selectors.EVENT_READ))

    def _leave(self) -> None:
        """Leave nobody waiting, whatever happened."""
        self._closing = True
        gone = NotSent("the thread that drives the connections ended")
        for one in list(self._connections):
            one.end(gone)
        self._take_in()
        self._queue.give_up(gone)
        self._selector.close()
