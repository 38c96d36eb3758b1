"""A mail server in threads of this process, with real sockets: it keeps what it takes."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.fakes.smtp_dialogue import Dialogue, Envelope

EVERYTHING = ("PIPELINING", "SIZE 9999999", "8BITMIME", "SMTPUTF8", "CHUNKING")
PIPELINED = EVERYTHING[:-1]
PLAIN = ("SIZE 9999999", "8BITMIME")


@dataclass(frozen=True)
class Taken:
    """One message as the server took it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """It, as a mail client reads it."""
        return message_from_bytes(self.raw, EmailMessage, policy=default)


class SmtpServer:
    """What it offers, what it is to do wrong, and what it took.

    `orders[step]` are done one after another, each time a client comes to the step; "" is to
    behave. Steps are commands, `banner`, `TLS`, `body` (within a message) and `content` (after
    it). `wrongs` are the client's breaches of the protocol.
    """

    def __init__(self, offers: tuple[str, ...] = EVERYTHING, *, log: Path | None = None) -> None:
        self.offers = offers
        self.tls = "none"
        self.context: ssl.SSLContext | None = None
        self.login = ""
        self.latency = 0.0
        self.grants_data_for_nobody = False
        self.refused: dict[str, bytes] = {}
        self.orders: defaultdict[str, deque[str]] = defaultdict(deque)
        self.always: dict[str, str] = {}
        self.taken: list[Taken] = []
        self.wrongs: list[str] = []
        self.connections = 0
        self.goodbyes = 0
        self._log = log
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, as OUTREACH_SMTP_URL has it."""
        return f"smtp://127.0.0.1:{self.port}"

    def fail(self, step: str, *orders: str) -> None:
        """Have what is ordered happen, the next times that a client comes to `step`."""
        with self._lock:
            self.orders[step].extend(orders)

    def order(self, step: str) -> str:
        """Return what is to happen now."""
        with self._lock:
            return self.orders[step].popleft() if self.orders[step] else self.always.get(step, "")

    def keep(self, envelope: Envelope, raw: bytes) -> None:
        """Take a message."""
        one = Taken(envelope.sender, envelope.recipients, raw)
        with self._lock:
            self.taken.append(one)
            if self._log:
                line = {"delivery": one.message["X-Outreach-Delivery"], "to": one.recipients}
                with self._log.open("a") as file:
                    file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """End it and every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            Dialogue(self, connection).run()
        finally:
            self._open.discard(connection)


@contextmanager
def serving(
    offers: tuple[str, ...] = EVERYTHING, *, log: Path | None = None
) -> Iterator[SmtpServer]:
    """A server, ended afterwards."""
    server = SmtpServer(offers, log=log)
    try:
        yield server
    finally:
        server.close()


def certified(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a new certificate for `name`, and the file of who signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    both, public = folder / f"{name}.key.pem", folder / f"{name}.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both.write_bytes(secret + public.read_bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(both)
    return context, public
