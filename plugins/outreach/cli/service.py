"""Commands that keep a deployment running: events, recover, serve, public-role, doctor."""

from __future__ import annotations

import argparse
import signal
import threading

from outreach.cli.common import VIA, Commands, me, workspace, workspace_to_halt
from outreach.cli.output import Output, table
from outreach.flows import doctor, events, notices
from outreach.flows.public_role import grant_to_public
from outreach.flows.recovery import recover


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    parser = commands.add_parser("events", help="take received events into the ledger")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    drain = what.add_parser("drain", help="turn raw events into facts on deliveries")
    drain.add_argument("--follow", action="store_true", help="until stopped, within seconds")
    drain.set_defaults(run=_drain)
    pull = what.add_parser("pull", help="pull suppressions from the provider")
    pull.set_defaults(run=_pull)
    recovery = commands.add_parser(
        "recover", help="after restoring a backup: list what the claim journal knows as doubts"
    )
    recovery.set_defaults(run=_recover)
    serve = commands.add_parser("serve", help="run a web app")
    apps = serve.add_subparsers(dest="app", metavar="APP", required=True)
    public = apps.add_parser("public", help="unsubscribe, view in browser, event webhook")
    public.add_argument("--port", type=int, default=8090)
    public.add_argument("--host", default="127.0.0.1")
    public.set_defaults(run=_serve)
    role = commands.add_parser(
        "public-role", help="give a PostgreSQL role what the public app needs, and no more"
    )
    role.add_argument("role")
    role.set_defaults(run=_public_role)
    told = commands.add_parser("notices", help="what Outreach did by itself and nobody has seen")
    told.add_argument("--seen", type=int, metavar="NOTICE", help="mark one as seen")
    told.add_argument("--by", default="", metavar="NAME", help="who has seen it")
    told.set_defaults(run=_notices)
    seen = commands.add_parser("doctor", help="what is configured, missing, and how to mend it")
    seen.set_defaults(run=_doctor)


def _drain(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace_to_halt()
    if arguments.follow:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        out.say("Taking in events as they arrive; Ctrl-C stops")
        report = events.follow(ws, stop)
    else:
        report = events.drain(ws)
    words = (
        f"{report.raw} posts, {report.events} events: {report.added} new, "
        f"{report.duplicates} known already, {report.unmatched} of no delivery of ours, "
        f"{report.faults} malformed"
    )
    out.result(report, words)
    return 0


def _pull(_: argparse.Namespace, out: Output) -> int:
    report = events.pull_suppressions(workspace_to_halt())
    out.result(report, f"{report.listed} listed by the provider, {report.suppressed} new here")
    return 0


def _recover(_: argparse.Namespace, out: Output) -> int:
    done = recover(workspace(), by=me(), via=VIA)
    words = (
        f"{done.claims} claims in the journal, {done.missing} unknown to the ledger: "
        f"{done.doubted} people are now listed as doubts"
    )
    out.result(done, words)
    return 0


def _serve(arguments: argparse.Namespace, out: Output) -> int:
    import uvicorn

    from outreach.web.public.app import create_public_app

    # Who unsubscribes must not wait until somebody has mended hub.yaml.
    app = create_public_app(workspace_to_halt())
    out.say(f"Public pages on http://{arguments.host}:{arguments.port}")
    # The access log would hold link tokens, which stand for people.
    uvicorn.run(
        app, host=arguments.host, port=arguments.port, access_log=False, log_level="warning"
    )
    return 0


def _public_role(arguments: argparse.Namespace, out: Output) -> int:
    grant_to_public(workspace(), arguments.role)
    out.say(f"{arguments.role} may do what the public app needs in the ledger, and no more")
    return 0


def _notices(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    if arguments.seen is not None:
        notices.mark_seen(ws, arguments.seen, by=arguments.by, via=VIA)
    found = notices.notices(ws)
    rows = [(n.id, n.at, n.edition or n.campaign, n.owner, n.text, n.told) for n in found]
    words = table(("notice", "at", "about", "owner", "what", "told"), rows)
    out.result({"notices": found}, words if rows else "There is no notice that nobody has seen")
    return 0


def _doctor(_: argparse.Namespace, out: Output) -> int:
    findings = doctor.examine(asking=True)
    words = table(
        ("", "what", "found", "what to do"),
        [(f.level, f.what, f.found, f.advice) for f in findings],
    )
    bad = [f for f in findings if f.level == doctor.MISSING]
    verdict = f"{len(bad)} to mend" if bad else "Ready"
    out.result({"ready": not bad, "findings": findings}, f"{words}\n{verdict}")
    return 1 if bad else 0
