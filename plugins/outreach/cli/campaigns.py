"""Commands about campaign files: list, check, new, preview."""

from __future__ import annotations

import argparse
from pathlib import Path

from outreach.campaigns import load_library
from outreach.checks import BY_NAME
from outreach.cli.common import Commands, me, workspace
from outreach.cli.output import Output, table
from outreach.errors import Fault, InputError
from outreach.flows import authoring, editions


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    parser = commands.add_parser("campaigns", help="list, check, start or preview campaign files")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    what.add_parser("list", help="every campaign and every faulty file").set_defaults(run=_list)
    check = what.add_parser("check", help="judge campaign files without preparing anything")
    check.add_argument("slug", nargs="?", default="", help="default: all of them")
    check.set_defaults(run=_check)
    new = what.add_parser("new", help="start a campaign file")
    new.add_argument("slug")
    new.add_argument("--title", default="")
    new.set_defaults(run=_new)
    preview = what.add_parser("preview", help="render a campaign to files you can open")
    preview.add_argument("slug")
    preview.add_argument("--as", dest="address", default="", metavar="ADDRESS")
    preview.add_argument("--out", type=Path, default=None, metavar="FOLDER")
    preview.set_defaults(run=_preview)
    judge = commands.add_parser("check", help="judge a campaign, an edition, or every campaign")
    judge.add_argument("what", nargs="?", default="", metavar="SLUG|EDITION")
    judge.add_argument("--all", action="store_true", help="every campaign file")
    judge.add_argument("--reach", action="store_true", help="ask each link's website too")
    judge.set_defaults(run=_judge)


def _list(_: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    library = load_library(ws.settings.campaigns, ws.hub)
    found = [
        {
            "slug": c.slug,
            "title": c.title,
            "trigger": c.trigger,
            "timetable": c.timetable,
            "purpose": c.purpose,
            "approval": c.approval,
            "audience": c.segment.described(),
            "owner": c.owner,
        }
        for c in library.campaigns.values()
    ]
    words = table(
        ("campaign", "title", "when", "audience"),
        [(c["slug"], c["title"], c["timetable"] or c["trigger"], c["audience"]) for c in found],
    )
    faults = [fault for some in library.faults.values() for fault in some]
    words += "".join(f"\nFault: {fault}" for fault in faults)
    out.result({"campaigns": found, "faults": faults}, words)
    return 1 if faults else 0


def _check(arguments: argparse.Namespace, out: Output) -> int:
    return _told(authoring.check_files(workspace(), arguments.slug), out)


def _judge(arguments: argparse.Namespace, out: Output) -> int:
    what, reach = arguments.what, arguments.reach
    if bool(what) == arguments.all:
        raise InputError("name one campaign or edition, or say --all")
    if "@" in what:
        return _told(editions.check(workspace(), what, reach=reach), out)
    return _told(authoring.check_files(workspace(), what, reach=reach), out)


def _told(found: tuple[Fault, ...], out: Output) -> int:
    """Print what the checks found, and why each matters; 1 where something stops an edition."""
    blocking = [fault for fault in found if fault.blocking]
    words = "\n".join(f"{'Fault' if f.blocking else 'Advice'}: {f}" for f in found)
    reasons = dict.fromkeys(fault.check for fault in found if fault.check)
    why = "".join(f"\n- {BY_NAME[name].title}: {BY_NAME[name].why}" for name in reasons)
    words += f"\n\nWhy it matters:{why}" if why else ""
    out.result({"faults": found, "sound": not blocking}, words or "No faults found")
    return 1 if blocking else 0


def _new(arguments: argparse.Namespace, out: Output) -> int:
    file = authoring.new_campaign(workspace(), arguments.slug, title=arguments.title, owner=me())
    words = f"Write your text in {file}, then: outreach campaigns check {arguments.slug}"
    out.result({"file": file}, words)
    return 0


def _preview(arguments: argparse.Namespace, out: Output) -> int:
    files = authoring.preview(
        workspace(), arguments.slug, address=arguments.address, folder=arguments.out
    )
    out.result({"files": files}, "\n".join(str(file) for file in files))
    return 0
