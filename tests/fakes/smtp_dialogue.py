"""One connection of the fake mail server: strict about the protocol, and bad when told to be."""

from __future__ import annotations

import base64
import re
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.smtp_server import SmtpServer

USER, PASSWORD = "hub", "p@ss/word"


ODD: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "drip": lambda usual: _bytes(usual),
    "parcels": lambda usual: _bytes(usual),
    "endless line": lambda _: [b"2" * 100_000],
    "endless reply": lambda _: [b"250-more\r\n" * 2000],
    "garbage": lambda _: [b"\xff\x00 what? \xfe\r\n"],
    "not now": lambda usual: [b"450 4.0.0 not now\r\n" + usual + b"\r\n"],
    "more": lambda usual: [usual + b"\r\n250 injected\r\n"],
}
"""Ways of answering that no server has."""


def _bytes(usual: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in usual + b"\r\n"]


class Gone(Exception):
    """The connection is over."""


@dataclass
class Envelope:
    """What MAIL and RCPT said so far."""

    sender: str
    options: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class Dialogue:
    """Reads commands and answers them until the client leaves, or something is ordered to break."""

    def __init__(self, server: SmtpServer, connection: socket.socket) -> None:
        self._server = server
        self._socket = connection
        self._buffer = b""
        self._secure = False
        self._known = not server.login
        self._greeted = False
        self._envelope: Envelope | None = None
        self._pipelined = False

    def run(self) -> None:
        """Talk until it is over."""
        try:
            if self._server.tls == "implicit":
                self._encrypt()
            self._say("banner", b"220 mail.example.org ESMTP ready")
            while True:
                self._one()
        except (Gone, OSError):
            pass
        finally:
            self._socket.close()

    def _one(self) -> None:
        line = self._line()
        word, _, rest = line.partition(b" ")
        verb = word.upper().decode("ascii", "replace")
        if verb not in {"MAIL", "RCPT", "RSET", "BDAT"} or "PIPELINING" not in self._server.offers:
            self._alone(verb)
        handler = getattr(self, f"_on_{verb.lower()}", None)
        if handler is None:
            self._answer(b"500 5.5.2 unknown command")
        else:
            handler(rest)

    def _alone(self, verb: str) -> None:
        """Nothing may be behind a command that must be the last of its group (RFC 2920, 3.1)."""
        if self._buffer:
            self._server.wrongs.append(f"{verb} was followed by more")

    # ---- commands

    def _on_ehlo(self, rest: bytes) -> None:
        offers = [*self._server.offers]
        if self._server.tls == "starttls" and not self._secure:
            offers.append("STARTTLS")
        if self._server.login:
            offers.append(f"AUTH {self._server.login}")
        lines = ["mail.example.org greets " + rest.decode(), *offers]
        text = "".join(
            f"250{' ' if n == len(lines) else '-'}{line}\r\n" for n, line in enumerate(lines, 1)
        )
        self._greeted = True
        self._say("EHLO", text.encode().removesuffix(b"\r\n"))

    def _on_helo(self, _rest: bytes) -> None:
        self._greeted = True
        self._say("HELO", b"250 mail.example.org")

    def _on_starttls(self, _rest: bytes) -> None:
        self._say("STARTTLS", b"220 2.0.0 go ahead")
        self._encrypt()
        self._greeted = False

    def _on_auth(self, rest: bytes) -> None:
        if not self._secure and self._server.tls != "none":
            self._server.wrongs.append("a password in clear text")
        kind, _, first = rest.partition(b" ")
        if kind.upper() == b"PLAIN":
            given = base64.b64decode(first).split(b"\0")[1:]
        else:
            self._answer(b"334 VXNlcm5hbWU6")
            given = [base64.b64decode(self._line())]
            self._answer(b"334 UGFzc3dvcmQ6")
            given.append(base64.b64decode(self._line()))
        self._known = [one.decode() for one in given] == [USER, PASSWORD]
        good = b"235 2.7.0 welcome"
        self._say("AUTH", good if self._known else b"535 5.7.8 not so for " + b" ".join(given))

    def _on_mail(self, rest: bytes) -> None:
        found = re.fullmatch(rb"FROM:<([^<>\s]*)>((?: \S+)*)", rest)
        if not (found and self._greeted):
            self._answer(b"501 5.5.4 syntax")
        elif not self._known:
            self._answer(b"530 5.7.0 log in first")
        elif self._envelope is not None:
            self._server.wrongs.append("nested MAIL")
            self._answer(b"503 5.5.1 nested MAIL command")
        elif not self._may_say(rest, found[2].split()):
            self._answer(b"555 5.5.4 an option that was not offered, or is missing")
        elif self._say("MAIL", b"250 2.1.0 ok"):
            options = tuple(found[2].decode().split())
            self._envelope = Envelope(found[1].decode(), options)

    def _may_say(self, line: bytes, options: list[bytes]) -> bool:
        """Whether SMTPUTF8 is said where it is needed, and only where it is offered."""
        said = b"SMTPUTF8" in options
        good = "SMTPUTF8" in self._server.offers if said else line.isascii()
        if not good:
            self._server.wrongs.append(f"{line!r}: SMTPUTF8")
        return good

    def _on_rcpt(self, rest: bytes) -> None:
        found = re.fullmatch(rb"TO:<([^<>\s]+@[^<>\s]+)>", rest)
        if self._envelope is None:
            self._answer(b"503 5.5.1 need MAIL")
        elif not found:
            self._answer(b"501 5.1.3 syntax")
        elif not rest.isascii() and "SMTPUTF8" not in self._envelope.options:
            self._server.wrongs.append("an address outside ASCII without SMTPUTF8")
            self._answer(b"553 5.6.7 not without SMTPUTF8")
        else:
            address = found[1].decode()
            refusal = self._server.refused.get(address)
            if refusal is not None:
                self._answer(refusal)
            elif self._say("RCPT", b"250 2.1.5 ok"):
                self._envelope.recipients += (address,)

    def _on_data(self, _rest: bytes) -> None:
        nobody = self._envelope is None or not self._envelope.recipients
        if nobody and not self._server.grants_data_for_nobody:
            self._answer(b"503 5.5.1 no valid recipients")
            return
        if not self._say("DATA", b"354 go ahead"):
            return
        raw = self._until_dot()
        if nobody:
            if raw:
                self._server.wrongs.append("content for nobody")
            self._envelope = None
            self._answer(b"554 5.5.1 no valid recipients")
            return
        self._taken(re.sub(rb"(?m)^\.", b"", raw))

    def _on_bdat(self, rest: bytes) -> None:
        size, last = re.fullmatch(rb"(\d+)( LAST)?", rest, re.I).groups()
        if self._server.order("body"):
            raise Gone
        raw = self._exactly(int(size))
        if not last:
            self._server.wrongs.append("more than one chunk")
        if self._envelope is None or not self._envelope.recipients:
            self._answer(b"503 5.5.1 no valid recipients")
            return
        self._taken(raw)

    def _on_rset(self, _rest: bytes) -> None:
        self._envelope = None
        self._say("RSET", b"250 2.0.0 ok")

    def _on_quit(self, _rest: bytes) -> None:
        self._server.goodbyes += 1
        self._say("QUIT", b"221 2.0.0 bye")
        raise Gone

    # ---- content

    def _taken(self, raw: bytes) -> None:
        envelope, self._envelope = self._envelope, None
        assert envelope
        self._check(raw, envelope)
        order = self._server.order("content")
        if order in ("drop", "reset") or _reply(order):
            self._do(order)
            return
        self._server.keep(envelope, raw)
        self._do(order, b"250 2.0.0 queued as 4711")

    def _check(self, raw: bytes, envelope: Envelope) -> None:
        bare = raw.count(b"\n") - raw.count(b"\r\n") or raw.count(b"\r") - raw.count(b"\r\n")
        if bare or any(len(line) > 998 for line in raw.split(b"\r\n")):
            self._server.wrongs.append("lines that are no mail's")
        if f"SIZE={len(raw)}" not in envelope.options and "SIZE 9999999" in self._server.offers:
            self._server.wrongs.append(f"{envelope.options} does not give {len(raw)}")
        if not raw.isascii() and "BODY=8BITMIME" not in envelope.options:
            self._server.wrongs.append("8-bit letters without saying so")

        head = raw.partition(b"\r\n\r\n")[0]
        if head.isascii() == ("SMTPUTF8" in envelope.options):
            self._server.wrongs.append("a head in UTF-8 and SMTPUTF8: one without the other")

    def _until_dot(self) -> bytes:
        if self._server.order("body"):
            self._exactly(20)
            raise Gone
        parts = [b"\r\n" + self._buffer]
        tail = parts[0][-65_600:]
        while b"\r\n.\r\n" not in tail:
            parts.append(self._received())
            tail = tail[-4:] + parts[-1]
        raw, _, self._buffer = b"".join(parts).partition(b"\r\n.\r\n")
        return (raw + b"\r\n")[2:]

    # ---- bytes

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > 2048:
                self._server.wrongs.append("a command without end")
                raise Gone
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        parts, missing = [self._buffer], size - len(self._buffer)
        while missing > 0:
            parts.append(self._received())
            missing -= len(parts[-1])
        whole = b"".join(parts)
        self._buffer = whole[size:]
        return whole[:size]

    def _more(self) -> None:
        self._buffer += self._received()

    def _received(self) -> bytes:
        found = self._socket.recv(65536)
        if not found:
            raise Gone
        return found

    def _encrypt(self) -> None:
        if self._server.order("TLS"):
            self._socket.sendall(b"what?\r\n")
            raise Gone
        assert self._server.context
        self._socket = self._server.context.wrap_socket(self._socket, server_side=True)
        self._secure = True

    def _answer(self, reply: bytes) -> None:
        if self._server.latency:
            time.sleep(self._server.latency)
        self._socket.sendall(reply + b"\r\n")

    def _say(self, step: str, usual: bytes) -> bool:
        """Give the usual answer, or what was ordered; whether it was the usual one."""
        order = self._server.order(step)
        self._do(order, usual)
        return not _reply(order)

    def _do(self, order: str, usual: bytes = b"") -> None:
        match order:
            case "":
                self._answer(usual)
            case "drop" | "drop after":
                raise Gone
            case "then drop":
                self._answer(usual)
                raise Gone
            case "reset" | "reset after":
                self._socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                raise Gone
            case "hang":
                self._socket.settimeout(5)
                while self._socket.recv(65536):
                    pass
                raise Gone
            case _ if order in ODD:
                pause = 0.05 if order == "drip" else 0.0
                for piece in ODD[order](usual):
                    time.sleep(pause)
                    self._socket.sendall(piece)
            case reply:
                self._answer(reply.encode("latin-1"))
                if reply.startswith("421") and not reply.endswith("going on"):
                    raise Gone


def _reply(order: str) -> bool:
    return order[:3].isdigit()
