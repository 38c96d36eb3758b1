"""A mail server in a process of its own: reads, counts, keeps, answers at once or after a delay.

It looks at commands only, and into no message until it is asked what it took. What it took is
asked for on a second port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.sink import Taken

_ROOT = Path(__file__).resolve().parents[1]
_DELIVERY = re.compile(rb"^X-Outreach-Delivery: *(\S+)\r$", re.M | re.I)
_END = b"\r\n.\r\n"
_EHLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n%s250 8BITMIME\r\n"


@dataclass(frozen=True, slots=True)
class SmtpSink:
    """A running sink: where it takes mail, and where it says what it took."""

    port: int
    questions: int

    @property
    def url(self) -> str:
        """Its address, as OUTREACH_SMTP_URL has it."""
        return f"smtp://127.0.0.1:{self.port}"

    def take(self) -> Taken:
        """Return what came, and forget it."""
        with socket.create_connection(("127.0.0.1", self.questions)) as line:
            found = json.loads(line.makefile().read())
        return Taken(found["requests"], found["size"], tuple(found["deliveries"]))


@contextmanager
def running_smtp_sink(latency: float = 0.0, *, chunks: bool = True) -> Iterator[SmtpSink]:
    """Start a sink that answers each time after `latency` seconds, and end it afterwards."""
    words = ["--latency", str(latency), *(["--chunks"] if chunks else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.smtp_sink", *words],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield SmtpSink(*json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class _Mail(asyncio.Protocol):
    """One connection."""

    def __init__(self, kept: list[bytes], latency: float, offers: bytes) -> None:
        self._kept = kept
        self._latency = latency
        self._offers = offers
        self._buffer = bytearray()
        self._start = 0
        self._missing = 0
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers: list[bytes] = []
        self._start = 0
        while self._one(answers):
            pass
        del self._buffer[: self._start]
        if answers:
            self._write(b"".join(answers))

    def _one(self, answers: list[bytes]) -> bool:
        """Take one command or message in; whether there was a whole one."""
        if self._in_data:
            return self._whole(self._buffer.find(_END, max(0, self._start - 2)), answers)
        if self._missing:
            end = self._start + self._missing
            return self._whole(end if len(self._buffer) >= end else -1, answers)
        end = self._buffer.find(b"\r\n", self._start)
        if end < 0:
            return False
        line = bytes(self._buffer[self._start : end])
        self._start = end + 2
        self._command(line, answers)
        return True

    def _whole(self, end: int, answers: list[bytes]) -> bool:
        if end < 0:
            return False
        self._kept.append(bytes(self._buffer[self._start : end]))
        self._start = end + (len(_END) if self._in_data else 0)
        self._in_data, self._missing = False, 0
        answers.append(b"250 2.0.0 queued\r\n")
        return True

    def _command(self, line: bytes, answers: list[bytes]) -> None:
        verb = line[:4].upper()
        if verb == b"BDAT":
            self._missing = int(line.split()[1])
        elif verb == b"DATA":
            self._in_data = True
            answers.append(b"354 go ahead\r\n")
        elif verb == b"EHLO":
            answers.append(self._offers)
        elif verb == b"QUIT":
            answers.append(b"221 bye\r\n")
        else:
            answers.append(b"250 2.0.0 ok\r\n")

    def _write(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.WriteTransport)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, data)
        else:
            self._transport.write(data)


async def _main(latency: float, chunks: bool) -> None:
    kept: list[bytes] = []
    offers = _EHLO % (b"250-CHUNKING\r\n" if chunks else b"")

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        deliveries = [m[1].decode() for one in kept if (m := _DELIVERY.search(one))]
        size = sum(map(len, kept))
        found = {"requests": len(kept), "size": size, "deliveries": deliveries}
        kept.clear()
        writer.write(json.dumps(found).encode())
        await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    mail = await loop.create_server(
        lambda: _Mail(kept, latency, offers), "127.0.0.1", 0, backlog=200
    )
    questions = await asyncio.start_server(tell, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (mail, questions)]
    print(json.dumps(ports), flush=True)
    await asyncio.gather(mail.serve_forever(), questions.serve_forever())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--chunks", action="store_true")
    asked = parser.parse_args()
    asyncio.run(_main(asked.latency, asked.chunks))
