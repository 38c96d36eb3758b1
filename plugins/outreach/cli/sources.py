"""Commands about sources: pull them, list them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from outreach.cli.common import VIA, Commands, me, workspace
from outreach.cli.output import Output, table
from outreach.clock import london
from outreach.dagdocs import PULL_TIMES, import_line
from outreach.flows import imports, source_list
from outreach.scheduling.timetable import DaysOff, Timetable
from outreach.sources.places.base import Connection, Reach
from outreach.sources.places.nowhere import NoReach


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    pull = commands.add_parser("pull", help="take in what is new in contacts/sources.yaml")
    pull.add_argument("--source", default="", metavar="NAME", help="only this one")
    pull.add_argument("--allow-shrink", action="store_true", help="take a file that shrank")
    pull.add_argument(
        "--allow-lost-column", action="store_true", help="take a file that lost a column"
    )
    pull.add_argument("--allow-stale", action="store_true", help="take a stale file")
    pull.set_defaults(run=_pull)
    listed = commands.add_parser("sources", help="each source, and when it was last taken")
    listed.set_defaults(run=_sources)


def _pull(arguments: argparse.Namespace, out: Output) -> int:
    results = imports.pull_sources(
        workspace(),
        by=me(),
        via=VIA,
        only=arguments.source,
        reach=_LateReach(),
        allowing=imports.Allowing(
            arguments.allow_shrink, arguments.allow_lost_column, arguments.allow_stale
        ),
        told=lambda line: out.say(f"Taking {line}"),
    )
    refused = [result for result in results if result.state in ("refused", "failed")]
    lines = [import_line(result) for result in results]
    words = "\n".join(lines) or "There is nothing to take: no source has a file"
    out.result({"imports": results}, words)
    return 1 if refused else 0


def _sources(_: argparse.Namespace, out: Output) -> int:
    found = source_list.sources(workspace())
    rows = [
        (s.name, s.kind, s.place, london(s.last_at) if s.last_at else "", s.said, s.next)
        for s in found
    ]
    slot = Timetable(PULL_TIMES, DaysOff.SKIP).next_slot(datetime.now(UTC))
    due = london(slot) if slot else "no day"
    words = table(("source", "kind", "where from", "last taken", "what it said", "next"), rows)
    out.result({"sources": found}, f"{words}\nThe DAG contacts pulls them next on {due}")
    return 0


class _LateReach:
    """Reaches outside through Airflow, which is loaded (seconds) only where a source needs it."""

    def __init__(self) -> None:
        self._found: Reach | None = None

    def connection(self, name: str) -> Connection:
        """Return a connection."""
        return self._reach().connection(name)

    def storage(self, url: str, connection: str) -> Any:
        """Return an object store's filesystem."""
        return self._reach().storage(url, connection)

    def graph(self, path: str, connection: str) -> Mapping[str, Any]:
        """Return what Graph says of one item."""
        return self._reach().graph(path, connection)

    def _reach(self) -> Reach:
        if self._found is None:
            try:
                from outreach.airflow_reach import AirflowReach

                self._found = AirflowReach()
            except ImportError:
                self._found = NoReach()
        return self._found
