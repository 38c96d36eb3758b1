"""One look at a mail server: does it answer, and what does it offer? Nothing is sent."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing

from outreach.errors import NotSent
from outreach.providers.smtp.address import Server, Tls
from outreach.providers.smtp.greeting import UPGRADE, Offers, greeting
from outreach.providers.smtp.replies import Replies, Reply, Unsound

_PATIENCE = 4.0


def look(server: Server) -> Offers:
    """Greet, encrypt and log in as sending does, then leave.

    Raises NotSent where the server does not answer or the connection is not sound, and MustStop
    where a person must mend something.
    """
    try:
        line = socket.create_connection((server.host, server.port), _PATIENCE)
        with closing(_Look(line, server)) as one:
            return one.offers()
    except ssl.SSLError as error:
        word = getattr(error, "verify_message", "") or error.reason or type(error).__name__
        raise NotSent(f"TLS with the mail server failed ({word})") from None
    except (OSError, UnicodeError) as error:  # UnicodeError: a part of its name is too long
        word = getattr(error, "strerror", None) or "no such name"
        word = "timed out" if isinstance(error, TimeoutError) else word
        raise NotSent(f"the mail server does not answer ({word})") from None
    except Unsound as error:
        raise NotSent(f"the mail server does not speak SMTP ({error})") from None


class _Look:
    def __init__(self, line: socket.socket, server: Server) -> None:
        self._line = line
        self._server = server
        self._replies = Replies()

    def close(self) -> None:
        self._line.close()

    def offers(self) -> Offers:
        if self._server.tls is Tls.IMPLICIT:
            self._encrypt()
        talk = greeting(self._server)
        command = next(talk)
        try:
            while True:
                if command == UPGRADE:
                    self._encrypt()
                    command = talk.send(Reply(220, ()))
                    continue
                self._line.sendall(command)
                command = talk.send(self._reply())
        except StopIteration as over:
            self._line.sendall(b"QUIT\r\n")
            offers: Offers = over.value
            return offers

    def _encrypt(self) -> None:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._line = context.wrap_socket(self._line, server_hostname=self._server.host)

    def _reply(self) -> Reply:
        while True:
            data = self._line.recv(4096)
            if not data:
                raise Unsound("it closed the connection")
            replies = list(self._replies.feed(data))
            if len(replies) > 1 or (replies and self._replies.pending):
                raise Unsound("it answered before it was asked")
            if replies:
                return replies[0]
