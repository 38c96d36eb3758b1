"""One connection from its first packet to its last: making it, greeting, messages, goodbye."""

from __future__ import annotations

import selectors
import ssl
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from outreach.errors import HandOverError, MustStop, NotSent
from outreach.providers.smtp.address import Server, Tls
from outreach.providers.smtp.batches import Message, Queue, doubtful
from outreach.providers.smtp.channel import Channel, Lost
from outreach.providers.smtp.greeting import UPGRADE, Talk, greeting
from outreach.providers.smtp.replies import Replies, Reply, Unsound
from outreach.providers.smtp.session import Closing, Session
from outreach.providers.smtp.verdicts import TOO_BUSY

GREETING = 20.0
"""Seconds from the first packet to the end of the log-in; servers may keep guests waiting."""

CONNECTING = 4.0
ANSWER = 60.0
"""Seconds in which a server must answer; past that, what it has may be taken or not."""

RESTED = 2.0
"""Seconds after which a connection is asked for a sign of life before it is used again."""

GOODBYE = 1.0


class State(Enum):
    """Where a connection is in its life."""

    CONNECTING = "connecting"
    SHAKING = "beginning TLS"
    GREETING = "greeting"
    READY = "ready"
    LEAVING = "leaving"
    OVER = "over"


class Owner(Protocol):
    """What a connection tells."""

    chunks: bool
    """Whether messages may go ahead of the answers to those before them, where that is offered."""

    def ended(self, connection: Connection, error: HandOverError) -> None:
        """It is over. `error` is what that means for those who wait."""

    def settled(self, error: HandOverError | None) -> None:
        """A message got its answer."""


class Connection:
    """Driven from outside: `happened` when its socket is ready, `late` when time is up."""

    def __init__(
        self,
        server: Server,
        address: tuple[int, tuple[object, ...]],
        context: Callable[[], ssl.SSLContext],
        queue: Queue,
        owner: Owner,
        now: float,
    ) -> None:
        self._server = server
        self._context = context
        self._queue = queue
        self._owner = owner
        self._replies = Replies()
        self._talk: Talk = greeting(server)
        self._session: Session | None = None
        self.channel = Channel(address)
        self.state = State.CONNECTING
        self.useful = True
        """Once it is over: whether it served for anything, or ended while nobody needed it."""
        self.doubts = 0
        """Messages that it left in doubt when it ended."""
        self._answered = False
        self.since = now
        self.answer_by = now + CONNECTING

    @property
    def interest(self) -> int:
        """What its socket is to be watched for. Replies are read while bytes wait for room."""
        if self.state is State.SHAKING:
            return selectors.EVENT_READ if self.channel.wants_read else selectors.EVENT_WRITE
        if self.state is State.CONNECTING:
            return selectors.EVENT_WRITE
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.channel.backlog else 0)

    @property
    def idle(self) -> bool:
        """Whether it could be used and is not."""
        return self.state is State.READY and not (self._session and self._session.busy)

    def open(self) -> list[Message]:
        """Return its messages without an answer."""
        return self._session.open() if self._session else []

    def happened(self, readable: bool, now: float) -> None:
        """Go on, as its socket is ready."""
        try:
            if self.state is State.CONNECTING:
                self._connected()
            elif self.state is State.SHAKING:
                self._shake()
            elif readable:
                self._take_in(now)
            self.fill(now)
        except HandOverError as error:
            self.end(error)
        except Closing as error:
            self.end(NotSent(str(error), retry_after=TOO_BUSY))
        except (Lost, Unsound) as error:
            self._broken(error)

    def fill(self, now: float) -> None:
        """Begin as many messages as there is room for. Raises as the channel does."""
        session = self._session
        if session is not None and self.state is State.READY:
            if len(self._queue) and not session.busy:
                if now - self.since > RESTED:
                    session.knock()
                self.since, self.answer_by = now, now + ANSWER
            while session.room and (message := self._queue.next()):
                session.begin(message)
        self.channel.flush()

    def quit(self, now: float) -> None:
        """Take leave, if that can be said."""
        if not self.idle:
            self.end(NotSent("sending ended"))
            return
        self.state, self.answer_by = State.LEAVING, now + GOODBYE
        self.channel.write(b"QUIT\r\n")
        try:
            self.channel.flush()
        except Lost as error:
            self._broken(error)

    def one_at_a_time(self) -> None:
        """Let no further message go ahead of the answer to the one before it."""
        if self._session is not None:
            self._session.chunks = False

    def late(self, now: float) -> None:
        """End where an answer has not come in time."""
        waits = self.state is not State.READY or (self._session is not None and self._session.busy)
        if waits and now > self.answer_by:
            self.end(NotSent("the mail server did not answer in time", retry_after=TOO_BUSY))

    def end(self, error: HandOverError) -> None:
        """Close it; messages without an answer are in doubt, or wait for another connection."""
        if self.state is State.OVER:
            return
        unneeded = self.state is State.LEAVING or (self.idle and not self._queue)
        self.state = State.OVER
        left = self.channel.left
        for message in reversed(self.open()):
            if message.refusal is not None:
                message.settle(message.refusal)
            elif message.maybe_taken(left):
                self.doubts += 1
                message.settle(doubtful(error.reason))
            else:
                self._queue.again(message, error.reason)
        self.useful = unneeded or self._answered
        self._owner.ended(self, error)
        self.channel.close()

    def _broken(self, error: Exception) -> None:
        """End it, after reading what the server said before it went."""
        if isinstance(error, Lost) and self._session is not None:
            try:
                while self.state is State.READY and (data := self.channel.read()):
                    self._hear(data)
            except Closing as last:
                self.end(NotSent(str(last), retry_after=TOO_BUSY))
            except (Lost, Unsound):
                pass  # `error` says why
        words = f"no sound connection to the mail server: {error}"
        self.end(NotSent(words, retry_after=TOO_BUSY))

    def _connected(self) -> None:
        if not self.channel.connected():
            return
        self.answer_by = self.since + GREETING
        if self._server.tls is Tls.IMPLICIT:
            self._encrypt()
        else:
            self._greet(None)

    def _encrypt(self) -> None:
        self.channel.encrypt(self._context(), self._server.host)
        self.state = State.SHAKING
        self._shake()

    def _shake(self) -> None:
        try:
            if not self.channel.shake():
                return
        except ssl.SSLCertVerificationError as error:
            raise MustStop(
                f"the mail server's certificate is not trusted ({error.verify_message}); "
                "see OUTREACH_SMTP_URL, then resume the edition"
            ) from None
        except ssl.SSLError as error:
            word = error.reason or type(error).__name__
            raise NotSent(f"TLS with the mail server failed ({word})") from None
        self._greet(None if self._server.tls is Tls.IMPLICIT else Reply(220, ()))

    def _take_in(self, now: float) -> None:
        if self._hear(self.channel.read()):
            self.answer_by = now + ANSWER if self.state is State.READY else self.answer_by
            self.since = now if self.state is State.READY else self.since

    def _hear(self, data: bytes) -> bool:
        """Take in what came; whether any reply was whole."""
        if self.state is State.LEAVING:
            self.end(NotSent("sending ended"))
            return False
        if self._session is None:
            return self._hear_greeting(data)
        heard = False
        for reply in self._replies.feed(data):
            self._session.answer(reply)
            heard = self._answered = True
        return heard

    def _hear_greeting(self, data: bytes) -> bool:
        """One answer at a time: what comes with it is nobody's (CVE-2011-0411)."""
        replies = list(self._replies.feed(data))
        if len(replies) > 1 or (replies and self._replies.pending):
            raise Unsound("it answered before it was asked")
        for reply in replies:
            self._greet(reply)
        return bool(replies)

    def _greet(self, reply: Reply | None) -> None:
        """Go on with the greeting."""
        self.state = State.GREETING
        try:
            command = next(self._talk) if reply is None else self._talk.send(reply)
        except StopIteration as over:
            self.state = State.READY
            path = self._server.return_path
            self._session = Session(self.channel, over.value, path, self._owner.settled)
            if not self._owner.chunks:
                self.one_at_a_time()
            return
        if command == UPGRADE:
            self._encrypt()
        elif command:
            self.channel.write(command)
