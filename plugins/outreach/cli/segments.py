"""Commands about segments: what a rule says, and whom it selects now."""

from __future__ import annotations

import argparse
from typing import Any

from outreach.campaigns import load_library
from outreach.cli.common import Commands, workspace
from outreach.cli.output import Output, plain, table
from outreach.errors import Fault, InputError
from outreach.ledger.segment_counts import SampleRow
from outreach.reports import segments
from outreach.reports.segments import Whom
from outreach.workspace import Workspace


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    parser = commands.add_parser("segments", help="what a segment's rule says, and whom it selects")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    explain = what.add_parser("explain", help="a rule in words, with how many it selects now")
    explain.add_argument("rule", metavar="TEXT|SLUG", help="a rule, or a campaign's name")
    explain.add_argument("--sample", action="store_true", help="show some of the people too")
    explain.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    found = _whom(ws, arguments.rule)
    people = found.sample if arguments.sample else ()
    value: dict[str, Any] = {
        "rule": found.text,
        "words": found.words,
        "purpose": found.purpose or "any",
        "selected": found.tally.selected,
        "written_to": found.tally.written_to,
        "why_not": found.tally.why_not,
    }
    if arguments.sample:
        # Who somebody is stands on their page: a terminal's history keeps what it shows.
        value["sample"] = [{"person": one.id, **plain(_shown(one.row))} for one in people]
    out.result(value, _words(found, sample=arguments.sample))
    return 0


def _whom(ws: Workspace, rule: str) -> Whom:
    campaign = load_library(ws.settings.campaigns, ws.hub).campaigns.get(rule)
    if campaign:
        return segments.of_campaign(ws, campaign)
    tried = segments.tried(ws, rule)
    if tried.whom is None:
        marks = (
            Fault(
                f"{one.problem.message}\n  {rule}\n  {' ' * len(one.before)}^",
                column=str(one.problem.at + 1),
            )
            for one in tried.marks
        )
        raise InputError(*marks)
    return tried.whom


def _words(found: Whom, *, sample: bool) -> str:
    purpose = found.purpose.value.replace("_", " ") if found.purpose else "any purpose"
    lines = [
        f"Selects: {found.words}",
        f"Written as: {found.text}",
        f"{found.tally.selected:,} people now, of whom {found.tally.written_to:,} would be "
        f"written to ({purpose})",
    ]
    lines += [f"    not written to, {why}: {n:,}" for why, n in found.tally.why_not.items()]
    if sample:
        columns = ("person", "role", "sector", "borough", "area", "not written to")
        rows = [(one.id, *_shown(one.row).values()) for one in found.sample]
        lines.append(table(columns, rows))
    return "\n".join(lines)


def _shown(row: SampleRow) -> dict[str, str]:
    return {
        "role": row.job_role,
        "sector": row.sector,
        "borough": row.borough,
        "area": row.ics_area,
        "why_not": row.why_not,
    }
