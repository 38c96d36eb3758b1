"""Made-up engagement for trying things out: SendGrid-shaped, signed, and marked as simulated."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

from outreach.errors import Refused
from outreach.ledger.edition_store import get
from outreach.ledger.engagement import accepted_deliveries
from outreach.ledger.engine import reading
from outreach.providers.sendgrid_events import (
    SIGNATURE_HEADER,
    SIMULATED_ARG,
    TIMESTAMP_HEADER,
)
from outreach.providers.sendgrid_people import DELIVERY_ARG

if TYPE_CHECKING:
    from outreach.workspace import Workspace

PrivateKey = ec.EllipticCurvePrivateKey

_EVENTS_A_POST = 500
_LINK = "https://www.ncltraininghub.org/training-and-support/workforce-race-equality-standard"


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery to make events for: our outside id, and when it was handed over."""

    delivery_id: str
    at: datetime


def make_key() -> tuple[PrivateKey, str]:
    """Return a throwaway signing key and its public half as base64 DER, as settings hold it."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private, base64.b64encode(public).decode()


def sign(private: PrivateKey, body: bytes, timestamp: str = "") -> dict[str, str]:
    """Return the headers with which SendGrid would sign `body`."""
    timestamp = timestamp or str(int(time.time()))
    signature = private.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    return {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: base64.b64encode(signature).decode(),
        TIMESTAMP_HEADER: timestamp,
    }


def simulate(
    ws: Workspace, edition: str, *, private_key: PrivateKey, url: str, seed: int = 1
) -> int:
    """Post plausible events for an edition's accepted deliveries; returns how many events.

    `url` is the webhook of the public app, which must know the key's public half. The same seed
    makes the same events, so that a second run adds nothing.
    Raises Refused in production and where the webhook does not take the events.
    """
    if ws.settings.production:
        raise Refused("events are not simulated in production: the figures would be untrue")
    with reading(ws.engine) as connection:
        found = get(connection, edition)
        people = accepted_deliveries(connection, found.id)
    ids = ws.keys.delivery_ids(found.id, [contact_id for contact_id, _ in people])
    sent = [Sent(one, at) for one, (_, at) in zip(ids, people, strict=True)]
    events = list(plausible(sent, seed))
    with httpx.Client(timeout=30.0) as http:
        for start in range(0, len(events), _EVENTS_A_POST):
            _post(http, url, private_key, events[start : start + _EVENTS_A_POST])
    return len(events)


def plausible(sent: Sequence[Sent], seed: int) -> Iterator[dict[str, Any]]:
    """Yield events as SendGrid would post them: most delivered, some opened, fewer clicked.

    Where there are enough people, one bounces and one unsubscribes.
    """
    for place, one in enumerate(sent):
        draw = random.Random(f"{seed}:{one.delivery_id}")  # noqa: S311 - a simulation
        yield _event(one, "processed", timedelta(seconds=1))
        if place == 1:
            yield _event(
                one,
                "bounce",
                timedelta(seconds=3),
                type="bounce",
                reason="550 5.1.1 The address does not exist (simulated)",
            )
            continue
        arrival = timedelta(seconds=draw.randint(2, 20))
        yield _event(one, "delivered", arrival, response="250 OK")
        yield from _reading(one, draw, arrival)
        if place == 4:
            yield _event(one, "unsubscribe", arrival + timedelta(minutes=50))


def _reading(one: Sent, draw: random.Random, arrival: timedelta) -> Iterator[dict[str, Any]]:
    if draw.random() < 0.3:
        yield _event(one, "open", arrival + timedelta(seconds=4), sg_machine_open=True)
    if draw.random() < 0.1:
        yield _event(one, "click", arrival + timedelta(seconds=3), url=_LINK)
    if draw.random() < 0.5:
        later = arrival + timedelta(minutes=draw.randint(2, 45))
        yield _event(one, "open", later, sg_machine_open=False)
        if draw.random() < 0.4:
            soon = later + timedelta(seconds=draw.randint(5, 90))
            yield _event(one, "click", soon, url=_LINK)


def _event(one: Sent, word: str, after: timedelta, **more: Any) -> dict[str, Any]:
    at = int(one.at.astimezone(UTC).timestamp() + after.total_seconds())
    return {
        "email": "simulated@example.org",
        "event": word,
        "timestamp": at,
        "sg_event_id": f"simulated-{one.delivery_id}-{word}-{at}",
        "sg_message_id": "simulated",
        DELIVERY_ARG: one.delivery_id,
        SIMULATED_ARG: "true",
        **more,
    }


def _post(http: httpx.Client, url: str, key: PrivateKey, events: list[dict[str, Any]]) -> None:
    body = json.dumps(events).encode()
    try:
        reply = http.post(url, content=body, headers=sign(key, body))
    except httpx.HTTPError as error:
        raise Refused(
            f"nothing answers at {url} ({type(error).__name__}); start the public app first"
        ) from None
    if reply.status_code != httpx.codes.OK:
        raise Refused(
            f"the webhook answered {reply.status_code}: {reply.text[:200]}; is the key's public "
            "half in OUTREACH_SENDGRID_WEBHOOK_KEYS?"
        )
