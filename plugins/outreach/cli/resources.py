"""Commands about resources: list, withdraw and restore."""

from __future__ import annotations

import argparse

from outreach.cli.common import VIA, Commands, add_who, me, workspace
from outreach.cli.output import Output, table
from outreach.flows import resources as flows
from outreach.reports import resources as reports
from outreach.reports.resources import ResourceLine, Search

_SHOWN = 200


def add_commands(commands: Commands) -> None:
    """Add this file's commands."""
    parser = commands.add_parser("resources", help="what digests bring: list, withdraw, restore")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    listed = what.add_parser("list", help="find resources, the newest first")
    listed.add_argument("--search", default="", metavar="TEXT", help="part of a title or address")
    for name in ("sector", "area"):
        listed.add_argument(f"--{name}", default="", metavar=name.upper())
    listed.add_argument("--withdrawn", action="store_true", help="those that were withdrawn")
    listed.add_argument("--page", type=int, default=1, metavar="N", help="further ones")
    listed.set_defaults(run=_list)
    for name, words in (
        ("withdraw", "keep a resource out of every digest"),
        ("restore", "let a withdrawn resource go in digests again"),
    ):
        order = what.add_parser(name, help=words)
        order.add_argument("resource", type=int, metavar="NUMBER")
        add_who(order)
        order.set_defaults(run=_withdraw if name == "withdraw" else _restore)


def _list(arguments: argparse.Namespace, out: Output) -> int:
    search = Search(arguments.search, arguments.sector, arguments.area, arguments.withdrawn)
    lines, paging = reports.resources(workspace(), search, page=arguments.page, size=_SHOWN)
    heads = ("number", "title", "sectors", "areas", "published", "told", "address")
    words = table(heads, map(_row, lines)) if lines else "No resource is like that"
    if paging.page < paging.pages:
        words += f"\nMore: --page {paging.page + 1}"
    out.result({"resources": lines, "page": paging.page, "pages": paging.pages}, words)
    return 0


def _row(line: ResourceLine) -> tuple[object, ...]:
    row = line.row
    places = (", ".join(row.sectors) or "all", ", ".join(row.ics_areas) or "all")
    return (row.id, row.title, *places, row.published_at or row.recorded_at, line.told, row.url)


def _withdraw(arguments: argparse.Namespace, out: Output) -> int:
    number = arguments.resource
    carrying = flows.withdraw(
        workspace(), number, by=arguments.by or me(), via=VIA, reason=arguments.reason
    )
    words = f"Resource {number} is withdrawn: it goes in no digest"
    if carrying:
        words += (
            f". {', '.join(carrying)} had it: whoever was to get it there gets nothing from that "
            "digest, and what else it had for them comes with their next"
        )
    out.result({"resource": number, "editions": carrying}, words)
    return 0


def _restore(arguments: argparse.Namespace, out: Output) -> int:
    number = arguments.resource
    flows.restore(workspace(), number, by=arguments.by or me(), via=VIA, reason=arguments.reason)
    out.result({"resource": number}, f"Resource {number} may go in digests again")
    return 0
