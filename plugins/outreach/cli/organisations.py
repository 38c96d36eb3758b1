"""Commands about organisations: list, doubtful matches, settling them, types, pledge coverage."""

from __future__ import annotations

import argparse
from dataclasses import astuple
from pathlib import Path

from outreach.cli.common import VIA, Commands, add_who, workspace
from outreach.cli.output import Output, table
from outreach.domain import SubscriberType
from outreach.errors import InputError
from outreach.exports import write_csv
from outreach.flows import organising
from outreach.flows.organisations import set_subscriber_type
from outreach.ledger.organisation_doubts import Doubtful
from outreach.ledger.organisation_matches import DECIDED
from outreach.ledger.organisation_views import Search
from outreach.reports import organisations as reports

_SHOWN = 200


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    parser = commands.add_parser("organisations", help="practices and others, and their pledges")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_list(what)
    _add_matching(what)
    typed = what.add_parser("type", help="say what subscriber type an organisation is")
    typed.add_argument("ods_code", metavar="CODE")
    typed.add_argument("type", choices=[kind.value for kind in SubscriberType], metavar="TYPE")
    add_who(typed)
    typed.set_defaults(run=_type)
    covered = what.add_parser("coverage", help="where pledges stand: by network, borough, area")
    covered.add_argument("--by", default="pcn", choices=list(reports.GROUPS), metavar="GROUP")
    covered.add_argument("--sector", default="", metavar="SECTOR")
    covered.add_argument("--area", default="", metavar="AREA")
    covered.add_argument("--out", type=Path, metavar="FILE", help="all groups to a CSV file")
    covered.set_defaults(run=_coverage)


def _add_list(what: Commands) -> None:
    listed = what.add_parser("list", help="find organisations by name or code")
    listed.add_argument("--search", default="", metavar="TEXT", help="part of a name, or a code")
    for name in ("sector", "area", "borough", "pcn"):
        listed.add_argument(f"--{name}", default="", metavar=name.upper())
    pledged = listed.add_mutually_exclusive_group()
    pledged.add_argument("--pledged", action="store_true", help="only those with a pledge")
    pledged.add_argument("--not-pledged", action="store_true", help="only those without one")
    listed.add_argument("--closed", action="store_true", help="those that have closed")
    listed.add_argument("--after", type=int, default=0, metavar="N", help="go on after a number")
    listed.set_defaults(run=_list)


def _add_matching(what: Commands) -> None:
    doubtful = what.add_parser("doubtful", help="names whose organisation a person has to settle")
    doubtful.add_argument("--settled", action="store_true", help="those that were settled")
    doubtful.add_argument("--after", type=int, default=0, metavar="N", help="go on after a number")
    doubtful.set_defaults(run=_doubtful)
    settle = what.add_parser("settle", help="say which organisation a name means")
    settle.add_argument("match", type=int, metavar="MATCH")
    which = settle.add_mutually_exclusive_group(required=True)
    which.add_argument("--as", dest="code", default="", metavar="CODE", help="its ODS code")
    which.add_argument("--none", action="store_true", help="it is none of them")
    add_who(settle)
    settle.set_defaults(run=_settle)
    matched = what.add_parser("match", help="tie contacts to organisations again")
    matched.set_defaults(run=_match)


def _list(arguments: argparse.Namespace, out: Output) -> int:
    pledged = True if arguments.pledged else False if arguments.not_pledged else None
    search = Search(
        arguments.search,
        arguments.sector,
        arguments.area,
        arguments.borough,
        arguments.pcn,
        pledged,
        arguments.closed,
    )
    found = reports.organisations(workspace(), search, after=arguments.after, size=_SHOWN)
    rows = [
        (o.ods_code, o.name, o.sector, o.borough, o.pcn_name, o.subscriber_type, _yes(line.pledged))
        for line in found.lines
        if (o := line.row)
    ]
    heads = ("code", "name", "sector", "borough", "network", "type", "pledged")
    words = table(heads, rows) if rows else "No organisation is like that"
    if found.after:
        words += f"\nMore: --after {found.after}"
    out.result({"organisations": found.lines, "after": found.after}, words)
    return 0


def _doubtful(arguments: argparse.Namespace, out: Output) -> int:
    found = organising.doubtful(
        workspace(), after=arguments.after, limit=_SHOWN, settled=arguments.settled
    )
    none = "Nothing was settled yet" if arguments.settled else "No match is in doubt"
    words = "\n\n".join(_match_words(one) for one in found) or none
    if len(found) == _SHOWN:
        words += f"\n\nMore: --after {found[-1].id}"
    if found and not arguments.settled:
        words += "\n\nTo settle one: outreach organisations settle MATCH --as CODE --by NAME "
        words += "--reason TEXT, or --none instead of --as CODE"
    out.result(found, words)
    return 0


def _match_words(one: Doubtful) -> str:
    at = f", {one.postcode}" if one.postcode else ", no postcode"
    lines = [f"Match {one.id}: “{one.name}”{at}; said by {one.people}"]
    if one.state in DECIDED:
        meant = one.organisation.ods_code if one.organisation else "none of them"
        lines.append(f"  settled as {meant} by {one.settled_by}: {one.settled_reason}")
        return "\n".join(lines)
    for candidate in one.candidates:
        o = candidate.row
        place = ", ".join(part for part in (o.name, o.postcode, o.borough) if part)
        lines.append(f"  {o.ods_code}  {place} ({candidate.likeness}% alike)")
    return "\n".join(lines)


def _settle(arguments: argparse.Namespace, out: Output) -> int:
    ws = workspace()
    chosen = reports.organisation(ws, arguments.code).row.id if arguments.code else None
    moved = organising.settle_match(
        ws, arguments.match, chosen, by=arguments.by, via=VIA, reason=arguments.reason
    )
    out.result({"match": arguments.match, "contacts": moved}, f"Settled; {moved} contacts moved")
    return 0


def _match(_: argparse.Namespace, out: Output) -> int:
    found = organising.match_organisations(workspace())
    names = ", ".join(f"{number} {state}" for state, number in found.names.items()) or "none"
    words = f"{found.tied} contacts tied, {found.untied} untied; names by state: {names}"
    out.result(found, words)
    return 0


def _type(arguments: argparse.Namespace, out: Output) -> int:
    code = arguments.ods_code.strip().upper()
    set_subscriber_type(
        workspace(), code, arguments.type, by=arguments.by, via=VIA, reason=arguments.reason
    )
    words = f"{code} is {arguments.type} from now on; imports do not change that"
    out.result({"ods_code": code, "subscriber_type": arguments.type}, words)
    return 0


def _coverage(arguments: argparse.Namespace, out: Output) -> int:
    ws, only = workspace(), {"sector": arguments.sector, "ics_area": arguments.area}
    if arguments.out:
        if arguments.out.suffix.lower() != ".csv":
            raise InputError("name the file .csv")
        lines = (astuple(line) for line in reports.coverage_rows(ws, **only))
        rows = write_csv(arguments.out, reports.COVERAGE, lines)
        out.result({"file": arguments.out, "rows": rows}, f"{rows} rows in {arguments.out}")
        return 0
    found = reports.coverage(ws, arguments.by, **only)
    shown = [
        (line.group or reports.NOT_KNOWN, line.organisations, line.pledged, line.as_organisation)
        for line in (*found.lines, found.total)
    ]
    heads = (found.heading.lower(), "organisations", "with a pledge", "of the whole organisation")
    out.result(found, table(heads, shown))
    return 0


def _yes(value: bool) -> str:
    return "yes" if value else "no"
