"""A SendGrid-shaped server that is as strict as the real one and fails on request.

Run alone: `python -m tests.fakes.sendgrid_server --port 0 --log accepted.jsonl`; it prints its
address. Each accepted personalization becomes one line of the log, with the message as it would
be sent (substitutions made).

Control (no key needed): POST /_control/faults takes a list of faults, used up in turn, each
`{"kind": ..., "times": 1}` (kind "" lets a request pass); POST /_control/suppressions takes
{list name: [entries]}; POST /_control/pace takes {category: seconds}, by which a reply comes
after its batch is taken; GET /_control/requests answers the bodies taken, in order, and
GET /_control/busy how many requests are neither taken nor refused yet.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import struct
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.sendgrid_rules import Errors, check, error
from tests.fakes.sendgrid_state import State

API_KEY = "SG.test-key"

SUPPRESSION = re.compile(
    r"/v3/suppression/(bounces|blocks|invalid_emails|spam_reports|unsubscribes)"
)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_args: Any) -> None:
        """Say nothing: requests hold addresses."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        state = self.server.state
        if url.path == "/_control/requests":
            self._answer(200, state.requests)
        elif url.path == "/_control/queries":
            self._answer(200, state.queries)
        elif url.path == "/_control/busy":
            self._answer(200, state.busy)
        elif not self._authorised():
            self._answer(401, {"errors": [error("The provided authorization grant is invalid")]})
        elif url.path == "/v3/categories/stats":
            self._category_stats(parse_qs(url.query))
        else:
            self._suppressions(url.path, parse_qs(url.query))

    def do_POST(self) -> None:
        if self.path.startswith("/_control/"):
            self._control(json.loads(self._body()))
        elif self.path != "/v3/mail/send":
            self._body()
            self._answer(404, {"errors": [error("not found")]})
        else:
            self._count(1)
            self._open = True
            try:
                self._send(self.server.state.next_fault())
            finally:
                self._decided()

    def _decided(self) -> None:
        """This request's fate is sealed, whatever becomes of the reply."""
        if self._open:
            self._open = False
            self._count(-1)

    def _count(self, change: int) -> None:
        with self.server.state.lock:
            self.server.state.busy += change

    def _control(self, told: Any) -> None:
        name = self.path.rpartition("/")[2]
        with self.server.state.lock:
            setattr(self.server.state, name, told)
        self._answer(204, None)

    def _send(self, fault: dict[str, Any]) -> None:
        kind = fault["kind"]
        if kind == "reset before reading":
            return self._reset()
        if kind == "reset mid-body":
            self.rfile.read(int(self.headers["Content-Length"]) // 2)
            return self._reset()
        raw = self._body()
        if kind in _REFUSALS:
            return self._refuse(kind, fault)
        if kind == "hang before processing":
            self._decided()
            time.sleep(fault.get("seconds", 2))
            return self._reset()
        return self._process(raw, fault)

    def _process(self, raw: bytes, fault: dict[str, Any]) -> None:
        if not self._authorised():
            wrong = error("The provided authorization grant is invalid, expired, or revoked")
            return self._answer(401, {"errors": [wrong]})
        if len(raw) > self._limit(fault):
            return self._answer(413, {"errors": [error("Request entity too large")]})
        try:
            body = json.loads(raw)
        except ValueError:
            return self._answer(400, {"errors": [error("Bad Request")]})
        errors = check(body) + self._bad_row(body, fault)
        if errors:
            return self._answer(400, {"errors": errors})
        message_id = uuid.uuid4().hex[:22]
        self.server.state.accept(body, message_id)
        self._decided()
        self._take_time(body)
        return self._after(fault, message_id)

    def _limit(self, fault: dict[str, Any]) -> int:
        """A server that takes less than SendGrid goes on doing so: its fault is not used up."""
        if fault["kind"] != "too large":
            return 30_000_000
        self._keep(fault)
        return int(fault["above"])

    def _keep(self, fault: dict[str, Any]) -> None:
        with self.server.state.lock:
            self.server.state.faults.insert(0, fault)

    def _take_time(self, body: dict[str, Any]) -> None:
        """Answer when the pace says so, which may change meanwhile."""
        began = time.monotonic()
        while (left := began + self._pace(body) - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))

    def _pace(self, body: dict[str, Any]) -> float:
        """Seconds that a reply takes, by the request's first category; '' is for all others."""
        pace = self.server.state.pace
        return pace.get((body.get("categories") or [""])[0], pace.get("", 0.0))

    def _bad_row(self, body: dict[str, Any], fault: dict[str, Any]) -> Errors:
        """A bad row stays bad: its fault is not used up."""
        if fault["kind"] != "bad row":
            return []
        self._keep(fault)
        return [
            error(f"Invalid: {fault['email']}", f"personalizations.{place}.to")
            for place, person in enumerate(body.get("personalizations") or [])
            if person["to"][0]["email"] == fault["email"]
        ]

    def _after(self, fault: dict[str, Any], message_id: str) -> None:
        kind = fault["kind"]
        if kind == "reset after processing":
            self._reset()
        elif kind == "hang after processing":
            time.sleep(fault.get("seconds", 2))
            self._reset()
        elif kind == "trickle":
            self._trickle(message_id, fault)
        elif kind == "503 after acceptance":
            self._answer(503, {"errors": [error("Service Unavailable")]})
        elif kind == "garbage reply":
            self.wfile.write(b"what is this\r\n\r\n")
            self.close_connection = True
        elif kind == "200":
            self._answer(200, None)
        elif kind == "202 without id":
            self._answer(202, None)
        else:
            self._answer(202, None, {"X-Message-Id": message_id})

    def _trickle(self, message_id: str, fault: dict[str, Any]) -> None:
        """Answer byte by byte: no single wait is long, and the whole never ends."""
        reply = f"HTTP/1.1 202 Accepted\r\nX-Message-Id: {message_id}\r\nX-Slow: " + "z" * 60_000
        for byte in reply.encode():
            self.wfile.write(bytes([byte]))
            time.sleep(fault.get("seconds", 0.05))

    def _refuse(self, kind: str, fault: dict[str, Any]) -> None:
        status, words = _REFUSALS[kind]
        headers = {}
        if status == 429:
            headers["X-RateLimit-Reset"] = str(int(time.time()) + fault.get("seconds", 5))
        if status == 302:
            headers["Location"] = "/v3/elsewhere"
        self._answer(status, {"errors": [error(fault.get("words", words))]}, headers)

    def _suppressions(self, path: str, query: dict[str, list[str]]) -> None:
        state = self.server.state
        state.queries.append(self.path)
        if path == "/v3/asm/suppressions":
            return self._answer(200, state.suppressions.get("asm", []))
        found = SUPPRESSION.fullmatch(path)
        if not found:
            return self._answer(404, {"errors": [error("not found")]})
        limit = int(query.get("limit", ["500"])[0])
        offset = int(query.get("offset", ["0"])[0])
        if limit > 500:
            return self._answer(400, {"errors": [error("limit is at most 500", "limit")]})
        rows = state.suppressions.get(found[1], [])
        return self._answer(200, rows[offset : offset + limit])

    def _category_stats(self, query: dict[str, list[str]]) -> None:
        """Requests as taken, one day's row for each category asked; `stats` told adds to them."""
        state = self.server.state
        state.queries.append(self.path)
        if not query.get("start_date") or not 1 <= len(query.get("categories", [])) <= 10:
            return self._answer(400, {"errors": [error("start_date and categories are needed")]})
        rows = []
        for name in query["categories"]:
            taken = [r for r in state.requests if name in (r.get("categories") or [])]
            requests = sum(len(r["personalizations"]) for r in taken)
            metrics = {"requests": requests, "delivered": 0, "bounces": 0, **state.stats}
            rows.append({"type": "category", "name": name, "metrics": metrics})
        other = {"type": "category", "name": "another", "metrics": {"requests": 999}}
        day = {"date": query["start_date"][0], "stats": [*rows, other]}
        return self._answer(200, [day, {"date": "2099-01-01", "stats": []}])

    def _authorised(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {API_KEY}"

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True
        self.wfile = _Nowhere()
        self.rfile = _Nowhere()


class _Nowhere:
    closed = False

    def write(self, _data: bytes) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


_REFUSALS = {
    "429": (429, "too many requests"),
    "401": (401, "The provided authorization grant is invalid, expired, or revoked"),
    "403": (403, "The from address does not match a verified Sender Identity"),
    "400": (400, "Bad Request"),
    "404": (404, "not found"),
    "413": (413, "Request entity too large"),
    "500": (500, "Internal Server Error"),
    "302": (302, "moved"),
}


class Server(ThreadingHTTPServer):
    """The fake; `address` is its base URL once made."""

    daemon_threads = True

    def __init__(self, port: int, log: Path) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.state = State(log)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    options = parser.parse_args()
    server = Server(options.port, options.log)
    print(server.address, flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
