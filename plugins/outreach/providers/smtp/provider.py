"""SMTP as a provider: a batch in, each person's outcome out."""

from __future__ import annotations

import socket
import threading
import time

from outreach.errors import InDoubt, MustStop, NotSent
from outreach.providers import dkim
from outreach.providers.allowlist import guard, plain_address
from outreach.providers.base import Handover, Receipt
from outreach.providers.people import by_column
from outreach.providers.smtp.address import Server, server_of
from outreach.providers.smtp.batches import EXCHANGE, Batch
from outreach.providers.smtp.engine import Address, Engine
from outreach.providers.smtp.making import maker
from outreach.providers.smtp.verdicts import TOO_BUSY, envelope_sender
from outreach.settings import Settings

_REMEMBERED = 60.0
"""Seconds for which the server's addresses are kept."""


class Smtp:
    """Hands each message of a batch over by itself; the password is in no text that it raises."""

    name = "smtp"
    batch_size = 500
    in_flight = 2
    networked = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server = server_of(settings)
        self._sign = dkim.signer(settings)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._found: tuple[float, list[Address]] = (-_REMEMBERED, [])

    def hand_over(self, handover: Handover) -> Receipt:
        """Give each message to the mail server; returns once each has its answer.

        Raises what all came to, where all came to the same.
        """
        guard(by_column(handover.recipients).addresses, self._settings, beyond_ascii=True)
        if not plain_address(envelope_sender(handover.sender, self._server.return_path)):
            raise MustStop("the sender's address is not one plain address; see OUTREACH_FROM")
        batch = Batch(handover, maker(handover, self._sign), time.monotonic())
        engine = self._running()
        engine.submit(batch, self._addresses())
        end = time.monotonic() + 2 * EXCHANGE
        while not batch.done.wait(1.0):
            if not engine.alive or time.monotonic() > end:
                raise InDoubt("what drives the connections to the mail server has ended")
        return batch.receipt()

    def hold_back(self) -> None:
        """Begin no further message; those under way get their answers."""
        with self._lock:
            if self._engine is not None and self._engine.alive:
                self._engine.hold_back()

    def close(self) -> None:
        """Take leave of the server, and let go of connections."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _running(self) -> Engine:
        with self._lock:
            if self._engine is None or not self._engine.alive:
                self._engine = Engine(self._server)
            return self._engine

    def _addresses(self) -> list[Address]:
        """Look the server's name up, here and not in the thread that drives the connections."""
        when, found = self._found
        if time.monotonic() - when > _REMEMBERED:
            found = addresses(self._server)
            self._found = (time.monotonic(), found)
        return found


def addresses(server: Server) -> list[Address]:
    """Return where a server is. Raises NotSent where its name is not known."""
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a part of the name is too long
        word = getattr(error, "strerror", None) or "it is no name"
        reason = f"the mail server's name was not found ({word})"
        raise NotSent(reason, retry_after=TOO_BUSY) from None
    return list(dict.fromkeys((family, where) for family, _, _, _, where in found))
