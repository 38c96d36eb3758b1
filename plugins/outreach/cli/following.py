"""The command that follows an edition up: a correction to exactly those who got it, or failed."""

from __future__ import annotations

import argparse

from outreach.cli.common import VIA, Commands, me, workspace
from outreach.cli.output import Output, plain
from outreach.clock import parse_when
from outreach.domain import Following
from outreach.flows import editions, following
from outreach.flows.following import KINDS
from outreach.workspace import Workspace


def add_commands(commands: Commands) -> None:
    """Add this file's command."""
    parser = commands.add_parser(
        "follow-up", help="prepare a correction to those who were accepted (or failed)"
    )
    parser.add_argument("edition", help="the edition to follow up")
    parser.add_argument("--campaign", required=True, metavar="SLUG", help="whose copy it has")
    parser.add_argument("--to", required=True, choices=KINDS, help="to whom of the edition")
    parser.add_argument("--dry-run", action="store_true", help="only count and check")
    parser.add_argument("--send-at", default="", metavar="TIME", help="as for prepare")
    parser.add_argument("--by", default="", metavar="NAME", help="who orders it (default: you)")
    parser.set_defaults(run=_follow_up)


def _follow_up(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    follows = following.following(arguments.edition, arguments.to)
    if arguments.dry_run:
        return _look(ws, follows, arguments.campaign, out)
    prepared = following.follow_up(
        ws,
        follows,
        arguments.campaign,
        by=arguments.by or me(),
        via=VIA,
        send_at=parse_when(arguments.send_at) if arguments.send_at else None,
    )
    faults = editions.check(ws, prepared.edition) if prepared.created else ()
    for fault in faults:
        out.say(f"{'Fault' if fault.blocking else 'Advice'}: {fault}")
    out.say(prepared.message)
    value = {"edition_id": prepared.edition, **plain(prepared), "faults": plain(faults)}
    out.result({**value, "follows": plain(follows)}, prepared.edition)
    return 1 if editions.blocking(faults) else 0


def _look(ws: Workspace, follows: Following, slug: str, out: Output) -> int:
    found = following.look(ws, follows, slug)
    out.result(plain(found), found.message)
    return 1 if editions.blocking(found.preview.faults) else 0
