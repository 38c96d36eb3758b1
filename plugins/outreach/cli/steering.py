"""Commands that steer: pause, resume and cancel an edition; hold a campaign; stop everything."""

from __future__ import annotations

import argparse

from outreach.cli.common import VIA, Commands, add_who, me, workspace, workspace_to_halt
from outreach.cli.editions import certificate_words
from outreach.cli.output import Output
from outreach.flows import control, editions
from outreach.workspace import Workspace


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
    ws = workspace() if arguments.command == "resume" else workspace_to_halt()
    by, reason = arguments.by or me(), arguments.reason
    if "@" not in arguments.name and arguments.command != "cancel":
        return _campaign(ws, arguments.command, arguments.name, by, reason, out)
    order = {"pause": editions.pause, "resume": editions.resume, "cancel": editions.cancel}
    account = order[arguments.command](ws, arguments.name, by=by, via=VIA, reason=reason)
    if arguments.command == "resume":
        _say_what_still_holds(ws, arguments.name, out)
    out.result({**account.as_json(), "edition_id": account.edition}, certificate_words(account))
    return 0


def _campaign(ws: Workspace, command: str, slug: str, by: str, reason: str, out: Output) -> int:
    if command == "pause":
        hold = control.hold_campaign(ws, slug, by=by, via=VIA, reason=reason)
        words = f"The campaign {slug} is held by {hold.by}: no edition of it is handed over"
    else:
        control.release_campaign(ws, slug, by=by, via=VIA, reason=reason)
        words = f"The campaign {slug} may go on; the next send hands over what is planned"
    out.result({"campaign": slug, "held": control.held(ws, slug)}, words)
    return 0


def _say_what_still_holds(ws: Workspace, edition: str, out: Output) -> None:
    slug = edition.partition("@")[0]
    hold, stop = control.held(ws, slug), control.stopped(ws)
    if hold:
        out.say(
            f"Its campaign is held by {hold.by} ({hold.reason}): nothing goes out until "
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
