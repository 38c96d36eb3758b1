"""Bytes from a mail server -> replies (RFC 5321, 4.2), bounded in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_LONGEST_LINE = 4096
"""Octets; RFC 5321 asks for 512, and extensions' greetings are longer than that."""

_MOST_LINES = 256

_KNOWN = 64
"""Replies of one line that are remembered: most are the same words again and again."""

_CODES = {b"%d" % code: code for code in range(200, 560)}


class Unsound(Exception):
    """What came is no reply, or not one to what was asked: nothing after it can be trusted."""


class Reply(NamedTuple):
    """A reply's code, and the words of its lines as they came."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """All its words in one line, whatever octets they are made of."""
        words = b" ".join(self.lines).decode("utf-8", "replace")
        return " ".join("".join(c if c.isprintable() else " " for c in words).split())


class Replies:
    """Cuts what comes, however it is parcelled, into whole replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []
        self._known: dict[bytes, Reply] = {}

    @property
    def pending(self) -> bool:
        """Whether part of a reply has come."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> Iterator[Reply]:
        """Yield the replies that `data` completes. Raises Unsound, after those that were good."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            reply = None if self._lines else self._known.get(line)
            if reply is None:
                reply = self._add(line)
            if reply is not None:
                yield reply
        if len(self._rest) > _LONGEST_LINE:
            raise Unsound("a line without end")

    def _add(self, line: bytes) -> Reply | None:
        """Take in one line; returns the reply that it ends."""
        code = _CODES.get(line[:3])
        if code is None or len(line) > _LONGEST_LINE:
            raise Unsound("a line that is no reply")
        if self._lines and code != self._code:
            raise Unsound("a reply that says two things")
        self._code = code
        self._lines.append(line[4:].rstrip(b"\r"))
        if line[3:4] == b"-":
            if len(self._lines) > _MOST_LINES:
                raise Unsound("a reply without end")
            return None
        if line[3:4].strip():
            raise Unsound("a line that is no reply")
        reply = Reply(code, tuple(self._lines))
        if len(self._lines) == 1 and len(self._known) < _KNOWN:
            self._known[line] = reply
        self._lines = []
        return reply
