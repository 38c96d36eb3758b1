"""Bytes to and from one socket that never waits, plain or encrypted."""

from __future__ import annotations

import errno
import os
import socket
import ssl

_READ = 65_536
_PARTS = 64
"""Pieces that the kernel is given at once, far below its own limit."""

_RECORD = 16_384
"""What is given to TLS at once: one record (RFC 8446, 5.1)."""


class Lost(Exception):
    """The connection is gone; its text says how, without addresses."""


class Channel:
    """A connection that is being made to `address`, as `socket.getaddrinfo` gives it.

    Every byte given to `write` has a number, the first 0. `left` is the number of bytes that
    may have left this host: exact in clear text; under TLS, whatever was given to be encrypted.
    Raises Lost.
    """

    def __init__(self, address: tuple[int, tuple[object, ...]]) -> None:
        family, self._peer = address
        self.given = 0
        self.left = 0
        self.backlog = False
        """Whether bytes wait for room in the kernel, as of the last `flush`."""
        self._parts: list[bytes | memoryview] = []
        self._encrypted = 0
        self._wants_read = False
        self._tls: ssl.SSLSocket | None = None
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begun = self._socket.connect_ex(self._peer)
        except OSError as error:
            raise Lost(_word(error)) from None
        if begun not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            self._socket.close()
            raise Lost(os.strerror(begun))

    def fileno(self) -> int:
        """The socket's descriptor, for a selector."""
        return (self._tls or self._socket).fileno()

    def connected(self) -> bool:
        """Whether the connection stands; to be asked when the socket can be written to."""
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise Lost(os.strerror(error))
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS, with no bytes waiting; `shake` goes on with it."""
        self._encrypted = self.given
        self._tls = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )

    def shake(self) -> bool:
        """Go on with TLS's handshake; whether it is over. Raises ssl.SSLError as well."""
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._wants_read = True
            return False
        except ssl.SSLWantWriteError:
            self._wants_read = False
            return False
        except ssl.SSLError:
            raise
        except OSError as error:
            raise Lost(_word(error)) from None
        self._wants_read = False
        return True

    @property
    def wants_read(self) -> bool:
        """Whether TLS's handshake waits for the other side."""
        return self._wants_read

    def write(self, *parts: bytes) -> None:
        """Put bytes behind those that wait; `flush` sends them."""
        self._parts.extend(filter(None, parts))
        self.given += sum(map(len, parts))

    def flush(self) -> None:
        """Send what the kernel takes now."""
        send = self._send_plain if self._tls is None else self._send_encrypted
        while self._parts:
            sent = send()
            if not sent:
                break
            self._drop(sent)
        self.backlog = bool(self._parts)

    def _drop(self, sent: int) -> None:
        """Forget the bytes that were sent."""
        whole = 0
        for part in self._parts:
            if sent < len(part):
                break
            sent -= len(part)
            whole += 1
        del self._parts[:whole]
        if sent:
            self._parts[0] = memoryview(self._parts[0])[sent:]

    def _send_plain(self) -> int:
        try:
            sent = self._socket.sendmsg(self._parts[:_PARTS])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Lost(_word(error)) from None
        self.left += sent
        return sent

    def _send_encrypted(self) -> int:
        assert self._tls is not None
        some = self._record()
        self.left = max(self.left, self._encrypted + len(some))
        try:
            sent = self._tls.send(some)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError as error:  # ssl.SSLError is one
            raise Lost(_word(error)) from None
        self._encrypted += sent
        return sent

    def _record(self) -> memoryview:
        """Return what TLS is given next; the same again, if longer, until it was taken."""
        if len(self._parts) > 1:
            self._parts = [memoryview(b"".join(self._parts))]
        return memoryview(self._parts[0])[:_RECORD]

    def read(self) -> bytes:
        """Return what has come, or b"" where nothing has. Raises Lost at the end as well."""
        found = b""
        source = self._tls or self._socket
        try:
            found = source.recv(_READ)
            while self._tls is not None and found and self._tls.pending():
                found += self._tls.recv(_READ)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return found
        except OSError as error:
            raise Lost(_word(error)) from None
        if not found:
            raise Lost("it closed the connection")
        return found

    def close(self) -> None:
        """Let go of the socket."""
        (self._tls or self._socket).close()


def _word(error: OSError) -> str:
    return error.strerror or type(error).__name__
