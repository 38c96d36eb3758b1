"""The command `preview`: a campaign shown live while its file is written."""

from __future__ import annotations

import argparse
import socket
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.cli.common import Commands, workspace
from outreach.cli.output import Output
from outreach.errors import InputError

if TYPE_CHECKING:
    from outreach.web.preview.live import Live


def add_commands(commands: Commands) -> None:
    """Add this file's command."""
    parser = commands.add_parser("preview", help="show a campaign live while you write it")
    parser.add_argument("slug")
    parser.add_argument("--as", dest="who", default="", metavar="PERSON")
    parser.add_argument("--variant", type=int, default=1, metavar="NUMBER")
    parser.add_argument("--open", action="store_true", help="open it in your browser")
    parser.add_argument("--once", action="store_true", help="print the text part, and end")
    parser.add_argument("--out", type=Path, default=None, metavar="FOLDER")
    parser.set_defaults(run=_preview)


def _preview(arguments: argparse.Namespace, out: Output) -> int:
    from outreach.web.preview.live import Live

    live = Live(workspace(), arguments.slug, arguments.who)
    live.refresh()
    if arguments.once or arguments.out:
        return _once(live, arguments, out)
    return _serve(live, arguments, out)


def _once(live: Live, arguments: argparse.Namespace, out: Output) -> int:
    shown = None if live.broken else live.shown(arguments.variant)
    if shown is None:
        raise InputError(*live.faults)
    files = []
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for ending, text in (("html", shown.html), ("txt", f"{shown.subject}\n\n{shown.text}")):
            files.append(arguments.out / f"{arguments.slug}-{arguments.variant}.{ending}")
            files[-1].write_text(text, encoding="utf-8")
    value = {"subject": shown.subject, "text": shown.text, "files": files, "faults": live.faults}
    words = "\n".join(map(str, files)) if files else f"{shown.subject}\n\n{shown.text}"
    out.result(value, words)
    for fault in live.faults:
        out.say(f"{'Fault' if fault.blocking else 'Advice'}: {fault}")
    return 1 if any(fault.blocking for fault in live.faults) else 0


def _serve(live: Live, arguments: argparse.Namespace, out: Output) -> int:
    import uvicorn

    from outreach.settings import ROOT
    from outreach.web.preview.app import create_preview_app, new_secret

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, secret = listening.getsockname()[1], new_secret()
        address = f"http://127.0.0.1:{port}/{secret}/"
        app = create_preview_app(live, ROOT, secret, port, arguments.variant)
        out.say("It follows the file as you save it; Ctrl-C stops")
        out.result({"address": address}, address)
        sys.stdout.flush()
        if arguments.open and not webbrowser.open(address):
            out.say("No browser could be opened; open the address yourself")
        # No access log: the address is the key to the page.
        config = uvicorn.Config(app, access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listening])
    return 0
