"""SNS-shaped posts, signed by a certificate that is made up here and served by a fake SNS."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-2:123456789012:outreach-events"
HOST = "https://sns.eu-west-2.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-{'0a' * 16}.pem"
HEADERS = {"x-amz-sns-message-type": "Notification", "Content-Type": "text/plain; charset=UTF-8"}


class FakeSns:
    """Signs posts, and answers what a receiver asks; `asked` are the addresses, in order."""

    def __init__(self, days_left: int = 30) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self._certificate = self._made(days_left)
        self.asked: list[str] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = self._usual

    @property
    def transport(self) -> httpx.MockTransport:
        """What stands for the network to SNS."""
        return httpx.MockTransport(self._answered)

    def post(self, message: Any, version: str = "2", **more: str) -> bytes:
        """Return a signed notification; `more` replaces or adds fields, and is signed too."""
        said = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": "2026-11-23T10:00:05.000Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
            "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe",
            **more,
        }
        return json.dumps({**said, "Signature": self._signature(said)}, indent=2).encode()

    def question(self, **more: str) -> bytes:
        """Return a signed question whether the topic's posts are wanted."""
        asked = {
            "Type": "SubscriptionConfirmation",
            "Token": "2336412f37fb687f5d51e6e2425dacbbaa",
            "SubscribeURL": "https://elsewhere.example.org/?Token=2336",
        }
        return self.post("You have chosen to subscribe", **{**asked, **more})

    def _signature(self, said: dict[str, str]) -> str:
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        if said["Type"] != "Notification":
            names = [*names[:2], "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
        hashing = SHA1() if said["SignatureVersion"] == "1" else SHA256()
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashing)
        return base64.b64encode(signature).decode()

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self.answer(request)

    def _usual(self, request: httpx.Request) -> httpx.Response:
        is_certificate = request.url.path.endswith(".pem")
        return httpx.Response(200, content=self._certificate if is_certificate else b"<ok/>")

    def _made(self, days_left: int) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days_left))
            .sign(self._key, SHA256())
        )
        return made.public_bytes(Encoding.PEM)
