"""Hand over an edition of tailored emails to a mail server, ledger and journal included.

Ours is `flows.editions.send`, as in `handover`. One peer is smtplib with the standard library's
EmailMessage and a commit for each person; the other sends bytes that were made beforehand over 8
pipelined connections, and keeps no ledger: it says how far from the wire we are.
"""

from __future__ import annotations

import sqlalchemy as sa

from bench.deployment import approved_edition, databases, deployment, planned_ids, populate
from bench.handover_peers import Outgoing, outgoing, peer_table
from bench.measure import Comparison, Options, Result, Sample, Timing, timed, timed_ours
from bench.smtp_peers import PIPES, baked, message_of, one_by_one, pipes
from bench.smtp_sink import SmtpSink, running_smtp_sink
from outreach.flows.editions import send, settle
from outreach.ledger.engine import open_engine
from outreach.workspace import Workspace

PEOPLE = 10_000
ONE_BY_ONE = 200
MANY = "100"
"""Connections where each answer takes its time."""


def run(options: Options) -> Result:
    """Compare sending by SMTP with smtplib, and with ready-made bytes."""
    seconds = options.latency / 1000
    with databases(options) as new, running_smtp_sink(seconds) as sink:
        peer = open_engine(new("smtp-peer"))
        more = {
            "OUTREACH_PROVIDER": "smtp",
            "OUTREACH_SMTP_URL": sink.url,
            "OUTREACH_SMTP_CONNECTIONS": MANY if seconds else str(PIPES),
        }
        with deployment(options.folder / "smtp", new("smtp"), more=more) as ws:
            populate(ws, options.people or PEOPLE)
            result = _compare(ws, sink, options, peer)
        peer.dispose()
    return result


def _compare(ws: Workspace, sink: SmtpSink, options: Options, peer: sa.Engine) -> Result:
    ours = Sample("Outreach, ledger and journal included", 0)
    single = Sample("smtplib, EmailMessage and one commit per person", 0)
    wire = Sample(f"ready-made bytes over {PIPES} pipelined connections, no ledger", 0)
    for number in range(options.rounds):
        edition = approved_edition(ws, f"round-{number}")
        everyone = outgoing(ws, edition)
        few = everyone[: options.peer_people or ONE_BY_ONE]
        ours.size, single.size, wire.size = len(everyone), len(few), len(everyone)
        ours.add_rate(send_edition(ws, sink, edition, timed_ours))
        single.add_rate(_timed_single(few, sink, peer))
        wire.add_rate(_timed_wire(everyone, sink))
    kind, wait = options.database, f"-{options.latency:g}ms" if options.latency else ""
    return Result(
        (
            Comparison(f"smtp-{kind}{wait}-vs-smtplib", "emails/s", ours, single),
            Comparison(f"smtp-{kind}{wait}-vs-ready-made", "emails/s", ours, wire),
        ),
        (f"each answer came after {options.latency:g} ms",) if options.latency else (),
    )


def send_edition(ws: Workspace, sink: SmtpSink, edition: str, timing: Timing = timed) -> float:
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


def _timed_single(people: list[Outgoing], sink: SmtpSink, engine: sa.Engine) -> float:
    peer_table(engine, people)
    with timed() as seconds:
        one_by_one(sink.port, engine, people)
    sink.take().must_be([one.recipient.delivery_id for one in people], "smtplib")
    return seconds()


def _timed_wire(people: list[Outgoing], sink: SmtpSink) -> float:
    ready = [baked(one.sender.address, one.recipient.address, _raw(one)) for one in people]
    with timed() as seconds:
        pipes(sink.port, ready)
    sink.take().must_be([one.recipient.delivery_id for one in people], "ready-made bytes")
    return seconds()


def _raw(one: Outgoing) -> bytes:
    """A message of the size that ours have."""
    return message_of(one).as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
