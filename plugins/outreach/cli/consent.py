"""Commands about what a person agreed to: basis, tracking, pledge; and how long it is kept."""

from __future__ import annotations

import argparse

from outreach.cli.common import VIA, Commands, add_who, me, workspace, workspace_to_halt
from outreach.cli.output import Output, table
from outreach.domain import BasisKind, Purpose
from outreach.flows import bases, pledging, retention, tracking


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    basis = commands.add_parser("basis", help="why one person may be written to")
    basis.add_argument("address")
    what = basis.add_mutually_exclusive_group(required=True)
    what.add_argument("--give", choices=[*BasisKind], help="record a basis")
    what.add_argument("--withdraw", action="store_true", help="withdraw what stands")
    basis.add_argument("--purpose", choices=[*Purpose], default="", help="default: every one")
    _add_evidence(basis)
    basis.set_defaults(run=_basis)
    choice = commands.add_parser("tracking", help="whether one person's clicks may be counted")
    choice.add_argument("address")
    yes_no = choice.add_mutually_exclusive_group(required=True)
    yes_no.add_argument("--give", action="store_true", help="they agreed")
    yes_no.add_argument("--withdraw", action="store_true", help="they did not, or no longer do")
    _add_evidence(choice)
    choice.set_defaults(run=_tracking)
    pledge = commands.add_parser("pledge", help="withdraw one person's pledge")
    pledge.add_argument("address")
    pledge.add_argument("--withdraw", action="store_true", required=True)
    add_who(pledge)
    pledge.set_defaults(run=_pledge)
    add_retention(commands)


def add_retention(commands: Commands) -> None:
    """Add the command that lets go of what is old."""
    command = commands.add_parser("retention", help="what is older than the rules of hub.yaml")
    command.add_argument(
        "--apply", action="store_true", help="confirm the rules, and let it go for good"
    )
    command.add_argument("--by", default="", metavar="NAME", help="who confirms (default: you)")
    command.set_defaults(run=_retention)


def _retention(arguments: argparse.Namespace, out: Output) -> int:
    ws, who = workspace(), arguments.by or me()
    if arguments.apply:
        retention.confirm(ws, by=who, via=VIA)
    done = retention.apply_retention(ws, dry_run=not arguments.apply, by=who, via=VIA)
    heads = ("rule", "days", "would go" if done.dry_run else "gone")
    rows = [(rule.replace("_", " "), done.days[rule], n) for rule, n in done.counts.items()]
    words = table(heads, rows)
    if done.dry_run:
        words += "\nNothing was changed. To confirm these rules: outreach retention --apply"
    out.result(done, words)
    return 0


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--evidence", default="", metavar="TEXT", help="what shows it")
    parser.add_argument("--wording", default="", metavar="VERSION", help="the words they saw")
    add_who(parser)


def _basis(arguments: argparse.Namespace, out: Output) -> int:
    who = {"by": arguments.by or me(), "via": VIA}
    if arguments.withdraw:
        ended = bases.withdraw_basis(
            workspace_to_halt(),
            arguments.address,
            purpose=arguments.purpose,
            reason=arguments.reason,
            **who,
        )
        out.result({"withdrawn": ended}, f"{ended} withdrawn, from the next message on")
        return 0
    new = bases.give_basis(
        workspace(),
        arguments.address,
        arguments.give,
        purpose=arguments.purpose,
        evidence=arguments.evidence,
        wording_version=arguments.wording,
        **who,
    )
    out.result({"new": new}, "Recorded" if new else "It stood already; nothing changed")
    return 0


def _tracking(arguments: argparse.Namespace, out: Output) -> int:
    changed = tracking.choose_tracking(
        workspace_to_halt(),
        arguments.address,
        arguments.give,
        evidence=arguments.evidence or arguments.reason,
        wording_version=arguments.wording,
        by=arguments.by or me(),
        via=VIA,
    )
    words = "Recorded" if changed else "That was their choice already; nothing changed"
    out.result({"changed": changed}, words)
    return 0


def _pledge(arguments: argparse.Namespace, out: Output) -> int:
    ended = pledging.withdraw_pledge(
        workspace_to_halt(),
        arguments.address,
        by=arguments.by or me(),
        via=VIA,
        reason=arguments.reason,
    )
    out.result({"withdrawn": ended}, f"{ended} pledge(s) withdrawn")
    return 0
