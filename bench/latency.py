"""The same hand-over where each of SendGrid's replies takes 50 ms longer, as over a network.

There is no peer but ourselves without that wait: with enough requests in flight, an edition
should take about as long.
"""

from __future__ import annotations

from contextlib import ExitStack

from bench.deployment import approved_edition, databases, deployment, planned_ids, populate
from bench.handover import send_edition
from bench.measure import Comparison, Options, Result, Sample, timed_ours
from bench.sink import running_sink

PEOPLE = 50_000
LATENCY = 0.05
"""Seconds."""


def run(options: Options) -> Result:
    """Compare the hand-over with late replies and with replies at once."""
    late = Sample("Outreach, each reply 50 ms late", 0)
    at_once = Sample("Outreach, replies at once", 0)
    with ExitStack() as stack:
        new = stack.enter_context(databases(options))
        sides = []
        for sample, wait in ((late, LATENCY), (at_once, 0.0)):
            name = "late" if wait else "at-once"
            sink = stack.enter_context(running_sink(wait))
            ws = stack.enter_context(deployment(options.folder / name, new(name), sink.address))
            populate(ws, options.people or PEOPLE)
            sides.append((sample, ws, sink))
        for number in range(options.rounds):
            for sample, ws, sink in sides:
                edition = approved_edition(ws, f"round-{number}")
                sample.size = len(planned_ids(ws, edition))
                sample.add_rate(send_edition(ws, sink, edition, timed_ours))
    return Result((Comparison(f"latency-{options.database}", "emails/s", late, at_once),))
