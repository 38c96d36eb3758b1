"""Build each person's MIME message, against the standard library's EmailMessage for each.

Readers and variants are those of `bench/rendering.py`. The time is that of the processor: what
is built goes nowhere. Ours includes what a batch shares, made anew for each batch.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from bench.deployment import CAMPAIGN
from bench.measure import Comparison, Options, Result, Sample, profiles
from bench.mime_peers import email_message
from bench.people import people
from bench.rendering import batches, tailor
from outreach.campaigns import load_library
from outreach.hub import load_hub
from outreach.providers import mime
from outreach.providers.base import Handover, Recipient
from outreach.settings import ROOT

Build = Callable[[Recipient], bytes]

PEOPLE = 10_000
ONE_BY_ONE = 200
BATCH = 1_000


def run(options: Options) -> Result:
    """Compare with EmailMessage as an application writes it, and with our own reference."""
    hub = load_hub(ROOT / "hub.yaml")
    campaign = load_library((ROOT / "templates" / "campaigns",), hub).campaigns[CAMPAIGN]
    handovers = batches(tailor(campaign, hub, list(people(options.people or PEOPLE))), BATCH)
    few = _first(handovers, options.peer_people or ONE_BY_ONE)
    size = sum(len(whole.recipients) for whole in handovers)
    asked = sum(len(whole.recipients) for whole in few)
    ours = Sample("Outreach: a batch's octets made once, each message joined", size)
    peer = Sample("EmailMessage per person, as an application writes it", asked)
    reference = Sample("Outreach: the reference that the quick way equals", asked)
    octets = _must_agree(few)
    for _ in range(options.rounds):
        ours.add_rate(_processor_time(mime.maker, handovers, ours=True))
        peer.add_rate(_processor_time(_by_email_message, few))
        reference.add_rate(_processor_time(_by_reference, few))
    return Result(
        (
            Comparison("mime-vs-emailmessage", "messages/s", ours, peer),
            Comparison("mime-vs-reference", "messages/s", ours, reference),
        ),
        (f"{octets:,} octets a message",),
    )


def _by_email_message(whole: Handover) -> Build:
    return lambda one: email_message(whole, one)


def _by_reference(whole: Handover) -> Build:
    return lambda one: mime.build(whole, one)


def _processor_time(
    maker: Callable[[Handover], Build], handovers: list[Handover], ours: bool = False
) -> float:
    gc.collect()
    for profile in profiles if ours else ():
        profile.enable()
    began = time.process_time()
    for whole in handovers:
        make = maker(whole)
        for one in whole.recipients:
            make(one)
    took = time.process_time() - began
    for profile in profiles if ours else ():
        profile.disable()
    return took


def _first(handovers: list[Handover], people: int) -> list[Handover]:
    """Return as many of the first people, in their batches."""
    found = []
    for whole in handovers:
        some = whole.recipients[:people]
        people -= len(some)
        if some:
            found.append(replace(whole, recipients=some))
    return found


def _must_agree(handovers: list[Handover]) -> int:
    """Return the octets of the last message; all three ways say the same to everybody."""
    octets = 0
    for whole in handovers:
        quick, slow, peer = mime.maker(whole), _by_reference(whole), _by_email_message(whole)
        for one in whole.recipients:
            raw = quick(one)
            if raw != slow(one) or _read(raw) != _read(peer(one)):
                raise RuntimeError("the three did not make the same message")
            octets = len(raw)
    return octets


def _read(raw: bytes) -> tuple[str, ...]:
    message = message_from_bytes(raw, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("a parser that makes no EmailMessage")
    parts = [part.get_content() for part in message.iter_parts()]
    return (*parts, *(message[name] for name in ("To", "Subject", "Message-ID")))
