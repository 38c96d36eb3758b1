"""Messages over one connection, after the greeting: what is written, and what replies mean.

Three manners, by what the server offers. With PIPELINING (RFC 2920): a message's content, and
the next one's MAIL, RCPT and DATA, in one write. With CHUNKING as well (RFC 3030): whole messages,
several ahead of their answers. Without either: one command at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum

from outreach.errors import HandOverError, NotSent, Rejected
from outreach.providers.smtp import verdicts
from outreach.providers.smtp.batches import Message
from outreach.providers.smtp.channel import Channel
from outreach.providers.smtp.greeting import Offers
from outreach.providers.smtp.lines import stuffed
from outreach.providers.smtp.replies import Reply, Unsound

AHEAD = 4
"""Messages that may be ahead of their answers, where the server takes them in chunks."""

AHEAD_BYTES = 256 * 1024

_CLOSING = 421
_UNKNOWN = (500, 502)


class Step(Enum):
    """What a reply that is waited for answers. Where commands are written together, nothing
    follows from a `quiet` one that is answered with 250."""

    quiet: bool

    KNOCK = "a sign of life"
    RESET = "RSET"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    CHUNK = "BDAT"
    CONTENT = "content"
    NOBODY = "a message for nobody"

    def __init__(self, word: str) -> None:
        self.quiet = word in ("RSET", "MAIL", "RCPT")


class Closing(Exception):
    """The server is about to close the connection (421) and takes nothing more."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(verdicts.said(reply))


class Session:
    """The messages of one connection. `settled` is told of each answer to a message."""

    def __init__(
        self,
        channel: Channel,
        offers: Offers,
        return_path: str,
        settled: Callable[[HandOverError | None], None],
    ) -> None:
        self._channel = channel
        self._offers = offers
        self._return_path = return_path
        self._settled = settled
        self._expected: deque[tuple[Step, Message | None]] = deque()
        self._open: dict[int, Message] = {}
        self._size = 0
        self._entering = False
        self._knocking = False
        self._dirty = False
        self.chunks = offers.pipelining and offers.chunking
        """Whether messages go whole, ahead of answers. Switched off, the next one goes by DATA."""
        self._pipelining = offers.pipelining
        self._handlers: dict[Step, Callable[[Reply, Message | None], None]] = {
            Step.KNOCK: self._on_reset,
            Step.RESET: self._on_reset,
            Step.SENDER: self._on_sender,
            Step.RECIPIENT: self._on_recipient,
            Step.DATA: self._on_data,
            Step.CHUNK: self._on_chunk,
            Step.CONTENT: self._on_content,
            Step.NOBODY: lambda _reply, _message: None,
        }

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._expected)

    @property
    def room(self) -> bool:
        """Whether one more message can begin now."""
        if self._channel.backlog or self._knocking:
            return False
        if self.chunks:
            return len(self._open) < AHEAD and self._size < AHEAD_BYTES
        if not self._pipelining:
            return not self._expected
        return not self._entering

    def open(self) -> list[Message]:
        """Return the messages without an answer, oldest first."""
        return list(self._open.values())

    def knock(self) -> None:
        """Ask for a sign of life, before anything is entrusted to a connection that stood idle."""
        self._ask(b"RSET\r\n", Step.KNOCK, None)
        self._knocking = True

    def begin(self, message: Message) -> None:
        """Begin a message; there must be room."""
        error = self._impossible(message)
        if error is not None:
            message.settle(error)
            return
        self._open[id(message)] = message
        self._size += len(message.raw)
        if not self._pipelining:
            self._ask(self._mail(message), Step.SENDER, message)
        elif self.chunks:
            self._begin_chunk(message)
        else:
            self._begin_data(message)

    def _begin_chunk(self, message: Message) -> None:
        """Write a whole message, with what comes before it."""
        raw, before = message.raw, self._before(message)
        self._channel.write(b"%sBDAT %d LAST\r\n" % (before, len(raw)), raw)
        self._expected.append((Step.CHUNK, message))
        message.mark = self._channel.given
        # Were it refused, a server might add the next recipient to this one's (RFC 3030, 2).
        self._dirty = True

    def _begin_data(self, message: Message) -> None:
        """Ask whether a message's content may come."""
        self._channel.write(b"%sDATA\r\n" % self._before(message))
        self._expected.append((Step.DATA, message))
        self._entering = True

    def _before(self, message: Message) -> bytes:
        """Return the commands before a message's content, whose answers are waited for together."""
        commands = self._mail(message) + _rcpt(message)
        if self._dirty:
            self._dirty = False
            self._expected.append((Step.RESET, None))
            commands = b"RSET\r\n" + commands
        self._expected += ((Step.SENDER, message), (Step.RECIPIENT, message))
        return commands

    def answer(self, reply: Reply) -> None:
        """Take one reply in. Raises Unsound, or Closing."""
        expected = self._expected
        if reply.code == 250 and expected and expected[0][0].quiet and self._pipelining:
            expected.popleft()
            return
        if reply.code == _CLOSING:
            self._last(reply)
            raise Closing(reply)
        if not expected:
            raise Unsound(f"an answer ({reply.code}) to nothing")
        step, message = expected.popleft()
        self._handlers[step](reply, message)

    def _last(self, reply: Reply) -> None:
        """A refusal of a whole message, where one is what it answers (RFC 5321, 4.2.1).

        Nothing after it should be taken (3.8). Yet a server may say it whenever it likes: whoever
        had left and got no answer of their own stays in doubt.
        """
        if self._expected and self._expected[0][0] in (Step.CHUNK, Step.CONTENT):
            message = _some(self._expected[0][1])
            if message.maybe_taken(self._channel.left):
                self._settle(message, message.refusal or NotSent(verdicts.said(reply)))

    def _impossible(self, message: Message) -> HandOverError | None:
        if not (message.address.isascii() or self._offers.international):
            return Rejected(
                "an address has letters outside ASCII, and the mail server does not take such "
                "(it offers no SMTPUTF8)"
            )
        if 0 < self._offers.size < len(message.raw):
            return Rejected(f"a message is larger than the mail server takes ({self._offers.size})")
        if not self._offers.eightbit and not message.form.ascii:
            return Rejected("a message has 8-bit letters, which the mail server does not take")
        if not message.form.whole:  # else a final dot could be smuggled in (RFC 5321, 4.1.1.4)
            return Rejected("a message has a line that does not end as mail's lines do")
        return None

    def _ask(self, command: bytes, step: Step, message: Message | None) -> None:
        self._channel.write(command)
        self._expected.append((step, message))

    def _mail(self, message: Message) -> bytes:
        sender = verdicts.envelope_sender(message.batch.handover.sender, self._return_path)
        size = b" SIZE=%d" % len(message.raw) if self._offers.size >= 0 else b""
        body = b"" if message.form.ascii else b" BODY=8BITMIME"
        letters = b"" if message.address.isascii() else b" SMTPUTF8"  # RFC 6531, 3.4
        return b"MAIL FROM:<%s>%s%s%s\r\n" % (sender.encode("ascii"), size, body, letters)

    def _on_reset(self, reply: Reply, _message: Message | None) -> None:
        if reply.code != 250:
            raise Unsound(f"RSET was answered with {reply.code}")
        self._knocking = False

    def _on_sender(self, reply: Reply, one: Message | None) -> None:
        message = _some(one)
        if reply.code != 250:
            _refused(reply, Step.SENDER)
            message.refusal = verdicts.of_sender(reply, message.recipient)
            message.sender_refused = True
        if not self._pipelining:
            self._next(message, _rcpt(message), Step.RECIPIENT)

    def _on_recipient(self, reply: Reply, one: Message | None) -> None:
        message = _some(one)
        if reply.code not in (250, 251):
            _refused(reply, Step.RECIPIENT)
            refusal = verdicts.of_recipient(reply, message.recipient)
            message.refusal = message.refusal or refusal
        if not self._pipelining:
            self._next(message, b"DATA\r\n", Step.DATA)

    def _next(self, message: Message, command: bytes, step: Step) -> None:
        if message.refusal is None:
            self._ask(command, step, message)
        else:
            self._settle(message, message.refusal)
            self._clear()

    def _clear(self) -> None:
        """Have the server forget the message that it refused, before the next one begins."""
        if self._pipelining:
            self._dirty = True
        else:
            self._ask(b"RSET\r\n", Step.RESET, None)

    def _on_data(self, reply: Reply, one: Message | None) -> None:
        message = _some(one)
        self._entering = False
        if reply.code == 354:
            self._content(message)
            return
        _refused(reply, Step.DATA)
        self._settle(message, message.refusal or verdicts.of_data(reply, message.recipient))
        self._clear()

    def _content(self, message: Message) -> None:
        if message.refusal is None:
            self._channel.write(stuffed(message.raw, message.form))
            message.mark = self._channel.given + 1
            self._ask(b".\r\n", Step.CONTENT, message)
            return
        if message.sender_refused:
            raise Unsound("DATA was granted though MAIL was refused")
        # RFC 2920, 3.1: it may be granted though there is no recipient; then end it at once.
        self._settle(message, message.refusal)
        self._ask(b".\r\n", Step.NOBODY, None)
        self._clear()

    def _on_chunk(self, reply: Reply, one: Message | None) -> None:
        if reply.code in _UNKNOWN:
            raise Unsound("BDAT was offered and is not known")
        self._on_content(reply, one)

    def _on_content(self, reply: Reply, one: Message | None) -> None:
        message = _some(one)
        early = not message.maybe_taken(self._channel.left)
        if reply.code < 400 and (early or message.refusal is not None):
            message.mark, message.refusal = 0, None  # whatever it is that it took
            raise Unsound(f"a message that it could not take was answered with {reply.code}")
        refusal = message.refusal
        if refusal is None and reply.code != 250:
            refusal = verdicts.of_content(reply, message.recipient)
        self._settle(message, refusal)
        if early:
            raise Unsound("it answered before the end of a message")
        if not self._expected and reply.code == 250:
            self._dirty = False

    def _settle(self, message: Message, error: HandOverError | None) -> None:
        del self._open[id(message)]
        self._size -= len(message.raw)
        message.settle(error)
        self._settled(error)


def _rcpt(message: Message) -> bytes:
    return b"RCPT TO:<%s>\r\n" % message.address.encode()


def _refused(reply: Reply, step: Step) -> None:
    if reply.code < 400:
        raise Unsound(f"{step.value} was answered with {reply.code}")


def _some(message: Message | None) -> Message:
    assert message is not None
    return message
