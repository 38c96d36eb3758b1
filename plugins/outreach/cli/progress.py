"""The command that shows how far a running edition is."""

from __future__ import annotations

import argparse
import time

from outreach.cli.common import Commands, workspace
from outreach.cli.output import Output
from outreach.clock import duration, london
from outreach.flows.progress import Progress, progress

_EVERY = 2.0


def add_commands(commands: Commands) -> None:
    """Add this file's command."""
    shown = commands.add_parser("progress", help="how far an edition is, how fast, and why not")
    shown.add_argument("edition")
    shown.add_argument("--follow", action="store_true", help="go on until it has ended")
    shown.set_defaults(run=_progress)


def _progress(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    found = progress(ws, arguments.edition)
    while arguments.follow and not found.finished:
        out.say(words(found))
        time.sleep(_EVERY)
        found = progress(ws, arguments.edition)
    out.result(found, words(found))
    return 0


def words(found: Progress) -> str:
    """Return one line of figures for a terminal."""
    dealt = f"{int(found.share * 100)}% of {found.total:,} dealt with: "
    dealt += f"{found.handed_over:,} handed over"
    parts = [
        f"{count:,} {what}"
        for count, what in (
            (found.in_doubt, "in doubt"),
            (found.failed, "failed"),
            (found.cancelled, "cancelled"),
            (found.claimed, "in flight"),
            (found.planned, "to go"),
        )
        if count
    ]
    rate = f"; {found.per_minute:,.0f} a minute" if found.per_minute and not found.finished else ""
    left = f", {duration(found.seconds_left)} left" if found.seconds_left is not None else ""
    last = f" (last recorded {london(found.last_at)})" if found.last_at else ""
    return f"{', '.join([dealt, *parts])}{rate}{left}. {found.words}{last}"
