"""A server shaped like SendGrid's, in a process of its own: reads, counts, keeps, answers 202.

It parses nothing until it is asked what it took, which is after the timing. As a number of
seconds it may be told how long each reply takes, as over a network.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_SEND = b"POST /v3/mail/send"
_TAKEN = b"GET /taken"
_DELIVERY = "outreach_delivery"


@dataclass(frozen=True, slots=True)
class Taken:
    """What the sink has taken since it was last asked."""

    requests: int
    size: int
    deliveries: tuple[str, ...]

    def must_be(self, expected: Sequence[str], who: str) -> None:
        """Raise RuntimeError unless each of `expected` came exactly once and nothing else did."""
        if Counter(self.deliveries) != Counter(dict.fromkeys(expected, 1)):
            raise RuntimeError(
                f"{who} handed over {len(self.deliveries)} emails for {len(expected)} people, "
                "not one each: its time means nothing"
            )


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink."""

    address: str

    def take(self) -> Taken:
        """Return what came, and forget it."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self.address}/taken") as reply:
            found = json.load(reply)
        return Taken(found["requests"], found["size"], tuple(found["deliveries"]))


@contextmanager
def running_sink(latency: float = 0.0) -> Iterator[Sink]:
    """Start a sink that waits `latency` seconds before each reply, and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink", str(latency)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield Sink(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class _Server:
    def __init__(self, latency: float) -> None:
        self.bodies: list[bytes] = []
        self._latency = latency

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every request of one connection."""
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is done
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = dict(
            line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
        )
        body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
        reply = self._reply(head, body)
        if self._latency:
            await asyncio.sleep(self._latency)
        writer.write(reply)
        await writer.drain()
        return headers.get(b"connection") != b"close"

    def _reply(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(_SEND):
            self.bodies.append(body)
            number = len(self.bodies)
            return (
                b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m%d\r\nContent-Length: 0\r\n\r\n" % number
            )
        if head.startswith(_TAKEN):
            found = json.dumps(self._taken()).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(found) + found
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def _taken(self) -> dict[str, Any]:
        bodies, self.bodies = self.bodies, []
        return {
            "requests": len(bodies),
            "size": sum(map(len, bodies)),
            "deliveries": [one for body in bodies for one in _deliveries(json.loads(body))],
        }


def _deliveries(request: dict[str, Any]) -> Iterator[str]:
    for person in request["personalizations"]:
        assert len(person["to"]) == 1
        yield person["custom_args"][_DELIVERY]


async def _main() -> None:
    server = await asyncio.start_server(
        _Server(float(sys.argv[1])).serve, "127.0.0.1", 0, limit=1 << 22
    )
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
