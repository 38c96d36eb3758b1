"""Hand over an edition of tailored emails to a SendGrid-shaped sink, ledger and journal included.

Ours is `flows.editions.send` as it runs in production: claim with its re-checks, journal,
request, receipt. The peers use the sendgrid package on a table of their own in the same kind of
database with the same durability. They get recipients and content in memory, and join each
message our fast way, so that what is compared is the hand-over and not the rendering.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from bench.deployment import approved_edition, databases, deployment, planned_ids, populate
from bench.handover_peers import Outgoing, in_batches, one_by_one, outgoing, peer_table
from bench.measure import (
    Comparison,
    Options,
    Result,
    Sample,
    Timing,
    WriterClock,
    timed,
    timed_ours,
)
from bench.prebaked import baked, copied, post
from bench.sink import Sink, running_sink
from bench.two_senders import SENDERS, running_senders
from outreach.flows.editions import send, settle
from outreach.ledger.engine import open_engine
from outreach.workspace import Workspace

PEOPLE = 10_000
ONE_BY_ONE = 200


def run(options: Options) -> Result:
    """Compare the hand-over with the sendgrid package, one by one and in batches."""
    with databases(options) as new, running_sink() as sink:
        peer = open_engine(new("handover-peer"))
        with deployment(options.folder / "handover", new("handover"), sink.address) as ws:
            populate(ws, options.people or PEOPLE)
            result = _compare(ws, sink, options, peer)
        peer.dispose()
    return result


def _compare(ws: Workspace, sink: Sink, options: Options, peer: sa.Engine) -> Result:
    ours = Sample("Outreach, ledger and journal included", 0)
    single = Sample("the sendgrid package, one request and one commit per person", 0)
    batches = Sample("the sendgrid package, 1,000 personalizations a request, bulk update", 0)
    floor = Sample("requests made beforehand, posted, two writes for each", 0)
    several = Sample(f"Outreach, {SENDERS} senders (processes) as Airflow runs them", 0)
    longest = 0.0
    for number in range(options.rounds):
        several.size, took = _timed_senders(ws, sink, approved_edition(ws, f"several-{number}"))
        several.add_rate(took)
        edition = approved_edition(ws, f"round-{number}")
        everyone = outgoing(ws, edition)
        few = everyone[: options.peer_people or ONE_BY_ONE]
        ours.size = batches.size = floor.size = len(everyone)
        single.size = len(few)
        floor.add_rate(_timed_floor(ws, sink, edition, everyone))
        clock = WriterClock(ws.engine)
        ours.add_rate(send_edition(ws, sink, edition, timed_ours))
        longest = max(longest, clock.longest)
        single.add_rate(_timed_peer(one_by_one, few, sink, peer))
        batches.add_rate(_timed_peer(in_batches, everyone, sink, peer))
    kind = options.database
    return Result(
        (
            Comparison(f"handover-{kind}-vs-one-by-one", "emails/s", ours, single),
            Comparison(f"handover-{kind}-vs-batches", "emails/s", ours, batches),
            Comparison(f"handover-{kind}-vs-prebaked", "emails/s", ours, floor),
            Comparison(
                f"handover-{kind}-{SENDERS}-senders-vs-batches", "emails/s", several, batches
            ),
        ),
        (f"one claim or receipt kept other writers waiting for {longest * 1000:,.0f} ms at most",),
    )


def send_edition(ws: Workspace, sink: Sink, edition: str, timing: Timing = timed) -> float:
    """Send an approved edition; returns the seconds.

    Raises RuntimeError unless each email came exactly once and the certificate balances.
    """
    expected = planned_ids(ws, edition)
    with timing() as seconds:
        report = send(ws, edition)
    sink.take().must_be(expected, "Outreach")
    if not (report.finished and settle(ws, edition).balanced):
        raise RuntimeError(f"the edition did not end balanced: {report.why}")
    return seconds()


def _timed_senders(ws: Workspace, sink: Sink, edition: str) -> tuple[int, float]:
    """Return how many people an edition went to by several senders at once, and the seconds."""
    expected = planned_ids(ws, edition)
    with running_senders(ws, sink.address) as senders, timed() as seconds:
        senders.send(edition)
    sink.take().must_be(expected, "several senders")
    if not settle(ws, edition).balanced:
        raise RuntimeError("the edition of several senders did not end balanced")
    return len(expected), seconds()


def _timed_floor(ws: Workspace, sink: Sink, edition: str, everyone: list[Outgoing]) -> float:
    requests = baked(ws, edition, everyone)
    with copied(ws, edition.rpartition("@")[2]) as ledger:
        with timed() as seconds:
            post(sink.address, ledger, requests)
        sink.take().must_be([one.recipient.delivery_id for one in everyone], "the floor")
    return seconds()


def _timed_peer(
    peer: Callable[[str, sa.Engine, list[Outgoing]], None],
    people: list[Outgoing],
    sink: Sink,
    engine: sa.Engine,
) -> float:
    peer_table(engine, people)
    with timed() as seconds:
        peer(sink.address, engine, people)
    sink.take().must_be([one.recipient.delivery_id for one in people], "the peer")
    return seconds()
