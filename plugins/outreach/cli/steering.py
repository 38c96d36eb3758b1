"""Commands that steer: pause, resume and cancel an edition; hold a campaign; stop everything."""

from __future__ import annotations

import argparse

from outreach.cli.common import VIA, Commands, add_who, me, workspace, workspace_to_halt
from outreach.cli.editions import certificate_words
from outreach.cli.output import Output
from outreach.errors import InputError
from outreach.flows import control, steering
from outreach.flows.steering import Order
from outreach.steeringwords import NEEDS_A_REASON, OrderKind
from outreach.workspace import Workspace

_OF_A_CAMPAIGN = {"pause": OrderKind.HOLD, "resume": OrderKind.RELEASE}
"""What these two commands order where a campaign is named."""


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    for name, words in (
        ("pause", "hold an edition, or a whole campaign: no further batch is handed over"),
        ("resume", "let a paused edition, or a held campaign, go on"),
    ):
        steer = commands.add_parser(name, help=words)
        steer.add_argument("name", metavar="EDITION", help="an edition, or a campaign")
        add_who(steer)
        steer.set_defaults(run=_steer)
    cancel = commands.add_parser(
        "cancel", help="end an edition: whoever is not handed over yet is cancelled"
    )
    cancel.add_argument("name", metavar="EDITION")
    add_who(cancel)
    cancel.set_defaults(run=_steer)
    for name, words, run in (
        ("stop-all", "stop all sending of this deployment, until start-all", _stop_all),
        ("start-all", "let sending go on after stop-all", _start_all),
    ):
        everything = commands.add_parser(name, help=words)
        everything.add_argument("--by", default="", metavar="NAME", help="who orders it; needed")
        everything.add_argument("--reason", default="", metavar="TEXT", help="why")
        everything.set_defaults(run=run)


def _steer(arguments: argparse.Namespace, out: Output) -> int:
    name = arguments.name
    ws = workspace() if arguments.command == "resume" else workspace_to_halt()
    a_campaign = "@" not in name and arguments.command != "cancel"
    kind = _OF_A_CAMPAIGN[arguments.command] if a_campaign else OrderKind(arguments.command)
    if kind in NEEDS_A_REASON and not arguments.reason.strip():
        command = f"outreach {arguments.command} {name}"
        raise InputError(f"say why, which is kept and shown: {command} --reason TEXT")
    given = Order(kind, "" if a_campaign else name, name if a_campaign else "", arguments.reason)
    done = steering.steer(ws, given, by=arguments.by or me(), via=VIA)
    if a_campaign:
        return _say_campaign(ws, name, out)
    (account,) = done.accounts
    if kind is OrderKind.RESUME:
        _say_what_still_holds(ws, name, out)
    out.result({**account.as_json(), "edition_id": account.edition}, certificate_words(account))
    return 0


def _say_campaign(ws: Workspace, slug: str, out: Output) -> int:
    hold = control.held(ws, slug)
    if hold:
        words = f"The campaign {slug} is held by {hold.who}: no edition of it is handed over"
    else:
        words = f"The campaign {slug} may go on; the next send hands over what is planned"
    out.result({"campaign": slug, "held": hold}, words)
    return 0


def _say_what_still_holds(ws: Workspace, edition: str, out: Output) -> None:
    slug = edition.partition("@")[0]
    hold, stop = control.held(ws, slug), control.stopped(ws)
    if hold:
        out.say(
            f"Its campaign is held by {hold.who} ({hold.reason}): nothing goes out until "
            f"outreach resume {slug}"
        )
    if stop:
        out.say(f"All sending is stopped by {stop.by} ({stop.reason}): see outreach start-all")


def _stop_all(arguments: argparse.Namespace, out: Output) -> int:
    order = control.stop_all(workspace_to_halt(), by=arguments.by, via=VIA, reason=arguments.reason)
    words = (
        f"All sending is stopped by {order.by}. Requests in flight are recorded; nobody is lost. "
        "outreach start-all lets it go on"
    )
    out.result({"stopped": order}, words)
    return 0


def _start_all(arguments: argparse.Namespace, out: Output) -> int:
    control.start_all(workspace(), by=arguments.by, via=VIA, reason=arguments.reason)
    out.result({"stopped": None}, "Sending may go on: the next send hands over what is planned")
    return 0
