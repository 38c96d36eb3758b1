"""Commands about editions: prepare, approve, send, steer, certificate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from outreach.cli.common import VIA, Commands, me, workspace
from outreach.cli.output import Output, plain, table
from outreach.clock import parse_when
from outreach.domain import EditionState
from outreach.flows import certifying, editions
from outreach.flows.sendreport import SendReport
from outreach.ledger.certificate import Certificate


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    prepare = commands.add_parser("prepare", help="freeze an edition; prints its id")
    prepare.add_argument("slug")
    prepare.add_argument("--occurrence", default="", help="default: today's London date")
    prepare.add_argument("--send-at", default="", help="such as 2026-11-23T10:00 (London)")
    prepare.add_argument(
        "--overdue", action="store_true", help="also steps after a pledge that came too late"
    )
    prepare.add_argument("--by", default="", metavar="NAME", help="who prepares it (default: you)")
    prepare.set_defaults(run=_prepare)
    approve = commands.add_parser("approve", help="approve an edition as its approver")
    approve.add_argument("edition")
    approve.add_argument("--by", required=True, metavar="NAME", help="who approves; not an author")
    approve.set_defaults(run=_approve)
    send = commands.add_parser("send", help="send an approved edition; ends with its certificate")
    send.add_argument("edition")
    send.set_defaults(run=_send)
    shown = commands.add_parser("certificate", help="an edition's account, to the person")
    shown.add_argument("edition")
    shown.add_argument(
        "--out", type=Path, metavar="FILE", help=".csv (everybody), .html (to print) or .json"
    )
    shown.set_defaults(run=_certificate)


def _prepare(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    prepared = editions.prepare(
        ws,
        arguments.slug,
        arguments.occurrence,
        by=arguments.by or me(),
        via=VIA,
        send_at=parse_when(arguments.send_at) if arguments.send_at else None,
        overdue=arguments.overdue,
    )
    faults: tuple[object, ...] = ()
    sound = True
    if prepared.state == EditionState.PREPARED:
        found = editions.check(ws, prepared.edition)
        faults, sound = found, not editions.blocking(found)
        for fault in found:
            out.say(f"{'Fault' if fault.blocking else 'Advice'}: {fault}")
    out.say(prepared.message)
    made = prepared.edition if prepared.state else ""
    value = {"edition_id": made, **plain(prepared), "faults": plain(faults)}
    out.result(value, made)
    return 0 if sound else 1


def _approve(arguments: argparse.Namespace, out: Output) -> int:
    record = editions.approve(workspace(), arguments.edition, by=arguments.by, via=VIA)
    value = {
        "edition_id": record.name,
        "state": record.state,
        "approved_by": record.approved_by,
        "approved_via": record.approved_via,
        "approval_hash": record.approval_hash,
    }
    out.result(value, f"{record.name} is approved by {record.approved_by}")
    return 0


def _send(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()

    def progress(report: SendReport) -> None:
        if sys.stderr.isatty():
            out.say(f"{report.handed_over} handed over, {report.in_doubt} in doubt")

    report = editions.send(ws, arguments.edition, progress=progress)
    account = editions.settle(ws, arguments.edition)
    out.say(f"{report.handed_over} handed over in {report.batches} batches; {report.why}")
    value = {**account.as_json(), "edition_id": account.edition, "why": report.why}
    out.result(value, certificate_words(account))
    complete = account.balanced and not (account.planned or account.claimed or account.unknown)
    return 0 if complete else 1


def _certificate(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    found = certifying.account(ws, arguments.edition)
    account = found.now
    if arguments.out:
        certifying.export_certificate(ws, arguments.edition, arguments.out)
        out.say(f"The certificate is in {arguments.out}")
    value = {
        **account.as_json(),
        "edition_id": account.edition,
        "facts": found.facts,
        "settled": found.settled,
        "settled_at": found.settled_at,
        "changes": found.changes,
    }
    out.result(value, f"{certificate_words(account)}\n{facts_words(found)}")
    return 0 if account.balanced else 1


def facts_words(found: certifying.EditionAccount) -> str:
    """Return who answered for an edition and when, and what changed since it was settled."""
    facts = found.facts
    approved = f"{facts.approved_by} ({facts.approved_via})" if facts.approved_by else "nobody yet"
    rows = [
        ("prepared", facts.prepared_by, facts.prepared_at),
        ("approved", approved, facts.approved_at),
        ("began", f"with {facts.provider}", facts.began_at),
        ("ended", "", facts.ended_at),
        ("settled", "", found.settled_at),
    ]
    lines = [table(("", "", "when"), rows), f"content {facts.content_hash}"]
    lines += [f"sends again what is settled of {facts.again_of}"] if facts.again_of else []
    lines += [f"follows up {facts.follows}"] if facts.follows else []
    lines += [f"followed up by {name}" for name in facts.follow_ups]
    lines += [f"settled deliveries of it were ordered again as {name}" for name in facts.resends]
    lines += [f"changed since it was settled: {one}" for one in found.changes]
    return "\n".join(lines)


def certificate_words(account: Certificate) -> str:
    """Return a certificate as text that adds up for its reader."""
    rows: list[tuple[object, object]] = [
        ("intended", account.intended),
        ("= accepted", account.accepted),
    ]
    rows += [(f"    now {state}", people) for state, people in account.became.items() if people]
    for name in ("failed", "suppressed", "cancelled", "unknown", "planned", "claimed"):
        people = getattr(account, name)
        rows.append((f"+ {name}", people))
        rows += [(f"    {why}", n) for why, n in sorted(account.reasons.get(name, {}).items())]
    rows.append(("crossed in flight", account.crossed))
    rows.append(("outside the audience", account.excluded))
    rows += [(f"    {why}", n) for why, n in account.excluded_by_reason.items()]
    verdict = "balanced to the person" if account.balanced else "DOES NOT BALANCE"
    head = f"Certificate of {account.edition} ({account.state}): {verdict}"
    return head + "\n" + table(("", "people"), rows)
