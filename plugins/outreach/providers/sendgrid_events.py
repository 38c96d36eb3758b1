"""SendGrid's event webhook: its signature, and its words turned into ours."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from outreach.domain import Event, EventType
from outreach.providers.filling import without_addresses
from outreach.providers.sendgrid_people import DELIVERY_ARG
from outreach.settings import Settings

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
SIMULATED_ARG = "outreach_simulated"

TYPES: dict[str, EventType] = {
    "processed": EventType.PROCESSED,
    "deferred": EventType.DEFERRED,
    "delivered": EventType.DELIVERED,
    "bounce": EventType.BOUNCED,
    "dropped": EventType.DROPPED,
    "open": EventType.OPENED,
    "click": EventType.CLICKED,
    "spamreport": EventType.COMPLAINED,
    "unsubscribe": EventType.UNSUBSCRIBED,
    "group_unsubscribe": EventType.UNSUBSCRIBED,
    "group_resubscribe": EventType.RESUBSCRIBED,
}
"""SendGrid's words and ours; any other word becomes `unknown` and is kept."""

_MAX_EVENTS = 20_000
_MAX_TEXT = 2_000
_MAX_REASON = 200
_WITH_REASON = frozenset(
    {EventType.BOUNCED, EventType.BLOCKED, EventType.DROPPED, EventType.DEFERRED}
)


class SendGridEvents:
    """How SendGrid's posts are trusted and read; its keys are base64 DER public keys."""

    setting = "OUTREACH_SENDGRID_WEBHOOK_KEYS"
    mend = "copy the verification key from SendGrid's settings for the signed event webhook"
    signed_by: tuple[str, ...] = (SIGNATURE_HEADER, TIMESTAMP_HEADER)

    def keys(self, settings: Settings) -> tuple[str, ...]:
        """Return the verification keys of the signed event webhook."""
        return settings.webhook_keys

    def confirm(self, body: bytes) -> None:
        """SendGrid asks nothing: its webhook is switched on by hand."""

    def verify(self, headers: Mapping[str, str], body: bytes, keys: Sequence[str]) -> bool:
        """Whether one of `keys` signed the timestamp header and the raw body.

        A missing header, bad base64 or an unreadable key is False, never an exception.
        """
        found = {name.lower(): value for name, value in headers.items()}
        stamp = found.get(TIMESTAMP_HEADER.lower(), "")
        try:
            signature = base64.b64decode(found.get(SIGNATURE_HEADER.lower(), ""), validate=True)
        except (binascii.Error, ValueError):
            return False
        if not stamp or not signature:
            return False
        signed = stamp.encode("utf-8", "surrogateescape") + body
        return any(_signed_by(key, signature, signed) for key in keys)

    def parse(self, body: bytes) -> list[Event | str]:
        """Events in their order; a malformed one becomes a text that says what is wrong.

        The texts hold no personal data.
        """
        try:
            rows = json.loads(body)
        except (ValueError, RecursionError):
            return ["the post is not JSON that can be read"]
        if isinstance(rows, dict):
            rows = [rows]
        if not isinstance(rows, list):
            return ["the post is not a list of events"]
        if len(rows) > _MAX_EVENTS:
            return [f"the post holds {len(rows):,} events; at most {_MAX_EVENTS:,} are read"]
        return [_read(number, row) for number, row in enumerate(rows, 1)]


def _signed_by(key: str, signature: bytes, signed: bytes) -> bool:
    try:
        public = load_der_public_key(base64.b64decode(key))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(signature, signed, ec.ECDSA(SHA256()))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _read(number: int, row: Any) -> Event | str:
    if not isinstance(row, dict):
        return f"event {number} is not an object"
    word = row.get("event")
    if not isinstance(word, str) or not word:
        return f"event {number} does not say what happened (no `event`)"
    occurred_at = _time(row.get("timestamp"))
    if occurred_at is None:
        return f"event {number} has no time that can be read (`timestamp`)"
    return _event(row, word, occurred_at)


def _event(row: dict[str, Any], word: str, occurred_at: datetime) -> Event:
    kind = TYPES.get(word, EventType.UNKNOWN)
    if kind is EventType.BOUNCED and row.get("type") == "blocked":
        kind = EventType.BLOCKED
    return Event(
        type=kind,
        occurred_at=occurred_at,
        delivery_id=_argument(row, DELIVERY_ARG),
        address=_text(row.get("email")),
        fingerprint=_text(row.get("sg_event_id"))[:200],
        link=_text(row.get("url")) if kind is EventType.CLICKED else "",
        reason=_reason(row, kind),
        machine=_true(row.get("sg_machine_open")),
        hard=kind is EventType.BOUNCED,
        simulated=_true(row.get(SIMULATED_ARG) or _nested(row).get(SIMULATED_ARG)),
        message_id=_text(row.get("sg_message_id"))[:200],
        provider_word=word[:50],
    )


def _reason(row: dict[str, Any], kind: EventType) -> str:
    """What the receiving server said, on one line and without the address it often quotes."""
    words = _text(row.get("reason")) or _text(row.get("response"))
    if kind not in _WITH_REASON:
        return ""
    return " ".join(without_addresses(words).split())[:_MAX_REASON]


def _argument(row: dict[str, Any], name: str) -> str:
    return _text(row.get(name)) or _text(_nested(row).get(name))


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    found = row.get("custom_args") or row.get("unique_args")
    return found if isinstance(found, dict) else {}


def _true(value: Any) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.lower() == "true")


def _text(value: Any) -> str:
    # NUL and lone surrogates are legal JSON that PostgreSQL cannot store.
    if not isinstance(value, str):
        return ""
    if len(value) <= _MAX_TEXT and value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "")[:_MAX_TEXT].encode("utf-8", "ignore").decode()


def _time(value: Any) -> datetime | None:
    try:
        seconds = float(value)
        if not math.isfinite(seconds) or isinstance(value, bool):
            return None
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
