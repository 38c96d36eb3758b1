"""The talk before the first message, as a generator: it yields commands and is sent replies."""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import dataclass

from outreach.errors import MustStop
from outreach.providers.smtp.address import Server, Tls
from outreach.providers.smtp.replies import Reply
from outreach.providers.smtp.verdicts import of_greeting, of_login

UPGRADE = b"UPGRADE"
"""Yielded where TLS is to begin; any reply sent back then is ignored."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What a server says that it can do (RFC 5321, 2.2). `size` 0: it names no limit."""

    pipelining: bool = False
    chunking: bool = False
    eightbit: bool = False
    utf8: bool = False
    starttls: bool = False
    size: int = -1
    logins: tuple[str, ...] = ()

    @property
    def international(self) -> bool:
        """Whether addresses outside ASCII are taken: SMTPUTF8 needs 8BITMIME (RFC 6531, 3.1)."""
        return self.utf8 and self.eightbit


Talk = Generator[bytes, Reply, Offers]


def greeting(server: Server) -> Talk:
    """Greet, encrypt and log in as `server` asks; returns what the server offers in the end.

    Raises NotSent, or MustStop where nothing will do until a person mends something.
    """
    banner = yield b""
    if banner.code != 220:
        raise of_greeting(banner, "its first words")
    offers = yield from _hello(server)
    if server.tls is Tls.STARTTLS:
        if not offers.starttls:
            raise MustStop("the mail server offers no encryption (STARTTLS); see OUTREACH_SMTP_URL")
        ready = yield b"STARTTLS\r\n"
        if ready.code != 220:
            raise of_greeting(ready, "STARTTLS")
        yield UPGRADE
        offers = yield from _hello(server)
    if server.user:
        yield from _log_in(server, offers)
    return offers


def _hello(server: Server) -> Talk:
    reply = yield b"EHLO %s\r\n" % server.helo.encode()
    if reply.code == 250:
        return offers_of(reply)
    if reply.code not in (500, 502) or server.tls is Tls.STARTTLS:
        raise of_greeting(reply, "EHLO")
    reply = yield b"HELO %s\r\n" % server.helo.encode()
    if reply.code != 250:
        raise of_greeting(reply, "HELO")
    return Offers()


def offers_of(reply: Reply) -> Offers:
    """Return what the answer to EHLO offers."""
    words: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        word, *rest = line.decode("ascii", "replace").upper().split() or [""]
        words[word] = rest
    return Offers(
        pipelining="PIPELINING" in words,
        chunking="CHUNKING" in words,
        eightbit="8BITMIME" in words,
        utf8="SMTPUTF8" in words,
        starttls="STARTTLS" in words,
        size=_number(words["SIZE"]) if "SIZE" in words else -1,
        logins=tuple(words.get("AUTH", ())),
    )


def _number(words: list[str]) -> int:
    return int(words[0]) if words and words[0].isdigit() and len(words[0]) < 19 else 0


def _log_in(server: Server, offers: Offers) -> Generator[bytes, Reply, None]:
    user, password = server.user.encode(), server.password.encode()
    if "PLAIN" in offers.logins:  # RFC 4616
        reply = yield b"AUTH PLAIN %s\r\n" % base64.b64encode(b"\0%s\0%s" % (user, password))
    elif "LOGIN" in offers.logins:
        reply = yield b"AUTH LOGIN\r\n"
        for secret in (user, password):
            if reply.code == 334:
                reply = yield b"%s\r\n" % base64.b64encode(secret)
    else:
        raise MustStop("the mail server offers no log-in by AUTH PLAIN or LOGIN; ask who runs it")
    if reply.code != 235:
        raise of_login(reply)
