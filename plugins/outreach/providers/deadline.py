"""An end to a whole exchange: a client's timeouts bound each wait, not their sum.

A server that answers one byte at a time would otherwise hold a sender, and its claim, for hours.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx


class Deadline:
    """Cuts a client's connection when an exchange takes too long.

    For a client that makes one request at a time: pass `trace` to each as the extension of that
    name, and make it within `of(seconds)`. A cut connection fails as one that the network lost.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._passed = False

    def trace(self, happened: str, about: dict[str, Any]) -> None:
        """Remember the connection in use, as the HTTP client tells of it.

        Raises httpx.ConnectTimeout where the time was up before the request began.
        """
        if happened.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._socket = about["return_value"].get_extra_info("socket")
        if happened.endswith("send_request_headers.started") and self._passed:
            raise httpx.ConnectTimeout("connecting took too long")

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """Cut the connection where the block takes longer."""
        self._passed = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self._passed = True
        with self._lock, suppress(OSError):
            if self._socket is not None:
                # Past TLS's own ending, which would wait for a lock that the reader holds.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
