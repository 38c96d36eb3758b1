"""The command that says what will go to how many people, weeks ahead."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator

from outreach.cli.common import Commands, workspace
from outreach.cli.output import Output, table
from outreach.clock import LONDON
from outreach.exports import safe_cell
from outreach.reports.calendar import WEEKS, Calendar, calendar
from outreach.scheduling.days import long_date

_HEADER = ("date", "time", "campaign", "edition", "people", "approval", "look at")


def add_commands(commands: Commands) -> None:
    """Add this file's command."""
    shown = commands.add_parser("calendar", help="what will go to how many, weeks ahead")
    shown.add_argument("--weeks", type=int, default=WEEKS, choices=range(1, 27), metavar="NUMBER")
    shown.add_argument("--csv", action="store_true", help="as CSV, safe to open in a spreadsheet")
    shown.set_defaults(run=_calendar)


def _calendar(arguments: argparse.Namespace, out: Output) -> int:
    found = calendar(workspace(), weeks=arguments.weeks)
    out.result(found, _csv(found) if arguments.csv else _words(found))
    return 0


def _csv(found: Calendar) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows([safe_cell(cell) for cell in row] for row in _rows(found))
    return text.getvalue().rstrip("\n")


def _rows(found: Calendar) -> Iterator[tuple[object, ...]]:
    for day in found.days:
        for line in day.lines:
            local = line.at.astimezone(LONDON)
            yield (
                *(f"{local:%Y-%m-%d}", f"{local:%H:%M}", line.campaign, line.edition),
                *(line.people, line.approval, "; ".join(line.clashes)),
            )


def _words(found: Calendar) -> str:
    head = f"From {long_date(found.first)} to {long_date(found.last)}, London time."
    said = [head]
    said += [f"All sending is stopped {found.stopped}"] if found.stopped else []
    said += [f"Nothing is sent in {found.quiet}"] if found.quiet else []
    said += [table(_HEADER, _rows(found)) if found.lines else "Nothing is due."]
    for day in found.days:
        said += [f"{long_date(day.day)}: {day.holiday}"] if day.holiday else []
        said += [f"{long_date(day.day)}: frozen, {reason}" for reason in day.freezes]
    said += [f"More of {title} than is listed here" for title in found.cut]
    said += [f"Not by the clock: {one.campaign}, {one.when}" for one in found.others]
    if found.faults:
        said.append(f"{found.faults} campaign files have faults: outreach campaigns list")
    return "\n".join(said)
