"""Commands about doubts: list them with all that is known, settle them, order a resend."""

from __future__ import annotations

import argparse

from outreach.cli.common import VIA, Commands, add_who, workspace
from outreach.cli.output import Output, table
from outreach.clock import london
from outreach.domain import state_words
from outreach.errors import Refused
from outreach.flows import doubts as flow
from outreach.flows import editions, resending
from outreach.flows.doubts import Doubt, DoubtBatch, Evidence
from outreach.workspace import Workspace

_SETTLE = """List an edition's doubts with all that is known of them, or settle some as not sent.
Nothing is sent by this. There is no way to settle a doubt as accepted by hand: only an event
that carries the delivery's id does that. Where you know that a message arrived, leave it in
doubt, which sends it no second time; or have the provider's events taken in."""


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    settle = commands.add_parser(
        "settle", help="list an edition's doubts, or settle some", description=_SETTLE
    )
    settle.add_argument("edition")
    which = settle.add_mutually_exclusive_group()
    which.add_argument(
        "--failed", nargs="+", default=[], metavar="DELIVERY", help="these were not sent"
    )
    which.add_argument(
        "--all-in-batch", type=int, metavar="N", help="nobody in doubt of batch N was"
    )
    settle.add_argument(
        "--ask-provider", action="store_true", help="ask the provider how many it counts"
    )
    add_who(settle)
    settle.set_defaults(run=_settle)
    resend = commands.add_parser(
        "resend", help="order failed deliveries again; prints the new edition's id"
    )
    resend.add_argument("edition")
    resend.add_argument("delivery", nargs="+", metavar="DELIVERY")
    add_who(resend)
    resend.set_defaults(run=_resend)


def _settle(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    settled = _settled(ws, arguments)
    account = editions.settle(ws, arguments.edition)
    evidence = flow.evidence(ws, arguments.edition, refresh=arguments.ask_provider)
    found = flow.doubts(ws, arguments.edition)
    value = {
        "edition_id": account.edition,
        "settled": settled,
        "doubts": found,
        "evidence": evidence,
        "certificate": account,
    }
    words = doubt_words(arguments.edition, found, evidence)
    out.result(value, f"{settled} settled as not sent\n{words}" if settled else words)
    return 0


def _settled(ws: Workspace, arguments: argparse.Namespace) -> int:
    who = {"by": arguments.by, "via": VIA, "reason": arguments.reason}
    if arguments.all_in_batch is not None:
        return flow.settle_batch(ws, arguments.edition, arguments.all_in_batch, **who)
    if arguments.failed:
        return flow.settle_doubts(ws, arguments.edition, arguments.failed, **who)
    return 0


def _resend(arguments: argparse.Namespace, out: Output) -> int:
    if not arguments.by or not arguments.reason:
        raise Refused("a resend is ordered by a named person with a reason: --by and --reason")
    made = resending.resend(
        workspace(),
        arguments.edition,
        arguments.delivery,
        by=arguments.by,
        via=VIA,
        reason=arguments.reason,
    )
    out.say(
        "Ordered. Nothing has left yet: Airflow's DAG “Resends” sends it within five minutes, or "
        f"send it now with: outreach send {made}"
    )
    out.result({"edition_id": made, "again_of": arguments.edition}, made)
    return 0


def doubt_words(edition: str, found: tuple[Doubt, ...], evidence: Evidence) -> str:
    """Return an edition's doubts as text: by batch, then each delivery, then what to make of it."""
    if not found:
        return f"{edition} has no doubts\n\n{evidence.looks}"
    parts = [f"{edition}: {len(found)} in doubt"]
    for batch in dict.fromkeys(one.batch for one in found):
        some = [one for one in found if one.batch == batch]
        parts.append(_batch_words(some[0].whole) + "\n" + _table(some))
    asked = f" (asked {london(evidence.asked_at)})" if evidence.asked_at else ""
    parts.append(f"What the provider counts{asked}: {evidence.looks}")
    if evidence.can_ask and not evidence.asked_at:
        parts.append(f"To ask it: outreach settle {edition} --ask-provider")
    parts.append(f"How doubts are settled: {evidence.how_settled}")
    parts.append(
        f"Not sent after all? outreach settle {edition} --failed DELIVERY --by NAME --reason TEXT"
    )
    return "\n\n".join(parts)


def _batch_words(batch: DoubtBatch | None) -> str:
    if batch is None:
        return "Known from the claim journal alone: which batch and when is not known any more"
    claimed = london(batch.claimed_at) if batch.claimed_at else "an unknown time"
    host = batch.sender.partition("|")[0]
    states = ", ".join(
        f"{people} {state_words(state)}" for state, people in sorted(batch.states.items())
    )
    events = "; ".join(
        f"{e.people} {e.type}, from {london(e.first)} to {london(e.last)}" for e in batch.events
    )
    return (
        f"Batch {batch.number}, claimed {claimed}"
        + (f" by a sender on {host}" if host else "")
        + f" (attempt {batch.attempts}, epoch {batch.epoch})"
        + f"\n  everybody in it now: {states}"
        + f"\n  events about it: {events or 'none'}"
    )


def _table(some: list[Doubt]) -> str:
    rows = [
        (
            one.delivery_id,
            one.reason,
            ", ".join(f"{e.type} {london(e.at)}" for e in one.events) or "none",
            one.trace,
        )
        for one in some
    ]
    return table(("delivery", "why in doubt", "events", "trace"), rows)
