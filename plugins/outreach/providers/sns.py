"""Amazon SNS's posts: whose they are, and the answer that switches them on.

A signature alone proves little, as anybody with an AWS account can have SNS sign a post: it
must be of a topic that the settings name. Nothing in a post says where to go: the address of a
certificate, and that of the answer, are made from the topic's own region, and a post whose own
differ is refused (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from outreach.errors import NotSent

LOG = logging.getLogger(__name__)

TYPE_HEADER = "x-amz-sns-message-type"
NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"

_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED[CONFIRMATION]
_OF_LINES = ("Message", "Subject")
_HASHES: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}  # noqa: S303 - SNS's usual
_TOPIC = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):\d{12}:[\w-]+")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
_TOKEN = re.compile(r"[0-9A-Za-z]{1,512}")
_TIMEOUT = 4.0
_LONGEST = 20_000
_FETCHES, _IN_SECONDS = 10, 60.0
_CERTIFICATES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Post:
    """One post of SNS, as far as it says anything."""

    kind: str
    topic: str
    said: Mapping[str, str]

    @property
    def host(self) -> str:
        """Where the topic's region answers; '' where the topic is none."""
        found = _TOPIC.fullmatch(self.topic)
        if not found:
            return ""
        return f"sns.{found[2]}.amazonaws.com" + (".cn" if found[1] == "aws-cn" else "")

    def signed_text(self) -> bytes:
        """Return what SNS signed. Raises ValueError where its fields could be read as others.

        SNS signs names and values line by line: with a line end in it, one could hold the next.
        """
        names = [name for name in _SIGNED[self.kind] if name in self.said]
        if any("\n" in self.said[name] for name in names if name not in _OF_LINES):
            raise ValueError("a field has more than one line")
        return "".join(f"{name}\n{self.said[name]}\n" for name in names).encode()


def read(body: bytes) -> Post | None:
    """Return the post that a body is; None where it is none of SNS's."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    said = {name: value for name, value in found.items() if isinstance(value, str)}
    if said.get("Type") not in _SIGNED or "MessageId" not in said:
        return None
    return Post(said["Type"], said.get("TopicArn", ""), said)


class Sns:
    """SNS as a receiver meets it. Certificates are fetched once, and kept while they hold."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport
        self._certificates: dict[str, x509.Certificate] = {}
        self._fetched: deque[float] = deque(maxlen=_FETCHES)
        self._lock = threading.Lock()

    def signed(self, post: Post) -> bool:
        """Whether SNS signed this post, of whatever topic.

        Raises NotSent where the certificate cannot be had now.
        """
        address = post.said.get("SigningCertURL", "")
        hashing = _HASHES.get(post.said.get("SignatureVersion", ""))
        path = address.removeprefix(f"https://{post.host}")
        if not post.host or hashing is None or not _CERTIFICATE.fullmatch(path):
            return False
        try:
            signature = base64.b64decode(post.said.get("Signature", ""), validate=True)
            signed = post.signed_text()
        except (binascii.Error, ValueError):  # lone surrogates are legal JSON
            return False
        certificate = self._certificate(f"https://{post.host}{path}")
        return certificate is not None and _verified(certificate, signature, signed, hashing())

    def confirm(self, post: Post) -> None:
        """Tell SNS that the posts of a topic are wanted, as a verified post asked.

        Raises NotSent where SNS did not take the answer.
        """
        token = post.said.get("Token", "")
        if not post.host or not _TOKEN.fullmatch(token):
            return
        asked = {"Action": "ConfirmSubscription", "TopicArn": post.topic, "Token": token}
        status, _ = self._get(str(httpx.URL(f"https://{post.host}/", params=asked)))
        if status != httpx.codes.OK:
            raise NotSent(f"SNS answered {status} to the confirmation of its subscription")
        LOG.info("confirmed the subscription to %s", post.topic)

    def _certificate(self, address: str) -> x509.Certificate | None:
        """Return the certificate of an address of SNS; None where there is none that holds."""
        with self._lock:
            known = self._certificates.get(address)
            if known is None:
                self._keep_pace()
                known = _certificate(*self._get(address))
                if known is not None:
                    while len(self._certificates) >= _CERTIFICATES_KEPT:
                        del self._certificates[next(iter(self._certificates))]
                    self._certificates[address] = known
        now = datetime.now(UTC)
        holds = known and known.not_valid_before_utc <= now <= known.not_valid_after_utc
        return known if holds else None

    def _keep_pace(self) -> None:
        """Fetch no faster than certificates can change, whatever a stranger posts."""
        now = time.monotonic()
        if len(self._fetched) == _FETCHES and now < self._fetched[0] + _IN_SECONDS:
            raise NotSent("too many unknown certificates of SNS at once")
        self._fetched.append(now)

    def _get(self, address: str) -> tuple[int, bytes]:
        try:
            with (
                httpx.Client(timeout=_TIMEOUT, transport=self._transport) as client,
                client.stream("GET", address, follow_redirects=False) as reply,
            ):
                return reply.status_code, _bounded(reply)
        except httpx.HTTPError as error:
            raise NotSent(f"SNS could not be reached ({type(error).__name__})") from None


def _bounded(reply: httpx.Response) -> bytes:
    found = b""
    for part in reply.iter_bytes():
        found += part
        if len(found) > _LONGEST:
            return b""
    return found


def _certificate(status: int, found: bytes) -> x509.Certificate | None:
    """Return the certificate in an answer. Raises NotSent where SNS had trouble of its own."""
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
        raise NotSent(f"SNS answered {status} when asked for its certificate")
    try:
        return x509.load_pem_x509_certificate(found) if status == httpx.codes.OK else None
    except ValueError:
        return None


def _verified(
    certificate: x509.Certificate, signature: bytes, signed: bytes, hashing: HashAlgorithm
) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashing)
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
