"""Places that sources are pulled from, as small servers on loopback: S3, Azure Blob, Graph, web."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

SIGNED_IN = "graph-token"
_AS_JSON = {"Content-Type": "application/json"}


@dataclass
class Reply:
    """What a server answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """What a server was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


Answer = Callable[[Asked], Reply]


@dataclass
class Server:
    """A running server: where it is, and what it was asked, in order.

    `refuse` is answered to everything, where given; `before` happens before each answer.
    """

    address: str
    asked: list[Asked]
    refuse: Reply | None = None
    before: Callable[[Asked], object] = lambda _: None

    def paths(self, method: str = "GET") -> list[str]:
        """The paths asked for by one method."""
        return [one.path for one in self.asked if one.method == method]


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server that answers as told."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _go(self) -> None:
            parts = urlsplit(self.path)
            query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            asked.append(Asked(self.command, unquote(parts.path), query, headers, body))
            one.before(asked[-1])
            reply = one.refuse or answer(asked[-1])
            self.send_response(reply.status)
            given = {"Content-Length": str(len(reply.body)), **reply.headers}
            for name, value in given.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_POST = _go  # noqa: N815 - names that http.server looks for

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if context else "http"
    one = Server(f"{scheme}://127.0.0.1:{server.server_port}", asked)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Kept:
    """One object in a store."""

    content: bytes
    changed: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 9, tzinfo=UTC))

    @property
    def tag(self) -> str:
        """Changes with the content."""
        return md5(self.content).hexdigest()


def _sliced(kept: Kept, asked: Asked, wanted: str, more: dict[str, str]) -> Reply:
    if asked.headers.get("if-match", f'"{kept.tag}"') != f'"{kept.tag}"':
        return Reply(b"", 412)
    size = len(kept.content)
    headers = {"Last-Modified": format_datetime(kept.changed, usegmt=True), **more}
    if not wanted.startswith("bytes="):
        return Reply(kept.content, 200, headers)
    start, _, end = wanted.removeprefix("bytes=").partition("-")
    last = min(int(end or size - 1), size - 1)
    headers["Content-Range"] = f"bytes {start}-{last}/{size}"
    return Reply(kept.content[int(start) : last + 1], 206, headers)


def s3(bucket: str, objects: dict[str, Kept]) -> Answer:
    """Answer as S3 does to listing, looking at and getting objects of one bucket."""

    def answer(asked: Asked) -> Reply:
        key = asked.path.removeprefix(f"/{bucket}").lstrip("/")
        if not asked.path.startswith(f"/{bucket}") or (key and key not in objects):
            return Reply(b"", 404)
        if key:
            tag = {"ETag": f'"{objects[key].tag}"'}
            return _sliced(objects[key], asked, asked.headers.get("range", ""), tag)
        prefix = asked.query.get("prefix", "")
        number = sum(name.startswith(prefix) for name in objects)
        listed = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(one.content)}</Size>"
            f"<LastModified>{one.changed:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>&quot;{one.tag}&quot;</ETag></Contents>"
            for name, one in objects.items()
            if name.startswith(prefix)
        )
        body = (
            f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{number}</KeyCount><IsTruncated>false</IsTruncated>{listed}"
            "</ListBucketResult>"
        )
        return Reply(body.encode(), 200, {"Content-Type": "application/xml"})

    return answer


def azure_blobs(container: str, objects: dict[str, Kept]) -> Answer:
    """Answer as Azure Blob Storage does, under the account `devstoreaccount1`."""

    def answer(asked: Asked) -> Reply:
        inside = asked.path.removeprefix("/devstoreaccount1/").removeprefix(container)
        key = inside.lstrip("/")
        if not key:
            return _blob_list(container, objects, asked) if "comp" in asked.query else Reply()
        if key not in objects:
            return Reply(b"", 404, {"x-ms-error-code": "BlobNotFound"})
        kept = objects[key]
        about = {"ETag": f'"{kept.tag}"', "x-ms-blob-type": "BlockBlob"}
        return _sliced(kept, asked, asked.headers.get("x-ms-range", ""), about)

    return answer


def _blob_list(container: str, objects: dict[str, Kept], asked: Asked) -> Reply:
    prefix = asked.query.get("prefix", "")
    blobs = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties>"
        f"<Last-Modified>{format_datetime(one.changed, usegmt=True)}</Last-Modified>"
        f"<Etag>{one.tag}</Etag><Content-Length>{len(one.content)}</Content-Length>"
        "<BlobType>BlockBlob</BlobType></Properties></Blob>"
        for name, one in objects.items()
        if name.startswith(prefix)
    )
    body = (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="'
        f'{container}"><Blobs>'
        f"{blobs}</Blobs><NextMarker/></EnumerationResults>"
    )
    return Reply(body.encode(), 200, {"Content-Type": "application/xml"})


def graph(items: dict[str, dict[str, Any]], tenant: str) -> Answer:
    """Answer as Microsoft's log-in and Graph do; `items`: path below /v1.0/ -> what it is."""

    def answer(asked: Asked) -> Reply:
        host = asked.headers["host"]
        if asked.path.endswith("/.well-known/openid-configuration"):
            here = f"https://{host}/{tenant}"
            return _json(
                {
                    "issuer": f"{here}/v2.0",
                    "token_endpoint": f"{here}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
                }
            )
        if asked.path.endswith("/token"):
            token = {"access_token": SIGNED_IN, "expires_in": 3600, "token_type": "Bearer"}
            return _json(token)
        if asked.headers.get("authorization") != f"Bearer {SIGNED_IN}":
            return _json({"error": {"code": "InvalidAuthenticationToken"}}, 401)
        found = items.get(asked.path.removeprefix("/v1.0/"))
        if found and "refuse" in found:
            return Reply(found["refuse"].body, found["refuse"].status, _AS_JSON)
        return _json(found) if found else _json({"error": {"code": "itemNotFound"}}, 404)

    return answer


def _json(said: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(said).encode(), status, _AS_JSON)


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return TLS for 127.0.0.1, and the file of the authority that vouches for it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, form, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file
