"""Commands about campaign files: list, check, new, preview."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from outreach.campaigns import load_library
from outreach.campaignwords import starts, whom
from outreach.checks import BY_NAME
from outreach.cli.common import Commands, me, workspace
from outreach.cli.output import Output, table
from outreach.errors import Fault, InputError
from outreach.flows import authoring, editions
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
            "audience": whom(c),
            "starts": starts(c),
            "owner": c.owner,
        }
        for c in library.campaigns.values()
    ]
    words = table(
        ("campaign", "title", "when", "audience"),
        [(c["slug"], c["title"], c["starts"], c["audience"]) for c in found],
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
        f"outreach preview {slug} --open\nThen: outreach check {slug}"
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
