"""Take in signed webhook posts of 500 events, against an ORM that writes them as they come.

The events are about an edition that was really sent to the sink. Signatures are checked on both
sides where a post is taken in; the drain and its peer start from posts that were checked already.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.deployment import approved_edition, databases, deployment, planned_ids, populate
from bench.events_peers import each_event, each_post, peer_deliveries
from bench.handover import send_edition
from bench.measure import Comparison, Options, Result, Sample, WriterClock, timed, timed_ours
from bench.sink import Sink, running_sink
from outreach.flows.events import drain, store_raw
from outreach.ledger.engine import open_engine
from outreach.providers.registry import event_source
from outreach.providers.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER
from outreach.workspace import Workspace

EVENTS = 10_000
EACH = 500
A_POST = 500


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook post and its signature's headers."""

    headers: Mapping[str, str]
    body: bytes
    events: int


class Signer:
    """Signs posts as SendGrid does; `public` is the key to check them with."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(der).decode()

    def post(self, events: list[dict[str, Any]]) -> Post:
        """Return a signed post."""
        body = json.dumps(events).encode()
        stamp = "1795428000"
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        headers = {
            TIMESTAMP_HEADER: stamp,
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
        }
        return Post(headers, body, len(events))


@dataclass(frozen=True, slots=True)
class _Bench:
    ws: Workspace
    sink: Sink
    signer: Signer
    peer: sa.Engine


def run(options: Options) -> Result:
    """Compare taking in, draining, and both together."""
    events = options.people or EVENTS
    with _bench(options, _people_for(events)) as bench:
        return _compare(bench, options, events)


@contextmanager
def _bench(options: Options, people: int) -> Iterator[_Bench]:
    signer = Signer()
    home = options.folder / "events"
    with (
        databases(options) as new,
        running_sink() as sink,
        deployment(home, new("events"), sink.address, signer.public) as ws,
    ):
        populate(ws, people)
        peer = open_engine(new("events-peer"))
        yield _Bench(ws, sink, signer, peer)
        peer.dispose()


def _compare(bench: _Bench, options: Options, events: int) -> Result:
    few = min(options.peer_people or EACH, events)
    stored = Sample("Outreach: verify + store, what a post waits for", events)
    drained = Sample("Outreach: drain", events)
    whole = Sample("Outreach: verify + store + drain", events)
    single = Sample("verify + SQLAlchemy ORM, one commit per event", few)
    batches = Sample("SQLAlchemy ORM, one transaction per post", events)
    longest = 0.0
    for number in range(options.rounds):
        edition = approved_edition(bench.ws, f"round-{number}")
        send_edition(bench.ws, bench.sink, edition)
        ids = planned_ids(bench.ws, edition)
        posts = list(signed(bench.signer, ids, events))
        clock = WriterClock(bench.ws.engine)
        storing, draining = _store(bench.ws, posts), _drain(bench.ws, events)
        longest = max(longest, clock.longest)
        stored.add_rate(storing)
        drained.add_rate(draining)
        whole.add_rate(storing + draining)
        single.add_rate(_each_event(bench, ids, list(signed(bench.signer, ids, few))))
        batches.add_rate(_each_post(bench, ids, posts))
    kind = options.database
    return Result(
        (
            Comparison(f"events-{kind}-take-in", "events/s", stored, single),
            Comparison(f"events-{kind}-whole", "events/s", whole, single),
            Comparison(f"events-{kind}-drain", "events/s", drained, batches),
        ),
        (f"one transaction kept other writers waiting for {longest * 1000:,.0f} ms at most",),
    )


def _people_for(events: int) -> int:
    """People enough for one delivered, 1 in 3 opened and 1 in 10 clicked (some suppressed)."""
    return events * 3 // 4 + 60


def signed(signer: Signer, ids: list[str], number: int) -> Iterator[Post]:
    """Yield `number` events about these deliveries in posts of `A_POST`."""
    rows: list[dict[str, Any]] = []
    for row in _events(ids, number):
        rows.append(row)
        if len(rows) == A_POST:
            yield signer.post(rows)
            rows = []
    if rows:
        yield signer.post(rows)


def _events(ids: list[str], number: int) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    made = 0
    for place, delivery in enumerate(ids):
        words = ["delivered", *(["open"] if place % 3 == 0 else [])]
        words += ["click"] if place % 10 == 0 else []
        for late, word in enumerate(words):
            if made == number:
                return
            made += 1
            at = now + timedelta(seconds=60 * late)
            yield {
                "event": word,
                "timestamp": int(at.timestamp()),
                "email": f"person{place}@example.org",
                "sg_event_id": f"{delivery}-{word}",
                "sg_message_id": f"m.{place}",
                "outreach_delivery": delivery,
                "category": ["what-is-wres"],
                **({"url": "https://example.org/page"} if word == "click" else {}),
            }
    raise RuntimeError(f"{len(ids)} deliveries are too few for {number} events")


def _store(ws: Workspace, posts: list[Post]) -> float:
    source = event_source("sendgrid")
    with timed_ours() as seconds:
        for post in posts:
            if not source.verify(post.headers, post.body, ws.settings.webhook_keys):
                raise RuntimeError("a signature that is right was refused")
            store_raw(ws, "sendgrid", post.body)
    return seconds()


def _drain(ws: Workspace, events: int) -> float:
    with timed_ours() as seconds:
        report = drain(ws)
    if (report.added, report.unmatched, report.faults) != (events, 0, 0):
        raise RuntimeError(f"not every event became a fact: {report}")
    return seconds()


def _each_event(bench: _Bench, ids: list[str], posts: list[Post]) -> float:
    peer_deliveries(bench.peer, ids)
    source = event_source("sendgrid")
    with timed() as seconds:
        for post in posts:
            if not source.verify(post.headers, post.body, [bench.signer.public]):
                raise RuntimeError("a signature that is right was refused")
            each_event(bench.peer, post.body)
    return seconds()


def _each_post(bench: _Bench, ids: list[str], posts: list[Post]) -> float:
    peer_deliveries(bench.peer, ids)
    with timed() as seconds:
        for post in posts:
            each_post(bench.peer, post.body)
    return seconds()
