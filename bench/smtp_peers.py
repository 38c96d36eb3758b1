"""The same emails by smtplib, and ready-made bytes over pipelined connections."""

from __future__ import annotations

import selectors
import smtplib
import socket
from email.message import EmailMessage
from email.utils import formataddr, formatdate

import sqlalchemy as sa

from bench.handover_peers import Outgoing, _sent
from outreach.rendering import compose

PIPES = 8


def one_by_one(port: int, engine: sa.Engine, people: list[Outgoing]) -> None:
    """One EmailMessage, one `send_message` and one commit per person, over one connection."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        for one in people:
            client.send_message(message_of(one))
            with engine.begin() as connection:
                connection.execute(
                    sa.update(_sent)
                    .where(_sent.c.id == one.recipient.delivery_id)
                    .values(state="accepted", message_id="")
                )


def message_of(one: Outgoing) -> EmailMessage:
    """Return the message as an application makes it with the standard library."""
    found = compose.message(one.content, one.recipient.values)
    message = EmailMessage()
    message["From"] = formataddr((one.sender.name, one.sender.address))
    message["To"] = one.recipient.address
    message["Subject"] = found.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{one.recipient.delivery_id}@example.org>"
    message["List-Unsubscribe"] = f"<{one.recipient.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["X-Outreach-Delivery"] = one.recipient.delivery_id
    message.set_content(found.text)
    message.add_alternative(found.html, subtype="html")
    return message


def baked(sender: str, address: str, raw: bytes) -> tuple[bytes, bytes]:
    """Return one message's commands and its content, ready for the wire."""
    commands = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{address}>\r\nDATA\r\n".encode()
    return commands, raw.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def pipes(port: int, ready: list[tuple[bytes, bytes]]) -> None:
    """Send ready-made bytes over pipelined connections; nothing is made and nothing recorded."""
    selector = selectors.DefaultSelector()
    waiting = iter(ready)
    for _ in range(PIPES):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.recv(4096)
        line.sendall(b"EHLO x\r\n")
        line.recv(4096)
        selector.register(line, selectors.EVENT_READ, _Pipe())
    for key in list(selector.get_map().values()):
        key.data.begin(key.fileobj, next(waiting, None))
    left = len(ready)
    while left:
        for key, _ in selector.select():
            left -= key.data.answered(key.fileobj, waiting)
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    selector.close()


class _Pipe:
    """One connection's message whose content is waited for."""

    def __init__(self) -> None:
        self._content = b""
        self._rest = b""

    def begin(self, line: socket.socket, one: tuple[bytes, bytes] | None) -> None:
        if one:
            self._content = one[1]
            line.sendall(one[0])

    def answered(self, line: socket.socket, waiting) -> int:  # type: ignore[no-untyped-def]
        """Take answers in and go on; returns how many messages were taken."""
        lines = (self._rest + line.recv(65536)).split(b"\r\n")
        self._rest = lines.pop()
        taken = sum(one == b"250 2.0.0 queued" for one in lines)
        if any(one.startswith(b"354") for one in lines):
            content, one = self._content, next(waiting, None)
            self._content = one[1] if one else b""
            line.sendall(content + (one[0] if one else b""))
        return taken
