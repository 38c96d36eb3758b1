"""An SES-shaped server in a thread: as strict as the real one, and fails as a test scripts it.

It works the signature out for itself from what came over the wire, takes base64 MIME of one
recipient, and answers a MessageId. Every POST counts in `posts`, whatever becomes of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY_ID, SECRET, REGION = "AKIAMADEUPMADEUP1234", "made-up/secret+key", "eu-west-2"
PATH = "/v2/email/outbound-emails"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/(\d{8})/([a-z0-9-]+)/ses/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
_FIELDS = {"Content", "Destination", "EmailTags", "ConfigurationSetName"}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: SesServer

    def log_message(self, *_args: Any) -> None:
        """Say nothing: requests hold addresses."""

    def do_POST(self) -> None:
        fault = self.server.begun()
        kind = fault.get("kind", "")
        length = int(self.headers["Content-Length"])
        if kind == "reset mid-body":
            self.rfile.read(length // 2)
            return self._reset()
        if kind == "reset before reading":
            return self._reset()
        body = self.rfile.read(length)
        if kind == "reset unanswered":
            return self._reset()
        if "status" in fault:
            return self._refuse(fault)
        if wrong := self._wrong(body):
            return self._answer(403, {"message": wrong}, "InvalidSignatureException")
        return self._take(json.loads(body), kind, fault)

    def _take(self, body: dict[str, Any], kind: str, fault: dict[str, Any]) -> None:
        assert set(body) <= _FIELDS, body.keys()
        (to,) = body["Destination"]["ToAddresses"]
        raw = base64.b64decode(body["Content"]["Raw"]["Data"], validate=True)
        number = self.server.take(to, raw, body)
        time.sleep(self.server.pace)
        if kind == "reset after processing":
            return self._reset()
        if kind == "hang":
            time.sleep(fault["seconds"])
            return self._reset()
        if kind == "trickle":
            return self._trickle()
        if kind == "no id":
            return self._answer(200, {})
        if kind == "garbage":
            self.wfile.write(b"SMTP/9 hello\r\n\r\n")
            return self._reset()
        return self._answer(200, {"MessageId": f"made-up-{number}"})

    def _refuse(self, fault: dict[str, Any]) -> None:
        said = {"message": fault.get("message", "")}
        self._answer(fault["status"], said, fault.get("code", ""))

    def _wrong(self, body: bytes) -> str:
        """Return what is wrong with the signature, '' for nothing.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
        """
        found = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if self.path != PATH or not found:
            return "not a signed request"
        key_id, day, region, names, signature = found.groups()
        if (key_id, region) != (KEY_ID, REGION) or "host" not in names.split(";"):
            return "not our key or region"
        headers = "".join(f"{n}:{self.headers[n].strip()}\n" for n in names.split(";"))
        digest = hashlib.sha256(body).hexdigest()
        asked = "\n".join(("POST", PATH, "", headers, names, digest))
        scope = f"{day}/{region}/ses/aws4_request"
        hashed = hashlib.sha256(asked.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["X-Amz-Date"], scope, hashed))
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, "ses", "aws4_request", text):
            key = hmac.digest(key, part.encode(), "sha256")
        return "" if key.hex() == signature else "the signature does not match"

    def _answer(self, status: int, said: dict[str, Any], code: str = "") -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        if code:
            self.send_header("x-amzn-ErrorType", f"{code}:http://internal.example.org/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _trickle(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.closing:
                self.wfile.write(b" ")
                time.sleep(0.02)
        except OSError:
            self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class SesServer(ThreadingHTTPServer):
    """The server, what it took, and what it is to do next."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.posts = 0
        self.closing = False
        self.pace = 0.0
        self.taken: list[tuple[str, bytes, dict[str, Any]]] = []
        self.faults: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def begun(self) -> dict[str, Any]:
        """Count a request; returns the fault that it meets."""
        with self._lock:
            self.posts += 1
            return self.faults.pop(0) if self.faults else {}

    def take(self, to: str, raw: bytes, body: dict[str, Any]) -> int:
        """Keep a message; returns its number."""
        with self._lock:
            self.taken.append((to, raw, body))
            return len(self.taken)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


@contextmanager
def ses_server() -> Iterator[SesServer]:
    """A server on loopback until the block ends."""
    server = SesServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing = True
        server.shutdown()
        server.server_close()
        thread.join()


def environment(server: SesServer, home: str) -> dict[str, str]:
    """Return the settings of a deployment that sends through the server."""
    return {
        "OUTREACH_HOME": home,
        "OUTREACH_PROVIDER": "ses",
        "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
        "OUTREACH_SES_REGION": REGION,
        "OUTREACH_SES_ACCESS_KEY_ID": KEY_ID,
        "OUTREACH_SES_SECRET_ACCESS_KEY": SECRET,
        "OUTREACH_SES_BASE_URL": server.address,
        "OUTREACH_SES_CONFIGURATION_SET": "outreach",
    }
