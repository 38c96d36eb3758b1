"""Commands about campaign files: list, check, new, preview; and test-send."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from outreach.campaigns import load_library
from outreach.cli.common import VIA, Commands, me, workspace
from outreach.cli.output import Output, table
from outreach.errors import InputError
from outreach.flows import authoring
from outreach.flows.scaffold import PURPOSES, TRIGGERS, Start, new_campaign, slug_problem


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
    new.add_argument("--title", default="", help="its name for people")
    new.add_argument("--trigger", choices=tuple(TRIGGERS), help="when it is sent")
    new.add_argument("--purpose", choices=tuple(PURPOSES), help="why it is lawful")
    new.add_argument("--subject", default="", help="its subject line")
    new.add_argument("--owner", default="", help="Airflow user id (default: your user name)")
    new.set_defaults(run=_new)
    preview = what.add_parser("preview", help="render a campaign to files you can open")
    preview.add_argument("slug")
    preview.add_argument("--as", dest="address", default="", metavar="ADDRESS")
    preview.add_argument("--out", type=Path, default=None, metavar="FOLDER")
    preview.set_defaults(run=_preview)
    test = commands.add_parser("test-send", help="send one marked, uncounted copy to a colleague")
    test.add_argument("slug")
    test.add_argument("--to", required=True, metavar="ADDRESS")
    test.set_defaults(run=_test_send)


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
    found = authoring.check_files(workspace(), arguments.slug)
    blocking = [fault for fault in found if fault.blocking]
    words = "\n".join(f"{'Fault' if f.blocking else 'Advice'}: {f}" for f in found)
    out.result({"faults": found, "sound": not blocking}, words or "No faults found")
    return 1 if blocking else 0


def _new(arguments: argparse.Namespace, out: Output) -> int:
    given = [arguments.title, arguments.trigger, arguments.purpose, arguments.subject]
    ask = not any(given) and sys.stdin.isatty() and not out.as_json
    slug = arguments.slug
    if wrong := slug_problem(slug):
        raise InputError(wrong)
    start = Start(
        slug,
        title=arguments.title or (_asked(out, "Its name for people", "") if ask else ""),
        trigger=arguments.trigger or (_chosen(out, "Sent", TRIGGERS) if ask else "manual"),
        purpose=arguments.purpose or (_chosen(out, "Why", PURPOSES) if ask else "public_task"),
        subject=arguments.subject or (_asked(out, "Subject line", "") if ask else ""),
        owner=arguments.owner or me(),
    )
    file = new_campaign(workspace(), start)
    words = (
        f"Started {file}\nWrite over what stands in [[ ]]. See it while you write with: "
        f"outreach preview {slug} --open\nThen: outreach campaigns check {slug}"
    )
    out.result({"file": file}, words)
    return 0


def _asked(out: Output, question: str, usual: str) -> str:
    out.say(question + (f" [{usual}]:" if usual else ":"))
    return input().strip() or usual


def _chosen(out: Output, question: str, choice: Mapping[str, str]) -> str:
    names = list(choice)
    for number, name in enumerate(names, 1):
        out.say(f"  {number}  {choice[name]} ({name})")
    while True:
        answer = _asked(out, f"{question}: a number from 1 to {len(names)}", "1")
        if answer in names:
            return answer
        if answer.isdecimal() and 0 < int(answer) <= len(names):
            return names[int(answer) - 1]


def _preview(arguments: argparse.Namespace, out: Output) -> int:
    files = authoring.preview(
        workspace(), arguments.slug, address=arguments.address, folder=arguments.out
    )
    out.result({"files": files}, "\n".join(str(file) for file in files))
    return 0


def _test_send(arguments: argparse.Namespace, out: Output) -> int:
    message_id = authoring.test_send(workspace(), arguments.slug, to=arguments.to, by=me(), via=VIA)
    out.result(
        {"sent": True, "provider_message_id": message_id}, "Sent, marked as a test; not counted"
    )
    return 0
